"""The supervisor: what fails begins again, ever more slowly, and says so without any content."""

import asyncio
from itertools import pairwise

import pytest

from tocsin.errors import StoreError
from tocsin.node.supervisor import supervise
from tocsin.testing.virtualtime import VirtualClock, run


def supervised(fail, seconds):
    """What is noted and when, in so many virtual seconds; `fail(clock, times)` is the work."""
    notes = []

    async def main():
        clock = VirtualClock(asyncio.get_running_loop())
        starts = []

        async def work():
            starts.append(round(clock.monotonic(), 6))
            await fail(clock, len(starts))

        task = asyncio.ensure_future(supervise("part", work, clock, lambda *one: notes.append(one)))
        await clock.sleep(seconds)
        done = task.done()
        task.cancel()
        await asyncio.wait([task])
        return starts, done, task

    starts, done, task = run(main)
    return starts, notes, done, task


async def broken(clock, _):
    raise StoreError("store.full", "there is no room")


def test_ever_more_slowly_up_to_15_seconds():
    starts, notes, _, _ = supervised(broken, 60)
    pauses = [round(after - before, 3) for before, after in pairwise(starts)]
    assert pauses[:9] == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 15.0, 15.0]
    assert set(notes) == {("store.full", "", "part: there is no room")}
    assert len(notes) == len(starts)


def test_after_a_good_while_it_begins_anew():
    async def work(clock, times):
        await clock.sleep(20 if times == 5 else 0)
        raise StoreError("store.full", "x")

    starts, *_ = supervised(work, 26)
    pauses = [round(after - before, 3) for before, after in pairwise(starts)]
    assert pauses == [0.2, 0.4, 0.8, 1.6, 20.2, 0.4, 0.8, 1.6] or pauses[:6] == [0.2, 0.4, 0.8, 1.6, 20.2, 0.4]


def test_work_that_ends_is_done():
    async def work(clock, _):
        await clock.sleep(1)

    starts, notes, done, _ = supervised(work, 100)
    assert (starts, notes, done) == ([0.0], [], True)


def test_unknown_errors_are_told_without_their_words():
    async def work(clock, _):
        secret = "CANARY in a value"
        raise ValueError(secret)

    starts, notes, _, _ = supervised(work, 1)
    assert len(starts) == 3
    assert {one[0] for one in notes} == {"internal.error"}
    assert "ValueError at work:" in notes[0][2]
    assert not any("CANARY" in part for note in notes for part in note)


def test_cancelling_ends_it():
    async def work(clock, _):
        await clock.sleep(1000)

    _, notes, done, task = supervised(work, 5)
    assert (done, notes, task.cancelled()) == (False, [], True)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_what_ends_the_process_is_not_survived(error):
    async def main():
        async def work():
            raise error

        await supervise("part", work, VirtualClock(asyncio.get_running_loop()), lambda *_: None)

    with pytest.raises(error):
        run(main)
