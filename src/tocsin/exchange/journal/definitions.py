"""What marking definitions mean, as far as this node has seen them. Contradictory ones mean nothing."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any

from tocsin.errors import FormatError, PolicyError
from tocsin.exchange.journal.search import Found, Query, find, ids_of
from tocsin.formats import strictjson, tlp
from tocsin.formats.tlp import Tlp
from tocsin.ports.database import Database, Reading

_MOST = 100_000
_STEP = 500


class Definitions:
    """By id. A definition that two objects give two meanings is unknown from then on: doubt refuses."""

    def __init__(self) -> None:
        self._known: dict[str, Tlp | None] = {}
        self._doubtful: set[str] = set()

    @property
    def known(self) -> Mapping[str, Tlp | None]:
        """Meaning by id: a level, or None for a statement that does not change the audience."""
        return MappingProxyType(self._known)

    async def load(self, database: Database) -> None:
        """Learn from everything that search has found so far."""
        # By their ids: few in a journal that is long, and a search by type goes through all of it.
        for found in await database.read(_held):
            if found.content is not None:
                # What nobody understands refuses what refers to it, never the start of the node.
                with suppress(PolicyError):
                    self.learn(found.object_id, strictjson.parse(found.content))

    def forget(self, ids: Iterable[str]) -> None:
        """No copy of these is left here: what refers to them is refused from now on."""
        for one in ids:
            self._known.pop(one, None)
            self._doubtful.discard(one)

    def learn(self, object_id: str, value: Mapping[str, Any]) -> None:
        """Take one definition in. Raises PolicyError("policy.unknown-marking") if it means nothing to us."""
        try:
            meaning = tlp.reading(value)
        except FormatError as error:
            raise PolicyError("policy.unknown-marking", "the marking definition is malformed") from error
        if object_id in self._doubtful or (object_id in self._known and self._known[object_id] != meaning):
            self._doubtful.add(object_id)
            self._known.pop(object_id, None)
            raise PolicyError("policy.unknown-marking", "two objects give one marking definition two meanings")
        if len(self._known) < _MOST:
            self._known[object_id] = meaning


def _held(reading: Reading) -> list[Found]:
    ids = ids_of(reading, "marking-definition", _MOST)
    parts = (tuple(ids[at : at + _STEP]) for at in range(0, len(ids), _STEP))
    return [one for part in parts for one in find(reading, Query(ids=part, limit=_MOST))]
