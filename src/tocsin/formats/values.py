"""Values that an indicator compares with, in one way of writing: addresses, names, URLs, hashes, e-mail addresses.

Who wants a value past a list writes it in another way. So an address is read in every way that some program reads it,
a name is lowered and brought to its punycode, what is "defanged" is read as what it stands for.
"""

import re
from collections.abc import Iterator
from enum import StrEnum
from functools import lru_cache
from ipaddress import IPv6Address, ip_network
from types import MappingProxyType
from typing import Final, NamedTuple
from urllib.parse import unquote

LONGEST: Final = 2048
"""Characters of a value that are looked at; a longer one is no address, name or hash."""


class Kind(StrEnum):
    """What a value is."""

    IP = "ip"
    DOMAIN = "domain"
    URL = "url"
    HASH = "hash"
    EMAIL = "email"


class Span(NamedTuple):
    """Addresses from `first` to `last`, of IP version 4 or 6."""

    version: int
    first: int
    last: int


_FANGS: Final = re.compile(
    r"\[\.\]|\(\.\)|\{\.\}|\[dot\]|\(dot\)|\{dot\}|\[:\]|\[://\]|\[@\]|\[at\]|\(at\)|\\\.|^h(?:xx|\*\*)p", re.IGNORECASE
)
_MEANT: Final = MappingProxyType({"[:]": ":", "[://]": "://", "[@]": "@", "[at]": "@", "(at)": "@"})
_BITS: Final = MappingProxyType({4: 32, 6: 128})
_NAME: Final = re.compile(r"(?=.{1,253}\Z)[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_][a-z0-9_-]{0,62})*")
_HASH: Final = re.compile(r"[0-9a-f]{32,128}")
_PLAIN: Final = re.compile(
    r"(?:(?:0|[1-9][0-9]?|1[0-9]{2}|2[0-4][0-9]|25[0-5])(?:\.(?!\Z|/)|(?=/|\Z))){4}(?:/([0-9]|[12][0-9]|3[0-2]))?"
)
_SSDEEP: Final = re.compile(r"[0-9]{1,6}:[a-z0-9+/]{0,64}:[a-z0-9+/]{0,64}")
_NUMBER: Final = re.compile(r"0[xX][0-9a-fA-F]{1,16}|[0-9]{1,16}")
_ODD: Final = frozenset(' \\[](){}<>"')  # in a mailbox: quoted, or defanged twice
_MAPPED: Final = 0xFFFF << 32
_NAT64: Final = 0x64FF9B << 96


def refanged(text: str) -> str:
    """What a defanged value stands for: 8[.]8[.]8[.]8, hxxp://, name(dot)example."""
    return _FANGS.sub(lambda found: _meant(found[0]), text.strip())


def _meant(found: str) -> str:
    lowered = found.lower()
    return "http" if lowered.startswith("h") else _MEANT.get(lowered, ".")


def spans(text: str) -> tuple[Span, ...]:
    """Every reading of a text as an address or a network; none if it is neither."""
    plain = _PLAIN.fullmatch(text)
    if plain:
        a, b, c, d = plain[0].partition("/")[0].split(".")
        number = int(a) << 24 | int(b) << 16 | int(c) << 8 | int(d)
        return (_network(4, number, int(plain[1]) if plain[1] else 32),)
    if len(text) > LONGEST:
        return ()
    address, slash, length = refanged(text).strip("[]").partition("/")
    if ":" in address:
        return tuple(_six(address.partition("%")[0], length if slash else "128"))
    bits = _bits(length) if slash else 32
    if bits is None:
        return ()
    return tuple(sorted({_network(4, number, bits) for number in _four(address)}))


def _bits(length: str) -> int | None:
    if length.isascii() and length.isdecimal() and len(length) < 4:
        return int(length) if int(length) <= 32 else None
    masks = [number for number in _four(length) if "." in length]
    if not masks:
        return None
    ones = masks[0].bit_count()
    return ones if masks[0] == _network(4, 0, ones).last ^ 0xFFFFFFFF else None


def _four(address: str) -> Iterator[int]:
    """As browsers and inet_aton read it (octal, hexadecimal, fewer than four parts), and as others do (decimal)."""
    parts = address.rstrip(".").split(".")
    if not 1 <= len(parts) <= 4 or not all(_NUMBER.fullmatch(part) for part in parts):
        return
    for octal in (False, True):
        numbers = [_number(part, octal=octal) for part in parts]
        if -1 in numbers or any(number > 255 for number in numbers[:-1]) or numbers[-1] >= 256 ** (5 - len(parts)):
            continue
        yield sum(number << 8 * (3 - i) for i, number in enumerate(numbers[:-1])) + numbers[-1]


