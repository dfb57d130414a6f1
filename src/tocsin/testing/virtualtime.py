"""An event loop on a virtual clock: waiting costs nothing, and the same program takes the same course every time.

What makes a run repeatable: time moves only when every task waits; tasks and futures hash by the order they were made
in, so sets of them are walked alike; work handed to an executor runs in place; the garbage collector runs at fixed
steps of the loop. Threads and sockets are refused: neither can be told again.
"""

import asyncio
import gc
import itertools
import math
import threading
from collections.abc import Callable, Coroutine
from contextvars import Context
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

START = datetime(2026, 1, 1, tzinfo=UTC)
LIMIT_S = 400 * 86_400.0
_CLEANUP_LIMIT_S = 3_600.0
_STEPS_WITHOUT_TIME = 1_000_000
_STEPS_PER_COLLECTION = 50_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class DeadlockError(RuntimeError):
    """Nothing can ever happen again: every task waits, and nothing is scheduled."""


class EndlessError(RuntimeError):
    """The run passed its limit of virtual time, or did a million steps without time moving."""


class _Task(asyncio.Task[Any]):
    """A task whose hash is the order it was made in."""

    def __init__(self, number: int, coro: Any, **rest: Any) -> None:
        self._number = number  # before the base registers itself in a set
        super().__init__(coro, **rest)

    def __hash__(self) -> int:
        return self._number


class _Future(asyncio.Future[Any]):
    """A future whose hash is the order it was made in."""

    def __init__(self, number: int, loop: asyncio.AbstractEventLoop) -> None:
        self._number = number
        super().__init__(loop=loop)

    def __hash__(self) -> int:
        return self._number


class _Selector:
    """Stands where the loop would wait for sockets: waiting moves the clock instead."""

    def __init__(self, loop: "VirtualLoop") -> None:
        self._loop = loop
        self._idle_steps = 0
        self._steps = 0

    def select(self, timeout: float | None = None) -> list[Any]:
        """Let that much virtual time pass at once."""
        if timeout is None:
            raise DeadlockError(_describe_deadlock(self._loop))
        self._steps += 1
        if self._steps % _STEPS_PER_COLLECTION == 0:
            gc.collect(1)
        if timeout > 0:
            self._idle_steps = 0
            self._loop.advance(timeout)
        else:
            self._idle_steps += 1
            if self._idle_steps >= _STEPS_WITHOUT_TIME:
                self._idle_steps = 0  # what is left gets its turn to end
                raise EndlessError(f"a million steps at virtual second {self._loop.time():.6f}; somebody spins")
        return []


