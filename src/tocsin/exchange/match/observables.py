"""What an object names by itself, and to what it points. From parsed STIX objects, hostile ones too: nothing here raises."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from tocsin.exchange.match.constituency import (
    ADDRESS,
    ASN,
    COUNTRY,
    DOMAIN,
    EMAIL,
    IDENTITY,
    SECTOR,
    URL,
    Named,
)
from tocsin.formats import extension
from tocsin.formats.stix.comparisons import comparisons

MOST: Final = 1024  # of names, and of links, of one object
TARGETS: Final = "targets"
_INNER: Final = 256  # objects inside an observed-data of the old form
_Value = Mapping[str, Any]


class Link(NamedTuple):
    """`source` says `label` of `target`. `free`: it stands by itself, as a relationship, and can be read from both ends."""

    source: str
    label: str
    target: str
    free: bool = False


# Object type and property of STIX patterns that hold a value of ours.
_PATHS: Final[Mapping[tuple[str, str], str]] = MappingProxyType(
    {
        ("ipv4-addr", "value"): ADDRESS,
        ("ipv6-addr", "value"): ADDRESS,
        ("domain-name", "value"): DOMAIN,
        ("url", "value"): URL,
        ("email-addr", "value"): EMAIL,
        ("autonomous-system", "number"): ASN,
        ("network-traffic", "src_ref.value"): ADDRESS,
        ("network-traffic", "dst_ref.value"): ADDRESS,
        ("email-message", "from_ref.value"): EMAIL,
        ("email-message", "sender_ref.value"): EMAIL,
        ("email-message", "to_refs[*].value"): EMAIL,
        ("domain-name", "resolves_to_refs[*].value"): ADDRESS,
        ("ipv4-addr", "belongs_to_refs[*].number"): ASN,
        ("ipv6-addr", "belongs_to_refs[*].number"): ASN,
    }
)

# Embedded references that lead to what an object is about, and how people would say so.
_REFS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "object_refs": "contains",
        "sighting_of_ref": "sighting-of",
        "observed_data_refs": "observed-data",
        "where_sighted_refs": "sighted-at",
        "src_ref": "source",
        "dst_ref": "destination",
        "resolves_to_refs": "resolves-to",
        "belongs_to_refs": "belongs-to",
        "belongs_to_ref": "belongs-to",
        "from_ref": "from",
        "sender_ref": "from",
        "to_refs": "to",
        "cc_refs": "to",
        "bcc_refs": "to",
        "sample_refs": "sample",
        "host_vm_ref": "host",
        "encapsulates_refs": "contains",
        "encapsulated_by_ref": "contained-in",
    }
)
_ABOUT: Final = frozenset({"note", "opinion"})


def names(value: _Value) -> list[Named]:
    """What the object names by itself: (kind, text), neither compared nor checked yet."""
    found = _NAMES.get(value["type"]) if isinstance(value.get("type"), str) else None
    out = found(value) if found else []
    if value.get("extensions"):
        out = [*out, *_of_warning(value)]
    return out[:MOST]


def links(value: _Value) -> list[Link]:
    """To what the object points: a relationship joins its ends and points to both, others point by their references."""
    me = value.get("id")
    if not isinstance(me, str):
        return []
    if value.get("type") == "relationship":
        return _of_relationship(me, value)
    there = _REFS.keys() & value.keys()
    out: list[Link] = []
    for key in sorted(there) if there else ():
        label = "about" if key == "object_refs" and value.get("type") in _ABOUT else _REFS[key]
        refs = value[key] if isinstance(value[key], list) else [value[key]]
        out += [Link(me, label, ref) for ref in refs[:MOST] if isinstance(ref, str) and ref != me]
    return out[:MOST]


def _of_relationship(me: str, value: _Value) -> list[Link]:
    source, label, target = (value.get(key) for key in ("source_ref", "relationship_type", "target_ref"))
    if not isinstance(source, str) or not isinstance(target, str) or not isinstance(label, str):
        return []
    return [Link(source, label, target, free=True), Link(me, label, target), Link(me, "of", source)]


def _text(kind: str, key: str) -> Callable[[_Value], list[Named]]:
    def found(value: _Value) -> list[Named]:
        text = value.get(key)
        return [(kind, text)] if isinstance(text, str) else []

    return found


def _system(value: _Value) -> list[Named]:
    number = value.get("number")
    return [(ASN, str(number))] if isinstance(number, int) and not isinstance(number, bool) else []


def _identity(value: _Value) -> list[Named]:
    sectors = value.get("sectors")
    out = [(SECTOR, one) for one in sectors if isinstance(one, str)] if isinstance(sectors, list) else []
    return [*_text(IDENTITY, "id")(value), *out]


def _indicator(value: _Value) -> list[Named]:
    pattern = value.get("pattern")
    if not isinstance(pattern, str) or value.get("pattern_type") != "stix":
        return []
    return [
        (kind, one.value)
        for one in comparisons(pattern)
        if (kind := _PATHS.get((one.type, one.path))) is not None and (one.operator == "=" or kind == ADDRESS)
    ]


def _observed(value: _Value) -> list[Named]:
    inner = value.get("objects")
    if not isinstance(inner, dict):
        return []
    return [
        named
        for one in list(inner.values())[:_INNER]
        if isinstance(one, dict) and isinstance(one.get("type"), str) and one["type"] in _OBSERVABLES
        for named in _NAMES[one["type"]](one)
    ]


def _of_warning(value: _Value) -> Iterator[Named]:
    said = extension.of(value, "warning")
    countries = said.get("countries") if said else None
    for one in countries if isinstance(countries, list) else ():
        if isinstance(one, str):
            yield COUNTRY, one


_NAMES: Final[Mapping[str, Callable[[_Value], list[Named]]]] = MappingProxyType(
    {
        "ipv4-addr": _text(ADDRESS, "value"),
        "ipv6-addr": _text(ADDRESS, "value"),
        "domain-name": _text(DOMAIN, "value"),
        "url": _text(URL, "value"),
        "email-addr": _text(EMAIL, "value"),
        "autonomous-system": _system,
        "location": _text(COUNTRY, "country"),
        "identity": _identity,
        "indicator": _indicator,
        "observed-data": _observed,
    }
)
_OBSERVABLES: Final = frozenset({"ipv4-addr", "ipv6-addr", "domain-name", "url", "email-addr", "autonomous-system"})
