"""Notes of our own people, for our own people: kept here, shown here, and never told to anyone.

No row of the journal holds one, no message, no line of the diagnostics, no metric, no answer of TAXII. They are in backups.
A subject is whatever a page is about: the id of an object, of a warning, of a story of the desk.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tocsin.errors import AccessError, ConfigError
from tocsin.ports.clock import Clock
from tocsin.ports.database import Database, Reading, Transaction
from tocsin.ports.entropy import Entropy

TABLES: Final = """
CREATE TABLE IF NOT EXISTS edge_notes (
  id      TEXT PRIMARY KEY,    -- random
  subject TEXT NOT NULL,       -- what it is about
  author  TEXT NOT NULL,       -- the account's name, folded; who may change it
  shown   TEXT NOT NULL,       -- the author's name as it is written
  text    TEXT NOT NULL,
  added   INTEGER NOT NULL,    -- microseconds since 1970; grows within a subject
  changed INTEGER NOT NULL     -- 0: never
);
CREATE INDEX IF NOT EXISTS edge_notes_subject ON edge_notes (subject, added);
"""
MIGRATIONS: Mapping[int, str] = {}  # see node/tables.py

LONGEST: Final = 4096
MOST: Final = 200  # on one subject
_LONGEST_SUBJECT: Final = 512
_BYTES: Final = 12
_COLUMNS: Final = "id, subject, author, shown, text, added, changed"


@dataclass(frozen=True, slots=True)
class Note:
    """One note."""

    id: str
    subject: str
    author: str
    shown: str
    text: str
    added: int
    changed: int


class Notes:
    """The notes of one node."""

    def __init__(self, database: Database, clock: Clock, entropy: Entropy) -> None:
        self._database = database
        self._clock = clock
        self._entropy = entropy

    async def add(self, subject: str, author: str, shown: str, text: str) -> Note:
        """Keep one. Raises ConfigError("config.note") for none, one too long, or too many on one subject."""
        now_us = self._clock.now_us()
        made = Note(self._entropy.bytes(_BYTES).hex(), _subject(subject), author, shown, _text(text), now_us, 0)
        return await self._database.write(lambda tx: _insert(tx, made))

    async def change(self, note_id: str, subject: str, author: str, text: str) -> None:
        """Write another text in its place. Raises AccessError("access.nothing-here") unless it is the author's own."""
        said, now_us = _text(text), self._clock.now_us()

        def work(tx: Transaction) -> None:
            _own(tx, note_id, subject, author)
            tx.execute("UPDATE edge_notes SET text = ?, changed = ? WHERE id = ?", (said, now_us, note_id))

        await self._database.write(work)

    async def remove(self, note_id: str, subject: str, author: str) -> None:
        """Keep it no longer. Raises AccessError("access.nothing-here") unless it is the author's own."""

        def work(tx: Transaction) -> None:
            _own(tx, note_id, subject, author)
            tx.execute("DELETE FROM edge_notes WHERE id = ?", (note_id,))

        await self._database.write(work)

    async def on(self, subject: str) -> list[Note]:
        """All on a subject, oldest first; at most MOST."""
        return await self._database.read(lambda db: _on(db, subject))

    async def counts(self, subjects: Iterable[str]) -> dict[str, int]:
        """How many there are on each of these; those without any are left out. For a list of up to some hundred."""
        wanted = list(dict.fromkeys(subjects))
        marks = ", ".join("?" * len(wanted))
        rows = await self._database.read(
            lambda db: db.query(
                f"SELECT subject, COUNT(*) FROM edge_notes WHERE subject IN ({marks}) GROUP BY subject",  # noqa: S608 - constants only
                wanted,
            )
        )
        return {subject: int(count) for subject, count in rows}


def _subject(subject: str) -> str:
    if not 0 < len(subject) <= _LONGEST_SUBJECT or not subject.isprintable():
        raise ConfigError("config.note", "what the note is about has no usable name")
    return subject


def _text(text: str) -> str:
    said = text.replace("\r\n", "\n").strip()
    if not said or len(said) > LONGEST or "\x00" in said:
        raise ConfigError("config.note", f"a note has 1 to {LONGEST} characters")
    return said


def _insert(tx: Transaction, made: Note) -> Note:
    count, newest = tx.query(
        "SELECT COUNT(*), COALESCE(MAX(added), 0) FROM edge_notes WHERE subject = ?", (made.subject,)
    )[0]
    if count >= MOST:
        raise ConfigError("config.note", f"there are {MOST} notes on this already")
    kept = Note(**{**_fields(made), "added": max(made.added, int(newest) + 1)})
    tx.execute(
        f"INSERT INTO edge_notes ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - constants only
        tuple(_fields(kept).values()),
    )
    return kept


def _fields(note: Note) -> dict[str, Any]:
    return {one: getattr(note, one) for one in _COLUMNS.split(", ")}


def _own(tx: Reading, note_id: str, subject: str, author: str) -> None:
    key = (note_id, subject, author)
    if not tx.query("SELECT 1 FROM edge_notes WHERE id = ? AND subject = ? AND author = ?", key):
        raise AccessError("access.nothing-here", "there is nothing here that you may see")


def _on(reading: Reading, subject: str) -> list[Note]:
    rows = reading.query(
        f"SELECT {_COLUMNS} FROM edge_notes WHERE subject = ? ORDER BY added LIMIT ?",  # noqa: S608 - constants only
        (subject, MOST),
    )
    return [Note(*row) for row in rows]
