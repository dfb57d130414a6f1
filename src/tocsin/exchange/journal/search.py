"""What can be found: one row for each shown object version, kept by the follower "search"."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple

from tocsin.errors import FormatError
from tocsin.exchange.journal import erase, journal
from tocsin.exchange.journal.journal import Kind, Row
from tocsin.formats import strictjson
from tocsin.formats.text import to_microseconds
from tocsin.ports.database import Reading, Transaction


class Search:
    """The follower. `channel_of` tells which channel a log belongs to."""

    name = "search"

    def __init__(self, channel_of: Callable[[int], int]) -> None:
        self._channel_of = channel_of

    def handle(self, rows: Sequence[Row], tx: Transaction) -> None:
        """Index the entries that may be shown, and note until when each is to be kept."""
        tx.execute_many(
            "INSERT INTO journal_search (position, channel, object_id, version, instant, name, member, marking) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (position) DO NOTHING",
            (
                (
                    row.position,
                    self._channel_of(row.log),
                    row.object_id,
                    row.version,
                    instant_of(row.version or ""),
                    row.name,
                    row.member,
                    row.marking,
                )
                for row in rows
                if row.kind == Kind.ENTRY and row.held is None
            ),
        )
        if rows:
            erase.note_days(tx, rows[0].position, rows[-1].position)


@lru_cache(8192)  # the versions of one share are often few
def instant_of(version: str) -> int:
    """A version (a STIX timestamp) as microseconds; 0 for none."""
    return to_microseconds(datetime.fromisoformat(version)) if version else 0


class Found(NamedTuple):
    """One object version, with its exact bytes when asked for."""

    position: int
    added: int
    channel: int
    object_id: str
    version: str
    name: str
    member: str
    marking: int
    content: bytes | None


@dataclass(frozen=True, slots=True)
class Query:
    """What to look for. Empty tuples mean any. `versions`: "last", "first", "all" or instants in microseconds."""

    channels: tuple[int, ...] = ()
    after: int = 0
    limit: int = 100
    ids: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    versions: tuple[str | int, ...] = ("all",)
    text: str = ""
    member: str = ""
    newest_first: bool = False
    content: bool = True
    now_us: int = 0  # what was to be kept until before is not shown; 0: whatever the time
    hidden: bool = False  # also what was taken back, suspended or blocked
    floor: int = 0  # newest first: nothing at or below this position


ORPHANED: Final = "orphaned"  # all that it is about was taken back
SPAN: Final = 200_000  # positions that one look goes through: some hundredths of a second
HIDDEN: Final = ("recalled", "revoked", "suspended", "withdrawn", "blocked", ORPHANED)
_SHOWN: Final = (
    "NOT EXISTS (SELECT 1 FROM journal_hidden h "
    "WHERE h.object_id IN ({0}.object_id, '') AND h.member IN ({0}.member, ''))"
)
# Of two copies of one version the first to come is shown: a later copy, perhaps with properties withheld, must not
# replace it. Objects without versions (SCOs) show what was said last. Versions are ordered within one member's word only,
# that of the object's owner where it speaks in the channel, else of who spoke there first: nobody replaces another's.
_SAME: Final = "FROM journal_search {0} WHERE {0}.object_id = s.object_id AND {0}.channel = s.channel AND " + _SHOWN
_OWN: Final = (
    "s.member = COALESCE((SELECT c.owner FROM journal_contested c WHERE c.object_id = s.object_id AND EXISTS ("  # noqa: S608 - constants only
    f"SELECT 1 {_SAME.format('w')} AND w.member = c.owner)), "
    # A sum, for the smallest of a sum is looked for among the few copies, and not along the table's own order.
    f"(SELECT f.member FROM journal_search f WHERE f.position = (SELECT MIN(g.position + 0) {_SAME.format('g')})))"
)
_OTHER: Final = f"{_OWN} AND NOT EXISTS (SELECT 1 {_SAME.format('o')} AND o.member = s.member "
_NEWER: Final = (
    _OTHER + "AND (o.instant > s.instant OR (o.instant = s.instant AND s.instant > 0 AND o.position < s.position) "
    "OR (o.instant = s.instant AND s.instant = 0 AND o.position > s.position)))"
)
_OLDER: Final = _OTHER + "AND (o.instant < s.instant OR (o.instant = s.instant AND o.position < s.position)))"


def find(reading: Reading, query: Query) -> list[Found]:
    """Up to `limit` object versions in journal order (or newest first)."""
    where, args = _conditions(query)
    order = "DESC" if query.newest_first else "ASC"
    content = "j.content" if query.content else "NULL"
    sql = (
        f"SELECT s.position, j.added, s.channel, s.object_id, s.version, s.name, s.member, s.marking, {content} "  # noqa: S608 - constants only
        f"FROM journal_search s JOIN journal_rows j ON j.position = s.position WHERE {where} "
        f"ORDER BY s.position {order} LIMIT ?"
    )
    return [Found(*row) for row in reading.query(sql, (*args, query.limit))]


def ids_of(reading: Reading, kind: str, limit: int) -> list[str]:
    """The ids of objects of one type, in their order."""
    rows = reading.query(
        "SELECT DISTINCT object_id FROM journal_search WHERE object_id >= ? AND object_id < ? ORDER BY object_id LIMIT ?",
        (f"{kind}--", f"{kind}-.", limit),
    )
    return [row[0] for row in rows]


class Looked(NamedTuple):
    """What one bounded look has found, newest first. `rest`: look on below it (as Query.after); 0: that was all."""

    found: list[Found]
    rest: int


def look(reading: Reading, query: Query) -> Looked:
    """As find(), newest first, but through no more than SPAN positions: what fits nothing must not read a whole store."""
    top = query.after or journal.last(reading) + 1
    floor = max(0, top - 1 - SPAN)
    found = find(reading, replace(query, after=top, floor=floor, newest_first=True))
    if len(found) == query.limit:
        return Looked(found, found[-1].position)
    return Looked(found, floor + 1 if floor else 0)


def _conditions(query: Query) -> tuple[str, list[Any]]:
    where = ["s.position < ?" if query.newest_first and query.after else "s.position > ?"]
    args: list[Any] = [query.after]
    if query.floor:
        where.append("s.position > ?")
        args.append(query.floor)
    for column, wanted in (("s.channel", query.channels), ("s.object_id", query.ids)):
        if wanted:
            where.append(f"{column} IN ({_marks(wanted)})")
            args += wanted
    if query.types:
        # A newest look walks down the positions: by the index of ids it would sort every object of the type first.
        column = "+s.object_id" if query.newest_first else "s.object_id"
        where.append("(" + " OR ".join(f"({column} >= ? AND {column} < ?)" for _ in query.types) + ")")
        # "-." is the next string after every "--...": ids of one type are one range of the index.
        args += [bound for one in query.types for bound in (f"{one}--", f"{one}-.")]
    if not query.hidden:
        where.append(_SHOWN.format("s"))
    if query.now_us:
        where.append("(j.keep_until IS NULL OR j.keep_until = 0 OR j.keep_until > ?)")
        args.append(query.now_us)
    if query.member:
        where.append("s.member = ?")
        args.append(query.member)
    if query.text:
        where.append("s.name LIKE ? ESCAPE '!'")
        args.append("%" + "".join("!" + c if c in "%_!" else c for c in query.text) + "%")
    versions, more = _versions(query.versions)
    return " AND ".join([*where, *versions]), args + more


def _versions(wanted: tuple[str | int, ...]) -> tuple[list[str], list[Any]]:
    if "all" in wanted:
        return [], []
    instants = [one for one in wanted if isinstance(one, int)]
    parts = [_NEWER] * ("last" in wanted) + [_OLDER] * ("first" in wanted)
    parts += [f"s.instant IN ({_marks(instants)})"] * bool(instants)
    return ["(" + " OR ".join(parts) + ")"], list(instants)


def hide(tx: Transaction, object_id: str, member: str, why: str, position: int) -> None:
    """Show a member's copies of an object to nobody any more, nor give them to any program.

    Every copy, also one that is still to come. An empty `object_id` is all that the member shared, an empty `member`
    everybody's copies. `why` is one of HIDDEN, `position` that of the row that said so; told twice it is told once.
    """
    if why not in HIDDEN or not (object_id or member):
        raise RuntimeError("what is hidden is an object or a member, for one of the known reasons")
    tx.execute(
        "INSERT INTO journal_hidden (object_id, member, why, position) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (object_id, member, why) DO NOTHING",
        (object_id, member, why, position),
    )


def unhide(tx: Transaction, object_id: str, member: str, why: str) -> None:
    """Take one such reason away; what has none left is shown again."""
    tx.execute("DELETE FROM journal_hidden WHERE object_id = ? AND member = ? AND why = ?", (object_id, member, why))


def contest(tx: Transaction, object_id: str, owner: str) -> None:
    """More than one member speaks of an object: its owner's word is the one that versions are ordered in."""
    tx.execute(
        "INSERT INTO journal_contested (object_id, owner) VALUES (?, ?) "
        "ON CONFLICT (object_id) DO UPDATE SET owner = excluded.owner",
        (object_id, owner),
    )


