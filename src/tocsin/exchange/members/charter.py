"""The charter: the signed list of members and rules.

Version 1 is valid with every founder's signature; each later version names the one before and is valid with the
threshold of that version's active members (the root rule of The Update Framework), and with the consent of everyone
whom it describes anew.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from tocsin.errors import FormatError, PolicyError
from tocsin.exchange.members import succession
from tocsin.exchange.members.descriptor import Member, is_signed, member
from tocsin.exchange.members.succession import Ballot
from tocsin.formats import canonical, note, statement
from tocsin.formats.evidence import Evidence
from tocsin.formats.statement import Statement, mapping, number, text, texts
from tocsin.formats.tlp import Tlp

THRESHOLD: Final = "2/3"


@dataclass(frozen=True, slots=True)
class Charter:
    """A charter as it stands. `plenary_ceiling` is the strictest marking the plenary may carry (never RED).

    `members` are all that it lists; those in `suspended` keep their place and have neither vote nor audience.
    """

    version: int
    round: int
    name: str
    created: int
    previous: bytes  # digest of the version before; empty for version 1
    members: Mapping[str, Member]
    suspended: frozenset[str]
    plenary_ceiling: Tlp
    threshold: tuple[int, int]
    signed: Statement

    @property
    def digest(self) -> bytes:
        """SHA-256 of the text all have signed: the name of this version."""
        return sha256(self.signed.note.text).digest()

    @property
    def active(self) -> frozenset[str]:
        """Who takes part."""
        return frozenset(self.members) - self.suspended

    @property
    def needed(self) -> int:
        """How many votes the next version needs."""
        return succession.needed(len(self.active), self.threshold)

    def signers(self) -> frozenset[str]:
        """Handles whose governance signature is on it."""
        return frozenset(one.handle for one in self.members.values() if is_signed(self.signed, one))

    def ballot(self, new: "Charter") -> Ballot:
        """A next version as the members of this one have voted for it."""
        votes = frozenset(handle for handle in self.active if is_signed(new.signed, self.members[handle]))
        return Ballot(new.version, new.round, new.digest, votes)


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


@dataclass(frozen=True, slots=True)
class Changes:
    """What a next version changes. `describe`: descriptor bodies of members that are admitted or describe themselves
    anew.
    """

    describe: tuple[dict[str, Any], ...] = ()
    expel: frozenset[str] = frozenset()
    suspend: frozenset[str] = frozenset()
    readmit: frozenset[str] = frozenset()
    rules: Mapping[str, str] | None = None  # plenary_ceiling, threshold
    name: str | None = None


def successor(current: Charter, changes: Changes, round_: int, now_us: int) -> Statement:
    """The next version, unsigned. Raises FormatError, PolicyError("policy.unknown-member", "policy.charter-unchanged")."""
    unknown = (changes.expel | changes.suspend | changes.readmit) - current.members.keys()
    if unknown:
        raise PolicyError("policy.unknown-member", f"no member {min(unknown)!r} in the charter")
    listed: list[dict[str, Any]] = current.signed.body["members"]
    bodies = {body["handle"]: body for body in listed} | {str(body.get("handle")): body for body in changes.describe}
    kept = sorted(bodies.keys() - changes.expel)
    suspended = ((current.suspended | changes.suspend) - changes.readmit) & set(kept)
    body = {
        "version": current.version + 1,
        "round": round_,
        "name": changes.name or current.name,
        "created": now_us,
        "previous": current.digest.hex(),
        "rules": {**_rules(current), **(changes.rules or {})},
        "members": [bodies[handle] for handle in kept],
        "suspended": sorted(suspended),
    }
    signed = statement.compose(statement.CHARTER, body)
    same = ("name", "rules", "members", "suspended")
    before = {**current.signed.body, "rules": _rules(current), "suspended": sorted(current.suspended)}
    if all(before[key] == body[key] for key in same):
        raise PolicyError("policy.charter-unchanged", "the proposal changes nothing")
    of(signed)
    return signed


def _rules(current: Charter) -> dict[str, Any]:
    return {"threshold": THRESHOLD, **mapping(current.signed.body, "rules")}


def read(data: bytes) -> Charter:
    """The charter in a note, whoever has signed it so far. Raises FormatError."""
    return of(statement.parse(data))


def of(parsed: Statement) -> Charter:
    """The charter in a statement. Raises FormatError."""
    body = parsed.body
    if parsed.kind != statement.CHARTER:
        raise FormatError("format.statement", "the file is not a charter")
    listed = body.get("members")
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise FormatError("format.statement", "the charter lists no members")
    members = {one.handle: one for one in map(member, listed)}
    if len(members) != len(listed) or list(members) != sorted(members) or len(members) < 2:
        raise FormatError("format.statement", "the charter's members are not two or more different, sorted handles")
    if len({one.certificate for one in members.values()}) != len(members):
        raise FormatError("format.statement", "two members of the charter have one transport certificate")
    rules = mapping(body, "rules")
    ceiling = Tlp.parse(text(rules, "plenary_ceiling"))
    if ceiling >= Tlp.AMBER_STRICT:
        raise FormatError("format.statement", "the plenary never carries AMBER+STRICT or RED")
    version, previous = number(body, "version"), text(body, "previous")
    suspended = texts(body, "suspended")
    if list(suspended) != sorted(set(suspended)) or not set(suspended) <= members.keys():
        raise FormatError("format.statement", "the suspended are not sorted members of the charter")
    if len(members) - len(suspended) < 2:
        raise FormatError("format.statement", "a charter has two or more members that take part")
    return Charter(
        version,
        number(body, "round") if "round" in body else 0,
        text(body, "name"),
        number(body, "created"),
        _previous(version, previous),
        members,
        frozenset(suspended),
        ceiling,
        succession.parse_share(text(rules, "threshold") if "threshold" in rules else THRESHOLD),
        parsed,
    )


def _previous(version: int, named: str) -> bytes:
    try:
        digest = bytes.fromhex(named)
    except ValueError:
        digest = b"?"
    if version < 1 or len(digest) != (0 if version == 1 else 32) or digest.hex() != named:
        raise FormatError("format.statement", "the charter does not name the version before it")
    return digest


def require_complete(charter: Charter) -> None:
    """Refuse a version 1 that lacks a founder's signature. Raises PolicyError("policy.charter-unsigned")."""
    if charter.version != 1:
        raise PolicyError("policy.charter-gap", f"version {charter.version} needs the versions before it")
    missing = sorted(charter.members.keys() - charter.signers())
    if missing:
        raise PolicyError("policy.charter-unsigned", f"the charter lacks the signature of {', '.join(missing)}")


