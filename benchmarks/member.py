"""Recipients of a benchmark in one process: `python -m benchmarks.member FOLDER HANDLE[:light] ...`, steered by stdin.

A full recipient is a whole member: it verifies, stores in its own SQLite file, waits for the fsync, cosigns. A light
one opens, recomputes every commitment, compares the root and cosigns, but checks no object and stores nothing: it
stands for a member on another machine. Both talk to the publisher only, unless `--mesh` stands before the handles:
then each listens and is linked with every other member, and is started by `up` only.

Commands, each with the handles it is for: `cpu` (processor seconds of this process, where they went, its memory, bytes
sent, links), `down`, `up`, `linked COUNT`, `share SEED` (one object each), `reached SIZE` (of the publisher's plenary
log). End of input ends the process. With `--meter` as the first word the stages of the receiver's path are timed.
"""

import asyncio
import contextlib
import json
import os
import sys
import threading
import time
import zlib
from collections.abc import Awaitable, Callable, Generator
from pathlib import Path
from typing import Any

from benchmarks.community import PUBLISHER, patient, share, surroundings, up
from benchmarks.stages import metered
from benchmarks.wire import sent_bytes

from tocsin.backends.sqlite.database import ThreadedDatabase
from tocsin.cli.demo.iocs import indicators
from tocsin.edge.peer.websocket import Listening, WebSocketNetwork
from tocsin.exchange.journal.journal import NewRow
from tocsin.exchange.receive.accept import Pending, Receiver
from tocsin.formats.message import Receipt
from tocsin.node import home
from tocsin.node.config import address
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

    def refresh(self) -> None:
        self._network.refresh()

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

    def __init__(self, folder: Path, handle: str, *, light: bool, mesh: bool) -> None:
        self._place = home.open_home(folder / handle)
        self._handle = handle
        self._light = light
        self._mesh = mesh
        self._open: tuple[Core, WebSocketNetwork, ThreadedDatabase] | None = None

    @property
    def core(self) -> Core:
        """While it is up."""
        assert self._open is not None
        return self._open[0]

    async def up(self) -> None:
        database = ThreadedDatabase(str(self._place.store))
        core = Core(self._handle, surroundings(self._place, database))
        if self._light:
            core.receiver = LightReceiver(core.receiver._parts)
        await core.load()
        keys = self._place.keyring()
        host, port = address(self._place.settings().peer_listen)
        network = WebSocketNetwork(core.members, Listening(host, port, keys.certificate, keys.certificate_key))
        if self._mesh:
            await network.bind()
        await core.start(network if self._mesh else PublisherOnly(network))
        self._open = core, network, database

    async def linked(self, count: str) -> None:
        """Wait until so many links have greeted."""
        while len(up(self.core)) < int(count):
            await asyncio.sleep(0.05)

    async def share(self, seed: str) -> None:
        """One object of its own in the plenary."""
        await share(self.core, self._place, list(indicators(1, int(seed) + zlib.crc32(self._handle.encode()))))

    async def reached(self, size: str) -> None:
        """Wait until so much of the publisher's plenary log is stored."""
        log = self.core.logs.get(self.core.members.channel("plenary").slots[PUBLISHER])
        assert log is not None
        while log.released < int(size):
            await asyncio.sleep(0.005)

    def sent(self) -> int:
        """Bytes sent on the links that stand."""
        return sent_bytes(self.core) or 0 if self._open else 0

    def links(self) -> int:
        """How many links stand."""
        return len(up(self.core)) if self._open else 0

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
        mesh = named[0] == "--mesh"
        if mesh:
            patient()
        await host(folder, named[mesh:], spent, mesh=mesh)


async def host(folder: Path, named: list[str], spent: dict[str, float], *, mesh: bool) -> None:
    members = {}
    for one in named:
        handle, _, kind = one.partition(":")
        members[handle] = Member(folder, handle, light=kind == "light", mesh=mesh)
        if not mesh:
            await members[handle].up()
    words: asyncio.Queue[list[str]] = asyncio.Queue()
    threading.Thread(target=_feed, args=(asyncio.get_running_loop(), words), daemon=True).start()
    while command := await words.get():
        verb, *rest = command
        given = [rest.pop(0)] if verb in ("linked", "share", "reached") else []
        ended = await asyncio.gather(*(_do(members[one], verb, given) for one in rest if verb != "cpu"))
        told = {
            "cpu_s": time.process_time(),
            "spent_s": spent,
            "sent": sum(one.sent() for one in members.values()),
            "links": sum(one.links() for one in members.values()),
            "rss": _resident(),
            "ended": dict(zip(rest, ended, strict=False)),
        }
        print(json.dumps(told), flush=True)
    await asyncio.gather(*(member.down() for member in members.values()))


async def _do(member: Member, verb: str, given: list[str]) -> float:
    """When it was done, by the clock that all processes of the machine share."""
    await getattr(member, verb)(*given)
    return time.monotonic()


def _resident() -> int:
    """Bytes of memory that this process has now."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2:]))
