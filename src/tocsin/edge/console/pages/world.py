"""Where: the world with what warnings point at, and the same as a table. Watch shows the map too (templates/where.html)."""

from collections.abc import Sequence
from typing import Any, Final

from tocsin.edge.audit import Operation
from tocsin.edge.console import world
from tocsin.edge.console.page import Answer, Call, Page, View
from tocsin.edge.console.world import WORLD, Box, Hot, World
from tocsin.exchange.warn import places
from tocsin.exchange.warn.places import Placed
from tocsin.formats.alert import Topic

_URGENCIES: Final = ("flash", "immediate", "priority", "routine")
_TOPICS: Final = tuple(one.value for one in Topic)
_MAIN: Final = (Topic.CYBER.value, Topic.TERRORISM.value, Topic.ORGANISED_CRIME.value)
_LINKS: Final = 3  # warnings named for one country; the number says how many there are


async def page(call: Call) -> Answer:
    """The map, larger, and its table."""
    return View("world.html", {"where": await where(call)})


async def where(call: Call) -> dict[str, Any]:
    """All that the map and its table show, for the view that `where` in the address asks for.

    What is above GREEN is written into the audit trail before it is given.
    """
    control = call.control
    await control.synced()
    now = control.clock.now_us()
    found, is_more = await control.journal.database.read(lambda db: places.live(db, now))
    await control.audit.seen(call.use(Operation.READ), found)
    members = _seats(call)
    return {
        **drawn(call.services.world, found, call.asked("where")),
        "rows": _rows(found, members),
        "members": members,
        "more": is_more,
    }


def view(call: Call) -> str:
    """Which part of the world somebody looks at."""
    made, asked = call.services.world, call.asked("where")
    return asked if made is not None and asked in made.views else WORLD


async def pushed(call: Call) -> tuple[list[Placed], dict[str, Any]]:
    """What the upper drawing of Watch's map shows now, and the warnings it is of; the audit record is the caller's."""
    now = call.control.clock.now_us()
    found, _ = await call.control.journal.database.read(lambda db: places.live(db, now))
    return found, drawn(call.services.world, found, call.asked("where"))


def _seats(call: Call) -> list[dict[str, Any]]:
    """Which countries have members: of states' services only, for an organisation has no country of its own."""
    by_code: dict[str, list[str]] = {}
    for handle, one in sorted(call.control.members.charter.members.items()):
        if one.kind != "organisation":
            for code in one.countries:
                by_code.setdefault(code, []).append(handle)
    return [{"code": code, "members": handles} for code, handles in sorted(by_code.items())]


def drawn(made: World | None, found: Sequence[Placed], asked: str) -> dict[str, Any]:
    """What the two drawings need; `asked` is the view that somebody wants."""
    hot = _hot(found)
    told: dict[str, Any] = {
        "warnings": len(found),
        "placeless": sum(not one.countries for one in found),
        "legend": [one for one in _TOPICS if one in _MAIN or one in {each.topic for each in hot}],
    }
    if made is None:
        return {**told, "views": [], "view": WORLD, "box": [], "marks": [], "borders": "", "elsewhere": 0}
    view = asked if asked in made.views else WORLD
    box = made.views[view]
    return {
        **told,
        "views": list(made.names),
        "view": view,
        "box": [round(one) for one in box],
        "marks": [_said(one) for one in world.marks(made, hot, box)],
        "borders": made.borders,
        "elsewhere": len({one.code for one in hot} - _inside(made, hot, box)),
    }


def _inside(made: World, hot: Sequence[Hot], box: Box) -> set[str]:
    return {one.code for one in hot if one.code in made.places and box.holds(*made.places[one.code])}


def _said(one: world.Mark) -> dict[str, Any]:
    return {**one._asdict(), "codes": list(one.codes), "glyphs": [each._asdict() for each in one.glyphs]}


def _hot(found: Sequence[Placed]) -> list[Hot]:
    """One for each country and topic, with the highest urgency."""
    by_place: dict[tuple[str, str], list[Placed]] = {}
    for one in found:
        for code in one.countries:
            by_place.setdefault((code, one.topic), []).append(one)
    return [
        Hot(
            code,
            topic,
            min((one.urgency for one in mine), key=_URGENCIES.index),
            frozenset(one.object_id for one in mine),
        )
        for (code, topic), mine in sorted(by_place.items())
    ]


def _rows(found: Sequence[Placed], members: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same as a table: the most urgent countries first. At most one row for each country there is."""
    seats = {one["code"]: one["members"] for one in members}
    by_code: dict[str, list[Placed]] = {}
    for one in found:
        for code in one.countries:
            by_code.setdefault(code, []).append(one)
    rows = []
    for code, mine in by_code.items():
        mine.sort(key=lambda each: (_URGENCIES.index(each.urgency), -each.added))
        topics = {topic: sum(each.topic == topic for each in mine) for topic in sorted({each.topic for each in mine})}
        rows.append(
            {
                "code": code,
                "members": seats.get(code, []),
                "urgency": mine[0].urgency,
                "count": len(mine),
                "topics": [{"topic": topic, "count": count} for topic, count in topics.items()],
                "warnings": [{"id": each.object_id, "headline": each.headline} for each in mine[:_LINKS]],
            }
        )
    return sorted(rows, key=lambda one: (_URGENCIES.index(one["urgency"]), -one["count"], one["code"]))


PAGES: Final = (Page("GET", "/where", page),)
