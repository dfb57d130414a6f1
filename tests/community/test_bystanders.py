"""One member in trouble is that member's trouble: the others neither wait for it nor carry it."""

import asyncio
import statistics

from tocsin.formats.markings import ChannelKind
from tocsin.testing.chance import SeededEntropy


async def latencies(story, ill):
    """Virtual seconds from share to receipt at every other pair, for 20 shares by aa."""
    core = story.fed.core("aa")
    clock = story.fed.network.clock
    others = [handle for handle in story.fed.nodes if handle not in ("aa", ill)]
    log = core.logs.get(core.members.channel("plenary").slots["aa"])
    taken = []
    for _ in range(20):
        begun = clock.monotonic()
        await story.begin("aa", "plenary", 30)
        while any(core.receipts.size(log, handle) < log.size for handle in others):
            await clock.sleep(0.001)
        taken.append(clock.monotonic() - begun)
    return taken


def measure(simulate, harm):
    async def work(story):
        harm(story.fed.network)
        taken = await latencies(story, "dd")
        story.fed.network.heal_all()
        await story.heal()
        await story.judge()
        return taken

    return simulate(5, work, members=5)


def test_a_slow_or_silent_member_does_not_delay_the_others(simulate):
    healthy = statistics.median(measure(simulate, lambda network: None))
    ways = {
        "slow": lambda network: network.slow("dd", 500.0),
        "black hole": lambda network: network.black_hole("aa", "dd"),
        "cut off": lambda network: network.isolate("dd"),
    }
    for name, harm in ways.items():
        taken = measure(simulate, harm)
        assert statistics.median(taken) <= healthy * 1.1 + 0.002, name
        assert max(taken) <= healthy * 3 + 0.01, name


def test_what_waits_for_a_silent_member_is_bounded(simulate):
    async def work(story):
        story.fed.network.black_hole("aa", "bb")
        for _ in range(60):
            await story.begin("aa", "plenary", 20)
        await story.fed.network.clock.sleep(5.0)
        waiting = story.fed.core("aa").links.standing["bb"].session.sender.waiting()
        story.fed.network.heal_all()
        await story.heal()
        await story.judge()
        return waiting

    assert 0 < simulate(11, work) <= 16


def test_an_outsider_holds_nothing_and_a_member_everything(simulate):
    async def work(story):
        await story.fed.channel("ports", ChannelKind.THEMATIC, ["aa", "bb"])
        await asyncio.gather(story.begin("aa", "ports", 50), story.begin("bb", "ports", 50))
        await story.heal()
        await story.judge()
        needle = b"canary-of-ports"
        return {
            handle: any(needle in data for data in node.storage.files().values())
            for handle, node in story.fed.nodes.items()
        }

    # The search itself can find: it does at the members, so that its silence about the outsider means something.
    assert simulate(2, work) == {"aa": True, "bb": True, "cc": False}


def test_a_marking_definition_of_one_member_is_understood_when_another_uses_it(simulate):
    definition = (
        b'{"created":"2026-01-01T00:00:00.000Z","definition":{"statement":"For the community"},'
        b'"definition_type":"statement","id":"marking-definition--6a1b2c3d-0000-4000-8000-00000000000a",'
        b'"spec_version":"2.1","type":"marking-definition"}'
    )
    used = (
        b'{"created":"2026-01-01T00:00:00.000Z","id":"tool--6a1b2c3d-0000-4000-8000-00000000000b",'
        b'"modified":"2026-01-01T00:00:00.000Z","name":"marked","object_marking_refs":'
        b'["marking-definition--6a1b2c3d-0000-4000-8000-00000000000a"],"spec_version":"2.1","type":"tool"}'
    )

    async def work(story):
        fed = story.fed
        for handle, content in (("aa", definition), ("bb", used)):
            _, refused = await fed.share(handle, "plenary", [content], 1)
            assert not refused
            await fed.settled()
            for one in fed.nodes:
                await fed.core(one).synced()
        return [
            node.query("SELECT member, held FROM journal_rows WHERE held IS NOT NULL") for node in fed.nodes.values()
        ]

    assert simulate(4, work) == [[], [], []]


def test_clocks_that_step_back_between_starts_delay_nothing(simulate):
    async def work(story):
        fed = story.fed
        for offset in (600.0, 500.0, -600.0, -599.0, 0.0):
            await story.crash("aa")
            fed.nodes["aa"].clock.offset_s = offset
            await fed.restart("aa")
            await story.begin("aa", "plenary", 5)
            await fed.settled(20.0)
        await story.heal()
        await story.judge()
        return len(story.acknowledged["aa", "plenary"])

    assert simulate(9, work) == 25


def test_nothing_the_gate_lets_in_stops_a_follower(simulate):
    odd = (
        "2016-12-31T23:59:60Z",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999999Z",
        "2026-01-01T00:00:00.123456789Z",
    )

    async def work(story):
        taken = 0
        for number, instant in enumerate(odd):
            content = (
                f'{{"created":"{instant}","id":"tool--6a1b2c3d-0000-4000-8000-00000000000{number}",'
                f'"modified":"{instant}","name":"odd","spec_version":"2.1","type":"tool"}}'
            )
            batches, _ = await story.fed.share("aa", "plenary", [content.encode()], 1)
            taken += len(batches)
        await story.begin("aa", "plenary", 3)
        await story.heal()
        await story.judge()
        return taken

    assert simulate(3, work) >= 2


def test_what_is_shared_again_is_not_delivered_again(simulate, tool):
    async def work(story):
        objects = [tool(SeededEntropy(1), "plenary", 0)]
        ends = []
        for _ in range(3):
            await story.fed.share("aa", "plenary", objects, 1)
            await story.heal()
            ends.append(story.fed.nodes["bb"].query("SELECT COUNT(*) FROM journal_rows WHERE kind = 1")[0][0])
        return ends

    assert simulate(1, work) == [1, 1, 1]
