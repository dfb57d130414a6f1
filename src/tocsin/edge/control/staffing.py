"""The people who may sign in to the console, as the operator's commands make, list and close their accounts."""

from collections.abc import Sequence
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.edge.control.answers import asked, name, names, told
from tocsin.edge.control.services import Services
from tocsin.formats.text import instant


def routes(services: Services) -> Sequence[Route]:
    """What the control socket answers of them."""
    return (
        Route("/people", partial(_list, services), methods=["GET"]),
        Route("/people", partial(_add, services), methods=["POST"]),
        Route("/people/{name}/roles", partial(_roles, services), methods=["POST"]),
        Route("/people/{name}/reset", partial(_reset, services), methods=["POST"]),
        Route("/people/{name}", partial(_remove, services), methods=["DELETE"]),
    )


async def _list(services: Services, _request: Request) -> Response:
    return told(
        [
            {
                "name": one.shown,
                "roles": sorted(one.roles),
                "subject": one.subject,
                "has_password": bool(one.password),
                "created": instant(one.created),
                "seen": instant(one.seen) if one.seen else None,
            }
            for one in await services.people.list()
        ]
    )


async def _add(services: Services, request: Request) -> Response:
    body = await asked(request)
    wanted = name(body, "name") or ""
    token = await services.people.add(wanted, names(body, "roles"), name(body, "subject") or "")
    return told({"name": wanted, "link": _link(services, token)})


async def _roles(services: Services, request: Request) -> Response:
    wanted = request.path_params["name"]
    await services.people.set_roles(wanted, names(await asked(request), "roles"))
    return told({"name": wanted})


async def _reset(services: Services, request: Request) -> Response:
    wanted = request.path_params["name"]
    return told({"name": wanted, "link": _link(services, await services.people.reset(wanted))})


async def _remove(services: Services, request: Request) -> Response:
    wanted = request.path_params["name"]
    await services.people.remove(wanted)
    return told({"removed": wanted})


def _link(services: Services, token: str) -> str:
    return f"{services.people_url()}/in/{token}"
