"""Giving an erase order: what to name, and the entries that carry it."""

from collections.abc import Sequence
from typing import Final

from tocsin.exchange.publish.draft import Ready, keep_until
from tocsin.formats import erasure
from tocsin.formats.entry import ERASE_ORDER
from tocsin.formats.tlp import Tlp

_DAY_US: Final = 86_400_000_000


def orders(slot: bytes, named: Sequence[tuple[int, int]], reason: str, days: int, now_us: int) -> list[Ready]:
    """Orders for entries (seq, marking) of our log with this slot, to be obeyed within so many days.

    Each is marked as strictly as what it names, and kept as long as anything can be. Raises FormatError when the reason
    is too long or not printable.
    """
    made = []
    for at in range(0, len(named), erasure.MAX_ENTRIES):
        part = named[at : at + erasure.MAX_ENTRIES]
        order = erasure.Order(tuple(sorted((slot, seq) for seq, _ in part)), reason, now_us + days * _DAY_US, now_us)
        content = erasure.encode(order)
        erasure.parse(content)
        marking = Tlp(max(marking for _, marking in part))
        made.append(Ready(content, "", "", "", marking, keep_until("", now_us), ERASE_ORDER))
    return made
