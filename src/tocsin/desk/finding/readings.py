"""One document, read once: everything that stories, pages and drafts need of it."""

from tocsin.desk.document import Document, Finding, Organisation, Place, Reading
from tocsin.desk.finding.indicators import Deny, findings_in, nobody
from tocsin.desk.finding.organisations import organisations_in
from tocsin.desk.finding.places import places_in
from tocsin.desk.finding.sentences import sentences_of
from tocsin.desk.finding.sketches import sketch_of
from tocsin.desk.finding.topics import topics_in
from tocsin.desk.finding.words import vector


def reading_of(document: Document, deny: Deny = nobody) -> Reading:
    """What a document holds. `deny` names the list that has a value, so that it is shown and not proposed."""
    text = document.text
    sentences = sentences_of(text)
    organisations = organisations_in(text)
    findings: tuple[Finding, ...] = findings_in(text, sentences, deny)
    return Reading(
        document=document.id,
        article=document.article,
        outlet=document.outlet,
        title=document.title,
        lead=document.lead,
        language=document.language,
        agency=document.agency,
        published_us=document.published.first_us if document.published else document.seen.first_us,
        seen_us=document.seen.first_us,
        sketch=sketch_of(text),
        vector=vector(document.title, text, document.language),
        places=_outside(places_in(document.title, text, document.language), organisations),
        organisations=organisations,
        topics=topics_in(document.title, text, sentences, document.language),
        findings=findings,
        sentences=sentences,
    )


def _outside(places: tuple[Place, ...], organisations: tuple[Organisation, ...]) -> tuple[Place, ...]:
    """A place in the name of a bloc is no place: the Shanghai Cooperation Organization tells nothing of China."""
    spans = [(word.start, word.end) for one in organisations if one.bloc for word in one.words]
    made = []
    for place in places:
        words = tuple(word for word in place.words if not any(start <= word.start < end for start, end in spans))
        count = place.count - (len(place.words) - len(words))
        if count > 0:
            made.append(Place(place.country, count, words, place.in_title))
    return tuple(sorted(made, key=lambda one: (-one.count, one.country)))
