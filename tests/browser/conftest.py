"""Two real nodes, people who signed in with password and code, and the system's Chromium on their consoles."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from html import unescape
from pathlib import Path

import pyotp
import pytest
import requests
from playwright.sync_api import expect, sync_playwright

expect.set_options(timeout=30_000)  # five seconds are less than a machine with other tests on it sometimes takes
ROOT = Path(__file__).resolve().parents[2]
SHOTS = Path(__file__).parent / "shots"
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
PASSWORD = "correct horse battery staple"
CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
)
LOUD = "NO BROWSER WAS FOUND: the console was not tried in one. Install Debian's chromium, then `make test-browser`."


def pytest_terminal_summary(terminalreporter):
    if not CHROMIUM:
        terminalreporter.write_sep("!", LOUD, red=True, bold=True)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


PAYLOADS = json.loads((Path(__file__).parent / "payloads.json").read_text("utf-8"))

PLAIN = [one for one in PAYLOADS if one.isprintable()]  # signs that turn text are refused in one-line fields


def canary(said, field):
    """Something that must not run, with a number by which it is found on a page again."""
    said[len(said)] = field
    return f"{PLAIN[len(said) % len(PLAIN)]} c{len(said) - 1}c"


class Node:
    """One member's node as a process of its own."""

    def __init__(self, folder, handle, country, *more):
        self.home = folder / handle
        self.handle = handle
        self.port = free_port()
        self.url = ""
        self.process = None
        self.people = {}
        listen = ("--peer-listen", f"127.0.0.1:{self.port}", "--people-listen", "127.0.0.1:0")
        self.tocsin("init", handle, "--country", country, *listen, *more)

    def tocsin(self, *words):
        done = subprocess.run(
            [sys.executable, "-m", "tocsin", "--home", str(self.home), *map(str, words)],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout

    def start(self):
        with (self.home / "diagnostics").open("ab") as talk:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tocsin", "--home", str(self.home), "run", "--json"],
                stdout=subprocess.PIPE,
                stderr=talk,
            )
        line = self.process.stdout.readline()
        assert line, (self.home / "diagnostics").read_text()
        self.url = json.loads(line)["people_url"]

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait(20)
            self.process.stdout.close()

    def enroll(self, name, *roles):
        """An account, through its one-time link, as a person without JavaScript would; its session's cookie."""
        link = self.post("/people", {"name": name, "roles": roles})["link"]
        session = requests.Session()
        page = session.get(link, timeout=30)
        assert page.status_code == 200, page.text
        secret = re.search(r"<code[^>]*>([A-Z2-7 ]{32,})</code>", page.text)[1].replace(" ", "")
        answer = session.post(
            link,
            data={
                "form_token": field(page.text, "form_token"),
                "password": PASSWORD,
                "again": PASSWORD,
                "code": pyotp.TOTP(secret).now(),
            },
            allow_redirects=False,
            timeout=30,
        )
        assert answer.status_code == 303, answer.text
        self.people[name] = (session, secret)
        return session

    def post(self, path, body):
        """As the command line asks the node, without its half second of start."""
        with socket.socket(socket.AF_UNIX) as door:
            door.connect(str(self.home / "run" / "control.sock"))
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            head = f"POST {path} HTTP/1.0\r\nHost: node\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
            door.sendall(head.encode() + data)
            answer = b"".join(iter(lambda: door.recv(65536), b""))
        assert answer.split(b" ", 2)[1] == b"200", answer
        lines = answer.partition(b"\r\n\r\n")[2].splitlines()  # what takes long is told line by line, in pieces
        return json.loads(next(one for one in reversed(lines) if one.startswith(b"{")))

    def ask(self, path):
        return json.loads(over_the_socket(self.home, path).partition("\r\n\r\n")[2])

    def linked(self):
        """With how many members."""
        return sum(one["state"] == "up" for one in self.ask("/status")["links"])

    def send(self, name, page, path, **form):
        """A form of a page, as somebody's browser sends it: the answer."""
        session = self.people[name][0]
        token = field(session.get(self.url + page, timeout=30).text, "form_token")
        head = {"origin": self.url, "sec-fetch-site": "same-origin"}
        files = form.pop("files", None)
        data = {"form_token": token, **form}
        return session.post(self.url + path, data=data, files=files, headers=head, allow_redirects=False, timeout=60)

    def cookies(self, name):
        """For a browser context."""
        return [
            {"name": one.name, "value": one.value, "url": self.url, "httpOnly": True, "sameSite": "Strict"}
            for one in self.people[name][0].cookies
        ]

    def share(self, objects, channel, *words):
        path = self.home / "share.json"
        path.write_text(
            json.dumps({"type": "bundle", "id": "bundle--00000000-0000-4000-8000-000000000000", "objects": objects})
        )
        return self.tocsin("share", path, "--to", channel, "--wait", "60", *words)


