"""The desk's pages: the list, a story, an article, sources; what analysts do there, and what hostile words do not."""

import json
import re

import pytest
from msgspec.structs import replace
from tests.unit.desk import partnering
from tests.unit.edge.console.conftest import ARTICLE

from tocsin.desk.register import stand
from tocsin.desk.sources import Health, Kind, Source, State

SENTENCE = "The malware calls 45.155.205[.]99 every hour and resolves by 8[.]8[.]8[.]8, analysts of the agency wrote in a report."
PAYLOAD = "\"'><script>alert(1)</script>\u202e<img src=x onerror=alert(2)>"


@pytest.mark.slow
def test_the_list_says_outlets_and_origins_filters_and_goes_on(visit, newsdesk):
    async def story(house):
        desk = newsdesk(house)
        browser = await house.enroll("duty", "duty")
        page = (await browser.ask("/desk")).text
        for words in (
            "3 outlets",
            "1 origin",
            "Port customs credentials sold s-1",
            "Greece",
            "Arabic",
            "2 min to read",
        ):
            assert words in page, words
        assert 'class="topic topic-cyber"' in page
        assert ">Desk</a>" in page
        for query, count in (("topic=cyber", 2), ("topic=terrorism", 0), ("country=gr", 2), ("country=FR", 0),
                             ("language=ar", 2), ("state=followed", 0)):  # fmt: skip
            assert len((await browser.ask(f"/desk.json?{query}")).json["stories"]) == count, query
        one = desk.told["s-1"].listed
        desk.more = [replace(one, id=f"m-{at:03}", last_us=one.last_us - at // 3) for at in range(110)]
        seen, query = [], ""
        for expected in (50, 50, 12):
            told = (await browser.ask(f"/desk.json?{query}")).json
            assert len(told["stories"]) == expected
            seen += [one["id"] for one in told["stories"]]
            query = "" if told["next"] is None else f"before={told['next']['before']}&after={told['next']['after']}"
        assert not query
        assert len(set(seen)) == 112

    visit(story)


@pytest.mark.slow
def test_a_story_shows_why_and_links_every_sentence_to_its_source(visit, newsdesk):
    async def story(house):
        newsdesk(house)
        browser = await house.enroll("analyst", "analyst")
        page = (await browser.ask("/desk/s/s-1")).text
        assert "3 outlets, 1 origin" in page.replace("</strong>", "")
        assert "/desk/d/s-1-d0?at=0-40#passage" in page
        assert "1 near-duplicate<" in page
        told = (await browser.ask("/desk/s/s-1.json")).json
        assert [one["id"] for one in told["articles"]] == ["s-1-d0", "s-1-d2"]
        assert [one["id"] for one in told["articles"][0]["copies"]] == ["s-1-d1"]
        assert {key: len(one) for key, one in told["indicators"].items()} == {
            "proposed": 2, "suppressed": 1, "reference": 1, "listed": 1,
        }  # fmt: skip
        suppressed = page[page.index("Suppressed") :]
        assert "on the deny-list public-resolvers" in suppressed
        assert page.count('name="verdict" value="accept"') == 3, (
            "only what is proposed, or meant by its source, can be accepted"
        )
        answered = (await browser.ask("/desk/s/s-1.json?ask=harbour")).json
        assert [one["at"] for one in answered["answers"]] == ["0-40"]
        assert (await browser.ask("/desk/s/s-1.json?ask=nothing-of-it")).json["answers"] == []

    visit(story)


@pytest.mark.slow
def test_who_only_reads_gets_no_form_of_an_analyst(visit, newsdesk):
    async def story(house):
        newsdesk(house)
        for role in ("duty", "releaser", "oversight"):
            browser = await house.enroll(role, role)
            for where in ("/desk", "/desk/s/s-1", "/desk/d/s-1-d0", "/desk/sources"):
                page = (await browser.ask(where)).text
                actions = set(re.findall(r'method="post" action="([^"]+)"', page)) - {"/sign-out"}
                allowed = {"/desk/s/s-1/notes"} if role != "oversight" and where == "/desk/s/s-1" else set()
                assert actions == allowed, (role, where)
            assert ("/share/new?" in (await browser.ask("/desk/s/s-1")).text) == (role != "oversight")

    visit(story)


@pytest.mark.slow
def test_an_analyst_decides_and_the_name_goes_with_it(visit, newsdesk):
    async def story(house):
        desk = newsdesk(house)
        browser = await house.enroll("amira", "analyst")
        page, where = "/desk/s/s-1", "/desk/s/s-1"
        assert (await browser.post(page, f"{where}/state", state="followed")).status == 303
        assert (await browser.post(page, f"{where}/indicators", value="198.51.100.7", verdict="accept")).status == 303
        assert (await browser.post(page, f"{where}/indicators", value="203.0.113.9", verdict="reject")).status == 303
        reply = await browser.post(page, f"{where}/merge", other=f"{house.url}/desk/s/s-2")
        assert reply.header("location").startswith("/desk/s/s-1?")
        reply = await browser.post(page, f"{where}/split", document=["s-1-d1", "s-1-d2"])
        assert reply.header("location").startswith("/desk/s/s-2?")
        assert desk.done == [
            ("state", "s-1", "followed", "amira"),
            ("judge", "s-1", "198.51.100.7", True, "amira"),
            ("judge", "s-1", "203.0.113.9", False, "amira"),
            ("merge", "s-1", "s-2", "amira"),
            ("split", "s-1", ("s-1-d1", "s-1-d2"), "amira"),
        ]
        shown = (await browser.ask(page)).text
        assert "accepted by <bdi" in shown
        assert "rejected by <bdi" in shown
        await browser.post(page, f"{where}/indicators", value="203.0.113.9", verdict="undecided")
        assert desk.done[-1] == ("judge", "s-1", "203.0.113.9", None, "amira")

    visit(story)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("act", "form"),
    [
        ("state", {"state": "deleted"}),
        ("indicators", {"value": "198.51.100.7", "verdict": "maybe"}),
        ("merge", {"other": "s-1"}),
        ("merge", {"other": ""}),
        ("merge", {"other": "s-9"}),
        ("split", {}),
        ("split", {"document": "s-2-d0"}),
        ("split", {"document": ["s-1-d0", "s-1-d1", "s-1-d2"]}),
    ],
)
def test_what_cannot_be_decided_so_is_refused_and_nothing_is_done(visit, newsdesk, act, form):
    async def story(house):
        desk = newsdesk(house)
        browser = await house.enroll("analyst", "analyst")
        reply = await browser.post("/desk/s/s-1", f"/desk/s/s-1/{act}", **form)
        assert reply.status in (400, 403)
        assert desk.done == []

    visit(story)


@pytest.mark.slow
def test_a_draft_is_made_under_share_for_a_person_to_look_at(visit, newsdesk):
    async def story(house):
        desk = newsdesk(house)
        browser = await house.enroll("analyst", "analyst")
        reply = await browser.post("/desk/s/s-1", "/desk/s/s-1/draft")
        where = reply.header("location")
        assert re.fullmatch(r"/share/d/[0-9a-f]{32}", where)
        told = (await browser.ask(f"{where}.json")).json
        assert (told["state"], told["kind"], told["said"]["topic"]) == ("open", "stix", "cyber")
        id_ = where.rpartition("/")[2]
        kept = json.loads(b"".join([one async for one in house.sealing.drafts.bytes_of(id_)]))
        assert (kept["type"], kept["objects"]) == ("bundle", [json.loads(desk.piece)])
        other = await house.enroll("other", "analyst")
        assert (await other.ask(where)).status == 404, "a draft is its author's alone"

    visit(story)


@pytest.mark.slow
def test_a_warning_is_prefilled_and_a_person_says_the_rest(visit, newsdesk):
    async def story(house):
        newsdesk(house)
        browser = await house.enroll("duty", "duty")
        said = (await browser.ask("/share/new.json?kind=warning&story=s-1")).json["said"]
        assert said["headline"] == "Port customs credentials sold s-1"
        assert (said["topic"], said["countries"], said["threatened"]) == ("cyber", "GR CY", "transport, government")
        assert (said["reliability"], said["credibility"], said["todo"]) == ("B", "3", "")
        assert 'value="Port customs' in (await browser.ask("/share/new?kind=warning&story=s-1")).text
        assert (await browser.ask("/share/new?kind=warning&story=s-9")).status == 404

    visit(story)


@pytest.mark.slow
def test_notes_on_a_story_are_ours_alone(visit, newsdesk):
    async def story(house):
        newsdesk(house)
        browser = await house.enroll("amira", "analyst")
        await browser.post("/desk/s/s-1", "/desk/s/s-1/notes", text="Ask the harbour office.")
        told = (await browser.ask("/desk/s/s-1.json")).json["notes"]
        assert [one["text"] for one in told] == ["Ask the harbour office."]
        assert (await browser.ask("/desk/s/s-2.json")).json["notes"] == []
        other = await house.enroll("basim", "duty")
        note = told[0]["id"]
        refused = await other.post("/desk/s/s-1", "/desk/s/s-1/notes/change", note=note, text="x")
        assert refused.status == 404
        await browser.post("/desk/s/s-1", "/desk/s/s-1/notes/change", note=note, remove="1")
        assert (await browser.ask("/desk/s/s-1.json")).json["notes"] == []

    visit(story)


@pytest.mark.slow
def test_an_article_is_plain_text_in_its_own_direction_with_its_clocks(visit, newsdesk):
    async def story(house):
        newsdesk(house)
        browser = await house.enroll("analyst", "analyst")
        page = (await browser.ask("/desk/d/s-1-d2")).text
        assert '<div dir="rtl" lang="ar"' in page
        assert "2 days ago" in page
        assert "told relative to the capture" in page
        assert "Two ports." in page
        page = (await browser.ask("/desk/d/s-1-d0?at=0-17")).text
        assert '<mark class="is-quote" id="passage">Customs credentia</mark>' in page
        assert page.count('id="passage"') == 1
        for odd in ("0-99999999", "5-5", "9-3", "x-y", "-", "٣-٩"):
            assert "is-quote" not in (await browser.ask(f"/desk/d/s-1-d0?at={odd}")).text, odd
        told = (await browser.ask("/desk/d/s-1-d0.json?names=1")).json
        plain = (await browser.ask("/desk/d/s-1-d0.json")).json["paragraphs"]
        joined = ["".join(one["text"] for one in paragraph) for paragraph in told["paragraphs"]]
        assert joined == ["".join(one["text"] for one in paragraph) for paragraph in plain], "marks change no word"

    visit(story)


@pytest.mark.slow
def test_two_articles_stand_side_by_side_with_what_each_says_otherwise(visit):
    async def story(house):
        browser = await house.enroll("amira", "analyst")
        first = (await house.news())["ids"][0]
        assert (await browser.ask(f"/desk/d/{first}/beside")).status == 404, "nothing stands beside the only one"
        assert "/beside" not in (await browser.ask(f"/desk/d/{first}")).text
        told = ARTICLE.replace("every hour", "every night").replace(
            "</article>", "<p>Two of the clerks saw it first, by the harbour.</p></article>"
        )
        made = await house.control.desk.imported(told.encode(), "https://herald.example/b", "text/html", "The Herald")
        page = (await browser.ask(f"/desk/d/{first}/beside.json")).json
        assert (page["other"]["id"], page["is_same_language"]) == (made["ids"][0], True)
        marks = {
            side: [(one["as"], one["text"]) for each in page[side]["paragraphs"] for one in each if one["as"]]
            for side in ("one", "other")
        }
        assert marks["one"] == [("changed", "hour")]
        assert marks["other"] == [("changed", "night"), ("only", "Two of the clerks saw it first, by the harbour.")]
        assert page["changes_total"] == 2
        assert f'href="/desk/d/{first}/beside"' in (await browser.ask(f"/desk/d/{first}")).text
        for other in (first, "0" * 32, "x"):
            assert (await browser.ask(f"/desk/d/{first}/beside?with={other}")).status == 404

    visit(story)


def test_the_timeline_says_three_clocks_and_no_more_than_is_known(visit, newsdesk):
    async def story(house):
        newsdesk(house)
        browser = await house.enroll("duty", "duty")
        row = (await browser.ask("/desk/s/s-1.json")).json["timeline"][0]
        assert row["published"]["first"] < row["published"]["last"] <= row["seen"]
        assert row["event"] is None
        assert "published between" in (await browser.ask("/desk/s/s-1")).text

    visit(story)


@pytest.mark.slow
def test_nothing_is_fetched_and_nothing_runs_when_somebody_reads(visit, newsdesk):
    async def story(house):
        desk = newsdesk(house, PAYLOAD)
        await desk.register.add(Source("wire", Kind.PAGE, "https://wire.example/?" + "x'\"<b>", outlet=PAYLOAD))
        browser = await house.enroll("analyst", "analyst")
        for where in ("/desk", "/desk/s/s-1", "/desk/s/s-1?ask=customs", "/desk/d/s-1-d0", "/desk/d/s-1-d0?names=1",
                      "/desk/d/s-1-d0/beside", "/desk/interests", "/", "/desk/sources", "/share/new?kind=warning&story=s-1"):  # fmt: skip
            page = (await browser.ask(where)).text
            assert "<script>alert" not in page, where
            assert "<img" not in page, where
            assert where == "/" or "<b>" not in page, where
            assert '="' + PAYLOAD[:2] not in page, where
            fetched = re.findall(
                r'<(?:img|iframe|object|embed|link|script|source|video|audio)[^>]*"(https?:[^"]*)', page
            )
            assert fetched == [], where
            outside = re.findall(r'<a [^>]*href="https?:[^>]*>', page)
            assert all('rel="noreferrer' in one for one in outside), where
            assert bool(outside) == (where.startswith("/desk/d/") and "/beside" not in where), where
        tried = await browser.post("/desk/sources", "/desk/sources/test", name="wire")
        assert "<script>alert" not in tried.text
        assert "alert(1)" in tried.text

    visit(story)


@pytest.mark.slow
def test_an_address_that_is_no_web_address_is_text_and_no_link(visit, newsdesk):
    async def story(house):
        desk = newsdesk(house)
        told = desk.told["s-1"]
        first = told.shelved[0]
        evil = replace(first, document=replace(first.document, url="javascript:alert(1)"))
        desk.told["s-1"] = replace(told, shelved=(evil, *told.shelved[1:]))
        browser = await house.enroll("analyst", "analyst")
        page = (await browser.ask("/desk/d/s-1-d0")).text
        assert "javascript:alert(1)" in page
        assert 'href="javascript' not in page

    visit(story)


@pytest.mark.slow
def test_sources_are_added_tried_pulled_paused_and_removed(visit, newsdesk):
    async def story(house):
        desk = newsdesk(house)
        for role in ("administrator", "analyst"):
            browser = await house.enroll(role, role)
            page, name = "/desk/sources", f"wire-{role}"
            form = {"name": name, "kind": "feed", "url": "https://wire.example/rss", "every_min": "30", "letter": "B",
                    "follow": "5", "token": "secret-token-of-ours"}  # fmt: skip
            assert (await browser.post(page, "/desk/sources", **form)).status == 303
            shown = await browser.ask(page)
            assert "every 30 minutes" in shown.text
            assert "secret-token-of-ours" not in shown.text + (await browser.ask("/desk/sources.json")).text
            tried = await browser.post(page, "/desk/sources/test", name=name)
            assert "A title" in tried.text
            assert (await browser.post(page, "/desk/sources/pull", name=name)).status == 303
            assert desk.done[-1] == ("pull", name)
            await browser.post(page, "/desk/sources/change", name=name, paused="yes")
            await browser.post(page, "/desk/sources/change", name=name, letter="A")
            changed = {"name": name, "every_min": "60", "outlet": "The Wire", "token": ""}
            assert (await browser.post(page, "/desk/sources/change", **changed)).status == 303
            wrong = await browser.post(page, "/desk/sources/change", **{**changed, "every_min": "0"})
            assert (wrong.status, "config.value" in wrong.text) == (400, True)
            (_, kept, _) = await desk.register.get(name)
            assert (kept.every_s, kept.outlet, kept.token) == (3600, "The Wire", "secret-token-of-ours")
            (row,) = [one for one in (await browser.ask("/desk/sources.json")).json["sources"] if one["name"] == name]
            assert (row["state"], row["letter"]) == ("paused", "A")
            await browser.post(page, "/desk/sources/remove", name=name)
            assert (await browser.ask("/desk/sources.json")).json["total"] == 0

    visit(story)


@pytest.mark.slow
def test_what_makes_no_source_is_told_and_what_was_typed_stays(visit, newsdesk):
    async def story(house):
        newsdesk(house)
        browser = await house.enroll("analyst", "analyst")
        good = {"name": "wire", "kind": "feed", "url": "https://wire.example/", "every_min": "30", "letter": "B",
                "follow": "5"}  # fmt: skip
        for field, value in (("name", "Two Words"), ("kind", "gopher"), ("url", "file:///etc/passwd"),
                             ("every_min", "0"), ("every_min", "soon"), ("letter", "G"), ("follow", "101")):  # fmt: skip
            reply = await browser.post("/desk/sources", "/desk/sources", **{**good, field: value})
            assert reply.status == 400, field
            assert "config.value" in reply.text
            assert (field == "url") or 'value="https://wire.example/"' in reply.text
        assert (await browser.post("/desk/sources", "/desk/sources", **good)).status == 303
        again = await browser.post("/desk/sources", "/desk/sources", **good)
        assert "desk.source-exists" in again.text

    visit(story)


@pytest.mark.slow
def test_a_source_that_was_withdrawn_says_so_and_is_found_by_that(visit, newsdesk):
    async def story(house):
        desk = newsdesk(house)
        for number in range(60):
            await desk.register.add(Source(f"wire-{number:02}", Kind.FEED, "https://wire.example/"))
        number, _, _ = await desk.register.get("wire-07")
        gone = Health(State.WITHDRAWN, failures=3, status=410, code="desk.withdrawn")
        await house.core.world.database.write(lambda tx: stand(tx, number, gone))
        browser = await house.enroll("duty", "duty")
        told = (await browser.ask("/desk/sources.json")).json
        assert (len(told["sources"]), told["next"], told["counts"]["withdrawn"]) == (50, "wire-49", 1)
        assert len((await browser.ask("/desk/sources.json?after=wire-49")).json["sources"]) == 10
        page = await browser.ask("/desk/sources?state=withdrawn")
        assert page.text.count("data-row") == 1
        assert "withdrawn by its owner" in page.text
        assert "desk.withdrawn" in page.text
        assert "Ask the publisher for access." in page.text  # what to do about it

    visit(story)


@pytest.mark.slow
def test_from_a_page_that_was_collected_to_a_draft_and_back(visit):
    """With the real office: import, read, judge, follow, note, draft, merge and split."""

    async def story(house):
        browser = await house.enroll("amira", "analyst")
        assert "No story yet" in (await browser.ask("/desk")).text
        news = await house.news()
        where = f"/desk/s/{news['stories'][0]}"
        listed = (await browser.ask("/desk.json")).json["stories"]
        assert [(one["id"], one["origins"], one["outlets"]) for one in listed] == [
            (news["stories"][0], 1, ["The Harbour Gazette"])
        ]
        assert {"GR", "CY"} <= set(listed[0]["countries"])
        told = (await browser.ask(f"{where}.json")).json
        assert [one["value"] for one in told["indicators"]["proposed"]] == ["45.155.205.99"]
        (hidden,) = told["indicators"]["suppressed"]
        assert (hidden["value"], hidden["reason"]) == ("8.8.8.8", "on the list public-dns")
        quoted = told["summary"][0]
        passage = (await browser.ask(f"/desk/d/{quoted['document']}.json?at={quoted['at']}")).json["paragraphs"]
        marked = "".join(one["text"] for each in passage for one in each if one["as"] == "quote")
        assert marked == quoted["text"], "the sentence stands in its source as it is quoted"
        answers = (await browser.ask(f"{where}.json?ask=what+does+the+malware+call")).json["answers"]
        assert SENTENCE in [one["text"] for one in answers]
        await browser.post(where, f"{where}/state", state="followed")
        assert len((await browser.ask("/desk.json?state=followed")).json["stories"]) == 1
        await browser.post(where, f"{where}/indicators", value="45.155.205.99", verdict="accept")
        reply = await browser.post(where, f"{where}/draft")
        id_ = reply.header("location").rpartition("/")[2]
        kept = json.loads(b"".join([one async for one in house.sealing.drafts.bytes_of(id_)]))
        patterns = [one["pattern"] for one in kept["objects"] if one["type"] == "indicator"]
        assert patterns == ["[ipv4-addr:value = '45.155.205.99']"]
        assert {one["type"] for one in kept["objects"]} >= {"report", "identity", "location"}
        for one in ("0" * 32, "", "nothing"):
            assert (await browser.post(where, f"{where}/merge", other=one)).status in (400, 403)

    visit(story)


def multipart(token, name, data, **fields):
    def part(name, value, more=""):
        return f'--x\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'.encode() + value + b"\r\n"

    told = b"".join(part(key, value.encode()) for key, value in {"form_token": token, **fields}.items())
    return told + part("file", data, f'; filename="{name}"') + b"--x--\r\n"


@pytest.mark.slow
def test_a_file_a_text_and_an_address_are_imported_and_what_came_of_them_is_shown(visit):
    """With the real office and reading."""

    async def story(house):
        browser = await house.enroll("amira", "analyst")
        page = await browser.ask("/desk/import")
        kind = {"content_type": "multipart/form-data; boundary=x", "origin": house.url}
        token = page.field()
        made = partnering.event()
        made.add_attribute("comment", partnering.PROSE[0], category="Other")
        made.add_attribute("ip-dst", "45.155.205.98", to_ids=True)
        body = multipart(token, "event.json", partnering.told(made), outlet="Ours")
        reply = await browser.ask("/desk/import", body=body, **kind)
        assert reply.status == 200
        assert "1 new article" in reply.text
        assert "Ransomware at the terminal of Piraeus" in reply.text
        (where,) = set(re.findall(r"/desk/s/[0-9a-f-]+", reply.text))
        shown = await browser.ask(where)
        assert "Listed by a partner" in shown.text
        assert (await browser.post(where, where + "/indicators", value="45.155.205.98", verdict="accept")).status == 303
        again = await browser.ask("/desk/import", body=body, **kind)
        assert "Nothing new" in again.text
        pasted = await browser.post(
            "/desk/import",
            "/desk/import",
            text="Two ships were searched in Piraeus.\n\nNothing was found in them, the harbour master of Piraeus said on Monday.",
        )
        assert "1 new article" in pasted.text
        fetched = await browser.post("/desk/import", "/desk/import", url="https://news.example/ministry")
        assert "Ministry network held" in fetched.text

    visit(story)


@pytest.mark.slow
def test_what_cannot_be_imported_is_told_and_kept_from_who_may_not(visit):
    async def story(house):
        browser = await house.enroll("amira", "analyst")
        kind = {"content_type": "multipart/form-data; boundary=x", "origin": house.url}
        token = (await browser.ask("/desk/import")).field()
        closed = partnering.told(partnering.event(tags=("tlp:red",)))
        for name, data, code in (("a.bin", b"\x00\x01" * 99, "format.capture-type"), ("a.json", closed, "desk.marked"),
                                 ("a.txt", b"", "format.capture-empty"), ("a.html", b"<html><body>", "format.capture-empty"),
                                 ("a.json", b'{"objects":[{"type":"report","name":"a\\u0000"}]}', "format.json-string")):  # fmt: skip
            reply = await browser.ask("/desk/import", body=multipart(token, name, data), **kind)
            assert (reply.status, code in reply.text) == (400, True), code
        for form in ({}, {"text": "a", "url": "https://news.example/"}):
            reply = await browser.post("/desk/import", "/desk/import", **form)
            assert (reply.status, "config.value" in reply.text) == (400, True)
        large = await browser.ask("/desk/import", body=multipart(token, "a.txt", b"x" * 18_000_000), **kind)
        assert large.status in (400, 413)
        forged = await browser.ask("/desk/import", body=multipart("wrong", "a.html", b"<p>x"), **kind)
        assert forged.status == 403
        assert (await browser.ask("/desk.json")).json["stories"] == []
        for role in ("duty", "administrator", "oversight", "releaser"):
            other = await house.enroll(role, role)
            assert (await other.ask("/desk/import")).status == 404
            assert "/desk/import" not in (await other.ask("/desk/sources")).text

    visit(story)
