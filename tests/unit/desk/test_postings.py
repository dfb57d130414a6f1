"""Postings: what a dictionary of sets would answer, in blocks of numbers; what is below the floor is gone."""

import random

import pytest

from tocsin.desk.stories import postings
from tocsin.desk.stories.postings import Postings


def plainly(held, weights, most, floor):
    spread = {key: sum(key in keys for number, keys in held.items()) for key in weights}
    told = {
        number: sum(weights[key] for key in weights if key in keys and spread[key] <= most)
        for number, keys in held.items()
        if number >= floor
    }
    return sorted(((number, share) for number, share in told.items() if share), key=lambda one: (-one[1], one[0]))


@pytest.mark.slow
@pytest.mark.parametrize("count", [3, 255, 256, 257, 2_000, 4_500])
def test_scores_are_those_of_a_plain_index(count):
    chance = random.Random(count)
    index, held = Postings(most=100), {}
    for number in range(count):
        # Few numbers are used by many, most by few; the highest key of 32 bits is one like the others.
        keys = {int(chance.paretovariate(0.4)) % 2**32 for _ in range(12)} | {2**32 - 1 - number // 50}
        held[number] = keys
        index.add(number, keys)
    weights = {key: chance.choice((0.25, 0.5, 1.0)) for key in (*range(40), 2**32 - 1, 2**32 - 2)}
    numbers, shares = index.scores(weights)
    assert list(zip(numbers.tolist(), shares.tolist(), strict=True)) == plainly(held, weights, 100, 0)


def test_what_is_forgotten_is_not_found_and_its_blocks_are_let_go(monkeypatch):
    monkeypatch.setattr(postings, "_FRESH", 4)
    monkeypatch.setattr(postings, "_LARGEST", 16)
    index, held = Postings(most=1_000), {}
    for number in range(200):
        held[number] = {number % 7, 100 + number}
        index.add(number, held[number])
        index.forget(max(0, number - 29))
        weights = {3: 1.0, 100 + number: 0.5, 100 + max(0, number - 29): 0.5}
        numbers, _ = index.scores(weights)
        live = {one: keys for one, keys in held.items() if one >= max(0, number - 29)}
        assert numbers.tolist() == [one for one, _ in plainly(live, weights, 1_000, 0)]
    assert len(index._blocks) <= 5
    assert index._blocks[0].first >= 200 - 30 - 16


def test_documents_without_keys_leave_no_trace():
    index = Postings(most=10)
    for number in range(600):
        index.add(number, ())
    assert index.scores({1: 1.0})[0].tolist() == []
    assert index.scores({})[0].tolist() == []
