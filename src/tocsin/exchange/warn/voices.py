"""Who says what about an object: its owner's current version, and every other member's word beside it, never merged."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from tocsin.exchange.journal import history, search
from tocsin.exchange.journal.search import Found, Query
from tocsin.exchange.warn.recalls import Recalls, Version, versions_of
from tocsin.formats import correction, extension, feedback
from tocsin.formats.feedback import Feedback
from tocsin.ports.database import Reading

_MOST: Final = 200
_TEXT: Final = 500
_STEP: Final = 500
MOST_SIGHTINGS: Final = 5000
_AGAINST: Final = ("strongly-disagree", "disagree")
_FOR: Final = ("strongly-agree", "agree")
_WORDS: Final = ("sighting", "opinion", "note")


class Claim(NamedTuple):
    """The newest version that one member shared of the object."""

    member: str
    version: str
    marking: int
    channels: tuple[int, ...]
    is_owner: bool
    action: str  # correction.ACTIONS, empty when it changed nothing
    differs: bool  # another's version that its owner has never shared


class Word(NamedTuple):
    """A sighting, an opinion or a note of one member on the object."""

    member: str
    object_id: str
    type: str
    kind: str  # of feedback, else empty
    opinion: str
    times: int
    text: str
    version: str
    marking: int
    channel: int


class Voices(NamedTuple):
    """All of them. `owner` is empty when nobody here has shared a version."""

    owner: str
    claims: tuple[Claim, ...]
    words: tuple[Word, ...]

    @property
    def against(self) -> list[str]:
        """Who disagrees: by an opinion, by another version, by taking back what is not its own."""
        by_word = {one.member for one in self.words if one.opinion in _AGAINST}
        return sorted(by_word | {one.member for one in self.claims if one.differs})

    @property
    def agreeing(self) -> list[str]:
        """Who agrees, by an opinion, and does not disagree."""
        return sorted({one.member for one in self.words if one.opinion in _FOR} - set(self.against))


def of(reading: Reading, recalls: Recalls, object_id: str, now_us: int) -> Voices:
    """What is said of an object, as far as it is shown."""
    key = correction.key(object_id)
    versions = versions_of(reading, key)
    owner = recalls.owner(versions)
    changes = dict(reading.query("SELECT member, action FROM warn_changes WHERE object = ?", (key,)))
    shown = search.find(reading, Query(ids=(object_id,), limit=_MOST, newest_first=True, now_us=now_us, content=False))
    claims = [_claim(member, mine, versions, owner, changes) for member, mine in _newest(shown).items()]
    claims += _withdrawals(reading, key, versions, owner)
    return Voices(
        owner, tuple(sorted(claims, key=lambda one: (not one.is_owner, one.member))), _words(reading, key, now_us)
    )


def _newest(shown: Sequence[Found]) -> dict[str, list[Found]]:
    out: dict[str, list[Found]] = {}
    for one in shown:
        out.setdefault(one.member, []).append(one)
    return out


def _claim(
    member: str, mine: Sequence[Found], versions: Sequence[Version], owner: str, changes: Mapping[str, str]
) -> Claim:
    newest = max(mine, key=lambda one: (search.instant_of(one.version), -one.position))
    said = {one.instant for one in versions if one.member == owner}
    same = [one for one in mine if one.version == newest.version]
    differs = member != owner and bool(newest.version) and search.instant_of(newest.version) not in said
    return Claim(
        member,
        newest.version,
        max(one.marking for one in same),
        tuple(dict.fromkeys(one.channel for one in same)),
        member == owner,
        changes.get(member, ""),
        differs,
    )


def _withdrawals(reading: Reading, key: bytes, versions: Sequence[Version], owner: str) -> list[Claim]:
    """Members that have taken back what is not their own: their copies are gone, their word stands."""
    rows = reading.query(
        "SELECT member, instant, action, position FROM warn_changes WHERE object = ? AND since > 0 AND member <> ?",
        (key, owner),
    )
    names = history.entries_at(reading, [row[3] for row in rows])
    out = []
    for member, instant, action, position in rows:
        same = [one for one in versions if one.member == member and one.instant == instant]
        version = names[position].version if position in names else ""
        channels = tuple(dict.fromkeys(one.channel for one in same))
        level = max(one.marking for one in same)
        out.append(Claim(member, version, level, channels, is_owner=False, action=action, differs=True))
    return out


def _words(reading: Reading, key: bytes, now_us: int) -> tuple[Word, ...]:
    rows = reading.query("SELECT dependent, member FROM warn_subjects WHERE subject = ? LIMIT 1000", (key,))
    names = sorted({row[0] for row in rows if row[0].partition("--")[0] in _WORDS})[:_MOST]
    if not names:
        return ()
    found = search.find(reading, Query(ids=tuple(names), versions=("last",), limit=_MOST, now_us=now_us))
    words = {}
    for one in found:
        word = _word(one)
        if word is not None:
            words[one.member, one.object_id] = word  # shared in two channels it is still one word
    return tuple(words[place] for place in sorted(words))


class Change(NamedTuple):
    """What a member has changed of what it had shared of the object. `version` is empty once that entry is erased."""

    member: str
    action: str  # correction.ACTIONS
    is_owner: bool
    version: str
    added: int
    reason: str
    marking: int
    channel: int


def changes(reading: Reading, object_id: str) -> list[Change]:
    """Everybody's changes of an object, oldest first."""
    rows = reading.query(
        "SELECT c.member, c.action, c.original, c.position, v.marking, v.channel FROM warn_changes c "
        "JOIN warn_versions v ON v.position = c.position WHERE c.object = ? ORDER BY c.position",
        (correction.key(object_id),),
    )
    names = history.entries_at(reading, [row[3] for row in rows])
    out = []
    for member, action, is_owner, position, marking, channel in rows:
        named = names.get(position)
        reason = correction.reason_of(search.value(reading, position))
        version, added = (named.version, named.added) if named else ("", 0)
        out.append(Change(member, action, bool(is_owner), version, added, reason, marking, channel))
    return out


