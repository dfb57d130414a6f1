"""A whole federation in one process, on a virtual clock, over a lossy network, on disks that can lose power.

Everything between the ports is the real code; only clock, chance, network and disk are of this package. The same seed
tells the same story again.
"""

import asyncio
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import apsw

from tocsin.backends.sqlite.database import InlineDatabase, connect, require_schema
from tocsin.backends.sqlite.writer import Handle
from tocsin.backends.system.checkpoints import CheckpointFiles
from tocsin.errors import ConfigError
from tocsin.exchange.members import charter, descriptor
from tocsin.exchange.members.channels import Channel
from tocsin.exchange.publish.draft import Refused
from tocsin.exchange.publish.publisher import Batch
from tocsin.exchange.publish.spooled import MemorySpool
from tocsin.exchange.receive.turns import QUOTA, Quota
from tocsin.formats import statement
from tocsin.formats.keys import Role, SigningKey
from tocsin.formats.markings import ChannelKind
from tocsin.formats.seal import SEED_BYTES, SealKey
from tocsin.formats.stix.ids import sdo_id
from tocsin.formats.tlp import Tlp
from tocsin.node import fsck
from tocsin.node.core import Core, Surroundings
from tocsin.ports.database import Transaction
from tocsin.ports.metrics import SILENT, Meter
from tocsin.ports.notifier import Notifier
from tocsin.testing import stores
from tocsin.testing.chance import SeededEntropy
from tocsin.testing.network import LossyNetwork
from tocsin.testing.powercut import Recorder
from tocsin.testing.virtualtime import VirtualClock, VirtualLoop

STORE = "/store.sqlite"
T = TypeVar("T")


class Keys:
    """ports.keyring in memory. A certificate is any bytes."""

    def __init__(self, entropy: SeededEntropy) -> None:
        self._entropy = entropy
        self._current = {role: self._make(role) for role in (*descriptor.SIGNING, Role.SEAL)}
        self._current[Role.TRANSPORT] = self._make(Role.TRANSPORT)
        self._next: dict[Role, SigningKey | SealKey | bytes] = {}

    def _make(self, role: Role) -> SigningKey | SealKey | bytes:
        if role is Role.TRANSPORT:
            return b"certificate " + self._entropy.bytes(8).hex().encode()
        return SealKey(self._entropy.bytes(SEED_BYTES)) if role is Role.SEAL else SigningKey(self._entropy.bytes(32))

    def signing(self, role: Role) -> SigningKey:
        """The key of a role."""
        found = self._current.get(role)
        if not isinstance(found, SigningKey):
            raise ConfigError("config.key-missing", f"the {role} key is lost")
        return found

    def sealing(self) -> SealKey:
        """The seal key."""
        found = self._current[Role.SEAL]
        if not isinstance(found, SealKey):
            raise TypeError("the seal key is one")
        return found

    def public(self, role: Role, *, staged: bool = False) -> bytes | None:
        """The public part of a current key, or of the one that waits."""
        found = (self._next if staged else self._current).get(role)
        if isinstance(found, SigningKey):
            return found.public.raw
        return found.public if isinstance(found, SealKey) else found

    def stage(self, *roles: Role) -> None:
        """A new key of each of these roles waits for its charter."""
        self._next |= {role: self._make(role) for role in roles}

    def lose(self, role: Role) -> None:
        """A key is gone."""
        del self._current[role]

    def staged(self, role: Role) -> bytes | None:
        """See ports.keyring."""
        return self.public(role, staged=True)

    def proving(self, public: bytes) -> SigningKey | None:
        """See ports.keyring."""
        found = self._next.get(Role.GOVERNANCE)
        return found if isinstance(found, SigningKey) and found.public.raw == public else None

    def promote(self, public: Mapping[Role, bytes]) -> bool:
        """See ports.keyring."""
        due = [role for role in self._next if self.staged(role) == public[role]]
        self._current |= {role: self._next.pop(role) for role in due}
        return bool(due)

    def foreign(self, public: Mapping[Role, bytes]) -> tuple[Role, ...]:
        """See ports.keyring."""
        return tuple(
            role
            for role, named in public.items()
            if named not in (self.public(role), self.staged(role)) and self._current.get(role) is not None
        )


