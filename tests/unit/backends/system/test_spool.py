"""The spool file: bounded memory, no name, gone with the process. What it must keep is in testing.contracts."""

from tocsin.backends.system.spool import SpoolFile


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
