"""Whose turn it is: what peers send is taken step by step, urgent first, then one peer after the other, within quotas.

A peer over its quota is refused nothing: it waits, its link is not read on, and its own window bounds what it has under
way. It is served beyond its quota when no other member has sent a frame for a while; that costs it nothing.

Work of the processor is one turn at a time: between two turns the loop runs, so that nobody waits longer than for one
step of each other peer. What a step has cost is known after it, and is charged then: a bucket may be overdrawn.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Coroutine, Generator, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple, TypeVar

from tocsin.ports.clock import Clock

T = TypeVar("T")
Lane = Literal["urgent", "routine", "spare"]

_BURST_S: Final = 0.5  # so many seconds' worth may be used at once
_DEBT_S: Final = 5.0  # nobody waits longer for what one message has cost
_CALM_S: Final = 1.0  # without a frame of another member: then what is left over is free
_RESERVE: Final = 0.1  # of the quota, on top of it, for urgent frames only
_GRAIN_S: Final = 1e-9  # less debt than this is none
_REST_S: Final = 1e-3  # the least pause before looking again


@dataclass(frozen=True, slots=True)
class Quota:
    """What one peer may use. `cpu_share`: processor seconds a second, of one core."""

    bytes_per_s: float = 4 * 1024 * 1024
    objects_per_s: float = 2000
    cpu_share: float = 0.1

    def rates(self, part: float = 1.0) -> tuple[float, float, float]:
        """Bytes, objects and processor seconds, each a second."""
        return self.bytes_per_s * part, self.objects_per_s * part, self.cpu_share * part


QUOTA: Final = Quota()


class Bucket:
    """Tokens that come back at `rate` a second. Full at first; times in seconds of one monotonic clock."""

    def __init__(self, rate: float, now: float) -> None:
        self._rate = rate
        self._level = rate * _BURST_S
        self._at = now

    def take(self, amount: float, now: float) -> None:
        """Use tokens, overdrawing if need be, though never by more than comes back in _DEBT_S."""
        self._refill(now)
        self._level = max(self._level - amount, -self._rate * _DEBT_S)

    def ready_in(self, now: float) -> float:
        """Seconds until nothing is owed; 0 if nothing is."""
        self._refill(now)
        owed = -self._level / self._rate
        return owed if owed > _GRAIN_S else 0.0

    def _refill(self, now: float) -> None:
        self._level = min(self._rate * _BURST_S, self._level + self._rate * (now - self._at))
        self._at = now


class Buckets:
    """Bytes, objects and processor seconds together."""

    def __init__(self, rates: tuple[float, float, float], now: float) -> None:
        self._each = tuple(Bucket(rate, now) for rate in rates)

    def take(self, amounts: tuple[float, float, float], now: float) -> None:
        """Use (bytes, objects, processor seconds)."""
        for bucket, amount in zip(self._each, amounts, strict=True):
            if amount:
                bucket.take(amount, now)

    def ready_in(self, now: float) -> float:
        """Seconds until none of them is overdrawn."""
        return max(bucket.ready_in(now) for bucket in self._each)


class Told(NamedTuple):
    """How often a peer was found over its quota, and how long its messages have waited for a turn in all."""

    over: int
    waited_s: float


@dataclass(slots=True)
class _Account:
    """One peer's. Of its waiting turns the urgent come first; with one link, taken in order, there is but one."""

    peer: str
    routine: Buckets
    reserve: Buckets
    waiting: deque["Turn"] = field(default_factory=deque)
    over_at: float = float("-inf")  # when a message of it last met a quota used up
    over: int = 0
    waited_s: float = 0.0


