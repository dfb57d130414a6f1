"""Signed statements: vectors, both directions, what a body must hold."""

import json
from pathlib import Path

import pytest

from tocsin.errors import FormatError
from tocsin.formats import note, statement
from tocsin.formats.keys import SigningKey
from tocsin.formats.statement import CHARTER, Statement, compose, encode, parse

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "wire" / "statement.json").read_text("utf-8"))["cases"]


def refused(call, *args, **more):
    with pytest.raises(FormatError) as caught:
        call(*args, **more)
    return caught.value.code


@pytest.mark.parametrize("case", VECTORS, ids=lambda case: case["name"])
def test_vector(case):
    data = case["note"].encode()
    if case["expect"] == "format":
        assert refused(parse, data) in (
            "format.statement",
            "format.note",
            "format.json-syntax",
            "format.json-duplicate-key",
        )
        return
    parsed = parse(data)
    assert (parsed.kind, parsed.body) == (case["kind"], case["body"])
    assert encode(parsed) == data
    assert compose(parsed.kind, parsed.body).note.text == parsed.note.text


def signed(body):
    made = compose(CHARTER, body)
    return made._replace(
        note=note.add(made.note, note.sign(made.note.text, "tocsin/aa/governance", SigningKey(bytes(32))))
    )


def test_compose_sorts_and_parse_gives_it_back():
    one = signed({"b": [1, "x"], "a": {"é": None}})
    assert one.note.text == 'tocsin/charter/v1\n{"a":{"é":null},"b":[1,"x"]}\n'.encode()
    assert parse(encode(one)) == one
    assert isinstance(parse(encode(one)), Statement)


def test_a_text_that_cannot_be_one_line_of_json_is_escaped_not_refused():
    assert parse(encode(signed({"a": "two\nlines"}))).body == {"a": "two\nlines"}


def test_a_note_larger_than_the_limit_is_refused():
    data = encode(signed({"a": "x" * 100}))
    assert parse(data, max_bytes=len(data))
    assert refused(parse, data, max_bytes=len(data) - 1) == "format.note"


@pytest.mark.parametrize("value", [None, 1, True, ["x"], {}, "x" * 1025])
def test_text_refuses(value):
    assert statement.text({"k": "x" * 1024}, "k") == "x" * 1024
    assert statement.text({"k": "x" * 1025}, "k", longest=1025)
    assert refused(statement.text, {"k": value}, "k") == "format.statement"
    assert refused(statement.text, {}, "k") == "format.statement"


@pytest.mark.parametrize("value", [None, -1, True, 1.0, "1"])
def test_number_refuses(value):
    assert statement.number({"k": 0}, "k") == 0
    assert refused(statement.number, {"k": value}, "k") == "format.statement"
    assert refused(statement.number, {}, "k") == "format.statement"


@pytest.mark.parametrize("value", [None, "x", [1], ["x", None], {"x": 1}])
def test_texts_refuses(value):
    assert statement.texts({}, "k") == ()
    assert statement.texts({"k": ["b", "a"]}, "k") == ("b", "a")
    assert refused(statement.texts, {"k": value}, "k") == "format.statement"


@pytest.mark.parametrize("value", [None, "x", [], 1])
def test_mapping_refuses(value):
    assert statement.mapping({"k": {"x": 1}}, "k") == {"x": 1}
    assert refused(statement.mapping, {"k": value}, "k") == "format.statement"
    assert refused(statement.mapping, {}, "k") == "format.statement"
