"""The child that reads: `python -m tocsin.backends.outside.reading`. What a stranger wrote is parsed nowhere else."""

import asyncio
from typing import Final

import msgspec

from tocsin.backends.outside import frames
from tocsin.backends.outside.confined import confine
from tocsin.backends.outside.reader import What, Work
from tocsin.backends.system.clock import SystemClock
from tocsin.desk.document import Capture
from tocsin.desk.finding.read import find
from tocsin.desk.reading import listings, opening

_MEMORY: Final = 2 * 1024 * 1024 * 1024
_ENOUGH_S: Final = 10.0  # of the processor: then what was read so far is all
_CLOCK: Final = SystemClock()
_SAMPLE: Final = (
    "<html><head><title>Officers search two ships in the port</title></head><body><article>"
    "<h1>Officers search two ships in the port</h1><p>2 days ago</p><p>Officers have searched two ships in the port of "
    "Alexandria, Egypt, and found nothing of what they had been told to look for, the ministry said.</p></article></body></html>"
)


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
