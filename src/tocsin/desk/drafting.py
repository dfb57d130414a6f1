"""A story as STIX: one report with its references, its outlets, its countries, and an indicator of each accepted value. Pure.

Identities are made of outlets, agencies and organisations; of a person never, whatever a text says.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from tocsin.desk.document import Act, Document
from tocsin.desk.shown import Judged, Told
from tocsin.formats import canonical, decision
from tocsin.formats.decision import Article, Decision
from tocsin.formats.fields import stamp
from tocsin.formats.stix import ids
from tocsin.formats.stix.valued import pattern, value_of
from tocsin.formats.tlp import Tlp, marking_id

_MS: Final = 1000
_WEB: Final = ("http://", "https://")
_MOST_REFERENCES: Final = 200
_MOST_ORGANISATIONS: Final = 20
CONFIDENCE: Final[Mapping[int, int]] = MappingProxyType({1: 90, 2: 70, 3: 50, 4: 30, 5: 10})
"""STIX confidence of an Admiralty digit; of a 6 nothing is said."""


class Author(NamedTuple):
    """By which identity, first and now (microseconds since 1970)."""

    identity: str
    first_us: int
    now_us: int


def report_id(story: str) -> str:
    """The report of a story: the same through all its versions."""
    return ids.sdo_id("report", "desk", story)


def drafted(told: Told, author: Author, urls: Mapping[str, str]) -> list[bytes]:
    """The objects of a story's draft, the report last. The same story, judged alike, gives the same ids.

    `urls`: where captures came from, by their SHA-256, for documents that do not say where they stand.
    """
    references = {one.document.id: _reference(one.document, urls) for one in told.shelved}
    about: list[dict[str, Any]] = [
        {**_head("identity", author, one), "name": one, "identity_class": "organization"} for one in _names(told)
    ]
    about += [{**_head("location", author, one.country), "country": one.country} for one in told.places]
    made = (_indicator(told, one, references[one.document], author) for one in told.findings)
    about += [one for one in made if one is not None]
    report = _report(told, author, list(references.values()), [one["id"] for one in about])
    return [canonical.encode(one) for one in (*about, report)]


def decided(act: Act, documents: Mapping[str, Document], author: Author, about: str) -> bytes:
    """An act of our analysts as a note to share: the articles, never who decided. Raises FormatError("format.decision")."""
    left, right = (
        [documents[one] for one in side if one in documents][: decision.MOST] for side in (act.left, act.right)
    )
    verb = "tell one event" if act.together else "tell two events"
    names = "; ".join(f"\u201c{one.title}\u201d ({one.outlet or 'unknown outlet'})" for one in (*left, *right))
    told = Decision(act.together, _articles(left), _articles(right))
    return decision.compose(
        told, author.identity, about, f"Our analysts find that these articles {verb}: {names}", author.now_us
    )


def _articles(documents: Sequence[Document]) -> tuple[Article, ...]:
    made = {one.content: Article(one.content, one.url if one.url.startswith(_WEB) else "") for one in documents}
    return tuple(made.values())


def _names(told: Told) -> list[str]:
    """Who speaks, and the organisations that are spoken of."""
    speaking = (name for one in told.shelved for name in (one.document.outlet, one.document.agency, one.origin))
    spoken = (one.name for one in told.organisations[:_MOST_ORGANISATIONS])
    return [one[:256] for one in dict.fromkeys((*speaking, *spoken)) if one.strip()]


def _report(
    told: Told, author: Author, references: Sequence[Mapping[str, Any]], about: Sequence[str]
) -> dict[str, Any]:
    listed = told.listed
    lines = [f"\u201c{one.text}\u201d ({one.outlet})" for one in told.summary]
    reasons = [f"Graded {told.grade.letter}{told.grade.digit}, as proposed: {'; '.join(told.grade.reasons)}."]
    made = {
        **_head("report", author),
        "id": report_id(listed.id),
        "name": listed.title,
        "description": "\n".join((*lines, *reasons)),
        "report_types": ["threat-report"],
        "published": stamp(_whole(listed.first_us)),
        "labels": [
            f'admiralty-scale:source-reliability="{told.grade.letter.lower()}"',
            f'admiralty-scale:information-credibility="{told.grade.digit}"',
            *(f"topic:{one.name}" for one in told.topics if not one.listed),
        ],
        "external_references": list(references[:_MOST_REFERENCES]),
        "object_refs": list(about) or [author.identity],
    }
    return _sure(made, told)


def _indicator(told: Told, judged: Judged, reference: Mapping[str, Any], author: Author) -> dict[str, Any] | None:
    """Of what a person accepted, and only of what somebody meant as a warning: a defanged value, a hash, an indicator."""
    finding = judged.finding
    value = value_of(finding.value)
    if judged.taken is not True or not finding.is_draftable or value is None:
        return None
    made = {
        **_head("indicator", author, told.listed.id, value.kind, value.text),
        "name": value.text,
        "description": f"\u201c{finding.sentence}\u201d ({reference['source_name']})",
        "indicator_types": ["malicious-activity"],
        "pattern": pattern(value),
        "pattern_type": "stix",
        "valid_from": stamp(_whole(told.listed.first_us)),
        "external_references": [reference],
    }
    return _sure(made, told)


def _sure(made: dict[str, Any], told: Told) -> dict[str, Any]:
    confidence = CONFIDENCE.get(told.grade.digit)
    return made if confidence is None else {**made, "confidence": confidence}


def _reference(document: Document, urls: Mapping[str, str]) -> dict[str, Any]:
    made: dict[str, Any] = {"source_name": document.outlet or "unknown outlet", "description": document.title}
    url = document.url or urls.get(document.found_in, "")
    if url.startswith(_WEB):
        return {**made, "url": url, "hashes": {"SHA-256": document.found_in}}
    return {**made, "description": f"{document.title} (capture SHA-256 {document.found_in})"}


def _head(kind: str, author: Author, *parts: str) -> dict[str, Any]:
    return {
        "type": kind,
        "spec_version": "2.1",
        "id": ids.sdo_id(kind, "desk", *parts),
        "created_by_ref": author.identity,
        "created": stamp(_whole(author.first_us)),
        "modified": stamp(_whole(author.now_us)),
        "object_marking_refs": [marking_id(Tlp.CLEAR)],
    }


def _whole(at_us: int) -> int:
    return at_us // _MS * _MS
