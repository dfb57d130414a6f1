"""Asking a model of a story: only open texts leave, what comes back is kept apart, and nothing that is shared is made of it."""

import ast
import json
from pathlib import Path

import pytest
from tests.unit.backends.outside.test_generator import completion, served
from tests.unit.desk.layouts import ENGLISH
from tests.unit.desk.test_office import Outside, opened, page, run

from tocsin.backends.outside.generator import ChatCompletions
from tocsin.backends.system.clock import SystemClock
from tocsin.desk.generated import Means
from tocsin.desk.sources import Kind, Source
from tocsin.edge.control.desking import wish_of
from tocsin.errors import AccessError, ConfigError, PeerError
from tocsin.testing.chance import SeededEntropy

SOURCE = Path(__file__).resolve().parents[3] / "src" / "tocsin"
OPEN = "https://gazette.example/1"
SAID = "Four people were arrested after the drugs were found in a container [1]. CANARY-GENERATED says <b>so</b>."


def means(server, inner=()):
    address = f"http://127.0.0.1:{server.server_port}/v1"
    return Means(ChatCompletions(address, "small-model", SystemClock()), SeededEntropy(b"x"), inner)


async def brought(office, number, url, *more):
    article = ENGLISH[number]
    told = await office.imported(page(article, (*article.body, *more)), url, "text/html")
    return told["stories"][0]


@pytest.fixture
def model(monkeypatch):
    """A real server on loopback that says SAID; what it was asked stands in `asked`."""
    with served() as server:
        monkeypatch.setattr(server.RequestHandlerClass, "good", lambda one: one.told(200, {}, completion(SAID)))
        yield server


@pytest.mark.slow
def test_only_open_texts_and_the_question_leave(store, model):
    outside = Outside()
    feed = "https://partner.example/taxii"
    outside.pages[feed] = page(ENGLISH[3], (*ENGLISH[3].body, "CANARY-PARTNER was named by a partner."))
    watched = ("CANARY-INTEREST",)
    with opened(store, outside=outside, watched=watched, means=means(model, ["inside.example:80"])) as office:

        async def story():
            first = await brought(office, 0, OPEN, "CANARY-OPEN and CANARY-INTEREST were read in the open.")
            await brought(office, 1, "", "CANARY-FILE was in a file that somebody brought.")
            await brought(office, 2, "http://inside.example/2", "CANARY-INSIDE is of our own wiki.")
            await office.register.add(Source("partner", Kind.PAGE, feed, token="secret"))
            await office.pull("partner")
            for one in await office.stories():
                if one.id != first:
                    first = await office.merge(first, one.id, "CANARY-ANALYST")
            return await office.asking.ask(first, "Who was arrested? CANARY-QUESTION", "ar", "CANARY-ASKER"), first

        made, first = run(story())
        assert (made.given, made.held, made.model) == (1, 3, "small-model")
        ((_, _, headers, body),) = model.asked
        sent = (json.dumps(headers).encode() + body).decode()
        for name in ("OPEN", "INTEREST", "QUESTION"):  # the interest's word, for the article has it
            assert f"CANARY-{name}" in sent
        for name in ("FILE", "INSIDE", "PARTNER", "ANALYST", "ASKER"):
            assert f"CANARY-{name}" not in sent
        assert sent.count("CANARY-INTEREST") == 1
        assert "Answer in Arabic" in sent
        assert first not in sent


@pytest.mark.slow
def test_nothing_that_is_shared_is_made_of_it(store, model):
    with opened(store, means=means(model)) as office:

        async def story():
            first = await brought(office, 0, OPEN)
            before = await office.draft(first, "analyst")
            made = await office.asking.ask(first, "", "en", "analyst")
            told = await office.story(first)
            after = await office.draft(first, "analyst")
            quotes = await office.ask(first, "Who says so, CANARY-GENERATED?")
            lists = [await office.stories(), await office.hits(), await office.document(told.shelved[0].document.id)]
            return first, made, before, after, repr((told, quotes, lists, wish_of(told)))

        first, made, before, after, shown = run(story())
        assert [one.text for one in made.said][1] == "CANARY-GENERATED says <b>so</b>."
        assert made.said[0].document
        assert (made.said[0].quote in " ".join(ENGLISH[0].body), made.said[1].document) == (True, "")
        assert before == after
        assert "CANARY-GENERATED" not in shown
        with opened(store) as again:  # without a model what was said stays to be read
            assert run(again.asking.answers(first)) == [made]
            assert again.asking.model == ""


@pytest.mark.slow
def test_only_its_own_page_and_route_know_of_it():
    """Whatever drafts, warns, notes or shares has no name by which it could come to a generated text."""
    tables, importing, asking = set(), set(), set()
    for path in SOURCE.rglob("*.py"):
        text, name = path.read_text("utf-8"), str(path.relative_to(SOURCE))
        if "desk_generated" in text:
            tables.add(name)
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ImportFrom) and node.module == "tocsin.desk.generated":
                importing.add(name)
            if isinstance(node, ast.Attribute) and node.attr == "asking":
                asking.add(name)
    assert tables == {"desk/tables.py", "desk/generated.py", "desk/catalogue.py"}
    page_ = "edge/console/pages/generated.py"
    assert importing == {"desk/office.py", "node/desk.py", "edge/control/desking.py", page_}
    assert asking == {"desk/office.py", "edge/control/desking.py", page_}


@pytest.mark.slow
def test_ten_answers_of_a_story_are_kept_and_a_merge_drops_those_of_the_other(store, model):
    with opened(store, means=means(model)) as office:

        async def story():
            first, second = await brought(office, 0, OPEN), await brought(office, 1, OPEN)
            for number in range(12):
                await office.asking.ask(first, f"question {number}", "en", "analyst")
            await office.asking.ask(second, "", "en", "analyst")
            kept = await office.asking.answers(first)
            whole = await office.merge(first, second, "analyst")
            gone = second if whole == first else first
            return [one.question for one in kept], await office.asking.answers(gone)

        questions, gone = run(story())
        assert questions == [f"question {number}" for number in range(11, 1, -1)]
        assert gone == []


@pytest.mark.slow
def test_what_cannot_be_asked_is_told_and_nothing_is_sent(store, model):
    with opened(store, means=means(model)) as office:
        file = run(brought(office, 0, ""))
        for name, kind, code in (
            ("0" * 32, AccessError, "desk.unknown-story"),
            (file, ConfigError, "desk.nothing-open"),
        ):
            with pytest.raises(kind) as caught:
                run(office.asking.ask(name, "", "en", "analyst"))
            assert caught.value.code == code
        assert model.asked == []
        first = run(brought(office, 1, OPEN))
        model.manner = "refusing"
        with pytest.raises(PeerError):
            run(office.asking.ask(first, "", "en", "analyst"))
        assert run(office.asking.answers(first)) == []
    with opened(store) as office:
        with pytest.raises(ConfigError) as caught:
            run(office.asking.ask(first, "", "en", "analyst"))
        assert caught.value.code == "desk.no-model"


@pytest.mark.slow
def test_a_removed_source_s_number_is_never_another_s(store):
    outside = Outside()
    url = "https://partner.example/taxii"
    outside.pages[url] = page(ENGLISH[0])
    with opened(store, outside=outside) as office:

        async def story():
            await office.register.add(Source("partner", Kind.PAGE, url))
            await office.pull("partner")
            before = (await office.register.get("partner"))[0]
            await office.register.remove("partner")
            await office.register.add(Source("wire", Kind.PAGE, "https://wire.example/"))
            return before, (await office.register.get("wire"))[0]

        before, after = run(story())
        assert before < after
