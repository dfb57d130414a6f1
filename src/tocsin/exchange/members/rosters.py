"""From what was said about a channel to its generations: who decides, who is in it, who has left. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tocsin.errors import FormatError, VerificationError
from tocsin.exchange.members import channels, succession
from tocsin.exchange.members.channels import Channel, Stated
from tocsin.exchange.members.charter import Charter
from tocsin.exchange.members.descriptor import is_signed
from tocsin.formats import statement
from tocsin.formats.statement import Statement, number, text


@dataclass(frozen=True, slots=True)
class Leave:
    """A member's word that it has left a channel, up to and including generation `version`."""

    channel: str
    member: str
    version: int
    signed: Statement


def leave(channel_id: str, member: str, version: int, now_us: int) -> Statement:
    """The unsigned statement of leaving."""
    body: dict[str, Any] = {"channel": channel_id, "member": member, "version": version, "created": now_us}
    return statement.compose(statement.LEAVE, body)


def read_leave(signed: Statement, charters: Iterable[Charter]) -> Leave:
    """A leave with its member's signature, by any key the charters gave it.

    Raises FormatError, VerificationError("verify.channel").
    """
    if signed.kind != statement.LEAVE:
        raise FormatError("format.statement", "the statement is not one of leaving")
    member = text(signed.body, "member")
    known = [one.members[member] for one in charters if member in one.members]
    if not any(is_signed(signed, one) for one in known):
        raise VerificationError("verify.channel", "a statement of leaving is not signed by the member that leaves")
    return Leave(text(signed.body, "channel"), member, number(signed.body, "version"), signed)


@dataclass(slots=True)
class Book:
    """All that this node knows of one channel. `secrets`: of the generations that list us, by their digest."""

    number: int
    stated: dict[bytes, Stated] = field(default_factory=dict)
    secrets: dict[bytes, bytes] = field(default_factory=dict)
    leaves: dict[str, Leave] = field(default_factory=dict)

    def chain(self, me: str) -> list[Stated]:
        """The generations in their order, as far as we can follow: the last may exclude us; only the first may wait."""
        out: list[Stated] = []
        for one in sorted(self.stated.values(), key=channels.age):
            last = out[-1] if out else None
            if last is None:
                fits = one.version == 1 or (one.is_decided and me in one.joiners)
            elif me in one.joiners and me not in last.roster:
                # We are taken in (again): what was decided while we were away is not ours to check.
                fits = one.is_decided and one.version > last.version
            else:
                fits = last.is_decided and one.is_decided and follows(one, last)
            if fits:
                out.append(one)
        return out

    def proposals(self, me: str) -> list[Stated]:
        """What is proposed to follow the generation in force and is not decided yet, and invitations to us."""
        chain = self.chain(me)
        last = chain[-1] if chain else None
        found = [
            one
            for one in self.stated.values()
            if one not in chain
            and one.version > 1
            and ((last is not None and follows(one, last)) or (me in one.joiners and not one.is_decided))
        ]
        return sorted(found, key=channels.age)

    def open_round(self, last: Stated) -> int:
        """The round in which the generation after `last` is being decided."""
        ballots = [one.ballot for one in self.stated.values() if follows(one, last)]
        return succession.next_round(ballots, last.version + 1, last.roster, succession.HALF)

    def generations(self, history: Sequence[Charter], me: str) -> list[Channel]:
        """Every generation that lists us and whose secret we have, oldest first, with its audience of today.

        Whoever was suspended while a generation stood is out of it for good: what was said meanwhile was not for it.
        A next generation takes it in again.
        """
        chain = self.chain(me)
        last = chain[-1] if chain else None
        out = []
        for one in chain:
            secret = self.secrets.get(one.digest)
            if secret is None or last is None:
                continue
            audience = (one.roster - self.left(one.version)) & _active_since(history, one) & last.roster
            made = channels.generation(one, secret, self.number)
            stays = one.is_decided and me in audience
            out.append(replace(made, roster=audience, is_open=stays, is_current=stays and one is last))
        return out

    def left(self, version: int) -> frozenset[str]:
        """Who has left this generation."""
        return frozenset(handle for handle, leave_ in self.leaves.items() if leave_.version >= version)

    def unwillingly(self, me: str) -> Stated | None:
        """The generation in force, if it keeps us in although we have left the one before."""
        chain = self.chain(me)
        mine = self.leaves.get(me)
        if mine is None or len(chain) < 2 or mine.version >= chain[-1].version or me not in chain[-1].roster:
            return None
        joined = any(me in one.joiners for one in chain if one.version > mine.version)
        return None if joined else chain[-1]


def _active_since(history: Sequence[Charter], one: Stated) -> frozenset[str]:
    digests = [each.digest.hex() for each in history]
    return frozenset.intersection(*(each.active for each in history[digests.index(one.signed.body["charter"]) :]))


def follows(one: Stated, last: Stated) -> bool:
    """Whether a statement is made for the generation after `last`."""
    return one.version == last.version + 1 and one.previous == last.digest.hex() and one.voters == last.roster


def double_votes(one: Stated, others: Iterable[Stated]) -> dict[str, Stated]:
    """Who has voted for this statement and for another of its version and round, with that other."""
    rivals = [
        other
        for other in others
        if (other.version, other.round) == (one.version, one.round) and other.digest != one.digest
    ]
    # Who joins consents, to as many texts as he is asked to; and nobody votes on a first generation.
    return {handle: rival for rival in rivals for handle in one.signers & rival.signers & one.voters & rival.voters}