def require_next(current: Charter, new: Charter) -> None:
    """Refuse whatever is not the version after `current`.

    Raises PolicyError("policy.charter-rollback") for an older or another version, "policy.charter-gap" for one that
    leaves out versions or follows another than ours.
    """
    if new.version <= current.version:
        raise PolicyError("policy.charter-rollback", f"version {current.version} is in force here already")
    if new.version != current.version + 1 or new.previous != current.digest:
        raise PolicyError(
            "policy.charter-gap",
            f"version {new.version} does not follow our version {current.version}; send those between",
        )


def require_votes(current: Charter, new: Charter) -> None:
    """Refuse a next version that is not decided yet.

    Raises PolicyError("policy.charter-unsigned") without the threshold of `current`, "policy.charter-consent" without
    the signature of a member that it describes anew.
    """
    ballot = current.ballot(new)
    if not succession.wins(ballot, current.active, current.threshold):
        raise PolicyError(
            "policy.charter-unsigned",
            f"version {new.version} has {len(ballot.votes)} of {current.needed} votes: "
            f"{', '.join(sorted(ballot.votes)) or 'none'}",
        )
    unwilling = consent_missing(current, new)
    if unwilling:
        raise PolicyError(
            "policy.charter-consent", f"version {new.version} describes {unwilling[0]} anew without its signature"
        )


def chain(notes: Iterable[bytes]) -> list[Charter]:
    """All charters of a store, oldest first, each judged by the one before. Raises FormatError, PolicyError."""
    out: list[Charter] = []
    for new in map(read, notes):
        if out:
            require_next(out[-1], new)
            require_votes(out[-1], new)
        else:
            require_complete(new)
        out.append(new)
    return out


def consent_missing(current: Charter, new: Charter) -> list[str]:
    """Members that are new or described anew and have not signed with the key the new version gives them."""
    before, after = _bodies(current), _bodies(new)
    described = (handle for handle, body in after.items() if before.get(handle) != body)
    return sorted(handle for handle in described if not is_signed(new.signed, new.members[handle]))


def _bodies(one: Charter) -> dict[str, bytes]:
    """Members as they stand in the text: also what a later program will read in it is changed with consent only."""
    return {body["handle"]: canonical.encode(body) for body in one.signed.body["members"]}


def had_vote(history: Iterable[Charter], found: Evidence) -> bool:
    """Whether both texts of evidence of two votes are votes. Whoever only joins consents to as many as it is asked to.

    For a charter: the accused was active in the version before, and it is the key that this version gives it.
    """
    versions = {one.digest.hex(): one for one in history}
    for one in map(statement.parse, found.notes):
        if one.kind == statement.CHANNEL:
            may = found.accused in texts(one.body, "voters")
        else:
            before = versions.get(text(one.body, "previous"))
            if before is None or found.accused not in before.active:
                return False
            may = before.members[found.accused].keys[found.role] == found.key
        if not may:
            return False
    return True


def merged(one: Statement, other: Statement) -> Statement:
    """Both signature sets on the one text. Raises FormatError when the texts differ."""
    if one.note.text != other.note.text:
        raise FormatError("format.statement", "two different texts cannot share signatures")
    together = one.note
    for signature in other.note.signatures:
        if signature not in together.signatures:
            together = note.add(together, signature)
    return one._replace(note=together)
