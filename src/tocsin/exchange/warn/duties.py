"""Duties to warn: what we gave concerns a member that was not in the audience, and nobody has told it yet.

Derived from the journal alone. A local row "concerned" names the gaps before the objects go (the charter of that moment
counts); our own entry opens the duty; a receipt of the member for something that tells it closes it, or a local row
"declined" does, with a person's reason.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any, Final, NamedTuple

from tocsin.errors import AccessError, ConfigError, FormatError
from tocsin.exchange.journal import history, local
from tocsin.exchange.journal.journal import Journal, Kind, Row
from tocsin.exchange.journal.readers import Told
from tocsin.exchange.journal.search import instant_of
from tocsin.formats import canonical, extension, strictjson
from tocsin.ports.clock import Clock
from tocsin.ports.database import Reading, Transaction

CONCERNED: Final = "concerned"
DECLINED: Final = "declined"
OPEN: Final = "open"
WARNED: Final = "warned"
SANITISED: Final = "sanitised"
STATES: Final = (OPEN, WARNED, SANITISED, DECLINED)
OLD_US: Final = 24 * 3600 * 1_000_000  # a duty older than this is told as a fault
LONGEST_REASON: Final = 500
_STEP: Final = 400
_COLUMNS: Final = "id, object_id, version, member, channel, reasons, noted, since, state, closed, by, why"


class Duty(NamedTuple):
    """One duty as it stands."""

    id: str
    object_id: str
    version: str
    member: str
    channel: int
    reasons: list[str]
    noted: int
    since: int
    state: str
    closed: int
    by: str
    why: str


def duty_id(salt: str, object_id: str, version: str, member: str) -> str:
    """The id of a duty. It may travel, in an object that does the duty: without the salt nobody can guess what it is of."""
    digest = sha256(canonical.encode([salt, object_id, version, member])).hexdigest()
    return f"duty-{digest[:16]}"


class Duties:
    """The room's reader of the journal. `channel_of` tells which channel a log belongs to."""

    def __init__(self, me: str, channel_of: Callable[[int], int]) -> None:
        self._me = me
        self._channel_of = channel_of

    def take(self, told: Sequence[Told], tx: Transaction) -> None:
        """See the module."""
        noted = [one for one in told if one.row.kind == Kind.LOCAL and one.row.name in (CONCERNED, DECLINED)]
        if not noted and not tx.query("SELECT 1 FROM warn_duties LIMIT 1"):
            return
        step = _Step(self._me, self._channel_of, tx, told)
        for row, value in told:
            if row.kind == Kind.LOCAL and value is not None:
                step.local(row, value)
            elif row.kind == Kind.ENTRY and row.member == self._me and value is not None:
                step.entry(row, value)
            elif row.kind == Kind.RECEIPT:
                step.receipt(row)


