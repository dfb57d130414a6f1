"""HTML: the main text by trafilatura, and whatever other articles the page holds by its lines."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple
from urllib.parse import urljoin, urlsplit

import trafilatura
from lxml import etree
from lxml import html as parser

from tocsin.desk.document import Role
from tocsin.desk.reading import container
from tocsin.desk.reading.container import Piece
from tocsin.desk.reading.lines import LONGEST, MOST_LINES, Line, cleaned
from tocsin.errors import FormatError

_BLOCKS: Final = frozenset(
    {
        "address", "article", "aside", "blockquote", "body", "br", "caption", "dd", "div", "dl", "dt", "fieldset", "figcaption",
        "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre",
        "section", "table", "tbody", "td", "tfoot", "th", "thead", "time", "tr", "ul",
    }
)  # fmt: skip
_HEADINGS: Final = frozenset({"h1", "h2", "h3", "h4"})
_DROPPED: Final = frozenset(
    {
        "script",
        "style",
        "noscript",
        "template",
        "svg",
        "iframe",
        "object",
        "embed",
        "button",
        "select",
        "textarea",
        "nav",
        "form",
        "head",
    }
)
_TEASER_WORDS: Final = 25  # of a text that counts as an article beside the main one
_SHARED: Final = 0.6  # of a text's opening words, for it to be the same text
_MOST_PIECES: Final = 200


class Page(NamedTuple):
    """What an HTML page says."""

    pieces: list[Piece]
    url: str  # canonical, or empty
    site: str
    published: str  # as its head says
    hidden: int  # characters that were not seen


def read(body: bytes, charset: str, url: str) -> Page:
    """The articles of a page. Raises FormatError("desk.unreadable")."""
    text, hidden = cleaned(_decoded(body, charset))
    try:
        tree = parser.document_fromstring(
            text.encode("utf-8"), parser=parser.HTMLParser(encoding="utf-8", remove_comments=True)
        )
    except (etree.LxmlError, ValueError, AssertionError) as error:
        raise FormatError("desk.unreadable", "the page is not HTML") from error
    main = _main(text, url)
    canonical, site = _canonical(tree, url), _meta(tree, "og:site_name") or (main.site if main else "")
    published = _meta(tree, "article:published_time") or _meta(tree, "datePublished") or (main.date if main else "")
    pieces = _together(main, container.pieces(list(_lines(tree))))  # what is no prose is cleared from the tree here
    return Page(pieces[:_MOST_PIECES], canonical, site[:200], published[:64], hidden)


def prose(markup: str) -> list[str]:
    """The paragraphs of a piece of HTML: what a feed's entry holds."""
    text, _ = cleaned(markup)
    if "<" not in text:
        return [one.strip() for one in text.split("\n") if one.strip()]
    try:
        tree = parser.fromstring(f"<div>{text}</div>")
    except (etree.LxmlError, ValueError, AssertionError):
        return []
    return [line.text for line in _lines(tree) if line.text]


# -- inside -----------------------------------------------------------------------------------------------------------


class _Main(NamedTuple):
    piece: Piece
    site: str
    date: str


def _decoded(body: bytes, charset: str) -> str:
    for one in (charset, "utf-8"):
        try:
            return body.decode(one) if one else body.decode("utf-8")
        except (LookupError, UnicodeDecodeError):
            continue
    return trafilatura.utils.decode_file(body) or body.decode("utf-8", "replace")


def _main(text: str, url: str) -> _Main | None:
    try:
        found = trafilatura.bare_extraction(
            text, url=url or None, include_comments=False, include_tables=True, favor_precision=True, with_metadata=True
        )
    except (etree.LxmlError, ValueError, TypeError, AttributeError, RecursionError):
        return None  # its own heuristics break on some pages; the lines are still there
    if found is None or isinstance(found, dict) or not found.text:
        return None
    paragraphs = tuple(one.strip() for one in found.text.split("\n") if one.strip())
    title = " ".join((found.title or "").split())
    paragraphs = tuple(one for one in paragraphs if one != title)
    more = container.labels_in(paragraphs)
    byline = " ".join((found.author or "").split())[:200]
    piece = Piece(
        title[:500], "", "", "", paragraphs, Role.SINGLE, byline or more.byline, more.agency, more.credit,
        more.tags or tuple(str(one)[:100] for one in (found.tags or [])[:40]), more.shown_min, more.cut,
    )  # fmt: skip
    return _Main(piece, found.sitename or "", found.date or "")


