"""News whose every field is hostile: imported from files with hostile names, every page of the desk opened in a real browser."""

import json
import random
from urllib.parse import quote

import pytest
from playwright.sync_api import expect
from tests.browser import conftest as conf

from tocsin.desk.reading.cleaning import clean

PAYLOADS = conf.PAYLOADS


def entry(number, payload):
    """An article with the payload in each of its fields, as text and as markup, and something that a draft could be made of."""
    chance = random.Random(number)  # words that no other article has: each is a story of its own
    words = " ".join("".join(chance.choices("abcdefghiklmnoprstuw", k=7)) for _ in range(30)) + " in Greece."
    return {
        "id": str(number),
        "url": ("javascript:alert(1)", "data:text/html,<script>alert(1)</script>", f"https://news{number}.example/{quote(payload)}")[number % 3],
        "title": payload,
        "content_html": f"<p>{words}</p>{payload}<p>The malware calls evil{number}[.]example, the {payload} agency (AFP) said.</p><img src=http://outside.example/pixel.png>",
        "date_published": f"2025-05-30 {payload}",
        "authors": [{"name": payload}],
        "tags": [payload, "<script>alert(1)</script>"],
    }  # fmt: skip


@pytest.fixture(scope="module")
def news(stage, tmp_path_factory):
    """The stories of a feed whose every field is hostile, imported from files with hostile names, and their articles."""
    fr, folder, stories, articles = stage[0], tmp_path_factory.mktemp("news"), set(), []
    for number, payload in enumerate(PAYLOADS):
        path = folder / f"{number}{payload.replace('/', ' ')[:80]}.json"
        path.write_text(
            json.dumps(
                {"version": "https://jsonfeed.org/version/1.1", "title": payload, "items": [entry(number, payload)]}
            )
        )
        told = json.loads(fr.tocsin("desk", "import", path, "--outlet", payload[:60], "--json"))
        (capture,) = told["captures"]
        stories.update(capture["stories"])
        articles += capture["ids"]
    return sorted(stories), articles


def test_nothing_of_the_news_runs_asks_outside_or_breaks_a_page(visitor, news):
    browser = visitor("everything")
    stories, articles = news
    assert len(articles) == len(PAYLOADS)
    assert len(stories) > len(PAYLOADS) / 2
    for path in (
        "/desk",
        "/desk/sources",
        *(f"/desk/s/{one}" for one in stories),
        *(f"/desk/d/{one}" for one in articles),
    ):
        page = browser.open(path)
        expect(page.locator("h1"), path).to_have_count(1)
        assert (
            page.locator("main iframe, main object, main embed, main base, main style, main img[src^=http]").count()
            == 0
        )
        assert page.locator("a[href^='javascript:' i], a[href^='data:' i]").count() == 0
    browser.expect_quiet()


def test_a_title_is_read_as_it_was_written_without_what_turns_or_hides_it(visitor, news):
    browser = visitor("everything", scripted=False)
    wanted = {" ".join(clean(one).text.split()) for one in PAYLOADS}
    shown = {" ".join(browser.open(f"/desk/d/{one}").locator("h1").text_content().split()) for one in news[1]}
    plain = {one for one in wanted if "<" not in one and "&" not in one}
    assert plain - shown == set()
    assert not any(one in title for title in shown for one in "\u202e\u2066\u2069")
    browser.expect_quiet()
