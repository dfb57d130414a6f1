"""The console as an app: installed, without a connection, signed out, and told of a warning while nobody looks."""

import json
import shutil
import tempfile
import threading
import time
from base64 import urlsafe_b64encode
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import http_ece
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from playwright.sync_api import expect
from tests.browser import cables
from tests.browser import conftest as conf

from tocsin.node import config

CANARY = "Explosives missing from a quarry 7f3a"


cable = cables.cable


class Listener:
    """A web server on 127.0.0.1: what it was sent, and what it answers."""

    def __init__(self, answer=(201, b"")):
        self.asked = asked = []
        self.answer = answer
        mine = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                asked.append((self.path, dict(self.headers), body))
                self.do_GET()

            def do_GET(self):
                status, body = mine.answer
                self.send_response(status)
                self.send_header("content-type", "text/html")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()


def text(data):
    return urlsafe_b64encode(data).decode().rstrip("=")


class Keys:
    """A browser's own half of a subscription: in a real one its maker's code holds it."""

    def __init__(self, port, name):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.secret = name.encode().ljust(16, b"-")
        self.endpoint = f"http://127.0.0.1:{port}/push/{name}"
        point = self.key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        self.said = {"endpoint": self.endpoint, "keys": {"p256dh": text(point), "auth": text(self.secret)}}

    def opened(self, packed):
        return http_ece.decrypt(packed, private_key=self.key, auth_secret=self.secret, version="aes128gcm")


@pytest.fixture(scope="module")
def service():
    one = Listener()
    yield one
    one.close()


@pytest.fixture(scope="module")
def pair(service):
    """Two nodes; the first tells people on duty on their browsers, through the push service of this test."""
    folder = Path(tempfile.mkdtemp(prefix="tocsin-app-"))
    eg, fr = conf.Node(folder, "eg-cert", "EG"), conf.Node(folder, "fr-cert", "FR")
    settings = config.read(eg.home / "tocsin.toml")
    chosen = {
        "desks": {"duty-officer": ["push:duty"]},
        "push_services": [f"127.0.0.1:{service.port}"],
        "push_contact": "mailto:duty@eg.example",
    }
    config.write(eg.home / "tocsin.toml", replace(settings, **chosen))
    note = folder / "charter.note"
    notes = [one.home / "descriptor.note" for one in (eg, fr)]
    eg.tocsin("charter", "found", "Harbour Watch", *notes, "--out", note)
    fr.tocsin("charter", "sign", note)
    for one in (eg, fr):
        one.tocsin("charter", "adopt", note)
    try:
        for one in (eg, fr):
            one.start()
        deadline = time.monotonic() + 60
        while '"up"' not in eg.tocsin("status", "--json"):
            assert time.monotonic() < deadline, "the two nodes do not link"
            time.sleep(0.2)
        eg.enroll("duty", "duty")
        eg.enroll("amira", "duty")
        eg.enroll("leaver", "duty")
        eg.enroll("chief", "administrator", "duty", "analyst")
        yield eg, fr
    finally:
        for one in (eg, fr):
            one.stop()
        shutil.rmtree(folder)


@pytest.fixture
def come(chromium, pair, cable, tmp_path):
    """Somebody at the first node, through the cable, whose browser has its worker."""
    contexts = []

    def run(name, *, language="en", theme="light", width=1280, path="/me", lasting=False):
        chosen = {"viewport": {"width": width, "height": 800}, "color_scheme": theme, "locale": language}
        if lasting:  # Chromium installs nothing from a private window
            browser_type, more = chromium.browser_type, {"executable_path": conf.CHROMIUM, "args": ["--no-sandbox"]}
            context = browser_type.launch_persistent_context(tmp_path / "profile", **more, **chosen)
        else:
            context = chromium.new_context(**chosen)
        contexts.append(context)
        context.set_default_timeout(30_000)
        if name:
            context.add_cookies(pair[0].cookies(name))
        browser = conf.Visitor(context, pair[0], "127.0.0.1")
        browser.url = cable.url
        browser.open(path)
        return browser

    yield run
    for one in contexts:
        one.close()


READY = "async () => { await navigator.serviceWorker.ready; while (!navigator.serviceWorker.controller) await new Promise((done) => setTimeout(done, 20)); }"
HELD = """async () => {
  const out = [];
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) {
      const answer = await cache.match(request, { ignoreVary: true });
      out.push([new URL(request.url).pathname, answer.headers.get("content-type"), await answer.text()]);
    }
  }
  return { files: out, databases: (await indexedDB.databases()).length, local: { ...localStorage }, session: { ...sessionStorage } };
}"""


