"""What may be blocked without a person looking at it: values that two independent origins call malicious.

Derived from the journal: which indicators stand, what they compare with, which are copies of one another, who doubts them,
which origins are blocked here. What depends on the time (an end of validity) is looked at when asked.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final, NamedTuple

from tocsin.errors import FormatError
from tocsin.exchange.journal import search
from tocsin.exchange.journal.journal import Kind as RowKind
from tocsin.exchange.journal.journal import Row
from tocsin.exchange.journal.readers import Told
from tocsin.exchange.journal.search import instant_of
from tocsin.exchange.match.independence import Groups, Witness, independent
from tocsin.formats.stix.compared import compared
from tocsin.formats.tlp import Tlp
from tocsin.formats.values import Kind, canonical
from tocsin.ports.database import Reading, Transaction

BLOCKED: Final = "origin-blocked"
UNBLOCKED: Final = "origin-unblocked"
DOUBTERS: Final = 2
_COPY: Final = frozenset(("derived-from", "duplicate-of"))
_PEACEFUL: Final = frozenset(("benign", "compromised"))
_PAGE: Final = 1000
_STEP: Final = 500
_FARTHEST: Final = 16  # links between two copies


class Value(NamedTuple):
    """Something to block."""

    kind: Kind
    text: str


class Candidate(NamedTuple):
    """A value, and who stands for it: `origins` independent ones, and every member that shared it."""

    value: Value
    origins: int
    members: tuple[str, ...]
    objects: tuple[str, ...]
    marking: Tlp


class Asked(NamedTuple):
    """Which values are asked for. `least`: from so many independent origins on; `logs`: of these only, None: of all."""

    now_us: int
    least: int = 2
    kinds: frozenset[Kind] = frozenset(Kind)
    logs: frozenset[int] | None = None


def calls_to_block(indicator: Mapping[str, Any]) -> list[Value]:
    """The values that an indicator calls to block: each by itself is enough for its pattern."""
    types = indicator.get("indicator_types") or ("",)
    if indicator.get("revoked") or _PEACEFUL.issuperset(types):
        return []
    return values_of(indicator)


def values_of(indicator: Mapping[str, Any]) -> list[Value]:
    """The values each of which by itself is enough for the pattern, whatever the indicator says of them."""
    if indicator.get("pattern_type") != "stix":
        return []
    try:
        found = compared(indicator["pattern"])
    except FormatError:  # it passed the gate of an older version
        return []
    values = ((one.kind, canonical(one.kind, one.text)) for one in found if one.suffices)
    return [Value(kind, text) for kind, text in dict.fromkeys(values) if text]


def digest(value: Value) -> bytes:
    """Stands for a value, so that the value itself is kept in one place only."""
    return blake2b(f"{value.kind}\n{value.text}".encode(), digest_size=16).digest()


# -- following the journal --------------------------------------------------------------------------------------------


class Blocking:
    """The room's reader. See journal/readers.py."""

    def take(self, told: Sequence[Told], tx: Transaction) -> None:
        """Note what these rows change."""
        for row, value in told:
            if value is None:
                continue
            if row.kind == RowKind.LOCAL:
                _decided(row, value, tx)
            elif row.kind == RowKind.ENTRY:
                kind = value.get("type")
                if kind == "indicator":
                    _indicator(row, value, tx)
                elif kind == "relationship":
                    _relation(row, value, tx)
                elif kind == "opinion":
                    _opinion(row, value, tx)


def _decided(row: Row, said: Mapping[str, Any], tx: Transaction) -> None:
    if row.name == BLOCKED:
        search.hide(tx, "", row.member, "blocked", row.position)
        tx.execute(
            "INSERT INTO match_blocked (member, position, added, reason) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (member) DO NOTHING",
            (row.member, row.position, row.added, str(said.get("reason", ""))),
        )
    elif row.name == UNBLOCKED:
        search.unhide(tx, "", row.member, "blocked")
        tx.execute("DELETE FROM match_blocked WHERE member = ?", (row.member,))


def _indicator(row: Row, value: Mapping[str, Any], tx: Transaction) -> None:
    key = (row.object_id, row.member, row.log)
    instant = instant_of(row.version or "")
    before = tx.query("SELECT instant, first FROM match_indicators WHERE object_id = ? AND member = ? AND log = ?", key)
    if before and before[0][0] >= instant:
        return
    tx.execute("DELETE FROM match_blockable WHERE object_id = ? AND member = ? AND log = ?", key)
    tx.execute(
        "INSERT INTO match_indicators (object_id, member, log, position, instant, creator, revoked, valid_from, "
        "valid_until, marking, first) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (object_id, member, log) DO UPDATE SET position = excluded.position, instant = excluded.instant, "
        "creator = excluded.creator, revoked = excluded.revoked, valid_from = excluded.valid_from, "
        "valid_until = excluded.valid_until, marking = excluded.marking",
        (
            *key,
            row.position,
            instant,
            str(value.get("created_by_ref", "")),
            int(value.get("revoked") is True),
            instant_of(value.get("valid_from", "")),
            instant_of(value.get("valid_until", "")),
            row.marking if row.marking is not None else int(Tlp.RED),
            before[0][1] if before else row.position,
        ),
    )
    found = calls_to_block(value)
    tx.execute_many(
        "INSERT INTO match_blockable (digest, object_id, member, log) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (digest, object_id, member, log) DO NOTHING",
        [(digest(one), *key) for one in found],
    )


