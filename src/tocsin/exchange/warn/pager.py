"""Pages levels when they are due: first as a local row of the journal, exactly once, then whoever is told is told.

The row and its place in our tables are one transaction, so that a level is paged once whatever falls over between.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from typing import Final, NamedTuple

from tocsin.errors import AccessError, PolicyError
from tocsin.exchange.journal import local
from tocsin.exchange.journal.journal import Journal, append
from tocsin.exchange.warn import ladder
from tocsin.exchange.warn.ladder import Due, Facts
from tocsin.exchange.warn.record import PAGED, Record, facts, targets
from tocsin.ports.clock import Clock
from tocsin.ports.database import Reading, Transaction

_MOST: Final = 256
_LONGEST_S: Final = 30.0  # the wall clock may step
_PAUSE_S: Final = 0.2
GRACE_S: Final = 5.0  # after a start, before others are called silent: their words may be waiting at their nodes
_DUE: Final = (
    "SELECT warning, member FROM warn_recipients WHERE due IS NOT NULL AND due <= ? AND (? OR member = ?) "
    "ORDER BY due, warning, member LIMIT ?"
)
_NEXT: Final = "SELECT MIN(due) FROM warn_recipients WHERE due IS NOT NULL AND (? OR member = ?)"


class Paged(NamedTuple):
    """A level that was paged."""

    warning: str
    member: str
    turn: int
    level: int


class Pager:
    """One per node."""

    def __init__(
        self,
        record: Record,
        journal: Journal,
        clock: Clock,
        taken: Callable[[int], Awaitable[int]],
        own: Sequence[str] = (),
    ) -> None:
        self._own = own  # ways of this house beside those of a policy
        self._record = record
        self._journal = journal
        self._clock = clock
        self._taken = taken  # waits until the record has taken something after a position; up to where it has

    async def run(self) -> None:
        """Page what is due, for ever."""
        started, seen = self._clock.monotonic(), 0
        while True:
            is_late = self._clock.monotonic() - started >= GRACE_S
            if await self.page_due(others=is_late) < _MOST:
                seen = await self._rest(seen, others=is_late)

    async def page_due(self, *, others: bool = True) -> int:
        """Page every level that is due now, of ours and, if `others`, of those who are silent to us. How many."""
        now = self._clock.now_us()
        who = (others, self._record.me)
        if not await self._journal.database.read(lambda db: db.query(_DUE, (now, *who, 1))):
            return 0
        count, position = await self._journal.database.write(lambda tx: self._page(tx, now, who))
        self._journal.announce(position)
        return count

    async def escalate(self, warning: str, members: Sequence[str] = ()) -> list[Paged]:
        """Page the next level by hand: ours, or of our own warning that of these members (none: of all who are silent).

        Raises AccessError("access.unknown-warning"), PolicyError("policy.warning-over", "policy.warning-exhausted",
        "policy.not-asked").
        """
        now = self._clock.now_us()
        done, position = await self._journal.database.write(lambda tx: self._by_hand(tx, warning, members, now))
        self._journal.announce(position)
        return done

    # -- inside -------------------------------------------------------------------------------------------------

    async def _rest(self, seen: int, *, others: bool) -> int:
        """Until the next level is due, or the record has taken more than it had when we looked; up to where it has.

        Not when the journal has grown: the record is behind it, and what it takes a moment later would wait half a minute.
        """
        who = (others, self._record.me)
        due = (await self._journal.database.read(lambda db: db.query(_NEXT, who)))[0][0]
        wait = _LONGEST_S if due is None else max(0.0, (due - self._clock.now_us()) / 1e6)
        with suppress(TimeoutError):
            async with asyncio.timeout(min(wait, _LONGEST_S if others else GRACE_S)):
                seen = await self._taken(seen)
                await self._clock.sleep(_PAUSE_S)  # not more than a few times a second
        return seen

    def _page(self, tx: Transaction, now: int, who: tuple[bool, str]) -> tuple[int, int]:
        count = position = 0
        for warning, member in tx.query(_DUE, (now, *who, _MOST)):
            found = facts(self._record.me, warning, member, tx)
            due = ladder.next_page(found) if found else None
            if found is not None and due is not None and due.at <= now:
                one = Paged(warning, member, due.turn, due.level)
                position = self._write(tx, one, found, by_hand=due.by_hand, now=now)
                count += 1
            else:
                self._record.settle(warning, member, tx)
        return count, position

    def _by_hand(self, tx: Transaction, warning: str, members: Sequence[str], now: int) -> tuple[list[Paged], int]:
        rows = tx.query("SELECT giver FROM warn_warnings WHERE id = ?", (warning,))
        if not rows:
            raise AccessError("access.unknown-warning", "this node knows no warning with that id")
        is_giver = rows[0][0] == self._record.me
        chosen = list(members or (_silent(tx, warning) if is_giver else [self._record.me]))
        done: list[Paged] = []
        position = 0
        for member in chosen:
            found = facts(self._record.me, warning, member, tx)
            if found is None or not (is_giver or member == self._record.me):
                raise PolicyError(
                    "policy.not-asked", f"{member} is not one whom this node may escalate for this warning"
                )
            due = _next_by_hand(found, now)
            if due is not None:
                done.append(Paged(warning, member, due.turn, due.level))
                position = self._write(tx, done[-1], found, by_hand=True, now=now)
            elif members or not is_giver:
                raise _refused(found, member)
        if not done and chosen:
            raise PolicyError(
                "policy.warning-exhausted", f"every level was paged already, and {len(chosen)} are silent still"
            )
        if not done:
            raise PolicyError("policy.warning-over", "nobody is silent to this warning any more")
        return done, position

    def _write(self, tx: Transaction, one: Paged, found: Facts, *, by_hand: bool, now: int) -> int:
        """The local row, and its effect at once: the next transaction sees that it is done."""
        told = targets(found.policy, one.level, self._own, is_ours=one.member == self._record.me)
        at = now // 1000 * 1000
        said = {"turn": one.turn, "level": one.level, "by_hand": by_hand, "at": at, "targets": told}
        row = local.row(PAGED, said, member=one.member, object_id=one.warning, seq=one.level)
        position = append(tx, [row], now)
        self._record.page(one.warning, one.member, said, position, tx)
        self._record.settle(one.warning, one.member, tx)
        return position


def _silent(reading: Reading, warning: str) -> Iterable[str]:
    rows = reading.query(
        "SELECT member FROM warn_recipients WHERE warning = ? AND answered IS NULL ORDER BY member", (warning,)
    )
    return [member for (member,) in rows]


def _next_by_hand(found: Facts, now: int) -> Due | None:
    if found.is_over:
        return None
    highest = max((level for _, level in found.paged), default=0)
    for level, one in enumerate(found.policy.levels, 1):
        if level > highest and (one.after_minutes or not found.is_giver):
            return Due(now, sum(end <= now for _, end in ladder.spans(found)), level, by_hand=True)
    return None


def _refused(found: Facts, member: str) -> PolicyError:
    if found.is_over:
        return PolicyError("policy.warning-over", f"{member} has answered, or the warning was withdrawn")
    return PolicyError("policy.warning-exhausted", f"every level was paged for {member} already")
