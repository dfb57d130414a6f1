"""Fuzz the frame: the outer layer, the box and the batch, each from the same bytes, and whole frames under a known key.

Beside decode and encode being inverse: who does not hold the log's key never gets anything past the verifier.
"""

import json
import sys
from pathlib import Path

from mutation import drive
from tocsin.errors import FormatError, VerificationError
from tocsin.exchange.receive import verify
from tocsin.formats import frame
from tocsin.formats.keys import SigningKey
from tocsin.formats.merkle import Frontier
from tocsin.formats.seal import EpochKey

_VECTORS = Path(__file__).resolve().parents[1] / "tests" / "vectors" / "wire" / "frame.json"
_CASES = json.loads(_VECTORS.read_text("utf-8"))["cases"]  # noqa: TID251 - our own file, outside the package
SAMPLES = tuple(bytes.fromhex(case["hex"]) for case in _CASES)
_WHOLE = next(case for case in _CASES if case["layer"] == "sealed" and case["expect"] == "ok")
_KEY = EpochKey(bytes.fromhex(_WHOLE["key"]))
_SLOT = bytes.fromhex(_WHOLE["slot"])
_VIEW = verify.View(
    "ma-cert",
    "ma-cert",
    f"tocsin/ma-cert/log/{_SLOT.hex()}",
    (SigningKey(bytes.fromhex(_WHOLE["log_seed"])).public,),
    Frontier(),
)


def one_input(data: bytes) -> None:
    """Take `data` for each layer, then for a whole frame."""
    _batch(data)
    _box(data)
    _outer(data)


def _batch(data: bytes) -> None:
    try:
        entries = frame.decode_batch(data, 5)
    except FormatError:
        return
    at = 5 + 18 * int.from_bytes(data[3:5]) + 6 * len(entries)
    seed = data[at : at + 32] if data[0] == 0 else None
    if frame.encode_batch(entries, seed) != data:
        raise AssertionError("a batch: decode and encode are not inverse")


def _box(data: bytes) -> None:
    try:
        raw = frame.decode_box(data)
    except FormatError:
        return
    if len(raw) > frame.MAX_RAW_BYTES:
        raise AssertionError("a box gave more than it may")
    if data[0] == 0 and raw and frame.encode_box(raw, compress=False) != data:
        raise AssertionError("a box: decode and encode are not inverse")


def _outer(data: bytes) -> None:
    try:
        outer = frame.decode_frame(data)
    except FormatError:
        return
    if frame.encode_frame(outer) != data:
        raise AssertionError("a frame: decode and encode are not inverse")
    try:
        one = verify.signed(outer, _VIEW)
        verify.place(one, 0)
        done = verify.opened(one, _KEY, _VIEW, _SLOT)
    except (FormatError, VerificationError):
        return
    if done.frontier.root().hex() != _WHOLE["root"]:
        raise AssertionError("a frame that was never signed verifies")


if __name__ == "__main__":
    drive(one_input, SAMPLES, sys.argv[1:])
