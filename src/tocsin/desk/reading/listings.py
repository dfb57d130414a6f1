"""Pages that only lead to others: sitemaps, and the manifest of a MISP feed."""

import re
from itertools import islice
from typing import Any, Final
from urllib.parse import urljoin

import msgspec
from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from tocsin.desk import thresholds
from tocsin.desk.document import Capture
from tocsin.desk.reading.making import host_of, web_address
from tocsin.desk.reading.opening import unpacked
from tocsin.errors import FormatError

_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def links(capture: Capture, data: bytes) -> tuple[str, ...]:
    """Where a listing leads to, the newest first where it says when, each address once; other hosts are left out.

    Raises FormatError: `format.capture-size`, `format.capture`.
    """
    data = unpacked(data)
    found = _manifest(data) if data.lstrip()[:1] == b"{" else _sitemap(data)
    host = host_of(capture.url)
    mine = (url for one in found if (url := web_address(_joined(capture.url, one))) and host_of(url) == host)
    return tuple(islice(dict.fromkeys(mine), thresholds.MOST_ENTRIES))


def _joined(base: str, url: str) -> str:
    """The whole address; empty for one that cannot be read: it must not cost the others."""
    try:
        return urljoin(base, url)
    except ValueError:
        return ""


def _sitemap(data: bytes) -> list[str]:
    try:
        root = ElementTree.fromstring(data, forbid_dtd=True)
    except (ElementTree.ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise FormatError("format.capture", "the listing is no XML that can be read") from error
    told = [
        (next((_text(part) for part in one if _name(part) == "lastmod"), ""), url)
        for one in root
        for url in [next((_text(part) for part in one if _name(part) == "loc"), "")]
        if url
    ]
    told.sort(key=lambda one: one[0], reverse=True)  # stable: without a time the page's own order stands
    return [url for _, url in told]


def _name(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _text(element: Any) -> str:
    return (element.text or "").strip()


def _manifest(data: bytes) -> list[str]:
    try:
        found = msgspec.json.decode(data)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise FormatError("format.capture", "the manifest is no JSON that can be read") from error
    if not isinstance(found, dict):
        raise FormatError("format.capture", "the manifest is none")
    events = [(_stamp(one), uuid) for uuid, one in found.items() if _UUID.fullmatch(uuid) and isinstance(one, dict)]
    return [f"{uuid}.json" for _, uuid in sorted(events, reverse=True)]


def _stamp(event: dict[str, object]) -> int:
    text = str(event.get("timestamp", ""))
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 12 else 0
