"""Browsers on which people want to be told that a warning waits: of whom, at which service, since when."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from tocsin.edge.signin import people
from tocsin.edge.signin.tickets import untext
from tocsin.errors import AccessError
from tocsin.formats import push, strictjson
from tocsin.ports.clock import Clock
from tocsin.ports.database import Database, Reading, Transaction
from tocsin.ports.devices import Device

MOST: Final = 10  # of one person
MAX_NAME: Final = 64


@dataclass(frozen=True, slots=True)
class Listed:
    """What is shown of a device: nothing with which one could push to it."""

    id: str
    person: str  # the account's folded name
    shown: str  # as it is written
    roles: frozenset[str]
    name: str
    service: str
    key: str  # the public key of ours that it was made for
    created: int
    told: int  # 0: never


@dataclass(frozen=True, slots=True)
class Given:
    """What a browser's form says."""

    endpoint: str
    public: str  # base64url
    secret: str
    name: str
    language: str


class Devices:
    """ports.devices, and what people do with their own."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def add(self, person: str, given: Given, services: Sequence[str], key: str) -> None:
        """Keep a browser; the one who said so last has it. Raises AccessError("access.push-service", "access.push-devices")."""
        service = push.service_of(given.endpoint, services)
        public, secret = untext(given.public), untext(given.secret)
        if not service or len(public) != push.KEY_BYTES or public[0] != 4 or len(secret) != push.SECRET_BYTES:
            raise AccessError("access.push-service", "the browser's push service is none that this node may tell")
        id_, now = id_of(given.endpoint), self._clock.now_us()
        name = " ".join(given.name.split())[:MAX_NAME]
        row = (id_, person, name, service, given.endpoint, public, secret, given.language, key, now)
        await self._database.write(lambda tx: _keep(tx, row))

    async def of(self, person: str) -> tuple[Listed, ...]:
        """Those of one person, newest first."""
        return tuple(one for one in await self.all() if one.person == person)

    async def all(self) -> tuple[Listed, ...]:
        """Of everybody, by name, newest first."""
        rows = await self._database.read(
            lambda db: db.query(
                "SELECT d.id, d.person, p.shown, p.roles, d.name, d.service, d.key, d.created, d.told FROM edge_devices d "
                "JOIN edge_people p ON p.name = d.person ORDER BY d.person, d.created DESC, d.id"
            )
        )
        return tuple(map(_listed, rows))

    async def remove(self, id_: str, person: str = "") -> None:
        """Forget one: of that person, or whosever it is."""
        await self._database.write(
            lambda tx: tx.execute("DELETE FROM edge_devices WHERE id = ? AND ? IN ('', person)", (id_, person))
        )

    async def of_roles(self, roles: Collection[str], key: str) -> Sequence[Device]:
        """See ports.devices. Roles are asked for each time: who has lost one is not told."""
        return await self._database.read(lambda db: _of_roles(db, frozenset(roles), key))

    async def told(self, ids: Collection[str]) -> None:
        """See ports.devices."""
        now = self._clock.now_us()
        if ids:
            rows = [(now, one) for one in ids]
            await self._database.write(
                lambda tx: tx.execute_many("UPDATE edge_devices SET told = ? WHERE id = ?", rows)
            )

    async def drop(self, id_: str) -> None:
        """See ports.devices."""
        await self.remove(id_)


def id_of(endpoint: str) -> str:
    """What names a device on pages: the browser can work it out, and nobody can push with it."""
    return sha256(endpoint.encode()).hexdigest()[:32]


def _listed(row: tuple[Any, ...]) -> Listed:
    id_, person, shown, roles, *rest = row
    return Listed(id_, person, shown, frozenset(strictjson.parse(roles.encode())), *rest)


def _keep(tx: Transaction, row: tuple[Any, ...]) -> None:
    id_, person = row[:2]
    held = tx.query("SELECT COUNT(*) FROM edge_devices WHERE person = ? AND id <> ?", (person, id_))[0][0]
    if held >= MOST:
        raise AccessError("access.push-devices", f"one person has at most {MOST} devices; remove one first")
    tx.execute("DELETE FROM edge_devices WHERE id = ?", (id_,))
    tx.execute(
        "INSERT INTO edge_devices (id, person, name, service, endpoint, public, secret, language, key, created, told) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)",
        row,
    )


def _of_roles(reading: Reading, roles: frozenset[str], key: str) -> list[Device]:
    rows = reading.query(
        "SELECT person, id, endpoint, public, secret, language FROM edge_devices WHERE key = ? ORDER BY id", (key,)
    )
    out = []
    for name, *rest in rows:
        person = people.find(reading, "name", name)
        if person is not None and not roles.isdisjoint(person.roles):
            out.append(Device(*rest))
    return out
