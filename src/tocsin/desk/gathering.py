"""Gathering: asks sources when they are due, has what came read, and puts it on the shelves of stories."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from types import MappingProxyType
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from msgspec.structs import replace

from tocsin.desk import collections, library, register, sources
from tocsin.desk.document import Announced, Capture, Document, Leads, Reading
from tocsin.desk.library import Library
from tocsin.desk.register import Entry, Register
from tocsin.desk.sources import Kind, Outcome, Source
from tocsin.errors import FormatError, PeerError, TocsinError
from tocsin.ports.clock import Clock
from tocsin.ports.database import Database, Transaction
from tocsin.ports.outside import Fetched, Outside, Wanted

_AT_ONCE: Final = 8
_LOOK_S: Final = 5.0
_OK: Final = 200
_TITLES: Final = 20
_LISTS: Final = 10  # sitemaps of an index, a time
_BUSY: Final = frozenset({429, 503})
_LATER: Final = frozenset({408, 425})
_SILENCES: Final = 3  # in a row, and the rest of the entries waits for the next time
_FOR_EVER: Final = frozenset({"desk.refused-address", "desk.robots", "desk.too-large"})
Read = tuple[Document, Reading]


class Reader(Protocol):
    """Whoever parses: a process of its own, for what it reads is hostile."""

    async def read(self, capture: Capture, body: bytes) -> Sequence[Read]:
        """The documents of a capture. Raises FormatError("desk.unreadable")."""
        ...

    async def leads(self, capture: Capture, body: bytes) -> Leads:
        """Where a sitemap, a MISP feed's manifest or a page of TAXII leads to. Raises FormatError("desk.unreadable")."""
        ...


class Shelves(Protocol):
    """Where documents go: the stories, whose state is in memory."""

    async def put(self, source: int, found: Sequence[Read], also: Callable[[Transaction], None]) -> int:
        """Place these documents in one commit with what else is to be written; how many were new. Raises StoreError."""
        ...


@dataclass(frozen=True, slots=True)
class Parts:
    """What gathering works with."""

    database: Database
    clock: Clock
    outside: Outside
    reader: Reader
    shelves: Shelves
    note: Callable[[str, str, str], None]


