"""The channel logs (L1), ours and our peers': a size, a frontier, and every checkpoint that ended a batch."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from tocsin.errors import FormatError, StoreError
from tocsin.formats import checkpoint, heartbeat, note
from tocsin.formats.checkpoint import Checkpoint
from tocsin.formats.merkle import Frontier
from tocsin.ports.database import Database, Reading, Transaction

_STEP: Final = 512


def origin_line(origin: str, slot: bytes) -> str:
    """The origin line of a channel log's checkpoints, which is also the name of its signing key."""
    return f"tocsin/{origin}/log/{slot.hex()}"


@dataclass(slots=True)
class Log:
    """One log as it stands.

    `frontier` is what has been accepted, perhaps not committed yet; `released` the size that is committed and, for our
    own log, signed: what may be shown to others.
    """

    number: int
    slot: bytes
    channel: int
    origin: str
    frontier: Frontier
    name: str
    released: int
    note: bytes = b""  # the newest signed checkpoint we hold, of `released` entries

    @property
    def size(self) -> int:
        """How many entries it has."""
        return self.frontier.size

    def checkpoint(self, size: int, root: bytes, beat: int | None = None) -> bytes:
        """The text of a checkpoint of this log; with `beat` that of a heartbeat."""
        plain = Checkpoint(self.name, size, root, ())
        return checkpoint.encode(plain if beat is None else heartbeat.beating(plain, beat))


class Logs:
    """All logs of this node, in memory. Whoever changes a frontier either commits it or calls reload()."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._by_slot: dict[bytes, Log] = {}
        self._by_number: dict[int, Log] = {}

    async def load(self) -> None:
        """Read every log's head. Raises StoreError("store.head") when one cannot be what was signed."""
        for row in await self._database.read(_all):
            self._put(_log(row))

    def __iter__(self) -> Iterator[Log]:
        return iter(self._by_slot.values())

    def get(self, slot: bytes) -> Log | None:
        """The log with this slot."""
        return self._by_slot.get(slot)

    def numbered(self, number: int) -> Log:
        """The log with this number."""
        return self._by_number[number]

    def places(self) -> dict[bytes, tuple[int, str]]:
        """Number and origin of every log by its slot, as they stand now."""
        return {slot: (log.number, log.origin) for slot, log in self._by_slot.items()}

    async def open(self, channel: int, slots: Iterable[tuple[str, bytes]]) -> None:
        """Make the logs of a channel, by origin and slot; those that exist stay as they are."""
        missing = [(origin, slot) for origin, slot in slots if slot not in self._by_slot]
        if not missing:
            return
        made, empty = set(missing), Frontier().encode()

        def work(tx: Transaction) -> list[tuple[Any, ...]]:
            rows = [(slot, channel, origin, empty) for origin, slot in sorted(missing)]
            tx.execute_many(
                "INSERT INTO tlog_logs (slot, channel, origin, size, frontier) VALUES (?, ?, ?, 0, ?) "
                "ON CONFLICT (slot) DO NOTHING",
                rows,
            )
            return _all(tx)

        for row in await self._database.write(work):
            if (row[3], row[1]) in made:
                self._put(_log(row))

    async def reload(self, log: Log) -> None:
        """Take back what was accepted but not committed."""
        rows = await self._database.read(lambda db: _one(db, log.number))
        log.frontier = _head(log.name, *rows[0])
        log.released = min(log.released, log.size)

    def _put(self, log: Log) -> None:
        self._by_slot.setdefault(log.slot, log)
        self._by_number.setdefault(log.number, self._by_slot[log.slot])


def advance(tx: Transaction, log: int, before: Frontier, frontier: Frontier, note: bytes | None) -> None:
    """Inside a transaction: the log grew from `before` to this frontier, and a checkpoint ends the batch.

    Raises StoreError("store.conflict") when the stored head is another: two writers must never both win, nor what was
    verified on top of entries whose commit failed meet others that have come in their place.
    """
    if tx.query("SELECT frontier FROM tlog_logs WHERE log = ?", (log,)) != [(before.encode(),)]:
        raise StoreError("store.conflict", "a log's stored head is not what its writer holds")
    tx.execute("UPDATE tlog_logs SET size = ?, frontier = ? WHERE log = ?", (frontier.size, frontier.encode(), log))
    tx.execute(
        "INSERT INTO tlog_checkpoints (log, size, root, note) VALUES (?, ?, ?, ?)",
        (log, frontier.size, frontier.root(), note),
    )


