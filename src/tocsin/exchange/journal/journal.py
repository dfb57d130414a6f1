"""The one ordered record of what happened at this node. Positions grow by one and are never used twice."""

import asyncio
from collections.abc import Callable, Sequence
from enum import IntEnum
from typing import Any, Final, NamedTuple

from tocsin.errors import StoreError
from tocsin.formats.entry import STIX_21
from tocsin.formats.merkle import Frontier
from tocsin.ports.database import Database, Reading, Transaction

_STEP: Final = 4096
_COUNTED: Final = 100_000  # positions a step


class Kind(IntEnum):
    """What a row tells."""

    ENTRY = 1  # an entry of a channel log, ours or a peer's
    RECEIPT = 2  # a peer has stored our log up to `seq`
    REFUSAL = 3  # a peer's frame was refused, or a peer refused ours; `name` is the code
    EVIDENCE = 4  # `member` has signed two statements that contradict each other; `name` is in what
    ERASED = 5  # a peer has signed that it obeyed our erase order at `seq`
    LOCAL = 6  # what this node or its people did here and tell nobody; `name` is what


class NewRow(NamedTuple):
    """A row before it has a position."""

    kind: Kind
    log: int
    seq: int
    member: str
    object_id: str | None = None
    version: str | None = None
    name: str | None = None
    marking: int | None = None
    sent_at: int | None = None
    keep_until: int | None = None
    held: str | None = None
    salt: bytes | None = None
    commitment: bytes | None = None
    content: bytes | None = None
    content_type: int = STIX_21


class Erased(NamedTuple):
    """What one transaction erased, for those who keep copies in memory."""

    logs: frozenset[int] = frozenset()
    definitions: frozenset[str] = frozenset()  # marking definitions of which no copy is left
    entries: int = 0
    orders: int = 0  # erase orders that came with it


class Row(NamedTuple):
    """A row as it stands, without salt and content."""

    position: int
    added: int
    kind: int
    log: int
    seq: int
    member: str
    object_id: str | None
    version: str | None
    name: str | None
    marking: int | None
    sent_at: int | None
    held: str | None


