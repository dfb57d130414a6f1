"""What partners' machines send: a TAXII 2.1 envelope or STIX bundle, a MISP event; their reports become documents."""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from tocsin.desk.reading.html import prose
from tocsin.errors import FormatError
from tocsin.formats import strictjson

MOST: Final = 500
_TOLD: Final = frozenset({"report", "grouping", "incident", "campaign", "note", "intrusion-set", "malware"})
_BLOCKABLE: Final = frozenset(
    {"ip-src", "ip-dst", "domain", "hostname", "url", "domain|ip", "ip-dst|port", "ip-src|port"}
)
_ALIKE: Final = ("comment", "text", "other")
_MOST_LINES: Final = 5000


class Item(NamedTuple):
    """A report of a partner."""

    title: str
    published: str
    paragraphs: tuple[str, ...]
    tags: tuple[str, ...]


def read(body: bytes) -> list[Item]:
    """Raises FormatError."""
    told = strictjson.parse(body, max_bytes=len(body))
    if isinstance(told, dict) and isinstance(told.get("Event"), dict):
        return [_event(told["Event"])]
    if isinstance(told, dict) and isinstance(told.get("objects"), list):
        return list(_objects(told["objects"]))
    raise FormatError("desk.unreadable", "the JSON is no feed, no TAXII envelope and no MISP event")


def links(body: bytes) -> list[str]:
    """The events that a MISP feed's manifest names, the newest first. Raises FormatError."""
    told = strictjson.parse(body, max_bytes=len(body))
    if not isinstance(told, dict):
        raise FormatError("desk.unreadable", "the manifest is no object")
    known = [(str(one.get("timestamp", "")), name) for name, one in told.items() if isinstance(one, dict)]
    return [f"{name}.json" for _, name in sorted(known, reverse=True) if name.replace("-", "").isalnum()]


def _objects(objects: list[Any]) -> Iterator[Item]:
    for one in [one for one in objects if isinstance(one, dict) and one.get("type") in _TOLD][:MOST]:
        title = one.get("name") or one.get("abstract") or ""
        text = one.get("description") or one.get("content") or ""
        if isinstance(title, str) and isinstance(text, str) and (title or text):
            labels = (
                [str(label)[:100] for label in one.get("labels") or []] if isinstance(one.get("labels"), list) else []
            )
            published = one.get("published") or one.get("modified") or ""
            yield Item(title[:500], str(published)[:64], tuple(prose(text)), tuple(labels[:40]))


def _event(event: dict[str, Any]) -> Item:
    lines: list[str] = []
    for one in _attributes(event):
        kind, value, comment = (str(one.get(key) or "")[:4000] for key in ("type", "value", "comment"))
        if kind in _ALIKE:
            lines.append(value)
        elif one.get("to_ids") is True and kind in _BLOCKABLE:
            # MISP says that it is an indicator; a text says so by defanging.
            lines.append(f"{kind}: {_defanged(value)} {comment}".strip())
        else:
            lines.append(f"{kind}: {value} {comment}".strip())
    tags = event.get("Tag") if isinstance(event.get("Tag"), list) else []
    names = tuple(str(one.get("name", ""))[:100] for one in (tags or [])[:40] if isinstance(one, dict))
    date = str(event.get("date") or "")[:64]
    return Item(str(event.get("info") or "")[:500], date, tuple(lines[:_MOST_LINES]), names)


def _attributes(event: dict[str, Any]) -> Iterator[dict[str, Any]]:
    groups = [event, *(one for one in event.get("Object") or [] if isinstance(one, dict))]
    for group in groups:
        yield from (one for one in group.get("Attribute") or [] if isinstance(one, dict))


def _defanged(value: str) -> str:
    return value.replace("://", "[://]").replace(".", "[.]")
