"""Group commit: who waits together shares one commit and one fsync; a failing commit answers all, truly."""

import asyncio

import apsw
import pytest

from tocsin.backends.sqlite.database import InlineDatabase, ThreadedDatabase, connect, create_tables
from tocsin.backends.sqlite.writer import InlineWriter, ThreadWriter
from tocsin.errors import StoreError
from tocsin.testing.memorydisk import Fault
from tocsin.testing.powercut import Recorder
from tocsin.testing.virtualtime import run

INSERT = "INSERT INTO t (n) VALUES (?)"


@pytest.fixture
def recorder():
    recorder = Recorder()
    connection = connect("/t", vfs=recorder.vfs_name, exclusive=True, create=True)
    create_tables(connection, ("CREATE TABLE t (n INTEGER PRIMARY KEY);",))
    connection.close()
    return recorder


def opened(recorder):
    return connect("/t", vfs=recorder.vfs_name, exclusive=True)


def rows(connection):
    return [row[0] for row in connection.execute("SELECT n FROM t ORDER BY n")]


def commits_of(connection):
    seen = []
    connection.set_commit_hook(lambda: bool(seen.append(1)) and False)
    return seen


def test_all_of_one_turn_share_one_commit(recorder):
    async def main():
        connection = opened(recorder)
        commits = commits_of(connection)
        writer = InlineWriter(connection)
        await asyncio.gather(*(writer.run(lambda tx, n=n: tx.execute(INSERT, (n,))) for n in range(50)))
        assert len(commits) == 1
        await writer.run(lambda tx: tx.execute(INSERT, (50,)))
        assert len(commits) == 2
        assert rows(connection) == list(range(51))
        connection.close()

    run(main)


def test_a_thread_commits_what_gathered_meanwhile_together(tmp_path):
    async def main():
        connection = connect(str(tmp_path / "t"), create=True)
        connection.execute("CREATE TABLE t (n INTEGER PRIMARY KEY)")
        commits = commits_of(connection)
        writer = ThreadWriter(connection)
        held, gate = asyncio.Event(), __import__("threading").Event()
        loop = asyncio.get_running_loop()

        def first(tx):
            loop.call_soon_threadsafe(held.set)
            gate.wait(10)
            tx.execute(INSERT, (1000,))

        waiting = [asyncio.ensure_future(writer.run(first))]
        await held.wait()
        waiting += [asyncio.ensure_future(writer.run(lambda tx, n=n: tx.execute(INSERT, (n,)))) for n in range(300)]
        await asyncio.sleep(0)
        gate.set()
        await asyncio.gather(*waiting)
        assert len(commits) == 3, "the first alone, then 256, then the rest"
        await writer.close()
        assert len(rows(connection)) == 301
        connection.close()

    asyncio.run(main())


def test_no_answer_before_the_commit_is_durable(recorder):
    async def main():
        writer = InlineWriter(opened(recorder))
        before = recorder.operations
        await writer.run(lambda tx: tx.execute(INSERT, (1,)))
        recorder.event("answered")
        assert recorder.operations > before

    run(main)
    answered = False
    for crash in recorder.images(200, seed=1):
        vfs, _ = crash.restore()
        connection = connect("/t", vfs=vfs, exclusive=True) if "/t" in crash.files else None
        if "answered" in crash.events:
            answered = True
            assert rows(connection) == [1]
        if connection is not None:
            connection.close()
    assert answered


@pytest.mark.parametrize(("fault", "code"), [(Fault.FULL, "store.full"), (Fault.ERROR, "store.unknown")])
def test_a_commit_that_fails_answers_all_and_undoes_all(recorder, fault, code):
    async def main():
        connection = opened(recorder)
        writer = InlineWriter(connection)
        await writer.run(lambda tx: tx.execute(INSERT, (1,)))
        recorder.fail(recorder.operations + 1, fault)

        def own(tx):
            raise StoreError("store.gap", "its own")

        told = await asyncio.gather(
            writer.run(lambda tx: tx.execute(INSERT, (2,))),
            writer.run(own),
            writer.run(lambda tx: tx.execute(INSERT, (3,))),
            return_exceptions=True,
        )
        assert [one.code for one in told] == [code, "store.gap", code]
        recorder.mend()
        assert rows(connection) == [1]
        await writer.run(lambda tx: tx.execute(INSERT, (4,)))
        assert rows(connection) == [1, 4]
        connection.close()

    run(main)


