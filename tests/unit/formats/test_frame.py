"""Frames: vectors of the three layers and of whole frames, limits before allocation, padding."""

import json
import tracemalloc
from pathlib import Path

import pytest
from zstandard import ZstdCompressor

from tocsin.errors import FormatError, TocsinError, VerificationError
from tocsin.exchange.receive import verify
from tocsin.exchange.tlog.logs import origin_line
from tocsin.formats.entry import Entry, Handling, erased
from tocsin.formats.frame import (
    MAX_ENTRIES,
    MAX_FRAME_BYTES,
    Frame,
    decode_batch,
    decode_box,
    decode_frame,
    encode_batch,
    encode_box,
    encode_frame,
    padded_length,
)
from tocsin.formats.keys import SigningKey
from tocsin.formats.merkle import Frontier
from tocsin.formats.seal import EpochKey

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "wire" / "frame.json").read_text("utf-8"))["cases"]


def of_layer(layer):
    return pytest.mark.parametrize(
        "case", [one for one in VECTORS if one["layer"] == layer], ids=lambda case: case["name"]
    )


def refused(call, *args):
    with pytest.raises(FormatError) as caught:
        call(*args)
    return caught.value.code == "format.frame"


def entries_of(case):
    return [
        Entry(
            one["seq"],
            Handling(one.get("content_type", 1), one["marking"], one["sent_at"], one["keep_until"]),
            bytes.fromhex(one["salt"]),
            one["content"].encode(),
        )
        if "commitment" not in one
        else erased(one["seq"], bytes.fromhex(one["commitment"]))
        for one in case["entries"]
    ]


@of_layer("batch")
def test_batch_vector(case):
    data = bytes.fromhex(case["hex"])
    if case["expect"] == "format":
        assert refused(decode_batch, data, case["start"])
        return
    wanted = entries_of(case)
    assert decode_batch(data, case["start"]) == wanted
    assert encode_batch(wanted, bytes.fromhex(case["seed"]) if case["seed"] else None) == data


@of_layer("box")
def test_box_vector(case):
    data = bytes.fromhex(case["hex"])
    if case["expect"] == "format":
        assert refused(decode_box, data)
        return
    raw = bytes.fromhex(case["raw"])
    assert decode_box(data) == raw
    assert encode_box(raw, compress=data[0] == 1) == data


@of_layer("frame")
def test_outer_vector(case):
    data = bytes.fromhex(case["hex"])
    if case["expect"] == "format":
        assert refused(decode_frame, data)
        return
    slot, checkpoint, nonce, sealed = (bytes.fromhex(case[one]) for one in ("slot", "checkpoint", "nonce", "sealed"))
    wanted = Frame(slot, case["epoch"], case["start"], checkpoint, nonce, sealed)
    assert decode_frame(data) == wanted
    assert encode_frame(wanted) == data


def opened(case):
    """What receiving does with a frame, on an empty log."""
    key = SigningKey(bytes.fromhex(case["log_seed"])).public
    slot = bytes.fromhex(case["slot"])
    view = verify.View(case["origin"], case["origin"], origin_line(case["origin"], slot), (key,), Frontier())
    one = verify.signed(verify.outer(bytes.fromhex(case["hex"])), view)
    verify.place(one, 0)
    return verify.opened(one, EpochKey(bytes.fromhex(case["key"])), view, slot)


@of_layer("sealed")
def test_whole_frame_vector(case):
    if case["expect"] == "ok":
        done = opened(case)
        assert done.entries == entries_of(case)
        assert done.frontier.root().hex() == case["root"]
        return
    with pytest.raises(TocsinError) as caught:
        opened(case)
    assert caught.value.code == case["code"]
    assert isinstance(caught.value, FormatError if case["expect"] == "format" else VerificationError)


@pytest.mark.slow
def test_every_flipped_bit_of_a_whole_frame_is_refused():
    case = next(one for one in VECTORS if one["layer"] == "sealed" and one["expect"] == "ok")
    data = bytes.fromhex(case["hex"])
    for bit in range(0, len(data) * 8, 5):
        altered = bytearray(data)
        altered[bit // 8] ^= 1 << bit % 8
        try:
            opened({**case, "hex": altered.hex()})
        except TocsinError:
            continue
        pytest.fail(f"bit {bit} may be flipped")


def test_a_frame_larger_than_the_limit_is_refused_before_it_is_looked_into():
    data = bytes.fromhex(next(one["hex"] for one in VECTORS if one["layer"] == "frame" and one["expect"] == "ok"))
    assert decode_frame(data + bytes(MAX_FRAME_BYTES - len(data)))
    assert refused(decode_frame, data + bytes(MAX_FRAME_BYTES + 1 - len(data)))


def test_a_batch_has_at_most_so_many_entries():
    one = Entry(0, Handling(1, 0, 0, 0), bytes(32), b"")
    most = encode_batch([one] * MAX_ENTRIES, bytes(32))
    assert len(decode_batch(most, 0)) == MAX_ENTRIES
    assert refused(decode_batch, encode_batch([one] * (MAX_ENTRIES + 1), bytes(32)), 0)


@pytest.mark.slow
@pytest.mark.parametrize("says_so", [False, True])
def test_a_bomb_takes_no_more_memory_than_its_box_states(says_so):
    packed = ZstdCompressor(level=3, write_content_size=says_so).compress(bytes(100_000_000))
    plain = bytes([1]) + len(packed).to_bytes(4) + (100).to_bytes(4) + packed
    data = plain + bytes(padded_length(len(plain)) - len(plain))
    tracemalloc.start()
    try:
        assert refused(decode_box, data)
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("length", "padded"),
    # PURBs, figure: L=9 -> 10, and worked out by hand from its formula
    [(0, 0), (1, 1), (2, 2), (8, 8), (9, 10), (11, 12), (17, 18), (33, 36), (100, 104), (1000, 1024), (1025, 1088)],
)
def test_padded_lengths(length, padded):
    assert padded_length(length) == padded


def test_padding_grows_by_12_percent_at_most_and_never_shrinks():
    previous = 0
    for length in range(1, 20_000):
        padded = padded_length(length)
        assert previous <= padded
        assert length <= padded <= length * 1.12
        assert padded_length(padded) == padded
        previous = padded


def test_what_does_not_shrink_is_not_compressed():
    raw = bytes(range(256))
    assert encode_box(raw, compress=True)[0] == 0
    assert encode_box(raw * 8, compress=True)[0] == 1
    assert encode_box(raw * 8, compress=False)[0] == 0
