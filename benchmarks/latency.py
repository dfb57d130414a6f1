"""How long one object takes: shared, durable at its origin, stored by its recipients, receipted; beside fdatasync.

On the path stand three waits for the disk, one after the other: the origin's commit, the origin's checkpoint file, the
recipient's commit. The receipt's own commit at the origin comes after them and is shown apart.
"""

import os
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.community import Publisher, Shape, federation

from tocsin.cli.control import Control
from tocsin.cli.demo.iocs import indicators
from tocsin.edge import access
from tocsin.edge.control.app import build
from tocsin.edge.serving import Doors
from tocsin.node.run import _control

FDATASYNC_MS_SLOW = 3.2
FSYNCS = 3


class Disk:
    """4 kB appended and synced, in the folder the stores are in."""

    def __init__(self, folder: Path) -> None:
        self._file = os.open(folder / "synced", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.ms: list[float] = []

    def once(self) -> None:
        """One write and fdatasync."""
        begin = time.perf_counter()
        os.write(self._file, bytes(4096))
        os.fdatasync(self._file)
        self.ms.append((time.perf_counter() - begin) * 1e3)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


class Stopwatch:
    """When receipts arrive at the publisher, before anything is done with them."""

    def __init__(self, origin: Publisher) -> None:
        self.arrived: list[float] = []
        taken = origin.core.receipts.take

        async def take(peer: str, receipt: Any) -> Any:
            self.arrived.append(time.perf_counter())
            return await taken(peer, receipt)

        origin.core.receipts.take = take  # type: ignore[method-assign]  # a stopwatch at the door


async def run(folder: Path, count: int) -> dict[str, Any]:
    """Milliseconds, p50 and p99, and the ratio to fdatasync."""
    out: dict[str, Any] = {}
    for recipients in (1, 2):
        place = folder / f"latency-{recipients}"
        place.mkdir()
        shape = Shape(recipients, recipients, processes=recipients)
        async with federation(place, shape) as (origin, _):
            disk = Disk(place)
            out[f"{recipients}"] = await _through_publisher(origin, shape, disk, count)
            if recipients == 1:
                out["1_by_socket"] = await _through_socket(origin, shape, disk, count)
            disk.close()
    return out


async def _through_publisher(origin: Publisher, shape: Shape, disk: Disk, count: int) -> dict[str, Any]:
    watch = Stopwatch(origin)
    marks: dict[str, list[float]] = {"durable_at_origin": [], "receipted": [], "receipt_durable": []}
    for one in indicators(count, 77):
        disk.once()
        watch.arrived.clear()
        begin = time.perf_counter()
        await origin.publish([one])
        marks["durable_at_origin"].append(time.perf_counter() - begin)
        await origin.receipted(shape.handles())
        marks["receipt_durable"].append(time.perf_counter() - begin)
        marks["receipted"].append(max(watch.arrived) - begin)
    return _told(marks, disk.ms)


async def _through_socket(origin: Publisher, shape: Shape, disk: Disk, count: int) -> dict[str, Any]:
    core = origin.core
    accounts = access.Accounts(origin.database, core.world.clock, core.world.entropy)
    doors = Doors()
    await doors.open_socket(build(_control(origin.place, core, accounts, "")), origin.place.socket)
    watch = Stopwatch(origin)
    disk.ms.clear()
    marks: dict[str, list[float]] = {"answered": [], "receipted": []}
    try:
        control = Control(origin.place)
        for one in indicators(count, 78):
            disk.once()
            watch.arrived.clear()
            begin = time.perf_counter()
            rows = [row async for row in control.rows("POST", "/share", {"channel": "plenary"}, one)]
            marks["answered"].append(time.perf_counter() - begin)
            assert rows[-1]["exit_status"] == 0, rows[-1]
            await origin.receipted(shape.handles())
            marks["receipted"].append(max(watch.arrived) - begin)
    finally:
        await doors.close()
    return _told(marks, disk.ms)


def _told(marks: dict[str, list[float]], synced: Sequence[float]) -> dict[str, Any]:
    told: dict[str, Any] = {f"{name}_ms": both([s * 1e3 for s in each]) for name, each in marks.items()}
    told["fdatasync_ms"] = both(synced)
    ratio, disk = told["receipted_ms"][0] / told["fdatasync_ms"][0], told["fdatasync_ms"][0]
    own = max(told["receipted_ms"][0] - FSYNCS * disk, 0.0)
    told["receipted_to_fdatasync"] = ratio
    told["without_fsyncs_ms"] = own
    told["computed_ratio_at_3.2_ms"] = (own + FSYNCS * FDATASYNC_MS_SLOW) / FDATASYNC_MS_SLOW
    return told


def both(each: Sequence[float]) -> tuple[float, float]:
    """Median and 99th percentile."""
    ordered = sorted(each)
    return statistics.median(ordered), ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
