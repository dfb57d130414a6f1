"""`python -m benchmarks [--json] [--quick] [NAME ...]`: measure the real code path and print figures and ratios.

Names: publish, publish_plain, breakdown, latency, wire, catchup, flood, gate, flash, matching, hundred,
fairness, pages, stories, watch. Progress goes to standard error.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from benchmarks import (
    catchup,
    fairness,
    flash,
    flood,
    gate,
    hundred,
    latency,
    machine,
    matching,
    pages,
    publish,
    stories,
    watch,
    wire,
)

_AIMS = {
    "publish.ratio_100_to_1": "<= 4",
    "publish.ratio_10_to_kernel": "<= 2",
    "publish.ratio_1_to_kernel": "<= 2",
    "latency.1.receipted_to_fdatasync": "<= 2.5",
    "fairness.show_s": "<= 1",
    "watch.cold_bytes": "<= 100,000",
    "watch.push.p95_ms": "<= 300",
    "watch.burst.settled_after_the_last_s": "<= 2",
    "pages.slowest_s": "<= 1",
    "stories.100000.slowest_list_s": "<= 1",
    "stories.100000.add.per_cpu_s": ">= 20",
    "stories.100000.resident_mb.node": "<= 400",
    "pages.chromium.slowest_s": "<= 1",
    "flood.p99_ratio": "<= 1.2",
    "flash.beside_bulk_p99_ms": "<= 2000",
    "hundred.flash.beside_bulk_p99_ms": "<= 2000",
    "matching.index.per_second": ">= 200,000",
    "hundred.bulk.ratio_99_to_1": "<= 4",
    "hundred.herd.slowest_to_median": "<= 3",
    "hundred.relay.slowest_to_median": "<= 3",
    "wire.batch_64_plain.frames": "<= 1.03",
    "wire.batch_512_plain.frames": "<= 1.03",
}


async def _publish(folder: Path, quick: bool, *, compress: bool = True) -> dict[str, Any]:
    load = publish.Load(1024, 1) if quick else publish.Load(4096, 3)
    return publish.figures(await publish.rounds(folder, load, compress=compress))


async def _publish_plain(folder: Path, quick: bool) -> dict[str, Any]:
    return await _publish(folder, quick, compress=False)


async def _breakdown(folder: Path, quick: bool) -> dict[str, Any]:
    return await publish.breakdown(folder, publish.Load(2048 if quick else 8192, 1))


async def _latency(folder: Path, quick: bool) -> dict[str, Any]:
    return await latency.run(folder, 60 if quick else 400)


async def _wire(folder: Path, quick: bool) -> dict[str, Any]:
    return await wire.run(folder, 1024 if quick else 4096)


async def _catchup(folder: Path, quick: bool) -> dict[str, Any]:
    return await catchup.run(folder, 4096 if quick else 20_000)


async def _flood(folder: Path, quick: bool) -> dict[str, Any]:
    return await flood.run(folder, 200 if quick else 600)


async def _gate(_folder: Path, _quick: bool) -> dict[str, Any]:
    return dict(gate.run())


async def _flash(folder: Path, quick: bool) -> dict[str, Any]:
    return await flash.run(folder, 6 if quick else 30, 10 if quick else 40)


async def _hundred(folder: Path, quick: bool) -> dict[str, Any]:
    return await hundred.run(folder, hundred.QUICK if quick else hundred.FULL)


async def _fairness(folder: Path, quick: bool) -> dict[str, Any]:
    return await fairness.run(folder, 100_000 if quick else 1_000_000)


async def _watch(folder: Path, quick: bool) -> dict[str, Any]:
    return await watch.run(folder, quick=quick)


async def _pages(folder: Path, quick: bool) -> dict[str, Any]:
    return await pages.run(folder, 20_000 if quick else 1_000_000)


async def _stories(folder: Path, quick: bool) -> dict[str, Any]:
    counts = (500, 5_000) if quick else (1_000, 10_000, 100_000)
    return await stories.run(folder, counts, 200 if quick else 2_000)


_ALL: dict[str, Callable[[Path, bool], Coroutine[Any, Any, dict[str, Any]]]] = {
    "publish": _publish,
    "publish_plain": _publish_plain,
    "breakdown": _breakdown,
    "latency": _latency,
    "wire": _wire,
    "catchup": _catchup,
    "flood": _flood,
    "gate": _gate,
    "flash": _flash,
    "matching": matching.run,
    "hundred": _hundred,
    "fairness": _fairness,
    "pages": _pages,
    "stories": _stories,
    "watch": _watch,
}


def _flat(found: dict[str, Any], under: str = "") -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name, value in found.items():
        out |= _flat(value, f"{under}{name}.") if isinstance(value, dict) else {under + name: value}
    return out


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return f"{value[0]:.2f} / {value[1]:.2f}"
    if isinstance(value, float | int):
        return f"{value:,.3f}" if abs(value) < 10 else f"{value:,.1f}" if abs(value) < 1000 else f"{value:,.0f}"
    return str(value)


def main() -> None:
    """Parse, run, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.add_argument("--quick", action="store_true", help="less of everything, under a minute")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(_ALL))
    asked = parser.parse_args()
    unknown = set(asked.names) - _ALL.keys()
    if unknown:
        parser.error(f"no benchmark {', '.join(sorted(unknown))}")
    skipped = {"publish_plain"} if asked.quick else set()
    names = asked.names or [name for name in _ALL if name not in skipped]
    # In the checkout and not in /tmp, which may be memory: an fsync there would cost nothing.
    with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix=".bench-") as made:
        found: dict[str, Any] = {"machine": machine.describe(Path(made))}
        for name in names:
            print(f"{name} ...", end=" ", file=sys.stderr, flush=True)
            begin = time.perf_counter()
            place = Path(made) / name
            place.mkdir()
            found[name] = asyncio.run(_ALL[name](place, asked.quick))
            print(f"{time.perf_counter() - begin:.0f} s", file=sys.stderr)
    if asked.json:
        print(json.dumps(found, indent=2))
        return
    for name, value in _flat(found).items():
        print(f"{name:58} {_shown(value):>20}  {'aim ' + _AIMS[name] if name in _AIMS else ''}".rstrip())


if __name__ == "__main__":
    main()
