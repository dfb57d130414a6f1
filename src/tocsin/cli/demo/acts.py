"""What members do in the demonstration, through the same socket as the commands: open channels and share."""

from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from tocsin.cli.demo.nodes import Node
from tocsin.errors import ConfigError

_PIECE: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a share. `end` is the size of the member's log in the channel afterwards."""

    shared: int
    refused: int
    end: int
    reasons: tuple[str, ...]


async def share(node: Node, channel: str, pieces: Iterable[bytes], tlp: str | None = None) -> Outcome:
    """Share a file, given in pieces, as `tocsin share --partial` does. Raises ConfigError("demo.share")."""
    done: dict[str, Any] = {}
    reasons: dict[str, None] = {}
    end = 0
    query = {"channel": channel, "tlp": tlp, "partial": 1}
    async for event in node.control.rows("POST", "/share", query, _stream(pieces)):
        match event["event"]:
            case "refused":
                reasons.setdefault(f"{event['code']}: {event['what']}")
            case "committed":
                end = event["end"]
            case "done":
                done = event
    if done.get("exit_status", 1) != 0 and not done.get("shared"):
        raise ConfigError(
            "demo.share", f"{node.handle} could not share in {channel}: {done.get('code')} {reasons or ''}"
        )
    return Outcome(done["shared"], done["refused"], end, tuple(reasons))


def lines(objects: Iterable[bytes]) -> Iterator[bytes]:
    """Objects as a file of one object a line, in pieces."""
    held = bytearray()
    for one in objects:
        held += one
        held += b"\n"
        if len(held) >= _PIECE:
            yield bytes(held)
            held.clear()
    yield bytes(held)


def pieces(file: IO[bytes]) -> Iterator[bytes]:
    """A file in pieces."""
    while piece := file.read(_PIECE):
        yield piece


def pieces_of(path: Path) -> Iterator[bytes]:
    """A file by its name, in pieces. Raises ConfigError("config.file")."""
    try:
        with path.open("rb") as file:
            yield from pieces(file)
    except OSError as error:
        raise ConfigError("config.file", f"{path} cannot be read") from error


async def open_channel(node: Node, name: str, roster: Iterable[str], *, kind: str, title: str) -> None:
    """Open a channel; its members' nodes countersign by themselves."""
    body = {"name": name, "kind": kind, "members": sorted(roster), "title": title, "named_people": False}
    await node.control.post("/channels", body)


async def _stream(pieces_: Iterable[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces_:
        if piece:
            yield piece