def reasons(reading: Reading, object_id: str, member: str) -> list[str]:
    """Why a member's copies of an object are not shown, sorted; empty when they are."""
    rows = reading.query(
        "SELECT DISTINCT why FROM journal_hidden WHERE object_id IN (?, '') AND member IN (?, '') ORDER BY why",
        (object_id, member),
    )
    return [row[0] for row in rows]


def known(reading: Reading, ids: Iterable[str]) -> dict[str, list[tuple[str, str, int, int, int]]]:
    """What we hold of these ids: (version, member, marking, channel, position) of each version, by id."""
    out: dict[str, list[tuple[str, str, int, int, int]]] = {}
    wanted = list(set(ids))
    for at in range(0, len(wanted), 500):
        part = wanted[at : at + 500]
        for row in reading.query(
            "SELECT object_id, version, member, marking, channel, position FROM journal_search "  # noqa: S608 - constants only
            f"WHERE object_id IN ({_marks(part)})",
            part,
        ):
            out.setdefault(row[0], []).append(row[1:])
    return out


def shown(reading: Reading, positions: Iterable[int], now_us: int) -> dict[int, bytes]:
    """The exact bytes of those positions that are shown: neither hidden nor erased nor past their keep-until."""
    out: dict[int, bytes] = {}
    wanted = sorted(set(positions))
    for at in range(0, len(wanted), 500):
        part = wanted[at : at + 500]
        rows = reading.query(
            "SELECT s.position, j.content FROM journal_search s JOIN journal_rows j ON j.position = s.position "  # noqa: S608 - constants only
            f"WHERE s.position IN ({_marks(part)}) AND {_SHOWN.format('s')} AND j.content IS NOT NULL "
            "AND (j.keep_until IS NULL OR j.keep_until = 0 OR j.keep_until > ?)",
            (*part, now_us),
        )
        out |= dict(rows)
    return out


