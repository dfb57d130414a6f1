"""The room: facts are taken from the journal as it grows, and let go of when what they were taken from is erased."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

from tocsin.exchange.fairness import facts
from tocsin.exchange.fairness.facts import GONE, Fact, Link, Sort
from tocsin.exchange.fairness.values import Digests
from tocsin.exchange.journal import erase, history, search
from tocsin.exchange.journal.erase import Places
from tocsin.exchange.journal.journal import Erased, Journal, Kind, Row
from tocsin.exchange.journal.readers import Told
from tocsin.formats import erasure
from tocsin.ports.clock import Clock
from tocsin.ports.database import Reading, Transaction
from tocsin.ports.entropy import Entropy

KEY_BYTES: Final = 32
_MANY: Final = 500  # values in one question
_SPAN: Final = 8192  # entries that one step of letting go looks at
_SKEW_US: Final = 2 * erase.DAY_US  # how far the sweep may believe the peers' clocks beyond ours
_FORGET: Final = (
    "UPDATE fairness_facts SET sort = 0, linked = 0, value = 0, object = 0, author = 0, seen = 0 "
    "WHERE log = ? AND seq = ?"
)
# One entry tells of all that have its value (facts.Link): a value that stands in thousands is not gone through again.
_OLDER: Final = (
    "SELECT column1, (SELECT log FROM fairness_facts WHERE value = column1 AND value <> 0 LIMIT 1), "
    "(SELECT linked FROM fairness_facts WHERE value = column1 AND value <> 0 LIMIT 1) FROM (VALUES ({}))"
)
_SPOKEN: Final = "SELECT DISTINCT object FROM fairness_words WHERE object IN ({})"
_HAD: Final = "SELECT DISTINCT value FROM fairness_facts WHERE object <> 0 AND object IN ({})"
_Alike = tuple[int, int, int, int]  # log, keep until, sort, linked


class _New(NamedTuple):
    row: Row
    shared: int
    keep_until: int
    fact: Fact


class Ledger:
    """One per node. `places` names the logs; `take` needs it for erase orders only."""

    def __init__(self, journal: Journal, clock: Clock, entropy: Entropy, places: Callable[[], Places]) -> None:
        self._journal = journal
        self._clock = clock
        self._entropy = entropy
        self._places = places
        self._erased = asyncio.Event()
        self._erased.set()  # what was erased just before the node stopped
        journal.on_erased(self._on_erased)

    # -- taking -------------------------------------------------------------------------------------------------

    def take(self, told: Sequence[Told], tx: Transaction) -> None:
        """See journal.readers.Room."""
        entries = [one for one in told if one.row.kind == Kind.ENTRY]
        if not entries:
            return
        digests = Digests(self._key(tx))
        made = list(_timed(tx, entries, digests))
        linked = _linked(tx, made)
        rows = [
            (
                one.row.log,
                one.row.seq,
                one.shared,
                one.keep_until,
                int(one.fact.sort),
                int(linked(one.fact)),
                *one.fact[1:],
            )
            for one in made
        ]
        tx.execute_many(
            "INSERT INTO fairness_facts (log, seq, shared, keep_until, sort, linked, value, object, author, seen) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
        _count(tx, Counter((row[0], row[3], row[4], row[5]) for row in rows))
        _speak(tx, made, entries, digests)
        for one in made:
            if one.fact.sort == Sort.ORDER:
                self._obey(tx, one.row)

    def _key(self, tx: Transaction) -> bytes:
        # Drawn once, before the first fact: the digests differ from node to node, what is derived from them does not.
        found = tx.query("SELECT key FROM fairness_key")
        if found:
            return bytes(found[0][0])
        key = self._entropy.bytes(KEY_BYTES)
        tx.execute("INSERT INTO fairness_key (one, key) VALUES (1, ?)", (key,))
        return key

    def _obey(self, tx: Transaction, order: Row) -> None:
        content = search.content(tx, order.position)
        if content is None:
            return
        entries = erasure.parse(content).entries
        tx.execute_many(
            "INSERT INTO fairness_taken (slot, seq, by_log, by_seq) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (slot, seq, by_log, by_seq) DO NOTHING",
            ((slot, seq, order.log, order.seq) for slot, seq in entries),
        )
        places = self._places()
        known = [(places[slot], seq) for slot, seq in entries if slot in places]
        forget(tx, [(log, seq) for (log, origin), seq in known if origin == order.member])

    # -- letting go ---------------------------------------------------------------------------------------------

    def _on_erased(self, what: Erased) -> None:
        if what.entries:
            self._erased.set()

    async def run(self) -> None:
        """For ever: when entries are erased, what was taken from them goes too."""
        while True:
            await self._erased.wait()
            self._erased.clear()
            await self.let_go()

    async def let_go(self) -> None:
        """Go once through all that has passed its time, in bounded steps."""
        limit = self._clock.now_us() + _SKEW_US
        logs = await self._journal.database.read(lambda db: db.query("SELECT log, size FROM fairness_logs"))
        for log, size in logs:
            for low in range(0, size, _SPAN):
                found = await self._journal.database.read(partial(_outlived, log=log, low=low, limit=limit))
                if found:
                    await self._journal.database.write(partial(forget, entries=found))


def forget(tx: Transaction, entries: Sequence[tuple[int, int]]) -> None:
    """Nothing but the place of these entries, as (log, seq), is kept."""
    changed: Counter[_Alike] = Counter()
    held: list[tuple[int, int]] = []
    for log, seq in dict.fromkeys(entries):
        for kept, sort, linked in tx.query(
            "SELECT keep_until, sort, linked FROM fairness_facts WHERE log = ? AND seq = ? AND sort > 1", (log, seq)
        ):
            changed[log, kept, sort, linked] -= 1
            changed[log, kept, int(Sort.GONE), 0] += 1
            held.append((log, seq))
    tx.execute_many(_FORGET, held)
    tx.execute_many("DELETE FROM fairness_words WHERE log = ? AND seq = ?", held)
    _count(tx, changed)


def _count(tx: Transaction, changed: Mapping[_Alike, int]) -> None:
    """So many more facts are alike in these."""
    tx.execute_many(
        "INSERT INTO fairness_counts (log, keep_until, sort, linked, facts) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (log, keep_until, sort, linked) DO UPDATE SET facts = fairness_counts.facts + excluded.facts",
        ((*alike, more) for alike, more in changed.items() if more),
    )


def _link(tx: Transaction, column: str, wanted: Iterable[int], link: Link) -> None:
    """Mark the older facts with these digests."""
    sql = (
        "SELECT log, seq, keep_until, sort, linked FROM fairness_facts "  # noqa: S608 - constants only
        f"WHERE {column} <> 0 AND {column} IN ({{}}) AND linked NOT IN ({Link.JUDGED}, {link})"
    )
    rows = list(_each(tx, sql, wanted))
    tx.execute_many(
        f"UPDATE fairness_facts SET linked = {int(link)} WHERE log = ? AND seq = ?",  # noqa: S608 - constants only
        (row[:2] for row in rows),
    )
    changed: Counter[_Alike] = Counter()
    for log, _, kept, sort, before in rows:
        changed[log, kept, sort, before] -= 1
        changed[log, kept, sort, int(link)] += 1
    _count(tx, changed)


def _outlived(reading: Reading, log: int, low: int, limit: int) -> list[tuple[int, int]]:
    """Entries of a stretch of a log that are erased in the journal and not here."""
    high = low + _SPAN
    rows = reading.query(
        "SELECT seq FROM fairness_facts WHERE log = ? AND seq >= ? AND seq < ? AND sort > 1 "
        "AND keep_until > 0 AND keep_until <= ?",
        (log, low, high, limit),
    )
    if not rows:
        return []
    gone = history.erased_seqs(reading, log, low, high)
    return [(log, seq) for (seq,) in rows if seq in gone]


def _timed(tx: Transaction, told: Sequence[Told], digests: Digests) -> Iterator[_New]:
    """The facts of entries with the times that count, and each log's state brought up to them."""
    kept = history.kept_until(tx, told[0].row.position, told[-1].row.position)
    latest: dict[int, int] = {}
    sizes: dict[int, int] = {}
    for row, value in told:
        if row.log not in latest:
            found = tx.query("SELECT latest FROM fairness_logs WHERE log = ?", (row.log,))
            latest[row.log] = found[0][0] if found else 0
        # No entry is older than those before it in its log: who signs them in this order cannot claim otherwise.
        shared = latest[row.log] = max(latest[row.log], row.sent_at or 0)
        sizes[row.log] = row.seq + 1
        fact = facts.read(value, digests) if value is not None else GONE
        if row.held == erase.ORDER:
            fact = Fact(Sort.ORDER)
        yield _New(row, shared, kept.get(row.position, 0), fact)
    tx.execute_many(
        "INSERT INTO fairness_logs (log, size, latest) VALUES (?, ?, ?) "
        "ON CONFLICT (log) DO UPDATE SET size = excluded.size, latest = excluded.latest",
        ((log, size, latest[log]) for log, size in sizes.items()),
    )


