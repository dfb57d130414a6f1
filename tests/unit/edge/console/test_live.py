"""The board and its stream: cursors, what is coalesced, who reads slowly, whose session ends, what was erased."""

import asyncio

import pytest

from tocsin.edge.console import stream
from tocsin.edge.console.live import BEAT_S, COALESCED_S
from tocsin.edge.console.stream import OF_ONE, Seats
from tocsin.edge.control import erasing
from tocsin.errors import StoreError
from tocsin.exchange.warn.warnings import Wish
from tocsin.formats.alert import Topic, Urgency
from tocsin.formats.markings import ChannelKind
from tocsin.formats.tlp import Tlp


async def warn(house, count=1, start=0):
    bb = house.federation.core("bb")
    said = (Topic.CYBER, Urgency.ROUTINE, "ports", "Look at the logs.", Tlp.GREEN)
    warnings = bb.rooms.watchkeeping.warnings
    made = [
        await warnings.issue(
            bb.members.channel("plenary"), Wish(f"Warning {number}", *said, key=f"warning-{number:04}")
        )
        for number in range(start, start + count)
    ]
    await house.federation.settled()
    await asyncio.sleep(1)  # the first level is paged
    return [one.id for one in made]


def desk(house):
    """What the console of the house shares among its readers."""
    found = [cell.cell_contents for cell in house.app.__closure__ if hasattr(cell.cell_contents, "router")]
    route = next(one for one in found[0].routes if one.path == "/events")
    return route.endpoint.func.__self__._desk


class Tab:
    """A stream as a browser has it; `slow` takes nothing after the headers."""

    def __init__(self, house, browser, cursor, *, slow=False, last=""):
        self.text, self.slow, self.sent = "", slow, 0
        self._gone = asyncio.Event()
        cookie = "; ".join(f"{key}={value}" for key, value in browser.cookies.items())
        scope = {
            "type": "http", "method": "GET", "path": "/events", "raw_path": b"/events", "root_path": "", "scheme": "http",
            "query_string": f"since={cursor}".encode(), "client": ("192.0.2.1", 50000), "server": ("127.0.0.1", 7401),
            "headers": [(b"host", b"127.0.0.1:7401"), (b"cookie", cookie.encode()), (b"last-event-id", last.encode())],
        }  # fmt: skip
        self.task = asyncio.ensure_future(house.app(scope, self._receive, self._send))

    async def _receive(self):
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message):
        self.sent += 1
        if self.slow and self.sent > 2:
            await asyncio.Event().wait()
        self.text += message.get("body", b"").decode()

    async def close(self):
        self._gone.set()
        await self.task

    @property
    def pushes(self):
        return [one for one in self.text.split("\n\n") if one.startswith("id: ")]


async def opened(house, browser):
    told = (await browser.ask("/index.json")).json
    return told, told["cursor"]


@pytest.mark.slow
def test_what_is_committed_before_a_page_is_on_it_and_what_comes_after_is_pushed_once(visit):
    async def story(house):
        browser = await house.enroll("duty", "duty")
        first = await warn(house)
        told, cursor = await opened(house, browser)
        assert [one["id"] for one in told["warnings"]] == first
        tab = Tab(house, browser, cursor)
        await asyncio.sleep(2)
        assert tab.pushes == []
        second = await warn(house, start=1)
        await asyncio.sleep(2)
        assert sum(f'id="w-{second[0][8:]}"' in one for one in tab.pushes) >= 1
        assert not any(f'id="w-{first[0][8:]}"' in one for one in tab.pushes)
        assert sum("1 new warning" in one for one in tab.pushes) == 1
        await tab.close()

    visit(story)


@pytest.mark.slow
def test_a_burst_is_a_few_pushes_and_not_one_for_each(visit):
    async def story(house):
        browser = await house.enroll("duty", "duty")
        _, cursor = await opened(house, browser)
        tab = Tab(house, browser, cursor)
        await asyncio.sleep(1)
        began = house.clock.monotonic()
        ids = await warn(house, 40)
        await asyncio.sleep(2)
        took = house.clock.monotonic() - began
        assert 0 < len(tab.pushes) <= took / COALESCED_S + 2
        assert all(f'id="w-{one[8:]}"' in tab.text for one in ids)
        await tab.close()

    visit(story)


