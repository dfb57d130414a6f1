"""Bodies that lead on: feeds, sitemaps and indexes of them, the manifest of a MISP feed, the pages of a TAXII collection."""

import re
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import urljoin

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from tocsin.desk import thresholds
from tocsin.desk.document import Announced, Capture, Leads
from tocsin.desk.reading import partners
from tocsin.desk.reading.making import Piece, host_of, web_address
from tocsin.desk.reading.opening import entries, unpacked
from tocsin.errors import FormatError
from tocsin.formats import strictjson

_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_STAMP: Final = re.compile(r"[0-9TZ:.+-]{4,40}")
_LONGEST_TOKEN: Final = 2048


def leads(capture: Capture, data: bytes) -> Leads:
    """What a body leads to, the newest first where it says when, each address once. A feed may lead to other hosts.

    Raises FormatError: `format.capture-size`, `format.capture`, those of strictjson.
    """
    data = unpacked(data).strip()
    named = entries(capture, data)
    if named:
        return _feed(capture, named)
    if data[:1] not in (b"{", b"["):
        return _sitemap(capture.url, data)
    told = strictjson.parse(data, max_bytes=thresholds.MOST_BYTES)
    if isinstance(told, dict) and any(map(_UUID.fullmatch, told)):
        return Leads(_mine(capture.url, _manifest(capture.url, told), thresholds.MOST_LINKS))
    if isinstance(told, dict) and not {"Event", "response"} & told.keys():
        return _envelope(told, data)
    return Leads(left_out=partners.sent(data, "misp").left_out)


def _feed(capture: Capture, entries: Iterable[Piece]) -> Leads:
    said: dict[str, Announced] = {}
    for one in entries:
        url = web_address(one.url).partition("#")[0]
        if url:
            is_own = host_of(url) == host_of(capture.url)
            page = f"{url}#{one.changed}" if _STAMP.fullmatch(one.changed) else url
            said.setdefault(page, Announced(one.when, one.outlet if is_own else ""))
    return Leads(tuple(said), said=said)


def _mine(base: str, urls: list[str], most: int) -> tuple[str, ...]:
    """Those of the same host. One that cannot be read does not cost the others."""
    host = host_of(base)
    mine = (url for url in urls if web_address(url) and host_of(url) == host)
    return tuple(dict.fromkeys(mine))[:most]


def _sitemap(base: str, data: bytes) -> Leads:
    try:
        root = ElementTree.fromstring(data, forbid_dtd=True)
        told = [
            (next((_text(part) for part in one if _name(part) == "lastmod"), ""), url)
            for one in root
            for url in [next((_text(part) for part in one if _name(part) == "loc"), "")]
            if url
        ]
        told.sort(key=lambda one: one[0], reverse=True)  # stable: without a time the page's own order stands
        urls = [_joined(base, url).partition("#")[0] + (f"#{at}" if _STAMP.fullmatch(at) else "") for at, url in told]
        if _name(root) == "sitemapindex":
            return Leads(lists=_mine(base, urls, thresholds.MOST_LISTS))
        return Leads(_mine(base, urls, thresholds.MOST_LINKS))
    except (ElementTree.ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise FormatError("format.capture", "the listing is no XML that can be read") from error


def _joined(base: str, url: str) -> str:
    try:
        return urljoin(base, url)
    except ValueError:
        return ""


def _name(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _text(element: Any) -> str:
    return (element.text or "").strip()


def _manifest(base: str, told: dict[str, Any]) -> list[str]:
    """Its events, each under the time of its last change: what was not changed was read already."""
    events = [(_stamp(one), uuid) for uuid, one in told.items() if _UUID.fullmatch(uuid) and isinstance(one, dict)]
    return [urljoin(base, f"{uuid}.json#{at}") for at, uuid in sorted(events, reverse=True)]


def _stamp(event: dict[str, object]) -> int:
    text = str(event.get("timestamp", ""))
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 12 else 0


def _envelope(told: dict[str, Any], data: bytes) -> Leads:
    """A page of TAXII 2.1. Raises FormatError("format.capture")."""
    objects, onward = told.get("objects", []), told.get("next", "")
    if not isinstance(objects, list) or not isinstance(onward, str) or len(onward) > _LONGEST_TOKEN:
        raise FormatError("format.capture", "the JSON is no TAXII envelope")
    more = told.get("more") is True and bool(onward) and bool(objects)
    return Leads(next=onward if more else "", objects=len(objects), left_out=partners.sent(data, "stix").left_out)