class Turn:
    """One message's leave to be worked on. What it costs is charged to its peer, but for a turn in a spare moment."""

    def __init__(self, turns: "Turns", account: _Account, *, is_frame: bool, is_urgent: bool) -> None:
        self._turns = turns
        self.account = account
        self.is_frame = is_frame
        self.is_urgent = is_urgent
        self.is_over = False  # whether its peer's quota was used up when it came
        self.lane: Lane | None = None  # None until it is let in
        self.given: asyncio.Future[None]

    def charge(self, *, size: int = 0, objects: int = 0, cpu_s: float = 0.0) -> None:
        """Add to what the message has cost."""
        if self.lane in ("urgent", "routine"):
            payer = self.account.reserve if self.lane == "urgent" else self.account.routine
            payer.take((size, objects, cpu_s), self._turns.clock.monotonic())

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Let `work` run in this task; each of its steps is charged with the processor time it took."""
        return await _Metered(self, work, self._turns.clock.cpu)

    async def through(self, steps: Generator[None, None, T]) -> T:
        """Work that yields where others may come between: each step after the first waits for a turn of its own."""
        while True:
            try:
                next(steps)
            except StopIteration as end:
                result: T = end.value
                return result
            await self._turns.again(self)


class _Metered(Generator[Any, Any, T]):
    """Work to be awaited, each of whose steps is charged."""

    def __init__(self, turn: Turn, work: Coroutine[Any, Any, T], cpu: Callable[[], float]) -> None:
        self._turn = turn
        self._work = work
        self._cpu = cpu

    def __await__(self) -> Generator[Any, Any, T]:
        return self

    def send(self, value: Any) -> Any:
        return self._charged(self._work.send, value)

    def throw(self, *error: Any) -> Any:
        return self._charged(self._work.throw, *error)

    def _charged(self, step: Callable[..., Any], *given: Any) -> Any:
        began = self._cpu()
        try:
            return step(*given)
        finally:
            self._turn.charge(cpu_s=self._cpu() - began)


class Turns:
    """One per node. `urgent(slot)`: whether frames of the log with this slot go first, within the peer's reserve."""

    def __init__(self, clock: Clock, quota: Quota, urgent: Callable[[bytes], bool]) -> None:
        self.clock = clock
        self._quota = quota
        self._urgent = urgent
        self._accounts: dict[str, _Account] = {}
        self._line: OrderedDict[str, _Account] = OrderedDict()  # who waits, in the order of their turns
        self._frames: OrderedDict[str, float] = OrderedDict()  # when a peer last had a frame taken, the newest last
        self._asked = asyncio.Event()

    async def take(self, peer: str, size: int, slot: bytes | None = None) -> Turn:
        """Wait until a message of `size` bytes may be worked on; `slot` is that of a frame's log."""
        account, now = self._account(peer), self.clock.monotonic()
        turn = Turn(self, account, is_frame=slot is not None, is_urgent=slot is not None and self._urgent(slot))
        if account.routine.ready_in(now):
            turn.is_over, account.over_at, account.over = True, now, account.over + 1
        await self._wait(turn)
        turn.charge(size=size, objects=1)
        return turn

    async def again(self, turn: Turn) -> None:
        """Wait for the next step of a message that was let in: after the others, whatever it has cost so far."""
        await self._wait(turn)

    def is_over(self, peer: str) -> bool:
        """Whether a peer has used up its quota at this moment."""
        account = self._accounts.get(peer)
        return account is not None and account.routine.ready_in(self.clock.monotonic()) > 0

    def told(self, peer: str) -> Told:
        """For metrics."""
        account = self._accounts.get(peer)
        return Told(account.over, account.waited_s) if account else Told(0, 0.0)

    async def run(self) -> None:
        """Give turns until cancelled."""
        while True:
            self._asked.clear()
            now = self.clock.monotonic()
            found = self._next(now)
            if found is None:
                await self._rest(now)
                continue
            self._give(*found, now)
            # The loop runs the step before it comes back here: the next choice knows what this one has cost.
            await self.clock.sleep(0)

    # -- inside -------------------------------------------------------------------------------------------------

    def _account(self, peer: str) -> _Account:
        account = self._accounts.get(peer)
        if account is None:
            now = self.clock.monotonic()
            routine, reserve = (Buckets(self._quota.rates(part), now) for part in (1.0, _RESERVE))
            account = self._accounts[peer] = _Account(peer, routine, reserve)
        return account

    async def _wait(self, turn: Turn) -> None:
        account = turn.account
        turn.given = asyncio.get_running_loop().create_future()
        if turn.is_urgent:
            account.waiting.appendleft(turn)
        else:
            account.waiting.append(turn)
        self._line.setdefault(account.peer, account)
        self._asked.set()
        began = self.clock.monotonic()
        try:
            await turn.given
        finally:
            account.waited_s += self.clock.monotonic() - began
            if turn in account.waiting:  # its link has ended
                self._leave(turn)

    def _leave(self, turn: Turn) -> None:
        account = turn.account
        account.waiting.remove(turn)
        if account.waiting:
            self._line.move_to_end(account.peer)
        else:
            del self._line[account.peer]

    def _next(self, now: float) -> tuple[Turn, Lane] | None:
        """The first in the line of the best lane that has anybody."""
        heads = [account.waiting[0] for account in self._line.values()]
        lanes: Iterable[tuple[Lane, Callable[[Turn, float], bool]]]
        lanes = (("urgent", self._is_urgent), ("routine", self._is_due), ("spare", self._is_spare))
        for lane, fits in lanes:
            for turn in heads:
                if fits(turn, now):
                    return turn, lane
        return None

    def _is_urgent(self, turn: Turn, now: float) -> bool:
        if turn.lane is not None:
            return turn.lane == "urgent"
        return turn.is_urgent and not turn.account.reserve.ready_in(now)

    def _is_due(self, turn: Turn, now: float) -> bool:
        return turn.lane is not None or not turn.account.routine.ready_in(now)

    def _is_spare(self, turn: Turn, now: float) -> bool:
        return self._calm_in(turn.account.peer, now) <= 0

    def _calm_in(self, peer: str, now: float) -> float:
        """Seconds until no other member has had a frame taken for a while."""
        last = next((at for other, at in reversed(self._frames.items()) if other != peer), float("-inf"))
        return last + _CALM_S - now

    def _give(self, turn: Turn, lane: Lane, now: float) -> None:
        self._leave(turn)
        if turn.lane is None:
            turn.lane = lane
            if turn.is_over:
                turn.account.over_at = now
            # One that lives at its quota's edge holds no other back: two that catch up share all there is.
            elif turn.is_frame and now - turn.account.over_at >= _CALM_S:
                self._frames[turn.account.peer] = now
                self._frames.move_to_end(turn.account.peer)
        if not turn.given.done():  # whoever waited may have gone with its link
            turn.given.set_result(None)

    async def _rest(self, now: float) -> None:
        """Until somebody asks, or somebody who waits may be due."""
        dues = [self._due_in(account, now) for account in self._line.values()]
        with suppress(TimeoutError):
            async with asyncio.timeout(max(min(dues), _REST_S) if dues else None):
                await self._asked.wait()

    def _due_in(self, account: _Account, now: float) -> float:
        waits = min(account.routine.ready_in(now), self._calm_in(account.peer, now))
        return min(waits, account.reserve.ready_in(now)) if account.waiting[0].is_urgent else waits
