"""Objections over three members: who may say what, what is shown meanwhile, and that all ways lead to one state."""

import asyncio

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tocsin.backends.sqlite.database import InlineDatabase
from tocsin.errors import AccessError, ConfigError, FormatError, PolicyError
from tocsin.exchange.journal import search
from tocsin.exchange.journal.journal import Kind, Row
from tocsin.exchange.journal.readers import Readers, Told, tell
from tocsin.exchange.journal.search import Query, find
from tocsin.exchange.publish import releases
from tocsin.exchange.publish.spooled import MemorySpool
from tocsin.exchange.warn import objections
from tocsin.exchange.warn.objections import LAPSED, Objections
from tocsin.formats import objection
from tocsin.formats.extension import ID
from tocsin.formats.markings import ChannelKind
from tocsin.formats.objection import Act, Objection, Saying
from tocsin.formats.stix.check import check
from tocsin.formats.strictjson import parse
from tocsin.formats.tlp import Tlp
from tocsin.testing import persons
from tocsin.testing.stores import in_memory

DAY_S = 86_400
THREE = ("aa", "bb", "cc")
PERSON = persons.thing(1)
ID_ = PERSON["id"]


async def given_person(fed, handle="aa", channel="quiet", value=PERSON):
    core = fed.core(handle)
    share = core.share(core.members.channel(channel), None, MemorySpool())
    refused = share.check([persons.encode(value)])
    await core.synced()
    async for more in share.decide():
        refused += more
    assert refused == []
    now, wanted = core.world.clock.now_us(), share.release()
    await releases.ask(core.world.database, "x", wanted, now)
    await releases.approve(core.world.database, wanted.digest, "legal-desk", now)
    async for _ in share.commit(core.publisher, core.world.clock.now_us):
        pass


def shown(fed, handle, object_id=ID_, **more):
    node = fed.nodes[handle]

    class Asked:
        def query(self, sql, args=()):
            return node.query(sql, *args)

    return [one.object_id for one in find(Asked(), Query(ids=(object_id,), **more))]


def why(fed, handle, object_id=ID_):
    return sorted(
        {row[0] for row in fed.nodes[handle].query("SELECT why FROM journal_hidden WHERE object_id = ?", object_id)}
    )


async def synced(fed):
    await fed.settled()
    for node in fed.nodes.values():
        if node.core is not None:
            await node.core.synced()


async def days_pass(fed, days):
    """The clocks go on; the objections are looked at as they are once an hour."""
    for node in fed.nodes.values():
        node.clock.offset_s += days * DAY_S
    for node in fed.nodes.values():
        await node.running.objecting.look()
    await synced(fed)


async def began(fed):
    await fed.channel("quiet", ChannelKind.THEMATIC, list(THREE))
    await given_person(fed)
    await synced(fed)


def everywhere(fed, ask=why):
    return [ask(fed, handle) for handle in THREE]


@pytest.mark.slow
def test_an_objection_suspends_everywhere_at_once_until_it_is_lifted(played):
    async def story(fed):
        await began(fed)
        states = [everywhere(fed, shown)]
        assert await fed.core("bb").objecting.object_to(ID_, "inaccurate", "He was in hospital.") == ["quiet"]
        await synced(fed)
        states += [everywhere(fed, shown), everywhere(fed)]
        states += [shown(fed, "cc", hidden=True)]
        (case,) = await fed.core("aa").objecting.cases()
        answered = await fed.core("aa").objecting.answer(case.raised.objection, "maintained", "It was checked twice.")
        await synced(fed)
        states += [answered.state, everywhere(fed)]
        lifted = await fed.core("bb").objecting.lift(case.raised.objection[:12], "I have seen the evidence.")
        await synced(fed)
        return [*states, lifted.state, everywhere(fed, shown), everywhere(fed)]

    before, gone, reasons, asked, answered, still, lifted, back, none = played(story, handles=THREE)
    assert before == back == [[ID_]] * 3
    assert gone == [[]] * 3
    assert reasons == still == [["suspended"]] * 3
    assert asked == [ID_], "people who look for it find it"
    assert (answered, lifted, none) == ("answered", "lifted", [[]] * 3)


@pytest.mark.slow
def test_upheld_by_the_originator_it_is_withdrawn_for_good(played):
    async def story(fed):
        await began(fed)
        await fed.core("cc").objecting.object_to(ID_, "mistaken-identity", "It is another man.")
        await synced(fed)
        (case,) = await fed.core("aa").objecting.cases()
        await fed.core("aa").objecting.answer(case.raised.objection, "upheld", "You are right.")
        await synced(fed)
        await fed.core("cc").objecting.lift(case.raised.objection, "Thank you.")
        await synced(fed)
        figures = await fed.core("bb").world.database.read(objections.figures)
        return everywhere(fed), everywhere(fed, shown), figures

    reasons, visible, figures = played(story, handles=THREE)
    assert reasons == [["withdrawn"]] * 3
    assert visible == [[]] * 3
    assert figures["2026"] == {
        "objections": 1, "open": 0, "answered": 0, "lifted": 0, "upheld": 1, "withdrawn": 0, "unfounded": 0,
        "median_days": figures["2026"]["median_days"],
    }  # fmt: skip
    assert 0 <= figures["2026"]["median_days"] < 1


