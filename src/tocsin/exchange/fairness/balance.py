"""The three pictures: our own giving, the row that two members share, and the distribution over all."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from tocsin.errors import ConfigError
from tocsin.exchange.fairness import distribution, figures, gathering, scope
from tocsin.exchange.fairness.facts import Word
from tocsin.exchange.fairness.figures import everybody, only
from tocsin.exchange.fairness.gathering import Counts, Memory
from tocsin.exchange.fairness.scope import FOREVER, Place, Scope
from tocsin.exchange.fairness.view import View
from tocsin.exchange.journal import history
from tocsin.exchange.members.registry import Members
from tocsin.exchange.tlog.logs import Logs
from tocsin.formats.markings import ChannelKind
from tocsin.ports.database import Reading


class Period(NamedTuple):
    """What was shared from `since` to before `until`, as it stands at `as_of`; microseconds since 1970."""

    as_of: int
    since: int = 0
    until: int = FOREVER


class Snapshot:
    """What the tables hold at one moment. Make it inside one read."""

    def __init__(
        self, reading: Reading, members: Members, logs: Logs, period: Period, memory: Memory | None = None
    ) -> None:
        self._reading = reading
        self._members = members
        self._period = period
        self._all = scope.places(members, logs)
        self._logs = logs
        self._linked = (memory or Memory()).linked(reading, self._all, period.as_of)
        self._counts = Counts(reading, period.as_of, self._linked)
        self._sizes = gathering.sizes(reading)

    # -- scopes -------------------------------------------------------------------------------------------------

    def _scope(self, places: Mapping[int, Place], sizes: Mapping[int, int]) -> Scope:
        held = {log: sizes[log] for log in places if sizes.get(log)}
        return Scope(places, held, *self._period)

    def everything(self) -> Scope:
        """All that we hold."""
        return self._scope(self._all, self._sizes)

    def common(self, member: str) -> Scope:
        """What we and another member hold: of our own logs what it has receipted, of its logs what we have."""
        me = self._members.me
        _require_other(self._members, member)
        places = scope.places(self._members, self._logs, [member])
        sizes = dict(self._sizes)
        for log in (one.log for one in places.values() if one.origin == me):
            sizes[log] = min(sizes.get(log, 0), history.receipted(self._reading, log, member))
        return self._scope(places, sizes)

    def at(self, member: str, sizes: Mapping[int, int]) -> Scope:
        """What we and another member both read, up to given sizes."""
        return self._scope(scope.places(self._members, self._logs, [member]), sizes)

    def held(self) -> Mapping[int, int]:
        """How far each log has been taken here."""
        return self._sizes

    # -- pictures -----------------------------------------------------------------------------------------------

    def row(self, common: Scope, one: str, other: str) -> dict[str, Any]:
        """What two members gave each other, each judged by the other: by channel, and in all."""
        view = View(self._linked, common)

        def ways(channel: str = "") -> dict[str, Any]:
            return {
                "gave": figures.of(view, self._counts, one, only(other), channel).told(),
                "got": figures.of(view, self._counts, other, only(one), channel).told(),
            }

        listed = [channel for channel in common.channels() if _anything(common, channel)]
        return {"channels": [{"channel": one_, **ways(one_)} for one_ in listed], "total": ways()}

    def unknown(self, of: Scope) -> int:
        """How many entries of a scope would count and cannot be read here: erased, or held back."""
        found = sum(self._counts.of(log, of).unknown for log in of.sizes)
        return found - self._counts.taken_back(of) if found else 0

    def own(self) -> dict[str, Any]:
        """What we gave, as all who received it have judged it; and how much of it each has receipted."""
        whole = self.everything()
        view, me = View(self._linked, whole), self._members.me
        listed = []
        for channel in whole.channels():
            if not _anything(whole, channel):
                continue
            made = figures.of(view, self._counts, me, everybody, channel)
            listed.append({"channel": channel, **made.told(), "received": self._received(whole, channel)})
        return {"channels": listed, "total": figures.of(view, self._counts, me, everybody).told()}

    def _received(self, whole: Scope, channel: str) -> dict[str, int]:
        out: dict[str, int] = {}
        for log in whole.logs(self._members.me, channel):
            for member in sorted(whole.places[log].audience - {self._members.me}):
                size = min(whole.sizes.get(log, 0), history.receipted(self._reading, log, member))
                up_to = replace(whole, sizes={log: size})
                out[member] = out.get(member, 0) + self._counts.of(log, up_to).given
        return out

    def plenary(self) -> dict[str, Any]:
        """Of the plenary's logs, which all members hold: how giving is spread, without a name."""
        whole = self.everything()
        chosen = {log: one for log, one in whole.places.items() if one.kind == ChannelKind.PLENARY}
        view = View(self._linked, self._scope(chosen, self._sizes))
        members = sorted(self._members.charter.active)
        told = {one: figures.of(view, self._counts, one, everybody) for one in members}
        users = {one: _users(view, one) for one in members}
        got = {one: sum(one in who for giver in members for who in users[giver] if giver != one) for one in members}
        claims = [told[one].claims for one in members]
        return {
            "members": len(members),
            "suppressed": len(members) < distribution.LEAST,
            "alarm_above": distribution.ALARM,
            "claims": distribution.spread(claims),
            "useful": distribution.spread([told[one].useful for one in members]),
            "give_get": distribution.ratios([(told[one].useful, got[one]) for one in members]),
        }


def _anything(of: Scope, channel: str) -> bool:
    return any(one.channel == channel and of.sizes.get(log) for log, one in of.places.items())


def _require_other(members: Members, member: str) -> None:
    if members.member(member).handle == members.me:
        raise ConfigError("config.value", "a balance is between this member and another one")


def _users(view: View, giver: str) -> list[set[str]]:
    """For each value of a member that was useful: who has sighted or used it."""
    return [
        {who for who, word in one.words.items() if word & (Word.SIGHTED | Word.USED)}
        for _, one in view.given(giver)
        if figures.is_useful(one, everybody)
    ]
