"""Warnings: a STIX `report` that says who must answer by when, and how silence climbs.

An ordinary STIX 2.1 object with one property extension, so that a foreign tool still reads the text.
Every property: docs/warnings.md. What is read back and written again gives the same bytes.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from tocsin.errors import FormatError
from tocsin.formats import extension
from tocsin.formats.escalation import Policy, policy_of, policy_said
from tocsin.formats.fields import Fields, check_text, is_id, is_stamp, stamp
from tocsin.formats.stix import ids
from tocsin.formats.text import check_handle

WARNING: Final = "warning"
MAX_HEADLINE: Final = 256
MAX_TEXT: Final = 4000
MAX_PLACE: Final = 200
MAX_COUNTRIES: Final = 250
MAX_ABOUT: Final = 1000
MAX_RECIPIENTS: Final = 1024
_CODE: Final = "format.warning"
_KEY: Final = re.compile(r"[A-Za-z0-9._-]{8,64}")
_COUNTRY: Final = re.compile(r"[A-Z]{2}")


class Topic(StrEnum):
    """What the threat is of: a closed list."""

    TERRORISM = "terrorism"
    CYBER = "cyber"
    INFRASTRUCTURE = "infrastructure"
    ORGANISED_CRIME = "organised-crime"
    CROSS_BORDER_CRIME = "cross-border-crime"
    PUBLIC_SAFETY = "public-safety"
    OTHER = "other"


class Urgency(StrEnum):
    """How fast people must know, the most urgent first."""

    FLASH = "flash"
    IMMEDIATE = "immediate"
    PRIORITY = "priority"
    ROUTINE = "routine"

    @property
    def is_urgent(self) -> bool:
        """Whether it goes by the urgent log, ahead of everything else."""
        return self in (Urgency.FLASH, Urgency.IMMEDIATE)


class Status(StrEnum):
    """Whether the threat was seen or is feared."""

    IDENTIFIED = "identified"
    POTENTIAL = "potential"


# STIX 2.1 appendix A, Admiralty credibility. 6, "cannot be judged", has none.
_CONFIDENCE: Final[Mapping[int, int]] = MappingProxyType({1: 90, 2: 70, 3: 50, 4: 30, 5: 10})


@dataclass(frozen=True, slots=True)
class Alert:
    """One version of a warning. Times are microseconds since 1970, whole milliseconds; 0 where there is none."""

    giver: str  # handle of who warns; the id is made from it, so nobody else can speak under it
    identity: str  # its STIX identity
    key: str  # what tells its warnings apart
    created: int
    modified: int
    headline: str
    topic: Topic
    urgency: Urgency
    status: Status
    threatened: str  # what or who
    todo: str  # what to do
    answer_by: int
    reliability: str  # of the source, A-F
    credibility: int  # of the information, 1-6
    recipients: tuple[str, ...]  # who is asked to answer, sorted
    policy: Policy  # frozen: of the first version
    countries: tuple[str, ...] = ()  # ISO 3166 alpha-2, sorted
    place: str = ""
    since: int = 0
    until: int = 0
    about: tuple[str, ...] = ()  # ids of the objects it is about
    markings: tuple[str, ...] = ()  # object_marking_refs
    revoked: bool = False  # withdrawn by who gave it

    @property
    def id(self) -> str:
        """The STIX id of every version."""
        return warning_id(self.giver, self.key)


def warning_id(giver: str, key: str) -> str:
    """The id of a member's warning: the same parts give the same id, and no other member has it."""
    return ids.sdo_id("report", WARNING, giver, key)


def write(alert: Alert) -> bytes:
    """The bytes of a warning. Raises FormatError("format.warning") for what read() would refuse."""
    check(alert)
    said: dict[str, Any] = {
        "giver": alert.giver,
        "key": alert.key,
        "topic": alert.topic.value,
        "urgency": alert.urgency.value,
        "status": alert.status.value,
        "threatened": alert.threatened,
        "todo": alert.todo,
        "answer_by": stamp(alert.answer_by),
        "reliability": alert.reliability,
        "credibility": alert.credibility,
        "recipients": list(alert.recipients),
        "policy": policy_said(alert.policy),
    }
    maybe: dict[str, Any] = {
        "countries": list(alert.countries),
        "place": alert.place,
        "from": stamp(alert.since) if alert.since else "",
        "until": stamp(alert.until) if alert.until else "",
    }
    said |= {name: there for name, there in maybe.items() if there}
    return extension.compose(
        "report", (alert.giver, alert.key), alert.identity, alert.modified, _body(alert), WARNING, said
    )


def _body(alert: Alert) -> dict[str, Any]:
    body: dict[str, Any] = {
        "created": stamp(alert.created),
        "published": stamp(alert.created),
        "name": alert.headline,
        "description": described(alert),
        "report_types": ["threat-report"],
        "object_refs": list(alert.about) or [alert.identity],
    }
    if alert.credibility in _CONFIDENCE:
        body["confidence"] = _CONFIDENCE[alert.credibility]
    if alert.markings:
        body["object_marking_refs"] = list(alert.markings)
    if alert.revoked:
        body["revoked"] = True
    return body


