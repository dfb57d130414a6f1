"""What stands of warnings: derived from the journal alone, and only of what the origin of a log says of itself.

A warning is its giver's, an answer its member's, a receipt its signer's: three facts of a recipient, kept apart.
"""

from collections.abc import Sequence
from typing import Any, Final

from tocsin.errors import FormatError
from tocsin.exchange.journal.journal import Kind, Row
from tocsin.exchange.journal.readers import Told
from tocsin.exchange.warn import ladder
from tocsin.exchange.warn.ladder import Facts
from tocsin.formats import alert, answer, canonical, escalation, extension, strictjson
from tocsin.formats.alert import Alert
from tocsin.formats.answer import Answer, State
from tocsin.formats.escalation import Escalation, Policy, Way
from tocsin.ports.database import Reading, Transaction

PAGED: Final = "paged"
NOTIFIED: Final = "notified"
CHANNEL: Final = "channel"  # the target of an outbox row that is told in the warning's channel
_MEMBERS: Final = "SELECT member FROM warn_recipients WHERE warning = ? OR warning = ?"
_SPOKE: Final = (
    "SELECT member FROM warn_words WHERE warning = ? UNION SELECT member FROM warn_escalations WHERE warning = ?"
)
_AWAITED: Final = "SELECT seq, warning FROM warn_awaited WHERE log = ? AND member = ? AND seq < ? ORDER BY seq"


