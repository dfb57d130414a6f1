"""`tocsin duties` and `tocsin interest` at the node's end."""

from functools import partial
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.edge.control.answers import asked, name, told
from tocsin.edge.control.services import Services
from tocsin.errors import ConfigError, StoreError
from tocsin.exchange.journal import search
from tocsin.exchange.match.interests import Interest
from tocsin.exchange.warn import duties
from tocsin.exchange.warn.duties import Duty
from tocsin.formats.text import instant

_LISTED: Final = 200
_MOST: Final = 10_000
_ALL: Final = "all"


def routes(services: Services) -> list[Route]:
    """The routes, for app.build()."""
    return [
        Route("/duties", partial(_duties, services)),
        Route("/duties/{id}", partial(_duty, services)),
        Route("/duties/{id}/decline", partial(_decline, services), methods=["POST"]),
        Route("/interests", partial(_interests, services), methods=["GET"]),
        Route("/interests", partial(_add, services), methods=["POST"]),
        Route("/interests/{id}", partial(_remove, services), methods=["DELETE"]),
        Route("/interest-hits", partial(_hits, services)),
    ]


async def standing(services: Services) -> dict[str, Any]:
    """How many duties there are in each state, and the age of the oldest open one."""
    counts, oldest = await services.journal.database.read(duties.counted)
    age = (services.clock.now_us() - oldest) / 1e6 if oldest else None
    return {"open": counts[duties.OPEN], "oldest_s": age, "states": counts}


async def _duties(services: Services, request: Request) -> Response:
    state = request.query_params.get("state") or duties.OPEN
    if state not in (*duties.STATES, _ALL):
        raise ConfigError("config.value", f"the state of a duty is one of {', '.join((*duties.STATES, _ALL))}")
    limit = min(_number(request, "limit", _LISTED), _MOST)
    await services.synced()
    wanted = "" if state == _ALL else state
    found = await services.journal.database.read(lambda db: duties.listed(db, wanted, limit))
    return told({**await standing(services), "duties": [_shown(services, one) for one in found]})


async def _duty(services: Services, request: Request) -> Response:
    await services.synced()
    wanted = request.path_params["id"]
    return told(_shown(services, await services.journal.database.read(lambda db: duties.one(db, wanted))))


async def _decline(services: Services, request: Request) -> Response:
    body = await asked(request)
    await services.synced()
    wanted = request.path_params["id"]
    await duties.decline(services.journal, services.clock, wanted, name(body, "reason") or "")
    await services.synced()
    return told(_shown(services, await services.journal.database.read(lambda db: duties.one(db, wanted))))


def _shown(services: Services, one: Duty) -> dict[str, Any]:
    until = one.closed or services.clock.now_us()
    return {
        "id": one.id,
        "state": one.state,
        "object_id": one.object_id,
        "version": one.version,
        "member": one.member,
        "channel": next((each.name for each in services.members.channels() if each.number == one.channel), None),
        "reasons": one.reasons,
        "since": instant(one.since),
        "age_s": (until - one.since) / 1e6,
        "closed": instant(one.closed) if one.closed else None,
        "by": one.by or None,
        "reason": one.why or None,
    }


async def _interests(services: Services, _request: Request) -> Response:
    return told([_interest(one) for one in await services.interests.all()])


async def _add(services: Services, request: Request) -> Response:
    body = await asked(request)
    made = await services.interests.add(name(body, "kind") or "", name(body, "text") or "", name(body, "note") or "")
    return told(_interest(made))


async def _remove(services: Services, request: Request) -> Response:
    wanted = request.path_params["id"]
    gone = await services.interests.remove(wanted)
    await services.desk.forget(f"{gone.kind} {gone.text}")
    return told({"removed": wanted})


async def _hits(services: Services, request: Request) -> Response:
    await services.synced()
    before = _number(request, "before", 2**62)
    found = await services.interests.hits(before, min(_number(request, "limit", _LISTED), _MOST), newest_first=True)
    return told(await hits(services, found))


async def hits(services: Services, found: list[tuple[int, str]]) -> list[dict[str, Any]]:
    """Hits as they are told, without what may not be shown any more."""
    interests = {one.id: one for one in await services.interests.all()}
    positions = sorted({position for position, _ in found})
    entries = {
        one.position: one for one in await services.journal.database.read(lambda db: search.found(db, positions))
    }
    channels = {one.number: one.name for one in services.members.channels()}
    return [
        {
            "kind": "interest",
            "position": position,
            "added": instant(entry.added),
            "channel": channels.get(entry.channel),
            "member": entry.member,
            "id": entry.object_id,
            "version": entry.version,
            "name": entry.name,
            "interest": _interest(interests[interest]),
        }
        for position, interest in found
        if (entry := entries.get(position)) is not None and interest in interests
    ]


async def found_between(services: Services, after: int, until: int) -> bytes:
    """For `tocsin watch`: lines of what was found in the journal after one position, up to another."""
    try:
        await services.synced()
    except StoreError:
        return b""  # what is watched goes on; `tocsin interest hits` has it later
    rows = await services.interests.hits(after, _MOST)
    listed = await hits(services, [one for one in rows if one[0] <= until])
    return b"".join(msgspec.json.encode(one) + b"\n" for one in listed)


def _interest(one: Interest) -> dict[str, Any]:
    return {"id": one.id, "kind": one.kind, "text": one.text, "note": one.note, "added": instant(one.added)}


def _number(request: Request, key: str, default: int) -> int:
    text = request.query_params.get(key, "")
    if not text:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise ConfigError("config.value", f"{key} is not a number")
    return int(text)
