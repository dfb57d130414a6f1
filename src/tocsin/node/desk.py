"""The desk of a real node: its two children, our deny-lists and standing interests, and the office that works with them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tocsin.backends.outside.fetcher import OutsideProcess
from tocsin.backends.outside.reader import ReaderProcess
from tocsin.desk.office import Office, World
from tocsin.desk.stories import linking
from tocsin.exchange.match.interests import TYPE, Interest, Interests
from tocsin.formats.stix.valued import pattern, value_of
from tocsin.node.config import Settings
from tocsin.node.core import Core
from tocsin.ports.database import Transaction


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
                watched=Watching(core.rooms.interests),
                model=linking.encoder,
                author=lambda: core.members.member(core.members.me).identity,
                called=linking.model(),
                keep_days=settings.desk_keep_days,
            )
        )

    async def close(self) -> None:
        """End the children."""
        await self._reader.close()
        await self._outside.close()


class Watching:
    """desk.shelves.Watched by the interests that people keep here. News is of no STIX type, so none is met by that."""

    def __init__(self, interests: Interests) -> None:
        self._interests = interests

    def seek(self, tx: Transaction, stories: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[tuple[str, str]]:
        """See desk.shelves."""
        owners = [story for story, objects in stories.items() for _ in objects]
        met = self._interests.met([one for objects in stories.values() for one in objects], tx)
        return list(dict.fromkeys((_label(one), owners[place]) for place, one in met if one.kind != TYPE))

    async def standing(self) -> frozenset[str]:
        """See desk.shelves."""
        return frozenset(_label(one) for one in await self._interests.all())


def _label(interest: Interest) -> str:
    return f"{interest.kind} {interest.text}"
