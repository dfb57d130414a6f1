"""What all demonstration objects share: their author, their ids, their dates and their markings.

Nothing here is drawn by chance or read from a clock: the same installation makes the same bytes every time.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from uuid import NAMESPACE_DNS, UUID, uuid5

from tocsin.formats import canonical
from tocsin.formats.tlp import Tlp, marking_id

Json = dict[str, Any]

CLEAR: Final = marking_id(Tlp.CLEAR)
GREEN: Final = marking_id(Tlp.GREEN)

_NAMESPACE: Final = uuid5(NAMESPACE_DNS, "demo.tocsin.example")
_EPOCH: Final = datetime(2025, 1, 1, tzinfo=UTC)
_UNMARKED_KINDS: Final = ("location", "identity")  # a country or a sector is no secret
_GREEN_DIGITS: Final = frozenset("0123")  # one object in four


def derived_uuid(*parts: str) -> UUID:
    """The UUIDv5 of these names in the namespace of the demonstration."""
    return uuid5(_NAMESPACE, "\x1f".join(parts))


def derived_id(kind: str, *parts: str) -> str:
    """A STIX id of the given type that depends on nothing but the names."""
    return f"{kind}--{derived_uuid(kind, *parts)}"


SOURCE_ID: Final = derived_id("identity", "source")


@lru_cache(maxsize=64)
def instant(seconds: int) -> str:
    """The STIX timestamp so many seconds after the fixed beginning of the demonstration's calendar."""
    return (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def marking_of(*ids: str) -> str:
    """GREEN if one of the objects is GREEN, else CLEAR: a relationship is as strict as its stricter end."""
    for stix_id in ids:
        if stix_id[-1] in _GREEN_DIGITS and not stix_id.startswith(_UNMARKED_KINDS):
            return GREEN
    return CLEAR


def definition(kind: str, stix_id: str, version: int, **properties: Any) -> Json:
    """An object of the demonstration's author. `version` dates it: a newer one is modified later."""
    return {
        "type": kind,
        "spec_version": "2.1",
        "id": stix_id,
        "created": instant(0),
        "modified": instant(60 * version),
        "created_by_ref": SOURCE_ID,
        "object_marking_refs": [marking_of(stix_id)],
        **{name: value for name, value in properties.items() if value},
    }


def author() -> Json:
    """The identity that all demonstration objects name as their creator."""
    made = definition(
        "identity",
        SOURCE_ID,
        0,
        name="Tocsin demonstration",
        description="Turns public collections of threat information into STIX 2.1 objects for demonstrations.",
        identity_class="system",
    )
    del made["created_by_ref"]
    return made


def encode(thing: Json) -> bytes:
    """The bytes that are shared."""
    return canonical.encode(thing)
