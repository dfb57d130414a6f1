"""PDF: the text of its pages, by pypdf, within its limits on what a stream may unpack to."""

import io
import struct
import unicodedata
import zlib
from collections.abc import Callable, Mapping
from itertools import pairwise
from types import MappingProxyType
from typing import Any, Final

import pypdf
from pypdf.errors import PyPdfError

from tocsin.desk import thresholds
from tocsin.desk.document import Role
from tocsin.desk.reading import web
from tocsin.desk.reading.blocks import from_text
from tocsin.desk.reading.borders import PAGE
from tocsin.desk.reading.making import Piece, titled
from tocsin.errors import FormatError

_FAILS: Final = (
    PyPdfError, ValueError, TypeError, AttributeError, LookupError, RecursionError, AssertionError, ArithmeticError,
    NotImplementedError, OSError, EOFError, MemoryError, zlib.error, struct.error,
)  # fmt: skip

_BETWEEN: Final = f"\n{PAGE}\n"
_LIMITS: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "zlib_maximum_output_length": thresholds.MOST_BYTES,
        "lzw_maximum_output_length": thresholds.MOST_BYTES,
        "run_length_maximum_output_length": thresholds.MOST_BYTES,
        "array_based_stream_maximum_output_length": thresholds.MOST_BYTES,
        "stream_decoding_work_maximum_length": 4 * thresholds.MOST_BYTES,
        "stream_parsing_work_maximum_count": 500_000,
    }
)


def pieces(data: bytes, is_spent: Callable[[], bool]) -> list[Piece]:
    """The text of a PDF as one article, or as many if it is laid out so. Raises FormatError("format.capture")."""
    try:
        with pypdf.apply_configuration(**_LIMITS):
            reader = pypdf.PdfReader(io.BytesIO(data), strict=False)
            text, cut = _text(reader, is_spent)
            title, date = _told(reader)
    except _FAILS as error:
        raise FormatError("format.capture", "the PDF cannot be read") from error
    found = web.pieces_of(from_text(text), Role.SINGLE)
    found = [titled(found[0], title)] if len(found) == 1 and title else found
    return [one._replace(when=one.when or date, cut=one.cut or cut) for one in found]


def _text(reader: Any, is_spent: Callable[[], bool]) -> tuple[str, bool]:
    parts: list[str] = []
    size = 0
    for number, page in enumerate(reader.pages):
        if number >= thresholds.MOST_PAGES or size > thresholds.MOST_PDF_TEXT or is_spent():
            return _BETWEEN.join(parts), True
        # Arabic is often stored in the shapes that are drawn; form KC gives the letters.
        text, cut = _page(page, is_spent)
        made = unicodedata.normalize("NFKC", text)
        parts.append(made)
        size += len(made)
        if cut:
            return _BETWEEN.join(parts), True
    return _BETWEEN.join(parts), False


class _EnoughError(Exception):
    """A page that draws the same thing again and again."""


def _page(page: Any, is_spent: Callable[[], bool]) -> tuple[str, bool]:
    """The text of a page, and whether it was cut short. Where the way to the next line is longer, an empty line stands."""
    seen: list[str] = []
    heights: list[float] = []
    size = 0

    def hear(text: str, page_matrix: Any, text_matrix: Any, *_: Any) -> None:
        nonlocal size
        seen.append(text)
        size += len(text)
        if len(heights) < thresholds.MOST_LINES:
            heights.append(text_matrix[4] * page_matrix[1] + text_matrix[5] * page_matrix[3] + page_matrix[5])
        if size > thresholds.MOST_PDF_TEXT or is_spent():
            raise _EnoughError

    try:
        text = page.extract_text(visitor_text=hear) or ""
    except _EnoughError:
        return "".join(seen), True
    lower = _after_gaps(seen, heights)
    return "\n".join(f"\n{one}" if one.strip() in lower else one for one in text.split("\n")), False


def _after_gaps(seen: list[str], heights: list[float]) -> set[str]:
    """The lines that stand lower under the one before than lines of one paragraph do."""
    lines: list[tuple[str, float]] = []
    held, height = "", 0.0
    for text, at in zip(seen, heights, strict=False):
        first, *rest = text.split("\n")
        height = height if held else at
        held += first
        if rest:  # more than one line of a piece: where the second stands is not told, and none are
            lines += [(held.strip(), height)] if held.strip() else []
            held, height = rest[-1].strip(), at
    lines += [(held.strip(), height)] if held.strip() else []  # the foot of the page
    drops = [one[1] - other[1] for one, other in pairwise(lines)]
    usual = sorted(one for one in drops if one > 0)
    least = usual[len(usual) // 3] * thresholds.PARAGRAPH_GAP if usual else 0
    return {line for (line, _), drop in zip(lines[1:], drops, strict=True) if drop > least}


def _told(reader: Any) -> tuple[str, str]:
    told = reader.metadata
    if told is None:
        return "", ""
    title = str(told.title or "").strip()
    made = told.creation_date
    return title if 2 < len(title.split()) < 60 else "", made.strftime("%Y-%m-%d") if made else ""