def test_a_statement_that_is_none_fails_alone(recorder):
    async def main():
        connection = opened(recorder)
        writer = InlineWriter(connection)
        told = await asyncio.gather(
            writer.run(lambda tx: tx.execute("NONSENSE")),
            writer.run(lambda tx: tx.execute(INSERT, (1,))),
            writer.run(lambda tx: tx.execute(INSERT, (1,))),
            return_exceptions=True,
        )
        assert [getattr(one, "code", one) for one in told] == ["store.unknown", None, "store.conflict"]
        assert rows(connection) == [1]
        connection.close()

    run(main)


def test_whoever_stopped_waiting_is_skipped(recorder):
    async def main():
        connection = opened(recorder)
        writer = InlineWriter(connection)
        gone = asyncio.ensure_future(writer.run(lambda tx: tx.execute(INSERT, (1,))))
        stays = asyncio.ensure_future(writer.run(lambda tx: tx.execute(INSERT, (2,))))
        await asyncio.sleep(0)
        gone.cancel()
        await stays
        assert rows(connection) == [1, 2]
        connection.close()

    run(main)


def test_a_reader_cannot_write(tmp_path):
    path = str(tmp_path / "t")
    connection = connect(path, create=True)
    create_tables(connection, ("CREATE TABLE t (n INTEGER PRIMARY KEY);",))
    connection.close()

    async def main():
        database = ThreadedDatabase(path)
        with pytest.raises(StoreError) as caught:
            await database.read(lambda db: db.query("INSERT INTO t (n) VALUES (1) RETURNING n"))
        assert caught.value.code == "store.read"
        assert await database.read(lambda db: db.query("SELECT * FROM t")) == []
        await database.close()

    asyncio.run(main())


def test_closing_commits_what_waits(tmp_path):
    async def main():
        connection = connect(str(tmp_path / "t"), create=True)
        connection.execute("CREATE TABLE t (n INTEGER PRIMARY KEY)")
        writer = ThreadWriter(connection)
        waiting = [asyncio.ensure_future(writer.run(lambda tx, n=n: tx.execute(INSERT, (n,)))) for n in range(20)]
        await asyncio.sleep(0)
        await writer.close()
        await asyncio.gather(*waiting)
        assert rows(connection) == list(range(20))
        connection.close()
        with pytest.raises(apsw.ConnectionClosedError):
            rows(connection)

    asyncio.run(main())


# -- scrubbing --------------------------------------------------------------------------------------------------

CANARY = b"c4n4ry-of-the-writer"


def kept_in(tmp_path):
    return [one.name for one in tmp_path.iterdir() if CANARY in one.read_bytes()]


@pytest.mark.parametrize("database", [ThreadedDatabase, lambda path: InlineDatabase(connect(path))])
def test_what_was_deleted_leaves_every_file(tmp_path, database):
    async def main():
        path = str(tmp_path / "t")
        connection = connect(path, create=True)
        create_tables(connection, ("CREATE TABLE t (n INTEGER PRIMARY KEY, data BLOB);",))
        store = database(path)
        for n in range(40):
            row = (n, CANARY + bytes(n * 300))
            await store.write(lambda tx, row=row: tx.execute("INSERT INTO t (n, data) VALUES (?, ?)", row))
        assert await store.scrub()
        assert kept_in(tmp_path) == ["t"]
        await store.write(lambda tx: tx.execute("UPDATE t SET data = NULL WHERE n <> 3"))
        await store.write(lambda tx: tx.execute("DELETE FROM t WHERE n = 3"))
        assert kept_in(tmp_path) != []
        assert await store.scrub()
        assert kept_in(tmp_path) == []
        await store.close()
        connection.close()

    asyncio.run(main())


@pytest.mark.slow
def test_somebody_who_reads_an_older_state_holds_it_up(tmp_path):
    async def main():
        path = str(tmp_path / "t")
        reader = connect(path, create=True)
        create_tables(reader, ("CREATE TABLE t (n INTEGER PRIMARY KEY);",))
        store = ThreadedDatabase(path)
        await store.write(lambda tx: tx.execute(INSERT, (1,)))
        reader.execute("BEGIN")
        assert rows(reader) == [1]
        await store.write(lambda tx: tx.execute("DELETE FROM t"))
        assert not await store.scrub()
        await store.write(lambda tx: tx.execute(INSERT, (2,)))
        reader.execute("COMMIT")
        assert await store.scrub()
        assert rows(reader) == [2]
        await store.close()
        reader.close()

    asyncio.run(main())


def test_a_disk_that_fails_while_scrubbing_is_told(recorder):
    async def main():
        connection = opened(recorder)
        writer = InlineWriter(connection)
        await writer.run(lambda tx: tx.execute(INSERT, (1,)))
        recorder.fail(0, Fault.ERROR, lasting=True)
        with pytest.raises(StoreError):
            await writer.run(None)
        recorder.mend()
        assert await writer.run(None)
        assert rows(connection) == [1]
        connection.close()

    run(main)
