"""Checkpoint files: whatever a power cut leaves of the newest slot, the one before is there."""

import asyncio

import pytest

from tocsin.backends.system.checkpoints import CheckpointFiles
from tocsin.backends.system.disk import SystemDisk
from tocsin.errors import MEANINGS, StoreError
from tocsin.ports.checkpoints import Held
from tocsin.testing.memorydisk import Fault
from tocsin.testing.powercut import Recorder

SLOT = bytes(range(32))
NAME = SLOT.hex()[:32] + ".head"


def head(size):
    return Held(size, bytes([size]) * 32)


async def filled(store, last):
    held = None
    for size in range(1, last + 1):
        await store.replace(SLOT, held, head(size))
        held = head(size)


@pytest.mark.parametrize("last", [1, 2, 3, 4, 5])
def test_a_torn_slot_leaves_the_one_before(tmp_path, last):
    asyncio.run(filled(CheckpointFiles(SystemDisk(tmp_path), threaded=False), last))
    path = tmp_path / NAME
    whole = path.read_bytes()
    assert len(whole) == 1024
    store = CheckpointFiles(SystemDisk(tmp_path), threaded=False)
    found = set()
    for at in (0, 14, 15, 22, 30, 31, 62, 63, 94):
        for slot in (0, 512):
            torn = bytearray(whole)
            torn[slot + at] ^= 1
            path.write_bytes(torn)
            found.add(asyncio.run(store.load(SLOT)).size)
    assert found == ({1} if last == 1 else {last, last - 1})


def test_neither_half_whole(tmp_path):
    store = CheckpointFiles(SystemDisk(tmp_path), threaded=False)
    for junk in (bytes(1024), b"", b"x" * 600):
        (tmp_path / NAME).write_bytes(junk)
        with pytest.raises(StoreError) as caught:
            asyncio.run(store.load(SLOT))
        assert caught.value.code == "store.checkpoint-file"
        with pytest.raises(StoreError):
            asyncio.run(store.replace(SLOT, None, head(9)))
        assert (tmp_path / NAME).read_bytes() == junk, "never written over"


def test_after_a_torn_write_the_whole_slot_is_kept(tmp_path):
    """The next write must go where the torn one went, never over the only whole one."""
    asyncio.run(filled(CheckpointFiles(SystemDisk(tmp_path), threaded=False), 4))
    path = tmp_path / NAME
    data = bytearray(path.read_bytes())
    newest = 0 if data[22] == 4 else 512
    data[newest + 30] ^= 1
    path.write_bytes(data)

    async def main():
        store = CheckpointFiles(SystemDisk(tmp_path), threaded=False)
        await store.replace(SLOT, head(3), head(5))
        after = path.read_bytes()
        assert after[512 - newest : 1024 - newest] == data[512 - newest : 1024 - newest]
        assert await store.load(SLOT) == head(5)

    asyncio.run(main())


def test_a_power_cut_at_any_point():
    recorder = Recorder(atomic_create=True)

    async def main():
        store = CheckpointFiles(recorder.disk, threaded=False)
        held = None
        for size in range(1, 7):
            await store.replace(SLOT, held, head(size))
            held = head(size)
            recorder.event(size)

    asyncio.run(main())
    count = 0
    for crash in recorder.images(400, seed=3):
        _, disk = crash.restore()
        found = asyncio.run(CheckpointFiles(disk, threaded=False).load(SLOT))
        told = crash.events[-1] if crash.events else 0
        assert (found.size if found else 0) in (told, told + 1)
        count += 1
    assert count > 30


@pytest.mark.parametrize("fault", list(Fault))
def test_an_error_leaves_the_old_or_the_new(fault):
    for operation in range(1, 3):
        recorder = Recorder(record=False)
        asyncio.run(filled(CheckpointFiles(recorder.disk, threaded=False), 3))
        recorder.fail(recorder.operations + operation, fault)
        with pytest.raises(StoreError) as caught:
            asyncio.run(CheckpointFiles(recorder.disk, threaded=False).replace(SLOT, head(3), head(4)))
        assert caught.value.code == "store.disk"
        recorder.mend()
        assert asyncio.run(CheckpointFiles(recorder.disk, threaded=False).load(SLOT)) in (head(3), head(4))


def test_disk_errors_have_a_code(tmp_path):
    disk = SystemDisk(tmp_path / "none")
    for call in (lambda: disk.create("x", b""), lambda: disk.overwrite("x", 0, b""), lambda: disk.sync("x")):
        with pytest.raises(StoreError) as caught:
            call()
        assert caught.value.code == "store.disk"
        assert caught.value.code in MEANINGS
    (tmp_path / "folder").mkdir()
    with pytest.raises(StoreError) as caught:
        SystemDisk(tmp_path).read("folder")
    assert caught.value.code == "store.disk"


def test_a_new_file_is_for_its_owner_only_and_leaves_no_draft(tmp_path):
    (tmp_path / "a.head.new").write_bytes(b"left over by a power cut")
    SystemDisk(tmp_path).create("a.head", b"x")
    assert [one.name for one in tmp_path.iterdir()] == ["a.head"]
    assert (tmp_path / "a.head").stat().st_mode & 0o777 == 0o600
