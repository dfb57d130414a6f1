"""What an analyst of a member decided about news: that articles tell one event, or that they do not. A STIX note, read strictly.

The extension "decision" is {"same", "left", "right"}: the articles of one side belong together with those of the other, or
apart. An article is {"content", "url"?}: the digest of its outlet, title and text, as every desk makes it of the same words.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from tocsin.errors import FormatError
from tocsin.formats import extension
from tocsin.formats.tlp import Tlp, marking_id

MOST: Final = 50  # articles of one side
_LONGEST_URL: Final = 2048
_LONGEST_TEXT: Final = 4096
_WEB: Final = ("http://", "https://")
_CONTENT: Final = re.compile(r"[0-9a-f]{32}")


class Article(NamedTuple):
    """One article, wherever it is held."""

    content: str
    url: str = ""


class Decision(NamedTuple):
    """One decision about news."""

    same: bool
    left: tuple[Article, ...]
    right: tuple[Article, ...]


def compose(told: Decision, identity: str, about: str, text: str, at_us: int) -> bytes:
    """The note, CLEAR as the articles are; whoever shares it may say stricter. `about`: the object it stands beside.

    Nobody's name is in it: it is the member's word. Raises FormatError("format.decision").
    """
    said = {"same": told.same, "left": _said(told.left), "right": _said(told.right)}
    parse(said)
    body = {
        "content": text[:_LONGEST_TEXT],
        "object_refs": [about],
        "object_marking_refs": [marking_id(Tlp.CLEAR)],
    }
    parts = (identity, str(told.same), *(one.content for one in told.left), "-", *(one.content for one in told.right))
    return extension.compose("note", parts, identity, at_us, body, "decision", said)


def _said(articles: Sequence[Article]) -> list[dict[str, str]]:
    return [{"content": one.content} | ({"url": one.url} if one.url else {}) for one in articles[:MOST]]


def parse(said: Mapping[str, Any]) -> Decision:
    """What the extension says. Raises FormatError("format.decision")."""
    if said.keys() - {"extension_type"} != {"same", "left", "right"} or not isinstance(said["same"], bool):
        raise FormatError("format.decision", "the decision has not the properties of one")
    left, right = _side(said["left"]), _side(said["right"])
    if {one.content for one in left} & {one.content for one in right}:
        raise FormatError("format.decision", "an article stands on both sides of the decision")
    return Decision(said["same"], left, right)


def _side(told: Any) -> tuple[Article, ...]:
    if not isinstance(told, list) or not 0 < len(told) <= MOST:
        raise FormatError("format.decision", f"a side of the decision has 1 to {MOST} articles")
    return tuple(_article(one) for one in told)


def _article(told: Any) -> Article:
    if not isinstance(told, Mapping) or told.keys() - {"url"} != {"content"}:
        raise FormatError("format.decision", "an article of the decision has not the properties of one")
    content, url = told["content"], told.get("url", "")
    if not isinstance(content, str) or not _CONTENT.fullmatch(content):
        raise FormatError("format.decision", "an article of the decision is named by no digest")
    if not isinstance(url, str) or len(url) > _LONGEST_URL or (url and not url.startswith(_WEB)):
        raise FormatError("format.decision", "an article of the decision has no usable address")
    return Article(content, url)


def read(value: Mapping[str, Any]) -> Decision | None:
    """The decision in a STIX object; None when there is none, or none that can be read. Total."""
    said = extension.of(value, "decision")
    if said is None or value.get("type") != "note":
        return None
    try:
        return parse(said)
    except FormatError:
        return None