@pytest.mark.slow
def test_unanswered_for_fourteen_days_it_is_withdrawn_and_not_before(played):
    async def story(fed):
        await began(fed)
        await fed.core("bb").objecting.object_to(ID_, "unlawful", "There is no basis.")
        await synced(fed)
        states = []
        for days in (13.5, 1.0):
            await days_pass(fed, days)
            states.append(everywhere(fed))
        local = [fed.nodes[one].query("SELECT COUNT(*) FROM journal_rows WHERE name = ?", LAPSED) for one in THREE]
        figures = await fed.core("aa").world.database.read(objections.figures)
        return states, local, figures["2026"]["median_days"], everywhere(fed, shown)

    (before, after), local, days, visible = played(story, handles=THREE)
    assert before == [["suspended"]] * 3
    assert after == [["withdrawn"]] * 3
    assert local == [[(1,)]] * 3, "written down once"
    assert 14 <= days <= 14.6
    assert visible == [[]] * 3


@pytest.mark.slow
def test_an_answer_in_time_ends_the_waiting_but_not_the_suspension(played):
    async def story(fed):
        await began(fed)
        await fed.core("bb").objecting.object_to(ID_, "other", "Look again.")
        await synced(fed)
        await days_pass(fed, 13)
        (case,) = await fed.core("aa").objecting.cases()
        await fed.core("aa").objecting.answer(case.raised.objection, "maintained", "We did.")
        await synced(fed)
        await days_pass(fed, 20)
        return everywhere(fed)

    assert played(story, handles=THREE) == [["suspended"]] * 3


@pytest.mark.slow
def test_a_member_cut_off_learns_it_when_it_is_back(played):
    async def story(fed):
        await began(fed)
        fed.network.partition({"cc"}, {"aa", "bb"})
        await fed.core("bb").objecting.object_to(ID_, "inaccurate", "Wrong man.")
        await fed.network.clock.sleep(60)
        apart = everywhere(fed)
        began_at = fed.network.clock.monotonic()
        fed.network.heal_all()
        await fed.until(lambda: why(fed, "cc") == ["suspended"], 300)
        took = fed.network.clock.monotonic() - began_at
        await synced(fed)
        return apart, everywhere(fed), took

    apart, together, took = played(story, handles=THREE)
    assert apart == [["suspended"], ["suspended"], []]
    assert together == [["suspended"]] * 3
    assert took < 60


@pytest.mark.slow
def test_who_may_not_say_what(played):
    async def story(fed):
        await began(fed)
        await fed.channel("pair", ChannelKind.BILATERAL, ["bb", "cc"])
        bb, cc, aa = (fed.core(one).objecting for one in ("bb", "cc", "aa"))
        codes = []

        async def refused(kind, call):
            with pytest.raises(kind) as caught:
                await call
            codes.append(caught.value.code)

        await refused(ConfigError, bb.object_to(ID_, "because", "x"))
        await refused(FormatError, bb.object_to(ID_, "other", " "))
        await refused(FormatError, bb.object_to(ID_, "other", "x" * 2001))
        await refused(AccessError, bb.object_to("identity--1", "other", "x"))
        await refused(AccessError, bb.object_to(ID_, "other", "x", "pair"))
        await bb.object_to(ID_, "other", "x")
        await synced(fed)
        (case,) = await cc.cases()
        id_ = case.raised.objection
        await refused(PolicyError, cc.answer(id_, "maintained", "x"))
        await refused(PolicyError, bb.answer(id_, "upheld", "x"))
        await refused(PolicyError, cc.lift(id_, "x"))
        await refused(PolicyError, aa.lift(id_, "x"))
        await refused(ConfigError, aa.answer(id_, "perhaps", "x"))
        await refused(AccessError, aa.lift("note--ffffffff", "x"))
        await refused(AccessError, aa.lift("", "x"))
        return codes

    assert played(story, handles=THREE) == [
        "config.value", "format.objection", "format.objection", "access.unknown-object", "access.unknown-object",
        "person.not-the-originator", "person.not-the-originator", "person.not-the-objector", "person.not-the-objector",
        "config.value", "access.unknown-objection", "access.unknown-objection",
    ]  # fmt: skip


