"""Timestamps from clients: every spelling of RFC 3339 is the same instant, and nothing else is one."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.edge.taxii.instants import parse
from tocsin.formats.text import instant

SECOND = 1_577_836_800_000_000  # 2020-01-01T00:00:00Z


@pytest.mark.parametrize(
    ("text", "micros"),
    [
        ("2020-01-01T00:00:00Z", 0),
        ("2020-01-01t00:00:00z", 0),
        ("2020-01-01 00:00:00Z", 0),
        ("2020-01-01T00:00:00.5Z", 500_000),
        ("2020-01-01T00:00:00.000001Z", 1),
        ("2020-01-01T00:00:00.0000019Z", 1),
        ("2020-01-01T00:00:00.1234567890123456789Z", 123_456),
        ("2020-01-01T01:00:00+01:00", 0),
        ("2020-01-01T01:00:00 01:00", 0),
        ("2019-12-31T23:30:00-00:30", 0),
        ("2019-12-31T23:59:60Z", 0),
        ("2019-12-31T23:59:60.25Z", 250_000),
    ],
)
def test_one_instant_in_many_spellings(text, micros):
    assert parse(text) == SECOND + micros


@pytest.mark.parametrize(
    "text",
    [
        "", "garbage", "2020-01-01", "2020-01-01T00:00:00", "2020-01-01T00:00Z", "2020-02-30T00:00:00Z",
        "2020-13-01T00:00:00Z", "2020-01-01T25:00:00Z", "2020-01-01T00:60:00Z", "2020-01-01T00:00:61Z",
        "2020-01-01T00:00:00.Z", "2020-01-01T00:00:00+1:00", "0000-01-01T00:00:00Z", "0001-01-01T00:00:00+23:00",
        "9999-12-31T23:59:59-23:00", "２０２０-01-01T00:00:00Z", "2020-01-01T00:00:00Z,2021-01-01T00:00:00Z",
        "-2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z\n", "1577836800",
    ],
)  # fmt: skip
def test_everything_else_is_none(text):
    assert parse(text) is None


@settings(max_examples=60)
@given(st.integers(-62_135_596_800_000_000, 253_402_300_799_999_999))
def test_what_we_write_we_read(micros):
    written = instant(micros)
    # strftime leaves out the leading zeros of years before 1000.
    assert parse(written.rjust(27, "0")) == micros


@settings(max_examples=60)
@given(st.text("0123456789-:.TZtz+ ", max_size=40))
def test_any_text_is_an_instant_or_none(text):
    assert isinstance(parse(text), int | None)
