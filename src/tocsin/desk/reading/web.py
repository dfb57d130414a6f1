"""Pages: HTML to pieces. What is one article goes through the extractor, what holds many is split; nothing is fetched or run."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

import trafilatura
from lxml import etree
from lxml import html as lxml_html

from tocsin.desk import thresholds
from tocsin.desk.document import Role
from tocsin.desk.reading import labels
from tocsin.desk.reading.blocks import Kind, Page, from_html
from tocsin.desk.reading.charsets import charset_of
from tocsin.desk.reading.making import Piece
from tocsin.desk.reading.splitting import Segment, split
from tocsin.desk.reading.stamps import stamps_in
from tocsin.errors import FormatError
from tocsin.formats import strictjson

_META: Final = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?([\w.:-]{2,40})", re.IGNORECASE)
_KINDS: Final = ("Article", "Posting", "Report")
_MOST_TOLD: Final = 5_000  # objects and lists of JSON-LD that are looked at
_SHALLOW: Final = ("@graph",)
_DEEP: Final = ("@graph", "itemListElement", "item", "mainEntity", "hasPart", "liveBlogUpdate")
_AFTER_DATE: Final = re.compile(r"\s*(?:\([^()]{2,15}\))?\s*[-–—:|]\s*(.+)")  # a day of the week, a sign, a title
_SITE: Final = re.compile(r"\s+(?:[|·•–—»]|-|::)\s+")


class _Head(NamedTuple):
    title: str
    outlet: str
    byline: str
    published: str
    url: str


def parsed(data: bytes, charset: str) -> Any:
    """The tree of a page. Raises FormatError("format.capture")."""
    text = data.decode(charset, "replace").replace("\x00", "")  # libxml2 knows fewer sets, and stops at what is damaged
    parser = lxml_html.HTMLParser(
        encoding="utf-8", huge_tree=False, no_network=True, remove_comments=True, remove_pis=True
    )
    try:
        return lxml_html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.LxmlError, ValueError, LookupError, AssertionError) as error:
        raise FormatError("format.capture", "the page holds nothing that can be read") from error


def pieces(data: bytes, charset: str, url: str) -> list[Piece]:
    """The articles of a page. Raises FormatError("format.capture")."""
    found = _META.search(data[:4096])
    told = charset_of(data, charset, found[1].decode("ascii", "replace") if found else "")
    root = parsed(data, told.name)
    return [one._replace(notes=(*told.notes, *one.notes)) for one in _articles_of(root, url)]


def _articles_of(root: Any, url: str) -> list[Piece]:
    head = _head(root)
    page = from_html(root)
    segments, listed, lines = split(page.blocks), _listed(root), _main_text(root, url)
    if _is_container(segments) and _is_most_of(segments, lines):
        return _container(segments, head, page)
    if len(listed) > 1 and sum(len(one.text.split()) for one in page.blocks) < thresholds.MAIN_WORDS:
        return listed
    made = _single(lines, head, page, segments)
    return [made] if made is not None else []


def pieces_of(page: Page, role: Role) -> list[Piece]:
    """The articles of a page of plain lines: one text, unless what looks like articles is most of it."""
    lines, segments = _lines(page), split(page.blocks)
    if not segments or not _is_most_of(segments, lines):
        return _whole(lines, role)
    if len(segments) > 1:
        return _container(segments, _Head("", "", "", "", ""), page)
    return _whole(lines, role) if _dated(lines[0]) else [_piece(segments[0], role)]


def _is_most_of(segments: list[Segment], lines: Iterable[str]) -> bool:
    covered = sum(_words((one.title, one.outlet, one.stamp, one.byline, one.source, *one.lines)) for one in segments)
    return covered >= _words(lines) * thresholds.SPLIT_COVERS


def _lines(page: Page) -> list[str]:
    return [one.text for one in page.blocks if not labels.is_noise(one.text)]


def _whole(lines: list[str], role: Role) -> list[Piece]:
    if not lines:
        return []
    is_title = len(lines) > 1 and len(lines[0]) <= thresholds.TITLE_CHARACTERS[1] and not lines[0].endswith(".")
    title = lines[0] if is_title else lines[0][:120]
    stamp, dated = _dated(lines[0]) or ("", title)
    return [Piece(dated if is_title else title, tuple(lines[1:] if is_title else lines), role, stamp=stamp)]


def _dated(line: str) -> tuple[str, str] | None:
    """The date and the title of a line that begins with the one and goes on with the other."""
    found = [one for one in stamps_in(line[:80]) if one.start == 0]
    rest = _AFTER_DATE.fullmatch(line, found[0].end) if found else None
    return (found[0].text, rest[1]) if found and rest and len(rest[1].split()) >= thresholds.TITLE_WORDS[0] else None


def _words(lines: Iterable[str]) -> int:
    return sum(len(one.split()) for one in lines)


def _is_container(segments: list[Segment]) -> bool:
    """Several articles with texts: teasers around one article make no container of it."""
    if len(segments) < 2:
        return False
    words = sorted((sum(len(one.split()) for one in segment.lines) for segment in segments), reverse=True)
    return words[1] >= thresholds.MAIN_WORDS or words[0] < 6 * words[1]


def _container(segments: list[Segment], head: _Head, page: Page) -> list[Piece]:
    """The first is the main one if a list of related ones follows it, or if the page is called as it is."""
    has_main = any(one.is_related for one in segments) and not segments[0].is_related
    has_main = has_main or (bool(head.title) and _alike(head.title, segments[0].title))
    made = []
    for i, segment in enumerate(segments):
        role = Role.MAIN if has_main and i == 0 else Role.RELATED if has_main or segment.is_related else Role.ENTRY
        made.append(_piece(segment, role)._replace(hidden=page.hidden if i == 0 else 0))
    return made


def _piece(segment: Segment, role: Role) -> Piece:
    return Piece(
        segment.title, segment.lines, role, segment.outlet or segment.source, segment.stamp, segment.when,
        segment.byline, segment.source, shown_reading_min=segment.shown_reading_min,
    )  # fmt: skip


def _alike(one: str, other: str) -> bool:
    mine, theirs = set(one.lower().split()), set(other.lower().split())
    return len(mine & theirs) >= 0.7 * max(min(len(mine), len(theirs)), 1)


# -- one article ----------------------------------------------------------------------------------------------------


def _single(lines: tuple[str, ...], head: _Head, page: Page, segments: list[Segment]) -> Piece | None:
    segment = max(segments, key=lambda one: sum(map(len, one.lines)), default=None)
    heading = next((one.text for one in page.blocks if one.kind is Kind.HEADING and len(one.text.split()) > 2), "")
    if not lines:
        lines = segment.lines if segment else tuple(one.text for one in page.blocks if not labels.is_noise(one.text))
    lines = tuple(one for at, one in enumerate(lines) if at >= thresholds.HEADER_LINES or not _is_stamp(one, segment))
    is_told = len(head.title.split()) >= thresholds.TITLE_WORDS[0]  # else it may be the name of a rubric
    title = (head.title if is_told else heading or head.title) or (segment.title if segment else "")
    if not title:
        made = _whole(_lines(page), Role.SINGLE)
        return made[0] if made else None
    read = labels.without_read_time("\n".join(one.text for one in page.blocks if len(one.text) < 60)[:60]).minutes
    return Piece(
        title, lines, Role.SINGLE, head.outlet or (segment.outlet if segment else ""),
        segment.stamp if segment else "", head.published or (segment.when if segment else ""),
        head.byline or (segment.byline if segment else ""), segment.source if segment else "", head.url,
        shown_reading_min=read if segment is None else segment.shown_reading_min, hidden=page.hidden,
    )  # fmt: skip


def _is_stamp(line: str, segment: Segment | None) -> bool:
    """Whether a line only says when, or who and when: the page's header, which the extractor took for text."""
    is_short = len(line.split()) < thresholds.BODY_WORDS and not labels.ends_sentence(line)
    return is_short and segment is not None and bool(segment.stamp) and segment.stamp in line


