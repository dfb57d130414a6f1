"""What a brief looks back on: what is open by topic, what was raised, who was late, what was taken back. Bounded lists."""

from typing import Final, NamedTuple

from tocsin.exchange.journal import history
from tocsin.exchange.warn.views import Warned
from tocsin.ports.database import Reading

_COLUMNS: Final = ", ".join(f"w.{name}" for name in Warned._fields)
_OURS: Final = "w.withdrawn = 0 AND r.answered IS NULL AND (r.member = ? OR w.giver = ?)"


class Topic(NamedTuple):
    """Answers that are not there yet, of one topic: ours to give, others' to us, and how many of both are late."""

    topic: str
    from_us: int
    to_us: int
    late: int


class Late(NamedTuple):
    """How late a member's answers to our warnings are: still missing, or given too late since then; the longest wait."""

    member: str
    missing: int
    given_late: int
    longest_us: int


def topics(reading: Reading, me: str, now: int) -> list[Topic]:
    """Every topic of which an answer is missing, the one with the most late ones first."""
    rows = reading.query(
        "SELECT w.topic, SUM(r.member = ?), SUM(r.member <> ?), SUM(r.answer_by < ?) FROM warn_recipients r "  # noqa: S608 - constants only
        f"JOIN warn_warnings w ON w.id = r.warning WHERE {_OURS} "
        "GROUP BY w.topic ORDER BY 4 DESC, COUNT(*) DESC, w.topic",
        (me, me, now, me, me),
    )
    return [Topic(*row) for row in rows]


def awaited(reading: Reading, me: str, now: int, limit: int, *, late: bool) -> tuple[list[Warned], int]:
    """Warnings of which an answer is missing, the earliest answer-by first, late ones or not yet late; and how many."""
    order = "<" if late else ">="
    where = f"FROM warn_recipients r JOIN warn_warnings w ON w.id = r.warning WHERE {_OURS} AND r.answer_by {order} ?"
    many = reading.query(f"SELECT COUNT(DISTINCT w.id) {where}", (me, me, now))[0][0]
    rows = reading.query(
        f"SELECT DISTINCT {_COLUMNS} {where} ORDER BY w.answer_by, w.id LIMIT ?",
        (me, me, now, limit),
    )
    return [Warned(*row) for row in rows], many


def raised(reading: Reading, since: int, until: int, limit: int) -> tuple[list[Warned], int]:
    """Warnings first stored here from `since` to `until`, newest first; and how many."""
    many = reading.query("SELECT COUNT(*) FROM warn_warnings WHERE added >= ? AND added <= ?", (since, until))[0][0]
    rows = reading.query(
        f"SELECT {_COLUMNS} FROM warn_warnings w WHERE w.added >= ? AND w.added <= ? "  # noqa: S608 - constants only
        "ORDER BY w.added DESC, w.id LIMIT ?",
        (since, until, limit),
    )
    return [Warned(*row) for row in rows], many


def latest(reading: Reading, me: str, since: int, now: int, limit: int) -> tuple[list[Late], int]:
    """Members whose answers to us are missing and late, or came late since then; the most missing first; and how many."""
    rows = reading.query(
        "SELECT r.member, SUM(r.answered IS NULL), SUM(r.answered IS NOT NULL), "
        "MAX(COALESCE(r.answered, ?) - r.answer_by) FROM warn_recipients r JOIN warn_warnings w ON w.id = r.warning "
        "WHERE w.giver = ? AND w.withdrawn = 0 AND ((r.answered IS NULL AND r.answer_by < ?) "
        "OR (r.answered > r.answer_by AND r.answered >= ?)) GROUP BY r.member ORDER BY 2 DESC, 3 DESC, 4 DESC, 1",
        (now, me, now, since),
    )
    return [Late(*row) for row in rows[:limit]], len(rows)


class Change(NamedTuple):
    """What a member, or we, took back or changed of what was shared."""

    object_id: str
    member: str
    action: str  # correction.ACTIONS
    marking: int
    added_us: int


def changes(reading: Reading, since_position: int, limit: int) -> tuple[list[Change], int]:
    """What was taken back or changed after a position, newest first; and how many."""
    many = reading.query("SELECT COUNT(*) FROM warn_changes WHERE position > ?", (since_position,))[0][0]
    rows = reading.query(
        "SELECT c.position, c.member, c.action, COALESCE(v.marking, 4) FROM warn_changes c "
        "LEFT JOIN warn_versions v ON v.position = c.position WHERE c.position > ? ORDER BY c.position DESC LIMIT ?",
        (since_position, limit),
    )
    names = history.entries_at(reading, [row[0] for row in rows])
    return [
        Change(one.object_id, member, action, marking, one.added)
        for position, member, action, marking in rows
        if (one := names.get(position)) is not None
    ], many
