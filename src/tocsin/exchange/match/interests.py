"""What our own people want to be told of: kept here, looked for in what arrives, and never told to anyone.

No row of the journal says what is sought, no message, no line of the diagnostics, no metric. A hit is a pair of an
interest and a position.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from tocsin.errors import AccessError, ConfigError, StoreError
from tocsin.exchange.journal.journal import Journal, Kind, last
from tocsin.exchange.journal.readers import Told
from tocsin.exchange.match import constituency, observables, values
from tocsin.exchange.match.constituency import ADDRESS, ASN, COUNTRY, DOMAIN, SECTOR, Entry, Index, Named
from tocsin.formats import extension
from tocsin.formats.stix.comparisons import comparisons
from tocsin.ports.clock import Clock
from tocsin.ports.database import Reading, Transaction

VALUE: Final = "value"
CIDR: Final = "cidr"
TOPIC: Final = "topic"
TYPE: Final = "type"
WORD: Final = "word"
KINDS: Final = (VALUE, CIDR, DOMAIN, ASN, COUNTRY, SECTOR, TOPIC, TYPE, WORD)
MOST: Final = 100_000
_LONGEST: Final = 254
_LONGEST_TEXT: Final = 32 * 1024  # of one object that words are looked for in
_WORDS: Final = re.compile(r"\w+")
_PROSE: Final = ("name", "description", "abstract", "content", "explanation", "opinion", "value", "subject")
_NAMES: Final = ("aliases", "labels", "x_mitre_aliases")
_EXACT: Final = ("value", "name", "id", "path", "serial_number", "account_login", "user_id")
_INDEXED: Final = frozenset({ADDRESS, DOMAIN, ASN, COUNTRY, SECTOR})


@dataclass(frozen=True, slots=True)
class Interest:
    """One thing to look for."""

    id: str
    kind: str
    text: str
    note: str
    added: int
    after: int


class Interests:
    """The room's reader of the journal, and what people change of it. One per node."""

    def __init__(self, me: str, journal: Journal, clock: Clock) -> None:
        self._me = me
        self._journal = journal
        self._clock = clock
        self._seeker: Seeker | None = None

    @property
    def are_any(self) -> bool:
        """Whether there may be something to look for."""
        return self._seeker is None or not self._seeker.is_empty

    async def add(self, kind: str, text: str, note: str = "") -> Interest:
        """Look for this from now on. Raises ConfigError("config.value"), StoreError."""
        normal = _normal(kind, text)
        number = _number(f"{kind} {normal}")
        now_us = self._clock.now_us()

        def work(tx: Transaction) -> Interest:
            same = _all(tx, number)
            if same:
                return same[0]
            if tx.query("SELECT COUNT(*) FROM match_interests")[0][0] >= MOST:
                raise ConfigError("config.value", f"there are {MOST:,} interests already")
            made = Interest(number, kind, normal, note[:_LONGEST], now_us, last(tx))
            tx.execute(
                "INSERT INTO match_interests (id, kind, text, note, added, after) VALUES (?, ?, ?, ?, ?, ?)",
                (made.id, made.kind, made.text, made.note, made.added, made.after),
            )
            self._seeker = None  # on the writer's thread, as take() is
            return made

        try:
            return await self._journal.database.write(work)
        except StoreError:
            self._seeker = None  # it may have been made from what is not there
            raise

    async def remove(self, interest_id: str) -> Interest:
        """Look for it no longer, and forget what was found; what it was. Raises AccessError("access.unknown-interest")."""

        def work(tx: Transaction) -> Interest:
            found = _all(tx, interest_id) if interest_id else []
            if not found:
                raise AccessError("access.unknown-interest", "there is no interest with that id")
            tx.execute("DELETE FROM match_interests WHERE id = ?", (interest_id,))
            tx.execute("DELETE FROM match_hits WHERE interest = ?", (interest_id,))
            self._seeker = None
            return found[0]

        return await self._journal.database.write(work)

    async def all(self) -> list[Interest]:
        """Every interest, oldest first."""
        return await self._journal.database.read(_all)

    async def standing(self, labels: Iterable[str]) -> frozenset[str]:
        """Those of these "kind text" that are looked for."""
        wanted = {_number(one): one for one in labels}
        marks = ", ".join("?" * len(wanted))
        rows = await self._journal.database.read(
            lambda db: db.query(f"SELECT id FROM match_interests WHERE id IN ({marks})", list(wanted))  # noqa: S608 - constants only
        )
        return frozenset(wanted[str(row[0])] for row in rows)

    async def hits(self, after: int, limit: int, *, newest_first: bool = False) -> list[tuple[int, str]]:
        """(position, interest) of what was found after a position, or before it when the newest come first."""
        side, order = ("<", "DESC") if newest_first else (">", "ASC")
        return await self._journal.database.read(
            lambda db: db.query(
                f"SELECT position, interest FROM match_hits WHERE position {side} ? ORDER BY position {order}, interest LIMIT ?",  # noqa: S608 - constants only
                (after, limit),
            )
        )

    def take(self, told: Sequence[Told], tx: Transaction) -> None:
        """Look through what others have shared."""
        seeker = self._seeker
        if seeker is None:
            seeker = self._seeker = Seeker(_all(tx))
        if seeker.is_empty:
            return
        shown = [
            (row.position, value)
            for row, value in told
            if row.kind == Kind.ENTRY and value is not None and row.member != self._me
        ]
        found = seeker.seek([value for _, value in shown])
        rows = [(shown[place][0], interest) for place, interest in found if seeker.after[interest] < shown[place][0]]
        if rows:
            tx.execute_many("INSERT INTO match_hits (position, interest) VALUES (?, ?) ON CONFLICT DO NOTHING", rows)

    def met(self, objects: Sequence[Mapping[str, Any]], tx: Transaction) -> list[tuple[int, Interest]]:
        """(place, interest) of what is met by objects that nobody has shared: news, of which the desk makes stories."""
        if self._seeker is None:
            self._seeker = Seeker(_all(tx))
        found = [] if self._seeker.is_empty else sorted(self._seeker.seek(objects))
        interests = {one.id: one for one in _all(tx)} if found else {}
        return [(place, interests[one]) for place, one in found if one in interests]


