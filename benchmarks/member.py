"""Recipients of a benchmark in one process: `python -m benchmarks.member FOLDER HANDLE[:light] ...`, steered by stdin.

A full recipient is a whole member: it verifies, stores in its own SQLite file, waits for the fsync, cosigns. A light
one opens, recomputes every commitment, compares the root and cosigns, but checks no object and stores nothing: it
stands for a member on another machine. Both talk to the publisher only.

Commands: `cpu` (processor seconds of this process, and where they went), `down HANDLE`, `up HANDLE`. End of input ends
the process. With `--meter` as the first handle the stages of the receiver's path are timed.
"""

import asyncio
import contextlib
import json
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Generator
from pathlib import Path
from typing import Any

from benchmarks.community import PUBLISHER, surroundings
from benchmarks.stages import metered

from tocsin.backends.sqlite.database import ThreadedDatabase
from tocsin.edge.peer.websocket import Listening, WebSocketNetwork
from tocsin.exchange.journal.journal import NewRow
from tocsin.exchange.receive.accept import Pending, Receiver
from tocsin.formats.message import Receipt
from tocsin.node import home
from tocsin.node.core import Core
from tocsin.ports.links import Link


class PublisherOnly:
    """ports.links.Network that reaches the publisher and nobody else."""

    def __init__(self, network: WebSocketNetwork) -> None:
        self._network = network

    async def dial(self, peer: str) -> Link:
        if peer != PUBLISHER:
            await asyncio.get_running_loop().create_future()
        return await self._network.dial(peer)

    async def listen(self, _accept: Callable[[Link], Awaitable[None]]) -> None:
        await asyncio.get_running_loop().create_future()


class LightReceiver(Receiver):
    """Verifies and cosigns, stores nothing."""

    def _rows(self, *_: Any) -> Generator[None, None, list[NewRow]]:
        yield
        return []

    async def finish(self, pending: Pending) -> Receipt:
        log, done = pending.log, pending.verified
        log.released = done.frontier.size
        return self._cosign(log.slot, done.frontier.size, done.text)


class Member:
    """One recipient that can be stopped and started again."""

    def __init__(self, folder: Path, handle: str, *, light: bool) -> None:
        self._place = home.open_home(folder / handle)
        self._handle = handle
        self._light = light
        self._open: tuple[Core, WebSocketNetwork, ThreadedDatabase] | None = None

    async def up(self) -> None:
        database = ThreadedDatabase(str(self._place.store))
        core = Core(self._handle, surroundings(self._place, database))
        if self._light:
            core.receiver = LightReceiver(core.receiver._parts)
        await core.load()
        keys = self._place.keyring()
        network = WebSocketNetwork(core.members, Listening("127.0.0.1", 0, keys.certificate, keys.certificate_key))
        await core.start(PublisherOnly(network))
        self._open = core, network, database

    async def down(self) -> None:
        if self._open is not None:
            core, network, database = self._open
            self._open = None
            await core.stop()
            await network.close()
            await database.close()


def _feed(loop: asyncio.AbstractEventLoop, words: asyncio.Queue[list[str]]) -> None:
    for line in sys.stdin:
        loop.call_soon_threadsafe(words.put_nowait, line.split())
    loop.call_soon_threadsafe(words.put_nowait, [])


async def main(folder: Path, named: list[str]) -> None:
    with contextlib.ExitStack() as stack:
        spent: dict[str, float] = {}
        if named[0] == "--meter":
            spent = stack.enter_context(metered("receiver")).spent
            named = named[1:]
        await host(folder, named, spent)


async def host(folder: Path, named: list[str], spent: dict[str, float]) -> None:
    members = {}
    for one in named:
        handle, _, kind = one.partition(":")
        members[handle] = Member(folder, handle, light=kind == "light")
        await members[handle].up()
    words: asyncio.Queue[list[str]] = asyncio.Queue()
    threading.Thread(target=_feed, args=(asyncio.get_running_loop(), words), daemon=True).start()
    while command := await words.get():
        if command[0] in ("up", "down"):
            await getattr(members[command[1]], command[0])()
        print(json.dumps({"cpu_s": time.process_time(), "spent_s": spent}), flush=True)
    for member in members.values():
        await member.down()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2:]))
