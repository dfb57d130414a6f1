"""What does not pay: padding, duplicates, splitting, speaking for oneself, speaking twice, speaking of what one never got."""

import asyncio

import pytest
from fairness_story import DAY, ME, MEMBERS, NOW, STEPS, Community, claim, play, steps_of, store, word
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.exchange.fairness.figures import QUALITY

BEFORE = NOW - 200 * DAY
GAINS = ("first", "confirmed", "sighted", "used", "useful", "unique")


def padding(kind, number, steps, padder="bb"):
    """One more object that nobody sights, confirms or uses, and where it goes."""
    # What it has given itself, or what everybody can read and repeat.
    claims = [step for step in steps if step[0] == "claim" and (step[1][1] == padder or step[1][0] == "plenary")]
    if kind == "new" or not claims:
        made, truth = claim(8, 0, None, NOW - 1)
        made["id"] = truth["object"] = truth["value"] = f"tool--padding-{number}"
        return "plenary", made, truth
    _, log, which, old, author, _, _, _ = claims[number % len(claims)]
    made, truth = claim(which, old, author, NOW - 1)
    if kind == "split":  # the same said again under an id of its own
        made["id"] = truth["object"] = f"{made['type']}--split-{number}"
        if which >= 8:
            truth["value"] = made["id"]
    return log[0], made, truth


async def figures(community, member):
    def work(snapshot):
        rows = {one: snapshot.row(snapshot.common(one), ME, one)["total"] for one in MEMBERS if one != ME}
        return snapshot.own()["total"] if member == ME else rows[member]["got"]

    return await community.look(work)


async def standing(community):
    """Each member's figures as this node sees them."""
    return {member: await figures(community, member) for member in MEMBERS}


def above(found, who, figure):
    """Who stands above a member in a figure."""
    mine = found[who][figure]
    return {one for one in MEMBERS if found[one][figure] is not None and found[one][figure] > mine}


@pytest.mark.slow
@settings(max_examples=80)
@given(STEPS, st.sampled_from(MEMBERS), st.sampled_from(("new", "again", "split")))
def test_padding_raises_no_figure_of_quality_and_no_rank(steps, padder, kind):
    async def main():
        community = Community(store())
        await play(community, steps)
        before = await standing(community)
        for number in range(20):
            channel, made, truth = padding(kind, number, steps, padder)
            await community.say(channel, padder, made, at=NOW + DAY, truth=truth)
        await community.index()
        after = await standing(community)
        assert after[padder]["given"] == before[padder]["given"] + 20
        for figure in (*QUALITY, *GAINS):
            was, now = before[padder][figure], after[padder][figure]
            assert now is None or was is None or now <= was, figure
            assert was is not None or not now, figure
            if was is not None:
                assert above(after, padder, figure) >= above(before, padder, figure), figure
        for figure in ("share_ms", "answer_ms", "false", "judged"):
            assert after[padder][figure] == before[padder][figure], figure

    asyncio.run(main())


@pytest.mark.slow
def test_a_thousand_objects_that_nobody_wants_lower_what_is_measured_by_use():
    async def main():
        community = Community(store())
        for number in range(4):
            made, truth = claim(8, number, None, 0)
            await community.say("plenary", "bb", made, at=BEFORE + number, truth=truth)
            await community.say("plenary", "cc", word("sighting", made["id"], None)[0], at=BEFORE + DAY)
        await community.index()
        before = (await standing(community))["bb"]
        for number in range(1000):
            _, made, truth = padding("new", number, [])
            await community.say("plenary", "bb", made, at=NOW - DAY, truth=truth)
        await community.index()
        after = (await standing(community))["bb"]
        return before, after

    before, after = asyncio.run(main())
    # The row of aa and bb: it was cc that sighted, not aa.
    assert before["confirmed"] == after["confirmed"] == 4
    assert (before["claims"], after["claims"]) == (4, 1004)
    assert before["relevance"] == after["relevance"] == 0.0


VOICES = {
    "a recipient sights it": ([("plenary", "bb", "sighting", None)], {"sighted": 1, "judged": 1, "confirmed": 1}),
    "it sights it itself": ([("plenary", "aa", "sighting", None)], {"sighted": 0, "judged": 0, "confirmed": 0}),
    "said twice": (
        [
            ("plenary", "bb", "opinion", "disagree"),
            ("ports", "bb", "opinion", "disagree"),
            ("plenary", "cc", "opinion", "agree"),
        ],
        {"judged": 1, "false": 0},
    ),
    "the last word counts": (
        [("plenary", "bb", "opinion", "disagree"), ("plenary", "bb", "opinion", "agree")],
        {"judged": 1, "false": 0},
    ),
    "more say false": (
        [
            ("plenary", "bb", "opinion", "disagree"),
            ("ports", "cc", "opinion", "strongly-disagree"),
            ("plenary", "bb", "sighting", None),
        ],
        {"judged": 1, "false": 0, "sighted": 1},
    ),
    "false and nothing else": ([("plenary", "bb", "opinion", "disagree")], {"judged": 1, "false": 1, "sighted": 0}),
    "no opinion": ([("plenary", "bb", "opinion", "neutral")], {"judged": 0}),
    "seen no times": ([("plenary", "bb", "sighting", 0)], {"sighted": 0, "judged": 0}),
    "dd never got it": ([("plenary", "dd", "sighting", None)], {"sighted": 0, "judged": 0, "confirmed": 0}),
}


