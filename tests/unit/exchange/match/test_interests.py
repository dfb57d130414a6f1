"""Standing interests: what is found, from when on, and that others cannot learn of them."""

import asyncio
import json

import pytest

from tocsin.exchange.match.interests import KINDS, Interest, Seeker
from tocsin.formats import extension
from tocsin.formats.tlp import Tlp
from tocsin.testing.federation import Federation
from tocsin.testing.virtualtime import run

HASH = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
WARNING = {extension.ID["warning"]: {"extension_type": "property-extension", "topic": "terrorism", "countries": ["EG"]}}


def seek(kind, text, value):
    seeker = Seeker([Interest("one", kind, text, "", 0, 0), Interest("other", "type", "nothing-like-it", "", 0, 0)])
    return bool(seeker.seek([value]))


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("value", "203.0.113.7", {"type": "ipv4-addr", "value": "203.0.113.7"}),
        ("value", HASH, {"type": "file", "hashes": {"SHA-256": HASH.upper()}}),
        (
            "value",
            HASH,
            {"type": "indicator", "pattern_type": "stix", "pattern": f"[file:hashes.'SHA-256' = '{HASH}']"},
        ),
        ("value", "cve-2026-1234", {"type": "vulnerability", "name": "CVE-2026-1234"}),
        ("value", "t1059", {"type": "attack-pattern", "external_references": [{"external_id": "T1059"}]}),
        ("cidr", "203.0.113.0/24", {"type": "ipv4-addr", "value": "203.0.113.7"}),
        ("cidr", "2001:db8::/32", {"type": "ipv6-addr", "value": "2001:db8::1"}),
        ("domain", "bb.example", {"type": "url", "value": "https://www.bb.example/x"}),
        ("asn", "64500", {"type": "autonomous-system", "number": 64500}),
        ("country", "EG", {"type": "location", "country": "EG"}),
        ("country", "EG", {"type": "report", "extensions": WARNING}),
        ("sector", "energy", {"type": "identity", "id": "identity--x", "sectors": ["energy"]}),
        ("topic", "terrorism", {"type": "report", "extensions": WARNING}),
        ("type", "malware", {"type": "malware"}),
        ("word", "harbour", {"type": "malware", "name": "The Harbour worm"}),
        ("word", "port controller", {"type": "note", "content": "a Port  controller, again"}),
        ("word", "sandfly", {"type": "malware", "aliases": [3, "SandFly"]}),
    ],
)
def test_it_is_found(kind, text, value):
    assert kind in KINDS
    assert seek(kind, text, value)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("value", "203.0.113.7", {"type": "ipv4-addr", "value": "203.0.113.77"}),
        ("cidr", "203.0.113.0/24", {"type": "ipv4-addr", "value": "203.0.114.1"}),
        ("domain", "bb.example", {"type": "domain-name", "value": "notbb.example"}),
        ("word", "port controller", {"type": "note", "content": "port of controllers"}),
        ("word", "harbour", {"type": "note", "content": "harbours"}),
        ("word", "harbour", {"type": "note", "content": 7, "labels": {"harbour": 1}}),
        ("topic", "terrorism", {"type": "report", "extensions": "terrorism"}),
        ("type", "malware", {"type": ["malware"]}),
        ("country", "EG", {}),
    ],
)
def test_it_is_not_found(kind, text, value):
    assert not seek(kind, text, value)


def test_of_interests_around_each_other_all_are_told():
    made = [Interest(text, "cidr", text, "", 0, 0) for text in ("203.0.112.0/20", "203.0.113.0/24", "198.51.100.0/24")]
    made += [Interest(text, "domain", text, "", 0, 0) for text in ("bb.example", "x.bb.example")]
    found = Seeker(made).seek(
        [{"type": "ipv4-addr", "value": "203.0.113.7"}, {"type": "domain-name", "value": "y.x.bb.example"}]
    )
    assert found == {(0, "203.0.112.0/20"), (0, "203.0.113.0/24"), (1, "bb.example"), (1, "x.bb.example")}


def address(number):
    value = {"type": "ipv4-addr", "spec_version": "2.1", "id": f"ipv4-addr--{number:08x}-0000-4000-8000-000000000000"}
    return json.dumps({**value, "value": f"203.0.113.{number}"}).encode()


@pytest.fixture
def told():
    def play(story):
        async def main():
            fed = Federation(asyncio.get_running_loop(), ["aa", "bb"], 3)
            await fed.found()
            out = await story(fed)
            await fed.stop()
            return out

        return run(main)

    return play


async def share(fed, who, number):
    await fed.share(who, "plenary", [address(number)], Tlp.GREEN)
    await fed.settled()
    for handle in fed.nodes:
        await fed.core(handle).synced()


def test_only_what_others_share_from_then_on_is_found_and_it_is_forgotten_with_its_interest(told, refused):
    async def story(fed):
        interests = fed.core("bb").rooms.interests
        await share(fed, "aa", 1)
        made = await interests.add("cidr", "203.0.113.0/24", "harbour")
        again = await interests.add("cidr", "203.0.113.0/24")
        await share(fed, "aa", 2)
        await share(fed, "bb", 3)
        found = await interests.hits(0, 10)
        newest = await interests.hits(2**62, 10, newest_first=True)
        after_restart = await restarted(fed, "bb")
        await interests.remove(made.id)
        with refused("access.unknown-interest"):
            await interests.remove(made.id)
        return made, again, found, newest, after_restart, await interests.all(), await interests.hits(0, 10)

    made, again, found, newest, after_restart, left, gone = told(story)
    assert made == again
    assert [interest for _, interest in found] == [made.id]
    assert (newest, after_restart) == (found, found)
    assert (left, gone) == ([], [])


async def restarted(fed, who):
    return await fed.core(who).rooms.interests.hits(0, 10)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("colour", "blue"),
        ("cidr", "203.0.113.0"[:5]),
        ("cidr", "0.0.0.0/0"),
        ("domain", "com"),
        ("domain", "bb[.]example"),
        ("asn", "x"),
        ("country", "France"),
        ("word", "..."),
        ("value", " "),
        ("value", "x" * 300),
    ],
)
def test_what_cannot_be_looked_for_is_refused_without_saying_what_it_was(told, refused, kind, text):
    async def story(fed):
        with refused("config.value") as caught:
            await fed.core("aa").rooms.interests.add(kind, text)
        return caught.value.what

    what = told(story)
    assert text.strip(" .") == "" or text not in what
