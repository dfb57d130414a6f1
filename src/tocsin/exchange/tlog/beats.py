"""Beats: the numbers of our heartbeats, which only grow, whatever the clock does and however often we start.

A beat is the instant in microseconds where the clock allows. Numbers are reserved ahead in the store, so that one
commit serves many; a start begins above everything reserved.
"""

from typing import Final

from tocsin.ports.clock import Clock
from tocsin.ports.database import Database, Transaction

_AHEAD_US: Final = 600_000_000


class Beats:
    """One per node."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._last: int | None = None
        self._reserved = 0
        self._floor = 0  # what we have beaten already, as peers have shown us

    async def next(self) -> int:
        """A number above every one given before; durable before it is given. Raises StoreError."""
        if self._last is None:
            rows = await self._database.read(lambda db: db.query("SELECT reserved FROM tlog_beats"))
            self._reserved = int(rows[0][0]) if rows else 0
            self._last = max(self._reserved, self._floor)
        beat = max(self._clock.now_us(), self._last + 1)
        if beat >= self._reserved:
            until = beat + _AHEAD_US
            await self._database.write(lambda tx: _reserve(tx, until))
            self._reserved = until
        self._last = beat
        return beat

    def seen(self, beat: int) -> None:
        """A peer shows a heartbeat of ours: the next is above it, though our store may be older than it."""
        if self._last is not None:
            self._last = max(self._last, beat)
        else:
            self._floor = max(self._floor, beat)


def _reserve(tx: Transaction, until: int) -> None:
    tx.execute(
        "INSERT INTO tlog_beats (one, reserved) VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET reserved = excluded.reserved",
        (until,),
    )