@pytest.mark.parametrize("name", VOICES)
def test_whose_word_counts(name):
    said, wanted = VOICES[name]

    async def main():
        community = Community(store())
        made, truth = claim(0, 0, None, 0)
        await community.say("ports", "aa", made, at=BEFORE, truth=truth)
        for number, (channel, who, kind, detail) in enumerate(said):
            await community.say(channel, who, word(kind, made["id"], detail)[0], at=BEFORE + DAY * (number + 1))
        await community.index()
        return await figures(community, "aa")

    found = asyncio.run(main())
    assert {key: found[key] for key in wanted} == wanted


def test_a_version_made_after_it_was_praised_takes_nothing_of_the_praise():
    async def main():
        community = Community(store())
        made, _ = claim(0, 0, None, 0)
        await community.say("plenary", "aa", made, at=BEFORE)
        await community.say("plenary", "bb", word("sighting", made["id"], None)[0], at=BEFORE + 1)
        for number in range(10):
            pattern = f"[ipv4-addr:value = '192.0.2.{number}']"
            await community.say("plenary", "aa", {**made, "pattern": pattern}, at=BEFORE + 2 + number)
        await community.say("plenary", "cc", word("opinion", made["id"], "disagree")[0], at=BEFORE + DAY)
        await community.index()
        return await figures(community, "aa")

    found = asyncio.run(main())
    assert (found["claims"], found["sighted"], found["relevance"]) == (11, 1, round(1 / 11, 4))
    assert (found["judged"], found["false"]) == (2, 1)


def test_whoever_takes_up_what_was_taken_back_inherits_no_praise():
    async def main():
        community = Community(store())
        made, _ = claim(8, 0, None, 0)
        given = await community.say("plenary", "aa", made, at=BEFORE)
        await community.say("plenary", "cc", word("sighting", made["id"], None)[0], at=BEFORE + DAY)
        await community.take_back(given)
        await community.say("plenary", "bb", made, at=BEFORE + 2 * DAY)
        await community.index()
        return await standing(community)

    found = asyncio.run(main())
    assert [(found[one]["claims"], found[one]["confirmed"]) for one in ("aa", "bb")] == [(0, 0), (1, 0)]


def test_passing_on_and_a_common_source_confirm_nothing():
    async def confirmed(second, author_one, author_two):
        community = Community(store())
        made, _ = claim(0, 0, author_one, 0)
        await community.say("plenary", "aa", made, at=BEFORE)
        other, _ = claim(second, 1, author_two, 0)
        if second == 0 and author_two == "passed on":
            other = made
        await community.say("plenary", "bb", other, at=BEFORE + DAY)
        await community.index()
        return (await figures(community, "aa"))["confirmed"]

    assert asyncio.run(confirmed(0, None, "passed on")) == 0
    assert asyncio.run(confirmed(0, "identity--one", "identity--one")) == 0
    assert asyncio.run(confirmed(0, "identity--one", "identity--two")) == 1
    assert asyncio.run(confirmed(2, None, None)) == 1  # the address itself, an object of its own


def test_a_claimed_time_before_what_was_shared_before_is_not_believed():
    async def main():
        community = Community(store())
        await community.say("plenary", "bb", {"type": "tool", "id": "tool--1"}, at=BEFORE + 5 * DAY)
        early, _ = claim(0, 0, None, 0)
        await community.say("plenary", "aa", early, at=BEFORE + 4 * DAY)
        late, _ = claim(1, 1, None, 0)
        await community.say("plenary", "bb", late, at=BEFORE)  # backdated
        await community.index()
        return await standing(community)

    found = asyncio.run(main())
    assert (found["aa"]["first"], found["bb"]["first"]) == (1, 0)


def test_nothing_but_digests_is_kept_and_after_an_erase_order_not_even_these():
    async def main():
        community = Community(store())
        made, truth = claim(3, 0, "identity--one", BEFORE)
        entry = await community.say("plenary", "aa", made, at=BEFORE, truth=truth)
        await community.say("plenary", "bb", word("sighting", made["id"], None)[0], at=BEFORE + 1)
        await community.index()
        tables = ("fairness_facts", "fairness_words", "fairness_logs")
        rows = [
            row
            for name in tables
            for row in await community.database.read(lambda db, n=name: db.query("SELECT * FROM " + n))  # noqa: S608 - a table of ours
        ]
        assert all(isinstance(value, int) for row in rows for value in row)
        before = await figures(community, "aa")
        await community.take_back(entry)
        await community.index()
        left = await community.database.read(
            lambda db: db.query("SELECT value, object, author, seen, sort, linked FROM fairness_facts WHERE seq = 0")
        )
        return before, await figures(community, "aa"), left[0]

    before, after, left = asyncio.run(main())
    assert (before["given"], before["claims"], before["sighted"]) == (1, 1, 1)
    assert (after["given"], after["claims"], after["sighted"]) == (1, 0, 0)
    assert left == (0, 0, 0, 0, 0, 0)


def test_an_order_of_somebody_else_takes_nothing_back():
    async def main():
        from tocsin.formats import erasure
        from tocsin.formats.entry import ERASE_ORDER

        community = Community(store())
        made, _ = claim(3, 0, None, 0)
        await community.say("plenary", "aa", made, at=BEFORE)
        order = erasure.encode(erasure.Order(((community.slot("plenary", "aa"), 0),), "", 0, 0))
        await community.say("plenary", "bb", order, at=BEFORE, held="order", content_type=ERASE_ORDER)
        await community.index()
        return await figures(community, "aa")

    assert asyncio.run(main())["claims"] == 1


def test_it_matters_not_in_which_batches_the_journal_is_read():
    steps = steps_of(7, 60)

    async def main(size):
        community = Community(store())
        await play(community, [step for step in steps if step[0] != "index"])
        await community.rebuild(size)
        return await standing(community)

    assert asyncio.run(main(10_000)) == asyncio.run(main(1)) == asyncio.run(main(3))
