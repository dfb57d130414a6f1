"""New stores, laid out once and copied: statement by statement each would take some milliseconds, and tests make many."""

from functools import cache

import apsw

from tocsin.backends.sqlite.database import connect, create_tables
from tocsin.node.tables import TABLES
from tocsin.testing.memorydisk import MemoryDisk


def in_memory() -> apsw.Connection:
    """A connection to a new store that nothing else sees, set up as a node's."""
    connection = connect(":memory:", create=True)
    with connection.backup("main", _laid_out(), "main") as copying:
        copying.step()
    return connection


def on_disk(disk: MemoryDisk, path: str) -> None:
    """A new store at `path`. A disk that records what is written is told each statement's writes."""
    if disk.recorded is None:
        disk.make_whole(path, _whole(path))
    else:
        _lay_out(disk, path)


def _lay_out(disk: MemoryDisk, path: str) -> None:
    connection = connect(path, vfs=disk.vfs_name, exclusive=True, create=True)
    create_tables(connection, TABLES)
    connection.close()


@cache
def _laid_out() -> apsw.Connection:
    connection = connect(":memory:", create=True)
    create_tables(connection, TABLES)
    return connection


@cache
def _whole(path: str) -> bytes:
    disk = MemoryDisk()
    _lay_out(disk, path)
    return disk.files()[path]
