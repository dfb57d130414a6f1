"""What a STIX 2.1 object type is, as data: its family, its properties, the order of its times, what its id is made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from tocsin.formats.stix.kinds import ANY, Condition, Kind, Record, Text, one_of, ref
from tocsin.formats.stix.properties import (
    COMMON,
    COMMON_REQUIRED,
    IDENTIFIER,
    OBSERVABLE_COMMON,
    OBSERVABLE_REQUIRED,
    TYPE_NAME,
)


class Family(StrEnum):
    """The families of STIX objects."""

    DOMAIN = "sdo"
    RELATION = "sro"
    OBSERVABLE = "sco"
    META = "smo"


@dataclass(frozen=True, slots=True)
class Order:
    """Two times of an object: `later` is not before `earlier`, and not the same where `strict`."""

    earlier: str
    later: str
    strict: bool = False


@dataclass(frozen=True, slots=True)
class ObjectType:
    """One object type. `contributing` names the properties a deterministic id is made of (SCOs only)."""

    name: str
    family: Family
    record: Record
    orders: tuple[Order, ...] = ()
    contributing: tuple[str, ...] = ()


SEEN = (Order("first_seen", "last_seen"),)
_VERSIONS = Order("created", "modified")
_NONE: Mapping[str, Kind] = MappingProxyType({})


def _record(
    identity: tuple[Text, Text],
    shared: Mapping[str, Kind],
    own: Mapping[str, Kind],
    required: tuple[str, ...],
    conditions: tuple[Condition, ...],
) -> Record:
    type_kind, id_kind = identity
    properties = MappingProxyType({"type": type_kind, "id": id_kind, **shared, **own})
    return Record(properties, required, conditions, rest=ANY)


def _identity(name: str) -> tuple[Text, Text]:
    return one_of(name), Text(f"the identifier of a {name}: {name}--UUID", ref(name).pattern)


def domain(  # the arguments are the columns of the standard's property tables
    name: str,
    own: Mapping[str, Kind],
    required: tuple[str, ...] = (),
    conditions: tuple[Condition, ...] = (),
    orders: tuple[Order, ...] = (),
    family: Family = Family.DOMAIN,
) -> ObjectType:
    """A type with the common properties of domain and relationship objects."""
    record = _record(_identity(name), COMMON, own, (*COMMON_REQUIRED, *required), conditions)
    return ObjectType(name, family, record, (_VERSIONS, *orders))


def observable(
    name: str,
    own: Mapping[str, Kind],
    required: tuple[str, ...] = (),
    conditions: tuple[Condition, ...] = (),
    contributing: tuple[str, ...] = (),
    orders: tuple[Order, ...] = (),
) -> ObjectType:
    """A cyber-observable type."""
    record = _record(_identity(name), OBSERVABLE_COMMON, own, (*OBSERVABLE_REQUIRED, *required), conditions)
    return ObjectType(name, Family.OBSERVABLE, record, orders, contributing)


_CUSTOM = (TYPE_NAME, IDENTIFIER)
CUSTOM_DOMAIN = ObjectType("", Family.DOMAIN, _record(_CUSTOM, COMMON, _NONE, COMMON_REQUIRED, ()), (_VERSIONS,))
CUSTOM_OBSERVABLE = ObjectType(
    "", Family.OBSERVABLE, _record(_CUSTOM, OBSERVABLE_COMMON, _NONE, OBSERVABLE_REQUIRED, ())
)
