"""Who belongs here: the adopted charter and our channels, in memory as read from our tables."""

import asyncio
from base64 import b64encode
from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from tocsin.errors import ConfigError, PolicyError, VerificationError
from tocsin.exchange.members import channels, charter, descriptor
from tocsin.exchange.members.channels import Channel
from tocsin.exchange.members.charter import Charter
from tocsin.exchange.members.descriptor import Member
from tocsin.formats import statement
from tocsin.formats.keys import Role
from tocsin.formats.markings import ChannelKind
from tocsin.formats.seal import wrap
from tocsin.formats.statement import Statement
from tocsin.ports.clock import Clock
from tocsin.ports.database import Database, Reading, Transaction
from tocsin.ports.entropy import Entropy
from tocsin.ports.keyring import Keyring


class Members:
    """The directory of one node. Reading is in memory; every change is durable before it is told to anyone."""

    def __init__(self, me: str, database: Database, keyring: Keyring, clock: Clock, entropy: Entropy) -> None:
        self.me = me
        self._database = database
        self._keyring = keyring
        self._clock = clock
        self._entropy = entropy
        self._charter: Charter | None = None
        self._channels: dict[str, Channel] = {}
        self._forgotten: set[str] = set()
        self._origins: dict[bytes, tuple[Channel, str]] = {}
        self._changed: list[Callable[[Channel], None]] = []
        self._learning = asyncio.Lock()

    async def load(self) -> None:
        """Read what our tables hold."""
        notes = await self._database.read(_load)
        if notes[0]:
            self._charter = charter.read(notes[0][-1])
            charter.require_complete(
                self._charter
            )  # again: a bit that has turned in it would give every log another slot
            self._put(channels.plenary(self._charter))
            for number, note in notes[1]:
                self._put(self._read(statement.parse(note), number))

    def on_change(self, call: Callable[[Channel], None]) -> None:
        """Be told of every channel that is new, signed by more members, or opened."""
        self._changed.append(call)

    # -- reading ------------------------------------------------------------------------------------------------

    @property
    def charter(self) -> Charter:
        """The charter in force. Raises ConfigError("config.no-charter")."""
        if self._charter is None:
            raise ConfigError("config.no-charter", "this node has adopted no charter yet")
        return self._charter

    @property
    def has_charter(self) -> bool:
        """Whether a charter is in force."""
        return self._charter is not None

    def member(self, handle: str) -> Member:
        """A member of the charter. Raises PolicyError("policy.unknown-member")."""
        try:
            return self.charter.members[handle]
        except KeyError as error:
            raise PolicyError("policy.unknown-member", f"no member {handle!r} in the charter") from error

    def peers(self) -> list[str]:
        """Every other member."""
        return [handle for handle in self.charter.members if handle != self.me]

    def channels(self) -> list[Channel]:
        """Our channels, the plenary first."""
        return sorted(self._channels.values(), key=lambda one: one.number)

    def channel(self, wanted: str) -> Channel:
        """A channel of ours by name or id. Raises PolicyError("policy.no-such-channel")."""
        for one in self._channels.values():
            if wanted in (one.id, one.name):
                return one
        raise PolicyError("policy.no-such-channel", f"this node is in no channel {wanted!r}")

    def origin(self, slot: bytes) -> tuple[Channel, str] | None:
        """Whose log in which channel a slot names, if it is one of ours."""
        return self._origins.get(slot)

    def forgotten(self, channel_id: str) -> bool:
        """Whether we had joined this channel before and learned of it anew: our log in it may have been signed."""
        return channel_id in self._forgotten

    # -- changing -----------------------------------------------------------------------------------------------

    async def adopt(self, data: bytes) -> Charter:
        """Put a complete charter into force. Raises PolicyError when unsigned, foreign or a second one."""
        new = charter.read(data)
        charter.require_complete(new)
        mine = new.members.get(self.me)
        if mine is None or mine.keys[Role.GOVERNANCE].raw != self._keyring.signing(Role.GOVERNANCE).public.raw:
            raise PolicyError("policy.charter-foreign", "the charter does not list this node with its own key")
        if self._charter is not None:
            if self._charter.digest == new.digest:
                return self._charter
            raise PolicyError("policy.charter-rollback", "another charter is in force here already")
        await self._database.write(lambda tx: _store_charter(tx, new.version, data))
        self._charter = new
        self._put(channels.plenary(new))
        return new

    async def create_channel(
        self, name: str, kind: ChannelKind, roster: Iterable[str], *, title: str = "", named_people: bool = False
    ) -> Channel:
        """Make a channel and sign it. It opens when every member of its roster has countersigned."""
        together = sorted({*roster, self.me})
        if any(one.name == name for one in self.channels()):
            raise PolicyError("policy.channel-exists", f"there is a channel {name!r} here already")
        for one in self.channels():
            if kind == ChannelKind.BILATERAL == one.kind and one.roster == set(together):
                raise PolicyError("policy.channel-exists", f"these two members share the channel {one.name!r} already")
        channel_id = str(UUID(bytes=self._entropy.bytes(16), version=4))
        secret = self._entropy.bytes(channels.SECRET_BYTES)
        wrapped = {
            handle: b64encode(wrap(self.member(handle).seal, secret, channels.wrap_info(channel_id, handle))).decode()
            for handle in together
        }
        described: dict[str, Any] = {
            "id": channel_id,
            "kind": kind.value,
            "name": name,
            "title": title or name,
            "roster": together,
            "named_people": named_people,
            "creator": self.me,
            "created": self._clock.now_us(),
            "charter": self.charter.digest.hex(),
        }
        composed = channels.compose(described, secret, wrapped)
        return await self._store(descriptor.sign(composed, self.me, self._keyring))

    async def learn(self, signed: Statement) -> Channel:
        """Take a channel statement from a peer: merge its signatures, countersign if we have not yet.

        Joining is free of obligation (it only lets others send to us), so the node countersigns by itself.
        """
        # One at a time: two peers may bring the same channel at once, each with another signature.
        async with self._learning:
            return await self._learn(signed)

    # -- inside -------------------------------------------------------------------------------------------------

    async def _learn(self, signed: Statement) -> Channel:
        known = self._channels.get(statement.text(signed.body, "id"))
        if known is not None:
            if known.signed is None:
                raise VerificationError("verify.channel", "a statement claims the id of the plenary")
            signed = charter.merged(known.signed, signed)
        read = self._read(signed, 0)
        if known is None and any(one.name == read.name for one in self.channels()):
            raise PolicyError("policy.channel-exists", f"a peer invites us to a second channel {read.name!r}")
        if known is None and self.me in read.signers:
            # Our own signature on a channel we do not know: this store is older than what we have done.
            self._forgotten.add(read.id)
        if self.me not in read.signers:
            signed = descriptor.sign(signed, self.me, self._keyring)
        if known is not None and known.signed is not None and known.signed.note == signed.note:
            return known
        return await self._store(signed)

    def _read(self, signed: Statement, number: int) -> Channel:
        return channels.read(signed, self.charter, self.me, self._keyring.sealing(), number)

    async def _store(self, signed: Statement) -> Channel:
        checked = self._read(signed, 0)
        data = statement.encode(signed)
        number = await self._database.write(lambda tx: _store_channel(tx, checked.id, data))
        stored = self._read(signed, number)
        self._put(stored)
        for call in self._changed:
            call(stored)
        return stored

    def _put(self, channel: Channel) -> None:
        self._channels[channel.id] = channel
        for origin, slot in channel.slots.items():
            self._origins[slot] = (channel, origin)


def _load(reading: Reading) -> tuple[list[bytes], list[tuple[int, bytes]]]:
    charters = reading.query("SELECT note FROM members_charters ORDER BY version")
    found = reading.query("SELECT number, note FROM members_channels ORDER BY number")
    return [row[0] for row in charters], [(row[0], row[1]) for row in found]


def _store_charter(tx: Transaction, version: int, data: bytes) -> None:
    tx.execute("INSERT INTO members_charters (version, note) VALUES (?, ?)", (version, data))


def _store_channel(tx: Transaction, channel_id: str, data: bytes) -> int:
    tx.execute(
        # The plenary is number 1 without a row of its own.
        "INSERT INTO members_channels (number, id, note) "
        "SELECT COALESCE(MAX(number), 1) + 1, ?, ? FROM members_channels WHERE true "
        "ON CONFLICT (id) DO UPDATE SET note = excluded.note",
        (channel_id, data),
    )
    return int(tx.query("SELECT number FROM members_channels WHERE id = ?", (channel_id,))[0][0])
