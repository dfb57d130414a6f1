"""Threats: one box for any value, lists by pages of fifty, and what is known of one object."""

from typing import Final

from tocsin.edge.audit import Operation
from tocsin.edge.console.page import PAGE_ROWS, Answer, Call, Page, View
from tocsin.edge.control import reading

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
    rows = await reading.objects(control, query, call.use(Operation.SEARCH))
    return View(
        "threats.html",
        {
            **asked,
            "objects": [{**one, "type": one["id"].partition("--")[0]} for one in rows[:PAGE_ROWS]],
            "next": rows[PAGE_ROWS - 1]["position"] if len(rows) > PAGE_ROWS else 0,
            "types": TYPES,
            "channels": sorted({one.name for one in control.members.channels()}),
            "members": sorted(control.members.charter.members),
        },
    )


PAGES: Final = (Page("GET", "/threats", threats),)
