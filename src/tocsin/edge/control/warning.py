"""`tocsin warn`, `warnings`, `ack` and `escalate` at the node's end."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.edge.control.answers import asked, name, names, told
from tocsin.edge.control.services import Services
from tocsin.errors import AccessError, ConfigError, PolicyError
from tocsin.exchange.journal import search
from tocsin.exchange.journal.journal import Row
from tocsin.exchange.members.channels import Channel
from tocsin.exchange.publish import audience
from tocsin.exchange.publish.audience import Plan
from tocsin.exchange.publish.spooled import MemorySpool
from tocsin.exchange.warn import views
from tocsin.exchange.warn.views import Recipient, Warned
from tocsin.exchange.warn.warnings import Reply, Wish
from tocsin.formats import alert, canonical, escalation
from tocsin.formats.alert import Alert, Status, Topic, Urgency
from tocsin.formats.answer import Word
from tocsin.formats.text import instant, to_microseconds
from tocsin.formats.tlp import Tlp
from tocsin.ports.database import Reading

_MOST: Final = 1000
_TAKEN: Final = frozenset({"recalled", "revoked"})
_UNSAID: Final = frozenset({"dry_run", "expect", "expect_recipients", "key"})  # of a request, not of the warning
_SPAN: Final = re.compile(r"([0-9]{1,6})([mhd])")
_SPANS_US: Final[Mapping[str, int]] = MappingProxyType({"m": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000})


def routes(services: Services) -> list[Route]:
    """The routes of this part."""
    warning = _Routes(services)
    return [
        Route("/warnings", warning.list, methods=["GET"]),
        Route("/warnings", warning.issue, methods=["POST"]),
        Route("/warnings/{warning}", warning.show),
        Route("/warnings/{warning}/answers", warning.answer, methods=["POST"]),
        Route("/warnings/{warning}/escalations", warning.escalate, methods=["POST"]),
    ]


class _Routes:
    def __init__(self, services: Services) -> None:
        self._services = services

    async def issue(self, request: Request) -> Response:
        return told(await issue(self._services, await asked(request)))

    async def list(self, request: Request) -> Response:
        return told(await listed(self._services, dict(request.query_params)))

    async def show(self, request: Request) -> Response:
        return told(await shown(self._services, request.path_params["warning"]))

    async def answer(self, request: Request) -> Response:
        return told(await answer(self._services, request.path_params["warning"], await asked(request)))

    async def escalate(self, request: Request) -> Response:
        body = await asked(request)
        warning = await _named(self._services, request.path_params["warning"])
        paged = await self._services.watchkeeping.pager.escalate(warning, names(body, "members"))
        return told({"id": warning, "paged": [{"member": one.member, "level": one.level} for one in paged]})


# -- acts -------------------------------------------------------------------------------------------------------


async def issue(services: Services, body: dict[str, Any]) -> dict[str, Any]:
    """Raise a warning; with `dry_run` only say what it would be, and whether it would be refused.

    Raises PolicyError, FormatError, ConfigError("config.value").
    """
    channel = services.members.channel(str(body.get("channel", "")))
    if not channel.is_current:
        raise PolicyError("policy.channel-pending", f"channel {channel.name} is not open to this node")
    wish = _wish(services, body)
    plan = _plan(channel, wish, body)
    warnings = services.watchkeeping.warnings
    dry_run = body.get("dry_run") is True
    number = body.get("expect_recipients")
    audience.require(plan, digest=name(body, "expect") or "", number=number if type(number) is int else 0)
    if dry_run:
        made = warnings.compose(channel, wish)
        await _try(services, channel, made)
    else:
        if wish.key or not wish.urgency.is_urgent:
            await services.synced()  # the same key may have been used a moment ago
        made = await warnings.issue(channel, wish)
    gaps = await services.concern.preview([alert.write(made)], channel, services.spool())
    return {
        "id": made.id,
        "channel": channel.name,
        "audience": sorted(plan.readers),
        "audience_digest": plan.audience.hex(),
        "digest": plan.digest.hex(),
        "recipients": list(made.recipients),
        "urgency": made.urgency.value,
        "urgent_log": made.urgency.is_urgent,
        "marking": wish.marking.label,
        "answer_by": instant(made.answer_by),
        "policy": escalation.policy_said(made.policy),
        "text": alert.described(made),
        "concerned": gaps.told(),
        "dry_run": dry_run,
    }


def _plan(channel: Channel, wish: Wish, body: Mapping[str, Any]) -> Plan:
    """Whom it would reach. What it says is compared as it was asked for: the warning itself bears the moment it is made."""
    said = {key: one for key, one in body.items() if key not in _UNSAID and one not in (None, "", [])}
    return audience.plan(channel, [(wish.marking, canonical.encode(said))], urgent=wish.urgency.is_urgent)


async def answer(services: Services, warning: str, body: dict[str, Any]) -> dict[str, Any]:
    """Acknowledge, or with `answer` answer."""
    await services.synced()
    word = name(body, "answer")
    reply = Reply(
        word=_choice(Word, word, "answer") if word else None,
        until=_moment(services, body, "until"),
        desk=name(body, "desk") or "",
        comment=name(body, "comment") or "",
    )
    made = await services.watchkeeping.warnings.reply(await _named(services, warning), reply)
    return {
        "id": made.warning,
        "note": made.id,
        "state": made.state.value,
        "answer": made.word.value if made.word else None,
        "until": instant(made.until) if made.until else None,
    }


async def _try(services: Services, channel: Channel, made: Alert) -> None:
    """What sharing it would be refused for."""
    share = services.share(channel, None, MemorySpool(), made.urgency.is_urgent, frozenset())
    refused = share.check([alert.write(made)])
    async for more in share.decide():
        refused += more
    share.close()
    if refused:
        raise PolicyError(refused[0].code, refused[0].what)


def _wish(services: Services, body: dict[str, Any]) -> Wish:
    if not name(body, "tlp"):
        raise PolicyError("policy.unmarked", "nobody said who may read the warning")
    credibility = body.get("credibility", 6)
    return Wish(
        headline=name(body, "headline") or "",
        topic=_choice(Topic, body.get("topic"), "topic"),
        urgency=_choice(Urgency, body.get("urgency"), "urgency"),
        threatened=name(body, "threatened") or "",
        todo=name(body, "todo") or "",
        marking=Tlp.parse(str(body["tlp"])),
        status=Status.POTENTIAL if body.get("potential") is True else Status.IDENTIFIED,
        countries=names(body, "countries"),
        place=name(body, "place") or "",
        since=_moment(services, body, "from"),
        until=_moment(services, body, "until"),
        answer_by=_moment(services, body, "answer_by"),
        reliability=name(body, "reliability") or "F",
        credibility=credibility if type(credibility) is int else 0,
        about=names(body, "about"),
        recipients=names(body, "recipients"),
        policy=escalation.policy_of(body["policy"]) if body.get("policy") else None,
        key=name(body, "key") or "",
    )


def _choice(kinds: Any, found: object, what: str) -> Any:
    try:
        return kinds(found)
    except ValueError:
        raise ConfigError("config.value", f"{what} is one of {', '.join(kinds)}") from None


def _moment(services: Services, body: dict[str, Any], key: str) -> int:
    """An instant, as RFC 3339 in UTC or as a span from now (30m, 2h, 3d); 0 where there is none."""
    text = name(body, key)
    if text is None:
        return 0
    span = _SPAN.fullmatch(text)
    if span:
        return services.clock.now_us() + int(span[1]) * _SPANS_US[span[2]]
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is None:
            raise ValueError
        return to_microseconds(found)
    except ValueError:
        raise ConfigError(
            "config.value", f"{key} is an instant as 2026-11-22T08:00:00Z or a span as 30m, 2h, 3d"
        ) from None


# -- reading ----------------------------------------------------------------------------------------------------


async def listed(services: Services, wanted: Mapping[str, str]) -> dict[str, Any]:
    """`which`: asked (what we owe an answer to, due first; the default), given, all. `overdue=1`: only what is late."""
    await services.synced()
    me, now = services.members.me, services.clock.now_us()
    which = wanted.get("which", views.ASKED)
    if which not in (views.ASKED, views.GIVEN, views.ALL):
        raise ConfigError("config.value", "which is asked, given or all")
    text = wanted.get("limit", "")
    limit = min(int(text), _MOST) if text.isascii() and text.isdecimal() and len(text) < 9 else 50

    def ask(db: Reading) -> dict[str, Any]:
        found = views.overdue(db, me, now, limit) if wanted.get("overdue") else views.listed(db, me, which, limit)
        return {
            "warnings": [_told(services, db, one, now) for one in found],
            "counts": views.counts(db, me, now)._asdict(),
            "unread": [
                {"position": at, "member": member, "added": instant(added), "code": code}
                for at, member, added, code in views.unread(db, limit)
            ],
        }

    return await services.journal.database.read(ask)


async def shown(services: Services, warning: str) -> dict[str, Any]:
    """One warning with all that is known of each recipient. Raises AccessError("access.unknown-warning")."""
    await services.synced()
    found = await _named(services, warning)
    now = services.clock.now_us()

    def ask(db: Reading) -> dict[str, Any] | None:
        one = views.one(db, found)
        return _told(services, db, one, now, whole=True) if one else None

    made = await services.journal.database.read(ask)
    if made is None:
        raise _unknown()
    return made


async def is_hidden(services: Services, warning: str) -> bool:
    """Whether people are shown nothing of it: suspended, blocked, orphaned. What its giver took back is not meant."""

    def ask(db: Reading) -> bool:
        found = views.one(db, warning)
        return found is not None and bool(set(search.reasons(db, found.id, found.giver)) - _TAKEN)

    return await services.journal.database.read(ask)


async def _named(services: Services, text: str) -> str:
    """The id that begins so: the whole one, or enough of what follows `report--`."""
    ids = await services.journal.database.read(partial(views.beginning, start=text))
    if len(ids) != 1:
        raise _unknown()
    return ids[0]


def _unknown() -> AccessError:
    return AccessError("access.unknown-warning", "this node knows no warning with that id, or more than one begins so")


def _told(services: Services, db: Reading, one: Warned, now: int, *, whole: bool = False) -> dict[str, Any]:
    me = services.members.me
    recipients = views.recipients(db, one.id)
    mine = next((each for each in recipients if each.member == me), None)
    made: dict[str, Any] = {
        "id": one.id,
        "giver": one.giver,
        "channel": _channel(services, one.log),
        "topic": one.topic,
        "urgency": one.urgency,
        "marking": Tlp(one.marking).label,
        "added": instant(one.added),
        "answer_by": instant(one.answer_by),
        "withdrawn": bool(one.withdrawn),
        "state": views.state_of(mine, one.withdrawn, now).value if mine else None,
        "overdue": _late(mine, one, now) if mine else any(_late(each, one, now) for each in recipients),
        "counts": {
            "asked": len(recipients),
            "stored": sum(each.stored is not None for each in recipients) if one.giver == me else None,
            "acknowledged": sum(each.acknowledged is not None for each in recipients),
            "answered": sum(each.answered is not None for each in recipients),
            "overdue": sum(_late(each, one, now) for each in recipients),
        },
        **_said(views.text(db, one), whole=whole),
    }
    if whole or one.giver == me:
        made["recipients"] = [_recipient(db, me, one, each, now) for each in recipients]
    return made


def _said(found: Alert | None, *, whole: bool) -> dict[str, Any]:
    """What the warning says; nothing of it where it was erased."""
    if found is None:
        return {"headline": None}
    brief = {"headline": found.headline, "status": found.status.value, "threatened": found.threatened}
    if not whole:
        return brief
    return {
        **brief,
        "todo": found.todo,
        "countries": list(found.countries),
        "place": found.place or None,
        "from": instant(found.since) if found.since else None,
        "until": instant(found.until) if found.until else None,
        "reliability": found.reliability,
        "credibility": found.credibility,
        "about": list(found.about),
        "created": instant(found.created),
        "modified": instant(found.modified),
        "policy": escalation.policy_said(found.policy),
    }


def _late(one: Recipient, warned: Warned, now: int) -> bool:
    return one.answered is None and not warned.withdrawn and one.answer_by < now


def _recipient(db: Reading, me: str, warned: Warned, one: Recipient, now: int) -> dict[str, Any]:
    word = views.word(db, one)
    standing = views.standing(db, me, warned.id, one.member, now)
    due = standing.due if standing else None
    return {
        "member": one.member,
        "stored": instant(one.stored) if one.stored else None,
        "acknowledged": instant(one.acknowledged) if one.acknowledged else None,
        "answered": instant(one.answered) if one.answered else None,
        "answer": one.answer,
        "until": instant(word.until) if word and word.until else None,
        "desk": word.desk or None if word else None,
        "comment": word.comment or None if word else None,
        "state": standing.state.value if standing else None,
        "level": one.level,
        "escalated": one.escalated,
        "next": {"at": instant(due.at), "level": due.level} if due else None,
        "overdue": _late(one, warned, now),
    }


def _channel(services: Services, log: int) -> str:
    number = services.logs.numbered(log).channel
    return next((one.name for one in services.members.generations() if one.number == number), "")


async def happened(services: Services, rows: Sequence[Row]) -> dict[int, dict[str, Any]]:
    """For `tocsin watch`: what these rows say of warnings, by position."""
    if not any(map(views.may_tell, rows)):
        return {}
    await services.synced()
    found = await services.journal.database.read(lambda db: views.happened(db, rows))
    return {
        position: {**one._asdict(), "answer_by": instant(one.answer_by) if one.answer_by else None}
        for position, one in found.items()
    }
