"""Fuzz the splitter: the outcome does not depend on the cuts, slices are in order, and none is larger than allowed.

The first byte of the input says how the rest is cut and what the limit is.
"""

import sys

from mutation import drive
from tocsin.errors import FormatError
from tocsin.formats.bundle import BundleSplitter

SAMPLES = (
    b'\x03{"type":"bundle","id":"bundle--1","objects":[{"a":"}\\"]"},{"b":[{},[[]]]}]}',
    b'\x41{"more":true,"x":[{"objects":[1]}],"objects" :\n[ {} , {"n":{"d":[[[[{"e":{}}]]]]}} ],"next":"1"}\n',
    b'\x82[{"a":1},\r\n{"objects":[{}]} ]',
    b'\xc5{"a":"\\\\"}\n{"type":"observed-data","objects":{"0":{}}}\n{"objects":[]}{"b":"objects"}',
    b'\x01{"a":"' + b"x" * 300 + b'"}',
)


def split(data: bytes, step: int, limit: int) -> tuple[list[bytes], str]:
    """The slices of `data` given in steps, and what ended it."""
    splitter = BundleSplitter(max_object_bytes=limit)
    found: list[bytes] = []
    try:
        for at in range(0, len(data), step):
            found += splitter.feed(data[at : at + step])
        found += splitter.close()
    except FormatError as error:
        return found, str(error)
    return found, ""


def one_input(data: bytes) -> None:
    """Split all but the first byte of `data`, whole and in steps."""
    step, limit = data[0] % 16 + 1 if data else 1, 8 << (data[0] >> 5) if data else 8
    stream = data[1:]
    found, fault = split(stream, len(stream) + 1, limit)
    if split(stream, step, limit) != (found, fault):
        raise AssertionError("the cuts change the outcome")
    at = 0
    for item in found:
        at = stream.index(item, at) + len(item)
        if len(item) > limit or item[:1] != b"{":
            raise AssertionError("a slice that is too large or no object")


if __name__ == "__main__":
    drive(one_input, SAMPLES, sys.argv[1:])
