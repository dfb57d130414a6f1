"""Which relationships that are held here join an object: found by a digest of its id."""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any, Final

from tocsin.errors import FormatError
from tocsin.exchange.journal import search
from tocsin.exchange.journal.journal import Kind
from tocsin.exchange.journal.readers import Told
from tocsin.exchange.journal.search import Query
from tocsin.formats import strictjson
from tocsin.ports.database import Reading, Transaction

_STEP: Final = 400
MOST: Final = 4096  # relationships, or objects, told at once


class Relations:
    """The room's reader of the journal."""

    def take(self, told: Sequence[Told], tx: Transaction) -> None:
        """Note the ends of every relationship."""
        rows = [
            (digest(end), row.position)
            for row, value in told
            if row.kind == Kind.ENTRY and value is not None and value.get("type") == "relationship"
            for end in {value.get("source_ref"), value.get("target_ref")}
            if isinstance(end, str)
        ]
        if rows:
            tx.execute_many("INSERT INTO match_relations (ref, position) VALUES (?, ?) ON CONFLICT DO NOTHING", rows)


def digest(object_id: str) -> int:
    """Of an id, as it stands in the table."""
    return int.from_bytes(sha256(object_id.encode(errors="replace")).digest()[:8], "big", signed=True)


def are_any(reading: Reading) -> bool:
    """Whether any relationship is held."""
    return bool(reading.query("SELECT 1 FROM match_relations LIMIT 1"))


def joining(reading: Reading, ids: Iterable[str]) -> list[dict[str, Any]]:
    """The relationships that join any of these, as they may be shown; at most MOST."""
    refs = [digest(one) for one in ids]
    positions: set[int] = set()
    for at in range(0, len(refs), _STEP):
        part = refs[at : at + _STEP]
        found = reading.query(
            f"SELECT position FROM match_relations WHERE ref IN ({', '.join('?' * len(part))}) ORDER BY 1 LIMIT ?",  # noqa: S608 - constants only
            (*part, MOST),
        )
        positions.update(row[0] for row in found)
    held = search.found(reading, sorted(positions)[:MOST], content=True)
    return _parsed(one.content for one in held if one.content is not None)


def objects(reading: Reading, ids: Sequence[str]) -> list[dict[str, Any]]:
    """The newest version of each of these, as it may be shown."""
    contents: dict[str, bytes] = {}
    for at in range(0, len(ids), _STEP):
        part = tuple(ids[at : at + _STEP])
        found = search.find(reading, Query(ids=part, versions=("last",), limit=MOST))
        contents |= {one.object_id: one.content for one in found if one.content is not None}
    return _parsed(contents.values())


def _parsed(contents: Iterable[bytes]) -> list[dict[str, Any]]:
    out = []
    for content in contents:
        try:
            value = strictjson.parse(content)
        except FormatError:  # it passed the gate of an older version
            continue
        if isinstance(value, dict):
            out.append(value)
    return out
