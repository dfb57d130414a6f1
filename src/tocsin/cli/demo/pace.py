"""How quickly: single objects at a steady pace, from the moment they are handed over to each recipient's receipt."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from math import ceil
from typing import Final

from tocsin.backends.system.clock import SystemClock
from tocsin.cli.demo.acts import share
from tocsin.cli.demo.nodes import Node
from tocsin.formats.text import to_microseconds

_PACE_S: Final = 0.03
_PATIENCE_S: Final = 10.0
Handed = list[tuple[int, int]]


async def series(node: Node, channel: str, objects: Iterable[bytes], audience: Sequence[str]) -> dict[str, list[float]]:
    """Share one object after the other; milliseconds from hand-over to receipt, by recipient.

    A receipt that never came is missing from the list: the caller compares the lengths.
    """
    clock = SystemClock()
    begun = (await node.control.get("/status"))["position"]
    handed: Handed = []
    for one in objects:
        began, at = clock.monotonic(), clock.now_us()
        outcome = await share(node, channel, [one])
        handed.append((outcome.end, at))
        await clock.sleep(max(0.0, _PACE_S - (clock.monotonic() - began)))
    deadline = clock.monotonic() + _PATIENCE_S
    while True:
        taken = times(handed, await _receipts(node, channel, begun), audience)
        if all(len(one) == len(handed) for one in taken.values()) or clock.monotonic() > deadline:
            return taken
        await clock.sleep(_PACE_S)


def times(handed: Handed, receipts: Iterable[tuple[str, int, int]], audience: Sequence[str]) -> dict[str, list[float]]:
    """Milliseconds until the first receipt that covers each object; receipts are (member, size, microseconds)."""
    ordered: dict[str, list[tuple[int, int]]] = {member: [] for member in audience}
    for member, size, at in receipts:
        ordered.setdefault(member, []).append((size, at))
    return {member: _waits(handed, sorted(ordered[member])) for member in audience}


def percentile(values: Mapping[str, Sequence[float]], share_of: float) -> float | None:
    """The value that this share of all of them does not exceed (nearest rank)."""
    ranked = sorted(one for each in values.values() for one in each)
    return ranked[max(0, ceil(share_of * len(ranked)) - 1)] if ranked else None


def _waits(handed: Handed, receipts: Sequence[tuple[int, int]]) -> list[float]:
    waits: list[float] = []
    at = 0
    for end, began in handed:
        while at < len(receipts) and receipts[at][0] < end:
            at += 1
        if at == len(receipts):
            break
        waits.append((receipts[at][1] - began) / 1000)
    return waits


async def _receipts(node: Node, channel: str, after: int) -> list[tuple[str, int, int]]:
    rows = node.control.rows("GET", "/watch", {"after": after, "follow": 0})
    return [
        (row["member"], row["seq"], to_microseconds(datetime.fromisoformat(row["added"])))
        async for row in rows
        if row["kind"] == "receipt" and row["channel"] == channel
    ]
