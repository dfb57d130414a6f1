"""What stands before every page: policy, hosts, forms, bounds, and no difference between hidden and absent."""

import pytest

from tocsin.edge.console import guard
from tocsin.edge.console.app import build, twin_path
from tocsin.edge.console.page import Page
from tocsin.edge.console.pages import ALL
from tocsin.edge.console.permissions import NOBODY, TABLE
from tocsin.edge.signin.roles import Role

READING = [one for one in ALL if one.method == "GET"]
PARTS = {
    "{handle}": "bb",
    "{name}": "plenary",
    "{object_id}": "indicator--00000001-0000-4000-8000-000000000000",
    "{token}": "x" * 43,
}


def concrete(path):
    for part, value in PARTS.items():
        path = path.replace(part, value)
    return path


def test_every_route_has_a_row_and_every_row_a_route(visit):
    async def story(house):
        routes = {(one.method, one.path) for one in ALL} | {("GET", "/static/{name}"), ("POST", "/csp-report")}
        assert routes == TABLE.keys()

    visit(story)


def test_a_route_without_a_row_does_not_start(visit, monkeypatch):
    async def story(house):
        monkeypatch.setattr("tocsin.edge.console.app.ALL", (*ALL, Page("GET", "/forgotten", None)))
        with pytest.raises(KeyError, match="forgotten"):
            build(house.services)

    visit(story)


def test_every_role_opens_exactly_its_rows_and_hidden_is_absent(visit):
    async def story(house):
        for role in Role:
            browser = await house.enroll(role.value, role.value)
            absent = await browser.ask("/nothing-of-the-kind")
            absent_twin = await browser.ask("/nothing-of-the-kind.json")
            assert (absent.status, absent_twin.status) == (404, 404)
            for page in READING:
                path = concrete(page.path)
                allowed = TABLE[(page.method, page.path)]
                if allowed == NOBODY:
                    continue
                found = await browser.ask(path)
                twin = await browser.ask(twin_path(path)) if page.has_twin else None
                if role in allowed:
                    assert found.status in (200, 303), (role, path)
                    turned = twin is not None and twin.status == found.status == 303
                    assert twin is None or turned or (twin.status, twin.header("content-type")) == (200, "application/json")
                else:
                    assert (found.status, found.headers, found.body) == (absent.status, absent.headers, absent.body)
                    assert (twin.status, twin.headers, twin.body) == (404, absent_twin.headers, absent_twin.body)
            for page in ALL:
                allowed = TABLE[(page.method, page.path)]
                if page.method == "POST" and allowed != NOBODY and role not in allowed:
                    refused = await browser.ask(concrete(page.path), {})
                    assert (refused.status, refused.headers, refused.body) == (404, absent.headers, absent.body)

    visit(story, shared=3)


def test_objects_that_are_not_held_and_objects_that_are_hidden_look_the_same(visit):
    async def story(house):
        from tocsin.exchange.journal import search

        browser = await house.enroll("analyst", "analyst")
        held = PARTS["{object_id}"]
        assert (await browser.ask(f"/o/{held}")).status == 200
        await house.core.world.database.write(lambda tx: search.hide(tx, held, "aa", "recalled", 1))
        for ending in ("", ".json"):
            hidden = await browser.ask(f"/o/{held}{ending}")
            absent = await browser.ask(f"/o/{held.replace('1', '9')}{ending}")
            assert (hidden.status, hidden.headers, hidden.body) == (404, absent.headers, absent.body)
            assert held.encode() not in hidden.body

    visit(story, shared=3)


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
        assert (await browser.ask("/admin/accounts", {})).header("location") == "/sign-in"

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


def test_reading_changes_nothing(visit):
    async def story(house):
        browser = await house.enroll("root", "administrator", "analyst")
        connection = house.federation.nodes["aa"]
        await browser.ask("/threats")

        def held():
            names = [row[0] for row in connection.query("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return {name: connection.query(f"SELECT * FROM {name}") for name in names if name.startswith("edge_")}  # noqa: S608 - constants only

        before, position = held(), house.core.journal.head
        for page in READING:
            await browser.ask(concrete(page.path))
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
        monkeypatch.setattr("tocsin.edge.console.pages.threats.reading.objects", None)
        reply = await browser.ask("/threats?find=canary")
        assert (reply.status, "internal.error" in reply.text, "NoneType" in reply.text) == (500, True, False)
        assert house.federation.nodes["aa"].notes[-1] == ("internal.error", "", "a page failed: TypeError")

    visit(story)


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
