"""Feeds: RSS and Atom by feedparser, JSON Feed as JSON; each entry with what the feed itself says of it."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any, Final, NamedTuple

import feedparser

from tocsin.desk.reading.html import prose
from tocsin.desk.reading.lines import cleaned
from tocsin.errors import FormatError
from tocsin.formats import strictjson

MOST: Final = 500
_LONGEST: Final = 500_000  # characters of one entry


class Entry(NamedTuple):
    """An entry of a feed."""

    title: str
    url: str
    published: str
    byline: str
    paragraphs: tuple[str, ...]
    tags: tuple[str, ...]


class Feed(NamedTuple):
    """A feed and its entries, as it has them in order."""

    title: str
    entries: tuple[Entry, ...]


def read(body: bytes) -> Feed:
    """RSS or Atom. Raises FormatError("desk.unreadable")."""
    # A stream, never a text: feedparser would take a text for an address and fetch it.
    found = feedparser.parse(BytesIO(body), sanitize_html=True, resolve_relative_uris=False)
    if not found.entries and (found.bozo or not found.version):
        raise FormatError("desk.unreadable", "the bytes are no RSS and no Atom")
    return Feed(_plain(found.feed.get("title", "")), tuple(_entries(found.entries[:MOST])))


def read_json(body: bytes) -> Feed:
    """JSON Feed 1.1. Raises FormatError."""
    told = strictjson.parse(body, max_bytes=len(body))
    if not isinstance(told, dict) or not isinstance(told.get("items"), list):
        raise FormatError("desk.unreadable", "the bytes are no JSON Feed")
    return Feed(
        _plain(told.get("title", "")), tuple(_item(one) for one in told["items"][:MOST] if isinstance(one, dict))
    )


def _entries(entries: list[Any]) -> Iterator[Entry]:
    for one in entries:
        content = next((part.get("value", "") for part in one.get("content", []) if part.get("value")), "")
        tags = tuple(_plain(tag.get("term") or "")[:100] for tag in one.get("tags", [])[:40])
        yield Entry(
            _plain(one.get("title", "")),
            _address(one.get("link", "")),
            str(one.get("published") or one.get("updated") or "")[:64],
            _plain(one.get("author", ""))[:200],
            tuple(prose((content or one.get("summary", ""))[:_LONGEST])),
            tags,
        )


def _item(one: dict[str, Any]) -> Entry:
    authors = one.get("authors") if isinstance(one.get("authors"), list) else []
    name = next((str(author.get("name", "")) for author in authors or [] if isinstance(author, dict)), "")
    text = one.get("content_html") or one.get("content_text") or one.get("summary") or ""
    tags = one.get("tags") if isinstance(one.get("tags"), list) else []
    return Entry(
        _plain(one.get("title", "")),
        _address(one.get("url") or one.get("id") or ""),
        str(one.get("date_published") or one.get("date_modified") or "")[:64],
        _plain(name)[:200],
        tuple(prose(str(text)[:_LONGEST])),
        tuple(_plain(tag)[:100] for tag in (tags or [])[:40]),
    )


def _plain(text: Any) -> str:
    """One line of plain text."""
    return " ".join(" ".join(prose(str(text)[:2000])).split())[:500] if text else ""


def _address(text: Any) -> str:
    url = cleaned(str(text))[0].strip()[:2048]
    return url if url.startswith(("http://", "https://")) else ""
