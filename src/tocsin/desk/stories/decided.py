"""What analysts decided about which documents belong together. The newest act about two documents is the one that holds."""

from collections.abc import Iterable, KeysView
from typing import NamedTuple

from tocsin.desk.document import Act


class Told(NamedTuple):
    """Of one document: those it belongs to, newest act first, and those it does not belong to."""

    together: tuple[str, ...]
    apart: tuple[str, ...]


class _Side(NamedTuple):
    """An act as one of its documents sees it. All documents of a side share `others`: two large stories must not cost all pairs."""

    at_us: int
    number: int  # of the act, in the order in which they came
    together: bool
    others: KeysView[str]


class Decided:
    """Acts in their order of time, asked by document."""

    def __init__(self, acts: Iterable[Act] = ()) -> None:
        self._of: dict[str, list[_Side]] = {}
        self._acts = 0
        for act in sorted(acts, key=lambda one: one.at_us):
            self.add(act)

    def add(self, act: Act) -> None:
        """Remember an act."""
        self._acts += 1
        left, right = dict.fromkeys(act.left).keys(), dict.fromkeys(act.right).keys()
        for mine, others in ((left, right), (right, left)):
            side = _Side(act.at_us, self._acts, act.together, others)
            for one in mine:
                held = self._of.setdefault(one, [])
                held.append(side)
                held.sort(key=lambda each: (-each.at_us, -each.number))

    def of(self, document: str) -> Told:
        """What was decided about a document."""
        found: dict[str, bool] = {}
        for side in self._of.get(document, ()):
            for other in side.others:
                if other != document:
                    found.setdefault(other, side.together)
        return Told(
            tuple(name for name, together in found.items() if together),
            tuple(name for name, together in found.items() if not together),
        )

    def forbids(self, documents: Iterable[str], others: Iterable[str]) -> bool:
        """Whether any of some documents must stay apart from any of some others."""
        return self._says(documents, others, is_together=False)

    def joins(self, documents: Iterable[str], others: Iterable[str]) -> bool:
        """Whether any of some documents belongs together with any of some others."""
        return self._says(documents, others, is_together=True)

    def _says(self, documents: Iterable[str], others: Iterable[str], *, is_together: bool) -> bool:
        if not self._of:
            return False
        wanted = set(others)
        for one in documents:
            open_ = wanted - {one}
            for side in self._of.get(one, ()):
                found = side.others & open_
                if found and side.together is is_together:
                    return True
                open_ -= found
        return False
