"""Objects per second and core through the content gate: strict JSON, STIX 2.1, patterns, markings.

`run()` measures `check` on indicators and on ATT&CK-like objects, its parts, and the rival that was not chosen: the same
description as msgspec structs.
"""

import asyncio
import tempfile
import time
import types
import typing
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec
import orjson

from tocsin.backends.system.warninglists import WarningLists
from tocsin.exchange.match.denylist import DenyList
from tocsin.exchange.publish.publisher import MAX_BATCH
from tocsin.formats import strictjson
from tocsin.formats.stix import kinds
from tocsin.formats.stix.catalogue import TYPES, compiled
from tocsin.formats.stix.check import check, check_value
from tocsin.formats.stix.ids import sdo_id
from tocsin.formats.stix.properties import Extensions

COUNT = 2000
ROUNDS = 5
_WHEN = "2026-08-22T06:30:00.000Z"
_AUTHOR = sdo_id("identity", "benchmark")
_CLEAR = "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487"


def _shared(name: str, i: int) -> dict[str, Any]:
    return {
        "type": name,
        "spec_version": "2.1",
        "id": sdo_id(name, str(i)),
        "created_by_ref": _AUTHOR,
        "created": _WHEN,
        "modified": _WHEN,
        "object_marking_refs": [_CLEAR],
    }


def indicators() -> list[dict[str, Any]]:
    """About 750 bytes each, as a blocklist becomes STIX."""
    return [
        _shared("indicator", i)
        | {
            "name": f"Address 198.51.{i // 256 % 256}.{i % 256} on public blocklists",
            "description": "Seen on three public blocklists; scanning and password guessing. " * 2,
            "indicator_types": ["malicious-activity"],
            "pattern": f"[ipv4-addr:value = '198.51.{i // 256 % 256}.{i % 256}']",
            "pattern_type": "stix",
            "pattern_version": "2.1",
            "valid_from": "2026-08-22T00:00:00Z",
            "confidence": 70,
            "labels": ["blocklist"],
            "external_references": [{"source_name": "list", "url": f"https://example.org/list/{i}"}],
        }
        for i in range(COUNT)
    ]


def attack_like() -> list[dict[str, Any]]:
    """Two relationships for each attack-pattern, with custom properties and citations, about 1.1 kB each."""
    custom = {
        "x_mitre_domains": ["ics-attack"],
        "x_mitre_modified_by_ref": _AUTHOR,
        "x_mitre_version": "1.0",
        "x_mitre_deprecated": False,
        "x_mitre_attack_spec_version": "3.2.0",
    }
    refs = [
        {
            "source_name": f"Report {n}",
            "description": "A. Author. (2026, May 1). A long title of a report. Retrieved May 2, 2026.",
            "url": f"https://example.org/report/{n}?page=1",
        }
        for n in range(2)
    ]
    text = "Adversaries may do one thing to reach another, by way of a third. (Citation: Report 0) " * 4
    objects = []
    for i in range(COUNT):
        if i % 3:
            own = {
                "relationship_type": "uses",
                "description": text,
                "source_ref": sdo_id("malware", str(i)),
                "target_ref": sdo_id("attack-pattern", str(i)),
                "revoked": False,
                "external_references": refs,
            }
            objects.append(_shared("relationship", i) | own | custom)
        else:
            own = {
                "name": f"Technique {i}",
                "description": text,
                "kill_chain_phases": [{"kill_chain_name": "ics", "phase_name": "collection"}],
                "external_references": [*refs, {"source_name": "site", "external_id": f"T{i}"}],
                "x_mitre_platforms": ["None"],
                "x_mitre_detection": "",
            }
            objects.append(_shared("attack-pattern", i) | own | custom)
    return objects


def rate(call: Callable[[Any], object], items: Sequence[Any]) -> int:
    """Calls per second of processor time, the best of a few rounds."""
    best = 0.0
    for _ in range(ROUNDS):
        start = time.process_time()
        for item in items:
            call(item)
        best = max(best, len(items) / (time.process_time() - start))
    return round(best)


