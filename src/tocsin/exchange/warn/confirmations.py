"""Our word to others that their changes are in force here: said by the node itself, again until it is durable."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Final, NamedTuple

from tocsin.errors import TocsinError
from tocsin.exchange.journal import history
from tocsin.exchange.journal.journal import Journal
from tocsin.exchange.members.channels import Channel
from tocsin.exchange.members.registry import Members
from tocsin.formats import correction
from tocsin.formats.correction import MAX_CHANGES, Change, Confirmation
from tocsin.formats.tlp import Tlp
from tocsin.ports.clock import Clock
from tocsin.ports.database import Reading

PAGE: Final = 4 * MAX_CHANGES
GATHER_S: Final = 0.2
AGAIN_S: Final = 10.0
Say = Callable[[str, Sequence[bytes], bool], Awaitable[None]]


class Pending(NamedTuple):
    """A change of another's that is in force here and not confirmed yet. `channels` and markings: by which it came."""

    giver: str
    change: Change
    position: int
    ways: tuple[tuple[int, int], ...]  # (channel number, marking)


def pending(reading: Reading, after: int, limit: int) -> list[Pending]:
    """What is to be confirmed, in order of arrival, above a position."""
    rows = reading.query(
        "SELECT object, member, instant, action, position FROM warn_changes WHERE answered = 0 AND position > ? "
        "ORDER BY position LIMIT ?",
        (after, limit),
    )
    names = history.entries_at(reading, [row[4] for row in rows])
    out = []
    for key, member, instant, action, position in rows:
        one = names.get(position)
        if one is None:
            continue  # erased since: there is nothing left to speak of
        ways = reading.query(
            "SELECT channel, MAX(marking) FROM warn_versions WHERE object = ? AND member = ? AND instant = ? "
            "GROUP BY channel ORDER BY MIN(position)",
            (key, member, instant),
        )
        change = Change(one.object_id, one.version, action, one.added)
        out.append(Pending(member, change, position, tuple((way[0], way[1]) for way in ways)))
    return out


class Confirmer:
    """One per node. `settled` waits until the rooms have read the whole journal."""

    def __init__(
        self,
        members: Members,
        journal: Journal,
        clock: Clock,
        say: Say,
        settled: Callable[[], Awaitable[None]],
        note: Callable[[str, str, str], None],
    ) -> None:
        self._members = members
        self._journal = journal
        self._clock = clock
        self._say = say
        self._settled = settled
        self._note = note
        self._failed: set[tuple[str, str]] = set()  # (giver, code): noted once until it goes well again

    async def run(self) -> None:
        """For ever: confirm what is in force, as soon as it is."""
        while True:
            head = self._journal.head
            open_ = await self.round()
            # What could not be said waits for time or for another roster, neither of which the journal tells.
            with suppress(TimeoutError):
                async with asyncio.timeout(AGAIN_S if open_ else None):
                    await self._journal.grown(head)
            await self._clock.sleep(GATHER_S)

    async def round(self) -> bool:
        """Say all that can be said now; whether something is left."""
        await self._settled()
        after, left = 0, False
        while True:
            page = await self._journal.database.read(lambda db, a=after: pending(db, a, PAGE))  # type: ignore[misc]  # the default binds the turn of the loop
            if not page:
                return left
            after = page[-1].position
            left = not await self._say_all(page) or left

    async def _say_all(self, page: Sequence[Pending]) -> bool:
        groups: dict[tuple[str, str, int], list[Change]] = {}
        sayable = True
        for one in page:
            way = self._way(one)
            if way is None:
                sayable = False
            else:
                groups.setdefault((way[0].id, one.giver, way[1]), []).append(one.change)
        me = self._members.me
        for (channel, giver, level), changes in groups.items():
            for at in range(0, len(changes), MAX_CHANGES):
                word = Confirmation(giver, tuple(changes[at : at + MAX_CHANGES]))
                made = correction.compose(word, me, self._members.member(me).identity, Tlp(level))
                try:
                    await self._say(channel, [made], False)
                except TocsinError as error:
                    if (giver, error.code) not in self._failed:
                        self._note(error.code, giver, error.what)
                    self._failed.add((giver, error.code))
                    sayable = False
                else:
                    self._failed = {one for one in self._failed if one[0] != giver}
        return sayable

    def _way(self, one: Pending) -> tuple[Channel, int] | None:
        """The channel by which it came and in which its giver can be told, and the marking it had there."""
        current = {each.number: each for each in self._members.channels() if each.is_current}
        ways = ((current[number], marking) for number, marking in one.ways if number in current)
        return next(((channel, marking) for channel, marking in ways if one.giver in channel.roster), None)
