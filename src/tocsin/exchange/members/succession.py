"""How a charter or a channel comes by its next version: by the votes of the members of the version before. Pure.

A vote is a member's governance signature. Every version may be tried in rounds 0, 1, …: a member votes once in a round,
and in a later round only when nothing can win any more in the earlier ones. So two different next versions can both win
only if somebody votes twice, which its two signatures prove (formats/evidence.py, kind `vote`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from tocsin.errors import FormatError, PolicyError

HALF: Final = (1, 2)
_MOST: Final = 1000


@dataclass(frozen=True, slots=True)
class Ballot:
    """One proposal for the next version, and who has signed it so far."""

    version: int
    round: int
    digest: bytes
    votes: frozenset[str]


def needed(electorate: int, share: tuple[int, int]) -> int:
    """How many of `electorate` members must vote: at least the share, and always more than half."""
    numerator, denominator = share
    return max(-(-electorate * numerator // denominator), electorate // 2 + 1)


def parse_share(text: str) -> tuple[int, int]:
    """A share as rules write it, e.g. "2/3": more than zero, at most one. Raises FormatError("format.statement")."""
    numerator, _, denominator = text.partition("/")
    if not (numerator.isascii() and numerator.isdecimal() and denominator.isascii() and denominator.isdecimal()):
        raise FormatError("format.statement", "a threshold is a fraction such as 2/3")
    share = int(numerator[:5]), int(denominator[:5])
    if not 0 < share[0] <= share[1] <= _MOST or f"{share[0]}/{share[1]}" != text:
        raise FormatError("format.statement", "a threshold is a fraction above 0 and at most 1, such as 2/3")
    return share


def wins(ballot: Ballot, electorate: frozenset[str], share: tuple[int, int]) -> bool:
    """Whether enough of the electorate have signed it."""
    return len(ballot.votes & electorate) >= needed(len(electorate), share)


def is_dead(ballots: Iterable[Ballot], electorate: frozenset[str], share: tuple[int, int]) -> bool:
    """Whether nothing can win in the round of these ballots any more, not even one that we have not seen."""
    listed = list(ballots)
    voted = frozenset().union(*(one.votes for one in listed)) & electorate
    undecided, enough = len(electorate - voted), needed(len(electorate), share)
    return undecided < enough and all(len(one.votes & electorate) + undecided < enough for one in listed)


def next_round(ballots: Iterable[Ballot], version: int, electorate: frozenset[str], share: tuple[int, int]) -> int:
    """The lowest round of this version in which something can still win."""
    listed = [one for one in ballots if one.version == version]
    number = 0
    while is_dead([one for one in listed if one.round == number], electorate, share):
        number += 1
    return number


def require_vote(ballot: Ballot, cast: Mapping[tuple[int, int], bytes], open_round: int) -> None:
    """Refuse a second vote in one round, and a vote in a round that is not the open one.

    `cast`: the digests we have voted for, by version and round. Raises PolicyError("policy.vote-cast").
    """
    before = cast.get((ballot.version, ballot.round))
    if before is not None and before != ballot.digest:
        raise PolicyError("policy.vote-cast", f"this member has voted for another version {ballot.version} already")
    if ballot.round != open_round:
        raise PolicyError(
            "policy.vote-cast", f"version {ballot.version} is decided in round {open_round}, not {ballot.round}"
        )
