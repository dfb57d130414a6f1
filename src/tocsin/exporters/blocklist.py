"""Values as the files that firewalls, resolvers and proxies read: plain lines, CSV, JSON."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

FORMATS: Final = ("plain", "csv", "json")
_COLUMNS: Final = ("kind", "value", "origins", "members", "marking", "use")
MANUAL: Final = "for people, not for automatic blocking"
_AUTOMATIC: Final = "automatic blocking"


def lines(told: Mapping[str, Any], form: str) -> Iterator[str]:
    """The file, line by line without line ends, from what the node tells of its blocklist (docs/poisoning.md).

    A value is never more than one line and never a comment: whatever could be either is left out here once more.
    """
    entries = [one for one in told["entries"] if _is_one_line(one["value"])]
    use = MANUAL if told["manual"] else _AUTOMATIC
    if form == "json":
        yield msgspec.json.encode({**told, "use": use, "entries": entries}).decode()
        return
    yield from (f"# {one}" for one in _header(told, use))
    if form == "csv":
        yield _row(_COLUMNS)
        for one in entries:
            yield _row((one["kind"], one["value"], one["origins"], " ".join(one["members"]), one["marking"], use))
        return
    marked = f"  # {MANUAL}" if told["manual"] else ""
    yield from (one["value"] + marked for one in entries)


def _header(told: Mapping[str, Any], use: str) -> Iterator[str]:
    where = f", channel {told['channel']}" if told["channel"] else ""
    yield f"made {told['made']} by tocsin at {told['member']}{where}"
    yield f"use: {use}; {told['min_origins']} or more independent origins; TLP up to AMBER+STRICT, for this house alone"
    yield f"{told['exported']} exported, {told['held_back']} held back by deny-lists"
    yield from (f"held back by {name}: {count}" for name, count in told["held_back_by"].items())


def _is_one_line(value: str) -> bool:
    return (
        bool(value)
        and value.isprintable()
        and not value.startswith(("#", ";", "=", "+", "-", "@"))
        and " " not in value
    )


def _row(values: Sequence[Any]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(values)
    return out.getvalue()