def ready(browser):
    browser.page.evaluate(READY)
    return browser


def until(ask, what):
    deadline = time.monotonic() + 30
    while not (found := ask()):
        assert time.monotonic() < deadline, what
        time.sleep(0.05)
    return found


@pytest.mark.parametrize("language", ["en", "ar"])
def test_nothing_stands_in_the_way_of_installing(come, language):
    browser = ready(come("duty", language=language, lasting=True))
    session = browser.context.new_cdp_session(browser.page)
    assert session.send("Page.getInstallabilityErrors")["installabilityErrors"] == []
    told = session.send("Page.getAppManifest")
    assert told["errors"] == []
    manifest = json.loads(told["data"])
    assert (manifest["name"], manifest["lang"]) == ("Tocsin eg-cert", language)
    assert manifest["dir"] == ("rtl" if language == "ar" else "ltr")
    assert [one["url"] for one in manifest["shortcuts"]] == ["/", "/desk", "/share/new"]
    assert session.send("Page.getAppId")["appId"] == f"{browser.url}/", "one app, whatever language it is read in"
    browser.expect_quiet()


@pytest.mark.parametrize(
    ("language", "theme", "width"), [("en", "light", 1280), ("ar", "dark", 1280), ("ru", "light", 320)]
)
def test_ones_account_is_sound_where_push_is_allowed(come, language, theme, width):
    browser = come("duty", language=language, theme=theme, width=width)
    expect(browser.page.locator("[data-device] button")).to_be_visible()
    browser.shoot(f"me-push-{language}-{theme}-{width}")
    assert browser.page.evaluate("() => document.documentElement.scrollWidth") <= width, browser.too_wide()
    assert browser.too_small() == []
    assert browser.axe() == []
    browser.expect_quiet()


def test_the_button_that_installs_is_there_only_where_the_browser_offers_it(come):
    page = come("duty").page
    button = page.locator("[data-install]")
    expect(button, "a private window offers nothing").to_be_hidden()
    page.evaluate("() => window.dispatchEvent(new Event('beforeinstallprompt', { cancelable: true }))")
    expect(button).to_be_visible()
    button.click()
    expect(button).to_be_hidden()


def test_the_device_holds_the_shell_and_nothing_else_after_every_page(come, pair):
    warning = conf.warn(pair[1], CANARY, country=("EG",))
    node = pair[0].people["chief"][0]
    until(lambda: warning in node.get(f"{pair[0].url}/warnings.json", timeout=30).text, "the warning does not come")
    browser = ready(come("chief"))
    seen = 0
    for path in (*conf.PLACES.values(), f"/w/{warning}", f"/o/{warning}"):
        page = browser.open(path)
        seen += CANARY in page.content()
        twin = "/index.json" if path == "/" else f"{path.partition('?')[0]}.json"
        page.evaluate("async (url) => (await fetch(url)).text()", twin)
    assert seen >= 4, "the canary stood on no page: this test would see nothing"
    held = browser.page.evaluate(HELD)
    paths = {path for path, _, _ in held["files"]}
    assert {one for one in paths if not one.startswith("/static/")} == {"/offline"}
    assert {"/static/console.css", "/static/keys.js", "/static/app-192.png"} <= paths
    assert not any("json" in kind for _, kind, _ in held["files"])
    assert not any(CANARY in body or warning in body for _, _, body in held["files"])
    assert (held["databases"], held["session"]) == (0, {})
    assert set(held["local"]) <= {"tocsin-look", "tocsin-keys-off"}
    look = json.loads(held["local"]["tocsin-look"])
    assert set(look) == {"language", "theme", "heard"}
    browser.expect_quiet()


@pytest.mark.parametrize(
    ("language", "theme", "width"),
    [
        ("en", "light", 1280),
        ("ar", "dark", 320),
        pytest.param("ru", "light", 320, marks=pytest.mark.long),
        pytest.param("fr", "dark", 1280, marks=pytest.mark.long),
    ],
)
def test_without_a_connection_it_says_so_and_comes_back_by_itself(come, cable, language, theme, width):
    browser = ready(come("duty", language=language, theme=theme, width=width))
    page = browser.open("/members")
    heard = page.evaluate("() => JSON.parse(localStorage.getItem('tocsin-look')).heard")
    cable.put("refused")
    cable.cut()
    page.goto(f"{browser.url}/warnings")
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.locator("html")).to_have_attribute("dir", "rtl" if language == "ar" else "ltr")
    expect(page.locator("article:visible")).to_have_count(1)
    expect(page.locator("article:visible")).to_have_attribute("data-language", language)
    moment = time.strftime("%Y-%m-%d %H:%MZ", time.gmtime(heard / 1000))
    expect(page.locator("article:visible time")).to_have_text(moment)
    assert CANARY not in page.content()
    assert "scanner" not in page.content().lower()
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    assert browser.too_small() == []
    assert browser.axe() == []
    browser.shoot(f"offline-{language}-{theme}-{width}")
    cable.put("whole")
    page.wait_for_url("**/warnings")
    page.wait_for_selector("nav", timeout=25_000)
    expect(page.locator("main h1")).to_have_count(1)
    seen = [one for one in browser.seen if "ERR_" not in one and "503" not in one]
    assert seen == []


