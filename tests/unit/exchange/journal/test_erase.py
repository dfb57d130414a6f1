"""Erasing in the store: what goes, what stays, in what order, in bounded steps."""

import asyncio

import pytest

from tocsin.exchange.journal import erase
from tocsin.exchange.journal.erase import DAY_US
from tocsin.exchange.journal.eraser import Eraser
from tocsin.exchange.journal.journal import Journal, Kind, NewRow, append, read
from tocsin.exchange.journal.search import Search
from tocsin.formats import erasure
from tocsin.formats.entry import ERASE_ORDER
from tocsin.testing.virtualtime import VirtualClock, run

MINE, OTHER = bytes([1]) * 32, bytes([2]) * 32
PLACES = {MINE: (1, "aa"), OTHER: (2, "aa")}
ID = "tool--00000001-0000-4000-8000-000000000000"


def entry(seq, *, log=1, until=0, member="aa"):
    return NewRow(
        Kind.ENTRY,
        log,
        seq,
        member,
        ID,
        "2026-01-01T00:00:00Z",
        "n",
        1,
        5,
        until,
        None,
        b"s" * 32,
        bytes([seq % 256]) * 32,
        b"{}",
    )


def order(seq, *named, log=1, member="aa"):
    content = erasure.encode(erasure.Order(tuple(sorted(named)), "why", 9, 8))
    return NewRow(
        Kind.ENTRY, log, seq, member, "", "", "", 1, 5, 0, erase.ORDER, b"s" * 32, b"c" * 32, content, ERASE_ORDER
    )


def put(tx, slot, *rows):
    """Store rows of one log as a frame of them is stored."""
    last = append(tx, rows, 1000)
    done = erase.stored(tx, slot, rows, last, PLACES)
    Search(lambda log: log).handle(read(tx, last - len(rows), len(rows)), tx)
    return done


def held(reading, log=1):
    return [
        row[0] for row in reading.query("SELECT held FROM journal_rows WHERE kind = 1 AND log = ? ORDER BY seq", (log,))
    ]


@pytest.fixture
def at(database):
    """Run work in one transaction."""
    return lambda work: run(lambda: database.write(work))


def test_an_order_may_come_before_what_it_names(at):
    def work(tx):
        assert put(tx, MINE, order(0, (OTHER, 1), (OTHER, 5))) == (frozenset(), frozenset(), 0, 1)
        done = put(tx, OTHER, *(entry(seq, log=2) for seq in range(4)))
        assert (done.logs, done.entries) == ({2}, 1)
        assert held(tx, 2) == [None, "erased", None, None]
        assert put(tx, OTHER, entry(4, log=2)).entries == 0
        assert put(tx, OTHER, entry(5, log=2)).entries == 1
        assert [row[0] for row in tx.query("SELECT position FROM journal_search")] == [2, 4, 5, 6]

    at(work)


def test_an_order_binds_its_own_origin_only(at):
    def work(tx):
        put(tx, MINE, *(entry(seq) for seq in range(2)))
        put(tx, OTHER, order(0, (MINE, 0), (MINE, 7), log=2, member="bb"))
        put(tx, MINE, *(entry(seq) for seq in range(2, 9)))
        assert held(tx) == [None] * 9

    at(work)


def test_of_many_orders_one_is_obeyed_at_once_and_the_others_after(at):
    def work(tx):
        put(tx, MINE, *(entry(seq) for seq in range(9)))
        done = put(tx, MINE, *(order(9 + n, (MINE, 2 * n), (MINE, 2 * n + 1)) for n in range(3)))
        assert (done.entries, done.orders) == (2, 3)
        assert held(tx)[:9] == ["erased"] * 2 + [None] * 7
        assert erase.waiting(tx)
        assert [erase.obey(tx, PLACES).entries for _ in range(2)] == [2, 2]
        assert not erase.waiting(tx)
        assert erase.obey(tx, PLACES) is None
        assert held(tx)[:9] == ["erased"] * 6 + [None] * 3

    at(work)


