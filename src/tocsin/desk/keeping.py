"""Keeping: how long documents are kept. A story goes as a whole when nothing came to it for that long, a few at a time.

What a draft cites is kept, and what people follow. What it was read from, the captures, goes with the last document of each.
"""

from functools import partial
from typing import Final

from tocsin.desk import library
from tocsin.ports.clock import Clock
from tocsin.ports.database import Database, Transaction

_DAY_US: Final = 86_400_000_000
_DOCUMENTS: Final = 200  # of one commit
_CAPTURES: Final = 500
Place = tuple[int, str]


class Keeping:
    """`days`: how long; 0: for ever."""

    def __init__(self, database: Database, clock: Clock, days: int) -> None:
        self._database = database
        self._clock = clock
        self._days = days

    async def swept(self) -> int:
        """Delete what is too old; how many documents. Raises StoreError."""
        if not self._days:
            return 0
        before_us, gone = self._clock.now_us() - self._days * _DAY_US, 0
        story: Place | None = (0, "")
        while story is not None:
            story, count = await self._database.write(partial(_stories, before_us=before_us, place=story))
            gone += count
        capture: tuple[int, bytes] | None = (0, b"")
        while capture is not None:
            capture = await self._database.write(partial(_captures, before_us=before_us, place=capture))
        return gone


def _stories(tx: Transaction, before_us: int, place: Place) -> tuple[Place | None, int]:
    """Delete the next stories, or a part of a large one; where to go on, None if there is no more, and how many documents."""
    found = tx.query(
        "SELECT last_us, id FROM desk_stories WHERE (last_us, id) >= (?, ?) AND last_us < ? AND state <> 'followed'"
        " AND NOT EXISTS (SELECT 1 FROM desk_drafts WHERE desk_drafts.story = desk_stories.id)"
        " ORDER BY last_us, id LIMIT 20",
        (*place, before_us),
    )
    gone = 0
    for last_us, story in found:
        count, is_whole = library.forget(tx, str(story), _DOCUMENTS - gone)
        gone += count
        if not is_whole or gone >= _DOCUMENTS:
            return (int(last_us), str(story)), gone
    return (int(found[-1][0]), str(found[-1][1])) if found else None, gone


def _captures(tx: Transaction, before_us: int, place: tuple[int, bytes]) -> tuple[int, bytes] | None:
    found = tx.query(
        "SELECT seen_us, sha256, EXISTS (SELECT 1 FROM desk_read WHERE desk_read.capture = desk_captures.sha256)"
        " FROM desk_captures WHERE (seen_us, sha256) > (?, ?) AND seen_us < ? ORDER BY seen_us, sha256 LIMIT ?",
        (*place, before_us, _CAPTURES),
    )
    tx.execute_many("DELETE FROM desk_captures WHERE sha256 = ?", [(row[1],) for row in found if not row[2]])
    return (int(found[-1][0]), bytes(found[-1][1])) if found else None
