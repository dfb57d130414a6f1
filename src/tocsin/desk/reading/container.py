"""A page as the articles on it: whoever writes a page of several puts a title, an outlet and a time before each text.

Every time that stands as a label is an anchor. Around it is the head, the short lines between two texts; below it is the
text. Nothing else is known of how a page is laid out.
"""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

from tocsin.desk.document import Role
from tocsin.desk.reading.lines import Line, unbulleted, words_in
from tocsin.desk.reading.stamps import stamps_in
from tocsin.desk.reading.words import BYLINES, LABELS, TAGS

_LONGEST_STAMP_LINE: Final = 120
_LONGEST_OUTLET_WORDS: Final = 6
_LONGEST_OUTLET: Final = 60
_LONGEST_TITLE: Final = 300
_HEAD_LINES: Final = 12
_EDGES: Final = " \t,;:|·•—–-()[]/<>»«\"'"
# An agency's line under its dispatch: a short name in capitals, then the day.
_CREDIT: Final = re.compile(
    r"^\(?(?P<agency>[A-ZÀ-Þ][A-ZÀ-Þ&./-]{1,11}|[\u0600-\u06ff]{2,12})\)?\s*[:/–—-]\s*(?P<day>.{4,40})$"
)
_CREDIT_END: Final = re.compile(
    r"(?:^|[.!?»”\"']\s)\(?(?P<credit>(?P<agency>[A-ZÀ-Þ][A-ZÀ-Þ&./-]{1,11})\)?\s*[:/–—-]\s*(?P<day>[^.:]{4,30}\d{4}))\.?$"
)
_READ_TIME: Final = re.compile(
    r"(?:estimated\s+)?(?:read(?:ing)?\s*time|temps\s+de\s+lecture(?:\s+estimé)?|tiempo\s+de\s+lectura|время\s+чтения|(?:مدة|وقت|زمن)\s+القراءة)"
    r"\s*[:：]?\s*(?P<minutes>\d{1,3})\s*(?:['’′]|min(?:ute|uto)?s?\b\.?|мин\w*\.?|دقيقة|دقائق|د\b)?"
    r"|(?P<other>\d{1,3})\s*(?:-?\s*min(?:ute)?s?\s+(?:read|de\s+lecture|de\s+lectura)|мин\w*\s+(?:чтения|на чтение))",
    re.IGNORECASE,
)


class Piece(NamedTuple):
    """One article of a page, as lines."""

    title: str
    outlet: str
    stamp: str
    instant: str  # a time that the page gives in a form for machines
    paragraphs: tuple[str, ...]
    role: Role
    byline: str
    agency: str
    credit: str
    tags: tuple[str, ...]
    shown_min: int | None
    cut: bool

    @property
    def words(self) -> int:
        """Of its text."""
        return words_in(self.paragraphs)


class _Anchor(NamedTuple):
    line: int
    before: str  # on its line
    after: str
    text: str
    instant: str


def pieces(lines: Sequence[Line]) -> list[Piece]:
    """The articles of a page in their order; one of role SINGLE where no label tells of several, none without any prose."""
    lines = _outside_closings(lines)
    repeated = {text for text, count in Counter(one.text for one in lines if one.text).items() if count > 1}
    anchors = _anchors(lines, repeated)
    heads = _heads(lines, anchors, repeated)
    out: list[Piece] = []
    related = False
    for number, (begin, end, anchor) in enumerate(heads):
        until = heads[number + 1][0] if number + 1 < len(heads) else len(lines)
        since = heads[number - 1][1] if number else 0
        related = related or any(one.is_related for one in lines[since:end])
        body = _body(lines[end:until])
        made = _piece(lines[begin:end], anchor, begin, body, repeated)
        if made.title and made.paragraphs:
            out.append(made._replace(role=Role.RELATED if related and out else Role.ENTRY))
    if not out:
        single = _single(lines)
        return [single] if single is not None else []
    if len(out) == 1:
        return [out[0]._replace(role=Role.SINGLE)]
    if any(one.role is Role.RELATED for one in out) and out[0].role is not Role.RELATED:
        first = next(at for at, one in enumerate(out) if one.role is Role.RELATED)
        if first == 1:
            out[0] = out[0]._replace(role=Role.MAIN)
    return out


# -- where articles begin -----------------------------------------------------------------------------------------


def _outside_closings(lines: Sequence[Line]) -> list[Line]:
    """The page without the lines that are furniture; what closes an article stays, as an empty heading."""
    return [Line("") if one.is_furniture and not one.is_related else one for one in lines]


