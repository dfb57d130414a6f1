"""Poisoning, at the node's end: what may be blocked, what is on a deny-list, which origins are blocked here."""

from collections import Counter
from collections.abc import Iterable
from functools import partial
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.edge.control.answers import asked, told
from tocsin.edge.control.services import Services
from tocsin.errors import ConfigError, PolicyError
from tocsin.exchange.journal import local, search
from tocsin.exchange.journal.search import Found
from tocsin.exchange.match import blocking
from tocsin.exchange.match.blocking import BLOCKED, UNBLOCKED, Asked, Candidate
from tocsin.formats.stix.compared import sniffed
from tocsin.formats.text import instant
from tocsin.formats.values import LONGEST, Kind, digest
from tocsin.ports.database import Reading

_LEAST: Final = 2
_MOST: Final = 1000
_REASON: Final = 256
_EXPORTED: Final = (Kind.IP, Kind.DOMAIN, Kind.URL, Kind.HASH)
Checked = tuple[Candidate, tuple[str, ...]]


def routes(services: Services) -> list[Route]:
    """The routes of this part."""

    async def blocklist(request: Request) -> Response:
        return told(await export(services, dict(request.query_params)))

    async def denylists(_request: Request) -> Response:
        return told(services.denylist.described())

    async def checked(request: Request) -> Response:
        return told(_checked(services, request.query_params.get("value", "")))

    async def origins(_request: Request) -> Response:
        return told(await _origins(services))

    async def block(request: Request) -> Response:
        reason = str((await asked(request)).get("reason", "")).strip()
        return told(await _decide(services, request.path_params["member"], BLOCKED, reason))

    async def unblock(request: Request) -> Response:
        reason = str((await asked(request)).get("reason", "")).strip()
        return told(await _decide(services, request.path_params["member"], UNBLOCKED, reason))

    return [
        Route("/blocklist", blocklist),
        Route("/denylists", denylists),
        Route("/denylists/check", checked),
        Route("/origins", origins),
        Route("/origins/{member}/block", block, methods=["POST"]),
        Route("/origins/{member}/unblock", unblock, methods=["POST"]),
    ]


# -- the blocklist ------------------------------------------------------------------------------------------------


async def export(services: Services, wanted: dict[str, str]) -> dict[str, Any]:
    """Everything that may be blocked now: `kind`, `channel`, `min_origins`, `manual`.

    Raises ConfigError("config.denylists", "config.value"), PolicyError("policy.no-such-channel").
    """
    services.denylist.refusals(())  # its view of the members is made here, not on the readers' thread
    if services.denylist.fault is not None:
        raise ConfigError(
            services.denylist.fault, "the deny-lists are not loaded, so that nothing can be held against them"
        )
    manual = bool(wanted.get("manual"))
    query = _query(services, wanted, manual=manual)
    await services.synced()
    entries: list[Candidate] = []
    held: Counter[str] = Counter()
    withheld = 0
    after: bytes | None = b""
    while after is not None:
        page, after = await services.journal.database.read(partial(_page, services, query, after))
        entries += [one for one, lists in page if not lists]
        withheld += sum(bool(lists) for _, lists in page)
        held.update(name for _, lists in page for name in lists)
    for name, count in held.items():
        services.meter.count("tocsin_export_held_back_total", count, list=name)
    return {
        "made": instant(query.now_us),
        "member": services.members.me,
        "channel": wanted.get("channel") or None,
        "min_origins": query.least,
        "manual": manual,
        "exported": len(entries),
        "held_back": withheld,
        "held_back_by": dict(sorted(held.items())),
        "entries": [_entry(one) for one in sorted(entries, key=lambda one: one.value)],
    }


