"""Every page of the console on a node that holds many objects, by HTTP and, where Chromium is, loaded in it.

The objects pass the sequencer (rows, log, signature, fsync) and every reader of the journal as what is shared does, in
batches of 512; the gate alone is left out, which `gate` measures. Then the node is started as a process, somebody of
every role signs in, and each GET route that the console has is asked several times, one request at a time.

`python -m benchmarks.pages FOLDER COUNT` keeps the node in FOLDER, and measures what is there already without making it
anew.
"""

import asyncio
import json
import re
import shutil
import statistics
import subprocess
import sys
import time
from html import unescape
from itertools import islice
from pathlib import Path
from typing import Any, Final

import pyotp
import requests
from benchmarks.community import PUBLISHER, found, surroundings

from tocsin.backends.sqlite.database import ThreadedDatabase
from tocsin.cli.demo.iocs import indicators
from tocsin.edge.console.permissions import TABLE
from tocsin.exchange.publish.draft import Ready
from tocsin.exchange.publish.publisher import MAX_BATCH
from tocsin.formats.stix.check import check
from tocsin.formats.tlp import Tlp
from tocsin.node import home
from tocsin.node.core import Core

TRIES: Final = 5
# What only a second running member makes, a warning, a change, a draft that waits, and the desk's stories, which `stories` asks
# for. Here they are absent, which is asserted.
_ABSENT: Final = ("/w/{warning}", "/share/d/{draft}", "/share/d/{draft}/course", "/share/approvals/{draft}",
                  "/share/outbox/changes/{object_id}",
                  "/desk/s/{story}", "/desk/d/{document}", "/desk/d/{document}/beside")  # fmt: skip
_FEEDERS: Final = 8
_PASSWORD: Final = "correct horse battery staple"  # noqa: S105 - of an account that lives as long as the run
_ROLES: Final = ("duty", "analyst", "releaser", "administrator")
_LEFT_OUT: Final = ("/static/{name}", "/sign-in/oidc/back", "/in/{token}", "/events")  # no pages, or not of who is in
_SEARCHES: Final = (
    "/threats?find=Malicious",
    "/threats?find=nothing+has+this+in+its+name",
    "/threats?type=malware",
    "/threats?member=m000",
    "/threats?find=%25_&type=tool&channel=plenary",
    "/threats?before=20",
)


async def build(folder: Path, count: int) -> dict[str, Any]:
    """A node of one federation of two with so many objects in its plenary; seconds it took."""
    if not (folder / "charter.note").exists():
        await found(folder, ["m000"])
    place = home.open_home(folder / PUBLISHER)
    database = ThreadedDatabase(str(place.store))
    core = Core(PUBLISHER, surroundings(place, database))
    await core.load()
    await core.start(_Nobody())
    begin, cpu = time.monotonic(), time.process_time()
    channel = core.members.channel("plenary")
    log = core.logs.get(channel.slots[PUBLISHER])
    assert log is not None
    core.signer.heard(log, "m000")  # who is never started: nobody else has ever held our log
    made = islice(indicators(count, 1), log.released, None)

    async def feed() -> None:
        while batch := [_ready(one) for one, _ in zip(made, range(MAX_BATCH), strict=False)]:
            await core.publisher.publish(channel, batch)

    await asyncio.gather(*(feed() for _ in range(_FEEDERS)))
    for follower in (core.search, core.readers):
        await follower.reached(core.journal.head)
    spent = {"objects": count, "build_s": time.monotonic() - begin, "build_cpu_s": time.process_time() - cpu}
    await core.stop()
    await database.close()
    return spent


class _Nobody:
    """ports.links.Network on which nobody is met."""

    async def dial(self, _peer: str) -> Any:
        await asyncio.get_running_loop().create_future()

    def refresh(self) -> None:
        """Nobody changes."""

    async def listen(self, _accept: Any) -> None:
        await asyncio.get_running_loop().create_future()


def _ready(content: bytes) -> Ready:
    checked = check(content)
    return Ready(content, checked.id, checked.version, checked.name[:256], Tlp.GREEN, 0)


