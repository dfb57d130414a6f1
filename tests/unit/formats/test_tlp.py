"""The five levels, the fixed objects, and what other programs make of them."""

import json

import pytest

from tocsin.errors import MEANINGS, FormatError, PolicyError
from tocsin.formats.tlp import FIXED, TLP_EXTENSION, Tlp, definition, is_foreign, marking_id, reading

OPENCTI_EXTENSION = "extension-definition--ea279b3e-5c71-4632-ac08-831c66a786ba"
SOME_ID = "marking-definition--0a3f1c52-7d5e-4b52-9c55-3d7a1f8c2b11"
TLP1_WHITE = "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9"
TLP1_RED = "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed"
OPENCTI_STRICT = "marking-definition--826578e1-40ad-459f-bc73-ede076f81f37"

TLP2_IDS = {
    Tlp.CLEAR: "94868c89-83c2-464b-929b-a1a8aa3c8487",
    Tlp.GREEN: "bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
    Tlp.AMBER: "55d920b0-5e8b-4f79-9ee9-91f868d9b421",
    Tlp.AMBER_STRICT: "939a9414-2ddd-4d32-a0cd-375ea402b003",
    Tlp.RED: "e828b379-4e03-4974-9ac4-e53a884c97c1",
}
TLP1_IDS = {
    "white": ("613f2e26-407d-48c7-9eca-b8e91df99dc9", Tlp.CLEAR),
    "green": ("34098fce-860f-48ae-8e50-ebd3cc5e41da", Tlp.GREEN),
    "amber": ("f88d31f6-486f-44da-b317-01333bde0b82", Tlp.AMBER),
    "red": ("5e57c739-391a-4eb3-b6be-7d15ca92d5ed", Tlp.RED),
}


def made(**properties):
    return {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": SOME_ID,
        "created": "2026-01-05T08:00:00.000Z",
    } | properties


def tlp1(word, **properties):
    return (
        made(
            id="marking-definition--" + TLP1_IDS[word][0],
            created="2017-01-20T00:00:00.000Z",
            name=f"TLP:{word.upper()}",
            definition_type="tlp",
            definition={"tlp": word},
        )
        | properties
    )


def tlp2(level, **properties):
    return json.loads(definition(level)) | properties


def refusal(obj):
    with pytest.raises(PolicyError) as caught:
        reading(obj)
    assert caught.value.code in MEANINGS
    return caught.value.code


def test_levels_are_ordered_by_strictness():
    assert sorted(Tlp, reverse=True) == [Tlp.RED, Tlp.AMBER_STRICT, Tlp.AMBER, Tlp.GREEN, Tlp.CLEAR]
    assert [int(level) for level in Tlp] == [0, 1, 2, 3, 4]


def test_labels_are_those_of_first():
    assert [level.label for level in Tlp] == ["TLP:CLEAR", "TLP:GREEN", "TLP:AMBER", "TLP:AMBER+STRICT", "TLP:RED"]


@pytest.mark.parametrize("level", Tlp)
def test_a_level_parses_from_its_label_in_any_case_with_and_without_prefix(level):
    for text in (
        level.label,
        level.label.lower(),
        level.label[4:],
        level.label[4:].lower(),
        f" {level.label.title()} ",
    ):
        assert Tlp.parse(text) is level


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("white", Tlp.CLEAR),
        ("TLP:WHITE", Tlp.CLEAR),
        ("amber-strict", Tlp.AMBER_STRICT),
        ("TLP:AMBER-STRICT", Tlp.AMBER_STRICT),
        ("amber_strict", Tlp.AMBER_STRICT),
        ("Amber Strict", Tlp.AMBER_STRICT),
        ("tlp: red", Tlp.RED),
    ],
)
def test_other_spellings_parse(text, level):
    assert Tlp.parse(text) is level


@pytest.mark.parametrize(
    "text", ["", "tlp:", "tlp", "pink", "TLP:TLP:RED", "red!", "ambér", "strict", "amber+", "4", "TLPRED", "TLP:EX:CHR"]
)
def test_anything_else_is_no_level(text):
    with pytest.raises(FormatError) as caught:
        Tlp.parse(text)
    assert caught.value.code == "format.tlp"
    assert caught.value.code in MEANINGS


def test_fixed_ids_are_those_of_the_standards():
    assert {level: marking_id(level) for level in Tlp} == {
        level: f"marking-definition--{uuid}" for level, uuid in TLP2_IDS.items()
    }
    assert {f"marking-definition--{uuid}": level for level, uuid in TLP2_IDS.items()} | {
        f"marking-definition--{uuid}": level for uuid, level in TLP1_IDS.values()
    } == FIXED


