"""A spool in memory, for the few objects that the node itself shares."""

from collections.abc import Iterator


class MemorySpool:
    """ports.spool in memory."""

    def __init__(self) -> None:
        self._records: list[bytes] = []

    def append(self, record: bytes) -> None:
        """Add one record."""
        self._records.append(record)

    def records(self) -> Iterator[bytes]:
        """All records."""
        return iter(self._records)

    def close(self) -> None:
        """Forget them."""
        self._records.clear()
