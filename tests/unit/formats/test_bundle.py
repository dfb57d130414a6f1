"""One stream, many objects: which shapes are understood, what ends them, and how little is held."""

import sys

import pytest

from tocsin.errors import FormatError
from tocsin.formats.bundle import BundleSplitter

A = b'{"type": "malware", "name": "a}\\"{[\\\\", "labels": ["x", "{"], "n": {"d": [[[[{"e": {}}]]]]}}'
B = b'{\n  "type" : "tool"\n}'
C = b"{}"


def split(data, cut=None, **limits):
    """All that comes out, then the code of what ended it (None if nothing did)."""
    splitter, found = BundleSplitter(**limits), []
    step = cut or len(data) or 1
    try:
        for at in range(0, len(data), step):
            found += splitter.feed(data[at : at + step])
        found += splitter.close()
    except FormatError as error:
        return found, error.code
    return found, None


ACCEPTED = [
    ("bundle", b'{"type":"bundle","id":"bundle--1","objects":[%b,%b,%b]}\n' % (A, B, C), [A, B, C]),
    ("envelope", b'{"more":true,"next":"1\\"]}","objects":[%b, %b],"x":{"objects":[1]}}' % (A, B), [A, B]),
    ("properties around", b'\r\n{ "a":[[{"b":[]}]], "objects"\n:\t[ %b ] , "b" : "objects", "c":"}"}' % A, [A]),
    ("no objects", b'{"objects": [ ]}', []),
    ("array", b" [ %b ,\n%b,%b]\n" % (A, B, C), [A, B, C]),
    ("empty array", b"[]", []),
    ("lines", b"%b\n%b\r\n\n%b\n" % (A, B, C), [A, B, C]),
    ("no line end", b"%b\n%b" % (A, B), [A, B]),
    ("one after another", A + B + C, [A, B, C]),
    ("single", A, [A]),
    ("nothing", b"", []),
    ("white space", b" \n", []),
    ("several bundles", b'{"objects":[%b]}\n{"objects":[]}{"objects":[%b]}\n%b' % (A, B, C), [A, B, C]),
    (
        "a dictionary of objects",
        b'{"type":"observed-data","objects":{"0":[{}]}}',
        [b'{"type":"observed-data","objects":{"0":[{}]}}'],
    ),
    ("objects is null", b'{"objects":null}', [b'{"objects":null}']),
    ("objects is a value", b'{"a":"objects","b":["objects",[{}]]}', [b'{"a":"objects","b":["objects",[{}]]}']),
    ("objects deeper", b'{"a":{"objects":[{}]}}', [b'{"a":{"objects":[{}]}}']),
    ("objects in an item", b'[{"objects":[{}]}]', [b'{"objects":[{}]}']),
    ("nearly objects", b'{"object":[{}],"objectss":[{}],"":[{}]}', [b'{"object":[{}],"objectss":[{}],"":[{}]}']),
]


@pytest.mark.parametrize(("data", "objects"), [row[1:] for row in ACCEPTED], ids=[row[0] for row in ACCEPTED])
def test_accepted_however_it_is_cut(data, objects):
    for cut in (None, 1, 2, 3, 7):
        assert split(data, cut) == (objects, None)


REFUSED = [
    ("a number", b"1", [], "bundle"),
    ("a string", b'"objects"', [], "bundle"),
    ("a byte order mark", b"\xef\xbb\xbf{}", [], "bundle"),
    ("a comma between lines", b"{},{}", [C], "bundle"),
    ("words after", b"{} x", [C], "bundle"),
    ("a closing brace too many", b"{}}", [C], "bundle"),
    ("an array after an object", b"{}[]", [C], "bundle"),
    ("an array after an empty bundle", b'{"objects":[]}[{}]', [], "bundle"),
    ("an object after an array", b"[{}]{}", [C], "bundle"),
    ("two arrays", b"[][]", [], "bundle"),
    ("numbers in an array", b"[{},1]", [C], "bundle"),
    ("a string in an array", b'{"objects":["a"]}', [], "bundle"),
    ("an array in an array", b"[[{}]]", [], "bundle"),
    ("no comma", b"[{}{}]", [C], "bundle"),
    ("two commas", b"[{},,{}]", [C], "bundle"),
    ("a comma first", b"[,{}]", [], "bundle"),
    ("a comma last", b"[{},]", [C], "bundle"),
    ("second objects", b'{"objects":[{}],"objects":[{"a":1}]}', [C], "bundle"),
    ("second objects, a dictionary", b'{"objects":[{}],"objects":{}}', [C], "bundle"),
    ("ends in an object", b'{}{"a":1', [C], "bundle"),
    ("ends in a string", b'{"a', [], "bundle"),
    ("ends in an escape", b'{"a\\', [], "bundle"),
    ("ends in an array", b"[{}", [C], "bundle"),
    ("ends after a comma", b"[{},", [C], "bundle"),
    ("ends in a container", b'{"objects":[{}]', [C], "bundle"),
    ("ends in a container's tail", b'{"objects":[{}],"a":"', [C], "bundle"),
    ("ends before objects", b'{"objects"', [], "bundle"),
    ("ends in objects", b'{"objects":[', [], "bundle"),
    ("large object", b'{}\n{"a":"12345678901"}', [C], "json-size"),
    ("large item", b'[{},{"a":"12345678901"}]', [C], "json-size"),
    ("large start of a container", b'{"a":"12345678","objects":[{}]}', [], "json-size"),
    ("large tail of a container", b'{"objects":[{}],"a":"1234567890"}', [C], "json-size"),
    ("endless object", b'{"a":"' + b"1" * 100, [], "json-size"),
    ("endless tail", b'{"objects":[{}],' + b'"a":1,' * 100, [C], "json-size"),
    ("endless depth", b"[{}," + b'{"a":[' * 100, [C], "json-size"),
]


