"""The desk: what open sources tell, by event. Only kept text is shown; nothing is fetched when somebody reads."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from msgspec.structs import asdict

from tocsin.desk.document import Clock, Document, Origin, Place, Quote, Verdict
from tocsin.desk.shown import Also, Judged, Listed, Shelved, Told
from tocsin.edge.console.page import PAGE_ROWS, Answer, Call, Go, Page, View
from tocsin.edge.console.pages import composing, decisions, generated, speaking
from tocsin.edge.console.problems import absent
from tocsin.edge.console.world import WORLD
from tocsin.edge.drafts import from_story
from tocsin.edge.signin.roles import Role
from tocsin.errors import AccessError, ConfigError
from tocsin.formats.text import instant

STATES: Final = ("open", "followed", "dismissed")
LANGUAGES: Final = ("ar", "en", "es", "fr", "ru")
_TOPICS: Final = ("terrorism", "cyber", "organised-crime")
_ARTICLES: Final = 24
_COPIES: Final = 50
_FINDINGS: Final = 200
_NAMED: Final = 60
_TIMELINE: Final = 100
_WORDS: Final = 8
_CARRIED: Final = 50
_QUESTION: Final = 300
_UNDO: Final = "undecided"
_JUDGEMENTS: Final[Mapping[str, bool | None]] = {"accept": True, "reject": False, _UNDO: None}


# -- the list -----------------------------------------------------------------------------------------------------


async def stories(call: Call) -> Answer:
    """By event, what was told of last first; the page goes on after the last row."""
    asked = {name: call.asked(name).strip() for name in ("topic", "country", "language", "state")}
    asked["country"] = asked["country"].upper()
    also = Also(call.asked("text").strip()[:_QUESTION], call.asked("interest") == "1")
    before = (call.number("before"), call.asked("after"))
    rows = await call.control.desk.stories(**asked, also=also, before=before, limit=PAGE_ROWS + 1)
    more = len(rows) > PAGE_ROWS
    return View(
        "desk_list.html",
        {
            **asked,
            "text": also.text,
            "interest": also.of_interest,
            "filtered": also != Also() or any(asked.values()),
            "stories": [_row(one) for one in rows[:PAGE_ROWS]],
            "next": {"before": rows[PAGE_ROWS - 1].last_us, "after": rows[PAGE_ROWS - 1].id} if more else None,
            "topics": list(_TOPICS),
            "languages": sorted({*LANGUAGES, asked["language"]} - {""}),
            "states": list(STATES),
            "may_administer": call.has(Role.ANALYST, Role.ADMINISTRATOR),
        },
    )


def _row(one: Listed) -> dict[str, Any]:
    told = asdict(one)
    del told["words"]
    return {
        **{key: list(value) if isinstance(value, tuple) else value for key, value in told.items()},
        "first": moment_of(one.first_us),
        "last": moment_of(one.last_us),
    }


def moment_of(time_us: int) -> str:
    """An instant; empty for none."""
    return instant(time_us) if time_us > 0 else ""


# -- one story ------------------------------------------------------------------------------------------------------


async def story(call: Call) -> Answer:
    """All that is told of one event; with `ask` also what its documents say to a question."""
    told = await _told(call)
    question = call.asked("ask").strip()[:_QUESTION]
    answers = await call.control.desk.ask(told.listed.id, question) if question else ()
    titles = {one.document.id: one.document.title for one in told.shelved}
    start = call.number("from")
    folded = _folded(told.shelved)
    firsts = [one for one in told.shelved if one.document.id in folded]
    return View(
        "desk_story.html",
        {
            "story": _row(told.listed),
            "grade": {"letter": told.grade.letter, "digit": told.grade.digit, "reasons": list(told.grade.reasons)},
            "origins": [_origin(one, titles) for one in told.origins[:_NAMED]],
            "articles": [_article(one, folded[one.document.id]) for one in firsts[start : start + _ARTICLES]],
            "articles_total": len(firsts),
            "looked_at": len(told.shelved),
            "next": start + _ARTICLES if len(firsts) > start + _ARTICLES else 0,
            **_named(call, told),
            "indicators": _indicators(told, titles),
            "summary": [_quote(one) for one in told.summary],
            "timeline": _timeline(told, folded),
            "timeline_total": len(told.timeline),
            "related": [_row(one) for one in told.related],
            "compared": list(told.compared),
            "interests": list(told.interests),
            "ask": question,
            "answers": [_quote(one) for one in answers],
            "may_act": call.has(Role.ANALYST),
            "model": await generated.told(call, told.listed.id),
            **await decisions.shown(call, told),
            **await speaking.lanes(call, _subject(told.listed.id)),
        },
    )


def _named(call: Call, told: Told) -> dict[str, Any]:
    """What the documents name."""
    return {
        "topics": [
            {"name": one.name, "sectors": list(one.sectors), "listed": one.listed, "words": _words(one.words)}
            for one in told.topics
        ],
        "places": [_place(one) for one in told.places[:_NAMED]],
        "map": _map(call, told.places),
        "organisations": [
            {"name": one.name, "acronym": one.acronym, "count": one.count, "bloc": one.bloc}
            for one in told.organisations[:_NAMED]
        ],
    }


def _origin(one: Origin, titles: Mapping[str, str]) -> dict[str, Any]:
    carried = list(one.carried.items())
    return {
        "name": one.name,
        "first": one.first,
        "title": titles.get(one.first, ""),
        "carried": [{"document": key, "title": titles.get(key, ""), "why": why} for key, why in carried[:_CARRIED]],
        "carried_total": len(carried),
    }


def _timeline(told: Told, folded: Mapping[str, Sequence[Document]]) -> list[dict[str, Any]]:
    """What was published when, as far as it is known: each with its three clocks."""
    documents = {one.document.id: one.document for one in told.shelved}
    shown = [(at, documents[key]) for at, key, _ in told.timeline[:_TIMELINE] if key in documents]
    return [
        {
            "at": moment_of(at),
            "document": one.id,
            "title": one.title,
            "outlet": one.outlet,
            "published": clock(one.published) if one.published else None,
            "event": clock(one.event) if one.event else None,
            "seen": moment_of(one.seen.first_us),
            "copies": len(folded.get(one.id, ())),
        }
        for at, one in shown
    ]


def _indicators(told: Told, titles: Mapping[str, str]) -> dict[str, Any]:
    """By verdict; what a partner's machine lists as an indicator stands apart from what a text merely points at."""
    found: dict[str, list[dict[str, Any]]] = {**{kind.value: [] for kind in Verdict}, "listed": []}
    for one in told.findings:
        is_listed = one.finding.given and one.finding.verdict is Verdict.REFERENCE
        found["listed" if is_listed else one.finding.verdict.value].append(_finding(one, titles))
    return {kind: listed[:_FINDINGS] for kind, listed in found.items()}


