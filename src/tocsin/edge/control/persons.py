"""What is about persons, at the control socket: releases that wait for a second person, objections, reviews."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.edge.access import RELEASER
from tocsin.edge.audit import Operation, Use
from tocsin.edge.control.answers import asked, name, told
from tocsin.edge.control.auditing import DOOR
from tocsin.edge.control.services import Services
from tocsin.errors import AccessError, ConfigError
from tocsin.exchange.publish import releases
from tocsin.exchange.publish.releases import Waiting
from tocsin.exchange.warn import objections
from tocsin.exchange.warn.objections import Case
from tocsin.formats.text import instant

_LISTED: Final = 1000
_DAY_US: Final = 86_400_000_000


def routes(services: Services) -> list[Route]:
    """The routes."""
    them = _Routes(services)
    return [
        Route("/persons/releases", them.releases, methods=["GET"]),
        Route("/persons/approvals", them.approve, methods=["POST"]),
        Route("/persons/objections", them.objections, methods=["GET"]),
        Route("/persons/objections", them.object_to, methods=["POST"]),
        Route("/persons/objections/{id}/answer", them.answer, methods=["POST"]),
        Route("/persons/objections/{id}/lift", them.lift, methods=["POST"]),
        Route("/persons/reviews", them.reviews, methods=["GET"]),
        Route("/persons/figures", them.figures, methods=["GET"]),
    ]


class _Routes:
    def __init__(self, services: Services) -> None:
        self._services = services

    async def releases(self, _request: Request) -> Response:
        services = self._services
        found = await releases.standing(services.journal.database, services.clock.now_us())
        return told([self._told(one) for one in found])

    async def approve(self, request: Request) -> Response:
        services, body = self._services, await asked(request)
        account = await services.accounts.authenticate(f"Bearer {name(body, 'token') or ''}")
        if account is None or account.kind != RELEASER:
            raise AccessError("access.releaser", "the token is not that of an account of kind releaser")
        try:
            digest = bytes.fromhex(name(body, "digest") or "")
        except ValueError as error:
            raise ConfigError("config.value", "a digest has 64 hexadecimal digits") from error
        one = await releases.approve(services.journal.database, digest, account.name, services.clock.now_us())
        use = Use(DOOR, f"account:{account.name}", Operation.DECIDE, "second person for a release about persons")
        await services.audit.record(use, [digest.hex()])
        return told(self._told(one))

    async def objections(self, _request: Request) -> Response:
        found = await self._services.objecting.cases()
        return told([self._case(one) for one in found])

    async def object_to(self, request: Request) -> Response:
        body = await asked(request)
        object_id, reason, statement = (name(body, one) or "" for one in ("object_id", "reason", "statement"))
        channels = await self._services.objecting.object_to(object_id, reason, statement, name(body, "channel") or "")
        return told({"object_id": object_id, "reason": reason, "channels": channels})

    async def answer(self, request: Request) -> Response:
        body = await asked(request)
        decision, statement = name(body, "decision") or "", name(body, "statement") or ""
        return told(self._case(await self._services.objecting.answer(request.path_params["id"], decision, statement)))

    async def lift(self, request: Request) -> Response:
        statement = name(await asked(request), "statement") or ""
        return told(self._case(await self._services.objecting.lift(request.path_params["id"], statement)))

    async def reviews(self, request: Request) -> Response:
        services = self._services
        text = request.query_params.get("days", "")
        days = int(text) if text.isascii() and text.isdecimal() and len(text) < 5 else 0
        until = datetime.fromtimestamp(services.clock.now_us() / 1e6, UTC).date() + timedelta(days=days)
        wanted = partial(objections.reviews, until=until.isoformat(), limit=_LISTED)
        await services.synced()
        found = await services.journal.database.read(wanted)
        return told([{**one._asdict(), "channel": self._name(one.channel)} for one in found])

    async def figures(self, _request: Request) -> Response:
        return told(await self._services.journal.database.read(objections.figures))

    def _case(self, case: Case) -> dict[str, Any]:
        raised, decided = case.raised, case.decided
        return {
            "objection": raised.objection,
            "object_id": raised.object_id,
            "channel": self._name(raised.channel),
            "by": raised.member,
            "reason": raised.said,
            "raised": instant(raised.added),
            "originators": sorted(case.originators),
            "state": case.state,
            "answers": [{"by": one.member, "decision": one.said, "at": instant(one.added)} for one in case.answers],
            "answer_until": instant(raised.added + objections.DAYS * _DAY_US),
            "decided": instant(decided.added) if decided is not None else None,
        }

    def _name(self, channel_id: str) -> str:
        return next((one.name for one in self._services.members.channels() if one.id == channel_id), channel_id)

    def _told(self, one: Waiting) -> dict[str, object]:
        return {
            "digest": one.digest.hex(),
            "channel": self._name(one.channel),
            "persons": one.objects,
            "seconds": list(one.seconds),
            "approved": list(one.approved),
            "missing": sorted(set(one.seconds) - set(one.approved)),
            "asked": instant(one.asked),
            "until": instant(one.asked + releases.LASTS_US),
        }
