"""Texts that name something on a network, as comparable values. Whatever is not exactly such a value is None, never an error."""

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final, NamedTuple

V4_BITS: Final = 32
V6_BITS: Final = 128
_LONGEST_DOMAIN: Final = 254  # with the dot at its end
_LONGEST_ADDRESS: Final = 64
_MAPPED: Final = 0xFFFF  # ::ffff:192.0.2.1 is 192.0.2.1 (RFC 4291, 2.5.5.2)
_OCTETS: Final[Mapping[str, int]] = MappingProxyType({str(one): one for one in range(256)})  # no leading zeros
_GROUPS: Final = re.compile(r"[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{1,4})*")
_NAME: Final = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_PREFIX: Final = re.compile(r"0|[1-9][0-9]{0,2}")
_ASN: Final = re.compile(r"(?:[Aa][Ss])?([0-9]{1,10})")
_COUNTRY: Final = re.compile(r"[A-Za-z]{2}")
_HOST: Final = re.compile(
    r"(?!hxx)[a-z][a-z0-9+.-]*://(?:[^/?#@\\]*@)?(?:\[([0-9a-fA-F.]*:[0-9a-fA-F:.]*)\]|([^/?#@:\\\[\]]+))(?::[0-9]*)?(?:[/?#]|$)",
    re.IGNORECASE,
)


class Range(NamedTuple):
    """Addresses from `low` to `high`; `bits` is 32 or 128, `prefix` how many of them are fixed."""

    bits: int
    low: int
    high: int
    prefix: int


def v4(text: str) -> int | None:
    """An IPv4 address in dotted decimal, without leading zeros."""
    try:
        a, b, c, d = text.split(".")
        return _OCTETS[a] << 24 | _OCTETS[b] << 16 | _OCTETS[c] << 8 | _OCTETS[d]
    except (ValueError, KeyError):
        return None


def v6(text: str) -> int | None:
    """An IPv6 address as RFC 4291 writes it. A zone is none."""
    if len(text) > _LONGEST_ADDRESS:
        return None
    tail = 0
    if "." in text:
        text, _, last = text.rpartition(":")
        four = v4(last)
        if four is None:
            return None
        tail, text = four, text + ":0:0"
    left, double, right = text.partition("::")
    head, rest = _groups(left), _groups(right)
    if head is None or rest is None or (not double and len(head) != 8) or (double and len(head) + len(rest) > 7):
        return None
    number = 0
    for group in (*head, *(0,) * (8 - len(head) - len(rest)), *rest):
        number = number << 16 | group
    return number | tail


def _groups(text: str) -> list[int] | None:
    if not text:
        return []
    return [int(one, 16) for one in text.split(":")] if _GROUPS.fullmatch(text) else None


def address(text: str) -> Range | None:
    """One address or one CIDR block, whatever host bits it has."""
    if len(text) > _LONGEST_ADDRESS:
        return None
    host, slash, length = text.partition("/")
    number, bits = (v6(host), V6_BITS) if ":" in host else (v4(host), V4_BITS)
    if number is None:
        return None
    if bits == V6_BITS and number >> V4_BITS == _MAPPED and not slash:
        number, bits = number & 0xFFFFFFFF, V4_BITS
    if not slash:
        return Range(bits, number, number, bits)
    if not _PREFIX.fullmatch(length) or int(length) > bits:
        return None
    mask = (1 << (bits - int(length))) - 1
    return Range(bits, number & ~mask, number | mask, int(length))


def shown(found: Range) -> str:
    """A range as people write it."""
    if found.bits == V4_BITS:
        text = ".".join(str(found.low >> shift & 255) for shift in (24, 16, 8, 0))
    else:
        from ipaddress import IPv6Address

        text = str(IPv6Address(found.low))
    return text if found.prefix == found.bits else f"{text}/{found.prefix}"


def domain(text: str) -> str | None:
    """A domain name in lower case and in its ASCII form (IDNA), without the dot at its end."""
    name = text.removesuffix(".")
    if not name or len(text) > _LONGEST_DOMAIN:
        return None
    name = name.lower() if name.isascii() else _to_ascii(name)
    return name if len(name) < _LONGEST_DOMAIN and _NAME.fullmatch(name) and not _is_number(name) else None


@lru_cache(4096)
def _to_ascii(name: str) -> str:
    try:
        return name.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return ""


def _is_number(name: str) -> bool:
    return name.rpartition(".")[2].isdigit()


def host(url: str) -> str | None:
    """What stands in a URL as its host: an address or a name. None for what was defanged."""
    found = _HOST.match(url[:4096])
    return (found[1] or found[2]) if found else None


def after_at(address_: str) -> str | None:
    """The domain of an e-mail address."""
    local, at, name = address_[-512:].rpartition("@")
    return name if at and local else None


def asn(value: Any) -> int | None:
    """The number of an autonomous system, from a number or from texts like 64500 and AS64500."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value if 0 <= value < 1 << 32 else None
    found = _ASN.fullmatch(value) if isinstance(value, str) else None
    return asn(int(found[1])) if found else None


def country(value: Any) -> str | None:
    """An ISO 3166-1 alpha-2 code in capitals."""
    return value.upper() if isinstance(value, str) and _COUNTRY.fullmatch(value) else None
