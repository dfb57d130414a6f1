"""The people's listener: health, readiness and metrics by their own paths, all else to the application behind."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, NamedTuple

import msgspec
from starlette.types import ASGIApp, Receive, Scope, Send

from tocsin.edge.access import EVERY, Accounts
from tocsin.errors import StoreError

EXPOSITION: Final = "text/plain; version=0.0.4; charset=utf-8"
_TEXT: Final = "text/plain; charset=utf-8"
_CHALLENGES: Final = (
    (b"www-authenticate", b'Basic realm="tocsin", charset="UTF-8"'),
    (b"www-authenticate", b'Bearer realm="tocsin"'),
)


class Reason(NamedTuple):
    """Why the node is not ready. Shown to anybody who asks: codes and numbers, no channel and no member."""

    code: str
    what: str


@dataclass(frozen=True, slots=True)
class Services:
    """What is asked of the node. `metrics` gives the page (docs/metrics.md), `reasons` nothing when it is ready."""

    accounts: Accounts
    metrics: Callable[[], Awaitable[bytes]]
    reasons: Callable[[], Awaitable[Sequence[Reason]]]


class _Answer(NamedTuple):
    status: int
    media_type: str
    body: bytes
    headers: Sequence[tuple[bytes, bytes]] = ()


def build(services: Services, behind: ASGIApp) -> ASGIApp:
    """The application of the listener; `behind` gets every other path."""
    pages = _Pages(services)
    routes: Mapping[str, Callable[[Scope], Awaitable[_Answer]]] = MappingProxyType(
        {"/healthz": pages.health, "/readyz": pages.readiness, "/metrics": pages.metrics}
    )

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        page = routes.get(scope["path"]) if scope["type"] == "http" else None
        if page is None:
            await behind(scope, receive, send)
            return
        if scope["method"] in ("GET", "HEAD"):
            answer = await page(scope)
        else:
            answer = _Answer(405, _TEXT, b"read it with GET\n", ((b"allow", b"GET, HEAD"),))
        await _send(send, answer, head=scope["method"] == "HEAD")

    return application


class _Pages:
    def __init__(self, services: Services) -> None:
        self._services = services

    async def health(self, _scope: Scope) -> _Answer:
        """The process lives and its loop turns: nothing else is looked at, so that no fault outside restarts it."""
        return _Answer(200, _TEXT, b"ok\n")

    async def readiness(self, _scope: Scope) -> _Answer:
        reasons = await self._services.reasons()
        body = {"ready": not reasons, "reasons": [one._asdict() for one in reasons]}
        return _Answer(503 if reasons else 200, "application/json", msgspec.json.encode(body))

    async def metrics(self, scope: Scope) -> _Answer:
        sent = b",".join(value for name, value in scope["headers"] if name.lower() == b"authorization")
        try:
            account = await self._services.accounts.authenticate(sent.decode("latin-1"))
            if account is None:
                return _Answer(401, _TEXT, b"send an account's token, by Bearer or Basic\n", _CHALLENGES)
            if EVERY not in account.channels:
                # The page names every channel and who is in it.
                return _Answer(403, _TEXT, b"metrics are for accounts that may read every channel\n")
            return _Answer(200, EXPOSITION, await self._services.metrics())
        except StoreError as error:
            return _Answer(503, _TEXT, f"{error.code}: the store does not answer\n".encode())


async def _send(send: Send, answer: _Answer, *, head: bool) -> None:
    headers = [
        (b"content-type", answer.media_type.encode()),
        (b"content-length", str(len(answer.body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        *answer.headers,
    ]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head else answer.body})
