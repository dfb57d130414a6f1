"""The people's listener: health, readiness, metrics and the oversight's pages by their own paths, all else to the application
behind. Oversight sees who used what is above GREEN, counts and objections, and never content.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qs

import msgspec
from starlette.types import ASGIApp, Receive, Scope, Send

from tocsin.edge.access import EVERY, OVERSIGHT, Account, Accounts
from tocsin.edge.audit import Audit
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
    audit: Audit | None = None
    figures: Callable[[], Awaitable[dict[str, Any]]] | None = None  # of objections, without content


class _Answer(NamedTuple):
    status: int
    media_type: str
    body: bytes
    headers: Sequence[tuple[bytes, bytes]] = ()


def build(services: Services, behind: ASGIApp) -> ASGIApp:
    """The application of the listener; `behind` gets every other path."""
    pages = _Pages(services)
    routes: Mapping[str, Callable[[Scope], Awaitable[_Answer]]] = MappingProxyType(
        {
            "/healthz": pages.health,
            "/readyz": pages.readiness,
            "/metrics": pages.metrics,
            "/audit": pages.audit,
            "/audit/problems": pages.problems,
            "/audit/figures": pages.figures,
        }
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
        try:
            account = await self._account(scope)
            if account is None:
                return _Answer(401, _TEXT, b"send an account's token, by Bearer or Basic\n", _CHALLENGES)
            if EVERY not in account.channels:
                # The page names every channel and who is in it.
                return _Answer(403, _TEXT, b"metrics are for accounts that may read every channel\n")
            return _Answer(200, EXPOSITION, await self._services.metrics())
        except StoreError as error:
            return _Answer(503, _TEXT, f"{error.code}: the store does not answer\n".encode())

    async def audit(self, scope: Scope) -> _Answer:
        return await self._overseen(scope, self._records)

    async def problems(self, scope: Scope) -> _Answer:
        return await self._overseen(scope, self._verdict)

    async def figures(self, scope: Scope) -> _Answer:
        return await self._overseen(scope, self._figures)

    async def _account(self, scope: Scope) -> Account | None:
        sent = b",".join(value for name, value in scope["headers"] if name.lower() == b"authorization")
        return await self._services.accounts.authenticate(sent.decode("latin-1"))

    async def _overseen(self, scope: Scope, page: Callable[[Audit, Scope], Awaitable[dict[str, Any]]]) -> _Answer:
        audit = self._services.audit
        try:
            account = await self._account(scope)
            if account is None:
                return _Answer(401, _TEXT, b"send an account's token, by Bearer or Basic\n", _CHALLENGES)
            if account.kind != OVERSIGHT or audit is None:
                return _Answer(403, _TEXT, b"the audit trail is for accounts of kind oversight\n")
            return _Answer(200, "application/json", msgspec.json.encode(await page(audit, scope)))
        except StoreError as error:
            return _Answer(503, _TEXT, f"{error.code}: the store does not answer\n".encode())

    async def _records(self, audit: Audit, scope: Scope) -> dict[str, Any]:
        asked = parse_qs(scope["query_string"].decode("latin-1"), max_num_fields=64)
        head = await audit.head()
        records = await audit.listed(_number(asked, "before", 0), _number(asked, "limit", 50))
        return {"head": {"number": head.number, "hash": head.hash.hex()}, "records": records}

    async def _verdict(self, audit: Audit, _scope: Scope) -> dict[str, Any]:
        found, head = await audit.verified(), await audit.head()
        return {"ok": not found, "head": {"number": head.number, "hash": head.hash.hex()}, "problems": found}

    async def _figures(self, audit: Audit, _scope: Scope) -> dict[str, Any]:
        told = await self._services.figures() if self._services.figures else {}
        return {"uses": await audit.counts(), **told}


def _number(asked: dict[str, list[str]], name: str, default: int) -> int:
    text = asked.get(name, [""])[0]
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else default


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
