"""A paper of exactly two A4 pages as PDF, from tables of texts: shaped and ordered for its language, the same bytes each time.

Knows no member and no warning: what stands in it is made elsewhere. What does not fit a cell is cut, with an ellipsis.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from types import MappingProxyType
from typing import Any, Final, NamedTuple

PAGES: Final = 2
_WIDTH, _HEIGHT, _EDGE = 210.0, 297.0, 12.0  # mm
_INNER: Final = _WIDTH - 2 * _EDGE
_TOP, _BOTTOM = 22.0, 275.0
_LINE, _GAP = 4.75, 2.6
_FAMILY: Final = "paper"
_GREY, _DIM, _INK, _LATE = (201, 206, 212), (85, 93, 102), (26, 29, 33), (179, 18, 29)
_CUT: Final = "\u2026"
_UNSHOWN: Final = "\ufffd"
_JOINERS: Final = "\u200c\u200d"
_ISOLATES: Final = "\u2068\u2069"
_LONGEST: Final = 400
# FIRST, TLP 2.0: the words on black, in these colours.
_BADGES: Final[Mapping[str, tuple[int, int, int]]] = MappingProxyType(
    {
        "TLP:CLEAR": (255, 255, 255),
        "TLP:GREEN": (51, 255, 0),
        "TLP:AMBER": (255, 192, 0),
        "TLP:AMBER+STRICT": (255, 192, 0),
        "TLP:RED": (255, 43, 43),
    }
)


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `share`: of the width, against the others; `is_number`: at the far side."""

    label: str
    share: float
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A table under its heading. `more`: what is said of rows left out; `none`: what is said when there is no row."""

    heading: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    more: str
    none: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that stands out."""

    label: str
    value: str
    is_late: bool = False


class _Look(NamedTuple):
    """How a text is set. `far`: at the side where a line ends."""

    size: float  # points
    bold: bool = False
    colour: tuple[int, int, int] = _INK
    far: bool = False
    is_foreign: bool = False  # written in whatever language: the first letter that has a direction tells which


@dataclass(frozen=True, slots=True)
class Paper:
    """All of it. `page_of` says a page's number with %(page)s and %(pages)s."""

    language: str
    is_right_to_left: bool
    title: str
    subtitle: str
    marking: str  # formats.tlp.Tlp.label
    made_us: int
    figures: Sequence[Figure]
    pages: tuple[Sequence[Section], Sequence[Section]]
    notes: Sequence[str]  # at the end of the last page
    foot: str
    page_of: str


def write(paper: Paper, fonts: tuple[str, str]) -> bytes:
    """The PDF. `fonts`: paths of two TrueType files, plain and bold, with every script of the paper's words.

    Raises ValueError for sections that are more than their page holds: whoever fills it has to count.
    """
    sheet = _Sheet(paper, fonts)
    try:
        return sheet.made()
    finally:
        sheet.close()


