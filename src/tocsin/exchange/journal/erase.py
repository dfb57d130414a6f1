"""Erasing entries: by an order of their origin, or because keep-until has passed.

Content, salt and everything that tells what an entry said go, from the row and from search; place, commitment, marking
and times stay, so that trees, checkpoints and receipts hold. The store overwrites what it frees (secure_delete), and
eraser.py sees to it that the write-ahead log follows.
"""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any, Final, NamedTuple

from tocsin.errors import FormatError
from tocsin.exchange.journal.journal import Erased, NewRow
from tocsin.formats import correction, erasure, strictjson
from tocsin.formats.entry import ERASE_ORDER
from tocsin.ports.database import Reading, Transaction

ERASED: Final = "erased"  # `held` of an entry whose content is gone
ORDER: Final = "order"  # `held` of an erase order: obeyed, but no object to show
DAY_US: Final = 86_400_000_000
_STEP: Final = 512  # entries that a sweep erases in one transaction
_SPAN: Final = 8192  # positions that it looks at
_DEFINITION: Final = "marking-definition--"
Places = Mapping[bytes, tuple[int, str]]  # slot of a log: its number and origin


class Stored(NamedTuple):
    """An order as it stands here. `obeyed` 0: not yet."""

    position: int
    log: int
    seq: int
    member: str
    digest: bytes
    entries: int
    deadline: int
    issued: int
    obeyed: int


_ORDER: Final = "position, log, seq, member, digest, entries, deadline, issued, obeyed"


def stored(tx: Transaction, slot: bytes, rows: Sequence[NewRow], last: int, places: Places) -> Erased:
    """In the transaction that appended entries of one log up to position `last`: note orders, obey one, obey earlier ones.

    At most one order is done here, so that a frame full of orders does not hold the writer; Eraser does the rest. Without
    `places` the caller knows that there is none among the rows.
    """
    numbered = enumerate(rows, last - len(rows) + 1) if places else ()
    orders = [(position, row) for position, row in numbered if row.held == ORDER]
    for position, row in orders:
        _note(tx, position, row)
    # An order may have come before what it names, by another log or another way.
    early = tx.query(
        "SELECT seq FROM journal_ordered WHERE slot = ? AND seq >= ? AND seq <= ? AND member = ?",
        (slot, rows[0].seq, rows[-1].seq, rows[0].member),
    )
    held = _held(tx, [(rows[0].log, seq) for (seq,) in early])
    done = _erase(tx, held)._replace(orders=len(orders))
    obeyed = obey(tx, places) if orders else None
    return joined(done, obeyed) if obeyed else done


def joined(one: Erased, other: Erased) -> Erased:
    """Both together."""
    return Erased(
        one.logs | other.logs,
        one.definitions | other.definitions,
        one.entries + other.entries,
        one.orders + other.orders,
    )


def _note(tx: Transaction, position: int, row: NewRow) -> None:
    content = row.content or b""
    order = erasure.parse(content)
    tx.execute(
        f"INSERT INTO journal_orders ({_ORDER}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)",  # noqa: S608 - constants only
        (
            position,
            row.log,
            row.seq,
            row.member,
            sha256(content).digest(),
            len(order.entries),
            order.deadline,
            order.issued,
        ),
    )
    tx.execute_many(
        "INSERT INTO journal_ordered (slot, seq, member) VALUES (?, ?, ?) ON CONFLICT (slot, seq, member) DO NOTHING",
        ((slot, seq, row.member) for slot, seq in order.entries),
    )


def waiting(reading: Reading) -> bool:
    """Whether an order stands here that was not obeyed yet."""
    return bool(reading.query("SELECT 1 FROM journal_orders WHERE obeyed = 0 LIMIT 1"))


