"""The child that asks sources: `python -m tocsin.backends.outside.fetcher AGENT AUTHORITIES [HOST:PORT...]`."""

import asyncio
import sys
from pathlib import Path
from typing import Final

import msgspec

from tocsin.backends.outside import frames
from tocsin.backends.outside.confined import confine
from tocsin.backends.outside.fetching import Fetching
from tocsin.backends.outside.process import Child
from tocsin.backends.system.clock import SystemClock
from tocsin.ports.outside import Fetched, Wanted

_MEMORY: Final = 2 * 1024 * 1024 * 1024
_PATIENCE_S: Final = 300.0


class OutsideProcess:
    """ports.outside by a child. `authorities`: path of certificates in PEM that are believed beside the system's."""

    def __init__(self, agent: str, inner: tuple[str, ...] = (), authorities: str = "") -> None:
        self._child = Child("tocsin.backends.outside.fetcher", (agent, authorities, *inner), _PATIENCE_S)

    async def fetch(self, wanted: Wanted) -> Fetched:
        """See ports.outside."""
        return msgspec.msgpack.decode(await self._child.ask(msgspec.msgpack.encode(wanted)), type=Fetched)

    async def close(self) -> None:
        """End the child."""
        await self._child.close()


async def _main(agent: str, authorities: str, inner: tuple[str, ...]) -> None:
    fetching = Fetching(agent, SystemClock(), inner, authorities)

    async def handle(body: bytes) -> bytes:
        return msgspec.msgpack.encode(await fetching.fetch(msgspec.msgpack.decode(body, type=Wanted)))

    confine(network=True)
    await frames.serve(handle, _MEMORY)


if __name__ == "__main__":
    believed = Path(sys.argv[2]).read_text("utf-8") if sys.argv[2] else ""
    asyncio.run(_main(sys.argv[1], believed, tuple(sys.argv[3:])))
