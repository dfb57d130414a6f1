"""What the operator asks: status, members, channels, objects, receipts."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

from tocsin.edge.audit import Seen, Use
from tocsin.edge.control import blocking, concerning, correcting, dossier, waiting
from tocsin.edge.control.dossier import Dossier
from tocsin.edge.control.services import Services
from tocsin.errors import AccessError
from tocsin.exchange.deliver.receipts import held_by
from tocsin.exchange.journal import history, search
from tocsin.exchange.journal.history import Happening
from tocsin.exchange.journal.journal import Kind
from tocsin.exchange.journal.search import Found, Query
from tocsin.exchange.match import finding
from tocsin.exchange.members.channels import Channel
from tocsin.formats.text import instant
from tocsin.formats.tlp import Tlp
from tocsin.ports.database import Reading

_MOST = 1000
_VERSIONS = 50
_ID: Final = re.compile(r"[a-z0-9-]{1,250}--[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


async def status(services: Services) -> dict[str, Any]:
    """How the node stands."""
    charter = services.members.charter
    me = services.members.me
    sizes = [(log.origin, log.released) for log in services.logs]
    held = await services.journal.held_back()
    behind = services.signer.behind()
    return {
        "handle": me,
        "software": services.software,
        "charter": {
            "name": charter.name,
            "version": charter.version,
            "digest": charter.digest.hex(),
            "members": len(charter.members),
            "suspended": sorted(charter.suspended),
            "takes_part": me in charter.active,
        },
        "position": services.journal.head,
        "uptime_s": (services.clock.now_us() - services.started_us) / 1e6,
        "people_url": services.people_url(),
        "links": services.links(),
        "channels": [_brief(services, one) for one in services.members.channels()],
        "totals": {
            "shared": sum(size for origin, size in sizes if origin == me),
            "received": sum(size for origin, size in sizes if origin != me),
            "held_back": held,
        },
        "not_ready": [{"code": one.code, "what": one.what} for one in await services.reasons()],
        "behind": [{"slot": slot.hex(), "why": why} for slot, why in behind.items()],
        "duties": await concerning.standing(services),
        **await waiting.told(services),
        **await blocking.standing(services),
    }


def _brief(services: Services, channel: Channel) -> dict[str, Any]:
    return {
        "id": channel.id,
        "name": channel.name,
        "title": channel.title,
        "kind": channel.kind.value,
        "version": channel.version,
        "open": channel.is_open,
        "current": channel.is_current,
        "roster": sorted(channel.roster),
        "signers": sorted(channel.signers),
        "creator": channel.creator,
        "created": instant(channel.created),
        "named_people": channel.named_people,
        "objects": sum(log.released for log in services.logs if log.channel == channel.number),
        "logs": _logs(services, channel.slots),
        "urgent_logs": _logs(services, channel.urgent),
    }


def _logs(services: Services, slots: Mapping[str, bytes]) -> list[dict[str, Any]]:
    return [
        {"origin": origin, "size": log.released, "slot": slot.hex()}
        for origin, slot in sorted(slots.items())
        if (log := services.logs.get(slot)) is not None
    ]


async def channel_of(services: Services, name: str) -> dict[str, Any]:
    """One channel, with who has receipted how much of our logs."""
    channel = services.members.channel(name)
    out = _brief(services, channel) | waiting.of_channel(services, channel)
    me = services.members.me
    for key, slot in (("logs", channel.slots[me]), ("urgent_logs", channel.urgent[me])):
        mine = services.logs.get(slot)
        if mine is not None:
            rows = await services.journal.database.read(partial(held_by, log=mine.number))
            receipted = dict.fromkeys(sorted(channel.roster - {me}), 0) | {row[0]: row[1] for row in rows}
            for log in out[key]:
                if log["origin"] == me:
                    log["receipts"] = receipted
    out["receipts"] = next((log["receipts"] for log in out["logs"] if log["origin"] == me), {})
    return out


def channels(services: Services) -> list[dict[str, Any]]:
    """Every channel of ours."""
    return [_brief(services, one) for one in services.members.channels()]


def members(services: Services) -> list[dict[str, Any]]:
    """The charter's members and how their links stand."""
    links = {one["peer"]: one["state"] for one in services.links()}
    return [
        {
            "handle": one.handle,
            "name": one.name,
            "kind": one.kind,
            "countries": list(one.countries),
            "blocs": list(one.blocs),
            "sectors": list(one.sectors),
            "languages": list(one.languages),
            "constituency": {key: list(value) for key, value in one.constituency.items()},
            "endpoint": one.endpoint,
            "fingerprint": one.fingerprint,
            "suspended": one.handle in services.members.charter.suspended,
            "link": "self" if one.handle == services.members.me else links.get(one.handle, "never"),
        }
        for one in services.members.charter.members.values()
    ]


