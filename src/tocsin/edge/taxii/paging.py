"""Pages that cannot lose or repeat: the cursor is the date added of the last object told, and the filters, signed.

The date added is unique in the node and grows with the journal, so that it names a position. It says nothing of what
happens in channels the client may not see, as a bare position would, and it stays right when the node is restored from
a backup. Nothing is kept here: the same `next` gives the same answer however often it is asked, and never expires. The
signature only catches damage and cursors of other queries; what a client may see is asked anew each time.
"""

import binascii
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple, dataclass, replace
from hmac import compare_digest
from hmac import digest as hmac_digest
from typing import Final

import orjson

from tocsin.edge.taxii.answers import bad
from tocsin.edge.taxii.filters import SPEC_VERSION, Asked, Filters, contradicted
from tocsin.exchange.journal.search import Found, Query, added_at, find, shown
from tocsin.formats import strictjson
from tocsin.ports.database import Reading

_MAC: Final = 16
_CHUNK: Final = 128  # objects read at once: each may have 1 MiB, so a page is never read whole before it is weighed


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one answer may hold. A page ends early at `page_bytes`; there is then more, with a cursor."""

    default_page: int = 1_000
    max_page: int = 10_000
    page_bytes: int = 16 << 20


@dataclass(frozen=True, slots=True)
class Wanted:
    """One page: these filters, strictly after this date added (microseconds, None: from the start)."""

    filters: Filters
    after: int | None
    limit: int


@dataclass(frozen=True, slots=True)
class Page:
    """What was found, in the order of the journal, and whether there is more."""

    rows: list[Found]
    more: bool
    last: int = 0  # date added of the last object looked at, told or not


def wanted(asked: Asked, key: bytes, place: str, limits: Limits) -> Wanted:
    """The page asked for. `place` names the resource a cursor belongs to. Raises RefusalError(400)."""
    if asked.cursor is None:
        limit = asked.limit or limits.default_page
        return Wanted(asked.filters, asked.filters.added_after, min(limit, limits.max_page))
    before = _decode(asked.cursor, key, place)
    if contradicted(asked, before.filters):
        raise bad("`next` belongs to a query with other filters.")
    return Wanted(before.filters, before.after, min(asked.limit or before.limit, limits.max_page))


def cursor(page: Page, told: Wanted, key: bytes, place: str) -> str:
    """The `next` that goes on after this page, which is not empty."""
    data = orjson.dumps([page.last or page.rows[-1].added, told.limit, *astuple(told.filters)])
    return urlsafe_b64encode(_mac(data, key, place) + data).decode().rstrip("=")


def _decode(text: str, key: bytes, place: str) -> Wanted:
    try:
        raw = b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise bad("`next` is not one of ours.") from error
    mac, data = raw[:_MAC], raw[_MAC:]
    if not compare_digest(mac, _mac(data, key, place)):
        raise bad("`next` is damaged, or belongs to another resource.")
    after, limit, added_after, *lists = strictjson.parse(data)
    return Wanted(Filters(added_after, *(tuple(one) for one in lists)), after, limit)


def _mac(data: bytes, key: bytes, place: str) -> bytes:
    return hmac_digest(key, f"tocsin/taxii-next/v1\n{place}\n".encode() + data, "sha256")[:_MAC]


Listed = Callable[[Sequence[bytes]], Sequence[Sequence[str]]]
"""Tells of each indicator, by its bytes, which deny-lists forbid it."""


def unlisted(contents: Sequence[bytes]) -> Sequence[Sequence[str]]:
    """No list forbids anything."""
    return [()] * len(contents)


@dataclass(frozen=True, slots=True)
class Terms:
    """How a page is read."""

    content: bool
    page_bytes: int
    now_us: int
    listed: Listed


def read(reading: Reading, channel: int, told: Wanted, terms: Terms) -> Page:
    """One page of a channel, on one snapshot, without the indicators that a deny-list forbids: programs obey what they get."""
    while True:
        page = _page(reading, channel, told, terms)
        forbidden = _forbidden(reading, page.rows, terms)
        rows = [one for one in page.rows if one.position not in forbidden]
        if rows or not page.more:
            return Page(rows, page.more, page.rows[-1].added if page.rows else 0)
        told = replace(told, after=page.rows[-1].added)


def _forbidden(reading: Reading, rows: Sequence[Found], terms: Terms) -> set[int]:
    found = {one.position: one.content for one in rows if one.object_id.startswith("indicator--")}
    if found and not terms.content:
        found = dict(shown(reading, found, terms.now_us))
    contents = {position: content for position, content in found.items() if content is not None}
    return {position for position, lists in zip(contents, terms.listed(list(contents.values())), strict=True) if lists}


def _page(reading: Reading, channel: int, told: Wanted, terms: Terms) -> Page:
    if SPEC_VERSION not in told.filters.spec_versions:
        return Page([], more=False)
    query = Query(
        channels=(channel,),
        after=0 if told.after is None else added_at(reading, told.after),
        limit=told.limit + 1,  # one more tells whether there is more
        ids=told.filters.ids,
        types=told.filters.types,
        # Objects without a version have the instant 0 in the index, which no client means.
        versions=tuple(one or -1 for one in told.filters.versions),
        content=terms.content,
        now_us=terms.now_us,
    )
    rows, cut = _rows(reading, query, terms.page_bytes)
    dated = [one for one in _dated(reading, query) if not cut or one.position < rows[-1].position]
    if dated:
        rows = sorted({one.position: one for one in (*rows, *dated)}.values())
    if len(rows) > told.limit:
        return Page(rows[: told.limit], more=True)
    return Page(rows[:-1] if cut else rows, more=cut)


def _rows(reading: Reading, query: Query, page_bytes: int) -> tuple[list[Found], bool]:
    """Up to the limit, and whether the weight ended it before (the last row is then only the sign that there is more)."""
    rows: list[Found] = []
    weight = 0
    while len(rows) < query.limit and (weight < page_bytes or len(rows) < 2):
        step = min(_CHUNK if query.content else query.limit, query.limit - len(rows))
        part = find(reading, replace(query, after=rows[-1].position if rows else query.after, limit=step))
        rows += part
        weight += sum(len(one.content or b"") for one in part)
        if len(part) < step:
            return rows, False
    return rows, len(rows) < query.limit


def _dated(reading: Reading, query: Query) -> Iterator[Found]:
    """Objects without a version of their own: the manifest gives them their date added, so one may ask by it."""
    for moment in query.versions:
        if isinstance(moment, int):
            position = added_at(reading, moment)
            one = replace(query, after=position - 1, limit=1, versions=("all",))
            for found in find(reading, one) if position > query.after else ():
                if found.added == moment and not found.version:
                    yield found
