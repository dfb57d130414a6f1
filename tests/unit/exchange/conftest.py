"""What the tests of the exchange share: fixed members, a store in memory, a federation, objects to share."""

import asyncio
import json
from base64 import b64encode
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from tocsin.backends.sqlite.database import InlineDatabase
from tocsin.errors import MEANINGS, TocsinError
from tocsin.exchange.members import charter, descriptor
from tocsin.exchange.members.registry import Members
from tocsin.formats import statement
from tocsin.formats.keys import Role
from tocsin.formats.tlp import Tlp, marking_id
from tocsin.testing.chance import SeededEntropy
from tocsin.testing.federation import Federation, Keys
from tocsin.testing.stores import in_memory
from tocsin.testing.virtualtime import VirtualClock, run


@contextmanager
def _refused(code, kind=TocsinError):
    """The block raises exactly this refusal."""
    with pytest.raises(kind) as caught:
        yield caught
    assert caught.value.code == code
    assert code in MEANINGS


@pytest.fixture
def refused():
    return _refused


def _database():
    connection = in_memory()
    return InlineDatabase(connection)


@pytest.fixture
def database():
    return _database()


@pytest.fixture
def new_database():
    return _database


class Town:
    """Members with fixed keys, their descriptors and a charter all have signed. Member `me` of it may be made."""

    def __init__(self, *handles, ceiling=Tlp.GREEN):
        self.keys = {handle: Keys(SeededEntropy(handle.encode())) for handle in handles}
        self.unsigned = charter.found("town", [self.body(one) for one in handles], ceiling, 1)
        self.signed = self.unsigned
        for handle in handles:
            self.signed = descriptor.sign(self.signed, handle, self.keys[handle])
        self.note = statement.encode(self.signed)
        self.charter = charter.read(self.note)

    def body(self, handle, **other):
        keys = self.keys[handle]
        public = {role.value: b64encode(keys.public(role)).decode() for role in Role}
        return {
            "handle": handle,
            "name": handle.upper(),
            "kind": "state-service",
            "identity": "identity--00000000-0000-4000-8000-000000000000",
            "countries": ["MA"],
            "blocs": ["AU"],
            "constituency": {"cidr": ["198.51.100.0/24"], "domains": ["example.org"]},
            "endpoints": {"peer": f"{handle}:1"},
            "keys": public,
            "created": 5,
            **other,
        }

    def descriptor(self, handle, signer=None, **other):
        made = statement.compose(statement.MEMBER, self.body(handle, **other))
        return statement.encode(descriptor.sign(made, handle, self.keys[signer or handle]))

    def log_key(self, handle):
        return self.keys[handle].signing(Role.LOG)

    async def members(self, me, database=None):
        loop = asyncio.get_running_loop()
        made = Members(
            me, database or _database(), self.keys[me], VirtualClock(loop), SeededEntropy(b"entropy of " + me.encode())
        )
        await made.load()
        if not made.has_charter:
            await made.adopt(self.note)
        return made


@pytest.fixture(scope="session")
def new_town():
    return Town


@pytest.fixture(scope="session")
def town():
    return Town("aa", "bb", "cc")


@pytest.fixture
def played():
    """Play a story with a founded federation; gives what the story gives."""

    def play(story, handles=("aa", "bb"), *, ceiling=Tlp.GREEN, seed=1, **network):
        async def main():
            federation = Federation(asyncio.get_running_loop(), handles, seed, **network)
            await federation.found(ceiling)
            try:
                return await story(federation)
            finally:
                await federation.stop()

        return run(main)

    return play


def _object(number=1, *, mark=None, day=1, kind="identity", **properties):
    moment = f"2026-01-{day:02}T00:00:00.000Z"
    value = {
        "type": kind,
        "spec_version": "2.1",
        "id": f"{kind}--{number:08x}-0000-4000-8000-000000000000",
        "created": "2026-01-01T00:00:00.000Z",
        "modified": moment,
        "name": f"object {number}",
        **properties,
    }
    if mark is not None:
        value["object_marking_refs"] = [marking_id(mark) if isinstance(mark, Tlp) else mark]
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _relationship(source, target, number=9, **more):
    value = json.loads(_object(number, kind="relationship", **more))
    del value["name"]
    ends = {"relationship_type": "related-to", "source_ref": _id(source), "target_ref": _id(target)}
    return json.dumps(value | ends).encode()


def _definition(number=1, statement="Copyright", **more):
    value = {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": f"marking-definition--{number:08x}-0000-4000-8000-000000000000",
        "created": "2026-01-01T00:00:00.000Z",
        "definition_type": "statement",
        "definition": {"statement": statement},
        **more,
    }
    return json.dumps(value).encode()


def _id(content):
    return json.loads(content)["id"]


@pytest.fixture(scope="session")
def stix():
    """Objects of STIX: object(number, mark=, day=), relationship(a, b), definition(number), id(bytes)."""
    return SimpleNamespace(object=_object, relationship=_relationship, definition=_definition, id=_id)
