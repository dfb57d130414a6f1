"""A capture's bytes to documents: what kind they are, how much of them is looked at, and the three clocks of each."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from hashlib import sha256
from typing import Final
from urllib.parse import urljoin

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException
from msgspec.structs import replace

from tocsin.desk.document import Capture, Clock, Document, Role, Way
from tocsin.desk.finding import language
from tocsin.desk.reading import container, feeds, files, html, partners, stamps
from tocsin.desk.reading.container import Piece
from tocsin.desk.reading.lines import cleaned, lines_of, words_in
from tocsin.errors import FormatError
from tocsin.formats.text import to_microseconds

MOST_BYTES: Final = 16 * 1024 * 1024
MOST_DOCUMENTS: Final = 500
MOST_WORDS: Final = 60_000  # of one document; what is beyond it is cut, and said to be
MOST_LINKS: Final = 5000
_DEEPEST: Final = 2  # a mail in a mail
_SECOND_US: Final = 1_000_000
_XML: Final = re.compile(rb"^\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:\w+:)?(\w+)", re.DOTALL)
_HTML: Final = re.compile(rb"<(?:!doctype html|html|head|body|article|div|p)\b", re.IGNORECASE)
_MAIL: Final = re.compile(rb"^(?:[A-Za-z-]{2,40}:[^\n]*\n(?:[ \t][^\n]*\n)*){2,}", re.MULTILINE)
_PDF_DATE: Final = re.compile(r"D:(\d{4})(\d\d)(\d\d)")


def read(capture: Capture, body: bytes) -> list[Document]:
    """The documents of a capture, in the page's order; none if there is no prose. Raises FormatError("desk.unreadable")."""
    if len(body) > MOST_BYTES:
        raise FormatError("desk.unreadable", f"a capture of more than {MOST_BYTES:,} bytes is not read")
    return _Reading(capture).documents(body, capture.media_type, 0)[:MOST_DOCUMENTS]


def links(capture: Capture, body: bytes) -> list[str]:
    """Where a sitemap or a MISP feed's manifest leads to, the newest first. Raises FormatError("desk.unreadable")."""
    if _kind(body, capture.media_type) == "json":
        return [urljoin(capture.url, one) for one in partners.links(body)][:MOST_LINKS]
    try:
        root = ElementTree.fromstring(body, forbid_dtd=True)
    except (ElementTree.ParseError, DefusedXmlException, ValueError) as error:
        raise FormatError("desk.unreadable", "the bytes are no sitemap") from error
    found = []
    for one in root:
        told = {str(part.tag).rpartition("}")[2]: (part.text or "").strip() for part in one}
        if told.get("loc", "").startswith(("http://", "https://")):
            found.append((told.get("lastmod", ""), told["loc"][:2048]))
    return [url for _, url in sorted(found, key=lambda one: one[0], reverse=True)][:MOST_LINKS]


