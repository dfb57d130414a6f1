"""The files that firewalls read: header, one value a line, nothing that could be taken for more than a value."""

import csv
import json

import pytest

from tocsin.exporters import blocklist
from tocsin.formats.tlp import Tlp

ENTRIES = [
    {"kind": "ip", "value": "45.95.147.236", "origins": 2, "members": ["aa", "bb"], "objects": [], "marking": "GREEN"},
    {"kind": "url", "value": 'http://evil.org/?a=1,"2"', "origins": 3, "members": ["aa"], "objects": [], "marking": Tlp.AMBER.label},
]  # fmt: skip


def told(entries=ENTRIES, manual=False, channel=None):
    return {
        "made": "2026-11-22T00:00:00.000000Z",
        "member": "cc",
        "channel": channel,
        "min_origins": 1 if manual else 2,
        "manual": manual,
        "exported": len(entries),
        "held_back": 3,
        "held_back_by": {"public-dns-v4": 2, "tranco": 1},
        "entries": entries,
    }


def test_plain_has_a_header_that_tells_time_counts_and_what_was_held_back():
    lines = list(blocklist.lines(told(channel="ports"), "plain"))
    header = [one for one in lines if one.startswith("#")]
    assert "2026-11-22" in header[0]
    assert "ports" in header[0]
    assert "automatic blocking; 2 or more" in header[1]
    assert "2 exported, 3 held back" in header[2]
    assert header[3:] == ["# held back by public-dns-v4: 2", "# held back by tranco: 1"]
    assert lines[len(header) :] == ["45.95.147.236", 'http://evil.org/?a=1,"2"']


def test_csv_can_be_read_back():
    lines = [one for one in blocklist.lines(told(), "csv") if not one.startswith("#")]
    rows = list(csv.DictReader(lines))
    assert [(row["value"], row["origins"], row["members"], row["use"]) for row in rows] == [
        ("45.95.147.236", "2", "aa bb", "automatic blocking"),
        ('http://evil.org/?a=1,"2"', "3", "aa", "automatic blocking"),
    ]


def test_json_is_one_object():
    (line,) = blocklist.lines(told(), "json")
    found = json.loads(line)
    assert [one["value"] for one in found["entries"]] == [one["value"] for one in ENTRIES]
    assert found["held_back_by"] == {"public-dns-v4": 2, "tranco": 1}


@pytest.mark.parametrize("form", blocklist.FORMATS)
def test_what_is_for_people_says_so(form):
    whole = list(blocklist.lines(told(manual=True), form))
    assert blocklist.MANUAL in whole[0] or blocklist.MANUAL in whole[1]
    assert "use: automatic" not in "\n".join(whole)
    if form != "json":
        values = [one for one in whole if "45.95.147.236" in one]
        assert values
        assert all(blocklist.MANUAL in one for one in values)


@pytest.mark.parametrize("form", blocklist.FORMATS)
@pytest.mark.parametrize("value", ["a\nb", "# all", "a b", "=cmd()", "", "\x1b[2J", "-x", "\u202e1.2.3.4"])
def test_a_value_is_never_more_than_a_value(form, value):
    hostile = [{**ENTRIES[0], "value": value}]
    assert not any(
        "aa bb" in one or one == value for one in blocklist.lines(told(hostile), form) if not one.startswith("{")
    )
    if form == "json":
        (line,) = blocklist.lines(told(hostile), form)
        assert json.loads(line)["entries"] == []
