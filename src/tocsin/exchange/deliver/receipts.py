"""Receipts for our logs: checked, stored together with the position they move, and told to whoever waits."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from tocsin.errors import StoreError, TocsinError, VerificationError
from tocsin.exchange.journal.journal import Journal, Kind, NewRow, append
from tocsin.exchange.members.registry import Members
from tocsin.exchange.publish.roots import root_of
from tocsin.exchange.tlog.logs import Log, Logs
from tocsin.formats import cosignature, note
from tocsin.formats.keys import Role, key_name
from tocsin.formats.message import Receipt
from tocsin.ports.clock import Clock
from tocsin.ports.database import Reading, Transaction

_WAITING: Final = 4096
_TEXTS: Final = 1024


class Stored(NamedTuple):
    """A member has stored our log up to `size`; `signed_at` is its own clock's word, in seconds."""

    log: int
    member: str
    size: int
    signed_at: int
    key_id: bytes
    blob: bytes


@dataclass(slots=True)
class _Job:
    peer: str
    receipt: Receipt
    done: asyncio.Future[Stored]


class Receipts:
    """One per node. What gathers while a commit is under way is stored with the next."""

    def __init__(self, members: Members, logs: Logs, journal: Journal, clock: Clock) -> None:
        self._members = members
        self._logs = logs
        self._journal = journal
        self._clock = clock
        self._sizes: dict[tuple[int, str], int] = {}
        self._texts: OrderedDict[tuple[int, int], bytes] = OrderedDict()
        self._queue: asyncio.Queue[_Job] = asyncio.Queue(_WAITING)
        self._calls: list[Callable[[Stored], None]] = []

    async def load(self) -> None:
        """Read the stored positions."""
        rows = await self._journal.database.read(lambda db: db.query("SELECT log, member, size FROM deliver_receipts"))
        self._sizes = {(log, member): size for log, member, size in rows}

    def on_stored(self, call: Callable[[Stored], None]) -> None:
        """Be told of every receipt once it is durable."""
        self._calls.append(call)

    def size(self, log: Log, member: str) -> int:
        """Up to where a member has receipted one of our logs."""
        return self._sizes.get((log.number, member), 0)

    async def take(self, peer: str, receipt: Receipt) -> Stored:
        """Check and store one receipt; returns once durable.

        Raises VerificationError("deliver.receipt-unknown" or "deliver.receipt-signature"), StoreError.
        """
        job = _Job(peer, receipt, asyncio.get_running_loop().create_future())
        await self._queue.put(job)
        return await job.done

    async def run(self) -> None:
        """Store what comes in, group by group."""
        while True:
            jobs = [await self._queue.get()]
            while not self._queue.empty() and len(jobs) < _WAITING:
                jobs.append(self._queue.get_nowait())
            good: list[tuple[_Job, Stored]] = []
            for job in jobs:
                try:
                    good.append((job, await self._checked(job.peer, job.receipt)))
                except TocsinError as error:
                    _fail(job, error)
            try:
                await self._commit(good)
            finally:
                for job in jobs:
                    if not job.done.done():
                        job.done.cancel()

    async def _checked(self, peer: str, receipt: Receipt) -> Stored:
        log = self._logs.get(receipt.slot)
        found = self._members.origin(receipt.slot)
        if log is None or found is None or found.origin != self._members.me or peer not in found.channel.listed:
            raise VerificationError("deliver.receipt-unknown", f"{peer} receipted a log that is not ours to show it")
        text = await self._text(log, receipt.size)
        name = key_name(peer, Role.RECEIPT)
        signature = note.Signature(name, receipt.key_id, receipt.blob)
        keys = (one.keys[Role.RECEIPT] for one in self._members.known(peer))
        signed_at = next((at for key in keys if (at := cosignature.verify(text, signature, name, key))), None)
        if signed_at is None:
            raise VerificationError("deliver.receipt-signature", f"a receipt of {peer} is not signed by its key")
        return Stored(log.number, peer, receipt.size, signed_at, receipt.key_id, receipt.blob)

    async def _text(self, log: Log, size: int) -> bytes:
        text = self._texts.get((log.number, size))
        if text is None and size == log.size == log.released:
            text = self._texts[log.number, size] = log.checkpoint(size, log.frontier.root())
        if text is None:
            root = await root_of(self._journal.database, log, size)
            if root is None:
                raise VerificationError("deliver.receipt-unknown", "a receipt covers a size that we never signed")
            text = self._texts[log.number, size] = log.checkpoint(size, root)
        while len(self._texts) > _TEXTS:
            self._texts.popitem(last=False)
        return text

    async def _commit(self, good: list[tuple[_Job, Stored]]) -> None:
        # Every link begins with the receipt for what is held: what we have already makes no second row.
        for job, one in good:
            if one.size <= self._sizes.get((one.log, one.member), 0) and not job.done.done():
                job.done.set_result(one)
        good = [(job, one) for job, one in good if one.size > self._sizes.get((one.log, one.member), 0)]
        if not good:
            return
        now_us = self._clock.now_us()
        try:
            stored = [one for _, one in good]
            position = await self._journal.database.write(lambda tx: _store(tx, stored, now_us))
        except StoreError as error:
            for job, _ in good:
                _fail(job, error)
            return
        self._journal.announce(position)
        for job, one in good:
            key = (one.log, one.member)
            self._sizes[key] = max(one.size, self._sizes.get(key, 0))
            if not job.done.done():
                job.done.set_result(one)
            for call in self._calls:
                call(one)


def _fail(job: _Job, error: TocsinError) -> None:
    if not job.done.done():  # whoever waited may have gone with its link
        job.done.set_exception(error)


def _store(tx: Transaction, stored: list[Stored], now_us: int) -> int:
    rows = [
        NewRow(Kind.RECEIPT, one.log, one.size, one.member, sent_at=one.signed_at * 1_000_000, content=one.blob)
        for one in stored
    ]
    position = append(tx, rows, now_us)
    tx.execute_many(
        "INSERT INTO deliver_receipts (log, member, size, added, key_id, blob) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (log, member) DO UPDATE SET size = excluded.size, added = excluded.added, "
        "key_id = excluded.key_id, blob = excluded.blob WHERE excluded.size > deliver_receipts.size",
        ((one.log, one.member, one.size, now_us, one.key_id, one.blob) for one in stored),
    )
    return position


def held_by(reading: Reading, log: int) -> list[tuple[Any, ...]]:
    """(member, size, added, key_id, blob) of the newest receipt of each member for a log."""
    return reading.query(
        "SELECT member, size, added, key_id, blob FROM deliver_receipts WHERE log = ? ORDER BY member", (log,)
    )
