"""Who will be able to read what is shared: one function for what people are shown beforehand and for what is sealed.

A plan is made from the channel as it stands and from what was decided of each object. Its digest names exactly that: the
generation, the readers, the lane, every object and its marking. Whoever seals may name the plan that people have seen.
"""

from collections.abc import Iterable
from hashlib import sha256
from typing import NamedTuple

from tocsin.errors import PolicyError
from tocsin.exchange.members.channels import Channel


class Plan(NamedTuple):
    """What would be sealed. `audience` is a digest of for whom only, `digest` of that and of every object."""

    readers: frozenset[str]
    audience: bytes
    digest: bytes


def readers(channel: Channel) -> frozenset[str]:
    """To whom an epoch key of the channel is given, ourselves included: nobody else can open a frame of it."""
    return channel.roster


def plan(channel: Channel, objects: Iterable[tuple[int, bytes]], *, urgent: bool) -> Plan:
    """The plan for (level, content) of each object that is not refused, in order."""
    whom = readers(channel)
    lane = "urgent" if urgent else "routine"
    head = f"tocsin/audience/v1\n{channel.id}\n{channel.version}\n{lane}\n{' '.join(sorted(whom))}\n".encode()
    whole = sha256(head)
    for level, content in objects:
        whole.update(bytes((level,)) + sha256(content).digest())
    return Plan(whom, sha256(head).digest(), whole.digest())


def require(now: Plan, *, digest: str = "", audience: str = "", number: int = 0) -> None:
    """That a plan is the one that was shown; what is empty was not asked for. Digests are hexadecimal.

    Raises PolicyError("policy.audience-changed").
    """
    if number and number != len(now.readers):
        raise PolicyError("policy.audience-changed", f"{len(now.readers)} members would read it, not {number}")
    if audience and audience != now.audience.hex():
        raise PolicyError("policy.audience-changed", "those who would read it are not those who were shown")
    if digest and digest != now.digest.hex():
        raise PolicyError("policy.audience-changed", "the audience or what would be sealed is not what was shown")
