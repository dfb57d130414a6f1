"""What was wrong is taken back everywhere, and who complied is known: through the whole exchange."""

import json

import pytest

from tocsin.errors import StoreError
from tocsin.exchange.journal import erase, search
from tocsin.exchange.journal.journal import read
from tocsin.exchange.journal.readers import tell
from tocsin.exchange.journal.search import Query
from tocsin.exchange.publish import order
from tocsin.exchange.warn import standing, voices
from tocsin.exchange.warn.taking import Wanted
from tocsin.formats import correction, extension
from tocsin.formats.feedback import Feedback
from tocsin.formats.markings import ChannelKind
from tocsin.formats.tlp import Tlp

WHY = "a false positive"
PATTERN = b"198.51.100.1'"
DERIVED = (
    *("warn_versions", "warn_changes", "warn_confirmations", "warn_holders", "warn_subjects"),
    *("journal_hidden", "journal_contested"),
)


def indicator(number, day=1, **more):
    value = {
        "type": "indicator",
        "spec_version": "2.1",
        "id": f"indicator--{number:08x}-0000-4000-8000-000000000000",
        "created": "2026-01-01T00:00:00.000Z",
        "modified": f"2026-01-{day:02}T00:00:00.000Z",
        "name": f"scanner {number} of {day}",
        "pattern": f"[ipv4-addr:value = '198.51.100.{number}']",
        "pattern_type": "stix",
        "valid_from": "2026-01-01T00:00:00Z",
        **more,
    }
    return json.dumps(value).encode()


def holds(node, words):
    return any(words in (row[0] or b"") for row in node.query("SELECT content FROM journal_rows"))


async def find(fed, handle, object_id, **more):
    core = fed.core(handle)
    await core.synced()
    query = Query(ids=(object_id,), **more)
    return await core.world.database.read(lambda db: search.find(db, query))


async def stands(fed, handle, object_id):
    core = fed.core(handle)
    await core.synced()
    return await core.world.database.read(lambda db: standing.of(db, core.members, correction.key(object_id)))


def confirmed_at(fed, handle):
    return {row[0] for row in fed.nodes[handle].query("SELECT member FROM warn_confirmations WHERE giver = ?", handle)}


async def all_confirm(fed, giver, *members, within_s=60.0):
    await fed.until(lambda: confirmed_at(fed, giver) >= set(members), within_s)


async def recall(fed, handle, object_id, *channels):
    plan, told = await fed.core(handle).corrections.recall(Wanted(object_id, channels, WHY))
    assert [one.code for one in told if one.code] == []
    return plan, told


async def rebuilt(fed, handle):
    """The tables of the room as they are, and as they are made again from the journal."""
    core, node = fed.core(handle), fed.nodes[handle]
    await core.synced()

    def picture():
        return {name: sorted(node.query("SELECT * FROM " + name)) for name in DERIVED}  # noqa: S608 - constants only

    live = picture()

    def work(tx):
        for name in DERIVED:
            tx.execute("DELETE FROM " + name)  # noqa: S608 - constants only
        position = 0
        while rows := read(tx, position, 7):
            core.rooms.recalls.take(tell(rows, tx), tx)
            position = rows[-1].position

    await core.world.database.write(work)
    return live, picture()


async def same_when_rebuilt(fed, *handles):
    for handle in handles or fed.nodes:
        live, again = await rebuilt(fed, handle)
        assert live == again, handle


