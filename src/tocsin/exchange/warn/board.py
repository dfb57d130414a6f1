"""What a duty officer has before them: every open warning that waits for us or for others, bounded, what is due first."""

from typing import Any, Final, NamedTuple

from tocsin.exchange.journal import search
from tocsin.exchange.warn.views import ALL, ASKED, COLUMNS, GIVEN, Warned, text
from tocsin.formats.alert import Alert
from tocsin.ports.database import Reading

_FACTS: Final = (
    "COUNT(r.member), COUNT(r.stored), COUNT(r.acknowledged), COUNT(r.answered), "
    "MAX(CASE WHEN r.member = ? THEN r.acknowledged END), COALESCE(MAX(CASE WHEN r.member = ? THEN r.until END), 0), "
    "COALESCE(MAX(CASE WHEN r.member = ? THEN r.level END), 0), MAX(CASE WHEN r.member = ? THEN 1 ELSE 0 END), "
    "COUNT(CASE WHEN r.answer = 'affects-us' THEN 1 END), COUNT(CASE WHEN r.answer = 'not-us' THEN 1 END), "
    "COUNT(CASE WHEN r.answer = 'need-more' THEN 1 END), COUNT(CASE WHEN r.answer = 'acting' THEN 1 END), "
    "MAX(CASE WHEN r.member = ? THEN r.answer END)"
)
# Those that ask us and have no answer of ours, and of the newest that we gave those that somebody has not answered.
_OPEN: Final = (
    "WITH chosen AS ("  # noqa: S608 - constants only
    "SELECT * FROM (SELECT r.warning AS id FROM warn_recipients r JOIN warn_warnings w ON w.id = r.warning "
    "WHERE r.member = ? AND r.answered IS NULL AND w.withdrawn = 0 ORDER BY r.answer_by, r.warning LIMIT ?) "
    "UNION "
    "SELECT id FROM (SELECT id FROM warn_warnings WHERE giver = ? AND withdrawn = 0 ORDER BY added DESC LIMIT ?) g "
    "WHERE EXISTS (SELECT 1 FROM warn_recipients r WHERE r.warning = g.id AND r.answered IS NULL)) "
    f"SELECT {COLUMNS}, {_FACTS} FROM chosen c JOIN warn_warnings w ON w.id = c.id "
    "JOIN warn_recipients r ON r.warning = w.id GROUP BY w.id"
)
_ONE: Final = (
    f"SELECT {COLUMNS}, {_FACTS} FROM warn_warnings w "  # noqa: S608 - constants only
    "JOIN warn_recipients r ON r.warning = w.id WHERE w.id = ? GROUP BY w.id"
)
_LISTED: Final = {
    ASKED: "w.id IN (SELECT warning FROM warn_recipients WHERE member = ?)",
    GIVEN: "w.giver = ?",
    ALL: "? <> ''",
}
_DUE: Final = (
    "SELECT COUNT(*), COUNT(CASE WHEN r.answer_by < ? THEN 1 END), COUNT(CASE WHEN r.until <= ? THEN 1 END), "
    "MIN(CASE WHEN r.answer_by >= ? THEN r.answer_by END) FROM warn_recipients r JOIN warn_warnings w "
    "ON w.id = r.warning WHERE r.member = ? AND r.answered IS NULL AND w.withdrawn = 0"
)


class Open(NamedTuple):
    """A warning and how far everybody has come with it. `stored` is what we know: of our own warnings only."""

    warned: Warned
    asked: int
    stored: int
    acknowledged: int
    answered: int
    ours_at: int | None  # when our first word went
    until: int  # until when our acknowledgement stands; 0: none
    level: int  # the highest level paged here for our silence
    is_asked: int  # 1: it asks us
    affects: int  # recipients with each of the answers
    not_us: int
    need_more: int
    acting: int
    our_answer: str | None


class Due(NamedTuple):
    """What we owe in all, whatever the list holds of it."""

    open: int
    overdue: int
    unacknowledged: int
    next: int | None  # the next deadline that has not passed


class Since(NamedTuple):
    """What happened since an instant."""

    received: int
    raised: int
    acknowledged: int  # words of ours
    answered: int


def open_(reading: Reading, me: str, asked: int, given: int) -> list[Open]:
    """At most `asked` that wait for us, those due first, and of the `given` newest of ours those that wait for others."""
    rows = reading.query(_OPEN, (me, asked, me, given, *[me] * 5))
    found = [_open(row) for row in rows]
    return sorted(found, key=lambda one: (one.warned.answer_by, one.warned.id))


def _open(row: tuple[Any, ...]) -> Open:
    size = len(Warned._fields)
    return Open(Warned(*row[:size]), *row[size:])


def one(reading: Reading, me: str, warning: str) -> Open | None:
    """One warning, open or not; None for one that is not known (any more)."""
    rows = reading.query(_ONE, (*[me] * 5, warning))
    return _open(rows[0]) if rows else None


def listed(reading: Reading, me: str, which: str, before: int, limit: int) -> list[Open]:
    """Warnings that ask us, that we gave, or all, the newest first; `before` is when the last of the page before came."""
    rows = reading.query(
        f"SELECT {COLUMNS}, {_FACTS} FROM (SELECT * FROM warn_warnings w WHERE {_LISTED[which]} AND w.added < ? "  # noqa: S608 - constants only
        "ORDER BY w.added DESC LIMIT ?) w JOIN warn_recipients r ON r.warning = w.id GROUP BY w.id ORDER BY w.added DESC",
        (*[me] * 5, me, before or 2**62, limit),
    )
    return [_open(row) for row in rows]


def due(reading: Reading, me: str, now: int) -> Due:
    """How much we owe."""
    return Due(*reading.query(_DUE, (now, now, now, me))[0])


def texts(reading: Reading, warnings: list[Warned]) -> dict[int, Alert | None]:
    """What they say, by position; None for what was erased."""
    return {one.position: text(reading, one) for one in warnings}


def since(reading: Reading, me: str, instant: int) -> Since:
    """What came and went since then. Bounded by what happened since."""
    position = search.added_at(reading, instant)
    raised = reading.query(
        "SELECT COUNT(CASE WHEN giver <> ? THEN 1 END), COUNT(CASE WHEN giver = ? THEN 1 END) FROM warn_warnings "
        "WHERE added > ?",
        (me, me, instant),
    )[0]
    said = reading.query(
        "SELECT COUNT(CASE WHEN state = 'acknowledged' THEN 1 END), COUNT(CASE WHEN state = 'answered' THEN 1 END) "
        "FROM warn_words WHERE position > ? AND member = ?",
        (position, me),
    )[0]
    return Since(*raised, *said)
