"""Same event, in one pass: each document joins the story it is most like, or begins one. What analysts decided stands above it.

A document's similarity to a story is the mean of the highest and the average similarity to the story's members. Copies join the
story of what they copy and are no members: a dispatch that is printed twenty times must not draw everything to itself. A story
that has grown is looked at again: if it is two events, the later one leaves (`parting`), with the copies of its documents.
The state holds what arrived within the window and no more than `LIVE_DOCUMENTS`; it is rebuilt from marks and stories, as they were.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from sys import intern
from typing import Final, NamedTuple
from zlib import crc32

from tocsin.desk import thresholds
from tocsin.desk.document import Act, Begun, Mark, Reading, Relation
from tocsin.desk.finding import words
from tocsin.desk.stories.copies import Copies, narrowed
from tocsin.desk.stories.decided import Decided
from tocsin.desk.stories.parting import parted
from tocsin.desk.stories.postings import Postings

_SCALE: Final = 65_535  # a weight is kept in two bytes
_LOOKED: Final = 4_096  # documents are looked at for the stories they are in
_EARLIEST, _LATEST = -(1 << 62), 1 << 62  # nothing of a story is dated


class Placed(NamedTuple):
    """Where a document was put: its story, how like it is, and of which document it is a copy. `by` says who decided.

    `moved`: other documents that are in another story than before. `begun`: what is to be kept to link others to the story.
    """

    story: str
    similarity: float
    copy_of: str
    by: str
    moved: tuple[str, ...] = ()
    begun: Begun | None = None


@dataclass(slots=True, eq=False)
class _Held:
    """A document of the window. Its words, as numbers, and their weights; none, if it is no member of its story."""

    number: int
    document: str
    arrived_us: int
    story: str
    words: bytes = b""
    weights: bytes = b""
    copy_of: str = ""
    countries: tuple[str, ...] = ()
    names: bytes = b""

    def pairs(self) -> Iterator[tuple[int, int]]:
        return zip(memoryview(self.words).cast("I"), memoryview(self.weights).cast("H"), strict=True)


class _Where(NamedTuple):
    """What tells where something happened."""

    countries: frozenset[str]
    names: frozenset[int]


@dataclass(slots=True)
class _Story:
    id: str
    first_us: int  # of what is dated; after `last_us` if nothing is
    last_us: int
    arrived_us: int
    language: str
    members: list[_Held] = field(default_factory=list)
    documents: list[str] = field(default_factory=list)
    joined: int = 0  # members there ever were
    looked: int = 0  # of them, when it was looked at last


class Events:
    """The stories of the window. `add` places a document, `decide` moves what an analyst says."""

    def __init__(self, decided: Iterable[Act] = ()) -> None:
        self.decided = Decided(decided)
        self._copies = Copies()
        self._stories: dict[str, _Story] = {}
        self._live: dict[str, _Held] = {}
        self._of_number: dict[int, _Held] = {}
        self._words = Postings(thresholds.MOST_POSTINGS)
        self._oldest = self._next = 0

    def __len__(self) -> int:
        return len(self._live)

    def story_of(self, document: str) -> str | None:
        """The story a document of the window is in."""
        held = self._live.get(document)
        return held.story if held else None

    def documents_of(self, story: str) -> tuple[str, ...]:
        """The documents of a live story, in order of arrival."""
        found = self._stories.get(story)
        return tuple(found.documents) if found else ()

    def language_of(self, story: str) -> str:
        """The language of the document that began a live story; "" if there is no such story."""
        found = self._stories.get(story)
        return found.language if found else ""

    # -- adding -----------------------------------------------------------------------------------------------------

    def add(self, reading: Reading, home: str = "") -> Placed:
        """Place a document. `home`: the story that the store knows an older version of the same article in."""
        known = self._live.get(reading.document)
        if known is not None:
            return Placed(known.story, 1.0, "", "seen before")
        self._forget(reading.seen_us)
        mark, vector = marked(reading), _numbered(reading.vector, reading.language)
        near = self._copies.nearest(mark.sketch)
        original = self._of_number[near[0]].document if near else ""
        where = _Where(frozenset(mark.countries), _names(mark.names))
        placed = self._place(reading, vector, where, original, near[1] if near else 0.0, home)
        self._join(placed.story, mark, placed.copy_of)
        moved = self._look_again(self._stories[placed.story])
        if not moved:
            return placed
        here = self._live[reading.document].story
        return placed._replace(story=here, moved=tuple(one for one in moved if one != reading.document))

    def restore(self, mark: Mark, story: str) -> None:
        """Put a document where it was when it came: nothing is compared. In the order of arrival."""
        if mark.document not in self._live:
            self._forget(mark.seen_us)
            self._join(story, mark, mark.copy_of)
            self._stories[story].looked = self._stories[story].joined

    def _place(
        self, reading: Reading, vector: Mapping[int, float], where: _Where, original: str, share: float, home: str
    ) -> Placed:
        told = self.decided.of(reading.document)
        wanted = next((story for one in told.together if (story := self.story_of(one))), None)
        if wanted:
            return Placed(wanted, 1.0, original, "an analyst")
        banned = {story for one in told.apart if (story := self.story_of(one))}
        if original and (story_id := self.story_of(original)) and story_id not in banned:
            return Placed(story_id, share, original, "copy")
        if home and home not in banned:
            return Placed(home, 1.0, "", "version")
        best, similarity = self._most_like(vector, where, reading.published_us if reading.is_dated else None, banned)
        if best and similarity >= thresholds.SAME_EVENT:
            return Placed(best, similarity, "", "similar")
        return Placed(story_name(reading.document), similarity, "", "new")

    def _join(self, name: str, mark: Mark, copy_of: str) -> None:
        number, self._next = self._next, self._next + 1
        held = _Held(
            number, mark.document, mark.seen_us, name, copy_of=copy_of,
            countries=tuple(map(intern, mark.countries)), names=mark.names,
        )  # fmt: skip
        self._live[mark.document] = self._of_number[number] = held
        self._copies.add(number, mark.sketch)
        story = self._stories.setdefault(name, _Story(name, _LATEST, _EARLIEST, mark.seen_us, mark.language))
        story.documents.append(mark.document)
        if mark.is_dated:
            story.first_us = min(story.first_us, mark.published_us)
            story.last_us = max(story.last_us, mark.published_us)
        story.arrived_us = max(story.arrived_us, mark.seen_us)
        if mark.words and not copy_of:
            story.joined += 1
            held.words, held.weights = mark.words, mark.weights
            story.members.append(held)
            if len(story.members) > thresholds.MEMBERS_KEPT:
                # The first member stays: it is what the story was about.
                _leave(story, story.members[1])
        self._words.add(number, memoryview(held.words).cast("I"))

    def _look_again(self, story: _Story) -> tuple[str, ...]:
        """Let go what is another event than the story's first document; returns the documents that went."""
        if story.joined < max(2 * thresholds.PART_LEAST, story.looked * thresholds.PART_GROWTH):
            return ()
        story.looked = story.joined
        places = parted([(one.words, one.weights) for one in story.members])
        gone = {story.members[at].document for at in places}
        for document in story.documents:  # in the order of arrival: a copy of a copy comes after it
            if self._live[document].copy_of in gone:
                gone.add(document)
        torn = [one for one in story.documents if one in gone]
        target = story_name("part", *torn[:1])
        if not torn or target in self._stories or self.decided.joins(gone, set(story.documents) - gone):
            return ()
        made = _Story(target, story.first_us, story.last_us, story.arrived_us, story.language, joined=len(places))
        self._stories[target] = made
        story.joined = story.looked = story.joined - len(places)
        self._move(torn, target)
        return tuple(torn)

    # -- likeness ---------------------------------------------------------------------------------------------------

    def _candidates(self, vector: Mapping[int, float]) -> list[str]:
        """Stories that share heavy words; words that everybody uses are not walked."""
        numbers, _ = self._words.scores({word: weight * weight for word, weight in vector.items()})
        stories: dict[str, None] = {}
        for number in numbers[:_LOOKED].tolist():
            held = self._of_number[number]
            if held.words:
                stories[held.story] = None
                if len(stories) >= thresholds.CANDIDATES:
                    break
        return list(stories)

    def _most_like(
        self,
        vector: Mapping[int, float],
        where: _Where,
        published_us: int | None,
        banned: Iterable[str] = (),
    ) -> tuple[str, float]:
        best, highest = "", 0.0
        for name in self._candidates(vector):
            story = self._stories[name]
            gap_us = _gap_us(story, published_us)
            if name in banned or gap_us > thresholds.WINDOW_US:
                continue
            similarity = _likeness(vector, where, story, gap_us / thresholds.DAY_US)
            if similarity > highest:
                best, highest = name, similarity
        return best, highest

    def likeness(self, story: str, other: str) -> float:
        """How like a live story is to another one, by the document that began it."""
        mine, theirs = self._stories.get(story), self._stories.get(other)
        if mine is None or theirs is None or not mine.members:
            return 0.0
        first = mine.members[0]
        return _likeness({word: weight / _SCALE for word, weight in first.pairs()}, _where(first), theirs)

    def related(self, story: str) -> tuple[Relation, ...]:
        """Stories that are like this one and not the same event, the likest first."""
        mine = self._stories.get(story)
        if mine is None or not mine.members:
            return ()
        first = mine.members[0]
        vector = {word: weight / _SCALE for word, weight in first.pairs()}
        where = _where(first)
        made = [
            Relation(story, other, round(_likeness(vector, where, self._stories[other]), 3), "similar")
            for other in self._candidates(vector)
            if other != story
        ]
        kept = [one for one in made if one.similarity >= thresholds.RELATED]
        return tuple(sorted(kept, key=lambda one: -one.similarity)[: thresholds.MOST_RELATED])

    # -- what people decide -----------------------------------------------------------------------------------------

    def decide(self, act: Act) -> tuple[str, ...]:
        """Move documents as an analyst says, now and for what is added again later. Returns the stories that changed."""
        self.decided.add(act)
        left = [one for one in act.left if one in self._live]
        right = [one for one in act.right if one in self._live]
        if not left or not right:
            return ()
        if act.together:
            target = self._live[right[0]].story
            moved = {self._live[one].story for one in (*left, *right)} - {target}
            for name in sorted(moved):
                self._move(self.documents_of(name), target)
            return (target, *sorted(moved))
        sources = sorted({self._live[one].story for one in right})
        torn = [one for one in left if self._live[one].story in sources]
        if not torn or not all(set(self.documents_of(one)) - set(torn) for one in sources):
            return ()
        target = story_name("apart", *torn)
        held = self._stories[self._live[torn[0]].story]
        self._stories[target] = _Story(target, held.first_us, held.last_us, held.arrived_us, held.language)
        self._move(torn, target)
        return (target, *sources)

    def _move(self, documents: Iterable[str], target: str) -> None:
        into = self._stories[target]
        for document in documents:
            held = self._live[document]
            source, held.story = self._stories[held.story], target
            source.documents.remove(document)
            into.documents.append(document)
            if held.words:
                source.members.remove(held)
                into.members.append(held)
            into.first_us, into.last_us = min(into.first_us, source.first_us), max(into.last_us, source.last_us)
            if not source.documents:
                del self._stories[source.id]

    # -- forgetting -------------------------------------------------------------------------------------------------

    def _forget(self, now_us: int) -> None:
        """Close what arrived before the window, and the oldest when there are too many."""
        oldest = now_us - thresholds.WINDOW_US
        gone: list[int] = []
        while self._live:
            held = self._of_number[self._oldest]
            if held.arrived_us >= oldest and len(self._live) < thresholds.LIVE_DOCUMENTS:
                break
            del self._live[held.document], self._of_number[self._oldest]
            gone.append(self._oldest)
            self._oldest += 1
            story = self._stories[held.story]
            story.documents.remove(held.document)
            if held.words:
                story.members.remove(held)
            if not story.documents:
                del self._stories[story.id]
        if gone:
            self._copies.forget(gone)
            self._words.forget(self._oldest)

    def stories(self) -> Collection[str]:
        """Names of the live stories, the oldest first."""
        return self._stories.keys()