async def _told(call: Call) -> Told:
    """The story of the address."""
    try:
        return await call.control.desk.story(call.part("story"))
    except AccessError as error:
        raise absent() from error


def _subject(story_id: str) -> str:
    return f"story:{story_id}"


def _folded(shelved: Sequence[Shelved]) -> dict[str, list[Document]]:
    """The copies under each document that is itself none of another on the shelf."""
    above = {one.document.id: one.copy_of for one in shelved}
    out: dict[str, list[Document]] = {}
    under = list[tuple[str, Document]]()
    for one in shelved:
        at, seen = one.document.id, set[str]()
        while above[at] in above and at not in seen:
            seen.add(at)
            at = above[at]
        if at == one.document.id or at in seen:
            out[one.document.id] = []
        else:
            under.append((at, one.document))
    for first, copy in under:
        out[first].append(copy)
    return out


def _article(one: Shelved, copies: Sequence[Document]) -> dict[str, Any]:
    return {
        **heading(one.document),
        "origin": one.origin,
        "lead": one.document.lead,
        "copies": [heading(each) for each in copies[:_COPIES]],
        "copies_total": len(copies),
    }


def heading(one: Document) -> dict[str, Any]:
    """What stands above an article, also where it is only listed."""
    published = one.published
    return {
        "id": one.id,
        "title": one.title,
        "outlet": one.outlet,
        "agency": one.agency,
        "byline": one.byline,
        "language": one.language,
        "direction": "rtl" if one.direction == "rtl" else "ltr",
        "published": moment_of(published.last_us) if published else "",
        "published_us": published.last_us if published else 0,
        "seen": moment_of(one.seen.first_us),
        "reading_s": one.reading_s,
        "words": one.words,
        "cut": one.cut,
    }


def clock(one: Clock) -> dict[str, Any]:
    """One clock of an article, as an interval and as it is written."""
    return {
        "first": moment_of(one.first_us),
        "last": moment_of(one.last_us),
        "last_us": one.last_us,
        "text": one.text,
        "way": one.way.value,
        "relative": one.relative,
    }


def _words(found: Sequence[Any]) -> list[str]:
    return list(dict.fromkeys(one.text for one in found))[:_WORDS]


def _place(one: Place) -> dict[str, Any]:
    return {"country": one.country, "count": one.count, "in_title": one.in_title, "words": _words(one.words)}


