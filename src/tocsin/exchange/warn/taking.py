"""Taking back and setting right what this member has shared: in exactly the channels where it went."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from tocsin.errors import AccessError, ConfigError, FormatError, PolicyError, TocsinError
from tocsin.exchange.journal import history, search
from tocsin.exchange.journal.journal import Journal
from tocsin.exchange.journal.search import Found, Query
from tocsin.exchange.members.channels import Channel
from tocsin.exchange.members.registry import Members
from tocsin.exchange.publish import order
from tocsin.exchange.publish.publisher import Publisher
from tocsin.exchange.publish.share import Share
from tocsin.exchange.publish.spooled import MemorySpool
from tocsin.exchange.tlog.logs import Logs
from tocsin.exchange.warn import standing
from tocsin.exchange.warn.recalls import Recalls, versions_of
from tocsin.formats import correction
from tocsin.formats.markings import ChannelKind
from tocsin.formats.stix.check import Checked, check_many
from tocsin.formats.tlp import Tlp
from tocsin.ports.clock import Clock
from tocsin.ports.database import Reading
from tocsin.ports.spool import Spool

DAYS: Final = 7
DAYS_MOST: Final = 365
_VERSIONS: Final = 10_000
_CARRIED: Final = 500
_ROUND_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Parts:
    """What taking back needs of the node."""

    members: Members
    logs: Logs
    journal: Journal
    clock: Clock
    publisher: Publisher
    recalls: Recalls
    share: Callable[[Channel, Tlp | None, Spool], Share]
    say: Callable[[Channel, Sequence[bytes]], Awaitable[object]]  # ahead of everything routine
    settled: Callable[[], Awaitable[None]]
    note: Callable[[str, str, str], None]


class Wanted(NamedTuple):
    """What is to be recalled. No `channels`: wherever it was shared."""

    object_id: str
    channels: tuple[str, ...]
    reason: str
    days: int = DAYS


class Plan(NamedTuple):
    """What a recall does, before it is done."""

    object_id: str
    newest: dict[str, Any]
    levels: dict[int, Tlp]  # by channel number: how strictly it was shared there
    named: dict[int, list[tuple[int, int]]]  # by log: (seq, marking) of what is to be erased
    holders: dict[str, int]
    is_ours: bool
    is_done: bool  # recalled already, and nothing earlier is left


class Told(NamedTuple):
    """What became of a change in one channel. `code` is empty when it was shared there."""

    channel: str
    code: str
    what: str


class Corrections:
    """One per node."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._carried: Any = None

    # -- recall -------------------------------------------------------------------------------------------------

    async def plan(self, wanted: Wanted) -> Plan:
        """What would be recalled, and who holds it. Raises AccessError, ConfigError, FormatError, PolicyError."""
        correction.check_reason(wanted.reason)
        if not 0 <= wanted.days <= DAYS_MOST:
            raise ConfigError("config.value", f"an erase order gives 0 to {DAYS_MOST} days")
        await self._parts.settled()
        me = self._parts.members.me
        numbers = {self._parts.members.channel(one).number for one in wanted.channels}

        def read(reading: Reading) -> Plan:
            query = Query(ids=(wanted.object_id,), member=me, limit=_VERSIONS, hidden=True)
            found = search.find(reading, query)
            if not found:
                raise AccessError("access.unknown-object", "this node has shared nothing with that id that is left")
            newest = max(found, key=lambda one: (search.instant_of(one.version), -one.position))
            value = search.value(reading, newest.position)
            if not newest.version or "modified" not in value:
                raise FormatError("format.recall", "an object without versions cannot be revoked: use `tocsin erase`")
            key = correction.key(wanted.object_id)
            done = correction.taken_back(value) == correction.RECALLED
            levels = _levels(found, numbers)
            named = _named(reading, [one for one in found if not done or one.version != newest.version])
            mine = self._parts.recalls.owner(versions_of(reading, key)) == me
            there = {one.channel for one in found if one.version == newest.version}
            is_done = done and not named and levels.keys() <= there
            return Plan(wanted.object_id, value, levels, named, standing.holders(reading, me, key), mine, is_done)

        made = await self._parts.journal.database.read(read)
        if not made.levels:
            raise AccessError("access.unknown-object", "this node has shared nothing with that id in these channels")
        return made

    async def recall(self, wanted: Wanted) -> tuple[Plan, list[Told]]:
        """Take an object back: a revoked version to each channel, then an order to erase all earlier ones."""
        plan = await self.plan(wanted)
        if plan.is_done:
            return plan, []
        again = correction.taken_back(plan.newest) == correction.RECALLED
        at_us = correction.instant_of(plan.newest["modified"]) if again else self._parts.clock.now_us()
        told = []
        for channel, level in self._channels(plan.levels):
            old = {**plan.newest, "modified": plan.newest["created"]} if again else plan.newest
            made = correction.withdrawn(old, at_us, level, correction.RECALLED, wanted.reason)
            told.append(await self._tell(channel, made, plan, wanted))
        return plan, told + self._unreachable(plan.levels)

    async def _tell(self, channel: Channel, made: bytes, plan: Plan, wanted: Wanted) -> Told:
        try:
            await self._parts.say(channel, [made])
            logs = {log.number for log in self._parts.logs if log.channel == channel.number}
            await self._order(channel, {log: one for log, one in plan.named.items() if log in logs}, wanted)
        except TocsinError as error:
            return Told(channel.name, error.code, error.what)
        return Told(channel.name, "", "")

    async def _order(self, channel: Channel, named: Mapping[int, list[tuple[int, int]]], wanted: Wanted) -> None:
        for log, entries in named.items():
            slot = self._parts.logs.numbered(log).slot
            made = order.orders(slot, entries, wanted.reason, wanted.days, self._parts.clock.now_us())
            await self._parts.publisher.publish(channel, made)

    # -- correct ------------------------------------------------------------------------------------------------

    async def correct(self, objects: Sequence[bytes]) -> list[tuple[str, Told]]:
        """Share later versions of our own objects where the earlier ones went: all of them, or none.

        Raises AccessError("access.unknown-object"), FormatError, PolicyError("policy.not-ours", "policy.not-later" or
        what the gate says).
        """
        await self._parts.settled()
        checked = check_many(objects)
        for one in checked:
            if isinstance(one, FormatError):
                raise one
        ways: dict[tuple[int, Tlp | None], list[tuple[str, bytes]]] = {}
        for content, one in zip(objects, checked, strict=True):
            if isinstance(one, Checked):
                for way in await self._parts.journal.database.read(lambda db, one=one: self._ways(db, one)):  # type: ignore[misc]  # the default binds the turn of the loop
                    ways.setdefault(way, []).append((one.id, content))
        current = {one.number: one for one in self._parts.members.channels() if one.is_current}
        shares = [
            (current[number], [name for name, _ in named], await self._decided(current[number], floor, named))
            for (number, floor), named in ways.items()
            if number in current
        ]
        out = []
        for channel, names, share in shares:
            async for _ in share.commit(self._parts.publisher, self._parts.clock.now_us):
                pass
            out += [(name, Told(channel.name, "", "")) for name in names]
        missing = [
            (name, one) for (number, _), named in ways.items() for name, _ in named for one in self._left(number)
        ]
        return out + missing

    def _ways(self, reading: Reading, one: Checked) -> list[tuple[int, Tlp | None]]:
        me = self._parts.members.me
        versions = versions_of(reading, correction.key(one.id))
        mine = [each for each in versions if each.member == me]
        if not mine:
            raise AccessError("access.unknown-object", "this node has shared nothing with one of these ids")
        if self._parts.recalls.owner(versions) != me:
            raise PolicyError("policy.not-ours", "one of these objects was first shared by another member")
        if any(each.taken for each in mine):
            raise PolicyError("policy.not-later", "one of these objects was taken back, which is for good")
        if correction.instant_of(one.version) <= max(each.instant for each in mine):
            raise PolicyError("policy.not-later", "one of these versions is not later than what was shared")
        levels: dict[int, int] = {}
        for each in mine:
            levels[each.channel] = max(each.marking, levels.get(each.channel, 0))
        return [(number, None if one.marking_refs else Tlp(level)) for number, level in levels.items()]

    async def _decided(self, channel: Channel, floor: Tlp | None, named: Sequence[tuple[str, bytes]]) -> Share:
        share = self._parts.share(channel, floor, MemorySpool())
        refused = share.check([content for _, content in named])
        await self._parts.publisher.ready(channel)
        async for more in share.decide():
            refused += more
        if refused:
            raise PolicyError(refused[0].code, f"{channel.name}: {refused[0].what}")
        return share

    # -- who has left -------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """For ever: bring our changes by the channel between us two to who holds what we changed and has left since."""
        while True:
            seen = self._seen()
            if seen != self._carried and await self.carry():
                self._carried = seen
            await self._parts.clock.sleep(_ROUND_S)

    def _seen(self) -> Any:
        channels = tuple((one.id, one.version, one.is_current, one.roster) for one in self._parts.members.channels())
        return self._parts.journal.head, channels

    async def carry(self) -> bool:
        """One round; whether all that can be brought was."""
        await self._parts.settled()
        members, database = self._parts.members, self._parts.journal.database

        def read(reading: Reading) -> list[standing.Standing]:
            if not self._has_left(reading):
                return []
            found = [standing.of(reading, members, key) for key, _ in standing.ours(reading, members.me, 0, _CARRIED)]
            return [one for one in found if one is not None and any(each.why == standing.BILATERAL for each in one.due)]

        whole = True
        for one in await database.read(read):
            for each in one.due:
                if each.why == standing.BILATERAL:
                    whole = await self._bring(one, each.member) and whole
        return whole

    def _has_left(self, reading: Reading) -> bool:
        """Whether anybody who signed for something of ours reads that channel no more and can be told by another way."""
        members = self._parts.members
        current = [one for one in members.channels() if one.is_current]
        rosters = {one.number: one.roster for one in current}
        between = frozenset().union(*(one.roster for one in current if one.kind == ChannelKind.BILATERAL))
        return any(
            member in between and member not in rosters.get(self._parts.logs.numbered(log).channel, ())
            for log, member in standing.signers(reading)
        )

    async def _bring(self, one: standing.Standing, member: str) -> bool:
        members = self._parts.members
        channel = next(each for each in members.channels() if each.is_current and each.roster == {member, members.me})
        content = await self._parts.journal.database.read(lambda db: search.content(db, one.position))
        if content is None:
            return True
        earlier = await self._parts.journal.database.read(lambda db: self._held_by(db, one, member))
        try:
            # First the orders: once the version is there, nobody asks again whether all was said.
            wanted = Wanted(one.object_id, (), one.reason or "recalled")
            await self._order(channel, earlier if one.action == correction.RECALLED else {}, wanted)
            await self._parts.say(channel, [content])
        except TocsinError as error:
            self._parts.note(error.code, member, error.what)
            return False
        return True

    def _held_by(self, reading: Reading, one: standing.Standing, member: str) -> dict[int, list[tuple[int, int]]]:
        """By log: (seq, marking) of our earlier versions in logs that the member could read."""
        out: dict[int, list[tuple[int, int]]] = {}
        instant = correction.instant_of(one.version)
        for each in versions_of(reading, one.object):
            found = self._parts.members.origin(self._parts.logs.numbered(each.log).slot)
            is_earlier = each.member == self._parts.members.me and each.instant != instant
            if is_earlier and found is not None and member in found.channel.listed:
                out.setdefault(each.log, []).append((each.seq, each.marking))
        return out

    # -- inside -------------------------------------------------------------------------------------------------

    def _channels(self, levels: Mapping[int, Tlp]) -> list[tuple[Channel, Tlp]]:
        current = {one.number: one for one in self._parts.members.channels() if one.is_current}
        return [(current[number], level) for number, level in levels.items() if number in current]

    def _unreachable(self, levels: Mapping[int, Tlp]) -> list[Told]:
        return [one for number in levels for one in self._left(number)]

    def _left(self, number: int) -> list[Told]:
        return [
            Told(one.name, "policy.channel-left", "this node takes no part in the channel any more")
            for one in self._parts.members.channels()
            if one.number == number and not one.is_current
        ]


def _levels(found: Sequence[Found], wanted: set[int]) -> dict[int, Tlp]:
    out: dict[int, Tlp] = {}
    for one in found:
        if not wanted or one.channel in wanted:
            out[one.channel] = Tlp(max(one.marking, out.get(one.channel, 0)))
    return out


def _named(reading: Reading, found: Sequence[Found]) -> dict[int, list[tuple[int, int]]]:
    out: dict[int, list[tuple[int, int]]] = {}
    for one in found:
        entry = history.entry_at(reading, one.position)
        if entry is not None:
            out.setdefault(entry[0], []).append((entry[1], one.marking))
    return out
