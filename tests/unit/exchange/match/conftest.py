"""Three members on a virtual clock, and indicators they share."""

import asyncio
import json

import pytest

from tocsin.formats.stix.ids import sdo_id
from tocsin.formats.tlp import Tlp, marking_id
from tocsin.testing.federation import Federation
from tocsin.testing.virtualtime import run

WHEN = "2026-01-01T00:00:00.000Z"


class Story:
    """A federation of three, `aa`, `bb` and `cc`, and what its members do."""

    def __init__(self, fed):
        self.fed = fed

    @staticmethod
    def indicator(name, value="45.95.147.236", *, pattern="", modified=WHEN, tlp=Tlp.GREEN, **more):
        return {
            "type": "indicator",
            "spec_version": "2.1",
            "id": sdo_id("indicator", "test", name),
            "created": WHEN,
            "modified": modified,
            "pattern": pattern or f"[ipv4-addr:value = '{value}']",
            "pattern_type": "stix",
            "valid_from": WHEN,
            "object_marking_refs": [marking_id(tlp)],
            **more,
        }

    @staticmethod
    def linked(name, one, other, kind="derived-from", **more):
        return {
            "type": "relationship",
            "spec_version": "2.1",
            "id": sdo_id("relationship", "test", name),
            "created": WHEN,
            "modified": WHEN,
            "relationship_type": kind,
            "source_ref": one["id"],
            "target_ref": other["id"],
            "object_marking_refs": [marking_id(Tlp.GREEN)],
            **more,
        }

    @staticmethod
    def doubt(name, one, opinion="strongly-disagree", **more):
        return {
            "type": "opinion",
            "spec_version": "2.1",
            "id": sdo_id("opinion", "test", name),
            "created": WHEN,
            "modified": WHEN,
            "opinion": opinion,
            "object_refs": [one["id"]],
            "object_marking_refs": [marking_id(Tlp.GREEN)],
            **more,
        }

    async def share(self, handle, *objects, channel="plenary"):
        _, refused = await self.fed.share(handle, channel, [json.dumps(one).encode() for one in objects])
        assert not refused, refused
        await self.fed.settled()
        for one in self.fed.nodes:
            await self.fed.core(one).synced()


@pytest.fixture
def play():
    """Run a story; its result."""

    def told(work, seed=3, described=None, **network):
        async def main():
            fed = Federation(asyncio.get_running_loop(), ["aa", "bb", "cc"], seed, **network)
            for handle, says in (described or {}).items():
                fed.nodes[handle].described = says
            await fed.found(Tlp.AMBER)
            result = await work(Story(fed))
            await fed.stop()
            return result

        return run(main)

    return told
