"""`tocsin recall`, `correct`, `recalls` and `feedback` at the node's end."""

from collections.abc import Callable
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.edge.control.answers import asked, names, told
from tocsin.edge.control.services import Services
from tocsin.errors import AccessError, ConfigError
from tocsin.exchange.warn import standing, taking
from tocsin.exchange.warn.standing import Held, Standing
from tocsin.exchange.warn.taking import Told, Wanted
from tocsin.exchange.warn.voices import Voices
from tocsin.formats import correction, feedback
from tocsin.formats.bundle import BundleSplitter
from tocsin.formats.feedback import Feedback
from tocsin.formats.text import instant
from tocsin.formats.tlp import Tlp

_LISTED: Final = 200
_MOST_FILE: Final = 64 << 20
_MOST_OBJECTS: Final = 10_000


def routes(services: Services) -> list[Route]:
    """The routes of this part."""

    async def listed(_request: Request) -> Response:
        return told(await everything(services))

    async def one(request: Request) -> Response:
        return told(await shown(services, request.path_params["object_id"]))

    async def recall(request: Request) -> Response:
        return told(await take_back(services, await asked(request)))

    async def correct(request: Request) -> Response:
        return told(await set_right(services, request))

    async def say(request: Request) -> Response:
        return told(await give(services, await asked(request)))

    return [
        Route("/recalls", listed, methods=["GET"]),
        Route("/recalls", recall, methods=["POST"]),
        Route("/recalls/{object_id}", one, methods=["GET"]),
        Route("/corrections", correct, methods=["POST"]),
        Route("/feedback", say, methods=["POST"]),
    ]


async def everything(services: Services) -> dict[str, Any]:
    """The newest changes, ours with who has confirmed; what of others' objects is ours to recall; how much is open."""
    await services.synced()
    members = services.members

    def read(db: Any) -> tuple[list[Standing | None], list[standing.Foreign], list[standing.Onward], dict[str, int]]:
        mine = [standing.of(db, members, key) for key, _ in standing.ours(db, members.me, 0, _LISTED)]
        theirs = standing.theirs(db, members.me, _LISTED)
        return mine, theirs, standing.onward(db, members.me, _LISTED), standing.totals(db, members)

    mine, theirs, onward, totals = await services.journal.database.read(read)
    name = _namer(services)
    return {
        "ours": [_standing(services, one) for one in mine if one is not None],
        "others": [
            {
                "object_id": one.object_id,
                "version": one.version,
                "member": one.member,
                "action": one.action,
                "original": one.is_original,
                "confirmed": one.is_confirmed,
                "added": instant(one.added_us),
            }
            for one in theirs
        ],
        "duties": [
            {
                "object_id": one.object_id,
                "owner": one.owner,
                "action": one.action,
                "channels": [name(number) for number in one.channels],
            }
            for one in onward
        ],
        "totals": totals,
    }


async def shown(services: Services, object_id: str) -> dict[str, Any]:
    """How our change of one object stands. Raises AccessError("access.unknown-object")."""
    await services.synced()
    key = correction.key(object_id)
    found = await services.journal.database.read(lambda db: standing.of(db, services.members, key))
    if found is None:
        raise AccessError("access.unknown-object", "this node has changed nothing with that id")
    return {**_standing(services, found), "object_id": object_id}


async def take_back(services: Services, body: dict[str, Any]) -> dict[str, Any]:
    """Recall: `object_id`, `channels`, `reason`, `days`, `dry_run`.

    Raises AccessError("access.unknown-object"), ConfigError, FormatError("format.recall"), PolicyError.
    """
    days = body.get("days", taking.DAYS)
    if not isinstance(days, int) or isinstance(days, bool):
        raise ConfigError("config.value", "days is not a number")
    wanted = Wanted(str(body.get("object_id", "")), tuple(names(body, "channels")), str(body.get("reason", "")), days)
    dry_run = body.get("dry_run") is True
    made: list[Told] = []
    if dry_run:
        plan = await services.corrections.plan(wanted)
    else:
        plan, made = await services.corrections.recall(wanted)
        await services.synced()
    name = _namer(services)
    return {
        "object_id": plan.object_id,
        "dry_run": dry_run,
        "original": plan.is_ours,
        "done_before": plan.is_done,
        "channels": [{"channel": name(number), "marking": level.label} for number, level in plan.levels.items()],
        "holders": [{"member": member, "last_receipt": instant(at)} for member, at in sorted(plan.holders.items())],
        "entries": sum(map(len, plan.named.values())),
        "told": [one._asdict() for one in made],
    }


