"""The office: captures become stories in one commit, people's acts hold, a draft says what they accepted and no more."""

import asyncio
import json
from contextlib import closing, contextmanager

import apsw
import msgspec
import pytest
from tests.unit.desk.layouts import ENGLISH, FRENCH, Article, soup

from tocsin.backends.sqlite.database import InlineDatabase, create_tables
from tocsin.desk import catalogue, keeping, library, shelves, tables
from tocsin.desk import office as office_module
from tocsin.desk.finding.read import find
from tocsin.desk.keeping import Keeping
from tocsin.desk.office import Office, World
from tocsin.desk.reading import listings, opening
from tocsin.desk.shown import Listed
from tocsin.desk.sources import Kind, Source
from tocsin.errors import AccessError, ConfigError, FormatError, StoreError
from tocsin.ports.outside import Fetched

ME = "identity--11111111-1111-4111-8111-111111111111"
START = 1_748_692_800_000_000
REPORT = (
    "Attackers used a new backdoor against water utilities in Egypt and Greece, the agency's cyber attack report says.",
    "The malware calls hxxps://evil-update[.]example-c2[.]net/gate and 45.155.205[.]99 every hour; see https://www.example-vendor.com/blog for more.",
    "Write to j.doe@agency-press.org. A public resolver, 8[.]8[.]8[.]8, is used to look for names, and ransomware follows.",
)


def run(coroutine):
    return asyncio.run(coroutine)


class Now:
    """A clock that stands until it is moved."""

    def __init__(self):
        self.us = START

    def now_us(self):
        return self.us


class Reader:
    """The reading itself, without a process around it."""

    async def read(self, capture, body):
        if body == b"hostile":
            raise FormatError("desk.unreadable", "nothing came of it")
        return [(one, find(one)) for one in opening.read(capture, body).documents]

    async def leads(self, capture, body):
        return listings.leads(capture, body)


class Outside:
    """Sources as a test has them."""

    def __init__(self):
        self.pages = {}
        self.asked = []

    async def fetch(self, wanted):
        self.asked.append(wanted.url)
        return Fetched(200, wanted.url, "text/html", self.pages[wanted.url])


class Watched:
    """Interests in words, met by what any object says."""

    def __init__(self, *words):
        self.words = set(words)
        self.fresh, self.woken = [], 0

    def seek(self, tx, stories):
        return [
            (word, story)
            for story, found in stories.items()
            for word in sorted(self.words)
            if any(word in json.dumps(one) for one in found)
        ]

    async def standing(self, labels):
        return frozenset(self.words & set(labels))

    def tell(self, tx, fresh):
        self.fresh += fresh

    def told(self):
        self.woken += bool(self.fresh)


@contextmanager
def opened(path, *, watched=(), outside=None, database=InlineDatabase, model=None, called="", means=None):
    with closing(apsw.Connection(path)) as connection:
        create_tables(connection, (tables.TABLES,))
        clock = Now()
        world = World(
            database=database(connection),
            clock=clock,
            outside=outside or Outside(),
            reader=Reader(),
            note=lambda *_: None,
            forbids=lambda kind, value: "on the list public-dns" if value == "8.8.8.8" else "",
            watched=Watched(*watched),
            model=lambda: model,
            author=lambda: ME,
            called=called,
            means=means,
        )
        office = Office(world)
        office.clock, office.watched = clock, world.watched
        yield office


def page(article, lines=None, outlet=None):
    body = "".join(f"<p>{one}</p>" for one in lines or article.body)
    name = outlet or article.outlet
    return (
        f'<html><head><meta property="og:site_name" content="{name}"><title>{article.title}</title></head>'
        f"<body><article><h1>{article.title}</h1>{body}</article></body></html>"
    ).encode()


async def bring(office, article, number, outlet=None, lines=None):
    url = f"https://outlet{number}.example/story"
    return await office.imported(page(article, lines, outlet), url, "text/html")


RETOLD = (
    "More than two tonnes of cocaine were seized by Belgian customs officers in a banana shipment in the port of Antwerp, federal prosecutors said.",
    "The container with the drugs, worth some 100 million euros, had left Guayaquil in Ecuador, and four people have been arrested.",
)


