"""The child that asks sources, against a real server on loopback: manners, limits, and where it will not go."""

import asyncio
import gzip
import threading
from contextlib import asynccontextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tests.unit.backends.outside import site as sites

from tocsin.backends.outside.fetcher import OutsideProcess
from tocsin.errors import FormatError, PeerError
from tocsin.ports.outside import Wanted

pytestmark = pytest.mark.slow  # a process, and a server that it asks

AGENT = "tocsin-desk"


class Site(BaseHTTPRequestHandler):
    robots = b"User-agent: *\nDisallow: /private\n"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.server.asked.append((self.path, dict(self.headers)))
        answer = {
            "/robots.txt": lambda: (200, {}, self.robots),
            "/bomb": lambda: (200, {"Content-Encoding": "gzip"}, gzip.compress(b"0" * 60_000_000)),
            "/large": lambda: (200, {}, b"x" * 2_000_000),
            "/broken": lambda: (200, {"Content-Encoding": "gzip"}, gzip.compress(b"hello" * 100)[:-12]),
            "/brotli": lambda: (200, {"Content-Encoding": "br"}, b"hello"),
            "/inside": lambda: (302, {"Location": "http://127.0.0.1:1/"}, b""),
            "/disguised": lambda: (302, {"Location": "http://2130706433:8080/"}, b""),
            "/file": lambda: (302, {"Location": "file:///etc/passwd"}, b""),
            "/round": lambda: (302, {"Location": "/round"}, b""),
            "/once": lambda: (301, {"Location": "/page"}, b""),
            "/gone": lambda: (410, {}, b"gone"),
            "/later": lambda: (429, {"Retry-After": "120"}, b""),
        }.get(self.path, lambda: (200, {"ETag": '"v1"', "Content-Type": "text/html"}, b"<p>hello"))
        status, headers, body = answer()
        if self.headers.get("If-None-Match") == '"v1"' and self.path == "/page":
            status, headers, body = 304, {}, b""
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        with suppress(ConnectionError):
            self.wfile.write(body)


@pytest.fixture
def site():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    server.asked = []
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@asynccontextmanager
async def outside(*inner):
    made = OutsideProcess(AGENT, inner)
    try:
        yield made
    finally:
        await made.close()


def ask(site, path, **more):
    async def work():
        async with outside(f"127.0.0.1:{site.server_port}") as made:
            return await made.fetch(Wanted(f"http://127.0.0.1:{site.server_port}{path}", **more))

    return asyncio.run(work())


def refused(site, path, **more):
    with pytest.raises(PeerError) as error:
        ask(site, path, **more)
    return error.value.code


def test_a_page_comes_with_its_validators_and_an_unchanged_one_without_a_body(site):
    first = ask(site, "/page")
    assert (first.status, first.body, first.etag, first.media_type) == (200, b"<p>hello", '"v1"', "text/html")
    again = ask(site, "/page", etag=first.etag)
    assert (again.status, again.body) == (304, b"")
    assert all(headers["User-Agent"] == AGENT for _, headers in site.asked)
    assert not any("Cookie" in headers or "Referer" in headers for _, headers in site.asked)


def test_robots_are_heard_and_a_partners_api_has_none(site):
    assert refused(site, "/private/page") == "desk.robots"
    assert ask(site, "/private/page", polite=False).status == 200


def test_what_is_larger_than_allowed_is_not_taken_packed_or_not(site):
    assert refused(site, "/bomb") == "desk.too-large"
    assert refused(site, "/large", most_bytes=1_000_000) == "desk.too-large"
    assert len(ask(site, "/large", most_bytes=2_000_000).body) == 2_000_000


def test_what_breaks_off_or_is_packed_unasked_is_no_answer(site):
    assert refused(site, "/broken") == "desk.unreachable"
    assert refused(site, "/brotli") == "desk.unreachable"


def test_a_source_leads_nowhere_inside(site):
    for path in ("/inside", "/disguised", "/file"):
        assert refused(site, path) == "desk.refused-address", path
    assert refused(site, "/round") == "desk.unreachable"
    assert ask(site, "/once").url.endswith("/page")


def test_other_answers_are_told_as_they_are(site):
    assert ask(site, "/gone").status == 410
    assert ask(site, "/later").retry_after_s == 120


def test_a_token_is_sent_to_its_own_host(site):
    ask(site, "/page", polite=False, token="secret")
    assert site.asked[-1][1]["Authorization"] == "secret"


def test_a_token_goes_to_no_other_origin_and_over_no_plain_line():
    with sites.opened() as one, sites.opened() as other:
        one.pages["/moved"] = (302, {"Location": f"{other.url}/page"}, b"")
        other.pages["/page"] = b"<p>hello"

        async def work():
            async with outside(one.inner, other.inner) as made:
                told = await made.fetch(Wanted(f"{one.url}/moved", polite=False, token="secret"))
                assert told.body == b"<p>hello"
                with pytest.raises(PeerError) as error:
                    await made.fetch(Wanted("http://8.8.8.8/", polite=False, token="secret"))
                assert error.value.code == "desk.refused-address"

        asyncio.run(work())
        assert [headers.get("Authorization") for _, headers in one.asked] == ["secret"]
        assert [headers.get("Authorization") for _, headers in other.asked] == [None]


def test_an_answer_without_end_is_cut():
    with sites.opened() as one:
        one.pages["/endless"] = (200, {"Content-Type": "text/html"}, None)

        async def work():
            async with outside(one.inner) as made:
                return await _code(made, f"{one.url}/endless")

        assert asyncio.run(work()) == "desk.too-large"


FORMS = [
    "http://127.0.0.1/",
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0177.0.0.1/",
    "http://localhost/",
    "http://①②⑦.0.0.1/",
    "http://127。0。0。1/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[fe80::1]/",
    "http://[fd00::1]/",
    "http://[::]/",
    "http://0/",
    "http://0.0.0.0/",
    "http://10.0.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://192.168.1.1/",
    "http://224.0.0.1/",
    "http://user:pass@8.8.8.8/",
    "http://8.8.8.8:25/",
    "ftp://8.8.8.8/",
    "file:///etc/passwd",
    "gopher://8.8.8.8/",
    "http:///",
    "javascript:alert(1)",
]


def test_no_form_of_an_inner_address_is_connected_to():
    async def work():
        async with outside() as made:
            return [await _code(made, url) for url in FORMS]

    assert dict(zip(FORMS, asyncio.run(work()), strict=True)) == dict.fromkeys(FORMS, "desk.refused-address")


async def _code(made, url):
    try:
        return (await made.fetch(Wanted(url))).status
    except PeerError as error:
        return error.code


def test_the_child_knows_nothing_of_ours_and_is_started_again_when_it_dies(site, monkeypatch):
    monkeypatch.setenv("TOCSIN_SECRET", "not for the child")

    async def work():
        async with outside(f"127.0.0.1:{site.server_port}") as made:
            wanted = Wanted(f"http://127.0.0.1:{site.server_port}/page")
            await made.fetch(wanted)
            child = made._child._process
            environment = Path(f"/proc/{child.pid}/environ").read_bytes()
            assert str(Path(f"/proc/{child.pid}/cwd").readlink()) == "/"
            child.kill()
            try:
                await made.fetch(wanted)
            except FormatError as error:
                assert error.code == "desk.unreadable"
            assert (await made.fetch(wanted)).status == 200
            assert made._child._process.pid != child.pid
            return environment

    environment = asyncio.run(work())
    assert b"TOCSIN_SECRET" not in environment
    assert b"HOME" not in environment
