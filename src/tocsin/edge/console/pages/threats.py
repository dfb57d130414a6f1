"""Threats: one box for any value, lists by pages of fifty, and what is known of one object."""

from typing import Any, Final

from tocsin.edge.audit import Operation
from tocsin.edge.console.page import PAGE_ROWS, Answer, Call, Page, View
from tocsin.edge.control import reading
from tocsin.errors import TocsinError
from tocsin.formats import strictjson

TYPES: Final = (
    "attack-pattern", "campaign", "course-of-action", "grouping", "identity", "incident", "indicator", "infrastructure",
    "intrusion-set", "location", "malware", "malware-analysis", "note", "observed-data", "opinion", "relationship",
    "report", "sighting", "threat-actor", "tool", "vulnerability",
)  # fmt: skip


async def threats(call: Call) -> Answer:
    """Newest first; `before` is the position that the page before ended at."""
    control = call.control
    asked = {name: call.asked(name) for name in ("find", "type", "channel", "member")}
    if asked["channel"] and asked["channel"] not in {one.name for one in control.members.channels()}:
        asked["channel"] = ""
    query = {**asked, "before": str(call.number("before")), "limit": str(PAGE_ROWS + 1)}
    rows, rest = await reading.looked(control, query, call.use(Operation.SEARCH))
    more = len(rows) > PAGE_ROWS
    return View(
        "threats.html",
        {
            **asked,
            "objects": [{**one, "type": one["id"].partition("--")[0]} for one in rows[:PAGE_ROWS]],
            "next": rows[PAGE_ROWS - 1]["position"] if more else rest,
            "since": "" if more or not rest else await reading.added_at(control, rest),
            "types": TYPES,
            "channels": sorted({one.name for one in control.members.channels()}),
            "members": sorted(control.members.charter.members),
        },
    )


async def object_(call: Call) -> Answer:
    """Every version we hold, from whom, and who has stored ours."""
    told = await reading.object_(call.control, call.part("object_id"), call.use(Operation.READ))
    versions = told["versions"]
    newest = _parsed(versions[0]["content"])
    names = {one["member"]: call.control.members.charter.members.get(one["member"]) for one in versions}
    return View(
        "object.html",
        {
            **told,
            "type": told["id"].partition("--")[0],
            "name": versions[0]["name"],
            "marking": versions[0]["marking"],
            "strictest": max((one["marking"] for one in versions), key=_strictness),
            "summary": _summary(newest),
            "confidence": newest.get("confidence") if isinstance(newest.get("confidence"), int) else None,
            "sayers": sorted(names),
            "labels": _texts(newest.get("labels")) + _texts(newest.get("indicator_types")),
            "refers_to": _refers(newest),
            "listed": sorted({name for one in versions for name in one["listed"]}),
        },
    )


def _strictness(label: str) -> int:
    order = ("TLP:CLEAR", "TLP:GREEN", "TLP:AMBER", "TLP:AMBER+STRICT", "TLP:RED")
    return order.index(label) if label in order else len(order)


def _parsed(content: str) -> dict[str, Any]:
    try:
        value = strictjson.parse(content.encode())
    except TocsinError:
        return {}
    return value if isinstance(value, dict) else {}


_SHOWN: Final = (
    "value", "pattern", "description", "content", "abstract", "opinion", "explanation", "valid_from", "valid_until",
    "first_seen", "last_seen", "published", "number_observed", "count", "created", "modified",
)  # fmt: skip


def _summary(value: dict[str, Any]) -> list[dict[str, str]]:
    """What a reader looks for first, in that order; everything else stands in the raw object."""
    return [{"key": key, "value": str(value[key])} for key in _SHOWN if isinstance(value.get(key), str | int)]


def _texts(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _refers(value: dict[str, Any]) -> list[dict[str, str]]:
    """Other objects that this one names, at most ten."""
    out = []
    for key, said in sorted(value.items()):
        if key.endswith("_ref") and isinstance(said, str):
            out.append({"as": key, "id": said})
        elif key.endswith("_refs"):
            out += [{"as": key, "id": one} for one in _texts(said)]
    return [one for one in out if not one["id"].startswith("marking-definition--")][:10]


PAGES: Final = (
    Page("GET", "/threats", threats),
    Page("GET", "/o/{object_id}", object_),
)
