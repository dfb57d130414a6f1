"""A second look at a story that has grown: whether its members are two events that were taken for one while there were few.

The members are joined pair by pair, the likest first (average linkage), until two parts are left. If documents of different parts
are clearly less like one another than documents within each part, the parts are two events.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tocsin.desk import thresholds

Words = tuple[bytes, bytes]
"""Words of a member as numbers of four bytes, and the weight of each, of two."""
_Matrix = NDArray[np.float64]


def parted(members: Sequence[Words]) -> tuple[int, ...]:
    """The places of those members that are another event than the first one; none if all are one event."""
    if len(members) < 2 * thresholds.PART_LEAST:
        return ()
    likeness = _likeness(members)
    one, other = _halves(likeness)
    if 0 in other:
        one, other = other, one
    if min(len(one), len(other)) < thresholds.PART_LEAST:
        return ()
    across = float(likeness[np.ix_(one, other)].mean())
    return tuple(other) if across < thresholds.PART * min(_within(likeness, one), _within(likeness, other)) else ()


def _likeness(members: Sequence[Words]) -> _Matrix:
    keys = np.frombuffer(b"".join(words for words, _ in members), np.uint32)
    kinds, places = np.unique(keys, return_inverse=True)
    table = np.zeros((len(members), len(kinds)))
    rows = np.repeat(np.arange(len(members)), [len(words) // 4 for words, _ in members])
    table[rows, places] = np.frombuffer(b"".join(weights for _, weights in members), np.uint16)
    return np.asarray(table @ table.T)


def _halves(likeness: _Matrix) -> tuple[list[int], list[int]]:
    count = len(likeness)
    mean = likeness.copy()
    np.fill_diagonal(mean, -1.0)
    groups = {at: [at] for at in range(count)}
    while len(groups) > 2:
        one, other = divmod(int(mean.argmax()), count)
        mine, theirs = len(groups[one]), len(groups[other])
        mean[one] = (mine * mean[one] + theirs * mean[other]) / (mine + theirs)
        mean[:, one] = mean[one]
        mean[one, one] = -1.0
        mean[other] = mean[:, other] = -1.0
        groups[one] += groups.pop(other)
    first, second = groups.values()
    return sorted(first), sorted(second)


def _within(likeness: _Matrix, part: list[int]) -> float:
    own = likeness[np.ix_(part, part)]
    return float((own.sum() - np.trace(own)) / (len(part) * (len(part) - 1)))
