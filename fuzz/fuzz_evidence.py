"""Fuzz evidence: a value that encodes to the same bytes, or FormatError; and nothing against a key that signed nothing.

Called as fuzz_note.py is.
"""

import json
import sys
from pathlib import Path

from mutation import drive
from tocsin.errors import FormatError, VerificationError
from tocsin.formats import evidence
from tocsin.formats.keys import SigningKey

_VECTORS = Path(__file__).resolve().parents[1] / "tests" / "vectors" / "log" / "evidence.json"
_CASES = json.loads(_VECTORS.read_text("utf-8"))["cases"]  # noqa: TID251 - our own file, outside the package
SAMPLES = tuple(case["evidence"].encode() for case in _CASES)
PROVEN = frozenset(
    note for case in _CASES if case["expect"] == "ok" for note in evidence.parse(case["evidence"].encode()).notes
)
INNOCENT = SigningKey(bytes([9]) * 32).public


def one_input(data: bytes) -> None:
    """Parse `data` and judge it: only notes that were signed may ever prove anything."""
    try:
        value = evidence.parse(data)
    except FormatError:
        return
    if evidence.encode(value) != data or evidence.parse(evidence.encode(value)) != value:
        raise AssertionError("decode and encode are not inverse")
    for expected in (None, INNOCENT):
        try:
            evidence.verify(value, expected)
        except VerificationError:
            continue
        if expected is not None or not {_text(one) for one in value.notes} <= {_text(one) for one in PROVEN}:
            raise AssertionError("evidence from statements that nobody signed")


def _text(signed: bytes) -> bytes:
    return signed.rpartition(b"\n\n")[0]


if __name__ == "__main__":
    drive(one_input, SAMPLES, sys.argv[1:])
