"""The policy by example, rule by rule; the whole of it is compared with an oracle in tests/properties."""

import re
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import pytest

from tocsin.errors import MEANINGS, FormatError
from tocsin.formats import markings, tlp
from tocsin.formats.markings import (
    ChannelKind,
    Marking,
    Question,
    Received,
    ceiling,
    decide,
    fits,
    marking_refs,
    strictest,
)
from tocsin.formats.tlp import FIXED, Tlp, marking_id

PLENARY, THEMATIC, BILATERAL = ChannelKind
CLEAR, GREEN, AMBER, STRICT, RED = Tlp
TWO = frozenset({"ma-cert", "fr-cert"})
THREE = TWO | {"ke-cirt"}
NOTICE = "marking-definition--fa42a846-8d90-4e51-bc29-71d5b4802168"
STRANGE = "marking-definition--11111111-2222-4333-8444-555555555555"


def reads_well(text):
    """A sentence for people: it begins as one, ends as one, and is not shouted."""
    return re.fullmatch(r"([A-Z][a-z]*|\d+) [a-z].*[\w)+]\.", text) is not None


def asked(kind=THEMATIC, marking=GREEN, **rest):
    plain = Question(
        marking=marking,
        floor=None,
        unknown=(),
        kind=kind,
        roster=TWO if kind == BILATERAL else THREE,
        author="ma-cert",
        plenary_ceiling=GREEN,
        named_people=False,
        ends=(),
        received=None,
    )
    return replace(plain, **rest)


def codes(question):
    verdict = decide(question)
    assert all(reads_well(reason.text) for reason in verdict.reasons)
    found = [reason.code for reason in verdict.reasons]
    assert verdict.allowed == (not found)
    assert verdict.audience == (frozenset() if found else question.roster)
    assert all(code in MEANINGS for code in found)
    return found


ABOVE = ["policy.above-ceiling"]


@pytest.mark.parametrize(
    ("marking", "plenary", "open_plenary", "thematic", "named", "bilateral"),
    [
        (CLEAR, [], [], [], [], []),
        (GREEN, [], [], [], [], []),
        (AMBER, ABOVE, [], [], [], []),
        (STRICT, ABOVE, ABOVE, [], [], []),
        (RED, ABOVE, ABOVE, ABOVE, [], []),
    ],
)
def test_each_level_in_each_channel(marking, plenary, open_plenary, thematic, named, bilateral):
    assert codes(asked(PLENARY, marking)) == plenary
    assert codes(asked(PLENARY, marking, plenary_ceiling=AMBER)) == open_plenary
    assert codes(asked(PLENARY, marking, plenary_ceiling=RED)) == open_plenary
    assert codes(asked(PLENARY, marking, named_people=True)) == plenary
    assert codes(asked(THEMATIC, marking)) == thematic
    assert codes(asked(THEMATIC, marking, named_people=True)) == named
    assert codes(asked(BILATERAL, marking)) == bilateral


def test_a_ceiling_below_green_does_not_close_the_plenary_to_green():
    assert ceiling(PLENARY, CLEAR, named_people=False) is GREEN
    assert codes(asked(PLENARY, GREEN, plenary_ceiling=CLEAR)) == []


def test_unmarked_is_refused_until_somebody_says_a_level():
    assert codes(asked(marking=None)) == ["policy.unmarked"]
    assert decide(asked(marking=None)).marking is None
    assert decide(asked(marking=None, floor=GREEN)).marking is GREEN
    assert decide(asked(marking=None, ends=(CLEAR, AMBER))).marking is AMBER
    assert codes(asked(marking=None, received=Received("ke-cirt", GREEN, released=False))) == ["policy.unmarked"]


def test_the_effective_marking_is_the_strictest_said():
    assert decide(asked(marking=CLEAR, floor=AMBER)).marking is AMBER
    assert decide(asked(marking=AMBER, floor=CLEAR)).marking is AMBER
    assert decide(asked(marking=CLEAR, floor=GREEN, ends=(CLEAR, STRICT))).marking is STRICT
    assert decide(asked(marking=RED)).marking is RED  # told even when refused


