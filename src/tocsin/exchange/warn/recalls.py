"""Who has changed what it had shared: versions, changes, confirmations and what follows from them, from the journal.

A change is a later version of an object by the same origin. Only the origin's own copies follow its change, unless the
object is its own: then everybody's do. Whose an object is says the first entry that holds it here and does not take it
back: the origin of its log, or the member that it names as its creator.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from tocsin.errors import FormatError
from tocsin.exchange.journal import erase, history, search
from tocsin.exchange.journal.journal import Kind
from tocsin.exchange.journal.readers import Told
from tocsin.exchange.journal.search import instant_of
from tocsin.formats import correction, extension
from tocsin.formats.correction import CORRECTED, DOWNGRADED, RECALLED, REVOKED
from tocsin.ports.database import Reading, Transaction

_STEP: Final = 500
_TAKEN: Final = ("", REVOKED, RECALLED)


class Version(NamedTuple):
    """One entry that holds a version of an object; see tables.py."""

    position: int
    object: bytes
    log: int
    seq: int
    channel: int
    member: str
    instant: int
    marking: int
    taken: int
    creator: bytes


class Recalls:
    """The room's reader. `channel_of` tells which channel a log is of, `handle_of` which member an identity's key is."""

    def __init__(self, me: str, channel_of: Callable[[int], int], handle_of: Callable[[bytes], str]) -> None:
        self._me = me
        self._channel_of = channel_of
        self._handle_of = handle_of

    def take(self, told: Sequence[Told], tx: Transaction) -> None:
        """See journal.readers.Room."""
        versions = list(self._versions(told, tx))
        names = {correction.key(one.row.object_id): one.row.object_id for one in told if one.row.object_id}
        before = _present(tx, {one.object for one in versions})
        tx.execute_many(
            "INSERT INTO warn_versions (position, object, log, seq, channel, member, instant, marking, taken, creator) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (position) DO NOTHING",
            versions,
        )
        seen: set[bytes] = set()
        again: dict[bytes, None] = {}
        for one in versions:
            if one.taken or one.object in before or one.object in seen:
                again[one.object] = None
            seen.add(one.object)
        taken = {key for key in again if self._judge(tx, key, names.get(key, ""))}
        for dependent in dict.fromkeys((*self._subjects(told, tx, before | again.keys()), *_dependents(tx, taken))):
            _orphan(tx, *dependent)
        self._confirmations(told, tx)
        _receipts(told, tx)

    # -- versions -----------------------------------------------------------------------------------------------

    def _versions(self, told: Sequence[Told], tx: Transaction) -> Iterator[Version]:
        gone = [one.row.position for one in told if one.row.kind == Kind.ENTRY and one.row.held == erase.ERASED]
        traces = erase.traces(tx, gone)
        for row, value in told:
            if row.kind != Kind.ENTRY:
                continue
            if value is not None and row.version and row.object_id:
                what = (correction.key(row.object_id), instant_of(row.version), *correction.marks(value))
            elif row.position in traces:
                what = traces[row.position]
            else:
                continue
            key, instant, taken, creator = what
            place = (row.log, row.seq, self._channel_of(row.log), row.member)
            yield Version(row.position, key, *place, instant, row.marking or 0, taken, creator)

    def _judge(self, tx: Transaction, key: bytes, name: str) -> bool:
        """What the versions of an object add up to; whether its owner has taken it back, now or until now."""
        versions = versions_of(tx, key)
        owner = self.owner(versions)
        name = name or _name(tx, versions)
        was_taken = bool(_taken_among(tx, [key]))
        by_member: dict[str, list[Version]] = {}
        for one in versions:
            by_member.setdefault(one.member, []).append(one)
        hidden: dict[tuple[str, str], int] = {}
        for member, mine in by_member.items():
            since = {_TAKEN[one.taken]: one.position for one in reversed(mine) if one.taken}
            change = _change(mine)
            if change is not None:
                instant, action, position = change
                first = min(since.values(), default=0)
                self._put(tx, (key, member, instant, action, int(member == owner), first, position))
            if since and name:
                search.unhide(tx, name, member, search.ORPHANED)
            hidden |= {("" if member == owner else member, why): at for why, at in since.items()}
        if name:
            _show_only(tx, name, by_member, hidden)
        if name and len(by_member) > 1:
            search.contest(tx, name, owner)
        return was_taken or ("", REVOKED) in hidden or ("", RECALLED) in hidden

    def owner(self, versions: Sequence[Version]) -> str:
        """Whose the object of these versions is, told in the order of their positions."""
        if not versions:
            return ""
        # Who takes back what it never said owns nothing by that: else one could take back in advance what others will say.
        first = next((one for one in versions if not one.taken), versions[0])
        return (self._handle_of(first.creator) if first.creator else "") or first.member

    def _put(self, tx: Transaction, change: tuple[Any, ...]) -> None:
        key, member, instant, *_ = change
        answered = tx.query(
            "SELECT 1 FROM warn_confirmations WHERE object = ? AND giver = ? AND instant = ? AND member = ?",
            (key, member, instant, self._me),
        )
        tx.execute(
            "INSERT INTO warn_changes (object, member, instant, action, original, since, position, answered) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (object, member) DO UPDATE SET instant = excluded.instant, "
            "action = excluded.action, original = excluded.original, since = excluded.since, "
            "position = excluded.position, answered = excluded.answered",
            (*change, int(member == self._me or bool(answered))),
        )

    # -- what others, and we, say of them -----------------------------------------------------------------------

    def _subjects(self, told: Sequence[Told], tx: Transaction, doubtful: set[bytes]) -> list[tuple[str, str]]:
        """Note what is about what; gives (id, member) of those that are about something taken back already."""
        noted: dict[tuple[str, str, bytes], None] = {}
        for row, value in told:
            about = correction.subjects(value) if row.kind == Kind.ENTRY and value is not None else ()
            if not about or not row.object_id:
                continue
            key = correction.key(row.object_id)
            if key in doubtful and _is_taken_by(tx, key, row.member):
                tx.execute("DELETE FROM warn_subjects WHERE dependent = ? AND member = ?", (row.object_id, row.member))
            else:
                noted |= {(row.object_id, row.member, correction.key(one)): None for one in about}
        tx.execute_many(
            "INSERT INTO warn_subjects (dependent, member, subject) VALUES (?, ?, ?) "
            "ON CONFLICT (dependent, member, subject) DO NOTHING",
            noted,
        )
        taken = _taken_among(tx, list({subject for *_, subject in noted}))
        # One that is hidden and now about more than before may come back.
        touched = {(one, member) for one, member, _ in noted if correction.key(one) in doubtful}
        return [(one, member) for one, member, subject in noted if subject in taken or (one, member) in touched]

    def _confirmations(self, told: Sequence[Told], tx: Transaction) -> None:
        for row, value in told:
            said = extension.of(value, "confirmation") if row.kind == Kind.ENTRY and value is not None else None
            if said is None or value is None or value.get("type") != "note":
                continue
            try:
                word = correction.parse(said)
            except FormatError:
                continue  # not a word that anybody could have asked for
            if row.member != word.giver and self._me in (row.member, word.giver):
                for change in word.changes:
                    self._confirmed(tx, word.giver, row.member, row.position, change)

    def _confirmed(self, tx: Transaction, giver: str, member: str, position: int, change: correction.Change) -> None:
        key, instant = correction.key(change.object_id), correction.instant_of(change.version)
        # Of nothing that had not come yet: what comes later in the same batch does not count.
        if not tx.query(
            "SELECT 1 FROM warn_versions WHERE object = ? AND member = ? AND position < ? LIMIT 1",
            (key, giver, position),
        ):
            return
        tx.execute(
            "INSERT INTO warn_confirmations (object, instant, giver, member, action, done_at, position) "
            "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (object, giver, instant, member) DO NOTHING",
            (key, instant, giver, member, change.action, change.done_at, position),
        )
        if member == self._me:
            tx.execute(
                "UPDATE warn_changes SET answered = 1 WHERE object = ? AND member = ? AND instant = ?",
                (key, giver, instant),
            )


def _show_only(tx: Transaction, name: str, members: Iterable[str], hidden: Mapping[tuple[str, str], int]) -> None:
    """Hide exactly these copies of an object, by (member, why), each from a position on; another may have become its owner."""
    for member in ("", *members):
        for why in (REVOKED, RECALLED):
            search.unhide(tx, name, member, why)
    for (member, why), at in hidden.items():
        search.hide(tx, name, member, why, at)


def _name(tx: Reading, versions: Sequence[Version]) -> str:
    found = history.entries_at(tx, [one.position for one in versions])
    return next((one.object_id for one in found.values()), "")


def _present(tx: Reading, keys: Iterable[bytes]) -> set[bytes]:
    wanted, found = list(keys), set[bytes]()
    for at in range(0, len(wanted), _STEP):
        part = wanted[at : at + _STEP]
        rows = tx.query(f"SELECT DISTINCT object FROM warn_versions WHERE object IN ({_marks(part)})", part)  # noqa: S608 - constants only
        found |= {row[0] for row in rows}
    return found


def versions_of(reading: Reading, key: bytes) -> list[Version]:
    """Every entry here that holds a version of an object, in order."""
    rows = reading.query(
        "SELECT position, object, log, seq, channel, member, instant, marking, taken, creator FROM warn_versions "
        "WHERE object = ? ORDER BY position",
        (key,),
    )
    return [Version(*row) for row in rows]


def _change(mine: Sequence[Version]) -> tuple[int, str, int] | None:
    """(instant, action, position) of what one member has changed by these versions; None when nothing."""
    back = [one for one in mine if one.taken]
    newest = max(back or mine, key=lambda one: (one.instant, -one.position))  # taken back is taken back for good
    earlier = [one for one in mine if one.instant < newest.instant]
    position = min(one.position for one in mine if one.instant == newest.instant)
    if back:
        return newest.instant, _TAKEN[newest.taken], position
    if not earlier:
        return None
    marks: dict[int, Version] = {}
    for one in sorted(earlier, key=lambda one: (one.instant, one.position)):
        marks[one.channel] = one
    latest = [one for one in mine if one.instant == newest.instant]
    differs = any(one.channel in marks and marks[one.channel].marking != one.marking for one in latest)
    return newest.instant, DOWNGRADED if differs else CORRECTED, position


def _is_taken_by(tx: Reading, key: bytes, member: str) -> bool:
    return bool(tx.query("SELECT 1 FROM warn_changes WHERE object = ? AND member = ? AND since > 0", (key, member)))


def _taken_among(tx: Reading, keys: Sequence[bytes]) -> set[bytes]:
    """Those of the objects that their owners have taken back."""
    found = set[bytes]()
    for at in range(0, len(keys), _STEP):
        part = keys[at : at + _STEP]
        rows = tx.query(
            f"SELECT object FROM warn_changes WHERE original = 1 AND since > 0 AND object IN ({_marks(part)})",  # noqa: S608 - constants only
            part,
        )
        found |= {row[0] for row in rows}
    return found


def _dependents(tx: Reading, taken: Iterable[bytes]) -> Iterator[tuple[str, str]]:
    """(id, member) of all that is about one of these."""
    for key in taken:
        rows = tx.query("SELECT dependent, member FROM warn_subjects WHERE subject = ?", (key,))
        yield from ((dependent, member) for dependent, member in rows)


def _orphan(tx: Transaction, dependent: str, member: str) -> None:
    """Hide what is about nothing but what was taken back; show it again when it is about more."""
    rows = tx.query(
        "SELECT (SELECT MAX(c.since) FROM warn_changes c WHERE c.object = s.subject AND c.original = 1) "
        "FROM warn_subjects s WHERE s.dependent = ? AND s.member = ?",
        (dependent, member),
    )
    search.unhide(tx, dependent, member, search.ORPHANED)
    if rows and all(row[0] for row in rows):
        search.hide(tx, dependent, member, search.ORPHANED, max(row[0] for row in rows))


def _receipts(told: Sequence[Told], tx: Transaction) -> None:
    newest: dict[tuple[int, str], tuple[int, int]] = {}
    for row, _ in told:
        if row.kind == Kind.RECEIPT:
            size, _added = newest.get((row.log, row.member), (0, 0))
            newest[row.log, row.member] = (max(size, row.seq), row.added)
    tx.execute_many(
        "INSERT INTO warn_holders (log, member, size, added) VALUES (?, ?, ?, ?) ON CONFLICT (log, member) DO UPDATE "
        "SET size = CASE WHEN excluded.size > warn_holders.size THEN excluded.size ELSE warn_holders.size END, "
        "added = excluded.added",
        ((*place, *size) for place, size in newest.items()),
    )


def _marks(wanted: Sequence[Any]) -> str:
    return ", ".join("?" * len(wanted))
