"""A hundred members on one machine, all linked with all: bulk, latency, herds, relays, and what they cost while idle.

One charter of 100; the publisher runs in the measuring process, the 99 others as full members (verify, store, fsync,
cosign) in three processes, each with its own store and its own links to all. What is said of 1, 10 and 30 recipients is
measured in channels of so many within the same federation, so that all that a large charter costs is in it; `alone` is
the same code in a charter of two.
"""

import asyncio
import contextlib
import statistics
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import flash
from benchmarks.community import (
    PUBLISHER,
    Publisher,
    Recipients,
    Shape,
    federation,
    found,
    host,
    patient,
    publisher,
    up,
)
from benchmarks.latency import Disk, both
from benchmarks.wire import sent_bytes

from tocsin.cli.demo.iocs import indicators
from tocsin.exchange.members.channels import ChannelKind
from tocsin.exchange.receive.gossip import ROUND_S

_PROCESSES = 3


@dataclass(frozen=True)
class Load:
    """How much of everything."""

    members: int
    channels: tuple[int, ...]
    objects: int
    rounds: int
    singles: int
    herd: int
    missed: int
    idle_rounds: int
    flashes: int


FULL = Load(99, (1, 10, 30), 1024, 3, 40, 10, 1024, 2, 40)
QUICK = Load(24, (1, 6), 512, 1, 20, 4, 512, 1, 10)


@dataclass
class Crowd:
    """The publisher, the processes of the others, and who is in which."""

    origin: Publisher
    hosts: list[Recipients]
    handles: list[str]

    async def all(self, verb: str, *words: str, only: Sequence[str] | None = None) -> dict[str, float]:
        """Ask each process about its members among `only`, all at once; when each member was done."""
        asked = []
        for number, one in enumerate(self.hosts):
            mine = [each for each in self.handles[number :: len(self.hosts)] if only is None or each in only]
            asked.append(one.ask(verb, *words, *mine))
        return {name: at for told in await asyncio.gather(*asked) for name, at in told["ended"].items()}

    async def told(self, what: str) -> float:
        """A figure of all the processes together."""
        answers = await asyncio.gather(*(one.ask("cpu") for one in self.hosts))
        return float(sum(one[what] for one in answers))


@contextlib.asynccontextmanager
async def crowd(folder: Path, count: int) -> AsyncIterator[Crowd]:
    """Founded, the publisher running, the others still down."""
    patient()
    handles = [f"m{number:03}" for number in range(count)]
    await found(folder, handles, listening=handles)
    async with publisher(folder) as origin, contextlib.AsyncExitStack() as stack:
        hosts = []
        for number in range(_PROCESSES):
            words = ["--mesh", *handles[number::_PROCESSES]]
            hosts.append(await stack.enter_async_context(host(folder, *words)))
        yield Crowd(origin, hosts, handles)


class Arrivals:
    """When each member's receipts arrive at the publisher: the first on a link tells that the link is open."""

    def __init__(self, origin: Publisher) -> None:
        self.first: dict[str, float] = {}
        self.last: dict[str, float] = {}
        taken = origin.core.receipts.take

        async def take(peer: str, receipt: Any) -> Any:
            self.first.setdefault(peer, time.monotonic())
            self.last[peer] = time.monotonic()
            return await taken(peer, receipt)

        origin.core.receipts.take = take  # type: ignore[method-assign]  # a stopwatch at the door

    def clear(self) -> None:
        """Begin anew."""
        self.first.clear()
        self.last.clear()


async def run(folder: Path, load: Load) -> dict[str, Any]:
    """All of it."""
    out: dict[str, Any] = {}
    (folder / "all").mkdir()
    (folder / "two").mkdir()

    async def stage(name: str, work: Awaitable[Any]) -> None:
        begin = time.perf_counter()
        out[name] = await work
        print(f"{name} {time.perf_counter() - begin:.0f} s,", end=" ", file=sys.stderr, flush=True)

    async with crowd(folder / "all", load.members) as everyone:
        arrivals = Arrivals(everyone.origin)
        await stage("start", started(everyone))
        out["memory_mb_a_member_linked"] = await everyone.told("rss") / len(everyone.handles) / 1e6
        await _open_channels(everyone, load.channels)
        async with federation(folder / "two", Shape(1, 1)) as (lone, lone_hosts):
            await stage("bulk", _bulk(everyone, Crowd(lone, lone_hosts, ["m000"]), load))
        await stage("single", _single(everyone, arrivals, folder, load.singles))
        await stage("flash", flash.measure(everyone, load.flashes))
        await stage("idle", _idle(everyone, load.idle_rounds))
        await stage("herd", _herd(everyone, arrivals, load))
        await stage("relay", _relay(everyone, load))
        out["memory_mb_a_member_at_last"] = await everyone.told("rss") / len(everyone.handles) / 1e6
    return out


