"""One follower for all rooms that derive something from what was said: each row is read once, each content parsed once.

A room's take() sees the journal only, no clock and no chance, so that its tables can be dropped and made again.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, Protocol

from tocsin.errors import FormatError
from tocsin.exchange.journal.journal import Kind, Row
from tocsin.formats import strictjson
from tocsin.ports.database import Reading, Transaction

NAME: Final = "rooms"
_STEP: Final = 500


class Told(NamedTuple):
    """A row, and what it says: the STIX object of a shown entry or what was said of a local row; else None.

    None for receipts and refusals, for what is held back, and for what was erased before anybody read it.
    """

    row: Row
    value: dict[str, Any] | None


class Room(Protocol):
    """Derives tables of its own from the journal."""

    def take(self, told: Sequence[Told], tx: Transaction) -> None:
        """Take these rows, in order, with every effect inside `tx`. MUST be deterministic in them."""
        ...


class Readers:
    """The follower."""

    name = NAME

    def __init__(self, rooms: Sequence[Room]) -> None:
        self._rooms = rooms

    def handle(self, rows: Sequence[Row], tx: Transaction) -> None:
        """Hand the rows, with what they say, to every room."""
        told = tell(rows, tx)
        for room in self._rooms:
            room.take(told, tx)


def tell(rows: Sequence[Row], reading: Reading) -> list[Told]:
    """The rows with what they say."""
    wanted = [row.position for row in rows if row.kind in (Kind.ENTRY, Kind.LOCAL) and row.held is None]
    contents = dict[int, bytes]()
    for at in range(0, len(wanted), _STEP):
        part = wanted[at : at + _STEP]
        contents |= dict(
            reading.query(
                "SELECT position, content FROM journal_rows WHERE content_type = 1 AND content IS NOT NULL "  # noqa: S608 - constants only
                f"AND position IN ({', '.join('?' * len(part))})",
                part,
            )
        )
    return [Told(row, _value(contents.get(row.position))) for row in rows]


def _value(content: bytes | None) -> dict[str, Any] | None:
    if content is None:
        return None
    try:
        found = strictjson.parse(content)
    except FormatError:  # it passed the gate of an older version
        return None
    return found if isinstance(found, dict) else None
