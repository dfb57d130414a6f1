"""Stamps: times as pages write them, in English, French, Arabic, Spanish, Russian; and the interval that each means.

What is relative is resolved against the time of capture, never against another clock. "2 days ago" may have been rounded
either way, so its interval reaches from half a unit before to one unit behind.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final, NamedTuple

import dateparser

from tocsin.desk.document import Clock, Way
from tocsin.desk.reading import labels
from tocsin.desk.reading.months import DUALS, MONTHS, NUMBERS, UNITS, WEEKDAYS, plain
from tocsin.formats.text import to_microseconds

SECOND_US: Final = 1_000_000
DAY_US: Final = 86_400 * SECOND_US
_LONGEST: Final = 160
_SAME_LENGTH: Final = str.maketrans("أإآٱىةؤئ٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "ااااي\u0647وي01234567890123456789")
_DOTS: Final = re.compile("[\u0610-\u061a\u064b-\u065f\u0670\u200b-\u200f\u2066-\u2069\u202a-\u202e\u061c]")


def _any(names: Iterable[str]) -> str:
    return "|".join(sorted({re.escape(one).replace(r"\ ", r"[\s\u00a0]+") for one in names}, key=len, reverse=True))


_MONTH: Final = _any(MONTHS)
_DAY: Final = _any(WEEKDAYS)
_UNIT: Final = _any(UNITS)
_WORDS: Final = _any(NUMBERS)
_CLOCK: Final = r"(?P<h>[01]?\d|2[0-3])[:hH](?P<m>[0-5]\d)(?::(?P<s>[0-5]\d))?(?:\s?(?P<half>[ap]\.?m\b\.?))?"
_ZONE: Final = r"(?:\s?(?P<zone>Z|UTC|GMT|[+-]\d\d:?\d\d))?"
_JOIN: Final = r"(?:\s*(?:,|-|–|—|\||·|•|at|à|a las|в|T|الساعة|على الساعة)?\s*)"
_WEEK: Final = rf"(?:(?:{_DAY})\.?,?\s+)?(?:(?:le|el|on)\s+)?"
_TIME: Final = rf"(?:{_JOIN}{_CLOCK}{_ZONE})?"
_YEAR: Final = r"(?P<y>(?:19|20)\d\d)"
_NUM: Final = r"(?P<d>0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th|er|º)?"

_FORMS: Final = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        rf"{_WEEK}(?<!\d){_YEAR}[-/.](?P<n>0?[1-9]|1[0-2])[-/.]{_NUM}(?!\d){_TIME}",
        rf"{_WEEK}(?<![\d.]){_NUM}[-/.](?P<n>0?[1-9]|1[0-2])[-/.]{_YEAR}(?!\d){_TIME}",
        rf"{_WEEK}(?<![\d]){_NUM}\s*(?:de\s+|من\s+|-)?(?P<name>{_MONTH})\.?(?:\s*/\s*(?:{_MONTH}))?\s*,?(?:\s*(?:de\s+|del\s+|-)?{_YEAR}(?!\d)(?:\s?(?:г\.|года|г))?)?{_TIME}",
        rf"{_WEEK}(?<![^\W\d_])(?P<name>{_MONTH})\.?\s+{_NUM}(?!\d)(?:,?\s+{_YEAR}(?!\d))?{_TIME}",
    )
)
_AGE: Final = re.compile(
    rf"(?:(?:il\s+y\s+a|hace|depuis|قبل|منذ)\s+(?:(?P<n1>\d{{1,3}}|{_WORDS})\s*)?(?P<u1>{_any([*UNITS, *DUALS])})(?!\w)(?:\s+(?P<one>واحد|واحده))?)"
    rf"|(?:(?P<n2>\d{{1,3}}|{_WORDS})\s*(?P<u2>{_UNIT})\.?\s+(?:ago|назад|atrás)(?!\w))"
    rf"|(?:(?P<u3>секунду|минуту|час|день|неделю|месяц|год)\s+назад(?!\w))",
    re.IGNORECASE,
)
_NEAR: Final = re.compile(
    r"(?:(?P<now>just now|right now|à l[’']instant|ahora mismo|только что|الآن|الان)"
    r"|(?P<yesterday>\byesterday\b|\bhier\b|\bayer\b|\bвчера\b|(?<!\w)(?:أمس|امس)(?!\w))"
    r"|(?P<today>\btoday\b|\baujourd[’']hui\b|\bhoy\b|\bсегодня\b|(?<!\w)اليوم(?!\w)))" + _TIME,
    re.IGNORECASE,
)
_NOW: Final = "الان"  # "now", as `normal` has it: outlets are called after it, as after words for today
_SIGNS: Final = re.compile(r"[|·•—–/,،()\[\]]|(?:^|\s)-\s")
_BEHIND: Final = re.compile(
    rf"\s*(?:\.?$|{_SIGNS.pattern}|(?:(?:at|à|a las|в|الساعة|على الساعة)\s*)?\d)", re.IGNORECASE
)
_WESTERN: Final = re.compile(
    r"(?<![\d.])(?P<n>0?[1-9]|1[0-2])/(?P<d>1[3-9]|2\d|3[01])/(?P<y>(?:19|20)\d\d)(?!\d)" + _TIME
)
_RANGES: Final = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        rf"(?<![^\W\d_])(?P<name>{_MONTH})\.?\s+(?P<a>\d{{1,2}})\s*(?:-|–|—|to|and|through|until)\s*(?P<b>\d{{1,2}})(?!\d)(?:,?\s+{_YEAR}(?!\d))?",
        rf"(?<![\d])(?P<a>\d{{1,2}})(?:er)?\s*(?:-|–|—|to|and|et|au|al|y|по|و|إلى|الى|الي)\s*(?P<b>\d{{1,2}})\s*(?:de\s+|من\s+)?(?P<name>{_MONTH})\.?(?!\w)(?:\s*,?\s*(?:de\s+|del\s+)?{_YEAR}(?!\d))?",
        rf"(?<![^\W\d_])(?P<name>{_MONTH})\.?\s+(?P<a>\d{{1,2}})\s+(?:to|and|through)\s+(?:{_MONTH})\.?\s+(?P<b>\d{{1,2}})(?!\d)(?:,?\s+{_YEAR}(?!\d))?",
    )
)


class Stamp(NamedTuple):
    """A time found in a line, from `start` to before `end`, as it is written there."""

    start: int
    end: int
    text: str
    relative: bool


def normal(text: str) -> str:
    """The text with Western digits and folded Arabic, in the same length: offsets hold."""
    if text.isascii():
        return text
    return text.translate(_SAME_LENGTH)


def _stamps(line: str) -> Iterator[Stamp]:
    text = normal(line)
    for form in (_AGE, _WESTERN, *_FORMS):
        for found in form.finditer(text):
            yield Stamp(found.start(), found.end(), found[0], form is _AGE)
    for found in _NEAR.finditer(text):
        if not (found["today"] or found[0] == _NOW) or _stands_alone(line, found):
            yield Stamp(found.start(), found.end(), found[0], True)


def _stands_alone(line: str, found: re.Match[str]) -> bool:
    """Whether nothing but a label or an hour is beside a word for today: in "USA Today" it is part of a name."""
    before = _SIGNS.split(line[: found.start()])[-1].strip()
    is_first = not before or before.endswith(":") or labels.is_label(before)
    return is_first and (bool(found["h"]) or _BEHIND.match(line, found.end()) is not None)


def stamps_in(line: str) -> list[Stamp]:
    """Times in a line, the longest where several overlap, in order. Lines longer than a label's have none."""
    if len(line) > _LONGEST:
        return []
    taken: list[Stamp] = []
    for one in sorted(_stamps(line), key=lambda stamp: (stamp.start - stamp.end, stamp.start)):
        if all(one.end <= other.start or one.start >= other.end for other in taken):
            trimmed = (
                line[one.start : one.end].strip(" ,")
                if one.text.endswith("г.")
                else line[one.start : one.end].strip(" ,.")
            )
            start = line.index(trimmed, one.start)
            taken.append(Stamp(start, start + len(trimmed), trimmed, one.relative))
    return sorted(taken)


