"""Feedback: what a receiver says of an object, back to who gave it.

Standard objects with our extension "feedback" {"about", "kind", "count"?, "seen_at"?}: `sighted` is a sighting (a note for
an observable, of which STIX allows none), `used` a note, `agree`, `disagree` and `false-positive` are opinions.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from tocsin.errors import FormatError
from tocsin.formats import canonical, extension
from tocsin.formats.stix.catalogue import TYPES
from tocsin.formats.stix.ids import sdo_id
from tocsin.formats.stix.model import Family
from tocsin.formats.text import instant
from tocsin.formats.tlp import Tlp, marking_id

FALSE_POSITIVE: Final = "false-positive"
SIGHTED: Final = "sighted"
USED: Final = "used"
AGREE: Final = "agree"
DISAGREE: Final = "disagree"
KINDS: Final = (FALSE_POSITIVE, SIGHTED, USED, AGREE, DISAGREE)
MAX_NOTE: Final = 4096
MAX_COUNT: Final = 999_999_999  # as the standard has it
_MAX: Final = 2**53 - 1
_OPINIONS: Final = {FALSE_POSITIVE: "strongly-disagree", AGREE: "agree", DISAGREE: "disagree"}
_NO_SIGHTING: Final = ("relationship", "sighting", "marking-definition", "language-content", "bundle")
_TEXT: Final = {SIGHTED: "Seen here too.", USED: "Used: acted on or exported."}


class Feedback(NamedTuple):
    """One word on one object. `times` ("count") and `seen_at` (microseconds since 1970) belong to `sighted`; 0: not told."""

    about: str
    kind: str
    times: int = 0
    seen_at: int = 0


def compose(told: Feedback, me: str, identity: str, level: Tlp, text: str, at_us: int) -> bytes:
    """The object by which member `me` says it, marked at `level`; `text` is what a person adds.

    Raises FormatError("format.feedback").
    """
    if len(text) > MAX_NOTE:
        raise FormatError("format.feedback", f"the note is longer than {MAX_NOTE} characters")
    said: dict[str, Any] = {"about": told.about, "kind": told.kind}
    if told.times:
        said["count"] = told.times
    if told.seen_at:
        said["seen_at"] = told.seen_at
    parse(said)
    kind, body = _body(told, text)
    body["object_marking_refs"] = [marking_id(level)]
    parts = (me, told.about, told.kind, str(at_us))
    return extension.compose(kind, parts, identity, at_us, body, "feedback", said)


def comment(about: str, me: str, identity: str, level: Tlp, text: str, at_us: int) -> bytes:
    """A plain STIX note on an object, marked at `level`. Raises FormatError("format.feedback")."""
    if not text or len(text) > MAX_NOTE:
        raise FormatError("format.feedback", f"a note has 1 to {MAX_NOTE} characters")
    at = instant(at_us // 1000 * 1000)[:-4] + "Z"
    return canonical.encode(
        {
            "type": "note",
            "spec_version": "2.1",
            "id": sdo_id("note", "comment", me, about, str(at_us)),
            "created_by_ref": identity,
            "created": at,
            "modified": at,
            "content": text,
            "object_refs": [about],
            "object_marking_refs": [marking_id(level)],
        }
    )


def _body(told: Feedback, text: str) -> tuple[str, dict[str, Any]]:
    if told.kind in _OPINIONS:
        body: dict[str, Any] = {"opinion": _OPINIONS[told.kind], "object_refs": [told.about]}
        return "opinion", body | ({"explanation": text} if text else {})
    if told.kind == SIGHTED and _may_be_sighted(told.about):
        body = {"sighting_of_ref": told.about, "description": text or _TEXT[SIGHTED]}
        if told.times:
            body["count"] = told.times
        if told.seen_at:
            body["last_seen"] = instant(told.seen_at)
        return "sighting", body
    return "note", {"content": text or _TEXT[told.kind], "object_refs": [told.about]}


def _may_be_sighted(object_id: str) -> bool:
    name = object_id.partition("--")[0]
    described = TYPES.get(name)
    return name not in _NO_SIGHTING and (described is None or described.family is not Family.OBSERVABLE)


def parse(said: Mapping[str, Any]) -> Feedback:
    """What the extension says. Raises FormatError("format.feedback")."""
    if said.keys() - {"extension_type", "count", "seen_at"} != {"about", "kind"}:
        raise FormatError("format.feedback", "the feedback has not the properties of one")
    about, kind = said["about"], said["kind"]
    if not isinstance(about, str) or not 0 < len(about) <= 128 or "--" not in about:
        raise FormatError("format.feedback", "the feedback names no object")
    if kind not in KINDS:
        raise FormatError("format.feedback", "the feedback is of no known kind")
    made = Feedback(about, kind, _number(said, "count", MAX_COUNT), _number(said, "seen_at", _MAX))
    if kind != SIGHTED and (made.times or made.seen_at):
        raise FormatError("format.feedback", "only a sighting is counted and dated")
    return made


def _number(said: Mapping[str, Any], name: str, most: int) -> int:
    found = said.get(name, 0)
    if not isinstance(found, int) or isinstance(found, bool) or not 0 <= found <= most:
        raise FormatError("format.feedback", "a number of the feedback is outside its limits")
    return found


def read(value: Mapping[str, Any]) -> Feedback | None:
    """The feedback in a STIX object; None when there is none, or when its object is not what the extension says of it."""
    said = extension.of(value, "feedback")
    if said is None:
        return None
    try:
        told = parse(said)
    except FormatError:
        return None
    about = [value.get("sighting_of_ref")] if value.get("type") == "sighting" else value.get("object_refs")
    return told if about == [told.about] else None