def _main_text(root: Any, url: str) -> tuple[str, ...]:
    """Main text by trafilatura, in its precise mode: no comments, no images, no links. Takes what is hidden out of the tree."""
    if _depth(root) > thresholds.DEEPEST:
        return ()
    for hidden in root.xpath(
        "//*[@hidden or @aria-hidden='true' or contains(@style, 'display:none') or contains(@style, 'display: none')]"
    ):
        hidden.drop_tree()
    try:
        made = trafilatura.bare_extraction(
            root,
            url=url or None,
            favor_precision=True,
            include_comments=False,
            include_images=False,
            include_links=False,
        )
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError, etree.LxmlError):
        return ()  # the extractor is for pages as they should be; the lines of this one are read plainly
    text = getattr(made, "text", None) or ""
    return tuple(one.strip() for one in str(text).split("\n") if one.strip())


def _depth(root: Any) -> int:
    deepest, stack = 0, [(root, 1)]
    while stack:
        element, depth = stack.pop()
        deepest = max(deepest, depth)
        stack += [(child, depth + 1) for child in element]
    return deepest


# -- what a page says of itself -------------------------------------------------------------------------------------


def _head(root: Any) -> _Head:
    metas: dict[str, str] = {}
    for one in root.iter("meta"):
        name = (one.get("property") or one.get("name") or one.get("itemprop") or "").lower()
        if name and one.get("content"):
            metas.setdefault(name, one.get("content")[:600].strip())
    told = _structured(root)
    canonical = next(
        (one.get("href") or "" for one in root.iter("link") if (one.get("rel") or "").lower() == "canonical"), ""
    )

    def first(*names: str) -> str:
        return next((metas[name] for name in names if metas.get(name)), "")

    outlet = first("og:site_name", "application-name", "dc.publisher") or told.get("outlet", "")
    return _Head(
        first("og:title", "twitter:title", "dc.title") or told.get("title", "") or _title(root, outlet),
        outlet,
        first("author", "article:author", "dc.creator", "parsely-author") or told.get("byline", ""),
        first("article:published_time", "datepublished", "og:published_time", "date", "dc.date", "pubdate", "parsely-pub-date") or told.get("published", ""),
        canonical or first("og:url") or told.get("url", ""),
    )  # fmt: skip


