"""Channel logs in the tables: made once, grown by whoever holds the right size, taken back when not committed."""

import pytest

from tocsin.exchange.tlog.logs import Logs, advance, batch_end, origin_line, root_at
from tocsin.formats.merkle import Frontier
from tocsin.testing.virtualtime import run

A, B = bytes([1]) * 32, bytes([2]) * 32


@pytest.fixture
def logs(database):
    async def make():
        made = Logs(database)
        await made.open(3, [("bb", B), ("aa", A)])
        return made

    return run(make)


async def grow(database, log, *counts):
    """One checkpoint after each so many more leaves."""
    for count in counts:
        before = log.frontier
        frontier = before.extended([bytes([before.size + i]) * 32 for i in range(count)])
        await database.write(lambda tx, b=before, f=frontier: advance(tx, log.number, b, f, None))
        log.frontier = frontier
        log.released = log.size


def test_open_makes_each_once(logs, database):
    async def main():
        assert [(one.number, one.slot, one.channel, one.origin, one.size) for one in logs] == [
            (1, A, 3, "aa", 0),
            (2, B, 3, "bb", 0),
        ]
        first = logs.get(A)
        await logs.open(9, [("aa", A)])
        assert logs.get(A) is first is logs.numbered(1)
        await logs.open(4, [("cc", bytes(32)), ("aa", A)])
        again = Logs(database)
        await again.load()
        assert [one.number for one in again] == [1, 2, 3]
        assert again.get(bytes(32)).channel == 4
        assert again.get(bytes([9]) * 32) is None

    run(main)


def test_names_and_checkpoints(logs):
    log = logs.get(A)
    assert log.name == origin_line("aa", A) == f"tocsin/aa/log/{A.hex()}"
    assert log.checkpoint(5, bytes(32)).startswith(log.name.encode() + b"\n5\n")


def test_advance_reload_and_roots(logs, database):
    async def main():
        log = logs.get(A)
        await grow(database, log, 2, 3)
        root = log.frontier.root()
        assert await database.read(lambda db: root_at(db, log.number, 5)) == root
        assert await database.read(lambda db: root_at(db, log.number, 4)) is None
        assert await database.read(lambda db: root_at(db, 2, 5)) is None
        log.frontier = log.frontier.extended([bytes(32)])
        log.released = 6
        await logs.reload(log)
        assert (log.size, log.released, log.frontier.root()) == (5, 5, root)
        again = Logs(database)
        await again.load()
        assert (again.get(A).size, again.get(A).released, again.get(A).frontier) == (5, 5, log.frontier)

    run(main)


def test_two_writers_never_both_win(logs, database, refused):
    async def main():
        log = logs.get(A)
        await grow(database, log, 2)
        frontier = Frontier().extended([bytes(32)] * 3)
        other = Frontier().extended([bytes(32)] * 2)
        for before in (Frontier(), Frontier().extended([bytes(32)]), other, frontier):
            with refused("store.conflict"):
                await database.write(lambda tx, b=before: advance(tx, log.number, b, frontier, None))
        with refused("store.conflict"):
            await database.write(lambda tx: advance(tx, 77, Frontier(), frontier, None))
        await logs.reload(log)
        assert log.size == 2
        assert await database.read(lambda db: root_at(db, log.number, 3)) is None

    run(main)


@pytest.mark.parametrize(
    "rot", ["UPDATE tlog_logs SET frontier = ? WHERE log = 1", "UPDATE tlog_checkpoints SET root = ? WHERE size = 2"]
)
def test_a_head_that_cannot_be_what_was_signed_is_not_loaded(logs, database, refused, rot):
    async def main():
        log = logs.get(A)
        await grow(database, log, 2)
        frontier = Frontier(2, (bytes(32),)).encode()
        await database.write(lambda tx: tx.execute(rot, (frontier if "frontier" in rot else bytes(32),)))
        with refused("store.head"):
            await Logs(database).load()
        with refused("store.head"):
            await logs.reload(log)

    run(main)


def test_where_a_catch_up_frame_ends(logs, database):
    async def main():
        log = logs.get(A)
        await grow(database, log, 2, 3, 10)

        async def end(start, at_most):
            found = await database.read(lambda db: batch_end(db, log.number, start, at_most))
            return found and found[0]

        assert await end(0, 100) == 15
        assert await end(0, 14) == 5
        assert await end(0, 4) == 2
        assert await end(0, 1) == 2, "at least one batch, however large"
        assert await end(2, 5) == 5
        assert await end(15, 100) is None
        size, root, signed = await database.read(lambda db: batch_end(db, log.number, 0, 5))
        assert root == await database.read(lambda db: root_at(db, log.number, size))
        assert signed == b"", "our own is signed when it is sent"
        theirs = logs.get(B)
        grown = theirs.frontier.extended([bytes(32)])
        await database.write(lambda tx: advance(tx, theirs.number, theirs.frontier, grown, b"as its origin signed it"))
        found = await database.read(lambda db: batch_end(db, theirs.number, 0, 5))
        assert found == (1, grown.root(), b"as its origin signed it")

    run(main)
