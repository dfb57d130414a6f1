"""What we have shared, by shares, and who has stored each, from the journal.

A share here is what one checkpoint of ours added to one of our logs: one to 512 objects that were committed, signed and
sent together. A file of more objects becomes several shares. It is named by the journal position of its last entry.
Every step is a look into an index: nothing here grows with the number of shares, but for a page of a share's objects.
"""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from tocsin.exchange.deliver.receipts import held_by
from tocsin.exchange.journal import history
from tocsin.exchange.members.registry import Members
from tocsin.exchange.tlog.logs import Log, checkpoints_until, root_at
from tocsin.formats import cosignature, note
from tocsin.formats.keys import Role, key_name
from tocsin.formats.note import COSIGNATURE, Note, Signature
from tocsin.ports.database import Reading

_CLOSE: Final = 2_000  # receipts looked through for who stored a share when


class Sent(NamedTuple):
    """One share: entries `start` to before `end` of our log."""

    position: int
    log: int
    start: int
    end: int
    sent_at: int
    root: bytes  # of the log with it

    @property
    def objects(self) -> int:
        """How many entries it has."""
        return self.end - self.start


class Held(NamedTuple):
    """A member's signed receipt that covers a share, by when it came here."""

    at: int
    is_exact: bool  # False: it came at this moment or before
    size: int  # how much of the log it covers
    signed_at: int  # by the member's own clock, in microseconds
    proof: bytes  # C2SP cosignature/v1: 8 bytes of time, 64 of signature; empty where it is not exact


class Gist(NamedTuple):
    """A share at a glance."""

    marking: int  # the strictest
    erased: int
    orders: int  # erase orders among the entries
    object_id: str  # of its first entry that is still here
    name: str


class Piece(NamedTuple):
    """One entry of a share. `object_id` is empty where it is erased, `name` where it is not to be shown."""

    position: int
    seq: int
    object_id: str
    version: str
    name: str
    marking: int
    held: str


def newest(reading: Reading, logs: Iterable[int], before: int = 0) -> Iterator[Sent]:
    """Shares in these logs of ours, newest first, below a position (0: all). Take as many as are wanted."""
    return heapq.merge(*(_down(reading, log, before or 2**62) for log in logs), key=lambda one: -one.position)


def _down(reading: Reading, log: int, before: int) -> Iterator[Sent]:
    size = _size_below(reading, log, before)
    while size:
        found = _ending(reading, log, size)
        if found is None:
            return
        yield found
        size = found.start


def _size_below(reading: Reading, log: int, before: int) -> int:
    """Where the newest share of a log ends whose last entry stands below a position: 20 looks for a million entries."""
    low, high = 0, history.length(reading, log)
    while low < high:  # entries below `low` stand before, those from `high` on do not
        middle = (low + high) // 2
        place = history.place_of(reading, log, middle)
        if place is not None and place[0] < before:
            low = middle + 1
        else:
            high = middle
    ends = checkpoints_until(reading, log, low, 1)
    return ends[0][0] if ends else 0


def _ending(reading: Reading, log: int, size: int) -> Sent | None:
    ends = checkpoints_until(reading, log, size, 2)
    place = history.place_of(reading, log, size - 1)
    if not ends or ends[0][0] != size or place is None:
        return None
    return Sent(place[0], log, ends[1][0] if len(ends) > 1 else 0, size, place[1], ends[0][1])


def of(reading: Reading, position: int) -> Sent | None:
    """The share whose last entry stands at a position; None where none ends."""
    entry = history.entry_at(reading, position)
    return _ending(reading, entry[0], entry[1] + 1) if entry else None


def gist(reading: Reading, share: Sent, now_us: int) -> Gist:
    """What it is, at a glance: reads its entries' rows, at most 512, and none of their content."""
    marking, erased, orders = history.strictness(reading, share.log, share.start, share.end)
    first = next((one for one in pieces(reading, share, now_us, share.start, 8) if one.object_id), None)
    return Gist(marking, erased, orders, first.object_id if first else "", first.name if first else "")


def pieces(reading: Reading, share: Sent, now_us: int, start: int, limit: int) -> list[Piece]:
    """Up to `limit` entries of a share from place `start` of its log on."""
    rows = history.entries_of(reading, share.log, max(start, share.start), share.end, limit, now_us)
    return [Piece(*row) for row in rows]


def holders(reading: Reading, share: Sent, members: Sequence[str], most: int = _CLOSE) -> dict[str, Held]:
    """Who of these has stored the whole share, and when we learned it; `most`: receipts that are looked through.

    Where a member's first receipt for it is farther off than that, its newest tells that it has it and since when at
    the latest.
    """
    sizes = {row[0]: (row[1], row[2]) for row in held_by(reading, share.log)}
    wanted = {one for one in members if sizes.get(one, (0,))[0] >= share.end}
    out: dict[str, Held] = {}
    # More rows than one size of the log can have, so that each step goes on.
    step, after, seen = 2 * len(sizes) + 8, share.end, 0
    while wanted and seen < most:
        rows = history.receipts_from(reading, share.log, after, step)
        for one in rows:
            if one.member in wanted:
                wanted.discard(one.member)
                out[one.member] = Held(one.added, True, one.seq, one.sent_at or 0, one.proof)
        if len(rows) < step or rows[-1].seq == after:
            break
        seen, after, step = seen + len(rows), rows[-1].seq, min(step * 4, most)
    out |= {one: Held(sizes[one][1], False, sizes[one][0], 0, b"") for one in wanted}
    return out


def proof(reading: Reading, members: Members, log: Log, member: str, held: Held) -> str | None:
    """A receipt as a signed C2SP note over our checkpoint; None where its signature is not right, or its root not kept."""
    root = root_at(reading, log.number, held.size) if held.proof else None
    if root is None:
        return None
    text, name = log.checkpoint(held.size, root), key_name(member, Role.RECEIPT)
    for known in members.known(member):
        key = known.keys[Role.RECEIPT]
        signature = Signature(name, note.key_id(name, COSIGNATURE, key.raw), held.proof)
        if cosignature.verify(text, signature, name, key) is not None:
            return note.encode(Note(text, (signature,))).decode()
    return None