async def objects(services: Services, asked: dict[str, str], use: Use) -> list[dict[str, Any]]:
    """Object versions, newest first, however far back one must look for them."""
    query = _query(services, asked)
    await services.synced()
    found: list[Found] = []
    while True:
        more, rest = await services.journal.database.read(partial(_sought, query=query))
        found += more
        if not rest or len(more) == query.limit:
            return await _told(services, found, use)
        query = replace(query, after=rest, limit=query.limit - len(more))


async def looked(services: Services, asked: dict[str, str], use: Use) -> tuple[list[dict[str, Any]], int]:
    """The same in one bounded look: and the position below which nobody has looked yet; 0: there is nothing more."""
    query = _query(services, asked)
    await services.synced()
    found, rest = await services.journal.database.read(partial(_sought, query=query))
    return await _told(services, found, use), rest


async def added_at(services: Services, position: int) -> str:
    """When what stands there came; empty where nothing stands."""
    rows = await services.journal.read(position - 1, 1)
    return instant(rows[0].added) if rows else ""


def _query(services: Services, asked: dict[str, str]) -> Query:
    wanted = asked.get("channel", "")
    numbers = (services.members.channel(wanted).number,) if wanted else ()
    return Query(
        channels=numbers,
        after=_number(asked, "before", 0),
        limit=min(_number(asked, "limit", 50), _MOST),
        types=(asked["type"],) if asked.get("type") else (),
        text=asked.get("find", ""),
        member=asked.get("member", ""),
        newest_first=True,
        content=False,
        now_us=services.clock.now_us(),
    )


async def _told(services: Services, found: list[Found], use: Use) -> list[dict[str, Any]]:
    await services.audit.seen(use, found)
    listed = await blocking.listed(services, found)
    return [{**_found(services, one), "listed": listed.get(one.position, [])} for one in found]


def _sought(db: Reading, query: Query) -> search.Looked:
    """What a person typed is an id, a value that something names, or else a part of a name."""
    if _ID.fullmatch(query.text):
        found = search.find(db, replace(query, text="", ids=(query.text,)))
        return search.Looked(found, found[-1].position if len(found) == query.limit else 0)
    if query.text and finding.is_named(db, query.text):
        return finding.naming(db, query.text, query)
    return search.look(db, query)


async def object_(services: Services, object_id: str, use: Use) -> dict[str, Any]:
    """Every version of an object we hold, its bytes, who may read it and has stored it, who says what of it; the verdict."""
    held = await dossier.read(services, object_id)
    if not held.found:
        raise AccessError("access.unknown-object", "this node holds no object with that id")
    await services.audit.seen(use, held.seen(around=False))
    return await told(services, held)


async def told(services: Services, held: Dossier) -> dict[str, Any]:
    """An object for `tocsin show`. Whoever asks has written the audit trail."""
    versions = [await _version(services, one) for one in held.found[:_VERSIONS]]
    audience = sorted({handle for one in versions for handle in one["audience"]})
    word, confidence, says, against = held.verdict
    return {
        "id": held.object_id,
        "verdict": {"word": word.value, "confidence": confidence, "says": list(says), "against": list(against)},
        "versions": versions,
        "audience": audience,
        "voices": correcting.voiced(services, held.voices),
    }