@pytest.mark.slow
def test_a_look_that_took_long_is_followed_by_the_next_within_a_beat(visit):
    async def story(house):
        browser = await house.enroll("duty", "duty")
        _, cursor = await opened(house, browser)
        tab = Tab(house, browser, cursor)
        await asyncio.sleep(1)
        live = desk(house).live
        live._kept.cost_s = 60.0
        (first,) = await warn(house)
        live._kept.cost_s = 60.0
        before = len(tab.pushes)
        (second,) = await warn(house, start=1)
        await asyncio.sleep(2 * BEAT_S)
        assert len(tab.pushes) > before
        assert f'id="w-{first[8:]}"' in tab.text
        assert f'id="w-{second[8:]}"' in tab.text
        await tab.close()

    visit(story)


@pytest.mark.slow
def test_a_cursor_goes_on_where_it_was_and_one_of_another_run_gets_the_whole(visit):
    async def story(house):
        browser = await house.enroll("duty", "duty")
        first = await warn(house)
        _, cursor = await opened(house, browser)
        second = await warn(house, start=1)
        live = desk(house).live
        await live.board()
        push = live.since(cursor)
        assert ([one["id"] for one in push.cards], push.is_whole, push.new) == (second, False, tuple(second))
        assert live.since(live.cursor(push.board)) is None
        for strange in ("", "x", "-1", "other-3", f"{cursor}9", cursor.replace("-", "-9", 1)):
            whole = live.since(strange)
            assert whole.is_whole, strange
            assert {one["id"] for one in whole.cards} == {*first, *second}

    visit(story)


@pytest.mark.slow
def test_who_comes_back_goes_on_after_the_last_event_and_not_after_the_page(visit):
    """A browser sends both: what its page was made with, and the id of what it got last."""

    async def story(house):
        browser = await house.enroll("duty", "duty")
        _, cursor = await opened(house, browser)
        seen = await warn(house)
        _, last = await opened(house, browser)
        unseen = await warn(house, start=1)
        tab = Tab(house, browser, cursor, last=last)
        await asyncio.sleep(2)
        assert f'id="w-{unseen[0][8:]}"' in tab.text
        assert f'id="w-{seen[0][8:]}"' not in tab.text
        await tab.close()

    visit(story)


def test_a_stream_with_nothing_to_tell_beats(visit):
    """Whoever hears no beat for ten seconds takes the line for dead (static/watchdog.js)."""

    async def story(house):
        browser = await house.enroll("duty", "duty")
        _, cursor = await opened(house, browser)
        tab = Tab(house, browser, cursor)
        await asyncio.sleep(21)
        assert 5 <= tab.text.count("event: beat") <= 7
        await tab.close()

    visit(story)


@pytest.mark.slow
def test_a_deadline_that_passes_is_pushed_without_any_row(visit):
    async def story(house):
        browser = await house.enroll("duty", "duty")
        bb = house.federation.core("bb")
        soon = house.clock.now_us() + 20_000_000
        said = ("Soon", Topic.CYBER, Urgency.ROUTINE, "ports", "Look at the logs.", Tlp.GREEN)
        await bb.rooms.watchkeeping.warnings.issue(bb.members.channel("plenary"), Wish(*said, answer_by=soon))
        await house.federation.settled()
        await asyncio.sleep(3)
        told, cursor = await opened(house, browser)
        assert (told["plate"]["overdue"], told["warnings"][0]["overdue"]) == (0, False)
        tab = Tab(house, browser, cursor)
        await asyncio.sleep(5)
        assert tab.pushes == []
        await asyncio.sleep(20)
        assert len(tab.pushes) == 1
        assert "is-late" in tab.pushes[0]
        told, _ = await opened(house, browser)
        assert (told["plate"]["overdue"], told["warnings"][0]["overdue"]) == (1, True)
        await tab.close()

    visit(story)


