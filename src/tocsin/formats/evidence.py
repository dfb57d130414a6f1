"""Transferable evidence: two statements that one key signed and that contradict each other.

Whoever holds it can show it to anybody; nobody can make it against a member that has signed one history. Layout and
vectors: docs/formats/evidence.md.
"""

import re
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from types import MappingProxyType
from typing import Any, Final

from tocsin.errors import FormatError, VerificationError
from tocsin.formats import canonical, checkpoint, heartbeat, merkle, note, statement, strictjson
from tocsin.formats.checkpoint import Checkpoint
from tocsin.formats.keys import Role, VerifyKey, decode_base64, key_name
from tocsin.formats.text import check_handle

VERSION: Final = 1
MAX_BYTES: Final = 8 * 1024 * 1024
MAX_PROOF: Final = 64  # nodes of a path in the largest tree there may be: 63 levels, and where it begins

_CODE: Final = "format.evidence"
_FIELDS: Final = frozenset({"accused", "key", "kind", "name", "notes", "proof", "version"})
_LOG_NAME: Final = re.compile(r"tocsin/([a-z0-9-]+)/log/[0-9a-f]{64}")
_GOVERNANCE_NAME: Final = re.compile(r"tocsin/([a-z0-9-]+)/governance")


class Kind(StrEnum):
    """In what the two statements contradict each other."""

    FORK = "fork"  # two roots at one size
    HISTORY = "history"  # the larger tree does not go on from the smaller
    ROLLBACK = "rollback"  # a later heartbeat says less than an earlier one
    VOTE = "vote"  # two texts for one place of a charter's or channel's chain


@dataclass(frozen=True, slots=True)
class Evidence:
    """Two signed notes, in the order that verify() asks for, against the member `accused`.

    `key` is the key that signed both, under `name`: whether it is the member's only the charter tells. `proof` is a
    merkle.consistency_path() from the first size to the second root for a history, else empty.
    """

    kind: Kind
    accused: str
    key: VerifyKey
    name: str
    notes: tuple[bytes, bytes]
    proof: tuple[bytes, ...] = ()

    @property
    def role(self) -> Role:
        """Which key of the accused's it must be."""
        return Role.GOVERNANCE if self.kind is Kind.VOTE else Role.LOG

    @property
    def id(self) -> bytes:
        """SHA-256 of the encoding."""
        return sha256(encode(self)).digest()


def encode(evidence: Evidence) -> bytes:
    """One RFC 8785 JSON object. Raises FormatError("format.evidence") if it would be larger than MAX_BYTES."""
    data = canonical.encode(
        {
            "accused": evidence.accused,
            "key": b64encode(evidence.key.raw).decode("ascii"),
            "kind": str(evidence.kind),
            "name": evidence.name,
            "notes": [one.decode("utf-8") for one in evidence.notes],
            "proof": [b64encode(one).decode("ascii") for one in evidence.proof],
            "version": VERSION,
        }
    )
    if len(data) > MAX_BYTES:
        raise FormatError(_CODE, f"the evidence is larger than {MAX_BYTES} bytes")
    return data


def parse(data: bytes) -> Evidence:
    """The evidence whose encode() is exactly `data`, else FormatError. Nothing is verified."""
    body = strictjson.parse(data, max_bytes=MAX_BYTES)
    if not isinstance(body, dict) or body.keys() != _FIELDS or canonical.encode(body) != data:
        raise FormatError(_CODE, "the evidence is not one canonical object of its seven members")
    version, notes, proof = body["version"], body["notes"], body["proof"]
    texts = [body[one] for one in ("accused", "key", "kind", "name")]
    if not all(isinstance(one, str) for one in texts) or body["kind"] not in list(Kind):
        raise FormatError(_CODE, "a member of the evidence is not a text, or its kind is not known")
    if isinstance(version, bool) or version != VERSION:
        raise FormatError(_CODE, "the version is not 1")
    if not _is_texts(notes) or not _is_texts(proof) or len(notes) != 2 or len(proof) > MAX_PROOF:
        raise FormatError(_CODE, "evidence holds two notes and at most 64 hashes")
    hashes = tuple(decode_base64(one, _CODE) for one in proof)
    if not all(len(one) == merkle.HASH_BYTES for one in hashes):
        raise FormatError(_CODE, "a hash of the proof is not 32 bytes")
    key = VerifyKey(decode_base64(body["key"], _CODE))
    first, second = (one.encode("utf-8") for one in notes)
    return Evidence(Kind(body["kind"]), check_handle(body["accused"]), key, body["name"], (first, second), hashes)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


