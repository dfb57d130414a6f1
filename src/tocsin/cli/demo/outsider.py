"""Proving a negative: a member outside a channel holds nothing of it, in no file and in no byte of its traffic."""

from base64 import b64encode
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from tocsin.cli.demo.nodes import Node

_BLOCK: Final = 1024 * 1024
_THIRDS: Final = 3


def needles(secret: str) -> tuple[bytes, ...]:
    """A text as it might stand in a file: plain, in UTF-16, in hexadecimal, in base64 at any of the three offsets."""
    raw = secret.encode()
    in_base64 = (b64encode(bytes(shift) + raw)[4 * (shift > 0) : -4] for shift in range(_THIRDS))
    return (raw, secret.encode("utf-16-le"), raw.hex().encode(), *in_base64)


def count_in(paths: Iterable[Path], wanted: tuple[bytes, ...]) -> int:
    """How often any of the needles occurs in these files."""
    return sum(_count_in_file(path, wanted) for path in paths)


def files_of(node: Node) -> Iterator[Path]:
    """Every file of a member's folder."""
    return (path for path in sorted(node.home.path.rglob("*")) if path.is_file())


async def channels_of(node: Node) -> set[str]:
    """The names of the channels a member knows."""
    return {one["name"] for one in await node.control.get("/channels")}


async def found_by(node: Node, secret: str) -> int:
    """How many objects the member's own search finds."""
    return len(await node.control.get("/objects", find=secret, limit=100))


def _count_in_file(path: Path, wanted: tuple[bytes, ...]) -> int:
    overlap = max(map(len, wanted)) - 1
    found, kept = 0, b""
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            text = kept + block
            kept = text[-overlap:]
            # What lies wholly in the kept end was counted with this block; it must not count again with the next.
            found += sum(text.count(one) for one in wanted) - sum(kept.count(one) for one in wanted)
    return found + sum(kept.count(one) for one in wanted)
