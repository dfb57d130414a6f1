"""Statements: what a member signs about itself or the community, as a C2SP signed note.

The text of the note is two lines: the kind (e.g. "tocsin/charter/v1") and one RFC 8785 JSON object. Signatures are
gathered by adding lines; the text never changes, so every member's copy can be merged with every other's.
"""

from typing import Any, Final, NamedTuple

from tocsin.errors import FormatError
from tocsin.formats import canonical, note, strictjson

MEMBER: Final = "tocsin/member/v1"
CHARTER: Final = "tocsin/charter/v1"
CHANNEL: Final = "tocsin/channel/v1"
LEAVE: Final = "tocsin/leave/v1"
EPOCH_KEY: Final = "tocsin/epoch-key/v1"
ERASED: Final = "tocsin/erased/v1"
HANDED: Final = "tocsin/channel-secret/v1"
FAIRNESS: Final = "tocsin/fairness/v1"
MAX_BYTES: Final = 4 * 1024 * 1024
KINDS: Final = frozenset({MEMBER, CHARTER, CHANNEL, LEAVE, EPOCH_KEY, ERASED, HANDED, FAIRNESS})


class Statement(NamedTuple):
    """A parsed statement. `note` keeps the exact text and every signature, known or not."""

    kind: str
    body: dict[str, Any]
    note: note.Note


def compose(kind: str, body: dict[str, Any]) -> Statement:
    """A statement nobody has signed yet."""
    text = kind.encode() + b"\n" + canonical.encode(body) + b"\n"
    return Statement(kind, body, note.Note(text, ()))


def parse(data: bytes, *, max_bytes: int = MAX_BYTES) -> Statement:
    """The statement in a signed note. Signatures are not checked here. Raises FormatError."""
    parsed = note.parse(data, max_bytes=max_bytes)
    kind, _, rest = parsed.text.partition(b"\n")
    if kind.decode("utf-8", "replace") not in KINDS or not rest.endswith(b"\n") or rest.count(b"\n") != 1:
        raise FormatError("format.statement", "the note is not a statement of a kind we know")
    body = strictjson.parse(rest[:-1], max_bytes=max_bytes)
    if not isinstance(body, dict) or canonical.encode(body) != rest[:-1]:
        raise FormatError("format.statement", "the statement's JSON is not one canonical object")
    return Statement(kind.decode(), body, parsed)


def encode(statement: Statement) -> bytes:
    """The bytes of the note."""
    return note.encode(statement.note)


def text(body: dict[str, Any], key: str, *, longest: int = 1024) -> str:
    """A string the statement must have. Raises FormatError("format.statement")."""
    value = body.get(key)
    if not isinstance(value, str) or len(value) > longest:
        raise FormatError("format.statement", f"the statement lacks the text {key!r}")
    return value


def number(body: dict[str, Any], key: str) -> int:
    """A whole number, not negative, that the statement must have. Raises FormatError("format.statement")."""
    value = body.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise FormatError("format.statement", f"the statement lacks the number {key!r}")
    return value


def texts(body: dict[str, Any], key: str) -> tuple[str, ...]:
    """A list of strings; absent means empty. Raises FormatError("format.statement")."""
    value = body.get(key, [])
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise FormatError("format.statement", f"the statement's {key!r} is not a list of texts")
    return tuple(value)


def mapping(body: dict[str, Any], key: str) -> dict[str, Any]:
    """An object that the statement must have. Raises FormatError("format.statement")."""
    value = body.get(key)
    if not isinstance(value, dict):
        raise FormatError("format.statement", f"the statement lacks the object {key!r}")
    return value