def _map(call: Call, places: Sequence[Place]) -> dict[str, Any] | None:
    """The countries that can be pointed at on this node's map."""
    world = call.services.world
    found = [one.country for one in places if world is not None and one.country in world.places][:_NAMED]
    if world is None or not found:
        return None
    # The narrowest view that holds them all: two ports of one sea are not told apart on the whole world.
    holding = [box for box in world.views.values() if all(box.holds(*world.places[one]) for one in found)]
    box = min(holding or [world.views[WORLD]], key=lambda one: one.width * one.height)
    return {"box": list(box), "countries": found, "borders": world.borders}


def _finding(one: Judged, titles: Mapping[str, str]) -> dict[str, Any]:
    found = one.finding
    return {
        "kind": found.kind,
        "value": found.value,
        "raw": found.raw,
        "sentence": found.sentence,
        "reason": found.reason,
        "document": one.document,
        "title": titles.get(one.document, ""),
        "at": f"{found.start}-{found.end}",
        "given": found.given,
        "taken": one.taken,
        "by": one.by,
    }


def _quote(one: Quote) -> dict[str, Any]:
    return {"document": one.document, "outlet": one.outlet, "text": one.text, "at": f"{one.start}-{one.end}"}


# -- what analysts do with it ---------------------------------------------------------------------------------------


async def set_state(call: Call) -> Answer:
    """Follow it, put it aside as not relevant, or take either back."""
    told = await _told(call)
    state = call.said("state")
    if state not in STATES:
        raise ConfigError("config.value", f"a story is one of {', '.join(STATES)}")
    await call.control.desk.set_state(told.listed.id, state, call.person.name)
    return Go(_address(told.listed.id), "story-kept")


async def judge(call: Call) -> Answer:
    """Accept or reject an indicator that is proposed, or listed by a partner."""
    told, value = await _told(call), call.said("value")
    if call.said("verdict") not in _JUDGEMENTS:
        raise ConfigError("config.value", f"a value is judged by one of {', '.join(_JUDGEMENTS)}")
    await call.control.desk.judge(told.listed.id, value, _JUDGEMENTS[call.said("verdict")], call.person.name)
    return Go(f"{_address(told.listed.id)}?done=story-kept#indicators")


async def merge(call: Call) -> Answer:
    """Two stories are one event. The address of its page, or how its id begins, does for an id."""
    told = await _told(call)
    desk = call.control.desk
    other = await desk.named(call.said("other").strip().rstrip("/").rpartition("/")[2])
    if other == told.listed.id:
        raise ConfigError("config.value", "the id of another story is to be given")
    kept = await desk.merge(told.listed.id, other, call.person.name)
    return Go(_address(kept), "story-merged")


async def split(call: Call) -> Answer:
    """The documents that are ticked are another event."""
    told = await _told(call)
    picked = frozenset(call.all_said("document"))
    held = [one.document.id for one in told.shelved]
    chosen = [one for one in held if one in picked]
    if not chosen or len(chosen) == len(held) or len(chosen) != len(picked):
        raise ConfigError("config.value", "some of the story's documents are to be ticked, and not all of them")
    made = await call.control.desk.split(told.listed.id, chosen, call.person.name)
    return Go(_address(made), "story-split")


async def draft(call: Call) -> Answer:
    """A draft under Share, with the objects that the desk proposes: a person looks at it, chooses readers, and seals."""
    told = await _told(call)
    objects = await call.control.desk.draft(told.listed.id, call.person.name)
    id_ = UUID(bytes=call.services.entropy.bytes(16), version=4)
    bundle = b'{"type":"bundle","id":"bundle--%s","objects":[%s]}' % (str(id_).encode(), b",".join(objects))
    return Go(f"/share/d/{await composing.begun(call, told.listed.title, from_story.topic(told), bundle)}")


def _address(story_id: str) -> str:
    return f"/desk/s/{story_id}"


# -- notes of our own -----------------------------------------------------------------------------------------------


async def add_note(call: Call) -> Answer:
    """One more."""
    told = await _told(call)
    text = call.said("text")
    await speaking.notes_of(call).add(_subject(told.listed.id), call.person.name, call.person.shown, text)
    return Go(_address(told.listed.id), "note-kept")


async def change_note(call: Call) -> Answer:
    """Change or, with `remove`, take away one's own."""
    told = await _told(call)
    return await speaking.changed(call, _subject(told.listed.id), _address(told.listed.id))


PAGES: Final = (
    Page("GET", "/desk", stories),
    Page("GET", "/desk/s/{story}", story),
    Page("POST", "/desk/s/{story}/state", set_state),
    Page("POST", "/desk/s/{story}/indicators", judge),
    Page("POST", "/desk/s/{story}/merge", merge),
    Page("POST", "/desk/s/{story}/split", split),
    Page("POST", "/desk/s/{story}/draft", draft, records=None),
    Page("POST", "/desk/s/{story}/notes", add_note, records=None),
    Page("POST", "/desk/s/{story}/notes/change", change_note, records=None),
)
