"""The demonstration's news: what the desk makes of it is what the act tells, with and without the model across languages."""

import asyncio

import aiohttp
import pytest

from tocsin.cli.demo import articles
from tocsin.cli.demo.press import Press
from tocsin.desk.document import Role, Verdict
from tocsin.desk.finding.read import find
from tocsin.desk.reading.opening import capture_of, read
from tocsin.desk.stories.newsroom import Newsroom
from tocsin.desk.stories.origins import origins_of

SEEN = 1_763_800_000_000_000
BASE = "http://127.0.0.1:1"


def documents():
    """What is read of the pages, in the order in which the desk meets them."""
    found = []
    for path, (media_type, body) in articles.pages(BASE).items():
        if path != articles.FEED:
            found += read(capture_of(body, BASE + path, media_type, SEEN), body).documents
    return found


@pytest.mark.slow
def test_the_english_half_is_one_story_of_two_origins_and_a_stranger():
    room = Newsroom()
    readings = {one.id: find(one) for one in documents() if one.language == "en"}
    placed = {name: room.add(one) for name, one in readings.items()}
    copies = {name: one.copy_of for name, one in placed.items() if one.copy_of}
    stories = {}
    for name, one in readings.items():
        stories.setdefault(room.story_of(name), []).append(one)
    cable, other = sorted(stories.values(), key=len, reverse=True)
    assert {one.outlet for one in cable} == {
        "Meridian Dispatch",
        "Harbour Courier",
        "Delta Morning",
        "Seabed Security Review",
    }
    assert [one.outlet for one in other] == ["Valley Tribune"]
    origins = origins_of(cable, copies)
    assert [(one.name, len(one.carried)) for one in origins] == [
        ("Meridian Dispatch", 2),
        ("Seabed Security Review", 0),
    ]
    proposed = [one.value for each in cable for one in each.findings if one.verdict is Verdict.PROPOSED]
    assert proposed[0] == "sync.cable-upkeep.example"


@pytest.mark.slow
def test_the_aggregator_holds_two_articles_and_the_feed_leads_to_four():
    media_type, body = articles.pages(BASE)[articles.AGGREGATOR]
    found = read(capture_of(body, BASE, media_type, SEEN), body).documents
    assert [(one.outlet, one.role) for one in found] == [
        ("Delta Morning", Role.MAIN),
        ("Valley Tribune", Role.RELATED),
    ]
    media_type, body = articles.pages(BASE)[articles.FEED]
    entries = read(capture_of(body, BASE, media_type, SEEN), body).documents
    assert [one.url.removeprefix(BASE) for one in entries] == list(articles.pages(BASE))[:4]
    assert {one.role for one in entries} == {Role.ENTRY}


@pytest.mark.slow
@pytest.mark.parametrize(("article", "language"), [(articles.FRENCH, "fr"), (articles.ARABIC, "ar")])
def test_translations_are_read_as_what_they_are(article, language):
    body = articles.page(article)
    (found,) = read(capture_of(body, BASE, "text/html", SEEN), body).documents
    assert (found.language, found.outlet, len(found.paragraphs)) == (language, article.outlet, 5)


async def served():
    async with Press() as press, aiohttp.ClientSession() as session:
        answers = {}
        for path in ("/robots.txt", *articles.pages("")):
            async with session.get(press.url(path)) as answer:
                answers[path] = (answer.status, await answer.read())
        assert answers.pop("/robots.txt")[0] == 404
        assert {path: (200, body) for path, (_, body) in articles.pages(press.url("")).items()} == answers


def test_the_press_serves_its_pages_and_nothing_else():
    asyncio.run(served())
