"""Escalation: the policy by which silence climbs, frozen in its warning; and the `note` that tells a member it has.

Every property: docs/warnings.md.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from tocsin.errors import FormatError
from tocsin.formats import extension
from tocsin.formats.fields import Fields, is_id, is_stamp
from tocsin.formats.stix import ids
from tocsin.formats.text import check_handle

ESCALATION: Final = "escalation"
MAX_LEVELS: Final = 8
MAX_MINUTES: Final = 10_080  # a week
MAX_ROLES: Final = 8
_POLICY: Final = "format.policy"
_CODE: Final = "format.escalation"
_ROLE: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")


class Way(StrEnum):
    """How people are paged: a closed list."""

    TERMINAL = "terminal"
    EMAIL = "email"
    WEBHOOK = "webhook"


@dataclass(frozen=True, slots=True)
class Level:
    """After so many minutes without a person's word these desks are paged, in these ways."""

    after_minutes: int
    roles: tuple[str, ...]  # desks, never people's names; sorted
    notifiers: tuple[Way, ...]  # sorted


@dataclass(frozen=True, slots=True)
class Policy:
    """What silence leads to. An acknowledgement without an answer stands for `ack_minutes`."""

    levels: tuple[Level, ...]
    ack_minutes: int


def policy_said(policy: Policy) -> dict[str, Any]:
    """A policy as JSON. Raises FormatError("format.policy") for what policy_of() would refuse."""
    said = {
        "levels": [
            {
                "after_minutes": one.after_minutes,
                "roles": list(one.roles),
                "notifiers": [kind.value for kind in one.notifiers],
            }
            for one in policy.levels
        ],
        "ack_minutes": policy.ack_minutes,
    }
    policy_of(said)
    return said


def policy_of(value: Any) -> Policy:
    """The policy in its JSON. Raises FormatError("format.policy")."""
    fields = _fields(value, {"levels", "ack_minutes"})
    levels = value["levels"]
    if not isinstance(levels, list) or not 0 < len(levels) <= MAX_LEVELS:
        raise FormatError(_POLICY, f"a policy has 1 to {MAX_LEVELS} levels")
    policy = Policy(tuple(map(_level, levels)), fields.number("ack_minutes", 1, MAX_MINUTES))
    minutes = [one.after_minutes for one in policy.levels]
    if minutes != sorted(set(minutes)):
        raise FormatError(_POLICY, "each level comes later than the one before")
    return policy


def _level(value: Any) -> Level:
    fields = _fields(value, {"after_minutes", "roles", "notifiers"})
    roles, kinds = fields.texts("roles", MAX_ROLES), fields.texts("notifiers", len(Way))
    if list(roles) != sorted(set(roles)) or not all(map(_ROLE.fullmatch, roles)):
        raise FormatError(_POLICY, "roles are sorted names of desks: a-z, 0-9 and inner hyphens")
    if list(kinds) != sorted(set(kinds)) or not set(kinds) <= set(Way):
        raise FormatError(_POLICY, f"notifiers are sorted, of {', '.join(Way)}")
    return Level(fields.number("after_minutes", 0, MAX_MINUTES), roles, tuple(Way(one) for one in kinds))


def is_role(text: str) -> bool:
    """Whether a text has the form of a desk's name."""
    return _ROLE.fullmatch(text) is not None


def _fields(value: Any, needed: set[str]) -> Fields:
    if not isinstance(value, dict):
        raise FormatError(_POLICY, "a policy and its levels are JSON objects")
    fields = Fields(value, _POLICY)
    fields.require(frozenset(needed), frozenset())
    return fields


def _ladder(ack_minutes: int, *minutes: int) -> Policy:
    desks = (("duty-officer",), ("head-of-duty",), ("head-of-service",))
    ways = ((Way.TERMINAL,), (Way.EMAIL, Way.TERMINAL), tuple(sorted(Way)))
    return Policy(tuple(map(Level, minutes, desks, ways)), ack_minutes)


DEFAULT: Final[Mapping[str, Policy]] = MappingProxyType(
    {
        "flash": _ladder(30, 0, 5, 10),
        "immediate": _ladder(60, 0, 15, 30),
        "priority": _ladder(240, 0, 60, 240),
        "routine": _ladder(1440, 0, 1440, 2880),
    }
)
"""The policy of a warning whose giver says nothing else, by urgency."""

ANSWER_MINUTES: Final[Mapping[str, int]] = MappingProxyType(
    {"flash": 30, "immediate": 120, "priority": 480, "routine": 4320}
)
"""After how many minutes an answer is due where the giver says nothing else, by urgency."""


@dataclass(frozen=True, slots=True)
class Escalation:
    """A member is silent on a warning, and its giver has paged this level. Times are microseconds since 1970."""

    giver: str
    identity: str
    warning: str
    member: str  # who is silent
    level: int  # 1 is the first
    turn: int  # how often an acknowledgement has run out before
    by_hand: bool  # a person did it: the member pages this level at once
    at: int
    markings: tuple[str, ...] = ()

    @property
    def parts(self) -> tuple[str, ...]:
        """What the id is made from, beside its kind."""
        return (self.giver, self.warning, self.member, str(self.turn), str(self.level))


def write(one: Escalation) -> bytes:
    """The bytes of an escalation. Raises FormatError("format.escalation", "format.handle")."""
    _check(one)
    body: dict[str, Any] = {
        "abstract": f"{one.member} is silent",
        "content": f"{one.member} has not answered {one.warning}; {one.giver} has paged level {one.level}.",
        "object_refs": [one.warning],
    }
    if one.markings:
        body["object_marking_refs"] = list(one.markings)
    said = {"member": one.member, "level": one.level, "turn": one.turn, "by_hand": one.by_hand}
    return extension.compose("note", one.parts, one.identity, one.at, body, ESCALATION, said)


def read(value: Mapping[str, Any], giver: str) -> Escalation | None:
    """The escalation in an object that `giver` has shared; None for an object that claims to be none.

    Raises FormatError("format.escalation").
    """
    said = extension.of(value, ESCALATION)
    if said is None:
        return None
    fields, whole = Fields(said, _CODE), Fields(value, _CODE)
    fields.require(frozenset({"extension_type", "member", "level", "turn", "by_hand"}), frozenset())
    about = whole.texts("object_refs", 1)
    if value.get("type") != "note":
        raise FormatError(_CODE, "an escalation is a note")
    one = Escalation(
        giver=giver,
        identity=whole.text("created_by_ref", 100),
        warning=about[0],
        member=fields.text("member", 32),
        level=fields.number("level", 1, MAX_LEVELS),
        turn=fields.number("turn", 0, 1_000_000),
        by_hand=fields.flag("by_hand"),
        at=whole.instant("created"),
        markings=whole.texts("object_marking_refs", 1000) if "object_marking_refs" in value else (),
    )
    _check(one)
    if value.get("id") != ids.sdo_id("note", ESCALATION, *one.parts):
        raise FormatError(_CODE, "the id of an escalation is made from what it says; this one is not")
    return one


def _check(one: Escalation) -> None:
    check_handle(one.giver)
    check_handle(one.member)
    if (
        not one.warning.startswith("report--")
        or not is_id(one.warning)
        or not is_stamp(one.at)
        or one.member == one.giver
    ):
        raise FormatError(_CODE, "an escalation names a warning and a member other than its giver")
    if not 1 <= one.level <= MAX_LEVELS or not 0 <= one.turn <= 1_000_000:
        raise FormatError(_CODE, f"a level is 1 to {MAX_LEVELS}")
