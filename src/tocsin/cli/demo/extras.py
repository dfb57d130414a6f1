"""More real data where it lies beside the checkout: ATT&CK for ICS, and addresses that many blocklists name."""

import gzip
from collections.abc import Iterator
from ipaddress import IPv4Address
from itertools import islice
from pathlib import Path
from typing import Final

from tocsin.cli.demo.source import definition, derived_id, encode

_BESIDE: Final = Path(__file__).resolve().parents[5] / "shared" / "data" / "stix"
_PIECE: Final = 64 * 1024
_LISTS: Final = 10  # the collection counts up to about so many lists


def folder() -> Path | None:
    """The folder of sample data, if there is one."""
    return _BESIDE if _BESIDE.is_dir() else None


def attack(data: Path) -> Iterator[bytes]:
    """The ATT&CK for ICS bundle in pieces, as published."""
    for path in sorted(data.glob("attack-ics-*.json.gz")):
        with gzip.open(path, "rb") as file:
            while piece := file.read(_PIECE):
                yield piece


def addresses(data: Path, count: int) -> Iterator[bytes]:
    """Indicators of the addresses that most blocklists name, at most `count`."""
    for path in sorted(data.glob("ipsum-*.txt.gz")):
        with gzip.open(path, "rt", encoding="ascii") as file:
            rows = (line.split() for line in file if not line.startswith("#"))
            for address, lists in islice(rows, count):
                yield _indicator(str(IPv4Address(address)), min(int(lists), _LISTS))


def _indicator(address: str, lists: int) -> bytes:
    made = definition(
        "indicator",
        derived_id("indicator", "ipsum", address),
        0,
        name=f"Suspicious address {address}",
        description=f"Named by {lists} public blocklists.",
        indicator_types=["malicious-activity"],
        pattern=f"[ipv4-addr:value = '{address}']",
        pattern_type="stix",
        pattern_version="2.1",
        confidence=lists * 100 // _LISTS,
    )
    made["valid_from"] = made["created"]
    return encode(made)