def resolve(text: str, seen_us: int, way: Way) -> Clock | None:
    """The interval a stamp means, seen from the capture. None if it cannot be read."""
    plain_text = _DOTS.sub("", normal(text.strip()))
    span = _relative(plain_text, seen_us)
    if span is not None:
        return Clock(text, span[0], min(span[1], seen_us), way, relative=True)
    span = _range(plain_text, seen_us) or _absolute(plain_text, seen_us)
    if span is None:
        span = _parsed(text.strip()[:_LONGEST], seen_us // DAY_US)
    return Clock(text, *span, way) if span is not None else None


def _relative(text: str, seen_us: int) -> tuple[int, int] | None:
    found = _AGE.search(text)
    if found:
        unit = plain(found["u1"] or found["u2"] or found["u3"])
        word = found["n1"] or found["n2"] or ""
        number = int(word) if word.isdecimal() else NUMBERS.get(plain(word), 1)
        seconds = UNITS.get(unit, 0)
        if not seconds:
            seconds, number = DUALS[unit], 2
        step = seconds * SECOND_US
        return max(seen_us - (number + 1) * step, 0), max(seen_us - number * step + step // 2, 0)
    found = _NEAR.search(text)
    if found is None or (not found["now"] and _first_form(text) is not None):
        return None
    day = seen_us // DAY_US * DAY_US
    if found["now"]:
        return seen_us - 3600 * SECOND_US, seen_us
    if found["yesterday"]:
        return day - DAY_US, day - 1
    return day, day + DAY_US - 1


def _first_form(text: str) -> re.Match[str] | None:
    for form in (_WESTERN, *_FORMS):
        found = form.search(text)
        if found:
            return found
    return None


def _absolute(text: str, seen_us: int) -> tuple[int, int] | None:
    found = _first_form(text)
    if found is None:
        return None
    given = found.groupdict()
    month = int(given["n"]) if given.get("n") else MONTHS[plain(re.sub(r"\s+", " ", given["name"]))]
    day = _dated(given.get("y"), month, int(given["d"]), seen_us)
    if day is None:
        return None
    first = to_microseconds(datetime(day.year, day.month, day.day, tzinfo=UTC))
    if not given["h"]:
        return first, first + DAY_US - 1
    hour = int(given["h"])
    if given["half"]:
        hour = hour % 12 + (12 if given["half"][0].lower() == "p" else 0)
    moment = first + (hour * 3600 + int(given["m"]) * 60 + int(given["s"] or 0)) * SECOND_US
    zone = given["zone"] or ""
    if zone[:1] in ("+", "-"):
        minutes = int(zone[1:3]) * 60 + int(zone[-2:])
        moment += (minutes if zone[0] == "-" else -minutes) * 60 * SECOND_US
    precise = SECOND_US if given["s"] else 60 * SECOND_US
    return moment, moment + precise - 1


def _dated(year: str | None, month: int, day: int, seen_us: int) -> date | None:
    """A date; without a year the nearest one to the capture."""
    seen = datetime.fromtimestamp(seen_us // SECOND_US, UTC).date()
    years = [int(year)] if year else [seen.year - 1, seen.year, seen.year + 1]
    made = []
    for one in years:
        try:
            made.append(date(one, month, day))
        except ValueError:
            continue
    return min(made, key=lambda one: abs(one - seen), default=None)


def _range(text: str, seen_us: int) -> tuple[int, int] | None:
    for form in _RANGES:
        found = form.search(text)
        if found:
            month = MONTHS[plain(re.sub(r"\s+", " ", found["name"]))]
            low, high = int(found["a"]), int(found["b"])
            first = _dated(found["y"], month, low, seen_us)
            last = _dated(found["y"], month, high, seen_us)
            if first and last and low < high and first <= last:
                return _day(first), _day(last) + DAY_US - 1
    return None


def _day(day: date) -> int:
    return to_microseconds(datetime(day.year, day.month, day.day, tzinfo=UTC))


@lru_cache(1024)
def _parsed(text: str, day: int) -> tuple[int, int] | None:
    """What the tables do not know, by dateparser: a date with day, month and year, in the languages it tells apart."""
    if not any(one.isdigit() for one in text) or len(text) > 60:
        return None
    base = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)
    made = dateparser.parse(
        text,
        settings={
            "RELATIVE_BASE": base.replace(tzinfo=None),
            "DATE_ORDER": "DMY",
            "TIMEZONE": "UTC",
            "RETURN_AS_TIMEZONE_AWARE": True,
            "REQUIRE_PARTS": ["day", "month", "year"],
            "PARSERS": ["absolute-time"],
        },
    )
    if made is None:
        return None
    first = _day(made.astimezone(UTC).date())
    return first, first + DAY_US - 1


def event_in(text: str, published: Clock) -> Clock | None:
    """When the event was, by the text: the first range, date or weekday in it, seen from the publication."""
    plain_text = normal(text)
    ranges = [found for form in _RANGES if (found := form.search(plain_text))]
    dates = [found for form in (_WESTERN, *_FORMS) if (found := form.search(plain_text))]
    for found in sorted(ranges, key=lambda one: one.start()):
        span = _range(found[0], published.last_us)
        if span and (not dates or found.start() <= min(one.start() for one in dates) + 4):
            return Clock(text[found.start() : found.end()].strip(" ,."), *span, Way.TEXT)
    for found in sorted(dates, key=lambda one: (one.start(), -one.end())):
        span = _absolute(found[0], published.last_us)
        if span:
            return Clock(text[found.start() : found.end()].strip(" ,."), *span, Way.TEXT)
    return _weekday(text, plain_text, published)


_ON: Final = re.compile(rf"(?<!\w)(?P<day>{_DAY})(?!\w)", re.IGNORECASE)


def _weekday(text: str, plain_text: str, published: Clock) -> Clock | None:
    for found in _ON.finditer(plain_text):
        if len(found["day"]) < 5:
            continue  # "mon", "sat", "mar" are words
        wanted = WEEKDAYS[plain(found["day"])]
        last = datetime.fromtimestamp(published.last_us // SECOND_US, UTC).date()
        day = last - timedelta(days=(last.weekday() - wanted) % 7)
        return Clock(text[found.start() : found.end()], _day(day), _day(day) + DAY_US - 1, Way.TEXT, relative=True)
    return None
