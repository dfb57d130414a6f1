"""Erase orders: one encoding, and everything else is refused."""

import json

import pytest

from tocsin.errors import FormatError
from tocsin.formats.erasure import MAX_ENTRIES, MAX_REASON, Order, encode, parse

A, B = bytes(32), bytes([255]) * 32
ORDER = Order(((A, 3), (A, 4), (B, 0)), "shared in error", 20, 10)
WANTED = (
    b'{"deadline":20,"entries":[["' + b"00" * 32 + b'",3],["' + b"00" * 32 + b'",4],["' + b"ff" * 32 + b'",0]],'
    b'"issued":10,"reason":"shared in error"}'
)


def test_one_encoding():
    assert encode(ORDER) == WANTED
    assert parse(WANTED) == ORDER


@pytest.mark.parametrize(
    "order",
    [
        ORDER._replace(entries=((A, 0),)),
        ORDER._replace(entries=tuple((A, seq) for seq in range(MAX_ENTRIES))),
        ORDER._replace(reason=""),
        ORDER._replace(reason="é" * MAX_REASON),
        ORDER._replace(deadline=10),
        ORDER._replace(entries=((A, 2**53 - 1),), issued=2**53 - 1, deadline=2**53 - 1),
    ],
)
def test_the_limits_are_within(order):
    assert parse(encode(order)) == order


SPELLED = json.loads(WANTED)
HEX = "00" * 32


@pytest.mark.parametrize(
    "change",
    [
        {"more": 1},
        {"reason": None},
        {"reason": "a\nb"},
        {"reason": "\u202egnp"},
        {"reason": "x" * (MAX_REASON + 1)},
        {"entries": []},
        {"entries": {}},
        {"entries": [[HEX, seq] for seq in range(MAX_ENTRIES + 1)]},
        {"entries": [[HEX, 4], [HEX, 3]]},
        {"entries": [[HEX, 3], [HEX, 3]]},
        {"entries": [[HEX, -1]]},
        {"entries": [[HEX, True]]},
        {"entries": [[HEX, 2**53]]},
        {"entries": [[HEX, 3, 4]]},
        {"entries": [HEX]},
        {"entries": [["0" * 62, 3]]},
        {"entries": [["FF" * 32, 3]]},
        {"entries": [["+f" * 32, 3]]},
        {"entries": [[3, 3]]},
        {"deadline": 9},
        {"deadline": "20"},
        {"issued": -1},
        {"issued": None},
    ],
    ids=lambda change: str(change)[:40],
)
def test_what_is_no_order_is_refused(change):
    with pytest.raises(FormatError):
        parse(json.dumps({**SPELLED, **change}, separators=(",", ":"), sort_keys=True).encode())


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"null", WANTED + b" ", WANTED.replace(b":", b": "), json.dumps({"reason": ""}).encode()]
)
def test_what_is_not_spelled_so_is_refused(data):
    with pytest.raises(FormatError):
        parse(data)
