"""What a charter or a proposal changes, and how a vote stands, for people to read before they sign. Pure."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from tocsin.exchange.members import charter as charters
from tocsin.exchange.members import succession
from tocsin.exchange.members.channels import Stated
from tocsin.exchange.members.charter import Charter
from tocsin.exchange.members.descriptor import Member
from tocsin.formats.keys import Role
from tocsin.formats.text import instant

_PLAIN: Final = ("name", "kind", "identity", "endpoint")
_LISTS: Final = ("countries", "blocs", "sectors", "languages")
Told = dict[str, Any]


def fingerprints(member: Member) -> dict[str, str]:
    """The fingerprint of each of a member's five keys, by role; that of the governance key is the member's own."""
    raw = {role.value: key.raw for role, key in member.keys.items()}
    raw |= {Role.SEAL.value: member.seal, Role.TRANSPORT.value: member.certificate}
    return {role: _grouped(sha256(key).hexdigest()[:32]) for role, key in sorted(raw.items())}


def changes(before: Charter | None, after: Charter) -> Told:
    """What `after` changes against `before` (None: nothing was before).

    `admitted`, `expelled`: handle, name, fingerprint, endpoint. `changed`: handle, `keys` and `fields`, each by name with
    before and after. `suspended`, `readmitted`: handles. `rules`: by name with before and after.
    """
    old: Mapping[str, Member] = before.members if before else {}
    both = sorted(old.keys() & after.members.keys())
    suspended = before.suspended if before else frozenset()
    return {
        "admitted": [_brief(after.members[one]) for one in sorted(after.members.keys() - old.keys())],
        "expelled": [_brief(old[one]) for one in sorted(old.keys() - after.members.keys())],
        "changed": [_changed(old[one], after.members[one]) for one in both if old[one] != after.members[one]],
        "suspended": sorted(after.suspended - suspended),
        "readmitted": sorted((suspended - after.suspended) & after.members.keys()),
        "rules": _pairs(_rules(before) if before else {}, _rules(after)),
    }


def standing(current: Charter, new: Charter, me: str) -> Told:
    """How the vote on a next version of the charter stands."""
    ballot = current.ballot(new)
    won = succession.wins(ballot, current.active, current.threshold)
    missing = charters.consent_missing(current, new)
    return {
        "digest": new.digest.hex(),
        "version": new.version,
        "round": new.round,
        "created": instant(new.created),
        "votes": sorted(ballot.votes),
        "needed": current.needed,
        "of": len(current.active),
        "consent_missing": missing,
        "signed_by_us": me in new.signers() | ballot.votes,
        "decided": won and not missing,
        "changes": changes(current, new),
    }


def roster_standing(one: Stated, me: str) -> Told:
    """How the vote on a channel's next generation stands."""
    return {
        "digest": one.digest.hex(),
        "version": one.version,
        "round": one.round,
        "created": instant(one.created),
        "proposed_by": one.creator,
        "add": sorted(one.joiners),
        "remove": sorted(one.voters - one.roster),
        "roster": sorted(one.roster),
        "votes": sorted(one.signers & one.voters),
        "needed": succession.needed(len(one.voters), succession.HALF),
        "of": len(one.voters),
        "consent_missing": sorted(one.joiners - one.signers),
        "signed_by_us": me in one.signers,
        "decided": one.is_decided,
    }


def _brief(member: Member) -> Told:
    return {
        "handle": member.handle,
        "name": member.name,
        "fingerprint": member.fingerprint,
        "endpoint": member.endpoint,
    }


def _changed(before: Member, after: Member) -> Told:
    return {
        "handle": after.handle,
        "keys": _pairs(fingerprints(before), fingerprints(after)),
        "fields": _pairs(_fields(before), _fields(after)),
    }


def _fields(member: Member) -> dict[str, str]:
    found = {name: str(getattr(member, name)) for name in _PLAIN}
    found |= {name: " ".join(getattr(member, name)) for name in _LISTS}
    return found | {name: " ".join(values) for name, values in member.constituency.items() if name != "countries"}


def _rules(one: Charter) -> dict[str, str]:
    numerator, denominator = one.threshold
    return {
        "name": one.name,
        "plenary_ceiling": one.plenary_ceiling.label,
        "threshold": f"{numerator}/{denominator}",
    }


def _pairs(before: Mapping[str, str], after: Mapping[str, str]) -> Told:
    names = sorted(before.keys() | after.keys())
    return {
        name: {"before": before.get(name), "after": after.get(name)}
        for name in names
        if before.get(name) != after.get(name)
    }


def _grouped(text: str) -> str:
    return " ".join(text[i : i + 4] for i in range(0, len(text), 4))
