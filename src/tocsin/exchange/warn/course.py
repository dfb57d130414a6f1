"""What has happened with one warning, in order: words, pages and escalations, each with who and when. Bounded."""

from typing import Final, NamedTuple

from tocsin.exchange.journal import history, search
from tocsin.exchange.warn import record
from tocsin.formats import correction
from tocsin.formats.escalation import Policy
from tocsin.ports.database import Reading

_STEPS: Final = (
    "SELECT at, event, member, level, turn, by_hand, answer, until, position FROM ("
    "SELECT added AS at, state AS event, member, 0 AS level, 0 AS turn, 0 AS by_hand, answer, until, position "
    "FROM warn_words WHERE warning = ? UNION ALL "
    "SELECT e.added, 'escalated', e.member, e.level, e.turn, e.by_hand, NULL, 0, e.position FROM warn_escalations e "
    "JOIN warn_warnings w ON w.id = e.warning AND w.giver = e.giver WHERE e.warning = ? UNION ALL "
    "SELECT paged_at, 'paged', member, level, turn, by_hand, NULL, 0, position FROM warn_paged WHERE warning = ?) "
    "ORDER BY at DESC, position DESC LIMIT ?"
)
_TOLD: Final = "SELECT target, outcome FROM warn_outbox WHERE position = ? ORDER BY target"


class Step(NamedTuple):
    """One thing that happened. `event`: acknowledged, answered, escalated (its giver says so), paged (here)."""

    at: int
    event: str
    member: str  # who spoke, or whose silence it is
    level: int
    turn: int
    by_hand: bool
    answer: str | None
    until: int
    ways: tuple[tuple[str, str], ...]  # of a page: (target, outcome; empty while it waits)


class Taken(NamedTuple):
    """A warning that its giver has taken back."""

    member: str
    action: str
    added: int
    reason: str
    is_confirmed: bool  # by us, to its giver


def steps(reading: Reading, warning: str, limit: int) -> list[Step]:
    """Newest first."""
    out = []
    for row in reading.query(_STEPS, (warning, warning, warning, limit)):
        at, event, member, level, turn, by_hand, answer, until, position = row
        ways = reading.query(_TOLD, (position,)) if event == record.PAGED else []
        told = tuple((one[0], one[1]) for one in ways)
        out.append(Step(at, event, member, level, turn, bool(by_hand), answer, until, told))
    return out


def policy(reading: Reading, warning: str) -> Policy | None:
    """The policy it was made with: a later version changes nothing in it."""
    return record.policy_of(warning, reading)


def began(reading: Reading, warning: str) -> dict[str, int]:
    """When the clock of each recipient began to run, by member."""
    return dict(
        reading.query("SELECT member, began FROM warn_recipients WHERE warning = ? ORDER BY member", (warning,))
    )


def taken(reading: Reading, warning: str) -> Taken | None:
    """Who took it back, ours or another's; None when nobody did."""
    rows = reading.query(
        "SELECT member, action, answered, position FROM warn_changes WHERE object = ? AND original = 1 AND since > 0",
        (correction.key(warning),),
    )
    if not rows:
        return None
    member, action, answered, position = rows[0]
    entry = history.entries_at(reading, [position]).get(position)
    if entry is None:
        return None
    said = correction.reason_of(search.value(reading, position))
    return Taken(member, action, entry.added, said, bool(answered))
