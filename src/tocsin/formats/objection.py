"""What is said of an object about a person by others: an objection, the answer to it, its withdrawal. STIX notes, read strictly.

A foreign tool reads the note's text; what this house acts on stands in the extension "objection" (docs/persons.md).
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from tocsin.errors import FormatError
from tocsin.formats import extension
from tocsin.formats.tlp import Tlp, marking_id

REASONS: Final = (
    "inaccurate",
    "mistaken-identity",
    "unlawful",  # no basis, or not this purpose
    "not-neutral",  # political, military, religious or racial
    "rights-at-risk",
    "outdated",
    "other",
)
DECISIONS: Final = ("maintained", "upheld")
STATEMENT_CHARS: Final = 2000
_ID_CHARS: Final = 256


class Act(StrEnum):
    """What a note does."""

    OBJECT = "object"  # by any member of the channel: suspends
    ANSWER = "answer"  # by the originator: maintained (stays suspended) or upheld (withdrawn)
    LIFT = "lift"  # by the one who objected: shown again


class Objection(NamedTuple):
    """A note as it stands."""

    act: Act
    objection: str  # id of the note that objected; of the note itself if it is one
    object_id: str
    reason: str = ""  # of an objection: one of REASONS
    decision: str = ""  # of an answer: one of DECISIONS


def read(value: Mapping[str, Any]) -> Objection | None:
    """What a STIX object says as an objection; None when it is none, or not a well-formed one. Total."""
    said = extension.of(value, "objection")
    if said is None or value.get("type") != "note":
        return None
    try:
        act = Act(str(said.get("act")))
    except ValueError:
        return None
    own = value.get("id")
    objection = own if act is Act.OBJECT else said.get("objection")
    object_id, refs = said.get("object_ref"), value.get("object_refs")
    reason, decision = said.get("reason", ""), said.get("decision", "")
    ids = (objection, object_id)
    if not all(isinstance(one, str) and 0 < len(one) <= _ID_CHARS for one in ids) or not isinstance(refs, list):
        return None
    fits = object_id in refs and (
        (act is Act.OBJECT and reason in REASONS and decision == "")
        or (act is Act.ANSWER and decision in DECISIONS and reason == "")
        or (act is Act.LIFT and decision == "" and reason == "")
    )
    return Objection(act, str(objection), str(object_id), str(reason), str(decision)) if fits else None


class Saying(NamedTuple):
    """Who says it where and when."""

    channel: str  # id
    identity: str  # STIX identity of the member
    member: str  # handle
    at_us: int
    marking: int


def compose(who: Saying, said: Objection, statement: str) -> bytes:
    """The note. The same act by the same member is the same object. Raises FormatError("format.objection")."""
    text = statement.strip()
    if not 0 < len(text) <= STATEMENT_CHARS or not text.replace("\n", " ").isprintable():
        raise FormatError("format.objection", f"a statement has 1 to {STATEMENT_CHARS} printable characters")
    told = {"act": said.act.value, "object_ref": said.object_id}
    told |= {} if said.act is Act.OBJECT else {"objection": said.objection}
    told |= {"reason": said.reason} if said.reason else {}
    told |= {"decision": said.decision} if said.decision else {}
    # An objection is one of a moment: whoever lifted one may object again.
    moment = (str(who.at_us),) if said.act is Act.OBJECT else (said.objection,)
    body = {
        "abstract": _ABSTRACT[said.act],
        "content": text,
        "object_refs": [said.object_id],
        "object_marking_refs": [marking_id(Tlp(who.marking))],
    }
    key = (who.channel, who.member, said.act.value, said.object_id, *moment)
    return extension.compose("note", key, who.identity, who.at_us, body, "objection", told)


_ABSTRACT: Final[Mapping[Act, str]] = MappingProxyType(
    {
        Act.OBJECT: "Objection to an object about a person",
        Act.ANSWER: "Answer to an objection",
        Act.LIFT: "An objection is lifted",
    }
)
