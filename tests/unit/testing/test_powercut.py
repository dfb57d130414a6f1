"""Power cuts: the model itself, then SQLite under it."""

import apsw
import pytest

from tocsin.testing.chance import SeededEntropy
from tocsin.testing.powercut import Fault, Recorder

PATH = "/node/tocsin.db"


def opened(vfs, journal="wal", synchronous="FULL", locking="EXCLUSIVE"):
    connection = apsw.Connection(PATH, vfs=vfs)
    connection.execute(f"PRAGMA locking_mode={locking}")
    connection.execute(f"PRAGMA journal_mode={journal}")
    connection.execute(f"PRAGMA synchronous={synchronous}")
    connection.execute("PRAGMA wal_autocheckpoint=20")
    return connection


def worked(count, *, early=False, **settings):
    """A recorder on which `count` rows were committed one by one, each acknowledged after (or, wrongly, before)."""
    recorder = Recorder()
    connection = opened(recorder.vfs_name, **settings)
    connection.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, body BLOB)")
    for number in range(1, count + 1):
        if early:
            recorder.event(number)
        connection.execute("INSERT INTO t VALUES(?, ?)", (number, bytes([number % 256]) * (50 + number * 37 % 2000)))
        if not early:
            recorder.event(number)
    return recorder


def judged(recorder, points, **settings):
    """(cuts, cuts that lost an acknowledged row, cuts that left no readable database)."""
    cuts = lost = broken = 0
    for crash in recorder.images(points, seed=1):
        cuts += 1
        vfs, _ = crash.restore()
        try:
            connection = opened(vfs, **settings)
            tables = connection.execute("SELECT name FROM sqlite_master").fetchall()
            have = {row[0] for row in connection.execute("SELECT id FROM t")} if tables else set()
            if connection.execute("PRAGMA integrity_check").get != "ok":
                broken += 1
            connection.close()
        except (apsw.CorruptError, apsw.NotADBError, apsw.IOError):
            broken += 1
            continue
        lost += not have.issuperset(crash.events)
    return cuts, lost, broken


@pytest.mark.slow
def test_log_and_full_sync_lose_nothing_acknowledged():
    cuts, lost, broken = judged(worked(150), 1500)
    assert cuts >= 1000
    assert (lost, broken) == (0, 0)


def test_an_acknowledgement_before_the_commit_is_found():
    _, lost, broken = judged(worked(30, early=True), 200)
    assert lost > 20
    assert broken == 0


@pytest.mark.slow
def test_a_sync_too_few_is_found():
    _, lost, broken = judged(worked(30, synchronous="NORMAL"), 200, synchronous="NORMAL")
    assert lost > 20
    assert broken == 0
    _, lost, broken = judged(worked(60, synchronous="OFF"), 200, synchronous="OFF")
    assert lost > 20
    assert broken > 0


@pytest.mark.slow
def test_a_removal_that_was_not_synced_is_found():
    # Without EXTRA SQLite does not sync the directory after it deletes the journal: the journal may come back, and
    # takes an acknowledged commit with it.
    normal = {"journal": "DELETE", "locking": "NORMAL"}
    _, lost, _ = judged(worked(30, **normal), 300, **normal)
    assert lost > 10
    extra = {**normal, "synchronous": "EXTRA"}
    _, lost, broken = judged(worked(30, **extra), 300, **extra)
    assert (lost, broken) == (0, 0)


def test_a_cut_during_recovery_loses_nothing_either():
    recorder = worked(12)
    second = 0
    for crash in recorder.images(20, seed=3):
        vfs, _ = crash.restore(record=True)
        opened(vfs).execute("CREATE TABLE IF NOT EXISTS t(id INTEGER PRIMARY KEY, body BLOB)")
        for again in crash.recorder.images(12, seed=4):
            vfs, _ = again.restore()
            connection = opened(vfs)
            tables = connection.execute("SELECT name FROM sqlite_master").fetchall()
            have = {row[0] for row in connection.execute("SELECT id FROM t")} if tables else set()
            assert have.issuperset(crash.events)
            connection.close()
            second += 1
    assert second > 100