def warn(node, text, *, topic="cyber", urgency="priority", country=(), to="plenary", tlp="green", more=()):
    """A warning by the command; its id."""
    countries = [word for one in country for word in ("--country", one)]
    said = ("--what", "Gateways of ministries", "--do", "Take them off the network.")
    told = node.tocsin(
        "warn",
        text,
        "--to",
        to,
        "--tlp",
        tlp,
        "--topic",
        topic,
        "--urgency",
        urgency,
        *said,
        *countries,
        *more,
        "--json",
    )
    return json.loads(told)["id"]


def news(node, folder):
    """An article in English, a copy of it elsewhere, and one in Arabic, at the desk; and a source."""
    english = (
        "Ransomware has stopped the network of a ministry in Greece, the Athens News Agency reported; officials in Cyprus look too.",
        "The malware calls 45.155.205[.]99 every hour and resolves by 8[.]8[.]8[.]8, analysts of the agency wrote in a report.",
        "Hospitals and ports are told to look at their logs, and to keep them until the malware is understood by everybody.",
    )
    arabic = (
        "أعلنت السلطات المصرية يوم الاثنين أنها ضبطت شحنة مخدرات في ميناء الإسكندرية كانت مخبأة في حاوية قادمة من المغرب.",
        "وقالت الجمارك إن التحقيق مستمر مع شركائها في اليونان لمعرفة من يقف وراء التهريب.",
    )
    for name, title, lines in (
        ("gazette", "Ministry network held for ransom", english),
        ("herald", "Ministry network held for ransom", english[:2]),
        ("sahifa", "ضبط شحنة مخدرات في ميناء الإسكندرية", arabic),
    ):
        path = folder / f"{name}.html"
        text = "".join(f"<p>{one}</p>" for one in lines)
        path.write_text(
            f"<html><head><title>{title}</title></head><body><article><h1>{title}</h1>{text}</article></body></html>"
        )
        node.tocsin("desk", "import", path, "--outlet", name.title())
    node.tocsin("desk", "source", "add", "wire", "https://wire.invalid/rss")


def field(page, name):
    return unescape(re.search(rf'name="{name}" value="([^"]*)"', page)[1])


def pieces(count, start=0, **more):
    """Ordinary indicators."""
    for number in range(start, start + count):
        yield {
            "type": "indicator",
            "spec_version": "2.1",
            "id": f"indicator--{number:08x}-0000-4000-8000-000000000000",
            "created": "2026-11-20T08:00:00.000Z",
            "modified": "2026-11-20T08:00:00.000Z",
            "name": f"Scanner of port controllers {number}",
            "description": "Seen against two harbours; the second stage comes from the same network.",
            "indicator_types": ["malicious-activity"],
            "confidence": 80,
            "pattern": f"[ipv4-addr:value = '198.51.100.{number % 256}']",
            "pattern_type": "stix",
            "valid_from": "2026-11-20T08:00:00Z",
            **more,
        }


def founded(name, note, *nodes):
    """One charter of all of them, and they run."""
    descriptors = [one.home / "descriptor.note" for one in nodes]
    nodes[0].tocsin("charter", "found", name, *descriptors, "--out", note)
    for one in nodes[1:]:
        one.tocsin("charter", "sign", note)
    for one in nodes:
        one.tocsin("charter", "adopt", note)
    for one in nodes:
        one.start()
    until(lambda: nodes[0].linked() == len(nodes) - 1, "the nodes do not link")


