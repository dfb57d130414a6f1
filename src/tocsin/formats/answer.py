"""What a person says to a warning: a STIX `note` that acknowledges it, or answers it.

Every property: docs/warnings.md. What is read back and written again gives the same bytes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from tocsin.errors import FormatError
from tocsin.formats import extension
from tocsin.formats.escalation import is_role
from tocsin.formats.fields import Fields, check_text, is_id, is_stamp, stamp
from tocsin.formats.stix import ids
from tocsin.formats.text import check_handle

ANSWER: Final = "answer"
MAX_COMMENT: Final = 1000
DAY_US: Final = 86_400_000_000
ACKNOWLEDGED_US: Final = 7 * DAY_US  # no acknowledgement silences a warning for longer
ACTING_US: Final = 366 * DAY_US
_CODE: Final = "format.answer"


class State(StrEnum):
    """How far a person has come with a warning."""

    ACKNOWLEDGED = "acknowledged"
    ANSWERED = "answered"


class Word(StrEnum):
    """The answers: a closed list."""

    AFFECTS_US = "affects-us"
    NOT_US = "not-us"
    NEED_MORE = "need-more"
    ACTING = "acting"


@dataclass(frozen=True, slots=True)
class Answer:
    """One word of a member on a warning. Times are microseconds since 1970."""

    member: str
    identity: str
    warning: str
    state: State
    at: int
    word: Word | None = None  # exactly where the state is answered
    until: int = 0  # acknowledged: until when that stands; acting: until when; else 0
    desk: str = ""  # a role, never a person's name
    comment: str = ""
    markings: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The STIX id: one for each word said."""
        return ids.sdo_id("note", ANSWER, *self.parts)

    @property
    def parts(self) -> tuple[str, ...]:
        """What the id is made from, beside its kind."""
        return (self.member, self.warning, self.state.value, str(self.at))


def write(one: Answer) -> bytes:
    """The bytes of an answer. Raises FormatError("format.answer", "format.handle")."""
    _check(one)
    said: dict[str, Any] = {"state": one.state.value}
    maybe: dict[str, Any] = {
        "answer": one.word.value if one.word else "",
        "until": stamp(one.until) if one.until else "",
        "desk": one.desk,
        "comment": one.comment,
    }
    said |= {name: there for name, there in maybe.items() if there}
    body: dict[str, Any] = {"content": described(one), "object_refs": [one.warning]}
    if one.markings:
        body["object_marking_refs"] = list(one.markings)
    return extension.compose("note", one.parts, one.identity, one.at, body, ANSWER, said)


def described(one: Answer) -> str:
    """The answer as text, for people and for tools that do not know the extension."""
    until = f" until {stamp(one.until)}" if one.until else ""
    word = f" {one.word.value}" if one.word else ""
    comment = f"\n{one.comment}" if one.comment else ""
    return f"{one.member}: {one.state.value}{word}{until}.{comment}"


def read(value: Mapping[str, Any], member: str) -> Answer | None:
    """The answer in an object that `member` has shared; None for an object that claims to be none.

    Raises FormatError("format.answer").
    """
    said = extension.of(value, ANSWER)
    if said is None:
        return None
    fields, whole = Fields(said, _CODE), Fields(value, _CODE)
    fields.require(frozenset({"extension_type", "state"}), frozenset({"answer", "until", "desk", "comment"}))
    if value.get("type") != "note":
        raise FormatError(_CODE, "an answer is a note")
    one = Answer(
        member=member,
        identity=whole.text("created_by_ref", 100),
        warning=whole.texts("object_refs", 1)[0],
        state=fields.one_of("state", State),
        at=whole.instant("created"),
        word=fields.one_of("answer", Word) if "answer" in said else None,
        until=fields.instant("until") if "until" in said else 0,
        desk=fields.text("desk", 32) if "desk" in said else "",
        comment=fields.text("comment", MAX_COMMENT) if "comment" in said else "",
        markings=whole.texts("object_marking_refs", 1000) if "object_marking_refs" in value else (),
    )
    _check(one)
    if value.get("id") != one.id:
        raise FormatError(_CODE, "the id of an answer is made from what it says; this one is not")
    return one


def _check(one: Answer) -> None:
    check_handle(one.member)
    _require(one.warning.startswith("report--") and is_id(one.warning), "it names no warning")
    _require(is_stamp(one.at) and (not one.until or is_stamp(one.until)), "times are whole milliseconds")
    _require((one.state is State.ANSWERED) == (one.word is not None), "an answer has its word, nothing else has")
    if one.state is State.ACKNOWLEDGED:
        _require(one.at < one.until <= one.at + ACKNOWLEDGED_US, "an acknowledgement stands for up to seven days")
    elif one.until:
        _require(one.at < one.until <= one.at + ACTING_US, "it says until when for a year at most")
    _require(not one.desk or is_role(one.desk), "the desk is a role: a-z, 0-9 and inner hyphens")
    if one.comment:
        check_text(one.comment, MAX_COMMENT, _CODE)


def _require(holds: object, what: str) -> None:
    if not holds:
        raise FormatError(_CODE, what)
