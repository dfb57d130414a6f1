"""What waits for people or for other members: votes, evidence to look at, logs that do not come as they should."""

from collections.abc import Iterable
from typing import Any, Final

from tocsin.edge.control.services import Services
from tocsin.exchange.members import comparison, votes
from tocsin.exchange.members.channels import Channel
from tocsin.formats.text import instant

SILENT_S: Final = 30.0  # three rounds of gossip


async def told(services: Services) -> dict[str, Any]:
    """For `GET /status`."""
    proofs = await services.proofs.counts()
    silent = services.gossip.silent(SILENT_S)
    relayed = services.catchup.asked()
    return {
        "votes": [
            {"of": one.chain, "digest": one.digest.hex(), "version": one.version, "round": one.round}
            for one in votes.waiting(services.members)
        ],
        "evidence": [{"accused": one, "count": count} for one, count in proofs.items()],
        "relayed": [{**one, "by": relayed[bytes.fromhex(one["slot"])]} for one in _logs(services, relayed)],
        "withheld": _logs(services, services.catchup.withheld()),
        "silent": _logs(services, (slot for _, slot in silent)),
        "unasked": _unasked(services),
    }


def _unasked(services: Services) -> list[dict[str, Any]]:
    """Logs of ours of which no member has told what it holds, since the start."""
    me, signer = services.members.me, services.signer
    ours = [
        log
        for one in services.members.channels()
        if one.is_current
        for slots in (one.slots, one.urgent)
        if (log := services.logs.get(slots[me])) is not None
    ]
    return _logs(services, (log.slot for log in ours if not signer.asked(log)))


def _logs(services: Services, slots: Iterable[bytes]) -> list[dict[str, Any]]:
    out = []
    for slot in sorted(slots):
        place = services.members.origin(slot)
        if place is not None:
            out.append(
                {
                    "slot": slot.hex(),
                    "channel": place.channel.name,
                    "version": place.channel.version,
                    "origin": place.origin,
                    "urgent": place.is_urgent,
                }
            )
    return out


def of_channel(services: Services, channel: Channel) -> dict[str, Any]:
    """A channel's generations, what is proposed for it, and who has left."""
    members = services.members
    generations = [
        {
            "version": one.version,
            "created": instant(one.created),
            "listed": sorted(one.listed),
            "roster": sorted(one.roster),
            "open": one.is_open,
            "current": one.is_current,
        }
        for one in members.generations()
        if one.id == channel.id
    ]
    if channel.signed is None:
        return {"generations": generations, "proposals": [], "left": []}
    book = members.book(channel.id)
    left = sorted(book.leaves.values(), key=lambda one: one.member)
    return {
        "generations": generations,
        "proposals": [comparison.roster_standing(one, members.me) for one in book.proposals(members.me)],
        "left": [{"member": one.member, "version": one.version} for one in left],
    }
