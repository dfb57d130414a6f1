"""Taking back and setting right: what a withdrawn version looks like, and a member's word that a change is in force.

A confirmation is a `note` with our extension "confirmation": {"giver": handle, "changes": [{"object_id", "version",
"action", "done_at"}, ...]}. A version that takes an object back is `revoked` and carries our extension "recall":
{"withdrawal": "recalled" | "revoked", "reason": text}.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, Final, NamedTuple

from tocsin.errors import FormatError
from tocsin.formats import canonical, extension
from tocsin.formats.stix.catalogue import TYPES
from tocsin.formats.stix.check import check
from tocsin.formats.text import check_handle, instant, to_microseconds
from tocsin.formats.tlp import Tlp, marking_id

CORRECTED: Final = "corrected"
DOWNGRADED: Final = "downgraded"
REVOKED: Final = "revoked"
RECALLED: Final = "recalled"
ACTIONS: Final = (CORRECTED, DOWNGRADED, REVOKED, RECALLED)
WITHDRAWN: Final = (REVOKED, RECALLED)  # nobody is shown it any more
MAX_CHANGES: Final = 512
MAX_REASON: Final = 256
_MAX: Final = 2**53 - 1
_ID: Final = re.compile(r"[a-z][a-z0-9-]{1,62}[a-z0-9]--[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_VERSION: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,12})?Z")
_KEEP: Final = ("type", "spec_version", "id", "created", "created_by_ref")
_SPOKEN: Final = ("description", "aliases", "labels", "external_references", "granular_markings", "extensions")
_PLAIN: Final = "withdrawn"
_NOTHING: Final = "[x-withdrawn:value = 'withdrawn']"  # a pattern that matches nothing there is
_MILLISECOND: Final = 1000


class Change(NamedTuple):
    """A change that is in force at the one who says so, since `done_at` (microseconds since 1970, by its clock)."""

    object_id: str
    version: str
    action: str
    done_at: int


class Confirmation(NamedTuple):
    """What a member confirms to `giver`, whose objects these are."""

    giver: str
    changes: tuple[Change, ...]


def key(object_id: str) -> bytes:
    """What stands for an object's id where the id itself may have to be erased."""
    return sha256(b"tocsin/object/v1" + object_id.encode()).digest()[:16]


def instant_of(version: str) -> int:
    """A version as microseconds since 1970; 0 for none. Raises FormatError("format.confirmation")."""
    if not version:
        return 0
    try:
        return to_microseconds(datetime.fromisoformat(version))
    except (ValueError, OverflowError) as error:
        raise FormatError("format.confirmation", "a version is no instant") from error


def compose(told: Confirmation, me: str, identity: str, level: Tlp) -> bytes:
    """The note by which member `me` confirms, marked at `level`. The same changes make the same note."""
    changes = [one._asdict() for one in told.changes]
    at_us = max(one.done_at for one in told.changes)
    body = {
        "content": f"In force at {me}: {len(changes)} change(s) that {told.giver} made to what it had shared.",
        "object_refs": list(dict.fromkeys(one.object_id for one in told.changes)),
        "object_marking_refs": [marking_id(level)],
    }
    parts = (me, told.giver, canonical.encode(changes).decode())
    return extension.compose(
        "note", parts, identity, at_us, body, "confirmation", {"giver": told.giver, "changes": changes}
    )


def parse(said: Mapping[str, Any]) -> Confirmation:
    """What the extension says. Raises FormatError("format.confirmation", "format.handle")."""
    changes = said.get("changes")
    if said.keys() != {"extension_type", "giver", "changes"} or not isinstance(changes, list):
        raise FormatError("format.confirmation", "the confirmation has not exactly the properties of one")
    if not 0 < len(changes) <= MAX_CHANGES:
        raise FormatError("format.confirmation", "the confirmation names no change, or too many")
    return Confirmation(check_handle(said["giver"]), tuple(_change(one) for one in changes))


