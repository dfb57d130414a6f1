"""Long work on the same machinery as the tests: many seeds, until they end or the time does.

    python tests/soak/run.py [PART ...] [--seeds FROM-TO] [--minutes N] [--jobs N]

A part is a function of a seed. One that fails is printed with the command that tells the same story again; the exit
status is then 1. Without a part all run, each with its own range of seeds.
"""

import argparse
import asyncio
import importlib.util
import multiprocessing
import sys
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from functools import cache
from operator import add
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

TESTS = Path(__file__).resolve().parents[1]
REPORT_S = 30.0
WORST = "worst "


@cache
def load(name: str) -> ModuleType:
    """A module of the tests, by its path without the ending."""
    spec = importlib.util.spec_from_file_location("soak_" + name.replace("/", "_"), TESTS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def objects(seed, count, size=0):
    return load("faults/conftest").tools(seed, count, size)


# -- the parts: each takes a seed, raises when a promise is broken, and gives what it counts -----------------------------


def size_of(seed: int) -> dict[str, float]:
    """As in the tests, and now and then a large federation."""
    for every, members in ((1000, 100), (250, 40), (50, 16)):
        if seed % every == every - 1:
            return {"members": members, "lag_s": (0.0, 0.2)[seed // every % 2]}
    return load("community/test_trouble").settings(seed % 40) | {"lag_s": (0.0, 0.2)[seed % 2]}


def simulation(seed: int) -> Counter[str]:
    """A community in trouble: nothing lost, nothing over-shared, whole a minute after healing."""
    trouble = load("community/test_trouble")
    settings = size_of(seed)
    _, made = load("community/conftest").simulated(seed, trouble.live_through, **settings)
    return Counter({"objects": made, f"{settings['members']} members": 1})


def membership(seed: int) -> Counter[str]:
    """Members and rosters that change in all of that: nobody reads what was not for it."""
    module = load("community/test_membership")
    module.story(seed)
    return Counter({"stories": 1})


def powercut(seed: int) -> Counter[str]:
    """Cuts of a story of its own at two members: some thousand points a seed."""
    points, violations = load("faults/test_powercut").told(objects, 700, seed=seed)
    assert not violations, violations[:5]
    return Counter({"points": points})


def faults(seed: int) -> Counter[str]:
    """A disk that fails at every operation of a story in turn; the seed says whose, how, and in which story."""
    module = load("faults/test_store_calls")
    victim, kind = ("aa", "bb")[seed % 2], list(module.Fault)[seed // 2 % 3]
    lasting, story = bool(seed // 6 % 2), seed // 12
    operations = module.count(objects, victim, story)
    for operation in range(1, operations + 1):
        one = module.Run(objects, victim, operation, kind, lasting=lasting, seed=story)
        try:
            module.run(one.main, limit_s=3600.0)
        except Exception as error:
            raise AssertionError(f"operation {operation} of {victim}, {kind}, lasting={lasting}") from error
    return Counter({"operations": operations})


@cache
def _rot_worlds():
    module = load("faults/test_rot_before_signing")
    return [module.World(objects, merged=True), module.World(objects, merged=False)]


def bitflips(seed: int) -> Counter[str]:
    """One bit of one file of a stopped node: found, or without meaning, before anything false is signed."""
    rot = load("faults/test_rot_before_signing").rotted(_rot_worlds(), seed)
    assert not rot.wrong, (rot.path, rot.bit, rot.wrong)
    return Counter({"bits": 1, f"found as {rot.fate}" if rot.fate else "without meaning": 1})


@cache
def _race_world():
    return load("faults/test_receipt_race").World(objects)


def receipts(seed: int) -> Counter[str]:
    """Frames of two histories over several links at once: one root a size, never back."""
    race = load("faults/test_receipt_race").raced(_race_world(), seed)
    assert not race.judge(), race.judge()
    return Counter({"interleavings": 1, "cosignatures": len(race.keys.signed)})


@cache
def _reading():
    loop = asyncio.new_event_loop()  # one for this process: its child lives from seed to seed
    return loop, load("faults/hostile_reading").Hostile(120.0)


def captures(seed: int) -> Counter[str]:
    """A hostile capture through the child that reads: documents or a coded refusal, and the next page is read."""
    loop, hostile = _reading()
    module = load("faults/hostile_reading")
    seen = loop.run_until_complete(module.watched(hostile, [load("faults/captures").capture_of(seed)]))
    return seen.counted + Counter({WORST + "cpu ms": round(seen.cpu_s * 1000), WORST + "MB": round(seen.peak_mb)})


class Part(NamedTuple):
    run: Callable[[int], Counter[str]]
    seeds: range  # when none are asked for


PARTS = {
    "simulation": Part(simulation, range(4000)),
    "membership": Part(membership, range(10_000)),
    "powercut": Part(powercut, range(12)),
    "faults": Part(faults, range(24)),
    "bitflips": Part(bitflips, range(1000)),
    "receipts": Part(receipts, range(10_000)),
    "captures": Part(captures, range(10_000)),
}


# -- running them ---------------------------------------------------------------------------------------------------


def merged(one: Counter[str], other: Counter[str]) -> Counter[str]:
    """Summed, but of what is called worst the larger."""
    return Counter({key: (max if key.startswith(WORST) else add)(one[key], other[key]) for key in one | other})


def attempt(job: tuple[str, int]) -> tuple[int, Counter[str], str]:
    """(seed, what it counts, what went wrong)."""
    name, seed = job
    try:
        return seed, PARTS[name].run(seed), ""
    except (Exception, BaseExceptionGroup):  # noqa: BLE001 - whatever it is, the seed is told
        return seed, Counter(), traceback.format_exc(limit=-6)


def prepare() -> None:
    warnings.simplefilter("error")


def soak(name: str, seeds: range, end_s: float, jobs: int) -> bool:
    """Whether all seeds of a part were well."""
    began = said = time.monotonic()
    counted: Counter[str] = Counter()
    done, failed = 0, []
    with multiprocessing.get_context("fork").Pool(jobs, prepare) as pool:
        for seed, counts, wrong in pool.imap_unordered(attempt, ((name, seed) for seed in seeds)):
            done += 1
            counted = merged(counted, counts)
            if wrong:
                failed.append(seed)
                print(f"{name}: seed {seed} FAILED\n{wrong}replay: {replay(name, seed)}", flush=True)
            now = time.monotonic()
            if now - said > REPORT_S:
                said = now
                print(f"{name}: {done} of {len(seeds)} seeds, {len(failed)} failed, {now - began:.0f} s", flush=True)
            if now > end_s:
                break
        pool.terminate()
    told = ", ".join(f"{what} {count:,}" for what, count in sorted(counted.items()))
    verdict = f"FAILED: {sorted(failed)}" if failed else "all well"
    print(f"{name}: {done:,} of {len(seeds):,} seeds, {told}; {time.monotonic() - began:.0f} s; {verdict}", flush=True)
    return not failed


def replay(name: str, seed: int) -> str:
    return f'make soak ARGS="{name} --seeds {seed}-{seed + 1}"'


def seeds_of(text: str) -> range:
    first, _, last = text.partition("-")
    return range(int(first), int(last or int(first) + 1))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--seeds", type=seeds_of, help="FROM-TO, without TO itself")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="for each part, then it stops")
    parser.add_argument("--jobs", type=int, default=multiprocessing.cpu_count())
    asked = parser.parse_args()
    unknown = set(asked.parts) - PARTS.keys()
    if unknown:
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    well = True
    for name in asked.parts or PARTS:
        seeds = asked.seeds if asked.seeds is not None else PARTS[name].seeds
        well &= soak(name, seeds, time.monotonic() + asked.minutes * 60, asked.jobs)
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