@pytest.mark.slow
def test_what_is_recalled_is_shown_nowhere_and_everybody_confirms(played, stix):
    async def story(fed):
        thing = indicator(1)
        await fed.share("aa", "plenary", [thing, indicator(2)], Tlp.GREEN)
        await fed.settled()
        assert len(await find(fed, "cc", stix.id(thing))) == 1
        plan, told = await recall(fed, "aa", stix.id(thing))
        assert (set(plan.holders), [one.channel for one in told]) == ({"bb", "cc"}, ["plenary"])
        await fed.settled()
        for handle in fed.nodes:
            assert await find(fed, handle, stix.id(thing)) == []
            assert len(await find(fed, handle, stix.id(indicator(2)))) == 1
        await all_confirm(fed, "aa", "bb", "cc")
        told = await stands(fed, "aa", stix.id(thing))
        assert (told.action, told.reason, told.object_id) == ("recalled", WHY, stix.id(thing))
        assert [one.member for one in told.confirmed] == ["bb", "cc"]
        assert told.open == []
        assert not [handle for handle, node in fed.nodes.items() if holds(node, PATTERN)]
        await same_when_rebuilt(fed)

    played(story, ("aa", "bb", "cc"))


def at(day):
    return f"2026-01-{day:02}T00:00:00.000Z"


async def last(fed, handle, object_id):
    """(member, version) of what programs are given as the last version of an object in the plenary."""
    number = fed.core(handle).members.channel("plenary").number
    found = await find(fed, handle, object_id, versions=("last",), channels=(number,))
    return [(one.member, one.version) for one in found]


async def heard(fed, handle, object_id):
    core = fed.core(handle)
    await core.synced()
    now_us = core.world.clock.now_us()
    return await core.world.database.read(lambda db: voices.of(db, core.rooms.recalls, object_id, now_us))


@pytest.mark.slow
def test_a_correction_goes_where_the_earlier_version_went_and_is_confirmed(played, stix):
    async def story(fed):
        await fed.channel("ports", ChannelKind.THEMATIC, ("aa", "cc"))
        thing = stix.id(indicator(1))
        await fed.share("aa", "plenary", [indicator(1)], Tlp.GREEN)
        await fed.share("aa", "ports", [indicator(1)], Tlp.AMBER)
        await fed.settled()
        told = await fed.core("aa").corrections.correct([indicator(1, 2)])
        assert sorted((one.channel, one.code) for _, one in told) == [("plenary", ""), ("ports", "")]
        await fed.settled()
        await all_confirm(fed, "aa", "bb", "cc")
        assert await last(fed, "cc", thing) == [("aa", at(2))]
        how = await stands(fed, "aa", thing)
        assert (how.action, how.version, len(how.confirmed), how.open) == ("corrected", at(2), 2, [])
        there = {one.channel: one.marking for one in await find(fed, "cc", thing) if one.version == at(2)}
        assert sorted(there.values()) == [Tlp.GREEN, Tlp.AMBER]
        await same_when_rebuilt(fed)

    played(story, ("aa", "bb", "cc"), ceiling=Tlp.GREEN)


def test_a_correction_is_refused_where_it_is_not_ours_or_not_later(played, stix, refused):
    async def story(fed):
        await fed.share("aa", "plenary", [indicator(1)], Tlp.GREEN)
        await fed.settled()
        await fed.share("bb", "plenary", [indicator(1)], Tlp.GREEN)
        await fed.settled()
        correct = fed.core("bb").corrections.correct
        with refused("policy.not-ours"):
            await correct([indicator(1, 2)])
        with refused("access.unknown-object"):
            await correct([indicator(2)])
        with refused("format.stix"):
            await correct([b'{"type": "indicator"}'])
        ours = fed.core("aa").corrections.correct
        with refused("policy.not-later"):
            await ours([indicator(1)])
        await recall(fed, "aa", stix.id(indicator(1)))
        with refused("policy.not-later"):
            await ours([indicator(1, 3, modified="2099-01-01T00:00:00.000Z")])

    played(story)


