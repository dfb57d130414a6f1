"""Backups: whole and from one moment, every changed byte found, nothing hostile obeyed, nothing written over."""

import asyncio
import io
import json
import resource
import shutil
import tarfile
from contextlib import closing
from hashlib import sha256

import pytest

from tocsin.backends.sqlite import database
from tocsin.backends.sqlite.database import connect
from tocsin.backends.system.checkpoints import CheckpointFiles
from tocsin.backends.system.disk import SystemDisk
from tocsin.errors import MEANINGS, ConfigError, TocsinError
from tocsin.formats.tlp import Tlp
from tocsin.node import archive, backup, doctor, fsck
from tocsin.node.home import Home
from tocsin.node.making import InitSettings, create
from tocsin.ports.checkpoints import Held
from tocsin.testing.federation import Federation
from tocsin.testing.virtualtime import run

OBJECTS = 12


def thing(number):
    made = {
        "type": "tool",
        "spec_version": "2.1",
        "id": f"tool--00000000-0000-4000-8000-{number:012x}",
        "created": "2026-01-01T00:00:00.000Z",
        "modified": "2026-01-01T00:00:00.000Z",
        "name": f"Tool {number}",
        "description": "x" * 400,
    }
    return json.dumps(made).encode()


def refused(code, call, *args, **more):
    with pytest.raises(TocsinError) as caught:
        call(*args, **more)
    assert caught.value.code == code, caught.value
    assert code in MEANINGS
    return caught.value


def check(file):
    return asyncio.run(backup.check(file))


def restore(file, path):
    return asyncio.run(backup.restore(file, path))


@pytest.fixture(scope="module")
def stored():
    """The store of a member that has shared and received."""

    async def main():
        fed = Federation(asyncio.get_running_loop(), ["aa", "bb"], 3)
        await fed.found()
        await fed.share("aa", "plenary", [thing(one) for one in range(OBJECTS)], Tlp.GREEN)
        await fed.share("bb", "plenary", [thing(one) for one in range(100, 100 + OBJECTS)], Tlp.GREEN)
        await fed.settled()
        data = fed.nodes["aa"]._connection.serialize("main")
        await fed.stop()
        return data

    return run(main, limit_s=600.0)


@pytest.fixture(scope="module")
def made(tmp_path_factory, stored):
    folder = tmp_path_factory.mktemp("made")
    home = create(folder / "aa", InitSettings("aa", name="precious"))
    home.store.write_bytes(stored)
    return home, folder


@pytest.fixture
def home(made, tmp_path):
    """A node of its own for each test, with the head of its log."""
    whole = Home(shutil.copytree(made[0].path, tmp_path / "aa", ignore=shutil.ignore_patterns("last-backup.json")))
    for log in every(whole):
        head(whole, log, log["size"], bytes.fromhex(log["root"]))
    return whole


def own(home):
    """The log that has entries; the urgent one beside it has none."""
    return [one for one in every(home) if one["size"]]


def every(home):
    with closing(connect(str(home.store))) as connection:
        return [one for one in fsck.standing(fsck.Handle(connection)) if one["origin"] == "aa"]


def head(home, log, size, root):
    with closing(SystemDisk(home.heads)) as disk:
        files = CheckpointFiles(disk, threaded=False)
        slot = bytes.fromhex(log["slot"])
        asyncio.run(files.replace(slot, asyncio.run(files.load(slot)), Held(size, root)))


def held(home, log):
    with closing(SystemDisk(home.heads)) as disk:
        return asyncio.run(CheckpointFiles(disk, threaded=False).load(bytes.fromhex(log["slot"])))


@pytest.fixture(scope="module")
def whole(made):
    """One good backup, to be damaged in copies."""
    home, folder = made
    backup.write(home, folder / "whole.tar")
    return (folder / "whole.tar").read_bytes()


