"""A place where a share waits between being checked and being committed, so that memory stays bounded."""

from collections.abc import Iterator
from typing import Protocol


class Spool(Protocol):
    """First in, first out, readable again and again. Nothing of it survives the process. May raise StoreError."""

    def append(self, record: bytes) -> None:
        """Add one record."""
        ...

    def records(self) -> Iterator[bytes]:
        """All records, in order."""
        ...

    def close(self) -> None:
        """Let go of the space."""
        ...
