"""Whom objects concern, and why, in words people understand. In memory, over objects that are already parsed.

An object concerns a member when it names something of the member's, or when an object does to which it is linked: what it
points to, within two steps; what points to it, within one; and whom those target that have a relationship to it. Not
what merely stands beside it: two indicators of one malware, of which one lies in a member's network, do not both concern it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from tocsin.exchange.match import observables, values
from tocsin.exchange.match.constituency import (
    ADDRESS,
    ASN,
    COUNTRY,
    EMAIL,
    IDENTITY,
    SECTOR,
    URL,
    Claim,
    Index,
    Named,
)
from tocsin.exchange.match.observables import Link

FAN_OUT: Final = 64  # links of one object that are followed, the first in order
MOST_LINKS: Final = 500_000  # of one share
MOST_NAMING: Final = 500_000  # objects of one share that name somebody's
MOST_REASONS: Final = 8  # told for one object and member
_MOST_HITS: Final = 256  # of one object
_LONGEST: Final = 120
_AIMS: Final = frozenset({"targets", "victim", "victim-of", "affects"})
_VERBS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "targets": "targets",
        "victim": "has as its victim",
        "affects": "affects",
        "located-at": "is located in",
        "originates-from": "originates from",
        "sighted-at": "was sighted at",
    }
)
_SILENT: Final = frozenset({"of"})  # from a relationship to its own source


class Hit(NamedTuple):
    """What somebody claims, as an object names it, over which links the object comes to it."""

    claim: Claim
    named: Named
    path: tuple[str, ...] = ()

    def text(self, member: str) -> str:
        """The reason in words."""
        if self.claim.kind in _THINGS:
            return self._thing(member)
        kind, text = self.named
        shown = _cut((values.host(text) if kind == URL else values.after_at(text) if kind == EMAIL else text) or text)
        return f"{self._place(shown, member)}{_through(self.path)}"

    def _thing(self, member: str) -> str:
        verb = _VERBS.get(self.path[-1]) if self.path else None
        thing = {IDENTITY: member, COUNTRY: f"country {self.claim.text}", SECTOR: f"sector {self.claim.text}"}
        return f"{verb or 'names'} {thing[self.claim.kind]}{_through(self.path[:-1] if verb else self.path)}"

    def _place(self, shown: str, member: str) -> str:
        claim = self.claim
        if claim.kind == ASN:
            return f"AS{claim.text} is of {member}"
        if claim.kind == ADDRESS:
            asked, block = values.address(shown), values.address(claim.text)
            if asked is not None and block is not None and asked.prefix < block.prefix:
                return f"{shown} covers {claim.text} of {member}"
            return f"{shown} is in {claim.text} of {member}"
        if claim.wide:
            return f"{shown} is under {claim.text}, all of which {member} answers for"
        same = values.domain(shown) == claim.text
        return f"{shown} is of {member}" if same else f"{shown} is under {claim.text} of {member}"


_THINGS: Final = frozenset({COUNTRY, SECTOR, IDENTITY})


def _through(path: Sequence[str]) -> str:
    told = [one for one in path if one not in _SILENT]
    return f", through {' and '.join(told)}" if told else ""


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


class Inquiry:
    """Objects that are looked at together. add() what there is, then ask by id.

    Kept are the hits and the links, not the objects. `cut` tells that there were more than are followed.
    """

    def __init__(self, index: Index) -> None:
        self._index = index
        self._hits: dict[str, list[Hit]] = {}
        self._forward: dict[str, list[tuple[str, str]]] = {}
        self._backward: dict[str, list[tuple[str, str]]] = {}
        self._links = 0
        self.cut = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing was named by anything yet."""
        return not self._hits

    def add(self, objects: Iterable[Mapping[str, Any]]) -> None:
        """Take in what these name and to what they point."""
        places: list[str] = []
        batch: list[Named] = []
        for value in objects:
            found = observables.names(value)
            if found:
                batch += found
                places += [str(value.get("id", ""))] * len(found)
            self.link(observables.links(value))
        for place, claim in self._index.match_many(batch):
            hits = self._hits.get(places[place])
            if hits is None:
                if len(self._hits) >= MOST_NAMING:
                    self.cut = True
                    continue
                hits = self._hits[places[place]] = []
            if len(hits) < _MOST_HITS:
                hits.append(Hit(claim, batch[place]))

    def link(self, links: Iterable[Link]) -> None:
        """Take in links alone."""
        for one in links:
            if self._links >= MOST_LINKS:
                self.cut = True
                return
            self._links += 1
            self._forward.setdefault(one.source, []).append((one.label, one.target))
            if one.free:
                self._backward.setdefault(one.target, []).append((one.label, one.source))

    def mentioned(self) -> set[str]:
        """Every id at an end of a link."""
        targets = (target for each in self._forward.values() for _, target in each)
        return {*self._forward, *targets}

    def concerns(self, object_id: str) -> bool:
        """Whether asking for reasons could be of use; cheap."""
        return object_id in self._hits or object_id in self._forward or object_id in self._backward

    def hits(self, object_id: str) -> list[Hit]:
        """Everything that makes an object concern somebody, what is nearest first."""
        found = [*self._hits.get(object_id, ()), *self._one_step(object_id), *self._two_steps(object_id)]
        return found[: 4 * _MOST_HITS]

    def reasons(self, object_id: str) -> dict[str, list[str]]:
        """Whom an object concerns, with up to MOST_REASONS reasons each."""
        out: dict[str, dict[str, None]] = {}
        for hit in self.hits(object_id):
            for owner in hit.claim.owners:
                told = out.setdefault(owner, {})
                if len(told) < MOST_REASONS:
                    told[hit.text(owner)] = None
        return {owner: list(told) for owner, told in sorted(out.items())}

    def _one_step(self, object_id: str) -> list[Hit]:
        return _distinct(
            hit._replace(path=(label,))
            for label, other in chain(self._links_of(object_id), self._links_to(object_id))
            for hit in self._hits.get(other, ())
        )

    def _two_steps(self, object_id: str) -> list[Hit]:
        return _distinct(
            hit._replace(path=(label, *hit.path))
            for label, other, either in chain(
                ((label, other, False) for label, other in self._links_of(object_id)),
                ((label, other, True) for label, other in self._links_to(object_id)),
            )
            if label not in _SILENT
            for hit in self._forward_step(other, object_id)
            if not either or hit.path[-1] in _AIMS
        )

    def _forward_step(self, object_id: str, home: str) -> Iterator[Hit]:
        """From an object onwards, but not back to where we come from."""
        for label, other in self._links_of(object_id):
            for hit in self._hits.get(other, ()) if other != home else ():
                yield hit._replace(path=(label,))

    def _links_of(self, object_id: str) -> Sequence[tuple[str, str]]:
        return self._bounded(self._forward.get(object_id, ()))

    def _links_to(self, object_id: str) -> Sequence[tuple[str, str]]:
        return self._bounded(self._backward.get(object_id, ()))

    def _bounded(self, found: Sequence[tuple[str, str]]) -> Sequence[tuple[str, str]]:
        if len(found) <= FAN_OUT:
            return found
        self.cut = True
        return found[:FAN_OUT]


def _distinct(hits: Iterable[Hit]) -> list[Hit]:
    found: dict[Hit, None] = {}
    for hit in hits:
        found.setdefault(hit)
        if len(found) >= _MOST_HITS:
            break
    return list(found)


def concerned(index: Index, objects: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Whom these parsed objects concern together, with the reasons."""
    inquiry = Inquiry(index)
    inquiry.add(objects)
    out: dict[str, dict[str, None]] = {}
    for value in objects:
        for owner, reasons in inquiry.reasons(str(value.get("id", ""))).items():
            out.setdefault(owner, {}).update(dict.fromkeys(reasons))
    return {owner: list(reasons)[:MOST_REASONS] for owner, reasons in sorted(out.items())}
