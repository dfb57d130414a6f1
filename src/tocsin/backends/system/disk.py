"""Small files on a real disk, with the fsyncs that make them durable."""

import os
from pathlib import Path

from tocsin.errors import StoreError


class SystemDisk:
    """ports.disk over a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, name: str) -> bytes | None:
        """The whole file, or None."""
        try:
            return (self._folder / name).read_bytes()
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
            handle = os.open(self._folder / name, os.O_WRONLY)
            try:
                os.pwrite(handle, data, offset)
            finally:
                os.close(handle)
        except OSError as error:
            raise _failed(name, error) from error

    def sync(self, name: str) -> None:
        """Fdatasync."""
        try:
            handle = os.open(self._folder / name, os.O_WRONLY)
            try:
                os.fdatasync(handle)
            finally:
                os.close(handle)
        except OSError as error:
            raise _failed(name, error) from error

    def _sync_folder(self) -> None:
        handle = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _failed(name: str, error: OSError) -> StoreError:
    return StoreError("store.disk", f"the file {name} failed ({error.strerror})")