@pytest.mark.slow
def test_a_stricter_marking_is_a_downgrade_and_copies_passed_on_are_a_duty(played, stix):
    async def story(fed):
        await fed.channel("ports", ChannelKind.THEMATIC, ("aa", "bb"))
        thing = stix.id(indicator(1))
        await fed.share("aa", "ports", [indicator(1)], Tlp.GREEN)
        await fed.settled()
        await fed.share("bb", "plenary", [indicator(1)], Tlp.GREEN)
        await fed.settled()
        await fed.share("aa", "ports", [indicator(1, 2)], Tlp.AMBER)
        await all_confirm(fed, "aa", "bb")
        how = await stands(fed, "aa", thing)
        assert (how.action, [one.member for one in how.due], how.others) == ("downgraded", ["bb"], ("bb",))
        bb = fed.core("bb")
        [duty] = await bb.world.database.read(lambda db: standing.onward(db, "bb", 10))
        plenary = bb.members.channel("plenary").number
        assert (duty.object_id, duty.owner, duty.action, duty.channels) == (thing, "aa", "downgraded", (plenary,))
        await recall(fed, "bb", thing)
        await fed.settled()
        assert await find(fed, "cc", thing) == []
        assert await last(fed, "bb", thing) == []
        assert [one.version for one in await find(fed, "aa", thing)] == [at(1), at(2)], "only bb's copies are gone"
        await bb.synced()
        assert await bb.world.database.read(lambda db: standing.onward(db, "bb", 10)) == []
        await same_when_rebuilt(fed)

    played(story, ("aa", "bb", "cc"))


@pytest.mark.slow
def test_another_members_version_revocation_and_recall_stand_beside(played, stix):
    async def story(fed):
        thing = stix.id(indicator(1))
        await fed.share("aa", "plenary", [indicator(1)], Tlp.GREEN)
        await fed.settled()
        await fed.share("bb", "plenary", [indicator(1, 5)], Tlp.GREEN)
        await fed.settled()
        for handle in fed.nodes:
            assert await last(fed, handle, thing) == [("aa", at(1))], "nobody replaces another's object"
            said = await heard(fed, handle, thing)
            assert (said.owner, said.against) == ("aa", ["bb"])
            assert [(one.member, one.version, one.differs) for one in said.claims] == [
                ("aa", at(1), False),
                ("bb", at(5), True),
            ]
        await fed.share("bb", "plenary", [indicator(1, 6, revoked=True)], Tlp.GREEN)
        await recall(fed, "bb", thing)
        await fed.settled()
        for handle in fed.nodes:
            assert [(one.member, one.version) for one in await find(fed, handle, thing)] == [("aa", at(1))]
            assert await last(fed, handle, thing) == [("aa", at(1))]
            said = await heard(fed, handle, thing)
            assert (said.owner, said.against) == ("aa", ["bb"])
            assert [(one.member, one.action) for one in said.claims] == [("aa", ""), ("bb", "recalled")]
        await same_when_rebuilt(fed)

    played(story, ("aa", "bb", "cc"))


@pytest.mark.slow
def test_what_names_its_creator_is_the_creators_whoever_brought_it_first(played, stix):
    async def story(fed):
        me = fed.core("aa").members.member("aa").identity
        thing = indicator(1, created_by_ref=me)
        await fed.share("bb", "plenary", [thing], Tlp.GREEN)
        await fed.settled()
        await fed.share("aa", "plenary", [indicator(1, 2, created_by_ref=me)], Tlp.GREEN)
        await fed.settled()
        assert await last(fed, "cc", stix.id(thing)) == [("aa", at(2))]
        await recall(fed, "aa", stix.id(thing))
        await fed.settled()
        assert await find(fed, "cc", stix.id(thing)) == []

    played(story, ("aa", "bb", "cc"))