class Sighting(NamedTuple):
    """That a member has seen the object: when it said so, in microseconds, and how often it saw it."""

    member: str
    said: int
    times: int


def sightings(reading: Reading, object_id: str, since_us: int, now_us: int) -> list[Sighting]:
    """Every sighting of an object said since an instant, oldest first; of more than MOST_SIGHTINGS some."""
    rows = reading.query(
        "SELECT DISTINCT dependent FROM warn_subjects WHERE subject = ? AND dependent >= 'sighting--' "
        "AND dependent < 'sighting-.' LIMIT ?",
        (correction.key(object_id), MOST_SIGHTINGS),
    )
    out: dict[tuple[str, str], tuple[int, bytes | None]] = {}
    names = [row[0] for row in rows]
    for at in range(0, len(names), _STEP):
        part = tuple(names[at : at + _STEP])
        for one in search.find(reading, Query(ids=part, limit=MOST_SIGHTINGS, now_us=now_us)):
            said = search.instant_of(one.version)
            if said >= since_us and said > out.get((one.member, one.object_id), (0, None))[0]:
                out[one.member, one.object_id] = (said, one.content)
    found = [Sighting(member, said, _times(content)) for (member, _), (said, content) in out.items()]
    return sorted(found, key=lambda one: (one.said, one.member))


def _times(content: bytes | None) -> int:
    count = search.parsed(content).get("count")
    return count if isinstance(count, int) and not isinstance(count, bool) and count > 0 else 1


def about(reading: Reading, object_id: str, types: Sequence[str]) -> list[tuple[str, str]]:
    """(id, member) of what of these types is about an object, at most _MOST of each type."""
    key, out = correction.key(object_id), []
    for one in types:
        rows = reading.query(
            "SELECT dependent, member FROM warn_subjects WHERE subject = ? AND dependent >= ? AND dependent < ? LIMIT ?",
            (key, f"{one}--", f"{one}-.", _MOST),
        )
        out += [(dependent, member) for dependent, member in rows]
    return out


def _word(one: Found) -> Word | None:
    value = search.parsed(one.content)
    if extension.of(value, "confirmation") is not None:
        return None
    told: Feedback | None = feedback.read(value)
    text = value.get("explanation") or value.get("content") or value.get("description") or ""
    count = value.get("count") if value.get("type") == "sighting" else 0
    return Word(
        one.member,
        one.object_id,
        str(value.get("type", "")),
        told.kind if told else "",
        str(value.get("opinion", "")),
        count if isinstance(count, int) else 0,
        str(text)[:_TEXT],
        one.version,
        one.marking,
        one.channel,
    )
