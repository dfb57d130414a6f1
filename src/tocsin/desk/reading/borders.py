"""Where one page ends and the next begins: a paragraph that runs over both is put together, whatever stands between its parts.

Heads and feet are put behind it and not left out: a line that is on every page may be a value that matters. Only the number of a
page is dropped, and only there.
"""

import re
from collections import Counter
from collections.abc import Callable
from typing import Final

from tocsin.desk.reading import labels

PAGE: Final = "\f"
"""A line that says that another page begins, as programs write it that take the text out of a PDF."""

_EDGE: Final = 3  # paragraphs at either end of a page may be its head or foot
_LONGEST: Final = 100
_NUMBER: Final = re.compile(
    r"\W*(?:page|pg|p|seite|página|pág|pagina|стр|страница|صفحة|الصفحة|第)?\W*\d{1,4}"
    r"(?:\s*(?:/|of|de|sur|von|di|из|من)\s*\d{1,4})?\s*[頁页]?\W*",
    re.IGNORECASE,
)
_BESIDE: Final = re.compile(r"^\d{1,4}(?=\s)|(?<=\s)\d{1,4}$")  # the number of the page, in a head or foot

Paragraph = list[str]
"""Its lines."""


def joined(pages: list[list[Paragraph]], goes_on: Callable[[Paragraph, Paragraph], bool]) -> list[Paragraph]:
    """The paragraphs of all pages. `goes_on`: whether the second of two is the rest of the first."""
    often = _at_edges(pages)
    made, behind, foot = list[Paragraph](), list[Paragraph](), list[Paragraph]()
    is_open = False
    for page in pages:
        first = _furniture(page, often)
        last = len(page) - _furniture(page[:first:-1], often)
        head, body = page[:first], page[first:last]
        if is_open and body and goes_on(made[-1], body[0]):
            made[-1] += body[0]
            behind += [one for one in (*foot, *head) if not is_number(one[0])]
            if body[1:]:
                made += [*behind, *body[1:]]
                behind = []
        else:
            made += [*behind, *foot, *head, *body]
            behind, is_open = [], bool(body)
        foot = page[last:]
    return [*made, *behind, *foot]


def is_number(line: str) -> bool:
    """Whether a line may be the number of its page."""
    return len(line) <= _LONGEST and _NUMBER.fullmatch(line) is not None


def _furniture(paragraphs: list[Paragraph], often: Counter[str]) -> int:
    """How many of these, from the first on, are no text of their page."""
    for at, one in enumerate(paragraphs[:_EDGE]):
        is_furniture = len(one) == 1 and is_number(one[0])
        if not is_furniture and (_is_text(one) or often[_bare(one)] < 2):
            return at
    return min(len(paragraphs), _EDGE)


def _at_edges(pages: list[list[Paragraph]]) -> Counter[str]:
    """On how many pages each line stands near an end."""
    return Counter(
        text
        for page in pages
        for text in {_bare(one) for one in (*page[:_EDGE], *page[-_EDGE:]) if not _is_text(one)}
        if text
    )


def _is_text(paragraph: Paragraph) -> bool:
    return len(paragraph) > 1 or len(paragraph[0]) > _LONGEST or labels.ends_sentence(paragraph[0])


def _bare(paragraph: Paragraph) -> str:
    return _BESIDE.sub("", paragraph[0]).strip(" |·•-–—").casefold()
