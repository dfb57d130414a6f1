"""Taking back and setting right what we have shared: what it will do stands on the page before it is done."""

from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

import msgspec

from tocsin.edge.audit import Operation, Seen
from tocsin.edge.console.page import PAGE_ROWS, Answer, Call, Go, Page, View
from tocsin.edge.console.pages import composing
from tocsin.edge.console.pages.outbox import told_change
from tocsin.edge.console.problems import absent, status_of
from tocsin.errors import AccessError, ConfigError, FormatError, PolicyError, TocsinError
from tocsin.exchange.journal import search
from tocsin.exchange.journal.search import Query
from tocsin.exchange.warn import standing, taking
from tocsin.exchange.warn.taking import Plan, Wanted
from tocsin.formats import canonical, correction, strictjson, tlp
from tocsin.formats.bundle import BundleSplitter
from tocsin.formats.text import instant
from tocsin.formats.tlp import Tlp, marking_id
from tocsin.ports.database import Reading

_ANY_REASON: Final = "-"  # a plan is the same for every reason
_VERSIONS: Final = 1000
_MILLISECOND: Final = 1000
_REFUSED: Final = (AccessError, ConfigError, FormatError, PolicyError)


# -- how changes of ours stand ------------------------------------------------------------------------------------


async def changes(call: Call) -> Answer:
    """What we corrected or took back, newest first, and who has confirmed."""
    control, before = call.control, call.number("before")
    await control.synced()

    def read(db: Reading) -> tuple[list[dict[str, Any]], int]:
        found = standing.ours(db, control.members.me, before, PAGE_ROWS + 1)
        told = [standing.of(db, control.members, key) for key, _ in found[:PAGE_ROWS]]
        after = found[PAGE_ROWS - 1][1] if len(found) > PAGE_ROWS else 0
        return [told_change(one) for one in told if one is not None], after

    rows, after = await control.journal.database.read(read)
    return View("changes.html", {"changes": rows, "next": after})


async def change(call: Call) -> Answer:
    """How our change of one object stands."""
    return View("change.html", {**await _changed(call, call.part("object_id")), "told": []})


async def _changed(call: Call, object_id: str) -> dict[str, Any]:
    control = call.control
    await control.synced()
    key = correction.key(object_id)
    found = await control.journal.database.read(lambda db: standing.of(db, control.members, key))
    if found is None:
        raise absent()
    names = {one.number: one.name for one in control.members.channels()}
    return {
        **told_change(found),
        "object_id": object_id,
        "channels": [names[number] for number in found.channels if number in names],
    }


# -- recall -------------------------------------------------------------------------------------------------------


async def recall(call: Call) -> Answer:
    """What a recall would do, whom it asks, and the form for it."""
    return View("recall.html", await _planned(call))


async def _planned(call: Call, error: TocsinError | None = None, *, moved: bool = False) -> dict[str, Any]:
    control, object_id = call.control, call.part("object_id")
    try:
        plan = await control.corrections.plan(Wanted(object_id, (), _ANY_REASON))
    except AccessError as unknown:
        raise absent() from unknown
    name = str(plan.newest.get("name") or "")
    strictest = max(plan.levels.values())
    await control.audit.seen(call.use(Operation.READ), [Seen(object_id, strictest)])
    names = {one.number: one.name for one in control.members.channels()}
    current = {one.number for one in control.members.channels() if one.is_current}
    return {
        "object_id": object_id,
        "name": name,
        "marking": strictest.label,
        "original": plan.is_ours,
        "done": plan.is_done,
        "channels": [
            {"channel": names.get(number, "-"), "marking": level.label, "reached": number in current}
            for number, level in plan.levels.items()
        ],
        "entries": sum(map(len, plan.named.values())),
        "holders": [{"member": member, "last_receipt": instant(at)} for member, at in sorted(plan.holders.items())],
        "plan": _digest(plan),
        "moved": moved,
        "reason": call.said("reason"),
        "days": call.said("days") or str(taking.DAYS),
        "error": error.code if error else "",
        "what": error.what if error else "",
    }


def _digest(plan: Plan) -> str:
    """What was shown: who presses the button has seen exactly these channels and holders."""
    said = [plan.object_id, str(plan.newest.get("modified")), sorted(plan.levels.items()), sorted(plan.holders)]
    return urlsafe_b64encode(sha256(canonical.encode(said)).digest()[:12]).decode()


