"""How the node and its children speak: a length of four bytes, then MessagePack; both ends are of one version."""

import asyncio
import resource
import struct
import sys
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from tocsin.errors import TocsinError

MOST: Final = 128 * 1024 * 1024
_BROKEN: Final = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)
_LENGTH: Final = struct.Struct(">I")


class Ask(msgspec.Struct, frozen=True):
    """One request, by a number of the asker's."""

    number: int
    body: bytes


class Answer(msgspec.Struct, frozen=True):
    """What became of it: bytes, or why there are none."""

    number: int
    body: bytes = b""
    code: str = ""
    what: str = ""


def packed(message: Ask | Answer) -> bytes:
    """A frame."""
    body = msgspec.msgpack.encode(message)
    return _LENGTH.pack(len(body)) + body


async def read(stream: asyncio.StreamReader) -> bytes | None:
    """The next frame's body; None at the end. Raises ValueError for one that is too long."""
    try:
        (length,) = _LENGTH.unpack(await stream.readexactly(_LENGTH.size))
        if length > MOST:
            raise ValueError("a frame is too long")
        return await stream.readexactly(length)
    except asyncio.IncompleteReadError:
        return None


async def serve(handle: Callable[[bytes], Awaitable[bytes]], memory_bytes: int) -> None:
    """The child's life: answer what is asked on standard input until it closes. Never writes a file, never dumps core."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    loop = asyncio.get_running_loop()
    asked = asyncio.StreamReader(limit=MOST)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(asked), sys.stdin)
    transport, protocol = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, sys.stdout)
    out = asyncio.StreamWriter(transport, protocol, None, loop)

    async def answer(ask: Ask) -> None:
        try:
            told = Answer(ask.number, await handle(ask.body))
        except TocsinError as error:
            told = Answer(ask.number, code=error.code, what=error.what)
        except MemoryError:
            told = Answer(ask.number, code="desk.too-large", what="the document needs more memory than it may have")
        except _BROKEN as error:  # any other one ends the process, which is told as well
            told = Answer(ask.number, code="desk.unreadable", what=f"reading failed ({type(error).__name__})")
        out.write(packed(told))
        await out.drain()

    async with asyncio.TaskGroup() as busy:
        tasks: set[asyncio.Task[None]] = set()
        while (frame := await read(asked)) is not None:
            task = busy.create_task(answer(msgspec.msgpack.decode(frame, type=Ask)))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        for task in tasks:  # nobody listens any more
            task.cancel()
