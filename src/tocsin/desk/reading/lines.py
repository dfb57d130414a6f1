"""What one line of a page is: text, what may be a title or name an outlet, or who and when."""

import re
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


class Line(NamedTuple):
    """A line of a page, with the time and the rest of it if it says who and when."""

    text: str
    kind: Kind
    words: int
    when: str
    unit: int
    stamp: Stamp | None
    left: str  # of a stamp's line: what stands beside the stamp

    @property
    def is_body(self) -> bool:
        """Whether it is text of an article."""
        if self.kind is Kind.HEADING or self.stamp is not None:
            return False
        ends = labels.ends_sentence(self.text)
        if self.words >= thresholds.BODY_WORDS:
            return ends or self.words > thresholds.TITLE_WORDS[1]
        return ends and self.words >= 8 and self.text.rstrip()[-1] not in "?؟!…"

    @property
    def is_labelled(self) -> bool:
        """Whether it begins what belongs to no article, or to others."""
        return labels.is_related(self.text) or labels.is_after(self.text)

    @property
    def is_title_like(self) -> bool:
        """Whether it may be a title, as far as one line tells."""
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


def words_in(text: str) -> int:
    """How many words a text has."""
    return len(text.split())


def line_of(block: Block) -> Line:
    """What a line is, by itself."""
    text, count = _unbracketed(block), words_in(block.text)
    stamp, left = None, ""
    if count < thresholds.BODY_WORDS and len(text) <= 160 and not is_credit(text):
        found = stamps_in(text) or _unglued(text) or _timed(text, block)
        if found:
            left = _beside(text, found)
            if _is_stamp_line(text, left, found):
                first = _first(found)
                stamp = _trimmed(text, first)
                left = _beside(text, [stamp if one is first else one for one in found])
    return Line(text, block.kind, count, block.when, block.unit, stamp, left)


def _unbracketed(block: Block) -> str:
    """A dateline without its brackets: "(Harbour Gazette, 20 May 2025)", "Harbour Gazette (20 May 2025)"."""
    found = _BRACKETED.fullmatch(block.text) if len(block.text) <= 160 else None
    stamps = stamps_in(found["in"]) if found else []
    if found is None or not stamps:
        return block.text
    if not found["who"]:
        return found["in"]
    left = _beside(found["in"], stamps)
    is_name = block.kind is not Kind.HEADING and words_in(found["who"]) <= 6  # a title may end with a date in brackets
    return f"{found['who']} | {found['in']}" if is_name and (not left or labels.is_label(left)) else block.text


def _first(found: list[Stamp]) -> Stamp:
    """The stamp that counts: what a date says before what one word says ("today")."""
    return next((one for one in found if not one.relative or " " in one.text), found[0])


def _timed(text: str, block: Block) -> list[Stamp]:
    """What a <time> with an instant shows is a time, however it is written: an hour alone, say."""
    at = text.find(block.shown) if block.shown and (block.when or stamps_in(block.shown)) else -1
    return [Stamp(at, at + len(block.shown), block.shown, relative=False)] if at >= 0 else []


def is_credit(text: str) -> bool:
    """Whether a line begins with an agency's short name, as credits do."""
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
    if len(left) > thresholds.OUTLET_CHARACTERS * 2 or words_in(left) > 12:
        return False
    if labels.ends_sentence(text) and text[found[-1].end :].strip():
        return False
    # A title may name a date ("What to know about May 29"): beside a stamp stand separators, or it is at an end.
    at_end = text[found[-1].end :].strip(" .,|") == "" or text[: found[0].start].strip(" .,|•·") == ""
    separated = re.search(r"[|·•—–]|\s-\s|:\s", text) is not None
    return (at_end and words_in(left) <= 6) or separated


def is_outlet_like(text: str) -> bool:
    """Whether a text is as long as names of outlets are and nothing else that is known."""
    text = text.strip()
    return (
        2 <= len(text) <= thresholds.OUTLET_CHARACTERS
        and words_in(text) <= 6
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


def parts_of(left: str) -> list[str]:
    """What stands beside a stamp, cut at its signs, without labels."""
    made = [labels.without_label(part.strip()) for part in _SEPARATORS.split(left)]
    return [part for part in made if part]