async def lied(fed, handle, channel, said, statement="x"):
    """A note past objecting.py: by somebody who may not, or of another channel."""
    core = fed.core(handle)
    place = core.members.channel(channel)
    who = Saying(place.id, core.members.member(handle).identity, handle, core.world.clock.now_us(), Tlp.AMBER)
    await core.say(place, [objection.compose(who, said, statement)])
    await synced(fed)


@pytest.mark.slow
def test_what_is_said_by_those_who_may_not_counts_for_nothing(played):
    async def story(fed):
        await began(fed)
        await fed.channel("pair", ChannelKind.BILATERAL, ["bb", "cc"])
        await lied(fed, "bb", "pair", Objection(Act.OBJECT, "", ID_, "other"))
        states = [everywhere(fed)]  # no such object in that channel
        await fed.core("bb").objecting.object_to(ID_, "other", "x")
        await synced(fed)
        (case,) = await fed.core("aa").objecting.cases()
        id_ = case.raised.objection
        await lied(fed, "cc", "quiet", Objection(Act.LIFT, id_, ID_))
        await lied(fed, "bb", "pair", Objection(Act.LIFT, id_, ID_))
        await lied(fed, "cc", "quiet", Objection(Act.ANSWER, id_, ID_, "", "upheld"))
        await lied(fed, "aa", "quiet", Objection(Act.ANSWER, id_, persons.thing(9)["id"], "", "upheld"))
        return [*states, everywhere(fed)]

    before, after = played(story, handles=THREE)
    assert before == [[]] * 3
    assert after == [["suspended"]] * 3


@pytest.mark.slow
def test_no_ordinary_object_can_be_suspended(played, stix):
    async def story(fed):
        await fed.channel("quiet", ChannelKind.THEMATIC, list(THREE))
        await fed.share("aa", "quiet", [stix.object(1, mark=Tlp.AMBER)])
        await synced(fed)
        await lied(fed, "bb", "quiet", Objection(Act.OBJECT, "", stix.id(stix.object(1)), "other"))
        return [shown(fed, one, stix.id(stix.object(1))) for one in THREE], await fed.core("cc").objecting.cases()

    visible, (case,) = played(story, handles=THREE)
    assert all(visible)
    assert case.state == "unfounded"


@pytest.mark.slow
def test_an_objection_that_comes_before_its_object_suspends_it_when_it_comes(played):
    async def story(fed):
        await fed.channel("quiet", ChannelKind.THEMATIC, list(THREE))
        await lied(fed, "bb", "quiet", Objection(Act.OBJECT, "", ID_, "other"))
        before = everywhere(fed)
        await given_person(fed)
        await synced(fed)
        return before, everywhere(fed), everywhere(fed, shown)

    before, after, visible = played(story, handles=THREE)
    assert (before, after, visible) == ([[]] * 3, [["suspended"]] * 3, [[]] * 3)


@pytest.mark.slow
def test_the_tables_made_again_from_the_journal_are_the_same(played):
    async def story(fed):
        await began(fed)
        await given_person(fed, "cc", value=persons.thing(2))
        await synced(fed)
        await fed.core("bb").objecting.object_to(ID_, "inaccurate", "x")
        await fed.core("bb").objecting.object_to(persons.thing(2)["id"], "unlawful", "x")
        await synced(fed)
        first = next(one for one in await fed.core("bb").objecting.cases() if one.raised.object_id == ID_)
        await fed.core("bb").objecting.lift(first.raised.objection, "x")
        await synced(fed)
        await days_pass(fed, 15)
        await fed.core("aa").objecting.object_to(ID_, "outdated", "x")
        await synced(fed)
        return [again(fed, handle) for handle in THREE]

    for live, rebuilt in played(story, handles=THREE):
        assert rebuilt == live
        assert len(live["warn_objections"]) == 5


def again(fed, handle):
    node = fed.nodes[handle]
    live = held(node)
    for sql in ("DELETE FROM warn_persons", "DELETE FROM warn_objections", "DELETE FROM journal_hidden"):
        node.query(sql)

    class Handle:
        def query(self, sql, args=()):
            return node.query(sql, *args)

        def execute(self, sql, args=()):
            node.query(sql, *args)

        def execute_many(self, sql, rows):
            for row in rows:
                node.query(sql, *row)

    from tocsin.exchange.journal.journal import read

    readers = Readers([Objections(node.running.rooms._channel_of)])
    at = 0
    while rows := read(Handle(), at, 7):
        readers.handle(rows, Handle())
        at = rows[-1].position
    return live, held(node)


def held(node):
    return {
        "warn_persons": sorted(node.query("SELECT * FROM warn_persons")),
        "warn_objections": sorted(node.query("SELECT * FROM warn_objections")),
        "journal_hidden": sorted(node.query("SELECT * FROM journal_hidden")),
    }


# -- whatever the order


CHANNEL = "c0000000-0000-4000-8000-000000000000"
WHO = {
    one: Saying(CHANNEL, f"identity--0000000{at}-0000-4000-8000-000000000000", one, 1000 + at, 2)
    for at, one in enumerate(THREE)
}