class Gathering:
    """One per node."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.register = Register(parts.database)
        self.library = Library(parts.database)
        self._turn = asyncio.Semaphore(_AT_ONCE)
        self._asked: set[str] = set()

    async def run(self) -> None:
        """Ask what is due, for ever."""
        busy: set[asyncio.Task[None]] = set()
        try:
            while True:
                now_us = self.parts.clock.now_us()
                for entry in await self.register.due(now_us, _AT_ONCE):
                    if entry[1].name not in self._asked:
                        task = asyncio.ensure_future(self._quietly(entry))
                        busy.add(task)
                        task.add_done_callback(busy.discard)
                await self.parts.clock.sleep(_LOOK_S)
        finally:
            for task in busy:
                task.cancel()

    async def pull(self, name: str) -> dict[str, Any]:
        """Ask one source now. Raises AccessError("desk.unknown-source"), StoreError."""
        return await self._pull(await self.register.get(name))

    async def tried(self, name: str) -> dict[str, Any]:
        """Ask a source and say what came, keeping nothing. Of a list its first entry is read, too.

        Raises AccessError, PeerError, FormatError.
        """
        _, source, _ = await self.register.get(name)
        answer = await self.parts.outside.fetch(_wanted(source))
        found: Sequence[Read] = ()
        leads = Leads()
        if answer.status == _OK:
            capture = self._capture(answer.url, answer.media_type, answer.body, source.outlet)
            if source.kind is not Kind.PAGE:
                leads = await self.parts.reader.leads(capture, answer.body)
            found = await self._tasted(source, leads, capture, answer.body)
        return {
            "name": name,
            "status": answer.status,
            "media_type": answer.media_type,
            "bytes": len(answer.body),
            "documents": len(found),
            "links": len(leads.pages) + len(leads.lists),
            "left_out": leads.left_out,
            "titles": [one.title for one, _ in found[:_TITLES]],
        }

    async def _tasted(self, source: Source, leads: Leads, capture: Capture, body: bytes) -> Sequence[Read]:
        """What a body holds itself, else what the first page holds that it leads to."""
        if source.kind is Kind.TAXII and not leads.objects:
            return ()
        if source.kind in (Kind.FEED, Kind.PAGE, Kind.TAXII) or (source.kind is Kind.MISP and not leads.pages):
            found = await self.parts.reader.read(capture, body)
            if found or source.kind is not Kind.FEED:
                return found
        pages = list(leads.pages) or await self._mapped(source, leads.lists[:1])
        if not pages:
            return ()
        answer = await self.parts.outside.fetch(_entry(source, pages[0]))
        if answer.status != _OK:
            return ()
        first = self._capture(answer.url, answer.media_type, answer.body, source.outlet)
        return await self.parts.reader.read(first, answer.body)

    async def imported(self, body: bytes, url: str, media_type: str, outlet: str = "") -> dict[str, Any]:
        """Read what a person brought: a file, or a page's capture. Raises FormatError("desk.unreadable"), StoreError."""
        capture = self._capture(url, media_type, body, outlet)
        # The very same bytes are the same documents, wherever they are said to come from the second time.
        known = await self.parts.database.read(lambda db: library.urls(db, [capture.sha256]))
        capture = replace(capture, url=known.get(capture.sha256, url))
        found = await self.parts.reader.read(capture, body)
        new = await self._kept(0, capture, body, found)
        return {"sha256": capture.sha256, "documents": len(found), "new": new, "ids": [one.id for one, _ in found]}

    async def imported_from(self, url: str) -> dict[str, Any]:
        """The same with a page that is fetched now. Raises PeerError too."""
        answer = await self.parts.outside.fetch(Wanted(url))
        if answer.status != _OK:
            raise PeerError("desk.unreachable", f"the address answers {answer.status}")
        return await self.imported(answer.body, answer.url, answer.media_type)

    # -- inside -------------------------------------------------------------------------------------------------

    async def _quietly(self, entry: Entry) -> None:
        try:
            await self._pull(entry)
        except TocsinError as error:
            self.parts.note(error.code, "", "a source could not be asked")

    async def _pull(self, entry: Entry) -> dict[str, Any]:
        number, source, health = entry
        if source.name in self._asked:
            return {"name": source.name, "state": "asked already", "new": 0}
        self._asked.add(source.name)
        try:
            async with self._turn:
                outcome = await self._outcome(number, source, health)
            now = sources.after(source, health, outcome, self.parts.clock.now_us())
            await self.parts.database.write(lambda tx: register.stand(tx, number, now))
        finally:
            self._asked.discard(source.name)
        return {
            "name": source.name,
            "state": now.state.value,
            "status": outcome.status,
            "code": now.code,
            "new": outcome.documents,
        }

    async def _outcome(self, number: int, source: Source, health: sources.Health) -> Outcome:
        try:
            if source.kind is Kind.TAXII:
                return await self._collected(number, source, health)
            answer = await self.parts.outside.fetch(_wanted(source, health.etag, health.modified))
            taken = await self._taken(number, source, answer) if answer.status == _OK else Outcome()
        except (PeerError, FormatError) as error:
            return Outcome(code=error.code)
        return replace(
            taken,
            status=answer.status,
            etag=answer.etag,
            modified=answer.modified,
            retry_after_s=max(answer.retry_after_s, taken.retry_after_s),
        )

    async def _collected(self, number: int, source: Source, health: sources.Health) -> Outcome:
        """A TAXII collection: what was added since the last time, its pages as one capture. Raises PeerError, FormatError."""
        parts = self.parts
        asking = collections.Parts(parts.outside, parts.reader, parts.clock, parts.note)
        taken = await collections.pages(asking, source, health)
        new = 0
        if taken.body:
            capture = self._capture(collections.address(source.url), collections.MEDIA, taken.body, source.outlet)
            self._told(taken.left_out)
            new = await self._kept(number, capture, taken.body, await self._read(number, capture, taken.body))
        return replace(taken.outcome, documents=new)

    async def _taken(self, number: int, source: Source, answer: Fetched) -> Outcome:
        capture = self._capture(answer.url, answer.media_type, answer.body, source.outlet)
        if source.kind in (Kind.SITEMAP, Kind.MISP):
            leads = await self.parts.reader.leads(capture, answer.body)
            if source.kind is Kind.SITEMAP or leads.pages:
                return await self._led(number, source, leads)
            self._told(leads.left_out)
        found = await self._read(number, capture, answer.body)
        taken = Outcome()
        if source.kind is Kind.FEED and source.follow:
            leads = await self.parts.reader.leads(capture, answer.body)
            taken = await self._followed(number, source, leads.pages, leads.said)
            # An entry whose page was read says nothing more than the page.
            unread = await self.parts.database.read(lambda db: library.unread(db, leads.pages))
            pages = {one.partition("#")[0] for one in unread}
            found = [one for one in found or () if not one[0].url or one[0].url.partition("#")[0] in pages]
        new = await self._kept(number, capture, answer.body, found)
        return replace(taken, documents=taken.documents + new)

    async def _led(self, number: int, source: Source, leads: Leads) -> Outcome:
        """The pages of a sitemap, of the sitemaps that it lists, or the events of a manifest."""
        lists = (await self.parts.database.read(lambda db: library.fresh(db, leads.lists)))[:_LISTS]
        pages = [*leads.pages, *await self._mapped(source, lists)]
        taken = await self._followed(number, source, pages)
        if not taken.more:
            # All that they list was read: one that says when it changed is not looked at until that changes.
            done, now_us = [one for one in lists if "#" in one], self.parts.clock.now_us()
            await self.parts.database.write(lambda tx: library.follow(tx, done, now_us))
        return taken

    async def _mapped(self, source: Source, lists: Sequence[str]) -> list[str]:
        """What further sitemaps list, the newest first. One that cannot be had now is left for the next time."""
        pages: list[str] = []
        for url in lists:
            try:
                answer = await self.parts.outside.fetch(_entry(source, url))
                if answer.status == _OK:
                    capture = self._capture(answer.url, answer.media_type, answer.body, "")
                    pages += (await self.parts.reader.leads(capture, answer.body)).pages
            except (PeerError, FormatError) as error:
                self.parts.note(error.code, "", "a sitemap of a source could not be read")
        return sorted(pages, key=lambda one: one.partition("#")[2], reverse=True)

    async def _followed(
        self, number: int, source: Source, urls: Sequence[str], said: Mapping[str, Announced] = MappingProxyType({})
    ) -> Outcome:
        """Fetch what was not fetched yet. What will never come is given up; what may come later is left for later."""
        fresh = await self.parts.database.read(lambda db: library.fresh(db, urls))
        taken, silences, done = Outcome(more=len(fresh) > source.follow), 0, list[str]()
        for url in fresh[: source.follow]:
            try:
                answer = await self.parts.outside.fetch(_entry(source, url))
            except PeerError as error:
                self.parts.note(error.code, "", "an entry of a source could not be fetched")
                silences += 1
                if error.code in _FOR_EVER:
                    done.append(url)
                    continue
                taken = replace(taken, more=True)
                if silences >= _SILENCES:
                    break
                continue
            silences = 0
            if answer.status == _OK:
                told = said.get(url, Announced())
                capture = self._capture(answer.url, answer.media_type, answer.body, source.outlet or told.outlet)
                capture = replace(capture, when=told.when, is_article=source.kind in (Kind.FEED, Kind.SITEMAP))
                found = await self._read(number, capture, answer.body)
                new = await self._kept(number, capture, answer.body, found, url)
                taken = replace(taken, documents=taken.documents + new)
            elif answer.status in _BUSY:
                taken = replace(taken, more=True, retry_after_s=answer.retry_after_s)
                break
            elif answer.status >= 500 or answer.status in _LATER:
                taken = replace(taken, more=True)
            else:
                done.append(url)
        await self.parts.database.write(lambda tx: library.follow(tx, done, library.GIVEN_UP))
        return taken

    def _told(self, left_out: int) -> None:
        if left_out:
            self.parts.note("desk.marked", "", f"{left_out} reports of a source are not open and were left out")

    async def _read(self, number: int, capture: Capture, body: bytes) -> Sequence[Read] | None:
        """Its documents; None for what is not the desk's to keep."""
        try:
            return await self.parts.reader.read(capture, body)
        except FormatError as error:
            code = error.code
            self.parts.note(code, "", "a capture could not be read")
            if code == "desk.marked":
                return None

            def work(tx: Transaction) -> None:
                library.keep(tx, capture, body, number)
                library.unreadable(tx, capture.sha256, code)

            await self.parts.database.write(work)
            return ()

    async def _kept(
        self, number: int, capture: Capture, body: bytes, found: Sequence[Read] | None, followed: str = ""
    ) -> int:
        def also(tx: Transaction) -> None:
            if found is not None:
                library.keep(tx, capture, body, number)
            if followed:
                library.follow(tx, [followed], capture.seen_us)

        return await self.parts.shelves.put(number, found or (), also)

    def _capture(self, url: str, media_type: str, body: bytes, outlet: str) -> Capture:
        digest = sha256(body).hexdigest()
        return Capture(digest, url, media_type, self.parts.clock.now_us(), len(body), outlet)


def _wanted(source: Source, etag: str = "", modified: str = "") -> Wanted:
    if source.kind is Kind.TAXII:
        return collections.wanted(source)
    return Wanted(
        _manifest(source.url) if source.kind is Kind.MISP else source.url,
        etag,
        modified,
        library.MOST_BYTES,
        polite=source.kind is not Kind.MISP,
        token=source.authorization,
    )


def _manifest(url: str) -> str:
    """Of a MISP feed's folder its manifest."""
    return f"{url}manifest.json" if urlsplit(url).path.endswith("/") and not urlsplit(url).query else url


def _entry(source: Source, url: str) -> Wanted:
    """What a source leads to. A partner's events are asked for as its manifest was, if they lie beside it."""
    url = url.partition("#")[0]
    if source.kind is not Kind.MISP:
        return Wanted(url)
    ours, theirs = urlsplit(source.url), urlsplit(url)
    is_same = (ours.scheme, ours.netloc) == (theirs.scheme, theirs.netloc)
    return Wanted(url, most_bytes=library.MOST_BYTES, polite=False, token=source.authorization if is_same else "")