# -- made -------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_backup_holds_what_it_says_for_its_owner_only_and_is_proven(home, tmp_path):
    seen = []
    told = backup.write(home, tmp_path / "b.tar", progress=lambda *one: seen.append(one))
    assert seen[-1][0] == seen[-1][1] > 0
    assert (tmp_path / "b.tar").stat().st_mode & 0o777 == 0o600
    assert (told["bytes"], told["keys"]) == ((tmp_path / "b.tar").stat().st_size, True)
    with tarfile.open(tmp_path / "b.tar") as tar:
        assert tuple(tar.getnames()) == archive.NAMES
        assert {one.mode for one in tar} == {0o600}
        assert tar.extractfile("keys/log.key").read() == (home.keys / "log.key").read_bytes()
    found = check(tmp_path / "b.tar")
    assert (found["ok"], found["problems"], found["handle"]) == (True, [], "aa")
    assert found["entries"] == told["entries"] == sum(one["size"] for one in told["logs"]) >= 2 * OBJECTS
    assert found["logs"] == told["logs"]
    assert not list(tmp_path.glob("*.partial"))


@pytest.mark.slow
def test_all_of_a_backup_but_the_store_is_the_same_whenever_it_is_made(home, tmp_path):
    members = []
    for name in ("one.tar", "two.tar"):
        backup.write(home, tmp_path / name)
        with tarfile.open(tmp_path / name) as tar:
            members.append([(one.name, one.size, one.mtime, one.uid) for one in tar if one.name != archive.MANIFEST])
    assert members[0] == members[1]


def test_without_keys_none_is_in_it_and_never_a_head(home, tmp_path):
    backup.write(home, tmp_path / "b.tar", keys=False)
    data = (tmp_path / "b.tar").read_bytes()
    for secret in home.keys.glob("*.key"):
        assert secret.read_bytes().strip()[-40:] not in data
    assert any(b"tocsin-head" in one.read_bytes() for one in home.heads.iterdir())
    assert b"tocsin-head" not in data
    assert (check(tmp_path / "b.tar")["ok"], check(tmp_path / "b.tar")["keys"]) == (True, False)


def test_a_folder_gets_a_named_file_and_nothing_is_written_over(home, tmp_path):
    folder = tmp_path / "kept"
    folder.mkdir()
    told = backup.write(home, folder)
    assert told["file"].startswith(str(folder / "tocsin-aa-2"))
    (tmp_path / "there").write_text("precious")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("there", "link"):
        refused("config.exists", backup.write, home, tmp_path / name)
    assert (tmp_path / "there").read_text() == "precious"
    refused("backup.file", backup.write, home, tmp_path / "no" / "folder.tar")


def test_what_a_killed_backup_left_is_no_hindrance(home, tmp_path):
    for ending in (".partial", ".store.partial"):
        (tmp_path / f"b.tar{ending}").write_bytes(b"half")
    backup.write(home, tmp_path / "b.tar")
    assert check(tmp_path / "b.tar")["ok"]
    assert not list(tmp_path.glob("*.partial"))


@pytest.mark.slow
def test_a_backup_is_of_one_moment_and_one_pass_while_the_store_is_written(home, tmp_path, monkeypatch):
    monkeypatch.setattr(database, "_PAGES", 4)
    before, passes = own(home), []
    with closing(connect(str(home.store))) as writer:
        writer.execute("CREATE TABLE noise (x)")

        def between(done, total):
            passes.append((done, total))
            assert len(passes) < 500, "the copy does not come to its end"
            writer.execute("INSERT INTO noise VALUES (zeroblob(20000))")
            writer.execute("UPDATE tlog_logs SET size = size + 1")

        backup.write(home, tmp_path / "b.tar", progress=between)
    assert len(passes) > 4
    assert [done for done, _ in passes] == sorted({done for done, _ in passes}), "the copy began anew"
    found = check(tmp_path / "b.tar")
    assert found["ok"], found["problems"]
    assert before[0] in found["logs"]


