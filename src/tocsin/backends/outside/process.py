"""The node's end of a child: started when first asked, killed when it hangs, started again; it is given nothing of ours."""

import asyncio
import os
import sys
from collections.abc import Sequence
from typing import Final, TypeVar

import msgspec

from tocsin.backends.outside.frames import MOST, Answer, Ask, packed, read
from tocsin.errors import FormatError, PeerError

_KEPT: Final = ("LANG", "LC_ALL", "TZ", "SYSTEMROOT")

_T = TypeVar("_T")


class Child:
    """A process of `python -m module`. Requests may wait for one another; one that takes too long ends the process."""

    def __init__(self, module: str, arguments: Sequence[str], patience_s: float) -> None:
        self._module = module
        self._arguments = tuple(arguments)
        self._patience_s = patience_s
        self._process: asyncio.subprocess.Process | None = None
        self._hears: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()
        self._waiting: dict[int, asyncio.Future[Answer]] = {}
        self._number = 0

    async def ask(self, body: bytes) -> bytes:
        """What it answers. Raises what it refused as PeerError or FormatError, FormatError("desk.unreadable") if it died."""
        process = await self._running()
        self._number += 1
        number = self._number
        told: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[number] = told
        try:
            _end(process.stdin).write(packed(Ask(number, body)))
            await _end(process.stdin).drain()
            async with asyncio.timeout(self._patience_s):
                answer = await told
        except TimeoutError as error:
            await self.close()
            raise FormatError("desk.unreadable", f"nothing came of it within {self._patience_s:.0f} s") from error
        except ConnectionError as error:
            raise FormatError("desk.unreadable", "the process that was asked has ended") from error
        finally:
            self._waiting.pop(number, None)
        if answer.code:
            kind = FormatError if answer.code.startswith(("desk.unreadable", "format.")) else PeerError
            raise kind(answer.code, answer.what)
        return answer.body

    async def _running(self) -> asyncio.subprocess.Process:
        async with self._starting:
            if self._process is None or self._process.returncode is not None:
                environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
                environment["PYTHONPATH"] = os.pathsep.join(one for one in sys.path if one)
                self._process = await asyncio.create_subprocess_exec(
                    sys.executable,
                    "-s",
                    "-m",
                    self._module,
                    *self._arguments,
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=asyncio.subprocess.DEVNULL,  # whatever it says could be a stranger's text
                    cwd="/",
                    env=environment,
                    limit=MOST,
                )
                self._hears = asyncio.ensure_future(self._hear(self._process))
            return self._process

    async def _hear(self, process: asyncio.subprocess.Process) -> None:
        try:
            while (frame := await read(_end(process.stdout))) is not None:
                answer = msgspec.msgpack.decode(frame, type=Answer)
                waiting = self._waiting.get(answer.number)
                if waiting is not None and not waiting.done():
                    waiting.set_result(answer)
        except (ValueError, msgspec.DecodeError):  # it is not ours any more: taken over, or broken
            process.kill()
        if self._process is process:
            self._process = None  # the next request starts another; this one is waited for by the loop
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(ConnectionError("the process has ended"))

    async def close(self) -> None:
        """End it. It is started again by the next request."""
        process, self._process = self._process, None
        if process is not None:
            if process.returncode is None:
                process.kill()
            await process.wait()
        if self._hears is not None:
            await self._hears


def _end(pipe: _T | None) -> _T:
    if pipe is None:
        raise ConnectionError("the process has no such pipe")
    return pipe