@pytest.mark.slow
def test_a_confirmation_counts_for_the_origin_of_its_log_and_only_if_it_held_the_thing(played, stix):
    async def story(fed):
        await fed.channel("ports", ChannelKind.THEMATIC, ("aa", "bb"))
        thing = stix.id(indicator(1))
        await fed.share("aa", "ports", [indicator(1)], Tlp.GREEN)
        await fed.settled()
        fed.network.isolate("bb")
        await recall(fed, "aa", thing)
        version = (await stands(fed, "aa", thing)).version
        word = correction.Confirmation("aa", (correction.Change(thing, version, "recalled", 1),))
        # In the name of bb, and of itself.
        for name in ("bb", "cc"):
            identity = fed.core("cc").members.member(name).identity
            await fed.share("cc", "plenary", [correction.compose(word, name, identity, Tlp.GREEN)])
        await fed.until(lambda: confirmed_at(fed, "aa") == {"cc"})
        how = await stands(fed, "aa", thing)
        assert ([one.member for one in how.due], how.confirmed) == (["bb"], [])
        assert [(one.member, one.why) for one in how.open] == [("bb", standing.UNREACHED)]
        fed.network.heal("bb")
        await all_confirm(fed, "aa", "bb")
        assert (await stands(fed, "aa", thing)).open == []

    played(story, ("aa", "bb", "cc"))


@pytest.mark.slow
def test_a_confirmation_of_too_many_or_of_nonsense_counts_for_nothing(played, stix):
    async def story(fed):
        thing = stix.id(indicator(1))
        await fed.share("aa", "plenary", [indicator(1)], Tlp.GREEN)
        await fed.settled()
        fed.network.isolate("cc")
        await recall(fed, "aa", thing)
        version = (await stands(fed, "aa", thing)).version
        identity = fed.core("bb").members.member("bb").identity
        change = correction.Change(thing, version, "recalled", 1)
        for odd in (
            (change,) * (correction.MAX_CHANGES + 1),
            (change._replace(version="2026-13-01T00:00:00Z"),),
            (change._replace(done_at=-1),),
        ):
            made = json.loads(correction.compose(correction.Confirmation("aa", (change,)), "bb", identity, Tlp.GREEN))
            said = made["extensions"][extension.ID["confirmation"]]
            said["changes"] = [one._asdict() for one in odd]
            made["id"] = f"note--{len(odd):08x}-0000-4000-8000-{abs(hash(odd)) % 10**12:012d}"
            _, refused = await fed.share("cc", "plenary", [json.dumps(made).encode()], Tlp.GREEN)
            assert not refused
        fed.network.heal("cc")
        await fed.settled()
        await all_confirm(fed, "aa", "bb", "cc")
        assert fed.nodes["aa"].query("SELECT COUNT(*) FROM warn_confirmations") == [(2,)]

    played(story, ("aa", "bb", "cc"))


@pytest.mark.slow
def test_recalled_twice_is_recalled_once_and_what_was_erased_cannot_be(played, stix, refused):
    async def story(fed):
        await fed.share("aa", "plenary", [indicator(1), indicator(2), stix.object(3, kind="tool")], Tlp.GREEN)
        await fed.settled()
        aa = fed.core("aa")
        await recall(fed, "aa", stix.id(indicator(1)))
        size = aa.logs.get(aa.members.channel("plenary").slots["aa"]).size
        plan, told = await recall(fed, "aa", stix.id(indicator(1)))
        assert (plan.is_done, told) == (True, [])
        await fed.settled()
        assert aa.logs.get(aa.members.channel("plenary").slots["aa"]).size == size, "nothing more was said"
        plenary = aa.members.channel("plenary")
        found = await aa.world.database.read(lambda db: erase.named(db, stix.id(indicator(2)), plenary.number, "aa"))
        made = order.orders(plenary.slots["aa"], [(found[0][0], 1)], WHY, 7, aa.world.clock.now_us())
        await aa.publisher.publish(plenary, made)
        with refused("access.unknown-object"):
            await recall(fed, "aa", stix.id(indicator(2)))
        with refused("format.recall"):
            await aa.corrections.recall(Wanted(stix.id(stix.object(3, kind="tool")), (), "x" * 257))
        with refused("policy.no-such-channel"):
            await recall(fed, "aa", stix.id(stix.object(3, kind="tool")), "nowhere")
        with refused("config.value"):
            await aa.corrections.recall(Wanted(stix.id(stix.object(3, kind="tool")), (), WHY, 366))
        await fed.settled()
        await same_when_rebuilt(fed)

    played(story, ("aa", "bb", "cc"))


