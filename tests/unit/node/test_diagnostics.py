"""Diagnostics: one JSON line for each event, bounded."""

import json

from tocsin.node.diagnostics import Diagnostics


class Clock:
    def now_us(self):
        return 1_000_000


def test_one_line_each(capsys):
    note = Diagnostics("aa", Clock())
    note("receive.gap", "bb", "two\nlines")
    note("store.full", "", "x" * 1000)
    captured = capsys.readouterr()
    lines = [json.loads(line) for line in captured.err.splitlines()]
    assert captured.out == ""
    assert lines[0] == {
        "time": "1970-01-01T00:00:01.000000Z",
        "node": "aa",
        "code": "receive.gap",
        "peer": "bb",
        "what": "two\nlines",
    }
    assert len(lines[1]["what"]) == 300
