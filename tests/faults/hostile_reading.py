"""Hostile captures through the real child that reads: each ends in documents or a coded refusal, within its bounds."""

import asyncio
import os
from collections import Counter
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from tocsin.backends.outside.reader import ReaderProcess
from tocsin.desk import thresholds
from tocsin.desk.document import Capture
from tocsin.errors import FormatError

SEEN = 1_748_692_800_000_000
PLAIN = b"<html><head><title>Officers search two ships</title></head><body><article><h1>Officers search two ships</h1><p>Officers have searched two ships in the port of Alexandria, Egypt, and found nothing there.</p></article></body></html>"
FORBIDDEN = frozenset(
    "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c\u200b\ufeff\U000e0041\x00\x0b\x1b\x7f"
)
_TICK = os.sysconf("SC_CLK_TCK")


class Seen(NamedTuple):
    """What became of one capture: documents or links, the code, seconds of processor time, MB of the child at most."""

    made: int
    code: str
    cpu_s: float
    peak_mb: float


class Watched(NamedTuple):
    """Of many: what became of them, the most processor time of one (s), the most memory of the child (MB)."""

    counted: Counter[str]
    cpu_s: float
    peak_mb: float


class Hostile:
    """The child, and what is watched of it."""

    def __init__(self, patience_s: float = 60.0) -> None:
        self.reader = ReaderProcess(patience_s)

    async def read(self, data: bytes, media_type: str, is_listing: bool = False) -> Seen:
        """Have one read. Raises AssertionError for anything but documents within their bounds or a coded refusal."""
        capture = Capture(sha256(data).hexdigest(), "https://a.example/", media_type, SEEN, len(data))
        before, code, made = self._cpu(), "", 0
        try:
            if is_listing:
                made = len((await self.reader.leads(capture, data)).pages)
            else:
                found = await self.reader.read(capture, data)
                made = len(found)
                for document, reading in found:
                    judged(document, reading)
        except FormatError as error:
            code = error.code
            assert code.startswith("format.") or code == "desk.too-large", (code, error.what)
        return Seen(made, code, self._cpu() - before, self._peak())

    async def is_alive(self) -> None:
        """The next page of somebody else is read."""
        assert (await self.read(PLAIN, "text/html")).made == 1

    @property
    def pid(self) -> int:
        process = self.reader._child._process
        return process.pid if process is not None and process.returncode is None else 0

    def _cpu(self) -> float:
        if not self.pid:
            return 0.0
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICK

    def _peak(self) -> float:
        """The most the child ever held, MB, since it was last asked."""
        if not self.pid:
            return 0.0
        told = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        found = next((line for line in told if line.startswith("VmHWM")), "VmHWM: 0")
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")
        return int(found.split()[1]) / 1024

    async def close(self) -> None:
        await self.reader.close()


def judged(document: Any, reading: Any) -> None:
    """A document is plain text within its bounds, its address is one of the web, and what was found stands in it."""
    clocks = tuple(one.text for one in (document.stamp, document.published, document.event) if one is not None)
    labels = (document.outlet, document.byline, document.credit, *document.tags, *clocks)
    written = (document.title, *document.paragraphs, *labels)
    for text in written:
        assert not FORBIDDEN & set(text), ascii(sorted(FORBIDDEN & set(text)))
        text.encode()
    assert len(document.title) <= thresholds.LONGEST_TITLE
    assert len(document.text) <= 2 * thresholds.LONGEST_TEXT
    assert document.url == "" or document.url.startswith(("http://", "https://"))
    assert len(document.tags) <= 64
    assert all(len(one) <= 200 for one in labels), max(map(len, labels))
    text = document.text
    for found in reading.findings:
        assert 0 <= found.start < found.end <= len(text)
    for place in reading.places:
        assert all(text[word.start : word.end] == word.text for word in place.words)


async def watched(hostile: Hostile, made: Iterable[Any]) -> Watched:
    """Have every capture read in turn by one child, and a plain page at the end."""
    counted, cpu, peak = Counter[str](), 0.0, 0.0
    for one in made:
        seen = await hostile.read(one.data, one.media_type, one.is_listing)
        counted += Counter(
            {"captures": 1, seen.code or ("captures with documents" if seen.made else "captures of nothing"): 1}
        )
        counted["documents"] += seen.made
        cpu, peak = max(cpu, seen.cpu_s), max(peak, seen.peak_mb)
    await hostile.is_alive()
    return Watched(counted, cpu, peak)


def read_all(made: Iterable[Any], patience_s: float = 60.0) -> Watched:
    """The same, by a child of its own."""

    async def story() -> Watched:
        hostile = Hostile(patience_s)
        try:
            return await watched(hostile, made)
        finally:
            await hostile.close()

    return asyncio.run(story())
