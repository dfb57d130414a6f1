"""Our STIX extensions: standard objects that any tool reads, made alike whenever they say the same."""

import json
from pathlib import Path

import pytest

from tocsin.formats import extension
from tocsin.formats.stix.check import check

ME = "identity--11111111-1111-4111-8111-111111111111"
THING = "indicator--22222222-2222-4222-8222-222222222222"
DEFINITIONS = Path(__file__).parents[3] / "docs" / "formats" / "extension-definitions.json"


def made(at=1_700_000_000_123_456, **said):
    body = {"content": "seen here too", "object_refs": [THING]}
    return extension.compose("note", ("a", "b"), ME, at, body, "feedback", said)


@pytest.mark.slow
def test_what_we_say_is_a_standard_object_that_foreign_tools_accept():
    from stix2validator import ValidationOptions, validate_instance  # seconds to load: not for who leaves this test out

    checked = check(made(kind="sighted"))
    assert (checked.type, checked.created_by, checked.version) == ("note", ME, "2023-11-14T22:13:20.123Z")
    assert validate_instance(checked.value, ValidationOptions(version="2.1", strict=False)).is_valid
    assert extension.of(checked.value, "feedback") == {"extension_type": "property-extension", "kind": "sighted"}
    assert extension.of(checked.value, "warning") is None


def test_the_same_thing_said_twice_is_one_object_and_another_key_another():
    assert made(kind="x") == made(kind="x")
    other = extension.compose("note", ("a", "c"), ME, 0, {"content": "-", "object_refs": [THING]}, "feedback", {})
    assert json.loads(made())["id"] != json.loads(other)["id"]


@pytest.mark.parametrize("odd", [None, 1, "x", [], {}, {extension.ID["feedback"]: 1}, {extension.ID["feedback"]: None}])
def test_whatever_stands_for_extensions_is_read_without_a_fault(odd):
    assert extension.of({"extensions": odd}, "feedback") is None
    assert extension.of({}, "feedback") is None


def test_every_extension_has_its_definition_as_a_valid_stix_object():
    bundle = json.loads(DEFINITIONS.read_text("utf-8"))
    listed = {one["id"]: one for one in bundle["objects"] if one["type"] == "extension-definition"}
    assert listed.keys() == set(extension.ID.values())
    for one in bundle["objects"]:
        check(json.dumps(one).encode())
    for name, id_ in extension.ID.items():
        assert listed[id_]["extension_types"] == ["property-extension"]
        assert name in listed[id_]["name"]