# -- the model alone ---------------------------------------------------------------------------------------------------


def heads(recorder, points=400):
    return {crash.files.get("/disk/head") for crash in recorder.images(points, seed=1)}


def test_a_small_file_is_torn_only_at_512_bytes_and_only_before_the_sync():
    recorder = Recorder({"/disk/head": bytes(1024)})
    disk = recorder.disk
    disk.overwrite("head", 0, b"\xff" * 1024)
    old, new = bytes(512), b"\xff" * 512
    assert heads(recorder) == {old + old, old + new, new + old, new + new}
    disk.sync("head")
    assert recorder.cut(SeededEntropy(1), "none").files["/disk/head"] == new + new
    assert {recorder.cut(SeededEntropy(n)).files["/disk/head"] for n in range(50)} == {new + new}


def test_tears_follow_the_sectors_of_the_file_not_the_write():
    recorder = Recorder({"/disk/head": bytes(1024)})
    recorder.disk.overwrite("head", 500, b"\xff" * 100)
    starts = {image[500:600] for image in heads(recorder)}
    assert starts == {bytes(100), b"\xff" * 100, b"\xff" * 12 + bytes(88), bytes(12) + b"\xff" * 88}


def test_later_writes_may_arrive_without_earlier_ones():
    recorder = Recorder({"/disk/head": b"--"})
    recorder.disk.overwrite("head", 0, b"1")
    recorder.disk.overwrite("head", 1, b"2")
    assert heads(recorder) == {b"--", b"1-", b"-2", b"12"}


def test_whole_writes_are_lost_or_arrive_too():
    recorder = Recorder({"/disk/head": bytes(32_768)})
    recorder.disk.overwrite("head", 0, b"\xff" * 32_768)
    images = [recorder.cut(SeededEntropy(n)).files["/disk/head"] for n in range(40)]
    assert images.count(bytes(32_768)) > 4
    assert images.count(b"\xff" * 32_768) > 4
    assert len(set(images)) > 4
    assert recorder.cut(SeededEntropy(1), "none").files["/disk/head"] == bytes(32_768)


def test_a_change_of_length_may_arrive_or_not():
    recorder = Recorder({"/f": b"0123", "/g": b"0123"})
    recorder.resize(recorder.find("/f"), 2)
    recorder.resize(recorder.find("/g"), 6)
    images = [recorder.cut(SeededEntropy(n)).files for n in range(40)]
    assert {image["/f"] for image in images} == {b"01", b"0123"}
    assert {image["/g"] for image in images} == {b"0123", b"0123\0\0"}
    assert recorder.cut(SeededEntropy(1), "none").files == {"/f": b"0123", "/g": b"0123"}
    recorder = Recorder({"/f": b"0123"})
    recorder.write(recorder.find("/f"), 0, b"X")
    recorder.resize(recorder.find("/f"), 2)
    images = [recorder.cut(SeededEntropy(n)).files["/f"] for n in range(60)]
    assert set(images) == {b"0123", b"X123", b"01", b"X1"}


def test_a_synced_directory_keeps_its_own_names_only():
    recorder = Recorder({"/a/old": b"", "/b/old": b""})
    for name in ("/a/new", "/b/new"):
        recorder.make(name)
    for name in ("/a/old", "/b/old"):
        recorder.remove(name)
    assert sorted(recorder.cut(SeededEntropy(1), "none").files) == ["/a/old", "/b/old"]
    recorder.sync_directory("/a/new")
    assert sorted(recorder.cut(SeededEntropy(1), "none").files) == ["/a/new", "/b/old"]
    assert sorted(recorder.cut(SeededEntropy(1), "all").files) == ["/a/new", "/b/new"]
    partly = {tuple(sorted(recorder.cut(SeededEntropy(n)).files)) for n in range(60)}
    assert partly == {("/a/new", *rest) for rest in ((), ("/b/new",), ("/b/old",), ("/b/new", "/b/old"))}


