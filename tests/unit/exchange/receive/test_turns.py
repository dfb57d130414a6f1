"""Turns: urgent first, then one peer after the other, nobody above its quota while others send, nobody for ever."""

import asyncio
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.exchange.receive.turns import Bucket, Buckets, Quota, Turns
from tocsin.testing.virtualtime import VirtualClock, run

QUOTA = Quota(bytes_per_s=1000, objects_per_s=100, cpu_share=0.1)
ROUTINE, URGENT = b"r" * 32, b"u" * 32


# -- buckets ----------------------------------------------------------------------------------------------------


def test_a_bucket_is_full_at_first_and_is_overdrawn_by_five_seconds_at_most():
    bucket = Bucket(10.0, 100.0)
    bucket.take(5.0, 100.0)
    assert bucket.ready_in(100.0) == 0
    bucket.take(10.0, 100.0)
    assert bucket.ready_in(100.0) == pytest.approx(1.0)
    assert bucket.ready_in(100.75) == pytest.approx(0.25)
    assert bucket.ready_in(101.0) == 0
    bucket.take(1e9, 101.0)
    assert bucket.ready_in(101.0) == pytest.approx(5.0)


@pytest.mark.slow
@given(
    rate=st.floats(0.1, 1e6),
    uses=st.lists(st.tuples(st.floats(0, 10), st.floats(0, 3)), max_size=40),
)
def test_what_passes_a_bucket_is_bounded_by_rate_burst_and_one_overdraft(rate, uses):
    """Whoever waits until nothing is owed gets, over any time, at most rate x time + burst + the last one."""
    now, used, last = 0.0, 0.0, 0.0
    bucket = Bucket(rate, now)
    for pause, seconds_worth in uses:
        now += pause
        now += bucket.ready_in(now)
        last = seconds_worth * rate
        bucket.take(last, now)
        used += last
        assert used <= rate * (now + 0.5) + last + 1e-6 * rate * (now + 1)


def test_the_scarcest_of_the_three_decides():
    buckets = Buckets(QUOTA.rates(), 0.0)
    buckets.take((501.0, 0.0, 0.0), 0.0)
    assert buckets.ready_in(0.0) == pytest.approx(0.001)
    buckets.take((0.0, 60.0, 0.0), 0.0)
    assert buckets.ready_in(0.0) == pytest.approx(0.1)
    buckets.take((0.0, 0.0, 0.25), 0.0)
    assert buckets.ready_in(0.0) == pytest.approx(2.0)


# -- turns ------------------------------------------------------------------------------------------------------


def played(story, quota=QUOTA):
    """Run story(turns, loop, clock) beside the giver of turns."""

    async def main():
        loop = asyncio.get_running_loop()
        clock = VirtualClock(loop)
        turns = Turns(clock, quota, lambda slot: slot == URGENT)
        giving = asyncio.ensure_future(turns.run())
        try:
            return await story(turns, loop, clock)
        finally:
            giving.cancel()

    return run(main)


async def send(turns, loop, peer, *, times=10**9, cost=0.01, size=1, slot=ROUTINE, until=10.0, done=None, pause=0.0):
    """A peer that always has the next message ready; (when asked, when served) of each."""
    clock, served = VirtualClock(loop), []
    done = served if done is None else done

    async def work():
        loop.spend(cost)

    for _ in range(times):
        asked = clock.monotonic()
        if asked >= until:
            break
        turn = await turns.take(peer, size, slot)
        began = clock.monotonic()
        await turn.run(work())
        done.append((peer, asked, began))
        if pause:
            await clock.sleep(pause)
    return served


def test_one_alone_is_never_held_back():
    async def story(turns, loop, clock):
        await send(turns, loop, "aa", times=500, cost=0.01, size=10_000)
        return clock.monotonic(), turns.told("aa")

    took, told = played(story)
    assert took == pytest.approx(5.0, abs=0.01), "a hundred times its bytes, ten times its processor time"
    assert told.over > 400
    assert told.waited_s < 0.01