def test_signing_out_leaves_nothing(come):
    browser = ready(come("leaver"))
    assert browser.page.evaluate("async () => (await caches.keys()).length") == 1
    with browser.page.expect_navigation(url="**/sign-in*"):
        browser.page.locator("[data-leave] button").click()
    browser.page.wait_for_selector("#name")
    held = browser.page.evaluate(HELD)
    assert held["files"] == []
    assert "tocsin-look" not in held["local"]
    assert browser.page.evaluate("async () => (await navigator.serviceWorker.getRegistrations()).length") == 0
    assert "/sign-in" in browser.open("/me").url
    browser.expect_quiet()


def test_a_link_of_another_site_brings_no_cookie_with_the_worker_either(come, pair, cable):
    """A worker's own request would carry the strict cookie: the browser's preload does not."""
    elsewhere = Listener((200, f'<a id="in" href="{cable.url}/members">members</a>'.encode()))
    try:
        browser = ready(come("duty"))
        page = browser.page
        page.goto(f"http://localhost:{elsewhere.port}/")
        page.click("#in")
        page.wait_for_url(f"{cable.url}/**")
        assert "/sign-in" in page.url
        assert "/members" in browser.open("/members").url, "who comes by himself is signed in all the same"
    finally:
        elsewhere.close()


STANDS_IN = """(said) => {
  // The maker's push service cannot be had here: this browser is given a subscription at the service of the test.
  let held = null;
  const made = () => ({ endpoint: said.endpoint, toJSON: () => said, unsubscribe: async () => { held = null; sessionStorage.clear(); return true; } });
  PushManager.prototype.subscribe = async function (told) {
    sessionStorage.setItem("key", String(told.applicationServerKey));
    held = made();
    return held;
  };
  PushManager.prototype.getSubscription = async () => held ?? (sessionStorage.getItem("key") ? made() : null);
}"""


def told_on(browser, pair, keys, name):
    """Somebody opts in, under "Your account"."""
    origin = browser.url
    browser.context.grant_permissions(["notifications"], origin=origin)
    browser.context.add_init_script(f"({STANDS_IN})({json.dumps(keys.said)})")
    page = browser.open("/me")
    page.fill("[data-device] input[name=name]", name)
    with page.expect_navigation(url="**/me?done=device-added"):
        page.locator("[data-device] button").click()
    return page


def worker_of(browser):
    return until(lambda: browser.context.service_workers, "no worker")[-1]


def deliver(browser, data):
    """As the browser does when its maker's service has brought it something."""
    session = browser.context.new_cdp_session(browser.page)
    found = []
    session.on("ServiceWorker.workerRegistrationUpdated", lambda one: found.extend(one["registrations"]))
    session.send("ServiceWorker.enable")
    until(lambda: browser.page.evaluate("() => 1") and found, "no registration")
    session.send(
        "ServiceWorker.deliverPushMessage",
        {"origin": browser.url, "registrationId": found[-1]["registrationId"], "data": data},
    )


SHOWN = "async () => (await (await navigator.serviceWorker.getRegistration('/')).getNotifications()).map((one) => [one.title, one.body, one.tag, one.dir, one.data.path])"
CLICK = "async () => { const [one] = await registration.getNotifications(); self.dispatchEvent(new NotificationEvent('notificationclick', { notification: one })); }"