async def three(office):
    """A story of three outlets, one of which copied; and another story."""
    told = [
        await bring(office, ENGLISH[0], 1, "Harbour Gazette"),
        await bring(office, ENGLISH[0], 2, "Copyist Daily"),
        await bring(office, ENGLISH[0], 3, "Third Herald", RETOLD),
        await bring(office, ENGLISH[1], 4),
    ]
    return told[0]["stories"][0], told[3]["stories"][0]


@pytest.mark.slow
def test_outlets_are_one_story_and_a_copy_is_no_origin(store):
    async def story():
        with opened(store) as office:
            first, other = await three(office)
            assert first != other
            (shown,) = [one for one in await office.stories() if one.id == first]
            assert (shown.documents, shown.copies, len(shown.outlets)) == (3, 1, 3)
            assert shown.origins == 2
            assert shown.digit == 2
            told = await office.story(first)
            assert [one.copy_of != "" for one in told.shelved] == [False, True, False]
            assert {one.origin for one in told.shelved} == {one.name for one in told.origins}
            assert told.summary
            assert len(told.timeline) == 2
            assert await office.counts() == (4, 2)

    run(story())


def test_the_same_page_twice_is_one_document(store):
    async def story():
        with opened(store) as office:
            first = await bring(office, ENGLISH[0], 1)
            again = await bring(office, ENGLISH[0], 1)
            assert (first["new"], again["new"]) == (1, 0)
            assert again["stories"] == first["stories"]
            assert await office.counts() == (1, 1)

    run(story())


@pytest.mark.slow
def test_lists_are_narrowed_and_paged_and_nothing_is_seen_twice(store):
    async def story():
        with opened(store) as office:
            for number, article in enumerate((*ENGLISH, *FRENCH)):
                await bring(office, article, number)
                office.clock.us += 1_000_000
            whole = await office.stories()
            seen, before = [], (0, "")
            while part := await office.stories(before=before, limit=2):
                seen += part
                before = part[-1].last_us, part[-1].id
            assert seen == whole
            assert len(whole) == len({one.id for one in whole}) == len(ENGLISH) + len(FRENCH)
            french = await office.stories(language="fr")
            assert [one.id for one in french] == [one.id for one in whole if "fr" in one.languages]
            assert french
            belgian = await office.stories(country="be", language="en")
            assert belgian
            assert all("BE" in one.countries and "en" in one.languages for one in belgian)
            assert await office.stories(state="dismissed") == []
            await office.set_state(whole[0].id, "dismissed", "a")
            assert [one.id for one in await office.stories(state="dismissed")] == [whole[0].id]
            assert len(await office.stories(state="open")) == len(whole) - 1

    run(story())


@pytest.mark.slow
def test_a_page_of_the_list_is_read_from_an_index_however_many_there_are(store):
    with closing(apsw.Connection(store)) as connection:
        create_tables(connection, (tables.TABLES,))
        row = msgspec.msgpack.encode(
            Listed("x", "t", 0, 0, 1, 0, (), 1, ("en",), ("EG",), ("cyber",), 0, 0, "open", "F", 6)
        )
        many = 5_000
        connection.executemany(
            "INSERT INTO desk_stories VALUES (?, ?, 'open', ?)", ((f"{n:032x}", n, row) for n in range(many))
        )
        connection.executemany(
            "INSERT INTO desk_keys VALUES (?, ?, ?)",
            ((key, n, f"{n:032x}") for n in range(many) for key in ("topic:cyber", "language:en")),
        )
        for wanted in ([], ["topic:cyber"], ["topic:cyber", "language:en"]):
            sql, args = catalogue.query(wanted, (1 << 62, ""), 50)
            plan = [one[3] for one in connection.execute(f"EXPLAIN QUERY PLAN {sql}", args)]
            assert not any("SCAN" in one or "TEMP B-TREE" in one for one in plan), plan
            assert len(list(connection.execute(sql, args))) == 50


