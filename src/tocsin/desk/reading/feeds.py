"""Feeds: RSS and Atom by feedparser, JSON Feed by its schema. Entries come out as pieces; nothing they name is fetched."""

import io
import re
from typing import Any, Final

import feedparser
import msgspec

from tocsin.desk import thresholds
from tocsin.desk.document import Role
from tocsin.desk.reading import web
from tocsin.desk.reading.blocks import from_html, from_text
from tocsin.desk.reading.making import Piece
from tocsin.errors import FormatError

_ENTITY: Final = re.compile(rb"<!ENTITY", re.IGNORECASE)
_MARKUP: Final = re.compile(r"<[a-zA-Z/!]")
_EXCERPT_WORDS: Final = 80


def pieces(data: bytes) -> list[Piece]:
    """The entries of RSS or Atom. Raises FormatError("format.capture") for what is none, or defines entities."""
    if _ENTITY.search(data):
        raise FormatError("format.capture", "the feed defines entities of its own")
    try:
        # A stream, not text: a text that looks like an address would be fetched.
        feed = feedparser.parse(io.BytesIO(data), sanitize_html=False, resolve_relative_uris=False)
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError, AssertionError) as error:
        raise FormatError("format.capture", "the feed cannot be read") from error
    if not feed.get("version") and not feed.entries:
        raise FormatError("format.capture", "the bytes are no feed")
    outlet = _text(feed.feed.get("title"))
    return [_piece(one, outlet) for one in feed.entries[: thresholds.MOST_ENTRIES]]


def _piece(entry: Any, outlet: str) -> Piece:
    contents = [_text(one.get("value")) for one in entry.get("content") or []]
    summary = _text(entry.get("summary"))
    body = max([*contents, summary], key=len)
    lines, hidden = lines_of(body)
    source = entry.get("source")
    tags = tuple(_text(one.get("term"))[:80] for one in entry.get("tags") or [])
    return Piece(
        " ".join(part for part in lines_of(_text(entry.get("title")))[0]), lines, Role.ENTRY,
        (_text(source.get("title")) if isinstance(source, dict) else "") or outlet,
        when=_text(entry.get("published") or entry.get("updated"))[:60],
        byline=_text(entry.get("author"))[:120], url=_text(entry.get("link")), tags=tuple(one for one in tags if one),
        cut=not contents and sum(len(one.split()) for one in lines) < _EXCERPT_WORDS, hidden=hidden,
        changed=_text(dict.get(entry, "updated")),  # not the library's own look, which takes what was published for it
    )  # fmt: skip


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def lines_of(body: str) -> tuple[tuple[str, ...], int]:
    """Lines of a text that is markup or plain, and how many parts of it are hidden from readers."""
    body = body[: thresholds.LONGEST_TEXT]
    if not _MARKUP.search(body):
        page = from_text(body)
        return tuple(one.text for one in page.blocks), 0
    try:
        page = from_html(web.parsed(f"<html><body>{body}".encode(), "utf-8"))
    except FormatError:
        return (), 0
    return tuple(one.text for one in page.blocks), page.hidden


class _Author(msgspec.Struct):
    name: str = ""


class _Item(msgspec.Struct):
    url: str = ""
    external_url: str = ""
    title: str = ""
    content_html: str = ""
    content_text: str = ""
    summary: str = ""
    date_published: str = ""
    date_modified: str = ""
    authors: list[_Author] = []
    author: _Author | None = None
    tags: list[str] = []


class _JsonFeed(msgspec.Struct):
    items: list[_Item]
    title: str = ""
    version: str = ""


def json_pieces(data: bytes) -> list[Piece]:
    """The entries of a JSON Feed (version 1 or 1.1). Raises FormatError("format.capture")."""
    try:
        feed = msgspec.json.decode(data, type=_JsonFeed)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise FormatError("format.capture", "the bytes are no JSON Feed") from error
    made = []
    for one in feed.items[: thresholds.MOST_ENTRIES]:
        lines, hidden = lines_of(one.content_html or one.content_text or one.summary)
        names = [author.name for author in [*one.authors, *([one.author] if one.author else [])]]
        made.append(
            Piece(
                one.title,
                lines,
                Role.ENTRY,
                feed.title,
                when=(one.date_published or one.date_modified)[:60],
                byline=", ".join(names)[:120],
                url=one.url or one.external_url,
                tags=tuple(one.tags),
                cut=not (one.content_html or one.content_text),
                hidden=hidden,
                changed=one.date_modified,
            )
        )
    return made
