"""Share, what is to be shared: composed in a form, pasted or uploaded, and changed again before it is sealed."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple
from uuid import UUID

from tocsin.edge.console import guard
from tocsin.edge.console.page import Answer, Call, Go, Page, View
from tocsin.edge.console.problems import absent, status_of
from tocsin.edge.console.words import N_
from tocsin.edge.drafts import from_story, given
from tocsin.edge.drafts.store import MOST_BYTES, Draft, Kind, New, State
from tocsin.errors import AccessError, FormatError, PolicyError, TocsinError
from tocsin.exchange.publish.audience import readers
from tocsin.formats.alert import Topic, Urgency
from tocsin.formats.markings import ChannelKind
from tocsin.formats.text import instant
from tocsin.formats.tlp import Tlp

_COMPOSED: Final = (Kind.WARNING, Kind.REPORT, Kind.INDICATOR)
_BY_HAND: Final = (*_COMPOSED, "paste")
_TOPICS: Final = tuple(one.value for one in Topic)
_LONGEST: Final = 64 * 1024
_MOST_PASTED: Final = 1024 * 1024  # of a text that is put into its field again
_CHANGED: Final = (State.OPEN, State.READY)
_HANDLED: Final = ("allow_listed", "reason", "with_text")  # is kept of a draft that is changed
_FIELDS: Final = (
    "title", "text", "value", "topic", "channel", "tlp", "headline", "urgency", "threatened", "todo", "place",
    "countries", "answer_by", "reliability", "credibility", "potential", "template", "draft",
)  # fmt: skip


class Template(NamedTuple):
    """A warning that is half written."""

    name: str
    topic: Topic
    urgency: Urgency
    headline: str
    todo: str


TEMPLATES: Final[Mapping[str, Template]] = MappingProxyType(
    {
        "exploited": Template(
            N_("Exploited now"),
            Topic.CYBER,
            Urgency.IMMEDIATE,
            N_("A weakness is being exploited now"),
            N_("Take what is affected off the network, keep its logs, and tell us whether you see it too."),
        ),
        "attack": Template(
            N_("Attack feared"),
            Topic.TERRORISM,
            Urgency.FLASH,
            N_("An attack is feared"),
            N_("Raise protection of what is named, and tell us at once what you know."),
        ),
        "route": Template(
            N_("New route"),
            Topic.ORGANISED_CRIME,
            Urgency.PRIORITY,
            N_("A new route is in use"),
            N_("Look for it at your borders and ports, and tell us what passes."),
        ),
    }
)


async def new(call: Call) -> Answer:
    """The form of one kind, and what was begun before: with `story` a warning of what the desk tells, with `draft` that."""
    if id_ := call.asked("draft"):
        return await _form(call, await _of_draft(call, id_), None)
    story = call.asked("story")
    return await _form(call, await _of_story(call, story) if story else {}, None)


async def _of_story(call: Call, story: str) -> dict[str, str]:
    """Half a warning: a person says what to do, to whom and how urgently."""
    try:
        told = await call.control.desk.story(story)
    except AccessError as error:
        raise absent() from error
    return {"kind": Kind.WARNING.value, **from_story.warning(told)}


async def _of_draft(call: Call, id_: str) -> dict[str, Any]:
    """What was written or pasted, in its fields again."""
    found = await own(call, id_)
    said = {key: one for key, one in found.said.items() if key in _FIELDS}
    said |= {"draft": id_ if can_change(found) else "", "title": found.title}
    if found.kind not in _COMPOSED:
        return {**said, "kind": "paste", "text": await _pasted(call, found)}
    values = found.said.get("values", ())
    if values:
        said |= {"value": values[0], "title": "" if found.title == values[0] else found.title}
    if found.kind is Kind.WARNING:
        said |= {"countries": " ".join(said["countries"]), "credibility": str(said["credibility"])}
    return {**said, "kind": found.kind.value}


async def _pasted(call: Call, draft: Draft) -> str:
    """Empty for what is no text, or too long for a field."""
    if not can_change(draft):
        return ""
    try:
        return b"".join([one async for one in call.services.sealing.drafts.bytes_of(draft.id)]).decode()
    except UnicodeDecodeError:
        return ""


def can_change(draft: Draft) -> bool:
    """Whether what it is made of may be put into its form again."""
    return draft.state in _CHANGED and (draft.kind in _COMPOSED or draft.size <= _MOST_PASTED)


async def own(call: Call, id_: str) -> Draft:
    """The draft, if it is of who asks; else it is not there."""
    found = await call.services.sealing.drafts.one(id_)
    if found is None or found.owner != call.person.name:
        raise absent()
    return found


async def _kept(call: Call, new: New, before: str) -> str:
    """A new draft, in the place of the one that was changed if that is there; its id. Raises PolicyError("policy.draft-moved")."""
    sealing = call.services.sealing
    replaced = await sealing.drafts.one(before)
    if replaced and replaced.owner != call.person.name:
        replaced = None
    if replaced:
        names = _HANDLED if new.kind in _COMPOSED else (*_HANDLED, "channel", "tlp")
        handled = {name: replaced.said[name] for name in names if replaced.said.get(name)}
        new = new._replace(said={**new.said, **handled})
    id_ = await sealing.drafts.add(new)
    if replaced:
        try:
            await sealing.drafts.remove(replaced.id, _CHANGED)
        except PolicyError:  # another tab has gone on with it
            await sealing.drafts.remove(id_)
            raise
    sealing.wake()
    return id_


async def _form(call: Call, said: Mapping[str, Any], error: TocsinError | None) -> View:
    if error and error.code == "policy.draft-moved":
        said = {**said, "draft": ""}  # who sends it all the same begins another one
    asked = str(said.get("kind") or call.asked("kind"))
    kind = asked if asked in _BY_HAND else _BY_HAND[0]
    drafts = await call.services.sealing.drafts.of(call.person.name)
    return View(
        "share_new.html",
        {
            "kind": kind,
            "kinds": list(_BY_HAND),
            "said": {**dict.fromkeys(_FIELDS, ""), **said},
            "template": _template(said.get("template", "")),
            "before": _template(said.get("before", "")),
            "templates": {key: one._asdict() for key, one in TEMPLATES.items()},
            "topics": list(_TOPICS),
            "urgencies": [one.value for one in Urgency],
            "levels": [one.label for one in Tlp],
            "channels": channels(call),
            "most_mib": MOST_BYTES // 1024 // 1024,
            "drafts": [row(one) for one in drafts],
            "error": error.code if error else "",
            "what": error.what if error else "",
        },
        200 if error is None else status_of(error),
    )


def _template(name: str) -> str:
    return name if name in TEMPLATES else ""


def channels(call: Call) -> list[dict[str, Any]]:
    """Where something may be shared now, the narrowest first."""
    found = (one for one in call.control.members.channels() if one.is_current)
    return [
        {"id": one.id, "name": one.name, "kind": one.kind.value, "count": len(readers(one))}
        for one in sorted(found, key=lambda one: (len(readers(one)), one.name))
    ]


def row(draft: Draft) -> dict[str, Any]:
    """What lists of drafts show of one."""
    return {
        "id": draft.id,
        "title": draft.title,
        "kind": draft.kind.value,
        "state": draft.state.value,
        "owner": draft.owner,
        "channel": draft.shown.get("channel", ""),
        "changed": instant(draft.changed),
        "changed_us": draft.changed,
    }


async def compose(call: Call) -> Answer:
    """A warning, a report or an indicator that is written here; with `template` its words, beside what is written already."""
    said = {key: values[0] for key, values in call.form.items() if key != guard.FIELD}
    if "template" in said:
        return await _form(call, {**said, "topic": "", "urgency": ""}, None)
    try:
        draft = await _composed(call, said)
    except TocsinError as error:
        return await _form(call, said, error)
    return Go(f"/share/d/{draft}")


async def _composed(call: Call, form: Mapping[str, str]) -> str:
    kind = form.get("kind", "")
    if kind not in _COMPOSED or any(len(one) > _LONGEST for one in form.values()):
        raise FormatError("format.draft", "the form is not one of ours")
    title = form.get("headline" if kind == "warning" else "title", "").strip()
    value = form.get("value", "").strip()
    if not (title or value):
        raise FormatError("format.draft", "there is nothing in it")
    said: dict[str, Any] = {"topic": _one_of(form, "topic", _TOPICS)}
    if kind == "warning":
        said |= _warning(form)
    else:
        said |= {"text": form.get("text", ""), "values": [value] if kind == "indicator" else []}
    chosen = form.get("channel", "") or await _last_time(call, said["topic"])
    said |= {"channel": chosen, "tlp": level(form)}
    state = State.CHECKING if chosen and said["tlp"] else State.OPEN
    written = "\n".join(f"{key}: {one}" for key, one in form.items()).encode()
    made = New(call.person.name, Kind(kind), state, title or value, said, written)
    return await _kept(call, made, form.get("draft", ""))


def _warning(form: Mapping[str, str]) -> dict[str, Any]:
    credibility = form.get("credibility", "6")
    return {
        "headline": form.get("headline", "").strip(),
        "urgency": _one_of(form, "urgency", tuple(one.value for one in Urgency)),
        "threatened": form.get("threatened", "").replace("\r\n", "\n").strip(),
        "todo": form.get("todo", "").replace("\r\n", "\n").strip(),
        "place": form.get("place", "").strip(),
        "countries": form.get("countries", "").upper().replace(",", " ").split(),
        "answer_by": form.get("answer_by", "").strip(),
        "reliability": form.get("reliability", "F") or "F",
        "credibility": int(credibility) if credibility in tuple("123456") else 6,
        "potential": form.get("potential") == "on",
    }


def _one_of(form: Mapping[str, str], name: str, allowed: Iterable[str]) -> str:
    found = form.get(name, "")
    if found not in allowed:
        raise FormatError("format.draft", f"{name} is to be chosen")
    return found


def level(form: Mapping[str, Any]) -> str:
    """The level of the Traffic Light Protocol that a form says; empty when it says none. Raises FormatError("format.tlp")."""
    return Tlp.parse(form["tlp"]).label if form.get("tlp") else ""


async def _last_time(call: Call, topic: str) -> str:
    """The narrowest audience used lately for a topic, never everybody; empty when there is none."""
    used = await call.services.sealing.drafts.last_used(topic)
    found = [
        one
        for one in call.control.members.channels()
        if one.id in used and one.is_current and one.kind is not ChannelKind.PLENARY
    ]
    return min(found, key=lambda one: len(readers(one))).id if found else ""


async def upload(call: Call) -> Answer:
    """STIX, a MISP event or a text, pasted or as a file: kept as it came."""
    said = {"kind": "paste", **{name: call.said(name) for name in ("title", "topic", "text", "draft")}}
    try:
        draft = await _uploaded(call, said)
    except TocsinError as error:
        return await _form(call, said, error)
    return Go(f"/share/d/{draft}")


async def _uploaded(call: Call, form: Mapping[str, str]) -> str:
    data = call.file.data or call.said("text").encode()
    title = form["title"].strip() or call.file.name
    return await begun(call, title, _one_of(form, "topic", _TOPICS), data, form["draft"])


async def begun(call: Call, title: str, topic: str, data: bytes, before: str = "") -> str:
    """A draft of objects or a text that its owner has not looked at yet, in the place of `before`; its id."""
    kind = given.kind_of(data)
    said = {"topic": topic, "channel": await _last_time(call, topic), "tlp": "", "text": ""}
    state = State.OPEN if kind is Kind.STIX else State.READING
    return await _kept(call, New(call.person.name, kind, state, title, said, data), before)


async def for_two(call: Call, title: str, made: bytes) -> Go:
    """To a draft of one object, for what is RED is nobody's to share alone: it waits there for a second person."""
    bundle = b'{"type":"bundle","id":"bundle--%s","objects":[%s]}'
    name = str(UUID(bytes=call.services.entropy.bytes(16), version=4)).encode()
    return Go(f"/share/d/{await begun(call, title, Topic.OTHER, bundle % (name, made))}")


PAGES: Final = (
    Page("GET", "/share/new", new),
    Page("POST", "/share/new", compose, most_body=1024 * 1024, records=None),
    Page("POST", "/share/upload", upload, most_body=MOST_BYTES + 1024 * 1024, takes_file=True, records=None),
)