class LaggingDatabase(InlineDatabase):
    """A store whose commits take up to `lag_s` of virtual time each, one after the other, as they do on a real disk.

    As with a writer's thread, whoever stops waiting does not stop the commit.
    """

    def __init__(self, connection: apsw.Connection, clock: VirtualClock, entropy: SeededEntropy, lag_s: float) -> None:
        super().__init__(connection)
        self._clock = clock
        self._entropy = entropy
        self._lag_s = lag_s
        self._turn = asyncio.Lock()

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """See ports.database."""
        task = asyncio.ensure_future(self._later(work))
        task.add_done_callback(lambda done: None if done.cancelled() else done.exception())
        return await asyncio.shield(task)

    async def _later(self, work: Callable[[Transaction], T]) -> T:
        async with self._turn:
            await self._clock.sleep(self._lag_s * self._entropy.fraction())
            result = await super().write(work)
            await self._clock.sleep(self._lag_s * self._entropy.fraction())
            return result


class Node:
    """One member: its keys, its disk, its clock, and while it runs its core. `lag_s`: see LaggingDatabase."""

    def __init__(self, handle: str, entropy: SeededEntropy, clock: VirtualClock, *, record: bool = False) -> None:
        self.handle = handle
        self.entropy = entropy
        self.clock = clock
        self.keys = Keys(entropy.fork("keys"))
        self.storage = Recorder(record=record, atomic_create=True)
        self.core: Core | None = None
        self.notes: list[tuple[str, str, str]] = []
        self.lag_s = 0.0
        self.meter: Meter = SILENT
        self.quota: Quota = QUOTA
        self.notifiers: Mapping[str, Notifier] = {}
        self.endpoint = f"{handle}:1"  # empty, before the founding: it can only dial out
        self.described: dict[str, Any] = {}  # what else it says of itself, before the founding: countries, constituency
        self._database: InlineDatabase | None = None
        stores.on_disk(self.storage, STORE)

    @property
    def running(self) -> Core:
        """The core; the node must run."""
        if self.core is None:
            raise RuntimeError(f"{self.handle} does not run")
        return self.core

    @property
    def database(self) -> InlineDatabase:
        """The open store."""
        if self._database is None:
            raise RuntimeError(f"{self.handle} has no open store")
        return self._database

    def open(self) -> Core:
        """Open the store and make a core over it, without starting it."""
        connection = connect(STORE, vfs=self.storage.vfs_name, exclusive=True)
        require_schema(connection)
        self._connection = connection
        self._database = (
            LaggingDatabase(connection, self.clock, self.entropy.fork("lag"), self.lag_s)
            if self.lag_s
            else InlineDatabase(connection)
        )
        heads = CheckpointFiles(self.storage.disk, threaded=False)
        world = Surroundings(
            self._database,
            self.keys,
            self.clock,
            self.entropy,
            heads,
            lambda *one: self.notes.append(one),
            "testing",
            self.meter,
            quota=self.quota,
            notifiers=self.notifiers,
        )
        self.core = Core(self.handle, world)
        return self.core

    def query(self, sql: str, *args: Any) -> list[tuple[Any, ...]]:
        """What the open store holds."""
        return Handle(self._connection).query(sql, args)

    async def fsck(self) -> dict[str, Any]:
        """Everything that `tocsin fsck` checks, on the open store."""
        heads = CheckpointFiles(self.storage.disk, threaded=False)
        return await fsck.check_store(Handle(self._connection), heads, self.handle)

    def describe(self) -> dict[str, Any]:
        """The body of its descriptor, with the keys that wait in the place of those they will replace."""
        public = {
            role.value: b64encode(self.keys.staged(role) or self.keys.public(role) or b"").decode() for role in Role
        }
        return {
            "handle": self.handle,
            "name": self.handle.upper(),
            "kind": "state-service",
            "identity": sdo_id("identity", "testing", self.handle),
            "countries": [],
            "constituency": {},
            "endpoints": {"peer": self.endpoint},
            "keys": public,
            "created": 0,
            **self.described,
        }


