"""Lines of a plain text that were broken at a width, put together into the paragraphs that somebody wrote.

Lists of values, tables, headings and stamps stand one a line, and stay so: only prose is joined, and only where the next word
had no room. Where a line begins with a small letter that is enough; elsewhere the whole text has to look as if it were wrapped.
Over two pages (`borders`) a paragraph goes on with a small letter or the rest of a word; of scripts without small letters as elsewhere.
"""

import re
from collections.abc import Iterator
from functools import partial
from itertools import groupby, pairwise
from statistics import median_low
from typing import Final, NamedTuple

from tocsin.desk import thresholds
from tocsin.desk.reading import labels
from tocsin.desk.reading.borders import PAGE, Paragraph, is_number, joined
from tocsin.desk.reading.stamps import stamps_in

_WORD: Final = re.compile(r"[\W_]*[^\W\d_][^\d_/\\@=\[\]<>{}|]*")  # of letters, as addresses and values are not
_VALUE: Final = re.compile(r"\S*(?:\d|\w[./:@\\=\[\]_]+\w)")
_STOP: Final = re.compile(r"[.!?…؟۔][\"'”’»)\]]*(?:\s|$)|[。！？]")
_LONGEST_WORD: Final = 30
_CELLS: Final = re.compile(r"\S(?:\t| {3,})\S")
_ITEM: Final = re.compile(r"#|[•·▪■●○◦*–—-]+\s|>|\d{1,3}[.)]\s")  # or a heading, or a mail that is quoted
_NAMED: Final = re.compile(r"[^\W\d_][\w/-]{0,20}(?: [\w/-]{1,20})?:\s")  # a name before a value
_QUOTES: Final = "\"'“„«‘"
_BROKEN: Final = re.compile(r"(?<=[^\W\d_])[-\u2010]$")
_OPENING: Final = f"{_QUOTES}([¿¡"
_COLON: Final = (":", "：", ";")
# Chinese and Japanese have no blanks between words: a line of theirs can be broken behind every sign.
_DENSE: Final = re.compile("[\u3001-\u303f\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff01-\uff60]")


class _Break(NamedTuple):
    """Two lines of prose between which a word had no room."""

    before: str
    line: str

    @property
    def is_sure(self) -> bool:
        return self.line[0].islower() and not labels.ends_sentence(self.before)

    @property
    def is_loose(self) -> bool:
        """Whether nothing says that the one ends or the other begins; of scripts without small letters there is no more."""
        return not labels.ends_sentence(self.before) and not (self.line[0].isupper() or self.line[0].isdigit())


def unwrapped(lines: list[str]) -> Iterator[str]:
    """The paragraphs of a text, by its lines without the blanks around them; empty lines are left out, and what no page keeps.

    A line that is PAGE says that another page begins.
    """
    pages = _pages(lines[: 2 * thresholds.MOST_LINES])
    runs = [run for page in pages for run in page]
    found = [_breaks(run, _width(run), is_tail_short=False) for run in runs]
    prose = sum(_is_prose(one) for run in runs for one in run[:-1])
    is_wrapped = _is_wrapped([one for each in found for one in each], prose)
    has_gaps = sum(len(run) > 1 for run in runs) > 1  # then a title has one after it, too
    width = median_low([len(one) for run in runs for one in run[:-1]] or [0])
    if is_wrapped and has_gaps:
        found = [_breaks(run, width, is_tail_short=True) for run in runs]
    rest = iter(found)
    told = [
        [
            one
            for run in page
            for one in _paragraphs(run, next(rest), is_wrapped=is_wrapped, may_be_title=run is runs[0] and not has_gaps)
        ]
        for page in pages
    ]
    yield from map(_whole, joined(told, partial(_goes_on, width=width, is_wrapped=is_wrapped)))


def _pages(lines: list[str]) -> list[list[list[str]]]:
    """The lines between the empty ones, of each page; the number of a page stands apart from what is beside it."""
    pages: list[list[list[str]]] = [[]]
    for kind, group in groupby(lines, lambda one: PAGE if one == PAGE else bool(one)):
        if kind == PAGE:
            pages += [[] for _ in group]
        elif kind:
            pages[-1].append(list(group))
    for page in pages if len(pages) > 1 else ():
        for at in (-1, 0):
            if page and len(page[at]) > 1 and is_number(page[at][at]):
                page.insert(len(page) if at else 0, [page[at].pop(at)])
    return pages


def _is_wrapped(breaks: list[_Break | None], prose: int) -> bool:
    """Whether a text looks as if it were wrapped: its lines are full, and what follows them goes on."""
    likely = [one for one in breaks if one is not None]
    return 3 * sum(one.is_loose for one in likely) >= len(likely) and 5 * len(likely) >= 3 * prose


