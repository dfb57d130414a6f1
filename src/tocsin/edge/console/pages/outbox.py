"""The outbox: what we have shared, who stored it, acknowledged it, answered, in how long, and what is open.

A share is what one checkpoint of ours added to one of our logs (exchange/deliver/shares.py).
"""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any, Final

from tocsin.edge.audit import Operation, Seen
from tocsin.edge.console.page import PAGE_ROWS, Answer, Call, Page, View
from tocsin.edge.console.problems import absent
from tocsin.edge.control.services import Services
from tocsin.exchange.deliver import shares
from tocsin.exchange.deliver.shares import Gist, Held, Piece, Sent
from tocsin.exchange.members.channels import Place
from tocsin.exchange.warn import sorts, standing, views
from tocsin.exchange.warn.standing import Standing
from tocsin.exchange.warn.views import Recipient
from tocsin.formats import correction
from tocsin.formats.text import instant
from tocsin.formats.tlp import Tlp
from tocsin.ports.database import Reading

_LOOKED: Final = 500  # shares looked at for one page: what the node says by itself is passed over
_FAR: Final = 100_000  # receipts looked through for one share


async def outbox(call: Call) -> Answer:
    """Newest first; `before` is the position that the page before ended at, `all` shows what the node says by itself."""
    control = call.control
    await control.synced()
    names = sorted({one.name for one in control.members.channels()})
    channel = call.asked("channel") if call.asked("channel") in names else ""
    places = {log: one for log, one in _places(control).items() if channel in ("", one.channel.name)}
    is_all, before, now_us = call.asked("all") == "1", call.number("before"), control.clock.now_us()

    def read(db: Reading) -> tuple[list[dict[str, Any]], int]:
        rows: list[dict[str, Any]] = []
        last = 0
        for looked, one in enumerate(shares.newest(db, places, before)):
            if len(rows) == PAGE_ROWS or looked == _LOOKED:
                return rows, last
            told = _line(control, db, one, places[one.log], now_us)
            if is_all or told["sort"] not in sorts.SPOKEN:
                rows.append(told)
            last = one.position
        return rows, 0

    rows, after = await control.journal.database.read(read)
    named = [Seen(one["first"], one["level"]) for one in rows if one["name"]]
    await control.audit.seen(call.use(Operation.SEARCH), named)
    return View("outbox.html", {"shares": rows, "next": after, "channel": channel, "channels": names, "all": is_all})


def _places(control: Services) -> dict[int, Place]:
    """Our own logs by number, and what each is for."""
    found = ((log.number, control.members.origin(log.slot)) for log in control.logs if log.origin == control.members.me)
    return {number: place for number, place in found if place is not None}


def _line(control: Services, db: Reading, one: Sent, place: Place, now_us: int) -> dict[str, Any]:
    """A share in one line: how many of those who can read it have stored, acknowledged, answered."""
    gist = shares.gist(db, one, now_us)
    sort = _sort(control, db, one, gist)
    held = shares.holders(db, one, sorted(place.channel.listed - {control.members.me}))
    asked = sorted((place.channel.roster | held.keys()) - {control.members.me})
    warned = {each.member: each for each in views.recipients(db, gist.object_id)} if sort == sorts.WARNING else {}
    return {
        "id": one.position,
        "at": instant(one.sent_at),
        "channel": place.channel.name,
        "kind": place.channel.kind.value,
        "urgent": place.is_urgent,
        "sort": sort,
        "marking": Tlp(gist.marking).label,
        "level": gist.marking,
        "objects": one.objects,
        "erased": gist.erased,
        "first": gist.object_id,
        "name": gist.name,
        "asked": len(asked),
        "stored": _fact([_took(one, held[each]) for each in asked if each in held]),
        "acknowledged": _fact(_waited(one, warned, "acknowledged")) if warned else None,
        "answered": _fact(_waited(one, warned, "answered")) if warned else None,
        "warned": len(warned),
        "open": [each for each in asked if each not in held][:PAGE_ROWS],
        "silent": [each.member for each in warned.values() if each.answered is None][:PAGE_ROWS],
    }


def _sort(control: Services, db: Reading, one: Sent, gist: Gist) -> str:
    if gist.orders == one.objects:
        return sorts.ORDER
    return sorts.of(db, control.members.me, one.position - one.objects + 1, one.position, gist.object_id)


def _took(one: Sent, held: Held) -> float:
    return max(0.0, (held.at - one.sent_at) / 1000.0)


def _waited(one: Sent, warned: Mapping[str, Recipient], what: str) -> list[float]:
    moments = (getattr(each, what) for each in warned.values())
    return [max(0.0, (at - one.sent_at) / 1000.0) for at in moments if at is not None]


