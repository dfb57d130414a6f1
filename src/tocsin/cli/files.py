"""Files that a person names: what goes wrong with them is told as any other error."""

import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import IO

from tocsin.errors import ConfigError


def open_file(name: str) -> AbstractContextManager[IO[bytes]]:
    """A file to read from, or stdin for "-". Raises ConfigError("config.file")."""
    if name == "-":
        return nullcontext(sys.stdin.buffer)
    try:
        return Path(name).open("rb")
    except OSError as error:
        raise ConfigError(
            "config.file", f"{name} cannot be read: {(error.strerror or 'no reason given').lower()}"
        ) from error


def read_file(path: Path, most: int) -> bytes:
    """A whole file of at most `most` bytes. Raises ConfigError("config.file")."""
    with open_file(str(path)) as file:
        try:
            data = file.read(most + 1)
        except OSError as error:
            raise ConfigError("config.file", f"{path.name} cannot be read") from error
    if len(data) > most:
        raise ConfigError("config.file", f"{path.name} is larger than {most:,} bytes")
    return data


def write_file(path: Path, data: bytes) -> None:
    """A new file. Raises ConfigError("config.exists", "config.file")."""
    try:
        with path.open("xb") as file:
            file.write(data)
    except FileExistsError as error:
        raise ConfigError("config.exists", f"{path.name} exists already and is not overwritten") from error
    except OSError as error:
        raise ConfigError("config.file", f"{path} cannot be written") from error
