"""Beats: numbers that only grow, across restarts and clocks that step back, at one commit for many."""

from types import SimpleNamespace

from tocsin.exchange.tlog import beats
from tocsin.exchange.tlog.beats import Beats
from tocsin.testing.virtualtime import run


class Counting:
    """A store that counts its commits."""

    def __init__(self, database):
        self.database, self.read, self.writes = database, database.read, 0

    async def write(self, work):
        self.writes += 1
        return await self.database.write(work)


def test_they_are_the_time_where_the_clock_allows(database):
    async def main():
        store, clock = Counting(database), SimpleNamespace(now=1_000)
        clock.now_us = lambda: clock.now
        made = Beats(store, clock)
        assert await made.next() == 1_000
        assert await made.next() == 1_001, "the same instant"
        clock.now = 500
        assert await made.next() == 1_002, "the clock stepped back"
        clock.now = 90_000
        assert await made.next() == 90_000
        assert store.writes == 1

    run(main)


def test_they_grow_across_a_start_whatever_the_clock_says(database):
    async def main():
        clock = SimpleNamespace(now=1_000)
        clock.now_us = lambda: clock.now
        last = 0
        for now in (1_000, 2_000, 0, 5):
            clock.now = now
            made = Beats(database, clock)
            for _ in range(3):
                beat = await made.next()
                assert beat > last
                last = beat

    run(main)


def test_what_was_reserved_is_used_up_before_more_is(database, monkeypatch):
    monkeypatch.setattr(beats, "_AHEAD_US", 3)

    async def main():
        store = Counting(database)
        made = Beats(store, SimpleNamespace(now_us=lambda: 7))
        assert [await made.next() for _ in range(7)] == list(range(7, 14))
        assert store.writes == 3
        again = Beats(store, SimpleNamespace(now_us=lambda: 7))
        assert await again.next() == 17, "above everything reserved"

    run(main)
