"""How a change of ours stands: who held what we changed, who has confirmed, who has not, and why, as far as we know."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from tocsin.exchange.journal import history, search
from tocsin.exchange.members.registry import Members
from tocsin.exchange.warn.recalls import Version, versions_of
from tocsin.formats import correction
from tocsin.formats.markings import ChannelKind
from tocsin.ports.database import Reading

STORED: Final = "stored"
UNREACHED: Final = "unreached"
UNTOLD: Final = "untold"
BILATERAL: Final = "bilateral"
LEFT: Final = "left"
OUTSIDE: Final = "outside"
WHY: Final = {
    STORED: ("has signed for the change and not confirmed it yet", "wait; its node confirms by itself; else ask it"),
    UNREACHED: ("has not signed for the change yet", "nothing: it goes to the member when its node can be reached"),
    UNTOLD: ("the change was not shared in the channel it reads", "recall or correct again, without --channel"),
    BILATERAL: ("has left the channel since", "nothing: the change goes by the channel between you two"),
    LEFT: ("has left the channel since, and there is no channel between you two", "open a bilateral channel with it"),
    OUTSIDE: ("takes no part in the federation any more", "tell it by other means"),
}


class Held(NamedTuple):
    """A member that has signed for a version that we changed since. `why`: key of WHY, empty when confirmed."""

    member: str
    why: str
    last_us: int  # of its newest receipt for the log
    done_us: int  # when it was done there, by its clock; 0: not confirmed


class Standing(NamedTuple):
    """A change of ours."""

    object: bytes
    object_id: str
    version: str
    action: str
    reason: str
    added_us: int
    position: int
    channels: tuple[int, ...]  # numbers of those in which it was shared
    due: tuple[Held, ...]
    others: tuple[str, ...]  # who shares the object too

    @property
    def confirmed(self) -> list[Held]:
        """Who has confirmed."""
        return [one for one in self.due if not one.why]

    @property
    def open(self) -> list[Held]:
        """Who has not."""
        return [one for one in self.due if one.why]


def ours(reading: Reading, me: str, before: int, limit: int, *, taken: bool = False) -> list[tuple[bytes, int]]:
    """(object, position) of our changes, newest first, below a position (0: all); `taken`: only what we took back."""
    rows = reading.query(
        "SELECT object, position FROM warn_changes WHERE member = ? AND position < ? AND since >= ? "
        "ORDER BY position DESC LIMIT ?",
        (me, before or 2**62, int(taken), limit),
    )
    return [(row[0], row[1]) for row in rows]


def of(reading: Reading, members: Members, key: bytes) -> Standing | None:
    """How our change of an object stands; None when we changed nothing."""
    me = members.me
    found = reading.query(
        "SELECT instant, action, position FROM warn_changes WHERE object = ? AND member = ?", (key, me)
    )
    if not found:
        return None
    instant, action, position = found[0]
    versions = versions_of(reading, key)
    mine = [one for one in versions if one.member == me]
    told = [one for one in mine if one.instant == instant]
    earlier = [one for one in mine if one.instant != instant]
    confirmed = dict(
        reading.query(
            "SELECT member, done_at FROM warn_confirmations WHERE object = ? AND giver = ? AND instant = ?",
            (key, me, instant),
        )
    )
    held, stored = _holders(reading, earlier), _holders(reading, told)
    entry = history.entries_at(reading, [position]).get(position)
    why = _Why(members, told, earlier)
    due = tuple(
        Held(member, "" if member in confirmed else why.of(member, member in stored), at, confirmed.get(member, 0))
        for member, at in sorted(held.items())
    )
    return Standing(
        key,
        entry.object_id if entry else "",
        entry.version if entry else "",
        action,
        _reason(reading, position),
        entry.added if entry else 0,
        position,
        tuple(dict.fromkeys(one.channel for one in told)),
        due,
        tuple(sorted({one.member for one in versions} - {me})),
    )


def holders(reading: Reading, me: str, key: bytes) -> dict[str, int]:
    """Who has signed for any version of an object that we shared, and when it signed last."""
    return _holders(reading, [one for one in versions_of(reading, key) if one.member == me])


def signers(reading: Reading) -> list[tuple[int, str]]:
    """(log, member) of everybody who has ever signed for a log of ours."""
    return [(log, member) for log, member in reading.query("SELECT log, member FROM warn_holders ORDER BY log, member")]


def _holders(reading: Reading, entries: Sequence[Version]) -> dict[str, int]:
    first: dict[int, int] = {}
    for one in entries:
        first[one.log] = min(one.seq, first.get(one.log, one.seq))
    out: dict[str, int] = {}
    for log, seq in first.items():
        for member, added in reading.query(
            "SELECT member, added FROM warn_holders WHERE log = ? AND size > ?", (log, seq)
        ):
            out[member] = max(added, out.get(member, 0))
    return out


class _Why:
    """Why a member has not confirmed."""

    def __init__(self, members: Members, told: Sequence[Version], earlier: Sequence[Version]) -> None:
        current = {one.number: one.roster for one in members.channels() if one.is_current}
        self._active = members.charter.active
        self._told = _readers(current, told)
        self._earlier = _readers(current, earlier)
        self._between = {
            other
            for one in members.channels()
            if one.is_current and one.kind == ChannelKind.BILATERAL
            for other in one.roster - {members.me}
        }

    def of(self, member: str, is_stored: bool) -> str:
        """One of WHY."""
        if is_stored:
            return STORED
        if member not in self._active:
            return OUTSIDE
        if member in self._told:
            return UNREACHED
        if member in self._earlier:
            return UNTOLD
        return BILATERAL if member in self._between else LEFT


def _readers(current: dict[int, frozenset[str]], entries: Sequence[Version]) -> frozenset[str]:
    return frozenset().union(*(current.get(one.channel, frozenset()) for one in entries))


def _reason(reading: Reading, position: int) -> str:
    return correction.reason_of(search.value(reading, position))


def totals(reading: Reading, members: Members) -> dict[str, int]:
    """Over all that we took back: how many objects, how many members held them, have confirmed, have not."""
    found = [of(reading, members, key) for key, _ in ours(reading, members.me, 0, 2**31, taken=True)]
    standing = [one for one in found if one is not None]
    due, done = sum(len(one.due) for one in standing), sum(len(one.confirmed) for one in standing)
    return {"recalled": len(standing), "due": due, "confirmed": done, "open": due - done}


class Foreign(NamedTuple):
    """A change that another member made to what it had shared."""

    object_id: str
    version: str
    member: str
    action: str
    is_original: bool  # the object is its own, as far as we know
    is_confirmed: bool  # by us
    added_us: int
    position: int


def theirs(reading: Reading, me: str, limit: int) -> list[Foreign]:
    """The newest changes of others, newest first."""
    rows = reading.query(
        "SELECT position, member, action, original, answered FROM warn_changes WHERE member <> ? "
        "ORDER BY position DESC LIMIT ?",
        (me, limit),
    )
    names = history.entries_at(reading, [row[0] for row in rows])
    return [
        Foreign(one.object_id, one.version, member, action, bool(original), bool(answered), one.added, position)
        for position, member, action, original, answered in rows
        if (one := names.get(position)) is not None
    ]


class Onward(NamedTuple):
    """What we shared of another's object that its owner has changed since: ours to recall or correct."""

    object_id: str
    owner: str
    action: str
    channels: tuple[int, ...]


