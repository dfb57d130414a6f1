"""Frames of our logs, sealed once for all who stand at the same place.

A fresh batch is sealed as it was committed, with its salts as one seed. Whoever lags gets frames that join several
batches up to a common boundary, so that many who return at once share the sealing too.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Final

from tocsin.errors import StoreError
from tocsin.exchange.journal import erase, journal
from tocsin.exchange.journal.journal import Erased
from tocsin.exchange.members.registry import Members
from tocsin.exchange.publish.epochs import Epoch, Epochs
from tocsin.exchange.tlog.logs import Log, batch_end
from tocsin.exchange.tlog.signer import Signer
from tocsin.formats.entry import Entry, Handling, erased
from tocsin.formats.frame import NONCE_BYTES, Frame, encode_batch, encode_box, encode_frame
from tocsin.formats.tlp import Tlp
from tocsin.ports.database import Database, Reading
from tocsin.ports.entropy import Entropy

_BOUNDARY: Final = 512
_SMALL: Final = 64
_KEEP_BYTES: Final = 24 * 1024 * 1024
_MAX_JOINED_BYTES: Final = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Sealed:
    """A frame's bytes, ready to be sent to any member of its epoch's roster."""

    data: bytes
    start: int
    end: int
    epoch: Epoch
    key_slot: bytes  # which of our logs the epoch is of: this one, or ours in the channel of another's that we relay
    content_bytes: int


@dataclass(frozen=True, slots=True)
class _Fresh:
    entries: list[Entry]
    seed: bytes
    note: bytes
    size: int


class Frames:
    """Makes and keeps frames; memory is bounded by _KEEP_BYTES for each of the two caches."""

    def __init__(self, members: Members, epochs: Epochs, signer: Signer, database: Database, entropy: Entropy) -> None:
        self._members = members
        self._epochs = epochs
        self._signer = signer
        self._database = database
        self._entropy = entropy
        self._batches: OrderedDict[tuple[int, int], _Fresh] = OrderedDict()
        self._batches_bytes = 0
        self._sealed: OrderedDict[tuple[int, int, int], Sealed] = OrderedDict()
        self._sealed_bytes = 0
        self._forgotten: dict[int, int] = {}
        self.compress = True

    def fresh(self, log: Log, entries: list[Entry], seed: bytes, note: bytes) -> None:
        """Remember a batch just committed, so that the push reads nothing back."""
        one = _Fresh(entries, seed, note, sum(len(entry.content) for entry in entries))
        self._batches[log.number, entries[0].seq] = one
        self._batches_bytes += one.size
        while self._batches_bytes > _KEEP_BYTES:
            self._batches_bytes -= self._batches.popitem(last=False)[1].size

    def forget(self, erased: Erased) -> None:
        """Keep nothing of these logs: entries of theirs were erased."""
        for log in erased.logs:
            self._forgotten[log] = self._forgotten.get(log, 0) + 1
            for key in [key for key in self._batches if key[0] == log]:
                self._batches_bytes -= self._batches.pop(key).size
            for place in [place for place in self._sealed if place[0] == log]:
                self._sealed_bytes -= len(self._sealed.pop(place).data)

    def forget_all(self) -> None:
        """What is sent from now on is signed and sealed anew: our log key has changed."""
        self._batches.clear()
        self._sealed.clear()
        self._batches_bytes = self._sealed_bytes = 0

    def may_send(self, log: Log) -> bool:
        """Whether there are frames: our own log needs its checkpoints signed, another's has them."""
        return log.origin != self._signer.me or self._signer.may_sign(log)

    async def frame(self, log: Log, start: int) -> Sealed:
        """The frame that begins at `start`, which is below the log's committed size.

        Raises StoreError("store.gap") when the entries are no longer there.
        """
        found = self._members.origin(log.slot)
        if found is None:
            raise RuntimeError("a log of ours has a channel")
        key_slot = log.slot if found.origin == self._signer.me else found.channel.slots[self._signer.me]
        epoch = self._epochs.current(key_slot, found.channel)
        fresh = self._batches.get((log.number, start))
        alone = fresh is not None and (
            len(fresh.entries) >= _SMALL or (log.number, start + len(fresh.entries)) not in self._batches
        )
        if fresh is not None and alone:
            end = start + len(fresh.entries)
            return self._kept(_Cover(log, key_slot, epoch, end, fresh.note), fresh.entries, fresh.seed)
        at_most = (start // _BOUNDARY + 1) * _BOUNDARY
        times = -1
        while times != (times := self._forgotten.get(log.number, 0)):  # erased while we read: read again
            rows, end, root, signed = await self._database.read(lambda db: _read(db, log.number, start, at_most))
        entries = [
            erased(seq, committed) if body is None else Entry(seq, Handling(kind, mark, sent, until), salt, body)
            for seq, mark, sent, until, salt, body, committed, kind, _ in rows
        ]
        note = self._signer.sign(log, end, root) if found.origin == self._signer.me else signed
        return self._kept(_Cover(log, key_slot, epoch, end, note), entries, None)

    def _kept(self, cover: "_Cover", entries: list[Entry], seed: bytes | None) -> Sealed:
        key = (cover.log.number, entries[0].seq, cover.end)
        kept = self._sealed.get(key)
        if kept is not None and kept.epoch is cover.epoch:
            self._sealed.move_to_end(key)
            return kept
        made = self._seal(cover, entries, seed)
        if kept is not None:
            self._sealed_bytes -= len(kept.data)
        self._sealed[key] = made
        self._sealed_bytes += len(made.data)
        while self._sealed_bytes > _KEEP_BYTES:
            self._sealed_bytes -= len(self._sealed.popitem(last=False)[1].data)
        return made

    def _seal(self, cover: "_Cover", entries: list[Entry], seed: bytes | None) -> Sealed:
        red = any(entry.handling.marking == Tlp.RED for entry in entries)
        box = encode_box(encode_batch(entries, seed), compress=self.compress and not red)
        start = entries[0].seq
        head = Frame(cover.log.slot, cover.epoch.number, start, cover.note, self._entropy.bytes(NONCE_BYTES), b"")
        sealed = cover.epoch.key.seal(head.nonce, box, head.additional())
        content = sum(len(entry.content) for entry in entries)
        data = encode_frame(head._replace(sealed=sealed))
        return Sealed(data, start, start + len(entries), cover.epoch, cover.key_slot, content)


@dataclass(frozen=True, slots=True)
class _Cover:
    """What a frame is sealed with and ended by."""

    log: Log
    key_slot: bytes
    epoch: Epoch
    end: int
    note: bytes


def _read(reading: Reading, log: int, start: int, at_most: int) -> tuple[list[tuple[Any, ...]], int, bytes, bytes]:
    for limit in (at_most, start):
        found = batch_end(reading, log, start, limit)
        if found is None:
            break
        rows = journal.entries(reading, log, start, found[0])
        # Joined batches may be too large together; the next single one never is.
        if sum(len(row[5] or b"") for row in rows) <= _MAX_JOINED_BYTES or limit == start:
            if len(rows) != found[0] - start or any(row[5] is None and row[8] != erase.ERASED for row in rows):
                break
            return rows, *found
    raise StoreError("store.gap", "entries of our own log are missing from the journal; run tocsin fsck")
