"""The console as an app: what a browser installs, and whose browsers are told that a warning waits."""

import json
import re
from base64 import urlsafe_b64encode

import pytest

from tocsin.edge.console import assets, installing
from tocsin.edge.console.services import Push
from tocsin.edge.console.words import LANGUAGES
from tocsin.edge.signin.devices import MOST, id_of

SERVICE = "fcm.googleapis.com"
ENDPOINT = f"https://{SERVICE}/fcm/send/secret-of-the-browser"
OF_THE_APP = ("/manifest.webmanifest", "/service-worker.js", "/offline")


def text(data):
    return urlsafe_b64encode(data).decode().rstrip("=")


PUBLIC, SECRET = text(b"\x04" + bytes(64)), text(bytes(16))
GIVEN = {"endpoint": ENDPOINT, "public": PUBLIC, "secret": SECRET, "name": "Pocket"}


async def key():
    return "our-key"


def allowing(house, *roles, key=key, services=(SERVICE,)):
    house.again(push=Push(services, frozenset(roles), key))


async def told(house, *roles, key="our-key"):
    return [one.id for one in await house.door.devices.of_roles(roles, key)]


# -- what is installed --------------------------------------------------------------------------------------------


def test_who_is_not_signed_in_and_who_is_get_the_same_bytes(visit):
    async def story(house):
        browser = await house.enroll("amira", "duty")
        for path in OF_THE_APP:
            theirs, ours = await house.browser().ask(path), await browser.ask(path)
            assert (ours.status, ours.body) == (200, theirs.body), path
            assert b"amira" not in ours.body
            assert theirs.header("set-cookie") is None, "what is kept must not begin a visit"
            assert theirs.header("cache-control") == "no-cache"
        kinds = [(await browser.ask(path)).header("content-type").partition(";")[0] for path in OF_THE_APP]
        assert kinds == ["application/manifest+json", "text/javascript", "text/html"]

    visit(story)


def test_the_policy_lets_a_manifest_and_one_worker_in(visit):
    async def story(house):
        for path in ("/sign-in", "/service-worker.js"):
            policy = (await house.browser().ask(path)).header("content-security-policy")
            assert "manifest-src 'self'" in policy
            assert "worker-src 'self'" in policy
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
        trusted = (assets.FOLDER / "trusted.js").read_text()
        assert 'createScriptURL: (url) => (url === "/service-worker.js" ? url : null)' in trusted

    visit(story)


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_manifest_is_in_the_readers_language_and_names_what_is_there(visit, language):
    async def story(house):
        browser = await house.enroll("amira", "duty", "analyst")
        page = await browser.ask("/me", accept_language=language)
        link = re.search(r'<link rel="manifest" href="([^"]+)">', page.text)[1]
        found = (await house.browser().ask(link)).json
        assert (found["lang"], found["dir"]) == (language, "rtl" if language == "ar" else "ltr")
        assert (found["id"], found["start_url"], found["scope"], found["display"]) == ("/", "/", "/", "standalone")
        assert found["name"] == "Tocsin aa"
        for shortcut in found["shortcuts"]:
            assert (await browser.ask(shortcut["url"])).status == 200
            assert language == "en" or shortcut["name"] not in ("Watch", "Desk", "Share")
        for icon in found["icons"]:
            reply = await house.browser().ask(icon["src"])
            assert (reply.status, reply.header("content-type")) == (200, icon["type"])
            if icon["type"] == "image/png":
                size = "x".join(str(int.from_bytes(reply.body[at : at + 4], "big")) for at in (16, 20))
                assert size == icon["sizes"], icon

    visit(story)


def test_the_colours_are_those_of_the_pages():
    css = (assets.FOLDER / "console.css").read_text()
    assert f"--ground: light-dark({installing.GROUND}," in css
    assert f"--paper: light-dark({installing.PAPER[0]}, {installing.PAPER[1]})" in css


