"""The shelves: each document is put into its story, in one commit with its capture; acts of people move them.

What is in memory is made of the library again at each start, and after each commit that failed: nothing is compared for that, the
library says which story a document is in. Vectors of another model than today's are made anew beside the work, a few at a time.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, NamedTuple, Protocol

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from tocsin.desk import catalogue, library, register, telling, thresholds
from tocsin.desk.catalogue import FOLLOWED, OPEN
from tocsin.desk.document import Act, Begun, Document, Finding, Lead, Mark, Reading, Verdict
from tocsin.desk.finding.indicators import Listed as Forbids
from tocsin.desk.gathering import Read
from tocsin.desk.library import Kept, Tally
from tocsin.desk.sayings import objects_of
from tocsin.desk.shown import Listed
from tocsin.desk.stories.events import marked, story_name
from tocsin.desk.stories.linking import Encode, packed
from tocsin.desk.stories.newsroom import Newsroom
from tocsin.desk.telling import Evidence, Shelf
from tocsin.errors import AccessError, ConfigError, StoreError
from tocsin.ports.clock import Clock
from tocsin.ports.database import Database, Transaction
from tocsin.ports.database import Reading as View

MOST_SHELVED: Final = 100  # of one story are looked at for its row; its documents are counted all
_BLOCK: Final = 2_000
_ENCODED: Final = 16  # leads at a time
_MOST_KNOWN: Final = 200_000
_SENTENCES: Final = 5_000
_LARGE: Final = 40  # documents: a story of fewer is told anew with each that comes


class Watched(Protocol):
    """Our standing interests."""

    def seek(self, tx: Transaction, stories: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[tuple[str, str]]:
        """("kind text" of an interest, story) of everything that these objects of stories meet."""
        ...

    async def standing(self, labels: Iterable[str]) -> frozenset[str]:
        """Those of these "kind text" that are looked for now."""
        ...

    def tell(self, tx: Transaction, fresh: Sequence[tuple[int, str]]) -> None:
        """Inside the commit: (number, story) of what was met for the first time, so that our own people are told once."""
        ...

    def told(self) -> None:
        """After the commit: whoever waits is woken."""
        ...


@dataclass(frozen=True, slots=True)
class Ground:
    """What the shelves stand on. `model`: the encoder across languages, if there is one; loaded when first needed.

    `called`: the model's name and version; vectors of another are made anew.
    """

    database: Database
    clock: Clock
    forbids: Forbids
    watched: Watched
    model: Callable[[], Encode | None]
    called: str = ""


class _Placed(NamedTuple):
    """A document with its place. `begun`: if its story is compared by it."""

    kept: Kept
    reading: Reading
    mark: Mark
    begun: Begun | None


class _Plan(NamedTuple):
    """What changes besides the documents that came: rows, documents that go to another story, stories that are left empty."""

    rows: Sequence[Listed]
    moves: Mapping[str, str]
    emptied: Mapping[str, str]
    moved: Sequence[tuple[Kept, Reading]]

    def write(self, tx: Transaction) -> None:
        for story in sorted(set(self.moves.values())):
            library.move(tx, [one for one, target in self.moves.items() if target == story], story)
        for story, into in self.emptied.items():
            catalogue.drop(tx, story, into)
        for row in self.rows:
            catalogue.put(tx, row)


class _Held(NamedTuple):
    """A story as it stands, without what leaves it. `shelf`: None if it is but counted."""

    row: Listed | None
    tally: Tally
    shelf: Shelf | None

    @property
    def state(self) -> str:
        return self.row.state if self.row else OPEN


class Shelves:
    """See gathering.Shelves. One change at a time; whoever reads is not held up."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._turn = asyncio.Lock()
        self._room: Newsroom | None = None
        self._names: dict[str, str] = {}  # a story's name in memory: in the library, where it is another
        self._waiting: list[Lead] = []  # for a vector of today's model
        self._encode: Encode | None = None
        self._is_loaded = False
        self._known: dict[tuple[str, str], float] = {}
        self._vectors: OrderedDict[str, NDArray[np.float32]] = OrderedDict()

    async def ready(self) -> None:
        """Make the stories of the window again, so that nobody waits for it later. Raises StoreError."""
        async with self._turn:
            await self._ready()

    @property
    def live(self) -> int:
        """Documents in memory."""
        return len(self._room) if self._room is not None else 0

    async def encoded(self) -> None:
        """Make the vectors that are missing, or are of another model. Raises StoreError."""
        while self._waiting:
            async with self._turn:
                room = await self._ready()
                encode, leads = self._encode, self._waiting[:_ENCODED]
                if encode is None or not leads:
                    return
                vectors = await asyncio.to_thread(encode, [one.text for one in leads])
                begun = [Begun(one, packed(vector)) for one, vector in zip(leads, vectors, strict=True)]

                def work(tx: Transaction, begun: Sequence[Begun] = begun) -> None:
                    for one in begun:
                        library.lead(tx, one.lead, self._ground.called, one.vector)

                await self._write(work)
                del self._waiting[:_ENCODED]
                for one in begun:
                    room.relink(one)

    async def related(self, story: str) -> list[str]:
        """Stories that are like this one and not the same event; none while memory is being made."""
        if self._room is None:
            return []
        async with self._turn:
            room = await self._ready()
            live = next((one for one, name in self._names.items() if name == story), story)
            found = await asyncio.to_thread(room.related, live)
        return [one for one in dict.fromkeys(self._name(one.other) for one in found) if one != story]

    def compared(self, languages: Iterable[str]) -> tuple[str, ...]:
        """Those of which stories are linked across languages here."""
        room = self._room
        return tuple(one for one in languages if room is not None and room.compared(one))

    async def put(self, source: int, found: Sequence[Read], also: Callable[[Transaction], None]) -> int:
        """See gathering.Shelves."""
        database, told = self._ground.database, {one.id: (one, reading) for one, reading in found}
        async with self._turn:
            fresh = await database.read(lambda db: library.unseen(db, told))
            pairs = [(one, self._checked(reading)) for one, reading in told.values() if one.id in fresh]
            if not pairs:
                await database.write(also)
                return 0
            room = await self._ready()
            homes = await database.read(lambda db: library.homes(db, {one.article for one, _ in pairs}))
            placed, moved = await asyncio.to_thread(self._placed, room, source, pairs, homes)
            plan = await self._planned(placed, moved)
            objects = objects_of((one.kept, one.reading) for one in placed)

            def work(tx: Transaction) -> None:
                also(tx)
                for one in placed:
                    library.add(tx, one.kept, one.reading, one.mark)
                    if one.begun:
                        library.lead(
                            tx, one.begun.lead, self._ground.called if one.begun.vector else "", one.begun.vector
                        )
                plan.write(tx)
                met = catalogue.met(tx, self._ground.watched.seek(tx, objects), self._ground.clock.now_us())
                self._ground.watched.tell(tx, met)
                if plan.moved:
                    # What moved meets what it met before; nobody is told of that a second time.
                    again = self._ground.watched.seek(tx, objects_of(plan.moved))
                    catalogue.met(tx, again, self._ground.clock.now_us())

            await self._write(work)
            self._ground.watched.told()
            return len(placed)

    async def merge(self, story: str, other: str, by: str) -> str:
        """All documents of another story belong to this one. Raises AccessError("desk.unknown-story"), ConfigError."""
        if story == other:
            raise ConfigError("config.value", "a story cannot be merged with itself")
        async with self._turn:
            room = await self._ready()
            kept, moved = await self._ground.database.read(lambda db: (_ids(db, story), _ids(db, other)))
            act = Act(True, tuple(moved), tuple(kept), by, self._ground.clock.now_us())

            def work(tx: Transaction) -> None:
                catalogue.remember(tx, act)
                library.move(tx, moved, story)
                catalogue.drop(tx, other, story)

            await self._decided(room, act, work, dict.fromkeys((*kept, *moved), story))
            return story

    async def split(self, story: str, documents: Sequence[str], by: str) -> str:
        """These documents are another story. Raises AccessError("desk.unknown-story"), ConfigError("config.value")."""
        async with self._turn:
            room = await self._ready()
            held = await self._ground.database.read(lambda db: _ids(db, story))
            torn = [one for one in held if one in set(documents)]
            rest = [one for one in held if one not in set(torn)]
            if len(torn) != len(set(documents)) or not torn or not rest:
                raise ConfigError("config.value", "some documents of the story go, and some stay")
            act = Act(False, tuple(torn), tuple(rest), by, self._ground.clock.now_us())
            made = story_name("split", story, *torn, str(act.at_us))

            def work(tx: Transaction) -> None:
                catalogue.remember(tx, act)
                library.move(tx, torn, made)

            await self._decided(room, act, work, {**dict.fromkeys(rest, story), **dict.fromkeys(torn, made)})
            return made

    def similar(self, one: Sequence[str], other: Sequence[str]) -> Sequence[Sequence[float]]:
        """Sentences against sentences by the model, if there is one."""
        made: list[list[float]] = (self._vectored(one) @ self._vectored(other).T).tolist()
        return made

    def evidence(self, letters: Mapping[int, str]) -> Evidence:
        """What a story's row is made with now."""
        if len(self._known) > _MOST_KNOWN:
            self._known.clear()
        return Evidence(letters, self.similar if self._encode else None, self._known)

    # -- inside -------------------------------------------------------------------------------------------------

    def _name(self, story: str) -> str:
        """What the library calls a story of memory."""
        return self._names.get(story, story)

    async def _ready(self) -> Newsroom:
        if not self._is_loaded:
            self._encode = await asyncio.to_thread(self._ground.model)
            self._is_loaded = True
        if self._room is None:
            read, since = self._ground.database.read, self._ground.clock.now_us() - thresholds.WINDOW_US
            room = Newsroom(await read(catalogue.acts), self._encode)
            after = max(0, await read(library.newest) - thresholds.LIVE_DOCUMENTS)
            strands: dict[tuple[str, str], str] = {}
            while block := await read(partial(library.marks, since_us=since, after=after, limit=_BLOCK)):
                after = block[-1][0]
                await asyncio.to_thread(_again, room, strands, block)
            waiting: list[Lead] = []
            place = (since, "")
            while begun := await read(partial(library.leads, after=place, limit=_BLOCK)):
                place = (begun[-1][0].seen_us, begun[-1][0].document)
                held = [Begun(lead, vector) for lead, model, vector in begun if vector and model == self._ground.called]
                waiting += [lead for lead, model, vector in begun if not vector or model != self._ground.called]
                await asyncio.to_thread(_linked, room, held)
            self._room, self._names, self._waiting = room, {}, waiting if self._encode else []
        return self._room

    async def _write(self, work: Callable[[Transaction], None]) -> None:
        try:
            await self._ground.database.write(work)
        except StoreError:
            self._room = None  # memory holds what may not be there
            raise

    async def _decided(
        self, room: Newsroom, act: Act, work: Callable[[Transaction], None], homes: Mapping[str, str]
    ) -> None:
        """Move documents in memory and in the library, and write the rows of the stories they are in then."""

        def held(db: View) -> tuple[dict[str, Shelf], dict[str, Tally], dict[int, str], dict[str, str]]:
            before = sorted(set(library.story_of(db, homes).values()))
            told = [one for story in before for one in library.facts(db, story) if one.document in homes]
            tallies: dict[str, Tally] = {}
            shelves: dict[str, list[str]] = {}
            for one in sorted(told, key=lambda fact: fact.is_copy):
                story = homes[one.document]
                tallies.setdefault(story, Tally()).add(one.outlet, one.language, one.seen_us, is_copy=one.is_copy)
                shelves.setdefault(story, []).append(one.document)
            looked_at: dict[str, Shelf] = {
                story: library.these(db, ids[:MOST_SHELVED]) for story, ids in shelves.items()
            }
            return looked_at, tallies, register.letters(db), {one.id: one.state for one in catalogue.rows(db, before)}

        shelves, tallies, letters, states = await self._ground.database.read(held)
        evidence = self.evidence(letters)

        def made() -> list[Listed]:
            room.decide(act)
            out = []
            for story, shelf in shelves.items():
                moved = [(replace(kept, story=story), reading) for kept, reading in shelf]
                out.append(telling.listed(moved, tallies[story], states.get(story, OPEN), evidence))
            return out

        rows = await asyncio.to_thread(made)
        objects = objects_of(
            (replace(kept, story=story), reading) for story, shelf in shelves.items() for kept, reading in shelf
        )

        def all_of_it(tx: Transaction) -> None:
            work(tx)
            for one in rows:
                catalogue.put(tx, one)
            # What was split off meets what it met before; nobody is told of that a second time.
            catalogue.met(tx, self._ground.watched.seek(tx, objects), self._ground.clock.now_us())

        await self._write(all_of_it)
        for document, story in homes.items():
            held_in = room.story_of(document)
            if held_in and held_in != story:
                self._names[held_in] = story

    def _checked(self, reading: Reading) -> Reading:
        """With what our lists forbid suppressed, and the list named: whoever reads has no lists."""
        return replace(reading, findings=tuple(self._judged(one) for one in reading.findings))

    def _judged(self, one: Finding) -> Finding:
        if one.verdict is Verdict.SUPPRESSED:
            return one
        listed = self._ground.forbids(one.kind, one.value)
        return replace(one, verdict=Verdict.SUPPRESSED, reason=listed) if listed else one

    def _placed(
        self, room: Newsroom, source: int, pairs: Sequence[tuple[Document, Reading]], homes: Mapping[str, str]
    ) -> tuple[list[_Placed], dict[str, str]]:
        """What came with its places, and the places of what had to move for it."""
        found = [room.add(reading, homes.get(document.article, "")) for document, reading in pairs]
        moved = {one for each in found for one in each.moved} - {document.id for document, _ in pairs}
        out = []
        for (document, reading), one in zip(pairs, found, strict=True):
            story = self._name(room.story_of(document.id) or one.story)
            mark = replace(marked(reading), copy_of=one.copy_of)
            out.append(_Placed(Kept(0, source, story, one.copy_of, document), reading, mark, one.begun))
        return out, {one: self._name(held) for one in sorted(moved) if (held := room.story_of(one))}

    async def _planned(self, placed: Sequence[_Placed], moved: Mapping[str, str]) -> _Plan:
        added: dict[str, list[tuple[Kept, Reading]]] = {}
        for one in placed:
            added.setdefault(one.kept.story, []).append((one.kept, one.reading))

        def held(db: View) -> tuple[dict[int, str], dict[str, str], dict[str, _Held]]:
            before = {one: story for one, story in library.story_of(db, moved).items() if story != moved[one]}
            for kept, reading in library.these(db, before):
                added.setdefault(moved[kept.document.id], []).append((kept, reading))
            touched = sorted({*added, *before.values()})
            rows = {one.id: one for one in catalogue.rows(db, touched)}
            left = set(before.values())
            stories: dict[str, _Held] = {}
            for story in touched:
                row = rows.get(story)
                if story in left:
                    stories[story] = _Held(row, *_remaining(db, story, before))
                    continue
                tally = library.tally(db, story)
                is_counted = row is not None and _is_counted(tally, added.get(story, ()))
                stories[story] = _Held(row, tally, None if is_counted else library.shelf(db, story, MOST_SHELVED))
            return register.letters(db), before, stories

        letters, before, stories = await self._ground.database.read(held)
        evidence = self.evidence(letters)
        emptied = {
            story: moved[one]
            for one, story in before.items()
            if not stories[story].tally.documents and story not in added
        }
        followed = {into for story, into in emptied.items() if stories[story].state == FOLLOWED}

        def made() -> list[Listed]:
            rows = []
            for story, held in stories.items():
                if story not in emptied:
                    state = FOLLOWED if held.state == OPEN and story in followed else held.state
                    rows.append(_row(story, held, added.get(story, ()), state, evidence))
            return rows

        moves = {one: moved[one] for one in before}
        gone_to = [
            (replace(kept, story=moved[kept.document.id]), reading)
            for pairs in added.values()
            for kept, reading in pairs
            if kept.document.id in before
        ]
        return _Plan(await asyncio.to_thread(made), moves, emptied, gone_to)

    def _vectored(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Their vectors, a row for each; those that are not known are made in one go."""
        missing = [one for one in dict.fromkeys(texts) if one not in self._vectors]
        if missing and self._encode is not None:
            self._vectors.update(zip(missing, np.asarray(self._encode(missing), np.float32), strict=True))
        made = np.stack([self._vectors[one] for one in texts])
        while len(self._vectors) > _SENTENCES:
            self._vectors.popitem(last=False)
        return made


def _remaining(db: View, story: str, before: Mapping[str, str]) -> tuple[Tally, Shelf]:
    """What a story has without what leaves it."""
    made, left = Tally(), [one for one in library.facts(db, story) if one.document not in before]
    for one in left:
        made.add(one.outlet, one.language, one.seen_us, is_copy=one.is_copy)
    firsts = sorted(left, key=lambda one: one.is_copy)[:MOST_SHELVED]
    return made, library.these(db, [one.document for one in firsts])


def _is_counted(tally: Tally, fresh: Shelf) -> bool:
    """Whether a large story is told as before: what came are copies without values, or behind what is looked at."""
    if tally.documents < _LARGE:
        return False
    is_full = tally.documents - tally.copies >= MOST_SHELVED
    return all(is_full or (kept.copy_of and not reading.findings) for kept, reading in fresh)


def _row(story: str, held: _Held, fresh: Shelf, state: str, evidence: Evidence) -> Listed:
    for kept, reading in fresh:
        held.tally.add(kept.document.outlet, reading.language, reading.seen_us, is_copy=bool(kept.copy_of))
    if held.row is not None and held.shelf is None:
        return replace(telling.counted(held.row, held.tally), state=state)
    whole = [(replace(kept, story=story), reading) for kept, reading in (*(held.shelf or ()), *fresh)]
    return telling.listed(_looked_at(whole), held.tally, state, evidence)


def _looked_at(whole: Shelf) -> Shelf:
    """As library.shelf() does: at most so many, those that are no copies first."""
    if len(whole) <= MOST_SHELVED:
        return whole
    firsts = sorted(range(len(whole)), key=lambda at: (whole[at][0].copy_of != "", at))[:MOST_SHELVED]
    return [whole[at] for at in sorted(firsts)]


def _ids(db: View, story: str) -> list[str]:
    found = library.ids(db, story)
    if not found:
        raise AccessError("desk.unknown-story", "there is no such story here")
    return found


def _again(room: Newsroom, strands: dict[tuple[str, str], str], block: Iterable[tuple[int, str, Mark]]) -> None:
    for _, story, mark in block:
        room.restore(mark, story, strands)


def _linked(room: Newsroom, begun: Iterable[Begun]) -> None:
    for one in begun:
        room.relink(one)
