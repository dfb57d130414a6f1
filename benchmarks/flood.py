"""One member floods another: what its neighbours notice of it. Real nodes, real sockets, a process for each.

The publisher (this process) shares one object at a time with the victim and measures until the receipt has come. Beside
it a flooder, with the keys of a member and frames made beforehand, sends to the victim without heeding any window. Rounds
in turn, so that the machine's other work falls on all alike: nobody floods; the flooder sends at its quota; it sends as much as the link
takes. Then all again, at a victim without quotas.
"""

import asyncio
import contextlib
import json
import sys
import threading
from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from time import perf_counter
from typing import Any, Final

from benchmarks.community import Publisher, Recipients, found, linked, publisher, surroundings
from benchmarks.latency import Stopwatch, both

from tocsin.backends.sqlite.database import ThreadedDatabase
from tocsin.cli.demo.iocs import indicators
from tocsin.edge.peer.greeting import DOMAIN
from tocsin.edge.peer.websocket import Listening, WebSocketNetwork
from tocsin.errors import PeerError
from tocsin.exchange.members.registry import Members
from tocsin.exchange.publish.epochs import wrap_info
from tocsin.exchange.receive.turns import QUOTA, Quota
from tocsin.exchange.tlog.logs import origin_line
from tocsin.formats import checkpoint, message, note, statement
from tocsin.formats.entry import STIX_21, Entry, Handling, commitments
from tocsin.formats.frame import Frame, encode_batch, encode_box, encode_frame
from tocsin.formats.keys import Role, key_name
from tocsin.formats.merkle import Frontier
from tocsin.formats.message import Hello, Notice, Proof, State
from tocsin.formats.seal import EpochKey, wrap
from tocsin.formats.tlp import Tlp
from tocsin.node import home
from tocsin.node.config import address
from tocsin.node.core import Core

FLOODER, VICTIM = "aa-flooder", "mm-victim"
BATCH: Final = 512
FRAMES: Final = 600  # a victim without quotas takes about thirty a second
KEY: Final = bytes(range(32))
PAUSE_S: Final = 0.02
TIMES: Final = 3
WARM_S: Final = 1.5
NONE: Final = Quota(1e15, 1e15, 1e6)


async def run(folder: Path, count: int) -> dict[str, Any]:
    """Milliseconds p50 and p99 of the neighbour's shares in each round, and the ratios of the p99."""
    out: dict[str, Any] = {}
    for name, words in (("", []), ("without_quotas", ["free"])):
        place = folder / (name or "quotas")
        place.mkdir()
        await found(place, [FLOODER, VICTIM], listening=[VICTIM])
        told = await _rounds(place, words, count)
        out |= {name: told} if name else told
    return out


async def _rounds(folder: Path, words: list[str], count: int) -> dict[str, Any]:
    took: dict[str, list[float]] = {"quiet": [], "quota": [], "all": []}
    seconds = dict.fromkeys(took, 0.0)
    objects = dict.fromkeys(took, 0)
    async with publisher(folder) as origin, _process("victim", folder, *words):
        await linked(origin, 1)
        async with _process("flooder", folder) as flooder:
            for _ in range(TIMES):
                for kind in took:
                    before, began = await flooder.ask(kind), perf_counter()
                    took[kind] += await _round(origin, count // TIMES)
                    after = await flooder.ask("stop")
                    seconds[kind] += perf_counter() - began
                    objects[kind] += after["taken"] - before["taken"]
            ran_out = after["ran_out"]
    quiet, at_quota, flooded = (both(each) for each in took.values())
    return {
        "quiet_ms": quiet,
        "at_quota_ms": at_quota,
        "flooded_ms": flooded,
        "p99_ratio": flooded[1] / quiet[1],
        "p50_ratio": flooded[0] / quiet[0],
        "p99_ratio_to_at_quota": flooded[1] / at_quota[1],
        "flooder_objects_per_s": objects["all"] / seconds["all"],
        "flooder_ran_out": ran_out,
    }


async def _round(origin: Publisher, count: int) -> list[float]:
    watch, took = Stopwatch(origin), []
    began = perf_counter()
    for one in indicators(20 * count, origin.log().size + 5):
        watch.arrived.clear()
        begin = perf_counter()
        await origin.publish([one])
        await origin.receipted([VICTIM])
        if begin - began > WARM_S:
            took.append((max(watch.arrived) - begin) * 1e3)
        if len(took) >= count:
            break
        await asyncio.sleep(PAUSE_S)
    return took


@contextlib.asynccontextmanager
async def _process(*words: object) -> AsyncIterator[Recipients]:
    command = (sys.executable, "-m", "benchmarks.flood", *map(str, words))
    pipe = asyncio.subprocess.PIPE
    made = Recipients(await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe))
    try:
        yield made
    finally:
        await made.end()


# -- in processes of their own ----------------------------------------------------------------------------------


async def _words() -> AsyncIterator[str]:
    loop, words = asyncio.get_running_loop(), asyncio.Queue[str]()

    def feed() -> None:
        for line in sys.stdin:
            loop.call_soon_threadsafe(words.put_nowait, line.strip())
        loop.call_soon_threadsafe(words.put_nowait, "")

    threading.Thread(target=feed, daemon=True).start()
    while word := await words.get():
        yield word


