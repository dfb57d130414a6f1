"""Everything that answers "what is this, how sure is that, who says so, what is to be done" of one object, in one reading."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from tocsin.edge.audit import Seen
from tocsin.edge.control import neighbours
from tocsin.edge.control.neighbours import Around
from tocsin.edge.control.services import Services
from tocsin.exchange.journal import search
from tocsin.exchange.journal.search import Found, Query
from tocsin.exchange.match import blocking, finding
from tocsin.exchange.match.blocking import Asked, Candidate, Value
from tocsin.exchange.warn import verdict, voices
from tocsin.exchange.warn.recalls import Recalls
from tocsin.exchange.warn.verdict import Stance, Verdict, Voice
from tocsin.exchange.warn.voices import Change, Sighting, Voices
from tocsin.formats import correction
from tocsin.formats.values import Kind, canonical
from tocsin.ports.database import Reading

DAYS: Final = 90
_DAY_US: Final = 86_400_000_000
_COPIES: Final = 200
_VALUES: Final = 20  # of one object that others are asked about
_OTHERS: Final = 50  # objects on the same values
_NAMING: Final = 200
_AGAINST: Final = ("strongly-disagree", "disagree")
_FOR: Final = ("strongly-agree", "agree")
_OBSERVABLE: Final[Mapping[str, Kind]] = {
    "ipv4-addr": Kind.IP,
    "ipv6-addr": Kind.IP,
    "domain-name": Kind.DOMAIN,
    "url": Kind.URL,
    "email-addr": Kind.EMAIL,
}
OWNER, OWN, COPY, AGREES, ELSEWHERE = "owner", "own", "copy", "agrees", "elsewhere"


class Line(NamedTuple):
    """One member's word. `how`: it is whose it is, says something of its own, passes on, agrees, or says so in another object."""

    how: str
    voice: Voice
    found: Found | None  # its version, with content
    text: str


@dataclass(frozen=True, slots=True)
class Dossier:
    """What is held of one object. `found`: its shown versions, newest first, with content."""

    object_id: str
    found: Sequence[Found]
    voices: Voices
    lines: Sequence[Line]
    against: Sequence[Line]
    values: Sequence[Value]
    standing: Mapping[Value, Candidate]
    around: Around
    sightings: Sequence[Sighting]
    changes: Sequence[Change]
    verdict: Verdict
    lists: tuple[str, ...]
    is_recalled: bool

    @property
    def newest(self) -> Mapping[str, Any]:
        """Its owner's current version, parsed; of who is shown when the owner's is not here."""
        line = next((one for one in self.lines if one.how == OWNER and one.found is not None), None)
        line = line or next((one for one in self.lines if one.found is not None), None)
        return search.parsed(line.found.content) if line is not None and line.found is not None else {}

    def seen(self, *, around: bool = True) -> list[Seen]:
        """What of it whoever reads it has seen, for the audit trail; also what stands around it."""
        out = [Seen(one.object_id, one.marking) for one in (*self.found, *(self.around.seen if around else ()))]
        out += [Seen(one.object_id, one.marking) for one in self.voices.words]
        if around:
            out += [Seen(one.found.object_id, one.found.marking) for one in self.lines if one.found is not None]
        if self.is_recalled:
            out += [Seen(self.object_id, one.marking) for one in self.changes]
        return list(dict.fromkeys(out))


async def read(services: Services, object_id: str) -> Dossier:
    """All of it. `found` and `changes` are empty when nothing may be shown."""
    await services.synced()
    now_us = services.clock.now_us()
    read_ = await services.journal.database.read(lambda db: _read(db, services.recalls, object_id, now_us))
    lists = _lists(services, read_)
    voices_ = [one.voice for one in (*read_.lines, *read_.against) if one.how != COPY]
    word = verdict.judge(voices_, is_recalled=read_.is_recalled, is_listed=bool(lists))
    return Dossier(
        object_id, read_.found, read_.voices, read_.lines, read_.against, read_.values, read_.standing, read_.around,
        read_.sightings, read_.changes, word, lists, read_.is_recalled,
    )  # fmt: skip


class _Read(NamedTuple):
    found: Sequence[Found]
    voices: Voices
    lines: Sequence[Line]
    against: Sequence[Line]
    values: Sequence[Value]
    standing: Mapping[Value, Candidate]
    around: Around
    sightings: Sequence[Sighting]
    changes: Sequence[Change]
    is_recalled: bool


