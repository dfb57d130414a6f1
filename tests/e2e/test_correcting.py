"""Three real nodes: feedback goes back, an object is corrected and another recalled; every door treats it as never there."""

import asyncio
import json

import aiohttp
import pytest
from tests.e2e.commands import tocsin, until

from tocsin.cli.demo.acts import lines
from tocsin.cli.demo.nodes import Federation

ABSENT = "indicator--99999999-0000-4000-8000-000000000000"
WHY = "a false positive"
ACCEPT = "application/taxii+json;version=2.1"

pytestmark = pytest.mark.slow


def indicator(number, day=1):
    return {
        "type": "indicator",
        "spec_version": "2.1",
        "id": f"indicator--{number:08x}-0000-4000-8000-000000000000",
        "created": "2026-01-01T00:00:00.000Z",
        "modified": f"2026-01-{day:02}T00:00:00.000Z",
        "name": f"scanner {number}",
        "pattern": f"[ipv4-addr:value = '198.51.100.{number}']",
        "pattern_type": "stix",
        "valid_from": "2026-01-01T00:00:00Z",
    }


async def share(node, *objects):
    async def body():
        for piece in lines(json.dumps(one).encode() for one in objects):
            if piece:
                yield piece

    async for event in node.control.rows("POST", "/share", {"channel": "plenary", "tlp": "green"}, body()):
        done = event
    assert done["shared"] == len(objects), done


class Reader:
    """A program that reads a node by TAXII."""

    def __init__(self, node, token):
        self._root = f"{node.people_url}/api1/collections/plenary/objects/"
        self._headers = {"accept": ACCEPT, "authorization": f"Bearer {token}"}

    async def get(self, object_id=""):
        async with aiohttp.ClientSession() as session:
            address = self._root + (f"{object_id}/" if object_id else "")
            async with session.get(address, headers=self._headers) as answer:
                return answer.status, await answer.json(content_type=None)


async def same_as_absent(node, reader, object_id):
    """Every door of a node says of it what it says of what never was."""
    gone, never = [await tocsin(node.home, "show", one) for one in (object_id, ABSENT)]
    assert gone == never
    assert (gone[0], gone[1]["code"]) == (7, "access.unknown-object")
    assert await reader.get(object_id) == await reader.get(ABSENT)
    _, told = await reader.get()
    assert object_id not in json.dumps(told)
    _, listed = await tocsin(node.home, "objects")
    assert object_id not in json.dumps(listed)


async def story(folder):
    async with Federation(folder, 3) as federation:
        await federation.init()
        await federation.found()
        await federation.start()
        origin, critic, third = nodes = federation.nodes
        wrong, kept, other = (indicator(number) for number in (1, 2, 3))
        await share(origin, wrong, kept, other)
        for node in (critic, third):
            await until(lambda n=node: n.control.get("/status"), lambda told: told["totals"]["received"] == 3)
        readers = {}
        for node in nodes:
            token = (await node.control.post("/accounts", {"name": "siem", "channels": ["*"]}))["token"]
            readers[node.handle] = Reader(node, token)
            assert (await readers[node.handle].get(wrong["id"]))[0] == 200
        await fed_back(origin, critic, wrong["id"])
        await replaced_by_nobody(origin, critic, third, kept, readers)
        await corrected(origin, third, other, readers, folder)
        await recalled(origin, nodes, wrong["id"])
        for node in nodes:
            await same_as_absent(node, readers[node.handle], wrong["id"])
            status, told = await tocsin(node.home, "fsck")
            assert (status, told["problems"]) == (0, [])
        metrics = {}
        async with origin.control._ask("GET", "/metrics", {}) as answer:
            for line in (await answer.read()).decode().splitlines():
                metrics |= {line.split()[0]: line.split()[1]} if line.startswith("tocsin_recalls") else {}
        assert metrics == {"tocsin_recalls": "1", "tocsin_recalls_confirmed": "2", "tocsin_recalls_open": "0"}


