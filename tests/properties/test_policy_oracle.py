"""The policy against an independent oracle: every decision of a whole cross product, and what must hold of any.

The oracle is a decision table over words. It shares neither code nor constants with the policy and never compares
levels as numbers: which level is looser than which, and what each channel carries, is written out.
"""

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.formats.markings import ChannelKind, Question, Received, decide, fits, strictest
from tocsin.formats.tlp import FIXED, Tlp, marking_id

# -- the oracle -------------------------------------------------------------------------------------------------------

LOOSER_OR_SAME = {
    "clear": {"clear"},
    "green": {"clear", "green"},
    "amber": {"clear", "green", "amber"},
    "strict": {"clear", "green", "amber", "strict"},
    "red": {"clear", "green", "amber", "strict", "red"},
}

OPEN, SHUT = ("amber", "strict", "red"), ("clear", "green")  # the plenary, by the charter's ceiling
CARRIES = {
    # (kind, charter's ceiling, named people): what may go there
    **{key: {"clear", "green"} for key in product(["plenary"], SHUT, [True, False])},
    **{key: {"clear", "green", "amber"} for key in product(["plenary"], OPEN, [True, False])},
    **{key: {"clear", "green", "amber", "strict"} for key in product(["thematic"], SHUT + OPEN, [False])},
    **{key: {"clear", "green", "amber", "strict", "red"} for key in product(["thematic"], SHUT + OPEN, [True])},
    **{key: {"clear", "green", "amber", "strict", "red"} for key in product(["bilateral"], SHUT + OPEN, [True, False])},
}

NEEDS_RELEASE = {("foreign", level, "kept") for level in ("amber", "strict", "red")}


def strictest_word(words):
    return next((word for word in words if words <= LOOSER_OR_SAME[word]), None)


def oracle(marking, floor, ends, unknown, kind, charter, named, people, came):  # noqa: PLR0917 - a row of the table
    """`people`: (author, roster); `came`: None or (whose, level, kept or released). Gives (level, codes)."""
    author, roster = people
    words = {marking, floor, *ends} - {None}
    if words and came and came[0] == "foreign":
        words |= {came[1]}
    level = strictest_word(words)
    rows = {
        "policy.unmarked": not words,
        "policy.unknown-marking": bool(unknown),
        "policy.above-ceiling": bool(words) and level not in CARRIES[kind, charter, named],
        "policy.no-roster": not roster,
        "policy.bilateral-not-two": kind == "bilateral" and len(roster) in {1, 3},
        "policy.not-a-member": bool(roster) and author not in roster,
        "policy.release-needed": came in NEEDS_RELEASE,
    }
    return level, {code for code, refused in rows.items() if refused}


# -- the comparison ---------------------------------------------------------------------------------------------------

LEVEL = {"clear": Tlp(0), "green": Tlp(1), "amber": Tlp(2), "strict": Tlp(3), "red": Tlp(4), None: None}
WORDS = tuple(LOOSER_OR_SAME)
SAID = (None, *WORDS)
KIND = {kind.value: kind for kind in ChannelKind}
ROSTERS = tuple(frozenset(names) for names in ("", "a", "b", "ab", "bc", "abc"))
CAME = (None, *product(["own", "foreign"], WORDS, ["kept", "released"]))
ENDS = ((), *((word,) for word in WORDS), *product(WORDS, repeat=2))


def received(came):
    return came and Received("a" if came[0] == "own" else "c", LEVEL[came[1]], came[2] == "released")


# Built once: the product below asks for the same few of each.
RECEIVED = {came: received(came) for came in CAME}
LEVELS_OF = {ends: tuple(LEVEL[end] for end in ends) for ends in ENDS}


def agree(rows):
    """Compares every row, and returns how many were (allowed, refused)."""
    counts = [0, 0]
    for marking, floor, ends, unknown, kind, charter, named, roster, came in rows:
        question = Question(
            LEVEL[marking],
            LEVEL[floor],
            unknown,
            KIND[kind],
            roster,
            "a",
            LEVEL[charter],
            named,
            LEVELS_OF[ends],
            RECEIVED[came],
        )
        level, codes = oracle(marking, floor, ends, unknown, kind, charter, named, ("a", roster), came)
        verdict = decide(question)
        found = [reason.code for reason in verdict.reasons]
        assert len(found) == len(codes), question
        assert set(found) == codes, question
        assert verdict.allowed is (not codes), question
        assert verdict.marking is LEVEL[level], question
        assert verdict.audience == (roster if not codes else frozenset()), question
        counts[bool(codes)] += 1
    return counts


@pytest.mark.slow
def test_every_channel_roster_and_origin_agrees_with_the_oracle():
    rows = product(SAID, (None, "clear", "amber"), [()], [()], KIND, WORDS, [True, False], ROSTERS, CAME)
    allowed, refused = agree(rows)
    assert allowed + refused == 6 * 3 * 3 * 5 * 2 * 6 * 21
    assert allowed > 10_000


