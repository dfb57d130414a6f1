"""Which links there are: of each pair the smaller handle dials, and dials again for ever."""

import asyncio
from dataclasses import dataclass, field
from typing import Any, Final

from tocsin.edge.peer.session import Parts, Session
from tocsin.errors import PeerError, TocsinError
from tocsin.exchange.members.channels import Channel
from tocsin.formats.text import instant
from tocsin.ports.clock import Clock
from tocsin.ports.entropy import Entropy
from tocsin.ports.links import Link, Network

_FIRST_S: Final = 0.2
_LONGEST_S: Final = 10.0


@dataclass(slots=True)
class Standing:
    """How the link to one member stands. Times in microseconds since 1970."""

    state: str = "never"  # never | up | down
    since: int = 0
    last_error: str = ""
    session: Session | None = field(default=None, repr=False)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)


class Links:
    """All sessions of a node."""

    def __init__(self, parts: Parts, network: Network, clock: Clock, entropy: Entropy) -> None:
        self._parts = parts
        self._network = network
        self._clock = clock
        self._entropy = entropy
        self.standing: dict[str, Standing] = {peer: Standing() for peer in parts.members.peers()}
        self._retry: dict[str, asyncio.Event] = {}

    async def listen(self) -> None:
        """Take the links that others open."""
        await self._network.listen(self._accept)

    def dials(self, peer: str) -> bool:
        """Whether we open the link to this member."""
        return self._parts.members.me < peer

    async def keep(self, peer: str) -> None:
        """Dial one member for ever."""
        pause = _FIRST_S
        while True:
            try:
                link = await self._network.dial(peer)
            except PeerError as error:
                self._down(peer, error)
            else:
                began = self._clock.monotonic()
                await self._hold(link, dialed=True)
                if self._clock.monotonic() - began > _LONGEST_S:
                    pause = _FIRST_S
            # Half to all of the pause, so that many who lost one member do not return at one moment.
            await self._clock.sleep(pause * (0.5 + self._entropy.fraction() / 2))
            pause = min(pause * 2, _LONGEST_S)

    async def _accept(self, link: Link) -> None:
        if self.dials(link.peer):
            await link.close("peer.wrong-way")
            return
        await self._hold(link, dialed=False)

    async def _hold(self, link: Link, *, dialed: bool) -> None:
        standing = self.standing[link.peer]
        session = Session(link, self._parts, dialed=dialed)
        older, standing.session = standing.session, session
        ended: TocsinError = PeerError("peer.gone", f"{link.peer} ended the link")
        try:
            if older is not None:
                # The newer link wins: the older one may be half-open, and only its dialer opens a new one.
                await older.end("peer.replaced")
            async with standing.turn:  # until the older session has stored what it had verified
                standing.state, standing.since = "up", self._clock.now_us()
                await session.run()
        except TocsinError as error:
            ended = error
        finally:
            if standing.session is session:
                standing.session = None
                self._down(link.peer, ended)
        await link.close(ended.code)

    def _down(self, peer: str, error: TocsinError) -> None:
        standing = self.standing[peer]
        if standing.state == "up" or standing.last_error != error.code:
            self._parts.note(error.code, peer, error.what)
        if standing.state == "up":
            standing.state, standing.since = "down", self._clock.now_us()
        standing.last_error = error.code

    def describe(self) -> list[dict[str, Any]]:
        """Every link, for `tocsin status`."""
        return [
            {
                "peer": peer,
                "state": one.state,
                "since": instant(one.since) if one.since else None,
                "in_flight": one.session.sender.waiting() if one.session and one.session.sender else 0,
                "refused": sorted(set(one.session.sender.stopped().values()))
                if one.session and one.session.sender
                else [],
                "skew_s": round(one.session.skew_s, 3) if one.session else None,
                "last_error": one.last_error,
            }
            for peer, one in sorted(self.standing.items())
        ]

    def wake(self) -> None:
        """Our logs have grown."""
        for one in self.standing.values():
            if one.session is not None:
                one.session.wake()

    async def tell(self, channel: Channel) -> None:
        """Send a channel as it stands to all of its roster that are linked."""
        for one in self.standing.values():
            if one.session is not None and one.session.sender is not None:
                try:
                    await one.session.invite(channel)
                except PeerError:
                    continue  # the session itself notices and ends; the next link tells every channel again