async def set_right(services: Services, request: Request) -> dict[str, Any]:
    """Correct: the body is a file as for sharing. Raises AccessError, FormatError, PolicyError."""
    splitter, objects, seen = BundleSplitter(), list[bytes](), 0
    async for chunk in request.stream():
        seen += len(chunk)
        objects += splitter.feed(chunk)
        if seen > _MOST_FILE or len(objects) > _MOST_OBJECTS:
            raise ConfigError("config.value", f"a correction has at most {_MOST_OBJECTS} objects and 64 MiB")
    objects += splitter.close()
    made = await services.corrections.correct(objects)
    await services.synced()
    return {"objects": len(objects), "told": [{"object_id": object_id, **one._asdict()} for object_id, one in made]}


async def give(services: Services, body: dict[str, Any]) -> dict[str, Any]:
    """Feedback: `object_id`, `kind`, `count`, `seen_at` (microseconds), `note`. Raises AccessError, FormatError, PolicyError."""
    await services.synced()
    said = {"about": body.get("object_id", ""), "kind": body.get("kind", "")}
    said |= {one: body[one] for one in ("count", "seen_at") if body.get(one)}
    word: Feedback = feedback.parse(said)
    way, _ = await services.feedbacks.give(word, str(body.get("note") or ""))
    return {
        "object_id": word.about,
        "kind": word.kind,
        "channel": way.channel.name,
        "giver": way.giver,
        "marking": way.level.label,
        "audience": sorted(way.channel.roster),
    }


def voiced(services: Services, found: Voices) -> dict[str, Any]:
    """Who says what about an object, for `tocsin show` and the object's page."""
    name = _namer(services)
    return {
        "owner": found.owner,
        "says": [
            {
                "member": one.member,
                "version": one.version,
                "marking": Tlp(one.marking).label,
                "channels": [name(number) for number in one.channels],
                "owner": one.is_owner,
                "action": one.action or None,
                "differs": one.differs,
            }
            for one in found.claims
        ],
        "words": [
            {
                "member": one.member,
                "id": one.object_id,
                "type": one.type,
                "kind": one.kind or None,
                "opinion": one.opinion or None,
                "count": one.times,
                "text": one.text,
                "version": one.version,
                "marking": Tlp(one.marking).label,
                "channel": name(one.channel),
            }
            for one in found.words
        ],
        "disagree": found.against,
        "agree": found.agreeing,
    }


def _standing(services: Services, one: Standing) -> dict[str, Any]:
    name = _namer(services)
    return {
        "object_id": one.object_id,
        "version": one.version,
        "action": one.action,
        "reason": one.reason,
        "added": instant(one.added_us),
        "channels": [name(number) for number in one.channels],
        "due": len(one.due),
        "confirmed": len(one.confirmed),
        "open": len(one.open),
        "confirmations": [{"member": each.member, "done_at": instant(each.done_us)} for each in one.confirmed],
        "missing": [_missing(each) for each in one.open],
        "shared_by_others": list(one.others),
    }


def _missing(one: Held) -> dict[str, Any]:
    why, do = standing.WHY[one.why]
    return {"member": one.member, "code": one.why, "why": why, "do": do, "last_receipt": instant(one.last_us)}


def _namer(services: Services) -> Callable[[int], str]:
    listed = {one.number: one.name for one in services.members.channels()}
    return lambda number: listed.get(number, "-")
