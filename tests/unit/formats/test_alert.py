"""Warnings, answers, escalations: what is written is read back, and every limit is a refusal with its code."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.errors import MEANINGS, FormatError
from tocsin.formats import alert, answer, escalation, extension, strictjson
from tocsin.formats.alert import Alert, Status, Topic, Urgency
from tocsin.formats.answer import Answer, State, Word
from tocsin.formats.escalation import DEFAULT, Escalation, Level, Policy, Way
from tocsin.formats.stix.check import check_many
from tocsin.formats.tlp import Tlp, marking_id

AT = 1_795_000_000_000_000
IDENTITY = "identity--311b2d2d-f010-4473-83ec-1edf84858f4c"
ABOUT = "indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"
WARNING = Alert(
    giver="fr-cert",
    identity=IDENTITY,
    key="2026-11-22.1",
    created=AT,
    modified=AT,
    headline="VPN gateways are being taken over",
    topic=Topic.CYBER,
    urgency=Urgency.FLASH,
    status=Status.IDENTIFIED,
    threatened="VPN gateways of ministries",
    todo="Take them off the network.\nThen look for new accounts.",
    answer_by=AT + 1_800_000_000,
    reliability="B",
    credibility=2,
    recipients=("br-cert", "eg-cert"),
    policy=DEFAULT["flash"],
    countries=("GR", "MT"),
    place="The port of Marsaxlokk",
    since=AT - 1000,
    until=AT + 1000,
    about=(ABOUT,),
    markings=(marking_id(Tlp.AMBER),),
)
ANSWER = Answer(
    "eg-cert", IDENTITY, WARNING.id, State.ANSWERED, AT, Word.ACTING, AT + 1000, "duty-officer", "Off at 8."
)
ESCALATION = Escalation("fr-cert", IDENTITY, WARNING.id, "eg-cert", 2, 1, by_hand=True, at=AT)
NAMES = {
    "format.warning": "warning",
    "format.policy": "warning",
    "format.answer": "answer",
    "format.escalation": "escalation",
}


def value(data):
    return json.loads(data)


def said(one, name):
    return one["extensions"][extension.ID[name]]


def refused(code, call, *args):
    with pytest.raises(FormatError) as caught:
        call(*args)
    assert caught.value.code == code
    assert code in MEANINGS


# -- there and back ---------------------------------------------------------------------------------------------


def test_what_is_written_is_stix_and_is_read_back():
    for one, module, speaker in (
        (WARNING, alert, "fr-cert"),
        (ANSWER, answer, "eg-cert"),
        (ESCALATION, escalation, "fr-cert"),
    ):
        data = module.write(one)
        (checked,) = check_many([data])
        assert not isinstance(checked, FormatError), checked
        assert module.read(strictjson.parse(data), speaker) == one
        assert module.write(module.read(strictjson.parse(data), speaker)) == data
        assert checked.id.startswith(("report--", "note--"))


def test_the_least_that_can_be_said():
    least = replace(WARNING, countries=(), place="", since=0, until=0, about=(), markings=(), credibility=6)
    data = alert.write(least)
    assert alert.read(value(data), "fr-cert") == least
    assert value(data)["object_refs"] == [IDENTITY]
    assert "confidence" not in value(data)
    word = Answer("eg-cert", IDENTITY, WARNING.id, State.ACKNOWLEDGED, AT, until=AT + 60_000_000)
    assert answer.read(value(answer.write(word)), "eg-cert") == word


def test_a_foreign_tool_reads_the_text():
    told = value(alert.write(WARNING))
    assert told["name"] == WARNING.headline
    assert told["confidence"] == 70
    for text in ("FLASH", "VPN gateways of ministries", "Take them off", "GR MT", "Marsaxlokk", "B2"):
        assert text in told["description"]
    assert "acting" in value(answer.write(ANSWER))["content"]
    assert "silent" in value(escalation.write(ESCALATION))["abstract"]


def test_objects_that_claim_to_be_nothing_of_ours_are_none():
    for module in (alert, answer, escalation):
        assert module.read({"type": "report", "extensions": {"other": {}}}, "fr-cert") is None
        assert module.read({"type": "note"}, "fr-cert") is None


def test_the_id_belongs_to_the_giver():
    assert alert.warning_id("fr-cert", "12345678") == alert.warning_id("fr-cert", "12345678")
    assert alert.warning_id("fr-cert", "12345678") != alert.warning_id("br-cert", "12345678")
    told = value(alert.write(WARNING))
    refused("format.warning", alert.read, told, "eg-cert")
    said(told, "warning")["giver"] = "za-cert"
    refused("format.warning", alert.read, told, "za-cert")


def test_the_defaults_are_policies():
    assert DEFAULT.keys() == set(Urgency) == escalation.ANSWER_MINUTES.keys()
    for policy in DEFAULT.values():
        assert escalation.policy_of(escalation.policy_said(policy)) == policy


# -- refusals ---------------------------------------------------------------------------------------------------

SAID = {
    "giver": ["", "FR", 1, None],
    "key": ["short", "x" * 65, "with space", 12345678],
    "topic": ["war", "", None, 3],
    "urgency": ["FLASH", "soon"],
    "status": ["feared"],
    "threatened": ["", " ", "x" * 4001, "a\x07b", 5],
    "todo": ["", "x" * 4001, None],
    "answer_by": ["2026-11-22", "2020-01-01T00:00:00.000Z", "2026-11-22T00:00:00Z", 5],
    "reliability": ["G", "AB", "a", ""],
    "credibility": [0, 7, 2.0, True, "2"],
    "recipients": [[], ["eg-cert", "br-cert"], ["eg-cert", "eg-cert"], ["fr-cert"], ["EG"], [1], "eg-cert",
                   [f"m-{number:04}" for number in range(1025)]],
    "countries": [["gr"], ["MT", "GR"], ["GR", "GR"], ["GRC"], [], "GR"],
    "place": ["", "x" * 201, "two\nlines"],
    "from": ["yesterday", "2099-01-01T00:00:00.000Z"],
    "until": ["1969-01-01T00:00:00.000Z", "1970-01-01T00:00:00.000Z"],
}  # fmt: skip
POLICIES = [
    None,
    [],
    {},
    {"levels": [], "ack_minutes": 5},
    {"levels": [{"after_minutes": 0, "roles": ["a"], "notifiers": ["terminal"]}] * 2, "ack_minutes": 5},
    {"levels": [{"after_minutes": n, "roles": ["a"], "notifiers": ["terminal"]} for n in range(9)], "ack_minutes": 5},
    {"levels": [{"after_minutes": 10_081, "roles": ["a"], "notifiers": ["terminal"]}], "ack_minutes": 5},
    {"levels": [{"after_minutes": -1, "roles": ["a"], "notifiers": ["terminal"]}], "ack_minutes": 5},
    {"levels": [{"after_minutes": 0, "roles": [], "notifiers": ["terminal"]}], "ack_minutes": 5},
    {"levels": [{"after_minutes": 0, "roles": ["b", "a"], "notifiers": ["terminal"]}], "ack_minutes": 5},
    {"levels": [{"after_minutes": 0, "roles": ["Somebody Real"], "notifiers": ["terminal"]}], "ack_minutes": 5},
    {"levels": [{"after_minutes": 0, "roles": ["a"], "notifiers": ["pigeon"]}], "ack_minutes": 5},
    {"levels": [{"after_minutes": 0, "roles": ["a"], "notifiers": ["terminal", "email"]}], "ack_minutes": 5},
    {"levels": [{"after_minutes": 0, "roles": ["a"], "notifiers": ["terminal"], "more": 1}], "ack_minutes": 5},
    {"levels": [{"after_minutes": 0, "roles": ["a"], "notifiers": ["terminal"]}], "ack_minutes": 0},
    {"levels": [{"after_minutes": 0, "roles": ["a"], "notifiers": ["terminal"]}], "ack_minutes": 5, "more": 1},
    {"levels": ["a"], "ack_minutes": 5},
]


@pytest.mark.parametrize(("name", "wrong"), [(name, one) for name, wrongs in SAID.items() for one in wrongs])
def test_every_limit_of_a_warning_is_a_refusal(name, wrong):
    told = value(alert.write(WARNING))
    said(told, "warning")[name] = wrong
    with pytest.raises(FormatError) as caught:
        alert.read(told, "fr-cert")
    assert caught.value.code in ("format.warning", "format.handle")


@pytest.mark.parametrize("wrong", POLICIES, ids=str)
def test_every_limit_of_a_policy_is_a_refusal(wrong):
    told = value(alert.write(WARNING))
    said(told, "warning")["policy"] = wrong
    refused("format.policy", alert.read, told, "fr-cert")


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("name", ""), ("name", "x" * 257), ("name", "two\nlines"), ("id", "report--" + "0" * 36), ("type", "note"),
        ("created", "2026-11-22T00:00:00Z"), ("modified", "2020-01-01T00:00:00.000Z"), ("created_by_ref", "me"),
        ("object_refs", []), ("object_refs", [ABOUT, ABOUT]), ("object_refs", ["x"]),
        ("object_marking_refs", ["tlp:red"]),
    ],
)  # fmt: skip
def test_what_the_report_itself_says_must_fit(name, wrong):
    told = value(alert.write(WARNING))
    told[name] = wrong
    refused("format.warning", alert.read, told, "fr-cert")


def test_a_missing_or_unknown_property_is_a_refusal():
    for module, one, name, speaker in (
        (alert, WARNING, "warning", "fr-cert"),
        (answer, ANSWER, "answer", "eg-cert"),
        (escalation, ESCALATION, "escalation", "fr-cert"),
    ):
        told = value(module.write(one))
        said(told, name)["colour"] = "red"
        refused(f"format.{name}", module.read, told, speaker)
    needed = {"giver", "key", "topic", "urgency", "status", "threatened", "todo", "answer_by", "reliability",
              "credibility", "recipients", "policy"}  # fmt: skip
    for missing in needed:
        told = value(alert.write(WARNING))
        del said(told, "warning")[missing]
        refused("format.warning", alert.read, told, "fr-cert")


@pytest.mark.parametrize(
    "change",
    [
        {"state": State.ACKNOWLEDGED}, {"word": None}, {"until": AT}, {"until": AT + answer.ACTING_US + 1000},
        {"desk": "Frau Meier"}, {"comment": "x" * 1001}, {"comment": "\x00"}, {"warning": ABOUT}, {"at": AT + 1},
        {"state": State.ACKNOWLEDGED, "word": None, "until": 0},
        {"state": State.ACKNOWLEDGED, "word": None, "until": AT + answer.ACKNOWLEDGED_US + 1000},
    ],
)  # fmt: skip
def test_every_limit_of_an_answer_is_a_refusal(change):
    refused("format.answer", answer.write, replace(ANSWER, **change))


def test_an_answer_is_a_note_with_its_own_id_on_one_warning():
    for name, wrong in (("type", "report"), ("id", "note--" + "0" * 36), ("object_refs", [WARNING.id, ABOUT])):
        told = value(answer.write(ANSWER))
        told[name] = wrong
        refused("format.answer", answer.read, told, "eg-cert")
    refused("format.answer", answer.read, value(answer.write(ANSWER)), "br-cert")
    for name, wrong in (("answer", "perhaps"), ("state", "seen"), ("until", "later")):
        told = value(answer.write(ANSWER))
        said(told, "answer")[name] = wrong
        refused("format.answer", answer.read, told, "eg-cert")


def test_every_limit_of_an_escalation_is_a_refusal():
    for change in ({"level": 0}, {"level": 9}, {"turn": -1}, {"member": "fr-cert"}, {"warning": ABOUT}, {"at": 5}):
        refused("format.escalation", escalation.write, replace(ESCALATION, **change))
    refused("format.escalation", escalation.read, value(escalation.write(ESCALATION)), "br-cert")
    for name, wrong in (("by_hand", 1), ("level", "2"), ("turn", True)):
        told = value(escalation.write(ESCALATION))
        said(told, "escalation")[name] = wrong
        refused("format.escalation", escalation.read, told, "fr-cert")
    told = value(escalation.write(ESCALATION))
    told["type"] = "report"
    refused("format.escalation", escalation.read, told, "fr-cert")


def test_no_refusal_says_what_was_said():
    told = value(alert.write(WARNING))
    told["name"] = "canary-4711\x07"
    with pytest.raises(FormatError) as caught:
        alert.read(told, "fr-cert")
    assert "canary" not in str(caught.value)


# -- anything at all --------------------------------------------------------------------------------------------

TEXT = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1, max_size=40)
HANDLES = st.lists(st.from_regex(r"[a-z][a-z0-9]{1,8}-cert", fullmatch=True), min_size=1, max_size=6, unique=True)
TIMES = st.integers(1, 10**12).map(lambda seconds: seconds // 10 * 1_000_000 % (10**15) + 1_000_000)
LEVELS = st.lists(st.integers(0, 10_080), min_size=1, max_size=8, unique=True).map(sorted)
WAYS = st.sets(st.sampled_from(Way), min_size=1).map(lambda ways: tuple(sorted(ways)))


@st.composite
def alerts(draw):
    created = draw(TIMES)
    policy = Policy(tuple(Level(after, ("desk",), draw(WAYS)) for after in draw(LEVELS)), draw(st.integers(1, 10_080)))
    since = draw(st.sampled_from((0, created)))
    return replace(
        WARNING,
        key=draw(st.from_regex(r"[A-Za-z0-9._-]{8,64}", fullmatch=True)),
        created=created,
        modified=created + 1000 * draw(st.integers(0, 9)),
        answer_by=created + 1000 * draw(st.integers(1, 10**9)),
        headline=draw(TEXT),
        topic=draw(st.sampled_from(Topic)),
        urgency=draw(st.sampled_from(Urgency)),
        status=draw(st.sampled_from(Status)),
        threatened=draw(TEXT),
        todo=draw(TEXT),
        reliability=draw(st.sampled_from("ABCDEF")),
        credibility=draw(st.integers(1, 6)),
        recipients=tuple(sorted(set(draw(HANDLES)) - {"fr-cert"})) or ("eg-cert",),
        policy=policy,
        since=since,
        until=draw(st.sampled_from((0, created + 1000))),
        place=draw(st.one_of(st.just(""), TEXT)),
        revoked=draw(st.booleans()),
    )


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(alerts())
def test_any_warning_goes_there_and_back(one):
    data = alert.write(one)
    assert alert.read(strictjson.parse(data), "fr-cert") == one
    assert not isinstance(check_many([data])[0], FormatError)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-5, 10**6), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from((alert, answer, escalation)), st.data())
def test_readers_are_total(module, data):
    """Whatever stands in a property: a value of ours, or FormatError."""
    one, name, speaker = {
        alert: (WARNING, "warning", "fr-cert"),
        answer: (ANSWER, "answer", "eg-cert"),
        escalation: (ESCALATION, "escalation", "fr-cert"),
    }[module]
    told = value(module.write(one))
    place = told if data.draw(st.booleans()) else said(told, name)
    place[data.draw(st.sampled_from(sorted(place)))] = data.draw(JSON)
    try:
        found = module.read(told, speaker)
    except FormatError as error:
        assert error.code in MEANINGS
        return
    assert found is None or module.read(strictjson.parse(module.write(found)), speaker) == found
