"""Charters: the offline steps between files that members hand to each other, and what the store holds of them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tocsin.backends.sqlite.database import ThreadedDatabase
from tocsin.backends.system.clock import SystemClock
from tocsin.backends.system.entropy import SystemEntropy
from tocsin.errors import ConfigError, PolicyError
from tocsin.exchange.members import charter, comparison, descriptor
from tocsin.exchange.members.charter import Charter
from tocsin.exchange.members.registry import Members
from tocsin.formats import statement
from tocsin.formats.keys import Role
from tocsin.formats.text import instant
from tocsin.formats.tlp import Tlp
from tocsin.node import rotation, upgrade
from tocsin.node.home import Home


def found(home: Home, name: str, descriptors: list[Path], ceiling: str, out: Path) -> dict[str, Any]:
    """Charter version 1 from the founders' descriptors, signed by this node, written to a new file."""
    require_absent(out)
    bodies = []
    for path in descriptors:
        _, signed = descriptor.read(read_note(path))
        bodies.append(signed.body)
    made = charter.found(name, bodies, Tlp.parse(ceiling), SystemClock().now_us())
    return _sign_and_write(home, made, out)


def require_absent(out: Path) -> None:
    """Refuse to overwrite a file. Raises ConfigError("config.exists")."""
    if out.exists():
        raise ConfigError("config.exists", f"{out.name} exists already and is not overwritten")


def sign(home: Home, file: Path, others: list[Path]) -> dict[str, Any]:
    """Add our signature, and those on other copies of the same charter, to the file."""
    signed = charter.read(read_note(file)).signed
    for other in others:
        signed = charter.merged(signed, charter.read(read_note(other)).signed)
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


def merged(files: list[Path]) -> tuple[bytes, str]:
    """Copies of one charter with all their signatures: the note, and the charter's digest."""
    first, *others = [charter.read(read_note(one)) for one in files]
    signed = first.signed
    for other in others:
        signed = charter.merged(signed, other.signed)
    return statement.encode(signed), first.digest.hex()


async def adopt(home: Home, *files: Path) -> dict[str, Any]:
    """Put charters into force, in this order, at this node, which must not be running."""
    with home.lock():
        upgrade.bring_up(home)
        async with _members(home) as members:
            await members.adopt(*map(read_note, files))
            members.promote_keys()
            rotation.settle(home)
            return summary(members.charter)


async def in_force(home: Home) -> dict[str, Any]:
    """The charter this node has adopted, and the next ones that are proposed."""
    async with _members(home) as members:
        current = members.charter
        proposals = [comparison.standing(current, one, members.me) for one in members.proposals()]
        return {**summary(current), "proposals": proposals}


async def difference(home: Home, which: str | None) -> dict[str, Any]:
    """What a charter changes: the one in a file, or the proposal or former version whose digest begins so.

    Compared with the version it follows, if that is known here, else with the one in force. None: the only proposal.
    """
    async with _members(home) as members:
        new = _chosen(members, which)
        history = members.history
        before = next((one for one in history if one.digest == new.previous), history[-1] if history else None)
        told = {"version": new.version, "digest": new.digest.hex(), "changes": comparison.changes(before, new)}
        told["against"] = {"version": before.version, "digest": before.digest.hex()} if before else None
        told["follows"] = before is not None and before.digest == new.previous
        return {**told, "name": new.name, "created": instant(new.created)}


def _chosen(members: Members, which: str | None) -> Charter:
    if which is not None and Path(which).is_file():
        return charter.read(read_note(Path(which)))
    proposed = members.proposals()
    known = proposed if which is None else [*proposed, *members.history]
    found = [one for one in known if one.digest.hex().startswith(which or "")]
    if len(found) != 1:
        what = f"{len(found)} charters fit" if found else f"no file and no charter known here is {which}"
        raise PolicyError("policy.no-proposal", "no charter is proposed" if which is None and not found else what)
    return found[0]


async def history(home: Home, out: Path | None) -> dict[str, Any]:
    """Every charter that was in force here, oldest first, with who voted and what it changed.

    With `out` a note of each, and of each proposal, is written into that folder; no file is overwritten.
    """
    async with _members(home) as members:
        versions: list[dict[str, Any]] = []
        before: Charter | None = None
        for one in members.history:
            told = {"version": one.version, "name": one.name, "created": instant(one.created)}
            told |= {"digest": one.digest.hex(), "members": len(one.members)}
            votes = before.ballot(one).votes if before else one.signers()
            told |= {"votes": sorted(votes), "of": len(before.active if before else one.members)}
            versions.append({**told, "changes": comparison.changes(before, one)})
            before = one
        named = {f"charter-{one.version:04}.note": one for one in members.history}
        named |= {f"proposal-{one.digest.hex()[:12]}.note": one for one in members.proposals()}
        files = [write_note(out / name, one.signed) for name, one in named.items()] if out else []
        return {"versions": versions, "files": files}


async def has_charter(home: Home) -> bool:
    """Whether this node has adopted a charter."""
    async with _members(home) as members:
        return members.has_charter


@asynccontextmanager
async def _members(home: Home) -> AsyncIterator[Members]:
    """The directory of this node as its store has it now; beside a running node, to be read only."""
    database = ThreadedDatabase(str(home.store))
    try:
        members = Members(home.settings().handle, database, home.keyring(), SystemClock(), SystemEntropy())
        await members.load()
        yield members
    finally:
        await database.close()


def proven(paths: list[Path]) -> list[Charter]:
    """The versions of a charter in these files, or in folders as history() writes them, each checked by the one before.

    Raises FormatError, ConfigError("config.file"), PolicyError.
    """
    named = [sorted(one.glob("charter-*.note")) if one.is_dir() else [one] for one in paths]
    files = [one for each in named for one in each]
    if not files:
        raise ConfigError("config.file", f"{paths[0].name} holds no charter-*.note")
    found = sorted(map(charter.read, map(read_note, files)), key=lambda one: one.version)
    return charter.chain(statement.encode(one.signed) for one in found)


def in_file(file: Path) -> dict[str, Any]:
    """The charter in a file, whoever has signed it so far."""
    return summary(charter.read(read_note(file)))


def summary(read: Charter) -> dict[str, Any]:
    """A charter for people and programs to read."""
    signers = read.signers()
    return {
        "name": read.name,
        "version": read.version,
        "created": instant(read.created),
        "digest": read.digest.hex(),
        "plenary_ceiling": read.plenary_ceiling.label,
        "threshold": f"{read.threshold[0]}/{read.threshold[1]}",
        "suspended": sorted(read.suspended),
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


def read_note(path: Path) -> bytes:
    """The bytes of a charter or descriptor file. Raises ConfigError("config.file")."""
    try:
        if path.stat().st_size > statement.MAX_BYTES:
            raise ConfigError("config.file", f"{path.name} is larger than any charter or descriptor")
        return path.read_bytes()
    except OSError as error:
        raise ConfigError("config.file", f"{path.name} cannot be read") from error


def write_note(path: Path, signed: statement.Statement) -> str:
    """A statement in a new file; its path. Raises ConfigError("config.exists", "config.file")."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            file.write(statement.encode(signed))
    except FileExistsError as error:
        raise ConfigError("config.exists", f"{path.name} exists already and is not overwritten") from error
    except OSError as error:
        raise ConfigError("config.file", f"{path} cannot be written") from error
    return str(path)
