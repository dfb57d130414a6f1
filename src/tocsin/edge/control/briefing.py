"""`tocsin brief` at the node's end."""

from base64 import b64encode
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.edge.audit import Operation
from tocsin.edge.control import auditing
from tocsin.edge.control.answers import told
from tocsin.edge.control.services import Services


def routes(services: Services) -> list[Route]:
    """The route, for app.build()."""
    return [Route("/brief", partial(_brief, services), methods=["GET"])]


async def _brief(services: Services, request: Request) -> Response:
    """`lang`, `hours` and `relations` (0: without them). What stands in it, and the PDF in base64."""
    wanted = request.query_params
    hours = wanted.get("hours", "24")
    number = int(hours) if hours.isascii() and hours.isdecimal() and len(hours) < 9 else 0
    made = await services.brief(services, wanted.get("lang", "en"), number, wanted.get("relations") != "0")
    await services.audit.seen(auditing.use(request, Operation.EXPORT), made.seen)
    return told({**made.facts, "pdf": b64encode(made.pdf).decode()})
