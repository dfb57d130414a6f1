"""A signed row: what one member says that it and another gave each other, up to a stated place in every log.

The other recomputes each figure from its own copies of the logs. docs/fairness.md, "Statements".
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tocsin.errors import FormatError, PolicyError, VerificationError
from tocsin.exchange.fairness.balance import Period, Snapshot
from tocsin.exchange.fairness.gathering import Memory
from tocsin.exchange.fairness.scope import FOREVER, Scope
from tocsin.exchange.journal import history
from tocsin.exchange.members.registry import Members
from tocsin.exchange.publish.roots import root_of
from tocsin.exchange.tlog.logs import Log, Logs
from tocsin.formats import note, statement
from tocsin.formats.keys import Role, key_name
from tocsin.formats.statement import Statement, mapping, number, text
from tocsin.ports.clock import Clock
from tocsin.ports.database import Database, Reading

_DAY_US: Final = 86_400_000_000
_SECOND_US: Final = 1_000_000
_MOST_LOGS: Final = 65_536
_MOST_DIFFERENCES: Final = 200
EQUAL: Final = "equal"
DIFFERS: Final = "differs"
NOT_HELD: Final = "not-held"
UNSURE: Final = "unsure"


@dataclass(frozen=True, slots=True)
class _Frontier:
    """What a statement says of the logs, as far as we know them: stated sizes and roots by our numbers."""

    sizes: Mapping[int, int]
    roots: Mapping[int, bytes]
    strange: int  # logs that we do not know


class Statements:
    """One per node."""

    def __init__(self, members: Members, logs: Logs, database: Database, clock: Clock) -> None:
        self._members = members
        self._logs = logs
        self._database = database
        self._clock = clock
        self._memory = Memory()

    def snapshot(self, reading: Reading, period: Period) -> Snapshot:
        """What our tables hold."""
        return Snapshot(reading, self._members, self._logs, period, self._memory)

    async def make(self, member: str, period: Period) -> Statement:
        """A statement about us and another member, signed with our log key. Raises PolicyError("policy.unknown-member")."""
        me = self._members.me

        def work(reading: Reading) -> tuple[Scope, dict[str, Any]]:
            snapshot = self.snapshot(reading, period)
            common = snapshot.common(member)
            return common, snapshot.row(common, me, member)

        common, row = await self._database.read(work)
        body = {
            "by": me,
            "to": member,
            "as_of": period.as_of,
            "since": period.since,
            "until": 0 if period.until == FOREVER else period.until,
            "frontier": [one async for one in self._frontier(common)],
            "row": row,
        }
        made = statement.compose(statement.FAIRNESS, body)
        key = self._members.keyring.signing(Role.LOG)
        return made._replace(note=note.add(made.note, note.sign(made.note.text, key_name(me, Role.LOG), key)))

    async def _frontier(self, common: Scope) -> Any:
        for log in sorted(common.sizes, key=lambda one: common.places[one].slot):
            size = common.sizes[log]
            root = await root_of(self._database, self._logs.numbered(log), size)
            if root is not None:
                yield {"slot": common.places[log].slot.hex(), "size": size, "root": root.hex()}

    # -- verifying ----------------------------------------------------------------------------------------------

    async def verify(self, signed: Statement) -> dict[str, Any]:
        """Compute every figure of a statement again from our own logs.

        Raises FormatError, PolicyError("policy.fairness-party"), VerificationError("verify.fairness").
        """
        by, to = self._parties(signed)
        other = to if by == self._members.me else by
        body = signed.body
        period = Period(number(body, "as_of"), number(body, "since"), number(body, "until") or FOREVER)
        stated = self._stated(body)
        differences = [one async for one in self._forked(stated)]
        if period.as_of > self._clock.now_us() + _DAY_US:
            differences.append(_differ("as_of", period.as_of, self._clock.now_us()))

        def work(reading: Reading) -> dict[str, Any]:
            snapshot = self.snapshot(reading, period)
            held = snapshot.held()
            missing = [log for log, size in stated.sizes.items() if held.get(log, 0) < size]
            of = snapshot.at(other, stated.sizes)
            unknown = 0
            differences.extend(self._hidden(reading, of, period, other if by == other else ""))
            if not missing and not stated.strange and not differences:
                unknown = snapshot.unknown(of)
                differences.extend(_compare("", mapping(body, "row"), snapshot.row(of, by, to)))
            return {
                "missing": [self._missing(log, stated.sizes[log], held.get(log, 0)) for log in missing],
                "strange_logs": stated.strange,
                "unknown": unknown,
                "left_out": _left_out(reading, of, held, period),
            }

        found = await self._database.read(work)
        return {
            "by": by,
            "to": to,
            "as_of": period.as_of,
            "verdict": _verdict(found, differences),
            "differences": differences[:_MOST_DIFFERENCES],
            **found,
        }

    def _parties(self, signed: Statement) -> tuple[str, str]:
        by, to = text(signed.body, "by"), text(signed.body, "to")
        if signed.kind != statement.FAIRNESS or by == to:
            raise FormatError("format.statement", "the note is not a fairness statement")
        if self._members.me not in (by, to):
            raise PolicyError("policy.fairness-party", f"the statement is between {by} and {to}")
        keys = [one.keys[Role.LOG] for one in self._members.known(by)]
        if not any(note.verified(signed.note, key_name(by, Role.LOG), key) for key in keys):
            raise VerificationError("verify.fairness", f"the statement is not signed by the log key of {by}")
        return by, to

    def _stated(self, body: dict[str, Any]) -> _Frontier:
        listed = body.get("frontier")
        if not isinstance(listed, list) or len(listed) > _MOST_LOGS:
            raise FormatError("format.statement", "the statement lacks its frontier")
        sizes: dict[int, int] = {}
        roots: dict[int, bytes] = {}
        strange = 0
        for one in listed:
            if not isinstance(one, dict):
                raise FormatError("format.statement", "a log of the frontier is not an object")
            slot, root, size = _hex(text(one, "slot")), _hex(text(one, "root")), number(one, "size")
            log = self._logs.get(slot)
            if log is None:
                strange += 1
                continue
            sizes[log.number], roots[log.number] = size, root
        return _Frontier(sizes, roots, strange)

    async def _forked(self, stated: _Frontier) -> Any:
        for log, root in stated.roots.items():
            held = self._logs.numbered(log)
            size = stated.sizes[log]
            ours = await root_of(self._database, held, size)
            if ours is not None and ours != root:
                yield _differ(f"frontier {held.slot.hex()} root at {size}", root.hex(), ours.hex())

    def _hidden(self, reading: Reading, of: Scope, period: Period, by: str) -> Iterator[dict[str, Any]]:
        """Logs of ours that the other states at less than it has signed for."""
        if not by:
            return
        for log in of.logs(self._members.me):
            signed = history.receipted(reading, log, by, period.as_of - _SECOND_US)
            if of.sizes.get(log, 0) < signed:
                yield _differ(f"frontier {of.places[log].slot.hex()} size", of.sizes.get(log, 0), signed)

    def _missing(self, number_: int, stated: int, held: int) -> dict[str, Any]:
        log: Log = self._logs.numbered(number_)
        return {"slot": log.slot.hex(), "origin": log.origin, "stated": stated, "held": held}


def _verdict(found: Mapping[str, Any], differences: list[dict[str, Any]]) -> str:
    if differences:
        # Figures that cannot be computed in full accuse nobody; a root or a size does.
        return UNSURE if found["unknown"] else DIFFERS
    return NOT_HELD if found["missing"] or found["strange_logs"] else EQUAL


def _left_out(reading: Reading, of: Scope, held: Mapping[int, int], period: Period) -> int:
    """Entries that we hold, shared before the statement was made, that it does not reach."""
    out = 0
    for log in of.places:
        stated = of.sizes.get(log, 0)
        if held.get(log, 0) > stated:
            rows = reading.query(
                "SELECT COUNT(*) FROM fairness_facts WHERE log = ? AND seq >= ? AND shared <= ?",
                (log, stated, period.as_of),
            )
            out += rows[0][0]
    return out


def _compare(path: str, stated: Any, computed: Any) -> Iterator[dict[str, Any]]:
    if isinstance(stated, dict) and isinstance(computed, dict):
        for key in sorted({*stated, *computed}):
            yield from _compare(f"{path}.{key}" if path else key, stated.get(key), computed.get(key))
    elif isinstance(stated, list) and isinstance(computed, list):
        mine = {one["channel"]: one for one in computed}
        theirs = {str(one.get("channel")): one for one in stated if isinstance(one, dict)}
        for key in sorted({*mine, *theirs}):
            yield from _compare(f"{path}[{key}]", theirs.get(key), mine.get(key))
    elif stated != computed or isinstance(stated, bool) != isinstance(computed, bool):
        yield _differ(path, stated, computed)


def _differ(what: str, stated: Any, computed: Any) -> dict[str, Any]:
    return {"figure": what, "stated": stated, "computed": computed}


def _hex(told: str) -> bytes:
    try:
        return bytes.fromhex(told)
    except ValueError:
        raise FormatError("format.statement", "a slot or root of the frontier is not hexadecimal") from None
