"""Readiness: each thing that stands in the way is told, alone, and goes again."""

import asyncio

from tocsin.errors import MEANINGS, FormatError, StoreError
from tocsin.node.readiness import Readiness
from tocsin.testing.federation import Federation
from tocsin.testing.virtualtime import run


def told(work):
    """What `work(core, codes, federation)` returns; `codes()` asks anew."""

    async def main():
        fed = Federation(asyncio.get_running_loop(), ["aa", "bb"], 5)
        await fed.found()
        core, doors = fed.core("aa"), [True]
        readiness = Readiness(core, lambda: doors[0])

        async def codes():
            await fed.network.clock.sleep(1.5)
            reasons = await readiness.reasons()
            assert all(one.code in MEANINGS for one in reasons)
            return [one.code for one in reasons]

        result = await work(core, codes, doors)
        await fed.stop()
        return result

    return run(main)


def test_a_node_that_works_is_ready():
    async def work(core, codes, doors):
        return await codes()

    assert told(work) == []


def test_a_store_that_fails_or_is_silent():
    async def work(core, codes, doors):
        database, seen = core.world.database, []
        good = database.write

        async def failing(work):
            raise StoreError("store.full", "no room")

        async def silent(work):
            await asyncio.get_running_loop().create_future()

        for write in (failing, silent, good):
            database.write = write
            seen.append(await codes())
        return seen

    assert told(work) == [["store.full"], ["store.read"], []]


def test_search_that_stands_still():
    async def work(core, codes, doors):
        database = core.world.database
        good = database.write

        async def without_search(work):
            if work == core.search._step:
                await asyncio.get_running_loop().create_future()
            return await good(work)

        database.write = without_search
        error = FormatError("format.frame", "no frame")
        await core.receiver.record("bb", bytes(32), error, b"")  # a row of the journal
        return await codes()

    assert told(work) == ["store.search-behind"]


def test_a_log_that_may_not_be_signed_and_doors_that_are_shut():
    async def work(core, codes, doors):
        slot = core.members.channel("plenary").slots["aa"]
        core.signer._behind[slot] = "an old copy"
        seen = [await codes()]
        doors[0] = False
        seen.append(await codes())
        del core.signer._behind[slot]
        return [*seen, await codes()]

    assert told(work) == [["tlog.behind"], ["tlog.behind", "peer.listen"], ["peer.listen"]]


def test_who_asks_often_asks_the_store_once_a_second():
    async def work(core, codes, doors):
        asked, read = [], core.world.database.read

        async def counted(work):
            asked.append(core.world.clock.monotonic())
            return await read(work)

        core.world.database.read = counted
        readiness = Readiness(core, lambda: True)
        await asyncio.gather(*(readiness.reasons() for _ in range(50)))
        first = len(asked)
        await core.world.clock.sleep(1.1)
        await readiness.reasons()
        return first, len(asked)

    assert told(work) == (1, 2)
