"""ports.database over SQLite: WAL, synchronous=FULL, one writer with group commit, readers on snapshots."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import local
from typing import Any, Final, TypeVar

import apsw

from tocsin.backends.sqlite.writer import BUSY_MS, Handle, InlineWriter, ThreadWriter, Watch
from tocsin.errors import StoreError
from tocsin.ports.database import Reading, Transaction

SCHEMA: Final = 3  # the layout of a new store; what leads there from older ones: migration.py
# Before 3.51.3 a checkpoint that races a write from another connection can lose what was committed.
_OLDEST: Final = 3_051_003
_READERS: Final = 2
_PAGES: Final = 1024  # a step of 4 MiB
T = TypeVar("T")


def connect(path: str, *, vfs: str | None = None, exclusive: bool = False, create: bool = False) -> apsw.Connection:
    """A connection set up for durability. Raises StoreError("store.sqlite-version", "store.missing", "store.open").

    `exclusive` keeps the WAL index in memory: for simulated file systems without shared memory.
    """
    if _too_old():
        raise StoreError("store.sqlite-version", f"SQLite {apsw.sqlite_lib_version()} can lose commits in WAL mode")
    flags = apsw.SQLITE_OPEN_READWRITE | (apsw.SQLITE_OPEN_CREATE if create else 0)
    try:
        connection = apsw.Connection(path, flags=flags, vfs=vfs)
        connection.set_busy_timeout(BUSY_MS)
        if exclusive:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        mode = list(connection.execute("PRAGMA journal_mode = WAL"))
        connection.execute("PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA cache_size = -32768; PRAGMA trusted_schema = OFF; PRAGMA wal_autocheckpoint = 4000")
    except apsw.CantOpenError as error:
        raise StoreError("store.missing", "there is no store here") from error
    except apsw.Error as error:
        raise StoreError("store.open", f"the store cannot be opened ({type(error).__name__})") from error
    if path != ":memory:" and mode != [("wal",)]:
        raise StoreError("store.open", "the file system does not allow SQLite's write-ahead log")
    return connection


def _too_old() -> bool:
    major, minor, patch = (int(part) for part in apsw.sqlite_lib_version().split(".")[:3])
    return major * 1_000_000 + minor * 1_000 + patch < _OLDEST


def create_tables(connection: apsw.Connection, tables: tuple[str, ...]) -> None:
    """Lay out a new store."""
    with connection:
        for one in tables:
            connection.execute(one)
        connection.execute(f"PRAGMA user_version = {SCHEMA}")


def layout(connection: apsw.Connection) -> int:
    """The number of the store's layout. Raises StoreError("store.schema") for one of a later version, or none of ours."""
    found = int(next(iter(connection.execute("PRAGMA user_version")))[0])
    if not 1 <= found <= SCHEMA:
        raise StoreError("store.schema", f"the store has layout {found}, this version knows 1 to {SCHEMA}")
    return found


def require_schema(connection: apsw.Connection) -> None:
    """Refuse a store of another layout than today's. Raises StoreError("store.schema", "store.old")."""
    found = layout(connection)
    if found != SCHEMA:
        raise StoreError("store.old", f"the store has layout {found} and was not upgraded to {SCHEMA} yet")


def copy(source: apsw.Connection, to: Path, progress: Callable[[int, int], None]) -> None:
    """A copy of a store in an empty file, not yet synced; `progress` counts pages. Raises apsw.Error.

    The caller has begun a transaction: without one snapshot every commit of the node would begin the copy anew.
    """
    with closing(apsw.Connection(str(to))) as target:
        target.execute("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF")  # a copy that fails is thrown away
        with target.backup("main", source, "main") as copying:
            while not copying.done:
                copying.step(_PAGES)
                progress(copying.page_count - copying.remaining, copying.page_count)


class ThreadedDatabase:
    """For a real node: the writer and the readers have threads of their own."""

    def __init__(self, path: str, watch: Watch | None = None) -> None:
        connection = connect(path)
        require_schema(connection)
        self._connection = connection
        self._path = path
        self._writer = ThreadWriter(connection, watch)
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="tocsin-reader")
        self._own = local()
        self._opened: list[apsw.Connection] = []

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """See ports.database."""
        result: T = await self._writer.run(work)
        return result

    async def read(self, work: Callable[[Reading], T]) -> T:
        """See ports.database."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, work)

    def _read(self, work: Callable[[Reading], Any]) -> Any:
        connection = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._own.connection = connect(self._path)
            connection.execute("PRAGMA query_only = ON")
            self._opened.append(connection)
        return _snapshot(connection, work)

    async def scrub(self) -> bool:
        """See ports.database."""
        result: bool = await self._writer.run(None)
        return result

    async def close(self) -> None:
        """See ports.database."""
        await self._writer.close()
        self._readers.shutdown()
        for one in (*self._opened, self._connection):
            one.close()


class InlineDatabase:
    """For simulations: one connection, on the loop's thread, no threads at all."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._writer = InlineWriter(connection)

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """See ports.database."""
        result: T = await self._writer.run(work)
        return result

    async def read(self, work: Callable[[Reading], T]) -> T:
        """See ports.database."""
        return _snapshot(self._connection, work)

    async def scrub(self) -> bool:
        """See ports.database."""
        result: bool = await self._writer.run(None)
        return result

    async def close(self) -> None:
        """See ports.database."""
        self._connection.close()


def _snapshot(connection: apsw.Connection, work: Callable[[Reading], T]) -> T:
    try:
        connection.execute("BEGIN")
        try:
            return work(Handle(connection))
        finally:
            connection.execute("COMMIT")
    except (apsw.Error, UnicodeDecodeError) as error:  # the latter: rot in a text
        raise StoreError("store.read", f"the store could not be read ({type(error).__name__})") from error
