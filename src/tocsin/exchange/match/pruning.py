"""What was derived from an entry goes when its content goes: by an order, or because its time has passed."""

import asyncio
from functools import partial

from tocsin.exchange.journal.journal import Erased, Journal
from tocsin.exchange.match import blocking


class Pruning:
    """One per node."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._logs: set[int] | None = None  # whose entries were erased; None: of all, before we listened
        self._wanted = asyncio.Event()
        journal.on_erased(self._note)

    async def run(self) -> None:
        """For ever: at the start, and whenever something was erased."""
        database = self._journal.database
        while True:
            self._wanted.clear()
            logs = await database.read(blocking.logs) if self._logs is None else sorted(self._logs)
            self._logs = set()
            for log in logs:
                await database.write(partial(blocking.forget_erased, log=log))
            await self._wanted.wait()

    def _note(self, what: Erased) -> None:
        if what.logs and self._logs is not None:
            self._logs |= what.logs
        self._wanted.set()
