"""Counting at every member through its own socket: what is due, what is stored, what is signed for."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from tocsin.backends.system.clock import SystemClock
from tocsin.cli.control import segment
from tocsin.cli.demo.nodes import Node

_POLL_S: Final = 0.1
_STALLED_S: Final = 60.0


class Standing(NamedTuple):
    """How far one recipient is with everything that others shared with it."""

    member: str
    due: int
    stored: int
    signed: int


@dataclass(frozen=True, slots=True)
class Tally:
    """Everything, counted once for each recipient. `shared` counts each object once."""

    shared: int
    standings: tuple[Standing, ...]

    @property
    def due(self) -> int:
        """Objects times their recipients."""
        return sum(one.due for one in self.standings)

    @property
    def delivered(self) -> int:
        """How many of those are stored."""
        return sum(one.stored for one in self.standings)

    @property
    def receipted(self) -> int:
        """How many of those the recipient has signed for, as the origin holds it."""
        return sum(one.signed for one in self.standings)

    @property
    def complete(self) -> bool:
        """Whether nothing is missing anywhere; more than was shared would be as wrong as less."""
        return all(one.due == one.stored == one.signed for one in self.standings)


Logs = dict[tuple[str, str], dict[str, Any]]


async def count(nodes: Sequence[Node]) -> Tally:
    """Ask every member now."""
    seen = dict(zip((one.handle for one in nodes), await asyncio.gather(*map(_logs, nodes)), strict=True))
    due = dict.fromkeys(seen, 0)
    stored, signed = dict(due), dict(due)
    shared = 0
    for origin, logs in seen.items():
        for (channel, owner), log in logs.items():
            if owner != origin:
                continue
            shared += log["size"]
            for member in log["receipts"]:
                due[member] += log["size"]
                stored[member] += seen[member].get((channel, origin), {"size": 0})["size"]
                signed[member] += log["receipts"][member]
    return Tally(shared, tuple(Standing(one, due[one], stored[one], signed[one]) for one in seen))


async def settle(nodes: Sequence[Node], show: Callable[[Tally], None]) -> Tally:
    """Count until nothing is missing, or nothing has moved for a minute."""
    clock = SystemClock()
    found = await count(nodes)
    moved = clock.monotonic()
    while not found.complete and clock.monotonic() - moved < _STALLED_S:
        show(found)
        await clock.sleep(_POLL_S)
        before, found = found, await count(nodes)
        if (before.delivered, before.receipted) != (found.delivered, found.receipted):
            moved = clock.monotonic()
    show(found)
    return found


async def linked(nodes: Sequence[Node]) -> bool:
    """Whether every link of these members is up."""
    found = await asyncio.gather(*(one.control.get("/status") for one in nodes))
    return all(link["state"] == "up" for status in found for link in status["links"])


async def unlinked(nodes: Sequence[Node], member: str) -> bool:
    """Whether all these members have lost this one."""
    found = await asyncio.gather(*(one.control.get("/status") for one in nodes))
    return all(link["state"] != "up" for status in found for link in status["links"] if link["peer"] == member)


async def _logs(node: Node) -> Logs:
    found: Logs = {}
    for channel in await node.control.get("/channels"):
        detail = await node.control.get(f"/channels/{segment(channel['id'])}")
        for log in detail["logs"]:
            found[channel["id"], log["origin"]] = log
    return found
