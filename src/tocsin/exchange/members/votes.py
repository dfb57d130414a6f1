"""Which proposals wait for this member's vote."""

from typing import NamedTuple

from tocsin.exchange.members import rosters, succession
from tocsin.exchange.members.registry import CHARTER, Members


class Waiting(NamedTuple):
    """One proposal on which we may vote now and have not. `chain`: a channel's name, or "charter"."""

    chain: str
    digest: bytes
    version: int
    round: int


def waiting(members: Members) -> list[Waiting]:
    """All of them, the charter's first."""
    return [*_of_charter(members), *_of_channels(members)]


def _of_charter(members: Members) -> list[Waiting]:
    current, found = members.charter, members.proposals()
    if members.me not in current.active:
        return []
    ballots = [current.ballot(one) for one in found]
    open_round = succession.next_round(ballots, current.version + 1, current.active, current.threshold)
    return [
        Waiting(CHARTER, one.digest, one.version, one.round)
        for one in found
        if one.round == open_round
        and one.previous == current.digest
        and (one.version, one.round) not in members.cast(CHARTER)
        and members.me not in current.ballot(one).votes
    ]


def _of_channels(members: Members) -> list[Waiting]:
    out: list[Waiting] = []
    for channel in members.channels():
        if channel.signed is None or not channel.is_current:
            continue
        book = members.book(channel.id)
        last = book.chain(members.me)[-1]
        open_round = book.open_round(last)
        out += [
            Waiting(channel.name, one.digest, one.version, one.round)
            for one in book.proposals(members.me)
            if one.round == open_round
            and rosters.follows(one, last)
            and members.me not in one.signers
            and (one.version, one.round) not in members.cast(channel.id)
        ]
    return out
