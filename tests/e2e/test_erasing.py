"""Real nodes erase what one of them orders away: not a byte of it in store, log, later backup or answer; all proofs hold."""

import asyncio
import json

import pytest
from tests.e2e.commands import tocsin, until

from tocsin.cli.demo.acts import lines
from tocsin.cli.demo.iocs import indicators
from tocsin.cli.demo.nodes import Federation

CANARY = "c4n4ry-e2e-51b7"
OBJECTS = 60
GONE = 7

pytestmark = pytest.mark.slow


def secret(number):
    """An object with canaries wherever text may stand."""
    return {
        "type": "malware",
        "spec_version": "2.1",
        "id": f"malware--00000000-0000-4000-8000-{number:012x}",
        "created": "2026-01-01T00:00:00.000Z",
        "modified": "2026-01-01T00:00:00.000Z",
        "name": f"{CANARY} {number}",
        "description": CANARY * 400,
        "is_family": True,
        "labels": [CANARY],
    }


async def share(node, objects):
    async def body():
        for piece in lines(objects):
            if piece:
                yield piece

    query = {"channel": "plenary", "tlp": "green"}
    async for event in node.control.rows("POST", "/share", query, body()):
        done = event
    assert done["shared"] == len(objects), done


def stains(folder, *words):
    """Files in which one of these stands, byte for byte."""
    found = []
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            data = path.read_bytes()
            found += [path.name for word in words if word in data]
    return found


async def story(folder):
    async with Federation(folder, 3) as federation:
        await federation.init()
        await federation.found()
        await federation.start()
        origin, *others = federation.nodes
        secrets = (json.dumps(secret(number)).encode() for number in range(OBJECTS))
        mixed = [one for pair in zip(indicators(OBJECTS, 7), secrets, strict=True) for one in pair]
        await share(origin, mixed)
        for node in others:
            await until(lambda n=node: n.control.get("/status"), lambda told: told["totals"]["received"] == len(mixed))
        assert all(stains(node.home.path, CANARY.encode()) for node in federation.nodes), "the test could see it"
        before = folder / "before.tar"
        assert (await tocsin(origin.home, "backup", "--to", before))[0] == 0
        for number in range(OBJECTS):
            wanted = {"object_id": secret(number)["id"], "channel": "plenary", "reason": "shared in error"}
            if number:
                await origin.control.post("/erasures", wanted)
            else:
                command_ = ("erase", "order", wanted["object_id"], "--channel", "plenary", "--reason", "in error")
                dry = await tocsin(origin.home, *command_, "--dry-run")
                assert (dry[0], dry[1]["entries"], dry[1]["orders"]) == (0, [1], [])
                assert (await tocsin(origin.home, *command_))[0] == 0
        listed = await until(
            lambda: origin.control.get("/erasures"), lambda told: not any(one["missing"] for one in told)
        )
        assert listed[0]["reason"] == "shared in error"
        assert {one["member"] for one in listed[0]["answered"]} == {node.handle for node in others}
        for node in federation.nodes:
            await proven(node, folder)
        return before


async def proven(node, folder):
    """Nothing of it is left at a node, and everything signed still holds."""
    status, told = await tocsin(node.home, "show", secret(3)["id"])
    assert (status, told["code"]) == (GONE, "access.unknown-object")
    assert (await tocsin(node.home, "objects", "--find", CANARY))[1]["objects"] == []
    assert (await node.control.get("/status"))["totals"]["held_back"] == 0
    status, told = await tocsin(node.home, "fsck")
    assert (status, told["problems"]) == (0, [])
    after = folder / f"after-{node.handle}.tar"
    status, _ = await tocsin(node.home, "backup", "--to", after)
    assert status == 0
    assert (await tocsin(node.home, "restore", "--check", after))[0] == 0
    assert stains(node.home.path, CANARY.encode(), b"malware--00000000-0000-4000") == []
    assert CANARY.encode() not in after.read_bytes()


def test_what_was_ordered_away_is_in_no_file_of_any_node(tmp_path):
    before = asyncio.run(story(tmp_path))
    assert stains(tmp_path, CANARY.encode()) == [before.name], "only what was backed up before has it still"
