"""What the fault tests share: small objects, and the federation they break."""

import json
from uuid import UUID

import pytest

from tocsin.testing.chance import SeededEntropy


def tools(seed, count, size=0):
    """STIX objects as bytes, always the same for a seed."""
    entropy = SeededEntropy(seed)
    return [
        json.dumps(
            {
                "type": "tool",
                "spec_version": "2.1",
                "id": f"tool--{UUID(bytes=entropy.bytes(16), version=4)}",
                "created": "2026-01-01T00:00:00.000Z",
                "modified": "2026-01-01T00:00:00.000Z",
                "name": f"tool {seed}.{number}",
                "description": "x" * size,
            },
            separators=(",", ":"),
            sort_keys=True,
        ).encode()
        for number in range(count)
    ]


@pytest.fixture(scope="session")
def objects():
    """tools(seed, count, size)."""
    return tools
