"""A small community whose every entry is known: the journal of one member of it, and the truth to compute figures from."""

import json
from hashlib import sha256
from random import Random
from types import SimpleNamespace
from uuid import UUID, uuid5

from hypothesis import strategies as st

from tocsin.backends.sqlite.database import InlineDatabase
from tocsin.exchange.fairness.balance import Period, Snapshot
from tocsin.exchange.fairness.ledger import Ledger
from tocsin.exchange.journal.journal import Journal, Kind, NewRow, append, read
from tocsin.exchange.journal.readers import Readers
from tocsin.formats import erasure, extension
from tocsin.formats.entry import ERASE_ORDER
from tocsin.formats.markings import ChannelKind
from tocsin.testing.chance import SeededEntropy
from tocsin.testing.stores import in_memory

ME = "aa"
MEMBERS = ("aa", "bb", "cc", "dd")
DAY = 86_400_000_000
GRACE = 30 * DAY
NOW = 20_000 * DAY
CHANNELS = {
    "plenary": (ChannelKind.PLENARY, MEMBERS),
    "ports": (ChannelKind.THEMATIC, ("aa", "bb", "cc")),
    "aa-bb": (ChannelKind.BILATERAL, ("aa", "bb")),
}
SPACE = UUID("11111111-1111-4111-8111-111111111111")
# What is said in several ways, and the one value that is meant.
VALUES = (
    ("ip", {"type": "indicator", "pattern": "[ipv4-addr:value = '198.51.100.7']", "pattern_type": "stix"}),
    ("ip", {"type": "indicator", "pattern": "[ ipv4-addr:value='198.51.100.7/32' ]", "pattern_type": "stix"}),
    ("ip", {"type": "ipv4-addr", "value": "198.51.100.7"}),
    ("name", {"type": "indicator", "pattern": "[domain-name:value = 'Evil.Example']", "pattern_type": "stix"}),
    ("name", {"type": "domain-name", "value": "evil.example."}),
    ("two", {"type": "indicator", "pattern": "[a:b = 'x  y'  OR a:c = 'z']", "pattern_type": "stix"}),
    ("two", {"type": "indicator", "pattern": "[a:b  =  'x  y' OR a:c = 'z']", "pattern_type": "stix"}),
    ("rule", {"type": "indicator", "pattern": "rule x { }", "pattern_type": "yara"}),
    ("", {"type": "tool", "name": "t"}),
    ("", {"type": "report", "name": "r"}),
    ("", {"type": "warning"}),
)
IDS = 2
AUTHORS = (None, "identity--one", "identity--two")
OPINIONS = {
    "strongly-disagree": "false",
    "disagree": "false",
    "neutral": "",
    "agree": "right",
    "strongly-agree": "right",
}
ANSWERS = {
    "affects-us": ("answered", "used"),
    "acting": ("answered", "used"),
    "not-us": ("answered",),
    "need-more": ("answered",),
}


def store():
    """A new store in memory."""
    connection = in_memory()
    return InlineDatabase(connection)


def object_id(kind, number):
    name = "report" if kind == "warning" else kind
    return f"{name}--{uuid5(SPACE, f'{kind} {number}')}"


def stamp(us):
    from datetime import UTC, datetime, timedelta

    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)).isoformat().replace("+00:00", "Z")


class Entry(SimpleNamespace):
    """log (channel, origin), seq, at (as its origin says), time (that counts), keep, truth; gone when it was erased."""


