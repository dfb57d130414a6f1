"""The people of this node: their accounts, roles and keys, and the one-time links that let them in."""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

import orjson

from tocsin.edge.signin import names, roles
from tocsin.edge.signin.roles import Role
from tocsin.edge.signin.tickets import text
from tocsin.errors import AccessError, ConfigError
from tocsin.formats import strictjson
from tocsin.ports.clock import Clock
from tocsin.ports.database import Database, Reading, Transaction
from tocsin.ports.entropy import Entropy

LINK_S: Final = 24 * 3600
_BYTES: Final = 32
_COLUMNS: Final = "name, shown, roles, subject, password, totp, step, language, theme, created, seen"


@dataclass(frozen=True, slots=True)
class Person:
    """An account. `password` and `totp` are empty for who comes by passkey or by OpenID Connect only."""

    name: str
    shown: str
    roles: frozenset[Role]
    subject: str
    password: str
    totp: str
    step: int
    language: str
    theme: str
    created: int
    seen: int


@dataclass(frozen=True, slots=True)
class Passkey:
    """A public key of an authenticator."""

    id: bytes
    person: str
    key: bytes
    count: int
    created: int


class People:
    """All accounts of one node. Names are folded here, so that callers may pass what was typed."""

    def __init__(self, database: Database, clock: Clock, entropy: Entropy) -> None:
        self._database = database
        self._clock = clock
        self._entropy = entropy

    async def add(self, name: str, wanted: Iterable[str], subject: str = "") -> str:
        """Open an account; the token of its one-time link.

        Raises ConfigError("config.person-name", "config.role", "config.person-exists").
        """
        shown, granted = names.check(name), roles.parse(wanted)
        token, row = self._link(shown)
        now = self._clock.now_us()
        await self._database.write(lambda tx: _insert(tx, shown, granted, subject, now, row))
        return token

    async def reset(self, name: str) -> str:
        """Take away password, second factor, passkeys, sessions and devices; the token of a new one-time link.

        Raises ConfigError("config.unknown-person").
        """
        token, row = self._link(name)
        await self._database.write(lambda tx: _reset(tx, names.fold(name), row))
        return token

    async def set_roles(self, name: str, wanted: Iterable[str]) -> None:
        """Give other roles, at once in force. Raises ConfigError("config.role", "config.last-administrator", ...)."""
        granted = roles.parse(wanted)
        await self._database.write(lambda tx: _set_roles(tx, names.fold(name), granted))

    async def remove(self, name: str) -> None:
        """Close an account and its sessions. Raises ConfigError("config.unknown-person", "config.last-administrator")."""
        await self._database.write(lambda tx: _remove(tx, names.fold(name)))

    async def list(self) -> tuple[Person, ...]:
        """All by name."""
        rows = await self._database.read(
            lambda db: db.query(f"SELECT {_COLUMNS} FROM edge_people ORDER BY name")  # noqa: S608 - constants only
        )
        return tuple(_person(row) for row in rows)

    async def find(self, name: str) -> Person | None:
        """The account of a name."""
        return await self._database.read(lambda db: find(db, "name", names.fold(name)))

    async def of_subject(self, subject: str) -> Person | None:
        """The account of who comes from the OpenID Connect provider under this subject."""
        return await self._database.read(lambda db: find(db, "subject", subject)) if subject else None

    async def invited(self, token: str) -> Person | None:
        """Whose one-time link this is, while it is good. Looking uses nothing up."""
        now, digest = self._clock.now_us(), _digest(token)
        return await self._database.read(lambda db: _invited(db, digest, now))

    async def enroll(self, token: str, password: str, totp: str, step: int) -> str:
        """Use a one-time link up: password (its hash) and second factor count from now on. The name.

        Raises AccessError("access.link").
        """
        now, digest = self._clock.now_us(), _digest(token)
        return await self._database.write(lambda tx: _enroll(tx, digest, now, (password, totp, step)))

    async def enroll_passkey(self, token: str, key: Passkey) -> str:
        """The same with a passkey and no password."""
        now, digest = self._clock.now_us(), _digest(token)
        return await self._database.write(lambda tx: _enroll_passkey(tx, digest, now, key))

    async def used(self, name: str, step: int) -> bool:
        """Note a sign-in by a code; False if the code's time step was used meanwhile."""
        now = self._clock.now_us()
        return await self._database.write(lambda tx: _used(tx, name, step, now))

    async def prefer(self, name: str, language: str, theme: str) -> None:
        """What somebody wants to see."""
        await self._database.write(
            lambda tx: tx.execute(
                "UPDATE edge_people SET language = ?, theme = ? WHERE name = ?", (language, theme, name)
            )
        )

    # -- passkeys -------------------------------------------------------------------------------------------------

    async def passkeys(self, name: str) -> tuple[Passkey, ...]:
        """Of one person."""
        rows = await self._database.read(
            lambda db: db.query(
                "SELECT id, person, key, count, created FROM edge_passkeys WHERE person = ? ORDER BY created", (name,)
            )
        )
        return tuple(Passkey(*row) for row in rows)

    async def passkey(self, id_: bytes) -> Passkey | None:
        """The one of that credential id."""
        rows = await self._database.read(
            lambda db: db.query("SELECT id, person, key, count, created FROM edge_passkeys WHERE id = ?", (id_,))
        )
        return Passkey(*rows[0]) if rows else None

    async def add_passkey(self, key: Passkey) -> None:
        """One more for somebody who is signed in."""
        await self._database.write(lambda tx: _insert_passkey(tx, key))

    async def remove_passkey(self, name: str, id_: bytes) -> None:
        """One less."""
        await self._database.write(
            lambda tx: tx.execute("DELETE FROM edge_passkeys WHERE id = ? AND person = ?", (id_, name))
        )

    async def counted(self, key: Passkey, count: int) -> None:
        """Note a sign-in by passkey."""
        now = self._clock.now_us()
        await self._database.write(lambda tx: _counted(tx, key, count, now))

    def _link(self, name: str) -> tuple[str, tuple[bytes, str, int]]:
        token = text(self._entropy.bytes(_BYTES))
        return token, (_digest(token), names.fold(name), self._clock.now_us() + LINK_S * 1_000_000)


