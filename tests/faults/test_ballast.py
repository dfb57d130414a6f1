"""A disk that is really full: SQLite cannot even delete, until the ballast is removed."""

import os
import subprocess
from contextlib import closing

import apsw
import pytest

from tocsin.backends.sqlite.database import connect, create_tables
from tocsin.node import ballast
from tocsin.node.home import Home

MIB = 1 << 20


@pytest.fixture
def disk(tmp_path):
    """A file system of 8 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "none", folder], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("only root may mount a small file system")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def fill(path):
    """Take all the room there is."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT)
    with pytest.raises(OSError, match="No space left"):
        while True:
            os.write(handle, bytes(4096))
    os.close(handle)


def test_a_full_disk_can_delete_once_the_ballast_is_gone(disk):
    home = Home(disk)
    ballast.keep(home, MIB)
    assert home.ballast.stat().st_blocks * 512 >= MIB
    with closing(connect(str(home.store), create=True)) as connection:
        create_tables(connection, ("CREATE TABLE t (n INTEGER PRIMARY KEY, c BLOB);",))
        connection.execute(
            "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 100) "
            "INSERT INTO t SELECT n, randomblob(4000) FROM s"
        )
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        fill(disk / "others")
        with pytest.raises((apsw.FullError, apsw.IOError)):
            connection.execute("DELETE FROM t WHERE n > 50")
        ballast.keep(home, 0)
        assert not home.ballast.exists()
        connection.execute("DELETE FROM t WHERE n > 50")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        assert list(connection.execute("SELECT COUNT(*) FROM t")) == [(50,)]
    ballast.keep(home, MIB)
    assert not home.ballast.exists(), "the ballast must not fill the disk"
    (disk / "others").unlink()
    ballast.keep(home, MIB)
    assert home.ballast.stat().st_size == MIB