async def _version(services: Services, one: Found) -> dict[str, Any]:
    channel = _numbered(services, one.channel)
    others = sorted(channel.roster - {services.members.me}) if one.member == services.members.me else []

    def ask(db: Any) -> tuple[tuple[int, int, int] | None, dict[str, int]]:
        entry = history.entry_at(db, one.position)
        return entry, history.stored_by(db, entry[0], entry[1], others) if entry else {}

    entry, stored = await services.journal.database.read(ask)
    sent_at = entry[2] if entry else 0
    receipts = [
        {"member": member, "at": instant(at), "ms": (at - sent_at) / 1000.0} for member, at in sorted(stored.items())
    ]
    listed = await blocking.listed(services, [one])
    return {
        **_found(services, one),
        "listed": listed.get(one.position, []),
        "sent_at": instant(sent_at),
        "audience": sorted(channel.roster),
        "content": (one.content or b"").decode(),
        "receipts": receipts,
        "missing": [handle for handle in others if handle not in stored],
    }


async def receipts(services: Services, asked: dict[str, str]) -> dict[str, Any]:
    """What each member has receipted of our logs, and the newest receipts."""
    me = services.members.me
    wanted = asked.get("channel", "")
    chosen = [services.members.channel(wanted)] if wanted else services.members.channels()
    logs = {log.number: (one, log) for one in chosen if (log := services.logs.get(one.slots[me])) is not None}
    limit = min(_number(asked, "limit", 50), _MOST)
    before = _number(asked, "before", 0)
    rows = await services.journal.database.read(lambda db: history.receipts(db, logs, before, limit))
    standing = [
        {
            "channel": channel.name,
            "member": handle,
            "size": services.receipts.size(log, handle),
            "of": log.released,
            "lag": log.released - services.receipts.size(log, handle),
        }
        for channel, log in logs.values()
        for handle in sorted(channel.roster - {me})
    ]
    recent = [
        {
            "position": row.position,
            "channel": logs[row.log][0].name,
            "member": row.member,
            "size": row.seq,
            "at": instant(row.added),
            "signed_at": instant(row.sent_at or 0),
            "ms": ms,
        }
        for row, ms in rows
    ]
    return {"standing": standing, "receipts": recent}


def shown(rows: Sequence[Happening]) -> list[Seen]:
    """The objects among journal rows, for the audit trail."""
    entries = (one.row for one in rows if one.row.kind == Kind.ENTRY and one.row.object_id)
    return [Seen(row.object_id or "", row.marking or 0) for row in entries]


def happening(services: Services, told: Happening) -> dict[str, Any]:
    """A journal row for `tocsin watch`."""
    row, ms = told
    channel = _numbered(services, services.logs.numbered(row.log).channel).name if row.log else ""
    return {
        "position": row.position,
        "added": instant(row.added),
        "kind": Kind(row.kind).name.lower(),
        "channel": channel,
        "member": row.member,
        "seq": row.seq,
        "id": row.object_id,
        "version": row.version,
        "name": row.name,
        "marking": Tlp(row.marking).label if row.marking is not None else None,
        "sent_at": instant(row.sent_at) if row.sent_at else None,
        "held": row.held,
        "ms": ms,
    }


def _found(services: Services, one: Found) -> dict[str, Any]:
    return {
        "position": one.position,
        "added": instant(one.added),
        "channel": _numbered(services, one.channel).name,
        "id": one.object_id,
        "version": one.version,
        "name": one.name,
        "member": one.member,
        "marking": Tlp(one.marking).label,
    }


def _numbered(services: Services, number: int) -> Channel:
    return next(one for one in services.members.channels() if one.number == number)


def _number(asked: dict[str, str], key: str, default: int) -> int:
    text = asked.get(key, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else default