def test_nobody_sends_beyond_its_quota_while_another_sends_within_it():
    async def story(turns, loop, clock):
        flooder = asyncio.ensure_future(send(turns, loop, "flooder"))
        honest = asyncio.ensure_future(send(turns, loop, "honest", cost=0.001, pause=0.05))
        return await flooder, await honest, turns.told("flooder")

    flooder, honest, told = played(story)
    assert len(flooder) * 0.01 <= 10 * 0.1 + 0.5 * 0.1 + 0.01 * 2
    assert len(flooder) * 0.01 >= 10 * 0.1 * 0.9
    waits = sorted(began - asked for _, asked, began in honest)
    assert len(honest) > 180
    assert waits[-1] <= 0.0101, "never longer than one step of the other"
    assert told.waited_s > 8


@pytest.mark.slow
@pytest.mark.parametrize(
    ("costs", "kind"), [({"size": 100, "cost": 0.0}, "bytes"), ({"size": 0, "cost": 0.0}, "objects")]
)
def test_each_of_the_quotas_holds(costs, kind):
    async def story(turns, loop, clock):
        flooder = asyncio.ensure_future(send(turns, loop, "flooder", **costs))
        honest = asyncio.ensure_future(send(turns, loop, "honest", cost=0.0, pause=0.05))
        await honest
        return await flooder

    flooder = played(story)
    per_s = {"bytes": 10, "objects": 100}[kind]
    assert 10 * per_s * 0.9 <= len(flooder) <= 10.5 * per_s + 2


def test_control_messages_wait_too_but_are_no_reason_to_hold_another_back():
    async def story(turns, loop, clock):
        flooder = asyncio.ensure_future(send(turns, loop, "flooder", slot=None, cost=0.01))
        honest = asyncio.ensure_future(send(turns, loop, "honest", cost=0.0, pause=0.05))
        held = await flooder, await honest
        free = asyncio.ensure_future(send(turns, loop, "third", slot=None, cost=0.0, until=20.0, pause=0.05))
        other = asyncio.ensure_future(send(turns, loop, "fourth", cost=0.01, until=20.0))
        return held[0], await other, await free

    flooder, other, _ = played(story)
    assert len(flooder) <= 10 * 10 + 7
    assert len(other) > 300, "receipts of others do not hold a bulk transfer back"


def test_two_that_catch_up_share_all_there_is():
    async def story(turns, loop, clock):
        both = [asyncio.ensure_future(send(turns, loop, peer)) for peer in ("aa", "bb")]
        return [await one for one in both]

    served = played(story)
    aa, bb = map(len, served)
    assert max(began - asked for one in served for _, asked, began in one if asked > 3) < 0.1, "neither is held back"
    assert aa + bb >= 750, "all but the second in which it is not yet calm"
    assert abs(aa - bb) <= 20


def test_urgent_goes_first_and_even_over_the_quota():
    async def story(turns, loop, clock):
        others = [send(turns, loop, "flooder", times=60, cost=0.01), send(turns, loop, "honest", cost=0.0, pause=0.05)]
        others = [asyncio.ensure_future(one) for one in others]
        await clock.sleep(2.0)
        assert turns.is_over("flooder")
        [(_, asked, began)] = await send(turns, loop, "flooder", times=1, cost=0.001, slot=URGENT)
        await asyncio.gather(*others)
        return began - asked

    assert played(story) <= 0.0101


def test_urgent_before_those_that_wait_longer():
    async def story(turns, loop, clock):
        done = []
        late = [send(turns, loop, peer, times=1, done=done) for peer in ("aa", "bb", "cc")]
        late.append(send(turns, loop, "dd", times=1, slot=URGENT, done=done))
        await asyncio.gather(*late)
        return [peer for peer, _, _ in done]

    assert played(story) == ["dd", "aa", "bb", "cc"]


