"""Copies by containment: which text holds at least half of another's 5-word shingles, however much either was cut or framed.

A sketch keeps the shingles whose 64-bit hash is 0 modulo 8. Of a long text the index holds every second, fourth, ... of them,
so that what is remembered of 100,000 documents stays bounded; the similarity is taken over whole sketches.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable

from tocsin.desk import thresholds


def containment(one: Iterable[int], other: Iterable[int]) -> float:
    """Common shingles over the smaller sketch; 0 if fewer than two are common."""
    mine, theirs = set(one), set(other)
    common = len(mine & theirs)
    return common / min(len(mine), len(theirs)) if common >= thresholds.FEWEST_SHINGLES else 0.0


class Copies:
    """An index of sketches. Documents are numbers that grow; the oldest are forgotten in blocks."""

    def __init__(self) -> None:
        self._sketches: dict[int, array[int]] = {}
        self._index: dict[int, int | list[int]] = {}

    def __len__(self) -> int:
        return len(self._sketches)

    def nearest(self, sketch: tuple[int, ...]) -> tuple[int, float] | None:
        """The document this one is a copy of, or that is a copy of it, with the containment: the highest, then the oldest."""
        hits: Counter[int] = Counter()
        for one in sketch:
            held = self._index.get(one)
            if isinstance(held, int):
                hits[held] += 1
            elif held is not None and len(held) <= thresholds.MOST_POSTINGS:
                hits.update(held)
        best: tuple[int, float] | None = None
        for number, _ in hits.most_common(thresholds.CANDIDATES):
            share = containment(sketch, self._sketches[number])
            if share >= thresholds.COPY_CONTAINMENT and (best is None or (share, -number) > (best[1], -best[0])):
                best = number, share
        return best

    def add(self, number: int, sketch: tuple[int, ...]) -> None:
        """Remember a document."""
        self._sketches[number] = array("Q", sketch)
        for one in _indexed(sketch):
            held = self._index.get(one)
            if held is None:
                self._index[one] = number
            elif isinstance(held, int):
                self._index[one] = [held, number]
            else:
                held.append(number)

    def forget(self, numbers: Iterable[int]) -> None:
        """Forget documents and all that the index holds of them."""
        for number in numbers:
            for one in _indexed(tuple(self._sketches.pop(number, ()))):
                held = self._index.get(one)
                if isinstance(held, list):
                    held.remove(number)
                    if not held:
                        del self._index[one]
                elif held == number:
                    del self._index[one]


def _indexed(sketch: tuple[int, ...]) -> list[int]:
    step = 1
    while len(sketch) // step > thresholds.INDEXED_SHINGLES:
        step *= 2
    return [one for one in sketch if (one >> 3) % step == 0]
