"""Votes: two different next versions never both win unless somebody in the electorate has voted twice."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.exchange.members import succession
from tocsin.exchange.members.succession import Ballot

SHARES = [(1, 2), (2, 3), (3, 4), (1, 1), (1, 1000)]
HANDLES = "abcde"


def ballots(votes, round_=0, version=2):
    """Ballots from a mapping of member to the proposal it voted for."""
    named = sorted({one for one in votes.values() if one is not None})
    return [
        Ballot(version, round_, one.encode(), frozenset(handle for handle, vote in votes.items() if vote == one))
        for one in named
    ]


def can_win(votes, electorate, share, extra=("new",)):
    """The oracle: whether some way in which the silent vote lets any proposal win, seen or unseen."""
    silent = sorted(one for one in electorate if votes.get(one) is None)
    named = {one for one in votes.values() if one is not None} | set(extra)
    enough = succession.needed(len(electorate), share)
    for choice in product([None, *sorted(named)], repeat=len(silent)):
        final = {**votes, **dict(zip(silent, choice, strict=True))}
        if any(sum(final.get(one) == name for one in electorate) >= enough for name in named):
            return True
    return False


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
def test_a_round_is_dead_exactly_when_no_way_to_vote_lets_anything_win(count, share):
    electorate = frozenset(HANDLES[:count])
    for choice in product([None, "x", "y"], repeat=count):
        votes = dict(zip(sorted(electorate), choice, strict=True))
        dead = succession.is_dead(ballots(votes), electorate, share)
        assert dead == (not can_win(votes, electorate, share)), (votes, share)


@pytest.mark.parametrize("share", SHARES)
def test_more_than_half_and_at_least_the_share(share):
    for count in range(1, 101):
        enough = succession.needed(count, share)
        assert 2 * enough > count
        assert enough * share[1] >= count * share[0]
        assert enough <= count
        smaller = enough - 1
        assert 2 * smaller <= count or smaller * share[1] < count * share[0], "more than is needed"


@st.composite
def honest_elections(draw):
    """Members who each see some of the ballots, and vote only as require_vote lets them."""
    count = draw(st.integers(1, 6))
    electorate = frozenset("abcdef"[:count])
    share = draw(st.sampled_from(SHARES))
    acts = draw(
        st.lists(st.tuples(st.sampled_from(sorted(electorate)), st.sampled_from("xyz"), st.booleans()), max_size=40)
    )
    return electorate, share, acts


@given(honest_elections())
def test_honest_members_never_let_two_win_in_any_round(election):
    electorate, share, acts = election
    cast = {handle: {} for handle in electorate}  # by (version, round): digest
    known = {handle: {} for handle in electorate}  # what each has seen: (round, digest) -> votes
    for handle, name, meets_all in acts:
        mine = known[handle]
        if meets_all:
            for other in known.values():
                for key, votes in other.items():
                    mine[key] = mine.get(key, frozenset()) | votes
        listed = [Ballot(2, round_, digest, votes) for (round_, digest), votes in mine.items()]
        round_ = succession.next_round(listed, 2, electorate, share)
        if (2, round_) not in cast[handle]:
            key = (round_, name.encode() + bytes([round_]))
            ballot = Ballot(2, *key, mine.get(key, frozenset()))
            succession.require_vote(ballot, cast[handle], round_)
            cast[handle][2, round_] = ballot.digest
            mine[key] = ballot.votes | {handle}
    final = {}
    for handle, votes in cast.items():
        for (_, round_), digest in votes.items():
            final.setdefault((round_, digest), set()).add(handle)
    won = [key for key, votes in final.items() if succession.wins(Ballot(2, *key, frozenset(votes)), electorate, share)]
    assert len(won) <= 1, f"{won} have both won"


def test_who_votes_twice_can_let_two_win_and_is_in_both():
    electorate = frozenset("abc")
    one, two = Ballot(2, 0, b"x", frozenset("ab")), Ballot(2, 0, b"y", frozenset("bc"))
    assert succession.wins(one, electorate, (2, 3))
    assert succession.wins(two, electorate, (2, 3))
    assert one.votes & two.votes == {"b"}


def test_strangers_have_no_vote():
    electorate = frozenset("abc")
    assert not succession.wins(Ballot(2, 0, b"x", frozenset("axyz")), electorate, (1, 2))
    assert not succession.is_dead([Ballot(2, 0, b"x", frozenset("xyz"))], electorate, (1, 2))


def test_the_next_round_is_the_lowest_that_is_alive_and_of_this_version():
    electorate = frozenset("abcd")
    dead = [*ballots({"a": "x", "b": "x", "c": "y", "d": "y"}), *ballots({"a": "x"}, round_=2)]
    assert succession.next_round(dead, 2, electorate, (1, 2)) == 1
    assert succession.next_round(dead, 3, electorate, (1, 2)) == 0
    dead += ballots({"a": "x", "b": "x", "c": "y", "d": "y"}, round_=1)
    assert succession.next_round(dead, 2, electorate, (1, 2)) == 2


def test_a_second_vote_and_a_vote_in_another_round_are_refused(refused):
    cast = {(2, 0): b"x"}
    succession.require_vote(Ballot(2, 0, b"x", frozenset()), cast, 0)
    succession.require_vote(Ballot(2, 1, b"y", frozenset()), cast, 1)
    for ballot, open_round in (
        (Ballot(2, 0, b"y", frozenset()), 0),
        (Ballot(2, 1, b"y", frozenset()), 0),
        (Ballot(2, 0, b"x", frozenset()), 1),
    ):
        with refused("policy.vote-cast"):
            succession.require_vote(ballot, cast, open_round)


def test_shares_are_fractions():
    assert [succession.parse_share(one) for one in ("1/2", "2/3", "1/1", "999/1000")] == [
        (1, 2),
        (2, 3),
        (1, 1),
        (999, 1000),
    ]


@pytest.mark.parametrize(
    "text", ["", "1", "0/1", "3/2", "1/0", "-1/2", "01/2", "1/2/3", "1 /2", "²/3", "1/1001", "123456/999999"]
)
def test_what_is_no_share(refused, text):
    with refused("format.statement"):
        succession.parse_share(text)
