"""New keys for a node's roles: staged beside the present ones, described, current once a charter names them."""

import os
from base64 import b64encode
from collections.abc import Iterable
from typing import Any

from tocsin.backends.sqlite.database import ThreadedDatabase
from tocsin.backends.system.clock import SystemClock
from tocsin.backends.system.entropy import SystemEntropy
from tocsin.backends.system.keyring import stage_keys
from tocsin.errors import ConfigError
from tocsin.exchange.members import descriptor
from tocsin.exchange.members.charter import Charter
from tocsin.exchange.members.registry import Members
from tocsin.formats import note, statement
from tocsin.formats.keys import Role, key_name
from tocsin.formats.text import instant
from tocsin.node.home import Home


async def rotate(home: Home, roles: Iterable[Role]) -> dict[str, Any]:
    """A new key for each role, and the descriptor that names it, beside what is current; nothing else changes.

    Raises ConfigError("config.keys-staged", "config.key-missing").
    """
    me, chosen = home.settings().handle, list(roles)
    charter = await _in_force(home)
    stage_keys(home.keys, chosen, me, SystemEntropy(), SystemClock().now())
    describe_next(home, charter)
    return {"staged": [str(role) for role in chosen], "descriptor": str(home.descriptor_next)}


def describe_next(home: Home, charter: Charter | None) -> None:
    """Write descriptor.next.note: what the charter says of us, with the keys that wait."""
    keys, me = home.keyring(), home.settings().handle
    body = next((one for one in charter.signed.body["members"] if one["handle"] == me), None) if charter else None
    if body is None:
        body = descriptor.read(home.descriptor.read_bytes())[1].body
    public = {**body["keys"]}
    for role in Role:
        waiting = keys.staged(role)
        if waiting is not None:
            public[role.value] = b64encode(waiting).decode()
    made = statement.compose(statement.MEMBER, {**body, "keys": public, "created": SystemClock().now_us()})
    if keys.staged(Role.GOVERNANCE) is not None:
        mark = note.sign(made.note.text, key_name(me, Role.GOVERNANCE), keys.waiting())
        made = made._replace(note=note.add(made.note, mark))
    if keys.current(Role.GOVERNANCE) is not None:
        made = descriptor.sign(made, me, keys)
    if not made.note.signatures:
        raise ConfigError("config.key-missing", "there is no governance key here to sign the descriptor with")
    draft = home.descriptor_next.with_name(home.descriptor_next.name + ".new")
    with draft.open("wb") as file:
        file.write(statement.encode(made))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(home.descriptor_next)


def settle(home: Home) -> None:
    """Once its keys are current the descriptor that was proposed is ours. At start, and when keys were promoted."""
    if not home.descriptor_next.exists():
        return
    described, _ = descriptor.read(home.descriptor_next.read_bytes())
    keys = home.keyring()
    if all(keys.current(role) == key for role, key in described.public.items()):
        home.descriptor_next.replace(home.descriptor)


async def show(home: Home) -> dict[str, Any]:
    """Every role: fingerprint, since when, whether the charter in force names it, and what waits."""
    charter, keys, me = await _in_force(home), home.keyring(), home.settings().handle
    named = charter.members.get(me) if charter else None
    listed = []
    for role in Role:
        current, waiting, made = keys.current(role), keys.staged(role), keys.made(role)
        says = None if named is None else named.public[role]
        listed.append(
            {
                "role": str(role),
                "fingerprint": descriptor.fingerprint(current) if current else None,
                "made": instant(int(made.timestamp() * 1e6)) if made else None,
                "charter": "none" if says is None else "current" if says == current else _otherwise(says, waiting),
                "waiting": descriptor.fingerprint(waiting) if waiting else None,
            }
        )
    return {"handle": me, "version": charter.version if charter else None, "keys": listed}


def _otherwise(named: bytes, waiting: bytes | None) -> str:
    return "waiting" if named == waiting else "another"


async def _in_force(home: Home) -> Charter | None:
    database = ThreadedDatabase(str(home.store))
    try:
        members = Members(home.settings().handle, database, home.keyring(), SystemClock(), SystemEntropy())
        await members.load()
        return members.charter if members.has_charter else None
    finally:
        await database.close()
