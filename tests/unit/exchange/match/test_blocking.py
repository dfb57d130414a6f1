"""Two independent origins, and everything that makes an indicator count no longer: three members on a virtual clock."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tocsin.exchange.journal import local, search
from tocsin.exchange.journal.journal import read
from tocsin.exchange.journal.readers import tell
from tocsin.exchange.match import blocking
from tocsin.exchange.match.blocking import BLOCKED, UNBLOCKED, Asked, Blocking
from tocsin.exchange.match.pruning import Pruning
from tocsin.formats.markings import ChannelKind
from tocsin.formats.text import instant
from tocsin.formats.tlp import Tlp

VALUE = "45.95.147.236"
TABLES = ("match_indicators", "match_blockable", "match_copies", "match_doubts", "match_blocked")


async def told(story, handle="cc", least=2, **more):
    """value -> origins, as a member would export now."""
    core = story.fed.core(handle)
    await core.synced()
    asked = Asked(core.world.clock.now_us(), least, **more)
    found, after = [], b""
    while after is not None:
        page = await core.journal.database.read(lambda db, at=after: blocking.candidates(db, asked, at))
        found += page.found
        after = page.next
    return {one.value.text: one.origins for one in found}


async def decide(story, handle, what, member):
    core = story.fed.core(handle)
    await local.record(core.journal, core.world.clock, local.row(what, {"reason": "test"}, member=member))
    await core.synced()


def test_two_origins_make_a_value_blockable_and_one_does_not(play):
    async def work(story):
        await story.share("aa", story.indicator("one"))
        alone = await told(story), await told(story, least=1)
        await story.share("bb", story.indicator("two"))
        return alone, await told(story), await told(story, least=3), await told(story, "aa")

    alone, both, three, at_home = play(work)
    assert alone == ({}, {VALUE: 1})
    assert both == at_home == {VALUE: 2}
    assert three == {}


@pytest.mark.slow
@pytest.mark.parametrize("why", ["same id", "creator", "derived-from", "duplicate-of", "chain"])
def test_a_copy_is_no_second_origin(play, why):
    async def work(story):
        one = story.indicator("one")
        two = one if why == "same id" else story.indicator("two")
        if why == "creator":
            one["created_by_ref"] = two["created_by_ref"] = "identity--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"
        await story.share("aa", one)
        await story.share("bb", two)
        if why in ("derived-from", "duplicate-of"):
            await story.share("bb", story.linked("r", two, one, why))
        if why == "chain":
            between = story.indicator("three", "45.95.147.99")
            await story.share("bb", between, story.linked("r", two, between), story.linked("s", between, one))
        return await told(story), await told(story, least=1)

    both, either = play(work)
    assert both == {}
    assert either[VALUE] == 1


@pytest.mark.slow
def test_a_third_cannot_say_that_two_are_one_and_a_link_taken_back_counts_no_more(play):
    async def work(story):
        one, two = story.indicator("one"), story.indicator("two")
        await story.share("aa", one)
        await story.share("bb", two)
        await story.share("cc", story.linked("r", two, one))
        by_a_third = await told(story)
        link = story.linked("s", two, one)
        await story.share("bb", link)
        by_one = await told(story)
        await story.share("bb", {**link, "modified": "2026-01-02T00:00:00.000Z", "revoked": True})
        return by_a_third, by_one, await told(story)

    assert play(work) == ({VALUE: 2}, {}, {VALUE: 2})


@pytest.mark.slow
def test_what_is_revoked_counts_no_more_nor_does_any_copy_of_it(play):
    async def work(story):
        one, two = story.indicator("one"), story.indicator("two")
        await story.share("aa", one)
        await story.share("bb", two)
        await story.share("cc", one)  # a copy
        before = await told(story)
        await story.share("aa", {**one, "modified": "2026-01-02T00:00:00.000Z", "revoked": True})
        return before, await told(story), await told(story, least=1)

    assert play(work) == ({VALUE: 2}, {}, {VALUE: 1})


@pytest.mark.slow
def test_only_who_shared_it_first_can_revoke_it_for_all(play):
    async def work(story):
        one, two = story.indicator("one"), story.indicator("two")
        await story.share("aa", one)
        await story.share("bb", two)
        await story.share("cc", {**one, "modified": "2026-01-02T00:00:00.000Z", "revoked": True})
        return await told(story)

    assert play(work) == {VALUE: 2}


@pytest.mark.slow
def test_a_new_version_replaces_what_the_old_one_called_for_and_an_old_one_that_comes_late_does_not(play):
    async def work(story):
        await story.share("bb", story.indicator("two"), story.indicator("three", "45.95.147.1"))
        newer = story.indicator("one", "45.95.147.1", modified="2026-01-02T00:00:00.000Z")
        await story.share("aa", newer)
        await story.share("aa", story.indicator("one"))
        return await told(story)

    assert play(work) == {"45.95.147.1": 2}


@pytest.mark.slow
def test_two_doubts_end_it_and_one_does_not(play):
    async def work(story):
        one, two = story.indicator("one"), story.indicator("two")
        await story.share("aa", one)
        await story.share("bb", two)
        first = story.doubt("d", one)
        await story.share("cc", first, story.doubt("again", one), story.doubt("mild", two, "disagree"))
        by_one = await told(story)
        await story.share("bb", story.doubt("e", one))
        by_two = await told(story)
        await story.share(
            "cc",
            *(
                {**one_, "modified": "2026-01-02T00:00:00.000Z", "revoked": True}
                for one_ in (first, story.doubt("again", one))
            ),
        )
        return by_one, by_two, await told(story)

    assert play(work) == ({VALUE: 2}, {}, {VALUE: 2})


@pytest.mark.slow
def test_validity_is_looked_at_when_asked(play):
    async def work(story):
        now = story.fed.core("cc").world.clock.now_us()
        until = instant(now + 3_600_000_000)
        later = instant(now + 7_200_000_000)
        await story.share(
            "aa", story.indicator("one", valid_until=until), story.indicator("x", "45.95.147.1", valid_from=later)
        )
        await story.share("bb", story.indicator("two"), story.indicator("y", "45.95.147.1"))
        before = await told(story)
        story.fed.core("cc").world.clock.offset_s += 3_601
        after = await told(story)
        story.fed.core("cc").world.clock.offset_s += 3_600
        return before, after, await told(story)

    assert play(work) == ({VALUE: 2}, {}, {"45.95.147.1": 2})


def test_what_is_hidden_for_any_reason_counts_no_more(play):
    async def work(story):
        one = story.indicator("one")
        await story.share("aa", one)
        await story.share("bb", story.indicator("two"))
        core = story.fed.core("cc")
        out = []
        for why in search.HIDDEN:
            await core.journal.database.write(lambda tx, why=why: search.hide(tx, one["id"], "", why, 1))
            out.append(await told(story))
            await core.journal.database.write(lambda tx, why=why: search.unhide(tx, one["id"], "", why))
        return out, await told(story)

    assert play(work) == ([{}] * len(search.HIDDEN), {VALUE: 2})


@pytest.mark.slow
def test_red_never_counts_and_a_channel_may_be_asked_alone(play):
    async def work(story):
        channel = await story.fed.channel("three", ChannelKind.THEMATIC, ["aa", "bb", "cc"], named=True)
        await story.share(
            "aa",
            story.indicator("one", tlp=Tlp.RED),
            story.indicator("a", "45.95.147.1", tlp=Tlp.AMBER_STRICT),
            channel="three",
        )
        await story.share(
            "bb", story.indicator("two", tlp=Tlp.RED), story.indicator("b", "45.95.147.1"), channel="three"
        )
        await story.share("aa", story.indicator("c", "45.95.147.2"))
        await story.share("bb", story.indicator("d", "45.95.147.2"))
        logs = {
            log.number
            for log in story.fed.core("cc").logs
            if log.channel == story.fed.core("cc").members.channel(channel.id).number
        }
        return await told(story), await told(story, logs=frozenset(logs)), await told(story, least=1)

    everything, there, alone = play(work)
    assert everything == {"45.95.147.1": 2, "45.95.147.2": 2}
    assert there == {"45.95.147.1": 2}
    assert VALUE not in alone


@pytest.mark.parametrize(
    ("pattern", "values"),
    [
        ("[ipv4-addr:value = '1.2.3.4' AND network-traffic:dst_port = 53]", set()),
        ("[ipv4-addr:value = '1.2.3.4' OR domain-name:value = 'Evil.ORG.']", {"1.2.3.4", "evil.org"}),
        ("[ipv4-addr:value != '1.2.3.4']", set()),
        ("[domain-name:value LIKE '%.evil.org']", set()),
        ("[ipv4-addr:value = '010.2.3.4']", set()),
        ("[ipv4-addr:value = '1[.]2.3.4']", set()),
        ("[ipv4-addr:value ISSUBSET '1.2.3.4/24']", {"1.2.3.0/24"}),
        ("[file:hashes.MD5 = '" + "AB" * 16 + "']", {"ab" * 16}),
        ("[url:value = 'http://evil.org/a b']", set()),
    ],
)
def test_only_what_is_enough_by_itself_and_plainly_written_counts(pattern, values):
    made = {"type": "indicator", "pattern": pattern, "pattern_type": "stix"}
    assert {one.text for one in blocking.calls_to_block(made)} == values
    for no in (
        {"pattern_type": "yara"},
        {"revoked": True},
        {"indicator_types": ["benign"]},
        {"indicator_types": ["compromised"]},
    ):
        assert blocking.calls_to_block({**made, **no}) == []
    assert blocking.calls_to_block({"pattern": "[nonsense", "pattern_type": "stix"}) == []


@pytest.mark.slow
def test_the_kill_switch_of_an_origin_is_local_and_can_be_turned_back(play):
    async def work(story):
        await story.share("aa", story.indicator("one"))
        await story.share("bb", story.indicator("two"))
        await decide(story, "cc", BLOCKED, "aa")
        blocked = await told(story), await told(story, "bb")
        core = story.fed.core("cc")
        query = search.Query(member="aa")
        shown = await core.journal.database.read(lambda db: search.find(db, query))
        await story.share(
            "aa", story.indicator("three", "45.95.147.1")
        )  # received and signed for: settled() waited for it
        who = [one[0] for one in await core.journal.database.read(blocking.blocked)]
        await decide(story, "cc", UNBLOCKED, "aa")
        back = await told(story), await core.journal.database.read(lambda db: search.find(db, query))
        return blocked, shown, who, back[0], len(back[1]), await core.journal.database.read(blocking.blocked)

    blocked, shown, who, back, found, none = play(work)
    assert blocked == ({}, {VALUE: 2})
    assert shown == []
    assert who == ["aa"]
    assert (back, found, none) == ({VALUE: 2}, 2, [])


def rebuilt(node):
    """What this member's tables hold, live and made again from the journal alone."""

    def tables(tx):
        held = {name: sorted(tx.query(f"SELECT * FROM {name}"), key=repr) for name in TABLES}  # noqa: S608 - constants
        return held | {"hidden": sorted(tx.query("SELECT * FROM journal_hidden WHERE why = 'blocked'"))}

    def work(tx):
        live = tables(tx)
        for name in TABLES:
            tx.execute(f"DELETE FROM {name}")  # noqa: S608 - constants
        tx.execute("DELETE FROM journal_hidden WHERE why = 'blocked'")
        room, at = Blocking(), 0
        while rows := read(tx, at, 7):
            room.take(tell(rows, tx), tx)
            at = rows[-1].position
        return live, tables(tx)

    return node.database.write(work)


