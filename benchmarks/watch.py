"""Watch in Chromium, between two nodes: from the raised warning to the screen, the weight of the page, and a burst.

Each warning is raised over the other node's control socket, passes the link with its signature, receipt and fsync on both
sides, and counts as shown when the page's own observer of its list sees the card. Both clocks are this machine's.
"""

import asyncio
import json
import shutil
import socket
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from benchmarks.community import PUBLISHER, found
from benchmarks.pages import Node

_GIVER: Final = "m000"
_OBSERVE: Final = """() => {
  window.shown = {};
  const list = document.getElementById("warnings");
  new MutationObserver((all) => {
    for (const one of all) for (const card of one.addedNodes) if (card.id) window.shown[card.id] ??= Date.now();
  }).observe(list, { childList: true });
}"""
_FOLLOWS: Final = "() => document.getElementById('stream')?._htmx?.sse?.reader != null"


def _raise(place: Path, headline: str, urgency: str) -> tuple[str, float]:
    """Over the control socket: the card's id, and when it was asked for, in milliseconds since 1970."""
    said = {"channel": "plenary", "tlp": "green", "topic": "cyber", "threatened": "ports", "todo": "Look."}
    data = json.dumps({**said, "headline": headline, "urgency": urgency}).encode()
    began = time.time() * 1000
    with socket.socket(socket.AF_UNIX) as door:
        door.connect(str(place / "run" / "control.sock"))
        head = f"POST /warnings HTTP/1.0\r\nHost: node\r\nContent-Length: {len(data)}\r\n\r\n"
        door.sendall(head.encode() + data)
        answer = b"".join(iter(lambda: door.recv(65536), b""))
    told = json.loads(answer.partition(b"\r\n\r\n")[2])
    return f"w-{told['id'].removeprefix('report--')}", began


def _linked(node: Node) -> None:
    deadline = time.monotonic() + 60
    while '"up":1' not in node.session.get(f"{node.url}/index.json", timeout=60).text:
        if time.monotonic() > deadline:
            raise TimeoutError("the two nodes do not link")
        time.sleep(0.2)


def _open(browser: Any, node: Node) -> Any:
    context = browser.new_context()
    context.add_cookies([{"name": one.name, "value": one.value, "url": node.url} for one in node.session.cookies])
    return context.new_page()


def _weight(page: Any, node: Node) -> int:
    """Bytes over the wire with nothing kept; the stream is not of it."""
    sizes: list[float] = []
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.on("Network.loadingFinished", lambda one: sizes.append(one["encodedDataLength"]))
    page.goto(node.url + "/", wait_until="load")
    page.wait_for_function(_FOLLOWS)
    return int(sum(sizes))


def _pushes(page: Any, giver: Path, count: int) -> dict[str, Any]:
    page.evaluate(_OBSERVE)
    took = []
    for number in range(count):
        card, began = _raise(giver, f"Push {number}", "priority")
        page.wait_for_function("id => window.shown[id]", arg=card)
        took.append(page.evaluate("id => window.shown[id]", card) - began)
        time.sleep(0.4)
    took.sort()
    return {"p50_ms": statistics.median(took), "p95_ms": took[int(len(took) * 0.95) - 1], "slowest_ms": took[-1]}


def _burst(page: Any, node: Node, giver: Path, held: int, count: int) -> dict[str, Any]:
    with ThreadPoolExecutor(8) as hands:
        list(hands.map(lambda number: _raise(giver, f"Held {number}", "routine"), range(held)))
        time.sleep(2)
        page.goto(node.url + "/", wait_until="load")
        page.wait_for_function(_FOLLOWS)
        page.evaluate(_OBSERVE)
        before = page.locator("#warnings > li").count()
        raised = list(hands.map(lambda number: _raise(giver, f"Burst {number}", "flash"), range(count)))
    last = time.time() * 1000
    page.wait_for_function("many => document.querySelectorAll('#warnings > li').length >= many", arg=before + count)
    shown = page.evaluate("() => window.shown")
    settled = max(shown[card] for card, _ in raised)
    return {
        "cards_before": before,
        "raised_in_s": (last - raised[0][1]) / 1000,
        "settled_after_the_last_s": (settled - last) / 1000,
        "settled_after_the_first_s": (settled - raised[0][1]) / 1000,
    }


def measure(folder: Path, *, quick: bool) -> dict[str, Any]:
    """Figures in milliseconds, bytes and seconds; nothing where there is no browser."""
    chromium = next((path for name in ("chromium", "chromium-browser") if (path := shutil.which(name))), None)
    if chromium is None:
        return {"chromium": "not here"}
    from playwright.sync_api import sync_playwright

    giver, node = Node(folder / _GIVER), Node(folder / PUBLISHER)
    try:
        _linked(node)
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            for number in range(9):
                _raise(folder / _GIVER, f"Before {number}", "priority")
            time.sleep(2)
            page = _open(browser, node)
            out: dict[str, Any] = {"cold_bytes": _weight(page, node)}
            out["push"] = _pushes(page, folder / _GIVER, 20 if quick else 100)
            out["burst"] = _burst(page, node, folder / _GIVER, 500 - 9 - (20 if quick else 100), 200)
            browser.close()
        return out
    finally:
        node.stop()
        giver.stop()


async def run(folder: Path, *, quick: bool) -> dict[str, Any]:
    """Two members, one charter, then `measure`."""
    await found(folder, [_GIVER], listening=[_GIVER])
    return await asyncio.to_thread(measure, folder, quick=quick)