def story_name(*documents: str) -> str:
    """The name of the story that a document begins: the same on every rebuild."""
    return sha256("\n".join(("story", *documents)).encode()).hexdigest()[:32]


def marked(reading: Reading) -> Mark:
    """What is to be kept of a reading, so that the document can be put back where it was."""
    vector = _numbered(reading.vector, reading.language)
    weights = array("H", (round(min(one, 1.0) * _SCALE) for one in vector.values()))
    names: list[str] = []
    if not reading.places and len(vector) < thresholds.LONG_WORDS:
        found = words.names((one.text for one in reading.sentences), reading.language)
        names = [one for one in found if one in reading.vector][: thresholds.MOST_NAMES]
    return Mark(
        reading.document,
        reading.language,
        reading.published_us,
        reading.seen_us,
        array("I", vector).tobytes(),
        weights.tobytes(),
        narrowed(reading.sketch),
        is_dated=reading.is_dated,
        countries=tuple(sorted({one.country for one in reading.places})),
        names=array("I", _numbered(dict.fromkeys(names, 1.0), reading.language)).tobytes(),
    )


def _numbered(vector: Mapping[str, float], language: str) -> dict[int, float]:
    """Words as numbers. Each language has its own: across languages stories are linked, by other means."""
    return {crc32(f"{language}:{word}".encode()): weight for word, weight in vector.items()}


