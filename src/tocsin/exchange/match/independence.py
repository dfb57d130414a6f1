"""How many origins stand for a value, each with a finding of its own."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple


class Witness(NamedTuple):
    """One member's copy of an indicator."""

    object_id: str
    member: str
    creator: str
    position: int
    marking: int


class Groups:
    """Names that stand for the same thing."""

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self._parent: dict[str, str] = {}
        for one, other in pairs:
            self.join(one, other)

    def join(self, one: str, other: str) -> None:
        """Say that the two are the same."""
        self._parent[self.root(one)] = self.root(other)

    def root(self, one: str) -> str:
        """The name of its group; of itself, if it is in none."""
        while (above := self._parent.get(one, one)) != one:
            self._parent[one] = self._parent.get(above, above)
            one = above
        return one


def independent(witnesses: Sequence[Witness], copies: Groups) -> int:
    """The most members that can each be given a finding that no other of them is given.

    A finding is all indicators that are copies of one another: of one id, by one creator, or in one group of `copies`.
    """
    if len({one.member for one in witnesses}) < 2:
        return min(len(witnesses), 1)
    findings = Groups((copies.root(one.object_id), one.creator) for one in witnesses if one.creator)
    told: dict[str, set[str]] = {}
    for one in witnesses:
        told.setdefault(one.member, set()).add(findings.root(copies.root(one.object_id)))
    given: dict[str, str] = {}
    return sum(_give(member, told, given, set()) for member in sorted(told))


def _give(member: str, told: Mapping[str, set[str]], given: dict[str, str], seen: set[str]) -> bool:
    """Find this member a finding of its own; others may have to change theirs (Kuhn's algorithm)."""
    for finding in sorted(told[member] - seen):
        seen.add(finding)
        if finding not in given or _give(given[finding], told, given, seen):
            given[finding] = member
            return True
    return False
