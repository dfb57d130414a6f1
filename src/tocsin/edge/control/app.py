"""The control socket's routes. Who may open the socket is the operator; there is no other check, and no network."""

import contextlib
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from functools import partial

import msgspec
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from tocsin.edge.access import READER
from tocsin.edge.audit import Operation, Use
from tocsin.edge.control import (
    auditing,
    blocking,
    briefing,
    concerning,
    correcting,
    desking,
    erasing,
    fairness,
    governing,
    overseeing,
    persons,
    proving,
    reading,
    recovering,
    staffing,
    warning,
)
from tocsin.edge.control.answers import asked, told
from tocsin.edge.control.services import Services
from tocsin.edge.control.sharing import Expected, Manner, Sharing, open_channel, override_of
from tocsin.edge.people import EXPOSITION
from tocsin.errors import AccessError, ConfigError, PolicyError, TocsinError
from tocsin.exchange.journal import history
from tocsin.formats.markings import ChannelKind
from tocsin.formats.tlp import Tlp

_WATCH = 500
Handler = Callable[[Request], Awaitable[Response]]


def problem(error: TocsinError) -> Response:
    """RFC 9457 problem details of an error."""
    status = 403 if isinstance(error, AccessError | PolicyError) else 409 if error.exit_status > 1 else 400
    meaning = error.meaning
    body = {
        "type": f"urn:tocsin:error:{error.code}",
        "title": error.what,
        "status": status,
        "detail": error.what,
        "code": error.code,
        "why": meaning.why,
        "do": meaning.do,
        "who": meaning.who.value,
        "exit_status": error.exit_status,
    }
    return Response(msgspec.json.encode(body), status, media_type="application/problem+json")


def build(services: Services) -> Starlette:
    """The application behind the socket."""
    return Starlette(routes=auditing.audited(services, _routes(services)), exception_handlers={TocsinError: _on_error})


def _routes(services: Services) -> list[Route]:
    routes = _Routes(services)
    return [
        Route("/status", routes.status),
        Route("/metrics", routes.metrics),
        Route("/diagnostics", routes.diagnostics),
        Route("/members", routes.members),
        Route("/channels", routes.channels, methods=["GET"]),
        Route("/channels", routes.create_channel, methods=["POST"]),
        Route("/channels/{name}", routes.channel),
        Route("/share", routes.share, methods=["POST"]),
        Route("/objects", routes.objects),
        Route("/objects/{object_id}", routes.object_),
        Route("/receipts", routes.receipts),
        Route("/erasures", routes.erasures, methods=["GET"]),
        Route("/erasures", routes.erase, methods=["POST"]),
        Route("/watch", routes.watch),
        Route("/accounts", routes.accounts, methods=["GET"]),
        Route("/accounts", routes.add_account, methods=["POST"]),
        Route("/accounts/{name}", routes.remove_account, methods=["DELETE"]),
        *briefing.routes(services),
        *concerning.routes(services),
        *fairness.routes(services),
        *correcting.routes(services),
        *blocking.routes(services),
        *governing.routes(services),
        *proving.routes(services),
        *recovering.routes(services),
        *overseeing.routes(services),
        *persons.routes(services),
        *warning.routes(services),
        *staffing.routes(services),
        *desking.routes(services),
    ]


async def _on_error(_request: Request, error: Exception) -> Response:
    if not isinstance(error, TocsinError):
        raise error
    return problem(error)


def _count(text: str) -> int:
    if text and not (text.isascii() and text.isdecimal() and 0 < len(text) < 7):
        raise ConfigError("config.value", "the expected number of recipients is a whole number")
    return int(text or "0")


