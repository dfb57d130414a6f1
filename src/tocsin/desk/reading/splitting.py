"""A page that holds many articles, cut into them: by stamps, titles and labels, whatever the layout.

An article is a header (title, outlet, stamp, in any order, some twice) and the lines of text after it. Whether titles stand
above or below the stamps is decided for the whole page.
"""

import re
from collections import Counter
from itertools import groupby
from typing import Final, NamedTuple

from tocsin.desk import thresholds
from tocsin.desk.reading import labels
from tocsin.desk.reading.blocks import Block, Kind
from tocsin.desk.reading.stamps import Stamp, stamps_in

_SEPARATORS: Final = re.compile(r"\s*[|·•—–/]\s*|\s+-\s+|\s*,\s*$|^\s*,\s*|\s*[-:@]\s*$|^\s*[-:]\s*")
_CREDIT: Final = re.compile(r"[A-ZÀ-Ý]{2,6}\s*:|\([A-ZÀ-Ý]{2,6}\)")
_BRACKETED: Final = re.compile(r"(?P<who>[^()\[\]]*?)\s*[(\[](?P<in>[^()\[\]]+)[)\]]")
_GLUED: Final = re.compile(r"\d{1,3}")
_MOST: Final = {
    "day": 31,
    "jour": 31,
    "hour": 72,
    "heure": 72,
    "min": 90,
    "week": 9,
    "semaine": 9,
    "month": 24,
    "mois": 24,
}


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


class _Line(NamedTuple):
    text: str
    kind: Kind
    words: int
    when: str
    unit: int
    stamp: Stamp | None
    left: str  # of a stamp's line: what stands beside the stamp

    @property
    def is_body(self) -> bool:
        if self.kind is Kind.HEADING or self.stamp is not None:
            return False
        ends = labels.ends_sentence(self.text)
        if self.words >= thresholds.BODY_WORDS:
            return ends or self.words > thresholds.TITLE_WORDS[1]
        return ends and self.words >= 8 and self.text.rstrip()[-1] not in "?؟!…"

    @property
    def is_labelled(self) -> bool:
        return labels.is_related(self.text) or labels.is_after(self.text)

    @property
    def is_title_like(self) -> bool:
        low, high = thresholds.TITLE_WORDS
        if self.stamp is not None or self.is_body or not low <= self.words <= high:
            return self.stamp is None and self.kind is Kind.HEADING and self.words > 1 and not self.is_labelled
        if not thresholds.TITLE_CHARACTERS[0] <= len(self.text) <= thresholds.TITLE_CHARACTERS[1]:
            return False
        return not (
            self.is_labelled
            or labels.is_noise(self.text)
            or labels.byline(self.text)
            or labels.is_bulleted(self.text)
            or labels.without_read_time(self.text).rest == ""
        )


class _Header(NamedTuple):
    first: int
    last: int  # the last line that belongs to it
    title: str
    outlet: str
    stamp: str
    when: str
    byline: str
    source: str


def _words(text: str) -> int:
    return len(text.split())


def _line(block: Block) -> _Line:
    text, count = _unbracketed(block), _words(block.text)
    stamp, left = None, ""
    if count < thresholds.BODY_WORDS and len(text) <= 160 and not _is_credit(text):
        found = stamps_in(text) or _unglued(text) or _timed(text, block)
        if found:
            left = _beside(text, found)
            if _is_stamp_line(text, left, found):
                first = _first(found)
                stamp = _trimmed(text, first)
                left = _beside(text, [stamp if one is first else one for one in found])
    return _Line(text, block.kind, count, block.when, block.unit, stamp, left)


def _unbracketed(block: Block) -> str:
    """A dateline without its brackets: "(Harbour Gazette, 20 May 2025)", "Harbour Gazette (20 May 2025)"."""
    found = _BRACKETED.fullmatch(block.text) if len(block.text) <= 160 else None
    stamps = stamps_in(found["in"]) if found else []
    if found is None or not stamps:
        return block.text
    if not found["who"]:
        return found["in"]
    left = _beside(found["in"], stamps)
    is_name = block.kind is not Kind.HEADING and _words(found["who"]) <= 6  # a title may end with a date in brackets
    return f"{found['who']} | {found['in']}" if is_name and (not left or labels.is_label(left)) else block.text


def _first(found: list[Stamp]) -> Stamp:
    """The stamp that counts: what a date says before what one word says ("today")."""
    return next((one for one in found if not one.relative or " " in one.text), found[0])


def _timed(text: str, block: Block) -> list[Stamp]:
    """What a <time> with an instant shows is a time, however it is written: an hour alone, say."""
    at = text.find(block.shown) if block.shown and (block.when or stamps_in(block.shown)) else -1
    return [Stamp(at, at + len(block.shown), block.shown, relative=False)] if at >= 0 else []


