"""Lists of values that are not to be blocked, compiled: small in memory, quick to ask, the same bytes on every build.

Addresses are sorted ranges, names and hashes sorted 8-byte digests, each list by itself, so that a hit names its list.
Before them stand three filters (bit maps, see `Filters`) that nearly every value passes without another question.
"""

import re
import sys
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from hashlib import blake2b, sha256
from types import MappingProxyType
from typing import Any, Final, NamedTuple
from zlib import crc32

import msgspec

from tocsin.errors import FormatError
from tocsin.formats import values
from tocsin.formats.values import Kind, Span

MAGIC: Final = b"tocsin/denylists/3\n"
_ALIGN: Final = 8
NAME_BITS: Final = 24
NAME_MASK: Final = (1 << NAME_BITS) - 1
_V4_FILTER_BYTES: Final = 1 << 21  # a bit for each /24
_REGEX_LONGEST: Final = 256
_REGEX_SAFE: Final = re.compile(r"[A-Za-z0-9@_\-|^$() ]*(?:(?:\.\*|\\[.@\-])[A-Za-z0-9@_\-|^$() ]*){0,6}")
_REGEX_ASKED: Final = 320
_ATTRIBUTES: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "ip-src": Kind.IP,
        "ip-dst": Kind.IP,
        "domain": Kind.DOMAIN,
        "hostname": Kind.DOMAIN,
        "url": Kind.URL,
        "uri": Kind.URL,
        "md5": Kind.HASH,
        "sha1": Kind.HASH,
        "sha224": Kind.HASH,
        "sha256": Kind.HASH,
        "sha512": Kind.HASH,
        "email-src": Kind.EMAIL,
        "email-dst": Kind.EMAIL,
    }
)


class Source(msgspec.Struct, frozen=True):
    """A warninglist as it is published (the MISP format), of which more is not needed."""

    name: str
    type: str
    version: int | str
    entries: list[str] = msgspec.field(name="list")
    matching_attributes: list[str] = []


class Table(msgspec.Struct, frozen=True):
    """What the compiled form says of one list; `parts` are places in the bytes: (start, end)."""

    list: str
    type: str
    kinds: tuple[Kind, ...]
    entries: int
    version: str
    parts: dict[str, tuple[int, int]]


class Head(msgspec.Struct, frozen=True):
    """What stands before the parts."""

    byteorder: str
    tables: list[Table]
    filters: dict[str, tuple[int, int]]


class Hit(NamedTuple):
    """A list has the value. `exact`: the value itself, not only a name above it or a network around it."""

    list: str
    exact: bool


