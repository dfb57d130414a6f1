"""Whose it is: an immutable index over what many owners answer for, asked with many values at once.

Owners are members (their constituencies) or anything else that claims values of the same kinds. The most specific claim
wins: the longest prefix, the longest suffix. Blocks are cut into intervals that do not overlap, so that one bisection
finds the innermost; names are looked up by their labels. Nothing here is ever an error: what is no value matches nothing.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from tocsin.exchange.match import values
from tocsin.exchange.match.values import V4_BITS, V6_BITS, Range

ADDRESS: Final = "address"
DOMAIN: Final = "domain"
URL: Final = "url"
EMAIL: Final = "email"
ASN: Final = "asn"
COUNTRY: Final = "country"
SECTOR: Final = "sector"
IDENTITY: Final = "identity"
KINDS: Final = (ADDRESS, DOMAIN, URL, EMAIL, ASN, COUNTRY, SECTOR, IDENTITY)

# As wide as this, a claim or a value names nobody in particular.
WIDEST: Final[Mapping[int, int]] = MappingProxyType({V4_BITS: 8, V6_BITS: 16})
_COVERED: Final = 64  # claims told for one value that is itself a block
_LONGEST_NAME: Final = 254
_SECOND_LEVELS: Final = frozenset(
    [
        "ac",
        "asn",
        "co",
        "com",
        "edu",
        "gob",
        "gouv",
        "gov",
        "govt",
        "gv",
        "int",
        "ltd",
        "me",
        "mil",
        "net",
        "ne",
        "nom",
        "or",
        "org",
        "plc",
        "sch",
        "school",
    ]
)
_CODES: Final[Mapping[str, str]] = MappingProxyType({"UK": "GB", "EU": "EU"})  # top-level domains that are no ISO code

Named = tuple[str, str]
"""(kind, text): what an object names, or what an owner claims."""


class Claim(NamedTuple):
    """What its owners answer for. `wide`: a whole public suffix, which its owners may claim for it is their country's."""

    kind: str
    text: str
    owners: tuple[str, ...]
    wide: bool = False


class Entry(NamedTuple):
    """One claim as its owner wrote it. `home` are the owner's countries, for claims on a whole country's names."""

    kind: str
    text: str
    owner: str
    home: frozenset[str] = frozenset()


