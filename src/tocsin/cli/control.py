"""Talking to the running node over its local socket: HTTP with JSON answers, JSON Lines for streams.

By h11, which every command can afford: a whole client library would take a third of a short command's time.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import quote, urlencode

import h11
import msgspec

from tocsin.errors import MEANINGS, AccessError, ConfigError, Meaning, TocsinError, Who

if TYPE_CHECKING:
    from tocsin.node.home import Home

_CONNECT_S: Final = 5.0
_PIECE: Final = 256 * 1024
_LONGEST_LINE: Final = 4 * 1024 * 1024  # a watch row carries no content, but an object's name may be long
_OK: Final = 300
_T = TypeVar("_T")
Query = Mapping[str, str | int | None]


class AnsweredError(TocsinError):
    """What the node refused, as it told us: its code, its reason and its exit status."""

    def __init__(self, problem: Mapping[str, Any]) -> None:
        super().__init__(
            str(problem.get("code", "internal.error")), str(problem.get("detail", problem.get("title", "")))
        )
        self.exit_status = int(problem.get("exit_status", 1))
        self._why = str(problem.get("why", ""))
        self._do = str(problem.get("do", ""))

    @property
    def meaning(self) -> Meaning:
        """From our own table where the code is known, else as the node told it."""
        return MEANINGS.get(self.code) or Meaning(Who.OPERATOR, self._why, self._do)


class Answer:
    """One request and its answer, on a connection of its own: what is to be sent may still come while the answer does."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._http = h11.Connection(h11.CLIENT)
        self._sending: asyncio.Task[None] | None = None

    async def begin(self, method: str, target: str, body: AsyncIterator[bytes] | bytes | None) -> None:
        """Send the request, and wait for the head of the answer. Raises AnsweredError."""
        whole = body if isinstance(body, bytes) else b""
        length = (
            ("Transfer-Encoding", "chunked") if isinstance(body, AsyncIterator) else ("Content-Length", str(len(whole)))
        )
        head = [("Host", "node"), ("Accept", "*/*"), ("Connection", "close"), length]
        request = h11.Request(method=method, target=target, headers=head)
        if isinstance(body, AsyncIterator):
            self._write(request)
            self._sending = asyncio.ensure_future(self._send(body))
        else:
            # At once: a node that answers before it read the rest would break the line, and its answer would be lost.
            self._write(request, h11.Data(whole), h11.EndOfMessage())
        while isinstance(told := await self._next(), h11.InformationalResponse):
            pass
        if isinstance(told, h11.Response) and told.status_code >= _OK:
            raise AnsweredError(_problem(await self.read()))

    async def read(self) -> bytes:
        """The body."""
        return b"".join([piece async for piece in self._pieces()])

    async def lines(self) -> AsyncIterator[bytes]:
        """The lines of the body, as they arrive."""
        begun = bytearray()
        async for piece in self._pieces():
            *whole, rest = piece.split(b"\n")
            for line in whole:
                yield bytes(begun + line)
                begun.clear()
            begun += rest
            if len(begun) > _LONGEST_LINE:
                raise AnsweredError({"code": "internal.error", "detail": "the node answered with a line without end"})
        if begun:
            yield bytes(begun)

    async def close(self) -> None:
        """End the conversation, wherever it is."""
        if self._sending is not None:
            self._sending.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await self._sending
        self._writer.close()

    async def _send(self, body: AsyncIterator[bytes]) -> None:
        try:
            async for piece in body:
                self._write(h11.Data(piece))
                await self._writer.drain()
            self._write(h11.EndOfMessage())
        except ConnectionError:
            pass  # the answer says why the node wants no more
        except BaseException:
            self._reader.feed_eof()  # nobody can answer to half of it
            raise

    def _write(self, *events: h11.Event) -> None:
        self._writer.write(b"".join(self._http.send(one) or b"" for one in events))

    async def _pieces(self) -> AsyncIterator[bytes]:
        while isinstance(told := await self._next(), h11.Data):
            yield bytes(told.data)

    async def _next(self) -> object:
        while (told := self._http.next_event()) is h11.NEED_DATA:
            data = await self._reader.read(_PIECE)
            if not data and self._sending is not None and self._sending.done():
                self._sending.result()  # raises what kept the body from being sent
            self._http.receive_data(data)
        return told


class Control:
    """The node of a folder. Raises ConfigError("config.not-running", "config.node-stopped"), AccessError("access.socket")."""

    def __init__(self, home: "Home") -> None:
        self._home = home

    async def get(self, path: str, **query: str | int | None) -> Any:
        """The JSON answer to a GET."""
        async with self._ask("GET", path, query) as answer:
            return msgspec.json.decode(await answer.read())

    async def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """The JSON answer to a POST of a JSON object."""
        async with self._ask("POST", path, {}, msgspec.json.encode(body)) as answer:
            return msgspec.json.decode(await answer.read())

    async def delete(self, path: str) -> None:
        """DELETE; no answer is expected."""
        async with self._ask("DELETE", path, {}):
            pass

    async def rows(
        self, method: str, path: str, query: Query, body: AsyncIterator[bytes] | bytes | None = None
    ) -> AsyncIterator[dict[str, Any]]:
        """The JSON Lines of an answer as they arrive, while `body` is still being sent."""
        async with self._ask(method, path, query, body) as answer:
            async for line in answer.lines():
                if line.strip():
                    yield msgspec.json.decode(line)

    @asynccontextmanager
    async def _ask(
        self, method: str, path: str, query: Query, body: AsyncIterator[bytes] | bytes | None = None
    ) -> AsyncIterator[Answer]:
        params = {name: str(value) for name, value in query.items() if value is not None}
        try:
            async with asyncio.timeout(_CONNECT_S):
                reader, writer = await asyncio.open_unix_connection(str(self._home.socket))
        except PermissionError as error:
            raise AccessError("access.socket", f"this user may not talk to the node in {self._home.path}") from error
        except OSError as error:  # TimeoutError is one
            raise ConfigError("config.not-running", f"no node runs in {self._home.path}") from error
        answer = Answer(reader, writer)
        try:
            await answer.begin(method, f"{path}?{urlencode(params)}" if params else path, body)
            yield answer
        except (h11.RemoteProtocolError, ConnectionError) as error:
            raise ConfigError("config.node-stopped", "the node ended while it was answering") from error
        finally:
            await answer.close()


def segment(text: str) -> str:
    """A name or id as one segment of a path."""
    return quote(text, safe="")


def ask(home: "Home", talk: Callable[[Control], Awaitable[_T]]) -> _T:
    """Hold one conversation from a command."""

    async def held() -> _T:
        return await talk(Control(home))

    return asyncio.run(held())


def _problem(body: bytes) -> Mapping[str, Any]:
    try:
        found = msgspec.json.decode(body)
    except msgspec.DecodeError:
        found = None
    if isinstance(found, dict):
        return found
    return {"code": "internal.error", "detail": "the node answered with something that is not an error of ours"}
