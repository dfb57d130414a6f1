"""How many origins stand for a value, each with a finding of its own."""

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from tocsin.exchange.match.independence import Groups, Witness, independent

OBJECTS = "pqrs"
MEMBERS = "abc"


def naive(witnesses, copies):
    """Colour the graph of what is one by brute force, then try every way to give members findings."""
    colour = {}
    for one in witnesses:
        colour.setdefault(one.object_id, {one.object_id}).update([one.creator] if one.creator else [])
    for one, other in copies:
        colour.setdefault(one, {one}).add(other)
    groups = [set(one) for one in colour.values()]
    merged = True
    while merged:
        merged = False
        for one in groups:
            for other in groups:
                if one is not other and one & other:
                    one.update(other)
                    groups.remove(other)
                    merged = True
                    break
            if merged:
                break
    of = {one.object_id: next(i for i, each in enumerate(groups) if one.object_id in each) for one in witnesses}
    told = {}
    for one in witnesses:
        told.setdefault(one.member, set()).add(of[one.object_id])
    findings, best = sorted(set(of.values())), 0
    members = sorted(told)
    for size in range(1, min(len(members), len(findings)) + 1):
        for chosen in permutations(findings, size):
            for who in permutations(members, size):
                if all(found in told[one] for one, found in zip(who, chosen, strict=True)):
                    best = max(best, size)
    return best


@given(
    st.lists(st.builds(Witness, st.sampled_from(OBJECTS), st.sampled_from(MEMBERS), st.sampled_from(["", "x", "y"]), st.just(1), st.just(1)), max_size=8),
    st.lists(st.tuples(st.sampled_from(OBJECTS), st.sampled_from(OBJECTS)), max_size=3),
)  # fmt: skip
def test_it_is_the_best_of_all_ways(witnesses, copies):
    assert independent(witnesses, Groups(copies)) == naive(witnesses, copies)


def test_who_copies_and_also_found_it_itself_counts():
    both = [Witness("p", "a", "", 1, 1), Witness("p", "b", "", 2, 1), Witness("q", "b", "", 3, 1)]
    assert independent(both, Groups()) == 2
    assert independent(both[:2], Groups()) == 1
    assert independent(both, Groups([("p", "q")])) == 1
