"""fsck: recompute everything that can be recomputed, and say where it is not what was signed.

For each log: every header, content and salt against its commitment, every commitment against the tree, the tree
against every checkpoint, each peer's checkpoint note against its key, our head against the checkpoint file, every
receipt against its member's key, search against the journal.
"""

from collections.abc import Callable, Iterator
from struct import error as StructError  # noqa: N812 - the library's name says nothing
from typing import Any, Final

import apsw

from tocsin.backends.sqlite.database import connect, require_schema
from tocsin.backends.sqlite.writer import Handle
from tocsin.backends.system.checkpoints import CheckpointFiles
from tocsin.backends.system.disk import SystemDisk
from tocsin.edge import audit
from tocsin.errors import StoreError, TocsinError
from tocsin.exchange.journal.journal import entries, tree_at
from tocsin.exchange.members import charter
from tocsin.exchange.members.charter import Charter
from tocsin.exchange.tlog.logs import origin_line
from tocsin.formats import checkpoint, cosignature, note
from tocsin.formats.entry import ERASE_ORDER, Entry, Handling, commitments
from tocsin.formats.keys import Role, VerifyKey, key_name
from tocsin.formats.merkle import Frontier
from tocsin.node.home import Home
from tocsin.ports.checkpoints import CheckpointStore
from tocsin.ports.database import Reading

_STEP: Final = 512
Progress = Callable[[int, int], None]
Problem = dict[str, Any]


async def check(home: Home, progress: Progress = lambda _done, _all: None) -> dict[str, Any]:
    """Check a node's folder, offline or beside the running node. `progress(done, all)` counts entries."""
    try:
        connection = connect(str(home.store))
        require_schema(connection)
        connection.execute("BEGIN")
    except (StoreError, apsw.Error) as error:
        code = error.code if isinstance(error, StoreError) else "store.open"
        return _report([], [_problem(code, "store", str(error))], 0)
    disk = SystemDisk(home.heads)
    try:
        heads = CheckpointFiles(disk, threaded=False)
        return await check_store(Handle(connection), heads, home.settings().handle, progress)
    finally:
        connection.close()
        disk.close()


async def check_store(
    reading: Reading, heads: CheckpointStore | None, me: str, progress: Progress = lambda _done, _all: None
) -> dict[str, Any]:
    """Check one store and its checkpoint files; without `heads` (a backup has none) the store alone."""
    problems: list[Problem] = []
    logs: list[dict[str, Any]] = []
    done = total = 0
    try:
        problems += [_problem("fsck.sqlite", "store", row[0]) for row in _sqlite(reading)]
        total = int(reading.query("SELECT COUNT(*) FROM journal_rows WHERE kind = 1")[0][0])
        problems += _positions(reading, me)
        problems += audit.problems(reading)
        rules = charter.chain(row[0] for row in reading.query("SELECT note FROM members_charters ORDER BY version"))
        for number, slot, origin, size, frontier in reading.query(
            "SELECT log, slot, origin, size, frontier FROM tlog_logs ORDER BY log"
        ):
            walk = _Walk(reading, number, slot, origin, rules)
            walk.ours = origin == me
            for seen in walk.run(size, frontier):
                done += seen
                progress(done, total)
            problems += walk.problems
            if walk.ours and heads is not None:
                problems += await _head(heads, walk, slot, size)
            if walk.ours:
                problems += _receipts(reading, walk, rules)
            logs.append({"origin": origin, "slot": slot.hex(), "size": size, "root": walk.tree.root().hex()})
    except (apsw.Error, TocsinError, StructError, ArithmeticError, LookupError, TypeError, ValueError) as error:
        # What the store holds may be anything: a value of another kind or range is a finding, not a fault of ours.
        what = error.what if isinstance(error, TocsinError) else type(error).__name__
        problems.append(_problem("fsck.unreadable", "store", what))
    return _report(logs, problems, done)


def roots(reading: Reading, progress: Progress = lambda _done, _all: None) -> dict[str, tuple[int, str]]:
    """Every log's size and root, from its commitments as they lie in the store; the code where there is no root."""
    logs = reading.query("SELECT log, slot, size FROM tlog_logs ORDER BY log")
    found: dict[str, tuple[int, str]] = {}
    done, total = 0, sum(size for _, _, size in logs)
    for number, slot, size in logs:
        try:
            root = tree_at(reading, number, size).root().hex()
        except StoreError as error:
            root = error.code
        found[slot.hex()] = (size, root)
        done += size
        progress(done, total)
    return found


