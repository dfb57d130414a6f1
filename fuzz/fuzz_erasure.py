"""Fuzz erase orders: a value that encodes to the same bytes and keeps the limits, or FormatError."""

import sys

from mutation import drive
from tocsin.errors import FormatError
from tocsin.formats import erasure

_SLOT = bytes(range(32))
SAMPLES = tuple(
    erasure.encode(one)
    for one in (
        erasure.Order(((_SLOT, 3),), "shared in error", 1_790_604_800_000_000, 1_790_000_000_000_000),
        erasure.Order(((bytes(32), 0), (_SLOT, 2**53 - 1)), "", 0, 0),
        erasure.Order(tuple((_SLOT, seq) for seq in range(40)), "é" * 256, 2**53 - 1, 1),
    )
)


def one_input(data: bytes) -> None:
    """Parse `data`."""
    try:
        order = erasure.parse(data)
    except FormatError:
        return
    if erasure.encode(order) != data:
        raise AssertionError("parse and encode are not inverse")
    if len(set(order.entries)) != len(order.entries) or any(len(slot) != 32 for slot, _ in order.entries):
        raise AssertionError("an order names an entry twice, or none")


if __name__ == "__main__":
    drive(one_input, SAMPLES, sys.argv[1:])