def find(reading: Reading, column: str, value: str) -> Person | None:
    """The account whose `column` (one of ours) is that."""
    rows = reading.query(f"SELECT {_COLUMNS} FROM edge_people WHERE {column} = ?", (value,))  # noqa: S608 - constants only
    return _person(rows[0]) if rows else None


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()


def _person(row: tuple[Any, ...]) -> Person:
    kept = frozenset(Role(one) for one in strictjson.parse(row[2].encode()))
    return Person(row[0], row[1], kept, *row[3:])


def _insert(
    tx: Transaction, shown: str, granted: frozenset[Role], subject: str, now: int, link: tuple[bytes, str, int]
) -> None:
    if find(tx, "name", link[1]) is not None or (subject and find(tx, "subject", subject) is not None):
        raise ConfigError("config.person-exists", "an account of that name or subject exists")
    tx.execute(
        f"INSERT INTO edge_people ({_COLUMNS}) VALUES (?, ?, ?, ?, '', '', 0, '', '', ?, 0)",  # noqa: S608 - constants only
        (link[1], shown, _listed(granted), subject, now),
    )
    tx.execute("INSERT INTO edge_links (digest, person, expires) VALUES (?, ?, ?)", link)


def _listed(granted: frozenset[Role]) -> str:
    return orjson.dumps(sorted(granted)).decode()


def _known(tx: Transaction, name: str) -> Person:
    person = find(tx, "name", name)
    if person is None:
        raise ConfigError("config.unknown-person", "nobody of that name has an account here")
    return person


