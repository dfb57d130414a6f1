"""Feedback: what this member has to say of an object, by the channel it came by, back to who gave it."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, NamedTuple

from tocsin.errors import AccessError, PolicyError
from tocsin.exchange.journal import search
from tocsin.exchange.journal.journal import Journal
from tocsin.exchange.journal.search import Found, Query
from tocsin.exchange.members.channels import Channel
from tocsin.exchange.members.registry import Members
from tocsin.exchange.warn.recalls import Recalls, versions_of
from tocsin.formats import correction, feedback
from tocsin.formats.feedback import Feedback
from tocsin.formats.tlp import Tlp
from tocsin.ports.clock import Clock
from tocsin.ports.database import Reading

_COPIES: Final = 1000
Say = Callable[[str, Sequence[bytes], bool], Awaitable[None]]


class Way(NamedTuple):
    """Where feedback goes: the channel, the member that gave the object there, and how strictly it is to be marked."""

    channel: Channel
    giver: str
    level: Tlp


class Feedbacks:
    """One per node."""

    def __init__(self, members: Members, journal: Journal, clock: Clock, recalls: Recalls, say: Say) -> None:
        self._members = members
        self._journal = journal
        self._clock = clock
        self._recalls = recalls
        self._say = say

    async def give(self, told: Feedback, text: str) -> tuple[Way, bytes]:
        """Say it. Raises AccessError, FormatError("format.feedback"), PolicyError, StoreError."""
        way, made = await self.plan(told, text)
        await self._say(way.channel.id, [made], False)
        return way, made

    async def plan(self, told: Feedback, text: str, floor: Tlp = Tlp.CLEAR) -> tuple[Way, bytes]:
        """What give() would say, and where; at least as strict as `floor`. Raises as it does."""
        way = await self._found(told.about, floor)
        me = self._members.me
        identity = self._members.member(me).identity
        return way, feedback.compose(told, me, identity, way.level, text, self._clock.now_us())

    async def comment(self, object_id: str, text: str, floor: Tlp = Tlp.CLEAR) -> tuple[Way, bytes]:
        """A note on the object as a plan() has it, for whoever has a word that is none of the kinds of feedback."""
        way = await self._found(object_id, floor)
        me = self._members.me
        identity = self._members.member(me).identity
        return way, feedback.comment(object_id, me, identity, way.level, text, self._clock.now_us())

    async def _found(self, object_id: str, floor: Tlp) -> Way:
        way = await self._journal.database.read(lambda db: self._way(db, object_id))
        return way._replace(level=max(way.level, floor))

    def _way(self, reading: Reading, object_id: str) -> Way:
        query = Query(ids=(object_id,), limit=_COPIES, newest_first=True, now_us=self._clock.now_us(), content=False)
        found = search.find(reading, query)
        if not found:
            raise AccessError("access.unknown-object", "this node holds no object with that id")
        owner = self._recalls.owner(versions_of(reading, correction.key(object_id)))
        current = {one.number: one for one in self._members.channels() if one.is_current}
        reached = [one for one in found if one.channel in current and one.member in current[one.channel].roster]
        if not reached:
            raise PolicyError("policy.channel-left", "who gave the object cannot be told: no channel is left with it")
        # The owner is told first, else whoever gave it; and in the smallest audience that has it.
        best = min(reached, key=lambda one: (one.member != owner, len(current[one.channel].roster), one.channel))
        return Way(current[best.channel], best.member, _level(found, best))


def _level(found: Sequence[Found], best: Found) -> Tlp:
    return Tlp(max(one.marking for one in found if one.channel == best.channel))
