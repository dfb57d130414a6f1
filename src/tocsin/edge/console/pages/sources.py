"""The desk's sources: how each stands, and what an administrator or an analyst says of it. A token is never shown."""

from typing import Any, Final

from tocsin.desk.register import Entry, auth_of, kind_of
from tocsin.desk.sources import Kind, Source, State, standing
from tocsin.edge.console.page import PAGE_ROWS, Answer, Call, Go, Page, View
from tocsin.edge.control import desking
from tocsin.edge.signin.roles import Role
from tocsin.errors import MEANINGS, ConfigError, TocsinError

LETTERS: Final = "ABCDEF"
_FIELDS: Final = ("name", "kind", "url", "every_min", "letter", "outlet", "follow", "auth")
_FRESH: Final = {"kind": Kind.FEED.value, "every_min": "15", "letter": "F", "follow": "20"}
_MOST_NUMBER: Final = 6


async def sources(call: Call) -> Answer:
    """By name; the page goes on after the last one."""
    return View("desk_sources.html", await _listed(call))


async def _listed(call: Call, error: TocsinError | None = None, tried: dict[str, Any] | None = None) -> dict[str, Any]:
    entries = await call.control.desk.register.all()
    counts = dict.fromkeys((one.value for one in State), 0)
    for _, source, health in entries:
        counts[standing(source, health).value] += 1
    state, after = call.asked("state") if call.asked("state") in counts else "", call.asked("after")
    rows = [_row(one) for one in entries if one[1].name > after and state in ("", standing(*one[1:]).value)][
        : PAGE_ROWS + 1
    ]
    said = {name: call.said(name) for name in _FIELDS} if error else {**dict.fromkeys(_FIELDS, ""), **_FRESH}
    return {
        "state": state,
        "counts": counts,
        "total": len(entries),
        "sources": rows[:PAGE_ROWS],
        "next": rows[PAGE_ROWS - 1]["name"] if len(rows) > PAGE_ROWS else "",
        "kinds": [one.value for one in Kind],
        "letters": list(LETTERS),
        "may_administer": call.has(Role.ADMINISTRATOR, Role.ANALYST),
        "tried": tried,
        "said": said,
        "error": error.code if error else "",
        "what": error.what if error else "",
    }


def _row(entry: Entry) -> dict[str, Any]:
    """As programs are told, with what a person needs beside."""
    _, source, health = entry
    meaning = MEANINGS.get(health.code)
    return {
        **desking.shown(entry),
        "paused": source.paused,
        "asked_us": health.asked_us,
        "good_us": health.good_us,
        "next_us": health.next_us,
        "why": meaning.why if meaning else "",
        "do": meaning.do if meaning else "",
    }


async def add(call: Call) -> Answer:
    """One more, asked for the first time at once."""
    try:
        kind = kind_of(call.said("kind"))
        await call.control.desk.register.add(
            Source(
                call.said("name").strip(),
                kind,
                call.said("url").strip(),
                _number(call, "every_min") * 60,
                call.said("letter"),
                call.said("outlet").strip(),
                _number(call, "follow"),
                call.said("token").strip(),
                auth=auth_of(call.said("auth"), kind),
            )
        )
    except TocsinError as error:
        return View("desk_sources.html", await _listed(call, error), 400)
    return Go("/desk/sources", "source-added")


def _number(call: Call, name: str) -> int:
    said = call.said(name).strip()
    if not (said.isascii() and said.isdecimal()) or len(said) > _MOST_NUMBER:
        raise ConfigError("config.value", "minutes and entries are whole numbers")
    return int(said)


async def change(call: Call) -> Answer:
    """Pause it, go on with it, or say how reliable it is, how often it is asked, what it is called, with which token."""
    what: dict[str, Any] = {}
    if call.said("paused") in ("yes", "no"):
        what["paused"] = call.said("paused") == "yes"
    for name in ("letter", "token"):  # an empty token keeps the one there is
        if call.said(name).strip():
            what[name] = call.said(name).strip()
    try:
        if "every_min" in call.form:
            what |= {"every_s": _number(call, "every_min") * 60, "outlet": call.said("outlet").strip()}
        await call.control.desk.register.change(call.said("name"), **what)
    except ConfigError as error:
        return View("desk_sources.html", await _listed(call, error), 400)
    return Go("/desk/sources", "source-changed")


async def test(call: Call) -> Answer:
    """Ask it once and say what would come of it; nothing is kept."""
    try:
        found = await call.control.desk.tried(call.said("name"))
    except TocsinError as error:
        return View("desk_sources.html", await _listed(call, error), 400)
    return View("desk_sources.html", await _listed(call, tried=found))


async def pull(call: Call) -> Answer:
    """Ask it now and keep what comes."""
    try:
        await call.control.desk.pull(call.said("name"))
    except TocsinError as error:
        return View("desk_sources.html", await _listed(call, error), 400)
    return Go("/desk/sources", "source-pulled")


async def remove(call: Call) -> Answer:
    """Ask it no more; what came of it stays."""
    await call.control.desk.register.remove(call.said("name"))
    return Go("/desk/sources", "source-removed")


PAGES: Final = (
    Page("GET", "/desk/sources", sources),
    Page("POST", "/desk/sources", add),
    Page("POST", "/desk/sources/change", change),
    Page("POST", "/desk/sources/test", test),
    Page("POST", "/desk/sources/pull", pull),
    Page("POST", "/desk/sources/remove", remove),
)
