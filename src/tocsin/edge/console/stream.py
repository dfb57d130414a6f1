"""One reader of `/events`: server-sent events, a beat when there is nothing, and an end when the session has one.

A reader holds a cursor and nothing else. Who reads slowly gets more at once, and who does not read at all is let go.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tocsin.edge.console.live import BEAT_S, Live, Push
from tocsin.errors import TocsinError

MOST: Final = 128  # readers of one node
OF_ONE: Final = 4  # of one person; browsers keep six connections to a server, and pages want some of them
SLOW_S: Final = 10.0  # who takes nothing for so long is let go
_PIECE: Final = 64 * 1024
BEAT: Final = "beat"
ENDED: Final = "ended"  # the session has ended, or the role has gone: the page is opened again
ELSEWHERE: Final = "elsewhere"  # the same person looks in too many places: this one rests


class Seats:
    """Who reads. A person's oldest makes room for the newest: it may be one whose cable was cut."""

    def __init__(self) -> None:
        self._taken: list[tuple[str, asyncio.Event]] = []

    @property
    def is_full(self) -> bool:
        """Whether nobody else can read now."""
        return len(self._taken) >= MOST

    @contextmanager
    def taken(self, person: str) -> Iterator[asyncio.Event]:
        """A seat; the event says that it is wanted back."""
        mine = (person, asyncio.Event())
        theirs = [one for one in self._taken if one[0] == person and not one[1].is_set()]
        for _, wanted in theirs[: max(0, len(theirs) - OF_ONE + 1)]:
            wanted.set()
        self._taken.append(mine)
        try:
            yield mine[1]
        finally:
            self._taken.remove(mine)


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads, from where on, and what a push is for them."""

    person: str
    cursor: str
    may_read: Callable[[], Awaitable[bool]]
    shown: Callable[[Push, str], Awaitable[str]]  # writes the audit record, then gives what is new since a cursor


class Desk(NamedTuple):
    """What all readers of a node share."""

    live: Live
    seats: Seats


class Stream(Response):
    """The answer to one reader: it ends when the browser goes, the session ends, or the store does not answer."""

    def __init__(self, desk: Desk, reader: Reader) -> None:
        super().__init__(media_type="text/event-stream", headers={"x-accel-buffering": "no"})
        del self.headers["content-length"]
        self._desk = desk
        self._reader = reader

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        del scope
        gone = asyncio.ensure_future(_disconnected(receive))
        try:
            with self._desk.seats.taken(self._reader.person) as wanted, suppress(TimeoutError, TocsinError):
                async with self._desk.live.reading():
                    await _sent(send, {"type": "http.response.start", "status": 200, "headers": self.raw_headers})
                    async for event in self._events(gone, wanted):
                        for at in range(0, len(event), _PIECE):
                            await _sent(
                                send, {"type": "http.response.body", "body": event[at : at + _PIECE], "more_body": True}
                            )
                await _sent(send, {"type": "http.response.body", "body": b""})
        finally:
            gone.cancel()

    async def _events(self, gone: asyncio.Future[None], wanted: asyncio.Event) -> AsyncIterator[bytes]:
        live, cursor = self._desk.live, self._reader.cursor
        yield event(BEAT, str(live.position))  # the headers go out with it: whoever waits knows that we are here
        while not gone.done() and live.is_followed:
            moved = live.moved
            if wanted.is_set():
                yield event(ELSEWHERE, "")
                return
            if not await self._reader.may_read():
                yield event(ENDED, "")
                return
            push = live.since(cursor)
            if push is not None:
                text = await self._reader.shown(push, cursor)
                cursor = live.cursor(push.board)
                yield event("", text, cursor)
            elif not await _first(gone, wanted, moved):
                yield event(BEAT, str(live.position))


async def _first(gone: asyncio.Future[None], *events: asyncio.Event) -> bool:
    """Wait for the first of these, a beat at most; whether one came."""
    waiting: list[asyncio.Future[Any]] = [asyncio.ensure_future(one.wait()) for one in events]
    try:
        done, _ = await asyncio.wait([gone, *waiting], timeout=BEAT_S, return_when=asyncio.FIRST_COMPLETED)
        return bool(done)
    finally:
        for one in waiting:
            one.cancel()


async def _sent(send: Send, message: MutableMapping[str, Any]) -> None:
    async with asyncio.timeout(SLOW_S):
        await send(message)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def event(name: str, data: str, cursor: str = "") -> bytes:
    """One event of the WHATWG HTML standard, 9.2: each line of the data is a field of its own."""
    lines = [f"id: {cursor}"] if cursor else []
    lines += [f"event: {name}"] if name else []
    lines += [f"data: {line}" for line in data.splitlines() or [""]]
    return ("\n".join(lines) + "\n\n").encode()
