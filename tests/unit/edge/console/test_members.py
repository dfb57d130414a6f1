"""Members by what they say of themselves, the health of their logs, and what two of them gave each other."""

import pytest

from tocsin.exchange.fairness.balance import Period
from tocsin.formats import statement


def test_the_directory_is_chosen_from_by_bloc_and_country(visit):
    async def story(house):
        browser = await house.enroll("duty", "duty")

        async def shown(query):
            return [one["handle"] for one in (await browser.ask(f"/members.json?{query}")).json["members"]]

        assert await shown("") == await shown("bloc=none-such") == ["aa", "bb"]
        assert await shown("bloc=AU") == await shown("country=EG") == await shown("bloc=AU&country=EG") == ["aa"]

    visit(story)


@pytest.mark.slow
def test_a_log_whose_origin_is_silent_stands_out(visit, piece):
    async def story(house):
        browser = await house.enroll("duty", "duty")
        await house.federation.share("bb", "plenary", [piece(50)])
        await house.clock.sleep(30)

        async def logs():
            return {
                one["origin"]: (one["state"], one["holders"])
                for one in (await browser.ask("/channels/plenary.json")).json["logs"]
            }

        now = await logs()
        assert now["aa"] == ("good", [{"member": "bb", "size": 3}])
        assert now["bb"][0] == "good"
        house.federation.network.cut("aa", "bb")
        await house.clock.sleep(60)
        assert (await logs())["bb"][0] == "silent"
        member = next(one for one in (await browser.ask("/members.json")).json["members"] if one["handle"] == "bb")
        assert {one["state"] for one in member["logs"]} == {"silent"}
        assert "its origin is silent" in (await browser.ask("/members")).text
        assert "its origin is silent" in (await browser.ask("/members/bb")).text

    visit(story, shared=3)


@pytest.mark.slow
def test_fairness_is_our_row_with_each_and_a_statement_is_computed_again(visit):
    async def story(house):
        await house.clock.sleep(5)
        browser = await house.enroll("releaser", "releaser")
        told = (await browser.ask("/fairness.json")).json
        (pair,) = told["pairs"]
        assert (pair["member"], pair["gave"]["given"], pair["got"]["given"]) == ("bb", 3, 0)
        assert told["all"]["suppressed"], "of two members nothing is told that would not name one"
        page = await browser.ask("/fairness")
        assert "Too few members" in page.text
        assert (await browser.ask("/fairness?since=yesterday")).status == 200
        other = house.federation.core("bb")
        signed = await other.rooms.fairness.make("aa", Period(house.clock.now_us()))
        file = statement.encode(signed).decode()
        form = {"form_token": page.field()}
        good = await browser.ask("/fairness/verification", {**form, "file": file.replace("\n", "\r\n")})
        assert (good.status, "Every figure is the same" in good.text) == (200, True)
        bad = await browser.ask("/fairness/verification", {**form, "file": "nonsense"})
        assert (bad.status, "nonsense" in bad.text) == (400, True)

    visit(story, shared=3)
