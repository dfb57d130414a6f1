"""Links between members: ordered, reliable while they last, and gone without warning."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Protocol


class Link(Protocol):
    """One connection to one member, whose identity the transport has proved (certificate pinned by the charter)."""

    @property
    def peer(self) -> str:
        """The handle of the member at the other end."""
        ...

    async def send(self, message: bytes) -> None:
        """Queue one message; waits while the bounded queue is full. Raises PeerError when the link is gone."""
        ...

    def messages(self) -> AsyncIterator[bytes]:
        """What the other end sends, in order, until the link ends."""
        ...

    async def close(self, code: str) -> None:
        """End the link, telling the other end why."""
        ...


class Network(Protocol):
    """How links come to be."""

    def refresh(self) -> None:
        """The charter has changed: its active members, as it describes them, may link, and nobody else."""
        ...

    async def dial(self, peer: str) -> Link:
        """Open a link. Raises PeerError("peer.unreachable") or PeerError("peer.identity")."""
        ...

    async def listen(self, accept: Callable[[Link], Awaitable[None]]) -> None:
        """Hand every link that others open to `accept`; goes on until cancelled, and closes what `accept` returns from."""
        ...
