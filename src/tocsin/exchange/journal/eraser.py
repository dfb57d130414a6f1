"""Sees erasing through: orders that wait, entries whose time has passed, and the write-ahead log afterwards."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from statistics import median_low
from typing import Final

from tocsin.errors import StoreError
from tocsin.exchange.journal import erase
from tocsin.exchange.journal.erase import DAY_US, Places
from tocsin.exchange.journal.journal import Erased, Journal
from tocsin.ports.clock import Clock
from tocsin.ports.database import Reading

PERIOD_S: Final = 3600.0
_AGAIN_S: Final = 0.25
_AGAIN_LONGEST_S: Final = 30.0


class Eraser:
    """One per node. `places` and `peers_now` are asked on the loop.

    What keep-until says is done by our clock only as far as our peers' clocks bear it out: `peers_now` gives what time
    each linked peer says it is, in microseconds, and the lower median of them plus one day is the latest that a sweep
    believes. Nobody linked, no sweep. Orders do not look at the clock.
    """

    def __init__(
        self, journal: Journal, clock: Clock, places: Callable[[], Places], peers_now: Callable[[], Sequence[int]]
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._places = places
        self._peers_now = peers_now
        self._wanted = asyncio.Event()
        self._stained = True  # what was erased may still stand in the write-ahead log
        self._cleaned = asyncio.Event()
        self.clean = 0
        journal.on_erased(self._on_erased)

    async def load(self) -> None:
        """Do what was left undone when the node stopped; before anything is served."""
        await self._obey()
        with suppress(StoreError):  # run() tries again
            await self._scrub()

    async def run(self) -> None:
        """For ever: at once when something was erased, else every hour."""
        again = _AGAIN_S
        while True:
            self._wanted.clear()
            await self._obey()
            await self._sweep()
            await self._scrub()
            # Somebody who reads an older state, such as a backup, may take long.
            again = min(again * 2, _AGAIN_LONGEST_S) if self._stained else _AGAIN_S
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wanted.wait(), again if self._stained else PERIOD_S)

    def wake(self) -> None:
        """Look again: an order has come, or the time may be known better."""
        self._wanted.set()

    async def cleaned(self, after: int) -> int:
        """Wait until the orders at positions above `after` have left the files; gives up to which position."""
        while self.clean <= after:
            await self._cleaned.wait()
        return self.clean

    def now_us(self) -> int:
        """The time by which a sweep goes; 0 when nobody can bear our clock out."""
        told = self._peers_now()
        return min(self._clock.now_us(), median_low(told) + DAY_US) if told else 0

    # -- inside -------------------------------------------------------------------------------------------------

    def _on_erased(self, what: Erased) -> None:
        self._stained = self._stained or what.entries > 0
        self.wake()

    async def _obey(self) -> None:
        database = self._journal.database
        while await database.read(erase.waiting):
            done = await database.write(partial(erase.obey, places=self._places()))
            self._journal.erased(done or Erased())

    async def _sweep(self) -> None:
        now_us = self.now_us()
        database = self._journal.database

        def is_due(reading: Reading) -> bool:
            return erase.due(reading, now_us)

        while await database.read(is_due):
            self._journal.erased(await database.write(lambda tx: erase.sweep(tx, now_us)))

    async def _scrub(self) -> None:
        database = self._journal.database
        # The store says whether there was an order: we may not have been told yet of one that is committed.
        head, ordered = await database.read(lambda db: erase.since(db, self.clean))
        stained, self._stained = self._stained or ordered, False
        if stained and not await database.scrub():
            self._stained = True
            return
        self._reach(head)

    def _reach(self, position: int) -> None:
        if position > self.clean:
            self.clean = position
            self._cleaned.set()
            self._cleaned = asyncio.Event()
