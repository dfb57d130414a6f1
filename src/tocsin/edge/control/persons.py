"""What is about persons, at the control socket: releases that wait for a second person."""

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
from tocsin.formats.text import instant


def routes(services: Services) -> list[Route]:
    """The routes."""
    them = _Routes(services)
    return [
        Route("/persons/releases", them.releases, methods=["GET"]),
        Route("/persons/approvals", them.approve, methods=["POST"]),
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

    def _told(self, one: Waiting) -> dict[str, object]:
        services = self._services
        return {
            "digest": one.digest.hex(),
            "channel": services.members.channel(one.channel).name,
            "persons": one.objects,
            "seconds": list(one.seconds),
            "approved": list(one.approved),
            "missing": sorted(set(one.seconds) - set(one.approved)),
            "asked": instant(one.asked),
            "until": instant(one.asked + releases.LASTS_US),
        }