def vouch(tx: Transaction, log: int, size: int, note: bytes) -> None:
    """Inside a transaction: the same head, signed by the log's origin with a later key."""
    tx.execute("UPDATE tlog_checkpoints SET note = ? WHERE log = ? AND size = ?", (note, log, size))


def root_at(reading: Reading, log: int, size: int) -> bytes | None:
    """The root a checkpoint of exactly this size had, if a batch ended there."""
    rows = reading.query("SELECT root FROM tlog_checkpoints WHERE log = ? AND size = ?", (log, size))
    return rows[0][0] if rows else None


def checkpoints_until(reading: Reading, log: int, size: int, limit: int) -> list[tuple[int, bytes]]:
    """(size, root) of the last `limit` checkpoints of a log at or below a size, the largest first."""
    rows = reading.query(
        "SELECT size, root FROM tlog_checkpoints WHERE log = ? AND size <= ? ORDER BY size DESC LIMIT ?",
        (log, size, limit),
    )
    return [(row[0], row[1]) for row in rows]


def signed_from(reading: Reading, log: int, size: int) -> tuple[int, bytes] | None:
    """The nearest checkpoint of a peer's log at or beyond a size: its size and the signed note."""
    rows = reading.query(
        "SELECT size, note FROM tlog_checkpoints WHERE log = ? AND size >= ? AND note IS NOT NULL ORDER BY size LIMIT 1",
        (log, size),
    )
    return (rows[0][0], rows[0][1]) if rows else None


def checkpoints(reading: Reading, log: int, at_most: int) -> Iterator[tuple[int, bytes, bytes | None]]:
    """(size, root, signed note or None for our own) of every checkpoint of a log up to a size, the empty one left out."""
    after = 0
    while rows := reading.query(
        "SELECT size, root, note FROM tlog_checkpoints WHERE log = ? AND size > ? AND size <= ? ORDER BY size LIMIT ?",
        (log, after, at_most, _STEP),
    ):
        yield from rows
        after = rows[-1][0]


def batch_end(reading: Reading, log: int, start: int, at_most: int) -> tuple[int, bytes, bytes] | None:
    """Where a catch-up frame that begins at `start` ends: the last checkpoint within `at_most`, else the next one.

    Size, root, and the signed note, which is empty for our own logs.
    """
    rows = reading.query(
        "SELECT size, root, note FROM tlog_checkpoints WHERE log = ? AND size > ? AND size <= ? "
        "ORDER BY size DESC LIMIT 1",
        (log, start, at_most),
    ) or reading.query(
        "SELECT size, root, note FROM tlog_checkpoints WHERE log = ? AND size > ? ORDER BY size LIMIT 1", (log, start)
    )
    return (rows[0][0], rows[0][1], rows[0][2] or b"") if rows else None


def _all(reading: Reading) -> list[tuple[Any, ...]]:
    return reading.query(
        "SELECT l.log, l.slot, l.channel, l.origin, l.frontier, c.root, c.note FROM tlog_logs l "
        "LEFT JOIN tlog_checkpoints c ON c.log = l.log AND c.size = l.size ORDER BY l.log"
    )


def _one(reading: Reading, log: int) -> list[tuple[Any, ...]]:
    return reading.query(
        "SELECT l.frontier, c.root, c.note FROM tlog_logs l "
        "LEFT JOIN tlog_checkpoints c ON c.log = l.log AND c.size = l.size WHERE l.log = ?",
        (log,),
    )


def _log(row: tuple[Any, ...]) -> Log:
    number, slot, channel, origin, frontier, root, signed = row
    name = origin_line(origin, slot)
    head = _head(name, frontier, root, signed)
    return Log(number, slot, channel, origin, head, name, head.size, signed or b"")


def _head(name: str, frontier: bytes, root: bytes | None, signed: bytes | None) -> Frontier:
    """The stored frontier, held against its newest checkpoint: what a rotten one gives must never be signed."""
    try:
        head = Frontier.decode(frontier)
        newest = checkpoint.parse(note.parse(signed).text) if signed else None
    except FormatError as error:
        raise StoreError("store.head", "the stored head of a log cannot be read") from error
    told = (newest.origin, newest.size, newest.root) if newest else (name, head.size, root)
    if head.size and not (told == (name, head.size, root) and root == head.root()):
        raise StoreError("store.head", f"the stored head of a log at {head.size} entries is not its newest checkpoint")
    return head
