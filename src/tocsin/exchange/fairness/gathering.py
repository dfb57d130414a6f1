"""Reading what the ledger keeps: the few facts that need thought, and counts of all the others."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from tocsin.exchange.fairness.facts import Word
from tocsin.exchange.fairness.scope import FOREVER, Place, Scope
from tocsin.exchange.journal.erase import DAY_US
from tocsin.ports.database import Reading

GRACE_US: Final = 30 * DAY_US
"""What expires within so long counts no more, so that a statement can be verified for that long after it was made."""


_MOST_KEPT: Final = 200_000  # items: some 80 MB
_MOST_COUNTED: Final = 4096


class Item(NamedTuple):
    """A fact that is linked to others."""

    shared: int
    slot: bytes
    seq: int
    log: int
    origin: str
    sort: int
    value: int
    object: int
    author: int
    seen: int

    @property
    def order(self) -> tuple[int, bytes, int]:
        """The order in which all members see it: log numbers differ from node to node, slots do not."""
        return self.shared, self.slot, self.seq


class Said(NamedTuple):
    """A word about an object."""

    shared: int
    slot: bytes
    seq: int
    log: int
    giver: str
    word: Word


@dataclass(frozen=True, slots=True)
class Linked:
    """All that is to be judged, by value and object, each list in order."""

    by_value: Mapping[int, Sequence[Item]]
    by_object: Mapping[int, Sequence[Item]]
    said: Mapping[int, Sequence[Said]]
    values_of: Mapping[str, Sequence[int]]  # by origin
    repeated: dict[tuple[int, int, int, int], tuple[int, int]]  # what Counts has counted in this state of the tables


class Counted(NamedTuple):
    """Entries of one log."""

    given: int = 0  # all but erase orders
    single: int = 0  # claims whose value is in no other fact and of which nobody has spoken
    warnings: int = 0  # of these
    unknown: int = 0  # may count by their time, but nothing is known of them here

    def plus(self, other: "Counted", sign: int = 1) -> "Counted":
        """The sum, or with -1 the difference."""
        return Counted(*(one + sign * two for one, two in zip(self, other, strict=True)))


def linked(reading: Reading, places: Mapping[int, Place], as_of: int) -> Linked:
    """What is to be judged in these logs."""
    limit = as_of + GRACE_US
    by_value: defaultdict[int, list[Item]] = defaultdict(list)
    by_object: defaultdict[int, list[Item]] = defaultdict(list)
    values_of: defaultdict[str, dict[int, None]] = defaultdict(dict)
    rows = reading.query(
        "SELECT log, seq, shared, sort, value, object, author, seen FROM fairness_facts "
        "WHERE linked = 1 AND sort > 1 AND (keep_until = 0 OR keep_until > ?) ORDER BY log, seq",
        (limit,),
    )
    items = [
        Item(shared, places[log].slot, seq, log, places[log].origin, sort, value, object_, author, seen)
        for log, seq, shared, sort, value, object_, author, seen in rows
        if log in places
    ]
    for one in sorted(items):
        by_object[one.object].append(one)
        if one.value:
            by_value[one.value].append(one)
            values_of[one.origin][one.value] = None
    said = _said(reading, places, limit)
    return Linked(by_value, by_object, said, {key: list(one) for key, one in values_of.items()}, {})


def _said(reading: Reading, places: Mapping[int, Place], limit: int) -> dict[int, list[Said]]:
    out: defaultdict[int, list[Said]] = defaultdict(list)
    rows = reading.query(
        "SELECT log, seq, shared, object, word FROM fairness_words WHERE keep_until = 0 OR keep_until > ?", (limit,)
    )
    for log, seq, shared, object_, word in rows:
        place = places.get(log)
        if place is not None:
            out[object_].append(Said(shared, place.slot, seq, log, place.origin, Word(word)))
    for listed in out.values():
        listed.sort()
    return out


class _Kept(NamedTuple):
    state: tuple[int, ...]
    places: Mapping[int, Place]
    limit: int
    linked: Linked


class Memory:
    """What is linked is gathered once for each state of the tables. Of many threads."""

    def __init__(self) -> None:
        self._kept: _Kept | None = None

    def linked(self, reading: Reading, places: Mapping[int, Place], as_of: int) -> Linked:
        """What is linked in these logs, gathered or remembered."""
        kept, limit, state = self._kept, as_of + GRACE_US, _state(reading)
        if (
            kept is not None
            and (kept.state, kept.places) == (state, places)
            and not _ends(reading, *sorted((kept.limit, limit)))
        ):
            return kept.linked
        found = linked(reading, places, as_of)
        fits = sum(map(len, found.by_object.values())) + sum(map(len, found.said.values())) <= _MOST_KEPT
        self._kept = _Kept(state, dict(places), limit, found) if fits else None
        return found


def _state(reading: Reading) -> tuple[int, ...]:
    """Facts taken and facts let go: neither ever falls, and no fact, link or word comes or goes without one of them."""
    rows = reading.query(
        "SELECT COALESCE(SUM(facts), 0), COALESCE(SUM(CASE WHEN sort = 0 THEN facts ELSE 0 END), 0) FROM fairness_counts"
    )
    key = reading.query("SELECT key FROM fairness_key")  # another one: the tables were made anew
    return (*rows[0], hash(bytes(key[0][0])) if key else 0)


def _ends(reading: Reading, low: int, high: int) -> bool:
    """Whether anything counts at one of two moments and not at the other."""
    sql = "SELECT 1 FROM fairness_counts WHERE facts > 0 AND keep_until > ? AND keep_until <= ? LIMIT 1"
    return bool(reading.query(sql, (low, high)))


def sizes(reading: Reading) -> dict[int, int]:
    """How far each log has been taken."""
    return dict(reading.query("SELECT log, size FROM fairness_logs"))


_KEPT: Final = "(keep_until = 0 OR keep_until > ?)"
_COUNT: Final = (
    "SELECT {log}COALESCE(SUM({facts}), 0), COALESCE(SUM(CASE WHEN sort = 1 THEN {facts} ELSE 0 END), 0), "
    "COALESCE(SUM(CASE WHEN linked = 0 AND sort >= 3 AND {kept} THEN {facts} ELSE 0 END), 0), "
    "COALESCE(SUM(CASE WHEN linked = 0 AND sort = 4 AND {kept} THEN {facts} ELSE 0 END), 0), "
    "COALESCE(SUM(CASE WHEN sort = 0 AND {kept} THEN {facts} ELSE 0 END), 0) "
)
_WHOLE: Final = _COUNT.format(log="log, ", facts="facts", kept=_KEPT) + "FROM fairness_counts GROUP BY log"
_PART: Final = _COUNT.format(log="", facts="1", kept=_KEPT) + (
    "FROM fairness_facts WHERE log = ? AND seq >= ? AND seq < ?"
)
_VALUES: Final = (
    "SELECT COUNT(DISTINCT value) FROM fairness_facts "
    "WHERE linked = 2 AND (keep_until = 0 OR keep_until > ?) AND log = ? AND seq >= ? AND seq < ?"
)
# A value of the period counts as warned of, whenever that was.
_WARNED: Final = (
    "SELECT COUNT(DISTINCT w.value) FROM fairness_facts w INDEXED BY fairness_facts_warned "
    "WHERE w.linked = 2 AND w.sort = 4 AND (w.keep_until = 0 OR w.keep_until > ?) AND w.log = ? AND w.seq < ? AND EXISTS ("
    "SELECT 1 FROM fairness_facts g INDEXED BY fairness_facts_value "
    "WHERE g.value = w.value AND g.value <> 0 AND g.log = w.log AND g.linked = 2 AND g.seq >= ? AND g.seq < ? AND (g.keep_until = 0 OR g.keep_until > ?))"
)


class _Taken(NamedTuple):
    """An entry that an erase order names."""

    seq: int
    by_log: int
    by_seq: int
    shared: int
    is_counted: bool  # its place is all that is known of it, and it would count by its time


class Counts:
    """Counts of one snapshot; what several figures need is counted once."""

    def __init__(self, reading: Reading, as_of: int, linked: Linked) -> None:
        self._reading = reading
        self._repeated = linked.repeated
        self._limit = as_of + GRACE_US
        self._sizes = sizes(reading)
        self._whole = {row[0]: _counted(row[1:]) for row in reading.query(_WHOLE, [self._limit] * 3)}
        self._orders: dict[int, list[_Taken]] = {}
        self._parts: dict[tuple[int, int, int], Counted] = {}
        self._places: dict[tuple[int, int], int] = {}

    def of(self, log: int, scope: Scope) -> Counted:
        """The entries of a log in a scope."""
        size, end = self._sizes.get(log, 0), scope.sizes.get(log, 0)
        # No entry is older than those before it in its log, so that a period is a stretch of it.
        low, high = self._place(log, scope.since), min(end, size, self._place(log, scope.until))
        if low >= high:
            return Counted()
        if 2 * (high - low) < size:
            return self._part(log, low, high)
        # Most scopes end where the log does, or a little before.
        return self._whole.get(log, Counted()).plus(self._part(log, 0, low), -1).plus(self._part(log, high, size), -1)

    def _place(self, log: int, moment: int) -> int:
        """The first entry of a log that was shared at a moment or later."""
        if moment == 0:
            return 0
        if moment == FOREVER:
            return self._sizes.get(log, 0)
        found = self._places.get((log, moment))
        if found is None:
            low, high = 0, self._sizes.get(log, 0)
            while low < high:
                middle = (low + high) // 2
                rows = self._reading.query("SELECT shared FROM fairness_facts WHERE log = ? AND seq = ?", (log, middle))
                low, high = (low, middle) if not rows or rows[0][0] >= moment else (middle + 1, high)
            found = self._places[log, moment] = low
        return found

    def _part(self, log: int, low: int, high: int) -> Counted:
        if low >= high:
            return Counted()
        key = log, low, high
        found = self._parts.get(key)
        if found is None:
            rows = self._reading.query(_PART, [*[self._limit] * 3, log, low, high])
            found = self._parts[key] = _counted(rows[0])
        return found

    def repeated(self, log: int, scope: Scope) -> Counted:
        """Values of a log that stand in it several times and in no other, given in a scope; each counts as one claim."""
        end = min(scope.sizes.get(log, 0), self._sizes.get(log, 0))
        low, high = self._place(log, scope.since), min(end, self._place(log, scope.until))
        if low >= high:
            return Counted()
        key = log, low, high, end
        found = self._repeated.get(key)
        if found is None:
            if len(self._repeated) >= _MOST_COUNTED:
                self._repeated.clear()
            values = self._reading.query(_VALUES, (self._limit, log, low, high))[0][0]
            warned = self._reading.query(_WARNED, (self._limit, log, end, low, high, self._limit))[0][0]
            found = self._repeated[key] = values, warned
        return Counted(single=found[0], warnings=found[1])

    def withdrawn(self, log: int, scope: Scope) -> int:
        """How many entries of a log its origin has taken back by erase orders in the scope."""
        named = {one.seq for one in self._taken(log, scope) if scope.since <= one.shared < scope.until}
        return len(named)

    def taken_back(self, scope: Scope) -> int:
        """How many of the entries that are unknown here are so because an erase order in the scope names them."""
        return sum(
            len(
                {
                    one.seq
                    for one in self._taken(log, scope)
                    if one.is_counted and scope.since <= one.shared < scope.until
                }
            )
            for log in scope.sizes
        )

    def _taken(self, log: int, scope: Scope) -> Iterator[_Taken]:
        place = scope.places.get(log)
        if place is None:
            return
        if log not in self._orders:
            rows = self._reading.query(
                "SELECT t.seq, t.by_log, t.by_seq, f.shared, f.sort = 0 AND (f.keep_until = 0 OR f.keep_until > ?) "
                "FROM fairness_taken t JOIN fairness_facts f ON f.log = ? AND f.seq = t.seq WHERE t.slot = ?",
                (self._limit, log, place.slot),
            )
            self._orders[log] = [_Taken(*row) for row in rows]
        for one in self._orders[log]:
            by = scope.places.get(one.by_log)
            ordered = by is not None and by.origin == place.origin and scope.holds(one.by_log, one.by_seq)
            if ordered and scope.holds(log, one.seq):
                yield one


def _counted(row: Sequence[int]) -> Counted:
    every, orders, single, warnings, unknown = row
    return Counted(every - orders, single, warnings, unknown)
