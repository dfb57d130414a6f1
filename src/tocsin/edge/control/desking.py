"""The desk at the node's end: its sources, what came of them, stories and drafts."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.desk.library import MOST_BYTES
from tocsin.desk.register import Entry, kind_of
from tocsin.desk.sources import Source, standing
from tocsin.edge.control.answers import asked, told
from tocsin.edge.control.services import Services
from tocsin.errors import ConfigError
from tocsin.formats.text import instant


def routes(services: Services) -> list[Route]:
    """The routes of this part."""
    desk = services.desk

    async def listed(_request: Request) -> Response:
        return told([shown(one) for one in await desk.register.all()])

    async def add(request: Request) -> Response:
        source = source_of(await asked(request))
        await desk.register.add(source)
        return told(shown(await desk.register.get(source.name)))

    async def one(request: Request) -> Response:
        return told(shown(await desk.register.get(request.path_params["name"])))

    async def change(request: Request) -> Response:
        body = await asked(request)
        name = request.path_params["name"]
        await desk.register.change(name, paused=body.get("paused") is True)
        return told(shown(await desk.register.get(name)))

    async def remove(request: Request) -> Response:
        await desk.register.remove(request.path_params["name"])
        return told({"removed": request.path_params["name"]})

    async def tried(request: Request) -> Response:
        return told(await desk.tried(request.path_params["name"]))

    async def pull(request: Request) -> Response:
        return told(await desk.pull(request.path_params["name"]))

    async def imported(request: Request) -> Response:
        body = await guarded(request)
        query = request.query_params
        media_type = query.get("media_type") or "application/octet-stream"
        return told(await desk.imported(body, query.get("url", ""), media_type, query.get("outlet", "")))

    async def fetched(request: Request) -> Response:
        return told(await desk.imported_from(str((await asked(request)).get("url", ""))))

    return [
        Route("/desk/imported", imported, methods=["POST"]),
        Route("/desk/fetched", fetched, methods=["POST"]),
        Route("/desk/sources", listed, methods=["GET"]),
        Route("/desk/sources", add, methods=["POST"]),
        Route("/desk/sources/{name}", one, methods=["GET"]),
        Route("/desk/sources/{name}", change, methods=["POST"]),
        Route("/desk/sources/{name}", remove, methods=["DELETE"]),
        Route("/desk/sources/{name}/test", tried, methods=["POST"]),
        Route("/desk/sources/{name}/pull", pull, methods=["POST"]),
    ]


async def guarded(request: Request) -> bytes:
    """The body as it is. Raises ConfigError("config.value") for one that is too large."""
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > MOST_BYTES:
            raise ConfigError("config.value", f"a capture has at most {MOST_BYTES:,} bytes")
    return bytes(data)


def source_of(body: dict[str, Any]) -> Source:
    """A source as it was asked for. Raises ConfigError("config.value")."""
    try:
        return Source(
            name=str(body.get("name", "")),
            kind=kind_of(str(body.get("kind") or "feed")),
            url=str(body.get("url", "")),
            every_s=int(body.get("every_s") or 900),
            letter=str(body.get("letter") or "F"),
            outlet=str(body.get("outlet") or ""),
            follow=int(body.get("follow", 20)),
            token=str(body.get("token") or ""),
        )
    except (TypeError, ValueError) as error:
        raise ConfigError("config.value", "a source's pace and number are whole numbers") from error


def shown(entry: Entry) -> dict[str, Any]:
    """A source and how it stands; its token only as being there."""
    _, source, health = entry
    return {
        "name": source.name,
        "kind": source.kind.value,
        "url": source.url,
        "outlet": source.outlet,
        "letter": source.letter,
        "every_s": source.every_s,
        "follow": source.follow,
        "has_token": bool(source.token),
        "state": standing(source, health).value,
        "asked": instant(health.asked_us) if health.asked_us else None,
        "good": instant(health.good_us) if health.good_us else None,
        "next": instant(health.next_us) if health.next_us else None,
        "failures": health.failures,
        "status": health.status,
        "code": health.code,
        "documents": health.documents,
    }
