"""What analysts decided about which documents belong together. The newest act about two documents is the one that holds."""

from collections.abc import Iterable
from typing import NamedTuple

from tocsin.desk.document import Act


class Told(NamedTuple):
    """Of one document: those it belongs to, newest act first, and those it does not belong to."""

    together: tuple[str, ...]
    apart: tuple[str, ...]


class Decided:
    """Acts in their order of time, asked by document."""

    def __init__(self, acts: Iterable[Act] = ()) -> None:
        self._about: dict[str, dict[str, tuple[int, bool]]] = {}
        for act in sorted(acts, key=lambda one: one.at_us):
            self.add(act)

    def add(self, act: Act) -> None:
        """Remember an act."""
        for one in act.left:
            for other in act.right:
                if one != other:
                    self._set(one, other, act)
                    self._set(other, one, act)

    def _set(self, one: str, other: str, act: Act) -> None:
        held = self._about.setdefault(one, {})
        if other not in held or held[other][0] <= act.at_us:
            held[other] = (act.at_us, act.together)

    def of(self, document: str) -> Told:
        """What was decided about a document."""
        held = sorted(self._about.get(document, {}).items(), key=lambda one: -one[1][0])
        return Told(
            tuple(name for name, (_, together) in held if together),
            tuple(name for name, (_, together) in held if not together),
        )

    def forbids(self, documents: Iterable[str], others: Iterable[str]) -> bool:
        """Whether any of some documents must stay apart from any of some others."""
        return self._says(documents, others, is_together=False)

    def joins(self, documents: Iterable[str], others: Iterable[str]) -> bool:
        """Whether any of some documents belongs together with any of some others."""
        return self._says(documents, others, is_together=True)

    def _says(self, documents: Iterable[str], others: Iterable[str], *, is_together: bool) -> bool:
        if not self._about:
            return False
        wanted = set(others)
        return any(
            name in wanted and together is is_together
            for one in documents
            for name, (_, together) in self._about.get(one, {}).items()
        )
