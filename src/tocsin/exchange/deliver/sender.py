"""One follower for each peer: carries our logs to it from its receipted position on, a bounded window ahead.

A push is only a wake-up: what is sent is always read from the position. The stored position is the newest receipt,
committed by receipts.py together with its effect. A slow peer fills its own window and holds nobody else.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

from tocsin.exchange.deliver.receipts import Receipts
from tocsin.exchange.members.registry import Members
from tocsin.exchange.publish.epochs import Epochs
from tocsin.exchange.publish.frames import Frames
from tocsin.exchange.tlog.logs import Log, Logs
from tocsin.formats import message
from tocsin.formats.message import Notice, Position, Refusal

WINDOW_FRAMES: Final = 16
WINDOW_BYTES: Final = 8 * 1024 * 1024
URGENT_FRAMES: Final = 4  # beside those: what is urgent has room even when the window is full
URGENT_BYTES: Final = 1024 * 1024
NOT_YET: Final = frozenset({"receive.not-open", "receive.stranger"})
_BEGIN_AGAIN: Final = frozenset({"receive.gap", "receive.overlap", "receive.no-key"})


class _Sent(NamedTuple):
    """A frame on its way."""

    slot: bytes
    end: int
    size: int
    urgent: bool


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
        self._window: list[_Sent] = []
        self._keyed: set[tuple[bytes, int]] = set()
        self._stopped: dict[bytes, str] = {}
        self._wanted: dict[bytes, None] = {}  # logs of others that the peer has asked us for, in that order
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
        self._window = [one for one in self._window if one.slot != slot or one.end > size]
        self.wake()

    def refused(self, refusal: Refusal) -> None:
        """The peer did not take a frame: begin again where it stands, or leave this log for this link."""
        slot = refusal.slot
        log = self._parts.logs.get(slot)
        if log is None or (log.origin != self._parts.members.me and slot not in self._wanted):
            return  # we sent no frame of it: nothing is kept of what a peer makes up
        if refusal.code in NOT_YET or refusal.code == "receive.no-key":
            self._keyed.clear()  # a key that came before its channel was known has been thrown away
        if refusal.code in _BEGIN_AGAIN and self._restarts.get(slot, (-1, 0)) != (refusal.size, 3):
            at, times = self._restarts.get(slot, (refusal.size, 0))
            self._restarts[slot] = (refusal.size, times + 1 if at == refusal.size else 1)
            self._next[slot] = refusal.size
        else:
            self._stopped[slot] = refusal.code
            self._next[slot] = refusal.size
        self._window = [one for one in self._window if one.slot != slot]
        self.wake()

    def resume(self) -> None:
        """The peer knows more of our channels now: what it refused for that reason is tried again."""
        self._stopped = {slot: code for slot, code in self._stopped.items() if code not in NOT_YET}
        self.wake()

    def want(self, slot: bytes, size: int, *, wanted: bool) -> None:
        """The peer asks for a log from `size` on that is not ours, or needs it no longer."""
        log = self._parts.logs.get(slot)
        if log is None or log.origin == self._parts.members.me:
            return  # nothing is kept of logs that a peer makes up; ours are sent without being asked for
        # What is still on its way may be neither receipted nor refused any more.
        self._window = [one for one in self._window if one.slot != slot]
        if not wanted:
            self._wanted.pop(slot, None)
        else:
            self._wanted[slot] = None
            self._next[slot] = size
            self._stopped.pop(slot, None)
        self.wake()

    def _relayed(self, slot: bytes) -> Log | None:
        place, log = self._parts.members.origin(slot), self._parts.logs.get(slot)
        if place is None or log is None or place.origin == self._parts.members.me or slot in self._stopped:
            return None
        return log if place.channel.is_open and self.peer in place.channel.roster else None

    async def run(self) -> None:
        """Send until the link ends (PeerError) or the task is cancelled."""
        turn = 0
        while True:
            self._wake.clear()
            urgent, routine = self._logs()
            sent = 0
            for i in range(len(routine)):
                # A different log goes first each time round, so that a busy channel does not starve a quiet one; and
                # what is urgent never waits for more than one frame of what is not.
                for log in urgent:
                    sent += await self._one(log, urgent=True)
                sent += await self._one(routine[(turn + i) % len(routine)], urgent=False)
            turn += 1
            if not sent:
                await self._wake.wait()

    def _logs(self) -> tuple[list[Log], list[Log]]:
        """Urgent and routine logs that this peer may be sent: ours, and those of others that it has asked for."""
        me = self._parts.members.me
        urgent: list[Log] = []
        routine = [log for slot in self._wanted if (log := self._relayed(slot)) is not None]
        for channel in self._parts.members.generations():
            if not channel.is_open or self.peer not in channel.roster:
                continue
            for slot, lane in ((channel.urgent[me], urgent), (channel.slots[me], routine)):
                log = self._parts.logs.get(slot)
                if log is not None and slot not in self._stopped and self._parts.frames.may_send(log):
                    lane.append(log)
        return urgent, routine

    def _is_full(self, *, urgent: bool) -> bool:
        lane = [one for one in self._window if one.urgent == urgent]
        frames, size = (URGENT_FRAMES, URGENT_BYTES) if urgent else (WINDOW_FRAMES, WINDOW_BYTES)
        return len(lane) >= frames or sum(one.size for one in lane) >= size

    async def _one(self, log: Log, *, urgent: bool) -> int:
        """One frame of one log, if there is one and the window of its lane has room."""
        start = self._next.setdefault(log.slot, self._held.get(log.slot, 0))
        if start >= log.released or self._is_full(urgent=urgent):
            return 0
        sealed = await self._parts.frames.frame(log, start)
        if self.peer not in sealed.epoch.roster:
            return 0  # the roster has changed while the frame was made
        if (sealed.key_slot, sealed.epoch.number) not in self._keyed:
            offer = self._parts.epochs.offer(sealed.key_slot, sealed.epoch, self.peer)
            await self._send(message.encode(Notice(offer)))
            self._keyed.add((sealed.key_slot, sealed.epoch.number))
        self._next[log.slot] = sealed.end
        self._window.append(_Sent(log.slot, sealed.end, len(sealed.data), urgent))
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
