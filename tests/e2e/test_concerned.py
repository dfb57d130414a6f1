"""Three real nodes: who is concerned is told before sharing, the gap is a duty, and it ends in each of its three ways."""

import asyncio
import json

import pytest
from tests.e2e.commands import said, tocsin, until

from tocsin.cli.demo.nodes import Federation

SECRET = "c4n4ryinterest77aa"

pytestmark = pytest.mark.slow


def name(number, value):
    return {
        "type": "domain-name",
        "spec_version": "2.1",
        "id": f"domain-name--{number:08x}-0000-4000-8000-000000000000",
        "value": value,
    }


def sdo(kind, number, **more):
    when = "2026-01-01T00:00:00.000Z"
    head = {"type": kind, "spec_version": "2.1", "id": f"{kind}--{number:08x}-0000-4000-8000-000000000000"}
    return {**head, "created": when, "modified": when, **more}


def lines(*objects):
    return b"".join(json.dumps(one).encode() + b"\n" for one in objects)


async def share(node, channel, *objects):
    done, told = await tocsin(
        node.home, "share", "-", "--to", channel, "--tlp", "green", "--wait", 30, given=lines(*objects)
    )
    assert (done, told["shared"]) == (0, len(objects)), told
    return told


async def duties(node, state="open"):
    return (await tocsin(node.home, "duties", "list", "--state", state))[1]["duties"]


async def open_duties(node, count):
    return await until(lambda: duties(node), lambda told: len(told) == count)


async def story(folder):
    async with Federation(folder, 3) as federation:
        await federation.init()
        await federation.found()
        await federation.start()
        br, eg, fr = federation.nodes
        await br.control.post("/channels", {"name": "quiet", "kind": "bilateral", "members": ["eg-cert"]})
        await br.control.post("/channels", {"name": "pair", "kind": "bilateral", "members": ["fr-cert"]})
        opened = lambda told: all(one["open"] for one in told) and len(told) == 3
        await until(lambda: br.control.get("/channels"), opened)
        await looked_at(br)
        await share(br, "quiet", *(name(number, f"host{number}.fr-cert.example") for number in range(3)))
        found = await open_duties(br, 3)
        assert {one["member"] for one in found} == {"fr-cert"}
        assert await duties(eg, "all") == await duties(fr, "all") == []
        by_object = {one["object_id"]: one["id"] for one in found}
        ids = [by_object[name(number, "")["id"]] for number in range(3)]
        await ended(br, ids)
        await looked_for(br, fr, folder)
        await warned_of(br)


async def looked_at(br):
    """The preview, in text and in JSON, and that it shares nothing."""
    given = lines(name(0, "host0.fr-cert.example"))
    words = ("share", "-", "--to", "quiet", "--tlp", "green", "--dry-run")
    status, told = await tocsin(br.home, *words, given=given)
    reason = "host0.fr-cert.example is under fr-cert.example of fr-cert"
    assert (status, told["shared"]) == (0, 0)
    assert told["concerned"]["untold"] == [
        {"member": "fr-cert", "objects": 1, "ids": [name(0, "")["id"]], "reasons": [reason]}
    ]
    _, shown = await said(br.home, *words, given=given)
    assert f"1 concerned member would not be told: fr-cert\n  fr-cert: 1 object, {reason}" in shown
    assert await duties(br, "all") == []


async def warned_of(br):
    """A warning tells it too, before it goes and when it has gone; then it is a duty like any other."""
    words = ("warn", "Look at it", "--to", "quiet", "--tlp", "green", "--topic", "cyber", "--what", "x", "--do", "y")
    for more in (("--dry-run",), ()):
        status, told = await tocsin(br.home, *words, "--country", "FR", *more)
        reason = {"member": "fr-cert", "objects": 1, "ids": [told["id"]], "reasons": ["names country FR"]}
        assert (status, told["concerned"]["untold"]) == (0, [reason])
    [one] = await open_duties(br, 1)
    assert (one["object_id"], one["member"]) == (told["id"], "fr-cert")
    assert (await tocsin(br.home, "duties", "decline", one["id"], "--reason", "an exercise"))[0] == 0


async def ended(br, ids):
    """Warned, sanitised, declined."""
    first, second, third = ids
    await share(br, "pair", name(0, "host0.fr-cert.example"))
    await open_duties(br, 2)
    clean = sdo(
        "note",
        9,
        content="One of your hosts is named in an investigation.",
        labels=[second],
        object_refs=["malware--00000001-0000-4000-8000-000000000000"],
    )
    await share(br, "pair", clean)
    await open_duties(br, 1)
    status, told = await tocsin(br.home, "duties", "decline", third, "--reason", "told by telephone")
    assert (status, told["state"], told["reason"]) == (0, "declined", "told by telephone")
    states = {one["id"]: (one["state"], one["by"]) for one in await duties(br, "all")}
    assert states == {
        first: ("warned", name(0, "")["id"]),
        second: ("sanitised", clean["id"]),
        third: ("declined", None),
    }
    status, told = await tocsin(br.home, "duties", "decline", third, "--reason", "again")
    assert (status, told["code"]) == (1, "config.value")
    status, told = await tocsin(br.home, "duties", "show", "duty-0")
    assert (status, told["code"]) == (7, "access.unknown-duty")
    status, told = await tocsin(br.home, "duties", "list", "--state", "forgotten")
    assert (status, told["code"]) == (1, "config.value")
    standing = (await br.control.get("/status"))["duties"]
    assert standing == {"open": 0, "oldest_s": None, "states": {"open": 0, "warned": 1, "sanitised": 1, "declined": 1}}


async def looked_for(br, fr, folder):
    """An interest of one member: found by it, shown in its watch, and in no file of any other node."""
    status, made = await tocsin(fr.home, "interest", "add", "word", SECRET, "--note", SECRET)
    assert status == 0
    after = (await fr.control.get("/status"))["position"]
    await share(br, "plenary", sdo("malware", 7, name="nothing", is_family=False))
    assert (await tocsin(fr.home, "interest", "hits"))[1]["hits"] == []
    for node in (br, fr):
        held = [path for path in folder.rglob("*") if path.is_file() and str(path).startswith(str(node.home.path))]
        assert any(SECRET.encode() in path.read_bytes() for path in held) == (node is fr)
    assert SECRET not in fr.diagnostics.read_text()
    await share(br, "plenary", sdo("malware", 8, name=f"about {SECRET}", is_family=False))
    hits = await until(lambda: tocsin(fr.home, "interest", "hits"), lambda told: told[1]["hits"])
    [hit] = hits[1]["hits"]
    assert (hit["id"], hit["member"], hit["interest"]["id"]) == (sdo("malware", 8)["id"], "br-cert", made["id"])
    watched = [row async for row in fr.control.rows("GET", "/watch", {"after": after})]
    assert [row["id"] for row in watched if row["kind"] == "interest"] == [hit["id"]]
    _, shown = await said(fr.home, "watch", "--after", after, "--no-follow")
    assert f"looked for: word {SECRET}, in {hit['id']} of br-cert" in shown
    assert (await tocsin(fr.home, "interest", "remove", made["id"]))[0] == 0
    assert (await tocsin(fr.home, "interest", "list"))[1]["interests"] == []
    status, told = await tocsin(fr.home, "interest", "add", "cidr", "0.0.0.0/0")
    assert (status, told["code"]) == (1, "config.value")


def test_the_concerned_are_told_or_a_duty_stands(tmp_path):
    asyncio.run(story(tmp_path))