class Node:
    """The node as a process, and a session of somebody who has every role."""

    def __init__(self, place: Path) -> None:
        self._words = [sys.executable, "-m", "tocsin", "--home", str(place)]
        self._talk = (place / "diagnostics").open("ab")
        self._process = subprocess.Popen([*self._words, "run", "--json"], stdout=subprocess.PIPE, stderr=self._talk)
        assert self._process.stdout is not None
        begin = time.monotonic()
        self.url = str(json.loads(self._process.stdout.readline())["people_url"])
        self.started_s = time.monotonic() - begin
        self.session = self._sign_in()

    def _sign_in(self) -> requests.Session:
        roles = [word for role in _ROLES for word in ("--role", role)]
        name = f"bench-{time.time_ns()}"
        told = subprocess.run([*self._words, "user", "add", name, *roles, "--json"], capture_output=True, check=True)
        link = json.loads(told.stdout)["link"]
        session = requests.Session()
        page = session.get(link, timeout=60).text
        found_secret = re.search(r"<code[^>]*>([A-Z2-7 ]{32,})</code>", page)
        found_token = re.search(r'name="form_token" value="([^"]*)"', page)
        assert found_secret
        assert found_token
        code = pyotp.TOTP(found_secret[1].replace(" ", "")).now()
        form = {"form_token": unescape(found_token[1]), "password": _PASSWORD, "again": _PASSWORD, "code": code}
        session.post(link, data=form, allow_redirects=False, timeout=60).raise_for_status()
        return session

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(60)
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._talk.close()


def routes(object_id: str, share: str) -> dict[str, int]:
    """Every page that is read, with something in the place of each part; and the status that it answers with."""
    parts = {"object_id": object_id, "handle": PUBLISHER, "name": "plenary", "share": share}
    plain = [path for method, path in TABLE if method == "GET" and path not in _LEFT_OUT]
    filled = [re.sub(r"\{(\w+)\}", lambda part: parts.get(part[1], "none"), one) for one in plain]
    wanted = {path: 404 if route in _ABSENT else 200 for route, path in zip(plain, filled, strict=True)}
    return wanted | dict.fromkeys([f"/threats?find={object_id}", *_SEARCHES], 200)


def measure(folder: Path) -> dict[str, Any]:
    """Milliseconds of each page, median and slowest of TRIES; the slowest of all. A page that answers with another status than it should ends the run."""
    first = json.loads(next(indicators(1, 1)))
    node = Node(folder / PUBLISHER)
    try:
        pages = {}
        share = str(node.session.get(f"{node.url}/share/outbox.json", timeout=120).json()["shares"][0]["id"])
        for path, status in routes(first["id"], share).items():
            took = []
            for _ in range(TRIES):
                begin = time.perf_counter()
                answer = node.session.get(node.url + path, timeout=120)
                took.append((time.perf_counter() - begin) * 1000)
                if answer.status_code != status:
                    raise RuntimeError(f"{path} answered {answer.status_code}, not {status}")
            pages[path] = (statistics.median(took), max(took))
        slowest = max(pages, key=lambda one: pages[one][0])
        out = {
            "start_s": node.started_s,
            "pages": pages,
            "slowest_page": slowest,
            "slowest_s": pages[slowest][0] / 1000,
            "slowest_once_s": max(one[1] for one in pages.values()) / 1000,
        }
        return out | _in_chromium(node, list(pages))
    finally:
        node.stop()


def _in_chromium(node: Node, paths: list[str]) -> dict[str, Any]:
    """Milliseconds until a page has loaded with all it needs, cache cold; nothing where there is no browser."""
    browser = next((path for name in ("chromium", "chromium-browser") if (path := shutil.which(name))), None)
    if browser is None:
        return {"chromium": "not here"}
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        cookies = [{"name": one.name, "value": one.value or "", "url": node.url} for one in node.session.cookies]
        took = {}
        for path in paths:
            context = opened.new_context()
            context.add_cookies(cookies)  # type: ignore[arg-type]  # a name, a value and a url are enough
            page = context.new_page()
            page.goto(node.url + path, wait_until="load")
            spent = "performance.getEntriesByType('navigation')[0].loadEventEnd"
            page.wait_for_function(f"{spent} > 0")
            took[path] = float(page.evaluate(spent))
            context.close()
        opened.close()
    slowest = max(took, key=lambda one: took[one])
    return {"chromium": {"slowest_page": slowest, "slowest_s": took[slowest] / 1000, "loaded_ms": took}}


async def run(folder: Path, count: int) -> dict[str, Any]:
    """Build and measure."""
    built = await build(folder, count)
    return built | await asyncio.to_thread(measure, folder)


if __name__ == "__main__":
    kept = Path(sys.argv[1])
    kept.mkdir(parents=True, exist_ok=True)
    print(json.dumps(asyncio.run(run(kept, int(sys.argv[2]))), indent=2))
