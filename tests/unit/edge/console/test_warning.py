"""The page of one warning and the map's page: what its giver sees, what who is asked sees, and what nobody sees."""

import asyncio
from types import SimpleNamespace

import pytest

from tocsin.edge.console import assets, world
from tocsin.edge.control import correcting
from tocsin.exchange.journal import search
from tocsin.exchange.warn import places
from tocsin.exchange.warn.warnings import Reply, Wish
from tocsin.formats.alert import Topic, Urgency
from tocsin.formats.answer import Word
from tocsin.formats.tlp import Tlp
from tocsin.testing.federation import Federation
from tocsin.testing.virtualtime import run

SAID = {"threatened": "VPN gateways", "todo": "Take them off the network.", "marking": Tlp.GREEN}


def wish(headline="Gateways are being taken over", **more):
    return Wish(**{"headline": headline, "topic": Topic.CYBER, "urgency": Urgency.FLASH, **SAID, **more})


async def warned(federation, giver, channel="plenary", **more):
    core = federation.core(giver)
    made = await core.rooms.watchkeeping.warnings.issue(core.members.channel(channel), wish(**more))
    await federation.settled()
    return made.id


def services(core):
    return SimpleNamespace(members=core.members, corrections=core.corrections, synced=core.synced)


@pytest.fixture
def story(make_house):
    def running(work):
        async def inside():
            federation = Federation(asyncio.get_running_loop(), ["aa", "bb", "cc"], 7)
            federation.nodes["bb"].described = {"countries": ["FR"]}
            await federation.found()
            try:
                house = make_house(federation)
                house.again(world=world.chosen(assets.load().world, "defacto", b""))
                await work(house, federation)
            finally:
                await federation.stop()

        run(inside)

    return running


@pytest.mark.slow
def test_its_giver_sees_three_facts_of_each_and_who_is_silent(story):
    async def work(house, federation):
        id_ = await warned(federation, "aa")
        bb = federation.core("bb")
        await bb.synced()
        await bb.rooms.watchkeeping.warnings.reply(id_, Reply())
        await federation.settled()
        browser = await house.enroll("duty", "duty")
        told = (await browser.ask(f"/w/{id_}.json")).json
        assert (told["is_giver"], told["mine"], told["counts"]["asked"]) == (True, None, 2)
        by_member = {one["member"]: one for one in told["recipients"]}
        assert by_member["bb"]["stored"] and by_member["bb"]["acknowledged"] and not by_member["bb"]["answered"]
        assert by_member["cc"]["stored"] and not by_member["cc"]["acknowledged"]
        await bb.rooms.watchkeeping.warnings.reply(id_, Reply(word=Word.AFFECTS_US, comment="<b>Two</b> harbours"))
        await federation.settled()
        shown = (await browser.ask(f"/w/{id_}")).text
        assert "affects us" in shown
        assert "&lt;b&gt;Two&lt;/b&gt; harbours" in shown
        told = (await browser.ask(f"/w/{id_}.json")).json
        assert [one["event"] for one in told["steps"] if one["member"] == "bb"] == ["answered", "acknowledged"]
        assert [one["after_minutes"] for one in told["ladder"]] == [0, 5, 10]
        assert told["next"]["member"] == "cc"
        await house.clock.sleep(31 * 60)
        shown = (await browser.ask(f"/w/{id_}")).text
        told = (await browser.ask(f"/w/{id_}.json")).json
        assert [one["member"] for one in told["recipients"] if one["overdue"]] == ["cc"]
        assert shown.count('class="late"') == 2, "at the head and beside who is late"
        assert {one["level"] for one in told["steps"] if one["event"] == "paged"} == {2, 3}

    story(work)


