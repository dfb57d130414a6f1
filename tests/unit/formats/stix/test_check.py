"""What `check` tells about an object, what it says when it refuses, and that it says no more than that."""

import gzip
import json
import tarfile
from pathlib import Path

import orjson
import pytest

from tocsin.errors import FormatError
from tocsin.formats.stix.catalogue import TYPES
from tocsin.formats.stix.check import check, check_many, check_value

VECTORS = Path(__file__).resolve().parents[3] / "vectors" / "stix"
BORDERLINE = json.loads((VECTORS / "borderline.json").read_text(encoding="utf-8"))
VALID = [
    item
    for name in ("domain_objects", "observables")
    for item in json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))
]
CLEAR = "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487"
RED = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"
ME = "identity--11111111-2222-4333-8444-00000000a001"


def campaign(**more):
    return {
        "type": "campaign",
        "spec_version": "2.1",
        "id": "campaign--11111111-2222-4333-8444-000000000001",
        "created": "2026-03-01T08:00:00.000Z",
        "modified": "2026-03-02T08:00:00.000Z",
        "name": "Winter parcels",
        **more,
    }


def refusal(value):
    with pytest.raises(FormatError) as caught:
        check(orjson.dumps(value))
    return caught.value


@pytest.mark.parametrize("item", VALID, ids=lambda item: item["id"][:-24] + item["id"][-4:])
def test_valid_samples_pass(item):
    assert check(orjson.dumps(item)).value == item


@pytest.mark.parametrize("item", BORDERLINE, ids=lambda item: item["case"])
def test_borderline_objects_have_their_verdict(item):
    if not item["code"]:
        assert check(orjson.dumps(item["object"])).id == item["object"]["id"]
        return
    error = refusal(item["object"])
    assert (error.code, error.what.partition(": ")[0]) == (item["code"], item["at"])


def test_samples_show_every_type_and_every_property():
    shown = {name: set().union(*(item for item in VALID if item["type"] == name)) for name in TYPES}
    optional = {"lang"}  # described for observables and markings, where the standard has none
    meant = {
        "observed-data": {"objects"},
        "marking-definition": {"modified", "revoked", "granular_markings"},
        "windows-registry-key": {"extensions"},
    }
    missing = {
        name: described.record.properties.keys() - shown[name] - optional - meant.get(name, set()) - {"extensions"}
        for name, described in TYPES.items()
    }
    assert not {name: properties for name, properties in missing.items() if properties}


def test_predefined_extensions_are_all_shown():
    shown = {name for item in VALID for name in item.get("extensions", {})}
    predefined = {
        name
        for described in TYPES.values()
        for name in getattr(described.record.properties["extensions"], "predefined", {})
    }
    assert len(predefined) == 12
    assert predefined <= shown


def test_what_a_domain_object_tells():
    marking = {"selectors": ["name"], "marking_ref": RED}
    language = {"selectors": ["name"], "lang": "fr"}
    value = campaign(
        created_by_ref=ME,
        revoked=True,
        object_marking_refs=[CLEAR, RED],
        granular_markings=[marking, language],
    )
    assert check(orjson.dumps(value)) == (
        value["id"],
        "campaign",
        "2026-03-02T08:00:00.000Z",
        "Winter parcels",
        ME,
        (CLEAR, RED),
        (),
        True,
        value,
    )


def test_an_observable_has_no_version_and_its_value_is_its_name():
    value = {
        "type": "ipv4-addr",
        "id": "ipv4-addr--9ddd739e-87b1-587d-83f2-62ef1130af2f",
        "value": "203.0.113.7",
        "created": "not checked, not told",
    }
    told = check_value(value)
    assert (told.version, told.name, told.created_by, told.revoked) == ("", "203.0.113.7", "", False)


def test_a_marking_is_versioned_by_its_creation():
    value = next(item for item in VALID if item["type"] == "marking-definition")
    assert check_value(value).version == value["created"]


def test_a_name_that_is_no_text_is_no_label():
    value = campaign(type="x-example", id="x-example--11111111-2222-4333-8444-000000000001", name=5, value="a")
    assert check_value(value).name == "a"


def test_ends_of_a_relationship_and_of_a_sighting():
    ends = {item["type"]: check_value(item).ends for item in VALID if item["type"] in ("relationship", "sighting")}
    assert [end.partition("--")[0] for end in ends["relationship"]] == ["indicator", "malware"]
    kinds = ["indicator", "identity", "location", "observed-data"]
    assert [end.partition("--")[0] for end in ends["sighting"]] == kinds


