"""What must not be blocked, whoever asks for it: the warninglists, every member's own networks and names, what is too broad.

The gate asks with `refusals`, in batches, and nearly every value leaves it after one look into a bit map. Exports ask
with `holding`, of every list.
"""

import asyncio
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, TypedDict
from zlib import crc32

import msgspec

from tocsin.errors import TocsinError
from tocsin.exchange.match.chosen import (
    CHOSEN,
    FLOOR,
    MEMBERS,
    PRACTICE_NAMES,
    PRACTICE_SPANS,
    SHORTEST,
    SHORTEST_OWN,
    Effect,
)
from tocsin.exchange.members.registry import Members
from tocsin.formats import denylist, values
from tocsin.formats.denylist import NAME_MASK, Hit, Lists, mark_name, mark_span
from tocsin.formats.stix.compared import Compared, compared
from tocsin.formats.values import Kind, Span
from tocsin.ports.denylists import DenyLists
from tocsin.ports.metrics import SILENT, Meter

_BEHIND: Final = 1 << 128
_PLAIN_NAME: Final = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z][a-z0-9-]*")  # its last label is no number
_PEACEFUL: Final = frozenset(("benign", "compromised"))
_OCTETS: Final = tuple(
    MappingProxyType({str(octet): octet << shift for octet in range(256)}) for shift in (24, 16, 8, 0)
)
_HASHES: Final = ("[file:hashes.MD5 = ", "[file:hashes.")


class _Calls(TypedDict, total=False):
    """What of an indicator is looked at."""

    pattern: str
    pattern_type: str
    indicator_types: list[str]


class Own:
    """Networks and names that the members of the charter answer for."""

    def __init__(self, members: Members, lists: Lists) -> None:
        claims = [one.constituency for one in members.charter.members.values()]
        networks = [span for one in claims for text in one.get("cidr", ()) for span in values.spans(text)[:1]]
        self.spans = denylist.merged(one for one in networks if values.width(one) >= SHORTEST_OWN[one.version])
        names = {values.name(text.removeprefix("*.")) for one in claims for text in one.get("domains", ())}
        # A member that claimed "com" could keep the others from sharing anything below it.
        self.names = frozenset(one for one in names if "." in one and not _is_public_suffix(lists, one))

    def has_span(self, span: Span) -> bool:
        """Whether any address of it is a member's own."""
        at = bisect_right(self.spans, Span(span.version, span.last, _BEHIND)) - 1
        return at >= 0 and self.spans[at].version == span.version and self.spans[at].last >= span.first

    def has_name(self, domain: str) -> bool:
        """Whether a name is a member's own, or below one."""
        return any(one in self.names for one in values.parents(domain)) if self.names else False


def _is_public_suffix(lists: Lists, name: str) -> bool:
    return any(hit.list in ("tlds", "second-level-tlds") and hit.exact for hit in lists.names(name))