def _fact(took: Sequence[float]) -> dict[str, Any]:
    """How many have done it, and in how long half of them had."""
    return {"count": len(took), "median_ms": round(median(took), 1) if took else None}


# -- one share ----------------------------------------------------------------------------------------------------


async def share(call: Call) -> Answer:
    """One share: per member the three facts with their times; the objects by pages; what was corrected or taken back."""
    control = call.control
    await control.synced()
    text = call.part("share")
    position = int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0
    start, now_us = call.number("from"), control.clock.now_us()
    places = _places(control)

    def read(db: Reading) -> dict[str, Any] | None:
        one = shares.of(db, position)
        if one is None or one.log not in places:
            return None
        pieces = shares.pieces(db, one, now_us, start, PAGE_ROWS + 1)
        return {
            **_line(control, db, one, places[one.log], now_us),
            "root": one.root.hex(),
            "end": one.end,
            "members": _members(control, db, one, places[one.log], now_us),
            "pieces": [_piece(control, db, each) for each in pieces[:PAGE_ROWS]],
            "next": pieces[PAGE_ROWS].seq if len(pieces) > PAGE_ROWS else 0,
        }

    told = await control.journal.database.read(read)
    if told is None:
        raise absent()
    named = [Seen(one["id"], one["level"]) for one in told["pieces"] if one["name"]]
    await control.audit.seen(call.use(Operation.READ), named)
    return View("sent.html", told)


def _members(control: Services, db: Reading, one: Sent, place: Place, now_us: int) -> list[dict[str, Any]]:
    me = control.members.me
    gist = shares.gist(db, one, now_us)
    held = shares.holders(db, one, sorted(place.channel.listed - {me}), _FAR)
    is_warning = _sort(control, db, one, gist) == sorts.WARNING
    warned = {each.member: each for each in views.recipients(db, gist.object_id)} if is_warning else {}
    log = control.logs.numbered(one.log)
    out = []
    for member in sorted((place.channel.roster | held.keys()) - {me}):
        stored, said = held.get(member), warned.get(member)
        out.append(
            {
                "member": member,
                "reads": member in place.channel.roster,
                "stored": instant(stored.at) if stored else None,
                "exact": stored.is_exact if stored else True,
                "stored_ms": round(_took(one, stored), 1) if stored else None,
                "covers": stored.size if stored else None,
                "signed_at": instant(stored.signed_at) if stored and stored.signed_at else None,
                "proof": shares.proof(db, control.members, log, member, stored) if stored else None,
                **_said(one, said, now_us),
            }
        )
    return out


def _said(one: Sent, said: Recipient | None, now_us: int) -> dict[str, Any]:
    """What a member that the warning asks has said to it."""
    if said is None:
        return {"asked": False}
    return {
        "asked": True,
        "acknowledged": instant(said.acknowledged) if said.acknowledged else None,
        "acknowledged_ms": round((said.acknowledged - one.sent_at) / 1000.0, 1) if said.acknowledged else None,
        "answered": instant(said.answered) if said.answered else None,
        "answered_ms": round((said.answered - one.sent_at) / 1000.0, 1) if said.answered else None,
        "answer": said.answer,
        "answer_by": instant(said.answer_by),
        "late": said.answered is None and said.answer_by < now_us,
    }


def _piece(control: Services, db: Reading, one: Piece) -> dict[str, Any]:
    changed = standing.of(db, control.members, correction.key(one.object_id)) if one.object_id else None
    return {
        "id": one.object_id,
        "name": one.name,
        "type": one.object_id.partition("--")[0],
        "seq": one.seq,
        "version": one.version,
        "marking": Tlp(one.marking).label,
        "level": one.marking,
        "held": one.held,
        "is_order": one.held == "order",
        "change": told_change(changed) if changed else None,
    }


def told_change(one: Standing) -> dict[str, Any]:
    """How a change of ours stands, with the reason of everybody who is open."""
    return {
        "object_id": one.object_id,
        "action": one.action,
        "version": one.version,
        "reason": one.reason,
        "added": instant(one.added_us) if one.added_us else None,
        "due": len(one.due),
        "confirmed": [
            {"member": each.member, "done_at": instant(each.done_us), "ms": (each.done_us - one.added_us) / 1000.0}
            for each in one.confirmed
        ],
        "open": [{"member": each.member, "code": each.why, "last_receipt": instant(each.last_us)} for each in one.open],
        "others": list(one.others),
    }


PAGES: Final = (
    Page("GET", "/share/outbox", outbox),
    Page("GET", "/share/outbox/{share}", share),
)