def _kind(body: bytes, media_type: str) -> str:
    """What the bytes are: they say it themselves more reliably than whoever sent them."""
    opening = body[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    if opening.startswith(b"%PDF-"):
        return "pdf"
    if opening[:1] in (b"{", b"["):
        return "json"
    xml = _XML.match(opening)
    root = xml[1].lower() if xml else b""
    if root in (b"rss", b"feed", b"rdf"):
        return "feed"
    if root in (b"urlset", b"sitemapindex"):
        return "sitemap"
    media = media_type.partition(";")[0].strip().lower()
    if media == "message/rfc822" or (media not in ("text/html", "text/plain") and _MAIL.match(opening)):
        return "mail"
    if media in ("text/html", "application/xhtml+xml") or (media != "text/plain" and _HTML.search(opening)):
        return "html"
    if media == "text/plain" and opening.startswith(b"<") and _HTML.search(opening):
        return "html"
    if b"\x00" in opening:
        raise FormatError("desk.unreadable", "the bytes are no text")
    return "text"


class _Reading:
    def __init__(self, capture: Capture) -> None:
        self._capture = capture
        self._seen = Clock("", capture.seen_us, capture.seen_us, Way.CAPTURE)
        self._hidden = 0

    def documents(self, body: bytes, media_type: str, depth: int) -> list[Document]:
        kind = _kind(body, media_type)
        if kind == "pdf":
            return self._pdf(body)
        if kind == "feed":
            return self._feed(feeds.read(body))
        if kind == "json":
            return self._json(body)
        if kind == "mail":
            return self._mail(body, depth)
        if kind == "html":
            return self._html(body, media_type)
        if kind == "sitemap":
            return []
        text, self._hidden = cleaned(body.decode(_charset(media_type) or "utf-8", "replace"))
        return [self._made(number, one) for number, one in enumerate(container.pieces(lines_of(text)))]

    # -- each kind ------------------------------------------------------------------------------------------------

    def _html(self, body: bytes, media_type: str) -> list[Document]:
        page = html.read(body, _charset(media_type), self._capture.url)
        self._hidden = page.hidden
        out = []
        for number, one in enumerate(page.pieces):
            is_main = number == 0 and one.role in (Role.SINGLE, Role.MAIN)
            outlet = one.outlet or (page.site if is_main else "")
            published = page.published if is_main else ""
            out.append(self._made(number, one._replace(outlet=outlet), page.url if is_main else "", published))
        return out

    def _feed(self, feed: feeds.Feed) -> list[Document]:
        return [
            self._made(
                number, _piece(one.title, one.paragraphs, feed.title, one.byline, one.tags), one.url, one.published
            )
            for number, one in enumerate(feed.entries)
            if one.title or one.paragraphs
        ]

    def _json(self, body: bytes) -> list[Document]:
        try:
            if b"jsonfeed.org" in body[:4096]:
                return self._feed(feeds.read_json(body))
            found = partners.read(body)
        except FormatError as error:
            raise FormatError("desk.unreadable", error.what) from error
        return [
            self._made(number, _piece(one.title, one.paragraphs, "", "", one.tags), "", one.published)
            for number, one in enumerate(found)
        ]

    def _mail(self, body: bytes, depth: int) -> list[Document]:
        told = files.mail(body)
        out = []
        if told.body.strip():
            text = told.body.decode("utf-8", "replace")
            paragraphs = tuple(html.prose(text)) if told.media_type == "text/html" else _paragraphs(text)
            out.append(self._made(0, _piece(told.subject, paragraphs, told.sender), "", told.date))
        for one in told.parts if depth < _DEEPEST else ():
            try:
                found = self.documents(one.body, one.media_type, depth + 1)
            except FormatError:
                continue  # an attachment that cannot be read takes nothing away from the mail
            out += [_renumbered(document, len(out) + at) for at, document in enumerate(found)]
        return out

    def _pdf(self, body: bytes) -> list[Document]:
        told = files.pdf(body)
        if not told.paragraphs:
            return []
        title, paragraphs = told.title, told.paragraphs
        if not title and len(paragraphs) > 1 and len(paragraphs[0]) <= 300:
            title, paragraphs = paragraphs[0], paragraphs[1:]
        day = _PDF_DATE.search(told.date)
        published = "-".join(day.groups()) if day else ""
        return [self._made(0, _piece(title, paragraphs)._replace(cut=told.cut), "", published)]

    # -- one document -----------------------------------------------------------------------------------------------

    def _made(self, number: int, piece: Piece, url: str = "", published: str = "") -> Document:
        role = piece.role
        paragraphs, cut = _bounded(piece.paragraphs)
        outlet = piece.outlet or self._capture.outlet
        title = piece.title or _opening(paragraphs)
        text = "\n".join(paragraphs)
        tongue = language.language_of(title, " ".join(paragraphs[:3]))
        words = words_in(paragraphs)
        clock = self._published(piece, published)
        notes = (f"hidden characters removed from the page: {self._hidden}",) if self._hidden else ()
        return Document(
            id=_name(outlet, title, text),
            article=_name(url) if url else _name(outlet, title.lower()),
            outlet=outlet,
            title=title,
            paragraphs=paragraphs,
            found_in=self._capture.sha256,
            order=number,
            role=role,
            seen=self._seen,
            published=clock,
            event=stamps.event_in("\n".join(paragraphs[:2])[:2000], clock or self._seen),
            byline=piece.byline,
            agency=piece.agency,
            credit=piece.credit,
            url=url,
            language=tongue,
            direction=language.direction_of(tongue, title),
            tags=piece.tags,
            words=words,
            reading_s=language.reading_seconds(words, tongue),
            shown_reading_min=piece.shown_min,
            cut=cut or piece.cut,
            notes=notes,
        )

    def _published(self, piece: Piece, told: str) -> Clock | None:
        """What the page's head says, else what an agency's line says, else the label."""
        seen_us = self._capture.seen_us
        for text, way in ((told, Way.METADATA), (piece.instant, Way.METADATA)):
            clock = _machine(text, way) if text else None
            if clock is not None:
                return clock
        for text, way in ((piece.credit, Way.CREDIT), (piece.stamp, Way.STAMP), (told, Way.METADATA)):
            clock = stamps.resolve(text, seen_us, way) if text else None
            if clock is not None:
                return clock
        return None


def _machine(text: str, way: Way) -> Clock | None:
    """An instant or a day as ISO 8601 or RFC 5322 write it."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        try:
            found = parsedate_to_datetime(text)
        except (ValueError, TypeError, IndexError):
            return None
    try:
        first = to_microseconds(found if found.tzinfo else found.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        return None
    is_day = len(text.strip()) <= 10
    return Clock(text, first, first + (86_400 * _SECOND_US - 1 if is_day else _SECOND_US - 1), way)


def _piece(
    title: str, paragraphs: Sequence[str], outlet: str = "", byline: str = "", tags: tuple[str, ...] = ()
) -> Piece:
    told = container.labels_in(paragraphs)
    return Piece(
        title, outlet, "", "", tuple(paragraphs), Role.ENTRY, byline or told.byline, told.agency, told.credit,
        tags or told.tags, told.shown_min, told.cut,
    )  # fmt: skip


def _bounded(paragraphs: Sequence[str]) -> tuple[tuple[str, ...], bool]:
    out: list[str] = []
    words = 0
    for one in paragraphs:
        words += words_in((one,))
        if words > MOST_WORDS:
            return tuple(out), True
        out.append(one)
    return tuple(out), False


def _paragraphs(text: str) -> tuple[str, ...]:
    return tuple(_joined(cleaned(text)[0]))


def _joined(text: str) -> Iterator[str]:
    for block in re.split(r"\n\s*\n", text):
        joined = " ".join(block.split())
        if joined:
            yield joined


def _opening(paragraphs: Sequence[str]) -> str:
    return " ".join(paragraphs[0].split()[:12]) if paragraphs else ""


def _charset(media_type: str) -> str:
    found = re.search(r"charset=[\"']?([\w.:-]{2,40})", media_type, re.IGNORECASE)
    return found[1] if found else ""


def _name(*parts: str) -> str:
    return sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _renumbered(document: Document, number: int) -> Document:
    return replace(document, order=number, role=Role.PART)
