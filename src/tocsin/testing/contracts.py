"""What a backend must keep, as checks anyone may run on their own: each takes fresh parts and raises AssertionError.

A check opens what it needs through the callable it is given, never twice at once, and closes what it opened.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from tocsin.errors import StoreError, TocsinError
from tocsin.ports.checkpoints import CheckpointStore, Held
from tocsin.ports.database import Database, Reading, Transaction
from tocsin.ports.disk import Disk
from tocsin.ports.spool import Spool

SLOT = bytes(range(32))
_TABLE = "CREATE TABLE IF NOT EXISTS contract (number INTEGER PRIMARY KEY, data BLOB)"
_INSERT = "INSERT INTO contract (number, data) VALUES (?, ?)"


async def check_database(opened: Callable[[], Database], *, reopens: bool = True) -> None:
    """ports.database on an empty store. `opened` opens the same store each time; with `reopens` it outlives close()."""
    database = opened()
    await database.write(lambda tx: tx.execute(_TABLE))
    await _check_order(database)
    await _check_undone_alone(database)
    await _check_snapshots(database)
    await _check_values(database)
    await _check_scrub(database)
    if not reopens:
        await database.close()
        return
    before = await database.read(_all)
    await database.close()
    again = opened()
    _equal(await again.read(_all), before, "what was committed is not there after close()")
    await again.close()


async def _check_order(database: Database) -> None:
    """Units that wait together run in the order of the calls; each sees those before it."""

    def unit(number: int) -> Callable[[Transaction], int]:
        def work(tx: Transaction) -> int:
            tx.execute(_INSERT, (number, b""))
            return len(_all(tx))

        return work

    seen = await asyncio.gather(*(database.write(unit(number)) for number in range(20)))
    _equal(seen, list(range(1, 21)), "a unit of work did not see exactly those before it")
    _equal(len(await database.read(_all)), 20, "read() does not see what write() had returned")
    await database.write(lambda tx: tx.execute("DELETE FROM contract"))


async def _check_undone_alone(database: Database) -> None:
    """One that raises is undone alone, whatever it raises, and its error reaches its own caller."""
    faults: list[tuple[int, Callable[[Transaction], Any], type[Exception], str]] = [
        (1, _raising(StoreError("store.gap", "planned")), StoreError, "store.gap"),
        (3, _raising(RuntimeError("planned")), RuntimeError, ""),
        (5, _raising(KeyError("planned")), KeyError, ""),
        (7, _raising(ValueError("planned")), ValueError, ""),
        (9, lambda tx: tx.execute(_INSERT, (0, b"twice")), StoreError, "store.conflict"),
    ]

    def unit(number: int) -> Callable[[Transaction], Any]:
        fault = next((one[1] for one in faults if one[0] == number), lambda _: None)

        def work(tx: Transaction) -> Any:
            tx.execute(_INSERT, (number, b""))
            return fault(tx)

        return work

    results = await asyncio.gather(*(database.write(unit(number)) for number in range(11)), return_exceptions=True)
    for number, result in enumerate(results):
        wanted = next((one[2:] for one in faults if one[0] == number), None)
        if wanted is None:
            _equal(result, None, f"unit {number} was undone with another")
        elif type(result) is not wanted[0] or getattr(result, "code", "") != wanted[1]:
            raise AssertionError(f"unit {number} ended with {result!r} instead of {wanted}")
    left = [number for number, _ in await database.read(_all)]
    _equal(left, [0, 2, 4, 6, 8, 10], "not exactly the failing units were undone")
    await database.write(lambda tx: tx.execute("DELETE FROM contract"))


async def _check_snapshots(database: Database) -> None:
    """A read sees a whole prefix of the commits: of a unit that moves one from here to there, never a half."""
    await database.write(lambda tx: tx.execute_many(_INSERT, [(number, b"") for number in range(4)]))

    def move(tx: Transaction) -> None:
        tx.execute("DELETE FROM contract WHERE number = (SELECT MIN(number) FROM contract)")
        tx.execute("INSERT INTO contract SELECT MAX(number) + 1, NULL FROM contract")

    async def look() -> list[int]:
        return [len(await database.read(_all)) for _ in range(10)]

    looking = asyncio.ensure_future(look())
    await asyncio.gather(*(database.write(move) for _ in range(10)))
    _equal(set(await looking), {4}, "a read saw half a unit of work")
    await database.write(lambda tx: tx.execute("DELETE FROM contract"))


async def _check_values(database: Database) -> None:
    """Every kind of value comes back as it went in, and a statement for no rows is none."""
    values = [None, 0, -(2**63), 2**63 - 1, 1.5, "", "é \U0001f514", b"", bytes(range(256))]
    await database.write(lambda tx: tx.execute_many(_INSERT, list(enumerate(values))))
    await database.write(lambda tx: tx.execute_many(_INSERT, []))
    rows = await database.read(_all)
    _equal(rows, list(enumerate(values)), "values came back changed")
    _equal(await database.write(lambda tx: tx.query("SELECT 1 WHERE 0")), [], "an empty answer is an empty list")


async def _check_scrub(database: Database) -> None:
    """It says that it is done when nobody else reads, and changes nothing that can be read."""
    before = await database.read(_all)
    done = await asyncio.gather(database.write(_all), database.scrub(), database.write(_all))
    _equal(done, [before, True, before], "scrub() beside writing did not say that it is done")
    _equal(await database.read(_all), before, "scrub() changed what is stored")


def _raising(error: Exception) -> Callable[[Transaction], Any]:
    def work(_: Transaction) -> None:
        raise error

    return work


def _all(reading: Reading) -> list[tuple[Any, ...]]:
    return reading.query("SELECT number, data FROM contract ORDER BY number")


async def check_checkpoint_store(opened: Callable[[], CheckpointStore]) -> None:
    """ports.checkpoints on an empty place. `opened` gives a store over the same place, as after a restart."""
    store = opened()
    _equal(await store.load(SLOT), None, "an empty place holds something")
    last: Held | None = None
    for size in (0, 1, 5, 6, 7):
        new = Held(size, bytes([size]) * 32)
        await store.replace(SLOT, last, new)
        _equal(await store.load(SLOT), new, "load() does not give what replace() put there")
        _equal(await opened().load(SLOT), new, "what replace() put there does not outlive the process")
        last = new
    for held, new in (
        (None, Held(8, bytes(32))),
        (Held(6, bytes([6]) * 32), Held(8, bytes(32))),
        (Held(7, bytes(32)), Held(8, bytes(32))),
        (last, Held(6, bytes([6]) * 32)),
    ):
        await _refuses(store.replace(SLOT, held, new), "store.conflict")
        _equal(await opened().load(SLOT), last, "a refused swap changed what is there")
    other = bytes(reversed(SLOT))
    _equal(await store.load(other), None, "two logs share one place")
    await store.replace(other, None, Held(1, bytes(32)))
    _equal(await store.load(SLOT), last, "two logs share one place")


async def _refuses(call: Awaitable[None], code: str) -> None:
    try:
        await call
    except TocsinError as error:
        _equal(error.code, code, "refused with another code")
        return
    raise AssertionError(f"was not refused with {code}")


def check_disk(opened: Callable[[], Disk]) -> None:
    """ports.disk on an empty place. `opened` gives a disk over the same place, as after a restart."""
    disk = opened()
    _equal(disk.read("a.head"), None, "an empty place holds something")
    disk.create("a.head", b"0123456789")
    _equal(disk.read("a.head"), b"0123456789", "read() does not give what create() put there")
    _disk_refuses(lambda: disk.create("a.head", b"other"), "create() took a name that is taken")
    _equal(opened().read("a.head"), b"0123456789", "a refused create() changed the file")
    disk.overwrite("a.head", 2, b"xy")
    disk.overwrite("a.head", 8, b"zz")
    disk.sync("a.head")
    _equal(opened().read("a.head"), b"01xy4567zz", "overwrite() changed more or less than it was told")
    for call in (lambda: disk.overwrite("b.head", 0, b"x"), lambda: disk.sync("b.head")):
        _disk_refuses(call, "a file that is not there was written")
    _equal(disk.read("b.head"), None, "a refused write made a file")
    disk.create("b.head", b"")
    _equal((disk.read("b.head"), disk.read("a.head")), (b"", b"01xy4567zz"), "two files share their bytes")


def _disk_refuses(call: Callable[[], None], what: str) -> None:
    try:
        call()
    except StoreError as error:
        _equal(error.code, "store.disk", "refused with another code")
        return
    raise AssertionError(what)


def check_spool(made: Callable[[], Spool]) -> None:
    """ports.spool: records in order, again and again, of any size, and more after the first reading."""
    spool, other = made(), made()
    _equal(list(spool.records()), [], "a new spool holds something")
    records = [b"", b"\0", b"one", bytes(70_000), b"last"]
    for record in records:
        spool.append(record)
    _equal(list(spool.records()), records, "the records are not those put in")
    _equal(list(spool.records()), records, "the records can be read once only")
    spool.append(b"more")
    _equal(list(spool.records()), [*records, b"more"], "nothing can be added after reading")
    _equal(list(other.records()), [], "two spools share their records")
    spool.close()
    other.close()


def _equal(got: object, wanted: object, what: str) -> None:
    if got != wanted:
        raise AssertionError(f"{what}: {got!r}, not {wanted!r}")
