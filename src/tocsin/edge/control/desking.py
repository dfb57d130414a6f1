"""The desk at the node's end: its sources, what came of them, stories and drafts."""

import re
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.desk.catalogue import STATES
from tocsin.desk.generated import Generated
from tocsin.desk.library import MOST_BYTES
from tocsin.desk.office import Office
from tocsin.desk.register import Entry, auth_of, kind_of
from tocsin.desk.shown import Also, Listed, Shelved, Told
from tocsin.desk.sources import Kind, Source, standing
from tocsin.edge.control import warning
from tocsin.edge.control.answers import asked, name, names, told
from tocsin.edge.control.services import Services
from tocsin.errors import ConfigError
from tocsin.exchange.journal import journal
from tocsin.formats.alert import MAX_HEADLINE
from tocsin.formats.text import instant

MET: Final = "story-met"
"""The journal's local row: a story met a standing interest for the first time. `seq` is the hit's number at the desk."""
_COUNTRIES: Final = 20
_SHORT: Final = re.compile(r"(?:[A-Za-z]{2,3})?")
_TOPICS: Final[Mapping[str, str]] = MappingProxyType(
    {"terrorism": "terrorism", "cyber": "cyber", "organised-crime": "organised-crime"}
)


def routes(services: Services) -> list[Route]:
    """The routes of this part."""

    async def listed(_request: Request) -> Response:
        return told([shown(one) for one in await services.desk.register.all()])

    async def add(request: Request) -> Response:
        source = source_of(await asked(request))
        await services.desk.register.add(source)
        return told(shown(await services.desk.register.get(source.name)))

    async def one(request: Request) -> Response:
        return told(shown(await services.desk.register.get(request.path_params["name"])))

    async def change(request: Request) -> Response:
        body = await asked(request)
        name = request.path_params["name"]
        await services.desk.register.change(name, **changes_of(body))
        return told(shown(await services.desk.register.get(name)))

    async def remove(request: Request) -> Response:
        await services.desk.register.remove(request.path_params["name"])
        return told({"removed": request.path_params["name"]})

    async def tried(request: Request) -> Response:
        return told(await services.desk.tried(request.path_params["name"]))

    async def pull(request: Request) -> Response:
        return told(await services.desk.pull(request.path_params["name"]))

    async def imported(request: Request) -> Response:
        body = await guarded(request)
        query = request.query_params
        media_type = query.get("media_type") or "application/octet-stream"
        return told(await services.desk.imported(body, query.get("url", ""), media_type, query.get("outlet", "")))

    async def fetched(request: Request) -> Response:
        return told(await services.desk.imported_from(str((await asked(request)).get("url", ""))))

    return [
        *_Stories(services).routes(),
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


def _one_of(told: str, known: Collection[str], what: str) -> None:
    """What is mistyped looks like news that is not there. Raises ConfigError("config.value")."""
    if told and told not in known:
        raise ConfigError("config.value", f"a {what} is one of {', '.join(known)}")


class _Stories:
    def __init__(self, services: Services) -> None:
        self._services = services

    @property
    def _desk(self) -> Office:
        return self._services.desk

    def routes(self) -> list[Route]:
        return [
            Route("/desk/stories", self.list),
            Route("/desk/hits", self.hits),
            Route("/desk/stories/{story}", self.show),
            Route("/desk/stories/{story}/state", self.state, methods=["POST"]),
            Route("/desk/stories/{story}/findings", self.judge, methods=["POST"]),
            Route("/desk/stories/{story}/merge", self.merge, methods=["POST"]),
            Route("/desk/stories/{story}/split", self.split, methods=["POST"]),
            Route("/desk/stories/{story}/draft", self.draft, methods=["POST"]),
            Route("/desk/stories/{story}/question", self.question, methods=["POST"]),
            Route("/desk/stories/{story}/model", self.generated),
            Route("/desk/stories/{story}/model", self.generate, methods=["POST"]),
            Route("/desk/stories/{story}/warning", self.warn, methods=["POST"]),
        ]

    async def list(self, request: Request) -> Response:
        query = request.query_params
        _one_of(query.get("topic", ""), _TOPICS, "topic")
        _one_of(query.get("state", ""), STATES, "state")
        for key in ("country", "language"):
            if not _SHORT.fullmatch(query.get(key, "")):
                raise ConfigError("config.value", f"a {key} is told by two letters or three")
        found = await self._desk.stories(
            topic=query.get("topic", ""),
            country=query.get("country", ""),
            language=query.get("language", ""),
            state=query.get("state", ""),
            also=Also(query.get("text", ""), query.get("of_interest") == "1"),
            before=(_number(query.get("before", "0")), query.get("before_id", "")),
            limit=_number(query.get("limit", "50")),
        )
        documents, stories = await self._desk.counts()
        following = {"before": found[-1].last_us, "before_id": found[-1].id} if found else None
        rows = [row(one) for one in found]
        return told({"documents": documents, "stories": stories, "listed": rows, "next": following})

    async def hits(self, request: Request) -> Response:
        found = await self._desk.hits(_number(request.query_params.get("limit", "50")))
        return told(
            [
                {"interest": one.interest, "story": one.story, "title": one.title, "at": instant(one.at_us)}
                for one in found
            ]
        )

    async def show(self, request: Request) -> Response:
        return told(whole(await self._desk.story(await self._named(request))))

    async def state(self, request: Request) -> Response:
        body, story = await asked(request), await self._named(request)
        await self._desk.set_state(story, name(body, "state") or "", _by(body))
        return told({"story": story, "state": name(body, "state")})

    async def judge(self, request: Request) -> Response:
        body, story = await asked(request), await self._named(request)
        taken = body.get("taken")
        if taken is not None and not isinstance(taken, bool):
            raise ConfigError("config.value", "taken is true, false or null")
        await self._desk.judge(story, name(body, "value") or "", taken, _by(body))
        return told({"story": story, "value": name(body, "value"), "taken": taken})

    async def merge(self, request: Request) -> Response:
        body, story = await asked(request), await self._named(request)
        other = await self._desk.named(name(body, "other") or "")
        return told({"story": await self._desk.merge(story, other, _by(body))})

    async def split(self, request: Request) -> Response:
        body, story = await asked(request), await self._named(request)
        return told({"story": story, "made": await self._desk.split(story, names(body, "documents"), _by(body))})

    async def draft(self, request: Request) -> Response:
        body, story = await asked(request), await self._named(request)
        made = await self._desk.draft(story, _by(body))
        # The objects as they are, byte for byte: each is canonical already.
        return Response(b'{"objects":[' + b",".join(made) + b"]}", media_type="application/json")

    async def question(self, request: Request) -> Response:
        body, story = await asked(request), await self._named(request)
        found = await self._desk.ask(story, name(body, "question") or "")
        return told({"quotes": [{"document": one.document, "outlet": one.outlet, "text": one.text} for one in found]})

    async def generate(self, request: Request) -> Response:
        body, story = await asked(request), await self._named(request)
        found = (name(body, "question") or "", name(body, "language") or "en", _by(body))
        return told(generated(await self._desk.asking.ask(story, *found)))

    async def generated(self, request: Request) -> Response:
        found = await self._desk.asking.answers(await self._named(request))
        return told({"answers": [generated(one) for one in found]})

    async def warn(self, request: Request) -> Response:
        body = await asked(request)
        wish = wish_of(await self._desk.story(await self._named(request)))
        return told(await warning.issue(self._services, {**wish, **{key: one for key, one in body.items() if one}}))

    async def _named(self, request: Request) -> str:
        return await self._desk.named(request.path_params["story"])


async def met(services: Services, rows: Sequence[journal.Row]) -> dict[int, dict[str, Any]]:
    """For `tocsin watch`: of rows that say that a story met an interest, what is told, by position."""
    wanted = {row.position: row.seq for row in rows if row.kind == journal.Kind.LOCAL and row.name == MET}
    found = await services.desk.numbered(list(wanted.values())) if wanted else {}
    return {
        position: {"story": hit.story, "title": hit.title, "interest": hit.interest}
        for position, number in wanted.items()
        if (hit := found.get(number)) is not None
    }


def wish_of(story: Told) -> dict[str, Any]:
    """What a story says for a warning; who warns adds urgency, what is threatened, what to do, and the channel."""
    topic = next((one.name for one in story.topics if not one.listed), "")
    return {
        "headline": story.listed.title[:MAX_HEADLINE],
        "topic": _TOPICS.get(topic, "other"),
        "countries": list(story.listed.countries[:_COUNTRIES]),
        "reliability": story.grade.letter,
        "credibility": story.grade.digit,
        "tlp": "clear",
        "potential": True,
    }


def generated(one: Generated) -> dict[str, Any]:
    """What a generative model said, sentence by sentence; nobody has reviewed it."""
    made: dict[str, Any] = msgspec.to_builtins(one)
    del made["at_us"]
    return {**made, "at": instant(one.at_us), "reviewed": False}


def row(one: Listed) -> dict[str, Any]:
    """A row of the list of stories."""
    made: dict[str, Any] = msgspec.to_builtins(one)
    del made["words"]
    return {
        **made,
        "first": instant(one.first_us),
        "last": instant(one.last_us),
    }


def whole(story: Told) -> dict[str, Any]:
    """A story in full; of each document what it is, without its text."""
    made: dict[str, Any] = msgspec.to_builtins(story)
    made["listed"] = row(story.listed)
    made["related"] = [row(one) for one in story.related]
    made["timeline"] = [
        {"published": instant(at), "document": document, "title": title} for at, document, title in story.timeline
    ]
    made["documents"] = [_shelved(one) for one in story.shelved]
    del made["shelved"]
    return made


def _shelved(one: Shelved) -> dict[str, Any]:
    document = one.document
    return {
        "id": document.id,
        "outlet": document.outlet,
        "title": document.title,
        "language": document.language,
        "published": instant(document.published.last_us) if document.published else None,
        "seen": instant(document.seen.last_us),
        "url": document.url,
        "capture": document.found_in,
        "agency": document.agency,
        "reading_s": document.reading_s,
        "copy_of": one.copy_of,
        "origin": one.origin,
    }


def _by(body: dict[str, Any]) -> str:
    return name(body, "by") or "operator"


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise ConfigError("config.value", "that is not a number")
    return int(text)


async def guarded(request: Request) -> bytes:
    """The body as it is. Raises ConfigError("config.value") for one that is too large."""
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > MOST_BYTES:
            raise ConfigError("config.value", f"a capture has at most {MOST_BYTES:,} bytes")
    return bytes(data)


def changes_of(body: dict[str, Any]) -> dict[str, Any]:
    """What is to be changed of a source. Raises ConfigError("config.value")."""
    kinds: dict[str, type] = {
        "url": str,
        "outlet": str,
        "letter": str,
        "every_s": int,
        "follow": int,
        "token": str,
        "paused": bool,
    }
    wrong = [key for key, value in body.items() if key != "auth" and type(value) is not kinds.get(key)]
    if wrong or not isinstance(body.get("auth", ""), str):
        raise ConfigError("config.value", f"of a source one changes {', '.join(kinds)}, auth")
    changes = {key: value for key, value in body.items() if key != "auth"}
    return {**changes, "auth": auth_of(body["auth"], Kind.FEED)} if body.get("auth") else changes


def source_of(body: dict[str, Any]) -> Source:
    """A source as it was asked for. Raises ConfigError("config.value")."""
    kind = kind_of(str(body.get("kind") or "feed"))
    try:
        return Source(
            name=str(body.get("name", "")),
            kind=kind,
            url=str(body.get("url", "")),
            every_s=int(body.get("every_s") or 900),
            letter=str(body.get("letter") or "F"),
            outlet=str(body.get("outlet") or ""),
            follow=int(body.get("follow", 20)),
            token=str(body.get("token") or ""),
            auth=auth_of(str(body.get("auth") or ""), kind),
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
        "auth": source.auth.value if source.token else "",
        "state": standing(source, health).value,
        "asked": instant(health.asked_us) if health.asked_us else None,
        "good": instant(health.good_us) if health.good_us else None,
        "next": instant(health.next_us) if health.next_us else None,
        "failures": health.failures,
        "status": health.status,
        "code": health.code,
        "documents": health.documents,
    }
