"""Signed notes: vectors, both directions, and nothing altered verifies."""

import json
import sys
from pathlib import Path

import pytest

from tocsin.errors import FormatError
from tocsin.formats.keys import SigningKey, VerifyKey
from tocsin.formats.note import (
    COSIGNATURE,
    ED25519,
    Note,
    Signature,
    add,
    encode,
    encode_line,
    key_id,
    parse,
    sign,
    verified,
)

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "log" / "note.json").read_text("utf-8"))
KEY, OTHER = SigningKey(bytes(range(32))), SigningKey(bytes(32))
NAME = "tocsin/ma-cert/log"
TEXT = b"one\n\ntwo\n"
NOTE = Note(TEXT, (sign(TEXT, NAME, KEY),))


def refused(call, *args, **kwargs):
    with pytest.raises(FormatError) as caught:
        call(*args, **kwargs)
    return caught.value.code == "format.note"


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["name"])
def test_vector(case):
    data = case["note"].encode() if "note" in case else bytes.fromhex(case["note_hex"])
    if case["expect"] == "format":
        assert refused(parse, data)
        return
    note = parse(data)
    assert encode(note) == data
    assert verified(note, case["key"], VerifyKey(bytes.fromhex(case["public"]))) is (case["expect"] == "ok")


def test_key_id_of_the_published_example():
    public = bytes.fromhex("1a5cd907143c384c41e830c5bce12aa8817ec5649aaabf2c31388b35b2d744d6")
    assert key_id("PeterNeumann", ED25519, public).hex() == "c74f20a3"
    assert key_id("PeterNeumann", COSIGNATURE, public).hex() != "c74f20a3"


def test_every_flipped_bit_is_refused():
    data = encode(NOTE)
    assert verified(parse(data), NAME, KEY.public)
    for bit in range(len(data) * 8):
        altered = bytearray(data)
        altered[bit // 8] ^= 1 << bit % 8
        try:
            note = parse(bytes(altered))
        except FormatError:
            continue
        assert not verified(note, NAME, KEY.public), bit


def test_a_note_carries_every_founder():
    signers = [SigningKey(bytes([number]) * 32) for number in range(40)]
    note = Note(TEXT, ())
    for number, key in enumerate(signers):
        note = add(note, sign(TEXT, f"tocsin/m{number}/governance", key))
    again = parse(encode(note))
    assert again == note
    assert all(verified(again, f"tocsin/m{number}/governance", key.public) for number, key in enumerate(signers))
    assert not verified(again, "tocsin/m1/governance", signers[0].public)


def test_add_twice_is_once():
    signature = sign(TEXT, "tocsin/fr-cert/log", OTHER)
    twice = add(add(NOTE, signature), signature)
    assert twice.signatures == (*NOTE.signatures, signature)
    assert add(twice, NOTE.signatures[0]) is twice


def test_limits():
    data = encode(NOTE)
    assert parse(data, max_bytes=len(data)) == NOTE
    assert refused(parse, data, max_bytes=len(data) - 1)
    many = encode(Note(TEXT, NOTE.signatures * 512))
    assert len(parse(many).signatures) == 512
    assert refused(parse, encode(Note(TEXT, NOTE.signatures * 513)))
    assert refused(parse, many, max_signatures=511)
    assert refused(parse, b"a" * (1 << 20) + data)


def test_unsigned_is_not_encoded():
    assert refused(encode, Note(TEXT, ()))
    assert not verified(Note(TEXT, ()), NAME, KEY.public)


@pytest.mark.parametrize("text", [b"", b"a", b"a\tb\n", b"a\r\n", b"\xff\n", b"\x00\n", b"\x1f\n"])
def test_text_refused(text):
    assert refused(Note, text, ())
    assert refused(sign, text, NAME, KEY)


def test_newline_is_the_only_control_character_below_space():
    for point in {*range(32)} - {10}:
        assert refused(Note, b"a%cb\n" % point, ())
    assert Note(bytes([*range(32, 128), 10]), ()).text[-2] == 127


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\tb", "a\x00", "\u2003", "a\u00a0", "\ud800", "a\x1f"])
def test_name_refused(name):
    assert refused(Signature, name, bytes(4), b"x")
    assert refused(sign, TEXT, name, KEY)
    assert refused(key_id, name, ED25519, KEY.public.raw)
    assert not verified(NOTE, name, KEY.public)


def test_no_unicode_space_is_allowed_in_a_name():
    # White_Space of the Unicode character database (PropList), which Go's unicode.IsSpace also follows.
    spaces = {0x85, 0xA0, 0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000, *range(9, 14), 32, *range(0x2000, 0x200B)}
    outside = {*range(32), *range(0xD800, 0xE000), ord("+")}
    taken = set()
    for point in (*range(0x3100), *range(0xD800, 0xE000), 0xFEFF, sys.maxunicode):
        try:
            Signature(chr(point), b"keys", b"x")
        except FormatError:
            taken.add(point)
    assert taken == spaces | outside


@pytest.mark.parametrize(("identity", "blob"), [(b"", b"x"), (b"abc", b"x"), (b"abcde", b"x"), (b"abcd", b"")])
def test_signature_refused(identity, blob):
    assert refused(Signature, NAME, identity, blob)


def test_a_line_stands_alone():
    assert encode(NOTE) == TEXT + b"\n" + encode_line(NOTE.signatures[0])


def test_errors_hold_nothing_of_the_note():
    with pytest.raises(FormatError) as caught:
        parse(b"CANARY\n\nCANARY\n")
    assert "CANARY" not in str(caught.value)
    assert caught.value.__cause__ is None