# -- what it proves ---------------------------------------------------------------------------------------------


def verify(evidence: Evidence, expected: VerifyKey | None = None) -> str:
    """One sentence of what the evidence proves, else VerificationError("evidence.unproven").

    `expected` is the accused's key of `evidence.role` in the charter. Without it only this is proven: that the holder of
    the key in the evidence contradicted itself.
    """
    if expected is not None and evidence.key.raw != expected.raw:
        raise _unproven("the key is not that of the accused")
    try:
        says = _JUDGES[evidence.kind](evidence)
    except FormatError as error:
        raise _unproven(f"a note in it is not what it must be ({error.code})") from None
    return f"{evidence.accused} {says}"


def _unproven(why: str) -> VerificationError:
    return VerificationError("evidence.unproven", f"the evidence proves nothing: {why}")


def _require(holds: bool, why: str) -> None:
    if not holds:
        raise _unproven(why)


def _signed(evidence: Evidence, pattern: re.Pattern[str], parsed: tuple[note.Note, note.Note]) -> None:
    check_handle(evidence.accused)
    named = pattern.fullmatch(evidence.name)
    _require(named is not None and named[1] == evidence.accused, "the key name is not one of the accused")
    right = all(note.verified(one, evidence.name, evidence.key) for one in parsed)
    _require(right, "a note is not signed by the key")


def _heads(evidence: Evidence) -> tuple[Checkpoint, Checkpoint]:
    parsed = (note.parse(evidence.notes[0]), note.parse(evidence.notes[1]))
    _signed(evidence, _LOG_NAME, parsed)
    first, second = (checkpoint.parse(one.text) for one in parsed)
    _require(first.origin == second.origin == evidence.name, "the checkpoints are not of the log that the key is for")
    _require(evidence.kind is Kind.HISTORY or not evidence.proof, "there is a proof where none belongs")
    return first, second


def _beat(head: Checkpoint) -> int:
    found = heartbeat.beat(head)
    if found is None:
        raise _unproven("a checkpoint in it has no beat")
    return found


def _is_sorted(first: Checkpoint, second: Checkpoint) -> bool:
    return checkpoint.encode(first) < checkpoint.encode(second)


def _fork(evidence: Evidence) -> str:
    first, second = _heads(evidence)
    _require(first.size == second.size and first.root != second.root, "not two roots at one size")
    _require(_is_sorted(first, second), "the notes are not in the order of their texts")
    return f"signed two roots of one log at {first.size} entries ({evidence.name})"


def _history(evidence: Evidence) -> str:
    first, second = _heads(evidence)
    before = merkle.old_root(first.size, second.size, evidence.proof, second.root)
    _require(before is not None, "the proof does not lead from the smaller size to the larger root")
    _require(before != first.root, "the larger tree goes on from the smaller one")
    return (
        f"signed a log of {second.size} entries that does not go on from the {first.size} entries it had signed "
        f"({evidence.name})"
    )


def _rollback(evidence: Evidence) -> str:
    first, second = _heads(evidence)
    earlier, later = _beat(first), _beat(second)
    if earlier == later:
        differs = (first.size, first.root) != (second.size, second.root)
        _require(differs and _is_sorted(first, second), "the same beat of the same head, or not in the order of texts")
        return f"signed two heads of one log with the same beat {earlier} ({evidence.name})"
    _require(earlier < later and first.size > second.size, "the later heartbeat says no less than the earlier one")
    return (
        f"signed {first.size} entries with beat {earlier}, and only {second.size} with the later beat {later} "
        f"({evidence.name})"
    )


