"""The audit trail at the control socket: read it and verify it."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.edge.audit import Head
from tocsin.edge.control.answers import told
from tocsin.edge.control.services import Services
from tocsin.errors import ConfigError


def routes(services: Services) -> list[Route]:
    """The routes."""
    them = _Routes(services)
    return [
        Route("/audit", them.listed, methods=["GET"]),
        Route("/audit/problems", them.problems, methods=["GET"]),
    ]


class _Routes:
    def __init__(self, services: Services) -> None:
        self._services = services

    async def listed(self, request: Request) -> Response:
        query = request.query_params
        audit = self._services.audit
        head = await audit.head()
        records = await audit.listed(_number(query.get("before")), _number(query.get("limit")) or 50)
        return told({"head": {"number": head.number, "hash": head.hash.hex()}, "records": records})

    async def problems(self, request: Request) -> Response:
        audit = self._services.audit
        found = await audit.verified(noted(request.query_params.get("number"), request.query_params.get("hash")))
        head = await audit.head()
        return told({"ok": not found, "head": {"number": head.number, "hash": head.hash.hex()}, "problems": found})


def noted(number: str | None, hashed: str | None) -> Head | None:
    """A head that somebody wrote down; None when nothing was given. Raises ConfigError("config.value")."""
    if not number and not hashed:
        return None
    try:
        return Head(_number(number), bytes.fromhex(hashed or ""))
    except ValueError as error:
        raise ConfigError("config.value", "a noted head is a number and 64 hexadecimal digits") from error


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 19 else 0
