"""Reading what somebody said in a STIX object of ours: every value of its kind and within its limit, or FormatError."""

import re
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, TypeVar

from tocsin.errors import FormatError
from tocsin.formats.text import instant, to_microseconds

T = TypeVar("T", bound=StrEnum)
_INSTANT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z")
_YEAR_10000_US: Final = 253_402_300_800_000_000
_ID: Final = re.compile(r"[a-z][a-z0-9-]{2,99}--[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def stamp(microseconds: int) -> str:
    """An instant as STIX has it, to the millisecond: 2026-11-21T20:44:42.000Z."""
    return instant(microseconds)[:-4] + "Z"


def is_stamp(microseconds: int) -> bool:
    """Whether an instant is whole milliseconds after 1970 and before the year 10000, as stamp() can write it."""
    return 0 < microseconds < _YEAR_10000_US and microseconds % 1000 == 0


def is_id(text: str) -> bool:
    """Whether a text has the form of a STIX id."""
    return _ID.fullmatch(text) is not None


def check_text(text: str, most: int, code: str, *, lines: bool = True) -> None:
    """1 to `most` printable characters; line feeds only if `lines`. Raises FormatError(code)."""
    bare = text.replace("\n", "") if lines else text
    if not 0 < len(text) <= most or not bare.isprintable() or not text.strip():
        raise FormatError(code, f"a text is not 1 to {most} printable characters")


class Fields:
    """A JSON object read strictly: each value of its kind and within its limit, else FormatError(code)."""

    def __init__(self, values: Mapping[str, Any], code: str) -> None:
        self._values = values
        self._code = code

    def require(self, needed: frozenset[str], may: frozenset[str]) -> None:
        """All of `needed`, and nothing that is in neither."""
        if needed - self._values.keys() or self._values.keys() - needed - may:
            raise FormatError(self._code, "a property is missing, or one is not known")

    def text(self, name: str, most: int) -> str:
        """A text of up to `most` characters."""
        found = self._values.get(name)
        if not isinstance(found, str) or not 0 < len(found) <= most:
            raise FormatError(self._code, f"{name} is not a text of 1 to {most} characters")
        return found

    def texts(self, name: str, most: int) -> tuple[str, ...]:
        """A list of 1 to `most` texts."""
        found = self._values.get(name)
        if not isinstance(found, list) or not 0 < len(found) <= most or not all(isinstance(one, str) for one in found):
            raise FormatError(self._code, f"{name} is not a list of 1 to {most} texts")
        return tuple(found)

    def number(self, name: str, least: int, most: int) -> int:
        """A whole number within its limits."""
        found = self._values.get(name)
        if type(found) is not int or not least <= found <= most:
            raise FormatError(self._code, f"{name} is not a whole number from {least} to {most}")
        return found

    def flag(self, name: str) -> bool:
        """True or false."""
        found = self._values.get(name)
        if type(found) is not bool:
            raise FormatError(self._code, f"{name} is neither true nor false")
        return found

    def instant(self, name: str) -> int:
        """An instant in UTC to the millisecond, as microseconds since 1970."""
        found = self._values.get(name)
        try:
            if not isinstance(found, str) or not _INSTANT.fullmatch(found):
                raise ValueError
            moment = to_microseconds(datetime.fromisoformat(found))
        except ValueError:
            raise FormatError(self._code, f"{name} is not an instant in UTC to the millisecond") from None
        if moment <= 0:
            raise FormatError(self._code, f"{name} is before 1970")
        return moment

    def one_of(self, name: str, kinds: type[T]) -> T:
        """A word of a closed list."""
        found = self._values.get(name)
        try:
            return kinds(str(found))
        except ValueError:
            raise FormatError(self._code, f"{name} is not one of {', '.join(kinds)}") from None
