"""Lines of a plain text that were broken at a width, put together into the paragraphs that somebody wrote.

Lists of values, tables, headings and stamps stand one a line, and stay so: only prose is joined, and only where the next word
had no room. Where a line begins with a small letter that is enough; elsewhere the whole text has to look as if it were wrapped.
"""

import re
from collections.abc import Iterator
from itertools import groupby, pairwise
from typing import Final, NamedTuple

from tocsin.desk import thresholds
from tocsin.desk.reading import labels
from tocsin.desk.reading.stamps import stamps_in

_WORD: Final = re.compile(r"[\W_]*[^\W\d_][^\d_/\\@=\[\]<>{}|]*")  # with letters, and nothing that addresses and values have
_CELLS: Final = re.compile(r"\S(?:\t| {3,})\S")
_OPENS: Final = re.compile(r"#|\d{1,3}[.)]\s|[^\W\d_][\w /-]{0,30}:\s")  # a heading, an item of a list, a name before a value
_BROKEN: Final = re.compile(r"(?<=[^\W\d_])[-\u2010]$")


class _Break(NamedTuple):
    """Two lines of prose between which a word had no room."""

    before: str
    line: str
    is_first: bool  # of the text, where a title stands

    @property
    def is_sure(self) -> bool:
        return self.line[0].islower() and not labels.ends_sentence(self.before)

    @property
    def is_loose(self) -> bool:
        """Whether nothing says that the one ends or the other begins; of scripts without small letters there is no more."""
        return not labels.ends_sentence(self.before) and not (self.line[0].isupper() or self.line[0].isdigit())

    @property
    def may_follow_title(self) -> bool:
        is_text = self.before.endswith(",") or labels.ends_sentence(re.split(r"(?<=[.!?؟])\s", self.before)[0])
        return self.is_first and not is_text


def unwrapped(lines: list[str]) -> Iterator[str]:
    """The paragraphs of a text, by its lines without the blanks around them; empty lines are left out."""
    runs = [list(group) for is_filled, group in groupby(lines, bool) if is_filled]
    found = [_breaks(run, is_first=run is runs[0]) for run in runs]
    likely = [one for each in found for one in each if one is not None]
    prose = sum(_is_prose(one) for run in runs for one in run[:-1])
    is_wrapped = 3 * sum(one.is_loose for one in likely) >= len(likely) and 5 * len(likely) >= 3 * prose
    has_gaps = sum(len(run) > 1 for run in runs) > 1  # then a title has one after it, too
    for run, breaks in zip(runs, found, strict=True):
        held = run[0]
        for line, one in zip(run[1:], breaks, strict=True):
            if one and (one.is_sure or (is_wrapped and (has_gaps or not one.may_follow_title))):
                held = _joined(held, line)
            else:
                yield held
                held = line
        yield held


def _breaks(run: list[str], *, is_first: bool) -> list[_Break | None]:
    """For each line but the last: whether it and the next may be of one paragraph."""
    narrow = sorted(len(one) for one in run if len(one) <= thresholds.WRAPPED[1])
    width = narrow[len(narrow) * 4 // 5] if narrow else 0  # not the longest: a footer may be that
    return [
        _Break(before, line, is_first and at == 0) if _may_go_on(before, line, width) else None
        for at, (before, line) in enumerate(pairwise(run))
    ]


def _may_go_on(before: str, line: str, width: int) -> bool:
    low, high = thresholds.WRAPPED
    if not low <= len(before) <= high or len(line) > high or before.endswith(":"):
        return False
    had_room = len(before) + 1 + len(line.split(None, 1)[0]) <= thresholds.WRAPPED_FULL * width
    if had_room or not _is_prose(before) or _CELLS.search(before) or _CELLS.search(line):
        return False
    return not _begins(line, width)


def _begins(line: str, width: int) -> bool:
    """Whether a line begins something of its own: an item, a heading, who wrote it, when."""
    if labels.is_bulleted(line) or labels.byline(line) or labels.source(line):
        return True
    if not line[0].islower() and _OPENS.match(line):
        return True
    if labels.ends_sentence(line):
        return False
    is_heading = len(line) < width / 2 and not line[0].islower()
    return is_heading or not _is_prose(line) or (len(line) <= thresholds.LABEL_CHARACTERS and bool(stamps_in(line)))


def _is_prose(line: str) -> bool:
    words = line.split()
    plain = sum(_WORD.fullmatch(one) is not None for one in words)
    return len(words) >= thresholds.WRAPPED_WORDS and plain >= 0.7 * len(words)


def _joined(held: str, line: str) -> str:
    """A word that was divided keeps its hyphen, which may be its own, unless that is one for ends of lines only."""
    if held.endswith("\u00ad"):
        return held[:-1] + line
    return held + line if _BROKEN.search(held) and line[0].islower() else f"{held} {line}"