def _query(services: Services, wanted: dict[str, str], *, manual: bool) -> Asked:
    text = wanted.get("min_origins", "") or ("1" if manual else str(_LEAST))
    least = int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else 0
    if least < (1 if manual else _LEAST):
        raise ConfigError("config.value", f"a list for automatic blocking takes {_LEAST} independent origins or more")
    kind = wanted.get("kind", "")
    if kind and kind not in _EXPORTED:
        raise ConfigError("config.value", f"a blocklist is of the kind {', '.join(_EXPORTED)}")
    logs = None
    if wanted.get("channel"):
        number = services.members.channel(wanted["channel"]).number
        logs = frozenset(log.number for log in services.logs if log.channel == number)
    kinds = frozenset((Kind(kind),) if kind else _EXPORTED)
    return Asked(services.clock.now_us(), least, kinds, logs)


def _page(services: Services, query: Asked, after: bytes, reading: Reading) -> tuple[list[Checked], bytes | None]:
    page = blocking.candidates(reading, query, after)
    return [(one, services.denylist.holding(*one.value)) for one in page.found], page.next


def _entry(one: Candidate) -> dict[str, Any]:
    return {
        "kind": one.value.kind.value,
        "value": one.value.text,
        "origins": one.origins,
        "members": list(one.members),
        "objects": list(one.objects),
        "marking": one.marking.label,
    }


# -- deny-lists -----------------------------------------------------------------------------------------------------


def _checked(services: Services, value: str) -> dict[str, Any]:
    if not value or len(value) > LONGEST:
        raise ConfigError("config.value", f"a value has 1 to {LONGEST} characters")
    kind = Kind.HASH if digest(value) else sniffed(value)
    return {"value": value, "kind": kind.value, "lists": list(services.denylist.holding(kind, value))}


async def listed(services: Services, found: Iterable[Found]) -> dict[int, list[str]]:
    """By position, the lists that our gate would refuse an indicator for: it is shown, and never exported."""
    positions = [one.position for one in found if one.object_id.startswith("indicator--")]
    if not positions:
        return {}
    now_us = services.clock.now_us()
    contents = await services.journal.database.read(lambda db: search.shown(db, positions, now_us))
    return {
        position: list(lists)
        for position, lists in zip(contents, services.denylist.told(list(contents.values())), strict=True)
        if lists
    }


# -- origins --------------------------------------------------------------------------------------------------------


async def standing(services: Services) -> dict[str, Any]:
    """For the status: which origins are blocked, and whether the deny-lists are there."""
    return {"blocked": await _blocked(services), "denylists": services.denylist.fault or "ready"}


async def _blocked(services: Services) -> list[dict[str, Any]]:
    rows = await services.journal.database.read(blocking.blocked)
    return [{"member": member, "since": instant(added), "reason": reason} for member, added, reason in rows]


async def _origins(services: Services) -> list[dict[str, Any]]:
    blocked = {one["member"]: one for one in await _blocked(services)}
    others = sorted({*services.members.charter.members, *blocked} - {services.members.me})
    return [{"member": one, "blocked": one in blocked, **_since(blocked.get(one))} for one in others]


def _since(one: dict[str, Any] | None) -> dict[str, Any]:
    return {"since": one["since"] if one else None, "reason": one["reason"] if one else None}


async def _decide(services: Services, member: str, what: str, reason: str) -> dict[str, Any]:
    """Write the decision down, and wait until it is in force: nothing of the member is shown or exported after this.

    Raises ConfigError("config.value"), PolicyError("policy.unknown-member").
    """
    blocked = {one["member"] for one in await _blocked(services)}
    if member == services.members.me:
        raise ConfigError("config.value", "this is our own handle")
    if member not in services.members.charter.members and member not in blocked:
        raise PolicyError("policy.unknown-member", f"no member {member!r} in the charter")
    if what == BLOCKED and not 0 < len(reason) <= _REASON:
        raise ConfigError("config.value", f"a reason has 1 to {_REASON} characters")
    if (what == BLOCKED) != (member in blocked):
        await local.record(
            services.journal, services.clock, local.row(what, {"reason": reason[:_REASON]}, member=member)
        )
    await services.synced()
    return {"member": member, "blocked": what == BLOCKED, "reason": reason}
