"""One document read: everything that was found in it, enough to place it in a story without reading it again."""

from collections.abc import Sequence

from msgspec.structs import replace

from tocsin.desk.document import Document, Organisation, Place, Reading
from tocsin.desk.finding import indicators, words
from tocsin.desk.finding.indicators import Listed
from tocsin.desk.finding.organisations import organisations
from tocsin.desk.finding.places import places
from tocsin.desk.finding.sentences import sentences
from tocsin.desk.finding.sketch import sketch
from tocsin.desk.finding.topics import topics


def nothing_listed(_kind: str, _value: str) -> str:
    """Of a node without deny-lists."""
    return ""


def find(document: Document, is_listed: Listed = nothing_listed) -> Reading:
    """What stands in a document."""
    text = document.prose
    told, named = sentences(text), organisations(text)
    published = document.published
    return Reading(
        document=document.id,
        article=document.article,
        outlet=document.outlet,
        title=document.title,
        lead=document.lead,
        language=document.language,
        agency=document.agency,
        published_us=published.last_us if published else document.seen.first_us,
        seen_us=document.seen.first_us,
        sketch=sketch(text),
        vector=words.vector(document.title, text, document.language),
        places=outside(places(document.title, text), named),
        organisations=named,
        topics=topics(document.title, text, told),
        findings=indicators.with_given(indicators.findings(text, told, is_listed), document, is_listed),
        sentences=told,
        is_dated=published is not None,
    )


def outside(found: Sequence[Place], named: Sequence[Organisation]) -> tuple[Place, ...]:
    """Without the places that are but a part of an organisation's name: Shanghai, of the one that cooperates there."""
    spans = [(word.start, word.end) for one in named for word in one.words]
    out = []
    for place in found:
        words = tuple(
            one for one in place.words if not any(first <= one.start and one.end <= last for first, last in spans)
        )
        count = place.count - len(place.words) + len(words)
        if count > 0:
            out.append(replace(place, words=words, count=count))
    return tuple(sorted(out, key=lambda one: (-one.count, one.country)))
