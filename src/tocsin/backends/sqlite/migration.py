"""A store of an older layout becomes one of today's: every step in one transaction, proven before it is committed."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

import apsw

from tocsin.backends.sqlite.database import SCHEMA, layout
from tocsin.backends.sqlite.writer import Handle
from tocsin.errors import StoreError
from tocsin.ports.database import Reading

Steps = Iterable[Mapping[int, str]]


def migrate(
    connection: apsw.Connection,
    tables: Iterable[str],
    steps: Steps,
    proof: Callable[[Reading], object],
    wanted: int = SCHEMA,
) -> None:
    """Run every step up to layout `wanted`, then make what is new in `tables`.

    `steps`: for each room, the layout that its statements lead to. `proof` is asked before and after, and both answers
    must be equal. Whatever goes wrong, the store stays as it was. Raises StoreError("store.schema", "store.full",
    "store.migration").
    """
    rooms = list(steps)
    try:
        connection.execute("BEGIN IMMEDIATE")
        before = proof(Handle(connection))
        for number in range(layout(connection) + 1, wanted + 1):
            for room in rooms:
                connection.execute(room.get(number, ""))
        for one in tables:
            connection.execute(one)
        if proof(Handle(connection)) != before:
            raise StoreError("store.migration", "a step would change the root of a log; the store stays as it was")
        connection.execute(f"PRAGMA user_version = {wanted}")
        connection.execute("COMMIT")
    except apsw.FullError as error:
        raise StoreError("store.full", "the disk is full; the store stays as it was") from error
    except apsw.Error as error:
        what = f"a step failed ({type(error).__name__}); the store stays as it was"
        raise StoreError("store.migration", what) from error
    finally:
        _undo(connection)


def complete(connection: apsw.Connection, tables: Iterable[str]) -> None:
    """Make the tables and indexes that a store of today's layout lacks: an index alone makes no new layout.

    Raises StoreError("store.full", "store.migration"); the store then stays as it was.
    """
    try:
        connection.execute("BEGIN IMMEDIATE")
        for one in tables:
            connection.execute(one)
        connection.execute("COMMIT")
    except apsw.FullError as error:
        raise StoreError("store.full", "the disk is full; the store stays as it was") from error
    except apsw.Error as error:
        what = f"a table or an index could not be made ({type(error).__name__}); the store stays as it was"
        raise StoreError("store.migration", what) from error
    finally:
        _undo(connection)


def _undo(connection: apsw.Connection) -> None:
    with suppress(apsw.Error):  # what failed is told already, and a transaction that did not commit is none
        if connection.in_transaction:
            connection.execute("ROLLBACK")