def test_definition_is_the_published_object_in_canonical_form():
    assert definition(Tlp.AMBER_STRICT) == (
        b'{"created":"2022-10-01T00:00:00.000Z","extensions":{"extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"'
        b':{"extension_type":"property-extension","tlp_2_0":"amber+strict"}},'
        b'"id":"marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003","name":"TLP:AMBER+STRICT","spec_version":"2.1",'
        b'"type":"marking-definition"}'
    )


@pytest.mark.shared
def test_definitions_equal_the_published_collection(shared_data):
    published = json.loads((shared_data / "stix" / "tlp-2.0-marking-definitions.json").read_text())
    assert [json.loads(definition(level)) for level in Tlp] == published


@pytest.mark.parametrize("level", Tlp)
def test_a_published_tlp2_object_means_its_level(level):
    assert reading(tlp2(level)) is level
    assert not is_foreign(tlp2(level))


@pytest.mark.parametrize("word", TLP1_IDS)
def test_a_published_tlp1_object_means_its_level(word):
    old = tlp1(word)
    for absent in ((), ("name",), ("name", "spec_version")):
        obj = {key: value for key, value in old.items() if key not in absent}
        assert reading(obj) is TLP1_IDS[word][1]
        assert not is_foreign(obj)


def test_a_copyright_notice_changes_no_audience():
    notice = {"statement": "Copyright 2015-2025, The Example Corporation."}
    obj = made(definition_type="statement", definition=notice, created_by_ref="identity--x", x_example="2.1.0")
    assert reading(obj) is None
    assert not is_foreign(obj)


FOREIGN = [
    ("statement", Tlp.AMBER_STRICT, made(definition_type="statement", definition={"statement": "TLP:AMBER+STRICT"})),
    ("statement, lower", Tlp.RED, made(definition_type="statement", definition={"statement": " tlp:red "})),
    (
        "placeholder",
        Tlp.AMBER_STRICT,
        made(
            id=OPENCTI_STRICT,
            definition_type="statement",
            definition={"statement": "custom"},
            x_opencti_definition_type="TLP",
            x_opencti_definition="TLP:AMBER+STRICT",
        ),
    ),
    ("upper-case type", Tlp.AMBER_STRICT, made(definition_type="TLP", definition={"TLP": "AMBER+STRICT"})),
    (
        "tlp with statement",
        Tlp.AMBER_STRICT,
        made(
            definition_type="tlp",
            definition={"statement": "TLP:AMBER+STRICT"},
            x_opencti_definition_type="TLP",
            x_opencti_definition="TLP:AMBER+STRICT",
        ),
    ),
    (
        "name only",
        Tlp.AMBER_STRICT,
        made(
            definition_type="TLP",
            name="TLP:AMBER+STRICT",
            extensions={OPENCTI_EXTENSION: {"extension_type": "property-extension", "order": 4, "color": "#d84315"}},
        ),
    ),
    ("level as type", Tlp.GREEN, made(definition_type="TLP:GREEN", name="TLP:GREEN")),
    ("tlp2 under another id", Tlp.RED, tlp2(Tlp.RED, id=SOME_ID)),
    ("tlp1 under another id", Tlp.GREEN, tlp1("green", id=SOME_ID)),
    ("clear under tlp1 id", Tlp.CLEAR, tlp1("white", name="TLP:CLEAR", definition={"tlp": "clear"})),
    ("clear, other id", Tlp.CLEAR, made(definition_type="tlp", definition={"tlp": "clear"})),
    ("own creation time", Tlp.RED, tlp1("red", created="2024-02-02T10:00:00.000Z")),
    ("statement beside", Tlp.RED, made(definition_type="statement", definition={"statement": "(c) X"}, name="TLP:RED")),
]


@pytest.mark.parametrize(("level", "obj"), [row[1:] for row in FOREIGN], ids=[row[0] for row in FOREIGN])
def test_foreign_spellings_are_mapped_by_name_and_flagged(level, obj):
    assert reading(obj) is level
    assert is_foreign(obj)


def said(text):
    return made(definition_type="statement", definition={"statement": text})