class Record:
    """The room that reads the journal. `me` is our own handle."""

    def __init__(self, me: str) -> None:
        self.me = me

    def take(self, told: Sequence[Told], tx: Transaction) -> None:
        """See journal.readers.Room."""
        for row, value in told:
            if row.kind == Kind.ENTRY and value is not None and "extensions" in value:
                self._entry(row, value, tx)
            elif row.kind == Kind.LOCAL and value is not None:
                self._local(row, value, tx)
        self._receipts([row for row, _ in told if row.kind == Kind.RECEIPT], tx)

    # -- what was said ------------------------------------------------------------------------------------------

    def _entry(self, row: Row, value: dict[str, Any], tx: Transaction) -> None:
        try:
            if (warned := alert.read(value, row.member)) is not None:
                self._warning(row, warned, tx)
            elif (word := answer.read(value, row.member)) is not None:
                self._word(row, word, tx)
            elif (climbed := escalation.read(value, row.member)) is not None:
                self._escalation(row, climbed, tx)
            elif value.get("revoked") is True and row.object_id is not None:
                _take_back(row.object_id, row.member, tx)
        except FormatError as error:
            # Nobody is paged for what cannot be read, so people must see that it came.
            if extension.of(value, alert.WARNING) is not None and row.object_id is not None:
                tx.execute(
                    "INSERT INTO warn_unread (position, member, added, code) VALUES (?, ?, ?, ?) "
                    "ON CONFLICT (position) DO NOTHING",
                    (row.position, row.member, row.added, error.code),
                )

    def _warning(self, row: Row, one: Alert, tx: Transaction) -> None:
        known = tx.query("SELECT modified FROM warn_warnings WHERE id = ?", (one.id,))
        said = (one.modified, one.topic.value, one.urgency.value, one.answer_by, row.marking)
        withdrawn = int(one.revoked)
        if not known:
            policy = canonical.encode(escalation.policy_said(one.policy)).decode()
            tx.execute(
                "INSERT INTO warn_warnings (id, giver, log, position, added, modified, topic, urgency, answer_by, "
                "marking, policy, withdrawn) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (one.id, one.giver, row.log, row.position, row.added, *said, policy, withdrawn),
            )
        elif known[0][0] < one.modified:
            # The policy stays that of the first version: it was frozen when the warning was made.
            tx.execute(
                "UPDATE warn_warnings SET position = ?, modified = ?, topic = ?, urgency = ?, answer_by = ?, marking = ?, "
                "withdrawn = ? WHERE id = ?",
                (row.position, *said, withdrawn, one.id),
            )
            tx.execute("UPDATE warn_recipients SET answer_by = ? WHERE warning = ?", (one.answer_by, one.id))
        self._ask(row, one, tx, changed=bool(known))

    def _ask(self, row: Row, one: Alert, tx: Transaction, *, changed: bool) -> None:
        """Who is asked to answer. A later version may ask more members, never fewer."""
        policy = policy_of(one.id, tx) or one.policy
        is_giver = one.giver == self.me
        first = ladder.next_page(Facts(policy, row.added, is_giver=is_giver, is_over=one.revoked))
        due = first.at if first is not None else None
        tx.execute_many(
            "INSERT INTO warn_recipients (warning, member, began, answer_by, until, escalated, level, due) "
            "VALUES (?, ?, ?, ?, 0, 0, 0, ?) ON CONFLICT (warning, member) DO NOTHING",
            [
                (one.id, member, row.added, one.answer_by, due if is_giver or member == self.me else None)
                for member in one.recipients
            ],
        )
        if is_giver:
            unsigned = tx.query("SELECT member FROM warn_recipients WHERE warning = ? AND stored IS NULL", (one.id,))
            tx.execute_many(
                "INSERT INTO warn_awaited (log, seq, member, warning) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (log, member, seq) DO NOTHING",
                [(row.log, row.seq, member, one.id) for (member,) in unsigned],
            )
        # Nothing is known of a new recipient, but for what came before the warning did.
        for (member,) in tx.query(_MEMBERS if changed else _SPOKE, (one.id, one.id)):
            self.settle(one.id, member, tx)

    def _word(self, row: Row, one: Answer, tx: Transaction) -> None:
        said = one.word.value if one.word else None
        tx.execute(
            "INSERT INTO warn_words (position, warning, member, added, made, state, answer, until) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (position) DO NOTHING",
            (row.position, one.warning, one.member, row.added, one.at, one.state.value, said, one.until),
        )
        self.settle(one.warning, one.member, tx)

    def _escalation(self, row: Row, one: Escalation, tx: Transaction) -> None:
        tx.execute(
            "INSERT INTO warn_escalations (position, warning, giver, member, turn, level, by_hand, added) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (position) DO NOTHING",
            (row.position, one.warning, one.giver, one.member, one.turn, one.level, int(one.by_hand), row.added),
        )
        self.settle(one.warning, one.member, tx)

    # -- what was done here -------------------------------------------------------------------------------------

    def _local(self, row: Row, said: dict[str, Any], tx: Transaction) -> None:
        if row.name == PAGED and row.object_id is not None:
            self.page(row.object_id, row.member, said, row.position, tx)
            self.settle(row.object_id, row.member, tx)
        elif row.name == NOTIFIED:
            tx.execute_many(
                "UPDATE warn_outbox SET outcome = ? WHERE position = ? AND target = ?",
                [(said["outcome"], page, said["target"]) for page in said["pages"]],
            )

    def page(self, warning: str, member: str, said: dict[str, Any], position: int, tx: Transaction) -> None:
        """A level was paged, as the local row at `position` says; and who is to be told of it."""
        tx.execute(
            "INSERT INTO warn_paged (warning, member, turn, level, by_hand, paged_at, position) VALUES (?, ?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (warning, member, turn, level) DO NOTHING",
            (warning, member, said["turn"], said["level"], int(said["by_hand"]), said["at"], position),
        )
        tx.execute_many(
            "INSERT INTO warn_outbox (position, target, outcome) VALUES (?, ?, '') "
            "ON CONFLICT (position, target) DO NOTHING",
            [(position, target) for target in said["targets"]],
        )

    # -- receipts -----------------------------------------------------------------------------------------------

    def _receipts(self, rows: Sequence[Row], tx: Transaction) -> None:
        if not rows or not tx.query("SELECT 1 FROM warn_awaited LIMIT 1"):
            return
        awaited = {log for (log,) in tx.query("SELECT DISTINCT log FROM warn_awaited")}
        for row in rows:
            if row.log not in awaited:
                continue
            signed = tx.query(_AWAITED, (row.log, row.member, row.seq))
            tx.execute_many(
                "UPDATE warn_recipients SET stored = ? WHERE warning = ? AND member = ? AND stored IS NULL",
                [(row.added, warning, row.member) for _, warning in signed],
            )
            tx.execute_many(
                "DELETE FROM warn_awaited WHERE warning = ? AND member = ?",
                [(warning, row.member) for _, warning in signed],
            )

    # -- what follows from it -----------------------------------------------------------------------------------

    def settle(self, warning: str, member: str, tx: Transaction) -> None:
        """Work out again how it stands with one recipient, from all that is known."""
        found = facts(self.me, warning, member, tx)
        if found is None:
            return
        words = tx.query(
            "SELECT position, added, state, answer, until, made FROM warn_words WHERE warning = ? AND member = ? "
            "ORDER BY made, position",
            (warning, member),
        )
        answers = [one for one in words if one[2] == State.ANSWERED]
        told = tx.query(
            "SELECT COALESCE(MAX(e.level), 0) FROM warn_escalations e JOIN warn_warnings w ON w.id = e.warning "
            "AND w.giver = e.giver WHERE e.warning = ? AND e.member = ?",
            (warning, member),
        )
        due = ladder.next_page(found) if found.is_giver or member == self.me else None
        tx.execute(
            "UPDATE warn_recipients SET acknowledged = ?, until = ?, answered = ?, answer = ?, word = ?, escalated = ?, "
            "level = ?, due = ? WHERE warning = ? AND member = ?",
            (
                min((one[1] for one in words), default=None),
                max((until for _, until in found.acknowledged), default=0),
                min((one[1] for one in answers), default=None),
                answers[-1][3] if answers else None,
                words[-1][0] if words else None,
                told[0][0],
                max((level for _, level in found.paged), default=0),
                due.at if due else None,
                warning,
                member,
            ),
        )