def obey(tx: Transaction, places: Places) -> Erased | None:
    """Erase what the oldest open order names; None when there is none. An order counts for its own origin's logs only."""
    found = tx.query(
        "SELECT o.position, o.member, j.content, j.added FROM journal_orders o "
        "JOIN journal_rows j ON j.position = o.position WHERE o.obeyed = 0 ORDER BY o.position LIMIT 1"
    )
    if not found:
        return None
    position, member, content, added = found[0]
    named = erasure.parse(content).entries if content is not None else ()
    ours = ((places[slot], seq) for slot, seq in named if slot in places)
    done = _erase(tx, _held(tx, [(log, seq) for (log, origin), seq in ours if origin == member]))
    tx.execute("UPDATE journal_orders SET obeyed = ? WHERE position = ?", (added, position))
    return done


def _held(reading: Reading, wanted: Iterable[tuple[int, int]]) -> list[tuple[Any, ...]]:
    """(position, log, object id) of those (log, seq) whose content is here. An order itself is never ordered away."""
    return [
        row
        for place in wanted
        for row in reading.query(
            "SELECT position, log, object_id FROM journal_rows WHERE kind = 1 AND log = ? AND seq = ? "
            "AND content IS NOT NULL AND content_type <> ?",
            (*place, ERASE_ORDER),
        )
    ]


def _erase(tx: Transaction, held: Sequence[tuple[Any, ...]]) -> Erased:
    """(position, log, object id) of each."""
    if not held:
        return Erased()
    _leave_traces(tx, [one[0] for one in held if one[2]])
    tx.execute_many(
        "UPDATE journal_rows SET held = 'erased', object_id = NULL, version = NULL, name = NULL, salt = NULL, "
        "content = NULL WHERE position = ?",
        ((one[0],) for one in held),
    )
    tx.execute_many("DELETE FROM journal_search WHERE position = ?", ((one[0],) for one in held))
    named = {one[2] for one in held if one[2]}
    tx.execute_many(
        "DELETE FROM journal_contested WHERE object_id = ? "
        "AND NOT EXISTS (SELECT 1 FROM journal_search s WHERE s.object_id = journal_contested.object_id)",
        ((one,) for one in named),
    )
    ids = {one for one in named if one.startswith(_DEFINITION)}
    gone = [one for one in ids if not tx.query("SELECT 1 FROM journal_search WHERE object_id = ? LIMIT 1", (one,))]
    return Erased(frozenset(one[1] for one in held), frozenset(gone), len(held))


def _leave_traces(tx: Transaction, positions: Sequence[int]) -> None:
    """What must be known of an erased version to tell its object's owner and history: nothing that can be read."""
    for position in positions:
        for object_id, version, content in tx.query(
            "SELECT object_id, version, content FROM journal_rows WHERE position = ? AND held IS NULL", (position,)
        ):
            if version:
                tx.execute(
                    "INSERT INTO journal_traces (position, object, instant, taken, creator) VALUES (?, ?, ?, ?, ?) "
                    "ON CONFLICT (position) DO NOTHING",
                    (position, correction.key(object_id), *_trace(version, content)),
                )


def _trace(version: str, content: bytes) -> tuple[int, int, bytes]:
    try:
        value = strictjson.parse(content)
    except FormatError:  # it passed the gate of an older version
        value = {}
    return correction.instant_of(version), *correction.marks(value)


def traces(reading: Reading, positions: Sequence[int]) -> dict[int, tuple[bytes, int, int, bytes]]:
    """(object, instant, taken, creator) of the versions that stood at these positions and were erased."""
    out: dict[int, tuple[bytes, int, int, bytes]] = {}
    for at in range(0, len(positions), _STEP):
        part = positions[at : at + _STEP]
        rows = reading.query(
            "SELECT position, object, instant, taken, creator FROM journal_traces "  # noqa: S608 - constants only
            f"WHERE position IN ({', '.join('?' * len(part))})",
            part,
        )
        out |= {row[0]: (row[1], row[2], row[3], row[4]) for row in rows}
    return out


# -- keep-until -------------------------------------------------------------------------------------------------


