"""The way in to a node of the demonstration: one link that opens a session, once. Other nodes have no object of this kind."""

from hashlib import sha256
from hmac import compare_digest
from typing import Final

from tocsin.edge.signin.people import People
from tocsin.edge.signin.roles import Role
from tocsin.edge.signin.sessions import Sessions
from tocsin.edge.signin.tickets import text
from tocsin.errors import ConfigError
from tocsin.ports.entropy import Entropy

NAME: Final = "duty.officer"
_ROLES: Final = (Role.DUTY, Role.ANALYST, Role.RELEASER, Role.ADMINISTRATOR)
_LOOPBACK: Final = ("127.0.0.1", "::1")
_BYTES: Final = 32


class Demonstration:
    """Kept in memory only: when the process ends, so does the link. It opens nothing from another machine."""

    def __init__(self, people: People, sessions: Sessions, entropy: Entropy) -> None:
        self._people = people
        self._sessions = sessions
        self._entropy = entropy
        self._digest = b""

    async def is_taken(self) -> bool:
        """Whether people have accounts here already: at a later start of the same node, which gets no other link."""
        return bool(await self._people.list())

    async def invite(self) -> str:
        """Make the account; the token of its link. Raises ConfigError("config.person-exists") where people have accounts."""
        if await self._people.list():
            raise ConfigError("config.person-exists", "people have accounts here: this is no node of a demonstration")
        await self._people.add(NAME, _ROLES)
        token = text(self._entropy.bytes(_BYTES))
        self._digest = sha256(token.encode()).digest()
        return token

    async def enter(self, token: str, address: str) -> str | None:
        """What the cookie of a new session holds; None for anything but the link, the first time, from this machine."""
        wanted = self._digest
        if not wanted or address not in _LOOPBACK or not compare_digest(sha256(token.encode()).digest(), wanted):
            return None
        self._digest = b""
        return await self._sessions.open(NAME)