def _relation(row: Row, value: Mapping[str, Any], tx: Transaction) -> None:
    one, other = str(value.get("source_ref", "")), str(value.get("target_ref", ""))
    if value.get("relationship_type") not in _COPY or not (
        one.startswith("indicator--") and other.startswith("indicator--")
    ):
        return
    if value.get("revoked") is True:
        one = other = ""
    tx.execute(
        "INSERT INTO match_copies (relation, member, instant, object_id, other_id) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (relation, member) DO UPDATE SET instant = excluded.instant, object_id = excluded.object_id, "
        "other_id = excluded.other_id WHERE excluded.instant > match_copies.instant",
        (row.object_id, row.member, instant_of(row.version or ""), one, other),
    )


def _opinion(row: Row, value: Mapping[str, Any], tx: Transaction) -> None:
    doubts = value.get("opinion") == "strongly-disagree" and value.get("revoked") is not True
    refs = [one for one in value.get("object_refs", ()) if isinstance(one, str) and one.startswith("indicator--")]
    tx.execute_many(
        "INSERT INTO match_doubts (opinion, member, instant, object_id, doubts) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (object_id, opinion, member) DO UPDATE SET instant = excluded.instant, doubts = excluded.doubts "
        "WHERE excluded.instant > match_doubts.instant",
        [(row.object_id, row.member, instant_of(row.version or ""), one, int(doubts)) for one in refs],
    )


# -- asking -----------------------------------------------------------------------------------------------------------


class Page(NamedTuple):
    """Some of the values; go on after `next`, None: that was all."""

    found: list[Candidate]
    next: bytes | None


def candidates(reading: Reading, asked: Asked, after: bytes = b"") -> Page:
    """Values with enough independent origins, in the order of their digests, a page at a time."""
    rows = reading.query(
        "SELECT digest FROM match_blockable WHERE digest > ? GROUP BY digest HAVING COUNT(DISTINCT member) >= ? "
        "ORDER BY digest LIMIT ?",
        (after, asked.least, _PAGE),
    )
    digests = [row[0] for row in rows]
    found = [
        one for one in _weighed(reading, digests, asked) if one.value.kind in asked.kinds and one.origins >= asked.least
    ]
    return Page(found, digests[-1] if len(digests) == _PAGE else None)


def of_values(reading: Reading, wanted: Iterable[Value], asked: Asked) -> list[Candidate]:
    """Who stands for these values, however few; of a value for which nobody does, nothing."""
    return list(_weighed(reading, sorted({digest(one) for one in wanted}), asked))


def _weighed(reading: Reading, digests: Sequence[bytes], asked: Asked) -> Iterator[Candidate]:
    standing = _standing(reading, digests, asked)
    contents = search.shown(reading, {one.position for all_ in standing.values() for one in all_}, asked.now_us)
    doubted = _doubted(reading, standing)
    copies = _copies(reading, standing)
    for made, all_ in standing.items():
        shown = [one for one in all_ if one.position in contents and one.object_id not in doubted]
        value = next((one for each in shown if (one := _value(contents[each.position], made)) is not None), None)
        if value is None:
            continue
        origins = independent(shown, copies)
        members = tuple(sorted({one.member for one in shown}))
        objects = tuple(sorted({one.object_id for one in shown}))
        yield Candidate(value, origins, members, objects, Tlp(max(one.marking for one in shown)))


def _standing(reading: Reading, digests: Sequence[bytes], asked: Asked) -> dict[bytes, list[Witness]]:
    """For each value the indicators that call for it, not revoked, valid now, and not for named people only."""
    out: dict[bytes, list[Witness]] = {one: [] for one in digests}
    for part in _parts(digests):
        rows = reading.query(
            "SELECT b.digest, i.object_id, i.member, i.log, i.position, i.creator, i.marking "  # noqa: S608 - constants only
            "FROM match_blockable b JOIN match_indicators i "
            "ON i.object_id = b.object_id AND i.member = b.member AND i.log = b.log "
            f"WHERE b.digest IN ({_marks(part)}) AND i.marking < ? AND i.revoked = 0 AND i.valid_from <= ? "
            "AND (i.valid_until = 0 OR i.valid_until > ?) AND NOT EXISTS (SELECT 1 FROM match_indicators o "
            "WHERE o.object_id = i.object_id AND o.revoked = 1 AND o.member = "
            "(SELECT f.member FROM match_indicators f WHERE f.object_id = i.object_id ORDER BY f.first LIMIT 1))",
            (*part, int(Tlp.RED), asked.now_us, asked.now_us),
        )
        for made, object_id, member, log, position, creator, marking in rows:
            if asked.logs is None or log in asked.logs:
                out[made].append(Witness(object_id, member, creator, position, marking))
    return out


