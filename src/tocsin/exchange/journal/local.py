"""What this node or its people did here and tell nobody: a page, a refusal to warn, a decision. Rows like all others.

What depends on the time or on a person's will is written down as such a row first, so that whatever is derived from the
journal can be derived again.
"""

from collections.abc import Mapping
from typing import Any

from tocsin.exchange.journal.journal import Journal, Kind, NewRow, append
from tocsin.formats import canonical
from tocsin.ports.clock import Clock
from tocsin.ports.database import Reading, Transaction


def row(what: str, said: Mapping[str, Any], *, member: str = "", object_id: str = "", seq: int = 0) -> NewRow:
    """A row that tells `what` was done: about which member and object, at which step, and `said`, a JSON object."""
    return NewRow(Kind.LOCAL, 0, seq, member, object_id or None, name=what, content=canonical.encode(dict(said)))


async def record(journal: Journal, clock: Clock, made: NewRow) -> int:
    """Write one such row by itself. Its position, once durable. Raises StoreError."""

    def work(tx: Transaction) -> int:
        return append(tx, [made], clock.now_us())

    position = await journal.database.write(work)
    journal.announce(position)
    return position


def told(reading: Reading, what: str) -> list[bytes]:
    """The bytes of everything that was said of this, in order."""
    rows = reading.query(
        # The kind stands in it as a number, or the index of local rows would not be used.
        f"SELECT content FROM journal_rows WHERE kind = {int(Kind.LOCAL)} AND name = ? AND content IS NOT NULL "  # noqa: S608 - constants only
        "ORDER BY position",
        (what,),
    )
    return [bytes(row[0]) for row in rows]