class Community:
    """See the module. `say` appends one entry; `index` hands what is new to the ledger."""

    def __init__(self, database, me=ME):
        self.database = database
        self.me = me
        self.entries = []
        self.sizes = {}
        self.latest = {}
        self.taken = 0
        self.now = NOW
        self.logs = {}
        for channel, (_, roster) in CHANNELS.items():
            for origin in roster:
                self.logs[channel, origin] = len(self.logs) + 1
        self.journal = Journal(database)
        self.ledger = Ledger(
            self.journal, SimpleNamespace(now_us=lambda: self.now), SeededEntropy(me.encode()), self.places
        )
        self.readers = Readers([self.ledger])

    # -- who is who -------------------------------------------------------------------------------------------------

    @staticmethod
    def slot(channel, origin):
        return sha256(f"{channel} {origin}".encode()).digest()

    def places(self):
        return {self.slot(*log): (number, log[1]) for log, number in self.logs.items()}

    def members(self):
        channels = [
            SimpleNamespace(
                id=name,
                name=name,
                kind=kind,
                listed=frozenset(roster),
                is_open=True,
                slots={origin: self.slot(name, origin) for origin in roster},
                urgent={},
            )
            for name, (kind, roster) in CHANNELS.items()
            if self.me in roster
        ]
        return SimpleNamespace(
            me=self.me,
            generations=lambda: channels,
            member=lambda handle: SimpleNamespace(handle=handle),
            charter=SimpleNamespace(active=frozenset(MEMBERS)),
        )

    def directory(self):
        by_slot = {slot: SimpleNamespace(number=number) for slot, (number, _) in self.places().items()}
        return SimpleNamespace(get=by_slot.get)

    # -- what happens -----------------------------------------------------------------------------------------------

    async def say(self, channel, origin, value, *, at=0, keep=0, truth=None, held=None, content_type=1):
        """Append an entry of a member's log in a channel."""
        log = channel, origin
        seq = self.sizes.get(log, 0)
        self.sizes[log] = seq + 1
        self.latest[log] = max(self.latest.get(log, 0), at)
        truth = truth or {}
        entry = Entry(log=log, seq=seq, at=at, time=self.latest[log], keep=keep, truth=truth, gone=held is not None)
        entry.order = content_type == ERASE_ORDER
        self.entries.append(entry)
        content = value if isinstance(value, bytes) else json.dumps(value).encode()
        row = NewRow(
            Kind.ENTRY, self.logs[log], seq, origin, "x", "", "", 1, at, keep, held, b"s", b"c", content, content_type
        )
        await self.database.write(lambda tx: append(tx, [row], NOW))
        return entry

    async def take_back(self, entry):
        """The origin orders one of its entries to be erased; the journal obeys at once."""
        slot = self.slot(*entry.log)
        order = erasure.encode(erasure.Order(((slot, entry.seq),), "", 0, 0))
        made = await self.say(*entry.log, order, at=NOW - 1, held="order", content_type=ERASE_ORDER)
        made.names = entry
        await self.erase([entry])

    async def erase(self, entries):
        """As the journal does it."""
        for one in entries:
            one.gone = True
        places = [(self.logs[one.log], one.seq) for one in entries]

        def work(tx):
            tx.execute_many(
                "UPDATE journal_rows SET held = 'erased', object_id = NULL, content = NULL, salt = NULL "
                "WHERE kind = 1 AND log = ? AND seq = ?",
                places,
            )

        await self.database.write(work)

    async def receipt(self, log, member, size):
        row = NewRow(Kind.RECEIPT, self.logs[log], size, member, sent_at=NOW)
        await self.database.write(lambda tx: append(tx, [row], NOW))

    async def index(self, limit=10_000):
        """Hand what is new to the ledger."""

        def work(tx):
            rows = read(tx, self.taken, limit)
            if rows:
                self.readers.handle(rows, tx)
                self.taken = rows[-1].position
            return bool(rows)

        while await self.database.write(work):
            pass

    async def rebuild(self, limit=10_000):
        """Drop what was derived and derive it again."""
        names = (
            "fairness_key",
            "fairness_logs",
            "fairness_facts",
            "fairness_counts",
            "fairness_words",
            "fairness_taken",
        )

        def work(tx):
            for name in names:
                tx.execute("DELETE FROM " + name)  # noqa: S608 - a table of ours

        await self.database.write(work)
        self.taken = 0
        await self.index(limit)

    async def look(self, work, *, as_of=NOW, since=0, until=2**62, memory=None):
        """Something read from a snapshot."""
        period = Period(as_of, since, until)
        return await self.database.read(lambda db: work(Snapshot(db, self.members(), self.directory(), period, memory)))


# -- what members say -------------------------------------------------------------------------------------------------


