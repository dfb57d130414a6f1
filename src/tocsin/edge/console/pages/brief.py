"""The brief: how the watch stands, as a page to be read and printed, and as a PDF of two pages in four languages."""

from dataclasses import asdict
from typing import Any, Final

from starlette.responses import Response

from tocsin.edge.audit import Operation
from tocsin.edge.console import brief, words
from tocsin.edge.console.brief import Wish
from tocsin.edge.console.page import Answer, Call, Page, View

_HOURS: Final = (8, 12, 24, 72, 168)


async def shown(call: Call) -> Answer:
    """What stands in it, in the reader's language."""
    wish = _wish(call)
    facts, seen = await brief.gather(call.control, wish)
    await call.control.audit.seen(call.use(Operation.READ), seen)
    paper = brief.paper_of(facts, words.words(words.PSEUDO if call.services.pseudo else wish.language))
    return View(
        "brief.html",
        {
            **facts,
            "hours": wish.hours,
            "choices": _HOURS if wish.hours in _HOURS else sorted({*_HOURS, wish.hours}),
            "relations": wish.relations,
            "title": paper.title,
            "subtitle": paper.subtitle,
            "figures": [asdict(one) for one in paper.figures],
            "sections": [_section(one) for page in paper.pages for one in page],
        },
    )


async def paper(call: Call) -> Answer:
    """The PDF."""
    made = await brief.make(call.control, _wish(call))
    await call.control.audit.seen(call.use(Operation.EXPORT), made.seen)
    at = "".join(one for one in made.facts["made"][:16] if one not in "-:")
    name = f"brief-{call.control.members.me}-{at}Z-{made.facts['language']}.pdf"
    headers = {"content-disposition": f'inline; filename="{name}"'}
    return Response(made.pdf, media_type="application/pdf", headers=headers)


def _wish(call: Call) -> Wish:
    language = words.chosen(call.person.language, call.asked("lang"), call.request.headers.get("accept-language", ""))
    hours = call.number("hours") if call.asked("hours") else brief.HOURS
    return Wish(language, hours, call.asked("relations") != "0")


def _section(one: Any) -> dict[str, Any]:
    return {
        "heading": one.heading,
        "columns": [asdict(each) for each in one.columns],
        "rows": [list(row) for row in one.rows],
        "more": one.more,
        "none": one.none,
    }


PAGES: Final = (Page("GET", "/brief", shown), Page("GET", "/brief.pdf", paper, has_twin=False))
