"""Share, what is to be shared: changed again before it is sealed, refused without loss, begun from a template."""

import pytest
from tests.unit.edge.console import drafting
from tests.unit.edge.console.drafting import REPORT, WARNING, composed, fields, ready, sealed

shares = drafting.shares


@pytest.mark.slow
def test_what_is_refused_for_its_content_is_changed_and_not_written_anew(shares):
    async def story(house, browser):
        wrong = {**WARNING, "answer_by": "tomorrow", "countries": "gr cy", "credibility": "2"}
        path, page = await composed(house, browser, wrong, "pair")
        assert (page["state"], page["outcome"]["code"], page["can_change"]) == ("open", "config.value", True)
        again = path.replace("/share/d/", "/share/new?draft=")
        assert again in (await browser.ask(path)).text
        form = fields((await browser.ask(again)).text)
        assert (form["credibility"], form["reliability"]) == ("2", "F")
        kept = {
            key: form[key] for key in ("headline", "topic", "urgency", "threatened", "todo", "answer_by", "countries")
        }
        assert kept == {**{key: wrong[key] for key in kept if key in wrong}, "countries": "GR CY"}
        channel = house.control.members.channel("pair").id
        sent = {**wrong, "answer_by": "4h", "channel": channel, "draft": path.rpartition("/")[2]}
        reply = await browser.post(again, "/share/new", **sent)
        changed = await ready(house, browser, reply.header("location"), "ready", "open")
        assert (changed["state"], changed["outcome"]["code"]) == ("ready", "")
        assert (await browser.ask(path)).status == 404  # one draft, not two
        reply = await browser.post(again.partition("?")[0], "/share/new", **sent)
        assert reply.status == 303  # what somebody has thrown away meanwhile is begun anew
        other = await house.enroll("omar", "analyst")
        assert (await other.ask(again)).status == (await other.ask("/share/new?draft=none")).status == 404

    shares(story)


@pytest.mark.slow
def test_what_another_tab_has_sealed_is_not_changed_and_the_words_stay(shares):
    async def story(house, browser):
        path, page = await composed(house, browser, REPORT, "pair")
        await sealed(house, browser, path, page)
        sent = {**REPORT, "text": "Four of them.", "draft": path.rpartition("/")[2]}
        reply = await browser.post("/share/new", "/share/new", **sent)
        assert (reply.status, "policy.draft-moved" in reply.text) == (403, True)
        form = fields(reply.text)
        assert (form["text"], form["draft"]) == ("Four of them.", "")
        assert fields((await browser.ask(path.replace("/share/d/", "/share/new?draft="))).text)["draft"] == ""
        assert len(await house.sealing.drafts.of("amira")) == 1

    shares(story)


@pytest.mark.slow
def test_what_was_pasted_is_changed_too_and_a_refused_paste_stays_in_its_field(shares):
    async def story(house, browser):
        reply = await browser.post("/share/new?kind=paste", "/share/upload", title="t", topic="", text="8[.]8[.]8[.]8")
        assert (reply.status, fields(reply.text)["text"]) == (400, "8[.]8[.]8[.]8")
        reply = await browser.post("/share/new?kind=paste", "/share/upload", title="t", topic="cyber", text="old text")
        path = reply.header("location")
        await ready(house, browser, path, "open")
        again = path.replace("/share/d/", "/share/new?draft=")
        form = fields((await browser.ask(again)).text)
        assert (form["text"], form["title"], form["topic"]) == ("old text", "t", "cyber")
        sent = {"title": "t", "topic": "cyber", "text": "new text", "draft": form["draft"]}
        reply = await browser.post(again, "/share/upload", **sent)
        kept = [one async for one in house.sealing.drafts.bytes_of(reply.header("location").rpartition("/")[2])]
        assert kept == [b"new text"]
        assert len(await house.sealing.drafts.of("amira")) == 1

    shares(story)


@pytest.mark.slow
def test_what_was_chosen_is_kept_when_the_words_are_changed(shares):
    async def story(house, browser):
        reply = await browser.post("/share/new?kind=paste", "/share/upload", title="t", topic="cyber", text="old text")
        path = reply.header("location")
        await ready(house, browser, path, "open")
        channel = house.control.members.channel("pair").id
        chosen = {
            "channel": channel,
            "tlp": "TLP:AMBER",
            "allow_listed": "public-dns-v4",
            "why": "ours",
            "with_text": "on",
        }
        await browser.post(path, f"{path}/handling", **chosen)
        await ready(house, browser, path, "ready", "open")
        sent = {"title": "t", "topic": "cyber", "text": "new text", "draft": path.rpartition("/")[2]}
        path = (await browser.post(path, "/share/upload", **sent)).header("location")
        page = await ready(house, browser, path, "open")
        kept = {key: page["said"][key] for key in ("channel", "tlp", "allow_listed", "reason")}
        assert kept == {"channel": channel, "tlp": "TLP:AMBER", "allow_listed": "public-dns-v4", "reason": "ours"}
        assert page["with_text"]

    shares(story)


@pytest.mark.slow
def test_sixty_thousand_letters_of_any_script_are_taken(shares):
    async def story(house, browser):
        reply = await browser.post("/share/new", "/share/new", **{**REPORT, "text": "م" * 60_000})
        assert reply.status == 303

    shares(story)


@pytest.mark.slow
def test_a_refused_handling_stands_on_the_page_of_the_draft_with_what_was_chosen(shares):
    async def story(house, browser):
        path, _ = await composed(house, browser, REPORT, "pair")
        channel = house.control.members.channel("plenary").id
        chosen = {"channel": channel, "tlp": "TLP:AMBER", "exclude": "bb", "why": "they know"}
        reply = await browser.post(path, f"{path}/handling", **chosen)
        assert (reply.status, "policy.no-such-channel" in reply.text) == (403, True)
        form = fields(reply.text)
        assert (form["channel"], form["why"]) == (channel, "they know")
        assert '<input type="checkbox" name="exclude" value="bb" checked>' in reply.text
        assert (await browser.ask(f"{path}.json")).json["state"] == "ready"
        reply = await browser.post(path, f"{path}/handling", channel=channel, tlp="")
        assert "policy.unmarked" in reply.text

    shares(story)


@pytest.mark.slow
def test_a_template_takes_the_place_of_another_and_never_of_what_somebody_wrote(shares):
    async def story(house, browser):
        form = fields((await browser.post("/share/new", "/share/new", kind="warning", template="attack")).text)
        assert (form["headline"], form["topic"], form["urgency"]) == ("An attack is feared", "terrorism", "flash")
        form = {**form, "todo": "Call us.", "kind": "warning", "template": "exploited"}
        form = fields((await browser.ask("/share/new", form)).text)
        told = ("A weakness is being exploited now", "Call us.", "cyber")
        assert (form["headline"], form["todo"], form["topic"]) == told

    shares(story)