def until(holds, what, within_s=60):
    """Wait until it holds."""
    deadline = time.monotonic() + within_s
    while not (found := holds()):
        assert time.monotonic() < deadline, what
        time.sleep(0.05)
    return found


@pytest.fixture(scope="session")
def stage():
    """Two members, a thematic channel, 120 objects, and people of every role at the first."""
    folder = Path(tempfile.mkdtemp(prefix="tocsin-browser-"))
    eg, fr = Node(folder, "eg-cert", "EG"), Node(folder, "fr-cert", "FR")
    try:
        founded("Harbour Watch", folder / "charter.note", eg, fr)
        eg.tocsin("channel", "create", "ports", "fr-cert")
        eg.share(list(pieces(100)), "plenary", "--tlp", "green")
        fr.share(list(pieces(20, 1000)), "plenary", "--tlp", "green")
        known = "indicator--00000001-0000-4000-8000-000000000000"
        fr.tocsin("feedback", known, "--false-positive", "--note", "A public resolver of ours, not a scanner.")
        warn(fr, "Exploited VPN gateway hits a ministry", urgency="flash", country=("GR", "CY"))
        warn(fr, "Explosives missing from a quarry", topic="terrorism", urgency="immediate", country=("EG",))
        warn(eg, "Credentials of port customs sold", topic="organised-crime")
        news(eg, folder)
        for role in ("duty", "analyst", "releaser", "administrator", "oversight"):
            eg.enroll(role, role)
        eg.enroll("everything", "duty", "analyst", "releaser", "administrator")
        yield eg, fr
    finally:
        for one in (eg, fr):
            one.stop()
        if not os.environ.get("TOCSIN_KEEP"):
            shutil.rmtree(folder)


class Town:
    """Three members; `said` is what each canary stands in, by its number (test_strangers_words.py)."""

    def __init__(self, nodes, folder, said, bird):
        self.nodes, self.folder, self.said, self.bird = nodes, folder, said, bird
        self.until = until

    def __iter__(self):
        return iter(self.nodes)

    def __getitem__(self, at):
        return self.nodes[at]


@pytest.fixture(scope="session")
def town():
    """Three members, a channel that named people read, and in every name of theirs something that must not run."""
    folder = Path(tempfile.mkdtemp(prefix="tocsin-town-"))
    said = {}

    def bird(field):
        return canary(said, field)

    nodes = []
    for handle, country in (("aa-cert", "EG"), ("bb-cert", "FR"), ("cc-cert", "GR")):
        words = ("--name", bird(f"name of {handle}"), "--bloc", bird("bloc"), "--sector", bird("sector"))
        more = ("--language", bird("language"), "--domain", bird("domain"), "--asn", bird("asn"))
        nodes.append(Node(folder, handle, country, *words, *more))
    try:
        founded(bird("charter's name"), folder / "charter.note", *nodes)
        others = [one.handle for one in nodes[1:]]
        title = {"name": "named", "kind": "thematic", "members": others, "title": bird("channel's title")}
        nodes[0].post("/channels", {**title, "named_people": True})
        until(lambda: nodes[0].ask("/channels/named")["current"], "the channel does not open")
        yield Town(nodes, folder, said, bird)
    finally:
        for one in nodes:
            one.stop()
        if not os.environ.get("TOCSIN_KEEP"):
            shutil.rmtree(folder)


# -- the browser --------------------------------------------------------------------------------------------------


