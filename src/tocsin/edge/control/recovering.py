"""Logs of ours that may not be signed, what they wait for, and the operator's word that nobody is left to wait for."""

from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.edge.control.answers import asked, name, names, told
from tocsin.edge.control.services import Services
from tocsin.errors import ConfigError, PolicyError
from tocsin.exchange.members.channels import Channel
from tocsin.exchange.tlog.logs import Log


def routes(services: Services) -> list[Route]:
    """The routes, for app.build()."""
    return [
        Route("/recovery", partial(_closed, services), methods=["GET"]),
        Route("/recovery", partial(_without, services), methods=["POST"]),
    ]


async def _closed(services: Services, request: Request) -> Response:
    found = _ours(services, request.query_params.get("channel") or None)
    return told([_told(services, *one) for one in found if not services.signer.may_sign(one[1])])


async def _without(services: Services, request: Request) -> Response:
    """Count members as heard that will not come back, and open what then is whole."""
    body = await asked(request)
    wanted, gone = name(body, "channel"), set(names(body, "without"))
    if not gone:
        raise ConfigError("config.value", "no member is named to go on without")
    found = [one for one in _ours(services, wanted) if not services.signer.may_sign(one[1])]
    audience = frozenset().union(*(channel.roster for channel, _, _ in found)) - {services.members.me}
    strangers = sorted(gone - audience)
    if strangers and found:
        raise PolicyError("policy.unknown-member", f"no closed log of ours waits for {strangers[0]!r}")
    for channel, log, _ in found:
        for member in sorted(gone & channel.roster - services.signer.asked(log)):
            services.note("tlog.without", member, f"by the operator's word; log {log.slot.hex()[:16]}")
            services.signer.heard(log, member)
        await services.receiver.reconsider(log)
    services.wake()
    return told([_told(services, *one) for one in found])


def _ours(services: Services, wanted: str | None) -> list[tuple[Channel, Log, bool]]:
    """(generation, log, whether it is the urgent one) of our logs."""
    chosen = services.members.channel(wanted).id if wanted else None
    me = services.members.me
    return [
        (one, log, is_urgent)
        for one in services.members.generations()
        if one.is_open and chosen in (None, one.id)
        for slots, is_urgent in ((one.slots, False), (one.urgent, True))
        if (log := services.logs.get(slots[me])) is not None
    ]


def _told(services: Services, channel: Channel, log: Log, is_urgent: bool) -> dict[str, Any]:
    signer = services.signer
    heard = signer.asked(log) & channel.roster
    return {
        "channel": channel.name,
        "version": channel.version,
        "urgent": is_urgent,
        "slot": log.slot.hex(),
        "size": log.size,
        "open": signer.may_sign(log),
        "why": signer.behind().get(log.slot),
        "heard": sorted(heard),
        "waits_for": sorted(channel.roster - heard - {services.members.me}),
    }
