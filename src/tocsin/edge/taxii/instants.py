"""Timestamps as clients write them: RFC 3339 in any precision, any case, any offset."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from tocsin.formats.text import to_microseconds

# An unescaped "+" in a query string arrives as a space.
_TIMESTAMP: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}):([0-9]{2})(?:\.([0-9]+))?"
    r"(?:[Zz]|([+\- ])([0-9]{2}):([0-5][0-9]))"
)


def parse(text: str) -> int | None:
    """The instant in microseconds since 1970, finer digits cut off; None when the text is no timestamp."""
    found = _TIMESTAMP.fullmatch(text)
    if found is None:
        return None
    day, minute, second, fraction, sign, hours, minutes = found.groups()
    if second > "60":
        return None
    # datetime knows no leap second: it is the second before, and one more.
    micros = int((fraction or "")[:6].ljust(6, "0")) + 1_000_000 * (second == "60")
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    try:
        local = datetime.fromisoformat(f"{day}T{minute}:{min(second, '59')}").replace(tzinfo=UTC)
        return to_microseconds(local + offset if sign == "-" else local - offset) + micros
    except (ValueError, OverflowError):
        return None