class Index:
    """See the module. `too_wide` lists claims that match nothing, for they would match nearly everything."""

    def __init__(self, entries: Iterable[Entry], *, nested: bool = False) -> None:
        """`nested`: of claims inside each other all owners are told, not those of the most specific one only."""
        blocks: dict[Range, dict[str, None]] = {}
        plain: dict[Named, dict[str, None]] = {}
        wide: set[str] = set()
        self.too_wide: list[Entry] = []
        for entry in entries:
            if entry.kind == ADDRESS:
                found = values.address(entry.text)
                if found is None or found.prefix < WIDEST[found.bits]:
                    self.too_wide.append(entry)
                else:
                    blocks.setdefault(found, {})[entry.owner] = None
                continue
            key = normal(entry.kind, entry.text)
            if key is None or (entry.kind == DOMAIN and _is_trap(key, entry.home)):
                self.too_wide.append(entry)
                continue
            if entry.kind == DOMAIN and is_public_suffix(key):
                wide.add(key)
            plain.setdefault((entry.kind, key), {})[entry.owner] = None
        self._plain = {
            kind: {
                text: Claim(kind, text, tuple(owners), kind == DOMAIN and text in wide)
                for (one, text), owners in plain.items()
                if one == kind
            }
            for kind in KINDS
        }
        self._labels = max((text.count(".") + 1 for text in self._plain[DOMAIN]), default=0)
        claims = {block: Claim(ADDRESS, values.shown(block), tuple(owners)) for block, owners in blocks.items()}
        if nested:
            _nest_names(self._plain[DOMAIN])
        self._v4 = _Blocks({block: claim for block, claim in claims.items() if block.bits == V4_BITS}, nested=nested)
        self._v6 = _Blocks({block: claim for block, claim in claims.items() if block.bits == V6_BITS}, nested=nested)
        self.size = len(claims) + len(plain)

    def match_many(self, batch: Sequence[Named]) -> list[tuple[int, Claim]]:
        """(place in the batch, claim) of everything in it that somebody claims; not in the order of the batch."""
        sorted_: dict[str, list[int]] = {}
        for place, (kind, _) in enumerate(batch):
            found = sorted_.get(kind)
            if found is None:
                sorted_[kind] = [place]
            else:
                found.append(place)
        out: list[tuple[int, Claim]] = []
        for kind, places in sorted_.items():
            if kind == ADDRESS:
                out += self._addresses((place, batch[place][1]) for place in places)
            elif kind in _OF_NAMES:
                out += self._names(kind, ((place, batch[place][1]) for place in places))
            elif self._plain.get(kind):
                out += self._texts(kind, ((place, batch[place][1]) for place in places))
        return out

    def match(self, kind: str, text: str) -> list[Claim]:
        """The claims on one value."""
        return [claim for _, claim in self.match_many([(kind, text)])]

    def _addresses(self, asked: Iterable[tuple[int, str]]) -> Iterator[tuple[int, Claim]]:
        # The loop that must be fast: everything it needs is a local name.
        starts, claims, parse = self._v4.starts, self._v4.claims, values.v4
        for place, text in asked:
            number = parse(text)
            if number is None:
                for claim in self._unusual(text):
                    yield place, claim
                continue
            claim_ = claims[bisect_right(starts, number)]
            if claim_ is not None:
                yield place, claim_

    def _unusual(self, text: str) -> list[Claim]:
        """IPv6, blocks, and what is no address."""
        found = values.address(text)
        if found is None:
            return []
        blocks = self._v4 if found.bits == V4_BITS else self._v6
        if found.prefix == found.bits:
            claim = blocks.innermost(found.low)
            return [claim] if claim else []
        return blocks.touched(found) if found.prefix >= WIDEST[found.bits] else []

    def _names(self, kind: str, asked: Iterable[tuple[int, str]]) -> Iterator[tuple[int, Claim]]:
        inner = _OF_NAMES[kind]
        domains, labels = self._plain[DOMAIN], self._labels
        for place, text in asked:
            name = inner(text) if inner else text
            if name is None or len(name) > _LONGEST_NAME:
                continue
            if kind == URL and (":" in name or name[-1:].isdigit()):
                for claim in self._unusual(name):
                    yield place, claim
                continue
            if not name.isascii():
                name = values.domain(name) or ""
            elif name[-1:] == ".":
                name = name[:-1]
            parts = name.lower().rsplit(".", labels)[-labels:] if labels else []
            for at in range(len(parts)):
                found = domains.get(".".join(parts[at:]))
                if found is not None:
                    # Only a hit is worth looking whether all of the text is a name.
                    if values.domain(name) is not None:
                        yield place, found
                    break

    def _texts(self, kind: str, asked: Iterable[tuple[int, str]]) -> Iterator[tuple[int, Claim]]:
        claims = self._plain[kind]
        for place, text in asked:
            key = normal(kind, text)
            found = claims.get(key) if key is not None else None
            if found is not None:
                yield place, found


