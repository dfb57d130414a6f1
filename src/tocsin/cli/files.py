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
