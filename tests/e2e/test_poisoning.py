"""Three real nodes: the gate refuses what must not be blocked, two origins make a blocklist, one command stops a third."""

import asyncio
import csv
import json

import pytest
import requests
from tests.e2e.commands import PATIENCE_S, tocsin, until

from tocsin.cli.demo.nodes import Federation
from tocsin.formats.stix.ids import sdo_id

WHEN = "2026-01-01T00:00:00.000Z"
BAD, WORSE = "45.95.147.236", "evil-thing-1234.ru"

pytestmark = pytest.mark.slow


def indicator(name, pattern, **more):
    made = {
        "type": "indicator",
        "spec_version": "2.1",
        "id": sdo_id("indicator", "e2e", name),
        "created": WHEN,
        "modified": WHEN,
        "pattern": pattern,
        "pattern_type": "stix",
        "valid_from": WHEN,
        **more,
    }
    return json.dumps(made).encode()


def file(folder, name, *objects):
    path = folder / f"{name}.json"
    path.write_bytes(b"\n".join(objects))
    return path


async def share(node, path, *more):
    return await tocsin(node.home, "share", path, "--to", "plenary", "--tlp", "green", *more)


def served(node, token):
    """What a program of this house reads by TAXII."""
    answer = requests.get(
        f"{node.people_url}/api1/collections/plenary/objects/",
        headers={"Authorization": f"Bearer {token}", "Accept": "application/taxii+json;version=2.1"},
        timeout=PATIENCE_S,
    )
    return {one["id"] for one in answer.json().get("objects", [])}


async def story(folder):
    async with Federation(folder, 3) as federation:
        await federation.init()
        await federation.found()
        await federation.start()
        one, two, three = federation.nodes
        ip, name = f"[ipv4-addr:value = '{BAD}']", f"[domain-name:value = '{WORSE}']"
        listed = indicator("listed", "[ipv4-addr:value = '8.8.8.8']")
        # The gate of a first node: 8.8.8.8, everything, an empty file.
        for pattern, which in (
            ("[ipv4-addr:value = '8.8.8.8']", "public-dns-v4"),
            ("[ipv4-addr:value = '0.0.0.0/0']", "too-broad"),
            ("[file:hashes.MD5 = 'D41D8CD98F00B204E9800998ECF8427E']", "empty-hashes"),
        ):
            status, told = await share(one, file(folder, "bad", indicator("bad", pattern)))
            assert (status, told["code"], told["shared"]) == (4, "policy.deny-listed", 0)
            assert which in told["refusals"][0]["what"]
        # Two of them share what is bad, one also, by its own word, what is on a list.
        assert (await share(one, file(folder, "one", indicator("1 ip", ip), indicator("1 name", name))))[0] == 0
        assert (await share(two, file(folder, "two", indicator("2 ip", ip))))[0] == 0
        overriding = await share(
            two, file(folder, "listed", listed), "--allow-listed", "public-dns-v4", "--reason", "e2e"
        )
        assert (overriding[0], overriding[1]["shared"]) == (0, 1)
        await until(lambda: three.control.get("/status"), lambda told: told["totals"]["received"] == 4)

        token = (await tocsin(three.home, "account", "add", "siem"))[1]["token"]
        ids = {number: sdo_id("indicator", "e2e", number) for number in ("1 ip", "1 name", "2 ip", "listed")}
        assert served(three, token) == {ids["1 ip"], ids["1 name"], ids["2 ip"]}, "kept, and served to no program"
        shown = (await tocsin(three.home, "show", ids["listed"]))[1]["versions"]
        assert shown[0]["listed"] == ["public-dns-v4"]
        status, told = await tocsin(three.home, "blocklist")
        assert (status, [(each["value"], each["origins"]) for each in told["entries"]]) == (0, [(BAD, 2)])
        out = folder / "list.csv"
        status, told = await tocsin(three.home, "blocklist", "--manual", "--format", "csv", "--out", out)
        assert (told["exported"], told["held_back"], told["held_back_by"]) == (2, 1, {"public-dns-v4": 1})
        rows = list(csv.DictReader(line for line in out.read_text().splitlines() if not line.startswith("#")))
        assert {row["value"]: row["use"] for row in rows} == dict.fromkeys(
            (BAD, WORSE), "for people, not for automatic blocking"
        )
        assert (await tocsin(three.home, "blocklist", "--min-origins", "1"))[1]["code"] == "config.value"
        assert (await tocsin(three.home, "denylist", "check", "8[.]8[.]8[.]8"))[0] == 4
        assert (await tocsin(three.home, "denylist", "check", BAD)) == (
            0,
            {"schema": "tocsin.denylist/1", "value": BAD, "kind": "ip", "lists": []},
        )
        assert len((await tocsin(three.home, "denylist", "list"))[1]["lists"]) > 80

        # The kill switch: at once, here alone, and what comes meanwhile is received and signed for.
        status, told = await tocsin(three.home, "origin", "block", two.handle, "--reason", "its feed is poisoned")
        assert (status, told["blocked"]) == (0, True)
        assert (await tocsin(three.home, "blocklist"))[1]["entries"] == []
        assert served(three, token) == {ids["1 ip"], ids["1 name"]}
        assert (await tocsin(three.home, "show", ids["2 ip"]))[1]["code"] == "access.unknown-object"
        assert [each["value"] for each in (await tocsin(one.home, "blocklist"))[1]["entries"]] == [BAD]
        status, told = await share(two, file(folder, "more", indicator("2 name", name)), "--wait", "30")
        assert (status, told["queued_for"]) == (0, []), "the one who blocked it has signed for it"
        status = await three.control.get("/status")
        assert [(each["member"], each["reason"]) for each in status["blocked"]] == [
            (two.handle, "its feed is poisoned")
        ]
        found = (await tocsin(three.home, "doctor"))[1]
        assert "doctor.blocked" in json.dumps(found)
        assert {
            each["member"]: each["blocked"] for each in (await tocsin(three.home, "origin", "list"))[1]["origins"]
        } == {
            one.handle: False,
            two.handle: True,
        }
        # And back: with everything that came meanwhile.
        assert (await tocsin(three.home, "origin", "unblock", two.handle, "--reason", "mended"))[0] == 0
        entries = (await tocsin(three.home, "blocklist"))[1]["entries"]
        assert {each["value"]: each["origins"] for each in entries} == {BAD: 2, WORSE: 2}
        for node in federation.nodes:
            assert (await tocsin(node.home, "fsck"))[1]["problems"] == []
        assert "origin-blocked" not in json.dumps((await tocsin(two.home, "doctor"))[1])


def test_poison_is_kept_out_and_its_origin_can_be_stopped(tmp_path):
    asyncio.run(story(tmp_path))