def _reset(tx: Transaction, name: str, link: tuple[bytes, str, int]) -> None:
    _known(tx, name)
    tx.execute("UPDATE edge_people SET password = '', totp = '', step = 0 WHERE name = ?", (name,))
    _shut(tx, name)
    tx.execute("INSERT INTO edge_links (digest, person, expires) VALUES (?, ?, ?)", link)


def _shut(tx: Transaction, name: str) -> None:
    for table in ("edge_passkeys", "edge_sessions", "edge_devices", "edge_links"):
        tx.execute(f"DELETE FROM {table} WHERE person = ?", (name,))  # noqa: S608 - constants only


def _set_roles(tx: Transaction, name: str, granted: frozenset[Role]) -> None:
    if Role.ADMINISTRATOR in _known(tx, name).roles and Role.ADMINISTRATOR not in granted:
        _another_administrator(tx, name)
    tx.execute("UPDATE edge_people SET roles = ? WHERE name = ?", (_listed(granted), name))


def _another_administrator(tx: Transaction, name: str) -> None:
    rows = tx.query("SELECT roles FROM edge_people WHERE name <> ?", (name,))
    if not any(Role.ADMINISTRATOR in strictjson.parse(row[0].encode()) for row in rows):
        raise ConfigError("config.last-administrator", "nobody else is an administrator of this node")


def _remove(tx: Transaction, name: str) -> None:
    if Role.ADMINISTRATOR in _known(tx, name).roles:
        _another_administrator(tx, name)
    _shut(tx, name)
    tx.execute("DELETE FROM edge_people WHERE name = ?", (name,))


def _invited(reading: Reading, digest: bytes, now: int) -> Person | None:
    rows = reading.query("SELECT person, expires FROM edge_links WHERE digest = ?", (digest,))
    return find(reading, "name", rows[0][0]) if rows and rows[0][1] > now else None


def _take_link(tx: Transaction, digest: bytes, now: int) -> str:
    person = _invited(tx, digest, now)
    if person is None:
        raise AccessError("access.link", "the link was used already, has ended, or is none of ours")
    tx.execute("DELETE FROM edge_links WHERE digest = ?", (digest,))
    return person.name


def _enroll(tx: Transaction, digest: bytes, now: int, secrets: tuple[str, str, int]) -> str:
    name = _take_link(tx, digest, now)
    tx.execute(
        "UPDATE edge_people SET password = ?, totp = ?, step = ?, seen = ? WHERE name = ?", (*secrets, now, name)
    )
    return name


def _enroll_passkey(tx: Transaction, digest: bytes, now: int, key: Passkey) -> str:
    name = _take_link(tx, digest, now)
    if name != key.person:
        raise AccessError("access.link", "the link is somebody else's")
    _insert_passkey(tx, key)
    tx.execute("UPDATE edge_people SET seen = ? WHERE name = ?", (now, name))
    return name


def _insert_passkey(tx: Transaction, key: Passkey) -> None:
    if tx.query("SELECT 1 FROM edge_passkeys WHERE id = ?", (key.id,)):
        raise AccessError("access.passkey", "this passkey is registered already")
    tx.execute(
        "INSERT INTO edge_passkeys (id, person, key, count, created) VALUES (?, ?, ?, ?, ?)",
        (key.id, key.person, key.key, key.count, key.created),
    )


def _used(tx: Transaction, name: str, step: int, now: int) -> bool:
    rows = tx.query("SELECT step FROM edge_people WHERE name = ?", (name,))
    if not rows or rows[0][0] >= step:
        return False
    tx.execute("UPDATE edge_people SET step = ?, seen = ? WHERE name = ?", (step, now, name))
    return True


def _counted(tx: Transaction, key: Passkey, count: int, now: int) -> None:
    tx.execute("UPDATE edge_passkeys SET count = ? WHERE id = ?", (count, key.id))
    tx.execute("UPDATE edge_people SET seen = ? WHERE name = ?", (now, key.person))
