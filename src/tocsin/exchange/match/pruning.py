"""What was derived from an entry goes when its content goes: by an order, or because its time has passed."""

import asyncio
from functools import partial
from typing import Final

from tocsin.exchange.journal.journal import Erased, Journal
from tocsin.exchange.match import blocking

_SPAN: Final = 4096  # positions that one step looks at, so that nobody waits for it


class Pruning:
    """One per node."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._wanted = asyncio.Event()
        self._wanted.set()  # what was erased just before the node stopped
        journal.on_erased(self._note)

    async def run(self) -> None:
        """For ever: at the start, and whenever something was erased."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            await self.prune()

    async def prune(self) -> int:
        """Go once through all that is derived, in bounded steps; how many indicators were let go."""
        database, count = self._journal.database, 0
        for low in range(0, await database.read(blocking.newest), _SPAN):
            gone = await database.read(partial(blocking.erased, low=low, high=low + _SPAN))
            if gone:
                count += await database.write(partial(blocking.forget, gone=gone))
        return count

    def _note(self, what: Erased) -> None:
        if what.logs:
            self._wanted.set()
