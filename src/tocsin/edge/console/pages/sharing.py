"""Share: compose, paste or upload, choose the handling, see who will be able to read it, seal. And the second person's page."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple
from uuid import UUID

from tocsin.edge.audit import Operation, Use
from tocsin.edge.console import permissions
from tocsin.edge.console.page import Answer, Call, Go, Page, View
from tocsin.edge.console.problems import absent
from tocsin.edge.console.words import N_
from tocsin.edge.drafts import from_story, given, previewing
from tocsin.edge.drafts.sealing import is_urgent
from tocsin.edge.drafts.store import MOST_BYTES, MOVING, Draft, Kind, New, State
from tocsin.edge.signin.roles import Role
from tocsin.errors import AccessError, FormatError, PolicyError, TocsinError
from tocsin.exchange.members.channels import Channel
from tocsin.exchange.publish.audience import readers
from tocsin.formats.alert import Topic, Urgency
from tocsin.formats.markings import ChannelKind
from tocsin.formats.text import instant
from tocsin.formats.tlp import Tlp

_BY_HAND: Final = ("warning", "report", "indicator", "paste")
_TOPICS: Final = tuple(one.value for one in Topic)
_LONGEST: Final = 64 * 1024
_SHOWN: Final = 200
_MOST_TEXT: Final = 20_000
_PRESSED: Final = (State.APPROVAL, State.SEALING, State.COMMITTING, State.SEALED)
_FIELDS: Final = (
    "title", "text", "value", "topic", "channel", "tlp", "headline", "urgency", "threatened", "todo", "place",
    "countries", "answer_by", "reliability", "credibility", "potential",
)  # fmt: skip
_OUTCOME: Final[Mapping[str, Any]] = MappingProxyType(
    {"code": "", "what": "", "joined": None, "left": None, "declined": "", "by": "", "shared": 0, "already_shared": 0,
     "first": ""}
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


# -- what ---------------------------------------------------------------------------------------------------------


async def new(call: Call) -> Answer:
    """The form of one kind, and what was begun before; with `story` a warning of what the desk tells."""
    story = call.asked("story")
    return await _form(call, await _of_story(call, story) if story else {}, None)


async def _of_story(call: Call, story: str) -> dict[str, str]:
    """Half a warning: a person says what to do, to whom and how urgently."""
    try:
        told = await call.control.desk.story(story)
    except AccessError as error:
        raise absent() from error
    return {"kind": Kind.WARNING.value, **from_story.warning(told)}


async def _form(call: Call, said: Mapping[str, Any], error: TocsinError | None) -> View:
    asked = str(said.get("kind") or call.asked("kind"))
    kind = asked if asked in _BY_HAND else _BY_HAND[0]
    drafts = await call.services.sealing.drafts.of(call.person.name)
    return View(
        "share_new.html",
        {
            "kind": kind,
            "kinds": list(_BY_HAND),
            "said": {**dict.fromkeys(_FIELDS, ""), **said},
            "template": call.asked("template") if call.asked("template") in TEMPLATES else "",
            "templates": {key: one._asdict() for key, one in TEMPLATES.items()},
            "topics": list(_TOPICS),
            "urgencies": [one.value for one in Urgency],
            "levels": [one.label for one in Tlp],
            "channels": _channels(call),
            "most_mib": MOST_BYTES // 1024 // 1024,
            "drafts": [_row(one) for one in drafts],
            "error": error.code if error else "",
            "what": error.what if error else "",
        },
        200 if error is None else 400,
    )


def _channels(call: Call) -> list[dict[str, Any]]:
    """Where something may be shared now, the narrowest first."""
    found = (one for one in call.control.members.channels() if one.is_current)
    return [
        {"id": one.id, "name": one.name, "kind": one.kind.value, "count": len(readers(one))}
        for one in sorted(found, key=lambda one: (len(readers(one)), one.name))
    ]


def _row(draft: Draft) -> dict[str, Any]:
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
    """A warning, a report or an indicator that is written here."""
    said = {key: values[0] for key, values in call.form.items() if key != "form_token"}
    try:
        draft = await _composed(call, said)
    except TocsinError as error:
        return await _form(call, said, error)
    return Go(f"/share/d/{draft}")


async def _composed(call: Call, form: Mapping[str, str]) -> str:
    kind = form.get("kind", "")
    if kind not in ("warning", "report", "indicator") or any(len(one) > _LONGEST for one in form.values()):
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
    sealing = call.services.sealing
    chosen = form.get("channel", "") or await _last_time(call, said["topic"])
    said |= {"channel": chosen, "tlp": _level(form)}
    state = State.CHECKING if chosen and said["tlp"] else State.OPEN
    written = "\n".join(f"{key}: {one}" for key, one in form.items()).encode()
    made = New(call.person.name, Kind(kind), state, title or value, said, written)
    id_ = await sealing.drafts.add(made)
    sealing.wake()
    return id_


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


def _level(form: Mapping[str, str]) -> str:
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
    said = {"kind": "paste", "title": call.said("title"), "topic": call.said("topic")}
    try:
        draft = await _uploaded(call, said)
    except TocsinError as error:
        return await _form(call, said, error)
    return Go(f"/share/d/{draft}")


async def _uploaded(call: Call, form: Mapping[str, str]) -> str:
    data = call.file.data or call.said("text").encode()
    title = form["title"].strip() or call.file.name
    return await begun(call, title, _one_of(form, "topic", _TOPICS), data)


async def begun(call: Call, title: str, topic: str, data: bytes) -> str:
    """A draft of objects or a text that its owner has not looked at yet; its id."""
    kind = given.kind_of(data)
    said = {"topic": topic, "channel": await _last_time(call, topic), "tlp": "", "text": ""}
    state = State.OPEN if kind is Kind.STIX else State.READING
    sealing = call.services.sealing
    id_ = await sealing.drafts.add(New(call.person.name, kind, state, title, said, data))
    sealing.wake()
    return id_


async def for_two(call: Call, title: str, made: bytes) -> Go:
    """To a draft of one object, for what is RED is nobody's to share alone: it waits there for a second person."""
    bundle = b'{"type":"bundle","id":"bundle--%s","objects":[%s]}'
    name = str(UUID(bytes=call.services.entropy.bytes(16), version=4)).encode()
    return Go(f"/share/d/{await begun(call, title, Topic.OTHER, bundle % (name, made))}")