PLACES = {
    "where": "/where",
    "where-europe": "/where?where=europe",
    "watch": "/",
    "warnings": "/warnings",
    "threats": "/threats",
    "object": "/o/indicator--00000001-0000-4000-8000-000000000000",
    "relations": "/o/indicator--00000001-0000-4000-8000-000000000000/relations",
    "fairness": "/fairness",
    "share": "/share/new",
    "share-report": "/share/new?kind=report",
    "share-indicator": "/share/new?kind=indicator",
    "share-paste": "/share/new?kind=paste",
    "approvals": "/share/approvals",
    "proof": "/o/indicator--00000001-0000-4000-8000-000000000000/proof",
    "brief": "/brief",
    "outbox": "/share/outbox",
    "changes": "/share/outbox/changes",
    "members": "/members",
    "member": "/members/fr-cert",
    "channel": "/channels/plenary",
    "desk": "/desk",
    "desk-filtered": "/desk?topic=cyber&state=followed",
    "desk-interests": "/desk/interests",
    "sources": "/desk/sources",
    "import": "/desk/import",
    "me": "/me",
    "health": "/admin",
    "accounts": "/admin/accounts",
    "tokens": "/admin/tokens",
    "devices": "/admin/devices",
    "peers": "/admin/peers",
    "diagnostics": "/admin/diagnostics",
    "audit": "/admin/audit",
    "backups": "/admin/backups",
    "settings": "/admin/settings",
    "keys": "/admin/keys",
    "provider": "/admin/sign-in",
    "absent": "/nothing-of-the-kind",
}
SMALL = """() => [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, summary")]
  .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.matches(".skip, .hidden"))
  .filter((one) => !(one.matches("a") && one.closest("p, dd, li, td")?.innerText.trim() !== (one.innerText ?? one.textContent).trim() && getComputedStyle(one).display === "inline"))
  .map((one) => [one, one.closest("label")?.getBoundingClientRect() ?? one.getBoundingClientRect()])
  .filter(([, box]) => box.width > 0 && (box.width < 24 || box.height < 24))
  .map(([one, box]) => `${one.outerHTML.slice(0, 90)} ${box.width.toFixed(0)}x${box.height.toFixed(0)}`)"""
WIDE = """() => [...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > 321
  || one.getBoundingClientRect().left < -1).slice(0, 5).map((one) => one.outerHTML.slice(0, 120))"""


def drawn(locator, width, within_s=30):
    """Wait until it is drawn so wide: what a push replaces has no place for a moment."""
    deadline = time.monotonic() + within_s
    while (box := locator.bounding_box()) is None or box["width"] <= width:
        assert time.monotonic() < deadline, box
        time.sleep(0.05)


@pytest.fixture(scope="session")
def chromium():
    if not CHROMIUM:
        pytest.skip(LOUD)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def shots():
    SHOTS.mkdir(exist_ok=True)
    return SHOTS


@pytest.fixture
def pieces_maker():
    return pieces


@pytest.fixture
def places(stage):
    """The table, and what has an address only once the stage stands."""
    listed = stage[0].people["everything"][0].get(f"{stage[0].url}/share/outbox.json", timeout=30).json()["shares"]
    warnings = stage[0].people["everything"][0].get(f"{stage[0].url}/warnings.json", timeout=30).json()["warnings"]
    stories = stage[0].people["everything"][0].get(f"{stage[0].url}/desk.json", timeout=30).json()["stories"]
    told = [
        stage[0].people["everything"][0].get(f"{stage[0].url}/desk/s/{one['id']}.json", timeout=30).json()
        for one in stories
    ]
    ours = "indicator--00000002-0000-4000-8000-000000000000"
    return {
        **PLACES,
        **{f"warning-{number}": f"/w/{one['id']}" for number, one in enumerate(warnings[:2])},
        **{f"story-{at}": f"/desk/s/{one['story']['id']}" for at, one in enumerate(told)},
        **{
            f"beside-{at}": f"/desk/d/{one['articles'][0]['id']}/beside"
            for at, one in enumerate(told)
            if one["articles"][0]["copies"]
        },
        **{f"article-{at}": f"/desk/d/{one['articles'][0]['id']}?names=1" for at, one in enumerate(told)},
        "recall": f"/share/outbox/recall/{ours}",
        "correct": f"/share/outbox/correct/{ours}",
        "sent": f"/share/outbox/{listed[-1]['id']}",
    }


