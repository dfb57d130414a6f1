"""Followers: readers of the journal whose position is committed together with the effect of what they read.

A follower that crashes between two batches repeats nothing and misses nothing: either both the effect and the new
position are durable, or neither is. "At once" and "caught up after an outage" are the same loop.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, Protocol

from tocsin.exchange.journal.journal import Journal, Row, read
from tocsin.ports.database import Reading, Transaction

BATCH: Final = 2048
PAUSE_S: Final = 0.02


class Follower(Protocol):
    """What reads the journal. `name` is the key of its stored position and the label of its metric."""

    name: str

    def handle(self, rows: Sequence[Row], tx: Transaction) -> None:
        """Take these rows, in order, with every effect inside `tx`. MUST be deterministic in the rows."""
        ...


class Following:
    """Runs one follower, up to `batch` rows a transaction. `position` is how far its effects are committed."""

    def __init__(self, journal: Journal, follower: Follower, batch: int | None = None) -> None:
        self._journal = journal
        self._follower = follower
        self._batch = batch or BATCH
        self.position = 0
        self._moved = asyncio.Event()
        self._wanted = asyncio.Event()

    async def run(self) -> None:
        """Follow for ever; ends only by cancellation or by an error of the store or the follower."""
        self._reach(await self._journal.database.read(self._stored))
        while True:
            await self._journal.grown(self.position)
            # What was just committed is on its way to the peers; unless somebody waits for us, that goes first, and
            # what follows within the pause shares our commit.
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wanted.wait(), PAUSE_S)
            self._reach(await self._journal.database.write(self._step))

    def _reach(self, position: int) -> None:
        self.position = position
        self._moved.set()
        self._moved = asyncio.Event()

    async def reached(self, position: int) -> None:
        """Wait until the effects up to this position are committed."""
        try:
            while self.position < position:
                self._wanted.set()
                await self._moved.wait()
        finally:
            self._wanted.clear()

    async def moved(self, after: int) -> int:
        """Wait until effects of something after this position are committed; up to where they are. Hurries nobody."""
        while self.position <= after:
            await self._moved.wait()
        return self.position

    def _stored(self, reading: Reading) -> int:
        rows = reading.query("SELECT position FROM journal_followers WHERE name = ?", (self._follower.name,))
        return int(rows[0][0]) if rows else 0

    def _step(self, tx: Transaction) -> int:
        before = self._stored(tx)
        rows = read(tx, before, self._batch)
        if not rows:
            return before
        self._follower.handle(rows, tx)
        tx.execute(
            "INSERT INTO journal_followers (name, position) VALUES (?, ?) "
            "ON CONFLICT (name) DO UPDATE SET position = excluded.position",
            (self._follower.name, rows[-1].position),
        )
        return rows[-1].position
