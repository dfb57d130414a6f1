"""A story told: from its documents and what was found in them to what pages and commands show. Pure."""

from collections import Counter
from collections.abc import Mapping, MutableMapping, Sequence
from typing import Final, NamedTuple

from msgspec.structs import replace

from tocsin.desk.catalogue import OPEN
from tocsin.desk.document import Finding, Found, Organisation, Origin, Place, Reading, Topic, Verdict
from tocsin.desk.finding.words import sought
from tocsin.desk.library import Kept, Tally
from tocsin.desk.shown import Judged, Listed, Shelved
from tocsin.desk.stories.origins import Similar, grade_of, origins_of

Shelf = Sequence[tuple[Kept, Reading]]
_MOST_WORDS: Final = 12
_OF_A_TITLE: Final = 12
_SAID: Final = 20
_HEAVY: Final = 12
_MOST_NAMES: Final = 40


class Evidence(NamedTuple):
    """What a story's row is made with. `known`: shares of sentences that were compared already, by two documents."""

    letters: Mapping[int, str]
    similar: Similar | None
    known: MutableMapping[tuple[str, str], float]


def origins(shelf: Shelf, evidence: Evidence) -> tuple[Origin, ...]:
    """Who speaks for itself in a story."""
    copies = {kept.document.id: kept.copy_of for kept, _ in shelf if kept.copy_of}
    return origins_of([reading for _, reading in shelf], copies, evidence.similar, evidence.known)


def letter_of(shelf: Shelf, found: Sequence[Origin], letters: Mapping[int, str]) -> str:
    """The reliability of the best source among the origins, as people set it; F if nobody did."""
    firsts = {one.first for one in found}
    return min((letters.get(kept.source, "F") for kept, _ in shelf if kept.document.id in firsts), default="F")


def listed(shelf: Shelf, tally: Tally, state: str, evidence: Evidence) -> Listed:
    """The row of a story: counted over all it has, for the shelf of a large one holds its first only."""
    found = origins(shelf, evidence)
    grade = grade_of(found, letter_of(shelf, found, evidence.letters))
    first = min(shelf, key=lambda one: (one[1].published_us, one[0].number or 1 << 62))
    firsts = {one.first for one in found}
    values = {one.value for _, reading in shelf for one in reading.findings if one.verdict is Verdict.PROPOSED}
    return Listed(
        id=first[0].story,
        title=first[1].title,
        first_us=first[1].published_us,
        last_us=tally.last_us,
        documents=tally.documents,
        copies=tally.copies,
        outlets=_each(tally.outlets),
        origins=len(found),
        languages=_each(tally.languages),
        countries=tuple(one.country for one in places(shelf)),
        topics=tuple(one.name for one in topics(shelf) if not one.listed),
        indicators=len(values),
        # Copies are read once: the time is that of one text of each origin.
        reading_s=sum(kept.document.reading_s for kept, _ in shelf if kept.document.id in firsts),
        state=state or OPEN,
        letter=grade.letter,
        digit=grade.digit,
        words=_words(shelf, first[1]),
    )


def _words(shelf: Shelf, first: Reading) -> tuple[str, ...]:
    """Of the title, of other titles, of who tells it; then what weighs most in the first paragraph."""
    titles = dict.fromkeys((first.title, *(reading.title for _, reading in shelf)))
    outlets = dict.fromkeys(kept.document.outlet for kept, _ in shelf)
    said = [word for text in (*titles, *outlets) for word in sought(text)[:_OF_A_TITLE]]
    return tuple(dict.fromkeys((*said[:_SAID], *sought(first.lead, _HEAVY))))


def counted(row: Listed, tally: Tally) -> Listed:
    """The row of a large story to which nothing came that it is told by: only what is counted changes."""
    return replace(
        row,
        last_us=tally.last_us,
        documents=tally.documents,
        copies=tally.copies,
        outlets=_each(tally.outlets),
        languages=_each(tally.languages),
    )


def _each(names: Counter[str]) -> tuple[str, ...]:
    return tuple(one for one, _ in names.most_common(_MOST_NAMES + 1) if one)[:_MOST_NAMES]


def shelved(shelf: Shelf, found: Sequence[Origin]) -> tuple[Shelved, ...]:
    """The documents, each with the origin it belongs to."""
    belongs = {document: one.name for one in found for document in (one.first, *one.carried)}
    return tuple(Shelved(kept.document, kept.copy_of, belongs.get(kept.document.id, "")) for kept, _ in shelf)


def places(shelf: Shelf) -> tuple[Place, ...]:
    """The countries of a story: those of a title, or of more than a passing word, the most named first."""
    counts: Counter[str] = Counter()
    words: dict[str, tuple[Found, ...]] = {}
    titled = set()
    for kept, reading in shelf:
        for one in reading.places:
            counts[one.country] += 0 if kept.copy_of else one.count
            words[one.country] = (*words.get(one.country, ()), *one.words)[:_MOST_WORDS]
            if one.in_title:
                titled.add(one.country)
    return tuple(
        Place(country, count, words[country], country in titled)
        for country, count in counts.most_common(_MOST_NAMES)
        if count
    )


def organisations(shelf: Shelf) -> tuple[Organisation, ...]:
    """The organisations of a story; an acronym that one document explains holds for all."""
    out: dict[str, Organisation] = {}
    acronyms = {one.name: one.acronym for _, reading in shelf for one in reading.organisations if one.acronym}
    for _, reading in shelf:
        for one in reading.organisations:
            key = one.acronym or acronyms.get(one.name, one.name)
            had = out.get(key)
            out[key] = (
                one
                if had is None
                else Organisation(
                    had.name if len(had.name) >= len(one.name) else one.name,
                    had.acronym or one.acronym,
                    had.count + one.count,
                    (*had.words, *one.words)[:_MOST_WORDS],
                    tuple(dict.fromkeys((*had.aliases, *one.aliases))),
                    had.bloc or one.bloc,
                )
            )
    return tuple(sorted(out.values(), key=lambda one: (-one.count, one.name))[:_MOST_NAMES])


def topics(shelf: Shelf) -> tuple[Topic, ...]:
    """The topics of a story; only listed ones behind those that a document is about."""
    out: dict[str, Topic] = {}
    for _, reading in shelf:
        for one in reading.topics:
            had = out.get(one.name)
            out[one.name] = (
                one
                if had is None
                else Topic(
                    one.name,
                    (*had.words, *one.words)[:_MOST_WORDS],
                    tuple(dict.fromkeys((*had.sectors, *one.sectors))),
                    had.listed and one.listed,
                )
            )
    return tuple(sorted(out.values(), key=lambda one: (one.listed, -len(one.words), one.name)))


def findings(shelf: Shelf, judged: Mapping[str, tuple[bool, str]]) -> tuple[Judged, ...]:
    """Every value once: where it is proposed, defanged or listed as an indicator counts more than where it is not."""
    out: dict[str, Judged] = {}
    for kept, reading in shelf:
        for one in reading.findings:
            had = out.get(one.value)
            if had is None or _weight(one) > _weight(had.finding):
                taken, by = judged.get(one.value, (None, ""))
                out[one.value] = Judged(one, kept.document.id, taken, by)
    order = {Verdict.PROPOSED: 0, Verdict.REFERENCE: 1, Verdict.SUPPRESSED: 2}
    return tuple(sorted(out.values(), key=lambda one: order[one.finding.verdict]))


def _weight(one: Finding) -> tuple[bool, bool, bool]:
    return one.verdict is Verdict.PROPOSED, one.defanged, one.given
