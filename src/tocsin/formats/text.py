"""The few textual forms that several formats share: handles, instants."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from tocsin.errors import FormatError

_HANDLE: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def check_handle(handle: str) -> str:
    """The handle itself: 2 to 32 of a-z, 0-9 and inner hyphens. Raises FormatError("format.handle")."""
    if not isinstance(handle, str) or not _HANDLE.fullmatch(handle):
        raise FormatError("format.handle", "a handle is 2 to 32 characters a-z, 0-9 and inner hyphens")
    return handle


def instant(microseconds: int) -> str:
    """Microseconds since 1970 as RFC 3339 in UTC with six decimals, e.g. 2026-11-21T20:44:42.000000Z."""
    return (_EPOCH + timedelta(microseconds=microseconds)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def to_microseconds(moment: datetime) -> int:
    """An aware instant as whole microseconds since 1970."""
    delta = moment - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds
