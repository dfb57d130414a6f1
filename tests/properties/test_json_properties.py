"""What holds for all JSON: both ways of the gate agree, canonical bytes are those of RFC 8785, and cuts change nothing."""

import importlib
import itertools
import json
import math
import re
from pathlib import Path

import pytest
import rfc8785
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tocsin.errors import MEANINGS, FormatError
from tocsin.formats import strictjson
from tocsin.formats.bundle import BundleSplitter
from tocsin.formats.canonical import encode
from tocsin.formats.strictjson import MAX_DEPTH, MAX_INTEGER, MAX_KEY_CHARS, parse

FUZZ = Path(__file__).resolve().parents[2] / "fuzz"

# -- values and the many ways of writing them ------------------------------------------------------------------------

texts = st.one_of(
    st.sampled_from(
        ["", "a", "objects", '":', '"', "\\", '\\":', " :", "{[", "\\u0000", "é", "\U0001f600", "\ufb33", "\n"]
    ),
    st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=8),
)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-MAX_INTEGER, MAX_INTEGER),
    st.floats(allow_nan=False, allow_infinity=False).filter(lambda f: not 2.0**53 <= abs(f) < 1e21),
    texts,
)
values = st.recursive(
    scalars, lambda v: st.one_of(st.lists(v, max_size=4), st.dictionaries(texts, v, max_size=4)), max_leaves=12
)
objects = st.dictionaries(texts, values, max_size=5)

gaps = st.sampled_from([b"", b"", b"", b" ", b"\n    ", b"\t\r\n "])
literals = st.sampled_from(
    [
        b"0",
        b"-0",
        b"-0.0",
        b"1.0",
        b"1e5",
        b"1E-9",
        b"1e16",
        b"1e400",
        b"-1e999",
        b"9007199254740991",
        b"9007199254740992",
        b"-9007199254740992",
        b"9223372036854775808",
        b"18446744073709551616",
        b"1" * 60,
        b"0.1234567890123456789012345",
        b"12345678901234567890.5",
        b"1e-330",
        b"4.9e-324",
        b"NaN",
        b"-Infinity",
        b"01",
        b"1.",
        b"true",
        b"nul",
    ]
)
strings = st.sampled_from(
    [
        rb'"a"',
        rb'"\u0061"',
        rb'"b"',
        rb'""',
        rb'"\""',
        rb'"\\"',
        rb'"a\":"',
        rb'":a"',
        rb'"a\\":"',
        rb'"\u0000"',
        rb'"\\u0000"',
        rb'"\ud83d\ude00"',
        rb'"\ud83d"',
        rb'"\udc00"',
        '"é€😀"'.encode(),
        b'"\xff"',
        b'"\n"',
        rb'"\q"',
        b'"' + b"k" * 257 + b'"',
    ]
)


@st.composite
def written(draw, depth=4):
    """JSON text with every liberty and every fault a producer may take, one object or array inside another."""
    kind = draw(st.integers(0, 5)) if depth else 0
    if kind == 0:
        return draw(literals)
    if kind == 1:
        return draw(strings)
    pieces = []
    for _ in range(draw(st.integers(0, 4))):
        key = draw(strings) + draw(gaps) + b":" + draw(gaps) if kind > 2 else b""
        pieces.append(draw(gaps) + key + draw(written(depth - 1)) + draw(gaps))
    return (b"{%b}" if kind > 2 else b"[%b]") % b",".join(pieces)


@st.composite
def styled(draw, value):
    """One of the usual ways of writing a value."""
    indent = draw(st.sampled_from([None, None, 0, 3, "\t"]))
    separators = draw(st.sampled_from([None, (",", ":"), (" , ", " : ")]))
    return json.dumps(value, indent=indent, separators=separators, ensure_ascii=draw(st.booleans())).encode()


@st.composite
def mutated(draw, text):
    """A text with up to three stretches cut out, doubled or replaced."""
    data = draw(text)
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(data)))
        end = min(len(data), at + draw(st.integers(0, 6)))
        piece = draw(
            st.sampled_from(
                [b"", b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b"0", b"-", b"e9", b"\x00", data[at:end] * 2]
            )
        )
        data = data[:at] + piece + data[end:]
    return data


# -- the gate --------------------------------------------------------------------------------------------------------


class RefusedError(Exception):
    pass


def refuse(*_):
    raise RefusedError


def oracle(data):
    """The rules again, by the standard library's hooks and a recursion; shares no code with the gate."""

    def pairs(found):
        keys = [key for key, _ in found]
        if len(set(keys)) < len(keys) or any(len(key) > MAX_KEY_CHARS for key in keys):
            raise RefusedError
        return dict(found)

    def integer(digits):
        return int(digits) if abs(float(digits)) < 2.0**53 else refuse()

    def real(digits):
        size = abs(float(digits))
        return float(digits) if size < 2.0**53 or (size >= 1e21 and math.isfinite(size)) else refuse()

    def walk(value, depth):
        if isinstance(value, str) and re.search("[\x00\ud800-\udfff]", value):
            raise RefusedError
        if isinstance(value, dict | list) and depth == MAX_DEPTH:
            raise RefusedError
        if isinstance(value, dict):
            walk(list(value), depth)
        for child in (value.values() if isinstance(value, dict) else value) if isinstance(value, dict | list) else ():
            walk(child, depth + 1)

    try:
        text = data.decode()
        value = json.loads(text, object_pairs_hook=pairs, parse_int=integer, parse_float=real, parse_constant=refuse)
        walk(value, 0)
    except (RefusedError, ValueError, RecursionError):
        return None
    return repr(value)