@pytest.mark.slow
def test_every_combination_of_what_was_said_agrees_with_the_oracle():
    few_rosters = [frozenset("ab"), frozenset("abc")]
    rows = product(
        SAID, SAID, ENDS, [(), ("marking-definition--x",)], KIND, ("green", "amber"), [True, False], few_rosters, [None]
    )
    allowed, refused = agree(rows)
    assert allowed + refused == 6 * 6 * 31 * 2 * 3 * 2 * 2 * 2
    assert allowed > 5_000


@pytest.mark.slow
def test_everything_at_once_agrees_with_the_oracle():
    came = [
        None,
        ("own", "red", "kept"),
        ("foreign", "green", "kept"),
        ("foreign", "amber", "kept"),
        ("foreign", "red", "released"),
    ]
    ends = [(), ("clear",), ("amber", "clear"), ("green", "red")]
    unknown = [(), ("marking-definition--x", "marking-definition--y")]
    rosters = [frozenset(names) for names in ("", "b", "ab", "abc")]
    rows = product(SAID, SAID, ends, unknown, KIND, ("green", "red"), [True, False], rosters, came)
    allowed, refused = agree(rows)
    assert allowed + refused == 6 * 6 * 4 * 2 * 3 * 2 * 2 * 4 * 5
    assert allowed > 1_000


# -- what must hold of any question -----------------------------------------------------------------------------------

levels = st.sampled_from(Tlp)
names = st.sampled_from("abcd")
questions = st.builds(
    Question,
    marking=st.none() | levels,
    floor=st.none() | levels,
    unknown=st.sampled_from([(), (), (), ("marking-definition--x",)]),
    kind=st.sampled_from(ChannelKind),
    roster=st.frozensets(names),
    author=names,
    plenary_ceiling=levels,
    named_people=st.booleans(),
    ends=st.lists(levels, max_size=3).map(tuple),
    received=st.none() | st.builds(Received, names, levels, st.booleans()),
)


def marked(question):
    return question.marking is not None or question.floor is not None or bool(question.ends)


def stricter(question, level, where):
    """The same question with one more voice, or one voice raised to at least `level`."""

    def raised(said):
        return level if said is None else max(said, level)

    came = question.received
    return {
        "marking": lambda: replace(question, marking=raised(question.marking)),
        "floor": lambda: replace(question, floor=raised(question.floor)),
        "ends": lambda: replace(question, ends=(*question.ends, level)),
        "unknown": lambda: replace(question, unknown=(*question.unknown, "marking-definition--z")),
        "received": lambda: replace(question, received=came and replace(came, marking=raised(came.marking))),
        "release": lambda: replace(question, received=came and replace(came, released=False)),
        "charter": lambda: replace(question, plenary_ceiling=min(question.plenary_ceiling, level)),
        "named": lambda: replace(question, named_people=False),
    }[where]()


STRICTER_BY = ("marking", "floor", "ends", "unknown", "received", "release", "charter", "named")


@settings(max_examples=150)
@given(questions.filter(marked), levels)
def test_no_audience_grows_when_anything_gets_stricter(question, level):
    before = decide(question)
    for where in STRICTER_BY:
        after = decide(stricter(question, level, where))
        assert after.audience <= before.audience, where
        assert after.marking >= before.marking, where


@settings(max_examples=100)
@given(questions)
def test_an_allowed_audience_is_exactly_the_roster_and_nothing_said_is_looser_than_the_verdict(question):
    verdict = decide(question)
    assert verdict.audience in {frozenset(), question.roster}
    assert verdict.allowed is (not verdict.reasons)
    if verdict.allowed:
        assert verdict.audience == question.roster
        assert question.author in verdict.audience
        assert all(
            said is None or said <= verdict.marking for said in (question.marking, question.floor, *question.ends)
        )


@settings(max_examples=100)
@given(questions)
def test_what_a_sender_may_send_a_receiver_accepts(question):
    verdict = decide(question)
    if verdict.allowed:
        own = strictest([] if question.marking is None else [marking_id(question.marking)], {})
        rest = (question.kind, question.roster, question.plenary_ceiling, question.named_people)
        assert fits(verdict.marking, own, *rest) == ()


refs = st.lists(
    st.sampled_from([*sorted(FIXED), "marking-definition--notice", "marking-definition--x", "marking-definition--y"])
)
definitions = st.dictionaries(
    st.sampled_from(["marking-definition--notice", "marking-definition--x"]), st.none() | levels
)


@settings(max_examples=100)
@given(refs, refs, definitions)
def test_adding_a_marking_never_widens(some, more, known):
    before, after = strictest(some, known), strictest(some + more, known)
    assert set(before.unknown) <= set(after.unknown)
    assert before.level is None or after.level >= before.level
    assert after == strictest(reversed(some + more), known)
