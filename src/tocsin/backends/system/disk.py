"""Small files on a real disk, with the fsyncs that make them durable."""

import os
from pathlib import Path

from tocsin.errors import StoreError


class SystemDisk:
    """ports.disk over a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._handles: dict[str, int] = {}

    def read(self, name: str) -> bytes | None:
        """The whole file, or None."""
        try:
            handle = self._open(name)
            return os.pread(handle, os.fstat(handle).st_size, 0)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _failed(name, error) from error

    def create(self, name: str, data: bytes) -> None:
        """A new durable file: whole before it gets its name, so that a power cut leaves it whole or absent."""
        draft = self._folder / f"{name}.new"
        try:
            draft.unlink(missing_ok=True)
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                os.write(handle, data)
                os.fsync(handle)
            finally:
                os.close(handle)
            os.link(draft, self._folder / name)  # unlike a rename it refuses when the name is taken
            draft.unlink()
            self._sync_folder()
        except OSError as error:
            raise _failed(name, error) from error

    def overwrite(self, name: str, offset: int, data: bytes) -> None:
        """Bytes in place."""
        try:
            os.pwrite(self._open(name), data, offset)
        except OSError as error:
            raise _failed(name, error) from error

    def sync(self, name: str) -> None:
        """Durable from here on (fdatasync)."""
        try:
            os.fdatasync(self._open(name))
        except OSError as error:
            raise _failed(name, error) from error

    def close(self) -> None:
        """Let go of the files."""
        while self._handles:
            os.close(self._handles.popitem()[1])

    def _open(self, name: str) -> int:
        # Kept open: a checkpoint file is written with every commit.
        if name not in self._handles:
            self._handles[name] = os.open(self._folder / name, os.O_RDWR)
        return self._handles[name]

    def _sync_folder(self) -> None:
        handle = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _failed(name: str, error: OSError) -> StoreError:
    return StoreError("store.disk", f"the file {name} failed ({error.strerror})")
