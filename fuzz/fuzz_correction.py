"""Fuzz what a note says of changes, what a version says of being taken back, and feedback: a value, or FormatError."""

import sys

from mutation import drive
from tocsin.errors import FormatError
from tocsin.formats import correction, extension, feedback, strictjson
from tocsin.formats.correction import Change, Confirmation
from tocsin.formats.feedback import Feedback
from tocsin.formats.tlp import Tlp

_ME = "identity--11111111-1111-4111-8111-111111111111"
_ID = "indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"
_AT = "2026-11-20T08:00:00.000Z"
_OLD = {
    "type": "indicator",
    "spec_version": "2.1",
    "id": _ID,
    "created": _AT,
    "modified": _AT,
    "pattern": "[ipv4-addr:value = '198.51.100.7']",
    "pattern_type": "stix",
    "valid_from": _AT,
}
SAMPLES = (
    correction.compose(
        Confirmation("aa", (Change(_ID, _AT, "recalled", 10**15), Change(_ID, "", "corrected", 0))),
        "bb",
        _ME,
        Tlp.GREEN,
    ),
    correction.withdrawn(_OLD, 10**15, Tlp.AMBER, correction.RECALLED, "a false positive"),
    feedback.compose(Feedback(_ID, "sighted", 3, 10**15), "bb", _ME, Tlp.GREEN, "seen", 10**15),
    feedback.compose(Feedback(_ID, "false-positive"), "bb", _ME, Tlp.GREEN, "", 10**15),
)


def one_input(data: bytes) -> None:
    """Read `data` as each of them."""
    try:
        value = strictjson.parse(data)
    except FormatError:
        return
    if not isinstance(value, dict):
        return
    if correction.taken_back(value) not in ("", *correction.WITHDRAWN) or len(correction.reason_of(value)) > 256:
        raise AssertionError("a version is taken back in no known way")
    correction.marks(value)
    if not all(isinstance(one, str) for one in correction.subjects(value)):
        raise AssertionError("a subject is no text")
    told = feedback.read(value)
    if told is not None and told.kind not in feedback.KINDS:
        raise AssertionError("feedback of no known kind")
    said = extension.of(value, "confirmation")
    try:
        word = correction.parse(said) if said is not None else None
    except FormatError:
        return
    if word is not None and not 0 < len(word.changes) <= correction.MAX_CHANGES:
        raise AssertionError("a confirmation of too many, or of nothing")


if __name__ == "__main__":
    drive(one_input, SAMPLES, sys.argv[1:])
