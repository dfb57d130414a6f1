"""What a client asks for: the query string as filters, each checked, each told what is wrong with it."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from typing import Final
from urllib.parse import parse_qsl

from tocsin.edge.taxii import instants
from tocsin.edge.taxii.answers import bad

MATCH_ALL: Final = frozenset(("id", "type", "version", "spec_version"))  # objects, manifest
MATCH_OBJECT: Final = frozenset(("version", "spec_version"))
MATCH_VERSIONS: Final = frozenset(("spec_version",))
SPEC_VERSION: Final = "2.1"  # the gate takes no other, so that the newest of each object is always this one

_MOST_FIELDS: Final = 64
_MOST_VALUES: Final = 200
_LIMIT: Final = re.compile(r"0*[1-9][0-9]{0,17}")
_PLAIN: Final = ("limit", "next", "added_after")


@dataclass(frozen=True, slots=True)
class Filters:
    """The filters of one query, in one spelling: equal filters are equal values. Instants are in microseconds."""

    added_after: int | None = None
    ids: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    versions: tuple[str | int, ...] = ("last",)
    spec_versions: tuple[str, ...] = (SPEC_VERSION,)


@dataclass(frozen=True, slots=True)
class Asked:
    """A query: its filters, which of them were named, and where to go on."""

    filters: Filters
    named: frozenset[str]  # names of fields of Filters
    limit: int | None
    cursor: str | None


def parse(query: bytes, matchable: frozenset[str]) -> Asked:
    """The query string; `matchable` is what this endpoint can match. Raises RefusalError(400)."""
    given = _fields(query)
    unknown = {name for name in given if name.startswith("match[")} - {f"match[{name}]" for name in matchable}
    if unknown:
        raise bad("This resource cannot be filtered by that match field.")
    readers: dict[str, tuple[str, Callable[[str], object]]] = {
        "added_after": ("added_after", _added_after),
        "match[id]": ("ids", _values),
        "match[type]": ("types", _values),
        "match[version]": ("versions", _versions),
        "match[spec_version]": ("spec_versions", _values),
    }
    told = {field: read(given[name]) for name, (field, read) in readers.items() if name in given}
    limit = _limit(given["limit"]) if "limit" in given else None
    return Asked(Filters(**told), frozenset(told), limit, given.get("next"))  # type: ignore[arg-type] # by the table above


def contradicted(asked: Asked, original: Filters) -> bool:
    """Whether a later page names a filter otherwise than the first did. Filters left out are no contradiction."""
    return any(
        getattr(asked.filters, one.name) != getattr(original, one.name)
        for one in fields(Filters)
        if one.name in asked.named
    )


def _fields(query: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            query.decode("latin-1"), keep_blank_values=True, errors="replace", max_num_fields=_MOST_FIELDS
        )
    except ValueError as error:
        raise bad(f"A query has at most {_MOST_FIELDS} fields.") from error
    given: dict[str, str] = {}
    for name, value in pairs:
        if name not in _PLAIN and not name.startswith("match["):
            continue  # nothing we know; clients add their own
        if name in given:
            raise bad("A field of the query occurs twice.")
        given[name] = value
    return given


def _limit(text: str) -> int:
    if not _LIMIT.fullmatch(text):
        raise bad("`limit` is a whole number from 1.")
    return int(text)


def _added_after(text: str) -> int:
    moment = instants.parse(text)
    if moment is None:
        raise bad("`added_after` is one RFC 3339 timestamp, such as 2026-11-21T20:44:42.000000Z.")
    return moment


def _values(text: str) -> tuple[str, ...]:
    found = {one for part in text.split(",") if (one := part.strip())}
    if not found or len(found) > _MOST_VALUES or "\0" in text:  # a cursor is JSON that passes our own strict gate
        raise bad(f"A match field has 1 to {_MOST_VALUES} values, with commas between.")
    return tuple(sorted(found))


def _versions(text: str) -> tuple[str | int, ...]:
    found = {_version(one) for one in _values(text)}
    if "all" in found and len(found) > 1:
        raise bad("`all` stands alone in `match[version]`.")
    return tuple(_ordered(found))


def _version(text: str) -> str | int:
    if text in ("first", "last", "all"):
        return text
    moment = instants.parse(text)
    if moment is None:
        raise bad("`match[version]` is `first`, `last`, `all` or RFC 3339 timestamps.")
    return moment


def _ordered(found: Iterable[str | int]) -> list[str | int]:
    return sorted(found, key=lambda one: (isinstance(one, str), one))
