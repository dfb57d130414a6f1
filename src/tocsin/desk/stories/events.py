"""Same event, in one pass: each document joins the story it is most like, or begins one. What analysts decided stands above it.

A document's similarity to a story is the mean of the highest and the average similarity to the story's members. Copies join the
story of what they copy and are no members: a dispatch that is printed twenty times must not draw everything to itself. A story
that has grown is looked at again: if it is two events, the later one leaves (`parting`), with the copies of its documents.
The state holds what arrived within the window and no more than `LIVE_DOCUMENTS`; it is rebuilt by adding the readings again.
"""

from __future__ import annotations

from array import array
from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from heapq import nlargest
from typing import NamedTuple

from tocsin.desk import thresholds
from tocsin.desk.document import Act, Reading, Relation
from tocsin.desk.stories.copies import Copies
from tocsin.desk.stories.decided import Decided
from tocsin.desk.stories.parting import parted


class Placed(NamedTuple):
    """Where a document was put: its story, how like it is, and of which document it is a copy. `by` says who decided.

    `moved`: other documents that are in another story than before.
    """

    story: str
    similarity: float
    copy_of: str
    by: str
    moved: tuple[str, ...] = ()


@dataclass(slots=True)
class _Member:
    number: int
    words: array[int]
    weights: array[float]


@dataclass(slots=True)
class _Story:
    id: str
    first_us: int
    last_us: int
    arrived_us: int
    members: list[_Member] = field(default_factory=list)
    documents: list[str] = field(default_factory=list)
    copies: dict[str, str] = field(default_factory=dict)  # document: what it is a copy of
    language: str = ""
    joined: int = 0  # members there ever were
    looked: int = 0  # of them, when it was looked at last


