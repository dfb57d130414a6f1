"""Which relationships that are held here join an object: found by a digest of its id."""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any, Final, NamedTuple

from tocsin.errors import FormatError
from tocsin.exchange.journal import search
from tocsin.exchange.journal.journal import Kind
from tocsin.exchange.journal.readers import Told
from tocsin.exchange.journal.search import Found, Query
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


class Joined(NamedTuple):
    """A relationship as it is held: who shared it, and its parsed bytes."""

    found: Found
    value: dict[str, Any]


def around(reading: Reading, object_id: str, now_us: int, most: int = MOST) -> tuple[list[Joined], bool]:
    """The relationships that join an object, newest first, as they may be shown; whether there are more than were read.

    Told by two members it is there twice; of one member's versions the newest counts, and none that is revoked.
    """
    rows = reading.query(
        "SELECT position FROM match_relations WHERE ref = ? ORDER BY position DESC LIMIT ?",
        (digest(object_id), most + 1),
    )
    positions = sorted(row[0] for row in rows[:most])
    shown = search.shown(reading, positions, now_us)
    newest: dict[tuple[str, str], Joined] = {}
    for one in search.found(reading, positions):
        before = newest.get((one.object_id, one.member))
        if one.position in shown and (before is None or _instant(before.found) <= _instant(one)):
            newest[one.object_id, one.member] = Joined(one, search.parsed(shown[one.position]))
    joined = [one for one in newest.values() if _joins(one.value, object_id)]
    return sorted(joined, key=lambda one: -one.found.position), len(rows) > most


def _instant(one: Found) -> int:
    return search.instant_of(one.version)


def _joins(value: dict[str, Any], object_id: str) -> bool:
    ends = (value.get("source_ref"), value.get("target_ref"))
    texts = all(isinstance(one, str) for one in (*ends, value.get("relationship_type")))
    return texts and object_id in ends and value.get("revoked") is not True


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
