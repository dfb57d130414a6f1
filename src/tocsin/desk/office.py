"""The desk's office: what pages and commands ask of the desk. One per node."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from msgspec.structs import replace

from tocsin.desk import catalogue, drafting, library, register, telling
from tocsin.desk.catalogue import STATES
from tocsin.desk.document import Act, Difference, Document, Quote, Version
from tocsin.desk.finding.indicators import Listed as Forbids
from tocsin.desk.finding.words import sought
from tocsin.desk.gathering import Gathering, Parts, Reader
from tocsin.desk.generated import Asking, Means
from tocsin.desk.keeping import Keeping
from tocsin.desk.register import Register
from tocsin.desk.shelves import MOST_SHELVED, Ground, Shelves, Watched
from tocsin.desk.shown import ALL, Also, Decided, Figures, Hit, Listed, Told
from tocsin.desk.sources import standing
from tocsin.desk.stories.linking import Encode
from tocsin.desk.stories.origins import grade_of
from tocsin.desk.stories.summary import answers_to, summary_of, timeline_of
from tocsin.desk.stories.versions import between, versions_of
from tocsin.errors import AccessError, ConfigError, StoreError
from tocsin.formats import decision
from tocsin.ports.clock import Clock
from tocsin.ports.database import Database, Transaction
from tocsin.ports.database import Reading as View
from tocsin.ports.outside import Outside

_MOST: Final = 500
_VERSIONS: Final = 50
_LONGEST: Final = 2000
_SOUGHT: Final = 6  # words
_ACTS: Final = 20  # of one story
_TITLES: Final = 3  # of one side of a decision
_FIRST: Final = (1 << 62, "")
_LOOK_S: Final = 60.0
_SWEPT_S: Final = 3_600.0


@dataclass(frozen=True, slots=True)
class World:
    """What the office has of the node. `author`: the identity that drafts are made by; `called`: what the model is.

    `keep_days`: how long stories are kept to which nothing comes; 0: for ever.
    """

    database: Database
    clock: Clock
    outside: Outside
    reader: Reader
    note: Callable[[str, str, str], None]
    forbids: Forbids
    watched: Watched
    model: Callable[[], Encode | None]
    author: Callable[[], str]
    called: str = ""
    keep_days: int = 0
    means: Means | None = None  # of asking a generative model


class Office:
    """Sources, stories, and what people make of them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._database = world.database
        self._shelves = Shelves(
            Ground(world.database, world.clock, world.forbids, world.watched, world.model, world.called)
        )
        self._gathering = Gathering(
            Parts(world.database, world.clock, world.outside, world.reader, self._shelves, world.note)
        )
        self.asking = Asking(world.database, world.clock, self._shelves, world.means)

    async def run(self) -> None:
        """Ask sources when they are due, for ever."""
        if (await self.counts())[0]:
            await self._shelves.ready()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._encoding())
            tasks.create_task(self._sweeping())
            tasks.create_task(self._gathering.run())

    async def _encoding(self) -> None:
        while True:
            try:
                await self._shelves.encoded()
            except StoreError as error:
                self._world.note(error.code, "", "vectors of stories could not be kept")
            await self._world.clock.sleep(_LOOK_S)

    async def _sweeping(self) -> None:
        keeping = Keeping(self._database, self._world.clock, self._world.keep_days)
        while True:
            try:
                await keeping.swept()
            except StoreError as error:
                self._world.note(error.code, "", "old documents could not be deleted")
            await self._world.clock.sleep(_SWEPT_S)

    async def figures(self) -> Figures:
        """How the desk stands, for those who watch it."""
        documents, stories = await self.counts()
        entries = await self.register.all()
        now_us = self._world.clock.now_us()
        due = (now_us - health.next_us for _, source, health in entries if health.next_us and not source.paused)
        states = Counter(standing(source, health).value for _, source, health in entries)
        return Figures(documents, stories, self._shelves.live, states, max(0.0, max(due, default=0) / 1e6))

    # -- sources ------------------------------------------------------------------------------------------------

    @property
    def register(self) -> Register:
        """The sources there are."""
        return self._gathering.register

    async def pull(self, name: str) -> dict[str, Any]:
        """See Gathering."""
        return await self._gathering.pull(name)

    async def tried(self, name: str) -> dict[str, Any]:
        """See Gathering."""
        return await self._gathering.tried(name)

    async def imported(self, body: bytes, url: str, media_type: str, outlet: str = "") -> dict[str, Any]:
        """See Gathering; with the stories that the documents are in."""
        return await self._storied(await self._gathering.imported(body, url, media_type, outlet))

    async def imported_from(self, url: str) -> dict[str, Any]:
        """See Gathering; with the stories that the documents are in."""
        return await self._storied(await self._gathering.imported_from(url))

    async def _storied(self, told: dict[str, Any]) -> dict[str, Any]:
        found = await self._database.read(lambda db: library.story_of(db, told["ids"]))
        return {**told, "stories": list(dict.fromkeys(found.values()))}

    # -- stories ------------------------------------------------------------------------------------------------

    async def counts(self) -> tuple[int, int]:
        """(documents, stories)."""
        return await self._database.read(catalogue.counts)

    async def stories(
        self,
        *,
        topic: str = "",
        country: str = "",
        language: str = "",
        state: str = "",
        also: Also = ALL,
        before: tuple[int, str] = (0, ""),
        limit: int = 50,
    ) -> list[Listed]:
        """Stories, the newest first. The next page: `before` is (last_us, id) of the last one."""
        asked = {"topic": topic, "country": country.upper(), "language": language.lower(), "state": state}
        wanted = [f"{key}:{text}" for key, text in asked.items() if text]
        wanted[:0] = [f"word:{word}" for word in sought(also.text)[:_SOUGHT]]
        wanted[:0] = [catalogue.OF_INTEREST] if also.of_interest else []
        start = before if before != (0, "") else _FIRST
        return await self._database.read(lambda db: catalogue.page(db, wanted, start, max(1, min(limit, _MOST))))

    async def named(self, text: str) -> str:
        """The story whose id begins so. Raises AccessError("desk.unknown-story")."""
        found = await self._database.read(lambda db: catalogue.beginning(db, text)) if text else []
        if len(found) != 1:
            raise AccessError("desk.unknown-story", "no story, or more than one, has an id that begins so")
        return found[0]

    async def story(self, story_id: str) -> Told:
        """A story in full. Raises AccessError("desk.unknown-story"), StoreError."""
        others = await self._shelves.related(story_id)

        def held(db: View) -> tuple[Any, ...]:
            shelf = library.shelf(db, story_id, MOST_SHELVED)
            return (
                shelf,
                catalogue.rows(db, [story_id]),
                register.letters(db),
                catalogue.judged(db, story_id),
                catalogue.rows(db, others),
                catalogue.hits_of(db, story_id),
            )

        shelf, row, letters, judged, related, met = await self._database.read(held)
        standing = await self._world.watched.standing(met)
        interests = [one for one in met if one in standing]
        if not shelf or not row:
            raise AccessError("desk.unknown-story", "there is no such story here")
        evidence = self._shelves.evidence(letters)

        def made() -> Told:
            found = telling.origins(shelf, evidence)
            readings = [reading for _, reading in shelf]
            documents = {kept.document.id: kept.document for kept, _ in shelf}
            copies = {kept.document.id: kept.copy_of for kept, _ in shelf if kept.copy_of}
            plain = [reading for reading in readings if reading.document not in copies] or readings
            entries = timeline_of(list(documents.values()), copies)
            return Told(
                listed=row[0],
                shelved=telling.shelved(shelf, found),
                origins=found,
                grade=grade_of(found, telling.letter_of(shelf, found, letters)),
                places=telling.places(shelf),
                organisations=telling.organisations(shelf),
                topics=telling.topics(shelf),
                findings=telling.findings(shelf, judged),
                summary=summary_of(plain, row[0].languages[0] if row[0].languages else ""),
                timeline=tuple((one.published.last_us, one.document, documents[one.document].title) for one in entries),
                related=tuple(related),
                compared=self._shelves.compared(row[0].languages),
                interests=tuple(interests),
            )

        return await asyncio.to_thread(made)

    async def document(self, document_id: str) -> tuple[Document, tuple[Version, ...], str]:
        """A document, the versions of its article, its story. Raises AccessError("desk.unknown-story")."""
        shelf = self._gathering.library
        kept, _ = await shelf.document(document_id)
        versions = await shelf.versions(kept.document.article, _VERSIONS)
        return kept.document, await asyncio.to_thread(versions_of, versions), kept.story

    async def size(self, story_id: str) -> int:
        """How many documents a story has."""
        return await self._database.read(lambda db: library.tally(db, story_id).documents)

    async def beside(self, document_id: str, other_id: str) -> tuple[Document, Document, tuple[Difference, ...]]:
        """Two documents and what differs, sentence by sentence, where both are in one language; the other one may be "".

        Without one it is the story's first in another language, else its first by another outlet, else its first other.
        Raises AccessError("desk.unknown-story") for what is not in the same story.
        """

        def held(db: View) -> tuple[Document, Document]:
            one = library.kept(db, document_id)
            shelf = library.shelf(db, one.story, MOST_SHELVED) if one is not None else []
            others = [kept.document for kept, _ in shelf if kept.document.id != document_id]
            chosen = [each for each in others if each.id == other_id] if other_id else others
            if one is None or not chosen:
                raise AccessError("desk.unknown-story", "there are no two such articles in one story here")
            first = one.document
            return first, min(chosen, key=lambda each: (each.language == first.language, each.outlet == first.outlet))

        one, other = await self._database.read(held)
        if one.language != other.language:
            return one, other, ()
        return one, other, await asyncio.to_thread(between, one, other)

    async def ask(self, story_id: str, question: str) -> tuple[Quote, ...]:
        """Passages of a story that answer a question. Raises AccessError("desk.unknown-story")."""
        shelf = await self._database.read(lambda db: library.shelf(db, story_id, MOST_SHELVED))
        if not shelf:
            raise AccessError("desk.unknown-story", "there is no such story here")
        readings = [reading for kept, reading in shelf if not kept.copy_of]
        return await asyncio.to_thread(answers_to, question[:_LONGEST], readings)

    # -- what people decide -------------------------------------------------------------------------------------

    async def set_state(self, story_id: str, state: str, _by: str) -> None:
        """Follow, dismiss, open again. Raises AccessError("desk.unknown-story"), ConfigError("config.value")."""
        if state not in STATES:
            raise ConfigError("config.value", f"a story is one of {', '.join(STATES)}")

        def work(tx: Transaction) -> None:
            for one in _rows(tx, story_id):
                catalogue.put(tx, replace(one, state=state))

        await self._database.write(work)

    async def judge(self, story_id: str, value: str, taken: bool | None, by: str) -> None:
        """Accept or reject what was found; None: neither any more. Raises AccessError, ConfigError("config.value").

        What is never drafted cannot be accepted: who did would look for it in the draft.
        """
        told = await self.story(story_id)
        wanted = _known(told, value)
        found = [one.finding for one in told.findings if one.finding.value == wanted]
        if taken and not any(one.is_draftable for one in found):
            why = next((one.reason for one in found if one.reason), "no document of the story warns of it")
            raise ConfigError("config.value", f"the value is never drafted: {why}")
        now_us = self._world.clock.now_us()
        await self._database.write(lambda tx: catalogue.judge(tx, story_id, wanted, taken, (by, now_us)))

    async def merge(self, story_id: str, other: str, by: str) -> str:
        """See Shelves."""
        return await self._shelves.merge(story_id, other, by)

    async def split(self, story_id: str, documents: Sequence[str], by: str) -> str:
        """See Shelves."""
        return await self._shelves.split(story_id, documents, by)

    async def draft(self, story_id: str, by: str) -> list[bytes]:
        """A story as STIX objects, the report last; kept here as a draft. Nothing is shared by it."""
        told = await self.story(story_id)
        report, now_us = drafting.report_id(story_id), self._world.clock.now_us()
        captures = {one.document.found_in for one in told.shelved}
        first, urls = await self._database.read(lambda db: (catalogue.drafted(db, report), library.urls(db, captures)))
        first = first or now_us
        made = drafting.drafted(told, drafting.Author(self._world.author(), first, now_us), urls)
        body = b"[" + b",".join(made) + b"]"
        await self._database.write(lambda tx: catalogue.keep_draft(tx, report, story_id, (by, first), body))
        return made

    # -- decisions, ours and those of others --------------------------------------------------------------------

    async def acts(self, story_id: str) -> list[Decided]:
        """What our people decided about a story's documents, the newest first."""

        def held(db: View) -> list[Decided]:
            found = catalogue.acts_of(db, library.ids(db, story_id)[:MOST_SHELVED], _ACTS)
            return [Decided(number, act.together, act.by, act.at_us, _titled(db, act)) for number, act in found]

        return await self._database.read(held)

    async def decision(self, number: int, about: str) -> bytes:
        """A decision of ours as a note to share, beside the object `about`. Raises AccessError("desk.unknown-story")."""

        def held(db: View) -> tuple[Act, dict[str, Document]]:
            found = catalogue.act(db, number)
            if found is None:
                raise AccessError("desk.unknown-story", "there is no such decision here")
            sides = (*found.left[: decision.MOST], *found.right[: decision.MOST])
            return found, {one: kept.document for one in sides if (kept := library.kept(db, one)) is not None}

        act, documents = await self._database.read(held)
        author = drafting.Author(self._world.author(), act.at_us, act.at_us)
        return drafting.decided(act, documents, author, about or author.identity)

    async def holding(self, contents: Iterable[str]) -> Mapping[str, tuple[str, str]]:
        """(document, its story) of texts that are here, by Document.content."""
        return await self._database.read(lambda db: library.holding(db, contents))

    async def declined(self, notes: Iterable[str]) -> set[str]:
        """Those of these decisions of others that we do not follow."""
        return await self._database.read(lambda db: catalogue.declined(db, notes))

    async def decline(self, note: str, by: str) -> None:
        """Not follow a decision of another member."""
        await self._database.write(lambda tx: catalogue.decline(tx, note, (by, self._world.clock.now_us())))

    async def hits(self, limit: int = 50) -> list[Hit]:
        """What stories met of our standing interests, the newest first."""
        found = await self._database.read(lambda db: catalogue.hits(db, max(1, min(limit, _MOST))))
        standing = await self._world.watched.standing({one.interest for one in found})
        return [one for one in found if one.interest in standing]

    async def numbered(self, numbers: Sequence[int]) -> Mapping[int, Hit]:
        """What was met, by the numbers that our people are told."""
        return await self._database.read(lambda db: catalogue.numbered(db, numbers))

    async def forget(self, interest: str) -> None:
        """An interest, as "kind text", stands no more: nothing is told of what met it."""
        await self._database.write(lambda tx: catalogue.forget(tx, interest))


def _titled(db: View, act: Act) -> tuple[tuple[str, ...], tuple[str, ...]]:
    left, right = (
        tuple(
            dict.fromkeys(kept.document.title for one in side[:_TITLES] if (kept := library.kept(db, one)) is not None)
        )
        for side in (act.left, act.right)
    )
    return left, right


def _rows(db: View, story_id: str) -> list[Listed]:
    found = catalogue.rows(db, [story_id])
    if not found:
        raise AccessError("desk.unknown-story", "there is no such story here")
    return found


def _known(told: Told, value: str) -> str:
    """The value of a finding, as it stands or as it is written. Raises ConfigError("config.value")."""
    for one in told.findings:
        if value in (one.finding.value, one.finding.raw):
            return one.finding.value
    raise ConfigError("config.value", "the story holds no such value")
