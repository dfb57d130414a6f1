"""The ladder against an oracle that lets time pass in small steps, and the cases by hand."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.exchange.warn import ladder
from tocsin.exchange.warn.ladder import MINUTE_US, Due, Facts, State
from tocsin.formats.escalation import Level, Policy, Way

POLICY = Policy(
    tuple(Level(after, ("duty-officer",), (Way.TERMINAL,)) for after in (0, 5, 10)),
    ack_minutes=30,
)
BEGAN = 1_000_000 * MINUTE_US


def at(minutes):
    return BEGAN + minutes * MINUTE_US


def facts(**more):
    acknowledged = tuple((at(start), at(end)) for start, end in more.pop("acknowledged", ()))
    forced = tuple((at(when), level) for when, level in more.pop("forced", ()))
    return Facts(POLICY, BEGAN, acknowledged=acknowledged, forced=forced, **more)


def test_silence_climbs_level_by_level():
    assert ladder.next_page(facts()) == Due(at(0), 0, 1)
    assert ladder.next_page(facts(paged=((0, 1),))) == Due(at(5), 0, 2)
    assert ladder.next_page(facts(paged=((0, 1), (0, 2)))) == Due(at(10), 0, 3)
    assert ladder.next_page(facts(paged=((0, 1), (0, 2), (0, 3)))) is None


def test_a_level_that_is_due_at_once_is_none_for_the_giver():
    assert ladder.next_page(facts(is_giver=True)) == Due(at(5), 0, 2)


def test_an_answer_or_a_withdrawal_ends_it():
    over = facts(is_over=True)
    assert ladder.next_page(over) is None
    assert ladder.standing(over, at(1), answered=True).state is State.ANSWERED
    assert ladder.standing(over, at(1)).state is State.WITHDRAWN


def test_the_clock_rests_while_an_acknowledgement_stands():
    one = facts(paged=((0, 1),), acknowledged=((2, 20),))
    assert ladder.standing(one, at(2)).state is State.ACKNOWLEDGED
    assert ladder.standing(one, at(20)).state is State.RETURNED
    assert ladder.next_page(one) == Due(at(20), 1, 1), "where it was, once more"
    back = replace(one, paged=((0, 1), (1, 1)))
    assert ladder.next_page(back) == Due(at(23), 1, 2), "two minutes of silence before, three after"


def test_a_second_acknowledgement_makes_one_of_two():
    one = facts(paged=((0, 1),), acknowledged=((2, 20), (19, 40), (40, 50)))
    assert ladder.spans(one) == [(at(2), at(50))]
    assert ladder.next_page(one) == Due(at(50), 1, 1)


def test_acknowledgements_that_were_over_when_they_came_change_nothing():
    assert ladder.next_page(facts(acknowledged=((-5, -1), (3, 3)), paged=((0, 1),))) == Due(at(5), 0, 2)


def test_a_level_missed_while_the_node_was_down_is_not_paged_into_an_acknowledgement():
    one = facts(paged=((0, 1),), acknowledged=((7, 20),))
    assert ladder.next_page(one) == Due(at(20), 1, 1)
    assert ladder.next_page(replace(one, paged=((0, 1), (1, 1)))) == Due(at(20), 1, 2)


def test_by_hand_comes_at_once_and_only_once():
    one = facts(paged=((0, 1),), forced=((1, 3), (2, 3)))
    assert ladder.next_page(one) == Due(at(1), 0, 3, by_hand=True)
    assert ladder.next_page(replace(one, paged=((0, 1), (0, 3)))) is None
    assert ladder.next_page(facts(forced=((1, 9),))) == Due(at(0), 0, 1), "a level that the policy has not"


def test_exhausted_is_silence_with_nobody_left_to_page():
    assert ladder.standing(facts(paged=((0, 1), (0, 2), (0, 3))), at(99)) == (State.EXHAUSTED, 3, None)


# -- the oracle: minute by minute -------------------------------------------------------------------------------


def simulated(minutes, acknowledged, is_giver, until):
    """(minute, turn, level) of every page, by letting time pass."""
    pages, silent, stood, turn, was_away = [], 0, 0, 0, False
    levels = [(after, level) for level, after in enumerate(minutes, 1) if after or not is_giver]
    for now in range(until):
        away = any(start <= now < end for start, end in acknowledged)
        if was_away and not away:
            turn += 1
            if stood:
                pages.append((now, turn, stood))
        was_away = away
        if not away:
            for after, level in levels:
                if level > stood and silent >= after:
                    pages.append((now, turn, level))
                    stood = level
            silent += 1
    return pages


def climbed(minutes, acknowledged, is_giver, until):
    """The same by next_page, each page becoming a fact before the next is asked for."""
    policy = Policy(tuple(Level(after, ("a",), (Way.TERMINAL,)) for after in minutes), 1)
    known = Facts(policy, BEGAN, is_giver=is_giver)
    coming = sorted(acknowledged)
    pages = []
    while True:
        due = ladder.next_page(known)
        if coming and (due is None or at(coming[0][0]) <= due.at):
            start, end = coming.pop(0)
            known = replace(known, acknowledged=(*known.acknowledged, (at(start), at(end))))
            continue
        if due is None or due.at >= at(until):
            return pages
        pages.append(((due.at - BEGAN) // MINUTE_US, due.turn, due.level))
        known = replace(known, paged=(*known.paged, (due.turn, due.level)))


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.integers(0, 30), min_size=1, max_size=5, unique=True).map(sorted),
    st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)), max_size=4),
    st.booleans(),
)
def test_next_page_agrees_with_time_that_passes(minutes, spans, is_giver):
    acknowledged = [(start, start + length) for start, length in spans]
    expected = simulated(minutes, acknowledged, is_giver, 200)
    assert climbed(minutes, acknowledged, is_giver, 200) == expected
    assert len({(turn, level) for _, turn, level in expected}) == len(expected)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-10, 60), st.integers(-5, 40)), max_size=5),
    st.integers(0, 100),
)
def test_standing_never_pages_into_an_acknowledgement(spans, now):
    one = facts(acknowledged=[(start, start + length) for start, length in spans], paged=((0, 1),))
    told = ladder.standing(one, at(now))
    assert told.due is not None
    assert not any(start <= told.due.at < end for start, end in ladder.spans(one))
