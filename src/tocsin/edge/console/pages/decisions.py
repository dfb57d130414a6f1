"""Merges and splits: by our analysts, to be shared if wanted; by others, to be followed or not. Nothing follows by itself."""

from typing import Any, Final
from uuid import UUID

from tocsin.desk.drafting import report_id
from tocsin.desk.shown import Told
from tocsin.edge.audit import Operation
from tocsin.edge.console.page import Answer, Call, Go, Page
from tocsin.edge.console.pages import composing
from tocsin.edge.console.problems import absent
from tocsin.edge.control import newsdesk
from tocsin.edge.drafts import from_story
from tocsin.errors import AccessError
from tocsin.exchange.journal import search
from tocsin.exchange.journal.search import Query
from tocsin.formats.text import instant


async def shown(call: Call, told: Told) -> dict[str, Any]:
    """For the page of a story: what was decided here and elsewhere, and what of the story is with others."""
    use = call.use(Operation.READ)
    return {
        "decisions": [
            {
                "number": one.number,
                "together": one.together,
                "by": one.by,
                "at": instant(one.at_us),
                "sides": [list(side) for side in one.sides],
            }
            for one in await call.control.desk.acts(told.listed.id)
        ],
        "proposals": await newsdesk.proposals(call.control, told, use),
        "shared": await newsdesk.shared(call.control, told, use),
    }


async def _told(call: Call) -> Told:
    try:
        return await call.control.desk.story(call.part("story"))
    except AccessError as error:
        raise absent() from error


async def share(call: Call) -> Answer:
    """A decision of ours as a draft under Share: a person sees who will be able to read it before it is sealed."""
    told = await _told(call)
    number = call.said("decision")
    known = {str(one.number) for one in await call.control.desk.acts(told.listed.id)}
    if number not in known:
        raise absent()
    note = await call.control.desk.decision(int(number), await _beside(call, told))
    id_ = UUID(bytes=call.services.entropy.bytes(16), version=4)
    bundle = b'{"type":"bundle","id":"bundle--%s","objects":[%s]}' % (str(id_).encode(), note)
    return Go(f"/share/d/{await composing.begun(call, told.listed.title, from_story.topic(told), bundle)}")


async def _beside(call: Call, told: Told) -> str:
    """The report of the story, where others may have it; else nothing."""
    report, now_us = report_id(told.listed.id), call.control.clock.now_us()
    query = Query(ids=(report,), limit=1, now_us=now_us, content=False)
    found = await call.control.journal.database.read(lambda db: search.find(db, query))
    return report if found else ""


async def decide(call: Call) -> Answer:
    """Follow what another member's analysts decided, or not."""
    told, desk, name = await _told(call), call.control.desk, call.person.name
    found = await newsdesk.proposals(call.control, told, call.use(Operation.READ))
    one = next((each for each in found if each["note"] == call.said("note")), None)
    if one is None:
        raise absent()
    where = f"/desk/s/{told.listed.id}"
    if call.said("follow") != "yes":
        await desk.decline(one["note"], name)
        return Go(where, "proposal-declined")
    if one["same"]:
        return Go(f"/desk/s/{await desk.merge(told.listed.id, one['story'], name)}", "story-merged")
    return Go(f"/desk/s/{await desk.split(told.listed.id, one['documents'], name)}", "story-split")


PAGES: Final = (
    Page("POST", "/desk/s/{story}/decisions", share, records=None),
    Page("POST", "/desk/s/{story}/proposals", decide),
)
