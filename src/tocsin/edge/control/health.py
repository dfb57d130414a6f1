"""How the logs of a channel stand here: how far each is, when its origin was last heard of it, who holds it, and lies."""

from typing import Any

from tocsin.edge.control.services import Services
from tocsin.edge.control.waiting import SILENT_S
from tocsin.exchange.members.channels import Channel
from tocsin.exchange.tlog.logs import Log

FORKED, BEHIND, SILENT, UNHEARD, GOOD = "two-stories", "behind", "silent", "unheard", "good"


def of_log(services: Services, log: Log, channel: Channel) -> dict[str, Any]:
    """One log. Ages are in seconds since this node started hearing; `holders` is who has told us how far it holds it."""
    told = services.gossip.told().get(log.slot)
    holders = dict(sorted(told.holders.items())) if told else {}
    age = services.clock.monotonic() - told.heard_s if told and told.heard_s is not None else None
    if log.origin == services.members.me:
        holders = {one: services.receipts.size(log, one) for one in sorted(channel.roster - {log.origin})}
        behind = 0
    else:
        known = [*holders.values(), *(one.size for one in told.ahead)] if told else []
        behind = max(0, max(known, default=0) - log.released)
    return {
        "age_s": round(age, 1) if age is not None else None,
        "behind": behind,
        "holders": [{"member": member, "size": size} for member, size in holders.items()],
        "state": _state(services, log, channel, behind, age),
    }


def _state(services: Services, log: Log, channel: Channel, behind: int, age: float | None) -> str:
    if services.proofs.broken(log):
        return FORKED
    if behind:
        return BEHIND
    if log.origin == services.members.me or not channel.is_current:
        return GOOD
    if age is None:
        return UNHEARD if log.released else GOOD  # of an empty log nobody says anything
    return SILENT if age > SILENT_S else GOOD


def by_member(services: Services) -> dict[str, list[dict[str, Any]]]:
    """The logs of current channels that do not stand well, by origin."""
    out: dict[str, list[dict[str, Any]]] = {}
    for channel in services.members.channels():
        if not channel.is_current:
            continue
        for slot in (*channel.slots.values(), *channel.urgent.values()):
            log = services.logs.get(slot)
            if log is None or log.origin not in channel.roster:
                continue
            told = of_log(services, log, channel)
            if told["state"] != GOOD:
                bad = {
                    "channel": channel.name,
                    "state": told["state"],
                    "behind": told["behind"],
                    "age_s": told["age_s"],
                }
                out.setdefault(log.origin, []).append(bad)
    return out