def note(member, said):
    return objection.compose(WHO[member], said, "x")


RAISED = parse(note("bb", Objection(Act.OBJECT, "", ID_, "other")))
ACTS = [
    ("aa", PERSON, None),
    ("bb", RAISED, None),
    ("aa", parse(note("aa", Objection(Act.ANSWER, RAISED["id"], ID_, "", "maintained"))), None),
    ("aa", parse(note("aa", Objection(Act.ANSWER, RAISED["id"], ID_, "", "upheld"))), None),
    ("bb", parse(note("bb", Objection(Act.LIFT, RAISED["id"], ID_))), None),
    ("cc", parse(note("cc", Objection(Act.LIFT, RAISED["id"], ID_))), None),
    ("cc", parse(note("cc", Objection(Act.OBJECT, "", ID_, "unlawful"))), None),
]  # fmt: skip


def taken(acts, step):
    connection = in_memory()
    room = Objections(lambda log: CHANNEL)
    told = [
        Told(Row(at, at, int(Kind.ENTRY), 1, at, member, value["id"], "", "", 2, at, None), value)
        for at, (member, value, _) in enumerate(acts, 1)
    ]

    async def main():
        database = InlineDatabase(connection)
        for at in range(0, len(told), step):
            await database.write(lambda tx: room.take(told[at : at + step], tx))  # noqa: B023 - awaited before the next turn
        return await database.read(
            lambda db: (search.reasons(db, ID_, "aa"), [one.state for one in objections.cases(db)])
        )

    return asyncio.run(main())


@given(st.lists(st.sampled_from(range(len(ACTS))), unique=True).flatmap(
    lambda some: st.tuples(st.permutations(some), st.permutations(some))), st.integers(1, 4), st.integers(1, 4))  # fmt: skip
@settings(deadline=None, max_examples=120)
@example(((0, 1, 5), (5, 1, 0)), 1, 2)
def test_what_is_shown_depends_on_what_was_said_and_not_on_its_order(orders, one_step, other_step):
    one, other = orders
    # Of two answers by one originator the first to come counts: an honest one gives one.
    if 2 in one and 3 in one:
        one, other = ([at for at in order if at != 3] for order in (one, other))
    hidden, states = taken([ACTS[at] for at in one], one_step)
    again_hidden, again_states = taken([ACTS[at] for at in other], other_step)
    assert hidden == again_hidden
    assert sorted(states) == sorted(again_states)
    open_ = {"bb": 1 in one and 4 not in one, "cc": 6 in one}
    expected = 0 in one and (any(open_.values()) or (3 in one and 1 in one))
    assert bool(hidden) == bool(expected)


# -- the notes


def test_a_note_of_ours_is_a_valid_note_and_reads_back():
    for said in (
        Objection(Act.OBJECT, "", ID_, "not-neutral"),
        Objection(Act.ANSWER, "note--1", ID_, "", "upheld"),
        Objection(Act.LIFT, "note--1", ID_),
    ):
        value = check(objection.compose(WHO["aa"], said, "He was elsewhere.")).value
        read = objection.read(value)
        assert read == said._replace(objection=read.objection)
        assert (read.objection == value["id"]) == (said.act is Act.OBJECT)
        assert value["content"] == "He was elsewhere."


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=2)
)


@given(st.dictionaries(st.sampled_from(["act", "object_ref", "objection", "reason", "decision"]), JUNK), JUNK, JUNK)
def test_reading_is_total(said, refs, id_):
    value = {"type": "note", "id": id_, "object_refs": refs, "extensions": {ID["objection"]: said}}
    assert objection.read(value) is None or objection.read(value).object_id in refs


@pytest.mark.parametrize(
    "wrong",
    [
        {"act": "raise"},
        {"act": ["object"]},
        {"reason": "because"},
        {"reason": "other", "decision": "upheld"},
        {"object_ref": "identity--other"},
        {"object_ref": ""},
    ],
)
def test_a_malformed_one_is_none(wrong):
    value = parse(note("aa", Objection(Act.OBJECT, "", ID_, "other")))
    assert objection.read(value)
    value["extensions"][ID["objection"]] |= wrong
    assert objection.read(value) is None


@pytest.mark.slow
def test_tell_gives_what_was_said_of_local_rows(played):
    async def story(fed):
        await began(fed)
        await fed.core("bb").objecting.object_to(ID_, "other", "x")
        await synced(fed)
        await days_pass(fed, 15)
        rows = await fed.core("cc").journal.read(0, 1000)
        told = await fed.core("cc").world.database.read(lambda db: tell(rows, db))
        return [one.value for one in told if one.row.name == LAPSED]

    (said,) = played(story, handles=THREE)
    assert said.keys() == {"objection"}