@pytest.mark.slow
def test_merge_and_split_hold_after_a_restart_and_for_what_comes_later(store):
    async def before():
        with opened(store) as office:
            first, other = await three(office)
            kept = await office.merge(first, other, "analyst")
            assert [one.id for one in await office.stories()] == [kept]
            assert (await office.story(kept)).listed.documents == 4
            torn = (await office.story(kept)).shelved[2].document.id
            made = await office.split(kept, [torn], "analyst")
            assert sorted(one.documents for one in await office.stories()) == [1, 3]
            with pytest.raises(AccessError):
                await office.story(other)
            return kept, made

    kept, made = run(before())

    async def after():
        with opened(store) as office:
            # Both texts again, in other outlets: each goes where a person has put its like.
            later = await bring(office, ENGLISH[1], 8, "Later Post")
            retold = await bring(office, ENGLISH[0], 9, "Another Herald", RETOLD)
            assert later["stories"] == [kept]
            assert retold["stories"] == [made]
            again = await bring(office, ENGLISH[0], 10, "Fourth Mail")
            assert again["stories"] == [kept]
            assert sum(one.documents for one in await office.stories()) == 7

    run(after())


@pytest.mark.slow
def test_two_events_part_in_the_library_too_and_a_restart_finds_them_so(store):
    async def work(office):
        told = []
        for number in range(6):
            title, outlet, lines = soup(number)
            told += (await bring(office, Article(title, outlet, "", lines), number, outlet))["stories"]
        return told, {one.id: one.documents for one in await office.stories()}

    with opened(store, watched=("Drunnax",)) as office:
        told, listed = run(work(office))
        assert len(set(told[:5])) == 1
        assert listed == {told[0]: 3, told[5]: 3}
        shelved = [[one.document.outlet for one in run(office.story(each)).shelved] for each in (told[0], told[5])]
        assert shelved == [["Outlet 0", "Outlet 2", "Outlet 4"], ["Outlet 1", "Outlet 3", "Outlet 5"]]
        assert "Drunnax" in run(office.story(told[5])).interests
    with opened(store) as office:
        title, outlet, lines = soup(7)
        assert run(bring(office, Article(title, outlet, "", lines), 7, outlet))["stories"] == [told[5]]


@pytest.mark.slow
def test_a_story_whose_last_document_moves_goes_with_what_was_made_of_it(store):
    retold = Article("Two tonnes of cocaine found in Antwerp", "Third Herald", "", RETOLD)
    vectors = {ENGLISH[0].title: [1.0, 0.0], FRENCH[0].title: [0.0, 1.0], retold.title: [0.1, 0.995]}

    def model(texts):
        return [vectors[one.split("\n")[0]] for one in texts]

    async def work(office):
        english = (await bring(office, ENGLISH[0], 1))["stories"][0]
        french = (await bring(office, FRENCH[0], 2))["stories"][0]
        await office.set_state(french, "followed", "analyst")
        assert french != english
        # Only this telling shows that both are one event.
        assert (await bring(office, retold, 3))["stories"] == [english]
        return english, french, await office.stories()

    with opened(store, model=model, called="a 1") as office:
        english, french, listed = run(work(office))
        assert [(one.id, one.documents, one.state) for one in listed] == [(english, 3, "followed")]
        with pytest.raises(AccessError):
            run(office.story(french))


@pytest.mark.slow
def test_not_all_of_a_story_can_be_split_off_nor_what_is_not_in_it(store):
    async def story():
        with opened(store) as office:
            first, _ = await three(office)
            ids = [one.document.id for one in (await office.story(first)).shelved]
            for wrong in (ids, [], [*ids[:1], "x"]):
                with pytest.raises(ConfigError):
                    await office.split(first, wrong, "a")
            with pytest.raises(ConfigError):
                await office.merge(first, first, "a")
            with pytest.raises(AccessError):
                await office.merge(first, "0" * 32, "a")

    run(story())


