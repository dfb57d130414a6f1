"""Every figure against a slow oracle; what is derived again is the same; padding and flattery change nothing."""

import asyncio

import pytest
from fairness_oracle import Oracle
from fairness_story import CHANNELS, DAY, LOGS, ME, MEMBERS, NOW, STEPS, VALUES, Community, claim, play, steps_of, store
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.exchange.fairness import gathering
from tocsin.exchange.fairness.gathering import Memory

SOME = settings(max_examples=150)


def pair_sizes(community, other):
    """What both hold: of my logs what the other has receipted (all of it), of the others what is here."""
    return {log: size for log, size in community.sizes.items() if {ME, other} <= set(CHANNELS[log[0]][1])}


async def receipted(community):
    for log in LOGS:
        if log[1] == ME and community.sizes.get(log):
            for other in CHANNELS[log[0]][1]:
                if other != ME:
                    await community.receipt(log, other, community.sizes[log])


def told(community, since=0, until=2**62, as_of=NOW, memory=None):
    """Everything the room tells, without the parts that an oracle is not asked for."""

    def work(snapshot):
        rows = {other: snapshot.row(snapshot.common(other), ME, other) for other in MEMBERS if other != ME}
        return {"own": snapshot.own(), "rows": rows, "plenary": snapshot.plenary()}

    return community.look(work, since=since, until=until, as_of=as_of, memory=memory)


def wanted(community, since=0, until=2**62):
    rows = {}
    for other in MEMBERS:
        if other == ME:
            continue
        sizes = pair_sizes(community, other)
        oracle = Oracle(community.entries, sizes)
        ways = lambda channel, o=oracle, b=other: {
            "gave": o.figures(ME, {b}, channel, since, until),
            "got": o.figures(b, {ME}, channel, since, until),
        }
        channels = sorted({log[0] for log in sizes})
        rows[other] = {"channels": [{"channel": one, **ways(one)} for one in channels], "total": ways(None)}
    return rows


@pytest.mark.slow
@SOME
@given(STEPS, st.one_of(st.none(), st.tuples(st.integers(0, 40), st.integers(0, 40))))
def test_every_figure_is_what_the_oracle_says(steps, period):
    async def main():
        community = Community(store())
        await play(community, steps)
        await receipted(community)
        since, until = (NOW - 100 * DAY + one * DAY for one in sorted(period)) if period else (0, 2**62)
        found = await told(community, since, until)
        assert found["rows"] == wanted(community, since, until)
        whole = Oracle(community.entries, community.sizes)
        for one in found["own"]["channels"]:
            channel, received = one.pop("channel"), one.pop("received")
            assert one == whole.figures(ME, None, channel, since, until)
            assert received == {other: one["given"] for other in CHANNELS[channel][1] if other != ME}
        assert found["own"]["total"] == whole.figures(ME, None, None, since, until)

    asyncio.run(main())


@pytest.mark.slow
@SOME
@given(STEPS)
def test_what_is_derived_again_is_the_same_also_after_erasing_and_sweeping(steps):
    async def main():
        community = Community(store())
        await play(community, steps)
        await receipted(community)
        live = await told(community)
        await community.rebuild()
        assert await told(community) == live
        # A month later some of it has expired. Whether this node has swept yet makes no difference.
        later = NOW + 11 * DAY
        before = await told(community, as_of=later)
        await community.erase([one for one in community.entries if one.keep and one.keep <= later])
        community.now = later
        assert await told(community, as_of=later) == before
        await community.ledger.let_go()
        assert await told(community, as_of=later) == before
        await community.rebuild()
        assert await told(community, as_of=later) == before

    asyncio.run(main())


@pytest.mark.slow
@settings(SOME, max_examples=60)  # each computes everything sixteen times
@given(STEPS, STEPS, st.integers(0, 40))
def test_what_is_remembered_is_what_is_computed_anew(steps, more, since):
    async def main():
        community, memory = Community(store()), Memory()
        late, later = NOW - since * DAY, NOW + 11 * DAY

        async def same():
            for period in ({}, {"since": late}, {"as_of": later}, {}):
                assert await told(community, **period, memory=memory) == await told(community, **period)

        await play(community, steps)
        await receipted(community)
        await same()
        await play(community, more)
        await same()
        await receipted(community)
        await same()
        await community.erase([one for one in community.entries if one.keep and one.keep <= later])
        community.now = later
        await community.ledger.let_go()
        await same()
        await community.rebuild()
        await same()

    asyncio.run(main())


def test_what_is_linked_is_gathered_once_for_each_state(monkeypatch):
    async def main():
        community, memory, asked = Community(store()), Memory(), []
        real = gathering.linked
        monkeypatch.setattr(gathering, "linked", lambda *told: asked.append(1) or real(*told))
        await play(community, steps_of(3))
        for _ in range(3):
            await told(community, memory=memory)
        assert len(asked) == 1
        await play(community, steps_of(4))
        await told(community, memory=memory)
        assert len(asked) == 2

    asyncio.run(main())


def test_a_warning_given_again_counts_in_the_period_it_was_given_and_once():
    async def main():
        community, log = Community(store()), ("aa-bb", ME)
        first, early = (claim(len(VALUES) - 1, number, None, 0) for number in range(2))
        for (made, truth), at in ((first, 1), (early, 1), (early, 2), (first, 5), (first, 6)):
            await community.say(*log, made, at=NOW + at, truth=truth)
        await community.index()
        await receipted(community)
        gave = (await told(community, since=NOW + 4, until=NOW + 8))["rows"]["bb"]["total"]["gave"]
        assert (gave["given"], gave["claims"], gave["warnings"]) == (2, 1, 1)

    asyncio.run(main())


def test_what_became_a_warning_later_was_none_for_who_has_not_got_so_far():
    async def main():
        community, log = Community(store()), ("aa-bb", ME)
        made, truth = claim(len(VALUES) - 1, 0, None, 0)
        plain = {name: one for name, one in made.items() if name != "extensions"}
        for said in (plain, plain, made):
            await community.say(*log, said, at=NOW, truth=truth)
        await community.index()
        await community.receipt(log, "bb", 2)
        gave = (await told(community))["rows"]["bb"]["total"]["gave"]
        assert (gave["given"], gave["claims"], gave["warnings"]) == (2, 1, 0)
        await community.receipt(log, "bb", 3)
        gave = (await told(community))["rows"]["bb"]["total"]["gave"]
        assert (gave["given"], gave["claims"], gave["warnings"]) == (3, 1, 1)

    asyncio.run(main())
