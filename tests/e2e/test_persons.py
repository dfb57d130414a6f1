"""Three real nodes: the second person, the objection that suspends at a third, the audit trail and its oversight."""

import asyncio
import json
import urllib.error
import urllib.request

import pytest
from tests.e2e.commands import tocsin, until

from tocsin.cli.demo.nodes import Federation
from tocsin.testing import persons

REFUSED, BROKEN, UNKNOWN = 4, 5, 7
CANARY = "Nobody At All"

pytestmark = pytest.mark.slow


async def fetched(url, token):
    """(status, body) of a GET at the people's listener."""

    def get():
        request = urllib.request.Request(url, headers={"authorization": f"Bearer {token}"})  # noqa: S310 - our own node
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - our own server on the loopback
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    return await asyncio.get_running_loop().run_in_executor(None, get)


async def shared_by_two(node, folder, value):
    """The second person approves, and not the first; gives the answers on the way."""
    file = folder / "person.json"
    file.write_bytes(persons.encode(value))
    words = ("share", file, "--to", "quiet")
    status, dry = await tocsin(node.home, *words, "--dry-run")
    assert (status, dry["second"]["missing"]) == (0, ["legal-desk"])
    status, told = await tocsin(node.home, *words)
    assert (status, told["code"], told["shared"]) == (REFUSED, "person.second", 0)
    digest = told["second"]["digest"]
    assert digest == dry["second"]["digest"]
    _, made = await tocsin(node.home, "account", "add", "legal-desk", "--kind", "releaser")
    _, other = await tocsin(node.home, "account", "add", "somebody", "--kind", "releaser")
    status, told = await tocsin(node.home, "person", "approve", digest, given=other["token"].encode())
    assert (status, told["code"]) == (REFUSED, "person.not-the-second")
    status, told = await tocsin(node.home, "person", "approve", digest, given=b"tcs_" + b"x" * 43)
    assert (status, told["code"]) == (UNKNOWN, "access.releaser")
    status, told = await tocsin(node.home, "person", "approve", digest, given=made["token"].encode())
    assert (status, told["missing"]) == (0, [])
    assert [one["approved"] for one in (await tocsin(node.home, "person", "pending"))[1]["releases"]] == [
        ["legal-desk"]
    ]
    status, told = await tocsin(node.home, *words, "--wait", "30")
    assert (status, told["shared"], told["second"]["missing"]) == (0, 1, [])


async def taxii(node, token, channel_id):
    url = (await node.control.get("/status"))["people_url"]
    return (await fetched(f"{url}/api1/collections/{channel_id}/objects/", token))[1]


async def disputed(federation, value):
    """An objection at one member suspends at all; its originator answers, the objector lifts."""
    origin, objector, third = federation.nodes
    channel = (await third.control.get("/channels/quiet"))["id"]
    _, made = await tocsin(third.home, "account", "add", "siem", "--purpose", "detection")
    assert CANARY in await until(lambda: taxii(third, made["token"], channel), lambda told: CANARY in told)
    words = ("--reason", "mistaken-identity", "--statement", "It is another man.")
    status, told = await tocsin(objector.home, "person", "object", value["id"], *words)
    assert (status, told["channels"]) == (0, ["quiet"])
    await until(lambda: taxii(third, made["token"], channel), lambda told: CANARY not in told)
    for node in federation.nodes:
        await until(lambda n=node: tocsin(n.home, "show", value["id"]), lambda told: told[0] == UNKNOWN)
    _, listed = await tocsin(origin.home, "person", "objections", "list")
    (case,) = listed["objections"]
    assert (case["state"], case["originators"], case["by"]) == ("open", [origin.handle], objector.handle)
    status, told = await tocsin(third.home, "person", "objections", "lift", case["objection"], "--statement", "x")
    assert (status, told["code"]) == (REFUSED, "person.not-the-objector")
    decision = ("--decision", "maintained", "--statement", "It was checked twice.")
    status, told = await tocsin(origin.home, "person", "objections", "answer", case["objection"], *decision)
    assert (status, told["state"]) == (0, "answered")
    status, told = await tocsin(
        objector.home, "person", "objections", "lift", case["objection"], "--statement", "Seen."
    )
    assert (status, told["state"]) == (0, "lifted")
    await until(lambda: taxii(third, made["token"], channel), lambda told: CANARY in told)
    status, told = await tocsin(third.home, "show", value["id"], "--reason", "after the objection")
    assert (status, CANARY in told["versions"][0]["content"]) == (0, True)
    _, reviews = await tocsin(third.home, "person", "reviews", "--days", "366")
    assert [one["object_id"] for one in reviews["reviews"]] == [value["id"]]


