"""The marking computes the audience: one pure function decides who may get an object, and says why not.

The rules stand as a table in docs/formats/marking.md. Whatever is not understood is refused, and every reason is told.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tocsin.errors import FormatError
from tocsin.formats.tlp import FIXED, Tlp


class ChannelKind(StrEnum):
    """What a channel is, by its audience."""

    PLENARY = "plenary"  # every member of the charter
    THEMATIC = "thematic"  # a named group, each of whom countersigned
    BILATERAL = "bilateral"  # two members


@dataclass(frozen=True, slots=True)
class Marking:
    """What all marking references of an object add up to."""

    level: Tlp | None  # the strictest; None when nobody said
    unknown: tuple[str, ...]  # references that lead to nothing understood, sorted


@dataclass(frozen=True, slots=True)
class Received:
    """Where an object came from that is to be passed on."""

    origin: str  # handle of the member it came from
    marking: Tlp  # of the entry it came in
    released: bool  # whether the origin signed a release for this


@dataclass(frozen=True, slots=True)
class Question:
    """Everything the decision depends on, and nothing else: equal questions have equal answers."""

    marking: Tlp | None  # the strictest of the object's own markings
    floor: Tlp | None  # what the author said on sharing
    unknown: tuple[str, ...]  # marking references that were not understood
    kind: ChannelKind
    roster: frozenset[str]  # handles
    author: str  # handle of the member who publishes
    plenary_ceiling: Tlp  # from the charter
    named_people: bool  # whether the channel is closed to named people
    ends: tuple[Tlp, ...]  # of a relationship or sighting: what each end is marked
    received: Received | None  # None for what the author has made itself


@dataclass(frozen=True, slots=True)
class Reason:
    """Why not: a code of tocsin.errors and one sentence without object content."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The decision. `marking` is the effective level, also when refused; `audience` is empty when refused."""

    allowed: bool
    marking: Tlp | None
    audience: frozenset[str]
    reasons: tuple[Reason, ...]


def marking_refs(stix_object: Mapping[str, Any]) -> tuple[str, ...]:
    """All marking references of a STIX object, its granular ones included (STIX 2.1 section 7.2.3).

    Raises FormatError("format.stix-marking") when they are not where and what the standard says.
    """
    whole = stix_object.get("object_marking_refs", ())
    granular = stix_object.get("granular_markings", ())
    if not isinstance(whole, (list, tuple)) or not isinstance(granular, (list, tuple)):
        raise FormatError("format.stix-marking", "The markings of the object are not a list.")
    refs = [*whole]
    for part in granular:
        if not isinstance(part, Mapping) or not ("marking_ref" in part or "lang" in part):
            raise FormatError("format.stix-marking", "A granular marking names neither a marking nor a language.")
        if "marking_ref" in part:
            refs.append(part["marking_ref"])
    if not all(isinstance(ref, str) for ref in refs):
        raise FormatError("format.stix-marking", "A marking reference is not an identifier.")
    return tuple(refs)


def strictest(refs: Iterable[str], definitions: Mapping[str, Tlp | None]) -> Marking:
    """What marking references add up to: the strictest wins, whether of the whole object or of a part of it.

    `definitions` maps the id of each marking-definition at hand to its `tlp.reading` (None: changes no audience).
    The fixed TLP ids are always known, whatever `definitions` says of them. Total.
    """
    level: Tlp | None = None
    unknown: set[str] = set()
    for ref in refs:
        found = FIXED.get(ref)
        if found is None:
            if ref not in definitions:
                unknown.add(ref)
                continue
            found = definitions[ref]
        if found is not None and (level is None or found > level):
            level = found
    return Marking(level, tuple(sorted(unknown)))