def _number(part: str, *, octal: bool) -> int:
    try:
        if part[:2] in ("0x", "0X"):
            return int(part, 16)
        return int(part, 8 if octal and len(part) > 1 and part[0] == "0" else 10)
    except ValueError:
        return -1


def _six(address: str, length: str) -> Iterator[Span]:
    if not (length.isascii() and length.isdecimal() and len(length) < 4 and int(length) <= 128):
        return
    try:
        number, bits = int(IPv6Address(address)), int(length)
    except ValueError:
        return
    whole = _network(6, number, bits)
    yield whole
    if bits >= 96 and (number >> 32 << 32) in (_MAPPED, _NAT64):
        yield _network(4, number & 0xFFFFFFFF, bits - 96)


def _network(version: int, number: int, bits: int) -> Span:
    free = _BITS[version] - bits
    first = number >> free << free
    return Span(version, first, first | (1 << free) - 1)


def width(span: Span) -> int:
    """Length of the prefix that a span is at least as broad as."""
    return _BITS[span.version] - (span.last - span.first + 1).bit_length() + 1


@lru_cache(8192)
def name(text: str) -> str:
    """A domain name in lower case and punycode, without a trailing dot; empty if the text is none."""
    lowered = refanged(text[:LONGEST]).lower().strip(".")
    if not lowered.isascii():
        lowered = lowered.replace("\u3002", ".").replace("\uff0e", ".").replace("\uff61", ".")
        try:
            lowered = lowered.encode("idna").decode()
        except UnicodeError:
            return ""
    return lowered if _NAME.fullmatch(lowered) else ""


class Host(NamedTuple):
    """Where a URL leads. `is_bare`: it names the whole host, no page of it."""

    text: str
    is_bare: bool


def host(url: str) -> Host | None:
    """The host of a URL as a browser would read it."""
    text = refanged(url[:LONGEST]).replace("\\", "/")
    _, scheme, rest = text.partition("://")
    rest = (rest if scheme else text).lstrip("/")
    ends = [at for at in map(rest.find, "/?#") if at >= 0]
    end = min(ends, default=len(rest))
    place = unquote(rest[:end]).rpartition("@")[2]
    if place.startswith("["):
        place = place[1:].partition("]")[0]
    elif place.count(":") == 1:
        place = place.partition(":")[0]
    return Host(place, rest[end:].strip("/") == "") if place else None


def digest(text: str) -> str:
    """A hash in lower case; empty if the text is none."""
    lowered = text.strip().lower()
    return lowered if _HASH.fullmatch(lowered) or _SSDEEP.fullmatch(lowered) else ""


def mailbox(text: str) -> tuple[str, str]:
    """An e-mail address in lower case, and its domain; twice empty if the text is none."""
    lowered = refanged(text[:LONGEST]).lower()
    local, at, domain = lowered.rpartition("@")
    local, domain = local.rpartition("<")[2], name(domain.rstrip(">"))
    # What a blocklist would print is nothing that moves a cursor.
    is_one = at and domain and local and local.isprintable() and not _ODD.intersection(local)
    return (f"{local}@{domain}", domain) if is_one else ("", "")


def parents(domain: str) -> Iterator[str]:
    """A name and every name above it: a.b.c, b.c, c."""
    while domain:
        yield domain
        domain = domain.partition(".")[2]


def canonical(kind: Kind, text: str) -> str:
    """A value in the one way a blocklist writes it; empty when it has no such way, or more than one reading."""
    if kind is Kind.IP:
        return _one_way(text)
    if kind is Kind.DOMAIN:
        found = name(text) if text == refanged(text) else ""
        return found if "." in found and not spans(found) else ""
    if kind is Kind.HASH:
        return found if ":" not in (found := digest(text)) else ""
    if kind is Kind.EMAIL:
        return mailbox(text)[0]
    plain = "://" in text and len(text) <= LONGEST and text.isascii() and text.isprintable() and " " not in text
    return text if plain and text == refanged(text) and host(text) is not None else ""


def _one_way(text: str) -> str:
    if "%" in text:
        return ""  # a zone is any text, and means something on one machine only
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        return ""
    return str(network) if network.prefixlen < network.max_prefixlen else str(network.network_address)
