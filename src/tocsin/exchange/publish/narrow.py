"""The narrow door: what is about a person passes only with everything it must say. One rule for giver and receiver.

What must be said is in formats/person.py; the policy is told in docs/persons.md.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from tocsin.errors import PolicyError
from tocsin.formats import categories, person
from tocsin.formats.person import Person


def passed(value: dict[str, Any], at_us: int) -> Person | None:
    """What an object about a person says of itself, handed over at a moment; None for all other objects.

    Raises PolicyError with a code `person.*` when it lacks anything.
    """
    if not person.about(value):
        return None
    said = person.declared(value, at_us)
    if not said.necessity and (seen := categories.screen(person.texts(value))):
        what = f"words of special categories ({', '.join(seen)}), and no statement why they are strictly necessary"
        raise PolicyError("person.special-category", what)
    return said


def held(value: dict[str, Any], marking: int, sent_at: int, keep_until: int) -> tuple[str | None, bool]:
    """Why a receiver holds an entry back, as a code, or None; and whether it is about a person."""
    try:
        said = passed(value, sent_at)
    except PolicyError as error:
        return error.code, True
    return (person.fits(said, marking, sent_at, keep_until), True) if said else (None, False)


class Release(NamedTuple):
    """What a second person is asked to approve: these objects, these bytes, this channel."""

    digest: bytes
    objects: int
    seconds: frozenset[str]  # whom the objects name as second signatory


def release(channel_id: str, floor: str, objects: Iterable[tuple[bytes, str]]) -> Release | None:
    """The release of (content, second signatory) of each object about a person; None when there is none."""
    found = [(sha256(content).digest(), second) for content, second in objects]
    if not found:
        return None
    digests = sorted(digest for digest, _ in found)
    head = f"tocsin/person-release/v1\n{channel_id}\n{floor}\n".encode()
    return Release(sha256(head + b"".join(digests)).digest(), len(found), frozenset(second for _, second in found))


def ties(ends: Sequence[str]) -> list[str]:
    """Those ends of a relationship that may be a person."""
    return [end for end in ends if end.partition("--")[0] in person.CARRIERS]
