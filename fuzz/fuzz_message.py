"""Fuzz the messages of a link: a value that encodes to the same bytes, or FormatError."""

import json
import sys
from pathlib import Path

from mutation import drive
from tocsin.errors import FormatError
from tocsin.formats import message

_VECTORS = Path(__file__).resolve().parents[1] / "tests" / "vectors" / "wire" / "message.json"
_CASES = json.loads(_VECTORS.read_text("utf-8"))["cases"]  # noqa: TID251 - our own file, outside the package
SAMPLES = tuple(bytes.fromhex(case["hex"]) for case in _CASES)


def one_input(data: bytes) -> None:
    """Decode `data`."""
    try:
        value = message.decode(data)
    except FormatError:
        return
    again = message.encode_frame(value) if isinstance(value, bytes) else message.encode(value)
    if again != data:
        raise AssertionError("decode and encode are not inverse")
    if isinstance(value, message.Refusal) and not value.code.isascii():
        raise AssertionError("a refusal carries something else than a code")


if __name__ == "__main__":
    drive(one_input, SAMPLES, sys.argv[1:])
