"""Share: drafts, who will be able to read it, sealing exactly that, and the second person."""

import asyncio

import pytest
from tests.unit.edge.console import drafting
from tests.unit.edge.console.drafting import REPORT, WARNING, composed, held, joined, ready, sealed

from tocsin.errors import PolicyError
from tocsin.testing.persons import encode, thing

shares = drafting.shares


@pytest.mark.slow
def test_a_report_is_shown_and_sealed_for_exactly_those_who_were_shown(shares):
    async def story(house, browser):
        path, page = await composed(house, browser, REPORT, "pair")
        assert page["shown"]["count"] == 2
        assert [one["handle"] for one in page["shown"]["readers"]] == ["aa", "bb"]
        html = (await browser.ask(path)).text
        assert "Seal for 2 members" in html
        assert await held(house, "bb") == []
        done = await sealed(house, browser, path, page)
        assert (done["state"], done["outcome"]["shared"]) == ("sealed", 1)
        await house.federation.settled()
        assert (await held(house, "bb"), await held(house, "cc")) == (["Harbour cranes"], [])
        assert "1 object is sealed" in (await browser.ask(path)).text

    shares(story)


@pytest.mark.slow
def test_a_moment_to_take_it_back_and_none_for_what_is_urgent(shares):
    async def story(house, browser):
        path, page = await composed(house, browser, REPORT, "pair")
        form = {"digest": page["digest"], "meant": page["shown"]["acknowledge"]}
        await browser.post(path, f"{path}/seal", **form)
        await house.clock.sleep(8)
        assert (await browser.ask(f"{path}.json")).json["state"] == "sealing"
        assert "Undo" in (await browser.ask(path)).text
        assert (await browser.post(path, f"{path}/undo")).status == 303
        await house.clock.sleep(60)
        assert (await browser.ask(f"{path}.json")).json["state"] == "ready"
        assert await held(house, "aa") == []
        path, page = await composed(house, browser, WARNING, "pair")
        await browser.post(path, f"{path}/seal", digest=page["digest"], meant=page["shown"]["acknowledge"])
        await house.clock.sleep(1)
        assert (await browser.ask(f"{path}.json")).json["state"] == "sealed"
        assert await held(house, "aa") == ["Cranes stop"]
        assert (await browser.post(path, f"{path}/undo")).status == 403

    shares(story)


@pytest.mark.slow
def test_who_is_new_among_the_readers_is_acknowledged_by_name(shares):
    async def story(house, browser):
        path, page = await composed(house, browser, REPORT)
        assert page["shown"]["acknowledge"] == ["bb", "cc"]
        refused = await browser.post(path, f"{path}/seal", digest=page["digest"], meant=["bb"])
        assert refused.status == 403
        assert "policy.audience-unread" in refused.text
        assert (await sealed(house, browser, path, page))["state"] == "sealed"
        _, page = await composed(house, browser, {**REPORT, "title": "again"})
        assert page["shown"]["acknowledge"] == []

    shares(story)


@pytest.mark.slow
def test_what_moved_since_it_was_shown_is_not_sealed_and_the_difference_is_told(shares):
    async def story(house, browser):
        path, page = await composed(house, browser, REPORT, "pair")
        await browser.post(path, f"{path}/seal", digest=page["digest"], meant=page["shown"]["acknowledge"])
        await joined(house, "cc")
        page = await ready(house, browser, path, "ready", "sealed")
        assert page["state"] == "ready"
        assert page["outcome"]["code"] == "policy.audience-changed"
        assert (page["outcome"]["joined"], page["outcome"]["left"]) == (["cc"], [])
        assert page["shown"]["count"] == 3
        assert "Come since:" in (await browser.ask(path)).text
        assert await held(house, "aa") == []
        assert (await sealed(house, browser, path, page))["state"] == "sealed"

    shares(story)


RED = {**REPORT, "tlp": "TLP:RED"}


