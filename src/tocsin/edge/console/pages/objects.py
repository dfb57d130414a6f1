"""One object, answer first: the verdict and who carries it, what to do, what is around it, its history, its readers."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from tocsin.edge.audit import Operation, Seen
from tocsin.edge.console import permissions, relations
from tocsin.edge.console.page import Answer, Call, Page, View
from tocsin.edge.console.pages import speaking
from tocsin.edge.console.pages.relations import pictures, row, shown_names
from tocsin.edge.console.problems import absent
from tocsin.edge.console.relations import Beside
from tocsin.edge.control import dossier, neighbours, reading
from tocsin.edge.control.dossier import COPY, DAYS, OWNER, Dossier, Line
from tocsin.edge.control.neighbours import Edge
from tocsin.edge.control.services import Services
from tocsin.exchange.journal import history, search
from tocsin.exchange.journal.search import Found, Query
from tocsin.exchange.match.blocking import Value
from tocsin.exchange.tlog import logs
from tocsin.formats import canonical
from tocsin.formats.text import instant
from tocsin.formats.tlp import Tlp
from tocsin.formats.values import Kind
from tocsin.ports.database import Reading

_DAY_US: Final = 86_400_000_000
_RELATED: Final = 10
_COURSES: Final = 5
_SAYING: Final = 50
_LEAST: Final = 2  # independent origins from which on a value may be blocked by itself
_EXPORTED: Final = (Kind.IP, Kind.DOMAIN, Kind.URL, Kind.HASH)
_CHANGES: Final = 20
_CUT: Final = 160
_VERSIONS: Final = 1000
_SHOWN: Final = (
    "description", "pattern", "pattern_type", "value", "valid_from", "valid_until", "first_seen", "last_seen",
    "published", "content", "explanation", "opinion", "summary", "relationship_type", "path", "number", "action",
)  # fmt: skip


async def object_(call: Call) -> Answer:
    """The page."""
    control, object_id = call.control, call.part("object_id")
    held = await dossier.read(control, object_id)
    if not held.found and not held.is_recalled:
        raise absent()
    edges = held.around.edges
    around = relations.beside(edges)
    drawn = relations.bundled(around, relations.FEW - 1)
    courses = [one for one in edges if one.other.startswith("course-of-action--")][:_COURSES]
    now_us = control.clock.now_us()
    wanted = [one.id for one in (*around[:_RELATED], *drawn) if one.id] + [one.other for one in courses]
    beside = await control.journal.database.read(lambda db: neighbours.last(db, wanted, now_us, content=True))
    await control.audit.seen(
        call.use(Operation.READ), [*held.seen(), *(Seen(one.object_id, one.marking) for one in beside)]
    )
    if held.is_recalled:
        return _recalled(control, held)
    told = await reading.told(control, held)
    newest = held.newest
    levels = [one["marking"] for one in told["versions"]]
    return View(
        "object.html",
        {
            **told,
            "type": _kind(object_id),
            "name": held.found[0].name,
            "strictest": max(levels, key=_strictness),
            "is_recalled": False,
            "summary": _summary(newest),
            "labels": _texts(newest.get("labels")) + _texts(newest.get("indicator_types")),
            "listed": list(held.lists),
            "first": instant(min(one.added for one in held.found)),
            "valid_until": _text(newest.get("valid_until")),
            **await control.journal.database.read(lambda db: _who(db, held)),
            "todo": _todo(control, held, newest, _courses(courses, beside)),
            **_related(held, around, drawn, beside),
            "history": _history(control, held),
            "outbox": "/share/outbox" if ("GET", "/share/outbox") in permissions.TABLE else "",
            **await speaking.lanes(call, object_id),
        },
    )


def _recalled(control: Services, held: Dossier) -> View:
    """Of what its owner took back: that, when and why, and nothing of what it said."""
    return View(
        "object.html",
        {
            "id": held.object_id,
            "type": _kind(held.object_id),
            "name": "",
            "strictest": max((Tlp(one.marking).label for one in held.changes), key=_strictness),
            "is_recalled": True,
            "verdict": {"word": held.verdict.word.value, "confidence": None, "says": [], "against": []},
            "changes": _corrections(control, held),
        },
    )


def _kind(object_id: str) -> str:
    return object_id.partition("--")[0]


def _strictness(label: str) -> int:
    order = ("TLP:CLEAR", "TLP:GREEN", "TLP:AMBER", "TLP:AMBER+STRICT", "TLP:RED")
    return order.index(label) if label in order else len(order)


def _summary(value: Mapping[str, Any]) -> list[dict[str, str]]:
    """What a reader looks for first, in that order; everything else stands in the raw object."""
    return [{"key": key, "value": str(value[key])} for key in _SHOWN if isinstance(value.get(key), str | int)]


def _texts(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


# -- who says so, who disagrees -------------------------------------------------------------------------------------


def _who(db: Reading, held: Dossier) -> dict[str, Any]:
    """Both lists; whoever only passes on stands behind those who say it."""
    order = {OWNER: 0, COPY: 2}
    lines = sorted(held.lines, key=lambda one: (order.get(one.how, 1), one.voice.member))
    return {
        "says": [_said(db, one) for one in lines[:_SAYING]],
        "more_say": max(0, len(lines) - _SAYING),
        "against": [{"member": one.voice.member, "how": one.how, "text": one.text} for one in held.against[:_SAYING]],
    }


def _said(db: Reading, line: Line) -> dict[str, Any]:
    found, voice = line.found, line.voice
    out = {
        "member": voice.member,
        "how": line.how,
        "stance": voice.stance.value,
        "confidence": voice.confidence,
        "lapsed": voice.lapsed,
        "text": line.text,
        "id": "",
        "signed": "",
        "number": None,
        "position": 0,
        "marking": "",
    }
    if found is None:
        return out
    entry = history.entry_at(db, found.position)
    return out | {
        "id": found.object_id,
        "signed": instant(entry[2]) if entry else "",
        "number": entry[1] if entry else None,
        "position": found.position,
        "marking": Tlp(found.marking).label,
    }


# -- what to do -----------------------------------------------------------------------------------------------------


def _courses(edges: Sequence[Edge], beside: Sequence[Found]) -> list[dict[str, Any]]:
    out = []
    for edge in edges:
        found = next((one for one in beside if one.object_id == edge.other), None)
        value = search.parsed(found.content) if found else {}
        text = next((one for key in ("action", "description") if (one := _text(value.get(key)))), "")
        out.append({"id": edge.other, "name": found.name if found else "", "text": text[:500], "by": list(edge.by)})
    return out


def _todo(
    control: Services, held: Dossier, newest: Mapping[str, Any], courses: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    me = control.members.me
    ours = [one for one in held.sightings if one.member == me]
    return {
        "courses": courses,
        "pattern": _text(newest.get("pattern")),
        "pattern_type": _text(newest.get("pattern_type")),
        "values": [_blocked(control, held, one) for one in held.values],
        "seen_by_us": sum(one.times for one in ours),
        "seen_last_us": max((one.said for one in ours), default=0),
    }


def _blocked(control: Services, held: Dossier, value: Value) -> dict[str, Any]:
    """How a value stands on the list for automatic blocking, and why it is not on it."""
    candidate = held.standing.get(value)
    origins = candidate.origins if candidate else 0
    lists = list(control.denylist.holding(value.kind, value.text))
    if value.kind not in _EXPORTED:
        state = "never"
    elif lists:
        state = "held"
    else:
        state = "exported" if origins >= _LEAST else "short" if origins else "nobody"
    return {
        "kind": value.kind.value,
        "value": value.text,
        "origins": origins,
        "needed": _LEAST,
        "members": list(candidate.members) if candidate else [],
        "lists": lists,
        "state": state,
    }


# -- related, history -----------------------------------------------------------------------------------------------


def _related(
    held: Dossier, around: Sequence[Beside], drawn: Sequence[Beside], beside: Sequence[Found]
) -> dict[str, Any]:
    names = shown_names([*held.found, *beside])
    return {
        "related": [row(one, names) for one in around[:_RELATED]],
        "related_total": len(around),
        "related_cut": held.around.is_cut,
        "pictures": pictures(held.object_id, drawn, {}, names),
    }


def _history(control: Services, held: Dossier) -> dict[str, Any]:
    now_us = control.clock.now_us()
    days = [0] * DAYS
    for one in held.sightings:
        days[min(max((one.said - now_us) // _DAY_US + DAYS, 0), DAYS - 1)] += one.times
    return {"days": days, "sightings": sum(days), "changes": _changed(held), "corrections": _corrections(control, held)}


def _changed(held: Dossier) -> list[dict[str, Any]]:
    """Of each member's versions, newest first, what it changed since the one before."""
    out = []
    for at, one in enumerate(held.found[:_CHANGES]):
        before = next((each for each in held.found[at + 1 :] if each.member == one.member), None)
        if before is not None and before.version != one.version:
            told = differences(search.parsed(before.content), search.parsed(one.content))
            out.append({"member": one.member, "version": one.version, "changed": told})
    return out


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, str]]:
    """The properties in which two versions differ, as text of before and after, cut; the date of the version left out."""
    keys = sorted((before.keys() | after.keys()) - {"modified"})
    changed = [key for key in keys if before.get(key) != after.get(key)]
    return [
        {"key": key, "before": _short(before.get(key)), "after": _short(after.get(key))} for key in changed[:_CHANGES]
    ]


