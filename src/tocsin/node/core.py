"""One member's exchange, put together from whatever stores, clock, chance and network it is given."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Final

from tocsin.edge.peer import session
from tocsin.errors import StoreError
from tocsin.exchange.deliver import sender
from tocsin.exchange.deliver.erased import ErasureReceipts
from tocsin.exchange.deliver.receipts import Receipts
from tocsin.exchange.journal.definitions import Definitions
from tocsin.exchange.journal.eraser import Eraser
from tocsin.exchange.journal.followers import Following
from tocsin.exchange.journal.journal import Journal
from tocsin.exchange.journal.search import Search
from tocsin.exchange.members.channels import Channel
from tocsin.exchange.members.registry import Members
from tocsin.exchange.publish.epochs import Epochs
from tocsin.exchange.publish.frames import Frames
from tocsin.exchange.publish.publisher import Publisher, World
from tocsin.exchange.publish.share import Share, Terms
from tocsin.exchange.receive import accept, orders
from tocsin.exchange.receive.accept import Receiver
from tocsin.exchange.receive.epochkeys import EpochKeys
from tocsin.exchange.tlog.logs import Log, Logs, root_at
from tocsin.exchange.tlog.signer import Signer
from tocsin.formats.keys import Role
from tocsin.formats.tlp import Tlp
from tocsin.node.links import Links
from tocsin.node.supervisor import Note, supervise
from tocsin.ports.checkpoints import CheckpointStore
from tocsin.ports.clock import Clock
from tocsin.ports.database import Database
from tocsin.ports.entropy import Entropy
from tocsin.ports.keyring import Keyring
from tocsin.ports.links import Network
from tocsin.ports.metrics import SILENT, Meter
from tocsin.ports.spool import Spool

_PATIENCE_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Everything a member takes from outside."""

    database: Database
    keyring: Keyring
    clock: Clock
    entropy: Entropy
    checkpoints: CheckpointStore
    note: Note
    software: str
    meter: Meter = SILENT
    dial: str = "all"  # config.Settings.dial


class Core:
    """A member, running once start() has returned. stop() ends it; the stores remain the caller's."""

    def __init__(self, me: str, world: Surroundings) -> None:
        self.me = me
        self.world = world
        self.members = Members(me, world.database, world.keyring, world.clock, world.entropy)
        self.logs = Logs(world.database)
        self.journal = Journal(world.database)
        self.definitions = Definitions()
        self.search = Following(self.journal, Search(lambda log: self.logs.numbered(log).channel))
        log_key = world.keyring.signing(Role.LOG)
        self.signer = Signer(me, log_key, world.checkpoints)
        self.epochs = Epochs(self.members, log_key, world.clock, world.entropy)
        self.frames = Frames(self.members, self.epochs, self.signer, world.database, world.entropy)
        makes = World(world.database, world.clock, world.entropy, self.definitions)
        self.publisher = Publisher(self.logs, self.journal, self.signer, self.frames, makes)
        self.receipts = Receipts(self.members, self.logs, self.journal, world.clock)
        self.keys = EpochKeys(self.members, world.keyring.sealing())
        receiving = accept.Parts(
            self.members,
            self.logs,
            self.journal,
            self.definitions,
            self.keys,
            world.clock,
            world.keyring.signing(Role.RECEIPT),
            world.meter,
        )
        self.receiver = Receiver(receiving)
        self.links: Links | None = None
        self.eraser = Eraser(
            self.journal, world.clock, self.logs.places, lambda: self.links.peers_now_us() if self.links else []
        )
        self.erasures = ErasureReceipts(self.members, self.logs, self.journal, world.clock)
        for forget in (self.frames.forget, self.receiver.forget, lambda one: self.definitions.forget(one.definitions)):
            self.journal.on_erased(forget)
        self._changed: asyncio.Queue[Channel] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []

    async def load(self) -> None:
        """Read everything from the stores; needed before anything else."""
        await self.members.load()
        await self.logs.load()
        await self.journal.load()
        await self.receipts.load()
        for channel in self.members.channels():
            if channel.is_open:
                await self._open(channel)

    async def start(self, network: Network) -> None:
        """Begin to follow, publish, listen and dial. Raises ConfigError("config.no-charter")."""
        parts = self._session_parts()
        links = self.links = Links(parts, network, self.world.clock, self.world.entropy, self.world.dial)
        self._spawn("search", self.search.run)
        await self.search.reached(self.journal.head)
        await self.definitions.load(self.world.database)
        await self.eraser.load()
        self.members.on_change(self._changed.put_nowait)
        self._spawn("eraser", self.eraser.run)
        self._spawn("publisher", self.publisher.run)
        self._spawn("receipts", self.receipts.run)
        self._spawn("channels", self._follow_channels)
        self._spawn("wake", self._follow_journal)
        self._spawn("listen", links.listen)
        for peer in self.members.peers():
            if links.dials(peer):
                self._spawn(f"link {peer}", partial(links.keep, peer))

    async def stop(self) -> None:
        """End every task."""
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task
        self._tasks.clear()

    def share(self, channel: Channel, floor: Tlp | None, spool: Spool) -> Share:
        """Begin to share in a channel; `floor` is what the author says for every object."""
        ceiling = self.members.charter.plenary_ceiling
        return Share(Terms(self.me, channel, ceiling, floor), self.world.database, spool)

    async def synced(self) -> None:
        """Wait until everything committed so far can be found. Raises StoreError("store.search-behind")."""
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await self.search.reached(self.journal.head)
        except TimeoutError as error:
            raise StoreError(
                "store.search-behind", "search does not follow the journal; the diagnostics say why"
            ) from error

    # -- inside -------------------------------------------------------------------------------------------------

    def _session_parts(self) -> session.Parts:
        return session.Parts(
            self.members,
            self.logs,
            self.signer,
            self.receiver,
            self.receipts,
            self.keys,
            sender.Parts(self.members, self.logs, self.frames, self.epochs, self.receipts),
            self.world.keyring.signing(Role.LOG),
            self.world.clock,
            self.world.entropy,
            self.world.software,
            self._root_at,
            self.world.note,
            self.erasures,
            self._answers(),
            self.world.meter,
        )

    def _answers(self) -> orders.Answers:
        receipt_key = self.world.keyring.signing(Role.RECEIPT)
        parts = orders.Parts(self.logs, self.journal, self.eraser, self.world.clock, receipt_key)
        return orders.Answers(self.me, parts)

    def _spawn(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        made = supervise(name, work, self.world.clock, self.world.note)
        self._tasks.append(asyncio.ensure_future(made))

    async def _open(self, channel: Channel) -> None:
        await self.logs.open(channel.number, dict(channel.slots))
        mine = self.logs.get(channel.slots[self.me])
        if mine is not None:
            if self.members.forgotten(channel.id):
                await self.signer.close(mine)
            await self.signer.check(mine, lambda size: self._root_at(mine, size))

    async def _root_at(self, log: Log, size: int) -> bytes | None:
        return await self.world.database.read(lambda db: root_at(db, log.number, size))

    async def _follow_channels(self) -> None:
        while True:
            channel = await self._changed.get()
            if channel.is_open:
                await self._open(channel)
            if self.links is not None:
                # Told only after our own logs are open: a peer that hears it may send at once.
                await self.links.tell(channel)
                self.links.wake()

    async def _follow_journal(self) -> None:
        seen = self.journal.head
        while True:
            await self.journal.grown(seen)
            seen = self.journal.head
            if self.links is not None:
                self.links.wake()
