"""Servers that lie, drip, flood and lead inside: each ends in a refusal with a code, within its bounds of time and memory."""

import asyncio
import contextlib
import gzip
import resource
import socket
import zlib
from contextlib import asynccontextmanager

import pytest

from tocsin.backends.outside import fetching
from tocsin.backends.outside.fetching import Fetching, PublicResolver
from tocsin.backends.system.clock import SystemClock
from tocsin.errors import PeerError
from tocsin.ports.outside import Wanted

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"


class Server:
    """Answers every request by the same bytes, or by pieces without end, and keeps what it was asked."""

    def __init__(self, first, again=b"", pause_s=0.0):
        self.first, self.again, self.pause_s = first, again, pause_s
        self.asked = []
        self.answering = set()

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        self.inner = f"127.0.0.1:{self.port}"
        return self

    async def __aexit__(self, *_):
        self._server.close()
        self.again = b""
        await asyncio.gather(*self.answering)

    async def _answer(self, reader, writer):
        self.answering.add(asyncio.current_task())
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            self.asked.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(self.first)
            await writer.drain()
            while self.again:
                writer.write(self.again)
                await writer.drain()
                await asyncio.sleep(self.pause_s)
        writer.close()


async def got(server, *inner, **more):
    """The status, or the code of the refusal."""
    asks = Fetching("tocsin-desk", SystemClock(), (server.inner, *inner))
    try:
        return (await asks.fetch(Wanted(f"http://{server.inner}/", polite=False, **more))).status
    except PeerError as error:
        return error.code


