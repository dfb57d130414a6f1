"""One article of the desk: the text as it was kept, its clocks, where it comes from, its versions."""

from collections.abc import Sequence
from typing import Any, Final

from tocsin.desk.document import Difference, Document, Version
from tocsin.desk.finding.read import find
from tocsin.desk.finding.sentences import sentences
from tocsin.desk.stories.versions import words_between
from tocsin.edge.console.page import Answer, Call, Page, View
from tocsin.edge.console.pages.desk import clock, heading, moment_of
from tocsin.edge.console.problems import absent
from tocsin.errors import AccessError

_LINKS: Final = 50
_VERSIONS: Final = 50
_CHANGES: Final = 50
_OTHERS: Final = 100


async def article(call: Call) -> Answer:
    """The text as it was kept; with `at` a passage of it pointed at, with `names` what was found in it."""
    try:
        found, versions, story_id = await call.control.desk.document(call.part("document"))
    except AccessError as error:
        raise absent() from error
    names = call.asked("names") == "1"
    return View(
        "desk_article.html",
        {
            **heading(found),
            "story": story_id,
            "has_others": await call.control.desk.size(story_id) > 1,
            "url": found.url,
            "credit": found.credit,
            "tags": list(found.tags),
            "shown_reading_min": found.shown_reading_min,
            "found_in": found.found_in,
            "role": found.role.value,
            "notes_of_reading": list(found.notes),
            "links": list(found.links[:_LINKS]),
            "clocks": {
                name: clock(one)
                for name, one in (
                    ("event", found.event),
                    ("published", found.published),
                    ("stamp", found.stamp),
                    ("seen", found.seen),
                )
                if one is not None
            },
            "at": call.asked("at"),
            "names": names,
            "paragraphs": _paragraphs(found, _passage(call.asked("at"), len(found.text)), names=names),
            "versions": [_version(one) for one in versions[:_VERSIONS]],
        },
    )


def _version(one: Version) -> dict[str, Any]:
    return {
        "document": one.document,
        "seen": moment_of(one.seen_us),
        "changes": [_changed(each) for each in one.differences[:_CHANGES]],
        "changes_total": len(one.differences),
    }


# -- beside another ---------------------------------------------------------------------------------------------------


async def beside(call: Call) -> Answer:
    """Two articles of one story side by side; in one language with what each says otherwise marked."""
    try:
        one, other, changed = await call.control.desk.beside(call.part("document"), call.asked("with"))
        _, _, story = await call.control.desk.document(one.id)
        told = await call.control.desk.story(story)
    except AccessError as error:
        raise absent() from error
    same = bool(one.language) and one.language == other.language
    return View(
        "desk_beside.html",
        {
            "story": story,
            "one": {**heading(one), "paragraphs": _marked(one, changed, is_other=False)},
            "other": {**heading(other), "paragraphs": _marked(other, changed, is_other=True)},
            "is_same_language": same,
            "changes": [_changed(each) for each in changed[:_CHANGES]],
            "changes_total": len(changed),
            "others": [
                {"id": each.document.id, "outlet": each.document.outlet, "title": each.document.title}
                for each in told.shelved
                if each.document.id != one.id
            ][:_OTHERS],
        },
    )


def _changed(one: Difference) -> dict[str, Any]:
    return {"before": one.before, "after": one.after, "near": one.similarity > 0}


def _marked(found: Document, changed: Sequence[Difference], *, is_other: bool) -> list[list[dict[str, str]]]:
    """The paragraphs: "only" what the other article has not at all, "changed" the words of a sentence that it tells otherwise."""
    told: dict[str, list[tuple[int, int]] | None] = {}
    for each in changed:
        text = each.after if is_other else each.before
        if text:
            near = each.before and each.after
            told[text] = words_between(each.before, each.after)[int(is_other)] if near else None
    spans: list[tuple[int, int, str]] = []
    for one in sentences(found.text):
        if one.text in told:
            words = told[one.text]
            spans += (
                [(one.start, one.end, "only")]
                if words is None
                else [(one.start + start, one.start + end, "changed") for start, end in words]
            )
    return _cut(found, spans)


def _passage(asked: str, length: int) -> tuple[int, int] | None:
    """From where to where, as "12-60" says; None for anything that is no part of the text."""
    first, _, last = asked.partition("-")
    if not all(one.isascii() and one.isdecimal() and len(one) < 10 for one in (first, last)):
        return None
    start, end = int(first), int(last)
    return (start, end) if start < end <= length else None


def _paragraphs(found: Document, quoted: tuple[int, int] | None, *, names: bool) -> list[list[dict[str, str]]]:
    """Each paragraph in pieces: `as` is empty, "quote", "place", "organisation", "changed" or "only". Nothing is left out or added."""
    spans = [(*quoted, "quote")] if quoted else []
    if names:
        read = find(found)
        spans += [(word.start, word.end, "organisation") for one in read.organisations for word in one.words]
        spans += [(word.start, word.end, "place") for one in read.places for word in one.words]
    return _cut(found, spans)


def _cut(found: Document, spans: Sequence[tuple[int, int, str]]) -> list[list[dict[str, str]]]:
    out, begin = [], 0
    for paragraph in found.paragraphs:
        out.append(_pieces(paragraph, begin, spans))
        begin += len(paragraph) + 1
    return out


def _pieces(paragraph: str, begin: int, spans: Sequence[tuple[int, int, str]]) -> list[dict[str, str]]:
    """The first of overlapping spans wins, in the order that they are given."""
    end, taken = begin + len(paragraph), list[tuple[int, int, str]]()
    for first, last, kind in spans:
        start, stop = max(first, begin), min(last, end)
        if start < stop and all(stop <= one[0] or one[1] <= start for one in taken):
            taken.append((start, stop, kind))
    pieces, at = list[dict[str, str]](), begin
    for start, stop, kind in sorted(taken):
        pieces += [
            {"as": "", "text": paragraph[at - begin : start - begin]},
            {"as": kind, "text": paragraph[start - begin : stop - begin]},
        ]
        at = stop
    return [one for one in (*pieces, {"as": "", "text": paragraph[at - begin :]}) if one["text"]]


PAGES: Final = (
    Page("GET", "/desk/d/{document}", article),
    Page("GET", "/desk/d/{document}/beside", beside),
)
