"""The disk in memory: SQLite on it, the small files beside it, and planned faults."""

import contextlib

import apsw
import pytest

from tocsin.errors import StoreError
from tocsin.testing.powercut import Fault, Recorder

PATH = "/node/tocsin.db"


def opened(vfs, journal="wal", connection=None):
    connection = connection or apsw.Connection(PATH, vfs=vfs)
    connection.execute("PRAGMA locking_mode=EXCLUSIVE")
    assert connection.execute(f"PRAGMA journal_mode={journal}").get == journal
    connection.execute("PRAGMA synchronous=FULL")
    return connection


def rows(connection):
    return [row[0] for row in connection.execute("SELECT id FROM t ORDER BY id")]


def filled(recorder, count=3):
    connection = opened(recorder.vfs_name)
    connection.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, body BLOB)")
    for number in range(count):
        connection.execute("INSERT INTO t VALUES(?, ?)", (number, bytes(700)))
    return connection


def test_sqlite_works_on_it_with_a_log_and_without_shared_memory():
    recorder = Recorder()
    connection = filled(recorder)
    assert sorted(recorder.files()) == [PATH, PATH + "-wal"]
    connection.close()
    assert sorted(recorder.files()) == [PATH]
    again = opened(recorder.vfs_name)
    assert rows(again) == [0, 1, 2]
    assert again.execute("PRAGMA integrity_check").get == "ok"


def test_large_sorts_spill_to_temporary_files_that_no_cut_sees():
    recorder = Recorder()
    connection = filled(recorder)
    connection.execute("PRAGMA cache_size=10")
    before = recorder.operations
    connection.execute("PRAGMA temp_store=FILE")
    sql = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<3000)"
        " SELECT i, hex(zeroblob(200)) FROM n ORDER BY -i"
    )
    assert next(iter(connection.execute(sql)))[0] == 3000
    assert recorder.operations == before


def test_a_second_connection_finds_it_locked():
    recorder = Recorder()
    first = filled(recorder)
    with pytest.raises(apsw.BusyError):
        opened(recorder.vfs_name)
    first.close()
    assert rows(opened(recorder.vfs_name)) == [0, 1, 2]


def test_two_connections_share_a_rollback_journal_database():
    recorder = Recorder()
    writer = apsw.Connection(PATH, vfs=recorder.vfs_name)
    writer.execute("CREATE TABLE t(id)")
    reader = apsw.Connection(PATH, vfs=recorder.vfs_name)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("INSERT INTO t VALUES(1)")
    assert rows(reader) == []
    with pytest.raises(apsw.BusyError):
        reader.execute("INSERT INTO t VALUES(2)")
    cursor = reader.execute("SELECT id FROM t UNION ALL SELECT 7")
    next(cursor)
    with pytest.raises(apsw.BusyError):  # the open reader holds the commit up
        writer.execute("COMMIT")
    cursor.close()
    writer.execute("COMMIT")
    assert rows(reader) == [1]


def test_killing_the_process_keeps_what_it_wrote_and_leaves_its_ghost_alone():
    recorder = Recorder()
    ghost = filled(recorder)
    old_disk = recorder.disk
    old_disk.create("head", b"0123")
    old_disk.overwrite("head", 0, b"9")
    recorder.kill()
    living = opened(recorder.vfs_name)
    assert rows(living) == [0, 1, 2]
    assert recorder.disk.read("head") == b"9123"
    operations = recorder.operations
    ghost.execute("INSERT INTO t VALUES(99, NULL)")
    ghost.close()  # would checkpoint, and delete the log of the living
    with pytest.raises(StoreError, match="killed"):
        old_disk.sync("head")
    assert recorder.operations == operations
    living.execute("INSERT INTO t VALUES(3, NULL)")
    assert rows(living) == [0, 1, 2, 3]
    recorder.kill()
    assert rows(opened(recorder.vfs_name)) == [0, 1, 2, 3]


def test_it_unregisters_when_nobody_uses_it():
    recorder = Recorder()
    name = recorder.vfs_name
    connection = filled(recorder)
    del recorder
    assert name in apsw.vfs_names()
    assert rows(connection) == [0, 1, 2]
    connection.close()
    del connection
    assert name not in apsw.vfs_names()


def test_rot_is_seen_by_whoever_reads():
    recorder = Recorder()
    recorder.disk.create("head", b"\x00\x00")
    recorder.flip_bit("/disk/head", 9)
    assert recorder.disk.read("head") == b"\x00\x02"


