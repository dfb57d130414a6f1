"""Objections to objects about persons, derived from the journal: what is suspended, what is withdrawn, how long it took.

Suspension first: an object is hidden from the moment its objection is read, at every member, whoever's copy it is, until
the one who objected lifts it. Upheld by its originator, or unanswered for 14 days, it is withdrawn. Whether an object is
shown depends on the set of what was said, never on the order in which it came.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import median
from typing import Any, Final, NamedTuple

from tocsin.exchange.journal import search
from tocsin.exchange.journal.journal import Kind, Row
from tocsin.exchange.journal.readers import Told
from tocsin.formats import extension, objection
from tocsin.formats.objection import Act
from tocsin.formats.text import instant
from tocsin.ports.database import Reading, Transaction

TABLES: Final = """
CREATE TABLE IF NOT EXISTS warn_persons (
  object_id TEXT NOT NULL,
  channel   TEXT NOT NULL,       -- its id
  member    TEXT NOT NULL,       -- who shared it there
  position  INTEGER NOT NULL,    -- of the newest copy
  review    TEXT NOT NULL,       -- its review day, such as 2027-05-01
  PRIMARY KEY (object_id, channel, member)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS warn_persons_review ON warn_persons (review);
CREATE TABLE IF NOT EXISTS warn_objections (
  objection TEXT NOT NULL,       -- id of the note that objected
  act       TEXT NOT NULL,       -- object, answer, lift; or lapse, which this node found
  member    TEXT NOT NULL,       -- who said it
  channel   TEXT NOT NULL,       -- where
  object_id TEXT NOT NULL,
  said      TEXT NOT NULL,       -- reason of an objection, decision of an answer
  sent_at   INTEGER NOT NULL,    -- by its log, microseconds since 1970
  added     INTEGER NOT NULL,    -- here
  position  INTEGER NOT NULL,
  PRIMARY KEY (objection, act, member)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS warn_objections_object ON warn_objections (object_id);
"""
LAPSED: Final = "objection-lapsed"  # the journal's local row
LAPSE: Final = "lapse"
DAYS: Final = 14
_DAY_US: Final = 86_400_000_000
_COLUMNS: Final = "objection, act, member, channel, object_id, said, sent_at, added, position"


class Said(NamedTuple):
    """A row of warn_objections."""

    objection: str
    act: str
    member: str
    channel: str
    object_id: str
    said: str
    sent_at: int
    added: int
    position: int


class Case(NamedTuple):
    """One objection with what was said to it by those who may. `originators` are those who shared the object there."""

    raised: Said
    originators: frozenset[str]
    answers: tuple[Said, ...]
    lifted: Said | None
    lapsed: Said | None

    @property
    def state(self) -> str:
        """open, answered, lifted, upheld, withdrawn; or unfounded: no such object about a person is held in its channel."""
        if not self.originators:
            return "unfounded"
        if any(one.said == "upheld" for one in self.answers):
            return "upheld"
        if self.lifted is not None:
            return "lifted"
        if self.lapsed is not None and not self.is_answered_in_time:
            return "withdrawn"
        return "answered" if self.answers else "open"

    @property
    def is_answered_in_time(self) -> bool:
        """By what the two logs say, so that all members agree on it, whenever the answer came to them."""
        return any(one.sent_at <= self.raised.sent_at + DAYS * _DAY_US for one in self.answers)

    @property
    def decided(self) -> Said | None:
        """What decided it; None while it is open or answered."""
        upheld = next((one for one in self.answers if one.said == "upheld"), None)
        return upheld or self.lifted or (self.lapsed if self.state == "withdrawn" else None)


class Objections:
    """The room's part. `channel_of` tells the id of the channel that a log belongs to."""

    def __init__(self, channel_of: Callable[[int], str]) -> None:
        self._channel_of = channel_of

    def take(self, told: Sequence[Told], tx: Transaction) -> None:
        """See readers.Room."""
        touched: set[str] = set()
        for row, value in told:
            if value is None:
                continue
            if row.kind == Kind.LOCAL:
                touched |= _lapse(tx, row, value)
            elif row.kind == Kind.ENTRY:
                touched |= self._entry(tx, row, value)
        for object_id in sorted(touched):
            _show(tx, object_id)

    def _entry(self, tx: Transaction, row: Row, value: Mapping[str, Any]) -> set[str]:
        if not isinstance(value.get("extensions"), dict):
            return set()
        said = objection.read(value)
        if said is not None:
            text = said.reason or said.decision
            made = Said(
                said.objection,
                said.act.value,
                row.member,
                self._channel_of(row.log),
                said.object_id,
                text,
                row.sent_at or 0,
                row.added,
                row.position,
            )
            return _keep(tx, made)
        declared = extension.of(value, "person")
        if declared is None or not row.object_id:
            return set()
        tx.execute(
            "INSERT INTO warn_persons (object_id, channel, member, position, review) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (object_id, channel, member) DO UPDATE SET position = excluded.position, review = excluded.review",
            (
                row.object_id,
                self._channel_of(row.log),
                row.member,
                row.position,
                str(declared.get("review_date", ""))[:10],
            ),
        )
        return {row.object_id}


def _lapse(tx: Transaction, row: Row, value: Mapping[str, Any]) -> set[str]:
    if row.name != LAPSED:
        return set()
    found = tx.query(
        f"SELECT {_COLUMNS} FROM warn_objections WHERE objection = ? AND act = 'object'",  # noqa: S608 - constants only
        (str(value.get("objection", "")),),
    )
    made = (
        Said(*one)._replace(act=LAPSE, said="", sent_at=row.added, added=row.added, position=row.position)
        for one in found
    )
    return {object_id for one in made for object_id in _keep(tx, one)}


def _keep(tx: Transaction, said: Said) -> set[str]:
    """The first word counts: nobody answers or lifts one objection twice."""
    tx.execute(
        f"INSERT INTO warn_objections ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) "  # noqa: S608 - constants only
        "ON CONFLICT (objection, act, member) DO NOTHING",
        said,
    )
    return {said.object_id}


def _show(tx: Transaction, object_id: str) -> None:
    """Hide an object, or show it again, as all that was said of it asks; also made anew in other batches it is the same."""
    found = cases(tx, [object_id])
    for why, states in (("suspended", ("open", "answered")), ("withdrawn", ("withdrawn", "upheld"))):
        search.unhide(tx, object_id, "", why)
        positions = [one.raised.position for one in found if one.state in states]
        if positions:
            search.hide(tx, object_id, "", why, min(positions))


# -- questions --------------------------------------------------------------------------------------------------


def cases(reading: Reading, object_ids: Sequence[str] = ()) -> list[Case]:
    """Every objection, or those to some objects, in the order they came here."""
    where = f"WHERE object_id IN ({', '.join('?' * len(object_ids))})" if object_ids else ""
    rows = reading.query(
        f"SELECT {_COLUMNS} FROM warn_objections {where} ORDER BY position, objection",  # noqa: S608 - constants only
        tuple(object_ids),
    )
    said = [Said(*row) for row in rows]
    originators = _originators(reading, {one.object_id for one in said})
    by_objection: dict[str, list[Said]] = {}
    for one in said:
        by_objection.setdefault(one.objection, []).append(one)
    return [case for words in by_objection.values() for case in _case(words, originators)]


def _case(words: Iterable[Said], originators: Mapping[tuple[str, str], frozenset[str]]) -> Iterable[Case]:
    said = list(words)
    for raised in said:
        if raised.act != Act.OBJECT:
            continue
        # Said in another channel, or of another object, it is no word on this.
        here = [one for one in said if (one.channel, one.object_id) == (raised.channel, raised.object_id)]
        may_answer = originators.get((raised.object_id, raised.channel), frozenset())
        answers = tuple(one for one in here if one.act == Act.ANSWER and one.member in may_answer)
        lifted = next((one for one in here if one.act == Act.LIFT and one.member == raised.member), None)
        lapsed = next((one for one in here if one.act == LAPSE and one.member == raised.member), None)
        yield Case(raised, may_answer, answers, lifted, lapsed)


def _originators(reading: Reading, object_ids: Iterable[str]) -> dict[tuple[str, str], frozenset[str]]:
    out: dict[tuple[str, str], frozenset[str]] = {}
    wanted = sorted(object_ids)
    for at in range(0, len(wanted), 500):
        part = wanted[at : at + 500]
        rows = reading.query(
            f"SELECT object_id, channel, member FROM warn_persons WHERE object_id IN ({', '.join('?' * len(part))})",  # noqa: S608 - constants only
            part,
        )
        for object_id, channel, member in rows:
            out[object_id, channel] = out.get((object_id, channel), frozenset()) | {member}
    return out


def _is_due(case: Case, now_us: int) -> bool:
    waits = case.state in ("open", "answered") and case.lapsed is None and not case.is_answered_in_time
    return waits and case.raised.added + DAYS * _DAY_US <= now_us


def due(reading: Reading, now_us: int) -> list[Said]:
    """Objections that nobody has answered for 14 days since they came here."""
    return [one.raised for one in cases(reading) if _is_due(one, now_us)]


def places(reading: Reading, object_id: str) -> dict[str, frozenset[str]]:
    """Where an object about a person is held: channel id to who shared it there."""
    found = _originators(reading, [object_id])
    return {channel: members for (_, channel), members in found.items()}


class Review(NamedTuple):
    """An object about a person whose review day comes."""

    object_id: str
    channel: str
    member: str
    review: str


def reviews(reading: Reading, until: str, limit: int) -> list[Review]:
    """Those to be reviewed by a day, such as 2027-05-01, the earliest first."""
    rows = reading.query(
        "SELECT object_id, channel, member, review FROM warn_persons WHERE review <= ? ORDER BY review, object_id LIMIT ?",
        (until, limit),
    )
    return [Review(*row) for row in rows]


def figures(reading: Reading) -> dict[str, dict[str, Any]]:
    """By year of the objection: how many, how they ended, and the median of days until then. No content, no id."""
    out: dict[str, dict[str, Any]] = {}
    days: dict[str, list[float]] = {}
    for case in cases(reading):
        year = instant(case.raised.added)[:4]
        told = out.setdefault(year, dict.fromkeys(_FIGURES, 0))
        told["objections"] += 1
        told[case.state] += 1
        if case.decided is not None and case.state != "unfounded":
            days.setdefault(year, []).append(max(0, case.decided.added - case.raised.added) / _DAY_US)
    for year, told in out.items():
        told["median_days"] = round(median(days[year]), 1) if year in days else None
    return out


_FIGURES: Final = ("objections", "open", "answered", "lifted", "upheld", "withdrawn", "unfounded")
