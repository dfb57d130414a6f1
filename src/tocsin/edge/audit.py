"""The audit trail: who read, searched, took out, shared, decided or erased what is above GREEN, when and why. No content.

Each record holds the hash of the one before it, so that changing or leaving out any of them shows; what was cut off at the
end shows by the head, which is written into the journal every day and which people can note (docs/audit.md).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final, NamedTuple, Protocol

from tocsin.errors import FormatError, StoreError
from tocsin.exchange.journal import local
from tocsin.exchange.journal.journal import Journal
from tocsin.formats import canonical, strictjson
from tocsin.formats.text import instant
from tocsin.formats.tlp import Tlp
from tocsin.ports.clock import Clock
from tocsin.ports.database import Database, Reading, Transaction

TABLES: Final = """
CREATE TABLE IF NOT EXISTS edge_audit (
  number INTEGER PRIMARY KEY,  -- from 1, without gap
  record BLOB NOT NULL,        -- RFC 8785
  hash   BLOB NOT NULL         -- SHA-256(hash of the record before, 32 zero bytes before the first || record)
);
CREATE TABLE IF NOT EXISTS edge_audit_head (
  one    INTEGER PRIMARY KEY,  -- 1
  number INTEGER NOT NULL,
  hash   BLOB NOT NULL
);
"""
HEAD: Final = "audit-head"  # the journal's local row
NOTE_S: Final = 86_400.0
_START: Final = bytes(32)
_REASON: Final = 256
_STEP: Final = 1000
_MOST: Final = 1000


class Operation(StrEnum):
    """What may be done with content: EU 2016/680, Art. 25, in the words of this house."""

    READ = "read"
    SEARCH = "search"
    EXPORT = "export"
    SHARE = "share"
    DECIDE = "decide"
    ERASE = "erase"


class Marked(Protocol):
    """Anything found that has an id and a level."""

    @property
    def object_id(self) -> str:
        """Its STIX id."""
        ...

    @property
    def marking(self) -> int:
        """formats.tlp.Tlp."""
        ...


class Seen(NamedTuple):
    """An object that was seen, where nothing else has its id and level."""

    object_id: str
    marking: int


class Use(NamedTuple):
    """One use: by whom, through which door, why. `who` is `account:NAME` or `uid:N`."""

    door: str
    who: str
    operation: Operation
    reason: str


class Head(NamedTuple):
    """Where the chain stands."""

    number: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Audit:
    """The trail of one node."""

    database: Database
    clock: Clock

    async def seen(self, use: Use, found: Iterable[Marked]) -> None:
        """Write down, before anything goes out, that these were seen: one record, of those above GREEN, or none."""
        above = [one for one in found if one.marking > Tlp.GREEN]
        if above:
            await self.record(use, [one.object_id for one in above], max(one.marking for one in above))

    async def record(self, use: Use, ids: Sequence[str], highest: int | None = None) -> Head:
        """Append one record. Raises StoreError: then nothing may go out."""
        said = {
            "at": instant(self.clock.now_us()),
            "door": use.door,
            "who": use.who[:128],
            "operation": use.operation.value,
            "reason": "".join(one if one.isprintable() else " " for one in use.reason)[:_REASON],
            "objects": len(ids),
            "ids": digest(ids),
            "highest": Tlp(highest).label if highest is not None else None,
        }
        return await self.database.write(lambda tx: _append(tx, said))

    async def head(self) -> Head:
        """The newest record's number and hash."""
        return await self.database.read(_head)

    async def listed(self, before: int = 0, limit: int = 50) -> list[dict[str, Any]]:
        """Records, newest first."""
        most = min(limit, _MOST)
        rows = await self.database.read(
            lambda db: db.query(
                "SELECT number, record, hash FROM edge_audit WHERE number < ? ORDER BY number DESC LIMIT ?",
                (before or 2**62, most),
            )
        )
        return [{"number": number, "hash": bytes(hashed).hex(), **_said(record)} for number, record, hashed in rows]

    async def counts(self) -> dict[str, dict[str, int]]:
        """How many records of each operation, by year."""
        out: dict[str, dict[str, int]] = {}
        after = 0
        while rows := await self.database.read(lambda db: _step(db, after)):  # noqa: B023 - read at once
            for _, record, _ in rows:
                said = _said(record)
                year = out.setdefault(str(said.get("at", ""))[:4], {})
                name = str(said.get("operation", ""))
                year[name] = year.get(name, 0) + 1
            after = rows[-1][0]
        return out

    async def verified(self, noted: Head | None = None) -> list[dict[str, Any]]:
        """What is wrong with the chain; `noted` is a head that somebody wrote down. Empty: nothing is."""
        return await self.database.read(lambda db: problems(db, noted))

    async def note(self, journal: Journal) -> None:
        """For ever: write the head into the journal once a day, if it has moved."""
        noted = max((number for number, _ in await self.database.read(_anchors)), default=0)
        while True:
            head = await self.head()
            if head.number > noted:
                said = {"number": head.number, "hash": head.hash.hex()}
                await local.record(journal, self.clock, local.row(HEAD, said, seq=head.number))
                noted = head.number
            await self.clock.sleep(NOTE_S)


