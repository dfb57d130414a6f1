"""The resources of TAXII 2.1 as bytes. Objects go out exactly as stored: envelopes are joined, never built."""

from collections.abc import Sequence
from typing import Any, Final, Protocol

import orjson

from tocsin.edge.access import Account
from tocsin.edge.taxii.answers import STIX, TAXII, Answer, ok
from tocsin.edge.taxii.paging import Page
from tocsin.exchange.journal.search import Found
from tocsin.formats.text import instant

ROOT: Final = "/api1/"  # one segment: some clients take the last one for the name
# Nothing can be posted yet; what will be taken is one push of a connector.
MAX_CONTENT_LENGTH: Final = 8 << 20


class Channel(Protocol):
    """What a collection shows of a channel."""

    @property
    def number(self) -> int:
        """Its number in this node."""
        ...

    @property
    def id(self) -> str:
        """Its UUID."""
        ...

    @property
    def name(self) -> str:
        """Its handle."""
        ...

    @property
    def title(self) -> str:
        """What people call it; may be empty."""
        ...

    @property
    def kind(self) -> str:
        """Plenary, thematic or bilateral."""
        ...


def discovery(title: str, public_url: str) -> Answer:
    """Where everything is. Absolute addresses, since some clients cannot join relative ones."""
    root = public_url.rstrip("/") + ROOT
    return ok({"title": title, "default": root, "api_roots": [root]})


def root(title: str) -> Answer:
    """The one API root."""
    return ok({"title": title, "versions": [TAXII], "max_content_length": MAX_CONTENT_LENGTH})


def visible(channels: Sequence[Channel], account: Account) -> list[Channel]:
    """The channels this account may read, in their order."""
    return [one for one in channels if account.may_read(one.id)]


def collections(channels: Sequence[Channel]) -> Answer:
    """One collection for each channel; without any the key is left out."""
    if not channels:
        return ok({})
    return ok({"collections": [_collection(one, channels) for one in channels]})


def collection(channel: Channel, channels: Sequence[Channel]) -> Answer:
    """One collection."""
    return ok(_collection(channel, channels))


def chosen(wanted: str, channels: Sequence[Channel]) -> Channel | None:
    """The channel with this id or alias."""
    by_id = [one for one in channels if one.id == wanted.lower()]
    return next(iter(by_id or [one for one in channels if one.name == wanted]), None)


def _collection(channel: Channel, channels: Sequence[Channel]) -> dict[str, Any]:
    told = {
        "id": channel.id,
        # A client exists that writes "root.collection" and takes them apart at the dot.
        "title": (channel.title or channel.name).replace(".", " "),
        "description": f"What is shared in this {channel.kind} channel.",
        "can_read": True,
        "can_write": False,
        "media_types": [STIX],
    }
    if chosen(channel.name, channels) is channel:
        told["alias"] = channel.name
    return told


def objects(page: Page, following: str) -> Answer:
    """An envelope. Erased objects have left nothing but their place."""
    kept = [one.content for one in page.rows if one.content is not None]
    head = b'{"more":true,"next":"%s"' % following.encode() if page.more else b'{"more":false'
    body = b"%s}" % head if not kept else b'%s,"objects":[%s]}' % (head, b",".join(kept))
    return Answer(200, body, _dates(page))


def manifest(page: Page, following: str) -> Answer:
    """What there is, without content."""
    return _listing(page, following, "objects", [_record(one) for one in page.rows])


def versions(page: Page, following: str) -> Answer:
    """The versions of one object, each once even when two members shared it."""
    return _listing(page, following, "versions", list(dict.fromkeys(_version(one) for one in page.rows)))


def _listing(page: Page, following: str, key: str, items: list[Any]) -> Answer:
    told: dict[str, Any] = {"more": page.more}
    if page.more:
        told["next"] = following
    if items:
        told[key] = items
    return Answer(200, orjson.dumps(told), _dates(page))


def _record(found: Found) -> dict[str, str]:
    added = instant(found.added)
    return {"id": found.object_id, "date_added": added, "version": found.version or added, "media_type": STIX}


def _version(found: Found) -> str:
    return found.version or instant(found.added)


def _dates(page: Page) -> tuple[tuple[bytes, bytes], ...]:
    if not page.rows:
        return ()
    return (
        (b"x-taxii-date-added-first", instant(page.rows[0].added).encode()),
        (b"x-taxii-date-added-last", instant(page.rows[-1].added).encode()),
    )
