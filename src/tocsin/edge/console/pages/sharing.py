"""Share, one draft: choose the handling, see who will be able to read it, seal. And the second person's page."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from tocsin.edge.audit import Operation, Use
from tocsin.edge.console import permissions
from tocsin.edge.console.page import Answer, Call, Go, Page, View
from tocsin.edge.console.pages import composing
from tocsin.edge.console.problems import absent, status_of
from tocsin.edge.drafts import given, previewing
from tocsin.edge.drafts.sealing import is_urgent
from tocsin.edge.drafts.store import MOVING, Draft, Kind, State
from tocsin.edge.signin.roles import Role
from tocsin.errors import FormatError, PolicyError, TocsinError
from tocsin.exchange.members.channels import Channel
from tocsin.exchange.publish.audience import readers
from tocsin.formats.tlp import Tlp

_SHOWN: Final = 200
_MOST_TEXT: Final = 20_000
_PRESSED: Final = (State.APPROVAL, State.SEALING, State.COMMITTING, State.SEALED)
_OUTCOME: Final[Mapping[str, Any]] = MappingProxyType(
    {"code": "", "what": "", "joined": None, "left": None, "declined": "", "by": "", "shared": 0, "already_shared": 0,
     "first": ""}
)  # fmt: skip


# -- one draft ----------------------------------------------------------------------------------------------------


async def draft(call: Call) -> Answer:
    """Whatever comes next with a draft of one's own."""
    return _draft(call, await _own(call))


def _draft(call: Call, found: Draft, error: TocsinError | None = None) -> View:
    """The draft as it stands; with what was refused just now."""
    shown = found.shown
    now = call.control.clock.now_us()
    said = found.said
    picked = set(said.get("picked", ()))
    return View(
        "share_draft.html",
        {
            **composing.row(found),
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
            "outcome": {
                **_OUTCOME,
                **found.outcome,
                **({"code": error.code, "what": error.what} if error else {}),
            },
            "refused": error is not None,
            "why_not": call.said("reason"),
            "can_change": composing.can_change(found),
            "second": found.second,
            "shown": dict(shown) or None,
            "digest": found.digest,
            "one_by_one": previewing.NAMED_ONE_BY_ONE,
            "no_undo": is_urgent(found),
            "may_approve": _may_approve(call, found),
            "channels": composing.channels(call),
            "members": sorted(call.control.members.charter.active - {call.control.members.me}),
            "levels": [one.label for one in Tlp],
            "outbox": ("GET", "/share/outbox") in permissions.TABLE,
        },
        status_of(error) if error else 200,
    )


def _may_approve(call: Call, found: Draft) -> bool:
    return found.state is State.APPROVAL and found.owner != call.person.name and call.has(Role.RELEASER)


async def _own(call: Call) -> Draft:
    """The draft of the address, if it is of who asks; else it is not there."""
    return await composing.own(call, call.part("draft"))


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
    said = {"channel": call.said("channel"), **await _handled(call, found)}
    try:
        await call.services.sealing.handle(found, {**said, **_whom(call, found, said)})
    except (PolicyError, FormatError) as error:
        now = await _own(call)
        return _draft(call, replace(now, said={**now.said, **said}), error)
    return Go(f"/share/d/{found.id}")


async def _handled(call: Call, found: Draft) -> dict[str, Any]:
    """What the form says, before anything of it is refused."""
    said: dict[str, Any] = {
        "tlp": call.said("tlp"),
        "allow_listed": call.said("allow_listed")[:256],
        "reason": call.said("why")[:256],
        "exclude": list(call.all_said("exclude"))[:1024],
    }
    if found.kind is Kind.TEXT:
        said |= {"picked": list(call.all_said("pick")), "with_text": call.said("with_text") == "on"}
        text = b"".join([one async for one in call.services.sealing.drafts.bytes_of(found.id)])
        said["text"] = given.text_of(text)[:20_000] if said["with_text"] else ""
    return said


def _whom(call: Call, found: Draft, said: Mapping[str, Any]) -> dict[str, Any]:
    """The level and the channel that this means. Raises PolicyError and FormatError for one that there is not."""
    level = composing.level(said)
    if found.kind not in (Kind.STIX, Kind.MISP) and not level:
        raise PolicyError("policy.unmarked", "nobody said who may read it")
    channel = call.control.members.channel(said["channel"])
    if said["exclude"]:
        channel = _without(call, channel, frozenset(said["exclude"]))
    return {"tlp": level, "channel": channel.id, "exclude": []}


def _without(call: Call, channel: Channel, excluded: frozenset[str]) -> Channel:
    """A channel is exactly its audience: with one member fewer it is another one. Raises PolicyError("policy.no-such-channel")."""
    wanted = readers(channel) - excluded
    current = [one for one in call.control.members.channels() if one.is_current]
    exact = next((one for one in current if readers(one) == wanted), None)
    if exact is not None:
        return exact
    narrower = sorted(one.name for one in current if readers(one) < wanted)
    names = f"; these reach fewer of them: {', '.join(narrower[:10])}" if narrower else ""
    raise PolicyError("policy.no-such-channel", f"no channel has exactly those who are left ({len(wanted)}){names}")


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
    except (PolicyError, FormatError) as error:
        now = await _own(call)
        if error.code == "policy.draft-moved" and _is_pressed(now, call.said("digest")):  # pressed twice
            return Go(f"/share/d/{found.id}")
        return _draft(call, now, error)
    await _note(call, found, "seals what was shown" if moved.state is State.SEALING else "asks for a second person")
    return Go(f"/share/d/{found.id}")


async def undo(call: Call) -> Answer:
    """Back before it is sealed."""
    found = await _own(call)
    try:
        await call.services.sealing.undo(found)
    except PolicyError as error:
        return _draft(call, await _own(call), error)
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
                    **composing.row(one),
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
        if now.state is not State.APPROVAL:
            raise
        return _draft(call, now, error)
    await _note(call, found, f"approves what {found.owner} shares")
    return Go("/share/approvals", "share-approved")


async def decline(call: Call) -> Answer:
    """Another person does not agree, and says why."""
    found = await _waiting(call)
    try:
        await call.services.sealing.decline(found, call.person.name, call.said("reason"))
    except (PolicyError, FormatError) as error:
        return _draft(call, await _waiting(call), error)
    await _note(call, found, f"declines what {found.owner} shares")
    return Go("/share/approvals", "share-declined")


PAGES: Final = (
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
