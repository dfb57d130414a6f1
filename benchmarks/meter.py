"""Where the processor time goes: timers around named functions, each thread's own clock, what is inside not counted twice.

Functions that wait are driven step by step, so that only the steps count. A timer costs about half a microsecond, and
all stand around work on whole batches or messages.
"""

import functools
import inspect
import threading
import time
import types
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from typing import Any, Self
from unittest import mock


class Meter:
    """Seconds of processor time by name."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}
        self._own = threading.local()
        self._patches: list[AbstractContextManager[Any]] = []

    def add(self, name: str, owner: Any, attribute: str) -> None:
        """Time every call of this function of a module, class or object."""
        timed = self._timed(name, getattr(owner, attribute))
        self._patches.append(mock.patch.object(owner, attribute, timed))

    def __enter__(self) -> Self:
        for one in self._patches:
            one.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        for one in reversed(self._patches):
            one.__exit__(None, None, None)

    def _timed(self, name: str, inner: Callable[..., Any]) -> Callable[..., Any]:
        flags = getattr(getattr(inner, "__code__", None), "co_flags", 0)
        if flags & inspect.CO_ASYNC_GENERATOR:

            @functools.wraps(inner)
            async def yielded(*args: Any, **kwargs: Any) -> Any:
                generator = inner(*args, **kwargs)
                while True:
                    try:
                        value = await self._drive(name, generator.__anext__())
                    except StopAsyncIteration:
                        return
                    yield value

            return yielded
        if flags & inspect.CO_COROUTINE:

            @functools.wraps(inner)
            async def stepped(*args: Any, **kwargs: Any) -> Any:
                return await self._drive(name, inner(*args, **kwargs))

            return stepped

        @functools.wraps(inner)
        def timed(*args: Any, **kwargs: Any) -> Any:
            begin = self._begin()
            try:
                return inner(*args, **kwargs)
            finally:
                self._end(name, begin)

        return timed

    @types.coroutine
    def _drive(self, name: str, coroutine: Any) -> Generator[Any, Any, Any]:
        send, value = coroutine.send, None
        while True:
            begin = self._begin()
            try:
                waits = send(value)
            except StopIteration as end:
                return end.value
            finally:
                self._end(name, begin)
            try:
                value = yield waits
                send = coroutine.send
            except BaseException as error:  # noqa: BLE001 - handed on into the coroutine, as an event loop would
                send, value = coroutine.throw, error

    def _begin(self) -> float:
        inside = self._own.__dict__.setdefault("inside", [])
        inside.append(0.0)
        return time.thread_time()

    def _end(self, name: str, begin: float) -> None:
        inside = self._own.inside
        took = time.thread_time() - begin
        self.spent[name] = self.spent.get(name, 0.0) + took - inside.pop()
        if inside:
            inside[-1] += took
