"""Erase orders: an origin asks everybody who holds entries of its own logs to erase them.

    content type 2, one RFC 8785 object:
    {"deadline": µs, "entries": [[slot in hex, seq], ...], "issued": µs, "reason": text}

1 to 4,096 different entries in ascending order; reason: up to 256 printable characters; deadline not before issued.
"""

from itertools import pairwise
from typing import Any, Final, NamedTuple

from tocsin.errors import FormatError
from tocsin.formats import canonical, strictjson

TYPE: Final = "application/vnd.tocsin.erase+json;version=1"
MAX_ENTRIES: Final = 4096
MAX_REASON: Final = 256
_SLOT_HEX: Final = 64
_MAX: Final = 2**53 - 1


class Order(NamedTuple):
    """What is to be erased: (slot, seq) of each entry. Times in microseconds since 1970."""

    entries: tuple[tuple[bytes, int], ...]
    reason: str
    deadline: int
    issued: int


def encode(order: Order) -> bytes:
    """The content of the order's entry. The caller keeps to the limits; parse() holds others to them."""
    entries = [[slot.hex(), seq] for slot, seq in order.entries]
    return canonical.encode(
        {"deadline": order.deadline, "entries": entries, "issued": order.issued, "reason": order.reason}
    )


def parse(data: bytes) -> Order:
    """The order in the content of an entry; encode() of it is `data` again. Raises FormatError."""
    value = strictjson.parse(data)
    if not isinstance(value, dict) or value.keys() != {"deadline", "entries", "issued", "reason"}:
        raise FormatError("format.erasure", "the erase order has not exactly the four properties of one")
    listed, reason = value["entries"], value["reason"]
    if not isinstance(listed, list) or not 0 < len(listed) <= MAX_ENTRIES:
        raise FormatError("format.erasure", "the erase order names no entry, or too many")
    if not isinstance(reason, str) or len(reason) > MAX_REASON or not reason.isprintable():
        raise FormatError("format.erasure", "the reason of the erase order is no short printable text")
    order = Order(tuple(_entry(one) for one in listed), reason, _number(value["deadline"]), _number(value["issued"]))
    if any(first >= second for first, second in pairwise(order.entries)) or order.deadline < order.issued:
        raise FormatError("format.erasure", "the erase order's entries or times are not in order")
    if encode(order) != data:
        raise FormatError("format.erasure", "the erase order is not in its one canonical encoding")
    return order


def _entry(value: Any) -> tuple[bytes, int]:
    if not isinstance(value, list) or len(value) != 2:
        raise FormatError("format.erasure", "an entry of the erase order is not a slot and a number")
    slot, seq = value
    if not isinstance(slot, str) or len(slot) != _SLOT_HEX or set(slot) - set("0123456789abcdef"):
        raise FormatError("format.erasure", "a slot of the erase order is not 32 bytes in hexadecimal")
    return bytes.fromhex(slot), _number(seq)


def _number(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _MAX:
        raise FormatError("format.erasure", "a number of the erase order is outside its limits")
    return value
