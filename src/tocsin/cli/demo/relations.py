"""Relationships of STIX 2.1 from the freely named pointers of the galaxies."""

import re
from collections.abc import Iterable
from types import MappingProxyType
from typing import Final

from tocsin.cli.demo.source import SOURCE_ID, Json, derived_id, instant, marking_of

_SYMMETRIC: Final = "related-to"

# galaxy's word: (STIX relationship type, whether the pointer runs the other way)
_WORDS: Final = MappingProxyType(
    {
        "uses": ("uses", False),
        "deploys": ("uses", False),
        "executes": ("uses", False),
        "used-by": ("uses", True),
        "is-deployed-by": ("uses", True),
        "executed-by": ("uses", True),
        "targets": ("targets", False),
        "variant-of": ("variant-of", False),
        "parent-of": ("derived-from", True),
        "derived-from": ("derived-from", False),
        "successor-of": ("derived-from", False),
        "preceded-by": ("derived-from", False),
        "dropped": ("drops", False),
        "dropped-by": ("drops", True),
        "delivers": ("delivers", False),
        "delivered-by": ("delivers", True),
    },
)

# what STIX 2.1 lets these types say of one another; everything else becomes related-to
_SENTENCES: Final = frozenset(
    sentence
    for line in (
        "intrusion-set uses malware|tool",
        "intrusion-set targets location|identity",
        "intrusion-set originates-from location",
        "intrusion-set attributed-to threat-actor",
        "threat-actor located-at location",
        "malware uses malware|tool",
        "malware targets location|identity",
        "malware originates-from location",
        "malware drops malware|tool",
        "malware variant-of malware",
        "tool delivers malware",
        "tool drops malware",
        "tool targets location|identity",
    )
    for source, verb, targets in [line.split()]
    for sentence in ((source, verb, target) for target in targets.split("|"))
)

# words of estimative probability on the scale of STIX confidence (the values for the DNI scale)
_LIKELIHOOD: Final = re.compile(r'likelihood-probability="([a-z-]+)"')
_CONFIDENCE: Final = MappingProxyType(
    {
        "almost-no-chance": 5,
        "very-unlikely": 15,
        "unlikely": 30,
        "roughly-even-chance": 50,
        "likely": 70,
        "very-likely": 85,
        "almost-certain": 95,
    },
)


def stated_confidence(tags: Iterable[str]) -> int | None:
    """The confidence that a pointer's tags express, if they do."""
    words = (match[1] for tag in tags if (match := _LIKELIHOOD.search(tag)))
    return next((_CONFIDENCE[word] for word in words if word in _CONFIDENCE), None)


def pointer(word: str, source: str, target: str, version: int, tags: Iterable[str]) -> Json:
    """The relationship for a galaxy's pointer from `source` to `target`."""
    verb, reverse = _WORDS.get(word.strip(), (_SYMMETRIC, False))
    if reverse:
        source, target = target, source
    return relationship(verb, source, target, version, stated_confidence(tags))


def relationship(verb: str, source: str, target: str, version: int, confidence: int | None = None) -> Json:
    """A relationship as STIX allows it between these types; its id depends on its meaning alone."""
    kinds = source.partition("--")[0], target.partition("--")[0]
    allowed = kinds[0] == kinds[1] if verb == "derived-from" else (kinds[0], verb, kinds[1]) in _SENTENCES
    if not allowed:
        verb = _SYMMETRIC
        source, target = sorted((source, target))  # said from both sides, it is one relationship
    made: Json = {
        "type": "relationship",
        "spec_version": "2.1",
        "id": derived_id("relationship", verb, source, target),
        "created": instant(0),
        "modified": instant(60 * version),
        "created_by_ref": SOURCE_ID,
        "object_marking_refs": [marking_of(source, target)],
        "relationship_type": verb,
        "source_ref": source,
        "target_ref": target,
    }
    return made if confidence is None else made | {"confidence": confidence}