class _Lines(Response):
    """JSON Lines written while the request may still be read, which StreamingResponse would eat."""

    def __init__(self, lines: AsyncGenerator[bytes, None]) -> None:
        super().__init__(media_type="application/x-ndjson")
        del self.headers["content-length"]
        self._lines = lines

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        async with contextlib.aclosing(self._lines) as lines:
            async for line in lines:
                await send({"type": "http.response.body", "body": line, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


class _Routes:
    def __init__(self, services: Services) -> None:
        self._services = services

    async def status(self, _request: Request) -> Response:
        return told(await reading.status(self._services))

    async def metrics(self, _request: Request) -> Response:
        return Response(await self._services.metrics(), headers={"content-type": EXPOSITION})

    async def diagnostics(self, _request: Request) -> Response:
        return told(Counter(one["code"] for one in self._services.diagnostics()))

    async def members(self, _request: Request) -> Response:
        return told(reading.members(self._services))

    async def channels(self, _request: Request) -> Response:
        return told(reading.channels(self._services))

    async def channel(self, request: Request) -> Response:
        return told(await reading.channel_of(self._services, request.path_params["name"]))

    async def create_channel(self, request: Request) -> Response:
        body = await asked(request)
        try:
            kind = ChannelKind(str(body.get("kind")))
            roster = [str(one) for one in body.get("members", [])]
        except (ValueError, TypeError) as error:
            raise ConfigError("config.value", "a channel needs a kind (thematic, bilateral) and members") from error
        if kind == ChannelKind.PLENARY:
            raise PolicyError("policy.channel-exists", "the plenary exists by the charter")
        made = await self._services.acts.create_channel(
            str(body.get("name", "")),
            kind,
            roster,
            title=str(body.get("title", "")),
            named_people=body.get("named_people") is True,
        )
        return told(await reading.channel_of(self._services, made.id))

    async def share(self, request: Request) -> Response:
        wanted = request.query_params
        channel = open_channel(self._services, wanted.get("channel", ""))
        floor = Tlp.parse(wanted["tlp"]) if wanted.get("tlp") else None
        manner = Manner(
            auditing.use(request, Operation.SHARE),
            dry_run=bool(wanted.get("dry_run")),
            partial=bool(wanted.get("partial")),
            urgent=bool(wanted.get("urgent")),
            override=override_of(wanted.get("allow_listed", ""), wanted.get("reason", "")),
            expect=Expected(wanted.get("expect", ""), "", _count(wanted.get("expect_recipients", ""))),
        )
        sharing = Sharing(self._services, channel, floor, manner)
        return _Lines(sharing.run(request.stream()))

    async def objects(self, request: Request) -> Response:
        use = auditing.use(request, Operation.SEARCH)
        return told(await reading.objects(self._services, dict(request.query_params), use))

    async def object_(self, request: Request) -> Response:
        use = auditing.use(request, Operation.READ)
        return told(await reading.object_(self._services, request.path_params["object_id"], use))

    async def receipts(self, request: Request) -> Response:
        return told(await reading.receipts(self._services, dict(request.query_params)))

    async def erasures(self, _request: Request) -> Response:
        return told(await erasing.standing(self._services))

    async def erase(self, request: Request) -> Response:
        body = await asked(request)
        request.state.ids = [str(body.get("object_id", ""))]
        return told(await erasing.give(self._services, body))

    async def watch(self, request: Request) -> Response:
        text = request.query_params.get("after", "")
        after = int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else self._services.journal.head
        follow = request.query_params.get("follow") == "1"
        return _Lines(self._happenings(after, follow, auditing.use(request, Operation.READ)))

    async def _happenings(self, after: int, follow: bool, use: Use) -> AsyncGenerator[bytes, None]:
        journal = self._services.journal
        with contextlib.suppress(ClientDisconnect):
            while follow or after < journal.head:
                await journal.grown(after)
                rows = await journal.database.read(
                    partial(history.happenings, after=after, limit=_WATCH, now_us=self._services.clock.now_us())
                )
                if rows:
                    before, after = after, rows[-1].row.position
                    await self._services.audit.seen(use, reading.shown(rows))
                    plain = [one.row for one in rows]
                    warned = await warning.happened(self._services, plain)
                    met = await desking.met(self._services, plain)
                    told_of = (
                        {
                            **reading.happening(self._services, one),
                            "warning": warned.get(one.row.position),
                            "story": met.get(one.row.position),
                        }
                        for one in rows
                    )
                    yield b"".join(msgspec.json.encode(one) + b"\n" for one in told_of)
                    if self._services.interests.are_any:
                        yield await concerning.found_between(self._services, before, after)

    async def accounts(self, _request: Request) -> Response:
        listed = await self._services.accounts.list()
        return told(
            [
                {"name": one.name, "kind": one.kind, "channels": sorted(one.channels), "purpose": one.purpose}
                for one in listed
            ]
        )

    async def add_account(self, request: Request) -> Response:
        body = await asked(request)
        wanted = body.get("channels") or ["*"]
        ids = [one if one == "*" else self._services.members.channel(str(one)).id for one in wanted]
        kind = str(body.get("kind") or READER)
        token = await self._services.accounts.add(str(body.get("name", "")), ids, kind, str(body.get("purpose") or ""))
        return told({"name": body.get("name"), "kind": kind, "token": token})

    async def remove_account(self, request: Request) -> Response:
        await self._services.accounts.remove(request.path_params["name"])
        return told({"removed": request.path_params["name"]})
