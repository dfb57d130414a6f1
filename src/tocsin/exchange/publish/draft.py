"""What waits to be published: content that passed the gate, and what the policy must know of it."""

from typing import Final, NamedTuple

import msgspec

from tocsin.formats.entry import STIX_21
from tocsin.formats.person import Person
from tocsin.formats.stix.check import Checked
from tocsin.formats.tlp import Tlp

_DAY: Final = 86_400_000_000
_KEEP_DAYS: Final = {"indicator": 180, "report": 730, "sighting": 365, "note": 730, "opinion": 730}
_KEEP_LONGEST: Final = 1825
_KEEP_PERSON: Final = 365


class Draft(msgspec.Struct, frozen=True, array_like=True):
    """One object that passed the gate. `refs` are its marking references, `ends` what a relationship joins."""

    content: bytes
    object_id: str
    version: str
    name: str
    refs: tuple[str, ...]
    ends: tuple[str, ...]
    second: str = ""  # about a person: who is named as second signatory
    until: int = 0  # about a person: the end of its review day, microseconds since 1970


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


def draft_of(checked: Checked, content: bytes, said: Person | None = None) -> Draft:
    """The draft of a checked object; `said` is what one about a person says of itself."""
    return Draft(
        content,
        checked.id,
        checked.version,
        checked.name[:256],
        tuple(checked.marking_refs),
        tuple(checked.ends),
        said.second if said else "",
        said.review_us if said else 0,
    )


def keep_until(kind: str, now_us: int, review_us: int = 0) -> int:
    """When the content of an object of this type is to be erased: never after five years (docs/formats/entry.md).

    `review_us` is of an object about a person: it is kept for a year, and never beyond its review day.
    """
    days = min(_KEEP_PERSON, _KEEP_DAYS.get(kind, _KEEP_LONGEST)) if review_us else _KEEP_DAYS.get(kind, _KEEP_LONGEST)
    # To the end of the day: entries of one batch then share their handling, and the hour tells nobody anything.
    until = (now_us // _DAY + days + 1) * _DAY
    return min(until, review_us) if review_us else until
