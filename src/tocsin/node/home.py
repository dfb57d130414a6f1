"""A node's folder: what is where in it. Light: every command opens one, and few want more than its socket."""

from __future__ import annotations

import fcntl
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from tocsin.errors import AccessError, ConfigError

if TYPE_CHECKING:
    from tocsin.backends.system.keyring import KeyFiles
    from tocsin.node.config import Settings


@dataclass(frozen=True, slots=True)
class Home:
    """Where a node keeps what."""

    path: Path

    @property
    def config_file(self) -> Path:
        """Settings."""
        return self.path / "tocsin.toml"

    @property
    def keys(self) -> Path:
        """Private keys."""
        return self.path / "keys"

    @property
    def store(self) -> Path:
        """The database."""
        return self.path / "store.sqlite"

    @property
    def heads(self) -> Path:
        """The checkpoint files. Never restored from a backup."""
        return self.path / "heads"

    @property
    def ballast(self) -> Path:
        """A file that only takes room: to be removed when the disk is full."""
        return self.path / "ballast"

    @property
    def descriptor(self) -> Path:
        """Our self-signed member descriptor, to be given to the founders."""
        return self.path / "descriptor.note"

    @property
    def descriptor_next(self) -> Path:
        """The one with the keys that wait, to be proposed to the other members."""
        return self.path / "descriptor.next.note"

    @property
    def run(self) -> Path:
        """What exists only while the node runs."""
        return self.path / "run"

    @property
    def socket(self) -> Path:
        """The local control socket."""
        return self.run / "control.sock"

    def settings(self) -> Settings:
        """The settings file, read."""
        from tocsin.node import config

        return config.read(self.config_file)

    def keyring(self) -> KeyFiles:
        """The private keys."""
        from tocsin.backends.system.keyring import KeyFiles

        return KeyFiles(self.keys)

    def lock(self) -> IO[bytes]:
        """Hold the folder for one process. Raises ConfigError("config.running")."""
        self.run.mkdir(mode=0o700, exist_ok=True)  # a restored backup need not hold it
        file = (self.run / "lock").open("wb")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.close()
            raise ConfigError("config.running", f"a node runs already in {self.path}") from error
        return file


def open_home(path: Path) -> Home:
    """An existing node. Raises ConfigError("config.no-home"), AccessError("access.socket")."""
    home = Home(path)
    try:
        found = home.config_file.is_file()
    except PermissionError as error:
        raise AccessError("access.socket", f"this user may not look into {path}") from error
    if not found:
        raise ConfigError("config.no-home", f"there is no node in {path}")
    return home
