"""The desk of a real node: its two children, our deny-lists and standing interests, and the office that works with them."""

import asyncio
import ssl
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from tocsin.backends.outside.fetcher import OutsideProcess
from tocsin.backends.outside.generator import ChatCompletions
from tocsin.backends.outside.reader import ReaderProcess
from tocsin.desk import catalogue
from tocsin.desk.generated import Means
from tocsin.desk.office import Office, World
from tocsin.desk.stories import linking
from tocsin.edge.control.desking import MET
from tocsin.errors import ConfigError
from tocsin.exchange.journal import local
from tocsin.exchange.journal.journal import Journal, append
from tocsin.exchange.match.interests import TYPE, Interests
from tocsin.formats.stix.valued import pattern, value_of
from tocsin.node.config import Settings
from tocsin.node.core import Core
from tocsin.node.watchkeeping import notifiers
from tocsin.ports.clock import Clock
from tocsin.ports.database import Transaction
from tocsin.ports.notifier import Page

ANALYST: Final = "analyst"  # the role of the setting `desks` that is paged
_LONGEST_S: Final = 3600.0
_AGAIN_S: Final = 60.0
_GATHERED_S: Final = 30.0  # what is met in these comes as one page


class Desk:
    """One per node. The children are started when first asked for something."""

    def __init__(self, core: Core, settings: Settings) -> None:
        authorities = str(Path(settings.desk_authorities).resolve()) if settings.desk_authorities else ""
        self._outside = OutsideProcess(settings.desk_agent, tuple(settings.desk_inner), authorities)
        self._reader = ReaderProcess()

        def forbids(_kind: str, text: str) -> str:
            value = value_of(text)
            if value is None:
                return ""
            found = core.denylist.forbidding({"pattern": pattern(value), "pattern_type": "stix"})
            return f"on the list {found[0]}" if found else ""

        self.office = Office(
            World(
                database=core.world.database,
                clock=core.world.clock,
                outside=self._outside,
                reader=self._reader,
                note=core.world.note,
                forbids=forbids,
                watched=Watching(core.rooms.interests, core.journal, core.world.clock),
                model=linking.encoder,
                author=lambda: core.members.member(core.members.me).identity,
                called=linking.model(),
                keep_days=settings.desk_keep_days,
                means=_means(core, settings),
            )
        )

        self.paging = Paging(core, settings)

    async def close(self) -> None:
        """End the children."""
        await self._reader.close()
        await self._outside.close()


def _means(core: Core, settings: Settings) -> Means | None:
    """Of asking a generative model, if the administrator named one."""
    if not settings.desk_model_url:
        return None
    key = Path(settings.desk_model_key_file) if settings.desk_model_key_file else None
    trust = ssl.create_default_context()
    if settings.desk_authorities:
        trust.load_verify_locations(settings.desk_authorities)
    generator = ChatCompletions(settings.desk_model_url, settings.desk_model, core.world.clock, key=key, trust=trust)
    return Means(generator, core.world.entropy, tuple(settings.desk_inner))


class Watching:
    """desk.shelves.Watched by the interests that people keep here. News is of no STIX type, so none is met by that."""

    def __init__(self, interests: Interests, journal: Journal, clock: Clock) -> None:
        self._interests = interests
        self._journal = journal
        self._clock = clock
        self._position = 0

    def seek(self, tx: Transaction, stories: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[tuple[str, str]]:
        """See desk.shelves."""
        owners = [story for story, objects in stories.items() for _ in objects]
        met = self._interests.met([one for objects in stories.values() for one in objects], tx)
        return list(dict.fromkeys((f"{one.kind} {one.text}", owners[place]) for place, one in met if one.kind != TYPE))

    async def standing(self, labels: Iterable[str]) -> frozenset[str]:
        """See desk.shelves."""
        return await self._interests.standing(labels)

    def tell(self, tx: Transaction, fresh: Sequence[tuple[int, str]]) -> None:
        """See desk.shelves. A row says that a story was met and never by what: the journal knows no interest."""
        if fresh:
            rows = [local.row(MET, {}, object_id=story, seq=number) for number, story in fresh]
            self._position = append(tx, rows, self._clock.now_us())

    def told(self) -> None:
        """See desk.shelves."""
        self._journal.announce(self._position)


class Paging:
    """Pages our analysts that stories met standing interests: never which, for a page goes by mail and by webhooks.

    Only a house that says where its analysts sit is paged. A page is repeated, with the same key, until it was taken.
    """

    def __init__(self, core: Core, settings: Settings) -> None:
        self._core = core
        self._journal, self._clock = core.journal, core.world.clock
        self._notifiers = tuple(notifiers(settings).values()) if ANALYST in settings.desks else ()

    async def run(self) -> None:
        """Page when something was met, for ever."""
        while True:
            head = self._journal.head
            wait = await self.page() if self._notifiers else _LONGEST_S
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._journal.grown(head)
                    await self._clock.sleep(_GATHERED_S)

    async def page(self) -> float:
        """Page what was met since the last page. Returns for how long there is nothing to do."""
        database = self._core.world.database
        before, newest = await database.read(lambda db: (catalogue.paged(db), catalogue.newest_hit(db)))
        if newest <= before:
            return _LONGEST_S
        page = Page(
            f"desk/{newest}", "", "routine", "", 1, "The desk: news of interest",
            "A story at the desk meets a standing interest of ours. See Watch, or `tocsin desk list --hits`.\n",
        )  # fmt: skip
        try:
            for one in self._notifiers:
                await one.notify(ANALYST, page)
        except ConfigError as error:
            self._core.world.note(error.code, "", f"analysts were not paged: {error.what}")
            return _AGAIN_S
        await database.write(lambda tx: catalogue.page_of(tx, newest))
        return _LONGEST_S
