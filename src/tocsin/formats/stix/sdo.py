"""The domain and relationship objects of STIX 2.1 (sections 4 and 5), and the meta objects (sections 3 and 7), as data."""

from collections.abc import Mapping
from types import MappingProxyType

from tocsin.formats.stix.kinds import (
    ANY,
    FLAG,
    LANGUAGE,
    STRING,
    STRINGS,
    TIME,
    TRUE,
    Condition,
    Kind,
    ListOf,
    MapOf,
    Number,
    Record,
    Text,
    one_of,
    ref,
    some,
    whole,
)
from tocsin.formats.stix.model import SEEN, Family, ObjectType, Order, domain
from tocsin.formats.stix.properties import COMMON, EXTENSION_TYPES, KILL_CHAIN_PHASES

_ANYTHING = ListOf(ref())
_SOFTWARE = ref("software")
_SEEN: Mapping[str, Kind] = MappingProxyType({"first_seen": TIME, "last_seen": TIME})
_NAMED: Mapping[str, Kind] = MappingProxyType({"name": STRING, "description": STRING})
_ACTOR: Mapping[str, Kind] = MappingProxyType(
    {
        **_NAMED,
        **_SEEN,
        "aliases": STRINGS,
        "goals": STRINGS,
        "resource_level": STRING,
        "primary_motivation": STRING,
        "secondary_motivations": STRINGS,
    }
)
_OPINIONS = one_of("strongly-disagree", "disagree", "neutral", "agree", "strongly-agree")
_DAYS = 999_999_999  # the standard's upper limit of counts

DOMAIN_OBJECTS: tuple[ObjectType, ...] = (
    domain(
        "attack-pattern", {**_NAMED, "aliases": STRINGS, "kill_chain_phases": KILL_CHAIN_PHASES}, required=("name",)
    ),
    domain(
        "campaign",
        {**_NAMED, **_SEEN, "aliases": STRINGS, "objective": STRING},
        required=("name",),
        orders=SEEN,
    ),
    domain("course-of-action", _NAMED, required=("name",)),
    domain(
        "grouping",
        {**_NAMED, "context": STRING, "object_refs": _ANYTHING},
        required=("context", "object_refs"),
    ),
    domain(
        "identity",
        {
            **_NAMED,
            "roles": STRINGS,
            "identity_class": STRING,
            "sectors": STRINGS,
            "contact_information": STRING,
        },
        required=("name",),
    ),
    domain("incident", _NAMED, required=("name",)),
    domain(
        "indicator",
        {
            **_NAMED,
            "indicator_types": STRINGS,
            "pattern": STRING,
            "pattern_type": STRING,
            "pattern_version": STRING,
            "valid_from": TIME,
            "valid_until": TIME,
            "kill_chain_phases": KILL_CHAIN_PHASES,
        },
        required=("pattern", "pattern_type", "valid_from"),
        orders=(Order("valid_from", "valid_until", strict=True),),
    ),
    domain(
        "infrastructure",
        {
            **_NAMED,
            **_SEEN,
            "infrastructure_types": STRINGS,
            "aliases": STRINGS,
            "kill_chain_phases": KILL_CHAIN_PHASES,
        },
        required=("name",),
        orders=SEEN,
    ),
    domain("intrusion-set", _ACTOR, required=("name",), orders=SEEN),
    domain(
        "location",
        {
            **_NAMED,
            "latitude": Number("a number from -90 to 90", whole=False, least=-90, most=90),
            "longitude": Number("a number from -180 to 180", whole=False, least=-180, most=180),
            "precision": Number("a number", whole=False),
            "region": STRING,
            "country": STRING,
            "administrative_area": STRING,
            "city": STRING,
            "street_address": STRING,
            "postal_code": STRING,
        },
        conditions=(
            Condition(
                "needs region, country, or latitude with longitude",
                some=(("region",), ("country",), ("latitude", "longitude")),
            ),
            Condition("needs longitude when latitude is there", when="latitude", some=(("longitude",),)),
            Condition("needs latitude when longitude is there", when="longitude", some=(("latitude",),)),
            Condition(
                "needs latitude and longitude when precision is there",
                when="precision",
                some=(("latitude", "longitude"),),
            ),
        ),
    ),
    domain(
        "malware",
        {
            **_NAMED,
            **_SEEN,
            "malware_types": STRINGS,
            "is_family": FLAG,
            "aliases": STRINGS,
            "kill_chain_phases": KILL_CHAIN_PHASES,
            "operating_system_refs": ListOf(_SOFTWARE),
            "architecture_execution_envs": STRINGS,
            "implementation_languages": STRINGS,
            "capabilities": STRINGS,
            "sample_refs": ListOf(ref("artifact", "file")),
        },
        required=("is_family",),
        conditions=(Condition("needs a name when is_family is true", when="is_family", being=TRUE, some=(("name",),)),),
        orders=SEEN,
    ),
    domain(
        "malware-analysis",
        {
            "product": STRING,
            "version": STRING,
            "host_vm_ref": _SOFTWARE,
            "operating_system_ref": _SOFTWARE,
            "installed_software_refs": ListOf(_SOFTWARE),
            "configuration_version": STRING,
            "modules": STRINGS,
            "analysis_engine_version": STRING,
            "analysis_definition_version": STRING,
            "submitted": TIME,
            "analysis_started": TIME,
            "analysis_ended": TIME,
            "result_name": STRING,
            "result": STRING,
            "analysis_sco_refs": _ANYTHING,
            "sample_ref": ref("artifact", "file", "network-traffic"),
        },
        required=("product",),
        conditions=(some("result", "analysis_sco_refs"),),
        orders=(Order("analysis_started", "analysis_ended"),),
    ),
    domain(
        "note",
        {"abstract": STRING, "content": STRING, "authors": STRINGS, "object_refs": _ANYTHING},
        required=("content", "object_refs"),
    ),
    domain(
        "observed-data",
        {
            "first_observed": TIME,
            "last_observed": TIME,
            "number_observed": whole(1, _DAYS),
            "objects": MapOf(
                Record(MappingProxyType({"type": STRING}), required=("type",)), keys="", says="a dictionary of SCOs"
            ),
            "object_refs": _ANYTHING,
        },
        required=("first_observed", "last_observed", "number_observed"),
        conditions=(
            some("object_refs", "objects"),
            Condition("may not have both objects and object_refs", when="objects", never=("object_refs",)),
        ),
        orders=(Order("first_observed", "last_observed"),),
    ),
    domain(
        "opinion",
        {"explanation": STRING, "authors": STRINGS, "opinion": _OPINIONS, "object_refs": _ANYTHING},
        required=("opinion", "object_refs"),
    ),
    domain(
        "report",
        {**_NAMED, "report_types": STRINGS, "published": TIME, "object_refs": _ANYTHING},
        required=("name", "published", "object_refs"),
    ),
    domain(
        "threat-actor",
        {
            **_ACTOR,
            "threat_actor_types": STRINGS,
            "roles": STRINGS,
            "sophistication": STRING,
            "personal_motivations": STRINGS,
        },
        required=("name",),
        orders=SEEN,
    ),
    domain(
        "tool",
        {
            **_NAMED,
            "tool_types": STRINGS,
            "aliases": STRINGS,
            "kill_chain_phases": KILL_CHAIN_PHASES,
            "tool_version": STRING,
        },
        required=("name",),
    ),
    domain("vulnerability", _NAMED, required=("name",)),
)