def test_small_files_check_how_they_are_used():
    disk = Recorder().disk
    assert disk.read("head") is None
    with pytest.raises(StoreError):
        disk.overwrite("head", 0, b"x")
    with pytest.raises(StoreError):
        disk.sync("head")
    disk.create("head", b"abc")
    with pytest.raises(StoreError) as caught:
        disk.create("head", b"abc")
    assert caught.value.code == "store.disk"
    disk.overwrite("head", 1, b"XY")
    assert disk.read("head") == b"aXY"
    with pytest.raises(ValueError, match="outside"):
        disk.overwrite("head", 2, b"XY")


@pytest.mark.parametrize("atomic", [False, True])
@pytest.mark.parametrize("kind", list(Fault))
def test_every_operation_of_a_small_file_can_fail(atomic, kind):
    def story(disk):
        disk.create("head", b"abc")
        disk.overwrite("head", 0, b"x")
        disk.sync("head")

    counted = Recorder(atomic_create=atomic)
    story(counted.disk)
    assert counted.operations == 6
    for operation in range(1, 7):
        recorder = Recorder(atomic_create=atomic)
        recorder.fail(operation, kind)
        with pytest.raises(StoreError) as caught:
            story(recorder.disk)
        assert caught.value.code == "store.disk"
    recorder = Recorder(atomic_create=atomic)
    recorder.fail(7, kind)
    story(recorder.disk)


def test_done_but_reported_failed_is_done():
    recorder = Recorder()
    recorder.disk.create("head", b"abc")
    recorder.fail(recorder.operations + 1, Fault.DONE)
    with pytest.raises(StoreError):
        recorder.disk.overwrite("head", 0, b"x")
    assert recorder.disk.read("head") == b"xbc"
    recorder.fail(recorder.operations + 1, Fault.ERROR)
    with pytest.raises(StoreError):
        recorder.disk.overwrite("head", 1, b"x")
    assert recorder.disk.read("head") == b"xbc"


def test_sqlite_hears_a_full_disk_as_full_and_other_faults_as_errors():
    for kind, expected in ((Fault.FULL, apsw.FullError), (Fault.ERROR, apsw.IOError), (Fault.DONE, apsw.IOError)):
        recorder = Recorder()
        connection = filled(recorder)
        recorder.fail(recorder.operations + 1, kind)
        with pytest.raises(expected):
            connection.execute("INSERT INTO t VALUES(50, NULL)")
        connection.execute("INSERT INTO t VALUES(51, NULL)")
        assert rows(connection) == [0, 1, 2, 51]


def test_a_lasting_fault_lasts_until_it_is_mended():
    recorder = Recorder()
    connection = filled(recorder)
    recorder.fail(recorder.operations + 1, Fault.FULL, lasting=True)
    for _ in range(3):
        with pytest.raises(apsw.FullError):
            connection.execute("INSERT INTO t VALUES(50, NULL)")
    recorder.mend()
    connection.execute("INSERT INTO t VALUES(50, NULL)")
    assert rows(connection) == [0, 1, 2, 50]


@pytest.mark.slow
def test_whatever_fails_nothing_acknowledged_is_lost():
    empty = Recorder()
    filled(empty, 0).close()

    def run(operation, kind, lasting):
        recorder = Recorder(empty.files())
        if operation:
            recorder.fail(operation, kind, lasting=lasting)
        acknowledged = []
        connection = apsw.Connection(PATH, vfs=recorder.vfs_name)
        try:
            opened(recorder.vfs_name, connection=connection)
            connection.execute("PRAGMA wal_autocheckpoint=5")
            for number in range(8):
                with contextlib.suppress(apsw.FullError, apsw.IOError):
                    connection.execute("INSERT INTO t VALUES(?, ?)", (number, bytes(700)))
                    acknowledged.append(number)
        except (apsw.FullError, apsw.IOError, apsw.CantOpenError):
            pass
        recorder.mend()
        recorder.kill()  # before the connection is let go, for a fault at its closing has nobody to be told
        return recorder, acknowledged

    whole, acknowledged = run(0, Fault.ERROR, lasting=False)
    assert acknowledged == list(range(8))
    missed = 0
    for operation in range(1, whole.operations + 1):
        for kind in Fault:
            recorder, acknowledged = run(operation, kind, lasting=operation % 2 == 0)
            missed += len(acknowledged) < 8
            again = opened(recorder.vfs_name)
            assert set(rows(again)) >= set(acknowledged)
            assert again.execute("PRAGMA integrity_check").get == "ok"
    assert missed > whole.operations  # the faults did bite
