"""What a member does about objections: object, answer, lift; and once an hour, see which were left unanswered."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, NamedTuple

from tocsin.errors import AccessError, ConfigError, PolicyError
from tocsin.exchange.journal import local, search
from tocsin.exchange.journal.journal import Journal
from tocsin.exchange.members.channels import Channel
from tocsin.exchange.members.registry import Members
from tocsin.exchange.warn import objections
from tocsin.exchange.warn.objections import LAPSED, Case
from tocsin.formats.objection import DECISIONS, REASONS, Act, Objection, Saying, compose
from tocsin.formats.tlp import Tlp
from tocsin.ports.clock import Clock

PERIOD_S: Final = 3600.0
Say = Callable[[str, Sequence[bytes], bool], Awaitable[None]]


class Parts(NamedTuple):
    """What objecting needs. `settled` waits until every room has read the journal."""

    members: Members
    journal: Journal
    clock: Clock
    say: Say
    settled: Callable[[], Awaitable[None]]


class Objecting:
    """One per node."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def object_to(self, object_id: str, reason: str, statement: str, channel: str = "") -> list[str]:
        """Object to an object about a person, in one channel or in each where it is held; the channels' names.

        Raises AccessError("access.unknown-object"), ConfigError("config.value"), FormatError("format.objection"),
        PolicyError.
        """
        if reason not in REASONS:
            raise ConfigError("config.value", f"a reason is one of: {' '.join(REASONS)}")
        held = await self._parts.journal.database.read(lambda db: objections.places(db, object_id))
        wanted = {self._parts.members.channel(channel).id} if channel else set(held)
        chosen = [one for one in self._parts.members.channels() if one.id in wanted & held.keys() and one.is_current]
        if not chosen:
            raise AccessError("access.unknown-object", "this node holds no object about a person with that id there")
        for one in chosen:
            await self._say(one, Objection(Act.OBJECT, "", object_id, reason), statement)
        return [one.name for one in chosen]

    async def answer(self, id_: str, decision: str, statement: str) -> Case:
        """The originator's answer. Raises as object_to(), and PolicyError("person.not-the-originator")."""
        if decision not in DECISIONS:
            raise ConfigError("config.value", f"a decision is one of: {' '.join(DECISIONS)}")
        case = await self.case(id_)
        if self._parts.members.me not in case.originators:
            raise PolicyError("person.not-the-originator", "the object is not one that this member shared there")
        await self._act(
            case, Objection(Act.ANSWER, case.raised.objection, case.raised.object_id, "", decision), statement
        )
        return await self.case(case.raised.objection)

    async def lift(self, id_: str, statement: str) -> Case:
        """Take our own objection back. Raises as object_to(), and PolicyError("person.not-the-objector")."""
        case = await self.case(id_)
        if case.raised.member != self._parts.members.me:
            raise PolicyError("person.not-the-objector", f"the objection is {case.raised.member}'s")
        await self._act(case, Objection(Act.LIFT, case.raised.objection, case.raised.object_id), statement)
        return await self.case(case.raised.objection)

    async def case(self, id_: str) -> Case:
        """One objection, by its id or the beginning of it. Raises AccessError("access.unknown-objection")."""
        found = [
            one for one in await self.cases() if one.raised.objection.startswith(id_ if "--" in id_ else f"note--{id_}")
        ]
        if len(found) != 1 or not id_:
            raise AccessError("access.unknown-objection", "there is no objection whose id begins so, or more than one")
        return found[0]

    async def cases(self) -> list[Case]:
        """Every objection."""
        await self._parts.settled()
        return await self._parts.journal.database.read(objections.cases)

    async def run(self) -> None:
        """For ever: write down, once an hour, which objections nobody has answered for 14 days."""
        while True:
            await self.look()
            await self._parts.clock.sleep(PERIOD_S)

    async def look(self) -> int:
        """Write them down now; how many."""
        parts = self._parts
        await parts.settled()
        found = await parts.journal.database.read(lambda db: objections.due(db, parts.clock.now_us()))
        for one in found:
            row = local.row(LAPSED, {"objection": one.objection}, member=one.member, object_id=one.object_id)
            await local.record(parts.journal, parts.clock, row)
        return len(found)

    async def _act(self, case: Case, said: Objection, statement: str) -> None:
        channel = next((one for one in self._parts.members.channels() if one.id == case.raised.channel), None)
        if channel is None or not channel.is_current:
            raise PolicyError("policy.channel-left", "this node does not take part in the objection's channel any more")
        await self._say(channel, said, statement)

    async def _say(self, channel: Channel, said: Objection, statement: str) -> None:
        parts = self._parts
        held = await parts.journal.database.read(lambda db: search.known(db, [said.object_id]))
        levels = [level for _, _, level, number, _ in held.get(said.object_id, ()) if number == channel.number]
        me = parts.members.me
        identity = parts.members.member(me).identity
        saying = Saying(channel.id, identity, me, parts.clock.now_us(), max(levels, default=int(Tlp.AMBER)))
        await parts.say(channel.id, [compose(saying, said, statement)], True)
        await parts.settled()
