"""Threats: one box for any value, lists by pages of fifty, and what is known of one object."""

from typing import Final

from tocsin.edge.audit import Operation
from tocsin.edge.console.page import PAGE_ROWS, Answer, Call, Go, Page, View
from tocsin.edge.control import reading
from tocsin.exchange.journal.search import Found, Query
from tocsin.exchange.match import finding
from tocsin.exchange.match.understood import Understood, networks, understood
from tocsin.ports.database import Reading

_NETWORKS: Final = 10
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
    taken = understood(asked["find"])
    is_filtered = any(asked[name] for name in ("type", "channel", "member"))
    if rows and taken.kind == "id" and not is_filtered and not call.request.url.path.endswith(".json"):
        return Go(f"/o/{rows[0]['id']}")
    return View(
        "threats.html",
        {
            **asked,
            "read_as": taken.kind if asked["find"].strip() else "",
            "read_text": taken.text,
            "networks": await _networks(call, taken),
            "objects": [{**one, "type": one["id"].partition("--")[0]} for one in rows[:PAGE_ROWS]],
            "next": rows[PAGE_ROWS - 1]["position"] if more else rest,
            "since": "" if more or not rest else await reading.added_at(control, rest),
            "types": TYPES,
            "channels": sorted({one.name for one in control.members.channels()}),
            "members": sorted(control.members.charter.members),
        },
    )


async def _networks(call: Call, taken: Understood) -> list[str]:
    """The networks that somebody has shared and the address lies in, the narrowest first; at most _NETWORKS."""
    around, now_us = networks(taken), call.control.clock.now_us()
    if not around:
        return []

    def ask(db: Reading) -> list[tuple[str, Found]]:
        named = [one for one in around if finding.is_named(db, one)][:_NETWORKS]
        query = Query(limit=1, newest_first=True, now_us=now_us)
        return [(one, found) for one in named for found in finding.naming(db, one, query).found]

    held = await call.control.journal.database.read(ask)
    await call.control.audit.seen(call.use(Operation.SEARCH), [found for _, found in held])
    return [one for one, _ in held]


PAGES: Final = (Page("GET", "/threats", threats),)