def _read(reading: Reading, recalls: Recalls, object_id: str, now_us: int) -> _Read:
    query = Query(ids=(object_id,), limit=_COPIES, newest_first=True, now_us=now_us)
    found = search.find(reading, query)
    said = voices.of(reading, recalls, object_id, now_us)
    changes = voices.changes(reading, object_id)
    if not found:
        taken = _taken_back(reading, object_id, changes)
        return _Read((), said, (), (), (), {}, Around((), False, ()), (), taken, bool(taken))
    lines = _claims(said, found, now_us)
    owner = next(
        (one.voice for one in lines if one.how == OWNER), lines[0].voice if lines else Voice("", Stance.SILENT)
    )
    agreeing, against = _words(said, owner)
    newest = next((one.found for one in lines if one.how == OWNER and one.found), found[0])
    values = _values(search.parsed(newest.content))
    standing = {one.value: one for one in blocking.of_values(reading, values, Asked(now_us))}
    elsewhere = _elsewhere(reading, object_id, values, now_us)
    current = [one.found for one in lines if one.found is not None]
    around = neighbours.around(reading, object_id, current, now_us)
    since = now_us - DAYS * _DAY_US
    seen = voices.sightings(reading, object_id, since, now_us)
    against += _withdrawn(said)
    return _Read(found, said, [*lines, *agreeing, *elsewhere], against, values, standing, around, seen, changes, False)


def _taken_back(reading: Reading, object_id: str, changes: Sequence[Change]) -> list[Change]:
    """The owner's withdrawal, as long as its own entry is here and nothing else keeps the object from being shown."""
    return [
        one
        for one in changes
        if one.is_owner
        and one.action in correction.WITHDRAWN
        and one.version
        and set(search.reasons(reading, object_id, one.member)) <= {correction.RECALLED, correction.REVOKED}
    ]


def _claims(said: Voices, found: Sequence[Found], now_us: int) -> list[Line]:
    out = []
    for claim in said.claims:
        mine = next((one for one in found if one.member == claim.member and one.version == claim.version), None)
        if mine is not None and claim.action not in correction.WITHDRAWN:
            how = OWNER if claim.is_owner else OWN if claim.differs else COPY
            out.append(_line(how, mine, now_us))
    return out


def _line(how: str, found: Found, now_us: int) -> Line:
    value = search.parsed(found.content)
    until = value.get("valid_until")
    lapsed = value.get("revoked") is True or (isinstance(until, str) and search.instant_of(until) <= now_us)
    voice = Voice(found.member, verdict.stance(value), verdict.confidence(value), lapsed)
    text = next((one for key in ("description", "name") if isinstance(one := value.get(key), str) and one), "")
    return Line(how, voice, found, text[:500])


def _words(said: Voices, owner: Voice) -> tuple[list[Line], list[Line]]:
    """Of each member its newest opinion: who agrees and who is against."""
    newest: dict[str, voices.Word] = {}
    for one in sorted(said.words, key=lambda one: search.instant_of(one.version)):
        if one.opinion:
            newest[one.member] = one
    agreeing, against = [], []
    for member, one in sorted(newest.items()):
        if one.opinion in _AGAINST:
            against.append(Line(one.kind or one.opinion, Voice(member, Stance.SILENT, disagrees=True), None, one.text))
        elif one.opinion in _FOR:
            agreeing.append(Line(AGREES, owner._replace(member=member, confidence=None), None, one.text))
    return agreeing, against


def _withdrawn(said: Voices) -> list[Line]:
    return [
        Line(one.action, Voice(one.member, Stance.SILENT, disagrees=True), None, "")
        for one in said.claims
        if one.action in correction.WITHDRAWN
    ]


def _values(value: Mapping[str, Any]) -> list[Value]:
    """What the object is about, as indicators compare with it."""
    if value.get("type") == "indicator":
        return blocking.values_of(value)[:_VALUES]
    kind, text = _OBSERVABLE.get(str(value.get("type", ""))), value.get("value")
    hashes = value.get("hashes")
    if kind is not None and isinstance(text, str):
        found = [(kind, canonical(kind, text))]
    elif value.get("type") == "file" and isinstance(hashes, dict):
        found = [(Kind.HASH, canonical(Kind.HASH, one)) for one in hashes.values() if isinstance(one, str)]
    else:
        found = []
    return [Value(kind, text) for kind, text in dict.fromkeys(found) if text][:_VALUES]


def _elsewhere(reading: Reading, object_id: str, values: Sequence[Value], now_us: int) -> list[Line]:
    """What other indicators say of exactly these values."""
    ids: dict[str, None] = {}
    for value in values:
        query = Query(types=("indicator",), limit=_NAMING, newest_first=True, now_us=now_us)
        ids |= {one.object_id: None for one in finding.naming(reading, value.text, query).found}
    ids.pop(object_id, None)
    wanted, out = set(values), list[Line]()
    for one in neighbours.last(reading, list(ids)[:_OTHERS], now_us, content=True):
        if not wanted.isdisjoint(blocking.values_of(search.parsed(one.content))):
            out.append(_line(ELSEWHERE, one, now_us))
    return out


def _lists(services: Services, read_: _Read) -> tuple[str, ...]:
    """The deny-lists that have what it names, as the gate asks them."""
    if not read_.found:
        return ()
    deny = services.denylist
    current = [one.found.content for one in read_.lines if one.found and one.how != ELSEWHERE and one.found.content]
    if read_.found[0].object_id.startswith("indicator--"):
        named = [one for lists in deny.told(current) for one in lists]
    else:
        named = [one for value in read_.values for one in deny.holding(value.kind, value.text)]
    return tuple(dict.fromkeys(named))