async def fed_back(origin, critic, object_id):
    status, told = await tocsin(critic.home, "feedback", object_id, "--false-positive", "--note", "a resolver")
    assert (status, told["channel"], told["giver"], told["marking"]) == (0, "plenary", origin.handle, "TLP:GREEN")
    assert (await tocsin(critic.home, "feedback", object_id, "--sighted", "--count", "3"))[0] == 0
    for bad in (("--agree", "--used"), (), ("--sighted", "--at", "noon")):
        assert (await tocsin(critic.home, "feedback", object_id, *bad))[0] == 2
    assert (await tocsin(critic.home, "feedback", object_id, "--used", "--count", "3"))[1]["code"] == "format.feedback"
    assert (await tocsin(critic.home, "feedback", ABSENT, "--used"))[1]["code"] == "access.unknown-object"
    told = await until(
        lambda: origin.control.get(f"/objects/{object_id}"), lambda told: len(told["voices"]["words"]) == 2
    )
    assert (told["voices"]["owner"], told["voices"]["disagree"]) == (origin.handle, [critic.handle])


async def replaced_by_nobody(origin, critic, third, kept, readers):
    await share(critic, {**kept, "modified": "2026-02-01T00:00:00.000Z", "name": "ours now", "revoked": True})
    told = await until(
        lambda: third.control.get(f"/objects/{kept['id']}"), lambda told: told["voices"]["disagree"] == [critic.handle]
    )
    told = await until(lambda: third.control.get("/recalls"), lambda told: told["others"])
    assert [(one["member"], one["original"]) for one in told["others"]] == [(critic.handle, False)]
    _, found = await readers[third.handle].get(kept["id"])
    assert [one["name"] for one in found["objects"]] == [kept["name"]]
    voices = (await third.control.get(f"/objects/{kept['id']}"))["voices"]
    assert (voices["owner"], [one["action"] for one in voices["says"]]) == (origin.handle, [None, "revoked"])


async def corrected(origin, third, other, readers, folder):
    later = {**other, "modified": "2026-03-01T00:00:00.000Z", "name": "set right"}
    file = folder / "later.json"
    file.write_text(json.dumps(later))
    assert (await tocsin(third.home, "correct", file))[1]["code"] == "access.unknown-object"
    status, told = await tocsin(origin.home, "correct", file)
    assert (status, [(one["channel"], one["code"]) for one in told["told"]]) == (0, [("plenary", "")])
    status, told = await tocsin(origin.home, "correct", file)
    assert (status, told["code"]) == (4, "policy.not-later")
    told = await until(lambda: origin.control.get(f"/recalls/{other['id']}"), lambda told: told["confirmed"] == 2)
    assert (told["action"], told["due"], told["open"]) == ("corrected", 2, 0)
    _, found = await readers[third.handle].get(other["id"])
    assert [one["name"] for one in found["objects"]] == ["set right"]


async def recalled(origin, nodes, object_id):
    others = sorted(node.handle for node in nodes if node is not origin)
    words = ("recall", object_id, "--reason", WHY)
    status, told = await tocsin(origin.home, *words, "--dry-run")
    assert (status, [one["member"] for one in told["holders"]], told["told"]) == (0, others, [])
    assert (await tocsin(origin.home, "recall", ABSENT, "--reason", WHY))[1]["code"] == "access.unknown-object"
    assert (await tocsin(origin.home, "recalls", "show", object_id))[1]["code"] == "access.unknown-object"
    status, told = await tocsin(origin.home, *words)
    assert (status, [one["channel"] for one in told["told"]]) == (0, ["plenary"])
    await until(lambda: origin.control.get(f"/recalls/{object_id}"), lambda told: told["confirmed"] == 2)
    status, told = await tocsin(origin.home, "recalls", "show", object_id)
    assert (status, told["due"], told["confirmed"], told["open"], told["reason"]) == (0, 2, 2, 0, WHY)
    assert sorted(one["member"] for one in told["confirmations"]) == others
    status, told = await tocsin(origin.home, "recalls", "list")
    assert told["totals"] == {"recalled": 1, "due": 2, "confirmed": 2, "open": 0}
    orders = await until(lambda: origin.control.get("/erasures"), lambda told: told and not told[0]["missing"])
    assert orders[0]["reason"] == WHY


def test_feedback_correction_and_recall_over_real_nodes(tmp_path):
    asyncio.run(story(tmp_path))
