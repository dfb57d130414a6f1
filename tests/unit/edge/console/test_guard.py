"""What stands before every page: policy, hosts, forms, bounds, and no difference between hidden and absent."""

import pytest

from tocsin.edge.console import guard
from tocsin.edge.console.app import build
from tocsin.edge.console.page import Page
from tocsin.edge.console.pages import ALL

READING = [one for one in ALL if one.method == "GET"]


def test_a_route_without_a_row_does_not_start(visit, monkeypatch):
    async def story(house):
        monkeypatch.setattr("tocsin.edge.console.app.ALL", (*ALL, Page("GET", "/forgotten", None)))
        with pytest.raises(KeyError, match="forgotten"):
            build(house.services)

    visit(story)


def test_who_is_not_signed_in_learns_of_no_route(visit):
    async def story(house):
        browser = house.browser()
        for path in ("/threats", "/admin", "/nothing-of-the-kind", "/o/x"):
            reply = await browser.ask(path)
            assert (reply.status, reply.header("location"), reply.body) == (303, f"/sign-in?to={path}", b"")
            twin = await browser.ask(f"{path}.json")
            assert (twin.status, twin.json["code"]) == (401, "access.session")
        fragment = await browser.ask("/threats", hx_request="true")
        assert (fragment.status, fragment.header("hx-redirect")) == (401, "/sign-in")
        for path in ("/admin/accounts", "/nothing-of-the-kind"):
            reply = await browser.ask(path, {})
            assert (reply.status, '<a class="button" href="/sign-in">' in reply.text) == (401, True)

    visit(story)


def test_every_answer_carries_the_policy(visit):
    async def story(house):
        browser = await house.enroll("analyst", "analyst")
        asset = house.services and "/static/console.css"
        for path in ("/threats", "/threats.json", "/nothing", "/sign-out", asset, "/static/nothing"):
            reply = await browser.ask(path)
            for name, value in guard.HEADERS.items():
                assert reply.header(name) == value, (path, name)
            assert ("no-store" in reply.header("cache-control")) != (path == asset)
            assert reply.header("strict-transport-security") is None
        assert "'unsafe" not in guard.POLICY
        assert "script-src 'self'; style-src 'self'" in guard.POLICY

    visit(story)


def test_cookies_are_strict_named_after_the_node_and_bound_to_tls(visit):
    async def story(house):
        token = await house.people.add("amira", ["duty"])
        plain = (await house.browser().ask(f"/in/{token}")).header("set-cookie")
        assert plain.startswith("tocsin-aa-visit=")
        assert "HttpOnly" in plain
        assert "SameSite=strict" in plain
        assert "Secure" not in plain
        house.again(public_url=lambda: "https://node.example", loopback=False)
        reply = await house.browser().ask(f"/in/{token}")
        assert reply.header("set-cookie").startswith("__Host-tocsin-aa-visit=")
        assert "Secure" in reply.header("set-cookie")
        assert reply.header("strict-transport-security") == "max-age=31536000"

    visit(story)


def test_a_host_that_is_not_ours_is_refused_on_loopback(visit):
    async def story(house):
        browser = await house.enroll("analyst", "analyst")
        for host in (
            "rebound.example",
            "rebound.example:7401",
            "",
            "127.0.0.1.example",
            "[::1",
            "localhost@evil.example",
        ):
            assert (await browser.ask("/threats", host=host)).status == 421, host
        for host in ("127.0.0.1:7401", "localhost:7401", "[::1]:7401"):
            assert (await browser.ask("/threats", host=host)).status == 200, host
        house.again(public_url=lambda: "https://node.example", loopback=True)
        assert (await house.browser().ask("/sign-in", host="node.example")).status == 200
        assert (await house.browser().ask("/sign-in", host="other.example")).status == 421

    visit(story)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changed", "form"),
    [
        ({"origin": "https://evil.example"}, {}),
        ({"origin": "null"}, {}),
        ({"sec_fetch_site": "cross-site"}, {}),
        ({"sec_fetch_site": "same-site"}, {}),
        ({"sec_fetch_site": "none"}, {}),
        ({}, {"form_token": "x"}),
        ({}, {"form_token": ""}),
    ],
)
def test_a_form_counts_only_from_our_page_in_the_same_session(visit, changed, form):
    async def story(house):
        browser = await house.enroll("root", "administrator")
        good = {"form_token": (await browser.ask("/me")).field(), "language": "fr", "theme": "dark"}
        refused = await browser.ask("/me/look", {**good, **form}, **changed)
        assert (refused.status, "access.form" in refused.text) == (403, True)
        assert (await house.people.find("root")).language == ""
        assert (await browser.ask("/me/look", good)).status == 303
        assert (await house.people.find("root")).language == "fr"

    visit(story)


def test_the_token_of_one_session_is_none_of_another(visit):
    async def story(house):
        one, other = await house.enroll("one", "duty"), await house.enroll("other", "duty")
        stolen = (await other.ask("/me")).field()
        assert (await one.ask("/me/look", {"form_token": stolen, "language": "fr"})).status == 403
        by_header = (await one.ask("/me")).field()
        assert (await one.ask("/me/look", {"language": "fr"}, x_tocsin_form=by_header)).status == 303

    visit(story)


