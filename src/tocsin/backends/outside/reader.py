"""The node's end of the child that reads. It loads nothing that parses: a node starts without it."""

import asyncio
from collections.abc import Sequence
from enum import StrEnum
from typing import Final

import msgspec

from tocsin.backends.outside.process import Child
from tocsin.desk.document import Capture, Document, Leads, Reading
from tocsin.errors import FormatError, PeerError

_PATIENCE_S: Final = 60.0
Read = tuple[Document, Reading]
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
        self._child = Child("tocsin.backends.outside.reading", (), patience_s)
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
