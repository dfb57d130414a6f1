"""A node that lost everything but its keys: a new folder whose own logs stay closed until its peers have told."""

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfile
from typing import Any

from tocsin.backends.sqlite.database import ThreadedDatabase
from tocsin.backends.system.checkpoints import CheckpointFiles
from tocsin.backends.system.clock import SystemClock
from tocsin.backends.system.disk import SystemDisk
from tocsin.backends.system.entropy import SystemEntropy
from tocsin.backends.system.keyring import NEXT
from tocsin.errors import ConfigError
from tocsin.exchange.members import descriptor
from tocsin.exchange.members.registry import Members
from tocsin.formats import statement
from tocsin.node import archive, ceremony, config
from tocsin.node.home import Home
from tocsin.node.making import make_folders, make_store
from tocsin.ports.checkpoints import UNKNOWN, CheckpointStore


@dataclass(frozen=True, slots=True)
class Left:
    """What there still is: the folder of key files, and every version of the charter from the first on, in any order."""

    keys: Path
    charters: tuple[Path, ...]


async def rejoin(path: Path, settings: config.Settings, left: Left) -> dict[str, Any]:
    """Make the node. Raises ConfigError("config.exists", "config.key-missing", "config.file"), PolicyError."""
    home = Home(path)
    make_folders(home)
    home.keys.mkdir(mode=0o700)
    for name in archive.KEYS:
        _copy(left.keys / Path(name).name, home.path / name)
        if (left.keys / f"{Path(name).name}{NEXT}").exists():
            _copy(left.keys / f"{Path(name).name}{NEXT}", home.path / f"{name}{NEXT}")
    make_store(home)
    database = ThreadedDatabase(str(home.store))
    try:
        members = Members(settings.handle, database, home.keyring(), SystemClock(), SystemEntropy())
        await members.load()
        adopted = await members.adopt(*(ceremony.read_note(one) for one in left.charters))
        members.promote_keys()
        with closing(SystemDisk(home.heads)) as disk:
            closed = await close_logs(members, CheckpointFiles(disk, threaded=False))
        _describe(home, members)
    finally:
        await database.close()
    # Written last: a folder without it is not a node yet.
    config.write(home.config_file, settings)
    return {"home": str(path), "handle": settings.handle, "version": adopted.version, "closed": closed}


async def close_logs(members: Members, heads: CheckpointStore) -> int:
    """Nobody here knows what was signed in the logs that the charter gives us: they open when all others were heard.

    Those of other channels are closed as their statements come back with our signature on them.
    """
    slots = [slot for one in members.generations() for slot in (one.slots[members.me], one.urgent[members.me])]
    for slot in slots:
        await heads.replace(slot, None, UNKNOWN)
    return len(slots)


def _copy(source: Path, to: Path) -> None:
    try:
        copyfile(source, to)
        to.chmod(0o600)
    except FileNotFoundError as error:
        if source.name != "governance.key":  # it may be kept elsewhere, or be what was lost
            raise ConfigError("config.key-missing", f"the key file {source.name} is missing") from error
    except OSError as error:
        raise ConfigError("config.file", f"the key file {source.name} cannot be copied") from error


def _describe(home: Home, members: Members) -> None:
    body = next(one for one in members.charter.signed.body["members"] if one["handle"] == members.me)
    made = statement.compose(statement.MEMBER, body)
    if (home.keys / "governance.key").exists():
        home.descriptor.write_bytes(statement.encode(descriptor.sign(made, members.me, members.keyring)))