UNKNOWN = [
    {},
    {"type": "marking-definition"},
    made(),
    made(id=7),
    made(id=None),
    made(type="identity", definition_type="statement", definition={"statement": "Copyright"}),
    made(definition_type="statement"),
    made(definition_type="statement", definition={}),
    made(definition_type="statement", definition="Copyright"),
    made(definition_type="statement", definition={"statement": 5}),
    made(definition_type="statement", definition={"statement": ["TLP:RED"]}),
    made(definition_type="statement", definition={"statement": "Copyright", "audience": "five eyes"}),
    made(definition_type=["statement"], definition={"statement": "Copyright"}),
    made(definition={"statement": "Copyright"}),
    made(definition_type="tlp", definition={"statement": "Copyright"}),
    made(definition_type="tlp", definition={"tlp": "pink"}),
    made(definition_type="tlp", definition={"tlp": 4}),
    made(definition_type="tlp", definition={"tlp": None}),
    made(definition_type="ais", definition={"tlp": "white", "consent": "everyone"}),
    made(definition_type="iep", definition={"statement": "Copyright"}),
    made(definition_type="green", definition={"tlp": "green"}),
    made(extensions={TLP_EXTENSION: {"extension_type": "property-extension"}}),
    made(extensions={TLP_EXTENSION: "red"}),
    made(extensions=[TLP_EXTENSION]),
    made(extensions={OPENCTI_EXTENSION: {}}),
    made(extensions={OPENCTI_EXTENSION: {}, "extension-definition--1": {}}, definition_type="TLP", name="TLP:CLEAR"),
    said("Copyright") | {"extensions": {"extension-definition--1": {"permitted": "none"}}},
    said("Copyright") | {"name": "handle as TLP RED"},
    said("Copyright") | {"name": ["TLP:RED"]},
    said("Copyright") | {"x_opencti_definition_type": "PAP", "x_opencti_definition": "PAP:RED"},
    said("Copyright") | {"x_opencti_definition_type": "TLP"},
    said("Copyright") | {"x_opencti_definition_type": "TLP", "x_opencti_definition": "RED"},
    said("Copyright") | {"x_opencti_definition": "TLP:PINK"},
    said("Copyright") | {"x_opencti_definition": 1},
    said("Copyright") | {"x_opencti_definition_type": "PAP", "x_opencti_definition": "TLP:RED"},
    said("Copyright") | {"x_opencti_definition_type": ["TLP"], "x_opencti_definition": "TLP:RED"},
    said("RED") | {"name": "TLP:GREEN"},
    said("") | {"name": "TLP:GREEN"},
    made(definition_type="tlp", definition={"tlp": "red", "statement": "Copyright"}),
    said("custom"),
    said("custom") | {"x_opencti_definition": ""},
    said(""),
    said("  "),
    said("RED"),
    said(" white "),
    said("TLP AMBER"),
    said("TLP:AMBER, not for vendors"),
    said("Handle as TLP:RED"),
    said("\uff34\uff2c\uff30:RED"),
    said("TLP:GREEN") | {"name": "TLP:RED"},
    tlp2(Tlp.GREEN, id=SOME_ID, name="TLP:RED"),
    tlp2(Tlp.GREEN, id=SOME_ID, definition_type="tlp", definition={"tlp": "clear"}),
    made(definition_type="TLP:GREEN", definition={"tlp": "red"}),
    made(definition_type="tlp", definition={"tlp": "red", "TLP": "green"}),
]


@pytest.mark.parametrize("obj", UNKNOWN)
def test_what_is_not_understood_is_an_unknown_marking(obj):
    assert refusal(obj) == "policy.unknown-marking"
    with pytest.raises(PolicyError):
        is_foreign(obj)


def test_letters_within_a_word_do_not_make_a_level():
    assert reading(said("Copyright Sattlprint Ltd, courtlpost, tlpx")) is None


FORGED = [
    tlp2(Tlp.RED, name="TLP:CLEAR"),
    tlp2(Tlp.RED, created="2022-10-01T00:00:01.000Z"),
    tlp2(Tlp.RED, object_marking_refs=[marking_id(Tlp.CLEAR)]),
    tlp2(Tlp.RED, x_note="for everyone"),
    tlp2(Tlp.RED, extensions=tlp2(Tlp.CLEAR)["extensions"]),
    tlp2(Tlp.RED, id=marking_id(Tlp.AMBER)),
    tlp2(Tlp.AMBER, id=marking_id(Tlp.AMBER_STRICT)),
    tlp2(Tlp.GREEN, id=TLP1_WHITE),
    {"id": marking_id(Tlp.RED)},
    {"id": TLP1_RED, "type": "marking-definition"},
    tlp1("red", id=TLP1_WHITE),
    tlp1("red", definition={"tlp": "green"}),
    tlp1("red", name="TLP:GREEN"),
    tlp1("red", definition_type="statement", definition={"statement": "Copyright"}, name="Notice"),
    tlp1("red", extensions={"extension-definition--1": {}}),
    tlp1("red", type="identity"),
]


@pytest.mark.parametrize("obj", FORGED)
def test_a_fixed_id_with_other_content_is_forged(obj):
    assert refusal(obj) == "policy.tlp-forged"


@pytest.mark.parametrize("level", Tlp)
def test_a_published_object_lacking_a_property_is_forged(level):
    for absent in tlp2(level).keys() - {"id"}:
        assert refusal({key: value for key, value in tlp2(level).items() if key != absent}) == "policy.tlp-forged"


def test_refusals_carry_nothing_of_the_object():
    for obj in (said("TLP:canary-7f3a"), tlp1("red", name="TLP:canary-7f3a")):
        with pytest.raises(PolicyError) as caught:
            reading(obj)
        assert "canary" not in str(caught.value)
        assert caught.value.__cause__ is None
