"""What our people say of an object, in two lanes: ours only, kept in edge/notes.py; and shared, by the ordinary way."""

from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any, Final

import msgspec

from tocsin.edge.audit import Operation
from tocsin.edge.console.page import Answer, Call, Go, Page, View
from tocsin.edge.console.pages import composing
from tocsin.edge.console.problems import absent
from tocsin.edge.control.sharing import Manner, Sharing
from tocsin.edge.notes import Notes
from tocsin.edge.signin.roles import Role
from tocsin.errors import ConfigError, PolicyError
from tocsin.exchange.journal import search
from tocsin.exchange.journal.search import Query
from tocsin.exchange.warn.telling import Way
from tocsin.formats import feedback
from tocsin.formats.feedback import Feedback
from tocsin.formats.text import instant
from tocsin.formats.tlp import Tlp

NOTE: Final = "note"
_TITLE: Final = 80
KINDS: Final = (NOTE, *feedback.KINDS)
_SPEAKERS: Final = (Role.DUTY, Role.ANALYST, Role.RELEASER)


def notes_of(call: Call) -> Notes:
    """The notes of this node."""
    return Notes(call.control.journal.database, call.control.clock, call.services.entropy)


async def lanes(call: Call, subject: str) -> dict[str, Any]:
    """For a page: what is said in our own lane, and whether its reader may speak."""
    me = call.person.name
    return {
        "notes": [
            {
                "id": one.id,
                "author": one.shown,
                "text": one.text,
                "added": instant(one.added),
                "changed": instant(one.changed) if one.changed else "",
                "own": one.author == me,
            }
            for one in await notes_of(call).on(subject)
        ],
        "may_speak": call.has(*_SPEAKERS),
        "kinds": KINDS,
    }


# -- ours only ------------------------------------------------------------------------------------------------------


async def _there(call: Call) -> str:
    """The object's id, as far as somebody may be shown it."""
    object_id, now_us = call.part("object_id"), call.control.clock.now_us()
    query = Query(ids=(object_id,), limit=1, now_us=now_us, content=False)
    if not await call.control.journal.database.read(lambda db: search.find(db, query)):
        raise absent()
    return object_id


def _back(object_id: str, done: str) -> Go:
    return Go(f"/o/{object_id}", done)


async def add(call: Call) -> Answer:
    """Write one more note of our own."""
    object_id = await _there(call)
    await notes_of(call).add(object_id, call.person.name, call.person.shown, call.said("text"))
    return _back(object_id, "note-kept")


async def change(call: Call) -> Answer:
    """Change or, with `remove`, take away a note of one's own."""
    object_id = await _there(call)
    return await changed(call, object_id, f"/o/{object_id}")


async def changed(call: Call, subject: str, page: str) -> Go:
    """What the form says of a note on a subject that somebody was shown to be there."""
    notes = notes_of(call)
    if call.said("remove"):
        await notes.remove(call.said("note"), subject, call.person.name)
        return Go(page, "note-removed")
    await notes.change(call.said("note"), subject, call.person.name, call.said("text"))
    return Go(page, "note-kept")


# -- shared with the channel ----------------------------------------------------------------------------------------


async def _composed(call: Call) -> tuple[Way, bytes]:
    """What the form says, as the object that would be shared, and where."""
    control, object_id, kind = call.control, await _there(call), call.said("kind")
    floor = next((one for one in Tlp if one.label == call.said("marking")), Tlp.CLEAR)
    text = call.written("text").strip()
    if kind == NOTE:
        return await control.feedbacks.comment(object_id, text, floor)
    if kind not in feedback.KINDS:
        raise ConfigError("config.value", f"what is said is one of {', '.join(KINDS)}")
    times = int(count) if (count := call.said("count")).isascii() and count.isdecimal() and len(count) < 10 else 0
    said = feedback.parse(
        {"about": object_id, "kind": kind} | ({"count": times} if times and kind == feedback.SIGHTED else {})
    )
    return await control.feedbacks.plan(Feedback(*said), text, floor)


async def _shared(call: Call, way: Way, made: bytes, *, dry_run: bool) -> dict[str, Any]:
    """Share it, or find out who could read it: by the one way by which everything is shared.

    Raises PolicyError with the code of what refused it.
    """

    async def body() -> AsyncIterator[bytes]:
        yield b'{"type":"bundle","id":"bundle--00000000-0000-4000-8000-000000000000","objects":[' + made + b"]}"

    manner = Manner(call.use(Operation.SHARE), dry_run=dry_run)
    decided: dict[str, Any] = {}
    async for line in Sharing(call.control, way.channel, None, manner).run(body()):
        told = msgspec.json.decode(line)
        if told["event"] == "refused":
            raise PolicyError(told["code"], told["what"])
        if told["event"] == "decided":
            decided = told
        if told["event"] == "done" and told["exit_status"]:
            raise PolicyError(told["code"], told["what"] or "it was refused")
    return decided


def _seal_of(way: Way, audience: list[str]) -> str:
    """What the person has seen: this channel with exactly these readers."""
    return sha256("\n".join((way.channel.id, way.level.label, *audience)).encode()).hexdigest()


async def say(call: Call) -> Answer:
    """Before anything is said: what it will be, and who will be able to read it."""
    way, made = await _composed(call)
    return await _preview(call, way, made)


async def _preview(call: Call, way: Way, made: bytes, *, moved: bool = False) -> View:
    decided = await _shared(call, way, made, dry_run=True)
    audience = decided["audience"]
    return View(
        "say.html",
        {
            "id": call.part("object_id"),
            "kind": call.said("kind"),
            "count": call.said("count")[:9],
            "text": call.said("text"),
            "channel": way.channel.name,
            "marking": way.level.label,
            "asked_marking": call.said("marking"),
            "audience": audience,
            "seal": _seal_of(way, audience),
            "moved": moved,
        },
        409 if moved else 200,
    )


async def seal(call: Call) -> Answer:
    """Say it, to exactly those who were shown; when they are others by now, show them and say nothing."""
    way, made = await _composed(call)
    if call.said("seal") != _seal_of(way, sorted(way.channel.roster)):
        return await _preview(call, way, made, moved=True)
    if way.level is Tlp.RED:
        return await composing.for_two(call, call.said("text")[:_TITLE], made)
    await _shared(call, way, made, dry_run=False)
    await call.control.synced()
    return _back(call.part("object_id"), "said")


PAGES: Final = (
    Page("POST", "/o/{object_id}/notes", add, records=None),
    Page("POST", "/o/{object_id}/notes/change", change, records=None),
    Page("POST", "/o/{object_id}/say", say, records=None),
    Page("POST", "/o/{object_id}/say/seal", seal, records=Operation.SHARE),
)