def _anchors(lines: Sequence[Line], repeated: set[str]) -> list[_Anchor]:
    out = []
    for number, line in enumerate(lines):
        if line.instant and not line.is_body:
            out.append(_Anchor(number, "", "", line.text, line.instant))
            continue
        if not line.text or len(line.text) > _LONGEST_STAMP_LINE or line.is_body or _CREDIT.match(line.text):
            continue
        found = stamps_in(line.text)
        if not found:
            continue
        last = found[-1]
        before, after = line.text[: found[0].start], line.text[last.end :]
        # In a label there is little beside the time: a name before it, or after it. A title with a date in it has more.
        is_title = line.heading or line.text in repeated - {last.text}
        is_long = max(len(before.split()), len(after.split())) > _LONGEST_OUTLET_WORDS
        if (is_title or is_long) and not _is_label(before, after):
            continue
        if found[0].start != last.start and last.relative:
            before = line.text[: last.start]
        stamp = last if last.relative or len(found) == 1 else found[0]
        out.append(_Anchor(number, before, after, stamp.text, ""))
    return out


def _is_label(before: str, after: str) -> bool:
    rest = f"{before} {after}".strip(_EDGES).lower()
    return not rest or rest in LABELS or len(rest.split()) <= _LONGEST_OUTLET_WORDS


def _heads(lines: Sequence[Line], anchors: Sequence[_Anchor], repeated: set[str]) -> list[tuple[int, int, _Anchor]]:
    """(first line, line after the last, anchor) of each head: short lines around an anchor, from text to text."""
    out: list[tuple[int, int, _Anchor]] = []
    for anchor in anchors:
        begin, end = anchor.line, anchor.line + 1
        while begin > 0 and anchor.line - begin < _HEAD_LINES and not _ends_head(lines[begin - 1], repeated):
            begin -= 1
        while end < len(lines) and end - anchor.line < _HEAD_LINES and not _is_text(lines[end], repeated):
            end += 1
        if out and begin < out[-1][1]:
            # Two labels over one text: the later one is its own, unless there is no title between them.
            previous = out[-1]
            if _has_title(lines[previous[2].line + 1 : anchor.line], repeated):
                begin = previous[2].line + 1
                out[-1] = (previous[0], begin, previous[2])
            else:
                keep = anchor if anchor.instant else previous[2]
                out[-1] = (previous[0], max(end, previous[1]), keep)
                continue
        out.append((begin, end, anchor))
    return [one for one in out if one[0] < one[1]]


def _is_text(line: Line, repeated: set[str]) -> bool:
    return line.is_body and (line.text not in repeated or len(line.text) > _LONGEST_TITLE)


def _ends_head(line: Line, repeated: set[str]) -> bool:
    return _is_text(line, repeated) or line.is_closing or line.is_related or bool(_CREDIT.match(line.text))


def _has_title(lines: Sequence[Line], repeated: set[str]) -> bool:
    return any(_title_score(one, repeated) > 0 for one in lines)


# -- what the parts say -------------------------------------------------------------------------------------------


def _title_score(line: Line, repeated: set[str]) -> float:
    text = unbulleted(line.text)
    words = len(text.split())
    if not words >= 3 or len(text) > _LONGEST_TITLE or line.is_related or line.is_closing or _READ_TIME.fullmatch(text):
        return 0.0
    if text.lower().startswith(TAGS) or (stamps_in(line.text) and words <= _LONGEST_OUTLET_WORDS):
        return 0.0
    return words + (20 if line.heading else 0) + (15 if line.text in repeated else 0)


def _piece(head: Sequence[Line], anchor: _Anchor, begin: int, body: Sequence[str], repeated: set[str]) -> Piece:
    at = anchor.line - begin
    # Of two titles the one that stands nearer to the text: above the time if there is one, else below it.
    scored = [
        (_title_score(one, repeated), -abs(number - at), number) for number, one in enumerate(head) if number != at
    ]
    best = max(scored, default=(0.0, 0, -1))
    title = unbulleted(head[best[2]].text) if best[0] > 0 else ""
    outlet = _outlet(head, at, anchor, title)
    byline = next((name for one in head if (name := _byline(one.text))), "")
    shown = next((minutes for one in head if (minutes := _minutes(one.text)) is not None), None)
    paragraphs, more = _told(body, title)
    return Piece(
        title,
        outlet,
        anchor.text,
        anchor.instant,
        paragraphs,
        Role.ENTRY,
        byline or more.byline,
        more.agency,
        more.credit,
        more.tags,
        shown if shown is not None else more.shown_min,
        more.cut,
    )


def _outlet(head: Sequence[Line], at: int, anchor: _Anchor, title: str) -> str:
    beside = (anchor.before, anchor.after)
    near = sorted((abs(number - at), number) for number in range(len(head)) if number != at)
    for text in (*beside, *(unbulleted(head[number].text) for _, number in near)):
        name = _without_label(text)
        if name and name != title and _is_name(name):
            return name
    return ""


def _without_label(text: str) -> str:
    name = text.strip(_EDGES)
    while name:
        first, _, rest = name.partition(" ")
        if name.lower() in LABELS:
            return ""
        if first.lower().strip(_EDGES) in LABELS and rest:
            name = rest.strip(_EDGES)
            continue
        break
    return "" if _byline(text) else name


