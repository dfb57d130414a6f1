"""What partners' machines send: STIX bundles and TAXII envelopes, MISP events. Their reports become pieces, their values lists.

Read by schemas from what formats.strictjson lets through: pymisp unpacks parts of samples while it loads an
event (decision 0043). The desk holds open sources, so what is marked above TLP:CLEAR, or in a way not understood, is left out.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

from tocsin.desk import thresholds
from tocsin.desk.document import SEPARATOR, Role
from tocsin.desk.reading.feeds import lines_of
from tocsin.desk.reading.making import Listing, Piece, web_address
from tocsin.errors import FormatError, PolicyError
from tocsin.formats import strictjson, tlp
from tocsin.formats.markings import marking_refs, strictest
from tocsin.formats.stix.comparisons import Comparison, comparisons
from tocsin.formats.stix.patterns import tokens

_TOLD: Final = frozenset({"report", "grouping", "note"})
_NAMED: Final = frozenset({"attack-pattern", "campaign", "infrastructure", "intrusion-set", "malware", "tool", "vulnerability"})  # fmt: skip
_VALUED: Final = frozenset({"ipv4-addr", "ipv6-addr", "domain-name", "url"})
_JOINED: Final = frozenset({"AND", "FOLLOWEDBY"})
_ALIKE: Final = frozenset({"comment", "text", "other"})
_POINTING: Final = frozenset({"External analysis", "Internal reference"})
_PERSON: Final = "Person"
_PERSONAL: Final = frozenset(
    [
        "date-of-birth", "email-dst-display-name", "email-src-display-name", "eppn", "first-name", "full-name", "gender",
        "github-username", "identity-card-number", "jabber-id", "last-name", "middle-name", "nationality", "passport-number", "phone-number",
        "target-email", "target-user", "twitter-id", "whois-registrant-email", "whois-registrant-name", "whois-registrant-phone",
    ]
)  # fmt: skip
_MEANT: Final = frozenset(
    {"ip-src", "ip-dst", "ip", "domain", "hostname", "url", "uri", "link", "md5", "sha1", "sha256", "sha512"}
)
_MAILBOXES: Final = frozenset({"email", "email-src", "email-dst", "email-reply-to"})
_DATA: Final = frozenset({"attachment", "malware-sample"})
_LONGEST_LABEL: Final = 80
_LONGEST_COMMENT: Final = 500

_T = TypeVar("_T")


class _Top(msgspec.Struct, rename={"event": "Event"}):
    """What the outermost object of a JSON text has, unread."""

    items: msgspec.Raw = msgspec.Raw()
    objects: msgspec.Raw = msgspec.Raw()
    event: msgspec.Raw = msgspec.Raw()
    response: msgspec.Raw = msgspec.Raw()


class _Reference(msgspec.Struct):
    source_name: str = ""
    url: str = ""


class _Stix(msgspec.Struct):
    """What the desk reads of a STIX object."""

    type: str
    id: str = ""
    created: str = ""
    modified: str = ""
    published: str = ""
    created_by_ref: str = ""
    name: str = ""
    abstract: str = ""
    description: str = ""
    content: str = ""
    identity_class: str = ""
    value: str = ""
    pattern: str = ""
    pattern_type: str = "stix"
    revoked: bool = False
    labels: list[str] = []
    object_refs: list[str] = []
    hashes: dict[str, str] = {}
    external_references: list[_Reference] = []


class _Tag(msgspec.Struct):
    name: str = ""


class _Attribute(msgspec.Struct):
    type: str = ""
    category: str = ""
    value: str = ""
    comment: str = ""
    to_ids: bool = False
    deleted: bool = False
    tags: list[_Tag] = msgspec.field(name="Tag", default_factory=list)


class _Object(msgspec.Struct):
    name: str = ""
    comment: str = ""
    deleted: bool = False
    attributes: list[Any] = msgspec.field(name="Attribute", default_factory=list)


class _Report(msgspec.Struct):
    name: str = ""
    content: str = ""
    deleted: bool = False


class _Organisation(msgspec.Struct):
    name: str = ""


class _Event(msgspec.Struct):
    """What the desk reads of a MISP event."""

    uuid: str = ""
    info: str = ""
    date: str = ""
    timestamp: int = 0
    publish_timestamp: int = 0
    owner: _Organisation = msgspec.field(name="Orgc", default_factory=_Organisation)
    attributes: list[Any] = msgspec.field(name="Attribute", default_factory=list)
    objects: list[Any] = msgspec.field(name="Object", default_factory=list)
    reports: list[Any] = msgspec.field(name="EventReport", default_factory=list)
    tags: list[_Tag] = msgspec.field(name="Tag", default_factory=list)


class Sent(NamedTuple):
    """What came of a body, and how many of its reports are not open."""

    pieces: list[Piece]
    left_out: int


def kind_of(data: bytes) -> str:
    """What a JSON text is: feed, stix, misp. Raises FormatError("format.capture")."""
    kind = told_kind(data)
    if not kind:
        raise FormatError("format.capture", "the JSON is no feed, no STIX bundle, no TAXII envelope and no MISP event")
    return kind


def told_kind(data: bytes) -> str:
    """The same; empty for other JSON. Raises FormatError("format.capture") for what is none."""
    if data.startswith(SEPARATOR):
        return "stix"
    if data[:1] == b"[":
        return "misp"
    try:
        top = msgspec.json.decode(data, type=_Top)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise FormatError("format.capture", "the bytes are no JSON that can be read") from error
    for name, held in (("stix", top.objects), ("misp", top.event), ("misp", top.response), ("feed", top.items)):
        if bytes(held):
            return name
    return ""


def pieces(data: bytes, kind: str) -> list[Piece]:
    """The reports of a body. Raises FormatError: `desk.marked` if it holds some and none is open; those of strictjson."""
    found = sent(data, kind)
    if found.left_out and not found.pieces:
        raise FormatError("desk.marked", f"{found.left_out} reports, all marked above TLP:CLEAR")
    return found.pieces


def sent(data: bytes, kind: str) -> Sent:
    """The same, with what was left out counted. Raises FormatError of strictjson, "format.capture"."""
    if kind == "misp":
        return _events(_parsed(data))
    objects: list[Any] = []
    for text in data.split(SEPARATOR):
        told = _parsed(text) if text.strip() else {}
        held = told.get("objects", []) if isinstance(told, dict) else None
        if not isinstance(held, list):
            raise FormatError("format.capture", "the JSON is no STIX bundle and no TAXII envelope")
        objects += held
    return _Bundle(objects).sent()


def _parsed(data: bytes) -> Any:
    return strictjson.parse(data.strip(), max_bytes=thresholds.MOST_BYTES)


def _read(value: Any, kind: type[_T]) -> _T | None:
    """None for what is not as its standard says: the rest of the body is read all the same."""
    try:
        return msgspec.convert(value, kind, strict=False)
    except (msgspec.ValidationError, OverflowError):
        return None


# -- STIX -------------------------------------------------------------------------------------------------------------


class _Bundle:
    """The objects of a body by their ids, each in its newest version."""

    def __init__(self, objects: Sequence[Any]) -> None:
        self._left = thresholds.MOST_LISTED
        self._raw: dict[str, Mapping[str, Any]] = {}
        self._known: dict[str, _Stix] = {}
        for value in objects[: thresholds.MOST_OBJECTS]:
            one = _read(value, _Stix)
            if one is not None and (one.id not in self._known or one.modified >= self._known[one.id].modified):
                self._known[one.id], self._raw[one.id] = one, value
        self._definitions: dict[str, tlp.Tlp | None] = {}
        for one in self._known.values():
            if one.type == "marking-definition":
                with suppress(PolicyError):  # what is not understood stays unknown, and what it marks is left out
                    self._definitions[one.id] = tlp.reading(self._raw[one.id])

    def sent(self) -> Sent:
        told = [one for one in self._known.values() if one.type in _TOLD and not one.revoked]
        is_open = [one for one in told if self._is_open(one.id)]
        return Sent([self._piece(one) for one in is_open[: thresholds.MOST_ENTRIES]], len(told) - len(is_open))

    def _is_open(self, id_: str) -> bool:
        try:
            marking = strictest(marking_refs(self._raw[id_]), self._definitions)
        except FormatError:
            return False
        return not marking.unknown and marking.level in (None, tlp.Tlp.CLEAR)

    def _piece(self, one: _Stix) -> Piece:
        lines, hidden = lines_of("\n".join(text for text in (one.description, one.content) if text))
        refs = [ref for ref in dict.fromkeys(one.object_refs) if ref in self._known][: thresholds.MOST_VALUES]
        about = [self._known[ref] for ref in refs if self._is_open(ref)]
        # A few objects that many reports name could list without end.
        values = list(
            islice((value for each in about for value in _values(each)), min(self._left, 2 * thresholds.MOST_VALUES))
        )
        self._left -= len(values)
        names = [each.name for each in about if each.type in _NAMED and each.name]
        links = [web_address(each.url) for each in one.external_references]
        return Piece(
            one.name or one.abstract or (lines[0] if lines else ""),
            lines,
            Role.ENTRY,
            self._author(one),
            when=(one.published or one.modified or one.created)[:60],
            tags=tuple(dict.fromkeys([*one.labels, *names])),
            hidden=hidden,
            name=one.id,
            links=tuple(dict.fromkeys(link for link in links if link)),
            **_bounded(values),
        )

    def _author(self, one: _Stix) -> str:
        """Who made it, unless that is a person: an outlet becomes an identity in a draft."""
        made = self._known.get(one.created_by_ref)
        return made.name if made is not None and made.type == "identity" and made.identity_class != "individual" else ""


def _values(one: _Stix) -> Iterator[Listing]:
    """What an indicator compares with; of an observable what it is."""
    if one.revoked:
        return
    if one.type == "indicator" and one.pattern_type == "stix":
        alone = _is_alternatives(one.pattern)
        for found in comparisons(one.pattern):
            is_value = _compares(found)
            label = f"{found.type}:{found.path}"
            yield Listing(label, found.value, one.name or one.description, alone and is_value, is_value)
    elif one.type in _VALUED:
        yield Listing(one.type, one.value)
    elif one.type == "file":
        yield from (Listing(f"file:{name}", value, one.name) for name, value in one.hashes.items())


def _is_alternatives(pattern: str) -> bool:
    """Whether each value of a pattern is an indicator by itself: nothing must be seen together, or after one another."""
    try:
        return not any(kind in _JOINED for kind, _, _ in tokens(pattern))
    except FormatError:
        return False


def _compares(found: Comparison) -> bool:
    return found.type in _VALUED or found.type == "email-addr" or (found.type == "file" and "hashes" in found.path)


# -- MISP -------------------------------------------------------------------------------------------------------------


def _events(told: Any) -> Sent:
    """The events of a file: one, a list of them, or a list called response."""
    if isinstance(told, dict) and isinstance(told.get("response"), list):
        told = told["response"]
    held = told if isinstance(told, list) else [told]
    found = [_read(one.get("Event"), _Event) for one in held if isinstance(one, dict)]
    events = [one for one in found if one is not None]
    if not events:
        raise FormatError("format.capture", "the JSON holds no MISP event")
    is_open = [one for one in events if _is_clear(one.tags)]
    return Sent([_piece(one) for one in is_open[: thresholds.MOST_ENTRIES]], len(events) - len(is_open))


def _is_clear(tags: Iterable[_Tag]) -> bool:
    """Whether no tag restricts it: one that speaks of TLP and is not understood does."""
    levels = [one.name for one in tags if one.name.strip().casefold().startswith("tlp")]
    try:
        return all(tlp.Tlp.parse(one) is tlp.Tlp.CLEAR for one in levels)
    except FormatError:
        return False


def _piece(event: _Event) -> Piece:
    texts: list[str] = []
    links: list[str] = []
    values: list[Listing] = []
    people = restricted = 0
    for report in filter(None, (_read(one, _Report) for one in event.reports)):
        texts += [] if report.deleted else [report.name, report.content]
    for group, one in _attributes(event):
        if one.deleted or one.type in _DATA:
            continue
        if not _is_clear(one.tags):
            restricted += 1
        elif one.category == _PERSON or one.type in _PERSONAL:
            people += 1
        elif one.type in _ALIKE:
            texts.append(one.value)
        elif one.type in ("link", "url") and one.category in _POINTING and web_address(one.value):
            links.append(web_address(one.value))
        else:
            values += _parts(one, group)
    lines, hidden = lines_of("\n".join(one for one in texts if one))
    told = _bounded(values)
    counted = (
        (people, "values about people were left out"),
        (restricted, "values marked above TLP:CLEAR were left out"),
    )
    return Piece(
        event.info,
        lines,
        Role.ENTRY,
        event.owner.name,
        when=_when(event),
        tags=tuple(one.name for one in event.tags if one.name),
        hidden=hidden,
        name=f"misp-event:{event.uuid}" if event.uuid else "",
        links=tuple(dict.fromkeys(links)),
        listed=told["listed"],
        notes=(*(f"{count} {what}" for count, what in counted if count), *told["notes"]),
    )


def _attributes(event: _Event) -> Iterator[tuple[str, _Attribute]]:
    """(name of its object, attribute) of everything an event holds."""
    for value in event.attributes:
        one = _read(value, _Attribute)
        if one is not None:
            yield "", one
    for held in event.objects:
        group = _read(held, _Object)
        if group is not None and not group.deleted:
            yield from ((group.name, one) for value in group.attributes if (one := _read(value, _Attribute)))


def _parts(one: _Attribute, group: str) -> Iterator[Listing]:
    """The values of an attribute, which may be two: filename|sha256, ip-dst|port. What a port or a name is stays a word."""
    types, values = one.type.split("|"), one.value.split("|", 1)
    if len(types) != len(values):
        types, values = [one.type], [one.value]
    for kind, value in zip(types, values, strict=True):
        label = f"{group} {kind}" if group else kind
        yield Listing(label, value, one.comment, one.to_ids and kind in _MEANT, kind in _MEANT | _MAILBOXES)


def _when(event: _Event) -> str:
    at = event.publish_timestamp or event.timestamp
    if not event.date and 0 < at < 1 << 33:
        return datetime.fromtimestamp(at, UTC).isoformat()
    return event.date[:60]


def _bounded(values: Sequence[Listing]) -> dict[str, Any]:
    """Each value once, so many at most, each within its length; what is beyond is told."""
    each = {
        (one.label, one.value): one
        for one in values
        if one.value.strip() and len(one.value) <= thresholds.LONGEST_VALUE
    }
    kept = [
        one._replace(label=one.label[:_LONGEST_LABEL], comment=one.comment[:_LONGEST_COMMENT])
        for one in list(each.values())[: thresholds.MOST_VALUES]
    ]
    more = len(each) - len(kept)
    return {"listed": tuple(kept), "notes": (f"{more} further values were left out",) if more else ()}
