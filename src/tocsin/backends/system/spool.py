"""A spool in an unnamed file: it is gone with the process, whatever ends it."""

import tempfile
from collections.abc import Iterator
from pathlib import Path


class SpoolFile:
    """ports.spool over a file that never has a name."""

    def __init__(self, folder: Path) -> None:
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - close() ends it

    def append(self, record: bytes) -> None:
        """Add one record."""
        self._file.write(len(record).to_bytes(4) + record)

    def records(self) -> Iterator[bytes]:
        """All records, in order."""
        self._file.seek(0)
        while head := self._file.read(4):
            yield self._file.read(int.from_bytes(head))

    def close(self) -> None:
        """Let go of the space."""
        self._file.close()
