"""The object's page: the answer, who carries it, what changed, what was taken back; and the two lanes."""

import json

import pytest

from tocsin.edge.console.pages.objects import differences
from tocsin.formats.markings import ChannelKind

ONE = "indicator--00000001-0000-4000-8000-000000000000"
PAGE = f"/o/{ONE}"
GREEN = "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"
AMBER = "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421"


async def shared(house, member, *objects, channel="plenary"):
    _, refused = await house.federation.share(member, channel, list(objects))
    assert not refused, refused
    await house.federation.settled()


def opinion(number, said, about=ONE):
    return json.dumps(
        {
            "type": "opinion", "spec_version": "2.1", "id": f"opinion--{number:08x}-0000-4000-8000-000000000000",
            "created": "2026-01-02T00:00:00.000Z", "modified": "2026-01-02T00:00:00.000Z", "opinion": said,
            "explanation": f"because {number}", "object_refs": [about], "object_marking_refs": [GREEN],
        }
    ).encode()  # fmt: skip


async def page(browser, path=PAGE):
    reply = await browser.ask(f"{path}.json")
    assert reply.status == 200, reply.text
    return reply.json


@pytest.mark.slow
def test_the_verdict_follows_who_says_what(visit, piece):
    async def story(house):
        browser = await house.enroll("analyst", "analyst")
        bad = {"indicator_types": ["malicious-activity"], "confidence": 90}
        await shared(house, "bb", piece(1, **bad))
        found = await page(browser)
        assert found["verdict"] == {"word": "malicious", "confidence": 90, "says": ["bb"], "against": []}
        assert found["says"][0]["number"] == 0

        # Another object on the same value is a second voice; the same object passed on is none.
        same = {"pattern": "[ipv4-addr:value = '198.51.100.1']", **bad, "confidence": 70}
        await shared(house, "aa", piece(2, **same))
        found = await page(browser)
        assert (found["verdict"]["says"], found["verdict"]["confidence"]) == (["aa", "bb"], 80)
        assert [(one["member"], one["how"]) for one in found["says"]] == [("bb", "owner"), ("aa", "elsewhere")]
        assert found["todo"]["values"][0]["origins"] == 2

        await shared(house, "aa", opinion(1, "strongly-disagree"))
        found = await page(browser)
        assert (found["verdict"]["word"], found["verdict"]["against"]) == ("contested", ["aa"])
        assert found["against"][0]["text"] == "because 1"
        assert "1 member disagrees" in (await browser.ask(PAGE)).text

    visit(story)


@pytest.mark.slow
def test_who_only_passes_it_on_is_no_second_voice(visit, piece):
    async def story(house):
        browser = await house.enroll("analyst", "analyst")
        told = piece(1, indicator_types=["malicious-activity"])
        await shared(house, "bb", told)
        await shared(house, "aa", told)
        found = await page(browser)
        assert found["verdict"]["says"] == ["bb"]
        assert [(one["member"], one["how"]) for one in found["says"]] == [("bb", "owner"), ("aa", "copy")]

    visit(story)


@pytest.mark.slow
def test_what_is_over_has_expired_and_benign_is_benign(visit, piece):
    async def story(house):
        browser = await house.enroll("analyst", "analyst")
        over = piece(
            1,
            indicator_types=["malicious-activity"],
            valid_from="2025-01-01T00:00:00Z",
            valid_until="2025-06-01T00:00:00Z",
        )
        await shared(house, "bb", over, piece(2, indicator_types=["benign"]), piece(3))
        assert (await page(browser))["verdict"]["word"] == "expired"
        other = ONE.replace("00000001", "00000002")
        assert (await page(browser, f"/o/{other}"))["verdict"]["word"] == "benign"
        assert (await page(browser, f"/o/{ONE.replace('00000001', '00000003')}"))["verdict"]["word"] == "suspicious"

    visit(story)


@pytest.mark.slow
def test_versions_say_what_they_changed(visit, piece):
    async def story(house):
        browser = await house.enroll("analyst", "analyst")
        await shared(house, "bb", piece(1, confidence=20))
        await shared(house, "bb", piece(1, confidence=90, modified="2026-01-02T00:00:00.000Z"))
        told = (await page(browser))["history"]
        assert told["changes"][0]["changed"] == [{"key": "confidence", "before": "20", "after": "90"}]
        assert [one["action"] for one in told["corrections"]] == ["corrected"]

    visit(story)


