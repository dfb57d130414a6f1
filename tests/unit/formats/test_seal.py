"""Sealing: wrapped keys by vectors, the epoch key's AEAD, and what is no key."""

import json
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tocsin.errors import FormatError, VerificationError
from tocsin.exchange.members import channels
from tocsin.exchange.publish import epochs
from tocsin.formats.seal import PUBLIC_BYTES, SEED_BYTES, EpochKey, SealKey, wrap

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "wire" / "wrap.json").read_text("utf-8"))["cases"]
KEY = SealKey(bytes(range(96)))


def refused(kind, call, *args):
    with pytest.raises(kind) as caught:
        call(*args)
    return caught.value.code


@pytest.mark.parametrize("case", VECTORS, ids=lambda case: case["name"])
def test_wrap_vector(case):
    key = SealKey(bytes.fromhex(case["seal_seed"]))
    assert sha256(key.public).hexdigest() == case["public_sha256"]
    wrapped, info = bytes.fromhex(case["wrapped"]), case["info"].encode()
    if case["expect"] == "signature":
        assert refused(VerificationError, key.unwrap, wrapped, info) == "verify.wrap"
        return
    assert key.unwrap(wrapped, info).hex() == case["secret"]
    assert len(wrapped) == 1168
    if case["use"] == "epoch":
        assert epochs.wrap_info(bytes.fromhex(case["slot"]), case["epoch"], case["to"]) == info
    else:
        assert channels.wrap_info(case["channel"], case["to"]) == info


def test_what_is_wrapped_is_unwrapped_and_never_looks_the_same():
    one, two = wrap(KEY.public, b"secret", b"info"), wrap(KEY.public, b"secret", b"info")
    assert one != two
    assert KEY.unwrap(one, b"info") == KEY.unwrap(two, b"info") == b"secret"
    assert refused(VerificationError, KEY.unwrap, one, b"other") == "verify.wrap"
    assert refused(VerificationError, SealKey(bytes(SEED_BYTES)).unwrap, one, b"info") == "verify.wrap"


@pytest.mark.parametrize("public", [b"", bytes(PUBLIC_BYTES - 1), bytes(PUBLIC_BYTES + 1), b"\xff" * PUBLIC_BYTES])
def test_what_is_no_public_key_is_refused(public):
    assert refused(FormatError, wrap, public, b"secret", b"info") == "format.key"


def test_key_file():
    assert len(KEY.public) == PUBLIC_BYTES
    text = KEY.encode()
    assert SealKey.decode(text).seed == KEY.seed
    assert text.startswith("tocsin-key/v1 x-wing ")
    assert text.endswith("\n")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        KEY.encode()[:-1],
        KEY.encode() + "\n",
        KEY.encode().replace("x-wing", "ed25519"),
        KEY.encode().replace("/v1", "/v2"),
        "tocsin-key/v1 x-wing AAAA\n",
        "tocsin-key/v1 x-wing !\n",
    ],
)
def test_what_is_no_key_file_is_refused(text):
    assert refused(FormatError, SealKey.decode, text) == "format.key"


def test_epoch_key_is_aes_256_gcm():
    key = EpochKey(bytes(range(32)))
    sealed = key.seal(bytes(12), b"plain", b"head")
    assert sealed == AESGCM(bytes(range(32))).encrypt(bytes(12), b"plain", b"head")
    assert key.open(bytes(12), sealed, b"head") == b"plain"
    for nonce, data, head in (
        (b"\1" + bytes(11), sealed, b"head"),
        (bytes(12), sealed[:-1], b"head"),
        (bytes(12), sealed, b"heads"),
        (bytes(12), b"", b"head"),
    ):
        assert refused(VerificationError, key.open, nonce, data, head) == "receive.seal"


def test_keys_of_another_length_are_refused():
    assert refused(FormatError, EpochKey, bytes(31)) == "format.key"
    assert refused(FormatError, EpochKey, bytes(33)) == "format.key"
    assert refused(FormatError, SealKey, bytes(95)) == "format.key"