STEPS = st.lists(
    st.tuples(st.sampled_from(["aa", "bb", "cc"]), st.sampled_from(["indicator", "link", "doubt", "block", "unblock"]), st.integers(0, 2), st.integers(0, 2), st.booleans()),
    min_size=1,
    max_size=10,
)  # fmt: skip


@pytest.mark.slow
@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
def test_what_is_made_again_from_the_journal_is_what_was_there(play, steps):
    async def work(story):
        made = [story.indicator(f"i{n}", f"45.95.147.{n % 2}") for n in range(3)]
        for number, (who, what, one, other, revoked) in enumerate(steps):
            more = {"modified": f"2026-02-{number + 1:02}T00:00:00.000Z", **({"revoked": True} if revoked else {})}
            if what == "indicator":
                await story.share(who, {**made[one], **more})
            elif what == "link":
                await story.share(who, story.linked(f"r{one}{other}", made[one], made[other], **more))
            elif what == "doubt":
                await story.share(who, story.doubt(f"o{one}", made[other], **more))
            else:
                await decide(story, "cc", BLOCKED if what == "block" else UNBLOCKED, ["aa", "bb"][one % 2])
        return await rebuilt(story.fed.nodes["cc"])

    live, again = play(work)
    assert live == again


def test_what_is_erased_leaves_nothing_derived(play):
    async def work(story):
        await story.share("aa", story.indicator("one"))
        await story.share("bb", story.indicator("two"))
        core = story.fed.core("cc")
        found = await core.journal.database.read(
            lambda db: search.find(db, search.Query(member="aa", types=("indicator",)))
        )

        def erase(tx):
            tx.execute("UPDATE journal_rows SET content = NULL WHERE position = ?", (found[0].position,))

        await core.journal.database.write(erase)
        after = await told(story, least=1)
        gone = await Pruning(core.journal).prune()
        left = story.fed.nodes["cc"].query("SELECT member FROM match_blockable")
        return after, gone, left

    assert play(work) == ({VALUE: 1}, 1, [("bb",)])
