"""Whom objects concern, and the words for it; and that no object, however odd, is an error."""

import time
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.exchange.match import observables
from tocsin.exchange.match.concerned import FAN_OUT, MOST_REASONS, Inquiry, concerned
from tocsin.exchange.match.constituency import of_members
from tocsin.formats import extension

BB = SimpleNamespace(
    handle="bb",
    countries=("FR",),
    sectors=("energy",),
    identity="identity--bb",
    constituency={
        "cidr": ("203.0.113.0/24",),
        "domains": ("bb.example", "fr"),
        "asn": ("64500",),
    },
)
INDEX = of_members([BB])


def relation(number, source, label, target):
    return {
        "type": "relationship",
        "id": f"relationship--{number}",
        "source_ref": source,
        "relationship_type": label,
        "target_ref": target,
    }


def indicator(pattern, kind="stix"):
    return {"type": "indicator", "id": "indicator--1", "pattern": pattern, "pattern_type": kind}


IP = {"type": "ipv4-addr", "id": "ipv4-addr--1", "value": "203.0.113.7"}
MALWARE = {"type": "malware", "id": "malware--1"}
ENERGY = {"type": "identity", "id": "identity--energy", "sectors": ["energy"]}
FRANCE = {"type": "location", "id": "location--fr", "country": "FR"}
WARNING = {
    "type": "report",
    "id": "report--1",
    "object_refs": ["identity--aa"],
    "extensions": {extension.ID["warning"]: {"extension_type": "property-extension", "countries": ["FR", 3, "DE"]}},
}


@pytest.mark.parametrize(
    ("objects", "reasons"),
    [
        ([IP], ["203.0.113.7 is in 203.0.113.0/24 of bb"]),
        ([{**IP, "value": "203.0.0.0/16"}], ["203.0.0.0/16 covers 203.0.113.0/24 of bb"]),
        ([{"type": "domain-name", "id": "d", "value": "www.bb.example"}], ["www.bb.example is under bb.example of bb"]),
        ([{"type": "domain-name", "id": "d", "value": "bb.example"}], ["bb.example is of bb"]),
        ([{"type": "domain-name", "id": "d", "value": "a.fr"}], ["a.fr is under fr, all of which bb answers for"]),
        (
            [{"type": "url", "id": "u", "value": "https://x.bb.example/secret"}],
            ["x.bb.example is under bb.example of bb"],
        ),
        ([{"type": "url", "id": "u", "value": "http://203.0.113.9/"}], ["203.0.113.9 is in 203.0.113.0/24 of bb"]),
        ([{"type": "email-addr", "id": "e", "value": "a@bb.example"}], ["bb.example is of bb"]),
        ([{"type": "autonomous-system", "id": "a", "number": 64500}], ["AS64500 is of bb"]),
        ([FRANCE], ["names country FR"]),
        ([ENERGY], ["names sector energy"]),
        ([{"type": "identity", "id": "identity--bb"}], ["names bb"]),
        ([WARNING], ["names country FR"]),
        ([indicator("[ipv4-addr:value = '203.0.113.7']")], ["203.0.113.7 is in 203.0.113.0/24 of bb"]),
        (
            [indicator("[ipv4-addr:value ISSUBSET '203.0.113.0/28' OR domain-name:value IN ('x', 'bb.example')]")],
            ["203.0.113.0/28 is in 203.0.113.0/24 of bb", "bb.example is of bb"],
        ),
        (
            [
                indicator(
                    "[network-traffic:dst_ref.value = '203.0.113.7'] FOLLOWEDBY [autonomous-system:number = 64500]"
                )
            ],
            ["203.0.113.7 is in 203.0.113.0/24 of bb", "AS64500 is of bb"],
        ),
        (
            [relation(1, "malware--1", "targets", "identity--energy"), MALWARE, ENERGY],
            ["targets sector energy", "names sector energy"],
        ),
        ([relation(1, "malware--1", "targets", "location--fr"), MALWARE], []),
        (
            [
                indicator("[file:name = 'x']"),
                relation(1, "indicator--1", "indicates", "malware--1"),
                relation(2, "malware--1", "targets", "identity--bb"),
                {"type": "identity", "id": "identity--bb"},
            ],
            ["targets bb, through indicates", "targets bb", "names bb"],
        ),
        (
            [relation(1, "malware--1", "communicates-with", "ipv4-addr--1"), MALWARE, IP],
            [
                "203.0.113.7 is in 203.0.113.0/24 of bb, through communicates-with",
                "203.0.113.7 is in 203.0.113.0/24 of bb",
            ],
        ),
        (
            [{"type": "campaign", "id": "c"}, relation(1, "c", "located-at", "location--fr"), FRANCE],
            ["is located in country FR", "names country FR"],
        ),
        (
            [{"type": "observed-data", "id": "o", "object_refs": ["ipv4-addr--1"]}, IP],
            ["203.0.113.7 is in 203.0.113.0/24 of bb, through contains", "203.0.113.7 is in 203.0.113.0/24 of bb"],
        ),
        (
            [{"type": "observed-data", "id": "o", "objects": {"0": IP, "1": 3, "2": {"type": "file"}}}],
            ["203.0.113.7 is in 203.0.113.0/24 of bb"],
        ),
        (
            [{"type": "domain-name", "id": "d", "value": "z.test", "resolves_to_refs": ["ipv4-addr--1"]}, IP],
            ["203.0.113.7 is in 203.0.113.0/24 of bb, through resolves-to", "203.0.113.7 is in 203.0.113.0/24 of bb"],
        ),
        (
            [
                {
                    "type": "sighting",
                    "id": "s",
                    "sighting_of_ref": "malware--1",
                    "where_sighted_refs": ["identity--bb"],
                },
                {"type": "identity", "id": "identity--bb"},
            ],
            ["was sighted at bb", "names bb"],
        ),
    ],
)
def test_the_reason_is_told_in_words(objects, reasons):
    found = concerned(INDEX, objects)
    assert found == ({"bb": found["bb"]} if reasons else {})
    assert set(found.get("bb", [])) == set(reasons)


