"""Standing interests and the stories of the desk: our own people are told, once; nobody else learns what we look for."""

import json

import pytest
from tests.unit.edge.console.conftest import ARTICLE, piece

from tocsin.edge.control import desking
from tocsin.errors import ConfigError
from tocsin.exchange.journal import history
from tocsin.node.config import Settings
from tocsin.node.desk import Paging
from tocsin.node.diagnostics import Diagnostics

CANARY = "hospitals"  # a word of the article


async def rows_of(house):
    found = await house.core.journal.database.read(lambda db: history.happenings(db, 0, 1000))
    return [one.row for one in found]


async def told_of(house):
    """What `tocsin watch` says of stories."""
    return [one["interest"] for one in (await desking.met(house.control, await rows_of(house))).values()]


async def again(house, words, name):
    """The same news by another outlet."""
    page = ARTICLE.replace("another", "any other").replace("</article>", f"<p>{words}</p></article>")
    return await house.control.desk.imported(page.encode(), f"https://{name}.example/a", "text/html", name)


@pytest.mark.slow
def test_a_story_of_interest_is_told_once_and_is_found_by_that(visit):
    async def story(house):
        browser = await house.enroll("amira", "analyst")
        for kind, text in (("word", CANARY), ("country", "GR"), ("sector", "government"), ("word", "nothing of it")):
            reply = await browser.post("/desk/interests", "/desk/interests", kind=kind, text=text, note="for the ports")
            assert reply.status == 303
        news = await house.news()
        expected = {f"word {CANARY}", "country GR", "sector government"}
        assert set(await told_of(house)) == expected
        await again(house, "Hospitals in Greece again.", "herald")
        assert sorted(await told_of(house)) == sorted(expected), "each interest is told of once for a story"
        (row,) = (await browser.ask("/index.json")).json["news"]
        assert (row["story"], set(row["interests"])) == (news["stories"][0], expected)
        page = (await browser.ask("/")).text
        assert f"/share/new?kind=warning&amp;story={row['story']}" in page, "a warning is one step away"
        assert len((await browser.ask("/desk.json?interest=1")).json["stories"]) == 1
        assert len((await browser.ask("/desk.json?interest=1&text=ministries+networks")).json["stories"]) == 1
        assert (await browser.ask("/desk.json?interest=1&text=elephants")).json["stories"] == []
        told = (await browser.ask("/desk/interests.json")).json
        assert {one["text"] for one in told["interests"]} == {"nothing of it", "government", "GR", CANARY}
        for one in told["interests"]:
            await browser.post("/desk/interests", "/desk/interests/remove", interest=one["id"])
        assert (await browser.ask("/index.json")).json["news"] == []
        assert (await browser.ask("/desk.json?interest=1")).json["stories"] == []
        assert await told_of(house) == []

    visit(story)


@pytest.mark.slow
def test_what_was_put_aside_is_no_news(visit):
    async def story(house):
        browser = await house.enroll("amira", "analyst")
        await house.control.interests.add("word", CANARY)
        where = f"/desk/s/{(await house.news())['stories'][0]}"
        assert len((await browser.ask("/index.json")).json["news"]) == 1
        await browser.post(where, f"{where}/state", state="dismissed")
        assert (await browser.ask("/index.json")).json["news"] == []
        assert len((await browser.ask("/desk.json?interest=1")).json["stories"]) == 1

    visit(story)


@pytest.mark.slow
def test_what_is_split_off_is_still_of_interest_and_nobody_is_told_twice(visit):
    async def story(house):
        browser = await house.enroll("amira", "analyst")
        await house.control.interests.add("word", CANARY)
        name = (await house.news())["stories"][0]
        await again(house, "Hospitals in Greece again.", "herald")
        torn = (await house.control.desk.story(name)).shelved[1].document.id
        await house.control.desk.split(name, [torn], "amira")
        assert len((await browser.ask("/desk.json?interest=1")).json["stories"]) == 2
        assert await told_of(house) == [f"word {CANARY}"]

    visit(story)


@pytest.mark.slow
@pytest.mark.parametrize(
    "form", [{"kind": "word", "text": ""}, {"kind": "type", "text": "x" * 300}, {"kind": "no", "text": "x"}]
)
def test_what_cannot_be_looked_for_is_refused_and_what_was_typed_stays(visit, form):
    async def story(house):
        browser = await house.enroll("amira", "analyst")
        reply = await browser.post("/desk/interests", "/desk/interests", note="typed", **form)
        assert reply.status == 400
        assert 'value="typed"' in reply.text
        assert await house.control.interests.all() == []

    visit(story)


def test_what_we_look_for_is_on_no_wire_in_no_row_and_in_no_line(visit, capfd):
    async def story(house):
        sent, notes = [], []
        house.federation.network.tap(lambda src, dst, data: sent.append(bytes(data)))
        told = Diagnostics("aa", house.clock)
        object.__setattr__(house.core.world, "note", lambda *one: (notes.append(one), told(*one)))
        await house.control.interests.add("word", CANARY, "canarynote55d2")
        await house.news()
        await house.federation.share("aa", "plenary", [piece(3)])
        await house.federation.settled()
        assert await told_of(house) == [f"word {CANARY}"]
        rows = house.federation.nodes["aa"].query("SELECT name, object_id, content FROM journal_rows")
        assert any(row[0] == desking.MET for row in rows)
        trail = await house.core.world.database.read(lambda db: db.query("SELECT * FROM edge_audit"))
        kept = [*sent, repr(rows).encode(), repr(notes).encode(), repr(trail).encode()]
        assert sent
        assert not [one for one in kept if CANARY.encode() in one.lower() or b"canarynote55d2" in one]

    visit(story)
    out = capfd.readouterr()
    assert CANARY not in out.out + out.err


class Pager:
    def __init__(self):
        self.pages, self.fails = [], False

    async def notify(self, role, page):
        self.pages.append((role, page))
        if self.fails:
            raise ConfigError("config.notifier", "nobody answers")
        return 1


def test_analysts_are_paged_once_and_the_page_says_neither_what_nor_which(visit):
    async def story(house):
        pager = Pager()
        paging = Paging(house.core, Settings("aa", desks={"analyst": ["https://pager.example/x"]}))
        paging._notifiers = (pager,)
        await house.control.interests.add("word", CANARY)
        await paging.page()
        assert pager.pages == []
        pager.fails = True
        name = (await house.news())["stories"][0]
        await paging.page()
        pager.fails = False
        await paging.page()
        await paging.page()
        (first, second) = pager.pages
        assert first == second, "a page that was not taken comes again as the same"
        role, page = second
        assert role == "analyst"
        whole = json.dumps([page.key, page.subject, page.body, page.topic, page.warning])
        assert not any(word in whole.lower() for word in (CANARY, "ministry", "ransom", name))
        await again(house, "Hospitals in Greece again.", "herald")
        await paging.page()
        assert len(pager.pages) == 2
        assert Paging(house.core, Settings("aa", desks={"duty-officer": ["https://pager.example/x"]}))._notifiers == ()

    visit(story)
