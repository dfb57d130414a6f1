"""What a generative model said of stories: kept in a table of its own, shown as what it is, and read by nothing that makes drafts."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import msgspec

from tocsin.desk import library, prompting, register, thresholds
from tocsin.desk.document import Reading
from tocsin.desk.library import Kept
from tocsin.desk.prompting import Said
from tocsin.desk.shelves import MOST_SHELVED, Shelves
from tocsin.desk.sources import Source
from tocsin.errors import AccessError, ConfigError
from tocsin.ports.clock import Clock
from tocsin.ports.database import Database, Transaction
from tocsin.ports.database import Reading as View
from tocsin.ports.entropy import Entropy
from tocsin.ports.generator import Generator

_KEPT: Final = 10  # answers of one story
_FENCE_BYTES: Final = 16
_Held = tuple[list[tuple[Kept, Reading]], dict[int, Source], dict[str, str]]


class Generated(msgspec.Struct, frozen=True):
    """One answer. `question` is empty for a summary; `given`: documents that were sent; `held`: that were not, for where they are from."""

    model: str
    question: str
    said: tuple[Said, ...]
    given: int
    held: int
    by: str
    at_us: int


_GENERATED: Final = msgspec.msgpack.Decoder(Generated)


@dataclass(frozen=True, slots=True)
class Means:
    """What asking takes. `inner`: host:port of sources inside the house, whose texts never go to a model."""

    generator: Generator
    entropy: Entropy
    inner: Collection[str] = ()


class Asking:
    """One per node. Without `means` no model was named, and everything else works."""

    def __init__(self, database: Database, clock: Clock, shelves: Shelves, means: Means | None) -> None:
        self._database = database
        self._clock = clock
        self._shelves = shelves
        self._means = means

    @property
    def model(self) -> str:
        """The model that would be asked, as the administrator named it; empty: none."""
        return self._means.generator.name if self._means else ""

    async def ask(self, story: str, question: str, language: str, by: str) -> Generated:
        """Ask for a summary of a story, or with `question` for an answer. Only texts of open sources and the question go out.

        Raises AccessError("desk.unknown-story"), ConfigError("desk.no-model", "desk.nothing-open", "config.file"),
        PeerError("desk.model-busy", "desk.model-failed"), StoreError.
        """
        means = self._means
        if means is None:
            raise ConfigError("desk.no-model", "no generative model is set")

        def found(db: View) -> _Held:
            shelf = library.shelf(db, story, MOST_SHELVED)
            captures = {kept.document.found_in for kept, _ in shelf}
            return shelf, register.sources(db, {kept.source for kept, _ in shelf}), library.urls(db, captures)

        shelf, sources, urls = await self._database.read(found)
        if not shelf:
            raise AccessError("desk.unknown-story", "there is no such story here")

        def is_open(kept: Kept) -> bool:
            url = urls.get(kept.document.found_in, "")
            return prompting.is_open(kept, sources.get(kept.source), url, means.inner.__contains__)

        given, held = prompting.chosen(shelf, is_open)
        if not given:
            raise ConfigError("desk.nothing-open", "no document of this story is of the open web")
        question = question.strip()[: thresholds.QUESTION_CHARACTERS]
        fence = means.entropy.bytes(_FENCE_BYTES).hex()
        answer = await means.generator.complete(prompting.prompt_of(given, question, language, fence))
        similar = self._shelves.evidence({}).similar
        said = await asyncio.to_thread(prompting.checked, answer.replace(fence, ""), given, similar)
        made = Generated(means.generator.name, question, said, len(given), held, by, self._clock.now_us())
        await self._database.write(lambda tx: _keep(tx, story, made))
        return made

    async def answers(self, story: str) -> list[Generated]:
        """What was answered before, the newest first."""
        query = "SELECT body FROM desk_generated WHERE story = ? ORDER BY number DESC"
        rows = await self._database.read(lambda db: db.query(query, (story,)))
        return [_GENERATED.decode(row[0]) for row in rows]


def _keep(tx: Transaction, story: str, made: Generated) -> None:
    tx.execute("INSERT INTO desk_generated (story, body) VALUES (?, ?)", (story, msgspec.msgpack.encode(made)))
    tx.execute(
        "DELETE FROM desk_generated WHERE story = ? AND number NOT IN"
        " (SELECT number FROM desk_generated WHERE story = ? ORDER BY number DESC LIMIT ?)",
        (story, story, _KEPT),
    )
