"""Questions about what happened: who stored what, when, and how long it took."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from tocsin.exchange.journal.journal import Kind, Row
from tocsin.ports.database import Reading

_STEP: Final = 500


class Happening(NamedTuple):
    """A journal row as people read it. `ms`: from sent to receipted, for receipts of our own logs."""

    row: Row
    ms: float | None


_SELECT: Final = (
    "SELECT j.position, j.added, j.kind, j.log, j.seq, j.member, j.object_id, j.version, {name}, j.marking, j.sent_at, "
    "j.held, (j.added - e.sent_at) / 1000.0 FROM journal_rows j "
    "LEFT JOIN journal_rows e ON j.kind = 2 AND e.kind = 1 AND e.log = j.log AND e.seq = j.seq - 1 "
)
# What an object is called is part of it: told of no entry that is held back, hidden, or past its time.
_NAME: Final = (
    "CASE WHEN j.kind <> 1 OR (j.held IS NULL AND (COALESCE(j.keep_until, 0) = 0 OR j.keep_until > ?) "
    "AND NOT EXISTS (SELECT 1 FROM journal_hidden h WHERE h.object_id IN (j.object_id, '') "
    "AND h.member IN (j.member, ''))) THEN j.name END"
)


def happenings(reading: Reading, after: int, limit: int, now_us: int = 0) -> list[Happening]:
    """Rows after a position, in order, as they may be shown at a moment."""
    select = _SELECT.format(name=_NAME)
    rows = reading.query(f"{select} WHERE j.position > ? ORDER BY j.position LIMIT ?", (now_us, after, limit))
    return [Happening(Row(*row[:-1]), row[-1]) for row in rows]


def objects_of(reading: Reading, log: int, end: int) -> list[tuple[str, int]]:
    """(object id, marking) of a log's first `end` entries, as far as content is there."""
    rows = reading.query(
        "SELECT object_id, marking FROM journal_rows WHERE kind = 1 AND log = ? AND seq < ? AND content IS NOT NULL",
        (log, end),
    )
    return [(row[0] or "", row[1] or 0) for row in rows]


def withheld(reading: Reading, log: int, start: int, end: int, now_us: int) -> frozenset[int]:
    """Places of entries that leave this node as their commitment alone, from start to before end.

    What is past its time, suspended or withdrawn, or about a person and held back.
    """
    rows = reading.query(
        "SELECT j.seq FROM journal_rows j WHERE j.kind = 1 AND j.log = ? AND j.seq >= ? AND j.seq < ? "
        "AND ((j.keep_until > 0 AND j.keep_until <= ?) OR j.held LIKE 'person.%' OR EXISTS (SELECT 1 FROM journal_hidden h "
        "WHERE h.object_id = j.object_id AND h.member IN (j.member, '') AND h.why IN ('suspended', 'withdrawn')))",
        (log, start, end, now_us),
    )
    return frozenset(row[0] for row in rows)


def receipts(reading: Reading, logs: Iterable[int], before: int, limit: int) -> list[Happening]:
    """Receipts of these logs, newest first, before a position (0: the newest)."""
    wanted = list(logs)
    marks = ", ".join("?" * len(wanted))
    until = before or 2**62
    select = _SELECT.format(name="j.name")
    rows = reading.query(
        f"{select} WHERE j.kind = 2 AND j.log IN ({marks}) AND j.position < ? ORDER BY j.position DESC LIMIT ?",
        (*wanted, until, limit),
    )
    return [Happening(Row(*row[:-1]), row[-1]) for row in rows]


def stored_by(reading: Reading, log: int, seq: int, members: Iterable[str], until: int = 2**62) -> dict[str, int]:
    """When each member's first receipt that covers this entry arrived, in microseconds; only those that have.

    `until`: as the journal stood at that position.
    """
    out: dict[str, int] = {}
    for member in members:
        rows = reading.query(
            "SELECT added FROM journal_rows WHERE kind = 2 AND log = ? AND seq > ? AND member = ? AND position <= ? "
            "ORDER BY seq LIMIT 1",
            (log, seq, member, until),
        )
        if rows:
            out[member] = int(rows[0][0])
    return out


class Signed(NamedTuple):
    """A receipt for one of our logs as it came."""

    member: str
    seq: int  # how much of the log it covers
    added: int
    sent_at: int | None
    proof: bytes


def receipts_from(reading: Reading, log: int, size: int, limit: int) -> list[Signed]:
    """Receipts that cover `size` entries of one of our logs or more, those that cover least first."""
    rows = reading.query(
        "SELECT member, seq, added, sent_at, content FROM journal_rows WHERE kind = 2 AND log = ? AND seq >= ? "
        "ORDER BY seq LIMIT ?",
        (log, size, limit),
    )
    return [Signed(row[0], row[1], row[2], row[3], bytes(row[4] or b"")) for row in rows]