@pytest.mark.parametrize(("data", "objects", "code"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_refused_however_it_is_cut(data, objects, code):
    for cut in (None, 1, 2, 3, 7):
        assert split(data, cut, max_object_bytes=18) == (objects, f"format.{code}")


def test_a_slice_is_as_large_as_allowed_and_no_larger():
    for data in (A, b"[" + A + b"]", b'{"objects":[' + A + b"]}"):
        assert split(data, 5, max_object_bytes=len(A)) == ([A], None)
        assert split(data, 5, max_object_bytes=len(A) - 1) == ([], "format.json-size")


def test_white_space_counts_for_nothing():
    space = b" " * 100
    data = space.join([b"[", C, b",", C, b"]", b""])
    assert split(data, 3, max_object_bytes=10) == ([C, C], None)


def test_the_objects_before_a_fault_come_first_and_the_fault_stays():
    splitter = BundleSplitter()
    assert splitter.feed(b"[{},{} oops") == [C, C]
    for call in (lambda: splitter.feed(b""), lambda: splitter.feed(b"{}"), splitter.close):
        with pytest.raises(FormatError, match=r"format\.bundle: object 3, byte 7: "):
            call()


def test_a_fault_is_counted_from_the_start_of_the_stream():
    splitter = BundleSplitter(max_object_bytes=10)
    for _ in range(4):
        splitter.feed(b'{"a":1}  \n')
    with pytest.raises(FormatError, match=r"format\.json-size: object 5, byte 40: it has more than 10 bytes"):
        splitter.feed(b'{"a":"1234567"}')


def test_a_refusal_never_shows_content():
    for data in (b"{}CANARY", b'{"CANARY":', b'{"objects":["CANARY"]}', b'{"objects":[],"objects":["CANARY"]}'):
        splitter = BundleSplitter()
        with pytest.raises(FormatError) as refusal:
            assert not [found for found in splitter.feed(data) if found != C]
            splitter.close()
        assert "CANARY" not in str(refusal.value)


def test_little_is_held_however_much_flows():
    """Ten megabytes in chunks of 64 KiB; what stays is a chunk and an object at most."""
    item = b'{"a":"' + b"x" * 1000 + b'"}'
    data = b'{"type":"bundle","objects":[' + item + (b",\n" + item) * 999
    splitter, found, held = BundleSplitter(), 0, 0
    for _ in range(10):
        for at in range(0, len(data), 1 << 16):
            found += len(splitter.feed(data[at : at + (1 << 16)]))
            held = max(held, sys.getsizeof(splitter._buffer))
        data = (b",\n" + item) * 1000
    splitter.feed(b"]}")
    assert splitter.close() == []
    assert found == 10_000
    assert held < 1 << 18


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece", [b'\\"', b'""', b"[", b'{"a":', b'"a":[{},', b'"objects" ', b'"objects"', b" ", b"[[[[]]]],"]
)
@pytest.mark.parametrize("before", [b'{"a":', b'{"a":"', b'{"objects":[{"a":', b'{"objects":['])
def test_much_of_anything_ends(before, piece):
    """No piece makes the patterns go over the same bytes again and again: quadratic time would hang here."""
    data = before + piece * (50_000 // len(piece))
    for cut in (None, 4096):
        assert split(data, cut)[1] == "format.bundle"


@pytest.mark.slow
def test_a_trickle_is_read_once():
    """A byte at a time: what has been read is not read again with every byte."""
    data = b'{"a":"' + b"x" * 50_000 + b'", "objects" ' + b" " * 50_000 + b":[{}]}"
    assert split(data, 1) == ([C], None)
