"""The gate: what it lets in, what it refuses, with which code and where."""

import json

import pytest

from tocsin.errors import MEANINGS, FormatError
from tocsin.formats import strictjson
from tocsin.formats.strictjson import MAX_DEPTH, MAX_INTEGER, MAX_KEY_CHARS, MAX_OBJECT_BYTES, parse

INDICATOR = {
    "type": "indicator",
    "spec_version": "2.1",
    "id": "indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f",
    "created": "2026-01-02T03:04:05.678Z",
    "confidence": 80,
    "revoked": False,
    "name": 'Mail « facture : urgent », "objects": {}',
    "pattern": "[file:hashes.'SHA-256' = '4bac27393bdd9777ce02453256c5577cd02275510b2227f473d03f533924f877']",
    "external_references": [{"source_name": "a", "url": "https://example.org/?q=:\\"}],
    "x_empty": [{}, [], "", None],
}


def test_a_real_object_comes_back_whole():
    assert parse(json.dumps(INDICATOR).encode()) == INDICATOR


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(INDICATOR),
        json.dumps(INDICATOR, indent=4),
        json.dumps(INDICATOR, separators=(",", ":")),
        json.dumps(INDICATOR, separators=(",", ":"), ensure_ascii=False),
    ],
)
def test_the_usual_ways_of_writing_take_the_short_way(text, monkeypatch):
    """No timing here: the exact way, ten times as slow, must simply not be needed."""
    monkeypatch.setattr(strictjson, "_parse_exactly", lambda _: pytest.fail("the exact way was taken"))
    assert parse(text.encode()) == INDICATOR


def test_what_is_written_back_unchanged_takes_the_short_way(monkeypatch):
    """Counting alone cannot tell these keys from the strings that look like them."""
    monkeypatch.setattr(strictjson, "_parse_exactly", lambda _: pytest.fail("the exact way was taken"))
    assert parse(b'{"a\\\\":["\\\\\\":",":\\\\"," :"]}') == {"a\\": ['\\":', ":\\", " :"]}


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"{}", {}),
        (b" [ ] \r\n\t", []),
        (b"null", None),
        (b"true", True),
        (b'"\\ud83d\\ude00"', "\U0001f600"),
        (b'"\\/\\b"', "/\b"),
        (b"-0", 0),
        (b"0.5", 0.5),
        (b"1E2", 100.0),
        (b"1e-400", 0.0),
        (b"1e21", 1e21),
        (b"-1.7976931348623157e308", -1.7976931348623157e308),
        (b"9007199254740991.0", float(MAX_INTEGER)),
        (b"9007199254740991", MAX_INTEGER),
        (b"[-9007199254740991]", [-MAX_INTEGER]),
        (b'{"a" : 1}', {"a": 1}),
        (b'{"":{"":0}}', {"": {"": 0}}),
        (b"[" + b'{"a" :[0]},' * 99 + b"0]", [{"a": [0]}] * 99 + [0]),
        (b'{"a":{"a":1},"b":[{"a":1},{"a":2}]}', {"a": {"a": 1}, "b": [{"a": 1}, {"a": 2}]}),
        (b'"\\\\u0000"', "\\u0000"),
        (b'"\x7f"', "\x7f"),
        (b'{"a\\\\":":a\\":"}', {"a\\": ':a":'}),
        (b'{"k":"NaN, {[ Infinity"}', {"k": "NaN, {[ Infinity"}),
        (b"[" * MAX_DEPTH + b"]" * MAX_DEPTH, None),
        (b"[" * MAX_DEPTH + b"1" + b"]" * MAX_DEPTH, None),
        (b'{"%b":1}' % (b"k" * MAX_KEY_CHARS), {"k" * MAX_KEY_CHARS: 1}),
    ],
)
def test_accepted(data, value):
    found = parse(data)
    if value is not None:
        assert repr(found) == repr(value)


