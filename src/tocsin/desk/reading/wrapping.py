"""Lines of a plain text that were broken at a width, put together into the paragraphs that somebody wrote.

Lists of values, tables, headings and stamps stand one a line, and stay so: only prose is joined, and only where the next word
had no room. Where a line begins with a small letter that is enough; elsewhere the whole text has to look as if it were wrapped.
"""

import re
from collections.abc import Iterator
from itertools import groupby, pairwise
from statistics import median_low
from typing import Final, NamedTuple

from tocsin.desk import thresholds
from tocsin.desk.reading import labels
from tocsin.desk.reading.stamps import stamps_in

_WORD: Final = re.compile(r"[\W_]*[^\W\d_][^\d_/\\@=\[\]<>{}|]*")  # of letters, as addresses and values are not
_VALUE: Final = re.compile(r"\S*(?:\d|\w[./:@\\=\[\]_]+\w)")
_STOP: Final = re.compile(r"[.!?…؟۔][\"'”’»)\]]*(?:\s|$)")
_LONGEST_WORD: Final = 30
_CELLS: Final = re.compile(r"\S(?:\t| {3,})\S")
_ITEM: Final = re.compile(r"#|[•·▪■●○◦*–—-]+\s|>|\d{1,3}[.)]\s")  # or a heading, or a mail that is quoted
_NAMED: Final = re.compile(r"[^\W\d_][\w/-]{0,20}(?: [\w/-]{1,20})?:\s")  # a name before a value
_QUOTES: Final = "\"'“„«‘"
_BROKEN: Final = re.compile(r"(?<=[^\W\d_])[-\u2010]$")


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
    """The paragraphs of a text, by its lines without the blanks around them; empty lines are left out, and what no page keeps."""
    runs = [list(group) for is_filled, group in groupby(lines[: 2 * thresholds.MOST_LINES], bool) if is_filled]
    found = [_breaks(run, _width(run), is_tail_short=False) for run in runs]
    prose = sum(_is_prose(one) for run in runs for one in run[:-1])
    is_wrapped = _is_wrapped([one for each in found for one in each], prose)
    has_gaps = sum(len(run) > 1 for run in runs) > 1  # then a title has one after it, too
    if is_wrapped and has_gaps:
        width = median_low(len(one) for run in runs for one in run[:-1])
        found = [_breaks(run, width, is_tail_short=True) for run in runs]
    for run, breaks in zip(runs, found, strict=True):
        yield from _paragraphs(run, breaks, is_wrapped=is_wrapped, may_be_title=run is runs[0] and not has_gaps)


def _is_wrapped(breaks: list[_Break | None], prose: int) -> bool:
    """Whether a text looks as if it were wrapped: its lines are full, and what follows them goes on."""
    likely = [one for one in breaks if one is not None]
    return 3 * sum(one.is_loose for one in likely) >= len(likely) and 5 * len(likely) >= 3 * prose


def _paragraphs(run: list[str], breaks: list[_Break | None], *, is_wrapped: bool, may_be_title: bool) -> Iterator[str]:
    is_wrapped = is_wrapped and (len(run) == 2 or any(map(_STOP.search, run)))  # else it is a list of headlines
    held = [run[0]]
    for line, one in zip(run[1:], breaks, strict=True):
        goes_on = one is not None and (one.is_sure or (is_wrapped and not (may_be_title and _is_title_like(held))))
        may_be_title = may_be_title and one is not None and one.is_sure
        if not goes_on:
            yield "".join(held)
            held = [line]
        elif held[-1].endswith("\u00ad"):
            held[-1:] = [held[-1][:-1], line]
        else:  # a word that was divided keeps its hyphen, which may be its own
            held += [line] if _BROKEN.search(held[-1]) and line[0].islower() else [" ", line]
    yield "".join(held)


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
    first = line.split(None, 1)[0]
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
    words = line.split()
    plain = sum(len(one) <= _LONGEST_WORD and _WORD.fullmatch(one) is not None for one in words)
    return len(words) >= thresholds.WRAPPED_WORDS and plain > thresholds.WRAPPED_PROSE * len(words)
