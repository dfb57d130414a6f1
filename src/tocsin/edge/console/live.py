"""What Watch shows, followed once for all who look: the board of open warnings, and what changed from one look to the next.

Pages and streams show the same board, so that a page and the pushes after it fit together without a gap. A push is what
changed since the reader's cursor; who has fallen too far behind gets the whole board. Nothing is kept for a slow reader.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

from tocsin.desk import catalogue
from tocsin.edge.control.services import Services
from tocsin.edge.signin.tickets import text
from tocsin.exchange.warn import board as room
from tocsin.exchange.warn.board import Due, Open
from tocsin.exchange.warn.ladder import State
from tocsin.formats.alert import Alert
from tocsin.formats.text import instant
from tocsin.formats.tlp import Tlp
from tocsin.ports.database import Reading
from tocsin.ports.entropy import Entropy

ASKED: Final = 750  # warnings on one page that wait for us
GIVEN: Final = 100  # of ours, that wait for others
COALESCED_S: Final = 0.25
BEAT_S: Final = 4.0
_CHANGES: Final = 64  # who is further behind gets the whole board
_CLOSED: Final = 256
_T = TypeVar("_T")
_SHARE: Final = 4  # a look that took a second is followed by four without one


@dataclass(frozen=True, slots=True)
class Board:
    """One state of what Watch shows. `serial` grows by one with each change of it."""

    serial: int
    position: int  # of the journal, up to which everything is in it
    cards: Mapping[str, Mapping[str, Any]]  # by id, what is due first
    due: Due
    up: int
    peers: int
    met: int  # the newest of what stories met of our standing interests, by its number
    changes_at: int | None  # when time alone changes it next

    @property
    def rest(self) -> int:
        """How many that wait for us are not among the cards."""
        return max(0, self.due.open - sum(bool(one["asks_us"]) for one in self.cards.values()))


class Push(NamedTuple):
    """What a reader lacks: cards in their order, ids whose cards are to go, ids that the reader has never seen."""

    board: Board
    cards: tuple[Mapping[str, Any], ...]
    gone: tuple[str, ...]
    new: tuple[str, ...]
    is_whole: bool


class _Change(NamedTuple):
    serial: int
    cards: frozenset[str]
    gone: frozenset[str]
    new: frozenset[str]


class _Found(NamedTuple):
    open: list[Open]
    closed: list[Open]
    due: Due
    texts: dict[int, Alert | None]
    met: int


@dataclass(slots=True)
class _Kept:
    """What was published last. Of what the warnings say nothing stays when anything is erased: digests do."""

    board: Board | None = None
    serial: int = 0
    digests: dict[str, int] = field(default_factory=dict)
    changes: deque[_Change] = field(default_factory=lambda: deque(maxlen=_CHANGES))
    closed: OrderedDict[str, Mapping[str, Any]] = field(default_factory=OrderedDict)
    made: dict[str, "asyncio.Future[Any]"] = field(default_factory=dict)  # of this serial, for all who read it
    texts: dict[int, Alert | None] = field(default_factory=dict)
    plate: tuple[Any, ...] = ()
    forgotten: int = 0
    cost_s: float = 0.0


class Live:
    """One per console."""

    def __init__(self, services: Services, entropy: Entropy) -> None:
        self._services = services
        self._run = text(entropy.bytes(6))  # a cursor counts in one run of the node
        self._kept = _Kept()
        self._look = asyncio.Lock()
        self._moved = asyncio.Event()
        self._readers = 0
        self._task: asyncio.Task[None] | None = None
        services.journal.on_erased(lambda _: self._forget())

    # -- reading --------------------------------------------------------------------------------------------------

    async def board(self) -> Board:
        """As it stands now, with everything in it that was committed before the call. Raises StoreError."""
        head = self._services.journal.head
        async with self._look:
            kept = self._kept.board
            if kept is None or self._is_old(kept, head):
                kept = await self._looked()
            return kept

    def cursor(self, at: Board) -> str:
        """Where a reader of this board goes on."""
        return f"{self._run}-{at.serial}"

    def since(self, cursor: str) -> Push | None:
        """What a reader at this cursor lacks; None for nothing."""
        kept, now = self._kept, self._kept.board
        run, _, serial = cursor.rpartition("-")
        at = int(serial) if serial.isascii() and serial.isdecimal() and len(serial) < 19 else -1
        if now is None or (run == self._run and at == now.serial):
            return None
        missed = [one for one in kept.changes if at < one.serial <= now.serial]
        if run != self._run or len(missed) != now.serial - at:
            return Push(now, tuple(now.cards.values()), (), (), is_whole=True)
        changed = frozenset[str]().union(*(one.cards for one in missed))
        gone = frozenset[str]().union(*(one.gone for one in missed)) - now.cards.keys()
        new = frozenset[str]().union(*(one.new for one in missed)) & now.cards.keys()
        shown = [one for id_, one in now.cards.items() if id_ in changed]
        shown += [kept.closed[id_] for id_ in sorted(gone) if id_ in kept.closed]
        return Push(now, tuple(shown), tuple(sorted(gone - kept.closed.keys())), tuple(sorted(new)), is_whole=False)

    def card(self, id_: str) -> Mapping[str, Any] | None:
        """A warning of the newest board, or one that has just left it."""
        kept = self._kept
        return (kept.board.cards.get(id_) if kept.board else None) or kept.closed.get(id_)

    async def once(self, key: str, make: Callable[[], Awaitable[_T]]) -> _T:
        """What goes with the newest board and is alike for many readers: made for the first, and given to the others."""
        made = self._kept.made
        if key not in made:
            made[key] = asyncio.ensure_future(make())
        try:
            found: _T = await asyncio.shield(made[key])
        except Exception:
            made.pop(key, None)  # the next reader tries again
            raise
        return found

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[None]:
        """While somebody reads, the board is followed."""
        self._readers += 1
        if self._task is None or self._task.done():
            self._task = asyncio.ensure_future(self._follow())
        try:
            yield
        finally:
            self._readers -= 1
            if self._readers == 0 and self._task is not None:
                self._task.cancel()
                self._task = None

    @property
    def is_followed(self) -> bool:
        """Whether anything will come; a store that does not answer ends it."""
        return self._task is not None and not self._task.done()

    @property
    def position(self) -> int:
        """Up to where the journal is in the newest board."""
        return self._kept.board.position if self._kept.board else 0

    @property
    def moved(self) -> asyncio.Event:
        """Set when the board becomes another one; take it before looking."""
        return self._moved

    # -- following ------------------------------------------------------------------------------------------------

    async def _follow(self) -> None:
        """Look when the journal has grown, when time changes something, and at each beat for the links."""
        clock = self._services.clock
        try:
            while True:
                at = await self.board()
                looked = clock.monotonic()
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._patience(at)):
                        await self._services.journal.grown(at.position)
                rest = min(BEAT_S, max(COALESCED_S, _SHARE * self._kept.cost_s)) - (clock.monotonic() - looked)
                if rest > 0:
                    await clock.sleep(rest)
        except Exception as error:  # noqa: BLE001 - the edge: readers are let go, and come back when the store does
            self._services.note("internal.error", "", f"Watch is not followed: {type(error).__name__}")
        finally:
            self._announce()

    def _patience(self, at: Board) -> float:
        if at.changes_at is None:
            return BEAT_S
        return min(BEAT_S, max(0.0, (at.changes_at - self._services.clock.now_us()) / 1e6))

    def _is_old(self, kept: Board, head: int) -> bool:
        due = kept.changes_at is not None and kept.changes_at <= self._services.clock.now_us()
        return due or kept.position < head or (kept.up, kept.peers) != self._links()

    def _links(self) -> tuple[int, int]:
        links = self._services.links()
        return sum(one["state"] == "up" for one in links), len(links)

    async def _looked(self) -> Board:
        """Look, and publish what is new."""
        services, kept = self._services, self._kept
        head = services.journal.head
        await services.synced()
        began = services.clock.monotonic()  # what others took to follow the journal is no reason to look less often
        now, links = services.clock.now_us(), self._links()
        found, forgotten = None, -1
        while found is None or forgotten != kept.forgotten:  # what was read may have been erased meanwhile
            forgotten = kept.forgotten
            found = await services.journal.database.read(lambda db: self._read(db, now))
        kept.texts = found.texts
        cards = {one.warned.id: self._card(one, now) for one in found.open}
        digests = {id_: hash(msgspec.json.encode(one)) for id_, one in cards.items()}
        changed = frozenset(id_ for id_, one in digests.items() if kept.digests.get(id_) != one)
        gone = frozenset(kept.digests.keys() - digests.keys())
        for one in found.closed:
            if _is_closed(one, services.members.me):
                kept.closed[one.warned.id] = self._card(one, now)
        while len(kept.closed) > _CLOSED:
            kept.closed.popitem(last=False)
        plate = (found.due, *links, found.met)
        if changed or gone or plate != kept.plate:
            kept.serial += 1
            kept.made = {}
            kept.changes.append(_Change(kept.serial, changed, gone, changed - kept.digests.keys()))
        is_new = kept.board is None or kept.board.serial != kept.serial
        kept.digests, kept.plate = digests, plate
        kept.board = Board(kept.serial, head, cards, found.due, *links, found.met, _changes_at(found.open, now))
        kept.cost_s = services.clock.monotonic() - began
        if is_new:
            self._announce()
        return kept.board

    def _read(self, db: Reading, now: int) -> _Found:
        me, kept = self._services.members.me, self._kept
        open_ = room.open_(db, me, ASKED, GIVEN)
        gone = kept.digests.keys() - {one.warned.id for one in open_}
        closed = [one for id_ in sorted(gone)[:_CLOSED] if (one := room.one(db, me, id_)) is not None]
        shown = [one.warned for one in (*open_, *closed)]
        known = {one.position: kept.texts[one.position] for one in shown if one.position in kept.texts}
        known |= room.texts(db, [one for one in shown if one.position not in known])
        return _Found(open_, closed, room.due(db, me, now), known, catalogue.newest_hit(db))

    def _card(self, one: Open, now: int) -> dict[str, Any]:
        return card(self._services, one, self._kept.texts.get(one.warned.position), now)

    def _announce(self) -> None:
        self._moved.set()
        self._moved = asyncio.Event()

    def _forget(self) -> None:
        """Something was erased: no copy of what warnings say outlives it. The next look shows what is left."""
        self._kept.forgotten += 1
        self._kept.board = None
        self._kept.texts = {}
        self._kept.made = {}
        self._kept.closed.clear()


def card(services: Services, one: Open, said: Alert | None, now: int) -> dict[str, Any]:
    """A warning as people and programs are shown it in a list."""
    warned, me = one.warned, services.members.me
    asks_us = bool(one.is_asked)
    silent = one.asked - one.answered
    is_over = bool(warned.withdrawn) or _is_closed(one, me)
    return {
        "id": warned.id,
        "giver": warned.giver,
        "channel": _channel(services, warned.log),
        "topic": warned.topic,
        "urgency": warned.urgency,
        "marking": Tlp(warned.marking).label,
        "headline": said.headline if said else None,
        "threatened": said.threatened if said else None,
        "countries": list(said.countries) if said else [],
        "added": instant(warned.added),
        "answer_by": instant(warned.answer_by),
        "due_ms": warned.answer_by // 1000,
        # One number: browsers compare it as such, and as the board is sorted, by deadline and id.
        "order": f"{warned.answer_by:017d}{int(warned.id[8:15], 16):09d}",
        "asks_us": asks_us,
        "is_ours": warned.giver == me,
        "state": _state(one, now, is_over=is_over).value,
        "until": instant(one.until) if one.until > now and not is_over else None,
        "overdue": silent > 0 and not is_over and warned.answer_by < now,
        "level": one.level,
        "counts": {
            "asked": one.asked,
            "stored": one.stored if warned.giver == me else None,
            "acknowledged": one.acknowledged,
            "answered": one.answered,
            "affects-us": one.affects,
            "not-us": one.not_us,
            "need-more": one.need_more,
            "acting": one.acting,
        },
    }


def _is_closed(one: Open, me: str) -> bool:
    """Whether nobody has to do anything about it here any more."""
    if one.warned.withdrawn or one.answered == one.asked:
        return True
    return one.warned.giver != me and bool(one.is_asked) and one.our_answer is not None


def _state(one: Open, now: int, *, is_over: bool) -> State:
    if one.warned.withdrawn:
        return State.WITHDRAWN
    if is_over:
        return State.ANSWERED
    if one.until > now:
        return State.ACKNOWLEDGED
    return State.OPEN if one.ours_at is None else State.RETURNED


def _changes_at(found: list[Open], now: int) -> int | None:
    """A microsecond after the next deadline, or when the next acknowledgement runs out."""
    moments = [one.warned.answer_by + 1 for one in found if one.warned.answer_by >= now]
    return min([*moments, *(one.until for one in found if one.until > now)], default=None)


def _channel(services: Services, log: int) -> str:
    number = services.logs.numbered(log).channel
    return next((one.name for one in services.members.generations() if one.number == number), "")
