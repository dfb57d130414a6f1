"""Keys: RFC 8032 and hostile vectors, and the text of a key file."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tocsin.errors import FormatError
from tocsin.formats.keys import Role, SigningKey, VerifyKey, decode_base64, decode_signing, encode_signing, key_name

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "log" / "keys.json").read_text("utf-8"))
SEED = bytes(range(32))
LINE = "tocsin-key/v1 ed25519 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["name"])
def test_vector(case):
    public, message, signature = (bytes.fromhex(case[field]) for field in ("public", "message", "signature"))
    if case["expect"] == "format":
        with pytest.raises(FormatError) as caught:
            VerifyKey(public)
        assert caught.value.code == "format.key"
        return
    assert VerifyKey(public).verify(message, signature) is (case["expect"] == "ok")
    if "seed" in case:
        key = SigningKey(bytes.fromhex(case["seed"]))
        assert (key.public.raw, key.sign(message)) == (public, signature)


def test_an_independent_implementation_agrees():
    key, other = SigningKey(SEED), Ed25519PrivateKey.from_private_bytes(SEED)
    assert key.public.raw == other.public_key().public_bytes_raw()
    for size in (0, 1, 64, 5000):
        message = bytes(size)
        assert key.sign(message) == other.sign(message)
        assert key.public.verify(message, other.sign(message))


def test_every_flipped_bit_of_a_signature_is_refused():
    key = SigningKey(SEED)
    signature = int.from_bytes(key.sign(b"m"), "big")
    assert not any(key.public.verify(b"m", (signature ^ 1 << bit).to_bytes(64, "big")) for bit in range(512))


def test_a_signature_ends_after_64_bytes():
    key = SigningKey(SEED)
    signature = key.sign(b"tocsin")
    assert not key.public.verify(b"sin", signature + b"toc")
    assert not key.public.verify(signature[63:] + b"tocsin", signature[:63])


def test_the_seed_does_not_show():
    shown = repr(SigningKey(SEED)) + str(SigningKey(SEED))
    assert "\\x01\\x02\\x03" not in shown
    assert "public" in shown


def test_keys_are_values():
    assert SigningKey(SEED) == SigningKey(SEED) != SigningKey(bytes(32))
    assert SigningKey(SEED).seed == SEED
    with pytest.raises(AttributeError):
        SigningKey(SEED).seed = bytes(32)


@pytest.mark.parametrize("size", [0, 31, 33, 64])
def test_a_seed_is_32_bytes(size):
    with pytest.raises(FormatError, match=r"format\.key"):
        SigningKey(bytes(size))


def test_key_file_there_and_back():
    assert encode_signing(SigningKey(SEED)) == LINE
    assert decode_signing(LINE) == SigningKey(SEED)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        LINE[:-1],
        LINE[:-1] + " ",
        LINE + "\n",
        LINE + LINE,
        " " + LINE,
        LINE.replace("\n", "\r\n"),
        LINE.replace("v1", "v2"),
        LINE.replace("ed25519", "Ed25519"),
        LINE.replace(" ed", "  ed"),
        LINE.replace("=", ""),
        LINE.replace("8=", "9="),
        LINE.replace("AAEC", "AA-C"),
        LINE.replace("AAEC", ""),
        LINE.replace("AAEC", "AAECAAEC"),
        LINE.replace("AAEC", "ＡＡＥＣ"),
    ],
)
def test_key_file_refused(text):
    with pytest.raises(FormatError) as caught:
        decode_signing(text)
    assert caught.value.code == "format.key"
    assert "AwQF" not in str(caught.value)  # nothing of the key leaks into diagnostics


def test_base64_names_the_callers_code():
    assert decode_base64("", "format.note") == b""
    with pytest.raises(FormatError, match=r"format\.checkpoint"):
        decode_base64("AA", "format.checkpoint")


def test_key_names():
    assert [key_name("ma-cert", role) for role in Role] == [
        "tocsin/ma-cert/governance",
        "tocsin/ma-cert/log",
        "tocsin/ma-cert/receipt",
        "tocsin/ma-cert/transport",
        "tocsin/ma-cert/seal",
    ]