class _Sheet:
    def __init__(self, paper: Paper, fonts: tuple[str, str]) -> None:
        from fpdf import FPDF

        self._paper = paper
        self._pdf: FPDF = FPDF(format="A4")
        pdf = self._pdf
        pdf.set_auto_page_break(False)
        pdf.set_margin(0)
        pdf.c_margin = 0
        for style, path in zip(("", "B"), fonts, strict=True):
            pdf.add_font(_FAMILY, style, path)
        plain: Any = pdf.fonts[_FAMILY]
        self._known = frozenset(plain.cmap)
        pdf.set_lang(paper.language)
        pdf.set_title(paper.title)
        pdf.set_creator("Tocsin")
        pdf.set_producer("Tocsin")
        pdf.set_creation_date(datetime.fromtimestamp(paper.made_us // 1_000_000, UTC))

    def made(self) -> bytes:
        paper = self._paper
        for number, sections in enumerate(paper.pages, 1):
            self._pdf.add_page()
            self._frame(number)
            at = self._figures(_TOP) if number == 1 else _TOP
            for one in sections:
                at = self._section(one, at)
            if at - _GAP > _BOTTOM:
                raise ValueError(f"page {number} ends at {at:.0f} mm")
        self._notes(at)
        out = BytesIO()
        self._pdf.output(out)
        return out.getvalue()

    def close(self) -> None:
        """Let go of the files of the fonts."""
        fonts: Any = self._pdf.fonts.values()
        for one in fonts:
            one.close()

    # -- parts ----------------------------------------------------------------------------------------------------

    def _frame(self, number: int) -> None:
        paper = self._paper
        self._badge(8.0)
        self._text(paper.title, 0, 8.0, _INNER - 45, _Look(13, bold=True))
        self._text(paper.subtitle, 0, 14.2, _INNER - 45, _Look(8, colour=_DIM))
        self._rule(19.5)
        self._rule(278.0)
        self._badge(281.0)
        self._text(paper.foot, 0, 281.4, _INNER - 70, _Look(7, colour=_DIM))
        told = paper.page_of % {"page": number, "pages": PAGES}
        self._text(told, _INNER - 68, 281.2, 24, _Look(8, colour=_DIM, far=True))

    def _badge(self, at: float) -> None:
        label, height = self._paper.marking, 5.2
        pdf = self._pdf
        pdf.set_font(_FAMILY, "B", 9)
        wide = pdf.get_string_width(label) + 4
        left = self._place(_INNER - wide, wide)
        pdf.set_fill_color(0, 0, 0)
        pdf.rect(left, at, wide, height, style="F")
        pdf.set_text_color(*_BADGES.get(label, (255, 255, 255)))
        self._turn(False)
        pdf.set_xy(left, at)
        pdf.cell(wide, height, label, align="C")

    def _figures(self, at: float) -> float:
        figures = self._paper.figures
        wide = _INNER / max(1, len(figures))
        for number, one in enumerate(figures):
            colour = _LATE if one.is_late else _INK
            self._text(one.value, number * wide, at, wide - 3, _Look(15, bold=True, colour=colour))
            self._text(one.label, number * wide, at + 6.8, wide - 3, _Look(7.5, colour=_DIM))
        self._rule(at + 11.8)
        return at + 14.0

    def _section(self, one: Section, at: float) -> float:
        self._text(one.heading, 0, at, _INNER, _Look(10, bold=True))
        at += 5.6
        if not one.rows:
            self._text(one.none, 0, at, _INNER, _Look(8, colour=_DIM))
            return at + _LINE + _GAP
        places = self._places(one.columns)
        for column, (left, wide) in zip(one.columns, places, strict=True):
            self._text(column.label, left, at, wide, _Look(7, colour=_DIM, far=column.is_number))
        at += 4.0
        self._rule(at)
        for row in one.rows:
            for cell, column, (left, wide) in zip(row, one.columns, places, strict=True):
                self._text(cell, left, at + 0.2, wide, _Look(8, far=column.is_number, is_foreign=True))
            at += _LINE
        if one.more:
            self._text(one.more, 0, at, _INNER, _Look(7.5, colour=_DIM))
            at += _LINE
        return at + _GAP

    def _notes(self, at: float) -> None:
        for one in self._paper.notes:
            for line in self._broken(one):
                if at + 3.6 <= _BOTTOM:
                    self._text(line, 0, at, _INNER, _Look(7, colour=_DIM))
                    at += 3.6

    def _broken(self, text: str) -> list[str]:
        """A text in lines of the paper's width."""
        self._pdf.set_font(_FAMILY, "", 7)
        lines, line = [], ""
        for word in self._clean(text, isolates=True).split(" "):
            longer = f"{line} {word}".strip()
            if line and self._pdf.get_string_width(longer) > _INNER:
                lines.append(line)
                longer = word
            line = longer
        return [*lines, line]

    # -- pieces ---------------------------------------------------------------------------------------------------

    def _places(self, columns: Sequence[Column]) -> list[tuple[float, float]]:
        whole, gap, left, out = sum(one.share for one in columns), 2.0, 0.0, []
        for one in columns:
            wide = _INNER * one.share / whole
            out.append((left, wide - gap))
            left += wide
        return out

    def _place(self, start: float, wide: float) -> float:
        """Where something stands on the page that begins `start` mm from the side where reading begins."""
        return _WIDTH - _EDGE - start - wide if self._paper.is_right_to_left else _EDGE + start

    def _rule(self, at: float) -> None:
        self._pdf.set_draw_color(*_GREY)
        self._pdf.set_line_width(0.2)
        self._pdf.line(_EDGE, at, _WIDTH - _EDGE, at)

    def _text(self, text: str, start: float, at: float, wide: float, look: _Look) -> None:
        pdf = self._pdf
        pdf.set_font(_FAMILY, "B" if look.bold else "", look.size)
        pdf.set_text_color(*look.colour)
        shown = self._clean(text, isolates=not look.is_foreign)
        self._turn(_begins_right(shown) if look.is_foreign else self._paper.is_right_to_left)
        to_right = look.far is not self._paper.is_right_to_left
        pdf.set_xy(self._place(start, wide), at)
        pdf.cell(wide, look.size * 0.55, self._fitted(shown, wide), align="R" if to_right else "L")

    def _turn(self, is_right_to_left: bool) -> None:
        self._pdf.set_text_shaping(True, direction="rtl" if is_right_to_left else "ltr")

    def _clean(self, text: str, *, isolates: bool = False) -> str:
        """As it can be printed: on one line, nothing that turns the order of letters, and what the font has not as one sign."""
        kept = _JOINERS + _ISOLATES if isolates else _JOINERS
        out = []
        for one in unicodedata.normalize("NFC", text[:_LONGEST]):
            kind = unicodedata.category(one)
            if one in kept:
                out.append(one)
            elif kind in ("Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"):
                out.append(" " if one.isspace() else "")
            else:
                out.append(one if ord(one) in self._known else _UNSHOWN)
        return " ".join("".join(out).split())

    def _fitted(self, text: str, wide: float) -> str:
        width: Any = self._pdf.get_string_width
        if width(text) <= wide:
            return text
        low, high = 0, len(text)
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if width(text[:middle] + _CUT) <= wide else (low, middle - 1)
        return text[:low].rstrip() + _CUT


def isolated(value: object) -> str:
    """A value inside a sentence of another direction: it keeps its own order and does not change that of the sentence."""
    return f"\u2068{value}\u2069"


def _begins_right(text: str) -> bool:
    """Whether the first letter that has a direction is written from right to left."""
    return next((kind != "L" for one in text if (kind := unicodedata.bidirectional(one)) in ("L", "R", "AL")), False)