@pytest.mark.slow
def test_a_draft_holds_what_was_accepted_and_nobody(store):
    async def story():
        with opened(store) as office:
            lines = (
                *REPORT,
                "By Jane Doe, correspondent. The investigators are still at work on this case, she writes.",
            )
            told = await bring(
                office, ENGLISH[0]._replace(title="Backdoor found in water utilities"), 1, "CERT Wire", lines
            )
            (name,) = told["stories"]
            shown = await office.story(name)
            verdicts = {one.finding.value: (one.finding.verdict.value, one.finding.reason) for one in shown.findings}
            assert verdicts["45.155.205.99"][0] == "proposed"
            assert verdicts["8.8.8.8"] == ("suppressed", "on the list public-dns")
            assert verdicts["j.doe@agency-press.org"][0] == "reference"
            before = [json.loads(one) for one in await office.draft(name, "a")]
            assert not [one for one in before if one["type"] == "indicator"]
            for value, (verdict, reason) in verdicts.items():
                if verdict == "proposed":
                    await office.judge(name, value, True, "a")
                else:  # whoever accepted it would look for it in the draft
                    with pytest.raises(ConfigError, match=reason or "never drafted"):
                        await office.judge(name, value, True, "a")
                    await office.judge(name, value, False, "a")
            office.clock.us += 60_000_000
            made = [json.loads(one) for one in await office.draft(name, "a")]
            values = [one["pattern"] for one in made if one["type"] == "indicator"]
            assert any("45.155.205.99" in one for one in values)
            assert not any("8.8.8.8" in one or "agency-press" in one or "example-vendor" in one for one in values)
            report = made[-1]
            assert report["id"] == before[-1]["id"]
            assert (report["created"], report["modified"] > report["created"]) == (before[-1]["created"], True)
            assert report["external_references"][0]["hashes"]["SHA-256"] == told["sha256"]
            assert 'admiralty-scale:source-reliability="f"' in report["labels"]
            kinds = {one["type"] for one in made}
            assert kinds <= {"identity", "location", "indicator", "report"}
            assert all(one["identity_class"] == "organization" for one in made if one["type"] == "identity")
            assert all("Doe" not in one["name"] for one in made if one["type"] == "identity")
            assert set(report["object_refs"]) == {one["id"] for one in made[:-1]}
            await office.judge(name, "45.155.205.99", False, "a")
            again = [json.loads(one) for one in await office.draft(name, "a")]
            assert not any("45.155.205.99" in one.get("pattern", "") for one in again)

    run(story())


def test_confidence_follows_the_digit_and_the_letter_is_the_sources(store):
    async def story():
        outside = Outside()
        with opened(store, outside=outside) as office:
            outside.pages["https://harbour.example/a"] = page(ENGLISH[0])
            await office.register.add(Source("harbour", Kind.PAGE, "https://harbour.example/a", letter="B"))
            told = await office.pull("harbour")
            assert told["new"] == 1
            (one,) = await office.stories()
            assert (one.letter, one.digit) == ("B", 3)
            report = json.loads((await office.draft(one.id, "a"))[-1])
            assert report["confidence"] == 50

    run(story())


@pytest.mark.slow
def test_what_was_met_is_told_while_the_interest_stands(store):
    async def story():
        with opened(store, watched=("cocaine",)) as office:
            first, _ = await three(office)
            (hit,) = await office.hits()
            assert (hit.interest, hit.story) == ("cocaine", first)
            assert (await office.story(first)).interests == ("cocaine",)
        with opened(store) as office:
            assert await office.hits() == []
            assert (await office.story(first)).interests == ()

    run(story())


class Failing(InlineDatabase):
    """Refuses the commits it is told to."""

    refuse = False

    async def write(self, work):
        if self.refuse:
            raise StoreError("store.full", "no space")
        return await super().write(work)


@pytest.mark.slow
def test_a_commit_that_fails_leaves_nothing_behind_and_the_next_one_is_whole(store):
    async def story():
        with opened(store, database=Failing) as office:
            await bring(office, ENGLISH[0], 1)
            office._database.refuse = True
            with pytest.raises(StoreError):
                await bring(office, ENGLISH[0], 2, "Copyist Daily")
            office._database.refuse = False
            await bring(office, ENGLISH[0], 2, "Copyist Daily")
            (one,) = await office.stories()
            assert (one.documents, one.copies, one.origins) == (2, 1, 1)

    run(story())


def test_a_capture_that_cannot_be_read_is_refused_and_of_a_source_kept(store):
    async def story():
        outside = Outside()
        with opened(store, outside=outside) as office:
            with pytest.raises(FormatError):
                await office.imported(b"hostile", "https://a.example/", "text/html")
            outside.pages["https://b.example/"] = b"hostile"
            await office.register.add(Source("b", Kind.PAGE, "https://b.example/"))
            assert (await office.pull("b"))["new"] == 0
            rows = await office._database.read(lambda db: db.query("SELECT code FROM desk_captures"))
            assert rows == [("desk.unreadable",)]

    run(story())


