"""The spool file: bounded memory, no name, gone with the process. What it must keep is in testing.contracts."""

from pathlib import Path

import pytest

from tocsin.backends.system.spool import SpoolFile
from tocsin.errors import StoreError


def test_it_never_has_a_name(tmp_path):
    spool = SpoolFile(tmp_path)
    spool.append(b"one")
    assert list(tmp_path.iterdir()) == []
    assert list(spool.records()) == [b"one"]
    spool.close()


def test_a_record_is_read_when_it_is_asked_for(tmp_path):
    spool = SpoolFile(tmp_path)
    for number in range(5):
        spool.append(bytes([number]) * 10_000)
    records = spool.records()
    assert next(records)[0] == 0
    assert spool._file.tell() < 30_000
    assert [one[0] for one in records] == [1, 2, 3, 4]
    spool.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_a_full_disk_is_told_as_one(tmp_path):
    spool = SpoolFile(tmp_path)
    spool.close()
    spool._file = Path("/dev/full").open("r+b")  # noqa: SIM115 - the spool closes it
    with pytest.raises(StoreError) as found:
        spool.append(bytes(100_000))
    assert found.value.code == "store.full"
    spool.append(b"waits in the buffer until it is read")
    with pytest.raises(StoreError):
        next(spool.records())
    spool.close()


def test_a_folder_that_is_gone_is_told(tmp_path):
    spool = SpoolFile(tmp_path / "gone")
    spool.append(b"small: no file is needed")
    with pytest.raises(StoreError) as found:
        spool.append(bytes(2 * 1024 * 1024))
    assert found.value.code == "store.disk"
    spool.close()
