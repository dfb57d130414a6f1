"""`tocsin erase` at the node's end: orders given, and who has obeyed."""

from typing import Any, Final

from tocsin.edge.control.services import Services
from tocsin.errors import AccessError, ConfigError, FormatError
from tocsin.exchange.deliver import erased
from tocsin.exchange.journal import erase
from tocsin.exchange.journal.erase import Stored
from tocsin.exchange.publish import order
from tocsin.exchange.publish.publisher import MAX_BATCH
from tocsin.formats import erasure
from tocsin.formats.text import instant

_DAYS: Final = 7
_DAYS_MOST: Final = 365
_LISTED: Final = 200


async def give(services: Services, body: dict[str, Any]) -> dict[str, Any]:
    """Order that what we shared of an object in a channel be erased: `object_id`, `channel`, `reason`, `days`, `dry_run`.

    Raises AccessError("access.unknown-object"), ConfigError("config.value"), FormatError("format.erasure").
    """
    channel = services.members.channel(str(body.get("channel", "")))
    object_id, days = str(body.get("object_id", "")), body.get("days", _DAYS)
    if not isinstance(days, int) or isinstance(days, bool) or not 0 <= days <= _DAYS_MOST:
        raise ConfigError("config.value", f"an erase order gives 0 to {_DAYS_MOST} days")
    await services.synced()
    me = services.members.me
    found = await services.journal.database.read(lambda db: erase.named(db, object_id, channel.number, me))
    if not found:
        raise AccessError("access.unknown-object", "this node has shared nothing with that id in the channel")
    named = [(seq, marking) for seq, marking, _ in found]
    now_us = services.clock.now_us()
    made = order.orders(channel.slots[me], named, str(body.get("reason", "")), days, now_us)
    dry_run = body.get("dry_run") is True
    given = []
    for at in range(0, len(made) if not dry_run else 0, MAX_BATCH):
        batch = await services.publisher.publish(channel, made[at : at + MAX_BATCH])
        given += [{"log": batch.log, "seq": seq} for seq in range(batch.start, batch.end)]
    return {
        "object_id": object_id,
        "channel": channel.name,
        "audience": sorted(channel.roster),
        "versions": [version for _, _, version in found],
        "entries": [seq for seq, _, _ in found],
        "dry_run": dry_run,
        "orders": given,
    }


async def standing(services: Services) -> list[dict[str, Any]]:
    """The newest orders, ours and others', newest first."""
    me = services.members.me
    rows = await services.journal.database.read(lambda db: erase.newest(db, _LISTED))
    mine = [one for one, _ in rows if one.member == me]
    answers = await services.journal.database.read(
        lambda db: {one.position: erased.answered(db, one.log, one.seq) for one in mine}
    )
    return [_told(services, one, content, answers.get(one.position, [])) for one, content in rows]


def _told(services: Services, one: Stored, content: bytes | None, answers: list[tuple[Any, ...]]) -> dict[str, Any]:
    log = services.logs.numbered(one.log)
    channel = next(each for each in services.members.channels() if each.number == log.channel)
    others = channel.roster - {services.members.me} if one.member == services.members.me else frozenset()
    missing = sorted(others - {member for member, *_ in answers})
    return {
        "channel": channel.name,
        "member": one.member,
        "position": one.position,
        "seq": one.seq,
        "entries": one.entries,
        "reason": _reason(content),
        "issued": instant(one.issued),
        "deadline": instant(one.deadline),
        "obeyed": instant(one.obeyed) if one.obeyed else None,
        "answered": [{"member": who, "added": instant(at), "erased": instant(done)} for who, at, done in answers],
        "missing": missing,
        "overdue": bool(missing) and one.deadline < services.clock.now_us(),
    }


def _reason(content: bytes | None) -> str | None:
    try:
        return erasure.parse(content).reason if content is not None else None
    except FormatError:
        return None
