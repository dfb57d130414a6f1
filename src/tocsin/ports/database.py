"""A database with one writer. Rooms keep their tables here, in SQL that SQLite and PostgreSQL both read."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol, TypeVar

Value = int | float | str | bytes | None
T = TypeVar("T")


class Reading(Protocol):
    """A consistent view: a whole prefix of what was committed, never a part of a commit."""

    def query(self, sql: str, args: Sequence[Value] = ()) -> list[tuple[Any, ...]]:
        """All rows of one SELECT; the caller bounds it with LIMIT."""
        ...


class Transaction(Reading, Protocol):
    """The write side of one unit of work."""

    def execute(self, sql: str, args: Sequence[Value] = ()) -> None:
        """One statement."""
        ...

    def execute_many(self, sql: str, rows: Iterable[Sequence[Value]]) -> None:
        """One statement for many rows."""
        ...


class Database(Protocol):
    """One writer, any number of readers.

    write() MUST return only after the commit that holds the work is durable (fsync). Units of work that wait at the
    same moment MAY share one commit; they run in the order of the calls, each sees those before it, and one that
    raises is undone alone. After StoreError("store.unknown") the outcome is not known: the caller MUST reload what it
    holds in memory; a repeated call MUST be idempotent by design of the caller, for the database never retries.
    The work runs on the writer's thread: it MUST be quick, MUST NOT await and MUST NOT touch what others change.
    """

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` in a transaction; its result, once durable."""
        ...

    async def read(self, work: Callable[[Reading], T]) -> T:
        """Run `work` on a snapshot at least as new as the last write() that returned."""
        ...

    async def scrub(self) -> bool:
        """Drive what was overwritten or deleted out of every file of the store, the write-ahead log among them.

        False when somebody still reads an older state: ask again later. Raises StoreError.
        """
        ...

    async def close(self) -> None:
        """Finish what waits, then let go of the file."""
        ...
