"""Which links there are: one to each peer, opened by whichever end can, and opened again for ever.

Every node dials every peer that has an endpoint and to which it has no link. When both dial at once, both ends keep the
link that the smaller handle dialed.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from tocsin.edge.peer.session import Parts, Session
from tocsin.errors import PeerError, TocsinError
from tocsin.exchange.tlog.logs import Log
from tocsin.formats import message
from tocsin.formats.message import Control
from tocsin.formats.statement import Statement
from tocsin.formats.text import instant
from tocsin.ports.clock import Clock
from tocsin.ports.entropy import Entropy
from tocsin.ports.links import Link, Network

_FIRST_S: Final = 0.2
_LONGEST_S: Final = 10.0
_STOOD_S: Final = 2.0  # a link that stood so long was a good one: the next is dialed soon
_HEAD_START_S: Final = 0.5  # for the smaller handle, so that two rarely dial at once
_QUIET_S: Final = 5.0  # a half-open link may take longer to close; nothing comes through it
_CROSSING_S: Final = 5.0  # a link younger than this may be unknown to a peer that dials


@dataclass(slots=True)
class Standing:
    """How the link to one member stands. Times in microseconds since 1970."""

    state: str = "never"  # never | up | down
    since: int = 0
    last_error: str = ""
    session: Session | None = field(default=None, repr=False)  # the one that counts; its greeting is over
    taken_s: float = 0.0  # when it came to count, by the monotonic clock
    pause_s: float = _FIRST_S  # before we dial again
    calling: Session | None = field(default=None, repr=False)  # opened by the peer, still greeting
    turn: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)
    linked: asyncio.Event = field(default_factory=asyncio.Event, repr=False)
    free: asyncio.Event = field(default_factory=asyncio.Event, repr=False)


class Links:
    """All sessions of a node. `dial`: see config.Settings."""

    def __init__(self, parts: Parts, network: Network, clock: Clock, entropy: Entropy, dial: str = "all") -> None:
        self._parts = parts
        self._network = network
        self._clock = clock
        self._entropy = entropy
        self._dial = dial
        self._replaced: set[asyncio.Future[None]] = set()
        self._known: set[str] = set()
        self._young: set[Session] = set()  # still greeting
        self._calm = asyncio.Event()
        self._calm.set()
        self.standing: dict[str, Standing] = {peer: Standing() for peer in parts.members.neighbours()}

    def sync(self) -> list[str]:
        """Follow the charter: end links to whom it does not let take part, and name the new members that we dial."""
        self._network.refresh()
        wanted = self._parts.members.neighbours()
        for peer in [one for one in self.standing if one not in wanted]:
            gone = self.standing.pop(peer)
            for one in (gone.session, gone.calling):
                if one is not None:
                    self._replace(one, "peer.expelled")
        new = [peer for peer in wanted if peer not in self._known]
        self._known = set(wanted)
        for peer in new:
            self.standing.setdefault(peer, Standing())
        return [peer for peer in new if self.dials(peer)]

    def is_up(self, peer: str) -> bool:
        """Whether a member is linked, with a protocol version that knows relays."""
        one = self.standing.get(peer)
        return (
            one is not None and one.session is not None and one.session.sender is not None and one.session.version != 1
        )

    def pass_on(self, peer: str, which: tuple[str, bytes], what: Control) -> None:
        """Say something to a member if it is linked; of one kind and subject only the newest waits."""
        if self.is_up(peer):
            session = self.standing[peer].session
            if session is not None:
                session.owe(*which, message.encode(what))

    async def hear(self, log: Log, audience: frozenset[str]) -> None:
        """A log of ours has been opened: take what the members of its audience have said that they hold of it."""
        for peer, one in list(self.standing.items()):
            if peer in audience and one.session is not None:
                await one.session.hear(log)

    def say_heads(self) -> None:
        """Tell every linked member what is new in the logs that it may read."""
        for one in self.standing.values():
            if one.session is not None:
                one.session.say_heads()

    @asynccontextmanager
    async def quiet(self, code: str) -> AsyncIterator[None]:
        """End every link, and open or take none until the body is done."""
        self._calm.clear()
        try:
            sessions = {one.session for one in self.standing.values() if one.session is not None} | self._young
            ending = [asyncio.ensure_future(one.end(code)) for one in sessions]
            if ending:
                await asyncio.wait(ending, timeout=_QUIET_S)
            yield
        finally:
            self._calm.set()

    async def listen(self) -> None:
        """Take the links that others open."""
        await self._network.listen(self._accept)

    def dials(self, peer: str) -> bool:
        """Whether we open links to this member: it has an endpoint, and our settings do not forbid it."""
        return self._has_endpoint(peer) and (self._dial == "all" or self._leads(peer))

    def no_way(self, peer: str) -> bool:
        """Whether neither of us can dial the other."""
        return not self._has_endpoint(peer) and not self._has_endpoint(self._parts.members.me)

    def _has_endpoint(self, handle: str) -> bool:
        return bool(self._parts.members.member(handle).endpoint)

    def _leads(self, peer: str) -> bool:
        """Whether our link is kept when both dial at once."""
        return self._parts.members.me < peer

    async def keep(self, peer: str) -> None:
        """Dial one member for ever, whenever there is no link to it."""
        standing = self.standing[peer]
        late = 0.0 if self._leads(peer) or not self._has_endpoint(self._parts.members.me) else _HEAD_START_S
        wait = late
        while True:
            if standing.session is not None:
                standing.free.clear()
                await standing.free.wait()
            elif not await self._rest(standing, wait):
                await self._call(peer)
            # Half to all of the pause, so that many who lost one member do not return at one moment.
            wait = late + standing.pause_s * (0.5 + self._entropy.fraction() / 2)
            standing.pause_s = min(standing.pause_s * 2, _LONGEST_S)

    async def _rest(self, standing: Standing, seconds: float) -> bool:
        """Sleep, but not past the moment when the peer has called. Whether it has."""
        standing.linked.clear()
        waits = [asyncio.ensure_future(one) for one in (self._clock.sleep(seconds), standing.linked.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waits:
                one.cancel()
        return standing.linked.is_set()

    async def _call(self, peer: str) -> None:
        standing = self.standing[peer]
        await self._calm.wait()
        try:
            link = await self._network.dial(peer)
        except PeerError as error:
            self._down(standing, peer, error)
            return
        if standing.session is not None and not self._leads(peer):
            await link.close("peer.crossed")  # the peer has called meanwhile
            return
        await self._hold(link, dialed=True)

    async def _accept(self, link: Link) -> None:
        await self._hold(link, dialed=False)

    async def _hold(self, link: Link, *, dialed: bool) -> None:
        standing = self.standing.get(link.peer)
        if standing is None:
            await link.close("peer.expelled")
            return
        if not self._calm.is_set():
            await link.close("peer.rekeyed")
            return
        session = Session(link, self._parts, dialed=dialed)
        self._young.add(session)
        ended: TocsinError = PeerError("peer.gone", f"{link.peer} ended the link")
        try:
            try:
                await self._greet(standing, session)
            finally:
                self._young.discard(session)
            if self._is_crossed(standing, session):
                ended = PeerError("peer.crossed", f"{link.peer} and we dialed each other at once")
            else:
                await self._run(standing, session)
        except TocsinError as error:
            ended = error
        finally:
            self._end(standing, session, ended)
        await link.close(ended.code)

    async def _greet(self, standing: Standing, session: Session) -> None:
        if session.dialed:
            await session.greet()
            return
        # Whoever opens link after link without a greeting gets room for one.
        older, standing.calling = standing.calling, session
        try:
            if older is not None:
                self._replace(older)
            turn = await self._parts.turns.take(session.peer, 0)  # nor does it cost more than a quota
            await turn.run(session.greet())
        finally:
            if standing.calling is session:
                standing.calling = None

    def _is_crossed(self, standing: Standing, session: Session) -> bool:
        """Whether a link that has just greeted gives way to the one that counts; the peer decides the same."""
        older = standing.session
        # Of one dialer the newer link is the one it knows of: the older is half-open.
        if older is None or older.dialed == session.dialed or session.dialed == self._leads(session.peer):
            return False
        # The larger handle dialed, and the link that the smaller dialed counts. At the larger's end that link came
        # while it dialed. At the smaller's end it may be one that the larger did not know of yet, or one that is
        # half-open: the age tells.
        return session.dialed or self._clock.monotonic() - standing.taken_s < _CROSSING_S

    async def _run(self, standing: Standing, session: Session) -> None:
        older, standing.session = standing.session, session
        standing.taken_s = self._clock.monotonic()
        standing.linked.set()
        if older is not None:
            self._replace(older)
        async with standing.turn:  # until the older session has stored what it had verified
            if standing.session is session:
                standing.state, standing.since = "up", self._clock.now_us()
                await session.run()

    def _replace(self, older: Session, code: str = "peer.replaced") -> None:
        # A half-open link may take long to close; the newer one does not wait for that.
        ending = asyncio.ensure_future(older.end(code))
        self._replaced.add(ending)
        ending.add_done_callback(self._replaced.discard)

    def _end(self, standing: Standing, session: Session, ended: TocsinError) -> None:
        if standing.session is session:
            standing.session = None
            if self._clock.monotonic() - standing.taken_s > _STOOD_S:
                standing.pause_s = _FIRST_S
            standing.free.set()
            self._parts.gossip.gone(session.peer)
        if standing.session is None:
            self._down(standing, session.peer, ended)

    def _down(self, standing: Standing, peer: str, error: TocsinError) -> None:
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
                "state": "no-way" if self.no_way(peer) else one.state,
                "since": instant(one.since) if one.since else None,
                "in_flight": one.session.sender.waiting() if one.session and one.session.sender else 0,
                "refused": sorted(set(one.session.sender.stopped().values()))
                if one.session and one.session.sender
                else [],
                "skew_s": round(one.session.skew_s, 3) if one.session else None,
                "over_quota": self._parts.turns.is_over(peer),
                "last_error": one.last_error,
            }
            for peer, one in sorted(self.standing.items())
        ]

    def peers_now_us(self) -> list[int]:
        """What time each linked peer says it is."""
        told = (one.session.peer_now_us() for one in self.standing.values() if one.session is not None)
        return [one for one in told if one is not None]

    def wake(self, concerned: frozenset[str] | None = None) -> None:
        """There may be something to send to these members, or to all."""
        for peer, one in self.standing.items():
            if one.session is not None and (concerned is None or peer in concerned):
                one.session.wake()

    async def tell(self, signed: Statement, concerned: frozenset[str]) -> None:
        """Pass a statement on to all whom it concerns and who are linked."""
        for peer, one in list(self.standing.items()):
            if peer in concerned and one.session is not None and one.session.sender is not None:
                try:
                    await one.session.tell(signed)
                except PeerError:
                    continue  # the session itself notices and ends; the next link tells every channel again
