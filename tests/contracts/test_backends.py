"""Every backend of the house keeps its contract; and a backend that does not is caught by it."""

import asyncio
from collections.abc import Iterator

import pytest

from tocsin.backends.sqlite.database import InlineDatabase, ThreadedDatabase, connect, create_tables
from tocsin.backends.sqlite.writer import ThreadWriter
from tocsin.backends.system.checkpoints import CheckpointFiles
from tocsin.backends.system.disk import SystemDisk
from tocsin.backends.system.spool import SpoolFile
from tocsin.errors import StoreError
from tocsin.ports.checkpoints import Held
from tocsin.testing.contracts import check_checkpoint_store, check_database, check_disk, check_spool
from tocsin.testing.federation import MemorySpool
from tocsin.testing.powercut import Recorder


@pytest.fixture
def path(tmp_path):
    path = str(tmp_path / "store.sqlite")
    connection = connect(path, create=True)
    create_tables(connection, ())
    connection.close()
    return path


def test_threaded_database(path):
    asyncio.run(check_database(lambda: ThreadedDatabase(path)))


def test_inline_database(path):
    asyncio.run(check_database(lambda: InlineDatabase(connect(path))))


def test_inline_database_in_memory():
    asyncio.run(check_database(lambda: InlineDatabase(connect(":memory:")), reopens=False))


def test_database_on_the_disk_that_can_lose_power():
    recorder = Recorder()
    asyncio.run(
        check_database(lambda: InlineDatabase(connect("/x", vfs=recorder.vfs_name, exclusive=True, create=True)))
    )


@pytest.mark.parametrize("threaded", [False, True])
def test_checkpoint_files(tmp_path, threaded):
    asyncio.run(check_checkpoint_store(lambda: CheckpointFiles(SystemDisk(tmp_path), threaded=threaded)))


def test_checkpoint_files_on_the_disk_that_can_lose_power():
    recorder = Recorder()
    asyncio.run(check_checkpoint_store(lambda: CheckpointFiles(recorder.disk, threaded=False)))


def test_system_disk(tmp_path):
    check_disk(lambda: SystemDisk(tmp_path))


@pytest.mark.parametrize("atomic", [False, True])
def test_recorded_disk(atomic):
    recorder = Recorder(atomic_create=atomic)
    check_disk(lambda: recorder.disk)


def test_spool_file(tmp_path):
    check_spool(lambda: SpoolFile(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_memory_spool():
    check_spool(MemorySpool)


class Forgetful(MemorySpool):
    def records(self) -> Iterator[bytes]:
        while self._records:
            yield self._records.pop(0)


class Heads:
    """A store that keeps no contract: the swap is not compared, or smaller sizes are taken, or logs share one place."""

    def __init__(self, fault):
        self.fault = fault
        self.held = {}

    async def load(self, slot):
        return self.held.get(b"" if self.fault == "shared" else slot)

    async def replace(self, slot, held, new):
        now = await self.load(slot)
        if self.fault != "blind" and now != held:
            raise StoreError("store.conflict", "another head")
        if self.fault != "shrinks" and now is not None and new.size < now.size:
            raise StoreError("store.conflict" if self.fault != "code" else "store.disk", "smaller")
        self.held[b"" if self.fault == "shared" else slot] = new


@pytest.mark.parametrize("fault", ["blind", "shrinks", "shared", "code"])
def test_a_checkpoint_store_that_does_not_keep_it_is_caught(fault):
    broken = Heads(fault)
    with pytest.raises(AssertionError):
        asyncio.run(check_checkpoint_store(lambda: broken))
    whole = Heads(None)
    asyncio.run(check_checkpoint_store(lambda: whole))
    assert whole.held[bytes(range(32))] == Held(7, bytes([7]) * 32)


def test_a_spool_that_can_be_read_once_is_caught():
    with pytest.raises(AssertionError):
        check_spool(Forgetful)


class Loose(InlineDatabase):
    """Commits each unit, and keeps what a failing one had done."""

    async def write(self, work):
        from tocsin.backends.sqlite.writer import Handle

        return work(Handle(self._connection))


def test_a_database_that_keeps_half_a_unit_is_caught():
    with pytest.raises(AssertionError):
        asyncio.run(check_database(lambda: Loose(connect(":memory:")), reopens=False))


def test_the_writers_thread_ends_with_close(path):
    async def main():
        writer = ThreadWriter(connect(path))
        assert writer._thread.is_alive()
        await writer.close()
        return writer._thread.is_alive()

    assert asyncio.run(main()) is False