def verdict(read, data):
    try:
        return repr(read(data))
    except FormatError as error:
        assert error.code.startswith("format.json-")
        assert error.code in MEANINGS
        return None


def check_gate(data):
    found = verdict(parse, data)
    assert found == verdict(strictjson._parse_exactly, data)
    assert found == oracle(data)


@pytest.mark.slow
@settings(max_examples=100)
@given(st.one_of(written(), mutated(written())))
@example(b'{"a" :1,"a":2}')
@example(b'{"a\\\\":1,"a\\\\":2,"x":":y"}')
@example(b"[" * 65 + b"]" * 65)
@example(b"[" * 64 + b"]" * 64)
def test_the_short_and_the_exact_way_agree_with_an_oracle(data):
    check_gate(data)


@pytest.mark.slow
@settings(max_examples=60)
@given(mutated(values.flatmap(styled)))
def test_what_producers_write_with_faults_put_in(data):
    check_gate(data)


@settings(max_examples=60)
@given(st.binary(max_size=40))
def test_any_bytes_give_a_value_or_a_format_error(data):
    check_gate(data)


@settings(max_examples=60)
@given(st.data(), values)
def test_what_was_written_is_read(data, value):
    assert repr(parse(data.draw(styled(value)))) == repr(value)


# -- canonical bytes -------------------------------------------------------------------------------------------------


@settings(max_examples=60)
@given(values)
def test_canonical_bytes_are_those_of_the_reference(value):
    canonical = encode(value)
    assert canonical == rfc8785.dumps(value)
    assert encode(parse(canonical)) == canonical


# -- many objects ----------------------------------------------------------------------------------------------------


def cut(data, ends):
    places = sorted({0, len(data), *(end % (len(data) + 1) for end in ends)})
    return [data[a:b] for a, b in itertools.pairwise(places)]


def split(chunks, **limits):
    splitter, found = BundleSplitter(**limits), []
    try:
        for chunk in chunks:
            found += splitter.feed(chunk)
        return found + splitter.close(), None
    except FormatError as error:
        return found, str(error)


cuts = st.lists(st.integers(0, 2000), max_size=12)
SHAPES = (
    (b"", b"\n", b"\n"),
    (b"", b"", b""),
    (b" [ ", b" ,\r\n", b"]"),
    (b'{"objects":[', b",", b"]}"),
    (
        b'{"type": "bundle", "x": [{"objects": [1]}],\n"objects" : [\n',
        b",\n  ",
        b'\n], "more":"\\"}", "y":{"objects":[2]}}\n',
    ),
)


@pytest.mark.slow
@settings(max_examples=50)
@given(st.data(), st.sampled_from(SHAPES), cuts)
def test_every_slice_is_the_objects_own_bytes(data, shape, ends):
    before, between, after = shape
    items = data.draw(st.lists(objects.flatmap(styled), max_size=5))
    if not before:  # on the top level an array under "objects" would make the object a container
        items = [item for item in items if not isinstance(json.loads(item).get("objects"), list)]
    stream = before + between.join(items) + after
    assert split(cut(stream, ends)) == (items, None)


@settings(max_examples=100)
@given(
    st.lists(st.sampled_from([*(bytes([c]) for c in b'{}[]{}[]",:\\ a'), b'"objects":[', b'"objects"', b"{}", b'"a"'])),
    cuts,
)
@example([b"[]", b" ", b"a"], [2])
def test_the_outcome_does_not_depend_on_the_cuts(pieces, ends):
    stream = b"".join(pieces)
    found, fault = split([stream], max_object_bytes=20)
    assert split(cut(stream, ends), max_object_bytes=20) == (found, fault)
    assert split(cut(stream, range(len(stream))), max_object_bytes=20) == (found, fault)
    at = 0
    for item in found:
        at = stream.index(item, at) + len(item)
        assert len(item) <= 20


# -- fuzz targets ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["fuzz_strictjson", "fuzz_bundle"])
def test_the_fuzz_targets_run(name, monkeypatch, capsys):
    monkeypatch.syspath_prepend(str(FUZZ))
    target = importlib.import_module(name)
    mutation = importlib.import_module("mutation")
    mutation.drive(target.one_input, target.SAMPLES, ["--runs", "200", "--seed", "7"])
    assert "200 runs" in capsys.readouterr().out


def test_the_fuzz_loop_finds_a_planted_fault(monkeypatch, capsys):
    monkeypatch.syspath_prepend(str(FUZZ))
    mutation = importlib.import_module("mutation")

    def one_input(data):
        assert b"}}" not in data

    with pytest.raises(AssertionError):
        mutation.drive(one_input, [b'{"a":{}, "b":1}'], ["--runs", "2000", "--seed", "7"])
    assert "7d7d" in capsys.readouterr().err
