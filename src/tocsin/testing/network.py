"""A network of named nodes in one process, with everything that goes wrong on a real one, told again by its seed.

A link stands for TCP with a WebSocket on it: messages keep their order and arrive once, as long as the link lasts.
What is not taken by the receiver counts against the sender's bounded queue. When a link breaks, messages under way are
lost and each end learns of it in its own time; until then sending seems to work.
"""

import asyncio
import hashlib
import struct
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

from tocsin.errors import PeerError
from tocsin.ports.entropy import Entropy
from tocsin.testing.virtualtime import VirtualClock, VirtualLoop

Tap = Callable[[str, str, bytes], None]
Mangle = Callable[[str, str, bytes], Iterable[bytes]]
Accept = Callable[["LossyLink"], Awaitable[None]]

_DIAL_PATIENCE_S = 10.0  # into a black hole
_GONE = "peer.gone"


class LossyNetwork:
    """The wires between all nodes, and the hand that cuts them.

    delay_s: least and most one-way delay of a message, drawn evenly. drop: chance per message that its link breaks with
    it. queue: messages a sender may have under way or untaken on one link before send() waits. `drop`, `delay_s`
    and `mangle` may be set anew at any time; `mangle(src, dst, message)` gives the messages to carry in its place, in
    order: none drops it, two duplicate it, one held back and given later reorders.
    """

    def __init__(
        self,
        loop: VirtualLoop,
        entropy: Entropy,
        *,
        delay_s: tuple[float, float] = (0.001, 0.02),
        drop: float = 0.0,
        queue: int = 64,
    ) -> None:
        self.loop = loop
        self.clock = VirtualClock(loop)
        self.delay_s = delay_s
        self.drop = drop
        self.queue = queue
        self.mangle: Mangle | None = None
        self.deliveries = 0
        self._entropy = entropy
        self._taps: list[Tap] = []
        self._links: dict[int, _Pair] = {}
        self._opened = 0
        self._ports: dict[str, LossyPort] = {}
        self._crashed: set[str] = set()
        self._isolated: set[str] = set()
        self._cut: set[frozenset[str]] = set()
        self._holes: set[tuple[str, str]] = set()
        self._bytes_per_s: dict[str, float] = {}
        self._busy_until: dict[str, float] = {}
        self._digest = hashlib.sha256()

    def port(self, handle: str) -> "LossyPort":
        """The ports.links.Network of one node, until it crashes; after restart() ask again."""
        if handle not in self._ports:
            self._ports[handle] = LossyPort(self, handle)
        return self._ports[handle]

    # -- what goes wrong ---------------------------------------------------------------------------------------------

    def cut(self, a: str, b: str) -> None:
        """Break the links between two nodes; they cannot dial each other until heal()."""
        self._cut.add(frozenset((a, b)))
        self._break_unreachable()

    def isolate(self, a: str) -> None:
        """Break every link of a node; nobody reaches it and it reaches nobody until heal(a)."""
        self._isolated.add(a)
        self._break_unreachable()

    def partition(self, *groups: Iterable[str]) -> None:
        """Cut every pair of nodes that are in different groups."""
        sides = [tuple(group) for group in groups]
        for i, side in enumerate(sides):
            for other in sides[i + 1 :]:
                self._cut.update(frozenset((a, b)) for a in side for b in other)
        self._break_unreachable()

    def black_hole(self, src: str, dst: str) -> None:
        """From src to dst nothing arrives any more, though links stay open; heal() lets what waits arrive."""
        self._holes.add((src, dst))

    def heal(self, a: str, b: str | None = None) -> None:
        """Undo cut(a, b) and both black holes of the pair; with one name undo isolate(a)."""
        if b is None:
            self._isolated.discard(a)
            return
        self._cut.discard(frozenset((a, b)))
        self._holes -= {(a, b), (b, a)}
        self._resume()

    def heal_all(self) -> None:
        """Undo every cut, isolation and black hole; crashed nodes stay crashed, slow ones slow."""
        self._cut.clear()
        self._isolated.clear()
        self._holes.clear()
        self._resume()

    def crash(self, handle: str) -> None:
        """The node is gone: its ends die at once, the others' when word reaches them; its port is dead for good."""
        self._crashed.add(handle)
        port = self._ports.pop(handle, None)
        if port is not None:
            port.die()
        for pair in self._pairs_of(handle):
            pair.crash(handle)

    def restart(self, handle: str) -> None:
        """The node may be reached again, by a new port(handle), once it listens."""
        self._crashed.discard(handle)

    def slow(self, handle: str, bytes_per_s: float | None) -> None:
        """What goes to or from this node shares one line of that rate; None makes it fast again."""
        if bytes_per_s is None:
            self._bytes_per_s.pop(handle, None)
            self._busy_until.pop(handle, None)
        else:
            self._bytes_per_s[handle] = bytes_per_s

    def break_links(self, a: str, b: str) -> None:
        """Break the links between two nodes now; they may dial again at once."""
        for pair in self._pairs_of(a):
            if b in pair.names:
                pair.break_()

    # -- what is seen ------------------------------------------------------------------------------------------------

    def tap(self, callback: Tap) -> None:
        """Let `callback(src, dst, message)` see every message as it is sent, before anything happens to it."""
        self._taps.append(callback)

    def digest(self) -> str:
        """SHA-256 over every delivery so far (time, src, dst, length): equal for two runs that took the same course."""
        return self._digest.hexdigest()

    # -- what ports, lanes and pairs ask -------------------------------------------------------------------------------

    def delay(self) -> float:
        """The delay of one message."""
        least, most = self.delay_s
        return least + (most - least) * self._entropy.fraction()

    def departure(self, src: str, dst: str, size: int) -> float:
        """When a message that is ready now has left the slower of the two lines."""
        return max(
            (self._take_line(one, size) for one in (src, dst) if one in self._bytes_per_s), default=self.loop.time()
        )

    def _take_line(self, handle: str, size: int) -> float:
        begin = max(self.loop.time(), self._busy_until.get(handle, 0.0))
        self._busy_until[handle] = begin + size / self._bytes_per_s[handle]
        return self._busy_until[handle]

    def happens(self, chance: float) -> bool:
        """Whether something of this chance comes about."""
        return chance > 0 and self._entropy.fraction() < chance

    def see_sent(self, src: str, dst: str, message: bytes) -> None:
        """Tell the taps."""
        for callback in self._taps:
            callback(src, dst, message)

    def see_delivered(self, src: str, dst: str, size: int) -> None:
        """Add to the digest."""
        self.deliveries += 1
        self._digest.update(struct.pack(">dI", self.loop.time(), size) + f"{src}\0{dst}\0".encode())

    def swallows(self, src: str, dst: str) -> bool:
        """Whether a black hole stands between."""
        return (src, dst) in self._holes

    def reachable(self, a: str, b: str) -> bool:
        """Whether a and b are up and nothing is cut between them; a black hole does not show."""
        down = self._crashed | self._isolated
        return a != b and a not in down and b not in down and frozenset((a, b)) not in self._cut

    def listener(self, handle: str) -> "LossyPort | None":
        """The port of a node that listens."""
        port = self._ports.get(handle)
        return port if port is not None and port.listening else None

    def join(self, dialler: str, listener: str) -> "_Pair":
        """A new link between two nodes."""
        self._opened += 1
        pair = _Pair(self, self._opened, (dialler, listener))
        self._links[self._opened] = pair
        return pair

    def forget(self, number: int) -> None:
        """Both ends of the link know that it has ended."""
        self._links.pop(number, None)

    def _pairs_of(self, handle: str) -> "list[_Pair]":
        return [pair for pair in self._links.values() if handle in pair.names]

    def _break_unreachable(self) -> None:
        for pair in list(self._links.values()):
            if not self.reachable(*pair.names):
                pair.break_()

    def _resume(self) -> None:
        for pair in list(self._links.values()):
            pair.resume()


