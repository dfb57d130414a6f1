"""Files that a person names: what goes wrong with them is told as any other error."""

import os
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import IO

from tocsin.errors import ConfigError


def read_file(path: Path, *, at_most: int | None = None) -> bytes:
    """What is in the file, or its beginning. Raises ConfigError("config.no-file")."""
    try:
        with path.open("rb") as file:
            return file.read(at_most)
    except OSError as error:
        raise ConfigError("config.no-file", f"{path} cannot be read: {_reason(error)}") from error


def write_file(path: Path, data: bytes, *, replace: bool) -> None:
    """Write a whole file or nothing. Raises ConfigError("config.file-exists", "config.no-file")."""
    if path.exists() and not replace:
        raise ConfigError("config.file-exists", f"{path} exists already; nothing was changed")
    beside = path.with_name(path.name + ".new")
    try:
        beside.write_bytes(data)
        beside.replace(path)
    except OSError as error:
        raise ConfigError("config.no-file", f"{path} cannot be written: {_reason(error)}") from error


def _reason(error: OSError) -> str:
    return (error.strerror or os.strerror(error.errno or 0)).lower()


def open_file(name: str) -> AbstractContextManager[IO[bytes]]:
    """A file to read from, or stdin for "-". Raises ConfigError("config.no-file")."""
    if name == "-":
        return nullcontext(sys.stdin.buffer)
    try:
        return Path(name).open("rb")
    except OSError as error:
        raise ConfigError("config.no-file", f"{name} cannot be read: {_reason(error)}") from error