def described(alert: Alert) -> str:
    """The warning as text, for people and for tools that do not know the extension."""
    where = ", ".join(one for one in (alert.place, " ".join(alert.countries)) if one)
    when = " to ".join(stamp(one) if one else "" for one in (alert.since, alert.until)).strip()
    lines = [f"{alert.urgency.value.upper()} warning of {alert.giver}, {alert.topic.value}, {alert.status.value}."]
    lines += [f"Threatened: {alert.threatened}", f"What to do: {alert.todo}"]
    lines += [f"Where: {where}"] * bool(where) + [f"When: {when}"] * bool(alert.since or alert.until)
    lines += [f"Graded {alert.reliability}{alert.credibility}. Answer by {stamp(alert.answer_by)}."]
    return "\n".join(lines)


_NEEDED: Final = frozenset(
    {
        "extension_type", "giver", "key", "topic", "urgency", "status", "threatened", "todo", "answer_by",
        "reliability", "credibility", "recipients", "policy",
    }
)  # fmt: skip
_MAY: Final = frozenset({"countries", "place", "from", "until"})


def read(value: Mapping[str, Any], giver: str) -> Alert | None:
    """The warning in a STIX object that `giver` has shared; None for an object that claims to be none.

    Raises FormatError("format.warning") for one that breaks a limit, says what we do not know, or bears another's id.
    """
    said = extension.of(value, WARNING)
    if said is None:
        return None
    fields = Fields(said, _CODE)
    fields.require(_NEEDED, _MAY)
    if value.get("type") != "report" or fields.text("giver", 32) != giver:
        raise FormatError(_CODE, "a warning is a report that its own giver has shared")
    whole = Fields(value, _CODE)
    identity = whole.text("created_by_ref", 100)
    about = whole.texts("object_refs", MAX_ABOUT)
    alert = Alert(
        giver=giver,
        identity=identity,
        key=fields.text("key", 64),
        created=whole.instant("created"),
        modified=whole.instant("modified"),
        headline=whole.text("name", MAX_HEADLINE),
        topic=fields.one_of("topic", Topic),
        urgency=fields.one_of("urgency", Urgency),
        status=fields.one_of("status", Status),
        threatened=fields.text("threatened", MAX_TEXT),
        todo=fields.text("todo", MAX_TEXT),
        answer_by=fields.instant("answer_by"),
        reliability=fields.text("reliability", 1),
        credibility=fields.number("credibility", 1, 6),
        recipients=fields.texts("recipients", MAX_RECIPIENTS),
        policy=policy_of(said["policy"]),
        countries=fields.texts("countries", MAX_COUNTRIES) if "countries" in said else (),
        place=fields.text("place", MAX_PLACE) if "place" in said else "",
        since=fields.instant("from") if "from" in said else 0,
        until=fields.instant("until") if "until" in said else 0,
        about=() if about == (identity,) else about,
        markings=whole.texts("object_marking_refs", MAX_ABOUT) if "object_marking_refs" in value else (),
        revoked=value.get("revoked") is True,
    )
    check(alert)
    if value.get("id") != alert.id:
        raise FormatError(_CODE, "the id of a warning is made from its giver and its key; this one is not")
    return alert


def check(alert: Alert) -> None:
    """Every limit. Raises FormatError("format.warning", "format.handle")."""
    _require(_KEY.fullmatch(alert.key), "the key has 8 to 64 letters, digits, dots and hyphens")
    check_text(alert.headline, MAX_HEADLINE, _CODE, lines=False)
    check_text(alert.threatened, MAX_TEXT, _CODE)
    check_text(alert.todo, MAX_TEXT, _CODE)
    if alert.place:
        check_text(alert.place, MAX_PLACE, _CODE, lines=False)
    for handle in (alert.giver, *alert.recipients):
        check_handle(handle)
    _require(_is_set(alert.recipients, MAX_RECIPIENTS) and alert.recipients, "recipients are 1 to 1,024, sorted")
    _require(alert.giver not in alert.recipients, "nobody warns itself")
    _require(_is_set(alert.countries, MAX_COUNTRIES), "countries are sorted, each once")
    _require(all(map(_COUNTRY.fullmatch, alert.countries)), "a country is two letters of ISO 3166")
    _require(alert.reliability in tuple("ABCDEF"), "the reliability is A to F")
    _require(1 <= alert.credibility <= 6, "the credibility is 1 to 6")
    times = (alert.created, alert.modified, alert.answer_by, alert.since or alert.created, alert.until or alert.created)
    _require(all(map(is_stamp, times)), "times are whole milliseconds")
    _require(alert.created <= alert.modified, "a version is not older than the warning")
    _require(alert.answer_by > alert.created, "the answer is due before the warning is made")
    _require(not (alert.since and alert.until) or alert.since <= alert.until, "it is over before it begins")
    _require(len(alert.about) <= MAX_ABOUT and all(map(is_id, alert.about)), "it is about at most 1,000 STIX ids")
    _require(len(set(alert.about)) == len(alert.about), "an id it is about is named twice")
    _require(is_id(alert.identity) and all(map(is_id, alert.markings)), "identity and markings are STIX ids")


def _require(holds: object, what: str) -> None:
    if not holds:
        raise FormatError(_CODE, what)


def _is_set(values: Sequence[str], most: int) -> bool:
    return len(values) <= most and list(values) == sorted(set(values))