LINES = (
    "Officers of {place} have opened the container in the presence of a prosecutor, and found {tons} tonnes in it.",
    "It is the {nth} time this year that drugs from {port} were hidden among fruit, says the harbour's own {place} desk.",
)


async def large(office):
    """A story of four texts and four copies, of which three texts are looked at."""
    for number in range(8):
        lines = [
            *RETOLD,
            *(one.format(place=f"Town{number % 4}", tons=number % 4, nth="third", port="Guayaquil") for one in LINES),
        ]
        await bring(office, ENGLISH[0], number, f"Outlet {number}", lines if number % 4 else None)
        office.clock.us += 1_000_000
    (row,) = await office.stories()
    return row


@pytest.mark.slow
def test_a_large_story_is_counted_whole_and_told_from_its_first_texts(store, monkeypatch):
    monkeypatch.setattr(shelves, "_LARGE", 4)
    monkeypatch.setattr(shelves, "MOST_SHELVED", 3)
    monkeypatch.setattr(office_module, "MOST_SHELVED", 3)

    async def story():
        with opened(store) as office:
            row = await large(office)
            assert (row.documents, len(row.outlets)) == (8, 8)
            facts = await office._database.read(lambda db: library.facts(db, row.id))
            assert row.copies == sum(one.is_copy for one in facts) >= 4
            assert row.last_us == max(one.seen_us for one in facts) == START + 7_000_000
            told = await office.story(row.id)
            assert len(told.shelved) == 3
            assert told.listed == row
            # What is looked at are texts, not copies, while there are enough of them.
            assert sum(not one.copy_of for one in told.shelved) == min(3, row.documents - row.copies)

    run(story())


@pytest.mark.slow
def test_merging_and_splitting_a_large_story_counts_what_is_behind_the_first_texts(store, monkeypatch):
    monkeypatch.setattr(shelves, "_LARGE", 4)
    monkeypatch.setattr(shelves, "MOST_SHELVED", 3)

    async def story():
        with opened(store) as office:
            row = await large(office)
            facts = await office._database.read(lambda db: library.facts(db, row.id))
            torn = [one.document for one in facts][-2:]
            made = await office.split(row.id, torn, "a")
            rows = {one.id: one for one in await office.stories()}
            assert (rows[row.id].documents, rows[made].documents) == (6, 2)
            assert (len(rows[row.id].outlets), len(rows[made].outlets)) == (6, 2)
            assert rows[row.id].copies + rows[made].copies == row.copies
            await office.merge(row.id, made, "a")
            (again,) = await office.stories()
            assert (again.documents, again.copies, set(again.outlets)) == (8, row.copies, set(row.outlets))

    run(story())


class Model:
    """An encoder that remembers what it was asked: articles of one number are one event in every language."""

    def __init__(self):
        self.asked = []

    def __call__(self, texts):
        self.asked.append(len(texts))
        of = {one.title: number for one_of in (ENGLISH, FRENCH) for number, one in enumerate(one_of)}
        numbers = [of.get(text.split("\n")[0], 9) for text in texts]
        return [[1.0 if place == number else 0.0 for place in range(10)] for number in numbers]


@pytest.mark.slow
def test_vectors_are_kept_over_a_restart_and_those_of_another_model_are_made_anew_in_batches(store):
    async def first():
        with opened(store, model=(model := Model()), called="one 1") as office:
            told = await bring(office, ENGLISH[0], 1)
            await bring(office, ENGLISH[1], 2)
            assert model.asked == [1, 1]
            return told["stories"]

    async def again(called, wanted):
        with opened(store, model=(model := Model()), called=called) as office:
            await office._shelves.ready()
            await office._shelves.encoded()
            assert model.asked == wanted
            return await office._database.read(lambda db: [row[0] for row in db.query("SELECT model FROM desk_leads")])

    english = run(first())
    assert run(again("one 1", [])) == ["one 1"] * 2
    # Both leads in one go, and kept: the next start makes none.
    assert run(again("two 1", [2])) == ["two 1"] * 2
    assert run(again("two 1", [])) == ["two 1"] * 2

    async def linked(called):
        with opened(store, model=(model := Model()), called=called) as office:
            told = await bring(office, FRENCH[0], 3)
            assert model.asked == [1]
            return told["stories"]

    assert run(linked("two 1")) == english


