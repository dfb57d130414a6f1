"""Whether the node can do its work now. Asked by anybody, so that an answer serves for a second."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from tocsin.edge.people import Reason
from tocsin.errors import StoreError
from tocsin.node.core import Core

_PATIENCE_S: Final = 5.0
_SERVES_S: Final = 1.0


class Readiness:
    """`listening` tells whether members that dial are let in."""

    def __init__(self, core: Core, listening: Callable[[], bool]) -> None:
        self._core = core
        self._listening = listening
        self._turn = asyncio.Lock()
        self._until = 0.0
        self._found: tuple[Reason, ...] | None = None

    async def reasons(self) -> Sequence[Reason]:
        """Everything that stands in the way; nothing when the node is ready."""
        async with self._turn:
            clock = self._core.world.clock
            if self._found is None or clock.monotonic() >= self._until:
                self._found = (*await self._store(), *self._logs(), *self._doors())
                self._until = clock.monotonic() + _SERVES_S
            return self._found

    async def _store(self) -> list[Reason]:
        database = self._core.world.database
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await database.read(lambda db: db.query("SELECT 1"))
                await database.write(lambda tx: tx.query("SELECT 1"))
        except StoreError as error:
            return [Reason(error.code, error.what)]
        except TimeoutError:
            return [Reason("store.read", f"the store has not answered within {_PATIENCE_S:g} s")]
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await self._core.search.reached(self._core.journal.head)
        except TimeoutError:
            rows = self._core.journal.head - self._core.search.position
            return [Reason("store.search-behind", f"search is {rows} rows behind the journal and does not catch up")]
        return []

    def _logs(self) -> list[Reason]:
        core = self._core
        behind = core.signer.behind()
        own = [channel.slots[core.me] for channel in core.members.channels() if channel.is_open]
        closed = sum(core.logs.get(slot) is None or slot in behind for slot in own)
        return [Reason("tlog.behind", f"{closed} of our {len(own)} logs may not be signed")] if closed else []

    def _doors(self) -> list[Reason]:
        return [] if self._listening() else [Reason("peer.listen", "members that dial are not let in")]