def entries_of(
    reading: Reading, log: int, start: int, end: int, limit: int, now_us: int
) -> list[tuple[int, int, str, str, str, int, str]]:
    """(position, seq, object id, version, name, marking, held) of a log's entries, as they may be shown at a moment."""
    rows = reading.query(
        f"SELECT j.position, j.seq, COALESCE(j.object_id, ''), COALESCE(j.version, ''), COALESCE({_NAME}, ''), "  # noqa: S608 - constants only
        "COALESCE(j.marking, 0), COALESCE(j.held, '') FROM journal_rows j WHERE j.kind = 1 AND j.log = ? AND j.seq >= ? "
        "AND j.seq < ? ORDER BY j.seq LIMIT ?",
        (now_us, log, start, end, limit),
    )
    return [(row[0], row[1], row[2], row[3], row[4], row[5], row[6]) for row in rows]


def receipted(reading: Reading, log: int, member: str, signed_until: int = 2**62) -> int:
    """Up to where a member has receipted one of our logs by what it has signed until an instant; 0 for not at all."""
    rows = reading.query(
        "SELECT seq FROM journal_rows WHERE kind = 2 AND log = ? AND member = ? AND sent_at <= ? ORDER BY seq DESC LIMIT 1",
        (log, member, signed_until),
    )
    return int(rows[0][0]) if rows else 0


def kept_until(reading: Reading, first: int, last: int) -> dict[int, int]:
    """Until when the entries between two positions are to be kept, by position; 0 for ever."""
    return dict(
        reading.query(
            "SELECT position, COALESCE(keep_until, 0) FROM journal_rows WHERE position >= ? AND position <= ? AND kind = 1",
            (first, last),
        )
    )


def erased_seqs(reading: Reading, log: int, low: int, high: int) -> set[int]:
    """Which entries of a log, from `low` to before `high`, are erased here."""
    return {
        row[0]
        for row in reading.query(
            "SELECT seq FROM journal_rows WHERE kind = 1 AND log = ? AND seq >= ? AND seq < ? AND held = 'erased'",
            (log, low, high),
        )
    }


def entry_at(reading: Reading, position: int) -> tuple[int, int, int] | None:
    """(log, seq, sent_at) of the entry at a position."""
    rows = reading.query("SELECT log, seq, sent_at FROM journal_rows WHERE position = ? AND kind = 1", (position,))
    return (rows[0][0], rows[0][1], rows[0][2]) if rows else None


def commitment(reading: Reading, position: int) -> bytes:
    """What stands in its log for the entry at a position; empty for none."""
    rows = reading.query("SELECT commitment FROM journal_rows WHERE position = ? AND kind = 1", (position,))
    return rows[0][0] or b"" if rows else b""


def length(reading: Reading, log: int) -> int:
    """How many entries of a log are here, from its first one on."""
    rows = reading.query("SELECT MAX(seq) + 1 FROM journal_rows WHERE kind = 1 AND log = ?", (log,))
    return int(rows[0][0] or 0)


def place_of(reading: Reading, log: int, seq: int) -> tuple[int, int] | None:
    """(position, sent_at) of the entry at a place in a log."""
    rows = reading.query(
        "SELECT position, sent_at FROM journal_rows WHERE kind = 1 AND log = ? AND seq = ?", (log, seq)
    )
    return (rows[0][0], rows[0][1] or 0) if rows else None


def strictness(reading: Reading, log: int, start: int, end: int) -> tuple[int, int, int]:
    """Of a log's entries from start to before end: the strictest marking, how many are erased, how many erase orders."""
    rows = reading.query(
        "SELECT MAX(marking), SUM(held IS 'erased'), SUM(held IS 'order') FROM journal_rows "
        "WHERE kind = 1 AND log = ? AND seq >= ? AND seq < ?",
        (log, start, end),
    )
    return rows[0][0] or 0, rows[0][1] or 0, rows[0][2] or 0


class Named(NamedTuple):
    """What the entry at a position is, as long as it is here."""

    object_id: str
    version: str
    name: str
    added: int
    sent_at: int


def entries_at(reading: Reading, positions: Sequence[int]) -> dict[int, Named]:
    """What the entries at these positions are; those that were erased are left out."""
    out: dict[int, Named] = {}
    for at in range(0, len(positions), _STEP):
        part = positions[at : at + _STEP]
        rows = reading.query(
            "SELECT position, object_id, version, name, added, sent_at FROM journal_rows "  # noqa: S608 - constants only
            f"WHERE kind = 1 AND object_id IS NOT NULL AND position IN ({', '.join('?' * len(part))}) ORDER BY position",
            part,
        )
        out |= {row[0]: Named(*row[1:]) for row in rows}
    return out


def own_entries(reading: Reading, me: str, object_id: str, after: int, until: int) -> list[tuple[int, int]]:
    """(log, seq) of our entries of an object between two positions. Reads every row between: for what is rare."""
    return [
        (row[0], row[1])
        for row in reading.query(
            "SELECT log, seq FROM journal_rows WHERE position > ? AND position <= ? AND kind = ? AND member = ? "
            "AND object_id = ? ORDER BY position",
            (after, until, int(Kind.ENTRY), me, object_id),
        )
    ]