def _vote(evidence: Evidence) -> str:
    first, second = (statement.parse(one) for one in evidence.notes)
    _require(not evidence.proof, "there is a proof where none belongs")
    _signed(evidence, _GOVERNANCE_NAME, (first.note, second.note))
    place = _place(first)
    _require(place == _place(second), "the two statements are not for one place of one chain")
    _require(first.note.text < second.note.text, "one text twice, or not in the order of the texts")
    kind, chain, version, round_ = place
    named = "the charter" if kind == statement.CHARTER else f"channel {chain}"
    return f"signed two different texts for {named}, version {version}, round {round_}"


def _place(signed: statement.Statement) -> tuple[str, str, int, int]:
    """Kind, chain, version and round: where a member signs one text at most."""
    if signed.kind == statement.CHANNEL:
        chain = statement.text(signed.body, "id")
    else:
        _require(signed.kind == statement.CHARTER, "a statement is neither a charter nor a channel")
        chain = statement.text(signed.body, "previous")
        # Whoever founds twice, or signs a second draft of a founding, has broken no word: nothing went before.
        _require(bool(chain), "a founding charter stands in no chain")
    version, round_ = (statement.number({key: 0, **signed.body}, key) for key in ("version", "round"))
    return signed.kind, chain, version, round_


_JUDGES: Final[Mapping[Kind, Callable[[Evidence], str]]] = MappingProxyType(
    {Kind.FORK: _fork, Kind.HISTORY: _history, Kind.ROLLBACK: _rollback, Kind.VOTE: _vote}
)


# -- make -------------------------------------------------------------------------------------------------------


def fork_of(name: str, key: VerifyKey, one: note.Note, other: note.Note) -> Evidence:
    """Evidence from two checkpoints of the log `name`, in any order: one size, two roots.

    This and the others keep only the signature that counts, and raise VerificationError("evidence.unproven") if there is
    no contradiction.
    """
    return _made(Kind.FORK, name, key, sorted((one, other), key=lambda each: each.text))


def history_of(
    name: str, key: VerifyKey, smaller: note.Note, larger: note.Note, proof: Sequence[bytes] = ()
) -> Evidence:
    """Evidence from a checkpoint and a larger one, with merkle.consistency_path(leaves of the larger, smaller size)."""
    return _made(Kind.HISTORY, name, key, (smaller, larger), proof)


def rollback_of(name: str, key: VerifyKey, one: note.Note, other: note.Note) -> Evidence:
    """Evidence from two heartbeats, in any order: the later beat says less, or one beat says two things."""
    try:
        found = sorted((one, other), key=lambda each: (heartbeat.beat(checkpoint.parse(each.text)) or 0, each.text))
    except FormatError as error:
        raise _unproven(f"a note is no heartbeat ({error.code})") from None
    return _made(Kind.ROLLBACK, name, key, found)


def vote_of(handle: str, key: VerifyKey, one: note.Note, other: note.Note) -> Evidence:
    """Evidence from two governance statements, in any order: one place in one chain, two texts."""
    found = sorted((one, other), key=lambda each: each.text)
    return _made(Kind.VOTE, key_name(handle, Role.GOVERNANCE), key, found)


def _made(kind: Kind, name: str, key: VerifyKey, notes: Sequence[note.Note], proof: Sequence[bytes] = ()) -> Evidence:
    first, second = (_bare(one, name, key) for one in notes)
    accused = name.split("/")[1] if name.count("/") else ""
    made = Evidence(kind, accused, key, name, (first, second), tuple(proof))
    verify(made)
    encode(made)
    return made


def _bare(signed: note.Note, name: str, key: VerifyKey) -> bytes:
    """The note with the one signature that counts: the same evidence, whoever else had signed the copies."""
    for one in signed.signatures:
        alone = note.Note(signed.text, (one,))
        if note.verified(alone, name, key):
            return note.encode(alone)
    raise _unproven("a note is not signed by the key")