def test_no_room_leaves_nothing_behind(home, tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    for limit in (40_000, home.store.stat().st_size + 1000):  # in the copy of the store, and in the archive
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
        try:
            with pytest.raises(TocsinError) as caught:
                backup.write(home, tmp_path / "b.tar")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert caught.value.code in ("backup.file", "store.full")
        assert not list(tmp_path.glob("b.tar*"))
    assert backup.noted(home) is None


# -- damaged ----------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_every_flipped_byte_is_found(whole, tmp_path):
    file = tmp_path / "b.tar"
    headers = [at for at in range(0, len(whole), 512) if whole[at + 257 : at + 262] == b"ustar"]
    assert len(headers) == len(archive.NAMES)
    spots = {*range(0, len(whole), len(whole) // 60), len(whole) - 1, len(whole) - 5000}
    for at in headers:
        spots |= {at, at + 105, at + 130, at + 140, at + 150, at + 156, at + 160, at + 300, at + 500, at + 512}
    for at in sorted(spots):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :])
        error = refused_one_of({"backup.format", "backup.digest"}, file)
        assert error.exit_status == 5, at


def refused_one_of(codes, file):
    with pytest.raises(TocsinError) as caught:
        check(file)
    assert caught.value.code in codes, caught.value
    return caught.value


def test_a_cut_or_lengthened_file_is_found(whole, tmp_path):
    file = tmp_path / "b.tar"
    for size in (0, 1, 511, 512, 700, len(whole) // 2, len(whole) - 10240, len(whole) - 512, len(whole) - 1):
        file.write_bytes(whole[:size])
        refused("backup.format", check, file)
    file.write_bytes(whole + b"\0")
    refused("backup.format", check, file)
    for odd in (tmp_path, tmp_path / "nothing"):
        refused("backup.file", check, odd)


def member(name, data=b"", **more):
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(data), 0o600
    for key, value in more.items():
        setattr(info, key, value)
    return info, data


HOSTILE = {
    "path": member("../outside", b"x"),
    "path inside": member("keys/../../outside", b"x"),
    "absolute": member("/outside", b"x"),
    "symbolic link": member("tocsin.toml", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
    "hard link": member("tocsin.toml", type=tarfile.LNKTYPE, linkname="manifest.json"),
    "device": member("store.sqlite", type=tarfile.CHRTYPE, devmajor=1, devminor=5),
    "folder": member("keys", type=tarfile.DIRTYPE),
    "sparse": member("store.sqlite", type=tarfile.GNUTYPE_SPARSE),
    "another mode": member("tocsin.toml", b"x", mode=0o4777),
    "head": member("heads/00.head", b"x"),
    "twice": member("manifest.json", b"{}"),
    "large": member("tocsin.toml", bytes(2 << 20)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_member_is_refused_and_nothing_is_written(name, tmp_path):
    file, target = tmp_path / "b.tar", tmp_path / "node"
    with tarfile.open(file, "w", format=tarfile.GNU_FORMAT) as tar:
        for info, data in (member("manifest.json", b"{}"), HOSTILE[name]):
            tar.addfile(info, io.BytesIO(data))
    refused("backup.format", check, file)
    refused("backup.format", restore, file, target)
    assert sorted(one.name for one in tmp_path.rglob("*")) == ["b.tar", "node"]


def test_a_size_beyond_the_file_fills_no_disk(tmp_path):
    header = archive._info("store.sqlite", 1 << 60).tobuf(tarfile.GNU_FORMAT, "ascii", "strict")
    (tmp_path / "b.tar").write_bytes(header + bytes(20000))
    refused("backup.format", check, tmp_path / "b.tar")


def again(file, whole, **changed):
    """The backup written anew with other content and every digest right; a member without content is left out."""
    with tarfile.open(fileobj=io.BytesIO(whole)) as tar:
        files = {one.name: tar.extractfile(one).read() for one in tar}
    said = json.loads(files.pop("manifest.json")) | changed.pop("manifest", {})
    del files["manifest.sha256"]
    files = {name: data for name, data in (files | changed.pop("files", {})).items() if data is not None}
    said["files"] = {name: {"sha256": sha256(data).hexdigest(), "size": len(data)} for name, data in files.items()}
    manifest = json.dumps(said).encode()
    files |= {"manifest.json": manifest, "manifest.sha256": backup._seal(manifest)}
    with file.open("wb") as out:
        archive.write(out, ((one, len(files[one]), io.BytesIO(files[one])) for one in archive.NAMES if one in files))
    return file


@pytest.mark.slow
def test_right_digests_do_not_save_a_wrong_backup(whole, stored, tmp_path):
    file = tmp_path / "b.tar"
    assert check(again(file, whole))["ok"]
    refused("backup.format", check, again(file, whole, manifest={"format": 2}))
    refused("backup.format", check, again(file, whole, manifest={"handle": "bb"}))
    refused("backup.format", check, again(file, whole, manifest={"made_at": None}))
    refused("backup.digest", check, again(file, whole, files={"descriptor.note": None}))
    refused("backup.digest", check, again(file, whole, files={"store.sqlite": None}))
    refused("backup.store", check, again(file, whole, files={"store.sqlite": b"no database"}))
    other = check(again(file, whole, manifest={"logs": []}))
    assert [one["code"] for one in other["problems"]] == ["backup.store"]
    forged = again(file, whole, files={"store.sqlite": stored.replace(b"Tool 3", b"Tool 9")})
    found = check(forged)
    assert not found["ok"]
    assert "fsck.commitment" in {one["code"] for one in found["problems"]}
    assert refused("backup.store", restore, forged, tmp_path / "node").exit_status == 5
    assert not any((tmp_path / "node").iterdir())


# -- restored ---------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_new_node_has_everything_and_signs_in_no_log_it_has_entries_in(home, tmp_path):
    backup.write(home, tmp_path / "b.tar")
    new = Home(tmp_path / "new")
    told = restore(tmp_path / "b.tar", new.path)
    for name in (archive.SETTINGS, archive.DESCRIPTOR, *archive.KEYS):
        assert (new.path / name).read_bytes() == (home.path / name).read_bytes()
        assert (new.path / name).stat().st_mode & 0o777 == 0o600
    for folder in (new.path, new.heads, new.run, new.keys):
        assert folder.stat().st_mode & 0o077 == 0
    (log,) = own(home)
    assert told["closed"] == [{"slot": one["slot"], "size": one["size"], "signed": None} for one in every(home)]
    assert held(new, log) is None
    found = asyncio.run(fsck.check(new))
    assert [one["code"] for one in found["problems"]] == ["tlog.behind"] * len(every(home))
    assert (told["heads"], told["kept"]) == (False, None)
    assert not restore(tmp_path / "b.tar", empty(tmp_path))["heads"]


def empty(tmp_path):
    (tmp_path / "empty").mkdir()
    return tmp_path / "empty"


def test_an_empty_log_whose_file_is_lost_is_not_taken_for_a_new_one(home, tmp_path):
    with closing(connect(str(home.store))) as connection:
        slot = bytes(32)
        sql = (
            "INSERT INTO tlog_logs (slot, channel, origin, size, frontier) SELECT ?, channel, 'aa', 0, ? FROM tlog_logs"
        )
        connection.execute(f"{sql} LIMIT 1", (slot, fsck.Frontier().encode()))
    backup.write(home, tmp_path / "b.tar")
    new = Home(tmp_path / "new")
    told = restore(tmp_path / "b.tar", new.path)
    assert {one["slot"]: one["size"] for one in told["closed"]} == {
        **{one["slot"]: one["size"] for one in every(home)},
        slot.hex(): 0,
    }
    assert held(new, {"slot": slot.hex()}).size > 0
    (new.path / "store.sqlite.before-restore").unlink(missing_ok=True)
    assert len(restore(tmp_path / "b.tar", new.path)["closed"]) == 3, "a second restore opens nothing"


def test_a_folder_that_is_neither_node_nor_empty_is_left_alone(whole, tmp_path):
    (tmp_path / "b.tar").write_bytes(whole)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "precious").write_text("x")
    refused("config.exists", restore, tmp_path / "b.tar", tmp_path / "full")
    refused("config.exists", restore, tmp_path / "b.tar", tmp_path / "full" / "precious")
    assert [one.name for one in (tmp_path / "full").iterdir()] == ["precious"]


def test_a_stopped_node_gets_its_store_back_and_keeps_the_old_one(home, tmp_path):
    backup.write(home, tmp_path / "b.tar")
    (log,) = own(home)
    head(home, log, log["size"] + 5, bytes(32))
    heads = {one.name: one.read_bytes() for one in home.heads.iterdir()}
    newer = b"a newer store"
    home.store.write_bytes(newer)
    wal = home.path / "store.sqlite-wal"
    wal.write_bytes(b"its log")
    told = restore(tmp_path / "b.tar", home.path)
    assert told["closed"] == [{"slot": log["slot"], "size": log["size"], "signed": log["size"] + 5}]
    kept = home.path / "store.sqlite.before-restore"
    assert told["kept"] == str(kept)
    assert kept.read_bytes() == newer
    assert (home.path / "store.sqlite.before-restore-wal").read_bytes() == b"its log"
    assert not wal.exists()
    assert own(home) == [log]
    assert {one.name: one.read_bytes() for one in home.heads.iterdir()} == heads
    refused("backup.kept", restore, tmp_path / "b.tar", home.path)
    home.store.unlink()  # as if cut off in the middle of a restore
    restore(tmp_path / "b.tar", home.path)
    assert own(home) == [log]
    assert kept.read_bytes() == newer


def test_a_backup_of_today_closes_nothing(home, tmp_path):
    backup.write(home, tmp_path / "b.tar")
    told = restore(tmp_path / "b.tar", home.path)
    assert (told["heads"], told["closed"]) == (True, [])
    assert asyncio.run(fsck.check(home))["ok"]


@pytest.mark.slow
def test_a_store_is_restored_only_where_it_may_be(home, whole, tmp_path):
    (tmp_path / "b.tar").write_bytes(whole)
    before = home.store.read_bytes()
    with home.lock():
        refused("config.running", restore, tmp_path / "b.tar", home.path)
    for handle in ("bb", "aa"):  # another member, and the same with other keys
        foreign = create(tmp_path / f"foreign-{handle}", InitSettings(handle))
        kept = foreign.store.read_bytes()
        refused("backup.member", restore, tmp_path / "b.tar", foreign.path)
        assert foreign.store.read_bytes() == kept
        assert not list(foreign.path.glob("store.sqlite.*"))
    (tmp_path / "b.tar").write_bytes(whole[:-10240])
    refused("backup.format", restore, tmp_path / "b.tar", home.path)
    shutil.rmtree(home.heads)
    refused("backup.no-heads", restore, tmp_path / "b.tar", home.path)
    assert home.store.read_bytes() == before
    assert not list(home.path.glob("store.sqlite.*"))


# -- doctor -----------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_doctor_tells_the_age_of_the_newest_backup(home, tmp_path):
    def told():
        return next(
            one for one in doctor.examine(home, ConfigError("config.not-running", "")) if one["name"] == "backup"
        )

    assert told()["state"] == "warn"
    made = backup.write(home, tmp_path / "b.tar")
    assert (told()["state"], made["file"] in told()["what"]) == ("ok", True)
    note = home.path / "last-backup.json"
    said = json.loads(note.read_text())
    note.write_text(json.dumps(said | {"made_at_us": said["made_at_us"] - 8 * 86400 * 1_000_000}))
    assert told()["state"] == "warn"
    for broken in ("", "[]", '{"made_at_us": "x"}'):
        note.write_text(broken)
        assert told()["state"] == "warn"


def test_a_proven_restore_is_noted_at_its_node_and_outlives_the_next_backup(home, tmp_path):
    made = backup.write(home, tmp_path / "b.tar")
    found = asyncio.run(backup.check(tmp_path / "b.tar"))
    assert backup.tested(home.path, found)
    noted = backup.noted(home)
    assert noted["tested_made_at"] == made["made_at"]
    assert noted["tested_at_us"] >= noted["made_at_us"]
    backup.write(home, tmp_path / "c.tar")
    assert backup.noted(home)["tested_at_us"] == noted["tested_at_us"]
    assert backup.noted(home)["file"].endswith("c.tar")


def test_what_was_not_proven_or_is_another_members_is_not_noted(home, tmp_path):
    backup.write(home, tmp_path / "b.tar")
    found = asyncio.run(backup.check(tmp_path / "b.tar"))
    assert not backup.tested(home.path, {**found, "ok": False})
    assert not backup.tested(home.path, {**found, "handle": "other"})
    assert not backup.tested(tmp_path / "no-node", found)
    assert "tested_at_us" not in backup.noted(home)


@pytest.mark.slow
def test_a_test_without_a_backup_of_this_folder_is_no_backup(home, tmp_path):
    backup.write(home, tmp_path / "b.tar")
    found = asyncio.run(backup.check(tmp_path / "b.tar"))
    (home.path / "last-backup.json").unlink()
    assert backup.tested(home.path, found)
    told = next(one for one in doctor.examine(home, ConfigError("config.not-running", "")) if one["name"] == "backup")
    assert told["state"] == "warn"
