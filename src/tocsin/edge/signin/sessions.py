"""Sessions: kept on the server under a hash, ended by time, by rest, or by anybody who may."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from tocsin.edge.signin import people
from tocsin.edge.signin.people import Person
from tocsin.edge.signin.tickets import text
from tocsin.ports.clock import Clock
from tocsin.ports.database import Database, Reading, Transaction
from tocsin.ports.entropy import Entropy

MINUTE_US: Final = 60_000_000
_BYTES: Final = 32
_MOST: Final = 20  # of one person: more are a script that never signs out


@dataclass(frozen=True, slots=True)
class Limits:
    """When a session ends by itself."""

    longest_us: int = 12 * 60 * MINUTE_US
    rest_us: int = 120 * MINUTE_US


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody at a browser. `id` names it to its owner and opens nothing."""

    id: str
    person: Person
    created: int
    seen: int


class Sessions:
    """All that are open."""

    def __init__(self, database: Database, clock: Clock, entropy: Entropy, limits: Limits) -> None:
        self._database = database
        self._clock = clock
        self._entropy = entropy
        self._limits = limits

    async def open(self, name: str) -> str:
        """A new one, and what its cookie holds. Those that have ended, and the oldest above 20, go."""
        token, now = text(self._entropy.bytes(_BYTES)), self._clock.now_us()
        await self._database.write(lambda tx: self._insert(tx, _digest(token), name, now))
        return token

    async def find(self, token: str) -> Session | None:
        """The session of a cookie, while it is good; being used counts, to the minute."""
        digest, now = _digest(token), self._clock.now_us()
        session = await self._database.read(lambda db: self._find(db, digest, now))
        if session is not None and now - session.seen >= MINUTE_US:
            await self._database.write(
                lambda tx: tx.execute("UPDATE edge_sessions SET seen = ? WHERE digest = ?", (now, digest))
            )
        return session

    async def close(self, token: str) -> None:
        """Sign out."""
        digest = _digest(token)
        await self._database.write(lambda tx: tx.execute("DELETE FROM edge_sessions WHERE digest = ?", (digest,)))

    async def close_of(self, name: str, id_: str = "") -> None:
        """End one session of somebody, or all."""
        await self._database.write(lambda tx: _close_of(tx, name, id_))

    async def of(self, name: str) -> list[Session]:
        """What somebody has open, newest first."""
        now = self._clock.now_us()
        return await self._database.read(lambda db: self._list(db, name, now))

    def _find(self, reading: Reading, digest: bytes, now: int) -> Session | None:
        rows = reading.query("SELECT digest, person, created, seen FROM edge_sessions WHERE digest = ?", (digest,))
        return self._good(reading, rows[0], now) if rows else None

    def _list(self, reading: Reading, name: str, now: int) -> list[Session]:
        rows = reading.query(
            "SELECT digest, person, created, seen FROM edge_sessions WHERE person = ? ORDER BY created DESC LIMIT ?",
            (name, _MOST),
        )
        found = (self._good(reading, row, now) for row in rows)
        return [one for one in found if one is not None]

    def _good(self, reading: Reading, row: tuple[Any, ...], now: int) -> Session | None:
        digest, name, created, seen = row
        # A clock that stepped back must not lengthen anything.
        if not created <= now < created + self._limits.longest_us or now - seen >= self._limits.rest_us:
            return None
        person = people.find(reading, "name", name)
        return None if person is None else Session(digest.hex()[:16], person, created, seen)

    def _insert(self, tx: Transaction, digest: bytes, name: str, now: int) -> None:
        tx.execute(
            "DELETE FROM edge_sessions WHERE created <= ? OR seen <= ?",
            (now - self._limits.longest_us, now - self._limits.rest_us),
        )
        tx.execute(
            "DELETE FROM edge_sessions WHERE person = ? AND digest NOT IN "
            "(SELECT digest FROM edge_sessions WHERE person = ? ORDER BY created DESC LIMIT ?)",
            (name, name, _MOST - 1),
        )
        tx.execute(
            "INSERT INTO edge_sessions (digest, person, created, seen) VALUES (?, ?, ?, ?)", (digest, name, now, now)
        )


def _close_of(tx: Transaction, name: str, id_: str) -> None:
    rows = tx.query("SELECT digest FROM edge_sessions WHERE person = ?", (name,))
    gone = [(row[0],) for row in rows if row[0].hex().startswith(id_)]
    tx.execute_many("DELETE FROM edge_sessions WHERE digest = ?", gone)


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()