def standing(reading: Reading) -> list[dict[str, Any]]:
    """Every log as the store says it stands, nothing recomputed: `logs` of the report, if all is well."""
    rows = reading.query("SELECT slot, origin, size, frontier FROM tlog_logs ORDER BY log")
    return [
        {"origin": origin, "slot": slot.hex(), "size": size, "root": Frontier.decode(frontier).root().hex()}
        for slot, origin, size, frontier in rows
    ]


def _report(logs: list[dict[str, Any]], problems: list[Problem], entries_seen: int) -> dict[str, Any]:
    return {"ok": not problems, "entries": entries_seen, "logs": logs, "problems": problems}


def _problem(code: str, where: str, what: str) -> Problem:
    return {"code": code, "where": where, "what": what}


def _sqlite(reading: Reading) -> list[tuple[Any, ...]]:
    return [row for row in reading.query("PRAGMA integrity_check(20)") if row[0] != "ok"]


def _positions(reading: Reading, me: str) -> Iterator[Problem]:
    count, low, high = reading.query("SELECT COUNT(*), MIN(position), MAX(position) FROM journal_rows")[0]
    if count and (low != 1 or high != count):
        yield _problem("fsck.journal-gap", "journal", f"{count} rows, positions {low} to {high}")
    broken = reading.query(
        "SELECT a.position FROM journal_rows a JOIN journal_rows b ON b.position = a.position + 1 "
        "WHERE b.added <= a.added LIMIT 1"
    )
    if broken:
        yield _problem("fsck.journal-order", f"position {broken[0][0]}", "dates do not grow with positions")
    lost = reading.query(
        "SELECT s.position FROM journal_search s LEFT JOIN journal_rows j ON j.position = s.position "
        "LEFT JOIN tlog_logs l ON l.log = j.log WHERE j.position IS NULL OR l.log IS NULL OR j.held IS NOT NULL "
        "OR j.object_id <> s.object_id OR j.marking <> s.marking OR j.version <> s.version OR j.name <> s.name "
        "OR j.member <> s.member OR j.member <> l.origin OR l.channel <> s.channel LIMIT 1"
    )
    if lost:
        yield _problem("fsck.search", f"position {lost[0][0]}", "search shows what the journal does not hold so")
    yield from _erased(reading)
    reached = reading.query("SELECT position FROM journal_followers WHERE name = 'search'")
    left_out = reading.query(
        "SELECT j.position FROM journal_rows j LEFT JOIN journal_search s ON s.position = j.position "
        "WHERE j.kind = 1 AND j.held IS NULL AND s.position IS NULL AND j.position <= ? LIMIT 1",
        (reached[0][0] if reached else 0,),
    )
    if left_out or (reached and reached[0][0] > count):
        yield _problem("fsck.search", "journal_followers", "search says it has read what it does not show")
    strays = reading.query(
        "SELECT r.log FROM deliver_receipts r LEFT JOIN tlog_logs l ON l.log = r.log AND l.origin = ? "
        "WHERE l.log IS NULL LIMIT 1",
        (me,),
    )
    if strays:
        yield _problem("fsck.receipt", f"log {strays[0][0]}", "a receipt is for a log that is not there, or not ours")


def _erased(reading: Reading) -> Iterator[Problem]:
    left = reading.query(
        "SELECT position FROM journal_rows WHERE kind = 1 AND (content IS NULL AND COALESCE(held, '') <> 'erased' "
        "OR held = 'erased' AND (content IS NOT NULL OR salt IS NOT NULL OR object_id IS NOT NULL "
        "OR version IS NOT NULL OR name IS NOT NULL)) LIMIT 1"
    )
    if left:
        yield _problem("fsck.erased", f"position {left[0][0]}", "an entry is half erased, or its content is missing")
    kept = reading.query(
        "SELECT j.position FROM journal_ordered o JOIN tlog_logs l ON l.slot = o.slot AND l.origin = o.member "
        "JOIN journal_rows j ON j.kind = 1 AND j.log = l.log AND j.seq = o.seq "
        "WHERE j.content IS NOT NULL AND j.content_type <> ? "
        "AND NOT EXISTS (SELECT 1 FROM journal_orders WHERE obeyed = 0) LIMIT 1",
        (ERASE_ORDER,),
    )
    if kept:
        yield _problem("fsck.erased", f"position {kept[0][0]}", "its origin ordered that it be erased, and it is here")


def _keys(rules: list[Charter], handle: str, role: Role) -> set[VerifyKey]:
    """What a member has signed with so far; it may have been expelled since."""
    return {one.members[handle].keys[role] for one in rules if handle in one.members}


