"""What people are shown of warnings: what is due first, and of each recipient three separate facts."""

import re
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from tocsin.exchange.journal import search
from tocsin.exchange.journal.journal import Kind, Row
from tocsin.exchange.warn import ladder
from tocsin.exchange.warn.ladder import State
from tocsin.exchange.warn.record import PAGED, facts
from tocsin.formats import alert, answer, strictjson
from tocsin.formats.alert import Alert
from tocsin.formats.answer import Answer
from tocsin.ports.database import Reading

_PREFIX: Final = "report--"
_START: Final = re.compile("report--[0-9a-f-]{1,36}")
ASKED, GIVEN, ALL = "asked", "given", "all"
COLUMNS: Final = (
    "w.id, w.giver, w.log, w.position, w.added, w.modified, w.topic, w.urgency, w.answer_by, w.marking, w.withdrawn"
)
# Unanswered ones first, the earliest answer-by first; then what is settled, the newest first.
_LISTS: Final = {
    ASKED: (
        f"SELECT {COLUMNS} FROM warn_recipients r JOIN warn_warnings w ON w.id = r.warning WHERE r.member = ? "  # noqa: S608 - constants only
        "ORDER BY (r.answered IS NOT NULL OR w.withdrawn), CASE WHEN r.answered IS NULL THEN r.answer_by "
        "ELSE -r.answered END LIMIT ?"
    ),
    GIVEN: f"SELECT {COLUMNS} FROM warn_warnings w WHERE w.giver = ? ORDER BY w.added DESC LIMIT ?",  # noqa: S608 - constants only
    ALL: f"SELECT {COLUMNS} FROM warn_warnings w WHERE ? <> '' ORDER BY w.added DESC LIMIT ?",  # noqa: S608 - constants only
}
_LATE: Final = (
    f"SELECT DISTINCT {COLUMNS} FROM warn_recipients r JOIN warn_warnings w ON w.id = r.warning "  # noqa: S608 - constants only
    "WHERE r.answered IS NULL AND r.answer_by < ? AND w.withdrawn = 0 AND (r.member = ? OR w.giver = ?) "
    "ORDER BY w.answer_by LIMIT ?"
)


class Warned(NamedTuple):
    """A warning as its table has it."""

    id: str
    giver: str
    log: int
    position: int
    added: int
    modified: int
    topic: str
    urgency: str
    answer_by: int
    marking: int
    withdrawn: int


class Recipient(NamedTuple):
    """The facts of one recipient. `stored` is known to the giver only; what nobody has said is None."""

    member: str
    stored: int | None
    acknowledged: int | None
    until: int
    answered: int | None
    answer: str | None
    word: int | None
    escalated: int
    level: int
    answer_by: int


class Counts(NamedTuple):
    """Of our own warnings: how many there are, how many recipients they ask, and how far those have come."""

    raised: int
    asked: int
    stored: int
    acknowledged: int
    answered: int
    escalated: int  # levels paged because somebody was silent
    overdue: int  # answers that are late, to us
    due_from_us: int  # answers that we owe, late or not
    late_from_us: int


def listed(reading: Reading, me: str, which: str, limit: int) -> list[Warned]:
    """Warnings that ask us (what is due first), that we gave, or all."""
    return [Warned(*row) for row in reading.query(_LISTS[which], (me, limit))]


def overdue(reading: Reading, me: str, now: int, limit: int) -> list[Warned]:
    """Warnings of which an answer is late: ours, or one that is owed to us. Reads only what is unanswered and late."""
    return [Warned(*row) for row in reading.query(_LATE, (now, me, me, limit))]


def one(reading: Reading, warning: str) -> Warned | None:
    """One warning."""
    rows = reading.query(f"SELECT {COLUMNS} FROM warn_warnings w WHERE w.id = ?", (warning,))  # noqa: S608 - constants only
    return Warned(*rows[0]) if rows else None


def recipients(reading: Reading, warning: str) -> list[Recipient]:
    """Everybody whom a warning asks."""
    rows = reading.query(
        "SELECT member, stored, acknowledged, until, answered, answer, word, escalated, level, answer_by "
        "FROM warn_recipients WHERE warning = ? ORDER BY member",
        (warning,),
    )
    return [Recipient(*row) for row in rows]


def text(reading: Reading, found: Warned) -> Alert | None:
    """What the newest version says; None if it was erased."""
    content = search.content(reading, found.position)
    return alert.read(strictjson.parse(content), found.giver) if content is not None else None


def word(reading: Reading, found: Recipient) -> Answer | None:
    """The newest word of a recipient; None if there is none or it was erased."""
    content = search.content(reading, found.word) if found.word is not None else None
    return answer.read(strictjson.parse(content), found.member) if content is not None else None


def standing(reading: Reading, me: str, warning: str, member: str, now: int) -> ladder.Standing | None:
    """How it stands with one recipient, as far as this node can tell."""
    found = facts(me, warning, member, reading)
    if found is None:
        return None
    answered = reading.query("SELECT answered FROM warn_recipients WHERE warning = ? AND member = ?", (warning, member))
    at = ladder.standing(found, now, answered=bool(answered and answered[0][0]))
    # Who neither gave it nor is asked keeps no ladder of its own.
    return at if found.is_giver or member == me else at._replace(due=None)


