"""The verdict's rule, against a second one that counts instead of choosing, over every small case."""

from itertools import combinations_with_replacement, product

import pytest

from tocsin.exchange.warn.verdict import Stance, Verdict, Voice, Word, confidence, judge, stance

M, S, B, NONE = Stance.MALICIOUS, Stance.SUSPICIOUS, Stance.BENIGN, Stance.SILENT
KINDS = [
    *((one, sure, lapsed, False) for one in (M, S, B) for sure in (None, 20, 80) for lapsed in (False, True)),
    (NONE, None, False, False),
    (NONE, None, False, True),
    (M, 80, False, True),
]


def expected(kinds, is_recalled, is_listed):
    """Written from the module's text, one count a line."""
    live = [one for one in kinds if not one[3] and not one[2]]
    hostile = sum(one[0] in (M, S) for one in live)
    firm = sum(one[0] is M and one[1] != 20 for one in live)
    benign = sum(one[0] is B for one in live)
    doubt = sum(one[3] for one in kinds)
    lapsed = sum(one[2] and one[0] in (M, S) for one in kinds)
    if is_recalled:
        return Word.RECALLED
    if not hostile and (benign or is_listed):
        return Word.BENIGN
    if not hostile:
        return Word.EXPIRED if lapsed else Word.UNRATED
    if is_listed or (doubt + benign) / hostile >= 0.5:
        return Word.CONTESTED
    return Word.MALICIOUS if firm else Word.SUSPICIOUS


@pytest.mark.slow
def test_every_case_of_up_to_four_members():
    seen = set()
    for size in range(5):
        for kinds in combinations_with_replacement(KINDS, size):
            voices = [Voice(f"m{at}", *kind) for at, kind in enumerate(kinds)]
            for is_recalled, is_listed in product((False, True), repeat=2):
                found = judge(voices, is_recalled=is_recalled, is_listed=is_listed)
                assert found.word is expected(kinds, is_recalled, is_listed), (kinds, is_recalled, is_listed)
                assert not set(found.says) & set(found.against)
                seen.add(found.word)
    assert seen == set(Word)


def test_the_order_in_which_they_are_heard_changes_nothing():
    voices = [Voice("a", M, 90), Voice("b", B), Voice("c", S, 40), Voice("a", B), Voice("d", NONE, disagrees=True)]
    assert judge(voices) == judge(voices[::-1])


def test_a_member_counts_once_by_its_strongest_word_in_force():
    assert judge([Voice("a", M, 20), Voice("a", M, 80), Voice("a", B)]) == Verdict(Word.MALICIOUS, 80, ("a",), ())
    assert judge([Voice("a", M, lapsed=True), Voice("a", B, 50)]).word is Word.BENIGN
    assert judge([Voice("a", M)] * 9 + [Voice("b", NONE, disagrees=True)]).word is Word.CONTESTED


def test_who_disagrees_is_not_counted_for_it():
    found = judge([Voice("a", M), Voice("a", NONE, disagrees=True), Voice("b", M), Voice("c", M), Voice("d", M)])
    assert found == Verdict(Word.MALICIOUS, None, ("b", "c", "d"), ("a",))


def test_one_against_three_is_told_and_one_against_two_is_a_contest():
    against = Voice("z", NONE, disagrees=True)
    assert judge([Voice("a", M), Voice("b", M), Voice("c", M), against]).word is Word.MALICIOUS
    assert judge([Voice("a", M), Voice("b", M), against]).word is Word.CONTESTED


def test_the_confidence_is_the_mean_of_what_is_stated_rounded_half_up():
    assert judge([Voice("a", M, 90), Voice("b", M, 80), Voice("c", M)]).confidence == 85
    assert judge([Voice("a", M, 90), Voice("b", M, 85)]).confidence == 88
    assert judge([Voice("a", M)]).confidence is None
    assert judge([Voice("a", M, 0)]) == Verdict(Word.SUSPICIOUS, 0, ("a",), ())
    assert judge([Voice("a", M, 29)]).word is Word.SUSPICIOUS
    assert judge([Voice("a", M, 30)]).word is Word.MALICIOUS


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({"type": "indicator", "indicator_types": ["malicious-activity"]}, M),
        ({"type": "indicator", "indicator_types": ["benign", "malicious-activity"]}, M),
        ({"type": "indicator", "indicator_types": ["benign"]}, B),
        ({"type": "indicator", "indicator_types": ["compromised"]}, S),
        ({"type": "indicator", "indicator_types": ["of-our-own"]}, S),
        ({"type": "indicator"}, S),
        ({"type": "indicator", "indicator_types": 7}, S),
        ({"type": "indicator", "indicator_types": [7]}, S),
        ({"type": "malware-analysis", "result": "benign"}, B),
        ({"type": "malware-analysis", "result": ["benign"]}, NONE),
        ({"type": "malware"}, M),
        ({"type": "tool"}, S),
        ({"type": "ipv4-addr"}, NONE),
        ({"type": ["malware"]}, NONE),
        ({}, NONE),
    ],
)
def test_what_an_object_says(value, says):
    assert stance(value) is says


def test_confidence_is_a_number_of_the_standard_or_none():
    assert [confidence({"confidence": one}) for one in (0, 100, 101, -1, True, "7", None)] == [0, 100] + [None] * 5
