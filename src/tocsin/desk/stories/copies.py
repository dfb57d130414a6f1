"""Copies by containment: which text holds at least half of another's 5-word shingles, however much either was cut or framed.

A sketch keeps the shingles whose 64-bit hash is 0 modulo 8, that of a short text all; 32 bits of each are remembered. A sketch of one
kind and one of the other are compared by what both would keep. Of a long text the index holds every second, fourth, ... shingle, so
that what is remembered stays bounded; the similarity is taken over whole sketches.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence

from tocsin.desk import thresholds
from tocsin.desk.finding.sketch import KEPT
from tocsin.desk.stories.postings import Postings


def containment(one: Iterable[int], other: Iterable[int]) -> float:
    """Common shingles over the smaller sketch; 0 if fewer than two are common."""
    mine, theirs = set(one), set(other)
    if _is_whole(mine) != _is_whole(theirs):
        mine, theirs = ({each for each in sketch if each % KEPT == 0} for sketch in (mine, theirs))
    common = len(mine & theirs)
    return common / min(len(mine), len(theirs)) if common >= thresholds.FEWEST_SHINGLES else 0.0


class Copies:
    """An index of sketches. Documents are numbers that grow; the oldest are forgotten first."""

    def __init__(self) -> None:
        self._sketches: dict[int, bytes] = {}
        self._index = Postings(thresholds.MOST_POSTINGS)

    def __len__(self) -> int:
        return len(self._sketches)

    def nearest(self, sketch: bytes) -> tuple[int, float] | None:
        """The document this one is a copy of, or that is a copy of it, with the containment: the highest, then the oldest."""
        mine = frozenset(memoryview(sketch).cast("I"))
        best: tuple[int, float] | None = None
        numbers, _ = self._index.scores(dict.fromkeys(mine, 1.0))
        for number in numbers[: thresholds.CANDIDATES].tolist():
            share = containment(mine, memoryview(self._sketches[number]).cast("I"))
            if share >= thresholds.COPY_CONTAINMENT and (best is None or (share, -number) > (best[1], -best[0])):
                best = number, share
        return best

    def add(self, number: int, sketch: bytes) -> None:
        """Remember a document."""
        self._sketches[number] = sketch
        self._index.add(number, _indexed(memoryview(sketch).cast("I")))

    def forget(self, numbers: Sequence[int]) -> None:
        """Forget documents: the oldest there are, in their order."""
        for number in numbers:
            del self._sketches[number]
        if numbers:
            self._index.forget(numbers[-1] + 1)


def narrowed(sketch: Iterable[int]) -> bytes:
    """A sketch as it is remembered: four bytes of each shingle's hash, each once."""
    return array("I", dict.fromkeys(one & 0xFFFFFFFF for one in sketch)).tobytes()


def _is_whole(sketch: Iterable[int]) -> bool:
    return any(one % KEPT for one in sketch)


def _indexed(sketch: Sequence[int]) -> list[int]:
    step = 1
    while len(sketch) // step > thresholds.INDEXED_SHINGLES:
        step *= 2
    is_whole = _is_whole(sketch)
    return [one for one in sketch if one // KEPT % step == 0 or (is_whole and one % KEPT == 0)]