class LossyPort:
    """ports.links.Network of one node."""

    def __init__(self, network: LossyNetwork, handle: str) -> None:
        self._network = network
        self._handle = handle
        self._accept: Accept | None = None
        self._stopped: asyncio.Future[None] | None = None  # ends listen()
        self._serving: dict[asyncio.Task[None], None] = {}  # a dictionary keeps the order
        self._dead = False

    @property
    def listening(self) -> bool:
        """Whether a dialler would be answered."""
        return self._accept is not None

    def refresh(self) -> None:
        """Nothing: these wires know no charter."""

    async def dial(self, peer: str) -> "LossyLink":
        """Open a link: one round trip, or 10 s into a black hole. Raises PeerError("peer.unreachable")."""
        network = self._network
        await network.clock.sleep(network.delay() + network.delay())
        if network.swallows(self._handle, peer) or network.swallows(peer, self._handle):
            await network.clock.sleep(_DIAL_PATIENCE_S)
            raise PeerError("peer.unreachable", f"{peer} did not answer within {_DIAL_PATIENCE_S:.0f} s")
        listener = network.listener(peer)
        if self._dead or listener is None or not network.reachable(self._handle, peer):
            raise PeerError("peer.unreachable", f"{peer} cannot be reached")
        pair = network.join(self._handle, peer)
        listener.take(pair.ends[1])
        return pair.ends[0]

    async def listen(self, accept: Accept) -> None:
        """Serve until cancelled or crashed. Each link has a task of its own; it is closed when accept returns."""
        if self._dead or self.listening:
            raise RuntimeError(f"{self._handle} already listens, or has crashed and needs a new port")
        self._accept = accept
        self._stopped = self._network.loop.create_future()
        try:
            await self._stopped
        finally:
            self._accept = None
            for task in list(self._serving):
                task.cancel()

    def take(self, link: "LossyLink") -> None:
        """Hand a link that another node opened to whoever listens."""
        if self._accept is not None:
            task = self._network.loop.create_task(self._serve(self._accept, link))
            self._serving[task] = None
            task.add_done_callback(lambda done: self._serving.pop(done, None))

    def die(self) -> None:
        """The node crashed."""
        self._dead = True
        if self._stopped is not None and not self._stopped.done():
            self._stopped.set_result(None)

    @staticmethod
    async def _serve(accept: Accept, link: "LossyLink") -> None:
        try:
            await accept(link)
        except PeerError:
            pass  # the link ended; whoever accepted it need not say so twice
        finally:
            await link.close("peer.closed")


