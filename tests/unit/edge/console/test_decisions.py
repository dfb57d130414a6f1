"""What is ours and what is shared of a story: decisions go by a draft, come as proposals; notes of ours go nowhere."""

import json

import pytest
from tests.unit.edge.console.conftest import ARTICLE, piece

from tocsin.desk.drafting import report_id
from tocsin.formats import decision
from tocsin.formats.decision import Article, Decision
from tocsin.formats.tlp import Tlp

OTHER = """<html><head><title>Grain ship leaves Odesa</title></head><body><article><h1>Grain ship leaves Odesa</h1>
<p>A ship with forty thousand tonnes of grain left the port of Odesa on Friday for Alexandria, the harbour master told reporters.</p>
<p>It is the ninth of the month, and three more wait for their papers at the quay, according to the shipping agents of the town.</p>
</article></body></html>"""
CANARY = "canary-of-ours-77f1"


async def two(house):
    """Two stories, and the digests of their articles."""
    first = (await house.news())["stories"][0]
    told = await house.control.desk.imported(OTHER.encode(), "https://grain.example/a", "text/html", "Grain Post")
    second = told["stories"][0]
    held = [await house.control.desk.story(one) for one in (first, second)]
    return first, second, [Article(one.shelved[0].document.content) for one in held]


async def said(house, same, left, right, about):
    """Another member's analysts said so."""
    identity = house.core.members.member("bb").identity
    note = decision.compose(Decision(same, left, right), identity, about, "Ours find so.", house.clock.now_us())
    await house.federation.share("bb", "plenary", [note], Tlp.GREEN)
    await house.federation.settled()
    return json.loads(note)["id"]


@pytest.mark.slow
def test_what_another_member_decided_is_a_proposal_and_changes_nothing_by_itself(visit):
    async def story(house):
        first, second, (left, right) = await two(house)
        assert first != second
        browser = await house.enroll("amira", "analyst")
        note = await said(house, True, (left,), (right,), house.core.members.member("bb").identity)
        page = (await browser.ask(f"/desk/s/{first}.json")).json
        (one,) = page["proposals"]
        assert (one["member"], one["same"], one["story"], one["note"]) == ("bb", True, second, note)
        assert len(await house.control.desk.stories()) == 2, "nothing is merged by itself"
        duty = await house.enroll("basim", "duty")
        assert "/proposals" not in (await duty.ask(f"/desk/s/{first}")).text
        where = f"/desk/s/{first}"
        await browser.post(where, f"{where}/proposals", note=note, follow="yes")
        assert [row.id for row in await house.control.desk.stories()] == [first]
        assert (await browser.ask(f"{where}.json")).json["proposals"] == []
        (ours,) = (await browser.ask(f"{where}.json")).json["decisions"]
        assert (ours["together"], ours["by"]) == (True, "amira")

    visit(story)


@pytest.mark.slow
def test_what_is_not_followed_is_shown_no_more_and_what_is_not_held_never(visit):
    async def story(house):
        first, _, (left, right) = await two(house)
        browser, where = await house.enroll("amira", "analyst"), f"/desk/s/{first}"
        about = house.core.members.member("bb").identity
        await said(house, True, (left,), (Article("0" * 32),), about)
        assert (await browser.ask(f"{where}.json")).json["proposals"] == []
        note = await said(house, True, (left,), (right,), about)
        await browser.post(where, f"{where}/proposals", note=note, follow="no")
        assert (await browser.ask(f"{where}.json")).json["proposals"] == []
        assert len(await house.control.desk.stories()) == 2
        assert (await browser.post(where, f"{where}/proposals", note=note, follow="yes")).status == 404

    visit(story)


@pytest.mark.slow
def test_a_split_is_proposed_where_both_sides_are_in_one_story(visit):
    async def story(house):
        first, second, (left, right) = await two(house)
        browser, where = await house.enroll("amira", "analyst"), f"/desk/s/{first}"
        about = house.core.members.member("bb").identity
        note = await said(house, False, (left,), (right,), about)
        assert (await browser.ask(f"{where}.json")).json["proposals"] == [], "they are apart already"
        await house.control.desk.merge(first, second, "amira")
        assert (await browser.ask(f"{where}.json")).json["proposals"][0]["same"] is False
        await browser.post(where, f"{where}/proposals", note=note, follow="yes")
        assert len(await house.control.desk.stories()) == 2

    visit(story)