def test_an_unknown_marking_is_refused_whatever_else_is_said():
    assert codes(asked(BILATERAL, CLEAR, unknown=(STRANGE,), floor=RED)) == ["policy.unknown-marking"]
    assert "1 marking" in decide(asked(unknown=(STRANGE,))).reasons[0].text
    assert STRANGE not in decide(asked(unknown=(STRANGE,))).reasons[0].text


def test_an_unknown_kind_of_channel_is_refused():
    assert ceiling("plenipotentiary", RED, named_people=True) is None
    assert codes(asked("plenipotentiary", CLEAR)) == ["policy.unknown-channel"]
    assert codes(asked("plenipotentiary", None)) == ["policy.unmarked", "policy.unknown-channel"]


def test_the_roster_must_be_there_and_hold_the_author():
    assert codes(asked(roster=frozenset())) == ["policy.no-roster"]
    assert codes(asked(BILATERAL, roster=frozenset())) == ["policy.no-roster"]
    assert codes(asked(author="de-cert")) == ["policy.not-a-member"]
    assert codes(asked(roster=frozenset({"ma-cert"}))) == []


def test_a_bilateral_roster_has_two():
    assert codes(asked(BILATERAL, roster=THREE)) == ["policy.bilateral-not-two"]
    assert codes(asked(BILATERAL, roster=frozenset({"ma-cert"}))) == ["policy.bilateral-not-two"]


@pytest.mark.parametrize("marking", Tlp)
def test_passing_on_above_green_needs_a_release(marking):
    question = asked(THEMATIC, CLEAR, named_people=True)
    need = ["policy.release-needed"] if marking in {AMBER, STRICT, RED} else []
    assert codes(replace(question, received=Received("ke-cirt", marking, released=False))) == need
    assert codes(replace(question, received=Received("ke-cirt", marking, released=True))) == []
    assert codes(replace(question, received=Received("ma-cert", marking, released=False))) == []


def test_a_release_lets_pass_but_does_not_loosen():
    released = asked(THEMATIC, CLEAR, received=Received("ke-cirt", RED, released=True))
    assert decide(released).marking is RED
    assert codes(released) == ABOVE
    own = asked(THEMATIC, CLEAR, received=Received("ma-cert", RED, released=False))
    assert decide(own).marking is CLEAR


def test_every_reason_is_told():
    worst = asked(
        BILATERAL,
        None,
        unknown=(STRANGE,),
        roster=frozenset({"fr-cert"}),
        received=Received("ke-cirt", AMBER, released=False),
    )
    assert codes(worst) == [
        "policy.unknown-marking",
        "policy.unmarked",
        "policy.bilateral-not-two",
        "policy.not-a-member",
        "policy.release-needed",
    ]


def test_questions_are_keys():
    assert {asked(): 1}[asked()] == 1
    assert asked() != asked(floor=GREEN)
    assert hash(asked(received=Received("a", RED, released=True))) == hash(
        asked(received=Received("a", RED, released=True))
    )


def test_nothing_of_a_question_or_its_verdict_can_be_changed_afterwards():
    verdict = decide(asked(PLENARY, RED))
    for value, field in (
        (asked(), "floor"),
        (Received("ke-cirt", RED, released=False), "released"),
        (strictest([], {}), "level"),
        (verdict, "allowed"),
        (verdict.reasons[0], "code"),
    ):
        with pytest.raises(FrozenInstanceError):
            setattr(value, field, None)
        assert not hasattr(value, "__dict__")


def test_reasons_name_what_is_wrong():
    text = decide(asked(PLENARY, RED, plenary_ceiling=AMBER)).reasons[0].text
    assert text == "This plenary channel may carry up to TLP:AMBER, not TLP:RED."


def test_strictest_of_nothing_is_that_nobody_said():
    assert strictest([], {}) == Marking(None, ())
    assert strictest([NOTICE], {NOTICE: None}) == Marking(None, ())


def test_strictest_wins_in_any_order():
    refs = [marking_id(GREEN), NOTICE, marking_id(STRICT), marking_id(AMBER)]
    for order in (refs, refs[::-1]):
        assert strictest(order, {NOTICE: None}) == Marking(STRICT, ())
    assert strictest([NOTICE, marking_id(GREEN)], {NOTICE: RED}) == Marking(RED, ())
    assert strictest([NOTICE], {NOTICE: CLEAR}) == Marking(CLEAR, ())


