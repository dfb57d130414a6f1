"""A page as the lines that a reader sees: from HTML by its block elements, from plain text by its line ends."""

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Final, NamedTuple

from lxml import html as lxml_html

from tocsin.desk import thresholds
from tocsin.desk.reading.borders import PAGE
from tocsin.desk.reading.stamps import stamps_in
from tocsin.desk.reading.wrapping import unwrapped


class Kind(StrEnum):
    """What a line was on its page."""

    HEADING = "heading"
    TEXT = "text"
    ITEM = "item"


class Block(NamedTuple):
    """One line. `when`: the instant that a <time> in it names. `unit`: which <article>, -1 for none.

    `shown`: the words of the <time>, or of another element that says a time and no more.
    """

    text: str
    kind: Kind = Kind.TEXT
    when: str = ""
    unit: int = -1
    shown: str = ""


class Page(NamedTuple):
    """The lines of a page, and how many parts it hides from readers."""

    blocks: list[Block]
    hidden: int


_SKIPPED: Final = frozenset(
    [
        "script",
        "style",
        "noscript",
        "template",
        "svg",
        "canvas",
        "iframe",
        "object",
        "embed",
        "applet",
        "head",
        "nav",
        "button",
        "select",
        "option",
        "textarea",
        "input",
        "audio",
        "video",
        "map",
        "math",
        "dialog",
    ]
)
_INLINE: Final = frozenset(
    [
        "a",
        "abbr",
        "acronym",
        "b",
        "bdi",
        "bdo",
        "big",
        "cite",
        "code",
        "data",
        "del",
        "dfn",
        "em",
        "font",
        "i",
        "ins",
        "kbd",
        "label",
        "mark",
        "q",
        "rp",
        "rt",
        "ruby",
        "s",
        "samp",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
        "time",
        "tt",
        "u",
        "var",
        "wbr",
        "img",
    ]
)
_HEADINGS: Final = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_HIDDEN: Final = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d])|opacity\s*:\s*0(?![.\d])", re.IGNORECASE
)
_SPACE: Final = re.compile(r"\s+")
_MARKED: Final = re.compile(r"(\*\*?|__?)(?=\S)(?P<text>[^*_]{3,300})(?<=\S)\1")
_BRACKETED: Final = re.compile(r"^\((?P<text>[^()]{2,48})\)$")
_MOST_CELLS: Final = 6
_CLOCK: Final = 8  # characters of an hour beside a date


