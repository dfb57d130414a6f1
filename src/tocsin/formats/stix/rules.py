"""The rules of STIX 2.1 that go beyond the shape of single values. Each function takes an object whose shape is right."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from tocsin.errors import FormatError
from tocsin.formats.stix import patterns
from tocsin.formats.stix.catalogue import TYPES, Compiled, compiled_contained
from tocsin.formats.stix.explain import refuse, refuse_breach
from tocsin.formats.stix.kinds import Kind, ListOf, MapOf, Record, Text
from tocsin.formats.stix.model import Family, Order
from tocsin.formats.stix.properties import Extensions

Object = Mapping[str, Any]
Path = tuple[str, ...]

_PROPERTY_NAME = re.compile(r"[a-z][a-z0-9_]{2,249}|id")
_HEXADECIMAL = re.compile(r"(?:[a-fA-F0-9]{2})+")
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)")
_RESERVED = frozenset(("severity", "action", "username", "phone_numbers"))
_POSITION = re.compile(r"\[([0-9]{1,9})\]")
_PLAIN, _HEX, _BINARY, _MISNAMED = range(4)
_VERSION_DIGIT = -22  # in an id, the digit of the UUID that tells its version

# The four markings of TLP 1, which the standard fixes letter by letter.
_TLP = MappingProxyType(
    {
        "white": "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9",
        "green": "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da",
        "amber": "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82",
        "red": "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed",
    }
)
_TLP_CREATED = "2017-01-20T00:00:00.000Z"
_TLP_PROPERTIES = frozenset(("type", "spec_version", "id", "created", "name", "definition_type", "definition"))
_TLP_2_LABELS = frozenset(("clear", "amber+strict"))  # spelled in the style of TLP 1 by some producers


def apply(compiled: Compiled, value: Object, inside: Path = ()) -> None:
    """Every rule that concerns this object; raises `FormatError`. `inside` is where it stands in a larger one."""
    if not compiled.known.issuperset(value):
        _custom_properties(value, value.keys() - compiled.known, inside)
    for order in compiled.orders:
        if order.later in value and order.earlier in value:
            _ordered(value, order, inside)
    if "extensions" in value:
        for name, extension in value["extensions"].items():
            _custom_properties(extension, extension.keys(), (*inside, "extensions", name))
    if "granular_markings" in value:
        _selectors(value, inside)
    special = _OF_TYPE.get(compiled.described.name)
    if special:
        special(value, inside)


def _custom_properties(value: Object, names: Iterable[str], inside: Path) -> None:
    for name in names:
        asked = _asked_of(name)
        if asked == _PLAIN:
            continue
        if asked == _MISNAMED:
            refuse(
                (*inside, name), "is not named with 3 to 250 of a-z, 0-9 and _, beginning with a letter, or reserved"
            )
        text, shape = value[name], _HEXADECIMAL if asked == _HEX else _BASE64
        if not (isinstance(text, str) and shape.fullmatch(text)):
            says = "an even number of hexadecimal digits" if asked == _HEX else "base64"
            refuse((*inside, name), f"must be {says}, as its name says")


@lru_cache(maxsize=4096)
def _asked_of(name: str) -> int:
    """What the name of a property asks: nothing more, hexadecimal digits, base64, or another name."""
    if not _PROPERTY_NAME.fullmatch(name) or name in _RESERVED:
        return _MISNAMED
    return _HEX if name.endswith("_hex") else _BINARY if name.endswith("_bin") else _PLAIN


def _ordered(value: Object, order: Order, inside: Path) -> None:
    earlier, later = value[order.earlier], value[order.later]
    if len(earlier) != len(later):  # else the texts compare as the instants do
        earlier, later = _comparable(earlier), _comparable(later)
    if later < earlier or (order.strict and later == earlier):
        relation = "after" if order.strict else "not before"
        refuse((*inside, order.later), f"must be {relation} {order.earlier}", "format.stix-time")


def _comparable(time: str) -> str:
    """A text that orders as the instant does: whole seconds, then the digits of the fraction that count."""
    return time[:19] + time[20:-1].rstrip("0")


def _selectors(value: Object, inside: Path) -> None:
    for place, marking in enumerate(value["granular_markings"]):
        for selector in marking["selectors"]:
            if not _exists(value, selector.split(".")):
                steps: list[str | int] = [*inside, "granular_markings", place, "selectors"]
                refuse(steps, "a selector points to nothing in this object", "format.stix-marking")


def _exists(value: Any, steps: list[str]) -> bool:
    for step in steps:
        position = _POSITION.fullmatch(step)
        if position:
            if not isinstance(value, list) or int(position[1]) >= len(value):
                return False
            value = value[int(position[1])]
        elif isinstance(value, dict) and step in value:
            value = value[step]
        else:
            return False
    return True


def _indicator(value: Object, inside: Path) -> None:
    if value["pattern_type"] != "stix":
        return
    try:
        patterns.validate(value["pattern"])
    except FormatError as error:
        refuse((*inside, "pattern"), error.what, error.code)


def _marking_definition(value: Object, inside: Path) -> None:
    refs = [*value.get("object_marking_refs", ()), *(m.get("marking_ref") for m in value.get("granular_markings", ()))]
    if value["id"] in refs:
        refuse((*inside, "object_marking_refs"), "a marking may not mark itself", "format.stix-marking")
    if value.get("definition_type") == "tlp":
        _tlp(value, inside)


def _tlp(value: Object, inside: Path) -> None:
    label = value.get("definition", {}).get("tlp")
    if isinstance(label, str) and label in _TLP_2_LABELS:
        return  # a foreign spelling of TLP 2.0, which the handling rules map by name
    right = (
        isinstance(label, str)
        and value["id"] == _TLP.get(label)
        and value.get("name") == f"TLP:{label.upper()}"
        and value["created"] == _TLP_CREATED
        and _TLP_PROPERTIES.issuperset(value)
    )
    if not right:
        refuse(inside, "a TLP 1 marking must be one of the four the standard fixes", "format.stix-marking")


def _observed_data(value: Object, inside: Path) -> None:
    """The deprecated `objects`: a dictionary of SCOs that refer to each other by their keys in it."""
    contained = value.get("objects", {})
    for key, item in contained.items():
        steps = (*inside, "objects", key)
        described = TYPES.get(item["type"])
        if described and described.family is not Family.OBSERVABLE:
            refuse((*steps, "type"), "must be the type of a cyber-observable object")
        compiled = compiled_contained(described.name if described else "")
        if not compiled.validator.is_valid(item):
            refuse_breach(compiled, item, steps)
        apply(compiled, item, steps)
        for path, target, types in _references(compiled.described.record, item, steps):
            found = contained.get(target)
            if found is None or (types and found["type"] not in types):
                refuse(path, "must be the key of a neighbour of the right type")


def _references(kind: Kind | None, value: Any, path: Path) -> Iterator[tuple[Path, str, tuple[str, ...]]]:
    """Every reference the description knows in `value`: where it stands, the text, the types it may point to."""
    if isinstance(kind, Text):
        if kind.reference:
            yield path, value, kind.to
    elif isinstance(kind, ListOf):
        for item in value:
            yield from _references(kind.item, item, path)
    elif isinstance(kind, Record | MapOf | Extensions) and isinstance(value, dict):
        for name, item in value.items():
            if name not in ("object_marking_refs", "granular_markings"):
                yield from _references(kind.inside(name), item, (*path, name))


def _random_only(value: Object, inside: Path) -> None:
    if value["id"][_VERSION_DIGIT] != "4":
        refuse((*inside, "id"), "must hold a UUID of version 4: a process has no properties to make an id of")


def _random_without_contributing(value: Object, inside: Path) -> None:
    contributing = TYPES[value["type"]].contributing
    if value["id"][_VERSION_DIGIT] != "4" and not any(name in value for name in contributing):
        refuse((*inside, "id"), f"must hold a UUID of version 4 without any of: {', '.join(contributing)}")


def custom_type(value: Object) -> None:
    """The rules for the name of a type the standard does not have."""
    name = value["type"]
    if not 3 <= len(name) <= 250 or name == "action":
        refuse(("type",), "must be a type name of 3 to 250 characters that is not reserved")
    if not value["id"].startswith(f"{name}--"):
        refuse(("id",), "must begin with the object's type")


_OF_TYPE: Mapping[str, Callable[[Object, Path], None]] = MappingProxyType(
    {
        "indicator": _indicator,
        "marking-definition": _marking_definition,
        "observed-data": _observed_data,
        "process": _random_only,
        **dict.fromkeys(
            ("artifact", "email-message", "user-account", "windows-registry-key", "x509-certificate"),
            _random_without_contributing,
        ),
    }
)