async def take_back(call: Call) -> Answer:
    """Recall, if the page still says what was read there."""
    control, object_id, days = call.control, call.part("object_id"), call.said("days")
    try:
        if not (days.isascii() and days.isdecimal() and len(days) < 4):
            raise ConfigError("config.value", f"an erase order gives 0 to {taking.DAYS_MOST} days")
        wanted = Wanted(object_id, (), call.said("reason").strip(), int(days))
        plan = await control.corrections.plan(wanted)
        if _digest(plan) != call.said("plan"):
            return View("recall.html", await _planned(call, moved=True), 409)
        await control.audit.record(call.use(Operation.DECIDE, f"recall: {wanted.reason}"), [object_id])
        _, made = await control.corrections.recall(wanted)
    except _REFUSED as error:
        return View("recall.html", await _planned(call, error), status_of(error))
    await control.synced()
    return await _ended(call, object_id, [one._asdict() for one in made], "recalled")


async def _ended(call: Call, object_id: str, made: Sequence[dict[str, Any]], done: str) -> Answer:
    """To how the change stands; where a channel was not reached, with which and why."""
    failed = [one for one in made if one["code"]]
    if failed:
        return View("change.html", {**await _changed(call, object_id), "told": failed})
    return Go(f"/share/outbox/changes/{object_id}", done)


# -- correct ------------------------------------------------------------------------------------------------------


async def correct(call: Call) -> Answer:
    """Our newest version as a form of what is corrected most, and as JSON."""
    return View("correct.html", await _corrigible(call))


async def _newest(call: Call) -> tuple[dict[str, Any], int]:
    """Our newest version of the object, and how strictly it stands."""
    control = call.control
    await control.synced()
    query = Query(
        ids=(call.part("object_id"),), member=control.members.me, limit=_VERSIONS, hidden=True, newest_first=True
    )

    def read(db: Reading) -> tuple[dict[str, Any], int] | None:
        found = search.find(db, query)
        if not found:
            return None
        newest = max(found, key=lambda one: (search.instant_of(one.version), -one.position))
        return search.value(db, newest.position), max(one.marking for one in found)

    told = await control.journal.database.read(read)
    if told is None or not told[0]:
        raise absent()
    return told


async def _corrigible(call: Call, error: TocsinError | None = None) -> dict[str, Any]:
    value, level = await _newest(call)
    await call.control.audit.seen(call.use(Operation.READ), [Seen(call.part("object_id"), level)])
    # What somebody else has changed meanwhile is shown as it is now: sent again, an old form would undo it.
    moved = error is not None and error.code == "policy.draft-moved"
    posted = call.request.method == "POST" and not moved
    fields = {name: call.said(name) for name in _shown(value)} if posted else _fields(value)
    later = {**value, "modified": _later(call, value)} if "modified" in value else value
    return {
        "object_id": call.part("object_id"),
        "name": str(value.get("name") or ""),
        "type": str(value.get("type")),
        "marking": Tlp(level).label,
        "fields": [{"name": name, "value": said, "long": name in _LONG} for name, said in fields.items()],
        "level": call.said("marking") if posted else Tlp(level).label,
        "levels": [one.label for one in Tlp],
        "json": call.said("json") if posted and call.said("way") == "json" else _text(later),
        "versioned": "modified" in value,
        "base": _base(value, level),
        "taken_back": correction.taken_back(value),
        "written": _written(call, {**_fields(value), "json": _text(value), "marking": Tlp(level).label})
        if moved
        else [],
        "error": error.code if error else "",
        "what": error.what if error else "",
    }


def _written(call: Call, now: Mapping[str, str]) -> list[tuple[str, str]]:
    """What the form says otherwise than our newest version."""
    said = ((name, call.written(name)) for name in now)
    return [(name, one) for name, one in said if one and one != now[name]]


def _base(value: dict[str, Any], level: int) -> str:
    """What the form is about: who sends it has seen this version, and no later one."""
    return f"{value.get('modified', '')} {Tlp(level).label}"


_LONG: Final = frozenset({"description", "content", "abstract", "pattern", "labels"})
_EVERYWHERE: Final = ("name", "description", "confidence", "labels")
_WHERE_HELD: Final = ("content", "abstract", "pattern", "valid_until", "first_seen", "last_seen")