@pytest.mark.slow
def test_red_waits_for_another_person_who_sees_the_same(shares):
    async def story(house, browser):
        path, page = await composed(house, browser, RED, "pair")
        assert page["shown"]["second"] == ["red"]
        assert "Ask a second person: 2 members" in (await browser.ask(path)).text
        assert (await sealed(house, browser, path, page))["state"] == "approval"
        await house.clock.sleep(120)
        assert await held(house, "aa") == []
        where = path.replace("/share/d/", "/share/approvals/")
        for role in ("analyst", "duty"):
            other = await house.enroll(f"other-{role}", role)
            assert (await other.ask(where)).status == 404
        releaser = await house.enroll("rana", "releaser")
        assert "Harbour cranes" in (await releaser.ask("/share/approvals")).text
        html = (await releaser.ask(where)).text
        assert "Approve for 2 members" in html
        stale = await releaser.post(where, f"{where}/approve", digest="0" * 64)
        assert (stale.status, "policy.audience-changed" in stale.text) == (403, True)
        assert (await releaser.post(where, f"{where}/approve", digest=page["digest"])).status == 303
        assert (await ready(house, browser, path, "sealed"))["second"] == "rana"
        assert await held(house, "aa") == ["Harbour cranes"]
        trail = await house.control.audit.listed()
        told = {one["who"] for one in trail if page["digest"] and "draft" in one["reason"]}
        assert {"person:amira", "person:rana"} <= told

    shares(story)


async def waiting_for_approval(house, title):
    """A RED draft that waits for a second person: its address, that of the second person's page, its twin."""
    author = await house.enroll(f"author-{title}", "analyst")
    path, page = await composed(house, author, {**RED, "title": title}, "pair")
    await sealed(house, author, path, page)
    return author, path, path.replace("/share/d/", "/share/approvals/"), page


@pytest.mark.slow
def test_a_button_pressed_twice_seals_once_and_says_so_both_times(shares):
    async def story(house, browser):
        path, page = await composed(house, browser, REPORT, "pair")
        form = {"digest": page["digest"], "meant": page["shown"]["acknowledge"]}
        token = (await browser.ask(path)).field()
        once, again = await asyncio.gather(
            *(browser.ask(f"{path}/seal", {"form_token": token, **form}) for _ in range(2))
        )
        assert [(one.status, one.header("location")) for one in (once, again)] == [(303, path)] * 2
        assert (await ready(house, browser, path, "sealed"))["outcome"]["shared"] == 1
        late = await browser.ask(f"{path}/seal", {"form_token": token, **form})  # the page before, by the back button
        assert (late.status, late.header("location")) == (303, path)
        other = await browser.ask(f"{path}/seal", {"form_token": token, **form, "digest": "0" * 64})
        assert (other.status, "policy.draft-moved" in other.text) == (403, True)
        assert await held(house, "aa") == ["Harbour cranes"]

    shares(story)


@pytest.mark.slow
def test_of_two_who_approve_at_once_one_has_and_the_other_is_told(shares):
    async def story(house, _browser):
        author, path, where, page = await waiting_for_approval(house, "Two")
        people = [await house.enroll(name, "releaser") for name in ("rana", "rene")]
        tokens = [(await one.ask(where)).field() for one in people]
        asked = [
            one.ask(f"{where}/approve", {"form_token": token, "digest": page["digest"]})
            for one, token in zip((*people, people[0]), (*tokens, tokens[0]), strict=True)
        ]
        replies = await asyncio.gather(*asked)
        second = (await ready(house, author, path, "sealed", "sealing"))["second"]
        told = {"rana": (replies[0], replies[2]), "rene": (replies[1],)}
        assert {one.status for one in told.pop(second)} == {303}
        assert [(one.status, "policy.draft-moved" in one.text) for one in told.popitem()[1]][:1] == [(403, True)]
        await ready(house, author, path, "sealed")
        assert await held(house, "aa") == ["Two"]
        assert (await people[0].ask(where)).status == 404

    shares(story)


