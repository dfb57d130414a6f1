"""Who the preview names is who opens the sealed frame: over random rosters, exclusions, markings and changes of membership."""

import asyncio
import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tocsin.errors import PolicyError, TocsinError
from tocsin.exchange.publish import audience
from tocsin.exchange.publish.spooled import MemorySpool
from tocsin.formats.markings import ChannelKind
from tocsin.formats.tlp import Tlp, marking_id
from tocsin.testing.federation import Federation
from tocsin.testing.virtualtime import run

HANDLES = ("aa", "bb", "cc", "dd")
OTHERS = HANDLES[1:]


def report(number, level):
    at = "2026-01-01T00:00:00.000Z"
    return json.dumps(
        {
            "type": "malware",
            "spec_version": "2.1",
            "id": f"malware--{number:08x}-0000-4000-8000-000000000000",
            "created": at,
            "modified": at,
            "name": f"thing {number}",
            "is_family": False,
            "object_marking_refs": [marking_id(level)],
        }
    ).encode()


cases = st.fixed_dictionaries(
    {
        "roster": st.sets(st.sampled_from(OTHERS), min_size=1),
        "excluded": st.sets(st.sampled_from(OTHERS)),
        "plenary": st.booleans(),
        "levels": st.lists(st.sampled_from(list(Tlp)), min_size=1, max_size=3),
        "change": st.sampled_from(["none", "leave", "join"]),
        "seed": st.integers(0, 1000),
    }
)


MOVED = {"roster": {"bb", "cc"}, "excluded": set(), "plenary": False, "levels": [Tlp.GREEN], "seed": 1}


async def changed(fed, change):
    """Membership of the channel moves, by everybody's word, if it can."""
    core = fed.core("aa")
    roster = core.members.channel("group").roster
    if change == "leave" and len(roster) > 2:
        await fed.core(max(roster)).acts.leave("group")
    elif change == "join" and (new := sorted(set(HANDLES) - roster)):
        proposed = await core.acts.propose_roster("group", new[:1], [])
        for one in sorted(proposed.roster - {"aa"}):
            for _ in range(100):
                try:
                    await fed.core(one).acts.agree("group")
                    break
                except TocsinError:
                    await fed.network.clock.sleep(0.05)
    else:
        return
    await fed.until(lambda: core.members.channel("group").roster != roster)
    await fed.network.clock.sleep(1)


async def holders(fed, ids):
    out = set()
    for handle in HANDLES:
        held = await fed.core(handle).world.database.read(
            lambda db: db.query("SELECT object_id FROM journal_rows WHERE kind = 1")
        )
        if ids & {row[0] for row in held}:
            out.add(handle)
    return out


async def story(case):
    fed = Federation(asyncio.get_running_loop(), HANDLES, case["seed"])
    await fed.found(Tlp.AMBER)
    try:
        group = {"aa", *case["roster"]} - case["excluded"]
        if len(group) > 1:
            await fed.channel("group", ChannelKind.THEMATIC, ["aa", *sorted(group - {"aa"})], named=True)
        name = "plenary" if case["plenary"] or len(group) < 2 else "group"
        core = fed.core("aa")
        shown, given_ = core.members.channel(name), []
        made = [report(number, level) for number, level in enumerate(case["levels"])]

        async def decided(channel):
            share = core.share(channel, None, MemorySpool())
            assert share.check(made) == []
            async for refused in share.decide():
                given_.extend(refused)
            return share

        preview = (await decided(shown)).plan()
        refused = {one.object_id for one in given_}
        if name == "group":
            await changed(fed, case["change"])
        now = core.members.channel(name)
        ids = {json.loads(one)["id"] for one in made} - refused
        sealing = await decided(now)
        try:
            audience.require(sealing.plan(), digest=preview.digest.hex())
            _ = [one async for one in sealing.commit(core.publisher, core.world.clock.now_us)]
        except PolicyError as error:
            assert error.code == "policy.audience-changed"
            assert audience.readers(now) != preview.readers or now.version != shown.version
            assert await holders(fed, ids) == set()
            return
        await fed.settled()
        assert preview.readers == audience.readers(now)
        assert await holders(fed, ids) == (set(preview.readers) if ids else set())
    finally:
        await fed.stop()


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(cases)
@example({**MOVED, "change": "join"})
@example({**MOVED, "change": "leave"})
@example({**MOVED, "change": "none"})
def test_who_is_shown_is_who_can_read(case):
    run(lambda: story(case))