class Visitor:
    """Somebody at a real browser, and everything that must not happen there."""

    def __init__(self, context, node, host):
        self.node = node
        self.url = node.url.replace("127.0.0.1", host)
        self.seen = []
        self.context = context
        self.reports = self.counted()
        context.on("request", self._asked)
        self.page = context.new_page()
        self.page.on("dialog", lambda one: (self.seen.append(f"dialog {one.message}"), one.dismiss()))
        self.page.on("console", self._told)
        self.page.on("pageerror", lambda one: self.seen.append(f"error {one}"))

    def _asked(self, request):
        if not request.url.startswith((self.url, "data:")):
            self.seen.append(f"request {request.url}")

    def _told(self, message):
        if message.type == "error" and "status of 4" not in message.text:
            self.seen.append(f"console {message.text}")

    def counted(self):
        page = over_the_socket(self.node.home, "/metrics")
        found = re.search(r"^tocsin_console_csp_reports_total (\d+)", page, re.MULTILINE)
        return int(found[1]) if found else 0

    def open(self, path):
        self.page.goto(self.url + path)
        return self.page

    def shoot(self, name):
        """For who wants to look: `make test-browser`."""
        if not os.environ.get("TOCSIN_SHOTS"):
            return
        SHOTS.mkdir(exist_ok=True)
        self.page.screenshot(path=SHOTS / f"{name}.png", full_page=True)

    def axe(self, *rules):
        """What axe finds, by these rules only or by all; it comes through the debugger, which the page's policy does not govern."""
        self.page.evaluate(AXE.read_text("utf-8"))
        wanted = {"resultTypes": ["violations"], **({"runOnly": list(rules)} if rules else {})}
        found = self.page.evaluate("wanted => axe.run(document, wanted)", wanted)
        return [
            {"id": one["id"], "impact": one["impact"], "nodes": [node["html"][:200] for node in one["nodes"][:5]]}
            for one in found["violations"]
            if one["impact"] in ("serious", "critical", "moderate")
        ]

    def too_small(self):
        return self.page.evaluate(SMALL)

    def too_wide(self):
        return self.page.evaluate(WIDE)

    def virtual_authenticator(self):
        session = self.context.new_cdp_session(self.page)
        session.send("WebAuthn.enable")
        chosen = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
        session.send("WebAuthn.addVirtualAuthenticator", {"options": {**chosen, "isUserVerified": True}})

    def weigh(self, path):
        """Bytes over the wire with nothing kept, and until the page had loaded."""
        session = self.context.new_cdp_session(self.page)
        session.send("Network.enable")
        session.send("Network.setCacheDisabled", {"cacheDisabled": True})
        sizes = []
        session.on("Network.loadingFinished", lambda one: sizes.append(one["encodedDataLength"]))
        self.open(path)
        load = self.page.evaluate("() => performance.getEntriesByType('navigation')[0].loadEventEnd")
        return {"bytes": int(sum(sizes)), "load_ms": round(load)}

    def expect_quiet(self):
        """No dialog, no script error, nothing asked outside, no report of the policy."""
        assert self.seen == []
        assert self.counted() == self.reports


def over_the_socket(home, path):
    with socket.socket(socket.AF_UNIX) as door:
        door.connect(str(home / "run" / "control.sock"))
        door.sendall(f"GET {path} HTTP/1.0\r\nHost: node\r\n\r\n".encode())
        return b"".join(iter(lambda: door.recv(65536), b"")).decode()


@pytest.fixture
def visitor(chromium, stage):
    """Open a node's console, the first one's if nothing else is said, as one of its people (None: nobody)."""
    contexts = []

    def come(
        name, *, language="en", theme="light", width=1280, scripted=True, forced=False, host="127.0.0.1", node=None
    ):
        node = node or stage[0]
        context = chromium.new_context(
            viewport={"width": width, "height": 800},
            color_scheme=theme,
            forced_colors="active" if forced else "none",
            java_script_enabled=scripted,
            extra_http_headers={"accept-language": language},
        )
        contexts.append(context)
        context.set_default_timeout(30_000)
        if name is not None:
            context.add_cookies(node.cookies(name))
        return Visitor(context, node, host)

    yield come
    for one in contexts:
        one.close()