def claim(which, number, author, seen):
    """An object that says something is a threat, and the truth about it."""
    value, said = VALUES[which]
    id_ = object_id(said["type"], number)
    made = {**said, "id": id_, "spec_version": "2.1"}
    if said["type"] == "warning":
        made |= {
            "type": "report",
            "name": "w",
            "object_refs": [],
            "extensions": {extension.ID["warning"]: {"key": "k"}},
        }
    if author is not None:
        made["created_by_ref"] = author
    if seen:
        made["created"] = stamp(seen)
    truth = {"value": value or id_, "object": id_, "author": author, "seen": seen, "warning": said["type"] == "warning"}
    return made, truth


def word(kind, about, detail):
    """An object that says something of another."""
    base = {"id": f"note--{uuid5(SPACE, repr((kind, about, detail)))}", "spec_version": "2.1"}
    if kind == "sighting":
        made = {**base, "type": "sighting", "sighting_of_ref": about}
        if detail is not None:
            made["count"] = detail
        return made, ("sighted",) if detail != 0 else ()
    if kind == "opinion":
        return {**base, "type": "opinion", "object_refs": [about], "opinion": detail}, tuple(
            filter(None, [OPINIONS[detail]])
        )
    made = {**base, "type": "note", "content": "c", "object_refs": [about]}
    return {**made, "extensions": {extension.ID["answer"]: {"answer": detail}}}, ANSWERS[detail]


LOGS = [(channel, origin) for channel, (_, roster) in CHANNELS.items() for origin in roster]
ABOUT = [object_id(said["type"], number) for _, said in VALUES for number in range(IDS)]


def steps_of(seed, count=40):
    """A story by its seed: dense, so that all that may go together does."""
    chance = Random(seed)
    some = chance.sample(range(len(VALUES)), 4)
    logs = chance.sample(LOGS, chance.choice((1, 2, 2, 3, len(LOGS))))
    # Now and then mostly claims, and each taken by itself: what stood alone is linked step by step.
    words, taken = chance.choice((1, 10)), chance.choice((1, 2, 20))

    def time():
        return NOW - 100 * DAY + chance.randrange(12) * DAY

    def said():
        kind = chance.choice(("sighting", "opinion", "note"))
        details = {"sighting": (None, None, 0, 3), "opinion": sorted(OPINIONS), "note": sorted(ANSWERS)}
        of = chance.choice(ABOUT) if chance.random() < 0.1 else chance.randrange(1000)
        return kind, of, chance.choice(details[kind])

    steps = []
    for _ in range(chance.randint(1, count)):
        log = chance.choice(logs)
        kind = chance.choices(("claim", "word", "context", "take back", "index"), (8, words, 1, 1, taken))[0]
        if kind == "claim":
            keep = chance.choice((0, 0, 0, NOW + 10 * DAY, NOW + 40 * DAY))
            seen = chance.choice((0, time()))
            steps.append(
                (kind, log, chance.choice(some), chance.randrange(IDS), chance.choice(AUTHORS), seen, time(), keep)
            )
        elif kind == "word":
            steps.append((kind, log, said(), time()))
        elif kind == "context":
            steps.append((kind, log, time()))
        else:
            steps.append((kind, chance.randrange(1000)))
    return steps


STEPS = st.integers(0, 2**32).map(steps_of)


async def play(community, steps):
    """Let it all happen."""
    for step in steps:
        match step:
            case "claim", log, which, number, author, seen, at, keep:
                made, truth = claim(which, number, author, seen)
                await community.say(*log, made, at=at, keep=keep, truth=truth)
            case "word", log, (kind, of, detail), at:
                claimed = [one.truth["object"] for one in community.entries if "value" in one.truth] or ABOUT
                about = of if isinstance(of, str) else claimed[of % len(claimed)]
                made, words = word(kind, about, detail)
                await community.say(*log, made, at=at, truth={"about": about, "words": words})
            case "context", log, at:
                await community.say(*log, {"type": "relationship", "id": "relationship--1"}, at=at)
            case "take back", which:
                standing = [one for one in community.entries if not one.gone and not one.order]
                if standing:
                    await community.take_back(standing[which % len(standing)])
            case "index", _:
                await community.index()
    await community.index()