def _together(main: _Main | None, found: list[Piece]) -> list[Piece]:
    """The main text as trafilatura has it, the others as the lines have them; of a page of many all by the lines."""
    others = [one for one in found if one.words >= _TEASER_WORDS]
    if main is None:
        return others
    same = [one for one in others if _is_in(one, main.piece)]
    if len(same) > 1:
        # What it took for one text are several.
        return others
    rest = [one for one in others if one not in same and one.title != main.piece.title]
    label = same[0] if same else next((one for one in found if one.title and one.title == main.piece.title), None)
    piece = main.piece
    if label is not None:
        # The label above the text says who and when; the head of the page may speak of the site only.
        piece = piece._replace(
            outlet=label.outlet, stamp=label.stamp, instant=label.instant or piece.instant,
            byline=piece.byline or label.byline, shown_min=piece.shown_min if piece.shown_min is not None else label.shown_min,
            title=piece.title or label.title, tags=piece.tags or label.tags,
        )  # fmt: skip
    if not rest:
        return [piece]
    return [piece._replace(role=Role.MAIN), *(one._replace(role=Role.RELATED) for one in rest)]


def _is_in(one: Piece, main: Piece) -> bool:
    opening = set(re.findall(r"\w+", " ".join(one.paragraphs).lower())[:60])
    whole = set(re.findall(r"\w+", " ".join(main.paragraphs).lower()))
    return bool(opening) and len(opening & whole) / len(opening) >= 0.9 and _runs(one, main)


def _runs(one: Piece, main: Piece) -> bool:
    """Whether the opening words stand in the main text in their order."""
    text = " ".join(" ".join(main.paragraphs).split())
    opening = " ".join(" ".join(one.paragraphs).split())[:80]
    return opening in text


def _lines(tree: parser.HtmlElement) -> Iterator[Line]:
    """The page's visible text, a line for each block, without recursion: nesting is a stranger's choice."""
    text: list[str] = []
    heading = False
    instant = ""
    count = 0
    for event, node in etree.iterwalk(tree, events=("start", "end")):
        tag = node.tag if isinstance(node.tag, str) else ""
        if event == "start":
            if tag in _DROPPED:
                tail = node.tail or ""
                node.clear()
                node.tail = tail
                continue
            if tag in _BLOCKS:
                line = _line(text, heading, instant)
                if line is not None:
                    yield line
                    count += 1
                text, heading, instant = [], tag in _HEADINGS, ""
            if tag == "time":
                instant = (node.get("datetime") or "")[:64]
            text.append(node.text or "")
        else:
            if tag in _BLOCKS:
                line = _line(text, heading, instant)
                if line is not None:
                    yield line
                    count += 1
                text, heading, instant = [], False, ""
            if node is not tree:
                text.append(node.tail or "")
        if count >= MOST_LINES:
            return
    line = _line(text, heading, instant)
    if line is not None:
        yield line


def _line(text: list[str], heading: bool, instant: str) -> Line | None:
    joined = " ".join("".join(text).split())[:LONGEST]
    return Line(joined, heading, instant) if joined else None


def _meta(tree: parser.HtmlElement, name: str) -> str:
    for node in tree.iter("meta"):
        if name in (node.get("property"), node.get("name"), node.get("itemprop")):
            return str(node.get("content") or "").strip()
    return ""


def _canonical(tree: parser.HtmlElement, url: str) -> str:
    """Where the page says it belongs, if that is its own host's address: another site cannot be spoken for."""
    for node in tree.iter("link"):
        if "canonical" in (node.get("rel") or "").lower().split():
            told = str(urljoin(url, str(node.get("href") or "").strip()))[:2048]
            parts = urlsplit(told)
            if parts.scheme in ("http", "https") and (not url or parts.hostname == urlsplit(url).hostname):
                return told
    return url