def _leave(story: _Story, held: _Held) -> None:
    """A document stays in its story and is compared no more."""
    story.members.remove(held)
    held.words = held.weights = b""


def _gap_us(story: _Story, published_us: int | None) -> int:
    """From a time to the nearest that is told of a story. What says no date (None) is kept apart by no date."""
    if published_us is None or story.last_us < story.first_us:
        return 0
    return max(story.first_us - published_us, published_us - story.last_us, 0)


def _names(packed: bytes) -> frozenset[int]:
    return frozenset(memoryview(packed).cast("I"))


def _where(held: _Held) -> _Where:
    return _Where(frozenset(held.countries), _names(held.names))


def _likeness(vector: Mapping[int, float], where: _Where, story: _Story, days: float = 0.0) -> float:
    """`days` lie between them. Short reports of one kind of event are told in the same words: where and when tell them apart."""
    # A date may be a whole day: up to one day between them is none.
    doubt = thresholds.SHORT + thresholds.SHORT_DAY * max(days - 1, 0)
    most = thresholds.MOST_OF_A_WORD * _SCALE
    highest = total = 0.0
    for member in story.members:
        similarity = sum([min(vector[word] * weight, most) for word, weight in member.pairs() if word in vector])
        count = min(len(vector), len(member.words) // 4, thresholds.LONG_WORDS)
        power = doubt + _elsewhere(vector, where, member)
        similarity *= (count / thresholds.LONG_WORDS) ** power / _SCALE
        total += similarity
        highest = max(highest, similarity)
    return (highest + total / len(story.members)) / 2 if story.members else 0.0


def _elsewhere(vector: Mapping[int, float], where: _Where, member: _Held) -> float:
    """How much is to be doubted for what both say of where they are: countries, else names of any kind (a town, a person)."""
    if where.countries and member.countries:
        return thresholds.SHORT_ELSEWHERE if where.countries.isdisjoint(member.countries) else 0.0
    if not where.names or not member.names or not _names(member.names).isdisjoint(vector):
        return 0.0
    # A name that begins a sentence is not seen as one: it is looked for among all words.
    return thresholds.SHORT_NAMELESS if where.names.isdisjoint(memoryview(member.words).cast("I")) else 0.0
