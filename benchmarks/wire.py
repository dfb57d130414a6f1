"""Bytes on the wire for each byte of content, at batches of 64 and 512, without and with compression.

Frames are what the code hands to the link; the socket's count is the kernel's (TCP_INFO), with WebSocket and TLS.
"""

import socket
import struct
from pathlib import Path
from typing import Any

from benchmarks.community import Publisher, Shape, federation, sockets

from tocsin.cli.demo.iocs import indicators
from tocsin.node.core import Core

_TCP_INFO_BYTES = 232
_BYTES_SENT_AT = 200  # struct tcp_info of Linux 4.19 and later


def sent_bytes(core: Core) -> int | None:
    """Bytes the kernel has sent on the links, without TCP and IP heads; None where it does not tell."""
    total = 0
    for one in sockets(core):
        if not hasattr(socket, "TCP_INFO"):
            return None
        info = one.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_BYTES)
        if len(info) < _BYTES_SENT_AT + 8:
            return None
        total += struct.unpack_from("=Q", info, _BYTES_SENT_AT)[0]
    return total


async def run(folder: Path, objects: int) -> dict[str, Any]:
    """Wire bytes by content bytes."""
    out: dict[str, Any] = {}
    for compress in (False, True):
        place = folder / f"wire-{compress}"
        place.mkdir()
        async with federation(place, Shape(1, 1), compress=compress) as (origin, _):
            await _share(origin, 64, 1, 90)
            for batch in (64, 512):
                name = f"batch_{batch}_{'zstd' if compress else 'plain'}"
                out[name] = await _share(origin, batch, max(objects // batch, 1), batch)
    return out


async def _share(origin: Publisher, batch: int, times: int, seed: int) -> dict[str, float | None]:
    frames = content = 0
    log = origin.core.logs.get(origin.core.members.channel("plenary").slots["zz-publisher"])
    assert log is not None
    before = sent_bytes(origin.core)
    for number in range(times):
        objects = list(indicators(batch, seed * 1000 + number))
        start = log.size
        await origin.publish(objects)
        await origin.receipted(["m000"])
        sealed = await origin.core.frames.frame(log, start)
        assert sealed.end == start + batch
        frames += len(sealed.data)
        content += sum(map(len, objects))
    after = sent_bytes(origin.core)
    at_socket = (after - before) / content if after is not None and before is not None else None
    return {"frames": frames / content, "socket": at_socket}
