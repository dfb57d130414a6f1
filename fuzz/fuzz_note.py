"""Fuzz the note parser: a value that encodes to the same bytes, or FormatError.

python fuzz/fuzz_note.py --runs 100000 [--seed 1]     own mutations of the vectors, the same for the same seed
python fuzz/fuzz_note.py [atheris options]            guided by coverage, where atheris is installed
"""

import json
import sys
from pathlib import Path

from mutation import drive
from tocsin.errors import FormatError
from tocsin.formats import note
from tocsin.formats.keys import SigningKey

KEY = SigningKey(bytes(32))
NAME = "tocsin/fuzz/log"


def one_input(data: bytes) -> None:
    """Parse `data`; nobody signed it with KEY, so it must not verify."""
    try:
        value = note.parse(data)
    except FormatError:
        return
    if note.encode(value) != data or note.parse(note.encode(value)) != value:
        raise AssertionError("decode and encode are not inverse")
    if note.verified(value, NAME, KEY.public):
        raise AssertionError("a note that was never signed verifies")


def corpus(vectors: str, field: str) -> list[bytes]:
    """The inputs of a vector file, given as text in `field` or as hexadecimal in `field`_hex."""
    path = Path(__file__).resolve().parents[1] / "tests" / "vectors" / "log" / vectors
    cases = json.loads(path.read_text("utf-8"))["cases"]  # noqa: TID251 - our own file, outside the package
    return [case[field].encode() if field in case else bytes.fromhex(case[f"{field}_hex"]) for case in cases]


if __name__ == "__main__":
    drive(one_input, corpus("note.json", "note"), sys.argv[1:])
