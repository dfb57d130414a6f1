"""A member's network cable: a TCP relay in front of its peer port that can be cut, healed and listened to."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import IO, Final

_HOST: Final = "127.0.0.1"
_PIECE: Final = 64 * 1024


class Cable:
    """Everything that other members send to this one, and get back, passes here. `record` keeps every byte of it."""

    def __init__(self, record: Path | None = None) -> None:
        self._record: IO[bytes] | None = None if record is None else record.open("wb")
        self._server: asyncio.Server | None = None
        self._target = 0
        self._whole = True
        self._ends: set[asyncio.StreamWriter] = set()
        self._carrying: set[asyncio.Task[None]] = set()

    async def open(self) -> int:
        """Begin to listen. Returns the port that others dial."""
        self._server = await asyncio.start_server(self._accept, _HOST, 0)
        return int(self._server.sockets[0].getsockname()[1])

    def plug_in(self, port: int) -> None:
        """The member itself listens on this port."""
        self._target = port

    def cut(self) -> None:
        """End all connections at once and refuse new ones."""
        self._whole = False
        for end in tuple(self._ends):
            end.transport.abort()

    def heal(self) -> None:
        """Carry new connections again."""
        self._whole = True

    async def close(self) -> None:
        """Pull it out for good."""
        self.cut()
        if self._server is not None:
            self._server.close()
        await asyncio.gather(*self._carrying)
        if self._record is not None:
            self._record.close()

    def flush(self) -> None:
        """Put on disk what was recorded so far."""
        if self._record is not None:
            self._record.flush()

    async def _accept(self, near_in: asyncio.StreamReader, near_out: asyncio.StreamWriter) -> None:
        carrying = asyncio.ensure_future(self._carry(near_in, near_out))
        self._carrying.add(carrying)
        carrying.add_done_callback(self._carrying.discard)
        with suppress(asyncio.CancelledError):  # the loop ends, and the relay with it
            await carrying

    async def _carry(self, near_in: asyncio.StreamReader, near_out: asyncio.StreamWriter) -> None:
        ends = {near_out}
        try:
            if self._whole and self._target:
                far_in, far_out = await asyncio.open_connection(_HOST, self._target)
                ends.add(far_out)
                self._ends |= ends
                await asyncio.gather(self._pump(near_in, far_out), self._pump(far_in, near_out))
        except OSError:
            return  # the member itself does not listen: whoever dialed sees the end of its connection
        finally:
            self._ends -= ends
            for end in ends:
                end.transport.abort()
                with suppress(OSError):
                    await end.wait_closed()

    async def _pump(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while piece := await source.read(_PIECE):
                if self._record is not None:
                    self._record.write(piece)
                target.write(piece)
                await target.drain()
        with suppress(OSError, RuntimeError):
            target.write_eof() if target.can_write_eof() else target.close()