def _change(value: Any) -> Change:
    if not isinstance(value, dict) or value.keys() != set(Change._fields):
        raise FormatError("format.confirmation", "a change has not exactly the properties of one")
    made = Change(**value)
    if not isinstance(made.object_id, str) or not _ID.fullmatch(made.object_id):
        raise FormatError("format.confirmation", "a change names no object")
    if not isinstance(made.version, str) or (made.version and not _VERSION.fullmatch(made.version)):
        raise FormatError("format.confirmation", "a version is no instant")
    instant_of(made.version)
    if made.action not in ACTIONS:
        raise FormatError("format.confirmation", "a change is of no known kind")
    if not isinstance(made.done_at, int) or isinstance(made.done_at, bool) or not 0 <= made.done_at <= _MAX:
        raise FormatError("format.confirmation", "a time is outside its limits")
    return made


# -- versions that take back ------------------------------------------------------------------------------------


def check_reason(reason: str) -> str:
    """The reason itself: 1 to 256 printable characters. Raises FormatError("format.recall")."""
    if not reason or len(reason) > MAX_REASON or not reason.isprintable():
        raise FormatError("format.recall", "the reason is no printable text of 1 to 256 characters")
    return reason


def withdrawn(value: Mapping[str, Any], at_us: int, level: Tlp, action: str, reason: str) -> bytes:
    """The version that takes an object back: revoked, later than `value`, without what the standard lets us leave out.

    Raises FormatError when `value` cannot be revoked: it has no versions.
    """
    if "modified" not in value:
        raise FormatError("format.recall", "an object without versions cannot be revoked: order it to be erased")
    at_us = max(at_us, instant_of(value["modified"]) + _MILLISECOND) // _MILLISECOND * _MILLISECOND
    more = {
        "modified": instant(at_us)[:-4] + "Z",
        "revoked": True,
        "object_marking_refs": [marking_id(level)],
        "extensions": {
            extension.ID["recall"]: {
                "extension_type": "property-extension",
                "withdrawal": action,
                "reason": check_reason(reason),
            }
        },
    }
    kept = {name: value[name] for name in _KEEP if name in value}
    made = b""
    for rest in (_required(value), _named(value), _whole(value)):
        made = canonical.encode({**kept, **rest, **more})
        try:
            check(made)
        except FormatError:  # of a type of its own, or with conditions across properties: then with more
            continue
        return made
    check(made)
    return made


def _named(value: Mapping[str, Any]) -> dict[str, Any]:
    return _required(value) | ({"name": _PLAIN} if "name" in value else {})


def _whole(value: Mapping[str, Any]) -> dict[str, Any]:
    return {name: one for name, one in value.items() if name not in (*_KEEP, *_SPOKEN)} | _named(value)


def _required(value: Mapping[str, Any]) -> dict[str, Any]:
    described = TYPES.get(value["type"])
    names = described.record.required if described else ()
    kept = {name: value[name] for name in names if name in value and name not in _KEEP}
    for name in ("name", "content", "abstract", "explanation", "description"):
        if name in kept:
            kept[name] = _PLAIN
    if "pattern" in kept:
        kept |= {"pattern": _NOTHING, "pattern_type": "stix"}
    return kept


def taken_back(value: Mapping[str, Any]) -> str:
    """REVOKED or RECALLED if this version takes its object back, else empty. Total."""
    if value.get("revoked") is not True:
        return ""
    said = extension.of(value, "recall")
    return RECALLED if said is not None and said.get("withdrawal") == RECALLED else REVOKED


def marks(value: Mapping[str, Any]) -> tuple[int, bytes]:
    """What stays known of a version when it is erased: 1 if it revoked its object, 2 if it recalled it; its creator's key."""
    creator = value.get("created_by_ref")
    taken = ("", REVOKED, RECALLED).index(taken_back(value))
    return taken, key(creator) if isinstance(creator, str) and creator else b""


def reason_of(value: Mapping[str, Any]) -> str:
    """Why a version takes back, as its author says; empty when it does not. Total."""
    found = (extension.of(value, "recall") or {}).get("reason")
    return found if isinstance(found, str) and len(found) <= MAX_REASON and found.isprintable() else ""


def subjects(value: Mapping[str, Any]) -> Sequence[str]:
    """What a relationship, sighting, note, opinion, report or grouping is about: ids, each once. Total."""
    match value.get("type"):
        case "relationship":
            found = [value.get("source_ref"), value.get("target_ref")]
        case "sighting":
            found = [value.get("sighting_of_ref")]
        case "note" | "opinion" | "report" | "grouping":
            listed = value.get("object_refs")
            found = listed if isinstance(listed, list) else []
        case _:
            return ()
    return list(dict.fromkeys(one for one in found if isinstance(one, str)))