def _is_credit(text: str) -> bool:
    return _CREDIT.match(text) is not None


def _unglued(text: str) -> list[Stamp]:
    """A date glued to a name that ends in digits: "France 2429-05-2025"."""
    found = re.search(r"\d(?=[0-3]\d[-/.][01]\d[-/.](?:19|20)\d\d)", text)
    if not found:
        return []
    return stamps_in(text[: found.start()] + "x" * (found.end() - found.start()) + text[found.end() :])


def _trimmed(text: str, stamp: Stamp) -> Stamp:
    """A number too large for its unit begins in the name before it: "France 242 days ago" was 2 days ago."""
    number = _GLUED.match(stamp.text)
    most = next((top for unit, top in _MOST.items() if unit in stamp.text.lower()), None)
    if not stamp.relative or number is None or stamp.start == 0 or most is None or int(number[0]) <= most:
        return stamp
    drop = next((i for i in (1, 2) if int(number[0][i:] or 0) <= most), 0)
    return Stamp(stamp.start + drop, stamp.end, text[stamp.start + drop : stamp.end], stamp.relative)


def _beside(text: str, found: list[Stamp]) -> str:
    parts, at = [], 0
    for one in found:
        parts.append(text[at : one.start])
        at = one.end
    parts.append(text[at:])
    return " | ".join(part.strip() for part in parts if part.strip())


def _is_stamp_line(text: str, left: str, found: list[Stamp]) -> bool:
    if not left:
        return True
    if labels.without_read_time(left).rest == "" or labels.is_label(left):
        return True
    if len(left) > thresholds.OUTLET_CHARACTERS * 2 or _words(left) > 12:
        return False
    if labels.ends_sentence(text) and text[found[-1].end :].strip():
        return False
    # A title may name a date ("What to know about May 29"): beside a stamp stand separators, or it is at an end.
    at_end = text[found[-1].end :].strip(" .,|") == "" or text[: found[0].start].strip(" .,|•·") == ""
    separated = re.search(r"[|·•—–]|\s-\s|:\s", text) is not None
    return (at_end and _words(left) <= 6) or separated


def _is_outlet_like(text: str) -> bool:
    text = text.strip()
    return (
        2 <= len(text) <= thresholds.OUTLET_CHARACTERS
        and _words(text) <= 6
        and any(one.isalpha() for one in text)
        and not (
            labels.is_noise(text)
            or labels.is_label(text)
            or labels.byline(text)
            or labels.is_related(text)
            or labels.is_after(text)
        )
        and labels.without_read_time(text).rest != ""
        and not (labels.ends_sentence(text) and not text.endswith("."))
        and not stamps_in(text)
    )


# -- footers ------------------------------------------------------------------------------------------------------------


def _with_footers_raised(lines: list[_Line]) -> list[_Line]:
    """The lines, with outlets and stamps that stand below their texts put below the titles, where headers are looked for."""
    made: list[_Line] = []
    for unit, group in groupby(lines, key=lambda one: one.unit):
        made += _raised(list(group), 1 if unit >= 0 else 2)
    return made


def _raised(run: list[_Line], least: int) -> list[_Line]:
    """A run of lines, changed if all of it is titles, texts and stamps in this order, as many times as `least` or more."""
    stamped = [i for i, one in enumerate(run) if one.stamp is not None and not (i and run[i - 1].stamp)]
    made: list[_Line] = []
    start = 0
    for at in stamped:
        bodies = [i for i in range(start, at) if run[i].is_body]
        titles = [i for i in range(start, bodies[0]) if run[i].is_title_like] if bodies else []
        if not titles or any(_opens(one) for one in run[bodies[-1] + 1 : at]):
            return run
        title = next((i for i in reversed(titles) if run[i].kind is Kind.HEADING), titles[-1])
        first, last = _footer(run, at)
        made += [*run[start : title + 1], *run[first : last + 1], *run[title + 1 : first]]
        start = last + 1
    is_so = len(stamped) >= least and not any(_opens(one) for one in run[start:] if not one.is_labelled)
    return [*made, *run[start:]] if is_so else run


def _opens(line: _Line) -> bool:
    """Whether a line begins something else: a list, another article. What may name an outlet does not."""
    return line.is_labelled or (line.is_title_like and (line.kind is Kind.HEADING or line.words > 6))


def _footer(run: list[_Line], at: int) -> tuple[int, int]:
    """The first and the last line of the footer around a stamp: the outlet has a line of its own if it is not beside it."""
    if not run[at].left:
        if _names(run[at - 1]):
            return at - 1, at
        if at + 1 < len(run) and _names(run[at + 1]) and not (at + 2 < len(run) and run[at + 2].is_body):
            return at, at + 1
    return at, at


