"""Founding: the offline steps between files that members hand to each other."""

from pathlib import Path
from typing import Any

from tocsin.backends.sqlite.database import ThreadedDatabase
from tocsin.backends.system.clock import SystemClock
from tocsin.backends.system.entropy import SystemEntropy
from tocsin.errors import ConfigError, PolicyError
from tocsin.exchange.members import charter, descriptor
from tocsin.exchange.members.charter import Charter
from tocsin.exchange.members.registry import Members
from tocsin.formats import statement
from tocsin.formats.keys import Role
from tocsin.formats.text import instant
from tocsin.formats.tlp import Tlp
from tocsin.node import upgrade
from tocsin.node.home import Home


def found(home: Home, name: str, descriptors: list[Path], ceiling: str, out: Path) -> dict[str, Any]:
    """Charter version 1 from the founders' descriptors, signed by this node, written to a new file."""
    if out.exists():
        raise ConfigError("config.exists", f"{out.name} exists already and is not overwritten")
    bodies = []
    for path in descriptors:
        _, signed = descriptor.read(_bytes(path))
        bodies.append(signed.body)
    made = charter.found(name, bodies, Tlp.parse(ceiling), SystemClock().now_us())
    return _sign_and_write(home, made, out)


def sign(home: Home, file: Path, others: list[Path]) -> dict[str, Any]:
    """Add our signature, and those on other copies of the same charter, to the file."""
    signed = charter.read(_bytes(file)).signed
    for other in others:
        signed = charter.merged(signed, charter.read(_bytes(other)).signed)
    return _sign_and_write(home, signed, file)


def _sign_and_write(home: Home, signed: statement.Statement, out: Path) -> dict[str, Any]:
    me = home.settings().handle
    read = charter.of(signed)
    keys = home.keyring()
    mine = read.members.get(me)
    if mine is None or mine.keys[Role.GOVERNANCE].raw != keys.signing(Role.GOVERNANCE).public.raw:
        raise PolicyError("policy.charter-foreign", f"the charter does not list {me} with the key of this node")
    if me not in read.signers():
        signed = descriptor.sign(signed, me, keys)
    out.write_bytes(statement.encode(signed))
    return summary(charter.of(signed))


async def adopt(home: Home, file: Path) -> dict[str, Any]:
    """Put a charter into force at this node, which must not be running."""
    with home.lock():
        upgrade.bring_up(home)
        database = ThreadedDatabase(str(home.store))
        try:
            members = Members(home.settings().handle, database, home.keyring(), SystemClock(), SystemEntropy())
            await members.load()
            return summary(await members.adopt(_bytes(file)))
        finally:
            await database.close()


async def in_force(home: Home) -> dict[str, Any]:
    """The charter this node has adopted."""
    database = ThreadedDatabase(str(home.store))
    try:
        members = Members(home.settings().handle, database, home.keyring(), SystemClock(), SystemEntropy())
        await members.load()
        return summary(members.charter)
    finally:
        await database.close()


def in_file(file: Path) -> dict[str, Any]:
    """The charter in a file, whoever has signed it so far."""
    return summary(charter.read(_bytes(file)))


def summary(read: Charter) -> dict[str, Any]:
    """A charter for people and programs to read."""
    signers = read.signers()
    return {
        "name": read.name,
        "version": read.version,
        "created": instant(read.created),
        "digest": read.digest.hex(),
        "plenary_ceiling": read.plenary_ceiling.label,
        "complete": signers == read.members.keys(),
        "members": [
            {
                "handle": one.handle,
                "name": one.name,
                "kind": one.kind,
                "countries": list(one.countries),
                "blocs": list(one.blocs),
                "endpoint": one.endpoint,
                "fingerprint": one.fingerprint,
                "signed": one.handle in signers,
            }
            for one in read.members.values()
        ],
    }


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > statement.MAX_BYTES:
            raise ConfigError("config.file", f"{path.name} is larger than any charter or descriptor")
        return path.read_bytes()
    except OSError as error:
        raise ConfigError("config.file", f"{path.name} cannot be read") from error
