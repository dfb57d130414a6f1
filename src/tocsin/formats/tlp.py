"""The Traffic Light Protocol: five levels, their fixed STIX ids, and what a marking-definition object means.

Levels: FIRST, TLP 2.0. Objects: STIX 2.1 section 7.2 for TLP 1, and the OASIS extension for TLP 2.0. Other programs
spell levels in their own ways; those are mapped by name, and `is_foreign` tells them apart. What is not understood
is never taken for "no restriction": it is refused.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from enum import IntEnum
from functools import cache
from types import MappingProxyType
from typing import Any

import rfc8785

from tocsin.errors import FormatError, PolicyError


class Tlp(IntEnum):
    """The levels of TLP 2.0, from the widest audience to the narrowest: comparing them compares strictness."""

    CLEAR = 0
    GREEN = 1
    AMBER = 2
    AMBER_STRICT = 3
    RED = 4

    @property
    def label(self) -> str:
        """The name as FIRST writes it, e.g. `TLP:AMBER+STRICT`."""
        return "TLP:" + self.name.replace("_", "+")

    @classmethod
    def parse(cls, text: str) -> "Tlp":
        """The level a person or a program wrote: any case, `TLP:` or not, `+`, `-`, `_` or a space before STRICT.

        TLP 1's WHITE is CLEAR. Raises FormatError("format.tlp") for anything else.
        """
        name = text.strip().casefold().removeprefix("tlp:").strip()
        level = _NAMES.get(name)
        if level is None:
            raise FormatError("format.tlp", "The text is not one of CLEAR, GREEN, AMBER, AMBER+STRICT, RED.")
        return level


_NAMES: Mapping[str, Tlp] = MappingProxyType(
    {
        "clear": Tlp.CLEAR,
        "white": Tlp.CLEAR,
        "green": Tlp.GREEN,
        "amber": Tlp.AMBER,
        "amber+strict": Tlp.AMBER_STRICT,
        "amber-strict": Tlp.AMBER_STRICT,
        "amber_strict": Tlp.AMBER_STRICT,
        "amber strict": Tlp.AMBER_STRICT,
        "red": Tlp.RED,
    }
)

_TLP_WORD = re.compile(r"(?<![a-z])tlp(?![a-z])")

TLP_EXTENSION = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
"""The OASIS extension that carries TLP 2.0 in a STIX 2.1 marking-definition."""

# OpenCTI hangs its bookkeeping (order, colour) on every object it exports; on a marking it restricts nothing.
_OPENCTI_EXTENSION = "extension-definition--ea279b3e-5c71-4632-ac08-831c66a786ba"

_IDS: Mapping[Tlp, str] = MappingProxyType(
    {
        Tlp.CLEAR: "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
        Tlp.GREEN: "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
        Tlp.AMBER: "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
        Tlp.AMBER_STRICT: "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
        Tlp.RED: "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
    }
)

_TLP1: Mapping[str, tuple[Tlp, str]] = MappingProxyType(
    {
        "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9": (Tlp.CLEAR, "white"),
        "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da": (Tlp.GREEN, "green"),
        "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82": (Tlp.AMBER, "amber"),
        "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed": (Tlp.RED, "red"),
    }
)

FIXED: Mapping[str, Tlp] = MappingProxyType(
    {fixed: level for level, fixed in _IDS.items()} | {fixed: level for fixed, (level, _) in _TLP1.items()}
)
"""Every fixed TLP marking-definition id, of TLP 2.0 and of TLP 1, and its level. Known without the object."""


def marking_id(tlp: Tlp) -> str:
    """The fixed TLP 2.0 marking-definition id of a level: what goes into `object_marking_refs`."""
    return _IDS[tlp]


@cache
def definition(tlp: Tlp) -> bytes:
    """The published TLP 2.0 marking-definition object of a level, as RFC 8785 JSON."""
    return rfc8785.dumps(_published(tlp))


def reading(definition_object: Mapping[str, Any]) -> Tlp | None:
    """What a marking-definition object means for the audience.

    A level; or None for a statement (a copyright notice, say) that leaves the audience as it is. Raises
    PolicyError("policy.unknown-marking") for anything not understood, two levels in one object included, and
    PolicyError("policy.tlp-forged") when the object bears a fixed TLP id and says anything but that level.
    """
    fixed = FIXED.get(_text(definition_object.get("id")))
    if fixed is None:
        return _said(definition_object)
    try:
        honest = _said(definition_object) is fixed
    except PolicyError:
        honest = False
    if not honest or (definition_object["id"] in _IDS.values() and dict(definition_object) != _published(fixed)):
        raise PolicyError("policy.tlp-forged", "A marking-definition bears a fixed TLP id and other content.")
    return fixed


def is_foreign(definition_object: Mapping[str, Any]) -> bool:
    """Whether an object means a level but says so otherwise than OASIS published it (worth a flag). Raises as `reading`."""
    if reading(definition_object) is None:
        return False
    marking = definition_object["id"]
    if marking in _IDS.values():
        return False  # with a TLP 2.0 id `reading` takes the published object only
    if marking not in _TLP1:
        return True
    word = _TLP1[marking][1]
    plain = {
        "type": "marking-definition",
        "id": marking,
        "created": "2017-01-20T00:00:00.000Z",
        "definition_type": "tlp",
        "definition": {"tlp": word},
    }
    since_2_1 = {"spec_version": "2.1", "name": f"TLP:{word.upper()}"}
    return dict(definition_object) not in (plain, plain | since_2_1, plain | {"spec_version": "2.1"})


def _published(tlp: Tlp) -> dict[str, Any]:
    return {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": _IDS[tlp],
        "created": "2022-10-01T00:00:00.000Z",
        "name": tlp.label,
        "extensions": {
            TLP_EXTENSION: {
                "extension_type": "property-extension",
                "tlp_2_0": tlp.label.removeprefix("TLP:").lower(),
            }
        },
    }


def _said(obj: Mapping[str, Any]) -> Tlp | None:
    """The one thing all parts of the object say. Two different levels, or nothing at all, are not understood."""
    if obj.get("type") != "marking-definition":
        raise _unknown()
    said = {*_in_extensions(obj), *_in_definition(obj), *_in_opencti(obj), *_in_name(obj)}
    levels = said - {None}
    if len(levels) > 1 or not said:
        raise _unknown()
    return levels.pop() if levels else None


def _in_extensions(obj: Mapping[str, Any]) -> Iterator[Tlp]:
    for key, content in _members(obj.get("extensions", {})):
        if key == TLP_EXTENSION:
            yield _level(dict(_members(content)).get("tlp_2_0"))
        elif key != _OPENCTI_EXTENSION:
            raise _unknown()  # another extension is another kind of marking (IEP, PAP, ...)


def _in_definition(obj: Mapping[str, Any]) -> Iterator[Tlp | None]:
    """STIX: `tlp` and `statement`. Elsewhere also upper case, `TLP:...` as the type, a level inside a statement."""
    kind = obj.get("definition_type", "tlp")
    if not isinstance(kind, str) or kind.casefold() not in {"tlp", "statement"}:
        yield _prefixed(kind)
    for key, content in _members(obj.get("definition", {})):
        if key.casefold() == "tlp":
            yield _level(content)
        elif key == "statement":
            yield from _in_statement(obj, _text(content))
        else:
            raise _unknown()


def _in_statement(obj: Mapping[str, Any], statement: str) -> Iterator[Tlp | None]:
    if statement.casefold().strip() == "custom":
        return  # OpenCTI's placeholder says nothing: the true marking stands in another property, or nowhere
    if _mentions_tlp(statement):
        yield _prefixed(statement)
    elif not statement.strip() or statement.strip().casefold() in _NAMES:
        raise _unknown()  # a bare colour may be a level or not
    elif str(obj.get("definition_type")).casefold() != "statement":
        raise _unknown()
    else:
        yield None


def _in_opencti(obj: Mapping[str, Any]) -> Iterator[Tlp]:
    kind = obj.get("x_opencti_definition_type", "statement")
    text = _text(obj.get("x_opencti_definition", ""))
    if kind not in ("statement", "TLP"):
        raise _unknown()  # OpenCTI's other kinds (PAP, home-made ones) restrict in ways not known here
    if kind == "TLP" or _mentions_tlp(text):
        yield _prefixed(text)


def _in_name(obj: Mapping[str, Any]) -> Iterator[Tlp]:
    name = _text(obj.get("name", ""))
    if _mentions_tlp(name):
        yield _prefixed(name)


def _mentions_tlp(text: str) -> bool:
    """Whether the letters TLP stand there as a word, in full-width and other look-alike forms too."""
    return _TLP_WORD.search(unicodedata.normalize("NFKC", text).casefold()) is not None


def _prefixed(text: Any) -> Tlp:
    """Free text is a level only as `TLP:...` and nothing around it."""
    if not _text(text).strip().casefold().startswith("tlp:"):
        raise _unknown()
    return _level(text)


def _level(text: Any) -> Tlp:
    try:
        return Tlp.parse(_text(text))
    except FormatError:
        raise _unknown() from None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise _unknown()
    return value


def _members(value: Any) -> list[tuple[str, Any]]:
    if not isinstance(value, Mapping):
        raise _unknown()
    return list(value.items())


def _unknown() -> PolicyError:
    return PolicyError("policy.unknown-marking", "A marking-definition says something this node does not understand.")