def test_a_warning_is_told_on_the_device_and_a_click_opens_it(come, pair, service):
    browser = ready(come("amira", language="fr"))
    keys = Keys(service.port, "amira")
    page = told_on(browser, pair, keys, "Téléphone de garde")
    row = page.locator("[data-device-id]")
    expect(row).to_contain_text("Téléphone de garde")
    expect(row.locator("[data-device-this]")).to_be_visible()
    assert keys.endpoint not in page.content(), "who has the endpoint can push"
    browser.shoot("me-devices-fr")
    service.asked.clear()
    red = conf.warn(pair[1], CANARY, topic="terrorism", urgency="flash", to=bilateral(pair), tlp="red", country=("EG",))
    _, headers, packed = until(
        lambda: [one for one in service.asked if one[0].endswith("/amira")], "nothing was pushed"
    )[0]
    data = keys.opened(packed)
    said = json.loads(data)
    assert (said["path"], said["urgency"], said["language"]) == (f"/w/{red}", "flash", "fr")
    assert not any(word in data.decode() for word in (CANARY, "terrorism", "RED", "fr-cert"))
    assert not any(word in f"{headers}".encode() + packed for word in (red.encode(), b"flash", b"amira@"))
    notes = (pair[0].home / "diagnostics").read_text()
    assert CANARY not in notes
    assert keys.endpoint not in notes
    page = browser.open("/")
    deliver(browser, data.decode())
    shown = until(lambda: page.evaluate(SHOWN), "no notification")
    assert shown == [["Une alerte attend chez eg-cert", shown[0][1], said["tag"], "ltr", f"/w/{red}"]]
    assert CANARY not in shown[0][1]
    deliver(browser, data.decode())
    time.sleep(0.3)
    assert len(page.evaluate(SHOWN)) == 1, "a repetition takes the place of the first"
    with page.expect_navigation(url=f"**/w/{red}"):
        worker_of(browser).evaluate(CLICK)
    expect(page.locator("h1")).to_contain_text(CANARY)
    browser.expect_quiet()


def bilateral(pair):
    """A channel of the two: RED never goes to the plenary."""
    if "pair-of-two" not in pair[1].tocsin("channel", "list", "--json"):
        pair[1].tocsin("channel", "create", "pair-of-two", "eg-cert", "--kind", "bilateral")
    return "pair-of-two"


def test_what_comes_broken_is_shown_as_a_warning_and_leads_nowhere_else(come, pair):
    browser = ready(come("duty"))
    browser.context.grant_permissions(["notifications"], origin=browser.url)
    for data in ("no json at all", json.dumps({"path": "https://evil.example/", "urgency": "<b>", "language": "xx"})):
        deliver(browser, data)
        shown = until(lambda: browser.page.evaluate(SHOWN), "no notification")
        assert shown == [["A warning waits at eg-cert", "Sign in to read it.", "tocsin", "ltr", "/"]]


def test_who_signs_out_or_loses_the_role_or_removes_the_device_is_told_nothing(come, pair, service):
    eg, fr = pair
    names = ("stays", "signs-out", "loses", "removed", "revoked")
    browsers = {}
    for name in names:
        eg.enroll(name, "duty")
        browsers[name] = ready(come(name))
        told_on(browsers[name], pair, Keys(service.port, name), f"phone of {name}")
    page = browsers["signs-out"].page
    with page.expect_navigation(url="**/sign-in*"):
        page.locator("[data-leave] button").click()
    eg.tocsin("user", "role", "loses", "--role", "analyst")
    browsers["removed"].page.locator("[data-device-id] button").click()
    browsers["removed"].page.wait_for_url("**/me?done=device-removed")
    chief = come("chief", path="/admin/devices")
    chief.shoot("devices-listed")
    assert chief.axe() == []
    expect(chief.page.locator(".card", has_text="phone of loses")).to_contain_text("told nothing any more")
    card = chief.page.locator(".card", has_text="phone of revoked")
    expect(card).not_to_contain_text("told nothing any more")
    expect(card).to_contain_text("127.0.0.1")
    card.get_by_role("button", name="Remove").click()
    chief.page.wait_for_url("**/admin/devices?done=device-removed")
    assert chief.page.locator(".card", has_text="phone of signs-out").count() == 0
    service.asked.clear()
    conf.warn(fr, "Second of the day", urgency="flash", country=("EG",))
    until(lambda: any(path.endswith("/stays") for path, _, _ in service.asked), "nothing was pushed")
    time.sleep(1)
    told = {path.rpartition("/")[2] for path, _, _ in service.asked}
    assert told & set(names) == {"stays"}
    # A browser that the service knows no more is forgotten, and is no failure.
    service.answer = (410, b"")
    try:
        conf.warn(fr, "Third of the day", urgency="flash", country=("EG",))
        gone = lambda: "phone of stays" not in eg.people["chief"][0].get(f"{eg.url}/admin/devices", timeout=30).text
        until(gone, "who is gone is still listed")
    finally:
        service.answer = (201, b"")
