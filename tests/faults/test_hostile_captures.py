"""Three hundred hostile captures through the real child that reads (`make soak ARGS="captures"` has ten thousand)."""

import asyncio
import os
import signal

import pytest
from tests.faults.captures import capture_of
from tests.faults.hostile_reading import Hostile, read_all

CAPTURES = 300
ADDRESS_SPACE_MB = 2048


@pytest.mark.slow
def test_each_ends_in_documents_or_in_a_refusal_with_a_code():
    counted, _, peak_mb = read_all(capture_of(seed) for seed in range(CAPTURES))
    assert counted["captures"] == CAPTURES
    assert counted["captures with documents"] > CAPTURES / 3, counted
    assert counted["format.capture"] > CAPTURES / 20, counted
    assert peak_mb < ADDRESS_SPACE_MB


def test_a_capture_is_the_same_for_ever():
    assert [capture_of(seed) for seed in range(40)] == [capture_of(seed) for seed in range(40)]


def test_a_reader_that_is_killed_costs_only_what_it_was_reading():
    async def story():
        hostile = Hostile()
        try:
            await hostile.is_alive()
            asked = asyncio.ensure_future(hostile.read(b"<p>A line of a long page.</p>" * 40_000, "text/html"))
            await asyncio.sleep(0.3)
            os.kill(hostile.pid, signal.SIGKILL)
            with pytest.raises(AssertionError, match=r"desk\.unreadable"):
                await asked
            await hostile.is_alive()
        finally:
            await hostile.close()

    asyncio.run(story())
