"""The gate's question about content: are these bytes one STIX 2.1 object?"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from tocsin.errors import FormatError
from tocsin.formats import strictjson
from tocsin.formats.stix import rules
from tocsin.formats.stix.catalogue import TYPES, Compiled, compiled, compiled_custom
from tocsin.formats.stix.explain import refuse, refuse_breach


class Checked(NamedTuple):
    """A valid object and what the rest of the house asks about it, so that nobody parses it again."""

    id: str
    type: str
    version: str
    """`modified`, else `created`, as written; empty for SCOs, which have no versions."""
    name: str
    """`name`, else `value`, else empty: what people call it."""
    created_by: str
    marking_refs: tuple[str, ...]
    """Every marking definition that object or granular markings name, each once."""
    ends: tuple[str, ...]
    """What a relationship joins; what a sighting is of, where and by which observations; empty for all else."""
    revoked: bool
    value: dict[str, Any]


def check(data: bytes) -> Checked:
    """Parse one object by the strict JSON gate and hold it against STIX 2.1.

    Raises `FormatError` with a code `format.json-*`, or `format.stix`, `format.stix-pattern`, `format.stix-time`,
    `format.stix-marking`; its text has the JSON path and the rule, never what stood there.
    """
    return check_value(strictjson.parse(data))


def check_value(value: Any) -> Checked:
    """As `check`, for a value that has already passed the strict JSON gate."""
    described = _described(value)
    if not described.validator.is_valid(value):
        refuse_breach(described, value)
    if not described.described.name:
        rules.custom_type(value)
    rules.apply(described, value)
    return _observable(value) if described.observable else _versioned(value)


def check_many(batch: Sequence[bytes]) -> list[Checked | FormatError]:
    """The verdict on each, in order: one bad object refuses itself and no other."""
    return [_verdict(data) for data in batch]


def _verdict(data: bytes) -> Checked | FormatError:
    try:
        return check(data)
    except FormatError as error:
        return error


def _described(value: Any) -> Compiled:
    if not isinstance(value, dict):
        refuse((), "must be a JSON object")
    name = value.get("type")
    if not isinstance(name, str):
        refuse(("type",), "must be there and be a string")
    if name in TYPES:
        return compiled(name)
    if name == "bundle":
        refuse((), "is a bundle; its objects are checked one by one")
    return compiled_custom(observable=_declares_observable(value))


def _declares_observable(value: dict[str, Any]) -> bool:
    extensions = value.get("extensions")
    return isinstance(extensions, dict) and any(
        isinstance(item, dict) and item.get("extension_type") == "new-sco" for item in extensions.values()
    )


def _observable(value: dict[str, Any]) -> Checked:
    return Checked(value["id"], value["type"], "", _label(value), "", _markings(value), (), False, value)


def _versioned(value: dict[str, Any]) -> Checked:
    get, name = value.get, value["type"]
    return Checked(
        value["id"],
        name,
        get("modified") or value["created"],
        _label(value),
        get("created_by_ref", ""),
        _markings(value),
        _ends(value) if name in ("relationship", "sighting") else (),
        get("revoked", False),
        value,
    )


def _label(value: dict[str, Any]) -> str:
    for key in ("name", "value"):
        text = value.get(key)
        if text and isinstance(text, str):
            return text
    return ""


def _markings(value: dict[str, Any]) -> tuple[str, ...]:
    refs = value.get("object_marking_refs", ())
    if "granular_markings" in value:
        refs = [*refs, *(item["marking_ref"] for item in value["granular_markings"] if "marking_ref" in item)]
    return tuple(refs) if len(refs) < 2 else tuple(dict.fromkeys(refs))


def _ends(value: dict[str, Any]) -> tuple[str, ...]:
    if value["type"] == "relationship":
        return value["source_ref"], value["target_ref"]
    return value["sighting_of_ref"], *value.get("where_sighted_refs", ()), *value.get("observed_data_refs", ())