class DenyList:
    """One per node. Until `load` has returned, and when it failed, only the members' own and the floor are known."""

    def __init__(self, members: Members, meter: Meter = SILENT) -> None:
        self._members = members
        self._meter = meter
        self._lists = denylist.empty()
        self._charter = -1
        self._own: Own | None = None
        self._v4 = self._names = bytearray()
        self._settled = asyncio.Event()
        self.fault: str | None = "config.denylists"  # why the warninglists are not there; None: they are

    async def load(self, source: DenyLists) -> None:
        """Have the lists loaded. Raises ConfigError("config.denylists"); sharing goes on, exporting does not."""
        try:
            self.use(await source.load())
        except TocsinError as error:
            self.fault = error.code
            raise
        finally:
            self._settled.set()

    def use(self, lists: Lists) -> None:
        """Ask these lists from now on."""
        self._lists, self._charter, self.fault = lists, -1, None
        self._settled.set()

    async def settled(self) -> None:
        """Wait until the lists are there, or are known to be missing."""
        await self._settled.wait()

    def described(self) -> dict[str, Any]:
        """For people: which lists are asked, with their versions and sizes."""
        return {
            "fault": self.fault,
            "lists": [
                {"list": one.list, "version": one.version, "entries": one.entries, "effect": CHOSEN[one.list].value}
                for one in self._lists.tables
            ],
            "own_networks": len(self._known().spans),
            "own_names": len(self._known().names),
        }

    # -- the gate -------------------------------------------------------------------------------------------------

    def refusals(self, indicators: Sequence[Mapping[str, Any]]) -> list[tuple[str, ...]]:
        """For each indicator the lists that forbid it. See ports.denylists.Gatekeeper."""
        found = self._ask(indicators)
        for name, count in Counter(name for one in found for name in one).items():
            self._meter.count("tocsin_gate_listed_total", count, list=name)
        return found

    def told(self, contents: Sequence[bytes]) -> list[tuple[str, ...]]:
        """As `refusals`, for the bytes of shown indicators, ours and others': what the gate would say of them today."""
        return self._ask([_calls(content) for content in contents])

    def _ask(self, indicators: Sequence[Mapping[str, Any]]) -> list[tuple[str, ...]]:
        self._known()
        passes = self._passes
        return [() if passes(one["pattern"]) else self.forbidding(one) for one in indicators]

    def forbidding(self, indicator: Mapping[str, Any]) -> tuple[str, ...]:
        """The lists that forbid an indicator; what it does not call to block, none forbids."""
        if indicator.get("pattern_type") != "stix" or _PEACEFUL.issuperset(indicator.get("indicator_types") or ("",)):
            return ()
        found = (name for one in compared(indicator["pattern"]) for name in self._refusing(one))
        return tuple(dict.fromkeys(found))

    def _passes(self, pattern: str) -> bool:
        """Whether the filters alone say that nothing forbids this pattern. For the usual forms only, and quick."""
        parts = pattern.split("'", 4)
        head = parts[0]
        if len(parts) == 3 and parts[2] == "]":
            text = parts[1]
            if head == "[ipv4-addr:value = ":
                return self._passes_v4(text)
            if head == "[domain-name:value = ":
                return self._passes_name(text)
            return head == _HASHES[0] and self._passes_hash(text)
        return (
            len(parts) == 5
            and head == _HASHES[1]
            and parts[2] == " = "
            and parts[4] == "]"
            and self._passes_hash(parts[3])
        )

    def _passes_v4(self, text: str) -> bool:
        a, b, c, d = _OCTETS
        try:
            p, q, r, s = text.split(".")
            number = a[p] | b[q] | c[r] | d[s]
        except (ValueError, KeyError):
            return False
        if not self._v4[number >> 11] >> (number >> 8 & 7) & 1:
            return True
        lists = self._lists
        at = bisect_right(lists.v4_first, number) - 1
        listed = at >= 0 and lists.v4_last[at] >= number
        return not listed and not self._known().has_span(Span(4, number, number))

    def _passes_name(self, text: str) -> bool:
        bits, domain = self._names, text.lower()
        if not _PLAIN_NAME.fullmatch(domain):
            return False
        for name in (domain, domain[4:]) if domain[:4] == "www." else (domain,):
            bit = crc32(name.encode()) & NAME_MASK
            if bits[bit >> 3] >> (bit & 7) & 1 and self._lists.is_marked(name):
                return False
        at, above = 0, "." + domain
        while at >= 0:
            bit = crc32(above[at:].encode()) & NAME_MASK
            if bits[bit >> 3] >> (bit & 7) & 1 and (
                above[at + 1 :] in self._known().names or self._lists.is_marked(above[at:])
            ):
                return False
            at = above.find(".", at + 1)
        return True

    def _passes_hash(self, text: str) -> bool:
        lowered = text.lower()
        bit = crc32(lowered.encode()) & NAME_MASK
        return not (self._names[bit >> 3] >> (bit & 7) & 1 and self._lists.is_marked(lowered))

    # -- lists by their effect --------------------------------------------------------------------------------------

    def _refusing(self, one: Compared) -> Iterator[str]:
        for hit, is_page in self._hits(one):
            effect = CHOSEN.get(hit.list, Effect.REFUSE)
            if effect is Effect.REFUSE and is_page and hit.list not in (MEMBERS, FLOOR):
                effect = Effect.NAMED if hit.exact else Effect.HOLD
            if effect is Effect.REFUSE or (effect is Effect.NAMED and hit.exact and not is_page):
                yield hit.list

    def holding(self, kind: Kind, text: str) -> tuple[str, ...]:
        """Every list that has a value, whatever its effect: it is not to be exported for blocking."""
        return tuple(
            dict.fromkeys(hit.list for hit, _ in self._hits(Compared(kind, text, suffices=True), practice=False))
        )

    def _hits(self, one: Compared, *, practice: bool = True) -> Iterator[tuple[Hit, bool]]:
        """(hit, is_page) of one value. is_page: only a page of the listed host is meant. `practice`: may be shared."""
        if one.is_wild:
            yield from ((hit, False) for hit in self._wild(one))
        elif one.kind is Kind.HASH:
            yield from ((hit, False) for hit in self._lists.hashes(values.digest(one.text)))
        elif one.kind is Kind.EMAIL:
            address, domain = values.mailbox(one.text)
            yield from ((hit, False) for hit in self._lists.mailboxes(address) if address)
            if self._known().has_name(domain):
                yield Hit(MEMBERS, exact=True), False
        elif one.kind is Kind.URL:
            place = values.host(one.text)
            if place is not None:
                kind = Kind.DOMAIN if place.is_bare else Kind.URL
                yield from self._placed(place.text, kind, practice=practice)
        else:
            yield from self._placed(one.text, one.kind, practice=practice)

    def _placed(self, text: str, kind: Kind, *, practice: bool) -> Iterator[tuple[Hit, bool]]:
        found = values.spans(text)
        for span in found:
            yield from ((hit, False) for hit in self._spanned(span, practice=practice))
        domain = "" if found else values.name(text)
        if domain and not (practice and _is_practice(domain)):
            yield from ((hit, kind is Kind.URL) for hit in self._lists.names(domain, kind))
        if domain and self._known().has_name(domain):
            yield Hit(MEMBERS, exact=True), False

    def _spanned(self, span: Span, *, practice: bool) -> Iterator[Hit]:
        if values.width(span) < SHORTEST[span.version]:
            yield Hit(FLOOR, exact=True)
        if self._known().has_span(span):
            yield Hit(MEMBERS, exact=True)
        exempt = practice and any(
            one.version == span.version and one.first <= span.first and span.last <= one.last for one in PRACTICE_SPANS
        )
        if not exempt:
            yield from self._lists.addresses(span)

    def _wild(self, one: Compared) -> Iterator[Hit]:
        text = one.text
        if one.kind is Kind.URL:
            place = values.host(text)
            text = place.text if place is not None else ""
        if one.kind in (Kind.URL, Kind.DOMAIN, Kind.IP):
            literal = max(text.split("%"), key=len).strip("._")
            # Less than a name, or a name for all: it would block what nobody has looked at.
            if "." not in literal:
                yield Hit(FLOOR, exact=True)
            elif "%" in text or one.kind is not Kind.IP:
                yield from (hit for hit, _ in self._placed(literal, Kind.DOMAIN, practice=True))

    # -- what the members call their own ----------------------------------------------------------------------------

    def _known(self) -> Own:
        version = self._members.charter.version if self._members.has_charter else 0
        if self._own is None or version != self._charter:
            self._own, self._charter = Own(self._members, self._lists), version
            self._v4 = bytearray(self._lists.v4_filter)
            for span in PRACTICE_SPANS:
                if span.version == 4:
                    mark_span(self._v4, span, clear=True)
            for span in self._own.spans:
                if span.version == 4:
                    mark_span(self._v4, span)
            self._names = bytearray(self._lists.name_filter)
            for name in self._own.names:
                mark_name(self._names, "." + name)
        return self._own


def _is_practice(domain: str) -> bool:
    return any(one in PRACTICE_NAMES for one in values.parents(domain))


def _calls(content: bytes) -> Mapping[str, Any]:
    try:
        return {"pattern": "", **msgspec.json.decode(content, type=_Calls)}
    except msgspec.MsgspecError:  # it passed the gate of an older version
        return {"pattern": ""}
