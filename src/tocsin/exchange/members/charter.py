"""The charter: the signed list of members and rules. Version 1 is valid only with every founder's signature."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from tocsin.errors import FormatError, PolicyError
from tocsin.exchange.members.descriptor import Member, is_signed, member
from tocsin.formats import note, statement
from tocsin.formats.statement import Statement, mapping, number, text
from tocsin.formats.tlp import Tlp


@dataclass(frozen=True, slots=True)
class Charter:
    """A charter as it stands. `plenary_ceiling` is the strictest marking the plenary may carry (never RED)."""

    version: int
    name: str
    created: int
    members: Mapping[str, Member]
    plenary_ceiling: Tlp
    signed: Statement

    @property
    def digest(self) -> bytes:
        """SHA-256 of the text all have signed: the name of this version."""
        return sha256(self.signed.note.text).digest()

    def signers(self) -> frozenset[str]:
        """Handles whose governance signature is on it."""
        return frozenset(one.handle for one in self.members.values() if is_signed(self.signed, one))


def found(name: str, descriptors: Iterable[dict[str, Any]], ceiling: Tlp, now_us: int) -> Statement:
    """Version 1, unsigned, from the founders' descriptor bodies."""
    bodies = sorted(descriptors, key=lambda body: str(body.get("handle")))
    body = {
        "version": 1,
        "name": name,
        "created": now_us,
        "previous": "",
        "rules": {"plenary_ceiling": ceiling.label},
        "members": bodies,
    }
    signed = statement.compose(statement.CHARTER, body)
    of(signed)
    return signed


def read(data: bytes) -> Charter:
    """The charter in a note, whoever has signed it so far. Raises FormatError."""
    return of(statement.parse(data))


def of(parsed: Statement) -> Charter:
    """The charter in a statement. Raises FormatError."""
    if parsed.kind != statement.CHARTER:
        raise FormatError("format.statement", "the file is not a charter")
    listed = parsed.body.get("members")
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise FormatError("format.statement", "the charter lists no members")
    members = {one.handle: one for one in map(member, listed)}
    if len(members) != len(listed) or list(members) != sorted(members) or len(members) < 2:
        raise FormatError("format.statement", "the charter's members are not two or more different, sorted handles")
    ceiling = Tlp.parse(text(mapping(parsed.body, "rules"), "plenary_ceiling"))
    if ceiling >= Tlp.AMBER_STRICT:
        raise FormatError("format.statement", "the plenary never carries AMBER+STRICT or RED")
    version = number(parsed.body, "version")
    if version != 1 or parsed.body.get("previous") != "":
        raise FormatError("format.statement", "this node knows charter version 1 only")
    return Charter(version, text(parsed.body, "name"), number(parsed.body, "created"), members, ceiling, parsed)


def require_complete(charter: Charter) -> None:
    """Refuse a version 1 that lacks a founder's signature. Raises PolicyError("policy.charter-unsigned")."""
    missing = sorted(charter.members.keys() - charter.signers())
    if missing:
        raise PolicyError("policy.charter-unsigned", f"the charter lacks the signature of {', '.join(missing)}")


def merged(one: Statement, other: Statement) -> Statement:
    """Both signature sets on the one text. Raises FormatError when the texts differ."""
    if one.note.text != other.note.text:
        raise FormatError("format.statement", "two different texts cannot share signatures")
    together = one.note
    for signature in other.note.signatures:
        if signature not in together.signatures:
            together = note.add(together, signature)
    return one._replace(note=together)