def test_what_an_order_names_twice_is_erased_once(at):
    def work(tx):
        put(tx, MINE, entry(0), entry(1))
        assert put(tx, MINE, order(2, (MINE, 0))).entries == 1
        assert put(tx, MINE, order(3, (MINE, 0), (MINE, 1), (MINE, 2))).entries == 1
        assert held(tx) == ["erased", "erased", "order", "order"]

    at(work)


def test_a_sweep_takes_bounded_steps_and_comes_to_an_end(at, monkeypatch):
    monkeypatch.setattr(erase, "_STEP", 3)
    monkeypatch.setattr(erase, "_SPAN", 5)

    def work(tx):
        untils = [2 * DAY_US, 9 * DAY_US, 0, 2 * DAY_US - 7] * 5
        put(tx, MINE, *(entry(seq, until=until) for seq, until in enumerate(untils)))
        assert tx.query("SELECT day, low, high FROM journal_kept ORDER BY day") == [(2, 1, 20), (9, 2, 18)]
        assert not erase.due(tx, 2 * DAY_US - 1)
        steps = []
        while erase.due(tx, 2 * DAY_US):
            steps.append(erase.sweep(tx, 2 * DAY_US).entries)
        assert sum(steps) == 10
        assert max(steps) <= 3
        assert len(steps) >= 4
        assert held(tx) == ["erased", None, None, "erased"] * 5
        assert tx.query("SELECT day FROM journal_kept") == [(9,)]
        assert erase.sweep(tx, 2 * DAY_US).entries == 0

    at(work)


def test_what_comes_after_its_day_is_swept_too(at):
    def work(tx):
        put(tx, MINE, entry(0, until=DAY_US))
        assert erase.sweep(tx, 5 * DAY_US).entries == 1
        put(tx, MINE, entry(1, until=DAY_US))
        assert erase.due(tx, 5 * DAY_US)
        assert erase.sweep(tx, 5 * DAY_US).entries == 1

    at(work)


# -- the eraser -------------------------------------------------------------------------------------------------


class Busy:
    """A store that somebody reads: scrub() succeeds at the third asking."""

    def __init__(self, database):
        self._database = database
        self.asked = 0

    def __getattr__(self, name):
        return getattr(self._database, name)

    async def scrub(self):
        self.asked += 1
        return self.asked >= 3


def test_nothing_is_clean_before_the_store_says_so(database):
    async def main():
        store = Busy(database)
        journal = Journal(store)
        await store.write(lambda tx: put(tx, MINE, entry(0)))
        clock = VirtualClock(asyncio.get_running_loop())
        eraser = Eraser(journal, clock, lambda: PLACES, list)
        await eraser.load()
        assert (eraser.clean, store.asked) == (0, 1)
        running = asyncio.ensure_future(eraser.run())
        assert await eraser.cleaned(0) == 1
        assert store.asked == 3
        store.asked = 0
        journal.erased(await store.write(lambda tx: put(tx, MINE, order(1, (MINE, 0)))))
        await clock.sleep(0.1)
        assert eraser.clean == 1
        assert await eraser.cleaned(1) == 2
        assert store.asked == 3
        running.cancel()

    run(main)


def test_an_order_nobody_told_of_is_scrubbed_before_it_counts_as_clean(database):
    async def main():
        store = Busy(database)
        store.asked = 2
        eraser = Eraser(Journal(store), VirtualClock(asyncio.get_running_loop()), lambda: PLACES, list)
        await eraser.load()
        await store.write(lambda tx: put(tx, MINE, entry(0), order(1, (MINE, 0))))
        asked = store.asked
        await eraser._scrub()
        assert (store.asked, eraser.clean) == (asked + 1, 2)
        await eraser._scrub()
        assert store.asked == asked + 1

    run(main)


@pytest.mark.parametrize(
    ("told", "now"),
    [([], 0), ([500], 1000), ([500, 3 * DAY_US], 1000), ([-DAY_US], 0), ([-DAY_US, -DAY_US, 10**18], 0)],
)
def test_how_late_a_sweep_believes_it_to_be(database, told, now):
    class Clock:
        def now_us(self):
            return 1000

    assert max(0, Eraser(Journal(database), Clock(), dict, lambda: told).now_us()) == now
