"""Talking to the running node over its local socket: HTTP with JSON answers, JSON Lines for streams."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar
from urllib.parse import quote

import aiohttp
import msgspec

from tocsin.errors import MEANINGS, AccessError, ConfigError, Meaning, TocsinError, Who

if TYPE_CHECKING:
    from tocsin.node.home import Home

_CONNECT_S: Final = 5.0
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


class Control:
    """One conversation with the node of a folder. Raises ConfigError("config.not-running"), AccessError("access.socket")."""

    def __init__(self, home: "Home") -> None:
        self._home = home
        connector = aiohttp.UnixConnector(path=str(home.socket), limit=0)
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_S)
        self._session = aiohttp.ClientSession(
            connector=connector, timeout=timeout, base_url="http://node", read_bufsize=_LONGEST_LINE
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def get(self, path: str, **query: str | int | None) -> Any:
        """The JSON answer to a GET."""
        async with self._ask("GET", path, query) as response:
            return msgspec.json.decode(await response.read())

    async def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """The JSON answer to a POST of a JSON object."""
        async with self._ask("POST", path, {}, msgspec.json.encode(body)) as response:
            return msgspec.json.decode(await response.read())

    async def delete(self, path: str) -> None:
        """DELETE; no answer is expected."""
        async with self._ask("DELETE", path, {}):
            pass

    async def rows(
        self, method: str, path: str, query: Query, body: AsyncIterator[bytes] | bytes | None = None
    ) -> AsyncIterator[dict[str, Any]]:
        """The JSON Lines of an answer as they arrive, while `body` is still being sent."""
        async with self._ask(method, path, query, body) as response:
            async for line in response.content:
                if line.strip():
                    yield msgspec.json.decode(line)

    @asynccontextmanager
    async def _ask(
        self, method: str, path: str, query: Query, body: AsyncIterator[bytes] | bytes | None = None
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        params = {name: str(value) for name, value in query.items() if value is not None}
        try:
            async with self._session.request(method, path, params=params, data=body) as response:
                if response.status >= _OK:
                    raise AnsweredError(_problem(await response.read()))
                yield response
        except aiohttp.ClientConnectorError as error:
            raise self._unreachable(error.os_error) from error
        except (aiohttp.ClientError, ConnectionError) as error:
            raise ConfigError("config.node-stopped", "the node ended while it was answering") from error

    def _unreachable(self, error: OSError) -> TocsinError:
        if isinstance(error, PermissionError):
            return AccessError("access.socket", f"this user may not talk to the node in {self._home.path}")
        return ConfigError("config.not-running", f"no node runs in {self._home.path}")


def segment(text: str) -> str:
    """A name or id as one segment of a path."""
    return quote(text, safe="")


def ask(home: "Home", talk: Callable[[Control], Awaitable[_T]]) -> _T:
    """Hold one conversation from a command."""

    async def held() -> _T:
        async with Control(home) as control:
            return await talk(control)

    return asyncio.run(held())


def _problem(body: bytes) -> Mapping[str, Any]:
    try:
        found = msgspec.json.decode(body)
    except msgspec.DecodeError:
        found = None
    if isinstance(found, dict):
        return found
    return {"code": "internal.error", "detail": "the node answered with something that is not an error of ours"}