def state_of(found: Recipient, withdrawn: int, now: int) -> State:
    """The same, from the facts of the table alone: for lists."""
    if found.answered is not None:
        return State.ANSWERED
    if withdrawn:
        return State.WITHDRAWN
    if found.until > now:
        return State.ACKNOWLEDGED
    return State.RETURNED if found.acknowledged is not None else State.OPEN


def unread(reading: Reading, limit: int) -> list[tuple[int, str, int, str]]:
    """(position, member, added, code) of what claims to be a warning and cannot be read, newest first."""
    return [
        (row[0], row[1], row[2], row[3])
        for row in reading.query(
            "SELECT position, member, added, code FROM warn_unread ORDER BY position DESC LIMIT ?", (limit,)
        )
    ]


class Happened(NamedTuple):
    """What a journal row says of a warning."""

    event: str  # raised, acknowledged, answered, escalated, paged
    warning: str
    giver: str | None
    urgency: str | None
    topic: str | None
    answer_by: int | None
    headline: str | None
    member: str  # who is asked, who speaks, who is silent
    level: int | None = None
    answer: str | None = None


def may_tell(row: Row) -> bool:
    """Whether a row may tell something of a warning: cheap, and never wrong when it says no."""
    if row.kind == Kind.LOCAL:
        return row.name == PAGED
    return row.kind == Kind.ENTRY and (row.object_id or "").startswith(("report--", "note--"))


def happened(reading: Reading, rows: Sequence[Row]) -> dict[int, Happened]:
    """By position, of those rows that tell something of a warning; the readers must have reached them."""
    out: dict[int, Happened] = {}
    for row in rows:
        if row.kind == Kind.LOCAL and row.name == PAGED and row.object_id:
            out |= _happened(reading, row, "paged", row.object_id, (row.member, row.seq))
        elif row.kind == Kind.ENTRY and row.object_id and row.object_id.startswith("report--"):
            out |= _happened(reading, row, "raised", row.object_id, (row.member,))
        elif row.kind == Kind.ENTRY and row.object_id and row.object_id.startswith("note--"):
            for warning, member, state, answer_ in reading.query(
                "SELECT warning, member, state, answer FROM warn_words WHERE position = ?", (row.position,)
            ):
                out |= _happened(reading, row, state, warning, (member, None, answer_))
            for warning, member, level in reading.query(
                "SELECT warning, member, level FROM warn_escalations WHERE position = ?", (row.position,)
            ):
                out |= _happened(reading, row, "escalated", warning, (member, level))
    return out


def _happened(reading: Reading, row: Row, event: str, warning: str, rest: tuple[Any, ...]) -> dict[int, Happened]:
    known = one(reading, warning)
    if known is None:
        # A report that is no warning; or a word on a warning that has not come yet.
        return (
            {} if event == "raised" else {row.position: Happened(event, warning, None, None, None, None, None, *rest)}
        )
    said = text(reading, known)
    about = (known.giver, known.urgency, known.topic, known.answer_by, said.headline if said else None)
    return {row.position: Happened(event, warning, *about, *rest)}


def beginning(reading: Reading, start: str) -> list[str]:
    """At most two ids of warnings that begin so; what is before the UUID may be left out."""
    whole = start if start.startswith(_PREFIX) else _PREFIX + start
    if not _START.fullmatch(whole):
        return []
    rows = reading.query(
        "SELECT id FROM warn_warnings WHERE id >= ? AND id < ? ORDER BY id LIMIT 2", (whole, whole + "~")
    )
    return [row[0] for row in rows]


def counts(reading: Reading, me: str, now: int) -> Counts:
    """For status and metrics."""
    raised = reading.query("SELECT COUNT(*) FROM warn_warnings WHERE giver = ?", (me,))[0][0]
    ours = reading.query(
        "SELECT COUNT(*), COUNT(r.stored), COUNT(r.acknowledged), COUNT(r.answered) FROM warn_warnings w "
        "JOIN warn_recipients r ON r.warning = w.id WHERE w.giver = ?",
        (me,),
    )[0]
    escalated = reading.query("SELECT COUNT(*) FROM warn_paged WHERE member <> ?", (me,))[0][0]
    late = reading.query(
        "SELECT COUNT(*) FROM warn_recipients r JOIN warn_warnings w ON w.id = r.warning WHERE r.answered IS NULL "
        "AND r.answer_by < ? AND w.withdrawn = 0 AND w.giver = ?",
        (now, me),
    )[0][0]
    owed = reading.query(
        "SELECT COUNT(*), COUNT(CASE WHEN r.answer_by < ? THEN 1 END) FROM warn_recipients r JOIN warn_warnings w "
        "ON w.id = r.warning WHERE r.answered IS NULL AND w.withdrawn = 0 AND r.member = ?",
        (now, me),
    )[0]
    return Counts._make((raised, *ours, escalated, late, *owed))