async def overseen(node):
    """What was done stands in the trail; the oversight reads it and no content; what is taken out shows."""
    status, told = await tocsin(node.home, "objects", "--reason", "weekly review")
    assert status == 0
    _, trail = await tocsin(node.home, "audit", "list")
    newest = trail["records"][0]
    assert (newest["operation"], newest["reason"], newest["objects"]) == (
        "search",
        "weekly review",
        1 + sum(one["marking"] == "TLP:AMBER" and one["id"].startswith("note--") for one in told["objects"]),
    )
    assert newest["who"].startswith("uid:")
    assert {"export", "read"} <= {one["operation"] for one in trail["records"]}
    assert CANARY not in json.dumps(trail)
    _, made = await tocsin(node.home, "account", "add", "dpo", "--kind", "oversight")
    url = (await node.control.get("/status"))["people_url"]
    status, text = await fetched(f"{url}/audit", made["token"])
    # The new account is a record too.
    assert (status, json.loads(text)["head"]["number"]) == (200, trail["head"]["number"] + 1)
    assert json.loads(text)["records"][1] == newest
    assert (await fetched(f"{url}/api1/collections/", made["token"]))[0] == 403
    status, text = await fetched(f"{url}/audit/figures", made["token"])
    (figures,) = json.loads(text)["objections"].values()
    assert (figures["objections"], figures["lifted"]) == (1, 1)
    noted = ("--number", str(trail["head"]["number"]), "--hash", trail["head"]["hash"])
    assert (await tocsin(node.home, "audit", "verify", *noted))[0] == 0
    return noted


def tampered(home):
    from tocsin.backends.sqlite.database import connect

    connection = connect(str(home.store))
    connection.execute("DELETE FROM edge_audit WHERE number = 2")
    connection.close()


async def story(folder):
    async with Federation(folder, 3) as federation:
        await federation.init()
        await federation.found()
        await federation.start()
        origin, objector, third = federation.nodes
        words = ("channel", "create", "quiet", objector.handle, third.handle)
        assert (await tocsin(origin.home, *words))[0] == 0
        for node in federation.nodes:
            await until(
                lambda n=node: n.control.get("/channels"),
                lambda told: any(one["name"] == "quiet" and one["open"] for one in told),
            )
        now = await asyncio.get_running_loop().run_in_executor(None, today)
        value = persons.thing(1, "identity", persons.extension(review_date=now[1]), modified=now[0])
        await shared_by_two(origin, folder, value)
        await disputed(federation, value)
        noted = await overseen(third)
        for node in federation.nodes:
            status, told = await tocsin(node.home, "fsck")
            assert (status, told["problems"]) == (0, [])
        tampered(third.home)
        assert (await tocsin(third.home, "audit", "verify"))[0] == BROKEN
        assert (await tocsin(third.home, "audit", "verify", *noted))[0] == BROKEN


def today():
    """(an instant of today, a day within a year)."""
    from datetime import UTC, datetime, timedelta

    now = datetime.now(UTC)
    return now.strftime("%Y-%m-%dT00:00:00.000Z"), (now + timedelta(days=200)).date().isoformat()


def test_the_narrow_door_the_objection_and_the_trail_of_three_real_nodes(tmp_path):
    asyncio.run(story(tmp_path))
