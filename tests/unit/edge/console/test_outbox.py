"""The outbox: what was shared, who stored, acknowledged and answered it, in how long, and what is open."""

import json
import re

import pytest

from tocsin.edge.control import correcting, warning
from tocsin.exchange.warn.warnings import Reply
from tocsin.formats.answer import Word
from tocsin.formats.markings import ChannelKind


def indicator(number):
    return f"indicator--{number:08x}-0000-4000-8000-000000000000"


async def listed(browser, query=""):
    return (await browser.ask(f"/share/outbox.json{query}")).json["shares"]


@pytest.mark.slow
def test_a_share_stands_there_with_who_has_stored_it_and_in_how_long(visit, piece):
    async def story(house):
        browser = await house.enroll("analyst", "analyst")
        (one,) = await listed(browser)
        assert (one["channel"], one["objects"], one["name"], one["marking"]) == ("plenary", 3, "thing 0", "TLP:GREEN")
        assert (one["sort"], one["asked"], one["stored"]["count"], one["open"]) == ("objects", 1, 1, [])
        assert 0 < one["stored"]["median_ms"] < 10_000
        assert one["acknowledged"] is None, "nobody was asked"

        house.federation.network.cut("aa", "bb")
        await house.federation.share("aa", "plenary", [piece(100)])
        newest, before = await listed(browser)
        assert before == one
        assert (newest["name"], newest["stored"], newest["open"]) == (
            "thing 100",
            {"count": 0, "median_ms": None},
            ["bb"],
        )
        await house.clock.sleep(30)
        house.federation.network.heal("aa", "bb")
        await house.federation.settled()
        newest, _ = await listed(browser)
        assert (newest["stored"]["count"], newest["open"]) == (1, [])
        assert newest["stored"]["median_ms"] >= 30_000, "half of one member is that member"

        page = await browser.ask(f"/share/outbox/{newest['id']}")
        assert "thing 100" in page.text
        told = (await browser.ask(f"/share/outbox/{newest['id']}.json")).json
        (member,) = told["members"]
        assert (member["member"], member["stored_ms"], member["exact"]) == ("bb", newest["stored"]["median_ms"], True)
        assert member["proof"].splitlines()[1] == str(member["covers"])
        assert "bb" in member["proof"].splitlines()[-1]
        assert [each["id"] for each in told["pieces"]] == [indicator(100)]

    visit(story, shared=3)


async def settled(house):
    await house.federation.settled()
    await house.federation.core("aa").synced()
    await house.clock.sleep(1)
    await house.federation.settled()
    await house.federation.core("aa").synced()


@pytest.mark.slow
def test_a_recall_says_what_it_will_do_and_is_done_only_as_it_was_read(visit, piece):
    async def story(house):
        browser = await house.enroll("duty", "duty")
        address = f"/share/outbox/recall/{indicator(1)}"
        page = await browser.ask(address)
        told = (await browser.ask(f"{address}.json")).json
        assert [one["member"] for one in told["holders"]] == ["bb"]
        assert (told["entries"], told["original"], told["done"]) == (1, True, False)
        assert "Nobody can unread it" in page.text
        assert "Recall from 1 member<" in page.text
        good = {"form_token": page.field(), "plan": page.field("plan"), "reason": "a resolver of ours", "days": "3"}
        for wrong, status in (
            ({"reason": ""}, 400),
            ({"days": "x"}, 400),
            ({"days": "366"}, 400),
            ({"reason": "a\nb"}, 400),
        ):
            refused = await browser.ask(address, {**good, **wrong})
            assert (refused.status, (await listed(browser))[0]["name"]) == (status, "thing 0"), wrong
            if "days" in wrong:
                assert 'value="a resolver of ours"' in refused.text, "what was typed stays"
        stale = await browser.ask(address, {**good, "plan": "x"})
        assert (stale.status, "Nothing was done" in stale.text) == (409, True)
        before = (await house.control.audit.head()).number

        done = await browser.ask(address, good)
        assert (done.status, done.header("location")) == (303, f"/share/outbox/changes/{indicator(1)}?done=recalled")
        (record,) = [one for one in await house.control.audit.listed(0, 5) if one["number"] == before + 1]
        assert (record["operation"], record["reason"]) == ("decide", "recall: a resolver of ours")
        await settled(house)
        change = (await browser.ask(f"/share/outbox/changes/{indicator(1)}.json")).json
        assert (change["action"], change["reason"]) == ("recalled", "a resolver of ours")
        assert ([one["member"] for one in change["confirmed"]], change["open"]) == (["bb"], [])
        assert (await browser.ask(f"/share/outbox/changes/{indicator(1)}")).status == 200
        again = await browser.ask(address)
        assert "It is recalled already" in again.text
        assert '<form method="post" action="/share' not in again.text
        rows = (await browser.ask("/share/outbox/changes.json")).json["changes"]
        assert [one["object_id"] for one in rows] == [indicator(1)]
        assert (await browser.ask(f"/share/outbox/correct/{indicator(1)}")).text.count("for good") == 1

    visit(story, shared=3)