async def started(all_: Crowd) -> dict[str, float]:
    """The largest handle first, so that whoever starts finds all whom it dials: wave after wave, one in each process."""
    begin, own = time.monotonic(), time.process_time()
    for at in range(len(all_.handles), 0, -_PROCESSES):
        await all_.all("up", only=all_.handles[max(at - _PROCESSES, 0) : at])
    await all_.all("linked", str(len(all_.handles)))
    count = len(all_.handles) + 1
    seconds = time.monotonic() - begin
    cpu = await all_.told("cpu_s") + time.process_time() - own
    links = count * (count - 1) // 2
    return {"links": links, "seconds": seconds, "cpu_ms_a_link": cpu / links * 1e3}


async def _open_channels(all_: Crowd, counts: Sequence[int]) -> None:
    core = all_.origin.core
    for count in counts:
        kind = ChannelKind.BILATERAL if count == 1 else ChannelKind.THEMATIC
        made = await core.acts.create_channel(f"of-{count}", kind, all_.handles[:count])
        while core.logs.get(core.members.channel(made.id).slots[PUBLISHER]) is None:  # not all have countersigned yet
            await asyncio.sleep(0.05)


async def _bulk(all_: Crowd, two: Crowd, load: Load) -> dict[str, Any]:
    """Processor microseconds an object at the publisher, by recipients; rounds of all kinds take turns."""
    plenary = len(all_.handles)
    kinds = [("alone", two, "plenary", 1), *((f"{n}", all_, f"of-{n}", n) for n in load.channels)]
    kinds.append((f"{plenary}", all_, "plenary", plenary))
    spent: dict[str, list[float]] = {}
    theirs: list[float] = []
    rates: list[float] = []
    for number in range(load.rounds + 1):
        objects = list(indicators(load.objects, 10_000 + number))
        for name, who, channel, count in kinds:
            before = await who.told("cpu_s") if count == plenary else 0.0
            wall, own = time.perf_counter(), time.process_time()
            await who.origin.publish(objects, channel)
            await who.origin.receipted(who.handles[:count], channel)
            own, wall = time.process_time() - own, time.perf_counter() - wall
            if number:
                spent.setdefault(name, []).append(own / len(objects) * 1e6)
            if number and count == plenary:
                rates.append(len(objects) * count / wall)
                theirs.append((await who.told("cpu_s") - before) / len(objects) / count * 1e6)
    made: dict[str, Any] = {f"publisher_us_{name}": statistics.median(each) for name, each in spent.items()}
    for name, each in spent.items():
        if name not in ("alone", "1"):
            ratios = [one / other for one, other in zip(each, spent["1"], strict=True)]
            made[f"ratio_{name}_to_1"] = statistics.median(ratios)
            made[f"publisher_us_a_delivery_{name}"] = made[f"publisher_us_{name}"] / int(name)
    made["ratio_1_to_alone"] = statistics.median(a / b for a, b in zip(spent["1"], spent["alone"], strict=True))
    made["recipient_us"] = statistics.median(theirs)
    made["deliveries_per_s"] = statistics.median(rates)
    return made


async def _single(all_: Crowd, arrivals: Arrivals, folder: Path, count: int) -> dict[str, Any]:
    """Milliseconds from the share to the receipt of the median recipient, and of the last."""
    disk = Disk(folder)
    middle, last = [], []
    for one in indicators(count, 20_000):
        await asyncio.sleep(0.2)
        disk.once()
        arrivals.clear()
        begin = time.monotonic()
        await all_.origin.publish([one])
        await all_.origin.receipted(all_.handles)
        took = sorted(at - begin for at in arrivals.last.values())
        middle.append(statistics.median(took) * 1e3)
        last.append(took[-1] * 1e3)
    disk.close()
    return {"median_receipt_ms": both(middle), "last_receipt_ms": both(last), "fdatasync_ms": both(disk.ms)}


