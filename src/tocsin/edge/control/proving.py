"""Evidence that this node holds: against whom, of what, and the file to show to others."""

from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.edge.control.answers import told
from tocsin.edge.control.services import Services
from tocsin.errors import AccessError
from tocsin.formats import evidence
from tocsin.formats.text import instant


def routes(services: Services) -> list[Route]:
    """The routes, for app.build()."""
    return [
        Route("/evidence", partial(_list, services)),
        Route("/evidence/{id}", partial(_one, services)),
    ]


async def _list(services: Services, _request: Request) -> Response:
    return told([_brief(services, row) for row in await services.proofs.held()])


async def _one(services: Services, request: Request) -> Response:
    wanted = request.path_params["id"].lower()
    found = [row for row in await services.proofs.held() if row[0].hex().startswith(wanted)]
    if len(found) != 1:
        many = f"{len(found)} pieces of evidence begin" if found else "no evidence begins"
        raise AccessError("access.unknown-evidence", f"{many} with {wanted[:64]!r}")
    return told({**_brief(services, found[0]), "file": found[0][5].decode()})


def _brief(services: Services, row: tuple[Any, ...]) -> dict[str, Any]:
    id_, kind, accused, number, added, data = row
    channel = next((log.channel for log in services.logs if log.number == number), None)
    named = next((one.name for one in services.members.channels() if one.number == channel), None)
    return {
        "id": id_.hex(),
        "kind": kind,
        "accused": accused,
        "channel": named,
        "added": instant(added),
        "proves": evidence.verify(evidence.parse(data)),
    }