def _names(line: _Line) -> bool:
    is_text = labels.ends_sentence(line.text) or _is_credit(line.text) or labels.without_tags(line.text)[1] != ""
    return line.kind is not Kind.HEADING and not is_text and _is_outlet_like(line.text)


class _Split:
    """The work on one page."""

    def __init__(self, blocks: list[Block]) -> None:
        self.lines = _with_footers_raised([_line(one) for one in blocks])
        self._times = Counter(labels.without_bullet(one.text) for one in self.lines)
        self._stamped = [i for i, one in enumerate(self.lines) if one.stamp is not None]
        self._above = self._titles_stand_above()

    def segments(self) -> list[Segment]:
        headers = self._headers()
        made: list[Segment] = []
        related = False
        first = headers[0].first if headers else len(self.lines)
        alone = self._without_stamp(first)
        if alone is not None:
            made.append(alone)
        bounds = [*(one.first for one in headers[1:]), len(self.lines)][: len(headers)]
        related = any(labels.is_related(one.text) for one in self.lines[:first])
        for header, end in zip(headers, bounds, strict=True):
            lines, read, opens = self._body(header.last + 1, end, header)
            if lines:
                made.append(
                    Segment(
                        header.title,
                        header.outlet,
                        header.stamp,
                        header.when,
                        header.byline,
                        header.source,
                        read,
                        lines,
                        related,
                    )
                )
            related = related or opens or any(labels.is_related(one.text) for one in self.lines[header.last + 1 : end])
        return made[: thresholds.MOST_ARTICLES]

    # -- headers ----------------------------------------------------------------------------------------------------

    def _up(self, at: int) -> list[int]:
        """Lines above a stamp that may belong to its header, nearest first."""
        found = []
        for i in range(at - 1, max(at - thresholds.HEADER_LINES, 0) - 1, -1):
            line = self.lines[i]
            if line.is_body or line.is_labelled or line.stamp is not None or _is_credit(line.text):
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
        around = [part for one in header for part in (_parts(one.left) if one.stamp else [one.text])]
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
            headings = [i for i in side if self.lines[i].kind is Kind.HEADING]
            if headings:
                return headings[0]
        for side in sides:
            if side:
                return max(side[:3], key=lambda i: (self.lines[i].words > 4, -side.index(i)))
        return None

    def _same(self, one: int, other: int) -> bool:
        return labels.without_bullet(self.lines[one].text) == labels.without_bullet(self.lines[other].text)

    def _outlet(self, at: int, near: list[int], title: str) -> tuple[int | None, str]:
        beside = [one for one in _parts(self.lines[at].left) if _is_outlet_like(one)]
        if beside:
            name = max(beside, key=lambda one: self._times[one])
            return None, labels.source(name) or name
        short = [
            i
            for i in near
            if _is_outlet_like(labels.without_bullet(self.lines[i].text)) and not self._is_title(i, title)
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
        enough = sum(map(_words, taken)) >= thresholds.CHILD_WORDS
        return (tuple(taken) if enough else ()), read, opens

    def _without_stamp(self, end: int) -> Segment | None:
        """What stands before the first header: an article whose page gives it no stamp, if it has a title and a body."""
        body = [i for i in range(end) if self.lines[i].is_body]
        titles = [i for i in range(body[0] if body else 0) if self.lines[i].is_title_like]
        if not titles:
            return None
        title = next((i for i in titles if self.lines[i].kind is Kind.HEADING), titles[-1])
        text = self.lines[title].text
        header = _Header(title, body[0] - 1, text, "", "", "", "", "")
        lines, read, _ = self._body(body[0], end, header)
        if sum(map(_words, lines)) < thresholds.MAIN_WORDS:
            return None
        byline = next((who for i in range(title, body[0]) if (who := labels.byline(self.lines[i].text))), "")
        return Segment(text, "", "", "", byline, "", read, lines, is_related=False)


def _parts(left: str) -> list[str]:
    made = [labels.without_label(part.strip()) for part in _SEPARATORS.split(left)]
    return [part for part in made if part]


def _closes(text: str) -> bool:
    """Whether a line can be the last of an article: a sentence, a credit, tags; no caption or button after it."""
    return (
        labels.ends_sentence(text)
        or _words(text) >= thresholds.BODY_WORDS
        or _is_credit(text)
        or labels.without_tags(text)[1] != ""
    )


def split(blocks: list[Block]) -> list[Segment]:
    """The articles of a page in order; none if no line of it looks like a header with a text."""
    return _Split(blocks).segments()
