"""Erase orders that others send us: whether they hold, and our signed word that we obeyed."""

from typing import Final, NamedTuple

from tocsin.errors import FormatError
from tocsin.exchange.journal import erase
from tocsin.exchange.journal.erase import Places, Stored
from tocsin.exchange.journal.eraser import Eraser
from tocsin.exchange.journal.journal import Journal
from tocsin.exchange.tlog.logs import Logs
from tocsin.formats import erasure, note, statement
from tocsin.formats.keys import Role, SigningKey, key_name
from tocsin.ports.clock import Clock

ANSWERED_DAYS: Final = 30
_PAGE: Final = 64


def standing(content: bytes, origin: str, places: Places) -> str:
    """The `held` of an order's row: erase.ORDER when it is to be obeyed, else the code of what is wrong with it."""
    try:
        named = erasure.parse(content).entries
    except FormatError as error:
        return error.code
    foreign = any(places[slot][1] != origin for slot, _ in named if slot in places)
    return "receive.order-foreign" if foreign else erase.ORDER


class Answer(NamedTuple):
    """Erase receipts to be sent, and up to which position of the journal they answer."""

    notices: list[bytes]
    position: int


class Answers:
    """Erase receipts for the orders of others, made only once what they name has left our files."""

    def __init__(self, me: str, parts: "Parts") -> None:
        self._me = me
        self._parts = parts

    async def after(self, peer: str, position: int) -> Answer:
        """The next receipts for a peer's orders above this position; waits until there may be some.

        Orders older than ANSWERED_DAYS are not answered any more.
        """
        until = await self._parts.eraser.cleaned(position)
        since_us = self._parts.clock.now_us() - ANSWERED_DAYS * erase.DAY_US
        found = await self._parts.journal.database.read(
            lambda db: erase.obeyed_of(db, peer, position, until, since_us, _PAGE)
        )
        reached = found[-1].position if len(found) == _PAGE else until
        return Answer([self._sign(peer, one) for one in found], reached)

    def _sign(self, peer: str, order: Stored) -> bytes:
        made = statement.compose(
            statement.ERASED,
            {
                "by": self._me,
                "entries": order.entries,
                "erased": order.obeyed,
                "order": order.digest.hex(),
                "seq": order.seq,
                "slot": self._parts.logs.numbered(order.log).slot.hex(),
                "to": peer,
            },
        )
        mark = note.sign(made.note.text, key_name(self._me, Role.RECEIPT), self._parts.signing)
        return statement.encode(made._replace(note=note.add(made.note, mark)))


class Parts(NamedTuple):
    """What answering needs."""

    logs: Logs
    journal: Journal
    eraser: Eraser
    clock: Clock
    signing: SigningKey  # our receipt key