def test_an_observable_cannot_be_revoked(played, refused):
    async def story(fed):
        name = "ipv4-addr--00000000-0000-5000-8000-000000000000"
        value = {"type": "ipv4-addr", "spec_version": "2.1", "id": name, "value": "198.51.100.7"}
        await fed.share("aa", "plenary", [json.dumps(value).encode()], Tlp.GREEN)
        with refused("format.recall"):
            await fed.core("aa").corrections.plan(Wanted(name, (), WHY))

    played(story)


@pytest.mark.slow
def test_what_is_about_nothing_else_follows(played, stix):
    async def story(fed):
        one, other = indicator(1), indicator(2)
        both, half = stix.relationship(one, other, 11), stix.relationship(one, indicator(3), 12)
        report = {"published": at(1), "object_refs": [stix.id(one)], "name": "a report"}
        alone = stix.object(13, kind="report", **report)
        wide = stix.object(14, kind="report", **(report | {"object_refs": [stix.id(one), stix.id(indicator(3))]}))
        await fed.share("aa", "plenary", [one, other, indicator(3), both], Tlp.GREEN)
        await fed.settled()
        await fed.share("bb", "plenary", [half, alone, wide], Tlp.GREEN)
        await fed.settled()
        await recall(fed, "aa", stix.id(one))
        await fed.settled()

        async def shown():
            return [
                [len(await find(fed, handle, stix.id(x))) for x in (both, half, alone, wide)] for handle in fed.nodes
            ]

        assert await shown() == [[1, 1, 0, 1]] * 3
        await recall(fed, "aa", stix.id(other))
        # What comes later and is about nothing but what was taken back is not shown either.
        late = stix.object(15, kind="note", content="late", object_refs=[stix.id(one), stix.id(other)])
        await fed.share("bb", "plenary", [late], Tlp.GREEN)
        await fed.settled()
        assert await shown() == [[0, 1, 0, 1]] * 3
        assert await find(fed, "cc", stix.id(late)) == []
        assert len(await find(fed, "cc", stix.id(late), hidden=True)) == 1
        await same_when_rebuilt(fed)

    played(story, ("aa", "bb", "cc"))


@pytest.mark.slow
def test_who_left_is_told_by_the_channel_between_us_once_there_is_one(played, stix):
    async def story(fed):
        await fed.channel("ports", ChannelKind.THEMATIC, ("aa", "bb", "cc"))
        thing = stix.id(indicator(1))
        await fed.share("aa", "ports", [indicator(1)], Tlp.GREEN)
        await fed.settled()
        await fed.core("cc").acts.leave("ports")
        await fed.until(lambda: "cc" not in fed.core("aa").members.channel("ports").roster)
        await recall(fed, "aa", thing)
        await all_confirm(fed, "aa", "bb")
        how = await stands(fed, "aa", thing)
        assert [(one.member, one.why) for one in how.open] == [("cc", standing.LEFT)]
        assert len(await find(fed, "cc", thing)) == 1
        assert holds(fed.nodes["cc"], PATTERN), "the test could see it"
        await fed.channel("aa-cc", ChannelKind.BILATERAL, ("aa", "cc"))
        await all_confirm(fed, "aa", "cc", within_s=180.0)
        assert (await stands(fed, "aa", thing)).open == []
        assert await find(fed, "cc", thing) == []
        await fed.until(lambda: not holds(fed.nodes["cc"], PATTERN))
        await fed.settled()
        await same_when_rebuilt(fed)

    played(story, ("aa", "bb", "cc"))


