"""What the demonstration proves at the end: every log verified, every history the same, nothing leaked."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from tocsin.cli.demo import outsider
from tocsin.cli.demo.nodes import Node, command

_AT_ONCE: Final = 2
Row = dict[str, Any]


async def fsck(nodes: Sequence[Node]) -> list[dict[str, Any]]:
    """`tocsin fsck --json` at every member, beside the running node."""
    turns = asyncio.Semaphore(_AT_ONCE)

    async def one(node: Node) -> dict[str, Any]:
        async with turns:
            process = await asyncio.create_subprocess_exec(
                *command(node.home, "fsck", "--json"),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )
            told, _ = await process.communicate()
            found: dict[str, Any] = msgspec.json.decode(told) if told else {}
            return {"logs": [], "problems": [], **found, "ok": process.returncode == 0 and found.get("ok") is True}

    return await asyncio.gather(*(one(node) for node in nodes))


def verdict(nodes: Sequence[Node], found: Sequence[dict[str, Any]]) -> str:
    """The word ok, or which member has which problems."""
    bad = (
        f"{node.handle}: {', '.join(sorted({one['code'] for one in each['problems']})) or each.get('code', 'failed')}"
        for node, each in zip(nodes, found, strict=True)
        if not each["ok"]
    )
    return "; ".join(bad) or "ok"


def agree(found: Sequence[dict[str, Any]]) -> bool:
    """Whether a log has the same size and root wherever it is held, and every log is held by two or more."""
    held: dict[str, list[tuple[int, str]]] = {}
    for each in found:
        for log in each["logs"]:
            held.setdefault(log["slot"], []).append((log["size"], log["root"]))
    return bool(held) and all(len(set(copies)) == 1 and len(copies) > 1 for copies in held.values())


def gapless(rows: Sequence[Row], sizes: dict[tuple[str, str], tuple[int, int]]) -> bool:
    """Whether the entries that arrived are exactly those of each log from its size before to its size after, in order."""
    arrived: dict[tuple[str, str], list[int]] = {}
    for row in rows:
        arrived.setdefault((row["channel"], row["member"]), []).append(row["seq"])
    return all(arrived.pop(log, []) == list(range(*bounds)) for log, bounds in sizes.items()) and not arrived


async def leaks(node: Node, secrets: dict[str, str]) -> tuple[int, list[str]]:
    """How much an outsider holds of channels ({name: canary}): hits in its files and traffic, channels it knows."""
    node.cable.flush()
    total, told = 0, []
    known = await outsider.channels_of(node)
    for channel, secret in secrets.items():
        wanted = outsider.needles(secret)
        places = {
            "files": await asyncio.to_thread(outsider.count_in, [*outsider.files_of(node), node.diagnostics], wanted),
            "traffic": await asyncio.to_thread(outsider.count_in, [node.traffic], wanted),
            "search": await outsider.found_by(node, secret),
            "channel list": int(channel in known),
        }
        total += sum(places.values())
        told += [f"{node.handle} holds something of {channel}: {place}" for place, hits in places.items() if hits]
    return total, told


async def finds(node: Node, secret: str) -> int:
    """How often the same search hits at a member that must hold it, so that silence elsewhere means something."""
    hits = await asyncio.to_thread(outsider.count_in, outsider.files_of(node), outsider.needles(secret))
    return hits if await outsider.found_by(node, secret) else 0