HOSTILE = [
    # syntax
    ("empty", b"", "syntax"),
    ("cut short", b'{"a":1', "syntax"),
    ("string without end", b'{"a":"b', "syntax"),
    ("trailing data", b"{} {}", "syntax"),
    ("trailing NUL", b"{}\x00", "syntax"),
    ("trailing comma", b"[1,]", "syntax"),
    ("comment", b"/* a */ {}", "syntax"),
    ("single quotes", b"{'a':1}", "syntax"),
    ("byte order mark", b"\xef\xbb\xbf{}", "syntax"),
    ("UTF-16", '{"a":1}'.encode("utf-16"), "syntax"),
    ("UTF-16 without a mark", '{"a":1}'.encode("utf-16-le"), "syntax"),
    ("not UTF-8", b'"\xff"', "syntax"),
    ("overlong UTF-8", b'"\xc0\xaf"', "syntax"),
    ("surrogate in UTF-8", b'"\xed\xa0\x80"', "syntax"),
    ("bare control character", b'"a\nb"', "syntax"),
    ("bare NUL", b'"a\x00b"', "syntax"),
    ("broken escape", b'"\\x41"', "syntax"),
    ("broken escape before NUL bytes", b'"\\x\x00\x00\x00"', "syntax"),
    ("leading zero", b"01", "syntax"),
    ("leading plus", b"+1", "syntax"),
    ("bare point", b"[1.]", "syntax"),
    ("non-ASCII digits", "\u0661".encode(), "syntax"),
    ("non-breaking space", "\u00a0{}".encode(), "syntax"),
    ("4,301 digits and a point", b"1" * 4301 + b".e", "syntax"),
    ("brackets that cross", b'{"a":[}]', "syntax"),
    # depth
    ("depth 65", b"[" * 65 + b"]" * 65, "depth"),
    ("depth 65 in objects", b'{"a":' * 64 + b"{}" + b"}" * 64, "depth"),
    ("depth 500", b"[" * 500 + b"]" * 500, "depth"),
    ("depth 100,000", b"[" * 100_000 + b"]" * 100_000, "depth"),
    ("depth 100,000, never closed", b'{"a":' * 100_000, "depth"),
    # size
    ("one byte too many", b'"' + b"a" * (MAX_OBJECT_BYTES - 1) + b'"', "size"),
    ("long key", b'{"%b":1}' % (b"k" * 257), "size"),
    ("long key below", b'[{"a":{"%b":1}}]' % (b"k" * 257), "size"),
    # duplicate keys
    ("equal keys", b'{"a":1,"a":2}', "duplicate-key"),
    ("equal keys and values", b'{"a":1,"a":1}', "duplicate-key"),
    ("equal keys deep down", b'[{"b":[{"a":1,"a":2}]}]', "duplicate-key"),
    ("equal keys far apart", b'{"a":1,"b":{"a":{"a":2}},"a":3}', "duplicate-key"),
    ("equal once unescaped", b'{"a":1,"\\u0061":2}', "duplicate-key"),
    ("equal once unescaped, astral", '{"\U0001f600":1,"\\ud83d\\uDE00":2}'.encode(), "duplicate-key"),
    ("equal empty keys", b'{"":1,"":2}', "duplicate-key"),
    ("hidden by a loose colon", b'{"a" :1,"a":2}', "duplicate-key"),
    ("hidden by a loose colon on another line", b'{"a"\n \t:1,"a":2}', "duplicate-key"),
    ("hidden by an escaped backslash", b'{"a\\\\":1,"a\\\\":2,"x":":y"}', "duplicate-key"),
    ("hidden by an escaped quote", b'{"a\\":":1,"a\\":":2,"x":":y"}', "duplicate-key"),
    # numbers
    ("2^53", b"9007199254740992", "number"),
    ("-2^53", b'{"a":[-9007199254740992]}', "number"),
    ("2^64, which some make a float", b"[18446744073709551616]", "number"),
    ("4,300 digits", b"1" * 4300, "number"),
    ("5,000 digits", b"-" + b"1" * 5000, "number"),
    ("2^53+1 as a float", b"9007199254740993.0", "number"),
    ("1e20, which is written as an integer", b"[-1e20]", "number"),
    ("1e400", b"1e400", "number"),
    ("-1e400", b'{"a":-1e400}', "number"),
    ("NaN", b"NaN", "number"),
    ("Infinity", b"[Infinity]", "number"),
    ("-Infinity", b'{"a":-Infinity}', "number"),
    # strings
    ("NUL", b'"\\u0000"', "string"),
    ("NUL in a key", b'{"a\\u0000b":1}', "string"),
    ("lone high surrogate", b'"\\ud800"', "string"),
    ("lone low surrogate", b'["a","b\\udc00c"]', "string"),
    ("surrogates the wrong way round", b'"\\ude00\\ud83d"', "string"),
    ("lone surrogate in a key", b'{"\\uD83D":1}', "string"),
]


