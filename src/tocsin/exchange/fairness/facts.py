"""From a parsed STIX object to the few facts that fairness keeps of it. Pure."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import IntEnum, IntFlag
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from tocsin.exchange.fairness.values import Digests, value_of
from tocsin.formats import extension
from tocsin.formats.stix.catalogue import TYPES
from tocsin.formats.stix.model import Family
from tocsin.formats.text import to_microseconds


class Sort(IntEnum):
    """What an entry is to fairness."""

    GONE = 0  # erased, held back or expired: its place counts, nothing else is known
    ORDER = 1  # an erase order
    CONTEXT = 2  # what explains other objects: counted as given, not judged
    CLAIM = 3  # says that something is a threat
    WARNING = 4  # a claim that asks for an answer


class Link(IntEnum):
    """What must be known beside an entry, to judge it. All entries with one value are of one kind."""

    NONE = 0  # no other entry has its value, and nobody has spoken of its object: one more to count
    JUDGED = 1  # its value stands in another log too, or somebody has spoken of an object that had it
    REPEATED = 2  # its value stands in this log again, and in no other: nobody confirms it, so that values are counted


class Word(IntFlag):
    """What a member says of another's object."""

    SIGHTED = 1
    FALSE = 2
    RIGHT = 4
    USED = 8
    ANSWERED = 16


class Fact(NamedTuple):
    """What is kept of one object. Digests, and one time in microseconds; 0 for none."""

    sort: Sort
    value: int = 0
    object: int = 0
    author: int = 0
    seen: int = 0


GONE: Final = Fact(Sort.GONE)
_CLAIMS: Final = frozenset(
    {
        *(name for name, one in TYPES.items() if one.family is Family.OBSERVABLE),
        *("attack-pattern", "campaign", "incident", "indicator", "infrastructure", "intrusion-set", "malware"),
        *("malware-analysis", "observed-data", "report", "threat-actor", "tool", "vulnerability"),
    }
)
_OPINIONS: Final = MappingProxyType(
    {
        "strongly-disagree": Word.FALSE,
        "disagree": Word.FALSE,
        "agree": Word.RIGHT,
        "strongly-agree": Word.RIGHT,
    }
)
_ANSWERS: Final = MappingProxyType(
    {
        "affects-us": Word.ANSWERED | Word.USED,
        "acting": Word.ANSWERED | Word.USED,
        "not-us": Word.ANSWERED,
        "need-more": Word.ANSWERED,
    }
)
_FEEDBACK: Final = MappingProxyType(
    {
        "false-positive": Word.FALSE,
        "disagree": Word.FALSE,
        "agree": Word.RIGHT,
        "sighted": Word.SIGHTED,
        "used": Word.USED,
    }
)


def read(said: Mapping[str, Any], digests: Digests) -> Fact:
    """What is kept of an object that was shown."""
    kind = said.get("type")
    of_object = digests.of(f"object\n{said.get('id', '')}")
    if kind not in _CLAIMS or said.get("revoked") is True:
        return Fact(Sort.CONTEXT, 0, of_object)
    author = said.get("created_by_ref")
    warns = kind == "report" and extension.of(said, "warning") is not None
    return Fact(
        Sort.WARNING if warns else Sort.CLAIM,
        digests.of(f"value\n{value_of(said)}"),
        of_object,
        digests.of_author(author) if isinstance(author, str) else 0,
        _seen(said),
    )


def words(said: Mapping[str, Any], digests: Digests) -> dict[int, Word]:
    """What an object says of others, by the digest of their ids."""
    if said.get("revoked") is True:
        return {}
    out: dict[int, Word] = {}
    for about, word in _words(said):
        key = digests.of(f"object\n{about}")
        out[key] = out.get(key, Word(0)) | word
    return out


def _words(said: Mapping[str, Any]) -> Iterator[tuple[str, Word]]:
    kind = said.get("type")
    if kind not in ("sighting", "opinion", "note"):
        return
    word = Word(0)
    if kind == "sighting" and said.get("count", 1) != 0:
        word |= Word.SIGHTED
    if kind == "opinion":
        word |= _OPINIONS.get(str(said.get("opinion")), Word(0))
    refs = [said.get("sighting_of_ref")] if kind == "sighting" else said.get("object_refs", [])
    told = extension.of(said, "feedback")
    if told is not None and refs == [told.get("about")]:
        # What the extension says counts in the place of what a foreign tool reads.
        word = _FEEDBACK.get(str(told.get("kind")), word)
    answered = extension.of(said, "answer") if kind == "note" else None
    if answered is not None:
        word |= _ANSWERS.get(str(answered.get("answer")), Word(0))
    if word:
        yield from ((about, word) for about in refs if isinstance(about, str))


def _seen(said: Mapping[str, Any]) -> int:
    for name in ("first_seen", "first_observed", "created"):
        told = said.get(name)
        if isinstance(told, str):
            return _instant(told)
    return 0


@lru_cache(8192)  # the times of one share are often few
def _instant(told: str) -> int:
    try:
        return max(0, to_microseconds(datetime.fromisoformat(told)))
    except ValueError:
        return 0
