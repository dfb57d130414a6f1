"""What analysts decided, against every pair written down; and what it costs when two large stories are put together."""

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from tocsin.desk.document import Act
from tocsin.desk.stories.decided import Decided

NAMES = st.sampled_from("abcdef")
SIDES = st.lists(NAMES, min_size=1, max_size=4).map(tuple)
ACTS = st.lists(st.builds(Act, st.booleans(), SIDES, SIDES, st.just("omar"), st.integers(0, 5)), max_size=8)


def pairs(acts):
    """The newest word about each pair; of two at one instant the one that came later."""
    held = {}
    for act in acts:
        for one in act.left:
            for other in act.right:
                for pair in ((one, other), (other, one)):
                    if one != other and held.get(pair, (-1, None))[0] <= act.at_us:
                        held[pair] = (act.at_us, act.together)
    return {pair: together for pair, (_, together) in held.items()}


@given(ACTS, st.integers(0, 8), st.sets(NAMES), st.sets(NAMES))
def test_the_newest_act_about_two_documents_holds(acts, known, some, others):
    """`known`: so many were there before, in whatever order; the others came one by one."""
    decided, before = Decided(acts[:known]), sorted(acts[:known], key=lambda one: one.at_us)
    for act in acts[known:]:
        decided.add(act)
    held = pairs(before + acts[known:])
    for name in "abcdef":
        told = decided.of(name)
        assert set(told.together) == {other for (one, other), is_one in held.items() if one == name and is_one}
        assert set(told.apart) == {other for (one, other), is_one in held.items() if one == name and not is_one}
    for asked, is_one in ((decided.joins, True), (decided.forbids, False)):
        assert asked(some, others) == any(held.get((one, other)) is is_one for one in some for other in others)


def test_the_newest_comes_first():
    acts = [Act(True, ("a",), (other,), "omar", at) for at, other in ((1, "b"), (3, "c"), (2, "d"))]
    assert Decided(acts).of("a").together == ("c", "d", "b")


def test_two_stories_of_thousands_cost_their_documents_and_not_their_pairs():
    left, right = (tuple(f"{side}{n}" for n in range(3000)) for side in "ab")
    tracemalloc.start()
    try:
        decided = Decided([Act(True, left, right, "omar", 1)])
        assert tracemalloc.get_traced_memory()[0] < 4_000_000
    finally:
        tracemalloc.stop()
    assert decided.joins(left[-1:], right[:1])
    assert not decided.joins(left[:1], left[1:])
