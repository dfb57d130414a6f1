"""The children are confined: who reads reaches no network and starts nothing, whatever a page, a feed or a PDF names."""

import asyncio
import socket
import subprocess
import sys
import threading
from hashlib import sha256
from pathlib import Path

import pytest

from tocsin.backends.outside.fetcher import OutsideProcess
from tocsin.backends.outside.reader import ReaderProcess
from tocsin.desk.document import Capture
from tocsin.errors import FormatError, PeerError
from tocsin.ports.outside import Wanted

TRIED = """
import asyncio, ctypes, os, socket, subprocess, sys
from tocsin.backends.outside.confined import confine

async def main():
    kernel = confine(network=sys.argv[1] == "network")
    told = ["kernel" if kernel else "interpreter"]
    libc = ctypes.CDLL(None, use_errno=True)
    for name, tried in (
        ("socket", lambda: socket.socket().close()),
        ("library", lambda: libc.socket(2, 1, 0) < 0 and 1 / 0),
        ("program", lambda: subprocess.run(["/bin/true"], check=True)),
        ("exec", lambda: libc.execv(b"/bin/true", (ctypes.c_char_p * 2)(b"true", None)) < 0 and 1 / 0),
        ("file", lambda: open(sys.executable, "rb").close()),
    ):
        try:
            tried()
        except (OSError, ArithmeticError):
            told.append(name)
    print(*told)

asyncio.run(main())
"""


def refused(what):
    done = subprocess.run([sys.executable, "-c", TRIED, what], capture_output=True, text=True, check=True)
    return done.stdout.split()


@pytest.mark.slow
def test_a_reader_opens_no_socket_and_starts_no_program():
    kernel, *others = refused("none")
    assert others == (["socket", "library", "program", "exec"] if kernel == "kernel" else ["socket", "program"])


@pytest.mark.slow
def test_who_asks_sources_has_the_network_and_starts_no_program():
    kernel, *others = refused("network")
    assert others == (["program", "exec"] if kernel == "kernel" else ["program"])


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="other kernels are not asked")
def test_both_children_run_under_the_filter():
    async def story():
        reader, outside = ReaderProcess(), OutsideProcess("tocsin-desk")
        try:
            await reader.read(
                capture(b"nothing of note is written here", "text/plain"), b"nothing of note is written here"
            )
            with pytest.raises(PeerError):
                await outside.fetch(Wanted("http://127.0.0.1/"))
            for child in (reader._child, outside._child):
                told = Path(f"/proc/{child._process.pid}/status").read_text()
                assert "Seccomp:\t2" in told
                assert "NoNewPrivs:\t1" in told
                limits = " ".join(Path(f"/proc/{child._process.pid}/limits").read_text().split())
                for limit in (f"Max address space {2 << 30} {2 << 30}", "Max file size 0 0", "Max core file size 0 0"):
                    assert limit in limits
        finally:
            await reader.close()
            await outside.close()

    asyncio.run(story())


def capture(body, media_type):
    return Capture(sha256(body).hexdigest(), "https://a.example/", media_type, 1_748_692_800_000_000, len(body))


class Canary:
    """Counts who connects. Everything below names it."""

    def __init__(self):
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listening.getsockname()[1]}"
        self.asked = 0
        self.thread = threading.Thread(target=self._count, daemon=True)
        self.thread.start()

    def _count(self):
        while True:
            try:
                asking, _ = self.listening.accept()
            except OSError:
                return
            self.asked += 1
            asking.close()

    def close(self):
        """Be asked once, to be seen to count."""
        with socket.create_connection(self.listening.getsockname()) as asks:
            assert asks.recv(1) == b""  # it has answered by closing
        self.listening.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.listening.close()