class LossyLink:
    """ports.links.Link: one end of a link. `end_code` tells why it ended, once it has."""

    def __init__(self, pair: "_Pair", me: str, peer: str) -> None:
        self._pair = pair
        self._me = me
        self._peer = peer
        self.out = _Lane(pair.network, me, peer)
        self.inbox: deque[bytes] = deque()
        self.end_code: str | None = None
        self._reader: asyncio.Future[None] | None = None  # what __anext__ waits on

    @property
    def peer(self) -> str:
        """The handle of the node at the other end."""
        return self._peer

    async def send(self, message: bytes) -> None:
        """Queue one message; waits while the queue is full. Raises PeerError("peer.gone") when the link has ended."""
        if not isinstance(message, bytes):
            raise TypeError("a message is bytes; anything that can change under way is refused")
        while self.end_code is None and self.out.full:
            await self.out.wait_for_room()
        if self.end_code is not None:
            raise PeerError(_GONE, f"the link to {self._peer} has ended")
        network = self._pair.network
        network.see_sent(self._me, self._peer, message)
        if network.happens(network.drop):
            self._pair.break_()
        if not self._pair.broken:
            self.out.carry(message)

    def messages(self) -> AsyncIterator[bytes]:
        """What the other end sends, in order, until the link ends. One reader at a time."""
        return self

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if self._reader is not None:
            raise RuntimeError("two readers of one link")
        while not self.inbox:
            if self.end_code is not None:
                raise StopAsyncIteration
            self._reader = self._pair.network.loop.create_future()
            try:
                await self._reader
            finally:
                self._reader = None
        message = self.inbox.popleft()
        self._pair.lane_to(self._me).take_one()
        return message

    async def close(self, code: str) -> None:
        """End the link. What was sent before still arrives; what is on its way to us is lost."""
        if self.end_code is None:
            self.end(code)
            self.inbox.clear()
            self.out.carry_end(code)

    def arrive(self, message: bytes) -> None:
        """The network brings a message."""
        if self.end_code is None:
            self.inbox.append(message)
            self._wake()

    def end(self, code: str) -> None:
        """Learn that the link is over."""
        if self.end_code is None:
            self.end_code = code
            self._wake()
            self.out.release()
            self._pair.note_end()

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)


