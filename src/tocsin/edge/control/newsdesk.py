"""What of a story is with others: the report that was shared of it, and what their analysts decided about its articles."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from tocsin.desk.document import Document
from tocsin.desk.drafting import report_id
from tocsin.desk.shown import Told
from tocsin.edge.audit import Seen, Use
from tocsin.edge.control import correcting, dossier
from tocsin.edge.control.services import Services
from tocsin.exchange.journal import search
from tocsin.exchange.journal.search import Query
from tocsin.exchange.match import decisions
from tocsin.exchange.match.decisions import Said
from tocsin.formats.text import instant
from tocsin.formats.tlp import Tlp

_NAMED: Final = 10


async def shared(services: Services, told: Told, use: Use) -> dict[str, Any] | None:
    """The report of a story as it is held, what is said of it, and what came since; None where none was shared."""
    report, now_us = report_id(told.listed.id), services.clock.now_us()
    query = Query(ids=(report,), limit=1, now_us=now_us, content=False)
    if not await services.journal.database.read(lambda db: search.find(db, query)):
        return None
    held = await dossier.read(services, report)
    if not held.found:
        return None
    await services.audit.seen(use, held.seen(around=False))
    newest = held.found[0]
    names = {one.number: one.name for one in services.members.channels()}
    fresh, corrected = _since(told, held.newest)
    return {
        "report": report,
        "at": instant(newest.added),
        "marking": Tlp(newest.marking).label,
        "channels": list(dict.fromkeys(names.get(one.channel, "") for one in held.found)),
        "versions": len({one.version for one in held.found}),
        "fresh": [_named(one) for one in fresh[:_NAMED]],
        "fresh_total": len(fresh),
        "corrected": [_named(one) for one in corrected[:_NAMED]],
        "words": correcting.voiced(services, held.voices)["words"],
    }


def _named(one: Document) -> dict[str, str]:
    return {"id": one.id, "title": one.title, "outlet": one.outlet}


def _since(told: Told, report: Mapping[str, Any]) -> tuple[list[Document], list[Document]]:
    """Documents that the shared version does not refer to; and those of them that are edits of ones it refers to."""
    text = str(report.get("external_references", ""))
    missing = [one.document for one in told.shelved if one.document.found_in not in text]
    known = {one.document.article for one in told.shelved if one.document.found_in in text}
    return [one for one in missing if one.article not in known], [one for one in missing if one.article in known]


async def proposals(services: Services, told: Told, use: Use) -> list[dict[str, Any]]:
    """What other members' analysts decided that would change this story, if somebody here agreed."""
    await services.synced()
    contents = {one.document.content: one.document for one in told.shelved}
    now_us = services.clock.now_us()
    said = await services.journal.database.read(lambda db: decisions.about(db, contents, now_us))
    if not said:
        return []
    await services.audit.seen(use, [Seen(one.found.object_id, one.found.marking) for one in said])
    declined = await services.desk.declined([one.found.object_id for one in said])
    made = [await _proposal(services, told, contents, one) for one in said if one.found.object_id not in declined]
    return [one for one in made if one is not None]


async def _proposal(
    services: Services, told: Told, contents: Mapping[str, Document], said: Said
) -> dict[str, Any] | None:
    sides = [[one.content for one in side] for side in (said.decision.left, said.decision.right)]
    here = [[contents[one] for one in side if one in contents] for side in sides]
    about: dict[str, Any] = {
        "note": said.found.object_id,
        "member": said.found.member,
        "marking": Tlp(said.found.marking).label,
        "at": instant(said.found.added),
        "same": said.decision.same,
        "story": "",
        "documents": [],
    }
    if said.decision.same:
        held = await services.desk.holding([one for side in sides for one in side])
        others = dict.fromkeys(story for _, story in held.values() if story != told.listed.id)
        # Both sides must be here, and not yet together: else there is nothing to decide.
        if not others or not all(any(one in held for one in side) for side in sides):
            return None
        other = await services.desk.story(next(iter(others)))
        return {**about, "story": other.listed.id, "titles": [other.listed.title]}
    if not all(here):
        return None
    return {**about, "documents": [one.id for one in here[0]], "titles": _titles(here[0])}


def _titles(documents: Sequence[Document]) -> list[str]:
    return list(dict.fromkeys(one.title for one in documents))[:_NAMED]
