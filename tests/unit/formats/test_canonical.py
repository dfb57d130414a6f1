"""RFC 8785: its own examples, and what it cannot write."""

import struct

import orjson
import pytest
import rfc8785

from tocsin.errors import FormatError
from tocsin.formats.canonical import encode
from tocsin.formats.strictjson import MAX_DEPTH, parse

# RFC 8785, appendix B: the bits of a double and its text.
NUMBERS = [
    ("0000000000000000", "0"),
    ("8000000000000000", "0"),
    ("0000000000000001", "5e-324"),
    ("8000000000000001", "-5e-324"),
    ("7fefffffffffffff", "1.7976931348623157e+308"),
    ("ffefffffffffffff", "-1.7976931348623157e+308"),
    ("4340000000000000", "9007199254740992"),
    ("c340000000000000", "-9007199254740992"),
    ("4430000000000000", "295147905179352830000"),
    ("44b52d02c7e14af5", "9.999999999999997e+22"),
    ("44b52d02c7e14af6", "1e+23"),
    ("44b52d02c7e14af7", "1.0000000000000001e+23"),
    ("444b1ae4d6e2ef4e", "999999999999999700000"),
    ("444b1ae4d6e2ef4f", "999999999999999900000"),
    ("444b1ae4d6e2ef50", "1e+21"),
    ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
    ("3eb0c6f7a0b5ed8d", "0.000001"),
    ("41b3de4355555553", "333333333.3333332"),
    ("41b3de4355555554", "333333333.33333325"),
    ("41b3de4355555555", "333333333.3333333"),
    ("41b3de4355555556", "333333333.3333334"),
    ("41b3de4355555557", "333333333.33333343"),
    ("becbf647612f3696", "-0.0000033333333333333333"),
    ("43143ff3c1cb0959", "1424953923781206.2"),
]


@pytest.mark.parametrize(("bits", "text"), NUMBERS)
def test_numbers_of_the_standard(bits, text):
    (number,) = struct.unpack(">d", bytes.fromhex(bits))
    assert encode({"n": [number]}) == b'{"n":[%b]}' % text.encode()


@pytest.mark.parametrize("bits", ["7fffffffffffffff", "7ff0000000000000", "fff0000000000000"])
def test_not_a_number(bits):
    (number,) = struct.unpack(">d", bytes.fromhex(bits))
    with pytest.raises(FormatError, match=r"format\.json-number"):
        encode([number])


def test_the_example_of_the_standard():
    """RFC 8785, 3.2.2."""
    value = parse(
        rb"""{
          "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
          "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
          "literals": [null, true, false]
        }"""
    )
    assert (
        encode(value)
        == (
            '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
            '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
        ).encode()
    )


def test_keys_go_by_utf_16():
    """RFC 8785, 3.2.3: an astral key comes before U+FB33, which code points alone would put first."""
    value = parse(
        rb"""{"\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh",
              "1": "One", "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control",
              "\u00f6": "Latin Small Letter O With Diaeresis"}"""
    )
    assert list(parse(encode(value)).values()) == [
        "Carriage Return",
        "One",
        "Control",
        "Latin Small Letter O With Diaeresis",
        "Euro Sign",
        "Emoji: Grinning Face",
        "Hebrew Letter Dalet With Dagesh",
    ]


def test_strings_with_control_characters():
    text = "".join(map(chr, range(0x80))) + "é\u2028\ufeff\U0001f600"
    assert encode(text) == encode([text])[1:-1] == rfc8785.dumps(text)


def test_plain_objects_take_the_short_way(monkeypatch):
    monkeypatch.setattr(rfc8785, "dumps", lambda _: pytest.fail("the exact way was taken"))
    assert encode({"b": [True, None, -3, "é"], "a": {"d": {}, "c": []}}) == (
        '{"a":{"c":[],"d":{}},"b":[true,null,-3,"é"]}'.encode()
    )


@pytest.mark.parametrize(
    "value",
    [
        [1.0],
        {"a": -0.0},
        [1e16],
        [1e-6],
        {"é": 1, "z": 2},
        {"\ufb33": 1, "\U0001f600": 2},
    ],
)
def test_where_orjson_may_differ_it_is_not_used(value, monkeypatch):
    monkeypatch.setattr(orjson, "dumps", lambda *_, **__: pytest.fail("the short way was taken"))
    assert encode(value) == rfc8785.dumps(value)


@pytest.mark.parametrize("number", [2**53, -(2**53), 2**64, 10**5000], ids=["2^53", "-2^53", "2^64", "10^5000"])
def test_large_integers(number):
    assert encode([2**53 - 1, 1 - 2**53]) == b"[9007199254740991,-9007199254740991]"
    with pytest.raises(FormatError, match=r"format\.json-number"):
        encode({"a": [number]})


@pytest.mark.parametrize("value", ["\ud800", ["a\udc00"], {"a": "\ud800"}, {"\ud800": 1}, {"\ud800": 1.5}])
def test_lone_surrogates(value):
    with pytest.raises(FormatError, match=r"format\.json-string"):
        encode(value)


def test_depth_is_that_of_the_reader():
    deepest = []
    for _ in range(MAX_DEPTH - 1):
        deepest = [deepest]
    assert parse(encode(deepest)) == deepest
    for leaf in ({}, [1], (), {"é": 1.5}):
        value = leaf
        for _ in range(MAX_DEPTH):
            value = [value]
        with pytest.raises(FormatError, match=r"format\.json-depth"):
            encode(value)


def test_a_list_inside_itself_ends():
    value = []
    value.append(value)
    with pytest.raises(FormatError, match=r"format\.json-depth"):
        encode(value)


@pytest.mark.parametrize("value", [b"a", {1: 2}, {None: 1}, {"a": {1, 2}}, [object()], {"a": 1j}])
def test_what_is_not_json_is_the_callers_mistake(value):
    with pytest.raises(TypeError):
        encode(value)


def test_tuples_are_arrays():
    assert encode((1, ("a",))) == b'[1,["a"]]'
