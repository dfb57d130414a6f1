"""A spool in an unnamed file: it is gone with the process, whatever ends it."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import ENOSPC
from pathlib import Path
from typing import Final

from tocsin.errors import StoreError

_IN_MEMORY: Final = 1024 * 1024


class SpoolFile:
    """ports.spool over a file that never has a name, and that exists only once the share outgrows a little memory."""

    def __init__(self, folder: Path) -> None:
        with _on_disk():
            # Most shares are small, and then need no file at all.
            self._file = tempfile.SpooledTemporaryFile[bytes](max_size=_IN_MEMORY, dir=str(folder))

    def append(self, record: bytes) -> None:
        """Add one record."""
        with _on_disk():
            self._file.write(len(record).to_bytes(4) + record)

    def records(self) -> Iterator[bytes]:
        """All records, in order."""
        with _on_disk():
            self._file.seek(0)
        while head := self._file.read(4):
            yield self._file.read(int.from_bytes(head))

    def close(self) -> None:
        """Let go of the space."""
        with suppress(OSError):  # what was never written is not missed
            self._file.close()


@contextmanager
def _on_disk() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        code = "store.full" if error.errno == ENOSPC else "store.disk"
        raise StoreError(code, f"the spool of a share failed ({error.strerror})") from error
