"""The cable: bytes pass both ways, are recorded, end when it is cut, pass again when it is healed."""

import asyncio
from contextlib import suppress

from tocsin.cli.demo.cable import Cable


async def echo(reader, writer):
    while data := await reader.read(100):
        writer.write(data.upper())
    await closed(writer)


async def ask(port, text):
    """What comes back for one message; b"" when the connection ends instead."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(text)
        return await reader.read(100)
    except OSError:
        return b""
    finally:
        await closed(writer)


async def closed(writer):
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


def played(tmp_path, story):
    async def run():
        server = await asyncio.start_server(echo, "127.0.0.1", 0)
        cable = Cable(tmp_path / "traffic")
        port = await cable.open()
        try:
            return await story(cable, port, server.sockets[0].getsockname()[1])
        finally:
            await cable.close()
            server.close()

    return asyncio.run(run())


def test_bytes_pass_both_ways_and_are_recorded(tmp_path):
    async def story(cable, port, target):
        cable.plug_in(target)
        answer = await ask(port, b"hello")
        cable.flush()
        return answer

    assert played(tmp_path, story) == b"HELLO"
    recorded = (tmp_path / "traffic").read_bytes()
    assert b"hello" in recorded
    assert b"HELLO" in recorded


def test_nothing_passes_before_it_is_plugged_in(tmp_path):
    assert played(tmp_path, lambda _cable, port, _target: ask(port, b"hello")) == b""


def test_a_cut_ends_connections_and_refuses_new_ones_until_healed(tmp_path):
    async def story(cable, port, target):
        cable.plug_in(target)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"one")
        first = await reader.read(100)
        cable.cut()
        try:
            ended = await reader.read(100)
        except ConnectionError:
            ended = b""
        await closed(writer)
        refused = await ask(port, b"two")
        cable.heal()
        return first, ended, refused, await ask(port, b"three")

    assert played(tmp_path, story) == (b"ONE", b"", b"", b"THREE")


def test_a_target_that_is_gone_ends_the_connection(tmp_path):
    async def story(cable, port, _target):
        free = await asyncio.start_server(echo, "127.0.0.1", 0)
        gone = free.sockets[0].getsockname()[1]
        free.close()
        await free.wait_closed()
        cable.plug_in(gone)
        return await ask(port, b"hello")

    assert played(tmp_path, story) == b""