@pytest.mark.slow
def test_undo_and_sealing_at_the_same_instant_are_one_or_the_other(shares):
    async def story(house, browser):
        ends = set()
        for number in range(30):
            path, page = await composed(house, browser, {**REPORT, "title": f"No. {number}"}, "pair")
            form = {"digest": page["digest"], "meant": page["shown"]["acknowledge"]}
            token = (await browser.ask(path)).field()
            assert (await browser.ask(f"{path}/seal", {"form_token": token, **form})).status == 303
            await house.clock.sleep(10 + (number - 15) / 1000)
            undone = (await browser.ask(f"{path}/undo", {"form_token": token})).status == 303
            page = await ready(house, browser, path, "ready", "sealed")
            ends.add(page["state"])
            assert (page["state"] == "ready") is undone
            assert (f"No. {number}" in await held(house, "aa")) is not undone
        assert ends == {"ready", "sealed"}, "the two never met"

    shares(story)


@pytest.mark.slow
def test_what_is_shown_anew_between_the_look_and_the_press_is_not_sealed_unseen(shares):
    """Another tab chooses another audience while the press is on its way: what is pressed is what was shown, or nothing."""

    async def story(house, browser):
        path, page = await composed(house, browser, REPORT, "pair")
        sealing, draft = house.sealing, await house.sealing.drafts.one(path.rpartition("/")[2])
        await sealing.handle(draft, {"channel": house.control.members.channel("plenary").id})
        now = await ready(house, browser, path, "ready")
        assert (now["shown"]["count"], page["shown"]["count"]) == (3, 2)
        with pytest.raises(PolicyError, match="not what was shown") as refused:
            await sealing.seal(draft, page["digest"], frozenset(page["shown"]["acknowledge"]), partial=False)
        assert refused.value.code == "policy.audience-changed"
        assert (await browser.ask(f"{path}.json")).json["state"] == "ready"
        assert await held(house, "aa") == []

    shares(story)


@pytest.mark.slow
def test_an_author_approves_nothing_of_their_own_and_a_refusal_says_why(shares):
    async def story(house, _browser):
        author = await house.enroll("both", "analyst", "releaser")
        path, page = await composed(house, author, RED, "pair")
        await sealed(house, author, path, page)
        where = path.replace("/share/d/", "/share/approvals/")
        own = await author.post(where, f"{where}/approve", digest=page["digest"])
        assert (own.status, "policy.own-approval" in own.text) == (403, True)
        releaser = await house.enroll("rana", "releaser")
        assert (await releaser.post(where, f"{where}/decline", reason="")).status == 400
        assert (await releaser.post(where, f"{where}/decline", reason="Not theirs to know.")).status == 303
        page = (await author.ask(f"{path}.json")).json
        assert (page["state"], page["outcome"]["declined"]) == ("ready", "Not theirs to know.")
        assert await held(house, "aa") == []

    shares(story)


@pytest.mark.slow
def test_what_is_about_a_person_needs_the_one_whom_the_object_names(shares):
    async def story(house, browser):
        browser_text = encode(thing(1))
        reply = await browser.post("/share/new", "/share/upload", title="A person", topic="cyber", text=browser_text)
        path = reply.header("location")
        channel = house.control.members.channel("pair").id
        await browser.post(path, f"{path}/handling", channel=channel)
        page = await ready(house, browser, path, "ready")
        assert page["shown"]["second"] == ["persons"], page["shown"]["refusals"]
        assert (await sealed(house, browser, path, page))["state"] == "approval"
        where = path.replace("/share/d/", "/share/approvals/")
        stranger = await house.enroll("rana", "releaser")
        refused = await stranger.post(where, f"{where}/approve", digest=page["digest"])
        assert (refused.status, "person.not-the-second" in refused.text) == (403, True)
        named = await house.enroll(page["shown"]["seconds"][0], "releaser")
        assert (await named.post(where, f"{where}/approve", digest=page["digest"])).status == 303
        assert (await ready(house, browser, path, "sealed", "ready"))["state"] == "sealed"

    shares(story)