def _title(root: Any, outlet: str) -> str:
    """The <title> without the site's name, which most pages put behind or before it."""
    found = root.find(".//title")
    text = " ".join((found.text_content() if found is not None else "").split())[:600]
    parts = _SITE.split(text)
    if len(parts) > 1:
        kept = [one for one in parts if one.lower() != outlet.lower()]
        longest = max(kept or parts, key=len)
        return longest if len(longest.split()) >= 3 else text
    return text


def _structured(root: Any) -> dict[str, str]:
    """What schema.org's JSON-LD says of the article; the first that speaks."""
    told: dict[str, str] = {}
    for one in _articles(root, _SHALLOW):
        found = {
            "title": one.get("headline"),
            "outlet": _name(one.get("publisher")),
            "byline": _name(one.get("author")),
            "published": one.get("datePublished"),
            "url": one.get("url"),
        }
        told |= {key: text[:600] for key, text in found.items() if isinstance(text, str) and key not in told}
    return told


def _articles(root: Any, within: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """The objects of JSON-LD that are articles, those within others by these properties too."""
    for script in root.iter("script"):
        if (script.get("type") or "").lower() != "application/ld+json" or not script.text:
            continue
        try:
            value = strictjson.parse(script.text.strip().encode("utf-8", "replace"), max_bytes=1 << 20)
        except FormatError:
            continue
        waiting, count = [value], 0
        while waiting and count < _MOST_TOLD:
            one = waiting.pop(0)
            count += 1
            if isinstance(one, list):
                waiting[:0] = one[: thresholds.MOST_ENTRIES]
            elif isinstance(one, dict):
                kinds = one.get("@type")
                if any(
                    name in str(kind) for kind in (kinds if isinstance(kinds, list) else [kinds]) for name in _KINDS
                ):
                    yield one
                waiting[:0] = [one[name] for name in within if isinstance(one.get(name), (list, dict))]


def _listed(root: Any) -> list[Piece]:
    """The articles that JSON-LD holds whole, of a page that scripts would draw: it is read only where nothing is shown."""
    made: dict[str, Piece] = {}
    for one in _articles(root, _DEEP):
        title, body = one.get("headline") or one.get("name"), one.get("articleBody")
        if not isinstance(title, str) or not isinstance(body, str) or len(made) >= thresholds.MOST_ARTICLES:
            continue
        lines = tuple(" ".join(line.split()) for line in body.split("\n") if line.strip())
        if sum(len(line.split()) for line in lines) >= thresholds.CHILD_WORDS:
            when, url = one.get("datePublished"), one.get("url")
            made.setdefault(
                title,
                Piece(
                    title[: thresholds.LONGEST_TITLE], lines, Role.ENTRY, _name(one.get("publisher")),
                    when=when[:60] if isinstance(when, str) else "", byline=_name(one.get("author")),
                    url=url if isinstance(url, str) else "", notes=("the page tells this text to programs and does not show it",),
                ),
            )  # fmt: skip
    return list(made.values())


def _name(value: Any) -> str:
    names = [
        one.get("name") if isinstance(one, dict) else one for one in (value if isinstance(value, list) else [value])
    ]
    return ", ".join(one for one in names if isinstance(one, str))
