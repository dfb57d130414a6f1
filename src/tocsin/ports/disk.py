"""The few bytes that must live outside the database, so that no backup of it brings old ones back."""

from typing import Protocol


class Disk(Protocol):
    """Small named files. Each call may raise StoreError("store.disk"); after an error the outcome is unknown."""

    def read(self, name: str) -> bytes | None:
        """The whole file, or None if there is none."""
        ...

    def create(self, name: str, data: bytes) -> None:
        """Make the file with these bytes, durable with its name on return, whole or absent if power is lost meanwhile.

        It MUST NOT exist yet.
        """
        ...

    def overwrite(self, name: str, offset: int, data: bytes) -> None:
        """Put bytes in place inside an existing file. Not durable until sync(); MAY tear at 512-byte borders."""
        ...

    def sync(self, name: str) -> None:
        """Make what was written durable."""
        ...