def _shown(value: dict[str, Any]) -> tuple[str, ...]:
    """The fields of the form: what any object may have, and of the rest what this one has; a pattern ends some day."""
    held = tuple(name for name in _WHERE_HELD if name in value or (name == "valid_until" and "pattern" in value))
    return (*(one for one in _EVERYWHERE if one != "name" or "name" in value), *held)


def _fields(value: dict[str, Any]) -> dict[str, str]:
    return {name: _field(value.get(name)) for name in _shown(value)}


def _field(value: Any) -> str:
    if isinstance(value, list):
        return "\n".join(str(one) for one in value)
    return "" if value is None else str(value)


def _text(value: dict[str, Any]) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def _later(call: Call, value: dict[str, Any]) -> str:
    """The next version: now, and in any case after the one before."""
    at = max(call.control.clock.now_us(), correction.instant_of(value["modified"]) + _MILLISECOND)
    return instant(at // _MILLISECOND * _MILLISECOND)[:-4] + "Z"


async def set_right(call: Call) -> Answer:
    """Share a later version where the earlier ones went, through the same gate."""
    control, object_id = call.control, call.part("object_id")
    try:
        value, level = await _newest(call)
        if call.said("base") != _base(value, level):
            moved = PolicyError("policy.draft-moved", "another version was shared since this form was shown")
            return View("correct.html", await _corrigible(call, moved), 409)
        made = _pasted(call) if call.said("way") == "json" else _filled_in(call, value, level)
        if level == Tlp.RED or marking_id(Tlp.RED).encode() in made:
            return await composing.for_two(call, str(value.get("name") or object_id), made)
        await control.audit.record(call.use(Operation.DECIDE, "correct"), [object_id])
        told = await control.corrections.correct([made])
    except _REFUSED as error:
        return View("correct.html", await _corrigible(call, error), status_of(error))
    await control.synced()
    return await _ended(call, object_id, [one._asdict() for _, one in told], "corrected")


def _pasted(call: Call) -> bytes:
    """The one object of the text, as it was pasted."""
    splitter = BundleSplitter()
    objects = [*splitter.feed(call.said("json").strip().encode()), *splitter.close()]
    if len(objects) != 1:
        raise ConfigError("config.value", "a correction here is one object")
    value = strictjson.parse(objects[0])
    if not isinstance(value, dict) or value.get("id") != call.part("object_id"):
        raise ConfigError("config.value", "the pasted object has another id")
    return objects[0]


def _filled_in(call: Call, value: dict[str, Any], level: int) -> bytes:
    """Our newest version with what the form says."""
    if "modified" not in value:
        raise FormatError("format.recall", "an object without versions cannot be corrected")
    made = {**value, "modified": _later(call, value)}
    for name in _shown(value):
        said = call.written(name)
        if said == _field(value.get(name)):
            continue  # as it was, to the byte
        made.pop(name, None)
        if said.strip():
            made[name] = _typed(name, said)
    chosen = next((one for one in Tlp if one.label == call.said("marking")), Tlp(level))
    if chosen != level:
        refs = made.get("object_marking_refs")
        others = [one for one in refs if one not in tlp.FIXED] if isinstance(refs, list) else []
        made["object_marking_refs"] = [*others, marking_id(chosen)]
    return canonical.encode(made)


def _typed(name: str, said: str) -> Any:
    if name == "labels":
        return [one.strip() for one in said.splitlines() if one.strip()]
    if name == "confidence":
        text = said.strip()
        if not (text.isascii() and text.isdecimal() and len(text) < 4):
            raise ConfigError("config.value", "a confidence is a number from 0 to 100")
        return int(text)
    return said if name in _LONG else said.strip()


PAGES: Final = (
    Page("GET", "/share/outbox/changes", changes),
    Page("GET", "/share/outbox/changes/{object_id}", change),
    Page("GET", "/share/outbox/recall/{object_id}", recall),
    Page("POST", "/share/outbox/recall/{object_id}", take_back, records=None),
    Page("GET", "/share/outbox/correct/{object_id}", correct),
    Page("POST", "/share/outbox/correct/{object_id}", set_right, most_body=256 * 1024, records=None),
)
