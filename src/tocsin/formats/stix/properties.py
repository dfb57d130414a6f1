"""The properties that many types share, and the small records they hold (STIX 2.1, sections 2 and 3)."""

from types import MappingProxyType

from tocsin.formats.stix.kinds import (
    ANY,
    FLAG,
    LANGUAGE,
    STRING,
    STRINGS,
    TIME_MILLIS,
    TYPE_IN_ID,
    URL,
    UUID,
    Condition,
    Kind,
    ListOf,
    MapOf,
    Record,
    Schema,
    Text,
    one_of,
    ref,
    some,
    whole,
)

_HASH_KEY = r"^[a-zA-Z0-9_-]{3,250}$"


def _hexadecimal(name: str, digits: int) -> Text:
    return Text(f"a {name} of {digits} hexadecimal digits", rf"^[a-fA-F0-9]{{{digits}}}$")


HASH_KINDS = MappingProxyType(
    {
        "MD5": _hexadecimal("MD5", 32),
        "SHA-1": _hexadecimal("SHA-1", 40),
        "SHA-256": _hexadecimal("SHA-256", 64),
        "SHA-512": _hexadecimal("SHA-512", 128),
        "SHA3-256": _hexadecimal("SHA3-256", 64),
        "SHA3-512": _hexadecimal("SHA3-512", 128),
        "SSDEEP": Text("an SSDEEP hash", r"^[a-zA-Z0-9/+:.]{1,128}$"),
        "TLSH": Text("a TLSH hash", r"^[a-zA-Z0-9]{70}$"),
    }
)
HASHES = MapOf(
    STRING, keys=_HASH_KEY, named=HASH_KINDS, says="a dictionary of hashes, its keys names of 3 to 250 characters"
)

_KNOWN_HASHES = Record(HASH_KINDS, closed=True, least=1, says=f"a dictionary of the hashes {', '.join(HASH_KINDS)}")

_CVE = Text("a number as CVE-2026-1234", r"^CVE-[0-9]{4}-(?:0[0-9]{3}|[1-9][0-9]{3,})$")
_CAPEC = Text("a number as CAPEC-123", r"^CAPEC-[0-9]+$")
_FROM_CVE, _FROM_CAPEC = one_of("cve"), one_of("capec")

EXTERNAL_REFERENCE = Record(
    MappingProxyType(
        {"source_name": STRING, "description": STRING, "url": URL, "hashes": _KNOWN_HASHES, "external_id": STRING}
    ),
    required=("source_name",),
    conditions=(
        some("description", "url", "external_id"),
        Condition(
            "needs an external_id as CVE-2026-1234 when source_name is cve",
            when="source_name",
            being=_FROM_CVE,
            some=(("external_id",),),
            then=(("external_id", _CVE),),
        ),
        Condition(
            "needs an external_id as CAPEC-123 when source_name is capec",
            when="source_name",
            being=_FROM_CAPEC,
            some=(("external_id",),),
            then=(("external_id", _CAPEC),),
        ),
        Condition(
            "needs source_name cve for a CVE number", when="external_id", being=_CVE, then=(("source_name", _FROM_CVE),)
        ),
        Condition(
            "needs source_name capec for a CAPEC number",
            when="external_id",
            being=_CAPEC,
            then=(("source_name", _FROM_CAPEC),),
        ),
    ),
)
EXTERNAL_REFERENCES = ListOf(EXTERNAL_REFERENCE)

KILL_CHAIN_PHASES = ListOf(
    Record(
        MappingProxyType({"kill_chain_name": STRING, "phase_name": STRING}), required=("kill_chain_name", "phase_name")
    )
)

MARKING_REF = ref("marking-definition", code="format.stix-marking")
SELECTOR = Text(
    "a selector: property names and [list positions] joined by dots",
    r"^(?:[a-z0-9_-]{3,249}(?:\.(?:\[[0-9]+\]|[a-z0-9_-]{1,250}))*|id)$",
    code="format.stix-marking",
)
GRANULAR_MARKINGS = ListOf(
    Record(
        MappingProxyType({"selectors": ListOf(SELECTOR), "lang": LANGUAGE, "marking_ref": MARKING_REF}),
        required=("selectors",),
        conditions=(
            some("marking_ref", "lang"),
            Condition("may not have both marking_ref and lang", when="marking_ref", never=("lang",)),
        ),
        code="format.stix-marking",
    )
)

EXTENSION_TYPES = one_of("new-sdo", "new-sco", "new-sro", "property-extension", "toplevel-property-extension")
_BY_DEFINITION = Record(
    MappingProxyType({"extension_type": EXTENSION_TYPES}), required=("extension_type",), least=1, rest=ANY
)
_BY_NAME = Record(MappingProxyType({}), least=1, rest=ANY)
_DEFINITION_KEY = f"^extension-definition--{UUID}$"
_NAMED_KEY = r"^[a-z][a-z0-9]*(?:-[a-z0-9]+)*-ext$"


class Extensions(Kind):
    """The dictionary `extensions`: predefined ones of the type, others by name, and those of an extension definition."""

    __slots__ = ("predefined",)
    says = "a dictionary that is not empty, its keys ids of extension definitions or names that end in -ext"
    code = "format.stix"

    def __init__(self, predefined: MappingProxyType[str, Record] | None = None) -> None:
        self.predefined = predefined or MappingProxyType[str, Record]({})

    def schema(self, *, contained: bool = False) -> Schema:
        """See Kind."""
        return {
            "type": "object",
            "minProperties": 1,
            "properties": {name: record.schema(contained=contained) for name, record in self.predefined.items()},
            "patternProperties": {_DEFINITION_KEY: _BY_DEFINITION.schema(), _NAMED_KEY: _BY_NAME.schema()},
            "additionalProperties": False,
        }

    def inside(self, step: str | int) -> Kind | None:
        """See Kind."""
        key = str(step)
        other = _BY_DEFINITION if key.startswith("extension-definition--") else _BY_NAME
        return self.predefined.get(key, other)


EXTENSIONS = Extensions()
SPEC_VERSION = one_of("2.1")
TYPE_NAME = Text("a type name: a-z, 0-9 and inner hyphens, 3 to 250 characters", r"^[a-z][a-z0-9]*(?:-[a-z0-9]+)*-?$")
IDENTIFIER = Text("an identifier of the form type--UUID", rf"^{TYPE_IN_ID}--{UUID}$")

COMMON = MappingProxyType(
    {
        "spec_version": SPEC_VERSION,
        "created_by_ref": ref("identity"),
        "created": TIME_MILLIS,
        "modified": TIME_MILLIS,
        "revoked": FLAG,
        "labels": STRINGS,
        "confidence": whole(0, 100),
        "lang": LANGUAGE,
        "external_references": EXTERNAL_REFERENCES,
        "object_marking_refs": ListOf(MARKING_REF),
        "granular_markings": GRANULAR_MARKINGS,
        "extensions": EXTENSIONS,
    }
)
COMMON_REQUIRED = ("type", "spec_version", "id", "created", "modified")

OBSERVABLE_COMMON = MappingProxyType(
    {
        "spec_version": SPEC_VERSION,
        "object_marking_refs": ListOf(MARKING_REF),
        "granular_markings": GRANULAR_MARKINGS,
        "defanged": FLAG,
        "lang": LANGUAGE,  # not a property of SCOs; but where it stands, it must be what it says
        "extensions": EXTENSIONS,
    }
)
OBSERVABLE_REQUIRED = ("type", "id")
