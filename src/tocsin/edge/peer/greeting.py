"""The beginning of a link: which protocol version, which charter, and the proof of who is at the other end.

hello <-> hello     versions, charter, a fresh nonce each
chain <-> chain     only when the charters differ: then whoever has more sends what the other lacks
proof <-> proof     the log key signs both hellos
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, TypeVar

from tocsin.errors import FormatError, PeerError
from tocsin.exchange.members.registry import Members
from tocsin.formats import message, statement
from tocsin.formats.keys import Role, SigningKey
from tocsin.formats.message import Chain, Control, Hello, Notice, Proof
from tocsin.ports.clock import Clock
from tocsin.ports.entropy import Entropy
from tocsin.ports.links import Link

HELLO_SECONDS: Final = 10.0
DOMAIN: Final = b"tocsin/hello/v1\n"
_MOST_CHARTERS: Final = 4096  # handed over on one link; the next link goes on
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Parts:
    """What every greeting of a node shares. `speaks`: lowest and highest protocol version."""

    members: Members
    log_key: Callable[[], SigningKey]
    clock: Clock
    entropy: Entropy
    software: str
    speaks: tuple[int, int] = (message.FLOOR, message.PROTOCOL)


class Greeting:
    """Of one link. `stream` is what comes in on it."""

    def __init__(self, link: Link, stream: AsyncIterator[bytes], parts: Parts) -> None:
        self._link = link
        self._stream = stream
        self._parts = parts
        self.skew_s = 0.0  # the peer's clock against ours
        self.clock_told: tuple[int, float] | None = None  # what it said, and when by our monotonic clock

    @property
    def peer(self) -> str:
        """Who should be at the other end."""
        return self._link.peer

    async def greet(self, *, dialed: bool) -> int:
        """Agree and prove; gives the protocol version. Nothing else happens on the link before.

        Raises PeerError("peer.gone", "peer.identity", "peer.version", "peer.charter", "peer.expelled"), FormatError.
        """
        parts = self._parts
        digest = parts.members.charter.digest
        now_us = parts.clock.now_us()
        mine = Hello(*parts.speaks, parts.members.me, digest, parts.entropy.bytes(32), now_us, parts.software)
        sent = message.encode(mine)
        await self._link.send(sent)
        got = await self.next()
        theirs = self.expect(message.decode(got), Hello)
        if theirs.handle != self.peer:
            raise PeerError("peer.identity", f"the certificate is that of {self.peer}, the greeting is not")
        version = message.agree(mine, theirs)
        if version is None:
            raise PeerError("peer.version", f"{self.peer} speaks protocol {theirs.lowest} to {theirs.highest}")
        if theirs.charter != digest:
            if version < 2:
                raise PeerError("peer.charter", f"{self.peer} has another charter in force")
            await self._agree_on_charter()
        if self.peer not in parts.members.peers():
            raise PeerError("peer.expelled", f"{self.peer} or this node takes no part by the charter in force")
        self.clock_told = theirs.time_us, parts.clock.monotonic()
        self.skew_s = (theirs.time_us - mine.time_us) / 1e6
        first, second = (sent, got) if dialed else (got, sent)
        await self._prove(DOMAIN + sha256(first).digest() + sha256(second).digest())
        return version

    async def _prove(self, transcript: bytes) -> None:
        members = self._parts.members
        await self._link.send(message.encode(Proof(self._parts.log_key().sign(transcript + members.me.encode()))))
        proof = self.expect(message.decode(await self.next()), Proof)
        key = members.member(self.peer).keys[Role.LOG]
        if not key.verify(transcript + self.peer.encode(), proof.signature):
            raise PeerError("peer.identity", f"{self.peer} does not prove its log key")

    async def _agree_on_charter(self) -> None:
        """Both tell which charters they have adopted; the shorter history is brought up to the longer one."""
        members = self._parts.members
        history = members.history
        mine = tuple(one.digest for one in history)
        await self._link.send(message.encode(Chain(mine)))
        theirs = self.expect(message.decode(await self.next()), Chain).digests
        common = min(len(mine), len(theirs))
        if mine[:common] != theirs[:common]:
            raise PeerError("peer.charter", f"{self.peer} has another charter in force")
        for one in history[common : common + _MOST_CHARTERS]:
            await self._link.send(message.encode(Notice(statement.encode(one.signed))))
        for digest in theirs[common : common + _MOST_CHARTERS]:
            notice = self.expect(message.decode(await self.next()), Notice)
            await members.learn(statement.parse(notice.statement, max_bytes=message.MAX_CONTROL_BYTES))
            if digest not in (one.digest for one in members.history):
                raise PeerError("peer.charter", f"{self.peer} names a charter that is not decided")

    async def next(self) -> bytes:
        """The next message. Raises PeerError("peer.gone") when none comes in time."""
        try:
            async with asyncio.timeout(HELLO_SECONDS):
                return await anext(self._stream)
        except (StopAsyncIteration, TimeoutError) as error:
            raise PeerError("peer.gone", f"{self.peer} ended the link or fell silent while greeting") from error

    def expect(self, got: Control | bytes, kind: type[T]) -> T:
        """The message if it is of this kind, else FormatError("format.message")."""
        if not isinstance(got, kind):
            raise FormatError("format.message", f"{self.peer} sent something else than the greeting asks for")
        return got