class _Walk:
    """One walk over the tree, with a stack of its own: no depth of nesting can exhaust Python's."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.hidden = 0
        self._parts: list[str] = []
        self._inside: list[str] = []  # what each inline element of the line says, the outermost ones only
        self._depth = 0  # of inline elements around here
        self._bare = False  # whether words stand beside them
        self._when = self._shown = ""
        self._since = -1  # the part with which a <time> began
        self._kind = Kind.TEXT
        self._unit = -1
        self._units = 0

    def page(self, root: lxml_html.HtmlElement) -> Page:
        skipped = None
        for event, element in _events(root):
            if skipped is not None:
                if element is skipped and event == "end":
                    skipped = None
                    self._say(element.tail or "")
                continue
            tag = element.tag if isinstance(element.tag, str) else ""
            if event == "start":
                if not tag or tag in _SKIPPED or self._hides(element):
                    skipped = element
                else:
                    self._open(tag, element)
                    self._say(element.text or "")
            else:
                self._close(tag, element)
        self._flush()
        return Page(self.blocks, self.hidden)

    def _hides(self, element: lxml_html.HtmlElement) -> bool:
        style = element.get("style") or ""
        hides = (
            "hidden" in element.attrib or element.get("aria-hidden") == "true" or bool(style and _HIDDEN.search(style))
        )
        if hides and element.text_content().strip():
            self.hidden += 1
        return hides

    def _open(self, tag: str, element: lxml_html.HtmlElement) -> None:
        if tag == "time":
            self._parts.append(" ")
            self._when = self._when or (element.get("datetime") or "")[:40]
            self._since = len(self._parts)
        if tag in _INLINE:
            self._inside += [""] if self._depth == 0 else []
            self._depth += 1
            return
        self._flush()
        self._kind = Kind.HEADING if tag in _HEADINGS else Kind.ITEM if tag == "li" else self._kind
        if tag == "article" and self._unit < 0:
            self._unit, self._units = self._units, self._units + 1

    def _close(self, tag: str, element: lxml_html.HtmlElement) -> None:
        if tag == "time":
            self._shown = self._shown or _SPACE.sub(" ", "".join(self._parts[self._since :])).strip()
            self._parts.append(" ")
        if tag in _INLINE:
            self._depth = max(0, self._depth - 1)
        else:
            self._flush()
            if tag in _HEADINGS or tag == "li":
                self._kind = Kind.TEXT
            if tag == "article" and not any(one.tag == "article" for one in element.iterancestors("article")):
                self._unit = -1
        self._say(element.tail or "")

    def _say(self, text: str) -> None:
        self._parts.append(text)
        if self._depth and self._inside:
            self._inside[-1] += text
        else:
            self._bare = self._bare or any(one.isalnum() for one in text)

    def _flush(self) -> None:
        text = _SPACE.sub(" ", "".join(self._parts)).strip()
        cells = [] if self._bare else [_SPACE.sub(" ", one).strip() for one in self._inside]
        self._shown = self._shown or next((one for one in cells if len(cells) > 1 and _is_time(one)), "")
        lines = _row(cells) or [text]
        for line in lines if text else ():
            if len(self.blocks) < thresholds.MOST_LINES:
                self.blocks.append(Block(line, self._kind, self._when, self._unit, self._shown[:40]))
        self._parts.clear()
        self._inside.clear()
        self._depth, self._bare, self._when, self._shown = 0, False, "", ""


def _is_time(cell: str) -> bool:
    return [one.text for one in stamps_in(cell)] == [cell]


def _row(inside: list[str]) -> list[str]:
    """The cells of a line that is a row of them: one is a time and no more, or in brackets, another as long as a title."""
    cells = [one for one in inside if any(letter.isalnum() for letter in one)]
    if not 2 <= len(cells) <= _MOST_CELLS or not any(len(one.split()) > thresholds.TITLE_WORDS[0] for one in cells):
        return []
    plain = [_BRACKETED.sub(r"\g<text>", one) for one in cells]
    is_row = plain != cells or any(
        (found := stamps_in(one)) and len(one) - len(found[0].text) <= _CLOCK for one in cells
    )
    return plain if is_row else []


def _events(root: lxml_html.HtmlElement) -> Iterator[tuple[str, lxml_html.HtmlElement]]:
    stack = [(root, iter(root))]
    yield "start", root
    while stack:
        element, children = stack[-1]
        child = next(children, None)
        if child is None:
            stack.pop()
            yield "end", element
        else:
            yield "start", child
            stack.append((child, iter(child)))


def from_html(root: lxml_html.HtmlElement) -> Page:
    """The lines of a parsed page, in the order of the document."""
    body = root.find("body")
    return _Walk().page(body if body is not None else root)


def from_text(text: str) -> Page:
    """The lines of a plain text; text that was wrapped at a column is joined again."""
    lines = text.replace(PAGE, f"\n{PAGE}\n").split("\n")
    blocks = [_block(one) for one in unwrapped([one if one == PAGE else one.strip() for one in lines])]
    return Page(blocks[: thresholds.MOST_LINES], 0)


def _block(line: str) -> Block:
    if line.startswith("#"):
        return Block(line.lstrip("# "), Kind.HEADING)
    marked = _MARKED.fullmatch(line)
    return Block(marked["text"], Kind.HEADING) if marked else Block(line)