def _linked(tx: Transaction, made: Sequence[_New]) -> Callable[[Fact], Link]:
    """How each of these facts is linked. Older ones of the same values are marked with them."""
    times = Counter(one.fact.value for one in made if one.fact.value)
    logs: defaultdict[int, set[int]] = defaultdict(set)
    older: dict[int, Link] = {}
    for value, log, link in _each(tx, _OLDER, times.keys(), "), ("):
        if log is not None:
            logs[value].add(log)
            older[value] = Link(link)
    spoken = {row[0] for row in _each(tx, _SPOKEN, {one.fact.object for one in made if one.fact.object})}
    judged = {one.fact.value for one in made if one.fact.object in spoken}
    for one in made:
        logs[one.fact.value].add(one.row.log)
    judged |= {value for value, of in logs.items() if len(of) > 1 or older.get(value) == Link.JUDGED}
    judged.discard(0)
    _link(tx, "value", [one for one in older if one in judged and older[one] != Link.JUDGED], Link.JUDGED)
    _link(tx, "value", [one for one in older if one not in judged and older[one] == Link.NONE], Link.REPEATED)

    def of(fact: Fact) -> Link:
        if fact.value in judged or fact.object in spoken:
            return Link.JUDGED
        return Link.REPEATED if fact.value in older or times[fact.value] > 1 else Link.NONE

    return of


def _speak(tx: Transaction, made: Sequence[_New], told: Sequence[Told], digests: Digests) -> None:
    """Keep what entries say of others' objects."""
    rows: list[tuple[int, ...]] = []
    for one, (row, value) in zip(made, told, strict=True):
        if one.fact.sort == Sort.CONTEXT and value is not None:
            said = facts.words(value, digests)
            rows += ((row.log, row.seq, about, one.shared, one.keep_until, word) for about, word in said.items())
    if rows:
        tx.execute_many(
            "INSERT INTO fairness_words (log, seq, object, shared, keep_until, word) VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (log, seq, object) DO NOTHING",
            rows,
        )
        about = {row[2] for row in rows}
        had = [row[0] for row in _each(tx, _HAD, about)]
        _link(tx, "object", about, Link.JUDGED)
        _link(tx, "value", had, Link.JUDGED)


def _each(reading: Reading, sql: str, wanted: Iterable[int], between: str = ", ") -> Iterator[tuple[Any, ...]]:
    listed = list(wanted)
    for at in range(0, len(listed), _MANY):
        part = listed[at : at + _MANY]
        yield from reading.query(sql.format(between.join("?" * len(part))), part)
