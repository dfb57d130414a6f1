"""Flash warnings beside bulk: from the raising of a warning to each recipient's durable receipt, with the lanes full.

The bulk is routine objects of the same publisher to the same members, so much that something of it always waits for
every one of them; the warnings go by the urgent log.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from benchmarks.community import PUBLISHER, Publisher

from tocsin.cli.demo.iocs import indicators
from tocsin.exchange.deliver.receipts import Stored
from tocsin.exchange.warn.warnings import Wish
from tocsin.formats.alert import Topic, Urgency
from tocsin.formats.tlp import Tlp

_BATCH = 512
_AHEAD = 2048  # objects that the slowest member is left behind before more is published
_PAUSE_S = 0.25


class Crowd(Protocol):
    """What is measured: see hundred.Crowd."""

    origin: Publisher
    handles: list[str]


async def measure(all_: Crowd, count: int) -> dict[str, Any]:
    """Milliseconds share to stored, p50, p99 and worst over all warnings and recipients: alone, and beside bulk."""
    alone = await _flashes(all_, max(3, count // 4))
    async with _bulk(all_) as sent:
        begin = time.monotonic()
        beside = await _flashes(all_, count)
        rate = sent[0] / (time.monotonic() - begin)
    await all_.origin.receipted(all_.handles)
    return {
        "members": len(all_.handles),
        "warnings": count,
        **{f"alone_{name}": value for name, value in _told(alone).items()},
        **{f"beside_bulk_{name}": value for name, value in _told(beside).items()},
        "bulk_objects_per_s": rate,
        "bulk_deliveries_per_s": rate * len(all_.handles),
    }


async def run(folder: Path, members: int, count: int) -> dict[str, Any]:
    """In a federation of its own."""
    from benchmarks.hundred import crowd, started

    async with crowd(folder, members) as everyone:
        await started(everyone)
        return await measure(everyone, count)


def _told(ms: Sequence[float]) -> dict[str, float]:
    ordered = sorted(ms)
    return {
        "p50_ms": ordered[len(ordered) // 2],
        "p99_ms": ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))],
        "worst_ms": ordered[-1],
    }


async def _flashes(all_: Crowd, count: int) -> list[float]:
    origin = all_.origin
    channel = origin.core.members.channel("plenary")
    log = origin.core.logs.get(channel.urgent[PUBLISHER])
    assert log is not None
    took: list[float] = []
    waiting: set[str] = set()
    begin = 0.0
    done = asyncio.Event()

    def stored(one: Stored) -> None:
        if one.log == log.number and one.size == log.size and one.member in waiting:
            waiting.discard(one.member)
            took.append((time.monotonic() - begin) * 1e3)
            if not waiting:
                done.set()

    origin.core.receipts.on_stored(stored)
    for number in range(count):
        await asyncio.sleep(_PAUSE_S)
        waiting |= set(all_.handles)
        done.clear()
        begin = time.monotonic()
        await origin.core.rooms.watchkeeping.warnings.issue(channel, _wish(number))
        async with asyncio.timeout(60):
            await done.wait()
    origin.core.receipts._calls.remove(stored)
    return took


def _wish(number: int) -> Wish:
    return Wish(
        headline=f"Flash {number}",
        topic=Topic.CYBER,
        urgency=Urgency.FLASH,
        threatened="VPN gateways",
        todo="Take them off the network.",
        marking=Tlp.GREEN,
    )


@contextlib.asynccontextmanager
async def _bulk(all_: Crowd) -> AsyncIterator[list[int]]:
    """Routine objects without an end; how many were published."""
    sent = [0]
    task = asyncio.create_task(_publish(all_, sent))
    while not sent[0]:
        await asyncio.sleep(0.05)
    try:
        yield sent
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _publish(all_: Crowd, sent: list[int]) -> None:
    origin = all_.origin
    log = origin.log()
    seed = 500_000
    while True:
        await origin.publish(list(indicators(_BATCH, seed := seed + 1)))
        sent[0] += _BATCH
        while log.size - min(origin.core.receipts.size(log, one) for one in all_.handles) > _AHEAD:
            await asyncio.sleep(0.02)