@pytest.mark.slow
def test_a_decision_of_ours_is_a_draft_without_the_name_of_who_decided(visit):
    async def story(house):
        first, second, (left, right) = await two(house)
        browser, where = await house.enroll("amira", "analyst"), f"/desk/s/{first}"
        await browser.post(where, f"{where}/merge", other=second)
        (one,) = (await browser.ask(f"{where}.json")).json["decisions"]
        reply = await browser.post(where, f"{where}/decisions", decision=str(one["number"]))
        id_ = reply.header("location").rpartition("/")[2]
        kept = b"".join([part async for part in house.sealing.drafts.bytes_of(id_)])
        (note,) = json.loads(kept)["objects"]
        told = decision.read(note)
        assert told.same is True
        assert {each.content for each in (*told.left, *told.right)} == {left.content, right.content}
        assert b"amira" not in kept.lower()
        assert (await browser.post(where, f"{where}/decisions", decision="999")).status == 404

    visit(story)


@pytest.mark.slow
def test_a_shared_story_shows_where_it_is_and_what_came_since(visit):
    async def story(house):
        name = (await house.news())["stories"][0]
        browser, where = await house.enroll("amira", "analyst"), f"/desk/s/{name}"
        assert (await browser.ask(f"{where}.json")).json["shared"] is None
        await house.federation.share("aa", "plenary", await house.control.desk.draft(name, "amira"))
        await house.federation.settled()
        shared = (await browser.ask(f"{where}.json")).json["shared"]
        assert (shared["report"], shared["channels"], shared["marking"]) == (report_id(name), ["plenary"], "TLP:CLEAR")
        assert (shared["fresh_total"], shared["corrected"]) == (0, [])
        edited = ARTICLE.replace("stopped the network", "slowed the network")
        await house.control.desk.imported(
            edited.encode(), "https://news.example/ministry", "text/html", "The Harbour Gazette"
        )
        copied = ARTICLE.replace("</article>", "<p>More is not known.</p></article>")
        await house.control.desk.imported(copied.encode(), "https://herald.example/a", "text/html", "Herald")
        shared = (await browser.ask(f"{where}.json")).json["shared"]
        assert [one["outlet"] for one in shared["corrected"]] == ["The Harbour Gazette"]
        assert [one["outlet"] for one in shared["fresh"]] == ["Herald"]
        assert "Propose an update" in (await browser.ask(where)).text

    visit(story)


@pytest.mark.slow
def test_nothing_of_ours_leaves_and_a_shared_note_is_read_by_others(visit):
    async def story(house):
        sent = []
        house.federation.network.tap(lambda src, dst, data: sent.append(bytes(data)))
        first, second, _ = await two(house)
        browser, where = await house.enroll(CANARY, "analyst"), f"/desk/s/{first}"
        await browser.post(where, f"{where}/notes", text=f"Ask {CANARY} of the port.")
        await browser.post(where, f"{where}/state", state="followed")
        await browser.post(where, f"{where}/merge", other=second)
        drafted = await house.control.desk.draft(first, CANARY)
        (act,) = await house.control.desk.acts(first)
        note = await house.control.desk.decision(act.number, report_id(first))
        assert not any(CANARY.encode() in one for one in (*drafted, note))
        await house.federation.share("aa", "plenary", [*drafted, note, piece(5)])
        await house.federation.settled()
        assert sent
        assert not any(CANARY.encode() in one for one in sent)
        rows = house.federation.nodes["aa"].query("SELECT name, object_id, content FROM journal_rows")
        assert not any(CANARY.encode() in bytes(row[2] or b"") for row in rows if row[0] != "audit-head")
        page = (await browser.ask(where)).text
        assert f'action="/o/{report_id(first)}/say"' in page, "a note for the others stands beside the report"

    visit(story)


@pytest.mark.parametrize(
    "said_",
    [
        {},
        {"same": 1, "left": [{"content": "0" * 32}], "right": [{"content": "1" * 32}]},
        {"same": True, "left": [], "right": [{"content": "1" * 32}]},
        {"same": True, "left": [{"content": "0" * 32}], "right": [{"content": "0" * 32}]},
        {"same": True, "left": [{"content": "x" * 32}], "right": [{"content": "0" * 32}]},
        {"same": True, "left": [{"content": "1" * 32, "url": "javascript:x"}], "right": [{"content": "0" * 32}]},
        {"same": True, "left": [{"content": "1" * 32}] * 51, "right": [{"content": "0" * 32}]},
        {"same": True, "left": [{"content": "1" * 32, "by": "amira"}], "right": [{"content": "0" * 32}]},
        {"same": True, "left": "x", "right": [{"content": "0" * 32}], "more": 1},
    ],
)
def test_what_is_no_decision_is_read_as_none(said_):
    from tocsin.formats import extension

    value = {
        "type": "note",
        "extensions": {extension.ID["decision"]: {"extension_type": "property-extension", **said_}},
    }
    assert decision.read(value) is None
