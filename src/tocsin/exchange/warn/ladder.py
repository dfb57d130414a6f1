"""The ladder: from what happened to who is to be paged next, and when. Pure; all times are microseconds.

Time spent silent moves a warning up; while an acknowledgement stands, that clock rests. An acknowledgement that runs out
without an answer is a *turn*: the warning is back where it was, that level is paged again, and it climbs on from there.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from tocsin.formats.escalation import Policy

MINUTE_US: Final = 60_000_000


class State(StrEnum):
    """How a warning stands with one recipient."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    ANSWERED = "answered"
    RETURNED = "returned"
    EXHAUSTED = "exhausted"
    WITHDRAWN = "withdrawn"


class Due(NamedTuple):
    """A level to be paged at an instant."""

    at: int
    turn: int
    level: int
    by_hand: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the ladder depends on, of one warning and one recipient.

    `paged` are (turn, level); `forced` are (when, level) of escalations by the giver's hand. On the giver's side a level
    that is due at once is none: nobody is silent yet.
    """

    policy: Policy
    began: int
    acknowledged: tuple[tuple[int, int], ...] = ()  # (from, until)
    paged: tuple[tuple[int, int], ...] = ()
    forced: tuple[tuple[int, int], ...] = ()
    is_giver: bool = False
    is_over: bool = False  # answered or withdrawn


class Standing(NamedTuple):
    """How it stands at an instant: the highest level paged (0: none), and what comes next if nothing happens."""

    state: State
    level: int
    due: Due | None


def spans(facts: Facts) -> list[tuple[int, int]]:
    """When it was acknowledged: in order, joined where they meet, without those that were over when they came."""
    out: list[tuple[int, int]] = []
    for start, end in sorted(facts.acknowledged):
        low = max(start, facts.began)
        if end <= low:
            continue
        if out and low <= out[-1][1]:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        else:
            out.append((low, end))
    return out


def next_page(facts: Facts) -> Due | None:
    """The next level to be paged if nobody says anything more; None when there is none."""
    if facts.is_over:
        return None
    away = spans(facts)
    found = [one for one in (_forced(facts, away), _returned(facts, away), _climbed(facts, away)) if one is not None]
    return min(found, default=None)


def standing(facts: Facts, now: int, *, answered: bool = False) -> Standing:
    """How it stands now. `answered` tells an answer from a withdrawal where the warning is over."""
    level, due, away = _highest(facts.paged), next_page(facts), spans(facts)
    if facts.is_over:
        state = State.ANSWERED if answered else State.WITHDRAWN
    elif any(start <= now < end for start, end in away):
        state = State.ACKNOWLEDGED
    elif due is None:
        state = State.EXHAUSTED
    else:
        state = State.RETURNED if any(end <= now for _, end in away) else State.OPEN
    return Standing(state, level, due)


def _highest(paged: Iterable[tuple[int, int]]) -> int:
    return max((level for _, level in paged), default=0)


def _forced(facts: Facts, away: list[tuple[int, int]]) -> Due | None:
    done = {level for _, level in facts.paged}
    wanted = [(at, level) for at, level in facts.forced if level not in done and level <= len(facts.policy.levels)]
    if not wanted:
        return None
    at, level = min(wanted)
    return Due(at, _turn(away, at), level, by_hand=True)


def _returned(facts: Facts, away: list[tuple[int, int]]) -> Due | None:
    """Where the last acknowledgement has run out: the level it stood at, once more."""
    turn = len(away)
    stood = _highest(one for one in facts.paged if one[0] < turn)
    if not turn or not stood or any(one[0] == turn for one in facts.paged):
        return None
    return Due(away[-1][1], turn, stood)


def _climbed(facts: Facts, away: list[tuple[int, int]]) -> Due | None:
    highest = _highest(facts.paged)
    for level, one in enumerate(facts.policy.levels, 1):
        if level > highest and (one.after_minutes or not facts.is_giver):
            at = _silent_for(facts.began, away, one.after_minutes * MINUTE_US)
            # What was missed when somebody acknowledged (the node was down) is not made up for while that stands.
            at = max(at, away[-1][1]) if away else at
            return Due(at, _turn(away, at), level)
    return None


def _turn(away: list[tuple[int, int]], at: int) -> int:
    return sum(end <= at for _, end in away)


def _silent_for(began: int, away: list[tuple[int, int]], wanted: int) -> int:
    """When so much time has passed outside the spans."""
    at = began
    for start, end in away:
        if wanted < start - at:
            break
        wanted -= start - at
        at = end
    return at + wanted