def _is_name(name: str) -> bool:
    return (
        len(name) <= _LONGEST_OUTLET
        and len(name.split()) <= _LONGEST_OUTLET_WORDS
        and any(one.isalpha() for one in name)
        and not name.endswith(("?", "!", "…"))
        and not _READ_TIME.search(name)
        and not Line(name).is_related
        and not Line(name).is_closing
    )


def _byline(text: str) -> str:
    """The name after "By". It stays a word of the article: nothing is made of it."""
    stripped = unbulleted(text).strip(_EDGES)
    lowered = stripped.lower()
    for one in BYLINES:
        if lowered.startswith((one + " ", one + ":")):
            name = stamped_off(stripped[len(one) :]).strip(_EDGES)
            return name if 0 < len(name.split()) <= 5 and not name.endswith(".") else ""
    return ""


def stamped_off(text: str) -> str:
    """A text without the times in it."""
    for one in reversed(stamps_in(text)):
        text = text[: one.start] + text[one.end :]
    return text


def _minutes(text: str) -> int | None:
    found = _READ_TIME.search(text) if len(text) <= _LONGEST_STAMP_LINE else None
    return int(found["minutes"] or found["other"]) if found else None


def _body(lines: Sequence[Line]) -> list[str]:
    """The text below a head, to where the page goes on with something else."""
    out: list[str] = []
    for line in lines:
        if line.is_related or (out and line.is_closing):
            break
        if line.text and not line.is_closing:
            out.append(line.text)
    # What is short at the end belongs to the next head, or to the page.
    while out and not Line(out[-1]).is_body and not _CREDIT.match(out[-1]) and not out[-1].lower().startswith(TAGS):
        if _byline(out[-1]) or (len(out) == 1 and len(out[-1]) > 80):
            break
        out.pop()
    return out


class Told(NamedTuple):
    """What stands in the text of an article beside the text."""

    byline: str
    agency: str
    credit: str
    tags: tuple[str, ...]
    shown_min: int | None
    cut: bool


def _told(body: Sequence[str], title: str) -> tuple[tuple[str, ...], Told]:
    """The paragraphs without labels, and what the labels said."""
    kept: list[str] = []
    byline = agency = credit = ""
    tags: tuple[str, ...] = ()
    shown: int | None = None
    for line in body:
        if line == title:
            continue
        found = _READ_TIME.match(line)
        shown = int(found["minutes"] or found["other"]) if found else shown
        text = line[found.end() :].strip() if found else line
        tagged = next((at for one in TAGS if (at := _tag_at(text, one)) >= 0), -1)
        if tagged >= 0:
            tags += tuple(one.strip() for one in re.split(r"[,;|#]", text[tagged:].partition(":")[2]) if one.strip())
            text = text[:tagged].strip()
        if len(text) <= _LONGEST_STAMP_LINE and (name := _byline(text)):
            byline = byline or name
            continue
        said = _CREDIT.match(text) if len(text) <= 60 else _CREDIT_END.search(text)
        if said and stamps_in(said["day"]):
            agency = said["agency"].strip("().")
            credit = text if len(text) <= 60 else said["credit"]
        if text:
            kept.append(text)
    cut = bool(kept) and kept[-1].rstrip("]) ").endswith(("…", "...", "[…", "[..."))
    return tuple(kept), Told(byline, agency, credit, tags[:40], shown, cut)


def _tag_at(text: str, word: str) -> int:
    lowered = text.lower()
    at = lowered.rfind(word)
    # In the middle of a text the word is a word: tags stand at its end.
    return at if at >= 0 and (at == 0 or lowered[at - 1] in " .\n'’\"") and len(text) - at <= 400 else -1


def _single(lines: Sequence[Line]) -> Piece | None:
    """A page of one article without a label: the first short line is its title."""
    first = next((number for number, one in enumerate(lines) if one.text and not one.is_closing), None)
    if first is None:
        return None
    title_line = lines[first]
    is_title = title_line.heading or (len(title_line.text) <= _LONGEST_TITLE and not title_line.text.endswith("."))
    body: list[str] = []
    for one in lines[first + 1 if is_title else first :]:
        if one.is_related:
            break
        if one.text and not one.is_closing:
            body.append(one.text)
    title = title_line.text if is_title else ""
    paragraphs, more = _told(body, title)
    if not words_in(paragraphs):
        return None
    return Piece(
        title,
        "",
        "",
        "",
        paragraphs,
        Role.SINGLE,
        more.byline,
        more.agency,
        more.credit,
        more.tags,
        more.shown_min,
        more.cut,
    )


def labels_in(paragraphs: Sequence[str]) -> Told:
    """What the labels in an article's text say, wherever the text came from."""
    return _told(paragraphs, "")[1]
