"""A generative model at its address, played by a real server on loopback that answers as a hostile one would."""

import asyncio
import gzip
import json
import threading
import time
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tocsin.backends.outside.generator import ChatCompletions
from tocsin.backends.system.clock import SystemClock
from tocsin.errors import ConfigError, PeerError
from tocsin.ports.generator import Prompt

PROMPT = Prompt("Be brief.", "DOCUMENT 1 x\nhello\nEND x")
DEEP = b'{"choices":' + b"[" * 100_000


def completion(text):
    return json.dumps({"choices": [{"message": {"role": "assistant", "content": text}}]}).encode()


class Model(BaseHTTPRequestHandler):
    """Answers as its server's `manner` says."""

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.server.asked.append(("GET", self.path, {}, b""))
        self.told(200, {}, completion("you followed me"))

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append(("POST", self.path, dict(self.headers), body))
        with suppress(ConnectionError):
            getattr(self, self.server.manner)()

    def told(self, status, headers, body):
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def good(self):
        self.told(200, {"Content-Type": "application/json"}, completion("It is so. [1]"))

    def refusing(self):
        self.told(401, {}, b'{"error":"no key"}')

    def moved(self):
        self.told(307, {"Location": f"http://127.0.0.1:{self.server.server_port}/v1/elsewhere"}, b"")

    def large(self):
        self.told(200, {}, completion("x" * 10_000_000))

    def endless(self):
        self.send_response(200)
        self.end_headers()
        while True:
            self.wfile.write(b" " * 65536)

    def dripping(self):
        self.send_response(200)
        self.end_headers()
        for _ in range(600):
            self.wfile.write(b" ")
            self.wfile.flush()
            time.sleep(0.05)

    def slow(self):
        time.sleep(0.5)
        self.good()

    def packed(self):
        self.told(200, {"Content-Encoding": "gzip"}, gzip.compress(completion("x" * 50_000_000)))

    def page(self):
        self.told(200, {"Content-Type": "text/html"}, b"<html>log in</html>")

    def other(self):
        self.told(200, {}, b'{"choices":[{"message":{"content":null,"tool_calls":[{"function":{"name":"rm"}}]}}]}')

    def none(self):
        self.told(200, {}, b'{"choices":[]}')

    def blank(self):
        self.told(200, {}, completion(" \n"))

    def deep(self):
        self.told(200, {}, DEEP)

    def latin(self):
        self.told(200, {}, b'{"choices":[{"message":{"content":"\xff\xfe"}}]}')

    def cut(self):
        self.told(200, {"Content-Length": "5000"}, completion("cut"))
        self.close_connection = True


class Still(SystemClock):
    """The system's clock, moved on by hand."""

    moved = 0.0

    def monotonic(self):
        return super().monotonic() + self.moved


@contextmanager
def served(manner="good", context=None):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Model)
    server.asked, server.manner, server.daemon_threads = [], manner, True
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def made(server, scheme="http", host="127.0.0.1", **more):
    return ChatCompletions(f"{scheme}://{host}:{server.server_port}/v1/", "small-model", Still(), **more)


def ask(generator):
    return asyncio.run(generator.complete(PROMPT))


@pytest.mark.slow
def test_it_asks_for_a_completion_and_sends_nothing_else(tmp_path):
    key = tmp_path / "key"
    key.write_text("sk-secret\n")
    with served() as server:
        generator = made(server, key=key)
        assert ask(generator) == "It is so. [1]"
        key.write_text("sk-next\n")
        ask(generator)
        (_, path, headers, body), (_, _, again, _) = server.asked
    assert path == "/v1/chat/completions"
    assert (headers["Authorization"], again["Authorization"]) == ("Bearer sk-secret", "Bearer sk-next")
    assert set(headers) <= {
        "Host", "Content-Type", "Accept", "Accept-Encoding", "Authorization", "User-Agent", "Content-Length",
    }  # fmt: skip
    told = json.loads(body)
    assert told.pop("messages") == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": PROMPT.texts},
    ]
    assert told == {"model": "small-model", "temperature": 0, "max_tokens": 800, "stream": False}


@pytest.mark.slow
def test_without_a_key_none_is_sent():
    with served() as server:
        ask(made(server))
        assert "Authorization" not in server.asked[0][2]


@pytest.mark.slow
@pytest.mark.parametrize("content", [None, "", "two\nlines", "m\u00fcll"])
def test_a_key_that_is_none_is_told_and_nothing_is_sent(tmp_path, content):
    key = tmp_path / "key"
    if content is not None:
        key.write_text(content, encoding="utf-8")
    with served() as server:
        with pytest.raises(ConfigError) as caught:
            ask(made(server, key=key))
        assert caught.value.code == "config.file"
        assert "two" not in caught.value.what
        assert server.asked == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "manner",
    ["refusing", "moved", "large", "endless", "packed", "page", "other", "none", "blank", "deep", "latin", "cut"],
)
def test_whatever_else_comes_is_refused(manner):
    with served(manner) as server:
        with pytest.raises(PeerError) as caught:
            ask(made(server))
        assert caught.value.code == "desk.model-failed"
        assert [one[0] for one in server.asked] == ["POST"]  # a redirect is not followed
        assert "log in" not in caught.value.what


@pytest.mark.slow
def test_who_drips_is_not_waited_for():
    with served("dripping") as server:
        began = time.monotonic()
        with pytest.raises(PeerError) as caught:
            ask(made(server, patience_s=0.5))
        assert caught.value.code == "desk.model-failed"
        assert time.monotonic() - began < 20


@pytest.mark.slow
def test_a_server_that_nobody_vouches_for_is_not_believed(tmp_path, tls):
    context, known = tls
    key = tmp_path / "key"
    key.write_text("sk-secret")
    with served(context=context) as server:
        with pytest.raises(PeerError):
            ask(made(server, "https", "localhost", key=key))
        assert server.asked == []
        assert ask(made(server, "https", "localhost", key=key, trust=known)) == "It is so. [1]"


@pytest.mark.slow
def test_one_at_a_time():
    async def two(generator):
        return await asyncio.gather(generator.complete(PROMPT), generator.complete(PROMPT), return_exceptions=True)

    with served("slow") as server:
        first, second = asyncio.run(two(made(server)))
        assert first == "It is so. [1]"
        assert second.code == "desk.model-busy"
        assert len(server.asked) == 1


@pytest.mark.slow
def test_after_three_failures_it_is_left_alone_and_asked_again_later():
    with served("refusing") as server:
        generator = made(server)
        for code in ("desk.model-failed",) * 3 + ("desk.model-busy",) * 2:
            with pytest.raises(PeerError) as caught:
                ask(generator)
            assert caught.value.code == code
        assert len(server.asked) == 3
        server.manner = "good"
        generator._clock.moved = 61.0
        assert ask(generator) == "It is so. [1]"
        server.manner = "refusing"
        with pytest.raises(PeerError, match="answers 401"):
            ask(generator)


@pytest.mark.slow
def test_nobody_there_is_a_failure():
    with served() as server:
        generator = made(server)
    with pytest.raises(PeerError, match="did not answer"):
        ask(generator)
