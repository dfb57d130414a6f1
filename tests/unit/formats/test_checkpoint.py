"""Checkpoints: vectors (among them the sizes and roots other parsers let pass), both directions, flipped bits."""

import json
from pathlib import Path

import pytest

from tocsin.errors import FormatError
from tocsin.formats import note
from tocsin.formats.checkpoint import Checkpoint, encode, parse
from tocsin.formats.keys import SigningKey

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "log" / "checkpoint.json").read_text("utf-8"))
ROOT = bytes(range(32))


def refused(call, *args):
    with pytest.raises(FormatError) as caught:
        call(*args)
    return caught.value.code == "format.checkpoint"


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["name"])
def test_vector(case):
    text = case["text"].encode() if "text" in case else bytes.fromhex(case["text_hex"])
    if case["expect"] == "format":
        assert refused(parse, text)
        return
    wanted = Checkpoint(case["origin"], case["size"], bytes.fromhex(case["root"]), tuple(case["extensions"]))
    assert parse(text) == wanted
    assert encode(wanted) == text


@pytest.mark.parametrize(
    "fields",
    [
        ("", 1, ROOT),
        ("a\nb", 1, ROOT),
        ("a\tb", 1, ROOT),
        ("\ud800", 1, ROOT),
        ("o", -1, ROOT),
        ("o", 1 << 63, ROOT),
        ("o", 1, ROOT[:31]),
        ("o", 1, ROOT + b"\0"),
        ("o", 1, ROOT, ("",)),
        ("o", 1, ROOT, ("x", "y\n")),
        ("o", 1, ROOT, ("\0",)),
    ],
)
def test_no_value_that_could_not_be_sent(fields):
    assert refused(Checkpoint, *fields)


def test_every_flipped_bit_of_a_signed_checkpoint_is_refused():
    key, name = SigningKey(bytes(32)), "tocsin/ma-cert/log"
    text = encode(Checkpoint("tocsin/ma-cert/plenary", 42, ROOT))
    signature = note.sign(text, name, key)
    for bit in range(len(text) * 8):
        altered = bytearray(text)
        altered[bit // 8] ^= 1 << bit % 8
        try:
            parse(bytes(altered))
            signed = note.Note(bytes(altered), (signature,))
        except FormatError:
            continue
        assert not note.verified(signed, name, key.public), bit
