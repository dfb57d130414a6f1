"""What documents say, in the objects that standing interests are held against."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from tocsin.desk.document import Finding, Reading, Topic
from tocsin.desk.library import Kept
from tocsin.formats import extension

# What STIX's industry-sector-ov calls otherwise.
_VOCABULARY: Final[Mapping[str, str]] = MappingProxyType(
    {
        "transport": "transportation",
        "health": "healthcare",
        "finance": "financial-services",
        "defence": "defense",
        "food": "agriculture",
    }
)


def objects_of(placed: Iterable[tuple[Kept, Reading]]) -> dict[str, list[Mapping[str, Any]]]:
    """What documents say, in the words that interests are held against."""
    out: dict[str, list[Mapping[str, Any]]] = {}
    for kept, reading in placed:
        document = kept.document
        topics = [one.name for one in reading.topics if not one.listed]
        objects: list[Mapping[str, Any]] = [
            {"type": "report", "name": document.title, "description": document.text},
            *({"type": "report", "extensions": {extension.ID["warning"]: {"topic": one}}} for one in topics),
            *({"type": "location", "country": one.country} for one in reading.places),
            *({"type": "identity", "sectors": [name]} for one in reading.topics for name in _sectors(one)),
            *(_observable(one) for one in reading.findings),
        ]
        out.setdefault(kept.story, []).extend(objects)
    return out


def _sectors(topic: Topic) -> Iterable[str]:
    """In our words and in those of STIX's vocabulary: people keep either."""
    for one in () if topic.listed else topic.sectors:
        yield one
        if one in _VOCABULARY:
            yield _VOCABULARY[one]


def _observable(finding: Finding) -> Mapping[str, Any]:
    match finding.kind:
        case "ip" | "network":
            return {"type": "ipv6-addr" if ":" in finding.value else "ipv4-addr", "value": finding.value}
        case "domain":
            return {"type": "domain-name", "value": finding.value}
        case "url":
            return {"type": "url", "value": finding.value}
        case "email":
            return {"type": "email-addr", "value": finding.value}
        case _:
            return {"type": "file", "hashes": {finding.kind: finding.value}}
