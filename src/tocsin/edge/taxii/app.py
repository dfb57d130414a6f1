"""The ASGI application for reading by TAXII 2.1. Every answer, errors too, has the media type of TAXII."""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final, Protocol

from starlette.types import ASGIApp, Receive, Scope, Send

from tocsin.edge.access import READER, Account, Accounts
from tocsin.edge.audit import Audit, Operation, Use
from tocsin.edge.taxii import filters, paging, resources
from tocsin.edge.taxii.answers import TAXII, Answer, RefusalError, absent, accepts, error
from tocsin.edge.taxii.paging import Limits, Listed, Page, Terms, unlisted
from tocsin.edge.taxii.resources import Channel
from tocsin.errors import StoreError, TocsinError
from tocsin.exchange.journal.search import Query, find
from tocsin.ports.clock import Clock
from tocsin.ports.database import Database, Reading

_ONE: Final = "([^/]+)/"
_COLLECTION: Final = "/api1/collections/" + _ONE
_ROUTES: Final = tuple(
    (name, re.compile(pattern), methods)
    for name, pattern, methods in (
        ("objects", _COLLECTION + "objects/", ("POST",)),
        ("manifest", _COLLECTION + "manifest/", ()),
        ("object", _COLLECTION + "objects/" + _ONE, ("DELETE",)),
        ("versions", _COLLECTION + "objects/" + _ONE + "versions/", ()),
        ("collection", _COLLECTION, ()),
        ("collections", "/api1/collections/", ()),
        ("discovery", "/taxii2/", ()),
        ("root", "/api1/", ()),
        ("status", "/api1/status/" + _ONE, ()),
    )
)
_READING: Final = ("GET", "HEAD")
_MATCHABLE: Final = MappingProxyType(
    {
        "objects": filters.MATCH_ALL,
        "manifest": filters.MATCH_ALL,
        "object": filters.MATCH_OBJECT,
        "versions": filters.MATCH_VERSIONS,
    }
)
_OPERATIONS: Final = MappingProxyType(
    {
        "objects": Operation.EXPORT,
        "object": Operation.READ,
        "manifest": Operation.SEARCH,
        "versions": Operation.SEARCH,
    }
)
_UNSAID: Final = "read by TAXII; the account states no purpose"
_CHALLENGES: Final = (
    (b"www-authenticate", b'Basic realm="tocsin", charset="UTF-8"'),
    (b"www-authenticate", b'Bearer realm="tocsin"'),
)
_ALWAYS: Final = (
    (b"content-type", TAXII.encode()),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
)


class Members(Protocol):
    """Where the channels come from."""

    def channels(self) -> Sequence[Channel]:
        """Our channels, in a stable order."""
        ...


@dataclass(frozen=True, slots=True)
class Services:
    """What the application needs of the node. `synced` waits until the search has caught up with the journal."""

    database: Database
    members: Members
    accounts: Accounts
    audit: Audit
    public_url: Callable[[], str] | str  # e.g. http://127.0.0.1:7451
    title: str
    clock: Clock
    synced: Callable[[], Awaitable[None]]
    limits: Limits = field(default_factory=Limits)
    listed: Listed = unlisted  # on which deny-lists indicators are


def build(services: Services) -> ASGIApp:
    """The application. It answers under /taxii2/ and /api1/, and 404 elsewhere."""
    return _Taxii(services)


