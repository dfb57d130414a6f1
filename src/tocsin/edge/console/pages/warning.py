"""One warning: what is asked by when, how far everybody has come, how its silence climbs, and what has happened."""

from collections.abc import Mapping
from typing import Any, Final

from tocsin.edge.audit import Operation, Seen
from tocsin.edge.console import permissions
from tocsin.edge.console.page import Answer, Call, Go, Page, View
from tocsin.edge.console.problems import absent, status_of
from tocsin.edge.control import correcting
from tocsin.edge.control import warning as warnings
from tocsin.errors import AccessError, FormatError, PolicyError, TocsinError
from tocsin.exchange.journal import search
from tocsin.exchange.warn import course
from tocsin.exchange.warn.course import Step, Taken
from tocsin.formats import answer, escalation
from tocsin.formats.escalation import Policy
from tocsin.formats.text import instant
from tocsin.formats.tlp import Tlp
from tocsin.ports.database import Reading

_STEPS: Final = 200
_RECIPIENTS: Final = 250  # in the table; a warning may ask 1,024
_MINUTE_US: Final = 60_000_000


async def warning(call: Call) -> Answer:
    """The page. What is unknown, erased, suspended or blocked looks the same: there is nothing here."""
    return await _shown(call)


async def _shown(call: Call, error: TocsinError | None = None) -> View:
    control, id_ = call.control, call.part("warning")
    await control.synced()
    taken = await control.journal.database.read(lambda db: course.taken(db, id_)) if _is_id(id_) else None
    try:
        told = await warnings.shown(control, id_) if _is_id(id_) else None
    except AccessError:
        told = None
    # Of what its giver took back nothing is left to read; that it was taken back is said all the same.
    is_empty = told is not None and told["headline"] is None and not told["withdrawn"]
    if is_empty or await warnings.is_hidden(control, id_):
        raise absent()
    if told is None and taken is None:
        raise absent()
    data = await _whole(call, told) if told is not None else {"id": id_, "giver": taken.member if taken else ""}
    await control.audit.seen(call.use(Operation.READ), [Seen(id_, _marking(told))])
    return View(
        "warning.html",
        {
            **data,
            "known": told is not None,
            "is_giver": data["giver"] == control.members.me,
            "me": control.members.me,
            "taken": _taken(taken),
            "standing": await _standing(call, id_) if data["giver"] == control.members.me and taken else None,
            "acts": _may(call, "/w/{warning}/answers"),
            "recalls": _may(call, "/w/{warning}/recall"),
            "words": [one.value for one in answer.Word],
            "reason": call.said("reason"),
            "error": error.code if error else "",
            "what": error.what if error else "",
        },
        status_of(error) if error else 200,
    )


def _may(call: Call, path: str) -> bool:
    return ("POST", path) in permissions.TABLE and permissions.may("POST", path, call.person.roles)


def _is_id(text: str) -> bool:
    return text.startswith("report--") and len(text) == len("report--") + 36


def _marking(told: Mapping[str, Any] | None) -> int:
    return Tlp.parse(told["marking"]) if told else Tlp.CLEAR


async def _whole(call: Call, told: dict[str, Any]) -> dict[str, Any]:
    control, now = call.control, call.control.clock.now_us()

    def read(db: Reading) -> tuple[Policy | None, list[Step], dict[str, int]]:
        return course.policy(db, told["id"]), course.steps(db, told["id"], _STEPS), course.began(db, told["id"])

    policy, steps, began = await control.journal.database.read(read)
    recipients = told["recipients"]
    me = control.members.me
    mine = next((one for one in recipients if one["member"] == me), None)
    is_giver = told["giver"] == me
    channel = next((one for one in control.members.generations() if one.name == told["channel"]), None)
    return {
        **told,
        "recipients": recipients[:_RECIPIENTS],
        "unlisted": max(0, len(recipients) - _RECIPIENTS),
        "mine": mine,
        "now": instant(now),
        "answer_by_us": search.instant_of(told["answer_by"]),
        "ladder": _ladder(policy, steps, mine, began.get(me) if mine else None, is_giver=is_giver),
        "ack_minutes": policy.ack_minutes if policy else 0,
        "steps": [_step(one) for one in steps],
        "readers": sorted(channel.roster) if channel else [],
        "next": _next(recipients if is_giver else [mine] if mine else []),
    }


def _ladder(
    policy: Policy | None, steps: list[Step], mine: Mapping[str, Any] | None, began: int | None, *, is_giver: bool
) -> list[dict[str, Any]]:
    """Each level: who is paged after how long, for whose silence it was and when, and when it comes next."""
    if policy is None:
        return []
    out = []
    for number, one in enumerate(escalation.policy_said(policy)["levels"], 1):
        paged = [each for each in steps if each.event == "paged" and each.level == number]
        due = mine["next"] if mine and mine["next"] and mine["next"]["level"] == number else None
        out.append(
            {
                "level": number,
                **one,
                "at": instant(began + one["after_minutes"] * _MINUTE_US) if began is not None else None,
                "paged": [{"member": each.member, "at": instant(each.at)} for each in paged[:10]],
                "more": max(0, len(paged) - 10),
                "due": due["at"] if due else None,
                "for_giver": is_giver and not one["after_minutes"],
            }
        )
    return out


def _next(recipients: list[dict[str, Any]]) -> dict[str, Any] | None:
    coming = [{**one["next"], "member": one["member"]} for one in recipients if one["next"]]
    return min(coming, key=lambda one: str(one["at"]), default=None)


def _step(one: Step) -> dict[str, Any]:
    return {
        **one._asdict(),
        "at": instant(one.at),
        "until": instant(one.until) if one.until else None,
        "ways": [{"to": target, "outcome": outcome} for target, outcome in one.ways],
    }


def _taken(found: Taken | None) -> dict[str, Any] | None:
    return {**found._asdict(), "added": instant(found.added)} if found else None


async def _standing(call: Call, id_: str) -> dict[str, Any] | None:
    """Who has confirmed that what we took back is gone there."""
    try:
        return await correcting.shown(call.control, id_)
    except AccessError:
        return None


async def recall(call: Call) -> Answer:
    """Take it back: by its giver only, with a reason. `understood` must be there: nobody recalls by a slip of a key."""
    id_ = call.part("warning")
    try:
        told = await warnings.shown(call.control, id_) if _is_id(id_) else None
    except AccessError:
        told = None
    is_ours = told is not None and told["giver"] == call.control.members.me
    if not is_ours or await warnings.is_hidden(call.control, id_):
        raise absent()
    await call.control.audit.record(call.use(Operation.DECIDE, f"/w/{id_}/recall"), [id_])
    reason = call.said("reason").strip()
    try:
        if not reason:
            raise FormatError("format.recall", "a recall says why")
        if call.said("understood") != "yes":
            raise FormatError("format.recall", "a recall is confirmed: it cannot be undone")
        made = await correcting.take_back(call.control, {"object_id": id_, "reason": reason})
    except (PolicyError, FormatError) as error:
        return await _shown(call, error)
    failed = next((one for one in made["told"] if one["code"]), None)
    if failed is not None:
        raise PolicyError(failed["code"], failed["what"])
    return Go(f"/w/{id_}", "recalled")


PAGES: Final = (
    Page("GET", "/w/{warning}", warning),
    Page("POST", "/w/{warning}/recall", recall, records=None),
)