class _Step:
    """One batch. `aims` are the objects that do something to a duty, so that all others cost a look-up in memory."""

    def __init__(self, me: str, channel_of: Callable[[int], int], tx: Transaction, told: Sequence[Told]) -> None:
        self._me = me
        self._channel_of = channel_of
        self._tx = tx
        mine = [one for one in told if one.row.member == me and one.value is not None]
        self._aims = set(_known(tx, {one for row, value in mine for one in _mentions(row, value or {})}))
        self._named = {one for _, value in mine for one in _duties_named(value or {})}
        self._logs = {row[0] for row in tx.query("SELECT DISTINCT log FROM warn_duty_sent")}

    def local(self, row: Row, value: Mapping[str, Any]) -> None:
        """Gaps that were found, or a duty that somebody declines."""
        if row.name == CONCERNED:
            self._note(row.position, value)
        elif row.name == DECLINED and isinstance(value.get("duty"), str):
            self._tx.execute(
                "UPDATE warn_duties SET state = ?, closed = ?, why = ? WHERE id = ? AND state = ?",
                (DECLINED, row.added, str(value.get("reason", "")), value["duty"], OPEN),
            )

    def _note(self, position: int, value: Mapping[str, Any]) -> None:
        self._tx.execute_many(
            f"INSERT INTO warn_duties ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, 0, '', 0, '', '') "  # noqa: S608 - constants only
            "ON CONFLICT (object_id, version, member) DO UPDATE SET channel = excluded.channel, "
            "reasons = excluded.reasons, noted = excluded.noted WHERE warn_duties.state = ''",
            (
                (
                    duty_id(value["salt"], object_id, version, member),
                    object_id,
                    version,
                    member,
                    value["channel"],
                    canonical.encode(reasons).decode(),
                    position,
                )
                for object_id, version, member, reasons in value["gaps"]
            ),
        )
        # Of a gap that was a duty before, that duty stands.
        self._tx.execute(
            "INSERT INTO warn_duty_aims (object_id, duty, how) "
            "SELECT object_id, id, ? FROM warn_duties WHERE noted = ? ON CONFLICT DO NOTHING",
            (WARNED, position),
        )
        self._aims.update(gap[0] for gap in value["gaps"])

    def _aim(self, object_id: str, duty: str, how: str) -> None:
        self._tx.execute(
            "INSERT INTO warn_duty_aims (object_id, duty, how) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            (object_id, duty, how),
        )
        self._aims.add(object_id)

    def entry(self, row: Row, value: Mapping[str, Any]) -> None:
        """An object of ours went to a channel."""
        if row.object_id in self._aims:
            self._went(row)
        if value.get("type") == "relationship" and value.get("relationship_type") == "derived-from":
            self._derived(row, value.get("source_ref"), value.get("target_ref"))
        for object_id in _warned_about(value):
            if object_id in self._aims:
                self._all_sent(row, (one.id for one in self._unfinished(object_id)), WARNED)
        if self._named:
            self._all_sent(row, _duties_named(value), SANITISED)

    def _went(self, row: Row) -> None:
        channel = self._channel_of(row.log)
        found = self._tx.query(
            "SELECT duty, how FROM warn_duty_aims WHERE object_id = ? ORDER BY duty", (row.object_id,)
        )
        for duty, how in found:
            one = _read(self._tx, duty)
            if one is None or one.state not in ("", OPEN):
                continue
            if how == WARNED and instant_of(row.version or "") < instant_of(one.version):
                continue
            if how == WARNED and channel == one.channel:
                self._tx.execute(
                    "UPDATE warn_duties SET state = ?, since = ? WHERE id = ? AND state = ''", (OPEN, row.added, duty)
                )
            self._sent((row.log, row.seq), row.position, one, row.object_id or "", how)

    def _derived(self, row: Row, source: Any, target: Any) -> None:
        if not isinstance(source, str) or not isinstance(target, str) or target not in self._aims:
            return
        for duty in self._unfinished(target):
            self._aim(source, duty.id, SANITISED)
            # The object itself may have gone before the relationship that says what it is made of.
            for place in history.own_entries(self._tx, self._me, source, duty.noted, row.position):
                self._sent(place, row.position, duty, source, SANITISED)

    def _unfinished(self, object_id: str) -> list[Duty]:
        rows = self._tx.query(
            f"SELECT {_COLUMNS} FROM warn_duties WHERE object_id = ? AND state IN ('', 'open') ORDER BY id",  # noqa: S608 - constants only
            (object_id,),
        )
        return [_duty(one) for one in rows]

    def _all_sent(self, row: Row, duties: Iterable[str], how: str) -> None:
        for duty in duties:
            one = _read(self._tx, duty)
            if one is not None and one.state in ("", OPEN):
                self._sent((row.log, row.seq), row.position, one, row.object_id or "", how)

    def _sent(self, place: tuple[int, int], now: int, duty: Duty, object_id: str, how: str) -> None:
        """Something that does a duty stands at this place of a log of ours; the journal stands at position `now`."""
        log, seq = place
        # Not what came later: a person may have declined it meanwhile, and that counts.
        signed = history.stored_by(self._tx, log, seq, [duty.member], now).get(duty.member)
        if signed is not None:
            self._close(duty.id, how, signed, object_id)
            return
        self._tx.execute(
            "INSERT INTO warn_duty_sent (log, seq, duty, member, object_id, how) VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT DO NOTHING",
            (log, seq, duty.id, duty.member, object_id, how),
        )
        self._logs.add(log)

    def receipt(self, row: Row) -> None:
        """A member has signed for one of our logs."""
        if row.log not in self._logs:
            return
        found = self._tx.query(
            "SELECT duty, how, object_id FROM warn_duty_sent WHERE log = ? AND seq < ? AND member = ? ORDER BY seq",
            (row.log, row.seq, row.member),
        )
        for duty, how, object_id in found:
            self._close(duty, how, row.added, object_id)

    def _close(self, duty: str, how: str, when: int, object_id: str) -> None:
        self._tx.execute(
            "UPDATE warn_duties SET state = ?, closed = ?, by = ? WHERE id = ? AND state = ?",
            (how, when, object_id, duty, OPEN),
        )
        self._tx.execute("DELETE FROM warn_duty_sent WHERE duty = ?", (duty,))
        self._tx.execute("DELETE FROM warn_duty_aims WHERE duty = ?", (duty,))


