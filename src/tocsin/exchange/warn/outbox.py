"""Tells what was paged: desks through notifiers, silent members through the channel. Each target by itself, till done.

What is to be told stands in the table warn_outbox from the moment a level is paged; that it was told is a local row of
its own. Between the two a crash repeats a page, with the same key, rather than lose it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Final, NamedTuple, Protocol

from tocsin.errors import TocsinError
from tocsin.exchange.journal import local, search
from tocsin.exchange.journal.journal import Journal
from tocsin.exchange.warn import pages
from tocsin.exchange.warn.record import NOTIFIED, policy_of
from tocsin.formats import alert, escalation, strictjson
from tocsin.formats.alert import Alert, Urgency
from tocsin.formats.escalation import Escalation
from tocsin.formats.tlp import Tlp, marking_id
from tocsin.ports.clock import Clock
from tocsin.ports.database import Reading
from tocsin.ports.metrics import Meter
from tocsin.ports.notifier import Notifier

FIRST_S: Final = 5.0
LONGEST_S: Final = 300.0
MOST_TRIES: Final = 40  # about three hours
_IDLE_S: Final = 30.0
_PAUSE_S: Final = 0.1
_MOST: Final = 512
SENT, NOBODY, FAILED = "sent", "nobody", "failed"
_WAITING: Final = (
    "SELECT o.position, p.warning, p.member, p.turn, p.level, p.by_hand, p.paged_at, w.giver, w.urgency, w.answer_by, "
    "w.marking, w.position, w.log FROM warn_outbox o JOIN warn_paged p ON p.position = o.position JOIN warn_warnings w "
    "ON w.id = p.warning WHERE o.target = ? AND o.outcome = '' ORDER BY o.position LIMIT ?"
)


class Waiting(NamedTuple):
    """A page that a target was not told of yet. `at`: where the warning's newest version stands in the journal."""

    position: int
    warning: str
    member: str
    turn: int
    level: int
    by_hand: int
    paged_at: int
    giver: str
    urgency: str
    answer_by: int
    marking: int
    at: int
    log: int


class Target(Protocol):
    """Somebody to be told of pages: all of one warning and level together."""

    name: str

    async def tell(self, group: Sequence[Waiting]) -> str:
        """Tell them; SENT or NOBODY. Raises TocsinError when it is to be tried again."""
        ...


class World(NamedTuple):
    """What an outbox needs of the node."""

    journal: Journal
    clock: Clock
    note: Callable[[str, str, str], None]  # the diagnostics: code, peer, what
    meter: Meter


class Outbox:
    """One for each target, so that one that fails holds up no other."""

    def __init__(self, target: Target, world: World) -> None:
        self._target = target
        self._journal, self._clock, self._note, self._meter = world
        self._later: dict[int, tuple[float, int]] = {}  # by the first page of a group: not before, tries so far

    async def run(self) -> None:
        """Tell what waits, for ever."""
        while True:
            head = self._journal.head
            wait = await self._round()
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._journal.grown(head)
                    await self._clock.sleep(_PAUSE_S)

    async def _round(self) -> float:
        """Try whatever is to be tried now. Returns for how long there is nothing to do."""
        rows = await self._journal.database.read(lambda db: db.query(_WAITING, (self._target.name, _MOST)))
        groups: dict[tuple[str, int, int, int], list[Waiting]] = {}
        for one in map(Waiting._make, rows):
            groups.setdefault((one.warning, one.turn, one.level, one.by_hand), []).append(one)
        wait = _IDLE_S
        for group in groups.values():
            not_before, tries = self._later.get(group[0].position, (0.0, 0))
            left = not_before - self._clock.monotonic()
            wait = min(wait, left if left > 0 else await self._try(group, tries))
        return max(0.0, wait)

    async def _try(self, group: Sequence[Waiting], tries: int) -> float:
        try:
            outcome = await self._target.tell(group)
        except TocsinError as error:
            self._note(error.code, "", f"{self._target.name}: {error.what}")
            self._meter.count("tocsin_notifications_total", target=self._target.name, outcome="retried")
            if tries + 1 < MOST_TRIES:
                pause = min(FIRST_S * 2.0**tries, LONGEST_S)
                self._later[group[0].position] = (self._clock.monotonic() + pause, tries + 1)
                return pause
            outcome = FAILED
        self._later.pop(group[0].position, None)
        self._meter.count("tocsin_notifications_total", len(group), target=self._target.name, outcome=outcome)
        said = {"target": self._target.name, "outcome": outcome, "pages": [one.position for one in group]}
        await local.record(self._journal, self._clock, local.row(NOTIFIED, said, object_id=group[0].warning))
        return _IDLE_S


def newest(reading: Reading, one: Waiting) -> Alert | None:
    """The warning's newest version; None if it was erased."""
    content = search.content(reading, one.at)
    return alert.read(strictjson.parse(content), one.giver) if content is not None else None


class Desks:
    """A notifier as a target: the desks of the level, by the frozen policy."""

    def __init__(self, name: str, notifier: Notifier, me: str, journal: Journal) -> None:
        self.name = name
        self._notifier = notifier
        self._me = me
        self._journal = journal
        self._told: dict[tuple[int, str], int] = {}  # desks told of a group that is tried again

    async def tell(self, group: Sequence[Waiting]) -> str:
        """See Target."""
        one = group[0]
        policy = await self._journal.database.read(lambda db: policy_of(one.warning, db))
        found = await self._journal.database.read(lambda db: newest(db, one))
        key = f"{one.warning}/{one.turn}/{one.level}/{one.position}"
        silent = [each.member for each in group if each.member != self._me]
        page = pages.compose(
            one.warning, one.urgency, found, Tlp(one.marking), pages.Cause(key, one.level, one.answer_by, silent)
        )
        for role in policy.levels[one.level - 1].roles if policy else ():
            if (one.position, role) not in self._told:
                self._told[one.position, role] = await self._notifier.notify(role, page)
        told = [self._told.pop(each) for each in [each for each in self._told if each[0] == one.position]]
        return SENT if sum(told) else NOBODY


class Voice:
    """The channel as a target: the members that are silent to our warning see that we have climbed."""

    name = "channel"

    def __init__(
        self,
        identity: Callable[[], str],
        channel_of: Callable[[int], str],
        say: Callable[[str, Sequence[bytes], bool], Awaitable[None]],
    ) -> None:
        self._identity = identity
        self._channel_of = channel_of
        self._say = say

    async def tell(self, group: Sequence[Waiting]) -> str:
        """See Target. The ids are made from what is said: to say it twice is one object."""
        one = group[0]
        said = [
            escalation.write(
                Escalation(
                    giver=each.giver,
                    identity=self._identity(),
                    warning=each.warning,
                    member=each.member,
                    level=each.level,
                    turn=each.turn,
                    by_hand=bool(each.by_hand),
                    at=each.paged_at,
                    markings=(marking_id(Tlp(one.marking)),),
                )
            )
            for each in group
        ]
        await self._say(self._channel_of(one.log), said, Urgency(one.urgency).is_urgent)
        return SENT