def present(reading: Reading, positions: Iterable[int]) -> set[int]:
    """Those positions whose content was not erased."""
    out: set[int] = set()
    wanted = sorted(set(positions))
    for at in range(0, len(wanted), 500):
        part = wanted[at : at + 500]
        rows = reading.query(
            f"SELECT position FROM journal_rows WHERE position IN ({_marks(part)}) AND content IS NOT NULL",  # noqa: S608 - constants only
            part,
        )
        out |= {row[0] for row in rows}
    return out


def content(reading: Reading, position: int) -> bytes | None:
    """The exact bytes at a position."""
    rows = reading.query("SELECT content FROM journal_rows WHERE position = ?", (position,))
    return rows[0][0] if rows else None


def value(reading: Reading, position: int) -> dict[str, Any]:
    """The STIX object at a position; empty when it is not here any more."""
    return parsed(content(reading, position))


def parsed(data: bytes | None) -> dict[str, Any]:
    """The STIX object in stored bytes; empty when there are none."""
    try:
        found = strictjson.parse(data) if data else {}
    except FormatError:  # it passed the gate of an older version
        return {}
    return found if isinstance(found, dict) else {}


def added_at(reading: Reading, moment_us: int) -> int:
    """The last position added at or before an instant: dates grow with positions, so a binary search finds it."""
    low = 0
    high = int(reading.query("SELECT COALESCE(MAX(position), 0) FROM journal_rows")[0][0])
    while low < high:
        middle = (low + high + 1) // 2
        rows = reading.query("SELECT added FROM journal_rows WHERE position = ?", (middle,))
        low, high = (middle, high) if rows and rows[0][0] <= moment_us else (low, middle - 1)
    return low


def _marks(wanted: Sequence[Any]) -> str:
    return ", ".join("?" * len(wanted))


def found(reading: Reading, positions: Sequence[int], *, content: bool = False) -> list[Found]:
    """Those of these entries that may be shown and are still held, in order."""
    out: list[Found] = []
    for begin in range(0, len(positions), 500):
        part = positions[begin : begin + 500]
        sql = (
            "SELECT s.position, j.added, s.channel, s.object_id, s.version, s.name, s.member, s.marking, "  # noqa: S608 - constants only
            f"{'j.content' if content else 'NULL'} FROM journal_search s JOIN journal_rows j ON j.position = s.position "
            f"WHERE s.position IN ({_marks(part)}) AND {_SHOWN.format('s')} ORDER BY 1"
        )
        out += [Found(*row) for row in reading.query(sql, part)]
    return out
