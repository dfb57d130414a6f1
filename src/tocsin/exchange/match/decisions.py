"""What other members' analysts decided about news, found by the articles that it names. Proposals: nothing acts on them."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from tocsin.exchange.journal import search
from tocsin.exchange.journal.journal import Kind
from tocsin.exchange.journal.readers import Told
from tocsin.exchange.journal.search import Found, Query
from tocsin.formats import decision
from tocsin.formats.decision import Decision
from tocsin.ports.database import Reading, Transaction

_MOST: Final = 50  # notes about the articles of one story


class Said(NamedTuple):
    """One decision as it is held, and by whom."""

    found: Found
    decision: Decision


class Decisions:
    """The room that reads the journal. `me` is our own handle: our own decisions are in force here already."""

    def __init__(self, me: str) -> None:
        self._me = me

    def take(self, told: Sequence[Told], tx: Transaction) -> None:
        """See journal.readers.Room."""
        rows = [
            (article.content, row.position)
            for row, value in told
            if row.kind == Kind.ENTRY
            and row.member != self._me
            and value is not None
            and "extensions" in value
            and (found := decision.read(value)) is not None
            for article in (*found.left, *found.right)
        ]
        if rows:
            tx.execute_many(
                "INSERT INTO match_decisions (content, position) VALUES (?, ?) ON CONFLICT DO NOTHING", rows
            )


def about(reading: Reading, contents: Iterable[str], now_us: int) -> list[Said]:
    """Decisions that name any of these articles, as far as they may be shown, the newest first."""
    positions = {
        int(row[0])
        for one in contents
        for row in reading.query(
            "SELECT position FROM match_decisions WHERE content = ? ORDER BY position DESC LIMIT ?", (one, _MOST)
        )
    }
    ids = {one.object_id for one in search.found(reading, sorted(positions, reverse=True)[:_MOST])}
    if not ids:
        return []
    query = Query(ids=tuple(sorted(ids)), versions=("last",), limit=_MOST, newest_first=True, now_us=now_us)
    out: dict[tuple[str, str], Said] = {}
    for one in search.find(reading, query):
        told = decision.read(search.parsed(one.content)) if one.content else None
        if told is not None:
            out.setdefault((one.member, one.object_id), Said(one, told))  # shared in two channels it is still one word
    return list(out.values())