async def victim(folder: Path, quota: Quota) -> None:
    """A whole member, until standard input ends."""
    place = home.open_home(folder / VICTIM)
    database = ThreadedDatabase(str(place.store))
    core = Core(VICTIM, replace(surroundings(place, database), quota=quota))
    await core.load()
    network = _network(place, core.members)
    await network.bind()
    await core.start(network)
    async for _ in _words():
        pass
    await core.stop()
    await network.close()
    await database.close()


def _network(place: home.Home, members: Members) -> WebSocketNetwork:
    host, port = address(place.settings().peer_listen)
    keys = place.keyring()
    return WebSocketNetwork(members, Listening(host, port, keys.certificate, keys.certificate_key))


class Flooder:
    """A member's keys and no manners."""

    def __init__(self, place: home.Home, members: Members) -> None:
        self._members = members
        self._network = _network(place, members)
        self._keys = place.keyring()
        self._slot = members.channel("plenary").slots[FLOODER]
        self._frames = self._made()
        self.sent = 0

    def _made(self) -> list[bytes]:
        contents = list(indicators(BATCH, 99))
        frontier, out = Frontier(), []
        key, signing = EpochKey(KEY), self._keys.signing(Role.LOG)
        name = origin_line(FLOODER, self._slot)
        for _ in range(FRAMES):
            start = frontier.size
            handling = Handling(STIX_21, int(Tlp.GREEN), 1, 2)
            entries = [Entry(start + i, handling, b"s" * 32, one) for i, one in enumerate(contents)]
            frontier = frontier.extended(commitments(self._slot, entries))
            text = checkpoint.encode(checkpoint.Checkpoint(name, frontier.size, frontier.root()))
            signed = note.encode(note.Note(text, (note.sign(text, name, signing),)))
            head = Frame(self._slot, 1, start, signed, b"n" * 12, b"")
            box = encode_box(encode_batch(entries, None), compress=True)
            sealed = key.seal(head.nonce, box, head.additional())
            out.append(message.encode_frame(encode_frame(head._replace(sealed=sealed))))
        return out

    async def greet(self) -> None:
        """Open the link and begin where the victim stands; take no notice of what comes after."""
        self._link = await self._network.dial(VICTIM)
        stream = self._link.messages()
        mine = message.encode(Hello(1, 1, FLOODER, self._members.charter.digest, b"n" * 32, 0, "flooder"))
        await self._link.send(mine)
        transcript = DOMAIN + sha256(mine).digest() + sha256(await anext(stream)).digest()
        proof = self._keys.signing(Role.LOG).sign(transcript + FLOODER.encode())
        for one in (Proof(proof), State((), ()), Notice(self._offer())):
            await self._link.send(message.encode(one))
        await anext(stream)
        state = message.decode(await anext(stream))
        assert isinstance(state, State)
        self.sent = next((one.size for one in state.held if one.slot == self._slot), 0) // BATCH
        self._reading = asyncio.ensure_future(self._drain(stream))

    async def _drain(self, stream: AsyncIterator[bytes]) -> None:
        async for _ in stream:
            pass

    def _offer(self) -> bytes:
        wrapped = wrap(self._members.member(VICTIM).seal, KEY, wrap_info(self._slot, 1, VICTIM))
        body = {
            "slot": self._slot.hex(),
            "epoch": 1,
            "from": FLOODER,
            "to": VICTIM,
            "roster": "0" * 64,
            "key": b64encode(wrapped).decode(),
        }
        made = statement.compose(statement.EPOCH_KEY, body)
        signature = note.sign(made.note.text, key_name(FLOODER, Role.LOG), self._keys.signing(Role.LOG))
        return statement.encode(made._replace(note=note.add(made.note, signature)))

    @property
    def ran_out(self) -> bool:
        """Whether everything made beforehand was sent: then the round was no flood to its end."""
        return self.sent >= len(self._frames)

    async def flood(self, pause_s: float) -> None:
        """Send until cancelled or nothing is left."""
        with contextlib.suppress(PeerError):
            while not self.ran_out:
                await self._link.send(self._frames[self.sent])
                self.sent += 1
                await asyncio.sleep(pause_s)

    async def hang_up(self) -> None:
        """End the link; what is still on it is lost."""
        self._reading.cancel()
        await self._link.close("peer.closed")

    async def close(self) -> None:
        """End everything."""
        await self._network.close()


async def flooder(folder: Path) -> None:
    """Steered by lines: quiet, quota, all; after each of them stop. Answers how much the victim has taken so far."""
    place = home.open_home(folder / FLOODER)
    database = ThreadedDatabase(str(place.store))
    core = Core(FLOODER, surroundings(place, database))
    await core.load()
    one = Flooder(place, core.members)
    pauses = {"quota": BATCH / QUOTA.objects_per_s, "all": 0.0}
    flooding: asyncio.Task[None] | None = None
    async for word in _words():
        if flooding is not None:
            flooding.cancel()
            await asyncio.gather(flooding, return_exceptions=True)
            flooding = None
            await one.hang_up()
        ran_out = one.ran_out
        await one.greet()
        print(json.dumps({"taken": one.sent * BATCH, "ran_out": ran_out}), flush=True)
        if word in pauses:
            flooding = asyncio.create_task(one.flood(pauses[word]))
        else:
            await one.hang_up()
    await one.close()
    await database.close()


if __name__ == "__main__":
    _folder = Path(sys.argv[2])
    asyncio.run(flooder(_folder) if sys.argv[1] == "flooder" else victim(_folder, NONE if sys.argv[3:] else QUOTA))