@pytest.mark.slow
def test_who_is_asked_sees_its_own_ladder_and_no_receipts(story):
    async def work(house, federation):
        id_ = await warned(federation, "bb")
        await federation.core("aa").synced()
        duty = await house.enroll("duty", "duty")
        told = (await duty.ask(f"/w/{id_}.json")).json
        assert (told["is_giver"], told["mine"]["member"], told["acts"], told["recalls"]) == (False, "aa", True, True)
        assert all(one["stored"] is None for one in told["recipients"])
        assert told["ladder"][0]["at"]
        page = (await duty.ask(f"/w/{id_}")).text
        assert f'action="/w/{id_}/answers"' in page
        assert f'action="/w/{id_}/recall"' not in page
        analyst, oversight = await house.enroll("analyst", "analyst"), await house.enroll("over", "oversight")
        for browser in (analyst, oversight):
            page = (await browser.ask(f"/w/{id_}")).text
            assert "Gateways are being taken over" in page
            assert "/answers" not in page
            assert "/escalations" not in page
        refused = await duty.post(f"/w/{id_}", f"/w/{id_}/recall", reason="mine now", understood="yes")
        assert refused.status == 404, "only its giver takes it back"
        assert not (await duty.ask(f"/w/{id_}.json")).json["taken"]

    story(work)


@pytest.mark.slow
def test_a_recall_wants_a_reason_and_a_yes_and_is_confirmed(story):
    async def work(house, federation):
        id_ = await warned(federation, "aa")
        browser = await house.enroll("duty", "duty")
        for form in ({"reason": "wrong"}, {"understood": "yes"}, {"reason": "a\u202eb", "understood": "yes"}):
            reply = await browser.post(f"/w/{id_}", f"/w/{id_}/recall", **form)
            assert reply.status == 400
            assert "format.recall" in reply.text
            assert "Gateways are being taken over" in reply.text, "nothing is lost"
        reply = await browser.post(f"/w/{id_}", f"/w/{id_}/recall", reason="A mistake of ours", understood="yes")
        assert (reply.status, reply.header("location")) == (303, f"/w/{id_}?done=recalled")
        await federation.settled()
        await house.clock.sleep(2)
        await federation.settled()
        told = (await browser.ask(f"/w/{id_}.json")).json
        assert (told["known"], told["taken"]["member"], told["taken"]["reason"]) == (False, "aa", "A mistake of ours")
        assert (told["standing"]["due"], told["standing"]["confirmed"]) == (2, 2)
        assert "Gateways" not in (await browser.ask(f"/w/{id_}")).text

    story(work)


@pytest.mark.slow
def test_what_another_took_back_is_said_without_what_it_said(story):
    async def work(house, federation):
        id_ = await warned(federation, "bb")
        await correcting.take_back(services(federation.core("bb")), {"object_id": id_, "reason": "Not so"})
        await federation.settled()
        browser = await house.enroll("duty", "duty")
        told = (await browser.ask(f"/w/{id_}.json")).json
        assert (told["known"], told["taken"]["member"], told["taken"]["reason"]) == (False, "bb", "Not so")
        assert told["standing"] is None
        assert "Gateways" not in (await browser.ask(f"/w/{id_}")).text

    story(work)


@pytest.mark.slow
def test_a_note_of_two_lines_is_sent_and_what_is_refused_without_scripts_stays_on_watch(story):
    async def work(house, federation):
        id_ = await warned(federation, "bb")
        await federation.core("aa").synced()
        duty = await house.enroll("duty", "duty")
        token = (await duty.ask(f"/?answer={id_}")).field()
        form = {"form_token": token, "answer": "need-more", "note": "first line\r\nsecond line"}
        assert (await duty.ask(f"/w/{id_}/answers", form)).status == 303
        await federation.settled()
        await federation.core("aa").synced()
        assert "first line\nsecond line" in (await duty.ask(f"/w/{id_}")).text
        refused = await duty.ask(f"/w/{id_}/escalations", {"form_token": token})
        assert (refused.status, "policy.warning-over" in refused.text) == (403, True)
        assert '<ol class="rows warnings"' in refused.text

    story(work)


@pytest.mark.slow
def test_an_answer_to_what_was_taken_back_meanwhile_is_refused_and_its_note_is_still_there(story):
    async def work(house, federation):
        id_ = await warned(federation, "bb")
        await federation.core("aa").synced()
        duty = await house.enroll("duty", "duty")
        form = {
            "form_token": (await duty.ask(f"/?answer={id_}")).field(),
            "answer": "acting",
            "note": "Two <b> gateways\nare off",
        }
        await correcting.take_back(services(federation.core("bb")), {"object_id": id_, "reason": "Not so"})
        await federation.settled()
        for path in (f"/w/{id_}/answers", "/w/report--00000000-0000-4000-8000-000000000000/answers"):
            reply = await duty.ask(path, form)
            assert reply.status in (403, 404)
            assert "Two &lt;b&gt; gateways\nare off" in reply.text, path

    story(work)


