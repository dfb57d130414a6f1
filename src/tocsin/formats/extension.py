"""Our STIX 2.1 extensions (section 7.3): what an exchange needs to say that the standard has no property for.

All are property extensions of standard objects, so that a foreign tool reads the rest. docs/formats/extensions.md lists
their properties; docs/formats/extension-definitions.json holds the definitions.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from tocsin.formats import canonical
from tocsin.formats.stix.ids import sdo_id
from tocsin.formats.text import instant

NAMES: Final = (
    "warning",
    "answer",
    "escalation",
    "recall",
    "confirmation",
    "feedback",
    "person",
    "objection",
    "decision",
)
ID: Final[Mapping[str, str]] = MappingProxyType({name: sdo_id("extension-definition", name, "1") for name in NAMES})
_MILLISECOND: Final = 1000


def of(value: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    """What our extension of this name says in a STIX object; None when the object does not carry it. Total."""
    extensions = value.get("extensions")
    found = extensions.get(ID[name]) if isinstance(extensions, Mapping) else None
    return found if isinstance(found, Mapping) else None


def compose(
    kind: str,
    key: Sequence[str],
    identity: str,
    at_us: int,
    body: Mapping[str, Any],
    name: str,
    said: Mapping[str, Any],
) -> bytes:
    """The RFC 8785 bytes of a domain or relationship object of type `kind` with our extension `name`.

    The id is made of `kind` and `key`, so that saying a thing twice makes one object. `identity` is the STIX identity of
    the member that speaks, `at_us` microseconds since 1970 for both `created` and `modified` unless `body` says
    otherwise, `body` the standard's properties (marking references among them). Raises FormatError for what is no JSON.
    """
    # STIX asks for three decimals at least; more would make ids and versions of one moment differ in look.
    at = instant(at_us // _MILLISECOND * _MILLISECOND)[:-4] + "Z"
    return canonical.encode(
        {
            "type": kind,
            "spec_version": "2.1",
            "id": sdo_id(kind, name, *key),
            "created_by_ref": identity,
            "created": at,
            "modified": at,
            **body,
            "extensions": {ID[name]: {"extension_type": "property-extension", **said}},
        }
    )