def test_differences_are_cut_and_leave_the_date_out():
    before = {"modified": "a", "name": "x", "gone": 1}
    after = {"modified": "b", "name": "y" * 500, "new": {"a": [1]}}
    told = differences(before, after)
    assert [one["key"] for one in told] == ["gone", "name", "new"]
    assert told[2] == {"key": "new", "before": "", "after": '{"a":[1]}'}
    assert max(len(one["after"]) for one in told) < 170
    assert differences(before, before) == []
    assert len(differences({}, {f"k{n}": n for n in range(100)})) == 20


@pytest.mark.slow
def test_what_its_owner_took_back_says_so_and_shows_nothing_of_it(visit, piece):
    async def story(house):
        browser = await house.enroll("analyst", "analyst")
        await shared(house, "bb", piece(1, description="secret-of-before"))
        from tocsin.exchange.warn.taking import Wanted

        await house.federation.core("bb").corrections.recall(Wanted(ONE, (), "a wrong customer", 30))
        await house.federation.settled()
        await house.core.synced()
        found = await page(browser)
        assert found["is_recalled"]
        assert found["verdict"]["word"] == "recalled"
        assert found["changes"][0]["reason"] == "a wrong customer"
        text = (await browser.ask(PAGE)).text
        assert "a wrong customer" in text
        assert "secret-of-before" not in text
        assert "thing 1" not in text

    visit(story)


@pytest.mark.slow
def test_a_proof_is_of_this_object_or_is_not_there(visit, piece):
    async def story(house):
        browser = await house.enroll("analyst", "analyst")
        await shared(house, "bb", piece(1), piece(2))
        told = await page(browser)
        at = told["says"][0]["position"]
        found = (await browser.ask(f"{PAGE}/proof.json?at={at}")).json
        assert (found["member"], found["number"], len(found["commitment"])) == ("bb", 0, 64)
        assert found["size"] == 2
        assert "Tocsin" in found["head"] or "tocsin" in found["head"].lower()
        assert (await browser.ask(f"{PAGE}/proof")).status == 200
        assert (await browser.ask(f"{PAGE}/proof?at={at + 1}")).status == 404
        assert (await browser.ask(f"{PAGE}/proof?at=999999")).status == 404

    visit(story)


# -- the lanes ------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_note_of_ours_is_kept_changed_and_removed_by_its_author(visit, piece):
    async def story(house):
        await shared(house, "bb", piece(1))
        browser, other = await house.enroll("amira", "analyst"), await house.enroll("omar", "duty")
        watching = await house.enroll("olga", "oversight")
        before = await everything(house)
        reply = await browser.post(PAGE, f"{PAGE}/notes", text="call the harbour first")
        assert (reply.status, reply.header("location")) == (303, f"{PAGE}?done=note-kept")
        note = (await page(other))["notes"][0]
        assert (note["author"], note["text"], note["own"]) == ("amira", "call the harbour first", False)
        refused = await other.post(PAGE, f"{PAGE}/notes/change", note=note["id"], text="mine now")
        assert refused.status == 404
        assert "call the harbour first" in (await watching.ask(PAGE)).text
        assert (await watching.post("/me", f"{PAGE}/notes", text="no")).status == 404
        await browser.post(PAGE, f"{PAGE}/notes/change", note=note["id"], text="called")
        assert [one["text"] for one in (await page(other))["notes"]] == ["called"]
        assert (await browser.post(PAGE, f"{PAGE}/notes", text=" ")).status == 400
        await browser.post(PAGE, f"{PAGE}/notes/change", note=note["id"], remove="1")
        assert (await page(other))["notes"] == []
        absent = PAGE.replace("1", "9")
        assert (await browser.post(PAGE, f"{absent}/notes", text="of nothing")).status == 404
        await house.federation.settled()
        assert await everything(house) == before, "it went into a journal, ours or another's"

    visit(story)


