"""Which ids are persons, by each member's own word: what a relationship that a member shares ties to them, is about them.

By its own word only: else a member could hold back what others say of an organisation, by calling it a person.
"""

from collections.abc import Iterable
from typing import Any, Final

from tocsin.exchange.journal.search import Query, find
from tocsin.exchange.publish import narrow
from tocsin.formats import person, strictjson
from tocsin.formats.person import CARRIERS
from tocsin.ports.database import Database

_MOST: Final = 1_000_000


class Individuals:
    """In memory; made again from the store at the start."""

    def __init__(self) -> None:
        self._known: set[tuple[str, str]] = set()

    async def load(self, database: Database) -> None:
        """Learn from everything that search has found so far."""
        query = Query(types=CARRIERS, limit=_MOST, hidden=True)
        for found in await database.read(lambda db: find(db, query)):
            if found.content is not None:
                self.learn(found.member, found.object_id, strictjson.parse(found.content))

    def learn(self, member: str, object_id: str, value: dict[str, Any]) -> None:
        """Take a member's newest word on an id."""
        if object_id.partition("--")[0] in CARRIERS:
            place = (member, object_id)
            if person.about(value) and len(self._known) < _MOST:
                self._known.add(place)
            else:
                self._known.discard(place)

    def joined(self, member: str, ends: Iterable[str]) -> bool:
        """Whether one of these ends is a person to this member."""
        return any((member, end) in self._known for end in narrow.ties(tuple(ends)))
