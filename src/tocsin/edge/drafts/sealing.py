"""From a draft to what is sealed: reads it, checks it by the ways of `tocsin share` and `tocsin warn`, and seals what was shown.

What people see is the plan of the very function that seals, with a digest; sealing names that digest. Whatever was begun
goes on after a restart, except what was to be sealed while the node was away: that is not sealed behind anybody's back.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing, suppress
from typing import Any, Final

from tocsin.edge.audit import Operation, Use
from tocsin.edge.control import warning
from tocsin.edge.control.services import Services
from tocsin.edge.control.sharing import Expected, Manner, Sharing, open_channel, override_of
from tocsin.edge.drafts import composing, given, previewing
from tocsin.edge.drafts.composing import Author
from tocsin.edge.drafts.store import OBJECTS, Draft, Drafts, Kind, State
from tocsin.errors import FormatError, PolicyError, TocsinError
from tocsin.exchange.members.channels import Channel
from tocsin.exchange.publish import releases
from tocsin.exchange.publish.narrow import Release
from tocsin.formats.alert import Urgency
from tocsin.formats.stix.valued import Value, value_of
from tocsin.formats.tlp import Tlp
from tocsin.formats.values import Kind as ValueKind

UNDO_US: Final = 10_000_000
LATE_US: Final = 60_000_000
MOST_OBJECTS: Final = 50_000
_REFUSALS: Final = 200
_IDLE_S: Final = 30.0
_AT_ONCE: Final = 2  # drafts that are read, checked or sealed at the same time, warnings apart
_SHARED: Final = (Kind.STIX, Kind.MISP)
Convert = Callable[[bytes], Awaitable[bytes]]  # a MISP event to objects, one a line


class Sealing:
    """One per node. `convert` may take a minute, in a process of its own."""

    def __init__(self, services: Services, drafts: Drafts, convert: Convert) -> None:
        self.services = services
        self.drafts = drafts
        self._convert = convert
        self._progress: dict[str, dict[str, int]] = {}
        self._grown = asyncio.Event()

    # -- what people do ---------------------------------------------------------------------------------------------

    def wake(self) -> None:
        """There is something to do."""
        self._grown.set()

    def progress(self, id_: str) -> dict[str, int]:
        """How far the work on a draft is, while there is any."""
        return self._progress.get(id_, {})

    async def handle(self, draft: Draft, said: Mapping[str, Any]) -> Draft:
        """Its handling is chosen: check it, and show who would read it. Raises PolicyError("policy.draft-moved")."""
        moved = await self.drafts.move(
            draft.id,
            (State.OPEN, State.READY),
            state=State.CHECKING,
            said={**draft.said, **said},
            shown={},
            digest="",
            outcome={},
            second="",
        )
        self.wake()
        return moved

    async def seal(self, draft: Draft, digest: str, meant: frozenset[str], *, partial: bool) -> Draft:
        """Its owner has seen who would read it, and means it.

        Raises PolicyError("policy.draft-moved", "policy.audience-changed", "policy.audience-unread").
        """
        shown = draft.shown
        if draft.state is not State.READY:
            raise PolicyError("policy.draft-moved", "the draft is not as it was shown any more")
        if not digest or digest != draft.digest:
            raise PolicyError("policy.audience-changed", "the audience or what would be sealed is not what was shown")
        if missing := sorted(set(shown["acknowledge"]) - meant):
            raise PolicyError("policy.audience-unread", f"not acknowledged by name: {' '.join(missing[:20])}")
        if shown["refused"] and not partial:
            raise PolicyError(shown["refusals"][0]["code"], f"{shown['refused']} objects are refused")
        if not shown["accepted"]:
            raise FormatError("format.draft", "there is nothing in it that could be shared")
        if shown["second"]:
            if shown["release"]:
                await self._ask_for_release(draft)
            said = {**draft.said, "partial": partial}
            return await self.drafts.move(
                draft.id, (State.READY,), seen=digest, state=State.APPROVAL, said=said, outcome={}
            )
        return await self._due(draft, (State.READY,), partial=partial)

    async def approve(self, draft: Draft, digest: str, person: str) -> Draft:
        """A second person has seen who would read it, and agrees.

        Raises PolicyError("policy.own-approval", "policy.draft-moved", "policy.audience-changed",
        "person.not-the-second", "person.no-release").
        """
        self._another(draft, person)
        if not digest or digest != draft.digest:
            raise PolicyError("policy.audience-changed", "the audience or what would be sealed is not what was shown")
        if draft.shown["release"]:
            await releases.approve(
                self.services.journal.database,
                bytes.fromhex(draft.shown["release"]),
                person,
                self.services.clock.now_us(),
            )
        return await self._due(draft, (State.APPROVAL,), partial=bool(draft.said.get("partial")), second=person)

    async def decline(self, draft: Draft, person: str, reason: str) -> Draft:
        """A second person does not agree, and says why. Raises as approve() does, and FormatError("format.draft")."""
        self._another(draft, person)
        if not 3 <= len(reason.strip()) <= 500:
            raise FormatError("format.draft", "a refusal says why, in 3 to 500 characters")
        outcome = {"declined": reason.strip(), "by": person}
        return await self.drafts.move(draft.id, (State.APPROVAL,), state=State.READY, second=person, outcome=outcome)

    async def undo(self, draft: Draft) -> Draft:
        """Take it back before it is sealed, or before a second person has looked. Raises PolicyError("policy.draft-moved")."""
        return await self.drafts.move(
            draft.id, (State.SEALING, State.APPROVAL), state=State.READY, due=0, second="", outcome={"undone": True}
        )

    def _another(self, draft: Draft, person: str) -> None:
        if draft.owner == person:
            raise PolicyError("policy.own-approval", "who wrote it is not a second person")
        if draft.state is not State.APPROVAL:
            raise PolicyError("policy.draft-moved", "the draft is not as it was shown any more")

    async def _ask_for_release(self, draft: Draft) -> None:
        shown = draft.shown
        wanted = Release(bytes.fromhex(shown["release"]), shown["persons"], frozenset(shown["seconds"]))
        await releases.ask(self.services.journal.database, shown["channel_id"], wanted, self.services.clock.now_us())

    async def _due(self, draft: Draft, before: tuple[State, ...], *, partial: bool, second: str = "") -> Draft:
        now = self.services.clock.now_us()
        moved = await self.drafts.move(
            draft.id,
            before,
            seen=draft.digest,
            state=State.SEALING,
            due=now if draft.shown["urgent"] else now + UNDO_US,
            said={**draft.said, "partial": partial},
            second=second,
            outcome={},
        )
        self.wake()
        return moved

    # -- what the node does -----------------------------------------------------------------------------------------

    async def run(self) -> None:
        """For ever: whatever is to be read, checked or sealed. Warnings wait for no bulk."""
        await self.drafts.orphans()
        for one in await self.drafts.standing(State.SEALING):
            if one.due + LATE_US < self.services.clock.now_us():
                late = PolicyError("policy.sealing-late", "the node was not running when it was to be sealed")
                await self._back(one, late)
        busy: dict[str, asyncio.Task[None]] = {}
        try:
            while True:
                self._grown.clear()
                wait = await self._begin(busy)
                with suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self._grown.wait()
        finally:
            for task in busy.values():
                task.cancel()

    async def _begin(self, busy: dict[str, asyncio.Task[None]]) -> float:
        """Begin what is due; for how long there is nothing to do."""
        now, wait = self.services.clock.now_us(), _IDLE_S
        for id_ in [id_ for id_, task in busy.items() if task.done()]:
            busy.pop(id_).result()
        bulk = sum(not key.startswith("!") for key in busy)
        for one in await self.drafts.moving():
            key = f"!{one.id}" if one.kind is Kind.WARNING else one.id
            if key in busy:
                continue
            if one.state is State.SEALING and one.due > now:
                wait = min(wait, (one.due - now) / 1e6)
            elif key.startswith("!") or bulk < _AT_ONCE:
                bulk += not key.startswith("!")
                busy[key] = asyncio.ensure_future(self._work(one))
                busy[key].add_done_callback(lambda _: self.wake())
        return wait

    async def _work(self, draft: Draft) -> None:
        try:
            match draft.state:
                case State.READING:
                    await self._read(draft)
                case State.CHECKING:
                    await self._check(draft)
                case _:
                    await self._seal(draft)
        except TocsinError as error:
            await self._back(draft, error)
        except Exception as error:  # noqa: BLE001 - the edge: a fault of ours must not keep the other drafts waiting
            self.services.note("internal.error", "", f"a draft failed: {type(error).__name__}")
            await self._back(draft, FormatError("internal.error", "the check failed"))
        finally:
            self._progress.pop(draft.id, None)

    async def _back(self, draft: Draft, error: TocsinError) -> None:
        """To its owner, with the reason."""
        outcome = {"code": error.code, "what": error.what}
        state = State.READY if draft.state in (State.SEALING, State.COMMITTING) else State.OPEN
        with suppress(PolicyError):  # its owner has thrown it away meanwhile
            await self.drafts.move(
                draft.id, (draft.state, State.COMMITTING), state=state, due=0, second="", outcome=outcome
            )

    async def _read(self, draft: Draft) -> None:
        data = b"".join([part async for part in self.drafts.bytes_of(draft.id)])
        said = dict(draft.said)
        if draft.kind is Kind.MISP:
            made = await self._convert(data)
            await self.drafts.keep(draft.id, OBJECTS, made)
            said["objects"] = made.count(b"\n")
        else:
            loop = asyncio.get_running_loop()
            found = await loop.run_in_executor(None, composing.found_in, given.text_of(data))
            said["found"] = [one._asdict() for one in found]
        await self.drafts.move(draft.id, (State.READING,), state=State.OPEN, said=said)

    # -- checking ---------------------------------------------------------------------------------------------------

    async def _check(self, draft: Draft) -> None:
        channel = open_channel(self.services, str(draft.said.get("channel", "")))
        look = previewing.Looking(self.services, channel)
        shown = (
            await self._warned(draft, look) if draft.kind is Kind.WARNING else await self._shared(draft, channel, look)
        )
        whom = previewing.who(self.services, channel)
        urgent = bool(shown["urgent"])
        shown |= {
            "channel": channel.name,
            "channel_id": channel.id,
            "channel_kind": channel.kind.value,
            "readers": whom,
            "count": len(whom),
            "acknowledge": previewing.to_acknowledge(whom),
            "second": previewing.seconds_for(channel, shown["markings"], urgent=urgent, persons=shown["persons"]),
            "objects": look.objects,
            "names": look.named,
        }
        outcome = dict(draft.outcome)
        if before := outcome.pop("readers", None):
            now = {one["handle"] for one in whom}
            outcome |= {"joined": sorted(now - set(before)), "left": sorted(set(before) - now)}
        await self.drafts.move(
            draft.id, (State.CHECKING,), state=State.READY, shown=shown, digest=shown["digest"], outcome=outcome
        )

    async def _shared(self, draft: Draft, channel: Channel, look: previewing.Looking) -> dict[str, Any]:
        decided: dict[str, Any] = {}
        second: dict[str, Any] = {}
        refusals: list[dict[str, Any]] = []
        manner = self._manner(draft)._replace(dry_run=True, watch=look.note)
        done = await self._run(draft, Sharing(self.services, channel, _floor(draft), manner), decided, second, refusals)
        if not decided:
            raise _failure(done)
        return {
            "digest": decided["digest"],
            "audience_digest": decided["audience_digest"],
            "accepted": decided["accepted"],
            "refused": done["refused"],
            "refusals": refusals,
            "already_shared": decided["already_shared"],
            "markings": decided["markings"],
            "concerned": decided["concerned"],
            "persons": second.get("persons", 0),
            "seconds": second.get("seconds", []),
            "release": second.get("digest", "") if second.get("missing") else "",
            "urgent": False,
            "warning": None,
        }

    async def _warned(self, draft: Draft, look: previewing.Looking) -> dict[str, Any]:
        told = await warning.issue(self.services, {**wish_of(draft), "dry_run": True})
        look.text(told["text"] + "\n" + str(draft.said.get("headline", "")), 1)
        look.objects = [{"id": told["id"], "type": "report", "name": draft.title}]
        return {
            "digest": told["digest"],
            "audience_digest": told["audience_digest"],
            "accepted": 1,
            "refused": 0,
            "refusals": [],
            "already_shared": 0,
            "markings": {told["marking"]: 1},
            "concerned": told["concerned"],
            "persons": 0,
            "seconds": [],
            "release": "",
            "urgent": told["urgent_log"],
            "warning": {key: told[key] for key in ("recipients", "urgency", "answer_by", "policy", "text")},
        }

    async def _run(
        self,
        draft: Draft,
        sharing: Sharing,
        decided: dict[str, Any],
        second: dict[str, Any],
        refusals: list[dict[str, Any]],
    ) -> dict[str, Any]:
        """Let it go through; what it says at the end."""
        done: dict[str, Any] = {}
        async with aclosing(sharing.events(self._objects(draft))) as events:
            async for event in events:
                match event["event"]:
                    case "checking":
                        self._progress[draft.id] = {"checked": event["objects"], "bytes": event["bytes"]}
                        if event["objects"] > MOST_OBJECTS:
                            raise FormatError("format.draft", f"a draft has at most {MOST_OBJECTS} objects")
                        await self.services.clock.sleep(0)
                    case "committed":
                        self._progress[draft.id] = {"sealed": event["objects"]}
                    case "refused":
                        if len(refusals) < _REFUSALS:
                            refusals.append({key: event[key] for key in ("ordinal", "id", "code", "what")})
                    case "decided":
                        decided.update(event)
                    case "second":
                        second.update(event)
                    case "done":
                        done = event
        return done

    async def _objects(self, draft: Draft) -> AsyncIterator[bytes]:
        if draft.kind in _SHARED:
            what = (OBJECTS,) if draft.kind is Kind.MISP else ()
            async for part in self.drafts.bytes_of(draft.id, *what):
                yield part
            return
        said = draft.said
        values = []
        for text in said.get("values", ()):
            value = value_of(str(text))
            if value is None:
                raise FormatError("format.draft", "the value is no address, name, URL, hash or mailbox")
            values.append(value)
        picked = set(said.get("picked", ()))
        for at, one in enumerate(said.get("found", ())):
            if str(at) in picked and one["is_defanged"]:  # what is shown as a reference is none, whatever is sent
                values.append(Value(ValueKind(one["kind"]), one["text"]))
        author = Author(
            self.services.members.member(self.services.members.me).identity,
            draft.id,
            draft.created,
            _floor(draft) or Tlp.RED,
        )
        text = str(said.get("text", "")).replace("\r\n", "\n")
        for one in composing.composed(author, draft.kind.value, draft.title, text, values):
            yield one + b"\n"

    def _manner(self, draft: Draft) -> Manner:
        said = draft.said
        reason = f"draft {draft.id}" + (f", approved by {draft.second}" if draft.second else "")
        override = override_of(str(said.get("allow_listed", "")), str(said.get("reason", "")))
        return Manner(
            Use("console", f"person:{draft.owner}", Operation.SHARE, reason),
            partial=bool(said.get("partial")),
            override=override,
        )

    # -- sealing ----------------------------------------------------------------------------------------------------

    async def _seal(self, draft: Draft) -> None:
        again = draft.state is State.COMMITTING  # the node stopped on the way: what was sealed is known by its bytes
        draft = await self.drafts.move(draft.id, (State.SEALING, State.COMMITTING), state=State.COMMITTING)
        try:
            outcome = await self._warn(draft) if draft.kind is Kind.WARNING else await self._share(draft, again=again)
        except PolicyError as error:
            if error.code not in ("policy.audience-changed", "policy.roster-changed"):
                raise
            await self._show_again(draft, error)
            return
        await self.drafts.move(draft.id, (State.COMMITTING,), state=State.SEALED, outcome=outcome)
        await self.drafts.used(str(draft.said.get("topic", "")), draft.shown["channel_id"])
        if not draft.shown["refused"]:
            await self.drafts.forget_bytes(draft.id)

    async def _show_again(self, draft: Draft, error: TocsinError) -> None:
        """It was not sealed, for it would be read by others than was shown: show the owner by whom, and what changed."""
        outcome = {
            "code": "policy.audience-changed",
            "what": error.what,
            "readers": [one["handle"] for one in draft.shown["readers"]],
        }
        await self.drafts.move(
            draft.id, (State.COMMITTING,), state=State.CHECKING, due=0, second="", digest="", outcome=outcome
        )
        self.wake()

    async def _share(self, draft: Draft, *, again: bool) -> dict[str, Any]:
        channel = open_channel(self.services, draft.shown["channel_id"])
        shown = draft.shown["audience_digest"]
        expect = Expected(audience=shown) if again else Expected(draft.digest, shown)
        decided: dict[str, Any] = {}
        refusals: list[dict[str, Any]] = []
        manner = self._manner(draft)._replace(expect=expect)
        done = await self._run(draft, Sharing(self.services, channel, _floor(draft), manner), decided, {}, refusals)
        if not done or done["exit_status"]:
            raise _failure(done)
        first = next((one["id"] for one in draft.shown["objects"]), "")
        return {
            "shared": done["shared"],
            "already_shared": done["already_shared"],
            "first": first,
            "batches": done["batches"][-20:],
        }

    async def _warn(self, draft: Draft) -> dict[str, Any]:
        told = await warning.issue(self.services, {**wish_of(draft), "key": draft.id, "expect": draft.digest})
        return {"shared": 1, "already_shared": 0, "first": told["id"], "warning": told["id"], "batches": []}


_WISHED: Final = (
    "headline", "topic", "urgency", "threatened", "todo", "place", "countries", "answer_by", "reliability",
    "credibility", "potential", "channel", "tlp",
)  # fmt: skip


def wish_of(draft: Draft) -> dict[str, Any]:
    """A warning's draft as control/warning.py reads it."""
    return {key: draft.said[key] for key in _WISHED if key in draft.said}


def is_urgent(draft: Draft) -> bool:
    """Whether there is no undo: what is flash or immediate goes at once."""
    return draft.kind is Kind.WARNING and Urgency(draft.said["urgency"]).is_urgent


def _floor(draft: Draft) -> Tlp | None:
    return Tlp.parse(draft.said["tlp"]) if draft.said.get("tlp") else None


def _failure(done: Mapping[str, Any]) -> TocsinError:
    code = str(done.get("code") or "format.draft")
    what = str(done.get("what") or "refused")
    return PolicyError(code, what) if code.startswith(("policy.", "person.")) else FormatError(code, what)
