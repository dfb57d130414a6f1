"""One follower for each peer: carries our logs to it from its receipted position on, a bounded window ahead.

A push is only a wake-up: what is sent is always read from the position. The stored position is the newest receipt,
committed by receipts.py together with its effect. A slow peer fills its own window and holds nobody else.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

from tocsin.exchange.deliver.receipts import Receipts
from tocsin.exchange.members.registry import Members
from tocsin.exchange.publish.epochs import Epochs
from tocsin.exchange.publish.frames import Frames
from tocsin.exchange.tlog.logs import Log, Logs
from tocsin.formats import message
from tocsin.formats.message import Notice, Position, Refusal

WINDOW_FRAMES: Final = 16
WINDOW_BYTES: Final = 8 * 1024 * 1024
_NOT_YET: Final = frozenset({"receive.not-open", "receive.stranger"})
_BEGIN_AGAIN: Final = frozenset({"receive.gap", "receive.overlap"})


class Sender:
    """Everything we send to one peer over one link. Made anew with each link."""

    def __init__(
        self, peer: str, send: Callable[[bytes], Awaitable[None]], parts: "Parts", held: tuple[Position, ...]
    ) -> None:
        self.peer = peer
        self._send = send
        self._parts = parts
        self._held = {one.slot: one.size for one in held}
        self._next: dict[bytes, int] = {}
        self._window: deque[tuple[bytes, int, int]] = deque()
        self._window_bytes = 0
        self._keyed: set[tuple[bytes, int]] = set()
        self._stopped: dict[bytes, str] = {}
        self._restarts: dict[bytes, tuple[int, int]] = {}
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Something may have become sendable."""
        self._wake.set()

    def waiting(self) -> int:
        """Frames on their way without a receipt yet."""
        return len(self._window)

    def stopped(self) -> dict[bytes, str]:
        """Logs the peer refused on this link, with its code."""
        return dict(self._stopped)

    def receipted(self, slot: bytes, size: int) -> None:
        """The peer has stored the log up to `size`."""
        kept = [one for one in self._window if one[0] != slot or one[1] > size]
        self._window = deque(kept)
        self._window_bytes = sum(one[2] for one in kept)
        self.wake()

    def refused(self, refusal: Refusal) -> None:
        """The peer did not take a frame: begin again where it stands, or leave this log for this link."""
        slot = refusal.slot
        log = self._parts.logs.get(slot)
        if log is None or log.origin != self._parts.members.me:
            return  # we sent no frame of it: nothing is kept of what a peer makes up
        if refusal.code in _BEGIN_AGAIN and self._restarts.get(slot, (-1, 0)) != (refusal.size, 3):
            at, times = self._restarts.get(slot, (refusal.size, 0))
            self._restarts[slot] = (refusal.size, times + 1 if at == refusal.size else 1)
            self._next[slot] = refusal.size
        else:
            self._stopped[slot] = refusal.code
            self._next[slot] = refusal.size
        self._window = deque(one for one in self._window if one[0] != slot)
        self._window_bytes = sum(one[2] for one in self._window)
        self.wake()

    def resume(self) -> None:
        """The peer knows more of our channels now: what it refused for that reason is tried again."""
        self._stopped = {slot: code for slot, code in self._stopped.items() if code not in _NOT_YET}
        self.wake()

    async def run(self) -> None:
        """Send until the link ends (PeerError) or the task is cancelled."""
        turn = 0
        while True:
            self._wake.clear()
            logs = self._logs()
            sent = 0
            for i in range(len(logs)):
                # A different log goes first each time round, so that a busy channel does not starve a quiet one.
                sent += await self._one(logs[(turn + i) % len(logs)])
            turn += 1
            if not sent:
                await self._wake.wait()

    def _logs(self) -> list[Log]:
        me = self._parts.members.me
        out = []
        for channel in self._parts.members.generations():
            if not channel.is_open or self.peer not in channel.roster:
                continue
            for slot in (channel.urgent[me], channel.slots[me]):
                log = self._parts.logs.get(slot)
                if log is not None and slot not in self._stopped and self._parts.frames.may_send(log):
                    out.append(log)
        return out

    async def _one(self, log: Log) -> int:
        """One frame of one log, if there is one and the window has room."""
        start = self._next.setdefault(log.slot, self._held.get(log.slot, 0))
        full = len(self._window) >= WINDOW_FRAMES or self._window_bytes >= WINDOW_BYTES
        if start >= log.released or full:
            return 0
        sealed = await self._parts.frames.frame(log, start)
        if (log.slot, sealed.epoch.number) not in self._keyed:
            offer = self._parts.epochs.offer(log.slot, sealed.epoch, self.peer)
            await self._send(message.encode(Notice(offer)))
            self._keyed.add((log.slot, sealed.epoch.number))
        self._next[log.slot] = sealed.end
        self._window.append((log.slot, sealed.end, len(sealed.data)))
        self._window_bytes += len(sealed.data)
        await self._send(message.encode_frame(sealed.data))
        return 1


class Parts:
    """What every sender of a node shares."""

    def __init__(self, members: Members, logs: Logs, frames: Frames, epochs: Epochs, receipts: Receipts) -> None:
        self.members = members
        self.logs = logs
        self.frames = frames
        self.epochs = epochs
        self.receipts = receipts