@pytest.mark.slow
def test_without_a_model_leads_are_kept_and_a_later_model_makes_their_vectors(store):
    async def without():
        with opened(store) as office:
            return (await bring(office, ENGLISH[0], 1))["stories"]

    english = run(without())

    async def later():
        with opened(store, model=Model(), called="one 1") as office:
            await office._shelves.ready()
            await office._shelves.encoded()
            return (await bring(office, FRENCH[0], 3))["stories"]

    assert run(later()) == english


@pytest.mark.slow
def test_questions_are_answered_with_quotes(store):
    async def story():
        with opened(store) as office:
            first, _ = await three(office)
            (best, *_) = await office.ask(first, "Where had the container left from?")
            assert "Guayaquil" in best.text
            with pytest.raises(AccessError):
                await office.ask("0" * 32, "What?")

    run(story())


async def kept_days(office, days):
    return await Keeping(office._database, office.clock, days).swept()


@pytest.mark.slow
def test_what_is_too_old_goes_as_a_whole_and_what_is_drafted_or_followed_stays(store, monkeypatch):
    monkeypatch.setattr(keeping, "_DOCUMENTS", 2)
    monkeypatch.setattr(keeping, "_CAPTURES", 2)
    day = 86_400_000_000

    async def story():
        with opened(store, watched=("cocaine",), model=Model(), called="one 1") as office:
            first, other = await three(office)
            told = [await bring(office, one, 20 + number) for number, one in enumerate(ENGLISH[2:4])]
            drafted, followed = (one["stories"][0] for one in told)
            await office.draft(drafted, "a")
            await office.set_state(followed, "followed", "a")
            office.clock.us += 20 * day
            late = (await bring(office, FRENCH[1], 30))["stories"][0]
            assert await kept_days(office, 30) == await kept_days(office, 0) == 0
            before = await office.counts()
            assert await kept_days(office, 20) == 0
            office.clock.us += 1
            assert await kept_days(office, 20) == 4
            assert {one.id for one in await office.stories()} == {drafted, followed, late}
            assert await office.counts() == (before[0] - 4, 3)
            assert (await office.story(drafted)).shelved
            assert await office.hits() == []
            with pytest.raises(AccessError):
                await office.story(first)
            with pytest.raises(AccessError):
                await office.story(other)
            tables_left = ("desk_captures", "desk_read", "desk_marks", "desk_leads", "desk_documents")
            left = "SELECT " + ", ".join(f"(SELECT COUNT(*) FROM {one})" for one in tables_left)  # noqa: S608 - constants
            assert await office._database.read(lambda db: db.query(left)) == [(3,) * 5]
            # What came again is new again, and a draft still names where it was read.
            assert (await bring(office, ENGLISH[0], 1, "Harbour Gazette"))["new"] == 1
            report = json.loads((await office.draft(drafted, "a"))[-1])
            assert report["external_references"][0]["url"] == "https://outlet20.example/story"

    run(story())


@pytest.mark.slow
def test_figures_say_how_much_there_is_and_which_source_waits(store):
    async def story():
        outside = Outside()
        with opened(store, outside=outside) as office:
            await three(office)
            outside.pages["https://b.example/"] = page(ENGLISH[2])
            await office.register.add(Source("b", Kind.PAGE, "https://b.example/", every_s=900))
            told = await office.figures()
            assert (told.documents, told.stories, told.live) == (4, 2, 4)
            assert (told.sources, told.overdue_s) == ({"new": 1}, 0.0)
            await office.pull("b")
            office.clock.us += 1_900_000_000
            told = await office.figures()
            assert told.sources == {"ok": 1}
            assert 900 < told.overdue_s <= 1_000
            await office.register.change("b", paused=True)
            assert (await office.figures()).overdue_s == 0.0

    run(story())
