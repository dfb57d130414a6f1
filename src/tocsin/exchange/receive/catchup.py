"""Catch-up without the origin: whom to ask for what we lack, when it does not come by itself.

What an origin pushes comes at once; only what has not moved for a while is asked of another member of its audience, of
one at a time. Our own logs are asked for too, when a restored store has lost them.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

from tocsin.exchange.members.registry import Members
from tocsin.exchange.receive.gossip import Gossip
from tocsin.exchange.tlog.logs import Log, Logs
from tocsin.exchange.tlog.signer import Signer
from tocsin.ports.clock import Clock
from tocsin.ports.entropy import Entropy

PATIENCE_S: Final = 10.0  # with an origin that is linked, and with each relay, while nothing moves
AWAY_S: Final = 1.0  # with an origin that is not linked


class Wish(NamedTuple):
    """To be said to a peer: send me this log from `size` on, or no longer."""

    peer: str
    slot: bytes
    size: int
    wanted: bool


@dataclass(slots=True)
class _Lag:
    size: int
    since: float  # when the log last moved, or came to lag
    asked: str | None = None
    withheld: bool = False


class Catchup:
    """One per node. `is_up`: whether a member is linked, with a protocol that knows relays."""

    def __init__(self, parts: "Parts", is_up: Callable[[str], bool], note: Callable[[str, str, str], None]) -> None:
        self._parts = parts
        self._is_up = is_up
        self._note = note
        self._lags: dict[bytes, _Lag] = {}

    def asked(self) -> dict[bytes, str]:
        """Which logs come by which relay at present."""
        return {slot: lag.asked for slot, lag in self._lags.items() if lag.asked is not None}

    def withheld(self) -> set[bytes]:
        """Logs whose origin is linked, has signed more for others, and does not send it to us."""
        return {slot for slot, lag in self._lags.items() if lag.withheld}

    def wishes(self) -> list[Wish]:
        """What is to be said now; to be asked about once a second."""
        out: list[Wish] = []
        load = Counter(self.asked().values())
        for slot, known in list(self._parts.gossip.told().items()):
            log = self._parts.logs.get(slot)
            lag = self._lags.get(slot)
            if (
                log is None
                or max(known.holders.values(), default=0) <= log.size
                or self._parts.gossip.broken(log)  # what others hold would not fit, and they are not to blame
            ):
                if lag is not None and self._is_over(log, lag):
                    del self._lags[slot]
                    out += [Wish(lag.asked, slot, 0, wanted=False)] if lag.asked else []
                continue
            made = self._wish(log, known.holders, load)
            if made is not None:
                load[made.peer] += 1
                out.append(made)
        return out

    def _is_over(self, log: Log | None, lag: _Lag) -> bool:
        # A relay stands in for its origin until that is back.
        return (
            log is None
            or self._parts.gossip.broken(log)
            or lag.asked is None
            or self._is_ours(log)
            or self._is_up(log.origin)
            or not self._is_up(lag.asked)
        )

    def _is_ours(self, log: Log) -> bool:
        return log.origin == self._parts.members.me

    def _wish(self, log: Log, holders: dict[str, int], load: Counter[str]) -> Wish | None:
        now = self._parts.clock.monotonic()
        lag = self._lags.setdefault(log.slot, _Lag(log.size, now))
        if log.size > lag.size:
            lag.size, lag.since = log.size, now
        if self._is_ours(log):
            if log.slot not in self._parts.signer.behind():
                return None
            grace = 0.0 if lag.asked is None else PATIENCE_S
        elif lag.asked is None:
            grace = PATIENCE_S if self._is_up(log.origin) else AWAY_S
        else:
            grace = PATIENCE_S if self._is_up(lag.asked) else 0.0
        if now - lag.since < grace:
            return None
        others = [
            peer for peer, size in holders.items() if size > log.size and peer != log.origin and self._is_up(peer)
        ]
        if not others:
            return None
        if self._is_up(log.origin) and not self._is_ours(log) and not lag.withheld:
            lag.withheld = True
            self._note("receive.withheld", log.origin, "others hold more of its log than it sends to us")
        chosen = min(sorted(others), key=lambda peer: (peer == lag.asked, load[peer], self._parts.entropy.fraction()))
        lag.asked, lag.since = chosen, now
        return Wish(chosen, log.slot, log.size, wanted=True)


@dataclass(frozen=True, slots=True)
class Parts:
    """What catching up needs."""

    members: Members
    logs: Logs
    signer: Signer
    gossip: Gossip
    clock: Clock
    entropy: Entropy
