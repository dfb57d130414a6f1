"""The event loop on a virtual clock."""

import asyncio
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta

import pytest

from tocsin.testing import virtualtime
from tocsin.testing.virtualtime import START, DeadlockError, EndlessError, VirtualClock, run


def test_waiting_moves_the_clock_and_order_follows_time():
    seen = []

    async def walker(clock, name, step):
        for _ in range(3):
            await clock.sleep(step)
            seen.append((clock.monotonic(), name))

    async def main():
        clock = VirtualClock(asyncio.get_running_loop())
        await asyncio.gather(walker(clock, "slow", 86_400.0), walker(clock, "fast", 1.5))
        return clock.now()

    assert run(main) == START + timedelta(days=3)
    assert [name for _, name in seen] == ["fast"] * 3 + ["slow"] * 3
    assert [time for time, _ in seen[:3]] == [1.5, 3.0, 4.5]


def test_each_node_has_its_own_error_of_the_wall_clock():
    start = datetime(2038, 1, 19, 3, 14, 7, tzinfo=UTC)

    async def main():
        loop = asyncio.get_running_loop()
        right, ahead = VirtualClock(loop), VirtualClock(loop, offset_s=600.25)
        await right.sleep(1)
        assert right.now() == start + timedelta(seconds=1)
        assert ahead.now_us() - right.now_us() == 600_250_000
        assert ahead.monotonic() == right.monotonic() == 1.0
        assert right.now_us() == int(start.timestamp()) * 1_000_000 + 1_000_000
        ahead.offset_s = -5.0
        assert ahead.now() == start - timedelta(seconds=4)

    run(main, start=start)


def test_sleeping_zero_lets_others_run_once():
    order = []

    async def other():
        order.append("other")

    async def main():
        task = asyncio.ensure_future(other())
        await VirtualClock(asyncio.get_running_loop()).sleep(0)
        order.append("main")
        await task

    run(main())
    assert order == ["other", "main"]


def test_a_cancelled_sleep_leaves_no_timer_behind():
    async def main():
        loop = asyncio.get_running_loop()
        clock = VirtualClock(loop)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(2):
                await clock.sleep(1000)
        assert clock.monotonic() == 2.0
        await loop.create_future()

    with pytest.raises(DeadlockError, match=r"virtual second 2\.0"):
        run(main)


def test_a_deadlock_names_who_waits_where():
    async def waits_for_ever():
        await asyncio.Event().wait()

    async def main():
        asyncio.get_running_loop().create_task(waits_for_ever(), name="the culprit")
        await asyncio.get_running_loop().create_future()

    with pytest.raises(DeadlockError, match=r"the culprit in .*waits_for_ever"):
        run(main)


def test_a_run_without_end_is_stopped():
    async def ticking():
        clock = VirtualClock(asyncio.get_running_loop())
        while True:
            await clock.sleep(10)

    with pytest.raises(EndlessError, match="limit of 3600"):
        run(ticking, limit_s=3600)


def test_spinning_without_time_is_stopped(monkeypatch):
    monkeypatch.setattr(virtualtime, "_STEPS_WITHOUT_TIME", 1000)

    async def main():
        clock = VirtualClock(asyncio.get_running_loop())
        for _ in range(400):
            await clock.sleep(0)
        await clock.sleep(0.1)
        for _ in range(400):
            await clock.sleep(0)
        while True:
            await clock.sleep(0)

    with pytest.raises(EndlessError, match=r"virtual second 0\.1"):
        run(main)


def test_leftovers_are_cancelled_in_the_order_they_were_made():
    ended = []

    async def leftover(name):
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            ended.append(name)

    async def main():
        tasks = [asyncio.get_running_loop().create_task(leftover(name)) for name in range(20)]
        await asyncio.get_running_loop().create_task(leftover_gone())
        assert len(tasks) == 20

    async def leftover_gone():
        pass

    run(main)
    assert ended == list(range(20))


def test_what_fails_unseen_is_raised():
    async def fails():
        raise ValueError("nobody looks")

    async def main():
        asyncio.get_running_loop().create_task(fails())
        await VirtualClock(asyncio.get_running_loop()).sleep(1)

    with pytest.raises(BaseExceptionGroup) as caught:
        run(main)
    assert [str(error) for error in caught.value.exceptions] == ["nobody looks"]


def test_a_failure_during_cancellation_is_raised():
    async def fails_late():
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            raise ValueError("while going down")

    async def main():
        asyncio.get_running_loop().create_task(fails_late())
        await VirtualClock(asyncio.get_running_loop()).sleep(1)

    with pytest.raises(BaseExceptionGroup) as caught:
        run(main)
    assert [str(error) for error in caught.value.exceptions] == ["while going down"]


def test_errors_of_main_come_out_as_they_are():
    async def main():
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        run(main)


def test_executor_work_runs_in_place_and_takes_virtual_time():
    threads = []

    def work(value):
        threads.append(threading.get_ident())
        if value < 0:
            raise ValueError("refused")
        return value * 2

    async def main():
        loop = asyncio.get_running_loop()
        assert await loop.run_in_executor(None, work, 21) == 42
        assert await asyncio.to_thread(work, 4) == 8
        assert loop.time() == 0.5
        with pytest.raises(ValueError, match="refused"):
            await loop.run_in_executor(None, work, -1)

    run(main, executor_delay_s=0.25)
    assert set(threads) == {threading.get_ident()}


def test_another_thread_is_refused():
    refused = []

    def call(loop):
        try:
            loop.call_soon_threadsafe(print)
        except RuntimeError as error:
            refused.append(str(error))

    async def main():
        thread = threading.Thread(target=call, args=(asyncio.get_running_loop(),))
        thread.start()
        thread.join()

    run(main)
    assert len(refused) == 1 and "run_in_executor" in refused[0]


COURSE = """
import asyncio
from tocsin.testing.chance import SeededEntropy
from tocsin.testing.virtualtime import VirtualClock, run

async def main():
    loop = asyncio.get_running_loop()
    clock, entropy, seen = VirtualClock(loop), SeededEntropy(9), []
    ballast = [object() for _ in range(BALLAST)]

    async def worker(name):
        try:
            for _ in range(3):
                await clock.sleep(entropy.fraction())
            await clock.sleep(100)
        finally:
            seen.append(name)

    tasks = {loop.create_task(worker(str(n))) for n in range(40)}
    done, pending = await asyncio.wait(tasks, timeout=10)
    for task in pending:  # a set: its order is where plain tasks would differ from run to run
        task.cancel()
    await asyncio.wait(pending)
    return " ".join(seen)

print(run(main))
"""


@pytest.mark.slow
def test_the_course_does_not_depend_on_hashes_or_addresses():
    courses = {
        subprocess.run(
            [sys.executable, "-c", COURSE.replace("BALLAST", str(ballast))],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed, ballast in (("1", 0), ("2", 1001))
    }
    assert len(courses) == 1
    assert len(courses.pop().split()) == 40
