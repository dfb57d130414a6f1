"""What is kept of an object: one value for what is one thing, one word for what is said, and nothing else."""

import pytest

from tocsin.exchange.fairness import facts
from tocsin.exchange.fairness.facts import Sort, Word
from tocsin.exchange.fairness.values import Digests, value_of
from tocsin.formats import extension

DIGESTS = Digests(b"k" * 32)
HASH = "ab" * 32
ABOUT = "indicator--00000000-0000-4000-8000-000000000001"


def stix(pattern, kind="stix"):
    return {"type": "indicator", "id": "indicator--1", "pattern": pattern, "pattern_type": kind}


SAME = {
    "an address": [
        stix("[ipv4-addr:value = '198.51.100.7']"),
        stix("[ipv4-addr:value='198.51.100.7/32']"),
        stix("  [ ipv4-addr:value  = '198.51.100.7' ]  "),
        {"type": "ipv4-addr", "id": "ipv4-addr--1", "value": "198.51.100.7"},
    ],
    "a network": [stix("[ipv4-addr:value = '198.51.100.7/24']"), {"type": "ipv4-addr", "value": "198.51.100.0/24"}],
    "an address of version 6": [
        stix("[ipv6-addr:value = '2001:DB8:0:0::7']"),
        {"type": "ipv6-addr", "value": "2001:db8::7/128"},
    ],
    "a name": [stix("[domain-name:value = 'Evil.Example']"), {"type": "domain-name", "value": "evil.example."}],
    "a hash": [
        stix(f"[file:hashes.'SHA-256' = '{HASH.upper()}']"),
        stix(f"[file:hashes.SHA256 = '{HASH}']"),
        {"type": "file", "hashes": {"SHA-256": HASH, "MD5": "cd" * 16}},
    ],
    "a pattern in other spaces": [stix("[a:b = 'x  y' OR a:c = 'z']"), stix("[a:b\t=  'x  y'\nOR a:c = 'z']")],
    "a quoted quote": [stix(r"[url:value = 'http://x/\'']"), {"type": "url", "value": "http://x/'"}],
    "a rule": [stix("rule x {}", "yara"), stix(" rule x {}\n", "yara")],
}
OTHER = [
    stix("[ipv4-addr:value != '198.51.100.7']"),
    stix("[a:b = 'x y' OR a:c = 'z']"),
    stix("rule x {}", "sigma"),
    {"type": "file", "id": "file--1", "name": "x"},
    {"type": "file", "id": "file--2", "name": "x"},
    {"type": "tool", "id": "tool--1", "name": "x"},
]


@pytest.mark.parametrize("name", SAME)
def test_one_thing_said_in_several_ways_is_one_value(name):
    assert len({value_of(one) for one in SAME[name]}) == 1


def test_different_things_are_different_values():
    values = [*(value_of(one[0]) for one in SAME.values()), *map(value_of, OTHER)]
    assert len(set(values)) == len(SAME) + len(OTHER)


def test_digests_need_the_key_and_fit_the_store():
    other = Digests(b"o" * 32)
    assert DIGESTS.of("x") == Digests(b"k" * 32).of("x") != other.of("x")
    assert DIGESTS.of_author("x") == DIGESTS.of_author("x") == DIGESTS.of("author\nx")
    assert all(0 < DIGESTS.of(str(number)) < 2**63 for number in range(100))
    assert DIGESTS.of("\ud800")


def said(kind, **more):
    return {"type": kind, "id": f"{kind}--1", **more}


def extended(name, **properties):
    return {"extensions": {extension.ID[name]: {"extension_type": "property-extension", **properties}}}


WORDS = {
    "sighting": (said("sighting", sighting_of_ref=ABOUT), Word.SIGHTED),
    "sighting of nothing": (said("sighting", sighting_of_ref=ABOUT, count=0), None),
    "revoked": (said("sighting", sighting_of_ref=ABOUT, revoked=True), None),
    "disagree": (said("opinion", object_refs=[ABOUT], opinion="disagree"), Word.FALSE),
    "neutral": (said("opinion", object_refs=[ABOUT], opinion="neutral"), None),
    "strongly agree": (said("opinion", object_refs=[ABOUT], opinion="strongly-agree"), Word.RIGHT),
    "a note": (said("note", object_refs=[ABOUT]), None),
    "a report": (said("report", object_refs=[ABOUT]), None),
    "used": (said("note", object_refs=[ABOUT], **extended("feedback", about=ABOUT, kind="used")), Word.USED),
    "sighted by a note": (
        said("note", object_refs=[ABOUT], **extended("feedback", about=ABOUT, kind="sighted")),
        Word.SIGHTED,
    ),
    "false positive": (
        said(
            "opinion",
            object_refs=[ABOUT],
            opinion="strongly-disagree",
            **extended("feedback", about=ABOUT, kind="false-positive"),
        ),
        Word.FALSE,
    ),
    "feedback on another thing than the object names": (
        said("note", object_refs=[ABOUT], **extended("feedback", about="x--1", kind="used")),
        None,
    ),
    "feedback of no known kind": (
        said("opinion", object_refs=[ABOUT], opinion="agree", **extended("feedback", about=ABOUT, kind="x")),
        Word.RIGHT,
    ),
    "acting": (
        said("note", object_refs=[ABOUT], **extended("answer", state="answered", answer="acting")),
        Word.ANSWERED | Word.USED,
    ),
    "not us": (
        said("note", object_refs=[ABOUT], **extended("answer", state="answered", answer="not-us")),
        Word.ANSWERED,
    ),
    "only read": (said("note", object_refs=[ABOUT], **extended("answer", state="acknowledged")), None),
}


@pytest.mark.parametrize("name", WORDS)
def test_what_counts_as_being_said_of_an_object(name):
    value, word = WORDS[name]
    assert facts.words(value, DIGESTS) == ({DIGESTS.of(f"object\n{ABOUT}"): word} if word else {})


SORTS = {
    "indicator": (stix("[a:b = 'c']"), Sort.CLAIM),
    "observable": ({"type": "url", "id": "url--1", "value": "x"}, Sort.CLAIM),
    "revoked": (stix("[a:b = 'c']") | {"revoked": True}, Sort.CONTEXT),
    "relationship": (said("relationship"), Sort.CONTEXT),
    "of a type that is not known": (said("x-thing"), Sort.CONTEXT),
    "report": (said("report"), Sort.CLAIM),
    "warning": (said("report", **extended("warning", key="k")), Sort.WARNING),
}


@pytest.mark.parametrize("name", SORTS)
def test_what_is_judged_and_what_is_context(name):
    value, sort = SORTS[name]
    found = facts.read(value, DIGESTS)
    assert (found.sort, bool(found.value), bool(found.object)) == (sort, sort >= Sort.CLAIM, True)


@pytest.mark.parametrize(
    ("times", "seen"),
    [
        ({"created": "1970-01-01T00:00:02Z"}, 2_000_000),
        ({"first_seen": "1970-01-01T00:00:01.5Z", "created": "1970-01-01T00:00:02Z"}, 1_500_000),
        ({"created": "1970-01-01T00:00:60Z"}, 0),
        ({"created": "1960-01-01T00:00:00Z"}, 0),
        ({}, 0),
    ],
)
def test_when_it_was_seen_is_what_its_giver_says(times, seen):
    assert facts.read(said("malware", **times), DIGESTS).seen == seen
