"""The child that reads: `python -m tocsin.backends.outside.reader`. What a stranger wrote is parsed nowhere else."""

import asyncio
from collections.abc import Sequence
from enum import StrEnum
from typing import Final

import msgspec

from tocsin.backends.outside import frames
from tocsin.backends.outside.confined import confine
from tocsin.backends.outside.process import Child
from tocsin.backends.system.clock import SystemClock
from tocsin.desk.document import Capture, Document, Reading
from tocsin.desk.finding.read import find
from tocsin.desk.reading import listings, opening
from tocsin.desk.reading.listings import Leads
from tocsin.errors import FormatError, PeerError

_MEMORY: Final = 2 * 1024 * 1024 * 1024
_PATIENCE_S: Final = 60.0
_ENOUGH_S: Final = 10.0  # of the processor: then what was read so far is all
_CLOCK: Final = SystemClock()
Read = tuple[Document, Reading]
_SAMPLE: Final = (
    "<html><head><title>Officers search two ships in the port</title></head><body><article>"
    "<h1>Officers search two ships in the port</h1><p>2 days ago</p><p>Officers have searched two ships in the port of "
    "Alexandria, Egypt, and found nothing of what they had been told to look for, the ministry said.</p></article></body></html>"
)
_READ: Final = msgspec.msgpack.Decoder(tuple[Read, ...])
_LEADS: Final = msgspec.msgpack.Decoder(Leads)


class What(StrEnum):
    """What is wanted of a capture."""

    DOCUMENTS = "documents"
    LEADS = "leads"


class Work(msgspec.Struct, frozen=True):
    """One capture to be read."""

    what: What
    capture: Capture
    body: bytes


class ReaderProcess:
    """desk.gathering.Reader by a child: one capture at a time, so that only the one that takes too long is cut off."""

    def __init__(self, patience_s: float = _PATIENCE_S) -> None:
        self._child = Child("tocsin.backends.outside.reader", (), patience_s)
        self._turn = asyncio.Lock()

    async def read(self, capture: Capture, body: bytes) -> Sequence[Read]:
        """See desk.gathering."""
        return _READ.decode(await self._asked(Work(What.DOCUMENTS, capture, body)))

    async def leads(self, capture: Capture, body: bytes) -> Leads:
        """See desk.gathering."""
        return _LEADS.decode(await self._asked(Work(What.LEADS, capture, body)))

    async def _asked(self, work: Work) -> bytes:
        async with self._turn:
            try:
                return await self._child.ask(msgspec.msgpack.encode(work))
            except PeerError as error:  # a document is at fault, no peer
                raise FormatError(error.code, error.what) from error

    async def close(self) -> None:
        """End the child."""
        await self._child.close()


async def _handle(body: bytes) -> bytes:
    work = msgspec.msgpack.decode(body, type=Work)
    if work.what is What.LEADS:
        return msgspec.msgpack.encode(listings.leads(work.capture, work.body))
    until = _CLOCK.cpu() + _ENOUGH_S
    opened = opening.read(work.capture, work.body, lambda: _CLOCK.cpu() > until)
    return msgspec.msgpack.encode([(one, find(one)) for one in opened.documents])


def _warm() -> None:
    """Load what reading needs while files may still be written: the language tables unpack through one."""
    body = _SAMPLE.encode()
    for one in opening.read(Capture("", "", "text/html", 1_000_000, len(body)), body).documents:
        find(one)


async def _main() -> None:
    confine(network=False)
    await frames.serve(_handle, _MEMORY)


if __name__ == "__main__":
    _warm()
    asyncio.run(_main())