def test_the_worker_keeps_files_that_are_there_and_no_page(visit):
    async def story(house):
        worker = (await house.browser().ask("/service-worker.js")).text
        shell = json.loads(re.match(r"const SHELL = (.*);\n", worker)[1])
        assert "/offline" in shell["files"]
        for one in shell["files"]:
            assert one == "/offline" or re.fullmatch(r"/static/[\w.-]+\?v=[0-9a-f]{12}", one), one
            assert (await house.browser().ask(one)).status == 200, one
        assert set(shell["words"]) == set(LANGUAGES)
        assert all("aa" in words["title"] and set(words["urgency"]) for words in shell["words"].values())
        assert "eval" not in worker
        assert "importScripts" not in worker

    visit(story)


@pytest.mark.slow
def test_the_version_changes_with_the_bytes_of_any_file(tmp_path):
    from tocsin.edge.console import templating

    def version(**changed):
        for one in assets.FOLDER.glob("*.*"):
            (tmp_path / one.name).write_bytes(one.read_bytes() + changed.get(one.stem, b""))
        worker = installing.Shell(assets.load(tmp_path), templating.environment(), "aa").worker.decode()
        return json.loads(re.match(r"const SHELL = (.*);\n", worker)[1])["version"]

    first = version()
    assert version() == first
    assert len({first, version(keys=b"\n"), version(worker=b"\n"), version(console=b"\n")}) == 4


def test_the_offline_page_says_the_same_in_every_language_without_a_script(visit):
    async def story(house):
        page = (await house.browser().ask("/offline")).text
        assert re.findall(r'data-language="(\w+)"', page) == list(LANGUAGES)
        assert "No page, warning or list is kept on this device." in page
        assert "form" not in page.replace("form-action", "")

    visit(story)


# -- whose browsers are told --------------------------------------------------------------------------------------


@pytest.mark.slow
def test_it_is_off_until_the_administrator_allows_it(visit):
    async def story(house):
        browser = await house.enroll("amira", "duty")
        page = await browser.ask("/me")
        assert "data-device=" not in page.text
        reply = await browser.post("/me", "/me/devices", **GIVEN)
        assert (reply.status, "access.push" in reply.text) == (403, True)
        allowing(house, "analyst")
        reply = await browser.post("/me", "/me/devices", **GIVEN)
        assert reply.status == 403, "no desk tells people of this role"
        assert await told(house, "duty", "analyst") == []
        allowing(house, "duty")
        assert 'data-device="our-key"' in (await browser.ask("/me")).text
        assert (await browser.post("/me", "/me/devices", **GIVEN)).status == 303
        assert await told(house, "duty") == [id_of(ENDPOINT)]

    visit(story)


@pytest.mark.slow
def test_nobody_sees_where_a_browser_is_reached(visit):
    async def story(house):
        allowing(house, "duty")
        browser = await house.enroll("amira", "duty", "administrator")
        await browser.post("/me", "/me/devices", **GIVEN)
        for path in ("/me", "/me.json", "/admin/devices", "/admin/devices.json", "/admin/audit"):
            page = (await browser.ask(path)).text
            assert "secret-of-the-browser" not in page, path
            assert path == "/admin/audit" or ("Pocket" in page and SERVICE in page), path

    visit(story)


@pytest.mark.slow
def test_a_browser_is_asked_about_only_where_its_service_is_listed(visit):
    async def story(house):
        allowing(house, "duty")
        browser = await house.enroll("amira", "duty")
        wrong = (
            {"endpoint": "https://127.0.0.1/inside"},
            {"endpoint": "http://fcm.googleapis.com/x"},
            {"endpoint": "https://fcm.googleapis.com@evil.example/"},
            {"public": text(bytes(65))},
            {"public": text(b"\x04" + bytes(63))},
            {"secret": text(bytes(15))},
            {"secret": "é"},
        )
        for one in wrong:
            reply = await browser.post("/me", "/me/devices", **{**GIVEN, **one})
            assert (reply.status, "access.push-service" in reply.text) == (403, True), one
        assert await told(house, "duty") == []

    visit(story)


