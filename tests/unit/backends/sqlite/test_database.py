"""Opening a store: what is not one is refused by name, and what is one is set up for durability."""

import asyncio

import pytest

from tocsin.backends.sqlite import database
from tocsin.backends.sqlite.database import (
    SCHEMA,
    InlineDatabase,
    ThreadedDatabase,
    connect,
    create_tables,
    require_schema,
)
from tocsin.errors import MEANINGS, StoreError


def refused(code, call, *args, **more):
    with pytest.raises(StoreError) as caught:
        call(*args, **more)
    assert caught.value.code == code
    assert code in MEANINGS


@pytest.fixture
def path(tmp_path):
    path = str(tmp_path / "store.sqlite")
    connection = connect(path, create=True)
    create_tables(connection, ("CREATE TABLE t (n INTEGER PRIMARY KEY);",))
    connection.close()
    return path


def test_it_is_set_up_for_durability(path):
    connection = connect(path)
    for pragma, wanted in (("journal_mode", "wal"), ("synchronous", 2), ("secure_delete", 1), ("trusted_schema", 0)):
        assert next(iter(connection.execute(f"PRAGMA {pragma}")))[0] == wanted
    connection.close()


def test_no_store(tmp_path):
    refused("store.missing", connect, str(tmp_path / "none.sqlite"))
    refused("store.missing", connect, str(tmp_path / "none" / "x.sqlite"), create=True)
    assert list(tmp_path.iterdir()) == []


def test_not_a_store(tmp_path):
    path = tmp_path / "junk.sqlite"
    path.write_bytes(b"no database at all, " * 100)
    refused("store.open", connect, str(path))


@pytest.mark.parametrize("version", ["3.51.2", "3.40.1", "3.7.0", "2.9.99"])
def test_an_sqlite_that_can_lose_commits(monkeypatch, version):
    monkeypatch.setattr(database.apsw, "sqlite_lib_version", lambda: version)
    refused("store.sqlite-version", connect, ":memory:")


@pytest.mark.parametrize("version", ["3.51.3", "3.54.1", "4.0.0"])
def test_an_sqlite_that_does_not(monkeypatch, version):
    monkeypatch.setattr(database.apsw, "sqlite_lib_version", lambda: version)
    connect(":memory:").close()


def test_another_layout(path):
    connection = connect(path)
    require_schema(connection)
    connection.execute(f"PRAGMA user_version = {SCHEMA + 1}")
    refused("store.schema", require_schema, connection)
    connection.close()
    refused("store.schema", ThreadedDatabase, path)


def test_a_read_that_fails(path):
    async def main(made):
        with pytest.raises(StoreError) as caught:
            await made.read(lambda db: db.query("SELECT nonsense"))
        assert caught.value.code == "store.read"
        assert await made.read(lambda db: db.query("SELECT COUNT(*) FROM t")) == [(0,)]
        await made.close()

    asyncio.run(main(ThreadedDatabase(path)))
    asyncio.run(main(InlineDatabase(connect(path))))


def test_a_reader_sees_what_was_committed_last(path):
    async def main():
        made = ThreadedDatabase(path)
        for number in range(20):
            await made.write(lambda tx, n=number: tx.execute("INSERT INTO t (n) VALUES (?)", (n,)))
            assert await made.read(lambda db: db.query("SELECT MAX(n) FROM t")) == [(number,)]
        await made.close()

    asyncio.run(main())
