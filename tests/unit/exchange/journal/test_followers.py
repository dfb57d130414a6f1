"""Followers: effect and position in one commit, so that a stop between two batches repeats and misses nothing."""

import asyncio

import pytest

from tocsin.errors import StoreError
from tocsin.exchange.journal import followers
from tocsin.exchange.journal.followers import Following
from tocsin.exchange.journal.journal import Journal, Kind, NewRow, append
from tocsin.testing.virtualtime import VirtualClock, run


class Counter:
    """Writes every row it is shown into a table of its own; may be told to fail at a position."""

    name = "counter"

    def __init__(self, fail_at=0):
        self.fail_at = fail_at
        self.batches = []

    def handle(self, rows, tx):
        self.batches.append([row.position for row in rows])
        for row in rows:
            tx.execute("INSERT INTO seen (position) VALUES (?)", (row.position,))
            if row.position == self.fail_at:
                raise StoreError("store.unknown", "the follower failed")


async def put(journal, count):
    rows = [NewRow(Kind.REFUSAL, 0, 0, "aa") for _ in range(count)]
    position = await journal.database.write(lambda tx: append(tx, rows, 1))
    journal.announce(position)
    return position


async def seen(database):
    return [row[0] for row in await database.read(lambda db: db.query("SELECT position FROM seen ORDER BY rowid"))]


@pytest.fixture
def journal(database):
    async def make():
        await database.write(lambda tx: tx.execute("CREATE TABLE seen (position INTEGER UNIQUE)"))
        return Journal(database)

    return run(make)


def test_follows_at_once_and_in_order(journal):
    async def main():
        follower = Counter()
        following = Following(journal, follower)
        task = asyncio.ensure_future(following.run())
        for count in (1, 3, 2):
            await following.reached(await put(journal, count))
        assert await seen(journal.database) == [1, 2, 3, 4, 5, 6]
        assert following.position == 6
        task.cancel()

    run(main)


def test_catches_up_from_where_it_was_in_bounded_batches(journal, monkeypatch):
    monkeypatch.setattr(followers, "BATCH", 4)

    async def main():
        await put(journal, 10)
        one = Counter()
        first = Following(journal, one)
        task = asyncio.ensure_future(first.run())
        await first.reached(4)
        task.cancel()
        two = Counter()
        second = Following(journal, two)
        task = asyncio.ensure_future(second.run())
        await second.reached(10)
        task.cancel()
        assert await seen(journal.database) == list(range(1, 11))
        assert max(map(len, one.batches + two.batches)) == 4
        assert two.batches[0][0] == one.batches[-1][-1] + 1 or one.batches[-1] == two.batches[0]

    run(main)


def test_a_failure_undoes_effect_and_position_together(journal):
    async def main():
        await put(journal, 5)
        failing = Following(journal, Counter(fail_at=3))
        with pytest.raises(StoreError):
            await failing.run()
        assert await seen(journal.database) == []
        assert failing.position == 0
        again = Following(journal, Counter())
        task = asyncio.ensure_future(again.run())
        await again.reached(5)
        task.cancel()
        assert await seen(journal.database) == [1, 2, 3, 4, 5]

    run(main)


def test_any_fault_of_a_follower_is_its_own(journal):
    """Whatever a follower raises, other units of work of the same commit are kept and the writer goes on."""

    class Broken(Counter):
        def handle(self, rows, tx):
            tx.execute("INSERT INTO seen (position) VALUES (99)")
            raise KeyError(rows[0].position)

    async def main():
        await put(journal, 1)
        task = asyncio.ensure_future(Following(journal, Broken()).run())
        await VirtualClock(asyncio.get_running_loop()).sleep(1)
        with pytest.raises(KeyError):
            task.result()
        assert await put(journal, 1) == 2
        assert await seen(journal.database) == []

    run(main)


def test_each_has_its_own_position(journal):
    async def main():
        await put(journal, 2)
        one, two = Counter(), Counter()
        two.name = "other"
        two.handle = lambda rows, tx: None
        tasks = [asyncio.ensure_future(Following(journal, each).run()) for each in (one, two)]
        await VirtualClock(asyncio.get_running_loop()).sleep(1)
        for task in tasks:
            task.cancel()
        rows = await journal.database.read(lambda db: db.query("SELECT name, position FROM journal_followers"))
        assert sorted(rows) == [("counter", 2), ("other", 2)]

    run(main)