async def everything(house):
    """How many entries every member holds."""
    sql = "SELECT count(*) FROM journal_rows"
    nodes = [house.federation.core(one) for one in sorted(house.federation.nodes)]
    return [(await one.world.database.read(lambda db: db.query(sql)))[0][0] for one in nodes]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["note", "false-positive", "sighted", "agree", "disagree", "used"])
def test_what_is_shared_is_seen_first_then_sealed_for_exactly_those(visit, piece, kind):
    async def story(house):
        await shared(house, "bb", piece(1))
        browser = await house.enroll("amira", "analyst")
        form = {"kind": kind, "text": "a resolver of ours", "count": "3", "marking": ""}
        shown = await browser.post(PAGE, f"{PAGE}/say", **form)
        assert shown.status == 200
        assert "2 members will be able to read this" in shown.text
        assert (await page(browser))["voices"]["words"] == []
        done = await browser.ask(f"{PAGE}/say/seal", {**form, "form_token": shown.field(), "seal": shown.field("seal")})
        assert (done.status, done.header("location")) == (303, f"{PAGE}?done=said"), done.text
        word = (await page(browser))["voices"]["words"][0]
        assert (word["member"], word["text"], word["marking"]) == ("aa", "a resolver of ours", "TLP:GREEN")
        await house.federation.settled()
        rows = house.federation.nodes["bb"].query("SELECT object_id FROM journal_rows WHERE member = 'aa' AND kind = 1")
        assert [row[0] for row in rows] == [word["id"]]

    visit(story)


@pytest.mark.slow
def test_what_is_said_for_the_eyes_of_red_waits_for_a_second_person(visit, piece):
    async def story(house):
        await house.federation.channel("quiet", ChannelKind.THEMATIC, ["aa", "bb"], named=True)
        await shared(house, "bb", piece(1), channel="quiet")
        browser = await house.enroll("amira", "analyst")
        form = {"kind": "note", "text": "not to be read by others", "count": "", "marking": "TLP:RED"}
        shown = await browser.post(PAGE, f"{PAGE}/say", **form)
        done = await browser.ask(f"{PAGE}/say/seal", {**form, "form_token": shown.field(), "seal": shown.field("seal")})
        assert (done.status, done.header("location")[:9]) == (303, "/share/d/"), (shown.text, done.text)
        assert (await page(browser))["voices"]["words"] == []

    visit(story)


@pytest.mark.slow
def test_nothing_is_sealed_for_others_than_those_who_were_shown(visit, piece):
    async def story(house):
        await shared(house, "bb", piece(1))
        browser = await house.enroll("amira", "analyst")
        form = {"kind": "note", "text": "for the eyes of those", "count": "", "marking": ""}
        shown = await browser.post(PAGE, f"{PAGE}/say", **form)
        other = "0" * 64
        moved = await browser.ask(f"{PAGE}/say/seal", {**form, "form_token": shown.field(), "seal": other})
        assert moved.status == 409
        assert "has changed since you were shown it" in moved.text
        # In a smaller channel than was shown: the way has changed, and so it is shown again.
        await house.federation.channel("quiet", ChannelKind.THEMATIC, ["aa", "bb"])
        stricter = {**form, "marking": "TLP:AMBER"}
        moved = await browser.ask(
            f"{PAGE}/say/seal", {**stricter, "form_token": shown.field(), "seal": shown.field("seal")}
        )
        assert moved.status in (403, 409)
        assert (await page(browser))["voices"]["words"] == []

    visit(story)


@pytest.mark.slow
def test_what_is_not_there_cannot_be_spoken_of(visit, piece):
    async def story(house):
        await shared(house, "bb", piece(1))
        browser = await house.enroll("amira", "analyst")
        absent = PAGE.replace("1", "9")
        for path in ("say", "say/seal"):
            reply = await browser.post(PAGE, f"{absent}/{path}", kind="note", text="x")
            assert reply.status == 404
        assert (await browser.post(PAGE, f"{PAGE}/say", kind="of-our-own", text="x")).status == 400
        assert (await browser.post(PAGE, f"{PAGE}/say", kind="note", text="")).status == 400
        assert (await browser.post(PAGE, f"{PAGE}/say", kind="agree", text="x" * 5000)).status == 400

    visit(story)
