"""A file that only takes room. On a full disk SQLite cannot even delete: it needs room for its log first."""

import os
import shutil
from typing import Final

from tocsin.node.home import Home

_TIMES: Final = 4  # made only while so many times its size are free: it must not fill the disk itself


def keep(home: Home, size: int) -> None:
    """Have a ballast of `size` bytes if there is room for it; 0 removes it. Never fails: doctor tells when it is missing."""
    try:
        have = home.ballast.stat().st_size if home.ballast.exists() else 0
        if have == size:
            return
        home.ballast.unlink(missing_ok=True)
        if size and shutil.disk_usage(home.path).free >= _TIMES * size:
            _make(home, size)
    except OSError:
        return


def _make(home: Home, size: int) -> None:
    handle = os.open(home.ballast, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.posix_fallocate(handle, 0, size)
    except OSError:
        home.ballast.unlink()
        raise
    finally:
        os.close(handle)