def captures(url):
    """Each names the canary in a way that some reader of its format would ask for."""
    words = (
        "Officers have searched two ships in the port of Alexandria, Egypt, and found nothing of what they looked for."
    )
    marks = (
        f"<base href='{url}/'><meta http-equiv=refresh content='0;url={url}/r'><link rel=stylesheet href='{url}/c'><script src='{url}/s'></script>"
        f"<style>@import '{url}/i'</style><img src='{url}/p' srcset='{url}/p2 2x'><iframe src='{url}/f'></iframe><svg><image href='{url}/v'/></svg>"
        f"<object data='{url}/o'></object><video poster='{url}/w'></video><link rel=preload href='{url}/l'><link rel=canonical href='{url}/k'>"
    )
    body = f"<html><head><title>Officers search two ships</title>{marks}</head><body><h1>Officers search two ships</h1><p>{words}{marks}</p></body></html>"
    yield body.encode(), "text/html"
    yield f"<!DOCTYPE html SYSTEM '{url}/x.dtd'>{body}".encode(), "application/xhtml+xml"
    item = f"<item><title>Officers search</title><link>{url}/a</link><comments>{url}/c</comments><enclosure url='{url}/e' type='image/png'/><description><![CDATA[{words}{marks}]]></description></item>"
    include = f"<xi:include xmlns:xi='http://www.w3.org/2001/XInclude' href='{url}/inc'/>"
    yield f"<?xml-stylesheet href='{url}/x.xsl' type='text/xsl'?><rss version='2.0'><channel><title>G</title><image><url>{url}/i</url></image>{include}{item}</channel></rss>".encode(), "application/rss+xml"  # fmt: skip
    yield f"<!DOCTYPE rss SYSTEM '{url}/rss.dtd'><rss version='2.0' xml:base='{url}'><channel><title>G</title>{item}</channel></rss>".encode(), "application/rss+xml"  # fmt: skip
    yield f"<!DOCTYPE rss [<!ENTITY x SYSTEM '{url}/ent'>]><rss version='2.0'><channel><title>&x;</title>{item}</channel></rss>".encode(), "text/xml"  # fmt: skip
    yield f"<feed xmlns='http://www.w3.org/2005/Atom'><title>G</title><entry><title>T</title><content src='{url}/c' type='text/html'/><summary>{words}</summary></entry></feed>".encode(), "application/atom+xml"  # fmt: skip
    yield url.encode(), "application/rss+xml"  # a parser that is given an address would ask for it
    yield f'{{"version": "https://jsonfeed.org/version/1.1", "title": "G", "icon": "{url}/i", "next_url": "{url}/n", "items": [{{"id": "1", "image": "{url}/i", "content_html": "<p>{words}<img src={url}/p>"}}]}}'.encode(), "application/feed+json"  # fmt: skip
    yield f'From: a@b.example\r\nSubject: Officers search\r\nDate: Fri, 30 May 2025 10:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: message/external-body; access-type=URL; URL="{url}/m"\r\n\r\n{words}'.encode(), "message/rfc822"  # fmt: skip
    yield f"From: a@b.example\r\nSubject: Officers search\r\nDate: Fri, 30 May 2025 10:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n{body}".encode(), "message/rfc822"  # fmt: skip
    yield f"%PDF-1.4\n1 0 obj << /Type /Catalog /Pages 2 0 R /OpenAction << /S /URI /URI ({url}/u) >> >> endobj\n2 0 obj << /Type /Pages /Kids [3 0 R] /Count 1 >> endobj\n3 0 obj << /Type /Page /Parent 2 0 R /Contents 4 0 R /AA << /O << /S /SubmitForm /F ({url}/f) >> >> >> endobj\n4 0 obj << /Length 0 /F << /FS /URL /F ({url}/s) >> >> stream\n\nendstream endobj\ntrailer << /Root 1 0 R >>".encode(), "application/pdf"  # fmt: skip


@pytest.mark.slow
def test_nothing_that_a_capture_names_is_asked_for_while_it_is_read():
    canary = Canary()

    async def story():
        reader, made = ReaderProcess(), 0
        try:
            for data, media_type in captures(canary.url):
                try:
                    made += len(await reader.read(capture(data, media_type), data))
                    await reader.leads(capture(data, media_type), data)
                except FormatError as error:
                    assert error.code.startswith("format."), error.code
        finally:
            await reader.close()
        return made

    try:
        assert asyncio.run(story()) >= 7
        assert canary.asked == 0
    finally:
        canary.close()
    assert canary.asked == 1
