"""All object types of STIX 2.1, and each one's compiled validator."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from jsonschema_rs import Draft202012Validator, RegexOptions

from tocsin.formats.stix.kinds import Either, Kind, ListOf, MapOf, Record
from tocsin.formats.stix.model import CUSTOM_DOMAIN, CUSTOM_OBSERVABLE, Family, ObjectType, Order
from tocsin.formats.stix.properties import Extensions
from tocsin.formats.stix.sco import OBSERVABLE_OBJECTS
from tocsin.formats.stix.sdo import DOMAIN_OBJECTS, META_OBJECTS, RELATION_OBJECTS

TYPES: Mapping[str, ObjectType] = MappingProxyType(
    {kind.name: kind for kind in (*DOMAIN_OBJECTS, *RELATION_OBJECTS, *OBSERVABLE_OBJECTS, *META_OBJECTS)}
)


@dataclass(frozen=True, slots=True)
class Compiled:
    """What the check of one type needs, looked up once per object."""

    described: ObjectType
    validator: Draft202012Validator
    known: frozenset[str]
    orders: tuple[Order, ...]
    observable: bool


@cache
def compiled(name: str) -> Compiled:
    """The compiled type of this name. Ask only for names in `TYPES`."""
    return _compile(TYPES[name])


@cache
def compiled_custom(*, observable: bool) -> Compiled:
    """The compiled rules for a type that an extension or a producer brought: the common properties only."""
    return _compile(CUSTOM_OBSERVABLE if observable else CUSTOM_DOMAIN)


@cache
def compiled_contained(name: str) -> Compiled:
    """As `compiled`, for an SCO inside the deprecated `objects` of observed-data: references are keys, not ids."""
    return _compile(TYPES.get(name, CUSTOM_OBSERVABLE), contained=True)


@cache
def vocabulary() -> frozenset[str]:
    """Every property name of the standard: what a message may name without showing content."""
    names: set[str] = set()
    for described in (*TYPES.values(), CUSTOM_DOMAIN, CUSTOM_OBSERVABLE):
        names.update(_names(described.record))
    return frozenset(names)


def _compile(described: ObjectType, *, contained: bool = False) -> Compiled:
    validator = Draft202012Validator(
        described.record.schema(contained=contained),
        validate_formats=True,
        pattern_options=RegexOptions(),  # the engine without backtracking: its time is linear in the text
        offline=True,
    )
    known = frozenset(described.record.properties)
    return Compiled(described, validator, known, described.orders, described.family is Family.OBSERVABLE)


def _names(kind: Kind) -> Iterable[str]:
    if isinstance(kind, Record):
        for name, inner in kind.properties.items():
            yield name
            yield from _names(inner)
    elif isinstance(kind, Extensions):
        for name, record in kind.predefined.items():
            yield name
            yield from _names(record)
    elif isinstance(kind, ListOf):
        yield from _names(kind.item)
    elif isinstance(kind, Either):
        for inner in kind.kinds:
            yield from _names(inner)
    elif isinstance(kind, MapOf):
        for name, inner in (kind.named or {}).items():
            yield name
            yield from _names(inner)
        yield from _names(kind.values)
