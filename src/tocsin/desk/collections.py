"""A collection of TAXII 2.1 (OASIS, section 5): what was added since the last time, page by page, within bounds."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from tocsin.desk import library
from tocsin.desk.document import SEPARATOR, Capture, Leads
from tocsin.desk.sources import Health, Outcome, Source
from tocsin.errors import FormatError, PeerError
from tocsin.ports.clock import Clock
from tocsin.ports.outside import Fetched, Outside, Wanted

MEDIA: Final = "application/json-seq"
"""Of the pages of one time of asking, as they came, each after a record separator (RFC 7464)."""
_ACCEPT: Final = "application/taxii+json;version=2.1"
_OK: Final = 200
_LIMIT: Final = 1000  # objects of a page; a server may have a lower one
_PAGES: Final = 50
_MOST: Final = library.MOST_BYTES - 2 * _PAGES  # with what stands between the pages
_SECONDS: Final = 300.0
_STAMP: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z")


class Reader(Protocol):
    """See gathering.Reader."""

    async def leads(self, capture: Capture, body: bytes) -> Leads:
        """Raises FormatError."""
        ...


@dataclass(frozen=True, slots=True)
class Parts:
    """What asking works with."""

    outside: Outside
    reader: Reader
    clock: Clock
    note: Callable[[str, str, str], None]


class Collected(NamedTuple):
    """What came: the pages that hold something, and how the source stands."""

    body: bytes
    outcome: Outcome
    left_out: int = 0


def address(url: str) -> str:
    """Where a collection's objects are, without a query: the address of the collection does as well."""
    parts = urlsplit(url)
    path = parts.path.rstrip("/")
    path = path if path.endswith("/objects") else f"{path}/objects"
    return urlunsplit((parts.scheme, parts.netloc, f"{path}/", "", ""))


def wanted(source: Source, added: str = "", page: str = "") -> Wanted:
    """One page. What the source's own query says (`match[type]=report`, say) is said each time."""
    query = [*parse_qsl(urlsplit(source.url).query), ("limit", str(_LIMIT))]
    query += [(name, value) for name, value in (("added_after", added), ("next", page)) if value]
    url = f"{address(source.url)}?{urlencode(query)}"
    return Wanted(url, most_bytes=library.MOST_BYTES, polite=False, token=source.authorization, accept=_ACCEPT)


async def pages(parts: Parts, source: Source, health: Health) -> Collected:
    """What was added since, as far as the bounds of one time go; the next time goes on there.

    Raises PeerError, FormatError if the very first page cannot be had.
    """
    bodies: list[bytes] = []
    page, seen, added = health.page, set[str](), ""
    size = left_out = wait_s = 0
    end_s = parts.clock.monotonic() + _SECONDS
    while len(seen) < _PAGES and parts.clock.monotonic() < end_s:
        try:
            answer = await parts.outside.fetch(wanted(source, health.added, page))
            if answer.status != _OK and not bodies:
                return Collected(b"", Outcome(answer.status, retry_after_s=answer.retry_after_s))
            if answer.status != _OK or size + len(answer.body) > _MOST:
                wait_s = answer.retry_after_s
                break
            leads = await parts.reader.leads(_capture(source, answer, parts.clock.now_us()), answer.body)
        except (PeerError, FormatError) as error:
            if not bodies:
                raise
            parts.note(error.code, "", "a collection could not be read to its end")
            break
        if leads.objects:
            bodies.append(answer.body)
            size += len(answer.body)
            left_out += leads.left_out
        added = answer.added_last if _STAMP.fullmatch(answer.added_last) else added
        seen.add(page)
        page = leads.next if leads.next not in seen else ""  # who leads in a circle has told all there is
        if not page:
            break
    # What came is kept; the next time goes on where this one ended.
    body = b"".join(SEPARATOR + one + b"\n" for one in bodies)
    told = Outcome(_OK, retry_after_s=wait_s, added="" if page else added, page=page)
    return Collected(body, told, left_out)


def _capture(source: Source, answer: Fetched, now_us: int) -> Capture:
    return Capture("", address(source.url), answer.media_type, now_us, len(answer.body))
