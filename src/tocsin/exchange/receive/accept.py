"""Receive a frame: verify, store in one transaction, and only after its fsync cosign the origin's checkpoint.

steps() verifies, piece by piece (turns.py), and moves the log's frontier ahead of the commit, so that the next frame can
be verified while this one is being written; finish() waits for the commit and signs. If a commit fails, the frontier is
read again.
"""

import asyncio
from collections import deque
from collections.abc import Generator
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from tocsin.errors import StoreError, TocsinError, VerificationError
from tocsin.exchange.journal import erase
from tocsin.exchange.journal.definitions import Definitions
from tocsin.exchange.journal.erase import Places
from tocsin.exchange.journal.journal import Erased, Journal, Kind, NewRow, append
from tocsin.exchange.members.channels import Place
from tocsin.exchange.members.registry import Members
from tocsin.exchange.publish.roots import root_of
from tocsin.exchange.receive import verify
from tocsin.exchange.receive.epochkeys import EpochKeys
from tocsin.exchange.receive.gossip import Gossip
from tocsin.exchange.receive.rows import Rows
from tocsin.exchange.receive.verify import Signed, Verified, View
from tocsin.exchange.tlog.logs import Log, Logs, advance, vouch
from tocsin.exchange.tlog.signer import Signer
from tocsin.formats import checkpoint, cosignature, note
from tocsin.formats.entry import ERASE_ORDER
from tocsin.formats.frame import Frame
from tocsin.formats.keys import Role, key_name
from tocsin.formats.merkle import Frontier
from tocsin.formats.message import Position, Receipt
from tocsin.ports.clock import Clock
from tocsin.ports.database import Transaction
from tocsin.ports.metrics import SILENT, Meter


class Pending(NamedTuple):
    """A verified frame on its way to the disk."""

    log: Log
    before: Frontier
    verified: Verified
    rows: list[NewRow]
    places: Places  # of all logs, when there is an erase order among the rows