class Seeker:
    """Interests, ready to look for all of them at once."""

    def __init__(self, interests: Iterable[Interest]) -> None:
        self.after: dict[str, int] = {}
        self._plain: dict[Named, list[str]] = {}
        self._words: dict[str, list[tuple[str, str]]] = {}
        entries: list[Entry] = []
        for one in interests:
            self.after[one.id] = one.after
            kind = ADDRESS if one.kind == CIDR else one.kind
            if kind in _INDEXED:
                entries.append(Entry(kind, one.text, one.id))
            elif kind == WORD:
                self._words.setdefault(one.text.partition(" ")[0], []).append((f" {one.text} ", one.id))
            else:
                self._plain.setdefault((kind, one.text), []).append(one.id)
        self._index = Index(entries, nested=True)
        self._values = any(kind == VALUE for kind, _ in self._plain)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to look for."""
        return not self.after

    def seek(self, objects: Sequence[Mapping[str, Any]]) -> set[tuple[int, str]]:
        """(place in `objects`, interest) of everything that is found."""
        out: set[tuple[int, str]] = set()
        if self._index.size:
            places: list[int] = []
            batch: list[Named] = []
            for place, value in enumerate(objects):
                found = observables.names(value)
                batch += found
                places += [place] * len(found)
            for at, claim in self._index.match_many(batch):
                out.update((places[at], owner) for owner in claim.owners)
        for place, value in enumerate(objects):
            if self._plain:
                for key in self._keys(value):
                    if key in self._plain:
                        out.update((place, one) for one in self._plain[key])
            if self._words:
                out.update((place, one) for one in self._read(value))
        return out

    def _keys(self, value: Mapping[str, Any]) -> Iterator[Named]:
        kind = value.get("type")
        if isinstance(kind, str):
            yield TYPE, kind
        said = extension.of(value, "warning") if value.get("extensions") else None
        topic = said.get("topic") if said else None
        if isinstance(topic, str):
            yield TOPIC, topic.lower()
        if self._values:
            for text in _values_of(value):
                yield VALUE, text.lower()

    def _read(self, value: Mapping[str, Any]) -> Iterator[str]:
        words = _WORDS.findall(_prose(value).lower())
        text = ""
        for word in self._words.keys() & set(words):
            text = text or f" {' '.join(words)} "
            yield from (interest for phrase, interest in self._words[word] if phrase in text)


def _prose(value: Mapping[str, Any]) -> str:
    parts = [value[key] for key in _PROSE if key in value and isinstance(value[key], str)]
    for key in _NAMES:
        if isinstance(value.get(key), list):
            parts += [one for one in value[key] if isinstance(one, str)]
    return " . ".join(parts)[:_LONGEST_TEXT]


def _values_of(value: Mapping[str, Any]) -> Iterator[str]:
    for key in _EXACT:
        if key in value and isinstance(value[key], str):
            yield value[key]
    hashes = value.get("hashes")
    if isinstance(hashes, dict):
        yield from (one for one in hashes.values() if isinstance(one, str))
    if isinstance(value.get("pattern"), str) and value.get("pattern_type") == "stix":
        yield from (one.value for one in comparisons(value["pattern"]))
    references = value.get("external_references")
    for one in references if isinstance(references, list) else ():
        if isinstance(one, dict) and isinstance(one.get("external_id"), str):
            yield one["external_id"]


def _normal(kind: str, text: str) -> str:
    """The interest as it is looked for. What it says is in no error."""
    if kind not in KINDS:
        raise ConfigError("config.value", f"an interest is one of {', '.join(KINDS)}")
    words = " ".join(_WORDS.findall(text.lower()))
    normal: str | None
    if kind == CIDR:
        block = values.address(text.strip())
        normal = values.shown(block) if block is not None and block.prefix >= constituency.WIDEST[block.bits] else None
    elif kind in _INDEXED:
        normal = constituency.normal(kind, text.strip())
        if kind == DOMAIN and normal is not None and constituency.is_public_suffix(normal):
            normal = None
    else:
        normal = words if kind == WORD else text.strip().lower()
    if not normal or len(normal) > _LONGEST:
        raise ConfigError("config.value", f"that is no {kind} to look for: malformed, too wide or too long")
    return normal


def _number(label: str) -> str:
    return sha256(label.encode()).hexdigest()[:12]


def _all(reading: Reading, only: str = "") -> list[Interest]:
    found = reading.query(
        "SELECT id, kind, text, note, added, after FROM match_interests WHERE ? IN ('', id) ORDER BY added, id", (only,)
    )
    return [Interest(*row) for row in found]
