"""The journal: one order, positions without holes, dates that only grow, and a wake-up for who waits."""

import asyncio

from tocsin.exchange.journal.journal import Journal, Kind, NewRow, append, entries, read, tree_at
from tocsin.formats.merkle import Frontier
from tocsin.testing.virtualtime import VirtualClock, run


def entry(log, seq, **more):
    return NewRow(Kind.ENTRY, log, seq, "aa", commitment=bytes([seq % 256]) * 32, content=b"%d" % seq, **more)


async def put(database, rows, now_us):
    return await database.write(lambda tx: append(tx, rows, now_us))


def test_positions_and_dates(database):
    async def main():
        journal = Journal(database)
        assert await put(database, [entry(1, 0), entry(1, 1)], 100) == 2
        assert await put(database, [entry(1, 2)], 50) == 3, "the clock stepped back"
        assert await put(database, [entry(1, 3), NewRow(Kind.RECEIPT, 1, 4, "bb")], 1000) == 5
        rows = await journal.read(0, 100)
        assert [(one.position, one.added, one.seq) for one in rows] == [
            (1, 100, 0),
            (2, 101, 1),
            (3, 102, 2),
            (4, 1000, 3),
            (5, 1001, 4),
        ]
        assert [one.position for one in await journal.read(1, 2)] == [2, 3]
        assert [one.position for one in await journal.read(0, 100, Kind.RECEIPT)] == [5]
        assert await put(database, [], 2000) == 5
        await journal.load()
        assert journal.head == 5

    run(main)


def test_one_place_of_a_log_is_never_filled_twice(database, refused):
    async def main():
        await put(database, [entry(1, 0)], 1)
        with refused("store.conflict"):
            await put(database, [entry(2, 0), entry(1, 0)], 2)
        assert [one.log for one in await Journal(database).read(0, 9)] == [1]
        await put(database, [NewRow(Kind.RECEIPT, 1, 0, "bb"), NewRow(Kind.RECEIPT, 1, 0, "bb")], 3)

    run(main)


def test_entries_and_their_tree(database, refused):
    async def main():
        await put(database, [entry(1, seq, marking=2, sent_at=3, keep_until=4, salt=b"s") for seq in range(5)], 1)
        await put(database, [entry(2, 0), NewRow(Kind.RECEIPT, 1, 2, "bb"), entry(1, 6)], 1)
        rows = await database.read(lambda db: entries(db, 1, 1, 3))
        assert rows == [(seq, 2, 3, 4, b"s", b"%d" % seq, bytes([seq]) * 32, 1, None) for seq in (1, 2)]
        leaves = [bytes([seq]) * 32 for seq in range(5)]
        for size in (0, 3, 5):
            tree = await database.read(lambda db, n=size: tree_at(db, 1, n))
            assert tree == Frontier().extended(leaves[:size])
        with refused("store.gap"):
            await database.read(lambda db: tree_at(db, 1, 6))

    run(main)


def test_what_a_later_commit_has_overtaken_is_announced_too(database):
    async def main():
        journal = Journal(database)
        clock = VirtualClock(asyncio.get_running_loop())
        journal.announce(3)
        waiting = asyncio.ensure_future(journal.announced())
        await clock.sleep(1)
        assert not waiting.done()
        journal.announce(2)
        await clock.sleep(1)
        assert (journal.head, waiting.done()) == (3, True)

    run(main)


def test_a_waiter_wakes_when_there_is_more(database):
    async def main():
        journal = Journal(database)
        clock = VirtualClock(asyncio.get_running_loop())
        waiting = [asyncio.ensure_future(journal.grown(after)) for after in (0, 3)]
        await clock.sleep(1)
        assert [one.done() for one in waiting] == [False, False]
        journal.announce(3)
        await clock.sleep(1)
        assert [one.done() for one in waiting] == [True, False]
        journal.announce(2)
        await clock.sleep(1)
        assert (journal.head, waiting[1].done()) == (3, False)
        journal.announce(4)
        await asyncio.gather(*waiting)
        await journal.grown(0)

    run(main)


def test_read_on_a_snapshot(database):
    async def main():
        await put(database, [entry(1, 0, object_id="identity--1", name="n", held="x")], 7)
        [row] = await database.read(lambda db: read(db, 0, 5))
        assert (row.kind, row.member, row.object_id, row.name, row.held, row.version) == (
            Kind.ENTRY,
            "aa",
            "identity--1",
            "n",
            "x",
            None,
        )

    run(main)


def test_kinds_are_what_the_tables_say():
    """They are in stores and exports: none ever means something else."""
    assert {one.name: int(one) for one in Kind} == {
        "ENTRY": 1,
        "RECEIPT": 2,
        "REFUSAL": 3,
        "EVIDENCE": 4,
        "ERASED": 5,
        "LOCAL": 6,
    }
