"""Erase receipts: who has signed that it obeyed an erase order of ours. A provable statement, not a provable deletion."""

from typing import Any, NamedTuple

from tocsin.errors import VerificationError
from tocsin.exchange.journal import erase
from tocsin.exchange.journal.journal import Journal, Kind, NewRow, append
from tocsin.exchange.members.registry import Members
from tocsin.exchange.tlog.logs import Logs
from tocsin.formats import note, statement
from tocsin.formats.keys import Role, key_name
from tocsin.formats.statement import Statement, number, text
from tocsin.ports.clock import Clock
from tocsin.ports.database import Reading, Transaction


class _Told(NamedTuple):
    log: int
    seq: int
    digest: str
    entries: int
    erased: int


class ErasureReceipts:
    """One per node."""

    def __init__(self, members: Members, logs: Logs, journal: Journal, clock: Clock) -> None:
        self._members = members
        self._logs = logs
        self._journal = journal
        self._clock = clock

    async def take(self, peer: str, signed: Statement) -> None:
        """Check and keep one; a repetition is passed over. Raises FormatError, VerificationError, StoreError."""
        told = self._told(peer, signed)
        order, known = await self._journal.database.read(lambda db: _look(db, told, peer))
        if order is None or order.digest.hex() != told.digest or order.entries != told.entries:
            raise VerificationError("deliver.erased-unknown", f"{peer} answers an erase order that we never gave")
        if known:
            return
        now_us = self._clock.now_us()
        row = NewRow(Kind.ERASED, told.log, told.seq, peer, sent_at=told.erased)
        data = statement.encode(signed)

        def work(tx: Transaction) -> int | None:
            if _look(tx, told, peer)[1]:
                return None
            tx.execute(
                "INSERT INTO deliver_erased (log, seq, member, added, erased, note) VALUES (?, ?, ?, ?, ?, ?)",
                (told.log, told.seq, peer, now_us, told.erased, data),
            )
            return append(tx, [row], now_us)

        position = await self._journal.database.write(work)
        if position is not None:
            self._journal.announce(position)

    def _told(self, peer: str, signed: Statement) -> _Told:
        body = signed.body
        me = self._members.me
        found = self._logs.places().get(_hex(text(body, "slot", longest=64)), (0, ""))
        if text(body, "by") != peer or text(body, "to") != me or found[1] != me:
            raise VerificationError(
                "deliver.erased-unknown", f"{peer} sent an erase receipt that is not its word to us"
            )
        key = self._members.member(peer).keys[Role.RECEIPT]
        if not note.verified(signed.note, key_name(peer, Role.RECEIPT), key):
            raise VerificationError("deliver.erased-signature", f"an erase receipt of {peer} is not signed by its key")
        digest = text(body, "order", longest=64)
        return _Told(found[0], number(body, "seq"), digest, number(body, "entries"), number(body, "erased"))


def _hex(told: str) -> bytes:
    try:
        return bytes.fromhex(told)
    except ValueError:
        return b""


def _look(reading: Reading, told: _Told, peer: str) -> tuple[erase.Stored | None, bool]:
    known = reading.query(
        "SELECT 1 FROM deliver_erased WHERE log = ? AND seq = ? AND member = ?", (told.log, told.seq, peer)
    )
    return erase.order_at(reading, told.log, told.seq), bool(known)


def answered(reading: Reading, log: int, seq: int) -> list[tuple[Any, ...]]:
    """(member, added, erased) of everybody who has answered an order of ours."""
    return reading.query(
        "SELECT member, added, erased FROM deliver_erased WHERE log = ? AND seq = ? ORDER BY member", (log, seq)
    )