def targets(policy: Policy, level: int, own: Sequence[str] = (), *, is_ours: bool) -> list[str]:
    """Who is to be told that a level was paged. The terminal is told by the row itself: `tocsin watch` shows it.

    `own` are ways of this house that no policy names: they go with the terminal, to the same people elsewhere.
    """
    ways = policy.levels[level - 1].notifiers
    named = [one.value for one in ways if one is not Way.TERMINAL]
    return [*named, *(own if Way.TERMINAL in ways else ()), *([CHANNEL] * (not is_ours))]


def _take_back(warning: str, member: str, tx: Transaction) -> None:
    """Its giver has recalled it, and what it said is erased: nobody is asked any more. What was done stays known."""
    if tx.query("SELECT 1 FROM warn_warnings WHERE id = ? AND giver = ?", (warning, member)):
        tx.execute("DELETE FROM warn_recipients WHERE warning = ?", (warning,))
        tx.execute("DELETE FROM warn_awaited WHERE warning = ?", (warning,))
        tx.execute("DELETE FROM warn_warnings WHERE id = ?", (warning,))


def policy_of(warning: str, reading: Reading) -> Policy | None:
    """The frozen policy of a warning that is known here."""
    rows = reading.query("SELECT policy FROM warn_warnings WHERE id = ?", (warning,))
    return escalation.policy_of(strictjson.parse(rows[0][0].encode())) if rows else None


def facts(me: str, warning: str, member: str, reading: Reading) -> Facts | None:
    """All that the ladder depends on; None while the warning, or that it asks this member, is not known."""
    rows = reading.query(
        "SELECT w.policy, r.began, w.giver, w.withdrawn FROM warn_recipients r JOIN warn_warnings w ON w.id = r.warning "
        "WHERE r.warning = ? AND r.member = ?",
        (warning, member),
    )
    if not rows:
        return None
    policy, began, giver, withdrawn = rows[0]
    words = reading.query(
        "SELECT added, state, until FROM warn_words WHERE warning = ? AND member = ? ORDER BY position",
        (warning, member),
    )
    paged = reading.query("SELECT turn, level FROM warn_paged WHERE warning = ? AND member = ?", (warning, member))
    forced = reading.query(
        "SELECT added, level FROM warn_escalations WHERE warning = ? AND member = ? AND giver = ? AND by_hand = 1",
        (warning, member, giver),
    )
    return Facts(
        policy=escalation.policy_of(strictjson.parse(policy.encode())),
        began=began,
        acknowledged=tuple((added, until) for added, state, until in words if state == State.ACKNOWLEDGED),
        paged=tuple((turn, level) for turn, level in paged),
        forced=tuple((added, level) for added, level in forced) if member == me else (),
        is_giver=giver == me,
        is_over=bool(withdrawn) or any(state == State.ANSWERED for _, state, _ in words),
    )
