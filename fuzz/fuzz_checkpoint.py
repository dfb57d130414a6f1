"""Fuzz the checkpoint parser: a value that encodes to the same bytes, or FormatError. Called as fuzz_note.py is."""

import sys

from fuzz_note import corpus

from mutation import drive
from tocsin.errors import FormatError
from tocsin.formats import checkpoint


def one_input(data: bytes) -> None:
    """Parse `data` as the text of a checkpoint."""
    try:
        value = checkpoint.parse(data)
    except FormatError:
        return
    if checkpoint.encode(value) != data or checkpoint.parse(checkpoint.encode(value)) != value:
        raise AssertionError("decode and encode are not inverse")


if __name__ == "__main__":
    drive(one_input, corpus("checkpoint.json", "text"), sys.argv[1:])