def answered(first, again=b"", pause_s=0.0, **more):
    async def story():
        async with Server(first, again, pause_s) as server:
            return await got(server, **more)

    return asyncio.run(story())


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(fetching, "_SECONDS", 1.0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("first", "again"),
    [(b"", b"H"), (b"HTTP/1.1 200 OK\r\nX: ", b"a"), (HEAD + b"Content-Length: 9999\r\n\r\n", b"a"), (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n")],
)  # fmt: skip
def test_what_drips_is_not_waited_for(impatient, first, again):
    assert answered(first, again, 0.05) == "desk.unreachable"


@pytest.mark.slow
@pytest.mark.parametrize(
    "flood",
    [b"X-Flood: " + b"a" * 8000 + b"\r\n", b"X: a\r\n" * 1000, b"Set-Cookie: " + b"a=b; " * 1000 + b"\r\n", b"X-Long: " + b"a" * 100_000, b"HTTP/1.1 100 Continue\r\n\r\n"],
)  # fmt: skip
def test_a_flood_of_headers_is_cut_before_it_fills_the_memory(impatient, flood):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert answered(HEAD if not flood.startswith(b"HTTP") else b"", flood) == "desk.unreachable"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000  # kB


@pytest.mark.parametrize(
    "answer",
    [
        b"Content-Length: 100\r\n\r\nten bytes.",
        b"Content-Length: -1\r\n\r\nx",
        b"Content-Length: 1e3\r\n\r\nx",
        b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\nZZ\r\nhello\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        b"X: a\x00b\r\n\r\nhello",
        b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
    ],
)
def test_a_length_or_a_packing_that_lies_is_no_answer(answer):
    assert answered(HEAD + answer) == "desk.unreachable"


def test_chunks_without_end_are_cut_at_what_was_allowed():
    chunk = b"10000\r\n" + b"a" * 0x10000 + b"\r\n"
    assert answered(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", chunk, most_bytes=1_000_000) == "desk.too-large"


def bomb(name, data):
    return HEAD + b"Content-Encoding: %s\r\nContent-Length: %d\r\n\r\n" % (name, len(data)) + data


@pytest.mark.slow
def test_bombs_are_cut_and_packings_that_were_not_asked_for_refused():
    zeros = bytes(80 << 20)
    raw = zlib.compressobj(wbits=-15)
    told = {
        "gzip": answered(bomb(b"gzip", gzip.compress(zeros))),
        "x-gzip": answered(bomb(b"x-gzip", gzip.compress(zeros))),
        "deflate": answered(bomb(b"deflate", zlib.compress(zeros))),
        "raw deflate": answered(bomb(b"deflate", raw.compress(zeros) + raw.flush())),
        "br": answered(bomb(b"br", b"hello")),
        "zstd": answered(bomb(b"zstd", b"hello")),
        "a chain": answered(bomb(b"gzip, gzip", gzip.compress(gzip.compress(zeros)))),
        "another": answered(bomb(b"gzip, br", gzip.compress(b"hello"))),
    }
    assert told == {
        "gzip": "desk.too-large", "x-gzip": "desk.too-large", "deflate": "desk.too-large", "raw deflate": "desk.unreachable",
        "br": "desk.unreachable", "zstd": "desk.unreachable", "a chain": "desk.unreachable", "another": "desk.unreachable",
    }  # fmt: skip


def moved(to):
    return b"HTTP/1.1 302 Found\r\nLocation: " + to.encode() + b"\r\nContent-Length: 0\r\n\r\n"


@pytest.mark.slow
def test_credentials_stay_with_the_host_they_are_for_and_do_not_come_back():
    async def story():
        async with (
            Server(HEAD + b"Content-Length: 0\r\n\r\n") as last,
            Server(moved(f"http://{last.inner}/x")) as first,
        ):
            assert await got(first, last.inner, token="Bearer secret") == 200
            assert b"Bearer secret" in first.asked[0]
            assert b"secret" not in last.asked[0]
        # There and back again: what was dropped stays dropped.
        async with Server(b"") as one, Server(moved(f"http://{one.inner}/again")) as two:
            one.first = moved(f"http://{two.inner}/")
            assert await got(one, two.inner, token="Bearer secret") == "desk.unreachable"
            assert [b"secret" in asked for asked in one.asked] == [True, False]
            assert not any(b"secret" in asked for asked in two.asked)

    asyncio.run(story())


@pytest.mark.parametrize(
    "to",
    ["http://127.0.0.1:{other}/", "http://localhost:{port}/", "http://127.1:{port}/", "http://[::1]:{port}/", "http://[::ffff:127.0.0.1]:{port}/", "http://0x7f000001:{port}/",
     "http://017700000001:{port}/", "http://2130706433:{port}/", "http://127.0.0.1.:{port}/", "http://a@127.0.0.1:{port}/", "http://127.0.0.1:{port}@127.0.0.1:{other}/", "//169.254.169.254/latest",
     "file:///etc/passwd", "gopher://127.0.0.1:{port}/", "http://127.0.0.1:22/", "http://LOCALHOST:{port}/", "http://①②⑦.⓪.⓪.①:{other}/", "http://[fe80::1%25lo]:{port}/", "data:text/html,x"],
)  # fmt: skip
def test_what_the_administrator_lets_through_is_one_host_and_port_as_it_is_written(to):
    async def story():
        async with Server(HEAD + b"Content-Length: 0\r\n\r\n") as other, Server(b"") as first:
            first.first = moved(to.format(port=first.port, other=other.port))
            assert await got(first) == "desk.refused-address"
            assert (len(first.asked), len(other.asked)) == (1, 0)

    asyncio.run(story())


def test_proxies_of_the_environment_are_not_asked(monkeypatch):
    async def story():
        async with (
            Server(HEAD + b"Content-Length: 0\r\n\r\n") as proxy,
            Server(HEAD + b"Content-Length: 0\r\n\r\n") as site,
        ):
            for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
                monkeypatch.setenv(name, f"http://{proxy.inner}")
            assert await got(site) == 200
            assert (len(site.asked), proxy.asked) == (1, [])

    asyncio.run(story())


@asynccontextmanager
async def names(*answers):
    """The system's resolver, giving these addresses in turn."""
    loop, turns = asyncio.get_running_loop(), iter(answers)

    async def resolve(host, port, **_):
        return [
            (socket.AF_INET6 if ":" in one else socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port))
            for one in next(turns)
        ]

    kept, loop.getaddrinfo = loop.getaddrinfo, resolve
    try:
        yield
    finally:
        loop.getaddrinfo = kept


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["8.8.8.8", "::1"], ["::ffff:10.0.0.1"], ["64:ff9b::a00:1"], ["2002:a00:1::"], ["100.64.0.1"], ["fd00::1"], ["169.254.169.254"], []],
)  # fmt: skip
def test_a_name_of_which_one_address_is_inside_is_no_name(addresses):
    async def story():
        async with names(addresses):
            with pytest.raises(PeerError) as error:
                await PublicResolver().resolve("rebinding.example", 80)
            assert error.value.code == "desk.refused-address"

    asyncio.run(story())


def test_a_name_is_asked_for_once_and_connected_to_where_it_led(monkeypatch):
    """Rebinding: the second answer, which leads inside, is never asked for between the look and the connection."""
    connected = []

    async def story():
        asks = Fetching("tocsin-desk", SystemClock())
        loop = asyncio.get_running_loop()

        async def connect(_, address):
            connected.append(address[0])
            raise OSError

        monkeypatch.setattr(loop, "sock_connect", connect)
        async with names(["8.8.8.8"], ["127.0.0.1"]):
            for _ in range(2):
                with pytest.raises(PeerError):
                    await asks.fetch(Wanted("http://rebinding.example/", polite=False))

    asyncio.run(story())
    assert connected == ["8.8.8.8"]