@pytest.mark.slow
def test_who_has_not_confirmed_stands_there_with_the_reason(visit):
    async def story(house):
        browser = await house.enroll("duty", "duty")
        house.federation.network.cut("aa", "bb")
        await correcting.take_back(house.control, {"object_id": indicator(0), "reason": "wrong"})
        change = (await browser.ask(f"/share/outbox/changes/{indicator(0)}.json")).json
        assert ([(one["member"], one["code"]) for one in change["open"]], change["confirmed"]) == (
            [("bb", "unreached")],
            [],
        )
        page = await browser.ask(f"/share/outbox/changes/{indicator(0)}")
        assert "it goes out when its node can be reached" in page.text

    visit(story, shared=1)


@pytest.mark.slow
def test_a_correction_goes_through_the_gate_by_fields_and_as_json(visit):
    async def story(house):
        browser = await house.enroll("analyst", "analyst")
        address = f"/share/outbox/correct/{indicator(1)}"
        page = await browser.ask(address)
        token, original = page.field(), json.loads((await browser.ask(f"{address}.json")).json["json"])
        shown = {one["name"]: one["value"] for one in (await browser.ask(f"{address}.json")).json["fields"]}
        assert shown["name"] == "thing 1"
        form = {"form_token": token, "way": "fields", "marking": "TLP:GREEN", "base": page.field("base"), **shown}

        bad = await browser.ask(address, {**form, "confidence": "150", "description": "kept, though refused"})
        assert bad.status == 400
        assert "kept, though refused" in bad.text
        assert "format." in bad.text
        assert (await browser.ask("/threats.json?find=thing+1")).json["objects"][0]["name"] == "thing 1"

        done = await browser.ask(address, {**form, "name": "thing 1, corrected", "confidence": "40"})
        assert done.header("location") == f"/share/outbox/changes/{indicator(1)}?done=corrected"
        await settled(house)
        change = (await browser.ask(f"/share/outbox/changes/{indicator(1)}.json")).json
        assert (change["action"], [one["member"] for one in change["confirmed"]]) == ("corrected", ["bb"])
        theirs = house.federation.nodes["bb"].query(
            "SELECT content FROM journal_rows WHERE object_id = ? ORDER BY position DESC LIMIT 1", indicator(1)
        )
        new = json.loads(theirs[0][0])
        assert (new["name"], new["confidence"]) == ("thing 1, corrected", 40)
        assert {key: new[key] for key in original if key not in ("name", "modified")} == {
            key: value for key, value in original.items() if key not in ("name", "modified")
        }

        # Who still has the form of before would undo what came between.
        stale = await browser.ask(address, {**form, "name": "thing 1, of an old form", "marking": "TLP:AMBER"})
        assert (stale.status, "policy.draft-moved" in stale.text) == (409, True)
        assert "of an old form" in stale.text
        # Sent once more, it does not undo what came between: its fields hold the newest version.
        assert 'name="name" value="thing 1, corrected"' in stale.text
        assert re.search(
            r"<dt>.*?marking.*?</dt><dd>.*?TLP:AMBER", stale.text
        )  # the choice is told, for it is not kept

        pasted = {"form_token": token, "way": "json", "base": stale.field("base")}
        for text, code in (
            ("{", "format."),
            (json.dumps({**original, "id": indicator(2)}), "config.value"),
            (json.dumps([original, original]), "config.value"),
            (json.dumps(original), "policy.not-later"),
            (json.dumps({**original, "modified": "2027-01-01T00:00:00.000Z", "valid_from": "never"}), "format."),
        ):
            refused = await browser.ask(address, {**pasted, "json": text})
            assert (refused.status in (400, 403), code in refused.text) == (True, True), (text, refused.status)
        later = {**original, "modified": "2099-01-01T00:00:00.000Z", "name": "by hand"}
        assert (await browser.ask(address, {**pasted, "json": json.dumps(later)})).status == 303
        await settled(house)
        sorts = [(one["name"], one["sort"]) for one in await listed(browser)]
        assert sorts[:2] == [("by hand", "corrected"), ("thing 1, corrected", "corrected")]
        assert {sort for _, sort in sorts[2:]} == {"objects"}

    visit(story, shared=3)


