"""Catching up without the origin: patience with who may still come, one relay at a time, and another when it stalls."""

from types import SimpleNamespace

import pytest

from tocsin.exchange.receive import catchup
from tocsin.exchange.receive.catchup import AWAY_S, PATIENCE_S, Catchup
from tocsin.exchange.receive.gossip import Known

SLOT = b"s" * 32


class World:
    """bb's view: one log of aa of ten entries at others, none here. `up`: who is linked."""

    def __init__(self, origin="aa", size=0, **holders):
        self.now = 100.0
        self.up = {"aa", "cc", "dd"}
        self.log = SimpleNamespace(slot=SLOT, origin=origin, size=size)
        self.holders = holders or {"cc": 10, "dd": 10}
        self.behind = {}
        self.notes = []
        self.broken = set()
        self.told = {SLOT: Known(holders=self.holders)}
        self.logs = {SLOT: self.log}
        parts = catchup.Parts(
            SimpleNamespace(me="bb"),
            self.logs,
            SimpleNamespace(behind=lambda: self.behind),
            SimpleNamespace(told=lambda: self.told, broken=lambda log: log.slot in self.broken),
            SimpleNamespace(monotonic=lambda: self.now),
            SimpleNamespace(fraction=lambda: 0.5),
        )
        self.catchup = Catchup(parts, lambda peer: peer in self.up, lambda *one: self.notes.append(one))

    def after(self, seconds):
        """What is said so much later, as (to whom, from where, whether wanted)."""
        self.now += seconds
        return [(one.peer, one.size, one.wanted) for one in self.catchup.wishes()]


def test_an_origin_that_is_linked_has_ten_seconds():
    here = World()
    assert here.after(0) == []
    assert here.after(PATIENCE_S - 0.1) == []
    assert here.notes == []
    assert here.after(0.1) == [("cc", 0, True)]
    assert here.catchup.asked() == {SLOT: "cc"}
    assert here.catchup.withheld() == {SLOT}
    assert [one[:2] for one in here.notes] == [("receive.withheld", "aa")]
    here.after(PATIENCE_S)
    assert len(here.notes) == 1, "told once"


def test_what_moves_is_left_in_peace():
    here = World()
    for size in range(1, 6):
        assert here.after(PATIENCE_S - 0.1) == []
        here.log.size = size
    assert here.notes == []


def test_an_origin_that_is_away_has_one_second():
    here = World()
    here.up.discard("aa")
    here.log.size = 3
    assert here.after(0) == []
    assert here.after(AWAY_S - 0.1) == []
    assert here.after(0.1) == [("cc", 3, True)]
    assert (here.notes, here.catchup.withheld()) == ([], set()), "who is away withholds nothing"


def test_one_relay_at_a_time_and_another_when_nothing_moves():
    here = World()
    here.up.discard("aa")
    here.after(0)
    assert here.after(AWAY_S) == [("cc", 0, True)]
    assert here.after(PATIENCE_S - 0.1) == []
    here.log.size = 4
    assert here.after(0.1) == [], "it moves"
    assert here.after(PATIENCE_S - 0.1) == []
    assert here.after(0.1) == [("dd", 4, True)]
    assert here.after(PATIENCE_S) == [("cc", 4, True)]


def test_a_relay_that_goes_away_is_replaced_at_once():
    here = World()
    here.up.discard("aa")
    here.after(0)
    assert here.after(AWAY_S) == [("cc", 0, True)]
    here.up.discard("cc")
    assert here.after(0.1) == [("dd", 0, True)]
    here.up.discard("dd")
    assert here.after(0.1) == []


def test_nobody_is_asked_who_holds_no_more_than_we_or_is_the_origin_itself():
    here = World(cc=3, aa=10)
    here.log.size = 3
    assert here.after(0) + here.after(60) + here.after(60) == []
    assert here.notes == []


def test_what_has_arrived_is_wanted_no_longer_when_the_origin_is_back():
    here = World()
    here.up.discard("aa")
    here.after(0)
    here.after(AWAY_S)
    here.log.size = 10
    assert here.after(5) == [], "the relay stands in for the origin"
    assert here.catchup.asked() == {SLOT: "cc"}
    here.up.add("aa")
    assert here.after(1) == [("cc", 0, False)]
    assert (here.catchup.asked(), here.after(1)) == ({}, [])


def test_a_log_that_is_gone_is_forgotten():
    here = World()
    here.up.discard("aa")
    here.after(0)
    here.after(AWAY_S)
    del here.logs[SLOT]
    assert here.after(1) == [("cc", 0, False)]
    assert here.catchup.asked() == {}


def test_a_log_of_our_own_is_asked_for_at_once_when_it_is_closed():
    here = World(origin="bb")
    assert here.after(0) + here.after(60) == [], "an open log lacks nothing"
    here.behind[SLOT] = "a peer holds more"
    assert here.after(0) == [("cc", 0, True)]
    assert here.after(PATIENCE_S - 0.1) == []
    assert here.after(0.1) == [("dd", 0, True)]
    here.log.size = 10
    assert here.after(0) == [("dd", 0, False)]
    assert here.notes == []


def test_a_log_of_two_stories_is_asked_of_nobody():
    here = World()
    here.up.discard("aa")
    here.after(0)
    assert here.after(AWAY_S) == [("cc", 0, True)]
    here.broken.add(SLOT)
    assert here.after(1) == [("cc", 0, False)]
    assert here.after(60) + here.after(60) == []


def test_relays_share_the_work():
    here = World()
    here.up.discard("aa")
    for number in range(1, 4):
        slot = bytes([number]) * 32
        here.logs[slot] = SimpleNamespace(slot=slot, origin="aa", size=0)
        here.told[slot] = Known(holders={"cc": 10, "dd": 10})
    assert here.after(0) == []
    assert sorted(one[0] for one in here.after(AWAY_S)) == ["cc", "cc", "dd", "dd"]


@pytest.mark.parametrize("holders", [{}, {"cc": 0}])
def test_nothing_is_wished_for_where_nothing_is_known(holders):
    here = World()
    here.told[SLOT].holders = holders
    assert here.after(0) + here.after(60) == []
