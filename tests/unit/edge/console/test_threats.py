"""The one search box: an id, a value in any way of writing, or a part of a name; and pages of fifty."""

import pytest

from tocsin.edge.audit import Operation, Use
from tocsin.edge.control import reading
from tocsin.exchange.journal import search


def names(reply):
    return [one["name"] for one in reply.json["objects"]]


def test_the_box_takes_an_id_a_value_or_a_part_of_a_name(visit):
    async def story(house):
        browser = await house.enroll("analyst", "analyst")
        assert names(await browser.ask("/threats.json?find=198.51.100.7")) == ["thing 7"]
        assert names(await browser.ask("/threats.json?find=198%5B.%5D51.100%5B.%5D7")) == ["thing 7"]
        identifier = "indicator--00000004-0000-4000-8000-000000000000"
        assert names(await browser.ask(f"/threats.json?find={identifier}")) == ["thing 4"]
        assert names(await browser.ask("/threats.json?find=ING+3")) == ["thing 3"]
        assert names(await browser.ask("/threats.json?find=203.0.113.1")) == []
        assert names(await browser.ask("/threats.json?find=198.51.100.7&member=bb")) == []
        assert names(await browser.ask("/threats.json?find=198.51.100.7&type=report")) == []
        assert len(names(await browser.ask("/threats.json?channel=no-such-channel"))) == 9

    visit(story, shared=9)


@pytest.mark.slow
def test_pages_of_fifty_go_on_without_a_gap(visit):
    async def story(house):
        browser = await house.enroll("analyst", "analyst")
        seen, before = [], ""
        for expected in (50, 50, 20):
            reply = await browser.ask(f"/threats.json?before={before}")
            seen += names(reply)
            before = reply.json["next"]
            assert len(reply.json["objects"]) == expected
        assert before == 0
        assert sorted(seen) == sorted(f"thing {number}" for number in range(120))

    visit(story, shared=120)


@pytest.mark.slow
def test_one_look_is_bounded_says_so_and_goes_on_without_a_gap(visit, monkeypatch):
    """A name, a type or a member that fits little must not read a whole store for one page."""
    monkeypatch.setattr(search, "SPAN", 25)

    async def story(house):
        browser = await house.enroll("analyst", "analyst")
        for asked in ("find=hing+7", "find=nothing+of+the+kind", "type=report", "member=bb"):
            seen, looks, before = [], 0, ""
            while before != 0:
                page = await browser.ask(f"/threats?{asked}&before={before}")
                reply = await browser.ask(f"/threats.json?{asked}&before={before}")
                seen += names(reply)
                before, looks = reply.json["next"], looks + 1
                assert ("Search on" in page.text) == (before != 0)
                assert ("Nothing of that kind" in page.text) == (before == 0 and not names(reply))
                assert bool(reply.json["since"]) == (before != 0)
            assert looks >= 3
            assert sorted(seen) == (["thing 7", "thing 70"] if asked == "find=hing+7" else [])
        use = Use("control", "uid:1", Operation.SEARCH, "")
        rows = await reading.objects(house.control, {"find": "hing 7"}, use)
        assert [one["name"] for one in rows] == ["thing 70", "thing 7"], "what has no page looks on by itself"

    visit(story, shared=71)


@pytest.mark.slow
def test_what_is_asked_for_in_odd_ways_is_no_fault_of_ours(visit):
    async def story(house):
        browser = await house.enroll("analyst", "analyst")
        for query in (
            "before=-1",
            "before=x",
            "before=9" * 40,
            "find=" + "%00",
            "find=" + "x" * 5000,
            "type=%27",
            "member=%F0%9F",
        ):
            assert (await browser.ask(f"/threats?{query}")).status == 200, query
        for path in ("/o/%2e%2e", "/members/%00", "/channels/..", "/o/x%2Fy"):
            assert (await browser.ask(path)).status == 404, path

    visit(story, shared=1)


@pytest.mark.slow
def test_what_others_write_is_escaped_everywhere(visit):
    async def story(house):
        import json

        payload = "\"'><script>alert(1)</script>"
        thing = {
            "type": "malware", "spec_version": "2.1", "id": "malware--00000001-0000-4000-8000-000000000000",
            "created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-01T00:00:00.000Z", "name": payload,
            "description": payload, "is_family": False, "labels": [payload], "aliases": [payload],
            "object_marking_refs": ["marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"],
        }  # fmt: skip
        await house.federation.share("bb", "plenary", [json.dumps(thing).encode()])
        await house.federation.settled()
        browser = await house.enroll("analyst", "analyst")
        for path in ("/threats", f"/o/{thing['id']}"):
            text = (await browser.ask(path)).text
            assert "alert(1)" in text
            assert "<script>alert" not in text
            assert '="' + payload[:2] not in text

    visit(story)


@pytest.mark.slow
def test_the_box_tells_how_it_read_and_an_id_opens_its_object(visit):
    async def story(house):
        browser = await house.enroll("analyst", "analyst")
        network = piece_of(99, "203.0.113.0/24")
        await house.federation.share("bb", "plenary", [network])
        await house.federation.settled()
        found = (await browser.ask("/threats.json?find=203%5B.%5D0.113.7")).json
        assert (found["read_as"], found["read_text"], found["networks"]) == ("ipv4", "203.0.113.7", ["203.0.113.0/24"])
        assert names(await browser.ask("/threats.json?find=203.0.113.0%2F24")) == ["network 99"]
        page = await browser.ask("/threats?find=203%5B.%5D0.113.7")
        assert "an IPv4 address" in page.text
        assert "/threats?find=203.0.113.0%2F24" in page.text
        identifier = "indicator--00000001-0000-4000-8000-000000000000"
        reply = await browser.ask(f"/threats?find={identifier}")
        assert (reply.status, reply.header("location")) == (303, f"/o/{identifier}")
        assert (await browser.ask(f"/threats?find={identifier}&type=report")).status == 200
        assert (await browser.ask(f"/threats?find={identifier.replace('1', '9')}")).status == 200

    visit(story, shared=2)


def piece_of(number, network):
    import json

    words = {"pattern": f"[ipv4-addr:value = '{network}']", "pattern_type": "stix"}
    when = {"created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-01T00:00:00.000Z"}
    green = {"object_marking_refs": ["marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"]}
    identifier = f"indicator--{number:08x}-0000-4000-8000-000000000000"
    made = {"type": "indicator", "spec_version": "2.1", "id": identifier, "name": f"network {number}"}
    return json.dumps({**made, **words, **when, **green, "valid_from": "2026-01-01T00:00:00Z"}).encode()
