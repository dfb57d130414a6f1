"""Whom observables concern: many values against many claims on one core, texts parsed on the way; and what it costs a share.

The ratio is to the standard library's parsing of the addresses alone (`ipaddress.ip_address`), which any rival that looks at
the same texts must do first.
"""

import asyncio
import random
import time
import tracemalloc
from ipaddress import ip_address
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tocsin.backends.system.clock import SystemClock
from tocsin.cli.demo.iocs import indicators
from tocsin.exchange.journal.journal import Journal
from tocsin.exchange.match.constituency import ADDRESS, ASN, DOMAIN, EMAIL, URL, Entry, Index, of_members
from tocsin.exchange.match.gaps import Asking
from tocsin.exchange.match.interests import Interest, Seeker
from tocsin.exchange.publish.spooled import MemorySpool
from tocsin.formats.stix.check import check_many

MEMBERS = 200
_ENDS = ("example", "gouv.fr", "co.uk", "test", "net")


def claims(count: int, dice: random.Random) -> list[Entry]:
    """Half IPv4 blocks in one another, a tenth IPv6, three tenths domains, a tenth AS numbers."""
    out = []
    for number in range(count):
        owner, turn = f"m{number % MEMBERS}", number % 10
        if turn < 5:
            length = dice.choice((12, 14, 16, 19, 20, 22, 24, 26, 28))
            block = dice.getrandbits(32) >> (32 - length) << (32 - length)
            out.append(Entry(ADDRESS, f"{ip_address(block | 1 << 31)}/{length}", owner))
        elif turn < 6:
            out.append(Entry(ADDRESS, f"2001:{dice.getrandbits(16):x}:{dice.getrandbits(16):x}::/48", owner))
        elif turn < 9:
            out.append(Entry(DOMAIN, f"org{number}.{dice.choice(_ENDS)}", owner))
        else:
            out.append(Entry(ASN, str(dice.randrange(1, 400_000)), owner))
    return out


def observables(count: int, dice: random.Random) -> list[tuple[str, str]]:
    """Four tenths IPv4, a tenth IPv6, a quarter domains, a fifth URLs, a twentieth e-mail addresses."""
    out = []
    for number in range(count):
        turn, name = number % 20, f"org{dice.randrange(20_000)}.{dice.choice(_ENDS)}"
        if turn < 8:
            out.append((ADDRESS, str(ip_address(dice.getrandbits(32)))))
        elif turn < 10:
            out.append((ADDRESS, f"2001:{dice.getrandbits(16):x}:{dice.getrandbits(16):x}::{dice.getrandbits(16):x}"))
        elif turn < 15:
            out.append((DOMAIN, f"www.{name}"))
        elif turn < 19:
            out.append((URL, f"https://cdn.{name}/path/{number}?q=1"))
        else:
            out.append((EMAIL, f"someone@mail.{name}"))
    return out


def index(count: int, entries: int) -> dict[str, Any]:
    """Figures of the index alone."""
    dice = random.Random(4)
    claimed, asked = claims(entries, dice), observables(count, dice)
    tracemalloc.start()
    begin = time.process_time()
    made = Index(claimed)
    build_s = time.process_time() - begin
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    best, hits = 1e9, 0
    for _ in range(3):
        begin = time.process_time()
        hits = sum(len(made.match_many(asked[at : at + 4096])) for at in range(0, count, 4096))
        best = min(best, time.process_time() - begin)
    begin = time.process_time()
    addresses = [text for kind, text in asked if kind == ADDRESS]
    for text in addresses:
        ip_address(text)
    parsing = (time.process_time() - begin) / len(addresses)
    return {
        "entries": entries,
        "observables": count,
        "hits": hits,
        "per_second": count / best,
        "us_each": best / count * 1e6,
        "to_ipaddress_parsing": best / count / parsing,
        "index_MB": held / 2**20,
        "build_ms": build_s * 1e3,
    }


def interests(count: int) -> dict[str, Any]:
    """What 10,000 standing interests cost for each object that arrives."""
    dice = random.Random(5)
    kinds = [
        Interest(f"i{n}", "cidr", one.text, "", 0, 0) for n, one in enumerate(claims(4000, dice)) if one.kind == ADDRESS
    ]
    kinds += [Interest(f"d{n}", "domain", f"org{n}.example", "", 0, 0) for n in range(3000)]
    kinds += [Interest(f"w{n}", "word", f"word{n}", "", 0, 0) for n in range(2000)]
    kinds += [Interest(f"v{n}", "value", f"{n:064x}", "", 0, 0) for n in range(10_000 - len(kinds))]
    seeker = Seeker(kinds)
    values = [one.value for one in check_many(list(indicators(count, 7)))]
    begin = time.process_time()
    for at in range(0, count, 2048):
        seeker.seek(values[at : at + 2048])
    return {"interests": len(kinds), "us_an_object": (time.process_time() - begin) / count * 1e6}


class _Empty:
    """A store without relationships."""

    async def read(self, _work: Any) -> Any:
        return []


def share(count: int) -> dict[str, Any]:
    """What looking who is concerned adds to the gate, for each object of a large share."""
    members = [
        SimpleNamespace(
            handle=f"m{n}",
            countries=(),
            sectors=(),
            identity=f"identity--{n}",
            constituency={"cidr": (f"10.{n}.0.0/16",)},
        )
        for n in range(MEMBERS)
    ]
    journal: Any = Journal(_Empty())  # type: ignore[arg-type]  # a stand-in that has what is asked of it
    channel: Any = SimpleNamespace(roster=frozenset(), number=1)
    batches = [list(indicators(512, seed)) for seed in range(count // 512)]
    begin = time.process_time()
    checked = [check_many(one) for one in batches]
    gate = time.process_time() - begin
    begin = time.process_time()
    asking = Asking(of_members(members), journal, channel, MemorySpool(), {}, SystemClock())
    for one in checked:
        asking.note(one)  # type: ignore[arg-type]  # a stand-in that has what is asked of it
    asyncio.run(asking.settle(True for each in checked for _ in each))
    asked = time.process_time() - begin
    done = 512 * len(batches)
    return {
        "objects": done,
        "gate_us": gate / done * 1e6,
        "asking_us": asked / done * 1e6,
        "asking_to_gate": asked / gate,
    }


async def run(_folder: Path, quick: bool) -> dict[str, Any]:
    """All of it."""
    found = {"index": index(100_000 if quick else 1_000_000, 10_000)}
    found["interests"] = interests(10_000 if quick else 50_000)
    found["share"] = await asyncio.to_thread(share, 10_240 if quick else 102_400)
    return found