def digest(ids: Iterable[str]) -> str:
    """SHA-256 over the sorted ids, each with a newline: tells whether a given object was among a known set, no more."""
    return sha256("".join(f"{one}\n" for one in sorted(ids)).encode()).hexdigest()


def problems(reading: Reading, noted: Head | None = None) -> list[dict[str, Any]]:
    """Recompute the chain and hold it against its head, the heads in the journal, and one that was noted."""
    wanted = {number: [hashed] for number, hashed in _anchors(reading)}
    if noted is not None:
        wanted.setdefault(noted.number, []).append(noted.hash)
    found: list[dict[str, Any]] = []
    last, hashed = 0, _START
    while rows := _step(reading, last):
        for number, record, claimed in rows:
            if number != last + 1:
                found.append(_problem(last + 1, "records are missing"))
            made = _chained(hashed if number == last + 1 else _before(reading, number), bytes(record))
            if made != bytes(claimed):
                found.append(_problem(number, "the record is not what was written, or the one before it is not"))
            if any(one != bytes(claimed) for one in wanted.pop(number, ())):
                found.append(_problem(number, "the chain is not the one whose head was noted"))
            last, hashed = number, bytes(claimed)
    head = _head(reading)
    if head != Head(last, hashed):
        found.append(_problem(last, f"the head tells {head.number} records"))
    return found + [_problem(number, "records are missing that a noted head covers") for number in sorted(wanted)]


def _problem(number: int, what: str) -> dict[str, Any]:
    return {"code": "fsck.audit", "where": f"record {number}", "what": what}


def _anchors(reading: Reading) -> list[tuple[int, bytes]]:
    said = [_said(one) for one in local.told(reading, HEAD)]
    return [(int(one["number"]), bytes.fromhex(str(one["hash"]))) for one in said if "number" in one and "hash" in one]


def _append(tx: Transaction, said: dict[str, Any]) -> Head:
    before = _head(tx)
    record = canonical.encode(said)
    now = Head(before.number + 1, _chained(before.hash, record))
    tx.execute("INSERT INTO edge_audit (number, record, hash) VALUES (?, ?, ?)", (now.number, record, now.hash))
    tx.execute(
        "INSERT INTO edge_audit_head (one, number, hash) VALUES (1, ?, ?) "
        "ON CONFLICT (one) DO UPDATE SET number = excluded.number, hash = excluded.hash",
        now,
    )
    return now


def _head(reading: Reading) -> Head:
    rows = reading.query("SELECT number, hash FROM edge_audit_head WHERE one = 1")
    return Head(int(rows[0][0]), bytes(rows[0][1])) if rows else Head(0, _START)


def _before(reading: Reading, number: int) -> bytes:
    rows = reading.query("SELECT hash FROM edge_audit WHERE number < ? ORDER BY number DESC LIMIT 1", (number,))
    return bytes(rows[0][0]) if rows else _START


def _step(reading: Reading, after: int) -> list[tuple[Any, ...]]:
    return reading.query(
        "SELECT number, record, hash FROM edge_audit WHERE number > ? ORDER BY number LIMIT ?", (after, _STEP)
    )


def _chained(before: bytes, record: bytes) -> bytes:
    return sha256(before + record).digest()


def _said(record: bytes) -> dict[str, Any]:
    try:
        found = strictjson.parse(bytes(record))
    except FormatError as error:
        raise StoreError(
            "store.audit", "a record of the audit trail cannot be read; run tocsin audit verify"
        ) from error
    return found if isinstance(found, dict) else {}