@pytest.mark.slow
def test_above_green_the_trail_says_so_and_hidden_is_absent(story):
    async def work(house, federation):
        channel = "quiet"
        from tocsin.formats.markings import ChannelKind

        await federation.channel(channel, ChannelKind.THEMATIC, ["aa", "bb"])
        id_ = await warned(federation, "bb", channel, marking=Tlp.AMBER, countries=("MT",))
        await federation.core("aa").synced()
        browser = await house.enroll("duty", "duty")
        before = (await house.control.audit.head()).number
        assert (await browser.ask(f"/w/{id_}")).status == 200
        assert (await house.control.audit.head()).number == before + 1
        assert (await browser.ask("/where")).status == 200
        assert (await house.control.audit.head()).number == before + 2
        absent = await browser.ask("/w/report--00000009-0000-4000-8000-000000000000")
        database = house.core.world.database
        await database.write(lambda tx: search.hide(tx, id_, "bb", "suspended", 1))
        hidden = await browser.ask(f"/w/{id_}")
        assert (hidden.status, hidden.body) == (404, absent.body)
        assert (await browser.ask("/where.json")).json["where"]["rows"] == []

    story(work)


@pytest.mark.slow
def test_the_table_says_what_the_map_draws(story):
    async def work(house, federation):
        await warned(federation, "bb", headline="First", countries=("FR", "MT"))
        await warned(
            federation, "aa", headline="Second", countries=("FR",), topic=Topic.TERRORISM, urgency=Urgency.ROUTINE
        )
        await warned(federation, "aa", headline="Nowhere")
        over = house.clock.now_us() + 3_600_000_000
        gone = await warned(federation, "aa", headline="Over soon", countries=("BR",), until=over)
        browser = await house.enroll("analyst", "analyst")
        told = (await browser.ask("/where.json")).json["where"]
        rows = {one["code"]: one for one in told["rows"]}
        assert set(rows) == {"FR", "MT", "BR"}
        assert (rows["FR"]["count"], rows["FR"]["urgency"], rows["FR"]["members"]) == (2, "flash", ["bb"])
        assert [one["headline"] for one in rows["FR"]["warnings"]] == ["First", "Second"]
        assert (told["warnings"], told["placeless"], told["more"]) == (4, 1, False)
        page = (await browser.ask("/where?lang=fr")).text
        assert "Malte" in page
        assert gone in page
        if house.services.world is not None:
            (mark,) = [one for one in told["marks"] if "FR" in one["codes"]]
            assert {one["topic"] for one in mark["glyphs"]} == {"cyber", "terrorism"}
            near = (await browser.ask("/where.json?where=africa")).json["where"]
            assert (near["view"], near["elsewhere"]) == ("africa", 2 if len(near["marks"]) == 0 else near["elsewhere"])
            assert (await browser.ask("/where.json?where=%3Cscript%3E")).json["where"]["view"] == "world"
        await house.clock.sleep(3601)
        assert "BR" not in {one["code"] for one in (await browser.ask("/where.json")).json["where"]["rows"]}
        old = places.DAYS * 86_400_000_000
        await house.core.world.database.write(
            lambda tx: tx.execute("UPDATE warn_warnings SET added = added - ?", (old,))
        )
        assert (await browser.ask("/where.json")).json["where"]["rows"] == []

    story(work)


@pytest.mark.slow
def test_without_a_map_the_table_is_there(story):
    async def work(house, federation):
        house.again(world=None)
        await warned(federation, "bb", countries=("MT",))
        browser = await house.enroll("duty", "duty")
        page = (await browser.ask("/where")).text
        assert "no map" in page
        assert "Malta" in page
        assert '<svg class="land"' not in page
        assert (await browser.ask("/")).status == 200

    story(work)
