"""Watch: what the duty officer sees first, what is pushed to it, and the words said to a warning from any page."""

import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from starlette.responses import Response

from tocsin.edge.audit import Operation, Seen
from tocsin.edge.console import permissions
from tocsin.edge.console.live import ASKED, GIVEN, Board, Push, card
from tocsin.edge.console.page import PAGE_ROWS, Answer, Call, Go, Page, View
from tocsin.edge.console.pages import interests, world
from tocsin.edge.console.pages.signing import local
from tocsin.edge.console.problems import absent, status_of
from tocsin.edge.console.stream import Reader, Stream
from tocsin.edge.control import warning as warnings
from tocsin.errors import AccessError, ConfigError, FormatError, PolicyError, TocsinError
from tocsin.exchange.warn import board as room
from tocsin.exchange.warn import views
from tocsin.formats.text import instant
from tocsin.formats.tlp import Tlp

_ID: Final = re.compile(r"report--[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


async def first(call: Call) -> Answer:
    """Watch; who only administers begins at the node's health."""
    if not permissions.may("GET", "/warnings", call.person.roles):
        return Go("/admin")
    return await _watch(call)


async def _watch(call: Call, error: TocsinError | None = None) -> View:
    board = await call.desk.live.board()
    cards = list(board.cards.values())
    await call.control.audit.seen(call.use(Operation.READ), _seen(cards))
    began = call.session.created if call.session else call.control.clock.now_us()
    since = await call.control.journal.database.read(partial(room.since, me=call.control.members.me, instant=began))
    answering = call.asked("answer") or (call.part("warning") if error else "")
    return View(
        "watch.html",
        {
            "warnings": cards,
            **_about(call, board),
            "where": await world.where(call),
            "news": await interests.of_interest(call),
            "since": {"from": instant(began), **since._asdict()},
            "cursor": call.desk.live.cursor(board),
            "now_ms": call.control.clock.now_us() // 1000,
            "most": ASKED + GIVEN,
            "answering": board.cards.get(answering),
            "said": {name: call.said(name) for name in ("answer", "until", "note")},
            "error": error.code if error else "",
            "what": error.what if error else "",
        },
        status_of(error) if error else 200,
    )


def _about(call: Call, board: Board) -> dict[str, Any]:
    """What stands around the cards."""
    due = board.due
    return {
        "plate": {
            "open": due.open,
            "overdue": due.overdue,
            "unacknowledged": due.unacknowledged,
            "next": instant(due.next) if due.next is not None else None,
            "next_ms": due.next // 1000 if due.next is not None else None,
            "up": board.up,
            "peers": board.peers,
            "position": board.position,
        },
        "rest": board.rest,
        "acts": permissions.may("POST", "/w/{warning}/answers", call.person.roles),
    }


def _seen(cards: Sequence[Mapping[str, Any]]) -> list[Seen]:
    return [Seen(one["id"], Tlp.parse(one["marking"])) for one in cards]


# -- what is pushed -----------------------------------------------------------------------------------------------


async def events(call: Call) -> Answer:
    """Server-sent events from a cursor on: the browser's last, or that of the page."""
    if call.desk.seats.is_full:
        raise AccessError("access.too-many-readers", "as many people follow Watch as this node serves")
    cursor = call.request.headers.get("last-event-id", "")[:64] or call.asked("since")
    await call.desk.live.board()  # an error of the store is told before the stream begins
    reader = Reader(call.person.name, cursor, partial(_may_read, call), partial(_pushed, call, set()))
    return Stream(call.desk, reader)


async def _may_read(call: Call) -> bool:
    """Asked before everything that is sent: a session ends by time or by somebody's hand, a role may be taken."""
    session = await call.services.door.sessions.find(call.token)
    return session is not None and permissions.may("GET", "/events", session.person.roles)


async def _pushed(call: Call, written: set[str], push: Push, before: str) -> str:
    """`written`: what this reader was shown on the map and the audit trail has already."""
    found, drawn = await call.desk.live.once(world.view(call), partial(world.pushed, call))
    fresh = [one for one in found if one.object_id not in written]
    await call.control.audit.seen(call.use(Operation.READ, "pushed to Watch"), [*_seen(push.cards), *fresh])
    written.update(one.object_id for one in fresh)
    beside = {"where": drawn, "news": await interests.of_interest(call)}
    return _part(call, push, beside, f"{before} {push.board.serial} {drawn['view']} {sorted(call.person.roles)}")


def _part(call: Call, push: Push, beside: Mapping[str, Any] | None = None, same: str = "") -> str:
    """Without what stands `beside` that stays as it is: who acts is pushed the rest in a moment."""
    about = {**_about(call, push.board), **(beside or {"where": None, "news": None})}
    data = {**about, "warnings": push.cards, "gone": push.gone, "new": len(push.new), "is_whole": push.is_whole}
    return call.shown("push.html", data, f"{same} {about['acts']}" if same else "")


# -- what is said -------------------------------------------------------------------------------------------------


async def answer(call: Call) -> Answer:
    """Acknowledge, or answer: `answer` empty or one of the four words, `until`, `note`; `to` is the page to go on to."""
    id_ = await _acted_on(call)
    note = call.written("note").strip()
    body = {"answer": call.said("answer"), "until": call.said("until").strip(), "comment": note, "desk": "duty-officer"}
    try:
        await warnings.answer(call.control, id_, {key: value for key, value in body.items() if value})
    except (PolicyError, FormatError, ConfigError) as error:
        if call.is_part:
            raise
        return await _watch(call, error)
    except AccessError as error:
        raise absent() from error
    return await _done(call, id_, "answered" if call.said("answer") else "acknowledged")


async def escalate(call: Call) -> Answer:
    """Page the next level: ours, or of our own warning those of everybody who is silent."""
    id_ = await _acted_on(call)
    try:
        await call.control.watchkeeping.pager.escalate(id_)
    except PolicyError as error:
        if call.is_part:
            raise
        return await _watch(call, error)
    except AccessError as error:
        raise absent() from error
    return await _done(call, id_, "escalated")


async def _acted_on(call: Call) -> str:
    id_ = call.part("warning")
    if not _ID.fullmatch(id_) or await warnings.is_hidden(call.control, id_):
        raise absent()
    await call.control.audit.record(call.use(Operation.DECIDE, call.request.url.path), [id_])
    return id_


async def _done(call: Call, id_: str, done: str) -> Answer:
    if not call.is_part:
        return Go(local(call.said("to") or "/"), done)
    board = await call.desk.live.board()
    found = call.desk.live.card(id_)
    push = Push(board, (found,) if found else (), () if found else (id_,), (), is_whole=False)
    return Response(_part(call, push), media_type="text/html")


# -- all of them --------------------------------------------------------------------------------------------------


async def listed(call: Call) -> Answer:
    """Every warning, the newest first: those that ask us, that we gave, or all; `before` goes on."""
    control, which = call.control, call.asked("which")
    which = which if which in (views.ASKED, views.GIVEN, views.ALL) else views.ALL
    await control.synced()
    now, me, before = control.clock.now_us(), control.members.me, call.number("before")

    def ask(db: Any) -> list[dict[str, Any]]:
        found = room.listed(db, me, which, before, PAGE_ROWS + 1)
        said = room.texts(db, [one.warned for one in found])
        return [{**card(control, one, said[one.warned.position], now), "at": one.warned.added} for one in found]

    rows = await control.journal.database.read(ask)
    await control.audit.seen(call.use(Operation.SEARCH), _seen(rows[:PAGE_ROWS]))
    return View(
        "warnings.html",
        {
            "which": which,
            "warnings": rows[:PAGE_ROWS],
            "next": rows[PAGE_ROWS - 1]["at"] if len(rows) > PAGE_ROWS else 0,
            "now_ms": now // 1000,
        },
    )


PAGES: Final = (
    Page("GET", "/", first),
    Page("GET", "/events", events, has_twin=False),
    Page("GET", "/warnings", listed),
    Page("POST", "/w/{warning}/answers", answer, records=None),
    Page("POST", "/w/{warning}/escalations", escalate, records=None),
)
