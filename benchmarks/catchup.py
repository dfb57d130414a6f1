"""A recipient returns after it missed many objects: how fast it is level again, verified, stored and receipted.

The publisher's caches of batches and frames are emptied before, so that everything is read from its store.
"""

import time
from pathlib import Path

from benchmarks.community import Shape, federation, linked

from tocsin.cli.demo.iocs import indicators


async def run(folder: Path, count: int) -> dict[str, float]:
    """Objects per second from the moment the link is open, and from the recipient's start."""
    async with federation(folder, Shape(1, 1)) as (origin, hosts):
        await origin.publish(list(indicators(64, 1)))
        await origin.receipted(["m000"])
        await hosts[0].ask("down", "m000")
        await origin.publish(list(indicators(count, 2)))
        await origin.core.synced()
        frames = origin.core.frames
        for cache in (frames._batches, frames._sealed):
            cache.clear()
        frames._batches_bytes = frames._sealed_bytes = 0
        begin, own = time.perf_counter(), time.process_time()
        await hosts[0].ask("up", "m000")
        await linked(origin, 1)
        greeted = time.perf_counter()
        await origin.receipted(["m000"])
        end, own = time.perf_counter(), time.process_time() - own
        return {
            "objects": float(count),
            "objects_per_s_from_link": count / (end - greeted),
            "objects_per_s_from_start": count / (end - begin),
            "publisher_us_per_object": own / count * 1e6,
        }
