"""The sequencer: gathers what waits, commits it in one transaction, moves the checkpoint file, signs, hands to frames.

Order is safety here: rows durable, then the compare-and-swap file durable, then the signature, then the push. One
signature and one fsync for a batch, none for an object.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, NamedTuple

from tocsin.errors import PolicyError, StoreError, TocsinError
from tocsin.exchange.journal import erase
from tocsin.exchange.journal.definitions import Definitions
from tocsin.exchange.journal.erase import Places
from tocsin.exchange.journal.journal import Erased, Journal, Kind, NewRow, append
from tocsin.exchange.members.channels import Channel
from tocsin.exchange.members.registry import Members
from tocsin.exchange.publish.audience import readers
from tocsin.exchange.publish.draft import Ready
from tocsin.exchange.publish.frames import Frames
from tocsin.exchange.tlog.logs import Log, Logs, advance
from tocsin.exchange.tlog.signer import Signer
from tocsin.formats import strictjson
from tocsin.formats.entry import ERASE_ORDER, Entry, Handling, commitments, salts
from tocsin.formats.merkle import Frontier
from tocsin.ports.clock import Clock
from tocsin.ports.database import Database, Transaction
from tocsin.ports.entropy import Entropy

MAX_BATCH: Final = 512
MAX_BATCH_BYTES: Final = 8 * 1024 * 1024
_WAITING: Final = 64
_PATIENCE_S: Final = 10.0


class Batch(NamedTuple):
    """What was published: entries start to before end of a log, committed and signed."""

    log: int
    start: int
    end: int
    sent_at: int
    position: int


@dataclass(slots=True)
class _Job:
    channel: Channel
    ready: Sequence[Ready]
    urgent: bool
    done: asyncio.Future[Batch]


@dataclass(slots=True)
class _Prepared:
    job: _Job
    log: Log
    before: Frontier
    entries: list[Entry]
    seed: bytes
    frontier: Frontier
    rows: list[NewRow]
    sent_at: int


class Publisher:
    """One per node. publish() may be called by many at once; they share commits."""

    def __init__(self, logs: Logs, journal: Journal, signer: Signer, frames: Frames, world: "World") -> None:
        self._logs = logs
        self._journal = journal
        self._signer = signer
        self._frames = frames
        self._world = world
        self._queue: asyncio.Queue[_Job] = asyncio.Queue(_WAITING)

    async def publish(self, channel: Channel, ready: Sequence[Ready], *, urgent: bool = False) -> Batch:
        """Append to our log in the channel, or to our urgent one. Returns once durable, in the checkpoint file, signed.

        At most MAX_BATCH objects and MAX_BATCH_BYTES. Raises StoreError, VerificationError("tlog.behind",
        "tlog.unasked"), PolicyError("policy.roster-changed") when `channel` is not how the channel stands any more.
        """
        if not 0 < len(ready) <= MAX_BATCH:
            raise RuntimeError("a batch has 1 to MAX_BATCH objects")
        await self.ready(channel, urgent=urgent)
        job = _Job(channel, ready, urgent, asyncio.get_running_loop().create_future())
        await self._queue.put(job)
        return await job.done

    async def ready(self, channel: Channel, *, urgent: bool = False) -> None:
        """Wait a while until our log in the channel may grow; publish() tells whether it may.

        A node that has just started hears its peers within moments, and a restored one soon has back what it lacks: who
        shares at once need not be turned away.
        """
        log = self._logs.get((channel.urgent if urgent else channel.slots)[self._signer.me])
        if log is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(_PATIENCE_S):
                    await self._signer.ready(log)

    async def run(self) -> None:
        """The sequencer's loop: what has gathered while the last commit was under way becomes the next."""
        while True:
            jobs = [await self._queue.get()]
            while not self._queue.empty() and len(jobs) < _WAITING:
                jobs.append(self._queue.get_nowait())
            await self._sequence(jobs)

    async def _sequence(self, jobs: list[_Job]) -> None:
        prepared: list[_Prepared] = []
        try:
            for job in jobs:
                self._prepare_into(prepared, job)
            if not prepared:
                return
            now_us = self._world.clock.now_us()
            places = self._places(jobs)
            position, erased = await self._world.database.write(lambda tx: _store(tx, prepared, places, now_us))
            self._journal.erased(erased)
            await self._release(prepared, position)
        except TocsinError as error:
            # The outcome is unknown: what memory believes must be read again before anything is built on it.
            for log in {one.log.number: one.log for one in prepared}.values():
                await self._logs.reload(log)
            _fail(jobs, error)
        except BaseException:
            _fail(jobs, StoreError("store.unknown", "the node stopped while the commit was under way"))
            raise

    def _prepare_into(self, prepared: list[_Prepared], job: _Job) -> None:
        try:
            prepared.append(self._prepare(job))
        except TocsinError as error:
            _fail([job], error)

    def _prepare(self, job: _Job) -> _Prepared:
        me = self._signer.me
        now = self._world.members.channel(job.channel.id)
        if not now.is_current or now.version != job.channel.version or readers(now) != readers(job.channel):
            # The policy has decided for another audience than the batch would have.
            raise PolicyError("policy.roster-changed", f"the roster of {now.name} has changed; share again")
        log = self._logs.get((now.urgent if job.urgent else now.slots)[me])
        if log is None:
            raise StoreError("store.no-log", "the channel has no log here yet")
        self._signer.require(log)
        now_us = self._world.clock.now_us()
        seed = self._world.entropy.bytes(32)
        start = log.size
        handlings: dict[tuple[int, int, int], Handling] = {}
        entries = []
        for i, (one, salt) in enumerate(zip(job.ready, salts(seed, start, len(job.ready)), strict=True), start):
            key = (one.content_type, one.marking, one.keep_until)
            handling = handlings.get(key)
            if handling is None:
                handling = handlings[key] = Handling(one.content_type, int(one.marking), now_us, one.keep_until)
            entries.append(Entry(i, handling, salt, one.content))
        committed = commitments(log.slot, entries)
        frontier = log.frontier.extended(committed)
        rows = [
            NewRow(
                Kind.ENTRY,
                log.number,
                entry.seq,
                me,
                one.object_id,
                one.version,
                one.name,
                int(one.marking),
                now_us,
                one.keep_until,
                erase.ORDER if one.content_type == ERASE_ORDER else None,
                entry.salt,
                commitment,
                entry.content,
                one.content_type,
            )
            for one, entry, commitment in zip(job.ready, entries, committed, strict=True)
        ]
        before, log.frontier = log.frontier, frontier
        return _Prepared(job, log, before, entries, seed, frontier, rows, now_us)

    async def _release(self, prepared: list[_Prepared], position: int) -> None:
        newest = {one.log.number: one for one in prepared}
        for one in newest.values():
            await self._signer.hold(one.log, one.frontier.size, one.frontier.root())
        for one in prepared:
            # A peer may have proved meanwhile that it holds more of this log than we do.
            self._signer.require(one.log)
            note = self._signer.sign(one.log, one.frontier.size, one.frontier.root())
            self._frames.fresh(one.log, one.entries, one.seed, note)
            one.log.released = one.frontier.size
            batch = Batch(one.log.number, one.before.size, one.frontier.size, one.sent_at, position)
            self._learn(one.job.ready)
            if not one.job.done.done():
                one.job.done.set_result(batch)
        self._journal.announce(position)

    def _places(self, jobs: Sequence[_Job]) -> Places:
        ordered = any(one.content_type == ERASE_ORDER for job in jobs for one in job.ready)
        return self._logs.places() if ordered else {}

    def _learn(self, ready: Sequence[Ready]) -> None:
        for one in ready:
            if one.object_id.startswith("marking-definition--"):
                # Ours count like others': what a peer marks with them must be understood here too.
                with suppress(PolicyError):
                    self._world.definitions.learn(one.object_id, strictjson.parse(one.content))


@dataclass(frozen=True, slots=True)
class World:
    """What the publisher needs of the world."""

    database: Database
    clock: Clock
    entropy: Entropy
    definitions: Definitions
    members: Members


def _fail(jobs: Sequence[_Job], error: TocsinError) -> None:
    for job in jobs:
        if not job.done.done():
            job.done.set_exception(error)


def _store(tx: Transaction, prepared: list[_Prepared], places: Places, now_us: int) -> tuple[int, Erased]:
    position = 0
    erased = Erased()
    for one in prepared:
        position = append(tx, one.rows, now_us)
        advance(tx, one.log.number, one.before, one.frontier, None)
        if places:
            erased = erase.joined(erased, erase.stored(tx, one.log.slot, one.rows, position, places))
    return position, erased
