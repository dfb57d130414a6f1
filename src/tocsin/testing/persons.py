"""Objects about persons that do not exist, whole ones and broken ones: for tests of this node and of any other."""

import json
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from tocsin.formats.extension import ID
from tocsin.formats.tlp import Tlp, marking_id
from tocsin.testing.chance import SeededEntropy

KINDS: Final = ("identity", "user-account", "email-addr", "threat-actor", "relationship", "x-passport")
_AT: Final = "2026-01-01T00:00:00.000Z"
_OWN: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {
        "identity": {"name": "Nobody At All", "identity_class": "individual"},
        "user-account": {"user_id": "nobody", "display_name": "Nobody At All"},
        "email-addr": {"value": "nobody@mail.example"},
        "threat-actor": {"name": "nobody", "resource_level": "individual"},
        "relationship": {"relationship_type": "related-to"},
        "x-passport": {"x_passport_number": "X0000000"},
    }
)


def extension(**other: Any) -> dict[str, Any]:
    """A whole extension "person"; a field given as None is left out."""
    said = {
        "extension_type": "property-extension",
        "purpose": "investigation",
        "legal_basis": "Act 12 of 2019, section 4",
        "category": "suspect",
        "reliability": "B",
        "credibility": 2,
        "assertion": "assessment",
        "review_date": "2026-06-01",
        "neutrality": "Looked at for political, military, religious and racial matter: none.",
        "signatories": [{"name": "case-officer", "role": "investigator"}, {"name": "legal-desk", "role": "releaser"}],
        **other,
    }
    return {name: value for name, value in said.items() if value is not None}


def thing(number: int, kind: str = "identity", said: Mapping[str, Any] | None = None, **other: Any) -> dict[str, Any]:
    """An object about a person, marked AMBER. `said` is its extension; without one it has a whole one."""
    id_ = _id(kind, number)
    value: dict[str, Any] = {"type": kind, "spec_version": "2.1", "id": id_}
    if kind not in ("user-account", "email-addr"):
        value |= {"created": _AT, "modified": _AT}
    if kind == "email-addr":
        value["belongs_to_ref"] = _id("user-account", number)
    if kind == "relationship":
        value |= {"source_ref": _id("identity", number), "target_ref": _id("threat-actor", number)}
    extensions = {ID["person"]: dict(extension() if said is None else said)} if said != {} else None
    value |= {**_OWN[kind], "object_marking_refs": [marking_id(Tlp.AMBER)], **other}
    return value | ({"extensions": extensions} if extensions else {})


def encode(value: Mapping[str, Any]) -> bytes:
    """The bytes of an object."""
    return json.dumps(value, ensure_ascii=False).encode()


def broken(count: int, seed: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """So many objects about persons, each with one field missing or wrong: the code it must be refused by, and it."""
    chance = SeededEntropy(seed)
    for number in range(count):
        field = _pick(chance, tuple(_WRONG))
        code, wrongs = _WRONG[field]
        wrong = _pick(chance, wrongs if field in _OPTIONAL else (None, *wrongs))
        yield code, thing(number, _pick(chance, KINDS), extension(**{field: wrong}))


def _id(kind: str, number: int) -> str:
    return f"{kind}--{uuid5(NAMESPACE_URL, f'tocsin:testing:person:{kind}:{number}')}"


def _pick(chance: SeededEntropy, of: tuple[Any, ...]) -> Any:
    return of[chance.below(len(of))]


_OPTIONAL: Final = ("necessity", "comment")
_ONE: Final[Mapping[str, str]] = {"name": "case-officer", "role": "investigator"}
_WRONG: Final[Mapping[str, tuple[str, tuple[Any, ...]]]] = MappingProxyType(
    {
        "purpose": ("person.purpose", ("", "other", "Investigation", ["investigation"], 1)),
        "legal_basis": ("person.legal-basis", ("", "n/a", "        ", "........", "law\u0007 law of", "x" * 257, 7)),
        "category": ("person.category", ("", "person", "suspects", ["suspect"], True)),
        "reliability": ("person.reliability", ("", "G", "b", "AB", 1)),
        "credibility": ("person.credibility", (0, 7, "2", 2.5, True, [2])),
        "assertion": ("person.assertion", ("", "rumour", "Fact", True)),
        "review_date": (
            "person.review-date",
            (
                "",
                "2025-12-31",
                "2027-01-03",
                "2026-02-30",
                "next year",
                "20260601",
                "2026-W23-1",
                "2026-06-01T00:00:00Z",
            ),
        ),
        "neutrality": ("person.neutrality", ("", "neutral", "-" * 30, "a" * 30, "x y" * 400, ["none"])),
        "signatories": (
            "person.signatories",
            (
                [_ONE],
                [_ONE, _ONE],
                [_ONE, {"name": "Case Officer", "role": "releaser"}],
                [_ONE, {"name": "legal-desk"}],
                [_ONE, {"name": "legal-desk", "role": ""}],
                [_ONE, {"name": "legal-desk", "role": "releaser"}, {"name": "third", "role": "other"}],
                "case-officer, legal-desk",
            ),
        ),
        "necessity": ("person.necessity", ("", "needed", 1)),
        "comment": ("person.field", ("", "anything")),
    }
)