async def _idle(all_: Crowd, rounds: int) -> dict[str, Any]:
    """What one object of each member makes them all tell one another, and then heartbeats and pings when nothing is new."""
    begin, sent = time.monotonic(), await _sent(all_)
    for one in all_.handles:
        await all_.all("share", "7", only=[one])
    await asyncio.sleep(rounds * ROUND_S)  # what is new in a log is told to everyone once
    count = len(all_.handles) + 1
    told: dict[str, Any] = {
        "kb_a_member_after_one_object_of_each": (await _sent(all_) - sent) / count / 1e3,
        "seconds_of_that": time.monotonic() - begin,
    }
    return told | await _quiet(all_, rounds)


async def _sent(all_: Crowd) -> float:
    return await all_.told("sent") + (sent_bytes(all_.origin.core) or 0)


async def _quiet(all_: Crowd, rounds: int) -> dict[str, float]:
    count = len(all_.handles) + 1
    before = [await all_.told("cpu_s"), await _sent(all_), time.process_time(), time.monotonic()]
    await asyncio.sleep(rounds * ROUND_S)
    after = [await all_.told("cpu_s"), await _sent(all_), time.process_time(), time.monotonic()]
    theirs, sent, own, seconds = (b - a for a, b in zip(before, after, strict=True))
    return {
        "cpu_percent_a_member": theirs / (count - 1) / seconds * 100,
        "cpu_percent_publisher": own / seconds * 100,
        "bytes_per_s_a_member": sent / count / seconds,
    }


async def _herd(all_: Crowd, arrivals: Arrivals, load: Load) -> dict[str, float]:
    """Some return at one moment, the origin is there."""
    who = all_.handles[:: len(all_.handles) // load.herd][: load.herd]
    stay = [one for one in all_.handles if one not in who]
    await all_.all("down", only=who)
    while set(who) & set(up(all_.origin.core)):
        await asyncio.sleep(0.05)
    await all_.origin.publish(list(indicators(load.missed, 30_000)))
    await all_.origin.receipted(stay)
    arrivals.clear()
    begin, own = time.monotonic(), time.process_time()
    await all_.all("up", only=who)
    await all_.origin.receipted(who)
    own = time.process_time() - own
    from_start = [arrivals.last[one] - begin for one in who]
    from_link = [arrivals.last[one] - arrivals.first[one] for one in who]
    return {
        "objects_per_s_each_from_link": load.missed / statistics.median(from_link),
        "objects_per_s_each_from_start": load.missed / statistics.median(from_start),
        "objects_per_s_together": load.missed * len(who) / max(from_start),
        "slowest_to_median": max(from_start) / statistics.median(from_start),
        "slowest_to_median_from_link": max(from_link) / statistics.median(from_link),
        "publisher_us_per_object": own / load.missed * 1e6,
    }


async def _relay(all_: Crowd, load: Load) -> dict[str, float]:
    """Some return when the origin is gone: others bring what they missed. The origin is not back after it."""
    who = all_.handles[:: len(all_.handles) // load.herd][: load.herd]
    stay = [one for one in all_.handles if one not in who]
    await all_.all("down", only=who)
    await all_.origin.publish(list(indicators(load.missed, 40_000)))
    await all_.origin.receipted(stay)
    size = all_.origin.log().size
    await all_.origin.core.stop()
    await all_.origin.network.close()
    begin, before = time.monotonic(), await all_.told("cpu_s")
    await all_.all("up", only=who)
    ended = await all_.all("reached", str(size), only=who)
    took = [at - begin for at in ended.values()]
    return {
        "objects_per_s_each_from_start": load.missed / statistics.median(took),
        "seconds_median": statistics.median(took),
        "slowest_to_median": max(took) / statistics.median(took),
        "cpu_us_a_delivery": (await all_.told("cpu_s") - before) / load.missed / len(who) * 1e6,
    }