def note_days(tx: Transaction, first: int, last: int) -> None:
    """Remember between which positions the entries of each day stand.

    In place of an index, which every commit would pay for: the follower writes a few rows for up to 2,048 entries.
    """
    tx.execute(
        "INSERT INTO journal_kept (day, low, high) "
        "SELECT (keep_until - 1) / ? + 1, MIN(position), MAX(position) FROM journal_rows "
        "WHERE position >= ? AND position <= ? AND kind = 1 AND keep_until > 0 AND content IS NOT NULL GROUP BY 1 "
        "ON CONFLICT (day) DO UPDATE SET high = excluded.high",
        (DAY_US, first, last),
    )


def due(reading: Reading, now_us: int) -> bool:
    """Whether a sweep at this time has anything to look at."""
    return bool(reading.query("SELECT 1 FROM journal_kept WHERE day <= ? LIMIT 1", (now_us // DAY_US,)))


def sweep(tx: Transaction, now_us: int) -> Erased:
    """One bounded step over the oldest day that has passed: erase, and note how far we came."""
    days = tx.query("SELECT day, low, high FROM journal_kept WHERE day <= ? ORDER BY day LIMIT 1", (now_us // DAY_US,))
    if not days:
        return Erased()
    day, low, high = days[0]
    end = min(high, low + _SPAN - 1)
    held = tx.query(
        "SELECT position, log, object_id FROM journal_rows WHERE position >= ? AND position <= ? AND kind = 1 "
        "AND keep_until > 0 AND keep_until <= ? AND content IS NOT NULL ORDER BY position LIMIT ?",
        (low, end, now_us, _STEP),
    )
    if len(held) == _STEP:
        end = held[-1][0]
    if end < high:
        tx.execute("UPDATE journal_kept SET low = ? WHERE day = ?", (end + 1, day))
    else:
        tx.execute("DELETE FROM journal_kept WHERE day = ?", (day,))
    return _erase(tx, held)


# -- questions --------------------------------------------------------------------------------------------------


def named(reading: Reading, object_id: str, channel: int, member: str) -> list[tuple[int, int, str]]:
    """(seq, marking, version) of each entry by which a member shared an object in a channel and that is still here."""
    return [
        (row[0], row[1], row[2])
        for row in reading.query(
            "SELECT j.seq, j.marking, j.version FROM journal_search s JOIN journal_rows j ON j.position = s.position "
            "WHERE s.object_id = ? AND s.channel = ? AND s.member = ? ORDER BY j.seq",
            (object_id, channel, member),
        )
    ]


def obeyed_of(reading: Reading, member: str, after: int, until: int, since_us: int, limit: int) -> list[Stored]:
    """A member's orders between two positions that were obeyed here after a moment, in order."""
    rows = reading.query(
        f"SELECT {_ORDER} FROM journal_orders WHERE member = ? AND position > ? AND position <= ? AND obeyed > ? "  # noqa: S608 - constants only
        "ORDER BY position LIMIT ?",
        (member, after, until, since_us, limit),
    )
    return [Stored(*row) for row in rows]


def order_at(reading: Reading, log: int, seq: int) -> Stored | None:
    """The order that is this entry of a log."""
    rows = reading.query(f"SELECT {_ORDER} FROM journal_orders WHERE log = ? AND seq = ?", (log, seq))  # noqa: S608 - constants only
    return Stored(*rows[0]) if rows else None


def since(reading: Reading, position: int) -> tuple[int, bool]:
    """The journal's newest position, and whether an order was obeyed above the given one."""
    head = int(reading.query("SELECT COALESCE(MAX(position), 0) FROM journal_rows")[0][0])
    return head, bool(reading.query("SELECT 1 FROM journal_orders WHERE position > ? LIMIT 1", (position,)))


def newest(reading: Reading, limit: int) -> list[tuple[Stored, bytes | None]]:
    """The newest orders, ours and others', each with its bytes as long as they are here."""
    columns = ", ".join(f"o.{one}" for one in _ORDER.split(", "))
    rows = reading.query(
        f"SELECT {columns}, j.content FROM journal_orders o JOIN journal_rows j ON j.position = o.position "  # noqa: S608 - constants only
        "ORDER BY o.position DESC LIMIT ?",
        (limit,),
    )
    return [(Stored(*row[:-1]), row[-1]) for row in rows]