@pytest.mark.parametrize(("data", "code"), [row[1:] for row in HOSTILE], ids=[row[0] for row in HOSTILE])
def test_refused(data, code):
    with pytest.raises(FormatError) as refusal:
        parse(data)
    assert refusal.value.code == f"format.json-{code}"
    assert refusal.value.code in MEANINGS


@pytest.mark.parametrize(
    ("data", "at"),
    [
        ('{"é":1,"b":2,"b":3}'.encode(), 14),
        ('["é", tru]'.encode(), 7),
        (b'{"a":[1, 2, 9007199254740993]}', 12),
        (b'{"a":1, "b":"c\\u0000"}', 12),
        (b'"abc\xff"', 4),
        (b'{"a":"b', 5),
        (b"[" * 65, 64),
    ],
)
def test_a_refusal_names_the_byte(data, at):
    with pytest.raises(FormatError, match=f"byte {at}: "):
        parse(data)


@pytest.mark.parametrize(
    "data",
    [
        b'{"CANARY":1,"CANARY":2}',
        b'{"a":"CANARY\\ud800"}',
        b'{"a":"CANARY\\q"}',
        b'{"a":CANARY}',
        b'{"a":"CANARY\xff"}',
        b'{"%b":1}' % (b"CANARY" * 50),
        b"[9007199254740993777]",
    ],
)
def test_a_refusal_never_shows_content(data):
    with pytest.raises(FormatError) as refusal:
        parse(data)
    assert "CANARY" not in str(refusal.value)
    assert "777" not in str(refusal.value)
    assert refusal.value.__cause__ is None
    assert refusal.value.__suppress_context__ or refusal.value.__context__ is None


def test_a_byte_order_mark_is_called_by_its_name():
    with pytest.raises(FormatError, match="byte 0: a byte order mark"):
        parse(b"\xef\xbb\xbf{}")


def test_the_size_limit_is_the_callers():
    assert parse(b"[1234]", max_bytes=6) == [1234]
    with pytest.raises(FormatError, match=r"json-size: 6 bytes of JSON, 5 are allowed"):
        parse(b"[1234]", max_bytes=5)
    big = b'"' + b"a" * MAX_OBJECT_BYTES + b'"'
    assert parse(big, max_bytes=len(big)) == "a" * MAX_OBJECT_BYTES


def test_exactly_a_mebibyte_is_let_in():
    assert len(parse(b'"' + b"a" * (MAX_OBJECT_BYTES - 2) + b'"')) == MAX_OBJECT_BYTES - 2


@pytest.mark.parametrize(
    "piece", [b'\\"', b'"', b"[", b'{"a":', b'"a":', b"\\", b"1", b"[[]]", b'{"a" :0},', b"1.", b"-"]
)
def test_much_of_anything_ends(piece):
    """No piece makes the patterns go over the same bytes again and again: quadratic time would hang here."""
    for before in (b"", b'"', b'{"a":"', b"["):
        with pytest.raises(FormatError):
            parse(before + piece * (30_000 // len(piece)) + b"}")