@pytest.mark.slow
def test_a_stricter_marking_by_the_form_is_a_downgrade(visit):
    async def story(house):
        await house.federation.channel("quiet", ChannelKind.THEMATIC, ["aa", "bb"])
        browser = await house.enroll("releaser", "releaser")
        await house.federation.share("aa", "quiet", [json.dumps(json.loads(PIECE)).encode()])
        await settled(house)
        address = "/share/outbox/correct/indicator--00000bad-0000-4000-8000-000000000000"
        page = await browser.ask(address)
        shown = {one["name"]: one["value"] for one in (await browser.ask(f"{address}.json")).json["fields"]}
        form = {"form_token": page.field(), "way": "fields", "base": page.field("base"), **shown}
        # What becomes RED waits for a second person, as whatever is RED.
        waits = await browser.ask(address, {**form, "marking": "TLP:RED"})
        assert waits.header("location").startswith("/share/d/")
        assert (await browser.ask(f"{address}.json")).json["marking"] == "TLP:GREEN"
        assert (await browser.ask(address, {**form, "marking": "TLP:AMBER"})).status == 303
        await settled(house)
        change = (await browser.ask(address.replace("correct", "changes") + ".json")).json
        assert (change["action"], len(change["confirmed"])) == ("downgraded", 1)
        assert "put under another marking" in (await browser.ask(address.replace("correct", "changes"))).text

    visit(story)


PIECE = """{"type": "indicator", "spec_version": "2.1", "id": "indicator--00000bad-0000-4000-8000-000000000000",
"created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-01T00:00:00.000Z", "name": "loose", "pattern_type": "stix",
"pattern": "[ipv4-addr:value = '198.51.100.9']", "valid_from": "2026-01-01T00:00:00Z",
"object_marking_refs": ["marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"]}"""


@pytest.mark.slow
def test_a_share_of_many_batches_is_listed_by_pages_and_never_loaded_whole(visit, piece):
    async def story(house):
        await house.federation.share("aa", "plenary", [piece(number) for number in range(1000, 2100)])
        for number in range(2100, 2160):
            await house.federation.share("aa", "plenary", [piece(number)])
        await house.federation.settled()
        browser = await house.enroll("analyst", "analyst")
        seen, before = [], ""
        while True:
            told = (await browser.ask(f"/share/outbox.json?before={before}")).json
            seen += [(one["id"], one["objects"]) for one in told["shares"]]
            before = told["next"]
            if not before:
                break
        assert [count for _, count in seen] == [1] * 60 + [76, 512, 512]
        assert len({one for one, _ in seen}) == 63
        large = seen[-1][0]
        pieces, start = [], 0
        for _ in range(11):
            told = (await browser.ask(f"/share/outbox/{large}.json?from={start}")).json
            assert len(told["pieces"]) <= 50
            pieces += [one["id"] for one in told["pieces"]]
            start = told["next"]
        assert (pieces, start) == ([indicator(number) for number in range(1000, 1512)], 0)

    visit(story)


@pytest.mark.slow
def test_warnings_show_three_facts_and_what_the_node_says_by_itself_is_left_out(visit):
    async def story(house):
        browser = await house.enroll("duty", "duty")
        made = await warning.issue(
            house.control,
            {"channel": "plenary", "headline": "flood", "topic": "cyber", "urgency": "immediate", "tlp": "TLP:GREEN",
             "threatened": "ports", "todo": "look", "answer_by": "30m"},
        )  # fmt: skip
        await settled(house)
        (one,) = await listed(browser)
        assert (one["sort"], one["warned"], one["acknowledged"]["count"], one["silent"]) == ("warning", 1, 0, ["bb"])
        other = house.federation.core("bb").rooms.watchkeeping.warnings
        await other.reply(made["id"], Reply(Word.ACTING))
        await settled(house)
        (one,) = await listed(browser)
        assert (one["acknowledged"]["count"], one["answered"]["count"], one["silent"]) == (1, 1, [])
        told = (await browser.ask(f"/share/outbox/{one['id']}.json")).json
        assert (told["members"][0]["answer"], told["members"][0]["late"]) == ("acting", False)
        assert told["members"][0]["answered_ms"] >= told["members"][0]["stored_ms"]

    visit(story)
