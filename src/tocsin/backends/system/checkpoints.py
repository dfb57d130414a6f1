"""The checkpoint files: two slots of 512 bytes each, written in turn, so that a torn write leaves the other whole.

slot    magic 15 bytes | generation u64 | size u64 | root 32 | SHA-256 of all that 32 | zeros to 512
"""

import asyncio
from collections.abc import Callable
from hashlib import sha256
from struct import Struct
from typing import Any, Final

from tocsin.errors import StoreError
from tocsin.ports.checkpoints import UNKNOWN, Held
from tocsin.ports.disk import Disk

_SLOT: Final = 512
_BODY: Final = Struct(">15sQQ32s")
_MAGIC: Final = b"tocsin-head/v1\n"


class CheckpointFiles:
    """ports.checkpoints over a Disk; with `threaded` the disk works beside the loop."""

    def __init__(self, disk: Disk, *, threaded: bool) -> None:
        self._disk = disk
        self._threaded = threaded

    async def load(self, slot: bytes) -> Held | None:
        """The newest whole slot of the file."""
        found = await self._run(self._load, slot)
        return found[1] if found else None

    async def replace(self, slot: bytes, held: Held | None, new: Held) -> None:
        """Compare, write the older slot, sync."""
        await self._run(self._replace, slot, held, new)

    async def _run(self, call: Callable[..., Any], *args: Any) -> Any:
        if self._threaded:
            return await asyncio.get_running_loop().run_in_executor(None, call, *args)
        return call(*args)

    def _load(self, slot: bytes) -> tuple[int, Held] | None:
        data = self._disk.read(_name(slot))
        if data is None:
            return None
        whole = [one for at in (0, _SLOT) if (one := _decode(data[at : at + _SLOT])) is not None]
        if not whole:
            raise StoreError("store.checkpoint-file", "neither half of a checkpoint file is whole")
        return max(whole, key=lambda one: one[0])

    def _replace(self, slot: bytes, held: Held | None, new: Held) -> None:
        found = self._load(slot)
        known = held if held != UNKNOWN else None
        back = known and (new.size < known.size or (new.size == known.size and new.root != known.root))
        if (found[1] if found else None) != held or back:
            raise StoreError("store.conflict", "the checkpoint file holds another head than its writer knew")
        if found is None:
            first = _encode(1, new)
            self._disk.create(_name(slot), first + first)
            return
        generation = found[0] + 1
        self._disk.overwrite(_name(slot), _SLOT * (generation % 2), _encode(generation, new))
        self._disk.sync(_name(slot))


def _name(slot: bytes) -> str:
    return slot.hex()[:32] + ".head"


def _encode(generation: int, held: Held) -> bytes:
    body = _BODY.pack(_MAGIC, generation, held.size, held.root)
    return (body + sha256(body).digest()).ljust(_SLOT, b"\0")


def _decode(data: bytes) -> tuple[int, Held] | None:
    body, seal = data[: _BODY.size], data[_BODY.size : _BODY.size + 32]
    if len(data) != _SLOT or sha256(body).digest() != seal:
        return None
    magic, generation, size, root = _BODY.unpack(body)
    return (generation, Held(size, root)) if magic == _MAGIC else None
