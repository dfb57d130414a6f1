"""The one door for bytes: limits, unpacking, what they are; then the reader of that format. Plain text comes out, or a FormatError."""

import re
import zlib
from collections.abc import Callable, Mapping
from hashlib import sha256
from types import MappingProxyType
from typing import Final, NamedTuple

from msgspec.structs import replace

from tocsin.desk import thresholds
from tocsin.desk.document import SEPARATOR, Capture, Document, Role
from tocsin.desk.reading import feeds, mail, making, paper, partners, web
from tocsin.desk.reading.blocks import from_text
from tocsin.desk.reading.charsets import charset_of
from tocsin.desk.reading.making import Piece
from tocsin.errors import FormatError

_TAG: Final = re.compile(rb"<(?:!doctype\s+html|html|head|body|article|div|p|h1|table|meta)\b", re.IGNORECASE)
_FEED: Final = re.compile(rb"<(?:rss|feed|rdf:RDF)\b", re.IGNORECASE)
_MAIL: Final = re.compile(
    rb"(?:(?:From|Return-Path|Received|Delivered-To|Subject|Date|Message-ID|MIME-Version|To|X-[\w-]+):[^\n]*\n(?:[ \t][^\n]*\n)*){3}",
    re.IGNORECASE,
)
_JSON: Final = re.compile(rb'jsonfeed\.org|"(?:objects|spec_version|Event|response)"\s*:')
_BLANK: Final = b"\xef\xbb\xbf \t\r\n"
_EMPTY: Final[Mapping[str, str]] = MappingProxyType(
    {
        "text": "it holds no text",
        "html": "the page shows no text",
        "pdf": "the PDF holds no text: its pages may be pictures",
    }
)
_CHARSET: Final = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{2,40})", re.IGNORECASE)


class Opened(NamedTuple):
    """What a capture held."""

    documents: tuple[Document, ...]


def capture_of(data: bytes, url: str, media_type: str, seen_us: int, outlet: str = "") -> Capture:
    """The capture of some bytes, as they came."""
    return Capture(sha256(data).hexdigest(), url, media_type, seen_us, len(data), outlet)


def read(capture: Capture, data: bytes, is_spent: Callable[[], bool] = lambda: False) -> Opened:
    """The documents of a capture. `is_spent` is asked between pages and parts: when it says so, what was read so far is all.

    Raises FormatError: `format.capture-empty`, `format.capture-size`, `format.capture-type`, `format.capture`.
    """
    data = unpacked(data)
    if not data.strip(_BLANK):
        raise FormatError("format.capture-empty", "it holds no text")
    kind = kind_of(data, capture.media_type)
    if kind == "pdf":
        pieces = paper.pieces(data, is_spent)
    elif kind == "mail":
        pieces = mail.pieces(data, is_spent, lambda part, media: _inside(part, media, is_spent))
    elif kind == "feed":
        pieces = feeds.pieces(data)
    elif kind == "json":
        data = data.strip(_BLANK)
        told = partners.kind_of(data)
        pieces = feeds.json_pieces(data) if told == "feed" else partners.pieces(data, told)
    elif kind == "html":
        pieces = web.pieces(data, _declared(capture.media_type), capture.url)
    else:
        pieces = text_pieces(data, _declared(capture.media_type))
    # What ran out of time before its first page is not known to be empty.
    if kind in _EMPTY and not any(one.lines for one in pieces) and not is_spent():
        raise FormatError("format.capture-empty", _EMPTY[kind])
    return Opened(_documents(capture, pieces))


def entries(capture: Capture, data: bytes) -> list[Piece]:
    """The entries of a feed, also those that are a title and no more; none if it is no feed.

    Raises FormatError as `read`.
    """
    data = unpacked(data)
    kind = kind_of(data, capture.media_type)
    if kind == "feed":
        return feeds.pieces(data)
    data = data.strip(_BLANK)
    return feeds.json_pieces(data) if kind == "json" and partners.told_kind(data) == "feed" else []


def _documents(capture: Capture, pieces: list[Piece]) -> tuple[Document, ...]:
    made: dict[str, Document] = {}
    for order, piece in enumerate(pieces[: thresholds.MOST_ENTRIES]):
        one = making.document(piece, capture, order)
        if one is not None:  # twice on one page: two documents
            name = one.id if one.id not in made else sha256(f"{one.id}\n{order}".encode()).hexdigest()[:32]
            made[name] = replace(one, id=name)
    return tuple(made.values())


def _inside(data: bytes, media_type: str, is_spent: Callable[[], bool]) -> list[Piece]:
    """What a mail carries: a page, a text or a PDF."""
    kind = kind_of(data, media_type)
    if kind == "pdf":
        return paper.pieces(data, is_spent)
    if kind == "html":
        return web.pieces(data, _declared(media_type), "")
    return text_pieces(data, _declared(media_type)) if kind == "text" else []


def text_pieces(data: bytes, charset: str) -> list[Piece]:
    """Articles of a plain text: a page that was captured as text, or one article under its title."""
    told = charset_of(data, charset)
    text = data.decode(told.name, "replace").replace("\r\n", "\n").replace("\r", "\n")
    return [one._replace(notes=told.notes) for one in web.pieces_of(from_text(text), Role.SINGLE)]


def unpacked(data: bytes) -> bytes:
    """The bytes, unpacked once if they are gzip, never more than the limit. Raises FormatError("format.capture-size")."""
    if len(data) > thresholds.MOST_BYTES:
        raise FormatError("format.capture-size", f"{len(data)} bytes, {thresholds.MOST_BYTES} are allowed")
    if data[:3] != b"\x1f\x8b\x08":
        return data
    opener = zlib.decompressobj(31)
    try:
        made = opener.decompress(data, thresholds.MOST_BYTES + 1)
    except zlib.error as error:
        raise FormatError("format.capture", "the gzip stream is damaged") from error
    if len(made) > thresholds.MOST_BYTES:
        raise FormatError("format.capture-size", f"unpacked it is more than {thresholds.MOST_BYTES} bytes")
    return made


def _declared(media_type: str) -> str:
    """The character set that a media type names."""
    found = _CHARSET.search(media_type)
    return found[1].lower() if found else ""


def kind_of(data: bytes, media_type: str) -> str:
    """What bytes are, by themselves first and by what they are called second. Raises FormatError("format.capture-type")."""
    head, media = data[:4096].lstrip(_BLANK), media_type.partition(";")[0].strip().lower()
    if head.startswith(b"%PDF-"):
        return "pdf"
    if b"\x00" in head and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FormatError("format.capture-type", "the bytes are neither text nor PDF")
    if _FEED.search(head[:1024]) and not _TAG.match(head):
        return "feed"
    if head.startswith((b"{", b"[", SEPARATOR)) and ("json" in media or _JSON.search(head)):
        return "json"
    if _MAIL.match(head) and (media in ("", "message/rfc822", "application/octet-stream", "text/plain")):
        return "mail"
    if "html" in media or _TAG.search(head):
        return "html"
    if media.startswith(("image/", "audio/", "video/")) or media in ("application/zip", "application/pdf"):
        raise FormatError("format.capture-type", "the bytes are neither text nor PDF")
    return "text"
