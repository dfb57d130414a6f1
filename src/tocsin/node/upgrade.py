"""Stores of older layouts: copied beside, then made one of today's, whoever opens them to work with them.

What is cut off at any point leaves the old store, or the new one and its copy: the copy is whole before the first
step, and gets its name after the last.
"""

import os
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import apsw

from tocsin.backends.sqlite import database
from tocsin.backends.sqlite.database import SCHEMA, connect
from tocsin.backends.sqlite.migration import complete, migrate
from tocsin.errors import StoreError
from tocsin.node import fsck
from tocsin.node.home import Home
from tocsin.node.tables import MIGRATIONS, TABLES
from tocsin.ports.database import Reading

Progress = Callable[[int, int], None]
KEPT: Final = f"store.sqlite.before-v{SCHEMA}"


def _silent(_done: int, _all: int) -> None:
    """Nobody watches."""


def bring_up(home: Home, progress: Progress = _silent) -> str | None:
    """Upgrade a store of an older layout, and make the tables and indexes that one of today's lacks.

    The caller holds the folder's lock.

    One sentence about what was done, or None; `progress` counts pages, then entries. Raises StoreError("store.schema",
    "store.full", "store.kept", "store.migration", "store.missing", "store.open", "store.disk").
    """
    kept = home.path / KEPT
    fresh = kept.with_name(kept.name + ".new")
    with closing(connect(str(home.store))) as connection:
        found = database.layout(connection)
        try:
            if found < SCHEMA:
                _copy(connection, kept, fresh, progress)
                in_place(connection, progress)
            else:
                complete(connection, TABLES)
            if not fresh.exists():
                return None
            fresh.rename(kept)  # now, or when the last upgrade was cut off
            _sync(home.path)
        except OSError as error:
            raise StoreError("store.disk", f"the old store cannot be kept ({error.strerror})") from error
    return f"the store has layout {SCHEMA} now, every log has its root; the old store is kept as {kept.name}"


def if_old(home: Home, progress: Progress = _silent) -> str | None:
    """bring_up() for whoever does not hold the lock; what cannot be opened is left to whoever checks it.

    Raises ConfigError("config.running") too.
    """
    try:
        with closing(connect(str(home.store))) as connection:
            if database.layout(connection) == SCHEMA:
                return None
    except (StoreError, apsw.Error):
        return None
    with home.lock():
        return bring_up(home, progress)


def in_place(connection: apsw.Connection, progress: Progress = _silent) -> None:
    """Upgrade without a copy what is a copy itself. Raises StoreError as bring_up() does."""
    if database.layout(connection) == SCHEMA:
        return

    def proof(reading: Reading) -> dict[str, Any]:
        return fsck.roots(reading, progress)

    migrate(connection, TABLES, MIGRATIONS, proof)


def _copy(connection: apsw.Connection, kept: Path, fresh: Path, progress: Progress) -> None:
    if kept.exists():
        raise StoreError("store.kept", f"{kept.name} of an earlier upgrade is still there")
    fresh.unlink(missing_ok=True)
    pages, size = (next(iter(connection.execute(f"PRAGMA {one}")))[0] for one in ("page_count", "page_size"))
    # The copy, and as much again for the write-ahead log of the steps.
    needed, free = 2 * pages * size, shutil.disk_usage(kept.parent).free
    if needed > free:
        raise StoreError("store.full", f"an upgrade needs {needed >> 20} MiB beside the store, {free >> 20} are free")
    os.close(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        connection.execute("BEGIN")
        database.copy(connection, fresh, progress)
        connection.execute("COMMIT")
    except apsw.Error as error:
        fresh.unlink()
        code = "store.full" if isinstance(error, apsw.FullError) else "store.disk"
        raise StoreError(code, f"the copy of the old store cannot be written ({type(error).__name__})") from error
    _sync(fresh)
    _sync(fresh.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