def test_two_steps_are_followed_and_three_are_not():
    chain = [MALWARE, {"type": "tool", "id": "t"}, {"type": "infrastructure", "id": "n"}, IP]
    links = [
        relation(1, "malware--1", "uses", "t"),
        relation(2, "t", "uses", "n"),
        relation(3, "n", "consists-of", IP["id"]),
    ]
    inquiry = Inquiry(INDEX)
    inquiry.add([*chain, *links])
    assert inquiry.reasons("t") == {"bb": ["203.0.113.7 is in 203.0.113.0/24 of bb, through uses and consists-of"]}
    assert inquiry.reasons("malware--1") == {}


def test_what_stands_beside_it_does_not_concern():
    inquiry = Inquiry(INDEX)
    other = {
        "type": "indicator",
        "id": "indicator--2",
        "pattern": "[ipv4-addr:value = '192.0.2.1']",
        "pattern_type": "stix",
    }
    inquiry.add([indicator("[ipv4-addr:value = '203.0.113.7']"), other, MALWARE])
    inquiry.add(
        [relation(1, "indicator--1", "indicates", "malware--1"), relation(2, "indicator--2", "indicates", "malware--1")]
    )
    assert list(inquiry.reasons("malware--1")) == ["bb"], "what points to it names bb"
    assert inquiry.reasons("indicator--2") == {}, "one malware in two networks"


def test_whom_those_target_that_use_it_is_concerned():
    inquiry = Inquiry(INDEX)
    address = {"type": "ipv4-addr", "id": "ipv4-addr--2", "value": "192.0.2.1"}
    inquiry.add(
        [
            address,
            ENERGY,
            relation(1, "m", "communicates-with", "ipv4-addr--2"),
            relation(2, "m", "targets", ENERGY["id"]),
        ]
    )
    assert inquiry.reasons("ipv4-addr--2") == {"bb": ["targets sector energy, through communicates-with"]}


@pytest.mark.parametrize(
    "pattern",
    [
        "[ipv4-addr:value != '203.0.113.7']",
        "[ipv4-addr:value NOT = '203.0.113.7']",
        "[ipv4-addr:value NOT IN ('203.0.113.7')]",
        "[domain-name:value LIKE '%bb.example']",
        "[domain-name:value MATCHES 'bb.example']",
        "[domain-name:value ISSUBSET 'bb.example']",
        "[file:name = 'bb.example']",
        "[ipv4-addr:value = '203.0.113[.]7']",
        "[ipv4-addr:value = ",
        "ipv4-addr:value",
        "[a:",
        "((((",
        "'" * 20_000,
        "[ipv4-addr:value = '203.0.113.7' OR " + "(" * 20_000,
    ],
)
def test_a_pattern_that_does_not_look_for_it_names_nobody(pattern):
    assert concerned(INDEX, [indicator(pattern)]) == {}


def test_patterns_of_other_languages_name_nobody():
    assert concerned(INDEX, [indicator("[ipv4-addr:value = '203.0.113.7']", "sigma")]) == {}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
KEYS = st.sampled_from(
    [
        "type",
        "id",
        "value",
        "number",
        "country",
        "sectors",
        "pattern",
        "pattern_type",
        "objects",
        "object_refs",
        "source_ref",
        "relationship_type",
        "target_ref",
        "extensions",
        "src_ref",
        "resolves_to_refs",
        "sighting_of_ref",
    ]
)
TYPES = st.sampled_from([*observables._NAMES, "relationship", "report", "note"])


@pytest.mark.slow
@given(st.dictionaries(KEYS, JSON, max_size=8), TYPES, st.booleans())
def test_no_object_is_an_error(value, kind, typed):
    value = {**value, "type": kind} if typed else value
    if not value.get("extensions"):
        value["extensions"] = {extension.ID["warning"]: {"countries": value.get("sectors")}}
    concerned(INDEX, [value, value])


def test_many_links_are_cut_and_told_so():
    inquiry = Inquiry(INDEX)
    inquiry.add([IP, *(relation(n, "malware--1", "uses", f"x{n}") for n in range(FAN_OUT))])
    inquiry.add([relation(999, "malware--1", "communicates-with", IP["id"])])
    assert not inquiry.cut
    assert inquiry.reasons("malware--1") == {}
    assert inquiry.cut


@pytest.mark.slow
def test_a_mesh_of_links_takes_bounded_time():
    inquiry = Inquiry(INDEX)
    nodes = [{**IP, "id": f"n{n}", "value": f"203.0.113.{n % 256}"} for n in range(150)]
    inquiry.add(nodes)
    inquiry.add([relation(f"{a}-{b}", f"n{a}", "uses", f"n{b}") for a in range(150) for b in range(150)])
    begin = time.process_time()
    found = [inquiry.reasons(f"n{n}") for n in range(150)]
    assert time.process_time() - begin < 20
    assert all(len(one["bb"]) == MOST_REASONS for one in found)
