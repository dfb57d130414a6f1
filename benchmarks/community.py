"""Members for the benchmarks: real homes on a real disk, a real charter, real links; recipients in other processes.

The publisher runs in the measuring process, so that `time.process_time` is its processor time and nobody else's.
Recipients run in processes of their own (member.py) and talk to the publisher only: what they would say to one another
costs the publisher nothing.
"""

import asyncio
import contextlib
import json
import random
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tocsin.backends.sqlite.database import ThreadedDatabase
from tocsin.backends.system.checkpoints import CheckpointFiles
from tocsin.backends.system.clock import SystemClock
from tocsin.backends.system.disk import SystemDisk
from tocsin.backends.system.entropy import SystemEntropy
from tocsin.backends.system.spool import SpoolFile
from tocsin.edge.peer import greeting, websocket
from tocsin.edge.peer.websocket import Listening, WebSocketNetwork
from tocsin.exchange.deliver.receipts import Stored
from tocsin.exchange.members import charter, descriptor
from tocsin.exchange.publish.publisher import MAX_BATCH, Batch
from tocsin.exchange.tlog.logs import Log
from tocsin.formats import statement
from tocsin.formats.tlp import Tlp
from tocsin.node import ceremony, home, making
from tocsin.node.config import address
from tocsin.node.core import Core, Surroundings

PUBLISHER = "zz-publisher"  # the largest handle: the members dial it


@dataclass(frozen=True)
class Shape:
    """How many recipients, and how many of them store everything they get."""

    recipients: int
    full: int
    processes: int = 1
    metered: bool = False

    def handles(self) -> list[str]:
        """Recipients, the full ones first."""
        return [f"m{number:03}" for number in range(self.recipients)]


# Below those that the system gives to whoever dials, and none twice.
_PORTS = iter(random.sample(range(12_000, 32_000), 4_000))


def free_port() -> int:
    """A port nobody listens on now."""
    while True:
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", next(_PORTS)))
            return int(probe.getsockname()[1])


def patient() -> None:
    """Let links live and greetings wait for a minute: where dozens of members share a core, all are slow together."""
    websocket._HEARTBEAT_S = websocket._DIAL_S = greeting.HELLO_SECONDS = 60.0  # type: ignore[misc]  # only here


async def found(folder: Path, handles: Sequence[str], *, listening: Sequence[str] = ()) -> None:
    """Homes for everyone, one charter, signed by all and adopted by all. The publisher listens, and who is named."""
    homes = {}
    for handle in [*handles, PUBLISHER]:
        listen = f"127.0.0.1:{free_port() if handle in (PUBLISHER, *listening) else 1}"
        homes[handle] = making.create(
            folder / handle, making.InitSettings(handle=handle, peer_listen=listen, people_listen="127.0.0.1:0")
        )
    bodies = [descriptor.read(one.descriptor.read_bytes())[1].body for one in homes.values()]
    signed = charter.found("benchmark", bodies, Tlp.GREEN, SystemClock().now_us())
    for handle, one in homes.items():
        signed = descriptor.sign(signed, handle, one.keyring())
    file = folder / "charter.note"
    file.write_bytes(statement.encode(signed))
    for one in homes.values():
        await ceremony.adopt(one, file)


def quiet(code: str, peer: str, what: str) -> None:
    """Diagnostics of a benchmark: only what should not happen."""
    if not code.startswith("peer."):
        print(f"note {code} {peer} {what}", file=sys.stderr)


def surroundings(place: home.Home, database: ThreadedDatabase) -> Surroundings:
    """As node/run.py makes them."""
    heads = CheckpointFiles(SystemDisk(place.heads), threaded=True)
    return Surroundings(
        database, place.keyring(), SystemClock(), SystemEntropy(), heads, quiet, "benchmark", dial="larger"
    )