def onward(reading: Reading, me: str, limit: int) -> list[Onward]:
    """Our copies of what its owner took back or put under a stricter marking."""
    rows = reading.query(
        "SELECT c.object, c.member, c.instant, c.action, c.position FROM warn_changes c WHERE c.member <> ? "
        "AND c.original = 1 AND c.action <> 'corrected' "
        "AND EXISTS (SELECT 1 FROM warn_versions v WHERE v.object = c.object AND v.member = ?) "
        "AND NOT EXISTS (SELECT 1 FROM warn_changes o WHERE o.object = c.object AND o.member = ? AND o.since > 0) "
        "ORDER BY c.position DESC LIMIT ?",
        (me, me, me, limit),
    )
    names = history.entries_at(reading, [row[4] for row in rows])
    out = []
    for key, owner, instant, action, position in rows:
        versions = versions_of(reading, key)
        level = max(one.marking for one in versions if one.member == owner and one.instant == instant)
        mine = [one for one in versions if one.member == me]
        # A copy that is as strict as its owner now asks for is no trouble; what was taken back always is.
        loose = [one for one in mine if action != correction.DOWNGRADED or one.marking < level]
        if loose and position in names:
            channels = tuple(dict.fromkeys(one.channel for one in loose))
            out.append(Onward(names[position].object_id, owner, action, channels))
    return out
