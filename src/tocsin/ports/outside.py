"""The world outside, fetched by somebody without secrets. What comes back is bytes: nothing of it was believed or parsed."""

from typing import Protocol

import msgspec


class Wanted(msgspec.Struct, frozen=True):
    """What to ask for. `etag` and `modified` are as the source gave them last time. Its repr holds no token."""

    url: str
    etag: str = ""
    modified: str = ""
    most_bytes: int = 10 * 1024 * 1024
    polite: bool = True  # robots.txt and a pause between two requests to one host; not for an API of a partner
    token: str = ""  # sent as Authorization to this host alone, never after a redirect to another, and over TLS alone
    accept: str = ""  # media types; empty: whatever people read

    def __repr__(self) -> str:
        return f"Wanted({self.url!r})"


class Fetched(msgspec.Struct, frozen=True):
    """What came. `status` 304: unchanged, and no body."""

    status: int
    url: str  # after redirects
    media_type: str
    body: bytes
    etag: str = ""
    modified: str = ""
    retry_after_s: int = 0
    added_last: str = ""  # TAXII 2.1: when the newest object of the answer was added


class Outside(Protocol):
    """Asks sources, one request at a time per host."""

    async def fetch(self, wanted: Wanted) -> Fetched:
        """One document. Raises PeerError("desk.refused-address", "desk.unreachable", "desk.too-large", "desk.robots").

        Any HTTP status is an answer: what it means is the caller's to say.
        """
        ...