@pytest.mark.slow
def test_feedback_goes_back_by_the_channel_it_came_by(played, stix, refused):
    async def story(fed):
        await fed.channel("ports", ChannelKind.THEMATIC, ("aa", "bb"))
        thing = stix.id(indicator(1))
        await fed.share("aa", "ports", [indicator(1)], Tlp.AMBER)
        await fed.settled()
        bb = fed.core("bb")
        await bb.synced()
        for kind, more in (("false-positive", {}), ("sighted", {"times": 3, "seen_at": 10**15}), ("used", {})):
            way, _ = await bb.rooms.feedbacks.give(Feedback(thing, kind, **more), "a resolver")
            assert (way.channel.name, way.giver, way.level) == ("ports", "aa", Tlp.AMBER)
        await fed.settled()
        said = await heard(fed, "aa", thing)
        assert (said.against, said.agreeing) == (["bb"], [])
        assert {(one.kind, one.times, one.text) for one in said.words} == {
            ("false-positive", 0, "a resolver"),
            ("sighted", 3, "a resolver"),
            ("used", 0, "a resolver"),
        }
        assert (await heard(fed, "cc", thing)).words == (), "outside the audience nothing is known"
        with refused("access.unknown-object"):
            await fed.core("cc").rooms.feedbacks.give(Feedback(thing, "used"), "")
        with refused("format.feedback"):
            await bb.rooms.feedbacks.give(Feedback(thing, "used", 3), "")
        await fed.core("aa").acts.leave("ports")
        await fed.until(lambda: "aa" not in bb.members.channel("ports").roster)
        with refused("policy.channel-left"):
            await bb.rooms.feedbacks.give(Feedback(thing, "used"), "")

    played(story, ("aa", "bb", "cc"))


@pytest.mark.slow
def test_a_confirmation_is_said_again_until_it_is_durable_and_told_once_that_it_fails(played, stix):
    async def story(fed):
        thing = stix.id(indicator(1))
        await fed.share("aa", "plenary", [indicator(1)], Tlp.GREEN)
        await fed.settled()
        tried = []

        async def full(*words):
            tried.append(words)
            raise StoreError("store.full", "the disk is full")

        fed.core("bb").rooms.confirmer._say = full
        await recall(fed, "aa", thing)
        await fed.settled()
        await fed.until(lambda: len(tried) > 2)
        assert [code for code, _, _ in fed.nodes["bb"].notes].count("store.full") == 1
        assert await find(fed, "bb", thing) == [], "it is in force whether or not that could be told"
        how = await stands(fed, "aa", thing)
        assert [(one.member, one.why) for one in how.open] == [("bb", standing.STORED)]
        await fed.crash("bb")
        await fed.restart("bb")
        await all_confirm(fed, "aa", "bb", "cc")
        assert len({words[1][0] for words in tried}) == 1, "the same word each time"
        await same_when_rebuilt(fed)

    played(story, ("aa", "bb", "cc"))


@pytest.mark.slow
def test_a_change_told_in_one_channel_only_is_open_for_who_reads_another(played, stix):
    async def story(fed):
        await fed.channel("ports", ChannelKind.THEMATIC, ("aa", "bb"))
        await fed.channel("rails", ChannelKind.THEMATIC, ("aa", "cc"))
        thing = stix.id(indicator(1))
        for channel in ("ports", "rails"):
            await fed.share("aa", channel, [indicator(1)], Tlp.GREEN)
        await fed.settled()
        await recall(fed, "aa", thing, "ports")
        await all_confirm(fed, "aa", "bb")
        how = await stands(fed, "aa", thing)
        assert [(one.member, one.why) for one in how.open] == [("cc", standing.UNTOLD)]
        assert len(await find(fed, "cc", thing)) == 1
        _, told = await recall(fed, "aa", thing)
        assert sorted(one.channel for one in told) == ["ports", "rails"]
        await all_confirm(fed, "aa", "cc")
        assert (await stands(fed, "aa", thing)).open == []
        await fed.settled()
        assert await find(fed, "cc", thing) == []
        await same_when_rebuilt(fed)

    played(story, ("aa", "bb", "cc"))


def test_who_is_no_member_any_more_is_told_by_other_means(played):
    async def story(fed):
        why = standing._Why(fed.core("aa").members, [], [])
        assert [why.of(one, is_stored=False) for one in ("bb", "zz")] == [standing.LEFT, standing.OUTSIDE]

    played(story)