@dataclass
class Publisher:
    """The measured member."""

    place: home.Home
    core: Core
    network: WebSocketNetwork
    database: ThreadedDatabase
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    def log(self, channel: str = "plenary") -> Log:
        """Its log in a channel."""
        log = self.core.logs.get(self.core.members.channel(channel).slots[PUBLISHER])
        assert log is not None
        return log

    async def publish(self, objects: Sequence[bytes], channel: str = "plenary") -> list[Batch]:
        """See share()."""
        return await share(self.core, self.place, objects, channel)

    async def receipted(self, members: Sequence[str], channel: str = "plenary") -> None:
        """Wait until these members have receipted everything, durably, and search has caught up."""
        log = self.log(channel)
        while any(self.core.receipts.size(log, one) < log.size for one in members):
            self.arrived.clear()
            await self.arrived.wait()
        await self.core.synced()

    def sockets(self) -> list[socket.socket]:
        """The TCP sockets to the peers."""
        return sockets(self.core)


async def share(core: Core, place: home.Home, objects: Sequence[bytes], channel: str = "plenary") -> list[Batch]:
    """Share as the command does: check all, decide all, commit all."""
    sharing = core.share(core.members.channel(channel), None, SpoolFile(place.run))
    for at in range(0, len(objects), MAX_BATCH):
        assert sharing.check(objects[at : at + MAX_BATCH]) == []
    await core.synced()
    async for refused in sharing.decide():
        assert refused == []
    assert sharing.counts().accepted == len(objects)
    batches = [batch async for batch in sharing.commit(core.publisher, core.world.clock.now_us)]
    sharing.close()
    return batches


def sockets(core: Core) -> list[socket.socket]:
    """The TCP sockets of the links that stand."""
    assert core.links is not None
    found: list[Any] = [one.session._link for one in core.links.standing.values() if one.session is not None]
    named = []
    for one in found:
        with contextlib.suppress(AttributeError):  # it is closing
            named.append(one._socket.get_extra_info("socket"))
    return [one for one in named if one is not None]


def up(core: Core) -> list[str]:
    """Members whose links have greeted."""
    assert core.links is not None
    return [peer for peer, one in core.links.standing.items() if one.session and one.session.sender]


@contextlib.asynccontextmanager
async def publisher(folder: Path, *, compress: bool = True) -> AsyncIterator[Publisher]:
    """The publishing member, running."""
    place = home.open_home(folder / PUBLISHER)
    database = ThreadedDatabase(str(place.store))
    core = Core(PUBLISHER, surroundings(place, database))
    core.frames.compress = compress
    await core.load()
    host, port = address(place.settings().peer_listen)
    keys = place.keyring()
    network = WebSocketNetwork(core.members, Listening(host, port, keys.certificate, keys.certificate_key))
    await network.bind()
    made = Publisher(place, core, network, database)

    def note_receipt(_: Stored) -> None:
        made.arrived.set()

    core.receipts.on_stored(note_receipt)
    await core.start(network)
    try:
        yield made
    finally:
        await core.stop()
        await network.close()
        await database.close()


class Recipients:
    """One process that hosts recipients, steered line by line."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def ask(self, *words: str) -> dict[str, Any]:
        """One command, one JSON answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write((" ".join(words) + "\n").encode())
        line = await self._process.stdout.readline()
        assert line, "a recipient process ended"
        answer: dict[str, Any] = json.loads(line)
        return answer

    async def end(self) -> None:
        """Stop it and wait."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()


@contextlib.asynccontextmanager
async def host(folder: Path, *words: str) -> AsyncIterator[Recipients]:
    """A process of recipients; see member.py."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.member", str(folder), *words),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    made = Recipients(process)
    try:
        yield made
    finally:
        await made.end()


@contextlib.asynccontextmanager
async def federation(
    folder: Path, shape: Shape, *, compress: bool = True
) -> AsyncIterator[tuple[Publisher, list[Recipients]]]:
    """A founded federation with every recipient linked to the publisher."""
    handles = shape.handles()
    await found(folder, handles)
    async with publisher(folder, compress=compress) as origin, contextlib.AsyncExitStack() as stack:
        hosts = []
        for number in range(shape.processes):
            mine = handles[number :: shape.processes]
            words = [one if handles.index(one) < shape.full else f"{one}:light" for one in mine]
            hosts.append(await stack.enter_async_context(host(folder, *(["--meter"] if shape.metered else []), *words)))
        await linked(origin, len(handles))
        yield origin, hosts


async def linked(origin: Publisher, count: int) -> None:
    """Wait until so many links have greeted."""
    while len(up(origin.core)) < count:
        await asyncio.sleep(0.02)