def ceiling(kind: ChannelKind, plenary_ceiling: Tlp, named_people: bool) -> Tlp | None:
    """The strictest level a channel may carry; None for a kind that is not known. The one place of this rule.

    The charter opens the plenary to AMBER or does not; it can neither close it to GREEN nor open it further.
    """
    match kind:
        case ChannelKind.PLENARY:
            return Tlp.AMBER if plenary_ceiling >= Tlp.AMBER else Tlp.GREEN
        case ChannelKind.THEMATIC:
            return Tlp.RED if named_people else Tlp.AMBER_STRICT
        case ChannelKind.BILATERAL:
            return Tlp.RED
        case _:
            return None


def decide(question: Question) -> Verdict:
    """Whether an object may be published in a channel, under which marking, to whom; and if not, every reason. Total.

    The effective marking is the strictest of what the object, its author and, for a relationship, both ends say.
    What came from another member keeps at least the marking it came with: only its origin may loosen it.
    """
    q = question
    level = _effective(q)
    # The first reason is the one people are told to act on: what is not understood comes before what is not said.
    reasons: list[Reason] = [*_unknown(q.unknown)]
    if level is None:
        reasons.append(Reason("policy.unmarked", "Neither the object nor its author says who may read it."))
    reasons += _channel(level, q.kind, q.roster, q.plenary_ceiling, q.named_people)
    if q.roster and q.author not in q.roster:
        reasons.append(Reason("policy.not-a-member", "The author is not on the roster of the channel."))
    if q.received is not None and _needs_release(q.received, q.author):
        text = f"It came from another member as {q.received.marking.label}, without a release."
        reasons.append(Reason("policy.release-needed", text))
    if reasons:
        return Verdict(allowed=False, marking=level, audience=frozenset(), reasons=tuple(reasons))
    return Verdict(allowed=True, marking=level, audience=q.roster, reasons=())


def fits(
    marking: Tlp, own: Marking, kind: ChannelKind, roster: frozenset[str], plenary_ceiling: Tlp, named_people: bool
) -> tuple[Reason, ...]:
    """What a receiver holds against an entry header's `marking`; empty when it fits. Total.

    `own` is what the object's markings add up to. The header may be stricter than the object, never looser, and must
    be allowed in the channel by the same rule by which the sender had to decide.
    """
    reasons = [*_unknown(own.unknown)]
    if own.level is not None and marking < own.level:
        text = f"The entry says {marking.label}, its object {own.level.label}."
        reasons.append(Reason("policy.header-too-loose", text))
    reasons += _channel(marking, kind, roster, plenary_ceiling, named_people)
    return tuple(reasons)


def _effective(q: Question) -> Tlp | None:
    said = [level for level in (q.marking, q.floor, *q.ends) if level is not None]
    if not said:
        return None
    if q.received is not None and q.received.origin != q.author:
        said.append(q.received.marking)
    return max(said)


def _needs_release(received: Received, author: str) -> bool:
    return received.marking > Tlp.GREEN and not received.released and received.origin != author


def _unknown(refs: tuple[str, ...]) -> Iterator[Reason]:
    if refs:
        yield Reason(
            "policy.unknown-marking", f"{len(refs)} marking reference(s) lead to nothing this node understands."
        )


def _channel(
    level: Tlp | None, kind: ChannelKind, roster: frozenset[str], plenary_ceiling: Tlp, named_people: bool
) -> Iterator[Reason]:
    """The rules of the channel itself, which sender and receiver share."""
    limit = ceiling(kind, plenary_ceiling, named_people)
    if limit is None:
        yield Reason("policy.unknown-channel", "The channel is of a kind this node does not know.")
    elif level is not None and level > limit:
        yield Reason("policy.above-ceiling", f"This {kind} channel may carry up to {limit.label}, not {level.label}.")
    if not roster:
        yield Reason("policy.no-roster", "The roster of the channel is empty or missing.")
    elif kind == ChannelKind.BILATERAL and len(roster) != 2:
        yield Reason("policy.bilateral-not-two", f"The roster of the bilateral channel has {len(roster)} member(s).")