@dataclass(slots=True)
class _Line:
    """The verified frames of one log that are not stored yet, in their order, and those that could not be."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: deque[Pending] = field(default_factory=deque)
    failed: list[tuple[Pending, StoreError]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Parts:
    """What receiving needs."""

    members: Members
    logs: Logs
    journal: Journal
    definitions: Definitions
    keys: EpochKeys
    clock: Clock
    signer: Signer
    gossip: Gossip
    meter: Meter = SILENT


class Receiver:
    """One per node. Frames of one log may come over several links: they are stored in the order of their places."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._rows = Rows(parts.members, parts.definitions)
        self._lines: dict[int, _Line] = {}
        self.individuals = self._rows.individuals
        self._relayed: set[bytes] = set()  # logs that others than their origin have brought since the start

    def held(self, peer: str) -> tuple[Position, ...]:
        """What we hold, durable, of a peer's logs."""
        logs = ((log, _stored(log)) for log in self._parts.logs if log.origin == peer)
        return tuple(Position(log.slot, log.size, root, log.note) for log, root in logs if root is not None)

    def standing(self, peer: str) -> list[Receipt]:
        """Our word, given again, on all that held() tells: the first receipt may have been lost with its link."""
        held = (one for one in self.held(peer) if one.size)
        logs = ((one, self._parts.logs.get(one.slot)) for one in held)
        return [self._cosign(one.slot, one.size, log.checkpoint(one.size, one.root)) for one, log in logs if log]

    def stand(self, slot: bytes) -> Receipt | None:
        """Our word on what we hold of a log that came by a relay too; None for one that never did."""
        log = self._parts.logs.get(slot)
        if log is None or slot not in self._relayed or log.released != log.size:
            return None
        return self._cosign(slot, log.size, log.checkpoint(log.size, log.frontier.root()))

    def size(self, slot: bytes) -> int:
        """How far we have accepted the log with this slot."""
        log = self._parts.logs.get(slot)
        return log.size if log else 0

    def begin(self, peer: str, frame: Frame) -> Pending:
        """steps() without a pause."""
        steps = self.steps(peer, frame)
        while True:
            try:
                next(steps)
            except StopIteration as end:
                pending: Pending = end.value
                return pending

    def steps(self, peer: str, frame: Frame) -> Generator[None, None, Pending]:
        """Steps 1 to 8 of verify.py; yields where others may come between, and gives what finish() takes.

        Raises FormatError, VerificationError; receive.old goes to judge().
        """
        steps, clock, spent = self._steps(peer, frame), self._parts.clock, 0.0
        try:
            while True:
                began = clock.monotonic()
                try:
                    next(steps)
                except StopIteration as end:
                    pending: Pending = end.value
                    return pending
                finally:
                    spent += clock.monotonic() - began
                yield
        finally:
            self._parts.meter.observe("tocsin_verify_seconds", spent)

    def _steps(self, peer: str, frame: Frame) -> Generator[None, None, Pending]:
        log, place, one = self._outer(peer, frame)
        verify.place(one, log.size)
        view = self._view(peer, log, place)
        # A relay seals under the key of its own log in the channel.
        sealer = frame.slot if peer == place.origin else place.channel.slots[peer]
        done = verify.opened(one, self._parts.keys.get(sealer, frame.epoch), view, frame.slot)
        yield
        ordered = any(entry.handling.content_type == ERASE_ORDER for entry in done.entries)
        places = self._parts.logs.places() if ordered else {}
        rows = yield from self._rows.make(log, place.channel, done, places)
        verify.place(one, log.size)  # what came between may have moved the log
        if peer != place.origin:
            self._relayed.add(frame.slot)
        pending = Pending(log, log.frontier, done, rows, places)
        log.frontier = done.frontier
        self._lines.setdefault(log.number, _Line()).waiting.append(pending)
        return pending

    async def finish(self, pending: Pending) -> Receipt:
        """Store, wait for the fsync, cosign. Raises StoreError; then the log stands where it stood.

        Frames of one log may have come over several links: what was verified before this one is stored before it, by
        whoever is first here.
        """
        log = pending.log
        line = self._lines[log.number]
        async with line.turn:
            while any(one is pending for one in line.waiting):
                await self._store(line, line.waiting.popleft())
        failed = next((error for one, error in line.failed if one is pending), None)
        if failed is not None:
            line.failed = [one for one in line.failed if one[0] is not pending]
            raise failed
        if log.origin == self._parts.members.me:
            await self.reconsider(log)
        self._parts.meter.count("tocsin_receipts_given_total", peer=log.origin)
        if log.released > pending.verified.frontier.size:
            # Another link has brought more meanwhile, and it may be cosigned already: never a smaller size after it.
            return self._cosign(log.slot, log.released, note.parse(log.note).text)
        return self._cosign(log.slot, pending.verified.frontier.size, pending.verified.text)

    async def _store(self, line: "_Line", pending: Pending) -> None:
        log, done = pending.log, pending.verified
        now_us = self._parts.clock.now_us()
        note_ = None if log.origin == self._parts.members.me else done.note

        def work(tx: Transaction) -> tuple[int, Erased]:
            position = append(tx, pending.rows, now_us)
            advance(tx, log.number, pending.before, done.frontier, note_)
            return position, erase.stored(tx, log.slot, pending.rows, position, pending.places)

        try:
            position, erased = await self._parts.journal.database.write(work)
        except StoreError as error:
            # All that waits was verified on top of this one.
            line.failed += [(one, error) for one in (pending, *line.waiting)]
            line.waiting.clear()
            await self._parts.logs.reload(log)
            return
        if done.frontier.size > log.released:
            log.released, log.note = done.frontier.size, done.note
        self._parts.journal.erased(erased)
        self._parts.journal.announce(position)

    async def reconsider(self, log: Log) -> None:
        """Open a log of ours that was closed, if everyone who may know more of it has been heard."""
        place = self._parts.members.origin(log.slot)
        if place is not None:
            await self._parts.signer.reconsider(log, place.channel.roster, partial(self.root_at, log))

    async def root_at(self, log: Log, size: int) -> bytes | None:
        """The root a log had at a size; None beyond what is stored."""
        return await root_of(self._parts.journal.database, log, size)

    async def judge(self, peer: str, frame: Frame) -> VerificationError:
        """Tell a replay from a fork, by the root our own tree has where the old frame ends."""
        log, _, one = self._outer(peer, frame)
        root = await self.root_at(log, one.checkpoint.size)
        if root is None:
            raise StoreError("store.unknown", "the log has not been stored as far as it was accepted")
        verdict = verify.judge_old(one, root)
        if verdict.code == "receive.fork":
            await self._parts.gossip.contradiction(log, frame.checkpoint)
        return verdict

    def head(self, peer: str, own: Position) -> VerificationError | None:
        """What a peer's word on its own log means to us."""
        log = self._parts.logs.get(own.slot)
        if log is None or log.origin != peer or not own.checkpoint:
            return None  # a word without a signature: the origin may not sign until it has heard us
        return verify.judge_head(peer, own.size, own.root, log.released, _stored(log))

    async def vouched(self, peer: str, own: Position) -> None:
        """A peer's word on its own log: if its log key is a new one, this is how that key stands behind what we hold.

        Kept in the place of the note by the former key, so that every later reader can do without that.
        """
        log = self._parts.logs.get(own.slot)
        if log is None or log.origin != peer or not own.checkpoint:
            return
        if len({one.keys[Role.LOG] for one in self._parts.members.known(peer)}) == 1:
            return
        parsed = note.parse(own.checkpoint)
        claimed = checkpoint.parse(parsed.text)
        gossip = self._parts.gossip
        if parsed.text != log.checkpoint(own.size, own.root) or not gossip.is_of_today(log, own.checkpoint):
            return
        await gossip.vouch(peer, log.slot, claimed.size)
        if _stored(log) == own.root and log.size == own.size and not gossip.is_of_today(log, log.note):
            await self._parts.journal.database.write(lambda tx: vouch(tx, log.number, own.size, own.checkpoint))
            if log.released == own.size:
                log.note = own.checkpoint

    async def record(self, peer: str, slot: bytes, error: TocsinError, evidence: bytes) -> None:
        """Keep a refusal with what proves it, and tell the journal. Repetitions count, they do not pile up."""
        self._parts.meter.count("tocsin_refused_total", peer=peer, code=error.code)
        log = self._parts.logs.get(slot)
        number, size = (log.number, log.size) if log else (0, 0)
        now_us = self._parts.clock.now_us()
        row = NewRow(Kind.REFUSAL, number, size, peer, name=error.code)

        def work(tx: Transaction) -> int | None:
            known = tx.query("SELECT count FROM receive_refusals WHERE log = ? AND code = ?", (number, error.code))
            tx.execute(
                "INSERT INTO receive_refusals (log, code, count, added, size, evidence) VALUES (?, ?, 1, ?, ?, ?) "
                "ON CONFLICT (log, code) DO UPDATE SET count = receive_refusals.count + 1, added = excluded.added",
                (number, error.code, now_us, size, evidence),
            )
            return None if known else append(tx, [row], now_us)

        position = await self._parts.journal.database.write(work)
        if position is not None:
            self._parts.journal.announce(position)

    def forget(self, erased: Erased) -> None:
        """What marking definitions mean may have changed."""
        self._rows.forget(erased)

    # -- inside -------------------------------------------------------------------------------------------------

    def _outer(self, peer: str, frame: Frame) -> tuple[Log, Place, Signed]:
        found = self._parts.members.origin(frame.slot)
        log = self._parts.logs.get(frame.slot)
        if found is None:
            raise VerificationError("receive.stranger", f"{peer} sent a frame of a log we do not know")
        if log is None or not found.channel.is_open:
            raise VerificationError("receive.not-open", f"{peer} sent a frame of a channel not all have signed here")
        if log.origin == self._parts.members.me and log.slot not in self._parts.signer.behind():
            raise VerificationError("receive.stranger", f"{peer} sent a frame of our own log, which lacks nothing")
        return log, found, verify.signed(frame, self._view(peer, log, found))

    def _view(self, peer: str, log: Log, place: Place) -> View:
        keys = tuple(one.keys[Role.LOG] for one in self._parts.members.known(log.origin))
        settled = self._parts.gossip.settled(log.slot)
        return View(peer, log.origin, log.name, keys, log.frontier, place.channel.roster, settled)

    def _cosign(self, slot: bytes, size: int, text: bytes) -> Receipt:
        name = key_name(self._parts.members.me, Role.RECEIPT)
        seconds = self._parts.clock.now_us() // 1_000_000
        signature = cosignature.cosign(text, name, self._parts.members.keyring.signing(Role.RECEIPT), seconds)
        return Receipt(slot, size, signature.key_id, signature.blob)


def _stored(log: Log) -> bytes | None:
    """The root of a peer's log if it is durable as memory has it.

    The size alone does not tell: after a commit that failed, another history of the same size may be under way.
    """
    root = log.frontier.root()
    if log.released != log.size:
        return None
    if log.size == 0:
        return root
    newest = checkpoint.parse(note.parse(log.note).text)
    return root if (newest.size, newest.root) == (log.size, root) else None