@pytest.mark.slow
def test_reading_changes_nothing(visit, samples):
    async def story(house):
        browser = await house.enroll("root", "administrator", "analyst")
        connection = house.federation.nodes["aa"]
        await browser.ask("/threats")

        def held():
            names = [row[0] for row in connection.query("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return {name: connection.query(f"SELECT * FROM {name}") for name in names if name.startswith("edge_")}  # noqa: S608 - constants only

        before, position = held(), house.core.journal.head
        for page in READING:
            await browser.ask(samples.concrete(page.path))
        assert (held(), house.core.journal.head) == (before, position)

    visit(story, shared=3)


def test_bodies_are_bounded(visit):
    async def story(house):
        browser = await house.enroll("root", "administrator")
        token = (await browser.ask("/me")).field()
        large = await browser.ask("/me/look", {"form_token": token, "language": "x" * 70_000})
        assert (large.status, "access.too-large" in large.text) == (413, True)
        fields = await browser.ask("/me/look", {"form_token": token, "language": ["x"] * 1001})
        assert fields.status == 403
        assert (await browser.ask("/csp-report", body=b"x" * 20_000)).status == 413
        assert house.counted == []

    visit(story)


def test_reports_of_browsers_are_counted_and_nothing_else(visit):
    async def story(house):
        reply = await house.browser().ask("/csp-report", body=b'{"csp-report": {}}')
        assert (reply.status, reply.body, house.counted) == (204, b"", ["tocsin_console_csp_reports_total"])

    visit(story)


def test_a_fault_of_ours_is_told_without_what_it_was(visit, monkeypatch):
    async def story(house):
        browser = await house.enroll("analyst", "analyst")
        monkeypatch.setattr("tocsin.edge.console.pages.threats.reading.looked", None)
        reply = await browser.ask("/threats?find=canary")
        assert (reply.status, "internal.error" in reply.text, "NoneType" in reply.text) == (500, True, False)
        assert house.federation.nodes["aa"].notes[-1] == ("internal.error", "", "a page failed: TypeError")

    visit(story)


@pytest.mark.slow
def test_long_pages_are_packed_for_who_can_unpack(visit):
    async def story(house):
        import gzip

        browser = await house.enroll("analyst", "analyst")
        plain = await browser.ask("/threats")
        packed = await browser.ask("/threats", accept_encoding="gzip, br")
        assert packed.header("content-encoding") == "gzip"
        assert int(packed.header("content-length")) == len(packed.body) < len(plain.body) / 2
        assert gzip.decompress(packed.body)[:200] == plain.body[:200]
        assert packed.header("vary") == plain.header("vary")

    visit(story, shared=60)


WROTE = {"headline": "Cranes stop", "todo": "Look <at> them.\nThen call.", "password": "hidden-one", "kind": "warning"}


@pytest.mark.slow
def test_what_was_written_for_a_session_that_has_ended_is_shown_and_sent_again(visit):
    async def story(house):
        browser = await house.enroll("duty", "duty")
        before = {"form_token": (await browser.ask("/share/new")).field(), **WROTE}
        await house.door.sessions.close_of("duty")
        late = await browser.ask("/share/new", before)
        assert (late.status, "access.session" in late.text) == (401, True)
        assert "Look &lt;at&gt; them.\nThen call." in late.text
        assert "hidden-one" not in late.text
        assert before["form_token"] not in late.text
        signed_out = house.browser()  # as after signing out in another tab: no cookie at all
        assert "Then call." in (await signed_out.ask("/share/new", before)).text
        body = b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\npasted words\r\n--x--\r\n'
        sent = {"content_type": "multipart/form-data; boundary=x", "origin": house.url}
        assert "pasted words" in (await signed_out.ask("/share/upload", body=body, **sent)).text
        device = {"endpoint": "https://push.example/x", "public": "pub-key", "secret": "auth-key", "label": "my phone"}
        late_device = (await signed_out.ask("/me/devices", device)).text
        assert "my phone" in late_device
        assert not any(device[name] in late_device for name in ("endpoint", "public", "secret"))
        nowhere = await browser.ask("/nowhere/at/all", before)
        assert nowhere.text.replace("/nowhere/at/all", "/share/new") == late.text  # nobody learns which there are
        await house.clock.sleep(60)
        form = {"name": "duty", "password": house.password, "code": house.code("duty")}
        assert (await browser.post("/sign-in", "/sign-in", **form)).status == 303
        again = await browser.ask("/share/new", {**{key: late.field(key) for key in ("headline", "kind")}})
        assert (again.status, "access.form" in again.text) == (403, True)
        assert again.field("headline") == "Cranes stop"
        sent = await browser.ask("/share/new", {"form_token": again.field(), **WROTE})
        assert "access.form" not in sent.text

    visit(story)


def test_nothing_is_shown_of_what_another_page_sent(visit):
    async def story(house):
        browser = await house.enroll("duty", "duty")
        for ended in (False, True):
            if ended:
                browser.cookies["tocsin-aa"] = "A" * 43
            for changed in (
                {"origin": "https://evil.example"},
                {"origin": None},
                {"sec_fetch_site": "cross-site", "origin": None},
            ):
                reply = await browser.ask("/share/new", WROTE, **changed)
                assert reply.status in (401, 403)
                assert "Cranes" not in reply.text
        large = await browser.ask("/share/new", {"todo": "x" * 1_200_000})
        assert (large.status, "xxx" in large.text) == (401, False)
        elsewhere = await browser.ask("//evil.example/share", WROTE)
        assert 'action="/evil.example/share"' in elsewhere.text

    visit(story)