def test_references_that_lead_nowhere_are_unknown_once_and_sorted():
    other = STRANGE.replace("1", "0")
    assert strictest([STRANGE, marking_id(RED), other, STRANGE], {}) == Marking(RED, (other, STRANGE))


@pytest.mark.parametrize("fixed", sorted(FIXED))
def test_fixed_ids_are_known_whatever_a_definition_says(fixed):
    for said in ({}, {fixed: None}, {fixed: CLEAR}, {fixed: RED}):
        assert strictest([fixed], said) == Marking(FIXED[fixed], ())


def test_marking_refs_are_those_of_the_object_and_its_parts():
    obj = {
        "object_marking_refs": ["marking-definition--a"],
        "granular_markings": [
            {"marking_ref": "marking-definition--b", "selectors": ["name"]},
            {"lang": "fr", "selectors": ["description"]},
        ],
    }
    assert marking_refs(obj) == ("marking-definition--a", "marking-definition--b")
    assert marking_refs({}) == ()


@pytest.mark.parametrize(
    "obj",
    [
        {"object_marking_refs": "marking-definition--a"},
        {"object_marking_refs": [1]},
        {"object_marking_refs": None},
        {"granular_markings": {"marking_ref": "marking-definition--a"}},
        {"granular_markings": ["marking-definition--a"]},
        {"granular_markings": {}},
        {"granular_markings": None},
        {"granular_markings": [["marking_ref"]]},
        {"granular_markings": [{"selectors": ["name"]}]},
        {"granular_markings": [{"marking_ref": None, "selectors": ["name"]}]},
    ],
)
def test_markings_in_the_wrong_place_are_refused(obj):
    with pytest.raises(FormatError) as caught:
        marking_refs(obj)
    assert caught.value.code == "format.stix-marking"
    assert reads_well(caught.value.what)


def held_against(marking, own, kind=THEMATIC, roster=THREE, plenary_ceiling=GREEN, *, named_people=False):
    reasons = fits(marking, own, kind, roster, plenary_ceiling, named_people)
    assert all(reason.code in MEANINGS and reads_well(reason.text) for reason in reasons)
    return [reason.code for reason in reasons]


def test_a_header_may_be_stricter_than_its_object_never_looser():
    for level in Tlp:
        for own in Tlp:
            expected = ["policy.header-too-loose"] if level < own else []
            assert held_against(level, Marking(own, ()), BILATERAL, TWO) == expected
        assert held_against(level, Marking(None, ()), BILATERAL, TWO) == []


def test_a_header_with_an_unknown_marking_beneath_is_held_against_the_sender():
    assert held_against(RED, Marking(CLEAR, (STRANGE,)), BILATERAL, TWO) == ["policy.unknown-marking"]


def test_sender_and_receiver_share_the_rules_of_the_channel():
    shared = {"policy.above-ceiling", "policy.no-roster", "policy.bilateral-not-two", "policy.unknown-channel"}
    for kind in (*ChannelKind, "other"):
        for level in Tlp:
            for limit in Tlp:
                for named in (False, True):
                    for roster in (frozenset(), frozenset({"ma-cert"}), TWO, THREE):
                        question = asked(kind, level, roster=roster, plenary_ceiling=limit, named_people=named)
                        sent = decide(question)
                        held = held_against(level, Marking(level, ()), kind, roster, limit, named_people=named)
                        assert held == [reason.code for reason in sent.reasons if reason.code in shared]


def test_the_receiver_tells_every_reason():
    own = Marking(RED, (STRANGE,))
    assert held_against(AMBER, own, PLENARY, frozenset()) == [
        "policy.unknown-marking",
        "policy.header-too-loose",
        "policy.above-ceiling",
        "policy.no-roster",
    ]


def test_the_document_names_every_reason():
    root = Path(__file__).resolve().parents[3]
    sources = [Path(module.__file__).read_text(encoding="utf-8") for module in (markings, tlp)]
    named = set(re.findall(r"""['\"]((?:policy|format)\.[a-z-]+)['\"]""", "".join(sources)))
    document = (root / "docs" / "formats" / "marking.md").read_text(encoding="utf-8")
    assert named == set(re.findall(r"`((?:policy|format)\.[a-z-]+)`", document))
    assert named <= MEANINGS.keys()
