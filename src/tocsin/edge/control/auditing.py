"""No answer of the control socket above GREEN without a record in the audit trail: a new route is recorded by itself.

Routes in SILENT tell figures and names of members and channels, never of objects. Those in OWN write a record themselves, with
what was seen. Every other route leaves a record of each answer, so that a route that is forgotten here is recorded too much.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import wraps
from types import MappingProxyType
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.edge.audit import Operation, Use
from tocsin.edge.control.services import Services

DOOR: Final = "control"
UNSAID: Final = "a command of the operator; no reason given"
SILENT: Final = frozenset(
    (
        "GET /status",
        "GET /metrics",
        "GET /members",
        "GET /channels",
        "POST /channels",
        "GET /channels/{name}",
        "GET /receipts",
        "GET /erasures",
        "POST /charter/proposals",
        "POST /charter/signatures",
        "POST /charter/versions",
        "POST /channels/{name}/roster",
        "POST /channels/{name}/votes",
        "POST /channels/{name}/leave",
        "POST /rekey",
        "GET /evidence",
        "GET /evidence/{id}",
        "GET /recovery",
        "POST /recovery",
        "GET /accounts",
        "GET /people",
        "GET /audit",
        "GET /audit/problems",
        "GET /persons/releases",
        "GET /persons/figures",
        "GET /denylists",
        "GET /denylists/check",
        "GET /origins",
        "GET /fairness",
        "GET /fairness/plenary",
        "GET /fairness/statement",
        "POST /fairness/verification",
    )
)
OWN: Final = frozenset(
    ("GET /objects", "GET /objects/{object_id}", "GET /watch", "GET /brief", "POST /share", "POST /persons/approvals")
)
OPERATIONS: Final[Mapping[str, Operation]] = MappingProxyType(
    {
        "POST /erasures": Operation.ERASE,
        "GET /blocklist": Operation.EXPORT,
        "GET /warnings": Operation.SEARCH,
        "POST /warnings": Operation.SHARE,
        "GET /recalls": Operation.SEARCH,
        "GET /duties": Operation.SEARCH,
        "GET /interest-hits": Operation.SEARCH,
        "POST /feedback": Operation.SHARE,
        "GET /persons/objections": Operation.SEARCH,
        "GET /persons/reviews": Operation.SEARCH,
    }
)
_BY_METHOD: Final = MappingProxyType({"GET": Operation.READ})


def use(request: Request, operation: Operation) -> Use:
    """Who asks, as the kernel tells it of the socket, and the reason that the command gives."""
    who = request.client.host if request.client is not None else ""
    return Use(DOOR, who or "local", operation, request.query_params.get("reason") or UNSAID)


def audited(services: Services, routes: Sequence[Route]) -> list[Route]:
    """The routes, each of which leaves its record."""
    return [_audited(services, one) for one in routes]


def named(route: Route) -> list[str]:
    """What a route answers, such as `GET /status`."""
    return [f"{method} {route.path}" for method in sorted((route.methods or set()) - {"HEAD"})]


def _audited(services: Services, route: Route) -> Route:
    loud = [one for one in named(route) if one not in SILENT | OWN]
    if not loud:
        return route
    endpoint: Callable[[Request], Awaitable[Response]] = route.endpoint

    @wraps(endpoint)
    async def recorded(request: Request) -> Response:
        response = await endpoint(request)
        name = f"{request.method.replace('HEAD', 'GET')} {route.path}"
        operation = OPERATIONS.get(name) or _BY_METHOD.get(name.partition(" ")[0], Operation.DECIDE)
        ids = getattr(request.state, "ids", None) or [*request.path_params.values()]
        await services.audit.record(use(request, operation), ids)
        return response

    return Route(route.path, recorded, methods=[one.partition(" ")[0] for one in loud])
