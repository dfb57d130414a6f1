"""Gathering: asks sources when they are due, has what came read, and puts it on the shelves of stories."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, Protocol

from tocsin.desk import library, register, sources
from tocsin.desk.document import Capture, Document, Reading, Role
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
Read = tuple[Document, Reading]


class Reader(Protocol):
    """Whoever parses: a process of its own, for what it reads is hostile."""

    async def read(self, capture: Capture, body: bytes) -> Sequence[Read]:
        """The documents of a capture. Raises FormatError("desk.unreadable")."""
        ...

    async def links(self, capture: Capture, body: bytes) -> Sequence[str]:
        """Where a sitemap, or a MISP feed's manifest, leads to. Raises FormatError("desk.unreadable")."""
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
        """Ask a source and say what came, keeping nothing. Raises AccessError, PeerError, FormatError."""
        _, source, _ = await self.register.get(name)
        answer = await self.parts.outside.fetch(_wanted(source))
        found: Sequence[Read] = ()
        links: Sequence[str] = ()
        if answer.status == _OK:
            capture = self._capture(answer.url, answer.media_type, answer.body, source.outlet)
            if source.kind in (Kind.SITEMAP, Kind.MISP):
                links = await self.parts.reader.links(capture, answer.body)
            else:
                found = await self.parts.reader.read(capture, answer.body)
        return {
            "name": name,
            "status": answer.status,
            "media_type": answer.media_type,
            "bytes": len(answer.body),
            "documents": len(found),
            "links": len(links),
            "titles": [one.title for one, _ in found[:_TITLES]],
        }

    async def imported(self, body: bytes, url: str, media_type: str, outlet: str = "") -> dict[str, Any]:
        """Read what a person brought: a file, or a page's capture. Raises FormatError("desk.unreadable"), StoreError."""
        capture = self._capture(url, media_type, body, outlet)
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
            answer = await self.parts.outside.fetch(_wanted(source, health.etag, health.modified))
            new = await self._taken(number, source, answer) if answer.status == _OK else 0
        except (PeerError, FormatError) as error:
            return Outcome(code=error.code)
        return Outcome(answer.status, "", answer.etag, answer.modified, answer.retry_after_s, new)

    async def _taken(self, number: int, source: Source, answer: Fetched) -> int:
        capture = self._capture(answer.url, answer.media_type, answer.body, source.outlet)
        if source.kind in (Kind.SITEMAP, Kind.MISP):
            return await self._followed(number, source, await self.parts.reader.links(capture, answer.body))
        found = await self._read(number, capture, answer.body)
        if source.kind is Kind.FEED and source.follow:
            entries = [one.url for one, _ in found if one.role is Role.ENTRY and one.url]
            new = await self._followed(number, source, entries)
            # An entry whose page was read says nothing more than the page.
            fetched = await self.parts.database.read(lambda db: set(entries) - set(library.fresh(db, entries)))
            found = [one for one in found if one[0].url not in fetched]
        else:
            new = 0
        return new + await self._kept(number, capture, answer.body, found)

    async def _followed(self, number: int, source: Source, urls: Sequence[str]) -> int:
        wanted = (await self.parts.database.read(lambda db: library.fresh(db, urls)))[: source.follow]
        new = 0
        for url in wanted:
            try:
                answer = await self.parts.outside.fetch(Wanted(url))
            except PeerError as error:
                self.parts.note(error.code, "", "an entry of a source could not be fetched")
                continue
            if answer.status == _OK:
                capture = self._capture(answer.url, answer.media_type, answer.body, source.outlet)
                found = await self._read(number, capture, answer.body)
                new += await self._kept(number, capture, answer.body, found, url)
        return new

    async def _read(self, number: int, capture: Capture, body: bytes) -> Sequence[Read]:
        try:
            return await self.parts.reader.read(capture, body)
        except FormatError as error:
            code = error.code

            def work(tx: Transaction) -> None:
                library.keep(tx, capture, body, number)
                library.unreadable(tx, capture.sha256, code)

            await self.parts.database.write(work)
            self.parts.note(code, "", "a capture could not be read")
            return ()

    async def _kept(self, number: int, capture: Capture, body: bytes, found: Sequence[Read], followed: str = "") -> int:
        def also(tx: Transaction) -> None:
            library.keep(tx, capture, body, number)
            if followed:
                library.follow(tx, [followed], capture.seen_us)

        return await self.parts.shelves.put(number, found, also)

    def _capture(self, url: str, media_type: str, body: bytes, outlet: str) -> Capture:
        digest = sha256(body).hexdigest()
        return Capture(digest, url, media_type, self.parts.clock.now_us(), len(body), outlet)


def _wanted(source: Source, etag: str = "", modified: str = "") -> Wanted:
    is_partner = source.kind in (Kind.TAXII, Kind.MISP)
    return Wanted(source.url, etag, modified, library.MOST_BYTES, polite=not is_partner, token=source.token)