class Federation:
    """Members, their network and one clock."""

    def __init__(
        self, loop: VirtualLoop, handles: Sequence[str], seed: int, *, record: bool = False, **network: Any
    ) -> None:
        self.loop = loop
        self.entropy = SeededEntropy(seed)
        self.network = LossyNetwork(loop, self.entropy.fork("network"), **network)
        self.nodes = {
            handle: Node(handle, self.entropy.fork(handle), VirtualClock(loop), record=record) for handle in handles
        }

    async def found(self, ceiling: Tlp = Tlp.GREEN) -> None:
        """Found the charter with every member's signature, adopt it everywhere, start every node."""
        bodies = [node.describe() for node in self.nodes.values()]
        signed = charter.found("test federation", bodies, ceiling, 1)
        for node in self.nodes.values():
            signed = descriptor.sign(signed, node.handle, node.keys)
        for node in self.nodes.values():
            core = node.open()
            await core.load()
            await core.members.adopt(statement.encode(signed))
            await core.load()
            await core.start(self.network.port(node.handle))
        await self.linked()

    def core(self, handle: str) -> Core:
        """A running member."""
        return self.nodes[handle].running

    async def linked(self) -> None:
        """Wait until every running pair that may talk does."""
        await self.until(lambda: all(self._is_linked(one) for one in self.nodes.values() if one.core is not None))

    def _is_linked(self, node: Node) -> bool:
        links = node.running.links
        running = {one.handle for one in self.nodes.values() if one.core is not None}
        return links is not None and all(
            standing.session is not None and standing.session.sender is not None
            for peer, standing in links.standing.items()
            if peer in running and not links.no_way(peer)
        )

    async def until(self, true: Any, within_s: float = 120.0) -> None:
        """Let virtual time pass until a condition holds. Raises TimeoutError after `within_s` virtual seconds."""
        clock = VirtualClock(self.loop)
        end = clock.monotonic() + within_s
        while not true():
            if clock.monotonic() > end:
                raise TimeoutError("the federation did not reach the expected state")
            await clock.sleep(0.05)

    async def channel(self, name: str, kind: ChannelKind, roster: Sequence[str], *, named: bool = False) -> Channel:
        """A channel made by the first of its roster, open at all of them."""
        made = await self.core(roster[0]).acts.create_channel(name, kind, roster, named_people=named)
        await self.until(lambda: all(self._has_open(handle, made.id) for handle in roster))
        return made

    def _has_open(self, handle: str, channel_id: str) -> bool:
        core = self.core(handle)
        return any(
            one.id == channel_id and one.is_open and self._knows_all(core, one) for one in core.members.channels()
        )

    @staticmethod
    def _knows_all(core: Core, channel: Channel) -> bool:
        """Whether all logs of a channel are open at a member, and its own compared with their checkpoint files."""
        slots = [*channel.slots.values(), *channel.urgent.values()]
        own = [core.logs.get(channel.slots[core.me]), core.logs.get(channel.urgent[core.me])]
        return all(core.logs.get(slot) for slot in slots) and all(log and core.signer.knows(log) for log in own)

    async def share(
        self, handle: str, channel: str, objects: Sequence[bytes], floor: Tlp | None = None
    ) -> tuple[list[Batch], list[Refused]]:
        """Share like the command does: check all, decide all, commit all; nothing if anything is refused."""
        core = self.core(handle)
        share = core.share(core.members.channel(channel), floor, MemorySpool())
        asking = core.rooms.concern.ask(core.members.channel(channel), MemorySpool())
        share.watch = asking.note
        refused = share.check(objects)
        await core.synced()
        async for more in share.decide():
            refused += more
        if refused:
            return [], refused
        await core.rooms.concern.record(await asking.settle(share.kept()))
        return [batch async for batch in share.commit(core.publisher, core.world.clock.now_us)], []

    async def settled(self, within_s: float = 120.0) -> None:
        """Wait until every running member of every open channel holds and has receipted every log in it."""
        await self.until(self._is_settled, within_s)

    def _is_settled(self) -> bool:
        for node in self.nodes.values():
            if node.core is None:
                continue
            for channel in node.core.members.generations():
                if channel.is_open and not self._channel_settled(node.core, channel):
                    return False
        return True

    def _channel_settled(self, core: Core, channel: Channel) -> bool:
        if not self._knows_all(core, channel):
            return False
        return all(self._log_settled(core, channel, slots[core.me]) for slots in (channel.slots, channel.urgent))

    def _log_settled(self, core: Core, channel: Channel, slot: bytes) -> bool:
        log = core.logs.get(slot)
        if log is None or log.released != log.size:
            return False
        for handle in channel.roster - {core.me}:
            other = self.nodes[handle].core
            if other is None:
                continue
            theirs = other.logs.get(log.slot)
            if theirs is None or theirs.released != log.size or theirs.frontier != log.frontier:
                return False
            if log.size and core.receipts.size(log, handle) != log.size:
                return False
        return True

    async def crash(self, handle: str) -> None:
        """Kill a member's process: from this moment nobody sees what it still does; what it wrote stays written."""
        node = self.nodes[handle]
        self.network.crash(handle)
        node.storage.kill()
        core, node.core = node.running, None
        await core.stop()
        await node.database.close()

    async def restart(self, handle: str) -> None:
        """Start a crashed member again from its disk."""
        node = self.nodes[handle]
        self.network.restart(handle)
        core = node.open()
        await core.load()
        await core.start(self.network.port(handle))

    async def stop(self) -> None:
        """End every member."""
        for handle, node in self.nodes.items():
            if node.core is not None:
                await self.crash(handle)