def test_a_file_that_is_gone_for_good_is_in_doubt_no_longer():
    recorder = Recorder({"/f": bytes(512)})
    recorder.write(recorder.find("/f"), 0, b"\xff" * 512)
    recorder.remove("/f")
    recorder.sync_directory("/f")
    assert [crash.files for crash in recorder.images(100) if crash.at == 3] == [{}]


def test_a_new_file_may_be_absent_empty_torn_or_whole_until_create_returns():
    recorder = Recorder()
    recorder.disk.create("head", b"x" * 600)
    images = heads(recorder)
    assert images >= {None, b"", b"x" * 600, b"x" * 512}
    assert recorder.cut(SeededEntropy(1), "none").files == {"/disk/head": b"x" * 600}


def test_an_atomic_create_is_all_or_nothing():
    recorder = Recorder(atomic_create=True)
    recorder.disk.create("head", b"x" * 600)
    assert heads(recorder) == {None, b"x" * 600}


def test_what_a_failed_sync_gave_up_is_not_saved_by_the_next():
    recorder = Recorder({"/disk/head": bytes(16_384)})
    disk = recorder.disk
    disk.overwrite("head", 0, b"1")
    disk.overwrite("head", 8192, b"2")
    recorder.fail(recorder.operations + 1, Fault.ERROR)
    with pytest.raises(OSError, match="planned"):
        recorder.sync(recorder.find("/disk/head"))
    disk.overwrite("head", 1, b"3")  # writes the first page again, and not the second
    disk.sync("head")
    kept = {recorder.cut(SeededEntropy(n)).files["/disk/head"][::4096] for n in range(40)}
    assert kept == {b"1\0\0\0", b"1\x002\0"}
    assert recorder.cut(SeededEntropy(1), "none").files["/disk/head"][:2] == b"13"


def test_database_and_small_files_are_cut_at_one_point():
    recorder = Recorder()
    recorder.disk.create("head", b"0")
    for step in range(1, 6):
        recorder.disk.overwrite("head", 0, b"%d" % step)
        recorder.disk.sync("head")
        recorder.event(step)
    for crash in recorder.images(200, seed=5):
        head = int(crash.files.get("/disk/head") or b"0")
        assert max(crash.events, default=0) <= head <= len(crash.events) + 1


def test_events_are_those_before_the_cut():
    recorder = Recorder()
    recorder.event("first")
    recorder.disk.create("head", b"x")
    recorder.event("second")
    recorder.disk.overwrite("head", 0, b"y")
    seen = [(crash.at, tuple(crash.events)) for crash in recorder.images(100)]
    assert seen[0] == (1, ("first",))
    assert seen[-1] == (len(recorder.recorded), ("first", "second"))
    assert {events for _, events in seen} == {("first",), ("first", "second")}


def test_images_are_bounded_spread_and_told_again():
    recorder = worked(20)
    first = [(crash.at, crash.state, crash.files) for crash in recorder.images(60, seed=1)]
    assert first == [(crash.at, crash.state, crash.files) for crash in recorder.images(60, seed=1)]
    assert first != [(crash.at, crash.state, crash.files) for crash in recorder.images(60, seed=2)]
    assert 20 < len(first) <= 60
    ats = [at for at, _, _ in first]
    assert min(ats) < len(recorder.recorded) * 0.15
    assert max(ats) > len(recorder.recorded) * 0.85


def test_the_power_goes_now_and_the_node_starts_on_what_is_left():
    recorder = worked(10)
    recorder.disk.create("head", b"x")
    crash = recorder.cut(SeededEntropy(1))
    assert crash.events == list(range(1, 11))
    vfs, disk = crash.restore(record=True)
    connection = opened(vfs)
    assert connection.execute("SELECT count(*) FROM t").get == 10
    assert disk.read("head") == b"x"
    connection.execute("INSERT INTO t VALUES(11, NULL)")
    assert crash.recorder.operations > 0


def test_a_recorder_without_a_list_gives_no_images():
    recorder = Recorder(record=False)
    recorder.disk.create("head", b"x")
    with pytest.raises(RuntimeError, match="record=False"):
        next(recorder.images())