class _Taxii:
    def __init__(self, services: Services) -> None:
        self._services = services
        self._key = b""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await _decline(scope, receive, send)
            return
        try:
            answer = await self._answer(scope)
        except RefusalError as refusal:
            answer = refusal.answer()
        except StoreError as failure:
            answer = error(503, "The store does not answer", code=failure.code)
        except TocsinError as failure:
            answer = error(500, "Internal error", code=failure.code)
        await _send(send, answer, head=scope["method"] == "HEAD")

    async def _answer(self, scope: Scope) -> Answer:
        account = await self._services.accounts.authenticate(_header(scope, b"authorization"))
        if account is None:
            raise RefusalError(401, "Unauthorized", "Send an account's token, by Bearer or Basic.", _CHALLENGES)
        if account.kind != READER:
            raise RefusalError(403, "Forbidden", f"An account of kind {account.kind} reads no content.")
        name, arguments, writing = _route(scope["path"])
        method = scope["method"]
        if method not in (*_READING, *writing):
            allow = ", ".join((*_READING, *writing)).encode()
            raise RefusalError(405, "Method not allowed", headers=((b"allow", allow),))
        if not accepts(_header(scope, b"accept")):
            raise RefusalError(406, "Not acceptable", f"Answers are {TAXII}.")
        if name in ("collection", *_MATCHABLE):
            return await self._in_collection(name, arguments, scope, account)
        return self._outside(name, account)

    def _outside(self, name: str, account: Account) -> Answer:
        services = self._services
        if name == "discovery":
            url = services.public_url
            return resources.discovery(services.title, url if isinstance(url, str) else url())
        if name == "root":
            return resources.root(services.title)
        if name == "collections":
            return resources.collections(resources.visible(services.members.channels(), account))
        raise absent()  # a status: nothing can be posted, so there is none

    async def _in_collection(self, name: str, arguments: tuple[str, ...], scope: Scope, account: Account) -> Answer:
        channels = resources.visible(self._services.members.channels(), account)
        channel = resources.chosen(arguments[0], channels)
        if channel is None:
            raise absent()
        if scope["method"] not in _READING:
            raise RefusalError(403, "Forbidden", "This collection cannot be written to (can_write is false).")
        if name == "collection":
            return resources.collection(channel, channels)
        why = _header(scope, b"x-tocsin-reason") or account.purpose or _UNSAID
        use = Use("taxii", f"account:{account.name}", _OPERATIONS[name], why)
        return await self._page(name, channel, arguments[1:], scope["query_string"], use)

    async def _page(self, name: str, channel: Channel, object_id: tuple[str, ...], query: bytes, use: Use) -> Answer:
        limits = self._services.limits
        key = self._key = self._key or await self._services.accounts.secret("taxii-next")
        place = "\n".join((name, channel.id, *object_id))
        told = paging.wanted(filters.parse(query, _MATCHABLE[name]), key, place, limits)
        sought = told
        if object_id:
            sought = replace(told, filters=replace(told.filters, ids=object_id))
        if name == "versions":
            sought = replace(sought, filters=replace(sought.filters, versions=("all",)))
        content = name in ("objects", "object")

        now_us = self._services.clock.now_us()
        terms = Terms(content, limits.page_bytes, now_us, self._services.listed)

        def work(reading: Reading) -> Page:
            page = paging.read(reading, channel.number, sought, terms)
            if object_id and not page.rows and not _is_known(reading, channel, object_id, now_us):
                raise absent()
            return page

        await self._services.synced()
        page = await self._services.database.read(work)
        await self._services.audit.seen(use, page.rows)
        following = paging.cursor(page, told, key, place) if page.more else ""
        if content:
            return resources.objects(page, following)
        return (resources.versions if name == "versions" else resources.manifest)(page, following)


def _route(path: str) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """(name, arguments, methods beyond reading). Raises RefusalError(404), for a missing slash too."""
    for name, pattern, methods in _ROUTES:
        found = pattern.fullmatch(path)
        if found:
            return name, found.groups(), methods
    raise absent()


def _is_known(reading: Reading, channel: Channel, object_id: tuple[str, ...], now_us: int) -> bool:
    query = Query(channels=(channel.number,), ids=object_id, limit=1, content=False, now_us=now_us)
    return bool(find(reading, query))


def _header(scope: Scope, wanted: bytes) -> str:
    """All lines of one header as one, as RFC 9110 joins them."""
    return b",".join(value for name, value in scope["headers"] if name.lower() == wanted).decode("latin-1")


async def _send(send: Send, answer: Answer, *, head: bool) -> None:
    length = (b"content-length", str(len(answer.body)).encode())
    await send({"type": "http.response.start", "status": answer.status, "headers": [*_ALWAYS, *answer.headers, length]})
    await send({"type": "http.response.body", "body": b"" if head else answer.body})


async def _decline(scope: Scope, receive: Receive, send: Send) -> None:
    """Nothing to start or stop, and no WebSockets here."""
    if scope["type"] == "lifespan":
        while (message := await receive())["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        await send({"type": f"{message['type']}.complete"})
    else:
        await send({"type": "websocket.close"})