def _mentions(row: Row, value: Mapping[str, Any]) -> Iterator[str]:
    if row.kind == Kind.LOCAL and row.name == CONCERNED:
        yield from (gap[0] for gap in value["gaps"])
    if row.object_id:
        yield row.object_id
    if value.get("type") == "relationship" and isinstance(value.get("target_ref"), str):
        yield value["target_ref"]
    yield from _warned_about(value)


def _warned_about(value: Mapping[str, Any]) -> Iterator[str]:
    if value.get("type") == "report" and extension.of(value, "warning") is not None:
        refs = value.get("object_refs")
        yield from (one for one in refs if isinstance(one, str)) if isinstance(refs, list) else ()


def _duties_named(value: Mapping[str, Any]) -> Iterator[str]:
    """Duties that an object says it does: by a label, or by an external reference, with the duty's id."""
    labels, references = value.get("labels"), value.get("external_references")
    for one in labels if isinstance(labels, list) else ():
        if isinstance(one, str) and one.startswith("duty-"):
            yield one
    for one in references if isinstance(references, list) else ():
        named = one.get("external_id") if isinstance(one, dict) else None
        if isinstance(named, str) and named.startswith("duty-"):
            yield named


def _known(reading: Reading, ids: set[str]) -> Iterator[str]:
    wanted = sorted(ids)
    for at in range(0, len(wanted), _STEP):
        part = wanted[at : at + _STEP]
        rows = reading.query(
            f"SELECT DISTINCT object_id FROM warn_duty_aims WHERE object_id IN ({', '.join('?' * len(part))})",  # noqa: S608 - constants only
            part,
        )
        yield from (row[0] for row in rows)


def _read(reading: Reading, duty: str) -> Duty | None:
    rows = reading.query(f"SELECT {_COLUMNS} FROM warn_duties WHERE id = ?", (duty,))  # noqa: S608 - constants only
    return _duty(rows[0]) if rows else None


def _duty(row: tuple[Any, ...]) -> Duty:
    try:
        reasons = strictjson.parse(row[5].encode())
    except FormatError:
        reasons = []
    return Duty._make((*row[:5], reasons, *row[6:]))


# -- what people ask and do -----------------------------------------------------------------------------------------


def listed(reading: Reading, state: str = OPEN, limit: int = 200) -> list[Duty]:
    """Duties in one state, the oldest first; "" for all that ever were."""
    where, args = ("state = ?", [state]) if state else ("state <> ''", [])
    rows = reading.query(
        f"SELECT {_COLUMNS} FROM warn_duties WHERE {where} ORDER BY since, id LIMIT ?",  # noqa: S608 - constants only
        (*args, limit),
    )
    return [_duty(one) for one in rows]


def counted(reading: Reading) -> tuple[dict[str, int], int]:
    """How many duties are in each state, and since when the oldest open one stands; 0 for none."""
    counts = dict.fromkeys(STATES, 0)
    rows = reading.query("SELECT state, COUNT(*) FROM warn_duties WHERE state <> '' GROUP BY state")
    counts |= {state: int(count) for state, count in rows}
    oldest = reading.query("SELECT MIN(since) FROM warn_duties WHERE state = ?", (OPEN,))
    return counts, int(oldest[0][0] or 0)


def one(reading: Reading, duty: str) -> Duty:
    """One duty. Raises AccessError("access.unknown-duty")."""
    found = _read(reading, duty)
    if found is None or not found.state:
        raise AccessError("access.unknown-duty", "there is no duty with that id here")
    return found


async def decline(journal: Journal, clock: Clock, duty: str, reason: str) -> int:
    """Write down that a duty will not be done, and why. The position of that row.

    Raises AccessError("access.unknown-duty"), ConfigError("config.value"), StoreError.
    """
    found = await journal.database.read(lambda db: one(db, duty))
    reason = reason.strip()
    if not reason or len(reason) > LONGEST_REASON or not reason.isprintable():
        raise ConfigError("config.value", f"a duty is declined with a reason of 1 to {LONGEST_REASON} characters")
    if found.state != OPEN:
        raise ConfigError("config.value", f"the duty is not open any more, but {found.state}")
    row = local.row(DECLINED, {"duty": duty, "reason": reason}, member=found.member, object_id=found.object_id)
    return await local.record(journal, clock, row)
