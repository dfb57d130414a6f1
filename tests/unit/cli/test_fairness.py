"""What people read of giving and getting."""

import pytest

from tocsin.cli import fairness

FEW = {"members": 2, "suppressed": True, "claims": None, "useful": None, "give_get": None}
MANY = {
    "members": 3,
    "suppressed": False,
    "claims": {"quartiles": [1.0, 2.0, 7.5], "gini": 0.4, "largest_share": 0.8125, "alarm": True},
    "useful": {"quartiles": [0.0, 0.0, 0.0], "gini": None, "largest_share": None, "alarm": False},
    "give_get": None,
}


def test_of_two_members_nothing_is_told():
    assert fairness._spread(FEW) == ["2 members: too few to say anything without naming somebody"]


def test_the_alarm_is_told_and_what_is_not_known_too():
    assert fairness._spread(MANY) == [
        "3 members",
        "claims given: quartiles 1 2 7.5, Gini 0.4, largest giver 81.2 %",
        "  ALARM: without its largest giver more than half of this is gone (claims given)",
        "of use to others: quartiles 0 0 0, Gini -, largest giver -",
        "given for each that was got, by use: too few members to tell",
    ]


@pytest.mark.parametrize(
    ("ms", "shown"),
    [(None, "-"), (0, "0.0 s"), (1500, "1.5 s"), (90_000, "1.5 min"), (5_400_000, "1.5 h"), (129_600_000, "1.5 d")],
)
def test_times_in_the_unit_that_fits(ms, shown):
    assert fairness._time(ms) == shown


FOUND = {"by": "aa", "to": "bb", "as_of": "2026-01-01T00:00:00.000000Z", "differences": [], "missing": []}


def test_every_verdict_says_why():
    nothing = {"strange_logs": 0, "unknown": 0, "left_out": 0}
    assert len(fairness._verdict(FOUND | nothing | {"verdict": "equal"})) == 1
    missing = [{"slot": "ab" * 32, "origin": "cc", "stated": 5, "held": 3}]
    lines = fairness._verdict(
        FOUND | {"verdict": "not-held", "missing": missing, "strange_logs": 1, "unknown": 1, "left_out": 2}
    )
    assert lines[1:] == [
        f"  cc {'ab' * 8}: stated 5, held 3",
        "  1 log of it this node does not know",
        "  1 entry of it cannot be read here any more",
        "  2 entries older than the statement are not in it",
    ]