TEXT = """Seen at hxxp://bad[.]example/x and 198.51.100[.]7, with
d41d8cd98f00b204e9800998ecf8427e; see https://report.example/2026 and 192.0.2.1."""


@pytest.mark.slow
def test_only_what_somebody_made_harmless_becomes_an_indicator(shares):
    async def story(house, browser):
        reply = await browser.post("/share/new", "/share/upload", title="Log", topic="cyber", text=TEXT)
        path = reply.header("location")
        page = await ready(house, browser, path, "open")
        assert {one["text"]: one["is_defanged"] for one in page["found"]} == {
            "http://bad.example/x": True,
            "198.51.100.7": True,
            "d41d8cd98f00b204e9800998ecf8427e": True,
            "https://report.example/2026": False,
            "192.0.2.1": False,
        }
        channel = house.control.members.channel("pair").id
        await browser.post(path, f"{path}/handling", channel=channel, tlp="TLP:GREEN", pick=["1", "3"])
        page = await ready(house, browser, path, "ready")
        names = [one["name"] for one in page["shown"]["objects"]]
        assert names == ["198.51.100.7", "Log"], "an unticked value, or a reference, became an indicator"

    shares(story)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "format.draft"),
        ("a\x00b", "format.draft"),
        ('{"objects": [' + "[" * 100 + "]" * 100 + "]}", "format"),
        ('{"Event": {"info": "x"}}', "format.misp"),
    ],
)
def test_what_nobody_can_read_is_refused_and_nothing_is_lost(shares, text, code):
    async def story(house, browser):
        reply = await browser.post("/share/new", "/share/upload", title="<script>x</script>", topic="cyber", text=text)
        if reply.status == 400:
            assert code in reply.text
            return
        path = reply.header("location")
        page = await ready(house, browser, path, "open")
        if not page["outcome"]["code"]:
            channel = house.control.members.channel("pair").id
            await browser.post(path, f"{path}/handling", channel=channel, tlp="TLP:GREEN")
            page = await ready(house, browser, path, "ready", "open")
        refusals = (page["shown"] or {"refusals": []})["refusals"]
        told = [page["outcome"]["code"], *(one["code"] for one in refusals)]
        assert any(one.startswith(code) for one in told), told
        assert b"".join([one async for one in house.sealing.drafts.bytes_of(path.rpartition("/")[2])]) == text.encode()
        assert "<script>x" not in (await browser.ask(path)).text

    shares(story)


def multipart(token, data, *, token_first=True):
    def part(name, value, more=""):
        return f'--x\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'.encode() + value + b"\r\n"

    fields = part("form_token", token.encode()) + part("topic", b"cyber") + part("title", b"t")
    file = part("file", data, '; filename="f.json"')
    return (fields + file if token_first else file + fields) + b"--x--\r\n"


@pytest.mark.slow
def test_a_file_is_read_only_after_the_token_of_its_form(shares, piece):
    async def story(house, browser):
        token = (await browser.ask("/share/new")).field()
        kind = {"content_type": "multipart/form-data; boundary=x", "origin": house.url}
        bundle = b'{"type": "bundle", "objects": [' + piece(1) + b"]}"
        for body in (multipart("wrong", bundle), multipart(token, bundle, token_first=False), b"--x\r\n", b""):
            reply = await browser.ask("/share/upload", body=body, **kind)
            assert (reply.status, "access.form" in reply.text) == (403, True)
        large = await browser.ask("/share/upload", body=multipart(token, b"[" * 18_000_000), **kind)
        assert large.status in (400, 413)
        reply = await browser.ask("/share/upload", body=multipart(token, bundle), **kind)
        assert reply.status == 303
        path = reply.header("location")
        kept = [one async for one in house.sealing.drafts.bytes_of(path.rpartition("/")[2])]
        assert b"".join(kept) == bundle

    shares(story)