class _Blocks:
    """Blocks of one family. claims[bisect_right(starts, number)] is the innermost one around a number, or None."""

    def __init__(self, claims: dict[Range, Claim], *, nested: bool) -> None:
        self.starts: list[int] = []
        self.claims: list[Claim | None] = [None]
        self._by_block = claims
        self._nested = nested
        self._sorted = sorted(claims, key=lambda one: (one.low, -one.high))
        self._lows = [one.low for one in self._sorted]
        self._flatten()

    def _flatten(self) -> None:
        around: list[Range] = []
        for block in self._sorted:
            while around and around[-1].high < block.low:
                self._leave(around)
            if self._nested and around:
                self._by_block[block] = _joined(self._by_block[block], self._by_block[around[-1]])
            self._mark(block.low, self._by_block[block])
            around.append(block)
        while around:
            self._leave(around)

    def _leave(self, around: list[Range]) -> None:
        end = around.pop().high + 1
        self._mark(end, self._by_block[around[-1]] if around else None)

    def _mark(self, start: int, claim: Claim | None) -> None:
        if self.starts and self.starts[-1] == start:
            self.claims[-1] = claim
        else:
            self.starts.append(start)
            self.claims.append(claim)

    def innermost(self, number: int) -> Claim | None:
        """The claim with the longest prefix around an address."""
        return self.claims[bisect_right(self.starts, number)]

    def touched(self, asked: Range) -> list[Claim]:
        """The longest prefix around a whole block, and what is claimed inside it."""
        out: list[Claim] = []
        for prefix in range(asked.prefix, WIDEST[asked.bits] - 1, -1):
            mask = (1 << (asked.bits - prefix)) - 1
            found = self._by_block.get(Range(asked.bits, asked.low & ~mask, asked.low | mask, prefix))
            if found is not None:
                out.append(found)
                break
        for at in range(bisect_left(self._lows, asked.low), len(self._sorted)):
            block = self._sorted[at]
            if block.low > asked.high or len(out) >= _COVERED:
                break
            if block.prefix > asked.prefix:
                out.append(self._by_block[block])
        return out


_OF_NAMES: Final[Mapping[str, Callable[[str], str | None] | None]] = MappingProxyType(
    {DOMAIN: None, URL: values.host, EMAIL: values.after_at}
)


def _joined(claim: Claim, around: Claim) -> Claim:
    return claim._replace(owners=tuple(dict.fromkeys((*claim.owners, *around.owners))))


def _nest_names(claims: dict[str, Claim]) -> None:
    for name in sorted(claims, key=lambda one: one.count(".")):
        rest = name
        while rest := rest.partition(".")[2]:
            if rest in claims:
                claims[name] = _joined(claims[name], claims[rest])
                break


def normal(kind: str, text: Any) -> str | None:
    """A value of a kind that is compared as a whole, as it is compared; None if it is none."""
    if kind == ASN:
        number = values.asn(text)
        return None if number is None else str(number)
    if kind == COUNTRY:
        return values.country(text)
    if not isinstance(text, str) or not text or len(text) > _LONGEST_NAME:
        return None
    if kind == DOMAIN:
        return values.domain(text)
    return text.strip().lower().replace(" ", "-").replace("_", "-") or None


def is_public_suffix(name: str) -> bool:
    """Whether names are registered directly under this one by anybody: a top level, or one like co.uk."""
    parts = name.split(".")
    return len(parts) == 1 or (len(parts) == 2 and len(parts[1]) == 2 and parts[0] in _SECOND_LEVELS)


def _is_trap(name: str, home: frozenset[str]) -> bool:
    """A public suffix that is not the owner's own country's: who claims "com" would be told of nearly everything."""
    top = name.rpartition(".")[2].upper()
    return is_public_suffix(name) and _CODES.get(top, top) not in home


def of_members(members: Iterable[Any]) -> Index:
    """The index over what these members (members.descriptor.Member) answer for."""
    return Index(entry for one in members for entry in _entries(one))


def _entries(one: Any) -> Iterator[Entry]:
    home = frozenset((*one.countries, *one.constituency.get("countries", ())))
    for kind, texts in (
        (ADDRESS, one.constituency.get("cidr", ())),
        (DOMAIN, one.constituency.get("domains", ())),
        (ASN, one.constituency.get("asn", ())),
        (COUNTRY, sorted(home)),
        (SECTOR, one.sectors),
        (IDENTITY, (one.identity,)),
    ):
        for text in texts:
            yield Entry(kind, text, one.handle, home)