class _Pair:
    """Both ends of one link."""

    def __init__(self, network: LossyNetwork, number: int, names: tuple[str, str]) -> None:
        self.network = network
        self.names = names
        self.broken = False
        self._number = number
        dialler, listener = names
        self.ends = (LossyLink(self, dialler, listener), LossyLink(self, listener, dialler))
        for end, other in (self.ends, self.ends[::-1]):
            end.out.target = other

    def lane_to(self, handle: str) -> "_Lane":
        """The lane that ends at this node."""
        return self.ends[1].out if handle == self.names[0] else self.ends[0].out

    def break_(self) -> None:
        """Lose what is under way; each end learns of it in its own time."""
        if not self.broken:
            self.broken = True
            for end in self.ends:
                end.out.lose_all()
                self.network.loop.call_later(self.network.delay(), end.end, _GONE)

    def crash(self, handle: str) -> None:
        """One node is gone: its end dies now, the other when word arrives, which a black hole holds up."""
        mine, other = self.ends if handle == self.names[0] else self.ends[::-1]
        mine.end(_GONE)
        mine.inbox.clear()
        other.out.lose_all()
        if not self.broken:
            if self.network.happens(0.5):  # what the kernel still held may arrive, or not
                mine.out.lose_all()
            mine.out.carry_end(_GONE)

    def resume(self) -> None:
        """A black hole may have closed."""
        for end in self.ends:
            end.out.resume()

    def note_end(self) -> None:
        """One end learned of it; the link is forgotten when both have."""
        if all(end.end_code is not None for end in self.ends):
            self.network.forget(self._number)


class _Lane:
    """One direction of a link: messages under way, in order, and the sender's bounded queue."""

    def __init__(self, network: LossyNetwork, src: str, dst: str) -> None:
        self._network = network
        self._src = src
        self._dst = dst
        self._under_way: deque[tuple[bytes, str | None]] = deque()  # (message, None) or (b"", why it ends)
        self._due = 0  # how many of them have come to the end of the wire
        self._generation = 0  # timers of lost messages belong to an older one
        self._last_arrival = 0.0
        self._untaken = 0  # under way or in the receiver's inbox
        self._waiting: deque[asyncio.Future[None]] = deque()
        self.target: LossyLink

    @property
    def full(self) -> bool:
        """Whether send() must wait."""
        return self._untaken >= self._network.queue

    async def wait_for_room(self) -> None:
        """Wait in line until a message was taken or the link ends."""
        turn = self._network.loop.create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn in self._waiting:
                self._waiting.remove(turn)
            else:  # we were given room that we will not use: pass it on
                self._wake_one()
            raise

    def carry(self, message: bytes) -> None:
        """Send a message on its way, as the test's hook would have it."""
        mangle = self._network.mangle
        pieces = (message,) if mangle is None else mangle(self._src, self._dst, message)
        for piece in pieces:
            self._untaken += 1
            self._put(piece, None)

    def carry_end(self, code: str) -> None:
        """Tell the other end, after all that was sent before, that the link is over."""
        self._put(b"", code)

    def _put(self, piece: bytes, code: str | None) -> None:
        network = self._network
        departure = network.departure(self._src, self._dst, len(piece))
        self._last_arrival = max(self._last_arrival, departure + network.delay())
        self._under_way.append((piece, code))
        network.loop.call_at(self._last_arrival, self._fall_due, self._generation)

    def _fall_due(self, generation: int) -> None:
        if generation == self._generation:
            self._due += 1
            self.resume()

    def resume(self) -> None:
        """Bring what is due, unless a black hole has it."""
        while self._due and not self._network.swallows(self._src, self._dst):
            self._due -= 1
            piece, code = self._under_way.popleft()
            if code is not None:
                self.target.end(code)
            else:
                self._network.see_delivered(self._src, self._dst, len(piece))
                self.target.arrive(piece)

    def lose_all(self) -> None:
        """The wire is cut: nothing under way arrives."""
        self._generation += 1
        self._due = 0
        self._under_way.clear()

    def take_one(self) -> None:
        """The receiver took a message: there is room for one more."""
        self._untaken -= 1
        self._wake_one()

    def release(self) -> None:
        """The link is over: nobody need wait any longer."""
        while self._waiting:
            self._wake_one()

    def _wake_one(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