def run() -> dict[str, int]:
    """Objects per second of processor time, by load and part."""
    figures: dict[str, int] = {}
    structs = {name: _struct(described.record, name) for name, described in TYPES.items()}
    decoders = {name: msgspec.json.Decoder(struct) for name, struct in structs.items()}

    def by_schema(value: dict[str, Any]) -> bool:
        return compiled(value["type"]).validator.is_valid(value)

    def by_struct(value: dict[str, Any]) -> object:
        return msgspec.convert(value, structs[value["type"]])

    def by_decoder(named: tuple[str, bytes]) -> object:
        return decoders[named[0]].decode(named[1])

    for load, values in (("indicators", indicators()), ("attack_like", attack_like())):
        lines = [orjson.dumps(value) for value in values]
        named = [(value["type"], line) for value, line in zip(values, lines, strict=True)]
        figures[f"{load}_bytes_each"] = sum(map(len, lines)) // len(lines)
        figures[f"{load}_check"] = rate(check, lines)
        figures[f"{load}_of_it_strict_json"] = rate(strictjson.parse, lines)
        figures[f"{load}_of_it_stix"] = rate(check_value, values)
        figures[f"{load}_jsonschema_rs_on_values"] = rate(by_schema, values)
        figures[f"{load}_msgspec_on_values"] = rate(by_struct, values)
        figures[f"{load}_msgspec_on_bytes_type_known"] = rate(by_decoder, named)
    figures["indicators_denylist"] = _asked_of_the_lists(indicators())
    return figures


def _asked_of_the_lists(values: list[dict[str, Any]]) -> int:
    """Indicators a second that the deny-lists of the installed package are asked about, in batches as the gate does."""
    asked = DenyList(_Nobody())  # type: ignore[arg-type]  # only the charter is asked for
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(asked.load(WarningLists(Path(folder))))
    batches = [values[at : at + MAX_BATCH] for at in range(0, len(values), MAX_BATCH)]
    return rate(asked.refusals, batches) * len(values) // len(batches)


class _Nobody:
    """Members of a node that has no charter yet."""

    has_charter = True
    charter = types.SimpleNamespace(version=1, members={})


def _struct(record: kinds.Record, name: str) -> Any:
    fields: list[Any] = []
    for key, kind in record.properties.items():
        asked = _annotation(kind, f"{name}_{key}".replace("-", "_"))
        fields.append((key, asked) if key in record.required else (key, asked | msgspec.UnsetType, msgspec.UNSET))
    return msgspec.defstruct(name.replace("-", "_"), fields, kw_only=True)


def _annotation(kind: kinds.Kind, name: str) -> Any:
    """What msgspec can say of a kind. Conditions, formats and dictionaries' keys it cannot say."""
    if isinstance(kind, kinds.Text):
        pattern = Annotated[str, msgspec.Meta(pattern=kind.pattern)] if kind.pattern else str
        return typing.Literal[kind.choices] if kind.choices else pattern
    if isinstance(kind, kinds.Number):
        return Annotated[int, msgspec.Meta(ge=kind.least, le=kind.most)] if kind.whole else float
    if isinstance(kind, kinds.ListOf):
        item = _annotation(kind.item, name)
        return Annotated[list[item], msgspec.Meta(min_length=kind.least)]  # type: ignore[valid-type]  # made at run time
    if isinstance(kind, kinds.Record) and all(map(str.isidentifier, kind.properties)):
        return _struct(kind, name)
    if isinstance(kind, kinds.MapOf | kinds.Record | Extensions):
        return dict[str, Any]
    return bool if isinstance(kind, kinds.Exactly) else Any


if __name__ == "__main__":
    for key, value in run().items():
        print(f"{key:40} {value:>9,}")
