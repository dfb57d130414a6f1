"""Receive a frame: verify, store in one transaction, and only after its fsync cosign the origin's checkpoint.

begin() verifies and moves the log's frontier ahead of the commit, so that the next frame can be verified while this
one is being written; finish() waits for the commit and signs. If a commit fails, the frontier is read again.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

from tocsin.errors import FormatError, PolicyError, StoreError, TocsinError, VerificationError
from tocsin.exchange.journal.definitions import Definitions
from tocsin.exchange.journal.journal import Journal, Kind, NewRow, append, tree_at
from tocsin.exchange.members.channels import Channel
from tocsin.exchange.members.registry import Members
from tocsin.exchange.receive import verify
from tocsin.exchange.receive.epochkeys import EpochKeys
from tocsin.exchange.receive.verify import Signed, Verified, View
from tocsin.exchange.tlog.logs import Log, Logs, advance, root_at
from tocsin.formats import checkpoint, cosignature, markings, note
from tocsin.formats.frame import Frame
from tocsin.formats.keys import Role, SigningKey, key_name
from tocsin.formats.merkle import Frontier
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
    before: Frontier
    verified: Verified
    rows: list[NewRow]


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
        logs = ((log, _stored(log)) for log in self._parts.logs if log.origin == peer)
        return tuple(Position(log.slot, log.size, root, log.note) for log, root in logs if root is not None)

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
        rows = self._rows(log, channel, done)
        pending = Pending(log, log.frontier, done, rows)
        log.frontier = done.frontier
        return pending

    async def finish(self, pending: Pending) -> Receipt:
        """Store, wait for the fsync, cosign. Raises StoreError; then the log stands where it stood."""
        log, done = pending.log, pending.verified
        now_us = self._parts.clock.now_us()

        def work(tx: Transaction) -> int:
            position = append(tx, pending.rows, now_us)
            advance(tx, log.number, pending.before, done.frontier, done.note)
            return position

        try:
            position = await self._parts.journal.database.write(work)
        except StoreError:
            await self._parts.logs.reload(log)
            raise
        if done.frontier.size > log.released:
            log.released, log.note = done.frontier.size, done.note
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
        return verify.judge_head(peer, own.size, own.root, log.released, _stored(log))

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

    def _rows(self, log: Log, channel: Channel, done: Verified) -> list[NewRow]:
        checked = check_many([entry.content for entry in done.entries])
        for one in checked:
            if not isinstance(one, FormatError) and one.type == "marking-definition":
                self._learn(one)
        rows = []
        for entry, commitment, one in zip(done.entries, done.commitments, checked, strict=True):
            held: str | None
            if isinstance(one, FormatError):
                held, object_id, version, name = one.code, "", "", ""
            else:
                held, object_id, version, name = (
                    self._misfit(channel, entry.handling.marking, one),
                    one.id,
                    one.version,
                    one.name[:256],
                )
            rows.append(
                NewRow(
                    Kind.ENTRY,
                    log.number,
                    entry.seq,
                    log.origin,
                    object_id,
                    version,
                    name,
                    entry.handling.marking,
                    entry.handling.sent_at,
                    entry.handling.keep_until,
                    held,
                    entry.salt,
                    commitment,
                    entry.content,
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
