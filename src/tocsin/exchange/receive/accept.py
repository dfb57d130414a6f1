"""Receive a frame: verify, store in one transaction, and only after its fsync cosign the origin's checkpoint.

begin() verifies and moves the log's frontier ahead of the commit, so that the next frame can be verified while this
one is being written; finish() waits for the commit and signs. If a commit fails, the frontier is read again.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

from tocsin.errors import FormatError, PolicyError, StoreError, TocsinError, VerificationError
from tocsin.exchange.journal import erase
from tocsin.exchange.journal.definitions import Definitions
from tocsin.exchange.journal.erase import Places
from tocsin.exchange.journal.journal import Erased, Journal, Kind, NewRow, append, tree_at
from tocsin.exchange.members.channels import Channel
from tocsin.exchange.members.registry import Members
from tocsin.exchange.receive import orders, verify
from tocsin.exchange.receive.epochkeys import EpochKeys
from tocsin.exchange.receive.verify import Signed, Verified, View
from tocsin.exchange.tlog.logs import Log, Logs, advance, root_at
from tocsin.formats import cosignature, markings
from tocsin.formats.entry import ERASE_ORDER, ERASED, STIX_21, Entry
from tocsin.formats.frame import Frame
from tocsin.formats.keys import Role, SigningKey, key_name
from tocsin.formats.message import Position, Receipt
from tocsin.formats.stix.check import Checked, check_many
from tocsin.formats.tlp import Tlp
from tocsin.ports.clock import Clock
from tocsin.ports.database import Reading, Transaction
from tocsin.ports.metrics import SILENT, Meter

_FITS_KEPT: Final = 4096


class Pending(NamedTuple):
    """A verified frame on its way to the disk."""

    log: Log
    before: int
    verified: Verified
    rows: list[NewRow]
    places: Places  # of all logs, when there is an erase order among the rows


@dataclass(frozen=True, slots=True)
class Parts:
    """What receiving needs."""

    members: Members
    logs: Logs
    journal: Journal
    definitions: Definitions
    keys: EpochKeys
    clock: Clock
    signing: SigningKey  # our receipt key
    meter: Meter = SILENT


class Receiver:
    """One per node; frames of one log must come one after the other, which the link sees to."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._fits: dict[tuple[int, tuple[str, ...], int], str | None] = {}

    def held(self, peer: str) -> tuple[Position, ...]:
        """What we hold, durable, of a peer's logs."""
        logs = (log for log in self._parts.logs if log.origin == peer)
        return tuple(
            Position(log.slot, log.size, log.frontier.root(), log.note) for log in logs if log.released == log.size
        )

    def standing(self, peer: str) -> list[Receipt]:
        """Our word, given again, on all that held() tells: the first receipt may have been lost with its link."""
        held = (one for one in self.held(peer) if one.size)
        logs = ((one, self._parts.logs.get(one.slot)) for one in held)
        return [self._cosign(one.slot, one.size, log.checkpoint(one.size, one.root)) for one, log in logs if log]

    def size(self, slot: bytes) -> int:
        """How far we have accepted the log with this slot."""
        log = self._parts.logs.get(slot)
        return log.size if log else 0

    def begin(self, peer: str, frame: Frame) -> Pending:
        """Steps 1 to 8 of verify.py. Raises FormatError, VerificationError; receive.old goes to judge()."""
        began = self._parts.clock.monotonic()
        try:
            return self._begin(peer, frame)
        finally:
            self._parts.meter.observe("tocsin_verify_seconds", self._parts.clock.monotonic() - began)

    def _begin(self, peer: str, frame: Frame) -> Pending:
        log, channel, one = self._outer(peer, frame)
        verify.place(one, log.size)
        view = self._view(peer, log)
        done = verify.opened(one, self._parts.keys.get(frame.slot, frame.epoch), view, frame.slot)
        ordered = any(entry.handling.content_type == ERASE_ORDER for entry in done.entries)
        places = self._parts.logs.places() if ordered else {}
        rows = self._rows(log, channel, done, places)
        pending = Pending(log, log.size, done, rows, places)
        log.frontier = done.frontier
        return pending

    async def finish(self, pending: Pending) -> Receipt:
        """Store, wait for the fsync, cosign. Raises StoreError; then the log stands where it stood."""
        log, done = pending.log, pending.verified
        now_us = self._parts.clock.now_us()

        def work(tx: Transaction) -> tuple[int, Erased]:
            position = append(tx, pending.rows, now_us)
            advance(tx, log.number, pending.before, done.frontier, done.note)
            return position, erase.stored(tx, log.slot, pending.rows, position, pending.places)

        try:
            position, erased = await self._parts.journal.database.write(work)
        except StoreError:
            await self._parts.logs.reload(log)
            raise
        if done.frontier.size > log.released:
            log.released, log.note = done.frontier.size, done.note
        self._parts.journal.erased(erased)
        self._parts.journal.announce(position)
        self._parts.meter.count("tocsin_receipts_given_total", peer=log.origin)
        return self._cosign(log.slot, done.frontier.size, done.text)

    async def judge(self, peer: str, frame: Frame) -> VerificationError:
        """Tell a replay from a fork, by the root our own tree has where the old frame ends."""
        log, _, one = self._outer(peer, frame)
        size = one.checkpoint.size

        def root(reading: Reading) -> bytes:
            known = root_at(reading, log.number, size)
            return known if known is not None else tree_at(reading, log.number, size).root()

        return verify.judge_old(one, await self._parts.journal.database.read(root))

    def head(self, peer: str, own: Position) -> VerificationError | None:
        """What a peer's word on its own log means to us."""
        log = self._parts.logs.get(own.slot)
        if log is None or log.origin != peer:
            return None
        return verify.judge_head(
            peer, own.size, own.root, log.released, log.frontier.root() if log.released == log.size else None
        )

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
        if erased.definitions:
            self._fits.clear()

    # -- inside -------------------------------------------------------------------------------------------------

    def _outer(self, peer: str, frame: Frame) -> tuple[Log, Channel, Signed]:
        found = self._parts.members.origin(frame.slot)
        log = self._parts.logs.get(frame.slot)
        if found is None:
            raise VerificationError("receive.stranger", f"{peer} sent a frame of a log we do not know")
        if log is None or not found[0].is_open:
            raise VerificationError("receive.not-open", f"{peer} sent a frame of a channel not all have signed here")
        return log, found[0], verify.signed(frame, self._view(peer, log))

    def _view(self, peer: str, log: Log) -> View:
        key = self._parts.members.member(log.origin).keys[Role.LOG]
        return View(peer, log.origin, log.name, key, log.frontier)

    def _cosign(self, slot: bytes, size: int, text: bytes) -> Receipt:
        name = key_name(self._parts.members.me, Role.RECEIPT)
        seconds = self._parts.clock.now_us() // 1_000_000
        signature = cosignature.cosign(text, name, self._parts.signing, seconds)
        return Receipt(slot, size, signature.key_id, signature.blob)

    def _rows(self, log: Log, channel: Channel, done: Verified, places: Places) -> list[NewRow]:
        objects = [entry.content for entry in done.entries if entry.handling.content_type == STIX_21]
        checked = check_many(objects)
        for one in checked:
            if not isinstance(one, FormatError) and one.type == "marking-definition":
                self._learn(one)
        following = iter(checked)
        rows = []
        for entry, commitment in zip(done.entries, done.commitments, strict=True):
            content_type, marking, sent_at, keep_until = entry.handling
            if content_type == ERASED:
                rows.append(_erased(log, entry, commitment))
                continue
            held: str | None
            object_id = version = name = ""
            if content_type == ERASE_ORDER:
                held = orders.standing(entry.content, log.origin, places)
            elif isinstance(one := next(following), FormatError):
                held = one.code
            else:
                held, object_id = self._misfit(channel, marking, one), one.id
                version, name = one.version, one.name[:256]
            rows.append(
                NewRow(
                    Kind.ENTRY,
                    log.number,
                    entry.seq,
                    log.origin,
                    object_id,
                    version,
                    name,
                    marking,
                    sent_at,
                    keep_until,
                    held,
                    entry.salt,
                    commitment,
                    entry.content,
                    content_type,
                )
            )
        return rows

    def _learn(self, one: Checked) -> None:
        try:
            self._parts.definitions.learn(one.id, one.value)
        except PolicyError:
            self._fits.clear()  # then nobody knows what it means, and whatever refers to it is held back

    def _misfit(self, channel: Channel, marking: int, one: Checked) -> str | None:
        key = (channel.number, tuple(one.marking_refs), marking)
        if key in self._fits:
            return self._fits[key]
        own = markings.strictest(one.marking_refs, self._parts.definitions.known)
        ceiling = self._parts.members.charter.plenary_ceiling
        reasons = markings.fits(Tlp(marking), own, channel.kind, channel.roster, ceiling, channel.named_people)
        if not own.unknown and len(self._fits) < _FITS_KEPT:
            self._fits[key] = reasons[0].code if reasons else None
        return reasons[0].code if reasons else None


def _erased(log: Log, entry: Entry, commitment: bytes) -> NewRow:
    return NewRow(
        Kind.ENTRY, log.number, entry.seq, log.origin, held=erase.ERASED, commitment=commitment, content_type=ERASED
    )
