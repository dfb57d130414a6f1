"""What the entries of a scope say of one value that one member gave: who came first, who confirmed, who used it."""

from bisect import bisect
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from tocsin.exchange.fairness.facts import Sort, Word
from tocsin.exchange.fairness.gathering import Item, Linked, Said
from tocsin.exchange.fairness.scope import Scope

SKEW_US: Final = 3_600_000_000
"""By how much the clock of who speaks of an object may be behind the clock of who gave it."""

_USEFUL: Final = Word.SIGHTED | Word.USED
_GOOD: Final = Word.SIGHTED | Word.USED | Word.RIGHT


@dataclass(slots=True)
class Verdict:
    """On one value of one giver. Members by what they have said of it."""

    is_own: bool  # it was given under an object id that no other member had used for it before
    is_warning: bool
    confirmed: bool = False
    first: bool = False
    alone: bool = False  # nobody else gave it in an object that proved useful
    delay_us: int | None = None  # from seen, as its giver says, to shared
    words: dict[str, Word] = field(default_factory=dict)
    opinions: dict[str, bool] = field(default_factory=dict)  # the last word of each: right or false
    answers_us: dict[str, int] = field(default_factory=dict)  # from warned to answered

    def heard(self, judges: Callable[[str], bool], word: Word) -> bool:
        """Whether one of these has said so."""
        return any(one & word and judges(who) for who, one in self.words.items())


class View:
    """One scope over what is linked."""

    def __init__(self, linked: Linked, scope: Scope) -> None:
        self.scope = scope
        self._linked = linked
        self._known: dict[tuple[str, int], Verdict] = {}

    def given(self, giver: str, channel: str = "") -> Iterator[tuple[int, Verdict]]:
        """Each value with something to judge that a member gave in the period, in one channel or in any."""
        logs = frozenset(self.scope.logs(giver, channel))
        since, until = self.scope.since, self.scope.until
        for value in self._linked.values_of.get(giver, ()):
            items = self._linked.by_value[value]
            if any(
                one.log in logs and since <= one.shared < until and self.scope.holds(one.log, one.seq) for one in items
            ):
                yield value, self.verdict(giver, value)

    def verdict(self, giver: str, value: int) -> Verdict:
        """What the whole scope says of a value that a member gave."""
        found = self._known.get((giver, value))
        if found is None:
            found = self._known[giver, value] = self._judge(giver, value)
        return found

    def _judge(self, giver: str, value: int) -> Verdict:
        items = [one for one in self._linked.by_value[value] if self.scope.holds(one.log, one.seq)]
        mine, others = _reports(items, giver)
        warning = any(one.sort == Sort.WARNING for one in items if one.origin == giver)
        if not mine:
            return Verdict(False, warning)
        out = Verdict(True, warning)
        for object_ in {one.object: None for one in mine}:
            for one in self._about(object_, giver, value):
                _note(out, one, mine[0])
        begun = mine[0]
        later = any(one.order > begun.order and _independent(one, begun) for one in others)
        out.confirmed = later or any(one & Word.SIGHTED for one in out.words.values())
        out.first = out.confirmed and not any(one.order < begun.order for one in others)
        out.alone = not any(self._is_useful(one) for one in others)
        out.delay_us = max(0, begun.shared - begun.seen) if begun.seen else None
        return out

    def _about(self, object_: int, owner: str, value: int) -> Iterable[Said]:
        """What recipients have said of an object while it spoke of this value, if this member first gave it; in order."""
        said = self._linked.said.get(object_)
        if not said:
            return ()
        items = [one for one in self._linked.by_object.get(object_, ()) if self.scope.holds(one.log, one.seq)]
        if not items or items[0].origin != owner:
            return ()
        versions = [one for one in items if one.origin == owner]
        spoke_of = _values(versions)
        return [
            one
            for one in said
            if one.giver != owner
            and self.scope.holds(one.log, one.seq)
            and self._had(one, versions)
            and spoke_of(one) == value
        ]

    def _had(self, said: Said, versions: Iterable[Item]) -> bool:
        """Whether who spoke had been given the object by then: what is given later, or taken up again, inherits nothing."""
        return any(
            one.shared - SKEW_US <= said.shared and said.giver in self.scope.places[one.log].audience
            for one in versions
        )

    def _is_useful(self, report: Item) -> bool:
        return any(one.word & _USEFUL for one in self._about(report.object, report.origin, report.value))


def _reports(items: Iterable[Item], giver: str) -> tuple[list[Item], list[Item]]:
    """Reports of one value by a giver and by others. Passing on what another gave under the same id is no report."""
    owners: dict[int, str] = {}
    own = [one for one in items if owners.setdefault(one.object, one.origin) == one.origin]
    return [one for one in own if one.origin == giver], [one for one in own if one.origin != giver]


def _values(versions: Sequence[Item]) -> Callable[[Said], int]:
    """Which value an object had when somebody spoke of it: a version made later takes nothing of what was said before."""
    orders = [one.order for one in versions]
    return lambda said: versions[max(0, bisect(orders, (said.shared, said.slot, said.seq)) - 1)].value


def _independent(one: Item, other: Item) -> bool:
    return one.object != other.object and not (one.author and one.author == other.author)


def _note(out: Verdict, said: Said, begun: Item) -> None:
    who = said.giver
    out.words[who] = out.words.get(who, Word(0)) | said.word
    if said.word & (Word.FALSE | _GOOD):
        out.opinions[who] = not said.word & Word.FALSE
    if said.word & Word.ANSWERED and out.is_warning:
        out.answers_us.setdefault(who, max(0, said.shared - begun.shared))
