"""Gini and quartiles against their formulas; nothing over fewer than three."""

from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.exchange.fairness import distribution

CASES = {
    "all the same": ([5, 5, 5, 5], 0.0),
    "one gives everything": ([0, 0, 0, 12], 0.75),  # (n - 1) / n
    "nobody gives": ([0, 0, 0], None),
    "one to four": ([1, 2, 3, 4], 0.25),
    "squares": ([1, 4, 9], 0.381),
}


@pytest.mark.parametrize("name", CASES)
def test_gini_of_known_cases(name):
    values, wanted = CASES[name]
    assert distribution.gini(values) == wanted


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=12))
def test_gini_is_half_the_mean_difference_over_the_mean(values):
    if not sum(values):
        assert distribution.gini(values) is None
        return
    differences = sum(abs(one - other) for one, other in product(values, values))
    exact = Fraction(differences, 2 * len(values) * sum(values))
    assert distribution.gini(values) == pytest.approx(float(exact), abs=6e-5)


@given(st.lists(st.integers(0, 1000), min_size=3, max_size=12))
def test_quartiles_lie_between_their_neighbours(values):
    low, middle, high = (distribution.quantile(values, part) for part in (0.25, 0.5, 0.75))
    assert min(values) <= low <= middle <= high <= max(values)
    ordered = sorted(values)
    half = len(ordered) // 2
    assert middle == (ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2)


def test_fewer_than_three_members_are_not_told():
    assert distribution.spread([1, 2]) is None
    assert distribution.ratios([(1, 1), (2, 1), (3, 0)]) is None
    assert distribution.ratios([(1, 1), (2, 1), (4, 2)]) == {"members": 3, "quartiles": [1.5, 2.0, 2.0]}


def test_the_alarm_rings_above_one_half():
    assert not distribution.spread([2, 1, 1])["alarm"]
    rung = distribution.spread([3, 1, 1])
    assert (rung["alarm"], rung["largest_share"]) == (True, 0.6)
    assert distribution.spread([0, 0, 0]) == {
        "members": 3,
        "quartiles": [0.0, 0.0, 0.0],
        "gini": None,
        "largest_share": None,
        "alarm": False,
    }
