"""Asking the node over its socket: answers whole and in lines, refusals, what is still being sent, and a node that ends."""

import asyncio
import json
import socket
import tempfile
import threading
from pathlib import Path

import pytest

from tocsin.cli.control import AnsweredError, Control
from tocsin.errors import AccessError, ConfigError
from tocsin.node.home import Home

REFUSAL = {"code": "format.bundle", "detail": "no bundle", "exit_status": 1}


def head(status, body=b"", *more):
    length = () if more else (f"Content-Length: {len(body)}",)
    return "\r\n".join((f"HTTP/1.1 {status} x", *length, *more, "", "")).encode() + body


def piece(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


@pytest.fixture
def node():
    """node(answering, asking): what asking(Control) gives beside a server whose connections answering(reader, writer) serves."""
    with tempfile.TemporaryDirectory(prefix="tocsin-") as folder:  # short: a socket's path is limited
        home = Home(Path(folder))
        home.run.mkdir()

        def both(answering, asking):
            async def main():
                served = []

                async def serve(reader, writer):
                    try:
                        served.append(await answering(reader, writer))
                    finally:
                        writer.close()

                async with await asyncio.start_unix_server(serve, str(home.socket)):
                    return await asking(Control(home)), served

            return asyncio.run(main())

        both.home = home
        yield both


def saying(*parts):
    async def answering(reader, writer):
        asked = await reader.readuntil(b"\r\n\r\n")
        for one in parts:
            writer.write(one)
            await writer.drain()
            await asyncio.sleep(0)
        return asked

    return answering


async def endless():
    while True:
        yield b"x" * 65536
        await asyncio.sleep(0)


def test_a_question_goes_out_with_its_parameters_and_the_answer_comes_back(node):
    body = json.dumps({"held": 3}).encode()
    told, (asked,) = node(
        saying(head(200, body)), lambda control: control.get("/objects", limit=3, after=None, q="a&b é")
    )
    assert told == {"held": 3}
    assert asked.startswith(b"GET /objects?limit=3&q=a%26b+%C3%A9 HTTP/1.1\r\nHost: node\r\n")


def test_a_refusal_is_told_in_the_nodes_words_also_while_the_body_is_still_being_sent(node):
    async def asking(control):
        return [row async for row in control.rows("POST", "/share", {}, endless())]

    with pytest.raises(AnsweredError) as caught:
        node(saying(head(400, json.dumps(REFUSAL).encode())), asking)
    assert (caught.value.code, caught.value.what, caught.value.exit_status) == ("format.bundle", "no bundle", 1)


def test_what_is_no_refusal_of_ours_is_an_error_all_the_same(node):
    with pytest.raises(AnsweredError, match="not an error of ours"):
        node(saying(head(502, b"<html>")), lambda control: control.get("/status"))


def test_lines_come_while_the_body_is_sent_however_they_are_cut(node):
    """Each line of the body is answered before the next is sent."""
    answers = asyncio.Queue()

    async def lines():
        for number in range(3):
            yield b"%d\n" % number
            await answers.get()

    async def answering(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head(200, b"", "Transfer-Encoding: chunked"))
        for _ in range(3):
            await reader.readuntil(b"\r\n")  # the length of the piece
            number = (await reader.readuntil(b"\r\n")).strip()
            row = b'{"n": %s, "long": "%s"}\n\n' % (number, b"e" * 600_000)
            for part in (row[:4], row[4:9], row[9:]):
                writer.write(piece(part))
                await writer.drain()
        writer.write(piece(b'{"n": 3}') + b"0\r\n\r\n")  # the last line without its end
        return await reader.readuntil(b"0\r\n\r\n")

    async def asking(control):
        found = []
        async for row in control.rows("POST", "/share", {}, lines()):
            found.append(row["n"])
            answers.put_nowait(None)
        return found

    assert node(answering, asking)[0] == [0, 1, 2, 3]


def test_a_line_without_end_is_not_gathered(node):
    async def asking(control):
        return [row async for row in control.rows("GET", "/watch", {})]

    flood = [piece(b"x" * 1_000_000)] * 6
    with pytest.raises(AnsweredError, match="without end"):
        node(saying(head(200, b"", "Transfer-Encoding: chunked"), *flood), asking)


def test_what_keeps_the_body_from_being_sent_is_told_as_it_is(node):
    async def broken():
        yield b"begun"
        raise ZeroDivisionError

    async def asking(control):
        return [row async for row in control.rows("POST", "/share", {}, broken())]

    async def waiting(reader, _writer):
        return await reader.read()

    with pytest.raises(ZeroDivisionError):
        node(waiting, asking)


@pytest.mark.parametrize(
    "told", [b"", b"HTTP/1.1 200", head(200, b"", "Content-Length: 9") + b"half", b"no HTTP\r\n\r\n"]
)
def test_a_node_that_ends_in_an_answer_has_ended(node, told):
    with pytest.raises(ConfigError) as caught:
        node(saying(told), lambda control: control.get("/status"))
    assert caught.value.code == "config.node-stopped"


def test_without_a_node_it_is_said(node):
    for prepare in (lambda: None, node.home.socket.touch):
        prepare()
        with pytest.raises(ConfigError) as caught:
            asyncio.run(Control(node.home).get("/status"))
        assert caught.value.code == "config.not-running"


def test_a_socket_of_others_is_said(node, monkeypatch):
    async def refused(_path):
        raise PermissionError

    monkeypatch.setattr(asyncio, "open_unix_connection", refused)
    with pytest.raises(AccessError) as caught:
        asyncio.run(Control(node.home).get("/status"))
    assert caught.value.code == "access.socket"


@pytest.mark.slow
def test_a_refusal_is_heard_though_the_node_reads_no_further_than_the_head(node):
    """A node that has read all there is in one go, answers and closes: nothing may follow that it never takes up."""
    refused = head(404, json.dumps(REFUSAL).encode())

    def answer(listening):
        while True:
            line, _ = listening.accept()
            with line:
                if not line.recv(1 << 20).startswith(b"POST"):
                    return
                line.sendall(refused)

    async def asking(control):
        return (await asyncio.gather(control.post("/sources/x/test", {"a": 1}), return_exceptions=True))[0]

    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(node.home.socket))
        listening.listen()
        thread = threading.Thread(target=answer, args=(listening,))
        thread.start()
        try:
            told = [getattr(asyncio.run(asking(Control(node.home))), "code", "") for _ in range(100)]
        finally:
            with socket.socket(socket.AF_UNIX) as end:
                end.connect(str(node.home.socket))
                end.sendall(b"end")
            thread.join(30)
    assert told == ["format.bundle"] * 100
