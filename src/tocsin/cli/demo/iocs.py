"""Indicators in bulk for demonstrations and benchmarks: addresses, hashes and domain names that belong to nobody.

Addresses come from the benchmark network 198.18.0.0/15 (RFC 2544), names from .example (RFC 2606), hashes from a
chain. Everything follows from the seed, so that two runs share the same bytes.
"""

import hashlib
from collections.abc import Iterator
from typing import Final

from tocsin.cli.demo.source import CLEAR, GREEN, SOURCE_ID, derived_id, instant

_PER_SECOND: Final = 16  # so many indicators of a series share one timestamp
_FEEDS: Final = ("sensors", "honeypots", "sinkholes", "sandboxes")
_PHASES: Final = ("reconnaissance", "installation", "command-and-control")
_STORIES: Final = (
    "Address that scans for exposed remote access",
    "Loader that fetches a second stage",
    "Name used for command and control",
)

# Canonical JSON already: members sorted, nothing to escape. An encoder would halve the rate of a bulk share.
_INDICATOR: Final = (
    '{{"confidence":{confidence},"created":"{seen}","created_by_ref":"{source}",'
    '"description":"{story}, seen by {feed} at {places} places.","id":"{id}",'
    '"indicator_types":["malicious-activity"],'
    '"kill_chain_phases":[{{"kill_chain_name":"lockheed-martin-cyber-kill-chain","phase_name":"{phase}"}}],'
    '"modified":"{seen}","name":"Malicious: {name}","object_marking_refs":["{marking}"],"pattern":"{pattern}",'
    '"pattern_type":"stix","pattern_version":"2.1","spec_version":"2.1","type":"indicator","valid_from":"{seen}"}}'
)


def indicators(count: int, seed: int) -> Iterator[bytes]:
    """Canonical JSON of `count` indicators of about 750 bytes; the same seed gives the same ones."""
    chain = hashlib.sha256(b"tocsin/demo/iocs/%d" % seed).digest()
    seen = ""
    for number in range(count):
        if number % _PER_SECOND == 0:
            seen = instant(number // _PER_SECOND)
        chain = hashlib.sha256(chain).digest()
        yield _indicator(number % len(_STORIES), chain, seen).encode()


def _indicator(kind: int, chain: bytes, seen: str) -> str:
    digest = chain.hex()
    name, pattern = _observable(kind, chain, digest)
    return _INDICATOR.format(
        confidence=50 + chain[5] % 50,
        seen=seen,
        source=SOURCE_ID,
        story=_STORIES[kind],
        feed=_FEEDS[chain[3] % len(_FEEDS)],
        places=chain[6] + 2,
        id=derived_id("indicator", digest),
        phase=_PHASES[kind],
        name=name,
        marking=GREEN if chain[4] < 64 else CLEAR,
        pattern=pattern,
    )


def _observable(kind: int, chain: bytes, digest: str) -> tuple[str, str]:
    if kind == 0:
        host = f"198.{18 + chain[0] % 2}.{chain[1]}.{chain[2]}"
        return host, f"[ipv4-addr:value = '{host}']"
    if kind == 1:
        return digest[:16], f"[file:hashes.'SHA-256' = '{digest}']"
    host = f"{digest[:10]}.{digest[10:16]}.example"
    return host, f"[domain-name:value = '{host}']"