# -- one draft ----------------------------------------------------------------------------------------------------


async def draft(call: Call) -> Answer:
    """Whatever comes next with a draft of one's own."""
    return _draft(call, await _own(call))


def _draft(call: Call, found: Draft) -> View:
    shown = found.shown
    now = call.control.clock.now_us()
    said = found.said
    picked = set(said.get("picked", ()))
    return View(
        "share_draft.html",
        {
            **_row(found),
            "mine": found.owner == call.person.name,
            "size": found.size,
            "moving": found.state in MOVING,
            "progress": {"checked": 0, "sealed": 0, **call.services.sealing.progress(found.id)},
            "due_us": found.due,
            "left_s": max(0, -(-(found.due - now) // 1_000_000)) if found.state is State.SEALING else 0,
            "said": {
                key: said.get(key, "") for key in ("topic", "channel", "tlp", "objects", "allow_listed", "reason")
            },
            "text": str(said.get("text", ""))[
                :_MOST_TEXT
            ],  # what is shared with the title, before anybody agrees to it
            "exclude": list(said.get("exclude", ())),
            "found": [
                {**one, "picked": str(at) in picked or ("picked" not in said and one["is_defanged"])}
                for at, one in enumerate(said.get("found", ()))
            ][:_SHOWN],
            "found_count": len(said.get("found", ())),
            "with_text": bool(said.get("with_text")),
            "outcome": {**_OUTCOME, **found.outcome},
            "second": found.second,
            "shown": dict(shown) or None,
            "digest": found.digest,
            "one_by_one": previewing.NAMED_ONE_BY_ONE,
            "no_undo": is_urgent(found),
            "may_approve": _may_approve(call, found),
            "channels": _channels(call),
            "members": sorted(call.control.members.charter.active - {call.control.members.me}),
            "levels": [one.label for one in Tlp],
            "outbox": ("GET", "/share/outbox") in permissions.TABLE,
        },
    )


def _may_approve(call: Call, found: Draft) -> bool:
    return found.state is State.APPROVAL and found.owner != call.person.name and call.has(Role.RELEASER)


async def _own(call: Call) -> Draft:
    """The draft of the address, if it is of who asks; else it is not there."""
    found = await call.services.sealing.drafts.one(call.part("draft"))
    if found is None or found.owner != call.person.name:
        raise absent()
    return found


async def _waiting(call: Call) -> Draft:
    """The draft of the address, if it waits for a second person; else it is not there."""
    found = await call.services.sealing.drafts.one(call.part("draft"))
    if found is None or found.state is not State.APPROVAL:
        raise absent()
    return found


async def _decided(call: Call) -> Draft:
    """The draft to be decided on: one that waits, or that somebody has decided on since this person was shown it."""
    found = await call.services.sealing.drafts.one(call.part("draft"))
    if found is None or not (found.state is State.APPROVAL or _is_pressed(found, call.said("digest"))):
        raise absent()
    return found


def _is_pressed(draft: Draft, digest: str) -> bool:
    """Whether what was shown under this digest is on its way or sealed: a button was pressed twice, or by two people."""
    return bool(digest) and digest == draft.digest and draft.state in _PRESSED


async def course(call: Call) -> Answer:
    """How far the node is with it, for programs; a page shows it too."""
    found = await _own(call)
    now = call.control.clock.now_us()
    left = max(0, -(-(found.due - now) // 1_000_000)) if found.state is State.SEALING else 0
    told = {"state": found.state.value, "left_s": left, **call.services.sealing.progress(found.id)}
    return View("share_course.html", told)


# -- handling and audience ----------------------------------------------------------------------------------------


async def handling(call: Call) -> Answer:
    """How strictly, for whom, without whom."""
    found = await _own(call)
    sealing = call.services.sealing
    said: dict[str, Any] = {
        "tlp": _level({"tlp": call.said("tlp")}),
        "allow_listed": call.said("allow_listed")[:256],
        "reason": call.said("why")[:256],
        "exclude": list(call.all_said("exclude"))[:1024],
    }
    if found.kind is Kind.TEXT:
        said |= {"picked": list(call.all_said("pick")), "with_text": call.said("with_text") == "on"}
        text = b"".join([one async for one in sealing.drafts.bytes_of(found.id)])
        said["text"] = given.text_of(text)[:20_000] if said["with_text"] else ""
    if found.kind not in (Kind.STIX, Kind.MISP) and not said["tlp"]:
        raise PolicyError("policy.unmarked", "nobody said who may read it")
    channel = call.control.members.channel(call.said("channel"))
    if said["exclude"]:
        channel = _without(call, channel, frozenset(said["exclude"]))
        said["exclude"] = []
    said["channel"] = channel.id
    await sealing.handle(found, said)
    return Go(f"/share/d/{found.id}")


def _without(call: Call, channel: Channel, excluded: frozenset[str]) -> Channel:
    """A channel is exactly its audience: with one member fewer it is another one. Raises PolicyError("policy.no-such-channel")."""
    wanted = readers(channel) - excluded
    current = [one for one in call.control.members.channels() if one.is_current]
    exact = next((one for one in current if readers(one) == wanted), None)
    if exact is not None:
        return exact
    narrower = sorted(one.name for one in current if readers(one) < wanted)
    names = f"; these reach fewer of them: {', '.join(narrower[:10])}" if narrower else ""
    raise PolicyError(
        "policy.no-such-channel", f"no channel has exactly the {len(wanted)} members that are left{names}"
    )


async def seal(call: Call) -> Answer:
    """What was shown, and nothing else, is sealed."""
    found = await _own(call)
    shown = found.shown.get("acknowledge", ())
    meant = frozenset(shown) if call.said("meant_all") == "on" else frozenset(call.all_said("meant"))
    if call.said("meant_all") == "on" and len(shown) <= previewing.NAMED_ONE_BY_ONE:
        meant = frozenset(call.all_said("meant"))
    try:
        moved = await call.services.sealing.seal(
            found, call.said("digest"), meant, partial=call.said("partial") == "on"
        )
    except PolicyError as error:
        if error.code == "policy.draft-moved" and _is_pressed(await _own(call), call.said("digest")):  # pressed twice
            return Go(f"/share/d/{found.id}")
        raise
    await _note(call, found, "seals what was shown" if moved.state is State.SEALING else "asks for a second person")
    return Go(f"/share/d/{found.id}")


async def undo(call: Call) -> Answer:
    """Back before it is sealed."""
    found = await _own(call)
    await call.services.sealing.undo(found)
    await _note(call, found, "takes it back before it was sealed")
    return Go(f"/share/d/{found.id}", "share-undone")


async def discard(call: Call) -> Answer:
    """Thrown away with all that was given."""
    found = await _own(call)
    await call.services.sealing.drafts.remove(found.id)
    return Go("/share/new", "draft-discarded")


async def _note(call: Call, found: Draft, what: str) -> None:
    """The audit trail gets both persons and the digest of what they saw."""
    use = Use("console", f"person:{call.person.name}", Operation.DECIDE, f"draft {found.id}: {what}")
    await call.control.audit.record(use, [found.digest])


# -- the second person --------------------------------------------------------------------------------------------


async def approvals(call: Call) -> Answer:
    """What waits for a second person."""
    waiting = await call.services.sealing.drafts.standing(State.APPROVAL)
    return View(
        "share_approvals.html",
        {
            "waiting": [
                {
                    **_row(one),
                    "mine": one.owner == call.person.name,
                    "count": one.shown["count"],
                    "markings": one.shown["markings"],
                    "why": one.shown["second"],
                }
                for one in waiting
            ]
        },
    )


async def approval(call: Call) -> Answer:
    """What the author was shown, for the person who decides."""
    found = await _waiting(call)
    ids = [one["id"] for one in found.shown["objects"]] or [found.id]
    await call.control.audit.record(call.use(Operation.READ), ids)
    return _draft(call, found)


async def approve(call: Call) -> Answer:
    """Another person has seen the same and agrees."""
    found, me = await _decided(call), call.person.name
    try:
        await call.services.sealing.approve(found, call.said("digest"), me)
    except PolicyError as error:
        now = await _decided(call)
        if error.code == "policy.draft-moved" and now.second == me and now.state is not State.APPROVAL:
            return Go("/share/approvals", "share-approved")
        raise
    await _note(call, found, f"approves what {found.owner} shares")
    return Go("/share/approvals", "share-approved")


async def decline(call: Call) -> Answer:
    """Another person does not agree, and says why."""
    found = await _waiting(call)
    await call.services.sealing.decline(found, call.person.name, call.said("reason"))
    await _note(call, found, f"declines what {found.owner} shares")
    return Go("/share/approvals", "share-declined")


PAGES: Final = (
    Page("GET", "/share/new", new),
    Page("POST", "/share/new", compose, most_body=256 * 1024, records=None),
    Page("POST", "/share/upload", upload, most_body=MOST_BYTES + 1024 * 1024, takes_file=True, records=None),
    Page("GET", "/share/approvals", approvals),
    Page("GET", "/share/d/{draft}", draft),
    Page("GET", "/share/d/{draft}/course", course),
    Page("POST", "/share/d/{draft}/handling", handling, most_body=256 * 1024, records=None),
    Page("POST", "/share/d/{draft}/seal", seal, records=None),
    Page("POST", "/share/d/{draft}/undo", undo, records=None),
    Page("POST", "/share/d/{draft}/discard", discard, records=None),
    Page("GET", "/share/approvals/{draft}", approval),
    Page("POST", "/share/approvals/{draft}/approve", approve, records=None),
    Page("POST", "/share/approvals/{draft}/decline", decline, records=None),
)