def _paragraphs(
    run: list[str], breaks: list[_Break | None], *, is_wrapped: bool, may_be_title: bool
) -> Iterator[Paragraph]:
    is_wrapped = is_wrapped and (len(run) == 2 or any(map(_STOP.search, run)))  # else it is a list of headlines
    held = [run[0]]
    for line, one in zip(run[1:], breaks, strict=True):
        goes_on = one is not None and (one.is_sure or (is_wrapped and not (may_be_title and _is_title_like(held))))
        may_be_title = may_be_title and one is not None and one.is_sure
        if goes_on:
            held.append(line)
        else:
            yield held
            held = [line]
    yield held


def _whole(lines: Paragraph) -> str:
    made = [lines[0]]
    for before, line in pairwise(lines):
        if before.endswith("\u00ad"):
            made[-1] = before[:-1]
        # A word that was divided keeps its hyphen, which may be its own.
        elif not ((_BROKEN.search(before) and line[0].isalpha()) or (_DENSE.match(before[-1]) and _DENSE.match(line))):
            made.append(" ")
        made.append(line)
    return "".join(made)


def _goes_on(before: Paragraph, after: Paragraph, *, width: int, is_wrapped: bool) -> bool:
    """Whether the first paragraph of a page is the rest of the last one of the page before."""
    one = _Break(before[-1], after[0])
    if labels.ends_sentence(one.before) or one.before.endswith(_COLON) or _ITEM.match(before[0]):
        return False
    width = width or max(map(len, one))
    if not _had_no_room(one.before, one.line, width) or _begins(one.before, one.line, 0):
        return False
    first = one.line.lstrip(_OPENING)[:1]
    is_divided = _BROKEN.search(one.before) is not None or one.before.endswith("\u00ad")
    if first.islower() or (is_divided and first.isalpha()):
        return True
    return is_wrapped and first.isalpha() and not first.isupper()


def _width(lines: list[str]) -> int:
    """Not the longest line: a footer may be that."""
    narrow = sorted(len(one) for one in lines if len(one) <= thresholds.WRAPPED[1])
    return narrow[len(narrow) * 4 // 5] if narrow else 0


def _breaks(run: list[str], width: int, *, is_tail_short: bool) -> list[_Break | None]:
    """For each line but the last: whether it and the next may be of one paragraph. `is_tail_short`: what stands before a gap may be a word."""
    last = len(run) - 2 if is_tail_short else -1
    return [
        _Break(before, line) if _had_no_room(before, line, width) and not _begins(before, line, 0 if at == last else width) else None
        for at, (before, line) in enumerate(pairwise(run))
    ]  # fmt: skip


def _had_no_room(before: str, line: str, width: int) -> bool:
    low, high = thresholds.WRAPPED
    first = line[0] if _is_dense(line) else line.split(None, 1)[0]
    low = low // 2 if _is_dense(before) else low
    if not low <= len(before) <= high or len(line) > high or len(first) > _LONGEST_WORD:
        return False
    least, most = (one * width for one in thresholds.WRAPPED_FULL)
    if len(before) + 1 + len(first) <= least or len(before) > most or (before[-1] == ":" and line[0] not in _QUOTES):
        return False
    return _is_prose(before) and not _CELLS.search(before) and not _CELLS.search(line)


def _begins(before: str, line: str, width: int) -> bool:
    """Whether a line begins something of its own: an item, who wrote it, when; or a heading, if there is a width."""
    is_value = line[0].islower() and _VALUE.match(line) is not None
    if is_value or _ITEM.match(line) or (_NAMED.match(line) and not line[0].islower()):
        return True
    if labels.ends_sentence(line):
        return False
    if labels.byline(line) or labels.source(line):
        return True
    is_heading = not _is_prose(line) or (len(line) < width / 2 and not line[0].islower())
    return (width > 0 and is_heading) or (len(line) < thresholds.WRAPPED_STAMP * len(before) and bool(stamps_in(line)))


def _is_title_like(lines: list[str]) -> bool:
    return not lines[-1].endswith(",") and not any(map(_STOP.search, lines))


def _is_prose(line: str) -> bool:
    if _is_dense(line):
        return len(line) > 2 * thresholds.WRAPPED_WORDS
    words = line.split()
    plain = sum(len(one) <= _LONGEST_WORD and _WORD.fullmatch(one) is not None for one in words)
    return len(words) >= thresholds.WRAPPED_WORDS and plain > thresholds.WRAPPED_PROSE * len(words)


def _is_dense(line: str) -> bool:
    return not line.isascii() and len(_DENSE.findall(line)) > thresholds.WRAPPED_PROSE * len(line)
