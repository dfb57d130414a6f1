"""One member's exchange, put together from whatever stores, clock, chance and network it is given."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from typing import Final

from tocsin.edge.peer import greeting, session
from tocsin.errors import FormatError, PolicyError, StoreError, VerificationError
from tocsin.exchange.deliver import sender
from tocsin.exchange.deliver.erased import ErasureReceipts
from tocsin.exchange.deliver.receipts import Receipts
from tocsin.exchange.deliver.relays import Relays
from tocsin.exchange.journal.definitions import Definitions
from tocsin.exchange.journal.eraser import Eraser
from tocsin.exchange.journal.followers import Following
from tocsin.exchange.journal.journal import Journal
from tocsin.exchange.journal.readers import Readers
from tocsin.exchange.journal.search import Search
from tocsin.exchange.match.denylist import DenyList
from tocsin.exchange.members.acts import Acts
from tocsin.exchange.members.channels import Channel
from tocsin.exchange.members.registry import Members
from tocsin.exchange.publish.epochs import Epochs
from tocsin.exchange.publish.frames import Frames
from tocsin.exchange.publish.publisher import Batch, Publisher, World
from tocsin.exchange.publish.roots import root_of
from tocsin.exchange.publish.share import Share, Terms
from tocsin.exchange.publish.spooled import MemorySpool
from tocsin.exchange.receive import accept, catchup, gossip, orders
from tocsin.exchange.receive.accept import Receiver
from tocsin.exchange.receive.catchup import Catchup
from tocsin.exchange.receive.epochkeys import EpochKeys
from tocsin.exchange.receive.gossip import Gossip
from tocsin.exchange.receive.proofs import Proofs
from tocsin.exchange.receive.turns import QUOTA, Quota, Turns
from tocsin.exchange.tlog.beats import Beats
from tocsin.exchange.tlog.logs import Logs
from tocsin.exchange.tlog.signer import Signer
from tocsin.exchange.warn import objecting, taking
from tocsin.exchange.warn.objecting import Objecting
from tocsin.formats import denylist
from tocsin.formats.keys import Role
from tocsin.formats.message import FLOOR, MAX_CONTROL_BYTES, PROTOCOL, Control, Evidence, Want
from tocsin.formats.statement import CHARTER, Statement
from tocsin.formats.tlp import Tlp
from tocsin.node.links import Links
from tocsin.node.rooms import Outside, Rooms
from tocsin.node.supervisor import Note, supervise
from tocsin.ports.checkpoints import CheckpointStore
from tocsin.ports.clock import Clock
from tocsin.ports.database import Database
from tocsin.ports.denylists import DenyLists
from tocsin.ports.entropy import Entropy
from tocsin.ports.keyring import Keyring
from tocsin.ports.links import Network
from tocsin.ports.metrics import SILENT, Meter
from tocsin.ports.notifier import Notifier
from tocsin.ports.spool import Spool

_PATIENCE_S: Final = 30.0
_ROOMS_BATCH: Final = 256  # rooms take ten times what search takes for a row, and the writer serves others between
_ENVELOPE: Final = 64  # what a message adds to the evidence in it


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
    quota: Quota = QUOTA  # of each peer
    speaks: tuple[int, int] = (FLOOR, PROTOCOL)  # lowest and highest protocol version
    denylists: DenyLists | None = None  # None: no warninglists; the members' own and the floor hold all the same
    notifiers: Mapping[str, Notifier] = field(default_factory=dict)  # by formats.escalation.Way


class Core:
    """A member, running once start() has returned. stop() ends it; the stores remain the caller's."""

    def __init__(self, me: str, world: Surroundings) -> None:
        self.me = me
        self.world = world
        self.members = Members(me, world.database, world.keyring, world.clock, world.entropy)
        self.logs = Logs(world.database)
        self.journal = Journal(world.database)
        self.definitions = Definitions()
        self.denylist = DenyList(self.members, world.meter)
        self.search = Following(self.journal, Search(lambda log: self.logs.numbered(log).channel))
        outside = Outside(world.note, world.meter, world.notifiers, self._reached, self._taken)
        self.rooms = Rooms(self.members, self.logs, self.journal, world.clock, self._say_in, outside)
        self.readers = Following(self.journal, Readers(self.rooms.all()), _ROOMS_BATCH)
        self.objecting = Objecting(objecting.Parts(self.members, self.journal, world.clock, self._say_in, self.synced))
        self.signer = Signer(me, world.keyring, world.checkpoints)
        self.epochs = Epochs(self.members, world.clock, world.entropy)
        self.frames = Frames(self.members, self.epochs, self.signer, world.database, world.entropy)
        self.acts = Acts(self.members)
        makes = World(world.database, world.clock, world.entropy, self.definitions, self.members)
        self.publisher = Publisher(self.logs, self.journal, self.signer, self.frames, makes)
        self.corrections = self._correcting()
        self.receipts = Receipts(self.members, self.logs, self.journal, world.clock)
        self.keys = EpochKeys(self.members)
        self.beats = Beats(world.database, world.clock)
        self.proofs = Proofs(self.members, self.logs, self.journal, world.clock)
        hearing = gossip.Parts(
            self.members, self.logs, self.journal, self.signer, self.proofs, self.beats, world.clock, world.note
        )
        self.gossip = Gossip(hearing)
        self.relays = Relays(self.members, world.database)
        lacking = catchup.Parts(self.members, self.logs, self.signer, self.gossip, world.clock, world.entropy)
        self.catchup = Catchup(lacking, lambda peer: self.links is not None and self.links.is_up(peer), world.note)
        self.receiver = Receiver(self._receiving())
        self.turns = Turns(world.clock, world.quota, self._is_urgent)
        self.links: Links | None = None
        self.eraser = Eraser(
            self.journal, world.clock, self.logs.places, lambda: self.links.peers_now_us() if self.links else []
        )
        self.erasures = ErasureReceipts(self.members, self.logs, self.journal, world.clock)
        for forget in (self.frames.forget, self.receiver.forget, lambda one: self.definitions.forget(one.definitions)):
            self.journal.on_erased(forget)
        self._changed: asyncio.Queue[tuple[Statement, frozenset[str]]] = asyncio.Queue()
        self._twice: asyncio.Queue[tuple[str, Statement, Statement]] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []
        self._dialing: dict[str, asyncio.Task[None]] = {}
        self.on_keys: Callable[[], None] = lambda: None  # what else must be told that our keys have changed

    async def load(self) -> None:
        """Read everything from the stores; needed before anything else."""
        await self.members.load()
        if self.members.has_charter:
            self._take_keys()
        await self.logs.load()
        await self.journal.load()
        await self.receipts.load()
        await self.proofs.load()
        await self._open_logs()

    async def start(self, network: Network) -> None:
        """Begin to follow, publish, listen and dial. Raises ConfigError("config.no-charter")."""
        parts = self._session_parts()
        links = self.links = Links(parts, network, self.world.clock, self.world.entropy, self.world.dial)
        if self.world.denylists is None:
            self.denylist.use(denylist.empty())
        else:
            self._spawn("denylists", partial(self.denylist.load, self.world.denylists))
        self._spawn("search", self.search.run)
        self._spawn("rooms", self.readers.run)
        await self._reached()
        await self.definitions.load(self.world.database)
        await self.receiver.individuals.load(self.world.database)
        await self.eraser.load()
        self.members.on_change(lambda *told: self._changed.put_nowait(told))
        self.members.on_double_vote(lambda *votes: self._twice.put_nowait(votes))
        self._spawn("turns", self.turns.run)
        self._spawn("eraser", self.eraser.run)
        self._spawn("publisher", self.publisher.run)
        self._spawn("receipts", self.receipts.run)
        self._spawn("channels", self._follow_channels)
        self._spawn("votes", self._follow_votes)
        self._spawn("wake", self._follow_journal)
        self._spawn("listen", links.listen)
        self._spawn("gossip", self._gossip)
        self._spawn("catchup", self._catch_up)
        self.proofs.on_new(self._pass_evidence_on)
        tasks = (*self.rooms.tasks(), ("corrections", self.corrections.run), ("objections", self.objecting.run))
        for name, work in tasks:
            self._spawn(name, work)
        self._follow_peers()

    async def stop(self) -> None:
        """End every task."""
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task
        self._tasks.clear()

    def share(
        self,
        channel: Channel,
        floor: Tlp | None,
        spool: Spool,
        *,
        urgent: bool = False,
        allowed: frozenset[str] = frozenset(),
    ) -> Share:
        """Begin to share in a channel; `floor` is what the author says for every object, `allowed` which lists are wrong.

        Whoever shares indicators awaits denylist.settled() before.
        """
        ceiling = self.members.charter.plenary_ceiling
        now_us = self.world.clock.now_us()
        terms = Terms(self.me, channel, ceiling, floor, urgent, self.denylist, allowed, now_us)
        return Share(terms, self.world.database, spool)

    async def say(self, channel: Channel, objects: Sequence[bytes], *, urgent: bool = False) -> list[Batch]:
        """Share what the node itself composes, by the same gate and policy as all else; what is shared already is passed.

        Raises FormatError, PolicyError, StoreError, VerificationError.
        """
        await self.denylist.settled()
        share = self.share(channel, None, MemorySpool(), urgent=urgent)
        asking = self.rooms.concern.ask(channel, MemorySpool())
        share.watch = asking.note_warnings
        refused = share.check(objects)
        await self.publisher.ready(channel, urgent=urgent)
        if not urgent:
            # What is urgent waits for no bulk to be found. Said twice within that moment it stands in the log twice, as
            # one object.
            await self.synced()
        async for more in share.decide():
            refused += more
        if refused:
            raise PolicyError(refused[0].code, refused[0].what)
        await self.rooms.concern.record(await asking.settle(share.kept()))
        return [batch async for batch in share.commit(self.publisher, self.world.clock.now_us)]

    async def synced(self) -> None:
        """Wait until everything committed so far can be found. Raises StoreError("store.search-behind")."""
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await self._reached()
        except TimeoutError as error:
            raise StoreError(
                "store.search-behind", "search does not follow the journal; the diagnostics say why"
            ) from error

    # -- inside -------------------------------------------------------------------------------------------------

    async def _reached(self) -> None:
        head = self.journal.head
        await self.search.reached(head)
        await self.readers.reached(head)

    async def _taken(self, after: int) -> int:
        return await self.readers.moved(after)

    async def _say_in(self, where: str | Channel, objects: Sequence[bytes], urgent: bool) -> None:
        channel = where if isinstance(where, Channel) else self.members.channel(where)
        await self.say(channel, objects, urgent=urgent)

    def _session_parts(self) -> session.Parts:
        return session.Parts(
            self.members,
            self.logs,
            self.signer,
            self.receiver,
            self.receipts,
            self.relays,
            self.keys,
            self.gossip,
            self.proofs,
            sender.Parts(self.members, self.logs, self.frames, self.epochs, self.receipts),
            greeting.Parts(
                self.members,
                lambda: self.world.keyring.signing(Role.LOG),
                self.world.clock,
                self.world.entropy,
                self.world.software,
                self.world.speaks,
            ),
            self.turns,
            self._pass_on,
            self.world.note,
            self.erasures,
            self._answers(),
            self.world.meter,
        )

    def _correcting(self) -> taking.Corrections:
        return taking.Corrections(
            taking.Parts(
                self.members,
                self.logs,
                self.journal,
                self.world.clock,
                self.publisher,
                self.rooms.recalls,
                self.share,
                partial(self.say, urgent=True),
                self._reached,
                self.world.note,
            )
        )

    def _receiving(self) -> accept.Parts:
        return accept.Parts(
            self.members,
            self.logs,
            self.journal,
            self.definitions,
            self.keys,
            self.world.clock,
            self.signer,
            self.gossip,
            self.world.meter,
        )

    def _answers(self) -> orders.Answers:
        receipt_key = self.world.keyring.signing(Role.RECEIPT)
        parts = orders.Parts(self.logs, self.journal, self.eraser, self.world.clock, receipt_key)
        return orders.Answers(self.me, parts)

    def _spawn(self, name: str, work: Callable[[], Awaitable[None]]) -> asyncio.Task[None]:
        task = asyncio.ensure_future(supervise(name, work, self.world.clock, self.world.note))
        self._tasks.append(task)
        return task

    async def _open_logs(self) -> None:
        for channel in self.members.generations():
            if not channel.is_open:
                continue
            await self.logs.open(channel.number, [*channel.slots.items(), *channel.urgent.items()])
            for slots in (channel.slots, channel.urgent):
                mine = self.logs.get(slots[self.me])
                if mine is not None and not self.signer.knows(mine):
                    if self.members.forgotten(channel.id):
                        await self.signer.close(mine)
                    await self.signer.check(mine, partial(root_of, self.world.database, mine))
                    if self.links is not None:
                        await self.links.hear(mine, channel.roster)

    async def _follow_channels(self) -> None:
        while True:
            signed, concerned = await self._changed.get()
            await self._open_logs()
            if self.links is not None:
                self._follow_peers()
                # Told only after our own logs are open: a peer that hears it may send at once.
                await self.links.tell(signed, concerned)
                self.links.wake()
                if signed.kind == CHARTER:
                    for peer in self.members.peers():
                        for handed in self.members.handed(peer):
                            await self.links.tell(handed, frozenset({peer}))
                if signed.kind == CHARTER and self.members.keys_wait():
                    # What a new key signs is worth nothing to a peer that does not know the charter yet. Every link
                    # begins with the charters, so the first that sees the new keys is one that was opened after them.
                    async with self.links.quiet("peer.rekeyed"):
                        self._take_keys()

    def _take_keys(self) -> None:
        """The keys that the charter in force names are current from here on."""
        if self.members.promote_keys():
            self.frames.forget_all()
            self.on_keys()
        self.signer.former = tuple(one.keys[Role.LOG] for one in self.members.known(self.me))
        foreign = ", ".join(self.members.foreign_keys())
        if foreign:
            what = f"the keys {foreign} here are not those of version {self.members.charter.version} of the charter"
            self.world.note("config.key-mismatch", "", what)

    async def _follow_votes(self) -> None:
        while True:
            handle, one, other = await self._twice.get()
            try:
                await self.proofs.double_vote(handle, one.note, other.note)
            except (VerificationError, FormatError) as error:
                self.world.note(error.code, handle, error.what)

    def _follow_peers(self) -> None:
        """Have a link to everyone whom the charter in force lets take part, and to nobody else."""
        if self.links is None:
            return
        for peer in self.links.sync():
            self._dialing[peer] = self._spawn(f"link {peer}", partial(self.links.keep, peer))
        for peer in [one for one in self._dialing if one not in self.links.standing]:
            self._dialing.pop(peer).cancel()

    def _is_urgent(self, slot: bytes) -> bool:
        place = self.members.origin(slot)
        return place is not None and place.is_urgent

    async def _gossip(self) -> None:
        """Round after round: our heartbeats, and what is new in the logs of others, to all who may read them."""
        # Peers first show what we have beaten before.
        await self.world.clock.sleep(gossip.ROUND_S)
        while self.links is not None:
            self.gossip.beat(await self.beats.next())
            await self.gossip.settle()
            self.links.say_heads()
            await self.world.clock.sleep(gossip.ROUND_S)

    async def _catch_up(self) -> None:
        while self.links is not None:
            for one in self.catchup.wishes():
                wish = Want(one.slot, one.size, one.wanted)
                self.links.pass_on(one.peer, ("want", one.slot), wish)
            await self.world.clock.sleep(1.0)

    def _pass_evidence_on(self, data: bytes, concerned: frozenset[str]) -> None:
        # What is too large for a message is kept here, for people to hand over.
        if self.links is not None and len(data) < MAX_CONTROL_BYTES - _ENVELOPE:
            for peer in sorted(concerned):
                self.links.pass_on(peer, ("evidence", sha256(data).digest()), Evidence(data))

    def _pass_on(self, peer: str, which: tuple[str, bytes], what: Control) -> None:
        if self.links is not None:
            self.links.pass_on(peer, which, what)

    async def _follow_journal(self) -> None:
        stood = self._sendable()
        while True:
            # Not grown(): our batch is released after its commit, and a later commit may have been announced before it.
            await self.journal.announced()
            before, stood = stood, self._sendable()
            # Most of what the journal tells is receipts: to wake everyone for each would cost members times members.
            moved = [slot for slot, one in stood.items() if before.get(slot) != one]
            if self.links is not None and moved:
                places = [place for slot in moved if (place := self.members.origin(slot)) is not None]
                self.links.wake(frozenset().union(*(one.channel.roster for one in places)))

    def _sendable(self) -> dict[bytes, tuple[int, bool]]:
        """By slot: how far each log may be sent, and whether it may."""
        return {log.slot: (log.released, self.frames.may_send(log)) for log in self.logs if log.released}
