"""The outbox: what was shared, who stored, acknowledged and answered it, in how long, and what is open."""


def indicator(number):
    return f"indicator--{number:08x}-0000-4000-8000-000000000000"


async def listed(browser, query=""):
    return (await browser.ask(f"/share/outbox.json{query}")).json["shares"]


def test_a_share_stands_there_with_who_has_stored_it_and_in_how_long(visit, piece):
    async def story(house):
        browser = await house.enroll("analyst", "analyst")
        (one,) = await listed(browser)
        assert (one["channel"], one["objects"], one["name"], one["marking"]) == ("plenary", 3, "thing 0", "TLP:GREEN")
        assert (one["sort"], one["asked"], one["stored"]["count"], one["open"]) == ("objects", 1, 1, [])
        assert 0 < one["stored"]["median_ms"] < 10_000
        assert one["acknowledged"] is None, "nobody was asked"

        house.federation.network.cut("aa", "bb")
        await house.federation.share("aa", "plenary", [piece(100)])
        newest, before = await listed(browser)
        assert before == one
        assert (newest["name"], newest["stored"], newest["open"]) == (
            "thing 100",
            {"count": 0, "median_ms": None},
            ["bb"],
        )
        await house.clock.sleep(30)
        house.federation.network.heal("aa", "bb")
        await house.federation.settled()
        newest, _ = await listed(browser)
        assert (newest["stored"]["count"], newest["open"]) == (1, [])
        assert newest["stored"]["median_ms"] >= 30_000, "half of one member is that member"

        page = await browser.ask(f"/share/outbox/{newest['id']}")
        assert "thing 100" in page.text
        told = (await browser.ask(f"/share/outbox/{newest['id']}.json")).json
        (member,) = told["members"]
        assert (member["member"], member["stored_ms"], member["exact"]) == ("bb", newest["stored"]["median_ms"], True)
        assert member["proof"].splitlines()[1] == str(member["covers"])
        assert "bb" in member["proof"].splitlines()[-1]
        assert [each["id"] for each in told["pieces"]] == [indicator(100)]

    visit(story, shared=3)
