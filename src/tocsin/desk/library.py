"""The library: captures as they came, documents as they were read, in the order of arrival."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

import msgspec
from zstandard import ZstdCompressor, ZstdDecompressor

from tocsin.desk.document import Capture, Document, Lead, Mark, Reading
from tocsin.errors import AccessError, StoreError
from tocsin.ports.database import Database, Transaction
from tocsin.ports.database import Reading as View

GIVEN_UP: Final = 0
MOST_BYTES: Final = 16 * 1024 * 1024  # of one capture
_LEVEL: Final = 3
_DOCUMENT: Final = msgspec.msgpack.Decoder(Document)
_READING: Final = msgspec.msgpack.Decoder(Reading)
_MARK: Final = msgspec.msgpack.Decoder(Mark)
_LEAD: Final = msgspec.msgpack.Decoder(Lead)


class Kept(msgspec.Struct, frozen=True):
    """A document in the library. `number` is the order of arrival."""

    number: int
    source: int
    story: str
    copy_of: str
    document: Document


def keep(tx: Transaction, capture: Capture, body: bytes, source: int) -> bool:
    """Write a capture down; False if the very same bytes are here already."""
    digest = bytes.fromhex(capture.sha256)
    if tx.query("SELECT 1 FROM desk_captures WHERE sha256 = ?", (digest,)):
        return False
    tx.execute(
        "INSERT INTO desk_captures (sha256, source, url, media_type, seen_us, size, code, packed)"
        " VALUES (?, ?, ?, ?, ?, ?, '', ?)",
        (digest, source, capture.url, capture.media_type, capture.seen_us, capture.size, _packed(body)),
    )
    return True


def unreadable(tx: Transaction, sha256: str, code: str) -> None:
    """Say why nothing was made of a capture."""
    tx.execute("UPDATE desk_captures SET code = ? WHERE sha256 = ?", (code, bytes.fromhex(sha256)))


def unseen(db: View, ids: Iterable[str]) -> set[str]:
    """Of these documents those that are not in the library."""
    return {one for one in ids if not db.query("SELECT 1 FROM desk_documents WHERE id = ?", (one,))}


def add(tx: Transaction, kept: Kept, reading: Reading, mark: Mark) -> None:
    """Put a document on the shelf of a story; its number is the next. What is compared stands in its mark alone."""
    document = kept.document
    tx.execute(
        "INSERT INTO desk_documents (id, article, source, story, copy_of, published_us, seen_us, document, reading)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            document.id,
            document.article,
            kept.source,
            kept.story,
            kept.copy_of,
            reading.published_us,
            reading.seen_us,
            _packed(msgspec.msgpack.encode(document)),
            _packed(msgspec.msgpack.encode(msgspec.structs.replace(reading, vector={}, sketch=()))),
        ),
    )
    tx.execute("INSERT INTO desk_contents (content, document) VALUES (?, ?)", (document.content, document.id))
    tx.execute(
        "INSERT INTO desk_marks (number, document, story, outlet, language, is_copy, published_us, seen_us, body)"
        " SELECT number, id, story, ?, ?, ?, published_us, seen_us, ? FROM desk_documents WHERE id = ?",
        (document.outlet, reading.language, int(bool(kept.copy_of)), msgspec.msgpack.encode(mark), document.id),
    )

    tx.execute(
        "INSERT INTO desk_read (capture, document) SELECT ?, number FROM desk_documents WHERE id = ?",
        (bytes.fromhex(document.found_in), document.id),
    )


def forget(tx: Transaction, story: str, limit: int) -> tuple[int, bool]:
    """Delete a story, at most so many of its documents: how many, and whether it is gone as a whole."""
    found = tx.query(
        "SELECT m.number, m.document, d.document FROM desk_marks m JOIN desk_documents d ON d.number = m.number"
        " WHERE m.story = ? ORDER BY m.number LIMIT ?",
        (story, limit),
    )
    for number, document, packed in found:
        read = _DOCUMENT.decode(_plain(packed))
        tx.execute("DELETE FROM desk_read WHERE capture = ? AND document = ?", (bytes.fromhex(read.found_in), number))
        tx.execute("DELETE FROM desk_contents WHERE content = ? AND document = ?", (read.content, document))
        tx.execute("DELETE FROM desk_leads WHERE document = ?", (document,))
        tx.execute("DELETE FROM desk_marks WHERE number = ?", (number,))
        tx.execute("DELETE FROM desk_documents WHERE number = ?", (number,))
    if len(found) >= limit:
        return len(found), False
    for table in ("desk_keys", "desk_judged", "desk_hits"):
        tx.execute(f"DELETE FROM {table} WHERE story = ?", (story,))  # noqa: S608 - constants only
    tx.execute("DELETE FROM desk_stories WHERE id = ?", (story,))
    return len(found), True


def lead(tx: Transaction, one: Lead, model: str, vector: bytes) -> None:
    """Keep what began a story, with its vector: in place of one by another model."""
    tx.execute(
        "INSERT INTO desk_leads (document, seen_us, model, body, vector) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (document) DO UPDATE SET model = excluded.model, vector = excluded.vector",
        (one.document, one.seen_us, model, msgspec.msgpack.encode(one), vector),
    )


def follow(tx: Transaction, urls: Sequence[str], now_us: int) -> None:
    """Remember that these entries were fetched, or (GIVEN_UP) that they will never be."""
    tx.execute_many(
        "INSERT INTO desk_followed (url, seen_us) VALUES (?, ?) ON CONFLICT DO NOTHING",
        [(one, now_us) for one in urls],
    )


def unread(db: View, urls: Iterable[str]) -> set[str]:
    """Of these entries those whose page was not had: not fetched yet, or given up."""
    found = ((one, db.query("SELECT seen_us FROM desk_followed WHERE url = ?", (one,))) for one in urls)
    return {one for one, rows in found if not rows or rows[0][0] == GIVEN_UP}


def fresh(db: View, urls: Iterable[str]) -> list[str]:
    """Of these entries those that were not fetched yet, in their order, each once."""
    return [one for one in dict.fromkeys(urls) if not db.query("SELECT 1 FROM desk_followed WHERE url = ?", (one,))]


def marks(db: View, since_us: int, after: int, limit: int) -> list[tuple[int, str, Mark]]:
    """(number, story, mark) of what came since, in the order of arrival."""
    rows = db.query(
        "SELECT number, story, body FROM desk_marks WHERE number > ? AND seen_us >= ? ORDER BY number LIMIT ?",
        (after, since_us, limit),
    )
    return [(int(row[0]), str(row[1]), _MARK.decode(row[2])) for row in rows]


def newest(db: View) -> int:
    """The number of the document that came last; 0: none."""
    found = db.query("SELECT number FROM desk_marks ORDER BY number DESC LIMIT 1")
    return int(found[0][0]) if found else 0


def leads(db: View, after: tuple[int, str], limit: int) -> list[tuple[Lead, str, bytes]]:
    """(lead, model, vector) of what began stories, by the time of arrival and the name of the document."""
    rows = db.query(
        "SELECT body, model, vector FROM desk_leads WHERE (seen_us, document) > (?, ?) ORDER BY seen_us, document LIMIT ?",
        (*after, limit),
    )
    return [(_LEAD.decode(row[0]), str(row[1]), bytes(row[2])) for row in rows]


def shelf(db: View, story: str, limit: int) -> list[tuple[Kept, Reading]]:
    """The documents of a story in the order of arrival, at most so many: those that are no copies first."""
    rows = db.query(
        "SELECT number, source, story, copy_of, document, reading FROM desk_documents WHERE number IN"
        " (SELECT number FROM desk_marks WHERE story = ? ORDER BY is_copy, number LIMIT ?) ORDER BY number",
        (story, limit),
    )
    return [_shelved(row) for row in rows]


class Tally(msgspec.Struct):
    """All documents of a story, counted: by the index, without reading any. Times are 0 where there is none."""

    documents: int = 0
    copies: int = 0
    outlets: Counter[str] = msgspec.field(default_factory=Counter)
    languages: Counter[str] = msgspec.field(default_factory=Counter)
    last_us: int = 0

    def add(self, outlet: str, language: str, last_us: int, *, is_copy: bool, documents: int = 1) -> None:
        """Count some more."""
        self.documents += documents
        self.copies += documents if is_copy else 0
        self.outlets[outlet] += documents
        self.languages[language] += documents
        self.last_us = max(self.last_us, last_us)


def tally(db: View, story: str) -> Tally:
    """What a story has."""
    rows = db.query(
        "SELECT outlet, language, is_copy, COUNT(*), MAX(seen_us) FROM desk_marks WHERE story = ?"
        " GROUP BY outlet, language, is_copy",
        (story,),
    )
    made = Tally()
    for outlet, language, is_copy, documents, last_us in rows:
        made.add(str(outlet), str(language), int(last_us), is_copy=bool(is_copy), documents=int(documents))
    return made


class Fact(NamedTuple):
    """What is counted of a document."""

    document: str
    outlet: str
    language: str
    is_copy: bool
    seen_us: int


def facts(db: View, story: str) -> list[Fact]:
    """Of all documents of a story, in the order of arrival."""
    sql = "SELECT document, outlet, language, is_copy, seen_us FROM desk_marks WHERE story = ? ORDER BY number"
    return [Fact(str(a), str(b), str(c), bool(d), int(e)) for a, b, c, d, e in db.query(sql, (story,))]


def these(db: View, documents: Iterable[str]) -> list[tuple[Kept, Reading]]:
    """These documents, in the order of arrival."""
    sql = "SELECT number, source, story, copy_of, document, reading FROM desk_documents WHERE id = ?"
    found = (_shelved(row) for one in documents for row in db.query(sql, (one,)))
    return sorted(found, key=lambda one: one[0].number)


def _shelved(row: tuple[Any, ...]) -> tuple[Kept, Reading]:
    return _kept(row), _READING.decode(_plain(row[5]))


def holding(db: View, contents: Iterable[str]) -> dict[str, tuple[str, str]]:
    """(document, its story) of texts that are here, by Document.content; of several the first that came."""
    out = {}
    for one in contents:
        rows = db.query(
            "SELECT d.id, d.story FROM desk_contents c JOIN desk_documents d ON d.id = c.document WHERE c.content = ?"
            " ORDER BY d.number LIMIT 1",
            (one,),
        )
        if rows:
            out[one] = (str(rows[0][0]), str(rows[0][1]))
    return out


def story_of(db: View, documents: Iterable[str]) -> dict[str, str]:
    """The stories of documents that are here."""
    found = (db.query("SELECT id, story FROM desk_documents WHERE id = ?", (one,)) for one in documents)
    return {str(rows[0][0]): str(rows[0][1]) for rows in found if rows}


def homes(db: View, articles: Iterable[str]) -> dict[str, str]:
    """The stories of articles of which an older version is here."""
    out = {}
    for one in articles:
        rows = db.query("SELECT story FROM desk_documents WHERE article = ? ORDER BY number DESC LIMIT 1", (one,))
        if rows:
            out[one] = str(rows[0][0])
    return out


def ids(db: View, story: str) -> list[str]:
    """All documents of a story, in the order of arrival."""
    return [str(row[0]) for row in db.query("SELECT id FROM desk_documents WHERE story = ? ORDER BY number", (story,))]


def urls(db: View, captures: Iterable[str]) -> dict[str, str]:
    """Where captures came from, by their SHA-256."""
    found = (
        (one, db.query("SELECT url FROM desk_captures WHERE sha256 = ?", (bytes.fromhex(one),))) for one in captures
    )
    return {one: str(rows[0][0]) for one, rows in found if rows}


def move(tx: Transaction, documents: Iterable[str], story: str) -> None:
    """Put documents on the shelf of another story."""
    moved = [(story, one) for one in documents]
    tx.execute_many("UPDATE desk_documents SET story = ? WHERE id = ?", moved)
    of_number = "UPDATE desk_marks SET story = ? WHERE number = (SELECT number FROM desk_documents WHERE id = ?)"
    tx.execute_many(of_number, moved)


def kept(db: View, document_id: str) -> Kept | None:
    """A document, if it is here."""
    rows = db.query("SELECT number, source, story, copy_of, document FROM desk_documents WHERE id = ?", (document_id,))
    return _kept(rows[0]) if rows else None


class Library:
    """What readers ask of it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def document(self, document_id: str) -> tuple[Kept, Reading]:
        """Raises AccessError("desk.unknown-story")."""

        def work(db: View) -> tuple[Kept, Reading]:
            rows = db.query(
                "SELECT number, source, story, copy_of, document, reading FROM desk_documents WHERE id = ?",
                (document_id,),
            )
            if not rows:
                raise AccessError("desk.unknown-story", "there is no such document here")
            return _shelved(rows[0])

        return await self._database.read(work)

    async def versions(self, article: str, limit: int) -> list[Document]:
        """The texts of an article through its edits, oldest first."""

        def work(db: View) -> list[Document]:
            rows = db.query(
                "SELECT document FROM desk_documents WHERE article = ? ORDER BY number LIMIT ?", (article, limit)
            )
            return [_DOCUMENT.decode(_plain(row[0])) for row in rows]

        return await self._database.read(work)

    async def capture(self, sha256: str) -> tuple[Capture, bytes | None]:
        """A capture and its bytes, if they are still kept. Raises AccessError("desk.unknown-story")."""

        def work(db: View) -> tuple[Capture, bytes | None]:
            rows = db.query(
                "SELECT url, media_type, seen_us, size, packed FROM desk_captures WHERE sha256 = ?",
                (bytes.fromhex(sha256),),
            )
            if not rows:
                raise AccessError("desk.unknown-story", "there is no such capture here")
            url, media_type, seen_us, size, packed = rows[0]
            return Capture(sha256, url, media_type, seen_us, size), _plain(packed) if packed else None

        return await self._database.read(work)


def _kept(row: tuple[object, ...]) -> Kept:
    number, source, story, copy_of, document = row[:5]
    if not isinstance(number, int) or not isinstance(source, int) or not isinstance(document, bytes):
        raise StoreError("store.read", "a document's row is not one")
    return Kept(number, source, str(story), str(copy_of), _DOCUMENT.decode(_plain(document)))


def _packed(body: bytes) -> bytes:
    return ZstdCompressor(level=_LEVEL).compress(body)


def _plain(packed: bytes) -> bytes:
    return ZstdDecompressor().decompress(packed, max_output_size=MOST_BYTES * 2)
