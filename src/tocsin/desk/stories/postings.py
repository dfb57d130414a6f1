"""Which documents hold a key: an index of numbers in sorted blocks, a few bytes for each pair, and nothing for a key that is known.

Keys are 32 bits wide; documents are numbers that grow. The newest documents stand in a dictionary; every 256 they become a block,
and blocks of one size become one of twice that size. The oldest are forgotten by moving the floor: a block below it is let go.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

_FRESH: Final = 256  # documents
_LARGEST: Final = 16_384  # documents of a block: what is sorted at one time
_LOW: Final = np.uint64(0xFFFFFFFF)
_WIDE: Final = np.uint64(32)
Numbers = NDArray[np.uint32]


class _Block(NamedTuple):
    """`numbers[starts[n]:starts[n + 1]]` hold `keys[n]`; documents from `first` to before `end`."""

    first: int
    end: int
    keys: Numbers
    starts: Numbers
    numbers: Numbers


class Postings:
    """Documents by key. `most`: a key that more documents hold tells nothing, and is passed over."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._blocks: list[_Block] = []
        self._keys, self._numbers = array("I"), array("I")  # of the fresh ones, in pairs
        self._fresh: dict[int, list[int]] = {}  # the same by key, as far as somebody has asked
        self._asked = 0
        self._first = 0  # of the fresh ones
        self._next = 0
        self._floor = 0

    def add(self, number: int, keys: Iterable[int]) -> None:
        """Remember a document. Numbers grow; keys are below 2^32, each once."""
        before = len(self._keys)
        self._keys.extend(keys)
        self._numbers.extend(array("I", [number]) * (len(self._keys) - before))
        self._next = number + 1
        if self._next - self._first >= _FRESH:
            self._freeze()

    def forget(self, floor: int) -> None:
        """Forget all documents below this number."""
        self._floor = floor
        self._blocks = [one for one in self._blocks if one.end > floor]

    def scores(self, weights: Mapping[int, float]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Documents that hold any of these keys, and the weight of all that each holds; the heaviest first, then the oldest."""
        for place in range(self._asked, len(self._keys)):
            self._fresh.setdefault(self._keys[place], []).append(self._numbers[place])
        self._asked = len(self._keys)
        keys = np.fromiter(weights, np.uint32, len(weights))
        heavy = np.fromiter(weights.values(), np.float64, len(weights))
        fresh = [self._fresh.get(key, ()) for key in weights]
        counts = np.fromiter((len(one) for one in fresh), np.int64, len(fresh))
        spans = []
        for block in self._blocks:
            at = np.minimum(np.searchsorted(block.keys, keys), len(block.keys) - 1)
            starts = block.starts[at].astype(np.int64)
            lengths = np.where(block.keys[at] == keys, block.starts[at + 1] - starts, 0)
            spans.append((starts, lengths))
            counts += lengths
        told = counts <= self._most
        numbers = [
            np.fromiter((one for held, use in zip(fresh, told, strict=True) if use for one in held), np.int64),
        ]
        shares = [np.repeat(heavy[told], [len(held) for held, use in zip(fresh, told, strict=True) if use])]
        for block, (starts, lengths) in zip(self._blocks, spans, strict=True):
            used = np.where(told, lengths, 0)
            places = np.repeat(starts - np.cumsum(used) + used, used) + np.arange(int(used.sum()))
            numbers.append(block.numbers[places].astype(np.int64))
            shares.append(np.repeat(heavy, used))
        return self._summed(np.concatenate(numbers), np.concatenate(shares))

    def _summed(
        self, numbers: NDArray[np.int64], shares: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        live = numbers >= self._floor
        sums = np.bincount(numbers[live] - self._floor, shares[live]).astype(np.float64)
        found = np.flatnonzero(sums)
        order = np.argsort(-sums[found], kind="stable")
        return found[order] + self._floor, sums[found[order]]

    def _freeze(self) -> None:
        if self._keys:
            keys, numbers = (np.frombuffer(one, np.uint32) for one in (self._keys, self._numbers))
            self._blocks.append(_block(self._first, self._next, keys.astype(np.uint64) << _WIDE | numbers))
        self._keys, self._numbers, self._fresh, self._asked = array("I"), array("I"), {}, 0
        self._first = self._next
        while len(self._blocks) > 1 and _is_pair(*self._blocks[-2:]):
            older, newer = self._blocks[-2:]
            self._blocks[-2:] = [_block(older.first, newer.end, np.concatenate((_pairs(older), _pairs(newer))))]


def _is_pair(older: _Block, newer: _Block) -> bool:
    size = newer.end - newer.first
    return older.end - older.first <= size < _LARGEST


def _pairs(block: _Block) -> NDArray[np.uint64]:
    keys = np.repeat(block.keys, block.starts[1:] - block.starts[:-1]).astype(np.uint64)
    return keys << _WIDE | block.numbers


def _block(first: int, end: int, pairs: NDArray[np.uint64]) -> _Block:
    pairs.sort()
    all_keys = (pairs >> _WIDE).astype(np.uint32)
    begins = np.flatnonzero(np.concatenate(([True], all_keys[1:] != all_keys[:-1])))
    starts = np.concatenate((begins, [len(pairs)])).astype(np.uint32)
    return _Block(first, end, all_keys[begins], starts, (pairs & _LOW).astype(np.uint32))
