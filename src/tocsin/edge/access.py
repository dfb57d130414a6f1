"""Accounts: which program or person may do what here. One token each, shown once and kept only as a hash.

A reader reads what `channels` grants. Oversight reads the audit trail and counts, never content. A releaser approves what is
about persons, as the second person, and reads nothing.
"""

import binascii
import re
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from typing import Any, Final

import orjson

from tocsin.errors import ConfigError
from tocsin.formats import strictjson
from tocsin.formats.text import check_handle
from tocsin.ports.clock import Clock
from tocsin.ports.database import Database, Reading, Transaction
from tocsin.ports.entropy import Entropy

TABLES: Final = """
CREATE TABLE IF NOT EXISTS edge_accounts (
  name     TEXT PRIMARY KEY,
  kind     TEXT NOT NULL,      -- one of KINDS
  secret   BLOB NOT NULL,      -- SHA-256 of the token
  channels TEXT NOT NULL,      -- JSON list of channel ids; "*" among them grants every channel
  created  INTEGER NOT NULL,   -- microseconds since 1970
  purpose  TEXT NOT NULL DEFAULT ''   -- why it reads; stands in the audit trail
);
CREATE UNIQUE INDEX IF NOT EXISTS edge_accounts_secret ON edge_accounts (secret);
CREATE TABLE IF NOT EXISTS edge_secrets (
  name   TEXT PRIMARY KEY,     -- what it is for
  secret BLOB NOT NULL
);
"""
_LAYOUT_3: Final = "ALTER TABLE edge_accounts ADD COLUMN purpose TEXT NOT NULL DEFAULT '';"
MIGRATIONS: Mapping[int, str] = {3: _LAYOUT_3}  # see node/tables.py

EVERY: Final = "*"
READER: Final = "reader"
OVERSIGHT: Final = "oversight"
RELEASER: Final = "releaser"
KINDS: Final = (READER, OVERSIGHT, RELEASER)
_PURPOSE: Final = 256
_BYTES: Final = 32
_TOKEN: Final = re.compile(r"tcs_[A-Za-z0-9_-]{43}")
_COLUMNS: Final = "name, kind, channels, created, purpose"


@dataclass(frozen=True, slots=True)
class Account:
    """A program or person that may do something here."""

    name: str
    kind: str
    channels: frozenset[str]
    created: int
    purpose: str = ""

    def may_read(self, channel_id: str) -> bool:
        """Whether this account is granted the channel. Only a reader is ever."""
        return self.kind == READER and (EVERY in self.channels or channel_id in self.channels)


class Accounts:
    """The accounts of one node."""

    def __init__(self, database: Database, clock: Clock, entropy: Entropy) -> None:
        self._database = database
        self._clock = clock
        self._entropy = entropy

    async def add(self, name: str, channels: Iterable[str], kind: str = READER, purpose: str = "") -> str:
        """Open an account; `channels` are channel ids, or "*", of a reader. The token returned is shown this once.

        Raises FormatError("format.handle"), ConfigError("config.account-exists", "config.value").
        """
        check_handle(name)
        if kind not in KINDS or len(purpose) > _PURPOSE or not purpose.isprintable():
            raise ConfigError("config.value", f"an account is one of: {' '.join(KINDS)}; its purpose is one short line")
        # A single id is a mistake easily made with an Iterable[str]; its letters are no channels.
        granted = [channels] if isinstance(channels, str) else sorted(set(channels))
        granted = granted if kind == READER else []
        token = "tcs_" + urlsafe_b64encode(self._entropy.bytes(_BYTES)).decode().rstrip("=")
        row = (name, kind, _digest(token), orjson.dumps(granted).decode(), self._clock.now_us(), purpose)
        await self._database.write(lambda tx: _insert(tx, row))
        return token

    async def remove(self, name: str) -> None:
        """Close an account at once. Raises ConfigError("config.unknown-account")."""
        await self._database.write(lambda tx: _delete(tx, name))

    async def list(self) -> tuple[Account, ...]:
        """All accounts by name."""
        rows = await self._database.read(
            lambda reading: reading.query(f"SELECT {_COLUMNS} FROM edge_accounts ORDER BY name")  # noqa: S608 - constants only
        )
        return tuple(_account(row) for row in rows)

    async def authenticate(self, authorization: str | None) -> Account | None:
        """Whose `Authorization` this is: `Bearer TOKEN`, `Token TOKEN` or `Basic` with name and token. None: nobody's."""
        name, token = _credentials(authorization or "")
        if not _TOKEN.fullmatch(token):
            return None
        # Tokens are 256 random bits: nobody can try them out, so that a slow password hash would only cost time. Who
        # can find a token by timing this look-up has inverted SHA-256.
        digest = _digest(token)
        rows = await self._database.read(
            lambda reading: reading.query(
                f"SELECT {_COLUMNS}, secret FROM edge_accounts WHERE secret = ?",  # noqa: S608 - constants only
                (digest,),
            )
        )
        if not rows or not compare_digest(rows[0][-1], digest) or name not in (None, rows[0][0]):
            return None
        return _account(rows[0])

    async def secret(self, name: str) -> bytes:
        """The 32 random bytes kept here for a purpose, made when first asked for."""
        found = await self._database.read(lambda reading: _secret(reading, name))
        if found is not None:
            return found
        fresh = self._entropy.bytes(_BYTES)
        return await self._database.write(lambda tx: _keep(tx, name, fresh))


def _credentials(authorization: str) -> tuple[str | None, str]:
    """(name, token); no name from Bearer, no token from anything malformed."""
    scheme, _, rest = authorization.strip().partition(" ")
    if scheme.lower() in ("bearer", "token"):  # taxii2-client has only the second
        return None, rest.strip()
    if scheme.lower() != "basic":
        return None, ""
    try:
        name, _, token = b64decode(rest.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None, ""
    return name, token


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()


def _account(row: tuple[Any, ...]) -> Account:
    return Account(row[0], row[1], frozenset(strictjson.parse(row[2].encode())), row[3], row[4])


def _insert(tx: Transaction, row: tuple[str, str, bytes, str, int, str]) -> None:
    if tx.query("SELECT 1 FROM edge_accounts WHERE name = ?", (row[0],)):
        raise ConfigError("config.account-exists", f"there is an account {row[0]!r} already")
    tx.execute(
        "INSERT INTO edge_accounts (name, kind, secret, channels, created, purpose) VALUES (?, ?, ?, ?, ?, ?)", row
    )


def _delete(tx: Transaction, name: str) -> None:
    if not tx.query("SELECT 1 FROM edge_accounts WHERE name = ?", (name,)):
        raise ConfigError("config.unknown-account", f"there is no account {name!r}")
    tx.execute("DELETE FROM edge_accounts WHERE name = ?", (name,))


def _secret(reading: Reading, name: str) -> bytes | None:
    rows = reading.query("SELECT secret FROM edge_secrets WHERE name = ?", (name,))
    return rows[0][0] if rows else None


def _keep(tx: Transaction, name: str, fresh: bytes) -> bytes:
    tx.execute("INSERT INTO edge_secrets (name, secret) VALUES (?, ?) ON CONFLICT (name) DO NOTHING", (name, fresh))
    return _secret(tx, name) or fresh
