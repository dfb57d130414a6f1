"""Share: drafts, who will be able to read it, sealing exactly that, and the second person."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from tocsin.errors import TocsinError
from tocsin.formats.markings import ChannelKind
from tocsin.testing.federation import Federation
from tocsin.testing.virtualtime import run

REPORT = {"kind": "report", "title": "Harbour cranes", "text": "Three of them.", "topic": "cyber", "tlp": "TLP:GREEN"}
WARNING = {
    "kind": "warning",
    "headline": "Cranes stop",
    "topic": "cyber",
    "urgency": "immediate",
    "threatened": "cranes",
    "todo": "Look at them.",
    "tlp": "TLP:GREEN",
}


@pytest.fixture
def shares(make_house):
    """Run `work(house, author)` in a federation of three with a channel of two; the node works on drafts."""

    def running(work, described=None):
        async def inside():
            federation = Federation(asyncio.get_running_loop(), ["aa", "bb", "cc"], 7)
            for handle, said in (described or {}).items():
                federation.nodes[handle].described = said
            await federation.found()
            await federation.channel("pair", ChannelKind.THEMATIC, ["aa", "bb"], named=True)
            house = make_house(federation)
            try:
                async with working(house):
                    return await work(house, await house.enroll("amira", "analyst"))
            finally:
                await federation.stop()

        return run(inside)

    return running


@asynccontextmanager
async def working(house):
    task = asyncio.ensure_future(house.sealing.run())
    try:
        yield
    finally:
        task.cancel()


async def ready(house, browser, path, *states):
    """The draft's twin, once the node has gone on to one of these states."""
    for _ in range(600):
        found = (await browser.ask(f"{path}.json")).json
        if found["state"] in states:
            return found
        await house.clock.sleep(0.05)
    raise AssertionError(found)


async def composed(house, browser, form, channel="plenary"):
    """A draft that is shown: its address and its twin."""
    chosen = house.control.members.channel(channel).id
    reply = await browser.post("/share/new", "/share/new", **{"channel": chosen, **form})
    assert reply.status == 303, reply.text
    path = reply.header("location")
    return path, await ready(house, browser, path, "ready", "open")


async def sealed(house, browser, path, page, **form):
    reply = await browser.post(path, f"{path}/seal", digest=page["digest"], meant=page["shown"]["acknowledge"], **form)
    assert reply.status == 303, reply.text
    return await ready(house, browser, path, "sealed", "ready", "approval")


async def joined(house, handle):
    """One more in the channel of two, by everybody's word."""
    await house.core.acts.propose_roster("pair", [handle], [])
    for one in ("bb", handle):
        acts, pair = house.federation.core(one).acts, ("pair",)
        for _ in range(200):
            try:
                await acts.agree(*pair)
                break
            except TocsinError:
                await house.clock.sleep(0.05)
    await house.federation.until(lambda: len(house.core.members.channel("pair").roster) == 3)


async def held(house, handle):
    """Names of what a member holds."""
    core = house.federation.core(handle)
    rows = await core.world.database.read(
        lambda db: db.query("SELECT name, object_id, content FROM journal_rows WHERE kind = 1 ORDER BY position")
    )
    return [row[0] for row in rows]


def test_a_report_is_shown_and_sealed_for_exactly_those_who_were_shown(shares):
    async def story(house, browser):
        path, page = await composed(house, browser, REPORT, "pair")
        assert page["shown"]["count"] == 2
        assert [one["handle"] for one in page["shown"]["readers"]] == ["aa", "bb"]
        html = (await browser.ask(path)).text
        assert "Seal for 2 members" in html
        assert await held(house, "bb") == []
        done = await sealed(house, browser, path, page)
        assert (done["state"], done["outcome"]["shared"]) == ("sealed", 1)
        await house.federation.settled()
        assert (await held(house, "bb"), await held(house, "cc")) == (["Harbour cranes"], [])
        assert "1 object is sealed" in (await browser.ask(path)).text

    shares(story)


def test_a_moment_to_take_it_back_and_none_for_what_is_urgent(shares):
    async def story(house, browser):
        path, page = await composed(house, browser, REPORT, "pair")
        form = {"digest": page["digest"], "meant": page["shown"]["acknowledge"]}
        await browser.post(path, f"{path}/seal", **form)
        await house.clock.sleep(8)
        assert (await browser.ask(f"{path}.json")).json["state"] == "sealing"
        assert "Undo" in (await browser.ask(path)).text
        assert (await browser.post(path, f"{path}/undo")).status == 303
        await house.clock.sleep(60)
        assert (await browser.ask(f"{path}.json")).json["state"] == "ready"
        assert await held(house, "aa") == []
        path, page = await composed(house, browser, WARNING, "pair")
        await browser.post(path, f"{path}/seal", digest=page["digest"], meant=page["shown"]["acknowledge"])
        await house.clock.sleep(1)
        assert (await browser.ask(f"{path}.json")).json["state"] == "sealed"
        assert await held(house, "aa") == ["Cranes stop"]
        assert (await browser.post(path, f"{path}/undo")).status == 403

    shares(story)


def test_who_is_new_among_the_readers_is_acknowledged_by_name(shares):
    async def story(house, browser):
        path, page = await composed(house, browser, REPORT)
        assert page["shown"]["acknowledge"] == ["bb", "cc"]
        refused = await browser.post(path, f"{path}/seal", digest=page["digest"], meant=["bb"])
        assert refused.status == 403
        assert "policy.audience-unread" in refused.text
        assert (await sealed(house, browser, path, page))["state"] == "sealed"
        _, page = await composed(house, browser, {**REPORT, "title": "again"})
        assert page["shown"]["acknowledge"] == []

    shares(story)


def test_what_moved_since_it_was_shown_is_not_sealed_and_the_difference_is_told(shares):
    async def story(house, browser):
        path, page = await composed(house, browser, REPORT, "pair")
        await browser.post(path, f"{path}/seal", digest=page["digest"], meant=page["shown"]["acknowledge"])
        await joined(house, "cc")
        page = await ready(house, browser, path, "ready", "sealed")
        assert page["state"] == "ready"
        assert page["outcome"]["code"] == "policy.audience-changed"
        assert (page["outcome"]["joined"], page["outcome"]["left"]) == (["cc"], [])
        assert page["shown"]["count"] == 3
        assert "Come since:" in (await browser.ask(path)).text
        assert await held(house, "aa") == []
        assert (await sealed(house, browser, path, page))["state"] == "sealed"

    shares(story)