def digest(text: str) -> int:
    """Eight bytes that stand for a name or a hash."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest())


def mark_name(bits: bytearray, text: str) -> None:
    """Set the bit of a name or a hash; with a dot before it: of a name that stands for all below it."""
    bit = crc32(text.encode()) & NAME_MASK
    bits[bit >> 3] |= 1 << (bit & 7)


# -- compiling ----------------------------------------------------------------------------------------------------


def compile_lists(sources: Mapping[str, Source], filtered: Mapping[str, bool]) -> bytes:
    """The lists as bytes. `filtered`: by list whether its values belong into the filters. Raises FormatError."""
    body = bytearray()
    filters = {"v4": bytearray(_V4_FILTER_BYTES), "names": bytearray(1 << NAME_BITS - 3)}
    gate: list[Span] = []
    names: list[str] = []
    tables = []
    for name, source in sorted(sources.items()):
        made = _Compiled(name, source)
        if filtered[name]:
            made.mark(filters)
            gate += made.spans
            names += made.marked()
        parts = {part: _put(body, data) for part, data in made.parts()}
        named = {kind for one in source.matching_attributes if (kind := _ATTRIBUTES.get(one))}
        kinds = tuple(sorted(named if source.matching_attributes else Kind))
        tables.append(Table(name, source.type, kinds, len(source.entries), str(source.version), parts))
    places = {part: _put(body, bytes(data)) for part, data in filters.items()}
    spans = [one for one in merged(gate) if one.version == 4]
    places["first"] = _put(body, array("I", (one.first for one in spans)).tobytes())
    places["digests"] = _put(body, _digests(names))
    places["last"] = _put(body, array("I", (one.last for one in spans)).tobytes())
    head = msgspec.json.encode(Head(sys.byteorder, tables, places))
    head += b" " * (-(len(MAGIC) + 4 + len(head)) % _ALIGN)
    whole = MAGIC + len(head).to_bytes(4) + head + bytes(body)
    return whole + sha256(whole).digest()


def _put(body: bytearray, data: bytes) -> tuple[int, int]:
    start = len(body)
    body += data
    body += bytes(-len(body) % _ALIGN)
    return start, start + len(data)


class _Compiled:
    """One list on its way. Names of a hundred thousand and more are taken in bulk: a step for each would take seconds."""

    def __init__(self, name: str, source: Source) -> None:
        self.spans: list[Span] = []
        self.below: list[str] = []  # names that stand for everything below them as well
        self.exact: list[str] = []
        self.texts: list[str] = []
        if source.type == "hostname":
            self.below = [one.lstrip(".") for one in _lowered(source.entries)]
        elif source.type == "string":
            lowered = _lowered(source.entries)
            self.below = [one.lstrip(".") for one in lowered if one[:1] == "."]
            self.exact = [one for one in lowered if one[:1] != "."]
        elif source.type == "substring":
            self.texts = sorted({one.lower() for one in source.entries if one})
        elif source.type == "regex":
            self.texts = [_safe(name, one) for one in source.entries]
        elif source.type != "cidr":
            raise FormatError("format.denylist", f"the list {name} is of the unknown type {source.type!r}")
        if source.type in ("cidr", "substring"):
            self.spans = merged(span for text in source.entries for span in values.spans(text)[:1])

    def mark(self, filters: Mapping[str, bytearray]) -> None:
        """Set the bits of this list."""
        for span in self.spans:
            if span.version == 4:
                mark_span(filters["v4"], span)
        names = filters["names"]
        for text in self.marked():
            mark_name(names, text)

    def marked(self) -> list[str]:
        """Its names and hashes as `mark_name` takes them."""
        return ["." + one for one in self.below] + self.exact

    def parts(self) -> Iterator[tuple[str, bytes]]:
        """Name and bytes of each part that is there."""
        four = [one for one in self.spans if one.version == 4]
        six = [one for one in self.spans if one.version == 6]
        if four:
            yield "v4_first", array("I", (one.first for one in four)).tobytes()
            yield "v4_last", array("I", (one.last for one in four)).tobytes()
        if six:
            yield "v6", b"".join(one.first.to_bytes(16) + one.last.to_bytes(16) for one in six)
        if self.below:
            yield "below", _digests(self.below)
        if self.exact:
            yield "exact", _digests(self.exact)
        if self.texts:
            yield "texts", msgspec.json.encode(self.texts)


def _lowered(listed: Sequence[str]) -> list[str]:
    whole = "\n".join(listed)
    if whole.isascii():
        return whole.lower().replace(".\n", "\n").rstrip(".").split("\n") if listed else []
    return [text for one in listed if (text := one.lower().rstrip(".") if one.isascii() else values.name(one))]


def _digests(texts: Sequence[str]) -> bytes:
    found = array("Q")
    found.frombytes(b"".join([blake2b(one.encode(), digest_size=8).digest() for one in texts]))
    if sys.byteorder == "little":
        found.byteswap()  # as digest() reads them
    return array("Q", sorted(set(found))).tobytes()


def merged(found: Iterable[Span]) -> list[Span]:
    """The spans as few, sorted, without overlaps."""
    out: list[Span] = []
    for one in sorted(set(found)):
        if out and out[-1].version == one.version and one.first <= out[-1].last + 1:
            out[-1] = Span(one.version, out[-1].first, max(one.last, out[-1].last))
        else:
            out.append(one)
    return out


def mark_span(bits: bytearray, span: Span, *, clear: bool = False) -> None:
    """Set (or clear) the bit of each /24 that an IPv4 span touches."""
    low, high = span.first >> 8, span.last >> 8
    while low <= high and low & 7:
        _mark(bits, low, clear=clear)
        low += 1
    whole = (high + 1 - low) // 8 if high >= low else 0
    bits[low >> 3 : (low >> 3) + whole] = (b"\x00" if clear else b"\xff") * whole
    for one in range(low + 8 * whole, high + 1):
        _mark(bits, one, clear=clear)


def _mark(bits: bytearray, place: int, *, clear: bool) -> None:
    if clear:
        bits[place >> 3] &= ~(1 << (place & 7))
    else:
        bits[place >> 3] |= 1 << (place & 7)


def _safe(name: str, text: str) -> str:
    """A regular expression as Python has it, if it is so plain that no text can make it slow: no group is repeated."""
    inner, slash, flags = text.strip("/").rpartition("/") if text.startswith("/") else (text, "", "")
    inner = inner if slash else text
    if len(inner) > _REGEX_LONGEST or not _REGEX_SAFE.fullmatch(inner) or not set(flags) <= set("gi"):
        raise FormatError("format.denylist", f"the list {name} has a regular expression that is not plain enough")
    re.compile(inner)
    return inner


# -- asking -------------------------------------------------------------------------------------------------------


class Lists:
    """Compiled lists, over bytes that may be a mapped file."""

    def __init__(self, data: "bytes | memoryview") -> None:
        """Raises FormatError("format.denylist") when the bytes are not whole."""
        view = memoryview(data)
        start = len(MAGIC) + 4
        if bytes(view[: len(MAGIC)]) != MAGIC or sha256(view[:-32]).digest() != bytes(view[-32:]):
            raise FormatError("format.denylist", "the compiled lists are damaged")
        end = start + int.from_bytes(view[len(MAGIC) : start])
        try:
            head = msgspec.json.decode(view[start:end], type=Head)
        except msgspec.MsgspecError as error:
            raise FormatError("format.denylist", "the compiled lists are damaged") from error
        if head.byteorder != sys.byteorder:
            raise FormatError("format.denylist", "the compiled lists are of another machine")
        body = view[end:-32]
        self.tables: tuple[Table, ...] = tuple(head.tables)
        self.v4_filter = body[slice(*head.filters["v4"])]
        self.name_filter = body[slice(*head.filters["names"])]
        # What no bit map has stopped is looked up in all filtered lists at once, and only a hit in each by itself.
        self._digests = _numbers(body, head.filters["digests"], "Q")
        self.v4_first = _numbers(body, head.filters["first"], "I")
        self.v4_last = _numbers(body, head.filters["last"], "I")
        self._asked = [_Asked(table, body) for table in head.tables]

    def is_marked(self, text: str) -> bool:
        """Whether any filtered list has a name or hash, written as `mark_name` takes it."""
        return _in(self._digests, digest(text))

    def addresses(self, span: Span) -> list[Hit]:
        """Lists with an address of this span, or with the whole of it."""
        return [Hit(one.name, exact) for one in self._asked if (exact := one.overlaps(span)) is not None]

    def names(self, domain: str, kind: Kind = Kind.DOMAIN) -> list[Hit]:
        """Lists with this name (as `values.name` has it), or with one above it."""
        if not domain:
            return []
        above = [digest(one) for one in values.parents(domain)]
        www = digest(domain[4:]) if domain.startswith("www.") else None
        asked = (one for one in self._asked if kind in one.kinds)
        return [Hit(one.name, exact) for one in asked if (exact := one.has_name(domain, above, www)) is not None]

    def hashes(self, text: str) -> list[Hit]:
        """Lists with this hash (as `values.digest` has it)."""
        made = digest(text)
        return [Hit(one.name, True) for one in self._asked if Kind.HASH in one.kinds and one.has_hash(made)]

    def mailboxes(self, text: str) -> list[Hit]:
        """Lists with this e-mail address (as `values.mailbox` has it)."""
        asked = (one for one in self._asked if Kind.EMAIL in one.kinds)
        return [Hit(one.name, True) for one in asked if one.has_text(text)]


class _Asked:
    """One list, ready to be asked."""

    def __init__(self, table: Table, body: memoryview) -> None:
        def part(name: str, form: str) -> Sequence[int]:
            place = table.parts.get(name)
            return _numbers(body, place, form) if place else ()

        self.name = table.list
        self.kinds = frozenset(table.kinds)
        self._first, self._last = part("v4_first", "I"), part("v4_last", "I")
        six = bytes(body[slice(*table.parts["v6"])]) if "v6" in table.parts else b""
        self._six_first = [int.from_bytes(six[at : at + 16]) for at in range(0, len(six), 32)]
        self._six_last = [int.from_bytes(six[at + 16 : at + 32]) for at in range(0, len(six), 32)]
        self._below, self._exact = part("below", "Q"), part("exact", "Q")
        texts: list[str] = msgspec.json.decode(body[slice(*table.parts["texts"])]) if "texts" in table.parts else []
        self._search: re.Pattern[str] | None = None
        if texts:
            plain = texts if table.type == "regex" else map(re.escape, texts)
            self._search = re.compile("|".join(f"(?:{one})" for one in plain), re.IGNORECASE)

    def overlaps(self, span: Span) -> bool | None:
        first, last = (self._first, self._last) if span.version == 4 else (self._six_first, self._six_last)
        at = bisect_right(first, span.last) - 1
        if at < 0 or last[at] < span.first:
            return None
        return first[at] <= span.first and span.last <= last[at]

    def has_name(self, domain: str, above: Sequence[int], www: int | None) -> bool | None:
        if self._search is not None:
            return True if self._search.search(domain[:_REGEX_ASKED]) else None
        if self._exact and (_in(self._exact, above[0]) or (www is not None and _in(self._exact, www))):
            return True
        if self._below:
            for i, one in enumerate(above):
                if _in(self._below, one):
                    return i == 0 or one == www
        return None

    def has_hash(self, made: int) -> bool:
        return _in(self._exact, made)

    def has_text(self, text: str) -> bool:
        if self._search is not None:
            return self._search.search(text[:_REGEX_ASKED]) is not None
        return _in(self._exact, digest(text))


def _numbers(body: memoryview, place: tuple[int, int], form: str) -> Sequence[int]:
    return body[slice(*place)].cast("B").cast(form)  # type: ignore[call-overload,no-any-return]  # the stubs know no cast to a variable format


def _in(digests: Sequence[int], wanted: int) -> bool:
    at = bisect_left(digests, wanted)
    return at < len(digests) and digests[at] == wanted


def read_source(data: bytes) -> Source:
    """A warninglist's file. Raises FormatError("format.denylist")."""
    try:
        return msgspec.json.decode(data, type=Source)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise FormatError("format.denylist", "a list of the package cannot be read") from error


@cache  # its filters alone are megabytes
def empty() -> Lists:
    """No list at all."""
    nothing: dict[str, Any] = {}
    return Lists(compile_lists(nothing, nothing))