class _Walk:
    """One log, from its first entry to its last."""

    def __init__(self, reading: Reading, number: int, slot: bytes, origin: str, rules: list[Charter]) -> None:
        self.reading = reading
        self.number = number
        self.slot = slot
        self.origin = origin
        self.rules = rules
        self.name = origin_line(origin, slot)
        self.tree = Frontier()
        self.roots: dict[int, bytes] = {0: Frontier().root()}
        self.problems: list[Problem] = []
        self.ours = False

    def run(self, size: int, frontier: bytes) -> Iterator[int]:
        """Check everything; yields how many entries each step covered."""
        # A receipt may stand where no batch of ours ended: what a restored store got back came in other frames.
        ends = self.reading.query(
            "SELECT size, root, note FROM tlog_checkpoints WHERE log = ? UNION ALL "
            "SELECT DISTINCT size, NULL, NULL FROM deliver_receipts WHERE log = ? AND size <= ? ORDER BY 1, 2 DESC",
            (self.number, self.number, size),
        )
        for end, root, signed in ends:
            while self.tree.size < end:
                count = self._step(min(end, self.tree.size + _STEP))
                if not count:
                    return
                yield count
            if root is None:
                self.roots.setdefault(end, self.tree.root())
                continue
            self.roots[end] = root
            if self.tree.size != end or self.tree.root() != root:
                self._say("fsck.root", end, "the entries do not give the root of this checkpoint")
                return
            self._signature(end, root, signed)
        if self.tree.size != size or self.tree.encode() != frontier:
            self._say("fsck.frontier", size, "the log's stored head is not what its entries give")

    def _step(self, end: int) -> int:
        start = self.tree.size
        rows = entries(self.reading, self.number, start, end)
        if [row[0] for row in rows] != list(range(start, end)):
            self._say("fsck.gap", start, f"entries between {start} and {end} are missing")
            return 0
        whole = [row for row in rows if row[5] is not None]
        made = [Entry(row[0], Handling(row[7], row[1], row[2], row[3]), row[4], row[5]) for row in whole]
        for row, commitment in zip(whole, commitments(self.slot, made), strict=True):
            if row[6] != commitment:
                self._say("fsck.commitment", row[0], "header, salt or content is not what was committed")
        self.tree = self.tree.extended([row[6] for row in rows])
        return len(rows)

    def _signature(self, end: int, root: bytes, signed: bytes | None) -> None:
        if signed is None and not self.ours:
            self._say("fsck.checkpoint", end, "the log of another member has a checkpoint without its signature")
        if signed is None or not self.rules:
            return
        parsed = note.parse(signed)
        claimed = checkpoint.parse(parsed.text)
        keys = _keys(self.rules, self.origin, Role.LOG)
        right = claimed.origin == self.name and claimed.size == end and claimed.root == root
        if not right or not any(note.verified(parsed, self.name, key) for key in keys):
            self._say("fsck.checkpoint", end, "the stored checkpoint is not one that its origin signed")

    def _say(self, code: str, at: int, what: str) -> None:
        self.problems.append(_problem(code, f"log of {self.origin} ({self.slot.hex()[:16]}) at {at}", what))


async def _head(heads: CheckpointStore, walk: _Walk, slot: bytes, size: int) -> list[Problem]:
    where = f"checkpoint file of {slot.hex()[:16]}"
    try:
        held = await heads.load(slot)
    except StoreError as error:
        return [_problem(error.code, where, error.what)]
    if held is None or held.size > size:
        says = "is missing" if held is None else f"says {held.size}"
        return [_problem("tlog.behind", where, f"the log holds {size} entries, the file {says}")]
    # The file may be one commit behind the log: a crash between the two.
    if held.size in walk.roots and walk.roots[held.size] != held.root:
        return [_problem("tlog.behind", where, f"log and file differ at {held.size} entries")]
    return []


def _receipts(reading: Reading, walk: _Walk, rules: list[Charter]) -> Iterator[Problem]:
    rows = reading.query(
        "SELECT member, size, key_id, blob FROM deliver_receipts WHERE log = ? ORDER BY member", (walk.number,)
    )
    for member, size, key_id, blob in rows if rules else ():
        name = key_name(member, Role.RECEIPT)
        root = walk.roots.get(size)
        text = checkpoint.encode(checkpoint.Checkpoint(walk.name, size, root, ())) if root is not None else b""
        signature = note.Signature(name, key_id, blob)
        keys = _keys(rules, member, Role.RECEIPT)
        if root is None or all(cosignature.verify(text, signature, name, key) is None for key in keys):
            yield _problem("fsck.receipt", f"receipt of {member} at {size}", "it does not cover our log")
