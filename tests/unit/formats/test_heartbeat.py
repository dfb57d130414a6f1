"""Heartbeats: vectors, both directions, what is none."""

import json
from pathlib import Path

import pytest

from tocsin.errors import FormatError
from tocsin.formats.checkpoint import Checkpoint, encode, parse
from tocsin.formats.heartbeat import MAX_BEAT_US, beat, beating

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "log" / "heartbeat.json").read_text("utf-8"))["cases"]
PLAIN = Checkpoint("tocsin/aa/log/00", 3, bytes(range(32)))


def refused(call, *args):
    with pytest.raises(FormatError) as caught:
        call(*args)
    return caught.value.code == "format.checkpoint"


@pytest.mark.parametrize("case", VECTORS, ids=lambda case: case["name"])
def test_vector(case):
    found = parse(case["text"].encode())
    if case["expect"] == "format":
        assert refused(beat, found)
        return
    assert beat(found) == case["beat"]
    if case["beat"] is not None:
        assert encode(beating(parse(encode(Checkpoint(found.origin, found.size, found.root))), case["beat"])) == (
            case["text"].encode()
        )


def test_a_heartbeat_keeps_the_head_and_is_told_from_it():
    made = beating(PLAIN, 7)
    assert (made.origin, made.size, made.root) == (PLAIN.origin, PLAIN.size, PLAIN.root)
    assert (beat(PLAIN), beat(made)) == (None, 7)


@pytest.mark.parametrize("instant", [-1, MAX_BEAT_US + 1])
def test_no_beat_that_could_not_be_read(instant):
    assert beat(beating(PLAIN, MAX_BEAT_US)) == MAX_BEAT_US
    assert refused(beating, PLAIN, instant)


def test_a_heartbeat_of_a_heartbeat_is_none():
    assert refused(beating, beating(PLAIN, 1), 2)
