"""What is above GREEN is shown by no page without a record of who saw it; acts of administrators leave theirs."""

import json

import pytest

from tocsin.edge.console.app import twin_path
from tocsin.edge.console.pages import ALL
from tocsin.errors import StoreError
from tocsin.formats.markings import ChannelKind

CANARY = "canary-9d1f"
AMBER = "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421"
IDENTIFIER = "malware--00000001-0000-4000-8000-000000000000"


async def with_amber(house):
    await house.federation.channel("quiet", ChannelKind.THEMATIC, ["aa", "bb"])
    thing = {
        "type": "malware", "spec_version": "2.1", "id": IDENTIFIER, "created": "2026-01-01T00:00:00.000Z",
        "modified": "2026-01-01T00:00:00.000Z", "name": CANARY, "is_family": False, "object_marking_refs": [AMBER],
    }  # fmt: skip
    _, refused = await house.federation.share("bb", "quiet", [json.dumps(thing).encode()])
    assert not refused
    await house.federation.settled()
    return await house.enroll("everybody", "duty", "analyst", "releaser", "administrator", "oversight")


@pytest.mark.slow
def test_every_page_that_shows_it_leaves_a_record(visit, samples):
    async def story(house):
        browser = await with_amber(house)
        shown = 0
        for page in ALL:
            if page.method == "GET":
                share = house.newest_share("aa")
                path = samples.concrete(page.path, object_id=IDENTIFIER, name="quiet", share=share)
                for address in (path, twin_path(path)) if page.has_twin else (path,):
                    before = await house.control.audit.head()
                    reply = await browser.ask(address)
                    if CANARY in reply.text:
                        shown += 1
                        assert (await house.control.audit.head()).number == before.number + 1, address
        assert shown >= 4
        newest = (await house.control.audit.listed(0, 1))[0]
        assert (newest["door"], newest["who"], newest["highest"]) == ("console", "person:everybody", "TLP:AMBER")
        reasoned = await browser.ask(f"/o/{IDENTIFIER}?reason=case%2017")
        assert reasoned.status == 200
        assert (await house.control.audit.listed(0, 1))[0]["reason"] == "case 17"
        page = await browser.ask("/admin/audit")
        assert "person:everybody" in page.text
        assert CANARY not in page.text

    visit(story)


@pytest.mark.slow
def test_nothing_is_shown_when_the_record_cannot_be_written(visit, monkeypatch):
    async def story(house):
        browser = await with_amber(house)

        async def full(*_):
            raise StoreError("store.full", "the disk is full")

        monkeypatch.setattr(type(house.control.audit), "record", full)
        for address in (f"/o/{IDENTIFIER}", f"/o/{IDENTIFIER}.json", "/threats"):
            reply = await browser.ask(address)
            assert (reply.status, CANARY in reply.text) == (503, False), address
        refused = await browser.post("/admin/accounts", "/admin/accounts", name="new", role="duty")
        assert refused.status == 503
        assert await house.people.find("new") is None

    visit(story)


@pytest.mark.slow
def test_acts_of_an_administrator_are_recorded_and_ones_own_taste_is_not(visit):
    async def story(house):
        browser = await house.enroll("root", "administrator")
        before = (await house.control.audit.head()).number
        await browser.post("/me", "/me/look", language="fr", theme="")
        assert (await house.control.audit.head()).number == before
        await browser.post("/admin/accounts", "/admin/accounts", name="new", role="duty")
        await browser.post("/admin/tokens", "/admin/tokens", name="siem")
        told = await house.control.audit.listed(0, 2)
        assert [(one["operation"], one["reason"]) for one in told] == [
            ("decide", "/admin/tokens"),
            ("decide", "/admin/accounts"),
        ]

    visit(story)