@pytest.mark.slow
def test_who_calls_everything_urgent_gains_a_tenth():
    async def story(turns, loop, clock):
        flooder = asyncio.ensure_future(send(turns, loop, "flooder", slot=URGENT, cost=0.001))
        honest = asyncio.ensure_future(send(turns, loop, "honest", cost=0.0005, pause=0.01))
        return await flooder, await honest

    flooder, honest = played(story)
    assert len(flooder) * 0.001 <= 1.1 * (10 + 0.5) * 0.1 + 0.003
    assert max(began - asked for _, asked, began in honest) <= 0.005 + 0.0021, "half a second of the reserve"


def test_a_long_message_lets_the_others_in_between_its_steps():
    def steps(loop):
        for _ in range(50):
            loop.spend(0.01)
            yield
        return "all"

    async def story(turns, loop, clock):
        async def long():
            turn = await turns.take("long", 1, ROUTINE)
            return await turn.run(turn.through(steps(loop)))

        waiting = asyncio.ensure_future(long())
        served = await send(turns, loop, "short", cost=0.001, until=0.4, pause=0.02)
        result = await waiting
        return result, served, turns.is_over("long")

    result, served, over = played(story)
    assert result == "all"
    assert over, "every step of it is charged"
    assert len(served) >= 10
    assert max(began - asked for _, asked, began in served) <= 0.0101


def test_errors_and_cancellation_pass_through_a_measured_task():
    async def story(turns, loop, clock):
        turn = await turns.take("aa", 1)

        async def fails():
            await clock.sleep(0.1)
            loop.spend(1.0)
            raise ValueError("mine")

        with pytest.raises(ValueError, match="mine"):
            await turn.run(fails())
        assert turns.is_over("aa"), "what failed was charged as well"

        async def waits():
            try:
                await clock.sleep(100)
            except asyncio.CancelledError:
                seen.append("cancelled")
                raise

        seen = []
        task = asyncio.ensure_future(turn.run(waits()))
        await clock.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return seen

    assert played(story) == ["cancelled"]


def test_who_leaves_while_it_waits_is_forgotten():
    async def story(turns, loop, clock):
        honest = asyncio.ensure_future(send(turns, loop, "honest", cost=0.0, pause=0.05, until=60.0))
        await send(turns, loop, "aa", times=8, cost=0.1)
        waiting = asyncio.ensure_future(turns.take("aa", 1, ROUTINE))
        await clock.sleep(0.1)
        assert not waiting.done()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert "aa" not in turns._line
        turn = await asyncio.wait_for(turns.take("aa", 1, ROUTINE), 6.0)
        await honest
        return turn

    assert played(story).lane == "routine"


PEERS = st.lists(
    st.tuples(
        st.sampled_from([0.0005, 0.002, 0.01, 0.05]),  # processor seconds a message
        st.sampled_from([0.0, 0.0, 0.005, 0.05]),  # pause between two
        st.sampled_from([ROUTINE, ROUTINE, URGENT, None]),
        st.sampled_from([0, 1, 50, 5000]),
    ),
    min_size=2,
    max_size=6,
)


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(peers=PEERS)
def test_nobody_waits_for_ever(peers):
    async def story(turns, loop, clock):
        done = []
        tasks = [
            send(turns, loop, f"p{n}", cost=cost, pause=pause, slot=slot, size=size, until=4.0, done=done)
            for n, (cost, pause, slot, size) in enumerate(peers)
        ]
        within = turns.take("quiet", 1, ROUTINE)
        turn = await asyncio.wait_for(asyncio.ensure_future(_with(tasks, within)), 60.0)
        return done, turn

    async def _with(tasks, within):
        running = [asyncio.ensure_future(one) for one in tasks]
        turn = await within
        await asyncio.gather(*running)
        return turn

    done, turn = played(story)
    assert turn.lane == "routine"
    served = Counter(peer for peer, _, _ in done)
    for n in range(len(peers)):
        assert served[f"p{n}"] >= 1
        mine = [(asked, began) for peer, asked, began in done if peer == f"p{n}"]
        assert max(began - asked for asked, began in mine) <= 5.0 + 1.0 + 0.06 * 3 * len(peers), "nobody waits for ever"