_COLUMNS: Final = "position, added, kind, log, seq, member, object_id, version, name, marking, sent_at, held"
_INSERT: Final = (
    "INSERT INTO journal_rows (position, added, kind, log, seq, member, object_id, version, name, marking, sent_at, "
    "keep_until, held, salt, commitment, content, content_type) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def append(tx: Transaction, rows: Sequence[NewRow], now_us: int) -> int:
    """Inside a transaction: give the rows their positions and dates. Returns the position of the last one."""
    last = tx.query("SELECT position, added FROM journal_rows ORDER BY position DESC LIMIT 1")
    position, added = last[0] if last else (0, 0)
    added = max(now_us, added + 1)
    tx.execute_many(_INSERT, ((position + i, added + i - 1, *row) for i, row in enumerate(rows, 1)))
    return int(position + len(rows))


def last(reading: Reading) -> int:
    """The newest position there is; 0 for none."""
    return int(reading.query("SELECT COALESCE(MAX(position), 0) FROM journal_rows")[0][0])


class Journal:
    """Reading the journal, and being woken when it grows. A wake-up may be lost or early; positions are the truth."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._head = 0
        self._counted_to = self._held_back = 0
        self._grown = asyncio.Event()
        self._calls: list[Callable[[Erased], None]] = []

    @property
    def head(self) -> int:
        """The newest position we were told of."""
        return self._head

    async def load(self) -> None:
        """Learn the newest position."""
        self._head = await self.database.read(last)

    def announce(self, position: int) -> None:
        """Say that everything up to `position` is committed."""
        self._head = max(position, self._head)
        self._grown.set()
        self._grown = asyncio.Event()

    def on_erased(self, call: Callable[[Erased], None]) -> None:
        """Be told, on the loop, of everything that was erased."""
        self._calls.append(call)

    def erased(self, what: Erased) -> None:
        """Say that this is erased, durably: whoever keeps a copy forgets it before this returns."""
        if what.entries or what.orders:
            for call in self._calls:
                call(what)

    async def held_back(self) -> int:
        """How many entries are kept but shown to nobody; since the start it never falls, whatever is erased.

        The first answer reads the whole journal, in steps; every later one what came since.
        """
        while (after := self._counted_to) < self._head:
            until = min(after + _COUNTED, self._head)
            more = await self.database.read(lambda db, low=after, high=until: held_back(db, low, high))  # type: ignore[misc]  # run before they change
            if self._counted_to == after:  # two who ask at the same moment count once
                self._counted_to, self._held_back = until, self._held_back + more
        return self._held_back

    async def announced(self) -> None:
        """Wait for the next announce(), also of what a later commit has overtaken."""
        await self._grown.wait()

    async def grown(self, after: int) -> None:
        """Wait until there is something after this position."""
        while self._head <= after:
            await self._grown.wait()

    async def read(self, after: int, limit: int, kind: Kind | None = None) -> list[Row]:
        """Up to `limit` rows after a position, in order."""
        return await self.database.read(lambda db: read(db, after, limit, kind))


def read(reading: Reading, after: int, limit: int, kind: Kind | None = None) -> list[Row]:
    """Up to `limit` rows after a position, in order, on a given snapshot."""
    where, args = ("AND kind = ?", [int(kind)]) if kind else ("", [])
    found = reading.query(
        f"SELECT {_COLUMNS} FROM journal_rows WHERE position > ? {where} ORDER BY position LIMIT ?",  # noqa: S608 - constants only
        (after, *args, limit),
    )
    return [Row(*one) for one in found]


def entries(reading: Reading, log: int, start: int, end: int) -> list[tuple[Any, ...]]:
    """(seq, marking, sent_at, keep_until, salt, content, commitment, content_type, held) from start to before end.

    Salt and content are None where held is "erased".
    """
    return reading.query(
        "SELECT seq, marking, sent_at, keep_until, salt, content, commitment, content_type, held FROM journal_rows "
        "WHERE kind = 1 AND log = ? AND seq >= ? AND seq < ? ORDER BY seq",
        (log, start, end),
    )


def held_back(reading: Reading, after: int, until: int) -> int:
    """How many entries are kept but shown to nobody, of those after a position and up to another."""
    # No partial index: entries are held back rarely, and it would cost every commit.
    sql = (
        "SELECT COUNT(*) FROM journal_rows WHERE kind = 1 AND held NOT IN ('erased', 'order') "
        "AND position > ? AND position <= ?"
    )
    return int(reading.query(sql, (after, until))[0][0])


def commitments(reading: Reading, log: int, end: int) -> list[bytes]:
    """The commitments of a log's first `end` entries, in bounded steps. Raises StoreError("store.gap")."""
    out: list[bytes] = []
    while len(out) < end:
        rows = reading.query(
            "SELECT commitment FROM journal_rows WHERE kind = 1 AND log = ? AND seq >= ? AND seq < ? ORDER BY seq",
            (log, len(out), min(end, len(out) + _STEP)),
        )
        if not rows:
            raise StoreError("store.gap", "entries of a log are missing from the journal; run tocsin fsck")
        out += [row[0] for row in rows]
    return out


def tree_at(reading: Reading, log: int, size: int) -> Frontier:
    """A log's tree when it had `size` entries, from the commitments, in bounded steps."""
    tree = Frontier()
    while tree.size < size:
        rows = reading.query(
            "SELECT commitment FROM journal_rows WHERE kind = 1 AND log = ? AND seq >= ? AND seq < ? ORDER BY seq",
            (log, tree.size, min(size, tree.size + _STEP)),
        )
        if not rows:
            raise StoreError("store.gap", "entries of a log are missing from the journal; run tocsin fsck")
        tree = tree.extended([row[0] for row in rows])
    return tree