class VirtualLoop(asyncio.BaseEventLoop):
    """The loop. `failures` holds what asyncio would only have printed, `spent_s` what spend() took.

    `executor_delay_s` is how long work handed to run_in_executor seems to take; its effect comes first, then the delay.
    """

    def __init__(self, start: datetime = START, *, limit_s: float = LIMIT_S, executor_delay_s: float = 0.0) -> None:
        super().__init__()
        self.start = start
        self.limit_s = limit_s
        self.failures: list[dict[str, Any]] = []
        self._executor_delay_s = executor_delay_s
        self._now_s = 0.0
        self.spent_s = 0.0
        self._numbers = itertools.count(1)
        self._selector = _Selector(self)
        self._clock_resolution = 1e-9  # the base asks the machine, and machines differ
        self.set_task_factory(self._make_task)
        self.set_exception_handler(lambda _, context: self.failures.append(context))

    def time(self) -> float:
        """Virtual seconds since the loop was made."""
        return self._now_s

    def advance(self, seconds: float) -> None:
        """Move the clock; the selector's business."""
        self._now_s += seconds
        if self._now_s > self.limit_s:
            raise EndlessError(f"still running at the limit of {self.limit_s:.0f} virtual seconds")

    def spend(self, seconds: float) -> None:
        """Seem to compute: the processor is taken for so long, and everybody else on the loop is late."""
        self.spent_s += seconds
        self.advance(seconds)

    def create_future(self) -> asyncio.Future[Any]:
        """A future that hashes by its number."""
        return _Future(next(self._numbers), self)

    def run_in_executor(self, executor: Any, func: Callable[[*Ts], T], *args: *Ts) -> asyncio.Future[T]:  # noqa: ARG002 - asyncio's signature
        """Run the work in place, in a task of its own, whatever the executor."""
        return self.create_task(self._in_place(func, args))

    def call_soon_threadsafe(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        """As call_soon; refuses other threads, whose timing cannot be told again."""
        if self.is_running() and threading.get_ident() != self._owner:
            raise RuntimeError("a thread called into the virtual loop; hand the work to run_in_executor instead")
        return self.call_soon(callback, *args, context=context)

    def run_forever(self) -> None:
        """As the base; remembers the thread it runs in."""
        self._owner = threading.get_ident()
        super().run_forever()

    def _make_task(self, loop: asyncio.AbstractEventLoop, coro: Any, **rest: Any) -> asyncio.Task[Any]:
        number = next(self._numbers)
        rest["name"] = rest.get("name") or f"task-{number}"
        return _Task(number, coro, loop=loop, **rest)

    async def _in_place(self, func: Callable[[*Ts], T], args: tuple[*Ts]) -> T:
        result = func(*args)
        if self._executor_delay_s > 0:
            await VirtualClock(self).sleep(self._executor_delay_s)
        return result

    def _process_events(self, event_list: list[Any]) -> None:
        """There are no sockets."""

    def _write_to_self(self) -> None:
        """There is no other thread to wake us."""


class VirtualClock:
    """ports.clock.Clock on a virtual loop. `offset_s` is this node's error of the wall clock; it may be set anew."""

    def __init__(self, loop: VirtualLoop, offset_s: float = 0.0, start: datetime | None = None) -> None:
        self._loop = loop
        self.offset_s = offset_s
        self._start_us = (loop.start if start is None else start) - _EPOCH

    def now(self) -> datetime:
        """Wall clock: aware, UTC."""
        return _EPOCH + timedelta(microseconds=self.now_us())

    def now_us(self) -> int:
        """Wall clock in whole microseconds since 1970."""
        start_us = self._start_us // timedelta(microseconds=1)
        return start_us + math.floor((self._loop.time() + self.offset_s) * 1e6 + 0.5)

    def monotonic(self) -> float:
        """Virtual seconds; the offset does not touch them."""
        return self._loop.time()

    def cpu(self) -> float:
        """What was spent by VirtualLoop.spend(); else computing costs nothing here."""
        return self._loop.spent_s

    async def sleep(self, seconds: float) -> None:
        """Let virtual time pass."""
        done = self._loop.create_future()
        timer = self._loop.call_later(max(0.0, seconds), _settle, done)
        try:
            await done
        finally:
            timer.cancel()


def run(
    main: Callable[[], Coroutine[Any, Any, T]] | Coroutine[Any, Any, T],
    *,
    start: datetime = START,
    limit_s: float = LIMIT_S,
    executor_delay_s: float = 0.0,
) -> T:
    """Run `main` to its end in virtual time, cancel what it left running, close the loop and give its result.

    Raises what main raises; DeadlockError or EndlessError when it cannot or does not end; and an ExceptionGroup when
    it ended well but a task or callback failed unseen.
    """
    loop = VirtualLoop(start, limit_s=limit_s, executor_delay_s=executor_delay_s)
    collecting = gc.isenabled()
    gc.disable()
    try:
        try:
            result = loop.run_until_complete(main() if callable(main) else main)
        finally:
            _cancel_leftovers(loop)
        gc.collect(1)  # brings out failures that nobody asked for
        _raise_failures(loop)
        return result
    finally:
        loop.close()
        if collecting:
            gc.enable()


def _cancel_leftovers(loop: VirtualLoop) -> None:
    loop.limit_s = loop.time() + _CLEANUP_LIMIT_S
    left = sorted(asyncio.all_tasks(loop), key=hash)
    for task in left:
        task.cancel()
    if left:
        loop.run_until_complete(asyncio.wait(left))
    for task in left:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            loop.call_exception_handler(
                {"message": f"{task.get_name()} failed while it was cancelled", "exception": error}
            )
    loop.run_until_complete(loop.shutdown_asyncgens())


def _raise_failures(loop: VirtualLoop) -> None:
    if not loop.failures:
        return
    errors = [context.get("exception") or RuntimeError(context["message"]) for context in loop.failures]
    raise BaseExceptionGroup("failed unseen in the simulation", errors)


def _settle(done: asyncio.Future[None]) -> None:
    if not done.done():
        done.set_result(None)


def _describe_deadlock(loop: VirtualLoop) -> str:
    """Name the tasks that wait, and where."""
    lines = [f"deadlock at virtual second {loop.time():.6f}: nothing is scheduled and these wait:"]
    for task in sorted(asyncio.all_tasks(loop), key=hash):
        frames = task.get_stack(limit=1)
        where = f"{frames[-1].f_code.co_qualname}:{frames[-1].f_lineno}" if frames else "?"
        lines.append(f"  {task.get_name()} in {where}")
    return "\n".join(lines)
