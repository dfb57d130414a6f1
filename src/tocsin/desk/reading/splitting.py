"""A page that holds many articles, cut into them: by stamps, titles and labels, whatever the layout.

An article is a header (title, outlet, stamp, in any order, some twice) and the lines of text after it. Whether titles stand
above or below the stamps is decided for the whole page.
"""

from collections import Counter
from itertools import pairwise
from typing import NamedTuple

from tocsin.desk import thresholds
from tocsin.desk.reading import labels
from tocsin.desk.reading.attributions import without_attributions
from tocsin.desk.reading.blocks import Block, Kind
from tocsin.desk.reading.footers import with_footers_raised
from tocsin.desk.reading.lines import is_credit, is_outlet_like, line_of, parts_of, words_in


class Segment(NamedTuple):
    """One article as it stands on its page. `lines`: its text, without header and labels."""

    title: str
    outlet: str
    stamp: str
    when: str
    byline: str
    source: str
    shown_reading_min: int | None
    lines: tuple[str, ...]
    is_related: bool


class _Header(NamedTuple):
    first: int
    last: int  # the last line that belongs to it
    title: str
    outlet: str
    stamp: str
    when: str
    byline: str
    source: str


class _Split:
    """The work on one page."""

    def __init__(self, blocks: list[Block]) -> None:
        self.lines = with_footers_raised(without_attributions([line_of(one) for one in blocks]))
        self._times = Counter(labels.without_bullet(one.text) for one in self.lines)
        self._stamped = [i for i, one in enumerate(self.lines) if one.stamp is not None]
        self._above = self._titles_stand_above()
        self._masthead = self._heading_of_all()

    def segments(self) -> list[Segment]:
        headers = self._headers()
        first = headers[0].first if headers else len(self.lines)
        made = self._without_stamps(self._runs(0, first) if headers else [(0, first)])
        bounds = [*(one.first for one in headers[1:]), len(self.lines)][: len(headers)]
        related = any(labels.is_related(one.text) for one in self.lines[:first])
        for header, end in zip(headers, bounds, strict=True):
            (_, border), *others = self._runs(header.first, end)
            lines, read, opens = self._body(header.last + 1, border, header)
            if lines:
                made.append(
                    Segment(
                        header.title, header.outlet, header.stamp, header.when, header.byline, header.source, read, lines, related,
                    )
                )  # fmt: skip
            made += self._without_stamps(others)
            related = related or opens or any(labels.is_related(one.text) for one in self.lines[header.last + 1 : end])
        return made[: thresholds.MOST_ARTICLES]

    def _runs(self, start: int, end: int) -> list[tuple[int, int]]:
        """These lines cut where another <article> begins."""
        cuts, last = [start], start
        for i in range(start, end):
            if self._are_apart(i, last):
                cuts.append(i)
            last = i if self.lines[i].unit >= 0 else last
        return list(pairwise([*cuts, end]))

    # -- headers ----------------------------------------------------------------------------------------------------

    def _up(self, at: int) -> list[int]:
        """Lines above a stamp that may belong to its header, nearest first."""
        found = []
        for i in range(at - 1, max(at - thresholds.HEADER_LINES, 0) - 1, -1):
            line = self.lines[i]
            if line.is_body or line.is_labelled or line.stamp is not None or is_credit(line.text):
                break
            if self._are_apart(i, at):
                break
            found.append(i)
        return found

    def _down(self, at: int) -> list[int]:
        found = []
        for i in range(at + 1, min(at + thresholds.HEADER_LINES, len(self.lines) - 1) + 1):
            line = self.lines[i]
            if line.is_body or line.is_labelled or (line.stamp is not None and line.stamp.text != self._stamp_text(at)):
                break
            if self._are_apart(i, at):
                break
            found.append(i)
        return found

    def _are_apart(self, one: int, other: int) -> bool:
        """Whether two lines are of two <article>s."""
        mine, theirs = self.lines[one].unit, self.lines[other].unit
        return mine != theirs and min(mine, theirs) >= 0

    def _stamp_text(self, at: int) -> str:
        stamp = self.lines[at].stamp
        return stamp.text if stamp else ""

    def _titles_stand_above(self) -> bool:
        above = sum(any(self.lines[i].is_title_like for i in self._up(at)) for at in self._stamped)
        below = sum(any(self.lines[i].is_title_like for i in self._down(at)) for at in self._stamped)
        return above >= below

    def _heading_of_all(self) -> int | None:
        """A short heading that is the only one of a page of several stamps: the site's name, not an article's title."""
        headings = [i for i, one in enumerate(self.lines) if one.kind is Kind.HEADING]
        is_one = len(headings) == 1 < len(self._stamped) and self.lines[headings[0]].words <= 4
        return headings[0] if is_one else None

    def _headers(self) -> list[_Header]:
        made: list[_Header] = []
        start = 0
        for at in self._stamped:
            if at < start:
                continue
            header = self._header(at, start)
            if header is not None:
                made.append(header)
                start = header.last + 1
        return made

    def _header(self, at: int, start: int) -> _Header | None:
        up = [i for i in self._up(at) if i >= start]
        down = self._down(at)
        title = self._title(up, down)
        if title is None:
            return None
        text = labels.without_bullet(self.lines[title].text)
        mine = [i for i in (*up, at, *down) if self._is_of_header(i, text, at, title)]
        first, last = min([*mine, at, title]), max([*mine, at, title])
        outlet_at, outlet = self._outlet(
            at, [i for i in (*up, *down) if first - 1 <= i <= last + 1 and i != title], text
        )
        if outlet_at is not None:
            first, last = min(first, outlet_at), max(last, outlet_at)
        header = self.lines[first : last + 1]
        around = [part for one in header for part in (parts_of(one.left) if one.stamp else [one.text])]
        whens = [one.when for one in header if one.when]
        return _Header(
            first, last, text, outlet, self._stamp_text(at), whens[0] if whens else "",
            next((who for one in around if (who := labels.byline(one))), ""),
            next((who for one in around if (who := labels.source(one))), ""),
        )  # fmt: skip

    def _is_of_header(self, i: int, title: str, at: int, title_at: int) -> bool:
        line = self.lines[i]
        plain = labels.without_bullet(line.text)
        return (
            i == at
            or plain == title
            or (line.stamp is not None and line.stamp.text == self._stamp_text(at))
            or bool(labels.byline(line.text) or labels.source(line.text))
            or (min(at, title_at) <= i <= max(at, title_at))
            or (labels.without_read_time(line.text).rest == "")
            or (labels.is_noise(line.text) and i > at)
        )

    def _title(self, up: list[int], down: list[int]) -> int | None:
        """The line that is the title: said twice, or a heading, or on the side where this page has titles."""
        above = [i for i in up if self.lines[i].is_title_like]
        below = [i for i in down if self.lines[i].is_title_like]
        twice = [i for i in (*above, *below) if sum(self._same(i, j) for j in (*up, *down)) > 1]
        if twice:
            return max(twice, key=lambda i: len(self.lines[i].text))
        sides = (above, below) if self._above else (below, above)
        for side in sides:
            headings = [i for i in side if self.lines[i].kind is Kind.HEADING and i != self._masthead]
            if headings:
                return headings[0]
        for side in sides:
            if side:
                return max(side[:3], key=lambda i: (self.lines[i].words > 4, -side.index(i)))
        return None

    def _same(self, one: int, other: int) -> bool:
        return labels.without_bullet(self.lines[one].text) == labels.without_bullet(self.lines[other].text)

    def _outlet(self, at: int, near: list[int], title: str) -> tuple[int | None, str]:
        beside = [one for one in parts_of(self.lines[at].left) if is_outlet_like(one)]
        if beside:
            name = max(beside, key=lambda one: self._times[one])
            return None, labels.source(name) or name
        short = [
            i
            for i in near
            if is_outlet_like(labels.without_bullet(self.lines[i].text)) and not self._is_title(i, title)
        ]
        if not short:
            return None, ""
        often = {i: self._times[labels.without_bullet(self.lines[i].text)] for i in short}
        best = max(short, key=lambda i: (labels.is_bulleted(self.lines[i].text), often[i] > 1, -abs(i - at)))
        name = labels.without_bullet(self.lines[best].text).strip(" ,|·-–—:")
        return best, labels.source(name) or name

    def _is_title(self, i: int, title: str) -> bool:
        return labels.without_bullet(self.lines[i].text) == title

    # -- bodies -----------------------------------------------------------------------------------------------------

    def _body(self, start: int, end: int, header: _Header) -> tuple[tuple[str, ...], int | None, bool]:
        """The lines of text, the reading time shown, and whether a list of related articles follows."""
        taken: list[str] = []
        read: int | None = None
        opens = False
        i = start
        while i < end:
            line = self.lines[i]
            if labels.is_after(line.text) or labels.is_related(line.text):
                rest = [one for one in self.lines[i + 1 : end] if one.is_body]
                if labels.is_after(line.text) or len(rest) < 2:
                    opens = labels.is_related(line.text)
                    break
                i += 1 + (not self.lines[i + 1].is_body)
                continue
            minutes, text = labels.without_read_time(line.text)
            read = minutes if read is None else read
            if text and not labels.is_noise(text) and labels.without_bullet(text) not in (header.title, header.outlet):
                taken.append(labels.without_bullet(text) if line.kind is Kind.ITEM else text)
            i += 1
        while taken and not _closes(taken[-1]):
            taken.pop()
        enough = sum(map(words_in, taken)) >= thresholds.CHILD_WORDS
        return (tuple(taken) if enough else ()), read, opens

    def _without_stamps(self, runs: list[tuple[int, int]]) -> list[Segment]:
        """What these lines hold: articles to which their page gives no stamp."""
        return [made for start, end in runs if (made := self._without_stamp(start, end)) is not None]

    def _without_stamp(self, start: int, end: int) -> Segment | None:
        """An article, if the lines have a title and a body; behind the start of the page only a heading is a title."""
        body = [i for i in range(start, end) if self.lines[i].is_body]
        titles = [i for i in range(start, body[0] if body else start) if self.lines[i].is_title_like]
        heading = next((i for i in titles if self.lines[i].kind is Kind.HEADING), None)
        if not titles or (start and heading is None):
            return None
        title = titles[-1] if heading is None else heading
        text = self.lines[title].text
        header = _Header(title, body[0] - 1, text, "", "", "", "", "")
        lines, read, _ = self._body(body[0], end, header)
        if sum(map(words_in, lines)) < (thresholds.CHILD_WORDS if start else thresholds.MAIN_WORDS):
            return None
        byline = next((who for i in range(title, body[0]) if (who := labels.byline(self.lines[i].text))), "")
        return Segment(text, "", "", "", byline, "", read, lines, is_related=False)


def _closes(text: str) -> bool:
    """Whether a line can be the last of an article: a sentence, a credit, tags; no caption or button after it."""
    return (
        labels.ends_sentence(text)
        or words_in(text) >= thresholds.BODY_WORDS
        or is_credit(text)
        or labels.without_tags(text)[1] != ""
    )


def split(blocks: list[Block]) -> list[Segment]:
    """The articles of a page in order; none if no line of it looks like a header with a text."""
    return _Split(blocks).segments()
