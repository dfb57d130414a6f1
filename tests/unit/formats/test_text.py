"""Handles and instants."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from tocsin.errors import FormatError
from tocsin.formats.text import check_handle, instant, to_microseconds


@pytest.mark.parametrize("handle", ["aa", "ma-cert", "a1", "0-0", "a" * 32, "a--b"])
def test_handles(handle):
    assert check_handle(handle) == handle


@pytest.mark.parametrize(
    "handle", ["", "a", "a" * 33, "-a", "a-", "Ma", "a_b", "a.b", "a b", "é2", "aa\n", "a/b", None, b"aa", 12]
)
def test_what_is_no_handle(handle):
    with pytest.raises(FormatError) as caught:
        check_handle(handle)
    assert caught.value.code == "format.handle"


@pytest.mark.parametrize(
    ("microseconds", "text"),
    [
        (0, "1970-01-01T00:00:00.000000Z"),
        (1, "1970-01-01T00:00:00.000001Z"),
        (1_790_000_000_000_000, "2026-09-21T14:13:20.000000Z"),
        (-1, "1969-12-31T23:59:59.999999Z"),
        (253_402_300_799_999_999, "9999-12-31T23:59:59.999999Z"),
    ],
)
def test_instants(microseconds, text):
    assert instant(microseconds) == text
    assert to_microseconds(datetime.fromisoformat(text)) == microseconds


def test_an_instant_in_another_zone_is_the_same():
    moment = datetime(2026, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))
    assert to_microseconds(moment) == to_microseconds(datetime(2026, 1, 1, tzinfo=UTC))
