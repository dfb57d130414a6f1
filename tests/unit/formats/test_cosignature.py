"""Cosignatures: vectors, the signed bytes, flipped bits."""

import json
from pathlib import Path

import pytest

from tocsin.errors import FormatError
from tocsin.formats import note
from tocsin.formats.checkpoint import Checkpoint
from tocsin.formats.checkpoint import encode as encode_checkpoint
from tocsin.formats.cosignature import Timestamped, cosign, encode, parse, verify
from tocsin.formats.keys import SigningKey, VerifyKey

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "log" / "cosignature.json").read_text("utf-8"))
KEY = SigningKey(bytes(range(32)))
NAME = "tocsin/fr-cert/receipt"
TEXT = encode_checkpoint(Checkpoint("tocsin/ma-cert/plenary", 42, bytes(32)))
TIME_S = 1679315147


def in_note(text, line):
    return note.parse(text.encode() + b"\n" + line.encode() + b"\n").signatures[0]


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["name"])
def test_vector(case):
    signature = in_note(case["text"], case["line"])
    key = VerifyKey(bytes.fromhex(case["public"]))
    assert verify(case["text"].encode(), signature, case["key"], key) == case.get("timestamp_s")
    if case["expect"] == "format":
        with pytest.raises(FormatError) as caught:
            parse(signature.blob)
        assert caught.value.code == "format.cosignature"
        return
    assert encode(parse(signature.blob)) == signature.blob
    if case["expect"] == "ok":
        seed = SigningKey(bytes.fromhex(VECTORS["seed"]))
        assert cosign(case["text"].encode(), case["key"], seed, case["timestamp_s"]) == signature


def test_the_published_example_is_dated():
    line = "jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA=="
    signature = in_note("example.com/behind-the-sofa\n", f"— witness.example.com/w1 {line}")
    assert parse(signature.blob).timestamp_s == TIME_S  # C2SP tlog-cosignature prints the same time in its message


def test_what_is_signed():
    signed = b"cosignature/v1\ntime 1679315147\n" + TEXT
    value = parse(cosign(TEXT, NAME, KEY, TIME_S).blob)
    assert value == Timestamped(TIME_S, KEY.sign(signed))


@pytest.mark.slow
def test_every_flipped_bit_is_refused():
    signature = cosign(TEXT, NAME, KEY, TIME_S)
    whole = bytes(signature.key_id + signature.blob)
    for bit in range(len(whole) * 8):
        altered = bytearray(whole)
        altered[bit // 8] ^= 1 << bit % 8
        forged = note.Signature(NAME, bytes(altered[:4]), bytes(altered[4:]))
        assert verify(TEXT, forged, NAME, KEY.public) is None, bit
    for bit in range(len(TEXT) * 8):
        text = bytearray(TEXT)
        text[bit // 8] ^= 1 << bit % 8
        assert verify(bytes(text), signature, NAME, KEY.public) is None, bit


def test_one_signature_is_not_the_other():
    cosignature = cosign(TEXT, NAME, KEY, TIME_S)
    assert not note.verified(note.Note(TEXT, (cosignature,)), NAME, KEY.public)
    assert verify(TEXT, note.sign(TEXT, NAME, KEY), NAME, KEY.public) is None


def test_a_cosigned_checkpoint_is_a_note():
    log = SigningKey(bytes(32))
    signed = note.add(note.Note(TEXT, (note.sign(TEXT, "l", log),)), cosign(TEXT, NAME, KEY, TIME_S))
    again = note.parse(note.encode(signed))
    assert note.verified(again, "l", log.public)
    assert verify(again.text, again.signatures[1], NAME, KEY.public) == TIME_S


@pytest.mark.parametrize(
    ("text", "name", "time_s", "code"),
    [
        (b"not a checkpoint\n", NAME, TIME_S, "format.checkpoint"),
        (TEXT, NAME, -1, "format.cosignature"),
        (TEXT, NAME, 1 << 63, "format.cosignature"),
        (TEXT, "a b", TIME_S, "format.note"),
    ],
)
def test_not_signed(text, name, time_s, code):
    with pytest.raises(FormatError) as caught:
        cosign(text, name, KEY, time_s)
    assert caught.value.code == code