@pytest.mark.slow
def test_who_lost_the_role_is_told_nothing_and_the_account_takes_its_devices_along(visit):
    async def story(house):
        allowing(house, "duty")
        for name, role in (("amira", "duty"), ("omar", "duty"), ("chief", "administrator")):
            browser = await house.enroll(name, role)
            if role == "duty":
                given = {**GIVEN, "endpoint": f"{ENDPOINT}-{name}"}
                assert (await browser.post("/me", "/me/devices", **given)).status == 303
        assert len(await told(house, "duty")) == 2
        await house.people.set_roles("amira", ["analyst"])
        assert await told(house, "duty") == [id_of(f"{ENDPOINT}-omar")]
        listed = {one["person"]: one["void"] for one in (await browser.ask("/admin/devices.json")).json["devices"]}
        assert listed == {"amira": True, "omar": False}
        await house.people.reset("omar")
        await house.people.remove("amira")
        assert await house.door.devices.all() == ()

    visit(story)


@pytest.mark.slow
def test_it_ends_where_somebody_signs_out_removes_it_or_is_refused_it(visit):
    async def story(house):
        allowing(house, "duty")
        amira, omar = await house.enroll("amira", "duty"), await house.enroll("omar", "duty")
        chief = await house.enroll("chief", "administrator")
        given = {"id": id_of(ENDPOINT)}
        await amira.post("/me", "/me/devices", **GIVEN)
        await omar.post("/me", "/me/devices/remove", **given)
        assert len(await told(house, "duty")) == 1, "nobody removes what is another's"
        await omar.post("/me", "/sign-out", endpoint=ENDPOINT)
        assert len(await told(house, "duty")) == 1
        await amira.post("/me", "/me/devices/remove", **given)
        assert await told(house, "duty") == []
        await amira.post("/me", "/me/devices", **GIVEN)
        await chief.post("/admin/devices", "/admin/devices/remove", name="amira", **given)
        assert await told(house, "duty") == []
        await amira.post("/me", "/me/devices", **GIVEN)
        assert (await amira.post("/me", "/sign-out", endpoint=ENDPOINT)).status == 303
        assert await told(house, "duty") == []

    visit(story)


@pytest.mark.slow
def test_a_browser_is_of_whom_it_said_last_and_a_person_has_few(visit):
    async def story(house):
        allowing(house, "duty")
        amira, omar = await house.enroll("amira", "duty"), await house.enroll("omar", "duty")
        await amira.post("/me", "/me/devices", **GIVEN)
        await omar.post("/me", "/me/devices", **GIVEN)
        assert [one.person for one in await house.door.devices.all()] == ["omar"]
        for number in range(MOST - 1):
            reply = await omar.post("/me", "/me/devices", **{**GIVEN, "endpoint": f"{ENDPOINT}-{number}"})
            assert reply.status == 303
        assert (await omar.post("/me", "/me/devices", **GIVEN)).status == 303, "the same one again is no more"
        reply = await omar.post("/me", "/me/devices", **{**GIVEN, "endpoint": f"{ENDPOINT}-more"})
        assert (reply.status, "access.push-devices" in reply.text) == (403, True)

    visit(story)


@pytest.mark.slow
def test_what_was_made_for_another_key_of_ours_is_told_nothing(visit):
    async def story(house):
        allowing(house, "duty")
        amira = await house.enroll("amira", "duty")
        await amira.post("/me", "/me/devices", **GIVEN)
        assert await told(house, "duty", key="another") == []
        allowing(house, "duty", services=("updates.push.services.mozilla.com",))
        assert [one["void"] for one in (await amira.ask("/me.json")).json["devices"]["listed"]] == [True]

    visit(story)