_NO_END = ("bundle", "language-content", "marking-definition", "relationship", "sighting")
_END = Text(
    "the identifier of an object that is neither a relationship, a sighting, a marking, language content nor a bundle",
    ref().pattern,
    reference=True,
    refused=f"^(?:{'|'.join(_NO_END)})--",
)

RELATION_OBJECTS: tuple[ObjectType, ...] = (
    domain(
        "relationship",
        {
            "relationship_type": Text("a-z, 0-9 and hyphens", r"^[a-z0-9-]+$"),
            "description": STRING,
            "source_ref": _END,
            "target_ref": _END,
            "start_time": TIME,
            "stop_time": TIME,
        },
        required=("relationship_type", "source_ref", "target_ref"),
        orders=(Order("start_time", "stop_time", strict=True),),
        family=Family.RELATION,
    ),
    domain(
        "sighting",
        {
            **_SEEN,
            "description": STRING,
            "count": whole(0, _DAYS),
            "sighting_of_ref": _END,
            "observed_data_refs": ListOf(ref("observed-data")),
            "where_sighted_refs": ListOf(ref("identity", "location")),
            "summary": FLAG,
        },
        required=("sighting_of_ref",),
        orders=SEEN,
        family=Family.RELATION,
    ),
)

_STATEMENT = Record(MappingProxyType({"statement": STRING}), required=("statement",), says="an object with a statement")
_OF_MARKINGS = (
    "spec_version",
    "created_by_ref",
    "lang",
    "external_references",
    "object_marking_refs",
    "granular_markings",
    "extensions",
)

META_OBJECTS: tuple[ObjectType, ...] = (
    domain(
        "language-content",
        {
            "object_ref": Text(
                "the identifier of an object that is neither language content nor a bundle",
                ref().pattern,
                reference=True,
                refused="^(?:bundle|language-content)--",
            ),
            "object_modified": TIME,
            "contents": MapOf(
                MapOf(ANY, keys=r"^[a-z0-9_]{3,250}$", says="a dictionary of property names"),
                keys=LANGUAGE.pattern,
                says="a dictionary of language tags as RFC 5646 has them",
            ),
        },
        required=("object_ref", "contents"),
        family=Family.META,
    ),
    domain(
        "extension-definition",
        {
            **_NAMED,
            "schema": STRING,
            "version": STRING,
            "extension_types": ListOf(EXTENSION_TYPES),
            "extension_properties": STRINGS,
        },
        required=("name", "schema", "version", "extension_types"),
        conditions=(
            Condition(
                "may have extension_properties only with the extension type toplevel-property-extension",
                when="extension_properties",
                then=(("extension_types", ListOf(STRING, contains="toplevel-property-extension")),),
            ),
        ),
        family=Family.META,
    ),
    ObjectType(
        "marking-definition",
        Family.META,
        Record(
            MappingProxyType(
                {
                    "type": one_of("marking-definition"),
                    "id": Text("the identifier of a marking-definition", ref("marking-definition").pattern),
                    "created": TIME,
                    "modified": TIME,  # markings have no versions; but where they stand, these two are what they say
                    "revoked": FLAG,
                    "name": STRING,
                    "definition_type": STRING,
                    "definition": Record(MappingProxyType({}), says="an object"),
                    **{name: COMMON[name] for name in _OF_MARKINGS},
                }
            ),
            required=("type", "spec_version", "id", "created"),
            conditions=(
                Condition(
                    "needs definition_type with definition, or extensions",
                    some=(("extensions",), ("definition_type", "definition")),
                ),
                Condition(
                    "needs a definition with a statement when definition_type is statement",
                    when="definition_type",
                    being=one_of("statement"),
                    some=(("definition",),),
                    then=(("definition", _STATEMENT),),
                ),
            ),
            rest=ANY,
        ),
    ),
)