class Events:
    """The stories of the window. `add` places a document, `decide` moves what an analyst says."""

    def __init__(self, decided: Iterable[Act] = ()) -> None:
        self.decided = Decided(decided)
        self._copies = Copies()
        self._stories: dict[str, _Story] = {}
        self._live: OrderedDict[str, tuple[int, int, str]] = OrderedDict()  # document: number, arrival, story
        self._of_number: dict[int, str] = {}
        self._words: dict[str, int] = {}
        self._postings: dict[int, dict[str, int]] = {}
        self._next = 0

    def __len__(self) -> int:
        return len(self._live)

    def story_of(self, document: str) -> str | None:
        """The story a document of the window is in."""
        held = self._live.get(document)
        return held[2] if held else None

    def documents_of(self, story: str) -> tuple[str, ...]:
        """The documents of a live story, in order of arrival."""
        found = self._stories.get(story)
        return tuple(found.documents) if found else ()

    # -- adding -----------------------------------------------------------------------------------------------------

    def add(self, reading: Reading, home: str = "") -> Placed:
        """Place a document. `home`: the story that the store knows an older version of the same article in."""
        known = self._live.get(reading.document)
        if known is not None:
            return Placed(known[2], 1.0, "", "seen before")
        self._forget(reading.seen_us)
        vector = self._numbered(reading.vector, reading.language)
        near = self._copies.nearest(reading.sketch)
        original = self._of_number[near[0]] if near else ""
        placed = self._place(reading, vector, original, near[1] if near else 0.0, home)
        self._join(placed.story, reading, vector, placed.copy_of)
        moved = self._look_again(self._stories[placed.story])
        if not moved:
            return placed
        mine = self._live[reading.document][2]
        return placed._replace(story=mine, moved=tuple(one for one in moved if one != reading.document))

    def again(self, reading: Reading, story: str, copy_of: str) -> None:
        """Put a document where it was put before."""
        if reading.document not in self._live:
            self._forget(reading.seen_us)
            self._join(story, reading, self._numbered(reading.vector, reading.language), copy_of)

    def language_of(self, story: str) -> str | None:
        """The language of the document that began a live story."""
        found = self._stories.get(story)
        return found.language if found else None

    def _place(self, reading: Reading, vector: Mapping[int, float], original: str, share: float, home: str) -> Placed:
        told = self.decided.of(reading.document)
        wanted = next((story for one in told.together if (story := self.story_of(one))), None)
        if wanted:
            return Placed(wanted, 1.0, original, "an analyst")
        banned = {story for one in told.apart if (story := self.story_of(one))}
        if original and (story_id := self.story_of(original)) and story_id not in banned:
            return Placed(story_id, share, original, "copy")
        if home and home not in banned:
            return Placed(home, 1.0, "", "version")
        best, similarity = self._most_like(vector, reading.published_us, banned)
        if best and similarity >= thresholds.SAME_EVENT:
            return Placed(best, similarity, "", "similar")
        return Placed(story_name(reading.document), similarity, "", "new")

    def _join(self, name: str, reading: Reading, vector: Mapping[int, float], copy_of: str) -> None:
        story = self._stories.get(name)
        if story is None:
            story = self._stories[name] = _Story(name, reading.published_us, reading.published_us, reading.seen_us)
            story.language = reading.language
        number, self._next = self._next, self._next + 1
        self._live[reading.document] = (number, reading.seen_us, story.id)
        self._of_number[number] = reading.document
        self._copies.add(number, reading.sketch)
        story.documents.append(reading.document)
        story.first_us, story.last_us = (
            min(story.first_us, reading.published_us),
            max(story.last_us, reading.published_us),
        )
        story.arrived_us = max(story.arrived_us, reading.seen_us)
        if copy_of:
            story.copies[reading.document] = copy_of
        else:
            story.joined += 1
            member = _Member(number, array("I", vector), array("f", vector.values()))
            story.members.append(member)
            self._post(story.id, member, 1)
            if len(story.members) > thresholds.MEMBERS_KEPT:
                # The first member stays: it is what the story was about.
                self._post(story.id, story.members.pop(1), -1)

    def _look_again(self, story: _Story) -> tuple[str, ...]:
        """Let go what is another event than the story's first document; returns the documents that went."""
        if story.joined < max(2 * thresholds.PART_LEAST, story.looked * thresholds.PART_GROWTH):
            return ()
        story.looked = story.joined
        places = parted([(one.words, one.weights) for one in story.members])
        gone = {self._of_number[story.members[at].number] for at in places}
        for document, original in story.copies.items():  # in order of arrival: a copy of a copy comes after it
            if original in gone:
                gone.add(document)
        torn = [one for one in story.documents if one in gone]
        target = story_name("part", *torn[:1])
        if not torn or target in self._stories or self._binds(gone, story):
            return ()
        self._stories[target] = _Story(target, story.first_us, story.last_us, story.arrived_us, joined=len(places))
        self._stories[target].language = story.language
        story.joined = story.looked = story.joined - len(places)
        self._move(torn, target)
        return tuple(torn)

    def _binds(self, gone: set[str], story: _Story) -> bool:
        """Whether an analyst put together what would be torn."""
        return self.decided.joins(gone, (one for one in story.documents if one not in gone))

    def _numbered(self, vector: Mapping[str, float], language: str) -> dict[int, float]:
        """Words as numbers. Each language has its own: across languages stories are linked, by other means."""
        return {
            self._words.setdefault(f"{language}:{word}", len(self._words)): weight for word, weight in vector.items()
        }

    def _post(self, story: str, member: _Member, step: int) -> None:
        for word in member.words:
            held = self._postings.setdefault(word, {})
            count = held.get(story, 0) + step
            if count:
                held[story] = count
            else:
                del held[story]
                if not held:
                    del self._postings[word]

    # -- likeness ---------------------------------------------------------------------------------------------------

    def _candidates(self, vector: Mapping[int, float]) -> list[str]:
        """Stories that share heavy words; words that everybody uses are not walked."""
        scores: dict[str, float] = {}
        for word, weight in vector.items():
            held = self._postings.get(word)
            if held is not None and len(held) <= thresholds.MOST_POSTINGS:
                for story in held:
                    scores[story] = scores.get(story, 0.0) + weight * weight
        return nlargest(thresholds.CANDIDATES, scores, key=scores.__getitem__)

    def _most_like(
        self, vector: Mapping[int, float], published_us: int, banned: Iterable[str] = ()
    ) -> tuple[str, float]:
        best, highest = "", 0.0
        for name in self._candidates(vector):
            story = self._stories[name]
            if name in banned or not _is_within(story, published_us):
                continue
            similarity = _likeness(vector, story)
            if similarity > highest:
                best, highest = name, similarity
        return best, highest

    def likeness(self, story: str, other: str) -> float:
        """How like a live story is to another one, by the document that began it."""
        mine, theirs = self._stories.get(story), self._stories.get(other)
        if mine is None or theirs is None or not mine.members:
            return 0.0
        first = mine.members[0]
        return _likeness(dict(zip(first.words, first.weights, strict=True)), theirs)

    def related(self, story: str) -> tuple[Relation, ...]:
        """Stories that are like this one and not the same event, the likest first."""
        mine = self._stories.get(story)
        if mine is None or not mine.members:
            return ()
        first = mine.members[0]
        vector = dict(zip(first.words, first.weights, strict=True))
        made = [
            Relation(story, other, round(_likeness(vector, self._stories[other]), 3), "similar")
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
            target = self._live[right[0]][2]
            moved = {self._live[one][2] for one in (*left, *right)} - {target}
            for name in sorted(moved):
                self._move(self.documents_of(name), target)
            return (target, *sorted(moved))
        sources = sorted({self._live[one][2] for one in right})
        torn = [one for one in left if self._live[one][2] in sources]
        if not torn or not all(set(self.documents_of(one)) - set(torn) for one in sources):
            return ()
        target = story_name("apart", *torn)
        held = self._stories[self._live[torn[0]][2]]
        self._stories[target] = _Story(target, held.first_us, held.last_us, held.arrived_us)
        self._stories[target].language = held.language
        self._move(torn, target)
        return (target, *sources)

    def _move(self, documents: Iterable[str], target: str) -> None:
        into = self._stories[target]
        for document in documents:
            number, arrived, name = self._live[document]
            source = self._stories[name]
            source.documents.remove(document)
            into.documents.append(document)
            if document in source.copies:
                into.copies[document] = source.copies.pop(document)
            self._live[document] = (number, arrived, target)
            member = next((one for one in source.members if one.number == number), None)
            if member is not None:
                source.members.remove(member)
                self._post(name, member, -1)
                into.members.append(member)
                self._post(target, member, 1)
            into.first_us, into.last_us = min(into.first_us, source.first_us), max(into.last_us, source.last_us)
            if not source.documents:
                del self._stories[name]

    # -- forgetting -------------------------------------------------------------------------------------------------

    def _forget(self, now_us: int) -> None:
        """Close what arrived before the window, and the oldest when there are too many."""
        oldest = now_us - thresholds.WINDOW_US
        gone: list[int] = []
        while self._live:
            document, (number, arrived, name) = next(iter(self._live.items()))
            if arrived >= oldest and len(self._live) < thresholds.LIVE_DOCUMENTS:
                break
            del self._live[document]
            del self._of_number[number]
            gone.append(number)
            self._drop(name, document, number)
        if gone:
            self._copies.forget(gone)
            if len(self._words) > 4 * len(self._postings) + thresholds.WORDS_SPARE:
                self._renumber()

    def _drop(self, name: str, document: str, number: int) -> None:
        story = self._stories[name]
        story.documents.remove(document)
        story.copies.pop(document, None)
        member = next((one for one in story.members if one.number == number), None)
        if member is not None:
            story.members.remove(member)
            self._post(name, member, -1)
        if not story.documents:
            del self._stories[name]

    def _renumber(self) -> None:
        """Forget the words that no live story uses."""
        self._words = {word: number for word, number in self._words.items() if number in self._postings}
        numbers = {old: new for new, old in enumerate(self._words.values())}
        self._words = {word: numbers[old] for word, old in self._words.items()}
        self._postings = {numbers[old]: held for old, held in self._postings.items()}
        for story in self._stories.values():
            for member in story.members:
                member.words = array("I", (numbers[one] for one in member.words))

    def stories(self) -> Collection[str]:
        """Names of the live stories, the oldest first."""
        return self._stories.keys()


def story_name(*documents: str) -> str:
    """The name of the story that a document begins: the same on every rebuild."""
    return sha256("\n".join(("story", *documents)).encode()).hexdigest()[:32]


def _is_within(story: _Story, published_us: int) -> bool:
    return story.first_us - thresholds.WINDOW_US <= published_us <= story.last_us + thresholds.WINDOW_US


def _likeness(vector: Mapping[int, float], story: _Story) -> float:
    highest = total = 0.0
    for member in story.members:
        similarity = sum(
            [vector[word] * weight for word, weight in zip(member.words, member.weights, strict=True) if word in vector]
        )
        total += similarity
        highest = max(highest, similarity)
    return (highest + total / len(story.members)) / 2 if story.members else 0.0
