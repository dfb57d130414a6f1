"""A federation of three in which somebody shares through the console: drafts, and how far they are."""

import asyncio
import re
from contextlib import asynccontextmanager
from html import unescape

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


def fields(html):
    """What stands in the form's fields."""
    found = dict(re.findall(r'<input[^>]*name="([a-z_]+)"[^>]*value="([^"]*)"', html))
    found |= dict(re.findall(r'<textarea[^>]*name="([a-z_]+)"[^>]*>([^<]*)</textarea>', html))
    for name, options in re.findall(r'<select[^>]*name="([a-z_]+)"[^>]*>(.*?)</select>', html, re.DOTALL):
        found[name] = next(
            (one or two for one, two in re.findall(r'<option(?: value="([^"]*)")? selected[^>]*>([^<]*)', options)), ""
        )
    return {name: unescape(value) for name, value in found.items()}