def _doubted(reading: Reading, standing: Mapping[bytes, Sequence[Witness]]) -> set[str]:
    wanted = sorted({one.object_id for all_ in standing.values() for one in all_})
    out: set[str] = set()
    for part in _parts(wanted):
        rows = reading.query(
            f"SELECT object_id FROM match_doubts WHERE object_id IN ({_marks(part)}) AND doubts = 1 "  # noqa: S608 - constants only
            "GROUP BY object_id HAVING COUNT(DISTINCT member) >= ?",
            (*part, DOUBTERS),
        )
        out |= {row[0] for row in rows}
    return out


def _copies(reading: Reading, standing: Mapping[bytes, Sequence[Witness]]) -> Groups:
    """Copies of one another, as the origin of one of the two says; by way of others too."""
    out = Groups()
    wanted = {one.object_id for all_ in standing.values() for one in all_}
    seen: set[str] = set()
    for _ in range(_FARTHEST):
        new = sorted(wanted - seen)
        seen |= wanted
        rows = {row for part in _parts(new) for row in _links(reading, part)}
        wanted = {id_ for _, one, other in rows for id_ in (one, other)}
        origins = _origins(reading, sorted(wanted))
        for who, one, other in rows:
            # Else anybody could say of any two that they are one, and nothing would be blocked any more.
            if (who, one) in origins or (who, other) in origins:
                out.join(one, other)
        if wanted <= seen:
            break
    return out


def _links(reading: Reading, part: Sequence[str]) -> list[tuple[str, str, str]]:
    columns = "SELECT member, object_id, other_id FROM match_copies WHERE"
    by_one = f"{columns} object_id IN ({_marks(part)})"
    by_other = f"{columns} other_id IN ({_marks(part)})"
    return [(who, one, other) for sql in (by_one, by_other) for who, one, other in reading.query(sql, part)]


def _origins(reading: Reading, ids: Sequence[str]) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for part in _parts(ids):
        rows = reading.query(
            f"SELECT DISTINCT member, object_id FROM match_indicators WHERE object_id IN ({_marks(part)})",  # noqa: S608 - constants only
            part,
        )
        found |= {(member, object_id) for member, object_id in rows}
    return found


def _value(content: bytes, made: bytes) -> Value | None:
    return next((one for one in calls_to_block(search.parsed(content)) if digest(one) == made), None)


def blocked(reading: Reading) -> list[tuple[str, int, str]]:
    """The origins that are blocked here: (member, since when in microseconds, reason)."""
    rows = reading.query("SELECT member, added, reason FROM match_blocked ORDER BY member")
    return [(member, added, reason) for member, added, reason in rows]


Derived = tuple[str, str, int, int]
"""What an indicator is derived from: object id, member, log, position."""


def newest(reading: Reading) -> int:
    """The highest position that something is derived from; 0: nothing is."""
    return int(reading.query("SELECT COALESCE(MAX(position), 0) FROM match_indicators")[0][0])


def erased(reading: Reading, low: int, high: int) -> list[Derived]:
    """What is derived from entries after one position and up to another whose content is gone."""
    rows = reading.query(
        "SELECT object_id, member, log, position FROM match_indicators WHERE position > ? AND position <= ?",
        (low, high),
    )
    there = search.present(reading, (row[3] for row in rows))
    return [(row[0], row[1], row[2], row[3]) for row in rows if row[3] not in there]


def forget(tx: Transaction, gone: Iterable[Derived]) -> int:
    """Let go of these, if no newer version has come since; how many indicators that were."""
    sql = "SELECT 1 FROM match_indicators WHERE object_id = ? AND member = ? AND log = ? AND position = ?"
    keys = [one[:3] for one in gone if tx.query(sql, one)]
    for table in ("match_blockable", "match_indicators"):
        tx.execute_many(f"DELETE FROM {table} WHERE object_id = ? AND member = ? AND log = ?", keys)  # noqa: S608 - constants only
    return len(keys)


def _parts(wanted: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for at in range(0, len(wanted), _STEP):
        yield wanted[at : at + _STEP]


def _marks(wanted: Sequence[Any]) -> str:
    return ", ".join("?" * len(wanted))