@pytest.mark.slow
def test_a_reader_that_takes_nothing_is_let_go(visit):
    async def story(house):
        browser = await house.enroll("duty", "duty")
        _, cursor = await opened(house, browser)
        tab = Tab(house, browser, cursor, slow=True)
        await warn(house)
        await asyncio.sleep(stream.SLOW_S * 2 + 5)
        assert tab.task.done()
        assert not desk(house).seats._taken

    visit(story)


@pytest.mark.slow
def test_a_session_that_ends_ends_its_stream(visit):
    async def story(house):
        browser = await house.enroll("duty", "duty")
        _, cursor = await opened(house, browser)
        tab = Tab(house, browser, cursor)
        await asyncio.sleep(1)
        await house.door.sessions.close_of("duty")
        ids = await warn(house)
        await asyncio.sleep(10)
        assert tab.task.done()
        assert "event: ended" in tab.text
        assert ids[0][8:] not in tab.text

    visit(story)


def test_a_role_that_is_taken_ends_the_stream(visit):
    async def story(house):
        browser = await house.enroll("duty", "duty")
        _, cursor = await opened(house, browser)
        tab = Tab(house, browser, cursor)
        await asyncio.sleep(1)
        await house.people.set_roles("duty", ["administrator"])
        await asyncio.sleep(10)
        assert tab.task.done()
        assert "event: ended" in tab.text

    visit(story)


def test_the_oldest_window_of_a_person_makes_room(visit):
    async def story(_house):
        seats = Seats()
        taken = [seats.taken("amira") for _ in range(OF_ONE + 1)]
        wanted = [one.__enter__() for one in taken]
        assert [one.is_set() for one in wanted] == [True] + [False] * OF_ONE
        for one in taken:
            one.__exit__(None, None, None)
        assert not seats._taken

    visit(story)


def test_nothing_of_what_was_erased_stays_in_memory(visit):
    async def story(house):
        browser = await house.enroll("duty", "duty")
        said = ("Canary-7c", Topic.CYBER, Urgency.ROUTINE, "ports", "Look at the logs.", Tlp.GREEN)
        plenary = house.core.members.channel("plenary")
        made = await house.core.rooms.watchkeeping.warnings.issue(plenary, Wish(*said))
        await house.federation.settled()
        told, _ = await opened(house, browser)
        assert told["warnings"][0]["headline"] == "Canary-7c"
        kept = desk(house).live._kept
        assert b"Canary-7c" in repr(kept).encode()
        await erasing.give(house.control, {"object_id": made.id, "channel": "plenary", "reason": "test"})
        is_forgotten = "Canary-7c" not in repr(kept)
        assert is_forgotten
        told, _ = await opened(house, browser)
        assert [one["headline"] for one in told["warnings"]] in ([], [None])

    visit(story)


@pytest.mark.slow
def test_what_is_above_green_is_recorded_before_it_is_pushed_and_not_pushed_without(visit, monkeypatch):
    async def story(house):
        await house.federation.channel("quiet", ChannelKind.THEMATIC, ["aa", "bb"])
        browser = await house.enroll("duty", "duty")
        bb = house.federation.core("bb")

        async def amber(headline):
            said = (headline, Topic.CYBER, Urgency.ROUTINE, "ports", "Look at the logs.", Tlp.AMBER)
            await bb.rooms.watchkeeping.warnings.issue(bb.members.channel("quiet"), Wish(*said))
            await house.federation.settled()
            await asyncio.sleep(2)

        _, cursor = await opened(house, browser)
        tab = Tab(house, browser, cursor)
        await asyncio.sleep(1)
        await amber("First")
        assert "First" in tab.text
        newest = (await house.control.audit.listed(0, 1))[0]
        assert (newest["operation"], newest["highest"], newest["reason"]) == ("read", "TLP:AMBER", "pushed to Watch")

        async def full(*_):
            raise StoreError("store.full", "the disk is full")

        monkeypatch.setattr(type(house.control.audit), "record", full)
        await amber("Second")
        assert "Second" not in tab.text
        assert tab.task.done()

    visit(story)
