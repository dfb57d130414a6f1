"""Processor time an object costs its publisher and its receivers, for 1, 10 and 100 recipients, beside the bare kernel.

Rounds are interleaved: each round shares fresh objects in every federation and runs the kernel over the same ones, and
ratios are formed within a round. A round of a federation begins before Share.check and ends when every recipient's
receipt is durable at the publisher and search has followed.
"""

import contextlib
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.community import Publisher, Recipients, Shape, federation
from benchmarks.kernel import BATCH, Kernel
from benchmarks.stages import metered

from tocsin.cli.demo.iocs import indicators

SHAPES = (Shape(1, 1), Shape(10, 10), Shape(100, 10))


@dataclass(frozen=True)
class Load:
    """Objects each round, and rounds; one more round before them is thrown away."""

    objects: int
    rounds: int


async def round_(origin: Publisher, hosts: Sequence[Recipients], shape: Shape, objects: Sequence[bytes]) -> list[float]:
    """Publisher, recipients (their sum) in processor microseconds, and wall microseconds, an object."""
    before = [(await one.ask("cpu"))["cpu_s"] for one in hosts]
    wall, own = time.perf_counter(), time.process_time()
    await origin.publish(objects)
    await origin.receipted(shape.handles())
    own, wall = time.process_time() - own, time.perf_counter() - wall
    after = [(await one.ask("cpu"))["cpu_s"] for one in hosts]
    return [spent / len(objects) * 1e6 for spent in (own, sum(after) - sum(before), wall)]


async def rounds(folder: Path, load: Load, *, compress: bool) -> dict[str, list[Any]]:
    """For each number of recipients its rounds, and under "kernel" those of the kernel."""
    out: dict[str, list[Any]] = {"kernel": []}
    async with contextlib.AsyncExitStack() as stack:
        kernel = stack.enter_context(contextlib.closing(Kernel(folder)))
        running = []
        for shape in SHAPES:
            place = folder / f"of-{shape.recipients}"
            place.mkdir()
            running.append((shape, *await stack.enter_async_context(federation(place, shape, compress=compress))))
        for number in range(load.rounds + 1):
            objects = list(indicators(load.objects, number))
            measured: dict[str, Any] = {"kernel": kernel.run(objects)}
            for shape, origin, hosts in running:
                # 100 recipients on this machine take long; their cost varies less from batch to batch.
                few = objects if shape.recipients < 100 else objects[: max(2 * BATCH, load.objects // 4)]
                measured[str(shape.recipients)] = await round_(origin, hosts, shape, few)
            if number:
                for name, one in measured.items():
                    out.setdefault(name, []).append(one)
    return out


def figures(measured: dict[str, list[Any]]) -> dict[str, float]:
    """Medians, and medians of the ratios of each round."""
    publisher = {shape.recipients: [one[0] for one in measured[str(shape.recipients)]] for shape in SHAPES}
    kernel = [one["all"] for one in measured["kernel"]]
    found = {f"publisher_us_{count}": statistics.median(each) for count, each in publisher.items()}
    found |= {f"kernel_us_{part}": statistics.median(one[part] for one in measured["kernel"]) for part in _PARTS}
    found |= {f"ratio_{count}_to_1": _ratio(publisher[count], publisher[1]) for count in (10, 100)}
    found |= {f"ratio_{count}_to_kernel": _ratio(publisher[count], kernel) for count in (1, 10)}
    for shape in SHAPES:
        each = measured[str(shape.recipients)]
        found[f"recipients_us_{shape.recipients}"] = statistics.median(one[1] / shape.recipients for one in each)
        found[f"objects_per_s_{shape.recipients}"] = statistics.median(1e6 / one[2] for one in each)
    return found


_PARTS = ("json", "commit", "aead", "sqlite", "all")


def _ratio(upper: Sequence[float], lower: Sequence[float]) -> float:
    return statistics.median(one / other for one, other in zip(upper, lower, strict=True))


async def breakdown(folder: Path, load: Load) -> dict[str, dict[str, float]]:
    """Microseconds an object by stage, of the publisher and of one receiver, with the kernel beside them."""
    shape = Shape(1, 1, metered=True)
    kernel = Kernel(folder)
    with metered("publisher") as meter:
        async with federation(folder, shape) as (origin, hosts):
            for number in range(2):
                objects = list(indicators(load.objects, 1000 + number))
                meter.spent.clear()
                theirs = (await hosts[0].ask("cpu"))["spent_s"]
                publisher, receiver, _ = await round_(origin, hosts, shape, objects)
                after = (await hosts[0].ask("cpu"))["spent_s"]
                mine = dict(meter.spent)
                reference = kernel.run(objects)
    kernel.close()
    theirs = {name: seconds - theirs.get(name, 0.0) for name, seconds in after.items()}
    return {
        "publisher": _shares(mine, publisher, len(objects)),
        "receiver": _shares(theirs, receiver, len(objects)),
        "kernel": reference,
    }


def _shares(spent: dict[str, float], all_us: float, count: int) -> dict[str, float]:
    each = {name: seconds / count * 1e6 for name, seconds in spent.items()}
    each = dict(sorted(each.items(), key=lambda one: -one[1]))
    return {**each, "not timed (loop, sockets, tls reads, garbage)": all_us - sum(each.values()), "all": all_us}
