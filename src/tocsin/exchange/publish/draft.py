"""What waits to be published: content that passed the gate, and what the policy must know of it."""

from typing import Final, NamedTuple

import msgspec

from tocsin.formats.entry import STIX_21
from tocsin.formats.stix.check import Checked
from tocsin.formats.tlp import Tlp

_DAY: Final = 86_400_000_000
_KEEP_DAYS: Final = {"indicator": 180, "report": 730, "sighting": 365, "note": 730, "opinion": 730}
_KEEP_LONGEST: Final = 1825


class Draft(msgspec.Struct, frozen=True, array_like=True):
    """One object that passed the gate. `refs` are its marking references, `ends` what a relationship joins."""

    content: bytes
    object_id: str
    version: str
    name: str
    refs: tuple[str, ...]
    ends: tuple[str, ...]


class Ready(NamedTuple):
    """One object with its verdict, ready to be committed."""

    content: bytes
    object_id: str
    version: str
    name: str
    marking: Tlp
    keep_until: int
    content_type: int = STIX_21


class Refused(msgspec.Struct, frozen=True):
    """One object that was not taken, told without its content."""

    ordinal: int  # place in what was handed in, from 1
    object_id: str
    code: str
    what: str


def draft_of(checked: Checked, content: bytes) -> Draft:
    """The draft of a checked object."""
    return Draft(
        content, checked.id, checked.version, checked.name[:256], tuple(checked.marking_refs), tuple(checked.ends)
    )


def keep_until(kind: str, now_us: int) -> int:
    """When the content of an object of this type is to be erased: never after five years (docs/formats/entry.md)."""
    days = _KEEP_DAYS.get(kind, _KEEP_LONGEST)
    # To the end of the day: entries of one batch then share their handling, and the hour tells nobody anything.
    return (now_us // _DAY + days + 1) * _DAY