def _short(value: Any) -> str:
    text = "" if value is None else value if isinstance(value, str) else canonical.encode(value).decode()
    return text if len(text) <= _CUT else f"{text[:_CUT]}…"


def _corrections(control: Services, held: Dossier) -> list[dict[str, Any]]:
    return [
        {
            "member": one.member,
            "action": one.action,
            "owner": one.is_owner,
            "ours": one.member == control.members.me,
            "version": one.version,
            "at": instant(one.added) if one.added else "",
            "reason": one.reason,
        }
        for one in held.changes
    ]


# -- proof ------------------------------------------------------------------------------------------------------------


async def proof(call: Call) -> Answer:
    """Where one version stands in its member's log, and the signed head that covers it; without `at` the newest."""
    control, object_id, position = call.control, call.part("object_id"), call.number("at")
    now_us = control.clock.now_us()

    def ask(db: Reading) -> dict[str, Any] | None:
        query = Query(ids=(object_id,), limit=_VERSIONS, newest_first=True, content=False, now_us=now_us)
        found = next((one for one in search.find(db, query) if position in (0, one.position)), None)
        entry = history.entry_at(db, found.position) if found else None
        if found is None or entry is None:
            return None
        log, seq, sent_at = entry
        head = logs.signed_from(db, log, seq + 1)
        return {
            "id": object_id,
            "name": found.name,
            "member": found.member,
            "marking": found.marking,
            "version": found.version,
            "number": seq,
            "sent_at": instant(sent_at),
            "slot": control.logs.numbered(log).slot.hex(),
            "commitment": history.commitment(db, found.position).hex(),
            "size": head[0] if head else 0,
            "head": head[1].decode(errors="replace") if head else "",
        }

    told = await control.journal.database.read(ask)
    if told is None:
        raise absent()
    await control.audit.seen(call.use(Operation.READ), [Seen(object_id, told["marking"])])
    return View("proof.html", {**told, "marking": Tlp(told["marking"]).label})


PAGES: Final = (Page("GET", "/o/{object_id}", object_), Page("GET", "/o/{object_id}/proof", proof))
