"""What this house looks for, and the stories of the desk that met it: told to our own people and to nobody else."""

from typing import Any, Final

from tocsin.edge.console.page import Answer, Call, Go, Page, View
from tocsin.edge.signin.roles import Role
from tocsin.errors import AccessError, ConfigError, TocsinError
from tocsin.exchange.match import interests
from tocsin.formats.text import instant

_KINDS: Final = tuple(one for one in interests.KINDS if one != interests.TYPE)
_SHOWN: Final = 200
_LOOKED: Final = 40
_NEWS: Final = 5
_FIELDS: Final = ("kind", "text", "note")


async def of_interest(call: Call) -> list[dict[str, Any]]:
    """For Watch: the newest stories that met a standing interest, without those that were put aside."""
    out: dict[str, dict[str, Any]] = {}
    for one in await call.control.desk.hits(_LOOKED):
        if one.state != "dismissed" and (one.story in out or len(out) < _NEWS):
            row = out.setdefault(
                one.story, {"story": one.story, "title": one.title, "at_us": one.at_us, "interests": []}
            )
            row["interests"].append(one.interest)
    return list(out.values())


async def listed(call: Call) -> Answer:
    """What is looked for, the newest first."""
    return await _page(call, None)


async def _page(call: Call, error: TocsinError | None) -> View:
    found = await call.control.interests.all()
    return View(
        "desk_interests.html",
        {
            "interests": [
                {"id": one.id, "kind": one.kind, "text": one.text, "note": one.note, "added": instant(one.added)}
                for one in reversed(found[-_SHOWN:])
            ],
            "total": len(found),
            "kinds": list(_KINDS),
            "news": await of_interest(call),
            "may_act": call.has(Role.ANALYST),
            "said": {name: call.said(name) if error else "" for name in _FIELDS},
            "error": error.code if error else "",
            "what": error.what if error else "",
        },
        400 if error else 200,
    )


async def add(call: Call) -> Answer:
    """Look for one thing more, from now on."""
    try:
        await call.control.interests.add(call.said("kind"), call.said("text"), call.said("note").strip())
    except ConfigError as error:
        return await _page(call, error)
    return Go("/desk/interests", "interest-added")


async def remove(call: Call) -> Answer:
    """Look for it no longer, and forget what met it."""
    try:
        gone = await call.control.interests.remove(call.said("interest"))
    except AccessError as error:
        return await _page(call, error)
    await call.control.desk.forget(f"{gone.kind} {gone.text}")
    return Go("/desk/interests", "interest-removed")


PAGES: Final = (
    Page("GET", "/desk/interests", listed),
    Page("POST", "/desk/interests", add),
    Page("POST", "/desk/interests/remove", remove),
)
