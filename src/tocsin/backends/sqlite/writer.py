"""One connection that writes, one commit for all that wait. The commit's fsync stands behind every answer."""

import asyncio
import queue
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple

import apsw

from tocsin.errors import StoreError, TocsinError
from tocsin.ports.clock import Clock
from tocsin.ports.database import Transaction, Value
from tocsin.ports.metrics import Meter

BUSY_MS: Final = 5000
_SCRUB_MS: Final = 50  # for so long a reader of an older state may hold up everybody's commits
_MOST: Final = 256


class Handle:
    """ports.database.Transaction over one apsw connection."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def query(self, sql: str, args: Sequence[Value] = ()) -> list[tuple[Any, ...]]:
        """All rows of one SELECT."""
        return list(self._connection.execute(sql, tuple(args)))

    def execute(self, sql: str, args: Sequence[Value] = ()) -> None:
        """One statement."""
        self._connection.execute(sql, tuple(args))

    def execute_many(self, sql: str, rows: Iterable[Sequence[Value]]) -> None:
        """One statement for many rows."""
        self._connection.executemany(sql, rows)


class Job:
    """A unit of work that waits for its commit."""

    __slots__ = ("done", "error", "result", "work")

    def __init__(self, work: Callable[[Transaction], Any] | None, done: asyncio.Future[Any]) -> None:
        self.work = work  # None: empty the write-ahead log
        self.done = done
        self.result: Any = None
        self.error: BaseException | None = None

    def settle(self) -> None:
        """Tell whoever waits, on the loop's thread."""
        if self.done.done():
            return
        if self.error is not None:
            self.done.set_exception(self.error)
        else:
            self.done.set_result(self.result)


def commit(connection: apsw.Connection, jobs: Sequence[Job]) -> None:
    """Run all jobs in one transaction; one that raises is undone alone. Never raises: the jobs carry the outcome."""
    inside = [(job, job.work) for job in jobs if job.work is not None]
    if inside:
        _together(connection, inside)
    for job in jobs:
        if job.work is None:
            _scrub(connection, job)


def _together(connection: apsw.Connection, jobs: Sequence[tuple[Job, Callable[[Transaction], Any]]]) -> None:
    handle = Handle(connection)
    try:
        connection.execute("BEGIN IMMEDIATE")
        for job, work in jobs:
            _one(connection, handle, job, work)
        connection.execute("COMMIT")
    except (apsw.Error, OSError) as error:
        _undo(connection)
        for job, _ in jobs:
            job.error = job.error or _outcome(error)


def _scrub(connection: apsw.Connection, job: Job) -> None:
    """secure_delete has zeroed what was freed; a truncating checkpoint leaves no older page in the log."""
    try:
        connection.set_busy_timeout(_SCRUB_MS)
        busy = next(iter(connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")))[0]
        job.result = not busy
        if not busy:
            # SQLite cuts the log without a sync: a power cut would bring it back. A commit syncs it, and tells nothing.
            version = next(iter(connection.execute("PRAGMA user_version")))[0]
            connection.execute(f"PRAGMA user_version = {version:d}")
    except (apsw.Error, OSError) as error:
        job.error = _outcome(error)
    finally:
        connection.set_busy_timeout(BUSY_MS)


def _one(connection: apsw.Connection, handle: Handle, job: Job, work: Callable[[Transaction], Any]) -> None:
    connection.execute("SAVEPOINT job")
    try:
        job.result = work(handle)
    except (TocsinError, RuntimeError, LookupError, ValueError, TypeError, ArithmeticError) as error:
        job.error = error
        connection.execute("ROLLBACK TO job")
    except (apsw.ConstraintError, apsw.SQLError) as error:
        # A fault of this job alone; a fault of the disk goes up and undoes the whole group.
        job.error = _outcome(error)
        connection.execute("ROLLBACK TO job")
    connection.execute("RELEASE job")


def _undo(connection: apsw.Connection) -> None:
    try:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    except apsw.Error:
        return  # SQLite has rolled back by itself; the jobs are told the cause already


def _outcome(error: Exception) -> StoreError:
    if isinstance(error, apsw.FullError):
        return StoreError("store.full", "the disk is full; nothing of this was kept for sure")
    if isinstance(error, apsw.ConstraintError):
        return StoreError("store.conflict", f"the store holds another row at that place ({error})")
    return StoreError("store.unknown", f"the commit failed and its outcome is unknown ({type(error).__name__})")


class Watch(NamedTuple):
    """Who measures the commits."""

    clock: Clock
    meter: Meter


class InlineWriter:
    """Commits on the loop's own thread, all that was asked in one turn of the loop together. For simulations."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._waiting: list[Job] = []

    async def run(self, work: Callable[[Transaction], Any] | None) -> Any:
        """The result of `work`, once committed; of None, whether the write-ahead log is empty now."""
        loop = asyncio.get_running_loop()
        job = Job(work, loop.create_future())
        if not self._waiting:
            loop.call_soon(self._flush)
        self._waiting.append(job)
        return await job.done

    def _flush(self) -> None:
        jobs, self._waiting = self._waiting, []
        commit(self._connection, jobs)
        for job in jobs:
            job.settle()

    async def close(self) -> None:
        """Nothing waits between two turns."""


class ThreadWriter:
    """Commits on a thread of its own, so that the loop goes on while the disk works."""

    def __init__(self, connection: apsw.Connection, watch: Watch | None = None) -> None:
        self._connection = connection
        self._watch = watch
        self._queue: queue.SimpleQueue[tuple[Job, asyncio.AbstractEventLoop] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._loop, name="tocsin-writer", daemon=True)
        self._thread.start()

    async def run(self, work: Callable[[Transaction], Any] | None) -> Any:
        """The result of `work`, once committed; of None, whether the write-ahead log is empty now."""
        loop = asyncio.get_running_loop()
        job = Job(work, loop.create_future())
        self._queue.put((job, loop))
        return await job.done

    def _loop(self) -> None:
        while (first := self._queue.get()) is not None:
            jobs = [first[0]]
            ended = False
            while len(jobs) < _MOST and not self._queue.empty():
                following = self._queue.get()
                if following is None:
                    ended = True
                    break
                jobs.append(following[0])
            seconds = self._commit(jobs)
            first[1].call_soon_threadsafe(self._settle, jobs, seconds)
            if ended:
                return

    def _commit(self, jobs: Sequence[Job]) -> float:
        began = self._watch.clock.monotonic() if self._watch else 0.0
        commit(self._connection, jobs)
        return self._watch.clock.monotonic() - began if self._watch else 0.0

    def _settle(self, jobs: Sequence[Job], seconds: float) -> None:
        for job in jobs:
            job.settle()
        if self._watch is not None:
            self._watch.meter.observe("tocsin_commit_seconds", seconds)
            self._watch.meter.count("tocsin_commit_jobs_total", len(jobs))

    async def close(self) -> None:
        """Commit what waits, then end the thread."""
        self._queue.put(None)
        await asyncio.get_running_loop().run_in_executor(None, self._thread.join)
