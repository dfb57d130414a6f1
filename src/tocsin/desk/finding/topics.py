"""What a text is about, by the words that say so. Two different words, or three times, or the title: then it is about it.

A sentence that names several fields only lists them: of a speech about "terrorism, cybercrime and trafficking" it is
not to be concluded that there was an attack.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from tocsin.desk.document import Found, Sentence, Topic
from tocsin.desk.finding.fields import BESIDE, CYBER, SECTORS, SURE
from tocsin.desk.finding.lexicon import Lexicon

DIFFERENT: Final = 2
HITS: Final = 3
LISTED_FIELDS: Final = 3  # so many fields in one sentence are a list
MOST_WORDS: Final = 40
EARLY: Final = 600  # characters
NEAR: Final = 240
_STEM: Final = 6  # two words that begin alike are one


class _Said(NamedTuple):
    """What of one field stands in a text: the sure words, and those that count beside them."""

    sure: list[Found]
    beside: list[Found]

    @property
    def hits(self) -> list[Found]:
        return sorted({*self.sure, *self.beside}, key=lambda one: one.start)


@lru_cache(1)
def _lexicons() -> tuple[Lexicon, Lexicon, Lexicon]:
    return Lexicon(SURE), Lexicon(BESIDE), Lexicon(SECTORS)


def topics(title: str, text: str, sentences: Sequence[Sentence]) -> tuple[Topic, ...]:
    """The topics of a text, with every word that decided; first what most words say."""
    spoken, titled = _said(text), _said(title)
    listing = _listing(sentences, spoken)
    out = []
    for name, said in spoken.items():
        outside = _Said([one for one in said.sure if not _inside(one, listing)], said.beside)
        if _is_about(outside, titled[name]):
            where = _where(outside.sure, sentences, title) if name == CYBER else ()
            count = len(outside.sure) + 3 * len(titled[name].sure)
            out.append((count, Topic(name, tuple(_shown(outside)), where)))
        elif _is_about(said, titled[name]):
            out.append((0, Topic(name, tuple(_shown(said)), (), listed=True)))
    return tuple(topic for _, topic in sorted(out, key=lambda one: (-one[0], one[1].name)))


def _shown(said: _Said) -> list[Found]:
    """The sure words first, if not all can be shown."""
    return sorted([*said.sure, *said.beside][:MOST_WORDS], key=lambda one: one.start)


def _said(text: str) -> Mapping[str, _Said]:
    sure, beside, _ = _lexicons()
    out = {name: _Said([], []) for name in SURE}
    taken: dict[str, int] = {}
    begun = reach = 0  # of the longest that was met so far
    for name, found in sorted(sure.hits(text), key=lambda one: (one[1].start, -one[1].end)):
        if found.end < reach or (found.end == reach and found.start > begun):
            continue  # a part of something longer: "pirates" of "pirates informatiques"
        reach, begun = found.end, found.start
        if found.start >= taken.get(name, 0):
            out[name].sure.append(found)
            taken[name] = found.end
    for name, found in beside.hits(text):
        if not any(one.start < found.end and found.start < one.end for one in out[name].sure):
            out[name].beside.append(found)
    return out


def _is_about(said: _Said, titled: _Said) -> bool:
    if titled.sure:
        return True
    if not said.sure:
        return False
    if len(said.sure) >= HITS or len({one.text.lower()[:_STEM] for one in said.sure}) >= DIFFERENT:
        return True
    # What a text is about it says early, and with the words that belong to it.
    early = [one for one in said.sure if one.start < EARLY]
    near = {one.text.lower()[:_STEM] for one in titled.beside}
    near |= {one.text.lower()[:_STEM] for one in said.beside for sure in early if abs(one.start - sure.start) < NEAR}
    return bool(early) and bool(near - {one.text.lower()[:_STEM] for one in early})


def _listing(sentences: Sequence[Sentence], spoken: Mapping[str, _Said]) -> list[Sentence]:
    """Sentences in which the sure words of several fields stand."""
    return [
        one
        for one in sentences
        if sum(any(one.start <= hit.start < one.end for hit in said.sure) for said in spoken.values()) >= LISTED_FIELDS
    ]


def _inside(found: Found, listing: Sequence[Sentence]) -> bool:
    return any(one.start <= found.start < one.end for one in listing)


def _where(hits: Sequence[Found], sentences: Sequence[Sentence], title: str) -> tuple[str, ...]:
    """Which infrastructure: named in the title, or in a sentence that speaks of the attack, or in the first two."""
    _, _, sectors = _lexicons()
    counted: dict[str, int] = {}
    for name, _ in sectors.hits(title):
        counted[name] = counted.get(name, 0) + 2
    for number, one in enumerate(sentences):
        if number < 2 or any(one.start <= hit.start < one.end for hit in hits):
            for name in {name for name, _ in sectors.hits(one.text)}:
                counted[name] = counted.get(name, 0) + 1
    return tuple(sorted(counted, key=lambda name: (-counted[name], name)))