def test_a_batch_has_a_verdict_for_each():
    good = orjson.dumps(campaign())
    verdicts = check_many([good, b"{", orjson.dumps(campaign(confidence=500)), good])
    codes = [verdict.code if isinstance(verdict, FormatError) else "" for verdict in verdicts]
    assert codes == ["", "format.json-syntax", "format.stix", ""]


@pytest.mark.parametrize("value", [[], "a", None, 5, {}, {"type": 5}, {"type": ["a"]}, {"type": "campaign"}])
def test_what_is_no_object_at_all(value):
    assert refusal(value).code == "format.stix"


def test_stix_2_0_is_named_as_such():
    value = campaign()
    del value["spec_version"]
    assert refusal(value).what == "$: has no spec_version, so it is STIX 2.0; only STIX 2.1 is exchanged"


@pytest.mark.parametrize(
    "more",
    [
        {"confidence": "CANARY"},
        {"CANARY": 1},
        {"name": ["CANARY"]},
        {"labels": [{"CANARY": 1}]},
        {"created": "CANARY"},
        {"extensions": {"CANARY": {}}},
        {"extensions": {"canary-ext": {"CANARY": 1}}},
        {"created_by_ref": "CANARY"},
        {"external_references": [{"source_name": "CANARY"}]},
        {"external_references": [{"source_name": "a", "description": "b", "hashes": {"CANARY": "c"}}]},
        {"granular_markings": [{"selectors": ["canary"], "marking_ref": CLEAR}]},
        {"object_marking_refs": ["CANARY"]},
        {"type": "CANARY"},
        {"type": "canary", "id": "CANARY"},
        {"type": "indicator", "pattern": "CANARY", "pattern_type": "stix", "valid_from": "2026-03-01T08:00:00Z"},
        {"type": "language-content", "object_ref": ME, "contents": {"CANARY CANARY": {}}},
    ],
)
def test_a_refusal_never_shows_content(more):
    value = campaign(**more)
    if value["type"] in TYPES:
        value["id"] = f"{value['type']}--11111111-2222-4333-8444-000000000001"
    assert "canary" not in str(refusal(value)).lower()


def test_a_custom_property_of_ones_own_style_is_named():
    assert refusal(campaign(x_example_rank=[])).what.startswith("$.x_example_rank: ")


def test_the_rule_is_told_in_words():
    assert refusal(campaign(confidence=500)).what == "$.confidence: must be a whole number from 0 to 100"
    missing = campaign()
    del missing["name"]
    assert refusal(missing).what == "$: needs the property name"


def test_many_breaches_are_refused_by_the_first():
    assert refusal(campaign(labels=[1] * 50_000)).what == "$.labels[0]: must be a string"


def test_contained_observables_may_refer_to_neighbours_only_by_the_right_key():
    value = next(item for item in VALID if "objects" in item)
    objects = {**value["objects"], "0": {**value["objects"]["0"], "resolves_to_refs": ["3"]}}
    assert refusal({**value, "objects": objects}).what.startswith("$.objects.*.resolves_to_refs: ")


KNOWN_FAULTS = {
    # created in October 2018 and modified in April 2018, as published
    "relationship--f825f5ea-3815-431f-b005-4c01b8b2fed9": "format.stix-time",
}


@pytest.mark.slow
@pytest.mark.shared
def test_attack_passes(shared_data):
    faults = {}
    for name in ("attack-ics-18.1.json.gz", "attack-mobile-14.1.json.gz"):
        bundle = orjson.loads(gzip.decompress((shared_data / "stix" / name).read_bytes()))
        for value, verdict in zip(
            bundle["objects"], check_many([orjson.dumps(value) for value in bundle["objects"]]), strict=True
        ):
            if isinstance(verdict, FormatError):
                faults[value["id"]] = verdict.code
    assert faults == KNOWN_FAULTS


@pytest.mark.shared
def test_the_examples_of_the_standard_pass(shared_data):
    passed = 0
    with tarfile.open(shared_data / "stix" / "oasis-stix21-schemas-examples.tar.gz") as archive:
        for member in archive.getmembers():
            if "/examples/" in member.name and member.isfile():
                found = orjson.loads(archive.extractfile(member).read())
                for value in found.get("objects", [found]):
                    assert check(orjson.dumps(value)).id == value["id"]
                    passed += 1
    assert passed > 100
