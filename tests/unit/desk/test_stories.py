"""Stories: copies folded, one event one story, acts of analysts above the machine, independent origins, quotes."""

import pytest
from msgspec.structs import replace
from tests.unit.desk.layouts import ENGLISH, FRENCH, soup

from tocsin.desk import thresholds
from tocsin.desk.document import Act, Capture, Role
from tocsin.desk.finding.read import find
from tocsin.desk.reading.making import Piece, document
from tocsin.desk.stories.copies import containment
from tocsin.desk.stories.events import marked
from tocsin.desk.stories.newsroom import Newsroom
from tocsin.desk.stories.origins import grade_of, origins_of
from tocsin.desk.stories.summary import answers_to, summary_of, timeline_of
from tocsin.desk.stories.versions import versions_of

SEEN = 1_748_692_800_000_000
DAY = thresholds.DAY_US


def made(title, outlet, lines, seen=SEEN, url=""):
    capture = Capture(f"{outlet}{seen}{len(title)}", "https://a.example/", "text/plain", seen, 1)
    return document(Piece(title, tuple(lines), Role.SINGLE, outlet, url=url), capture, 0)


def of(article, outlet=None, seen=SEEN, lines=None):
    return made(article.title, outlet or article.outlet, lines or article.body, seen)


RETOLD = (
    "More than two tonnes of cocaine were seized by Belgian customs officers in a banana shipment in the port of Antwerp, federal prosecutors said.",
    "The container with the drugs, worth some 100 million euros, had left Guayaquil in Ecuador, and four people have been arrested.",
)


def test_a_copy_and_a_retelling_join_and_a_stranger_does_not():
    room = Newsroom()
    first = room.add(find(of(ENGLISH[0])))
    copy = room.add(find(of(ENGLISH[0], "Copyist", SEEN + 1)))
    retold = room.add(find(of(ENGLISH[0], "Other", SEEN + 2, RETOLD)))
    stranger = room.add(find(of(ENGLISH[1], seen=SEEN + 3)))
    assert (first.by, copy.by, retold.by, stranger.by) == ("new", "copy", "similar", "new")
    assert first.story == copy.story == retold.story != stranger.story
    assert copy.copy_of == room.documents_of(first.story)[0]


def test_half_of_a_text_is_a_copy_of_it():
    lines = [
        f"{one} {text}"
        for one in ("Yesterday", "Later", "Then", "Again")
        for article in ENGLISH[:3]
        for text in article.body
    ]
    whole, half = of(ENGLISH[0], lines=lines), of(ENGLISH[0], lines=lines[: len(lines) // 2])
    assert containment(find(whole).sketch, find(half).sketch) == 1.0
    assert containment(find(whole).sketch, find(of(ENGLISH[3])).sketch) < thresholds.COPY_CONTAINMENT


def test_out_of_the_window_is_another_story_and_memory_is_given_back():
    room = Newsroom()
    room.add(find(of(ENGLISH[0])))
    later = room.add(find(of(ENGLISH[0], "Late", SEEN + 30 * DAY, RETOLD)))
    assert later.by == "new"
    assert len(room) == 1
    assert len(room._events._copies) == 1


@pytest.mark.parametrize("turned", [False, True])
def test_what_says_no_date_is_kept_apart_by_no_date(turned):
    """An old page that is imported today, and a text about the same event that does not say when it was written."""
    old = replace(find(of(ENGLISH[0])), published_us=SEEN - 500 * DAY, is_dated=True)
    undated = find(of(ENGLISH[0], "Other", SEEN + 2, RETOLD))
    told = replace(undated, is_dated=True)
    assert not undated.is_dated
    for other, by in ((undated, "similar"), (told, "new")):
        room, again, strands = Newsroom(), Newsroom(), {}
        for one in (other, old) if turned else (old, other):
            placed = room.add(one)
            again.restore(marked(one), placed.story, strands)
        assert placed.by == by
        third = replace(told, document="third", sketch=())
        assert room.add(third).by == again.add(third).by == ("new" if other is undated else "similar")


@pytest.mark.slow
def test_live_documents_are_bounded(monkeypatch):
    monkeypatch.setattr(thresholds, "LIVE_DOCUMENTS", 10)
    room = Newsroom()
    for i in range(40):
        room.add(find(of(ENGLISH[i % 4], f"Outlet {i}", SEEN + i)))
    assert len(room) == 10


def test_an_analyst_wins_over_the_machine_and_a_rebuild_gives_the_same():
    readings = [
        find(of(ENGLISH[0])),
        find(of(ENGLISH[1], seen=SEEN + 1)),
        find(of(ENGLISH[0], "Other", SEEN + 2, RETOLD)),
    ]
    a, b, c = (one.document for one in readings)
    merge = Act(True, (b,), (a,), "analyst", 5)
    split = Act(False, (c,), (a, b), "analyst", 6)
    room = Newsroom()
    for one in readings:
        room.add(one)
    assert room.story_of(a) == room.story_of(c) != room.story_of(b)
    room.decide(merge)
    assert room.story_of(a) == room.story_of(b) == room.story_of(c)
    room.decide(split)
    assert room.story_of(a) == room.story_of(b) != room.story_of(c)
    again = Newsroom([merge, split])
    for one in readings:
        again.add(one)
    groups = [
        {one for one in (a, b, c) if each.story_of(one) == each.story_of(x)}
        for each in (room, again)
        for x in (a, b, c)
    ]
    assert groups[:3] == groups[3:]


def soups(count=3):
    """Documents of two events that have a few names in common: (reading, which event)."""
    for number in range(2 * count):
        yield find(made(*soup(number), SEEN + number)), number % 2


@pytest.mark.slow
def test_a_story_that_grew_is_looked_at_again_and_two_events_part():
    room, events, story = Newsroom(), {}, ""
    for reading, event in soups():
        placed = room.add(reading)
        story = story or placed.story
        events.setdefault(event, []).append(reading.document)
        if len(events.get(1, ())) < 3:
            assert placed.story == story
            assert placed.moved == ()
    # The sixth document showed it: the two of its event that were there before have moved with it, and the story keeps its name.
    assert placed.moved == tuple(events[1][:2])
    assert room.documents_of(story) == tuple(events[0])
    assert room.documents_of(placed.story) == tuple(events[1])
    for reading, event in list(soups(5))[6:]:
        assert room.add(reading).story == room.story_of(events[event][0])


def test_a_copy_goes_where_its_original_goes():
    room, originals = Newsroom(), []
    for number, (reading, event) in enumerate(soups()):
        placed = room.add(reading)
        originals += [reading.document] if event else []
        if number == 1:
            title, _, lines = soup(number)
            copy = room.add(find(made(title, "Copyist", lines, SEEN + 1)))
            assert copy.copy_of == reading.document
    assert len(placed.moved) == 3
    assert len(room.documents_of(placed.story)) == 4


def test_what_an_analyst_put_together_does_not_part():
    told = [reading for reading, _ in soups()]
    room = Newsroom()
    for reading in told[:5]:
        room.add(reading)
    room.decide(Act(True, (told[0].document,), (told[1].document,), "analyst", 1))
    assert room.add(told[5]).moved == ()
    assert len({room.story_of(one.document) for one in told}) == 1


def fake(vectors):
    return lambda texts: [vectors[text.split("\n")[0]] for text in texts]


@pytest.mark.slow
def test_stories_of_two_languages_are_linked_and_an_analyst_unlinks_them():
    vectors = {ENGLISH[0].title: [1.0, 0.0], FRENCH[0].title: [0.9, 0.436], FRENCH[1].title: [0.0, 1.0]}
    room = Newsroom(encode=fake(vectors))
    english, french, other = (
        find(of(ENGLISH[0])),
        find(of(FRENCH[0], seen=SEEN + 1)),
        find(of(FRENCH[1], seen=SEEN + 2)),
    )
    assert room.add(english).by == "new"
    assert room.add(french).by == "another language"
    assert room.add(other).by == "new"
    story = room.story_of(english.document)
    assert room.documents_of(story) == (english.document, french.document)
    room.decide(Act(False, (french.document,), (english.document,), "analyst", 1))
    assert room.story_of(french.document) != room.story_of(english.document)
    assert room.compared("fr")
    assert not room.compared("ha")
    assert not Newsroom().compared("fr")


def test_the_best_partner_wins_over_the_one_that_came_first():
    vectors = {
        ENGLISH[0].title: [1.0, 0.0, 0.0],
        FRENCH[1].title: [0.75, 0.661, 0.0],
        FRENCH[0].title: [0.95, 0.312, 0.0],
        ENGLISH[2].title: [0.0, 0.0, 1.0],
    }
    room = Newsroom(encode=fake(vectors))
    english, wrong, right = (
        find(of(ENGLISH[0])),
        find(of(FRENCH[1], seen=SEEN + 1)),
        find(of(FRENCH[0], seen=SEEN + 2)),
    )
    room.add(english)
    assert room.add(wrong).by == "another language"
    placed = room.add(right)
    assert (placed.by, placed.moved) == ("another language", (wrong.document,))
    story = room.story_of(english.document)
    assert room.documents_of(story) == (english.document, right.document)
    assert room.story_of(wrong.document) not in (story, None)
    # What an analyst put together stays so, however much likelier another one is.
    other = Newsroom([Act(True, (wrong.document,), (english.document,), "analyst", 1)], fake(vectors))
    for one in (english, wrong, right):
        other.add(one)
    assert other.story_of(english.document) == other.story_of(wrong.document)


def test_a_room_made_again_from_what_was_kept_places_and_links_as_the_first_one_would():
    vectors = {ENGLISH[0].title: [1.0, 0.0], FRENCH[0].title: [0.9, 0.436], ENGLISH[1].title: [0.0, 1.0]}
    room, kept, begun = Newsroom(encode=fake(vectors)), [], []
    for number, article in enumerate((ENGLISH[0], ENGLISH[0], ENGLISH[1])):
        reading = find(of(article, f"Outlet {number}", SEEN + number))
        placed = room.add(reading)
        kept.append((replace(marked(reading), copy_of=placed.copy_of), placed.story))
        begun += [placed.begun] if placed.begun else []
    again, strands = Newsroom(encode=fake(vectors)), {}
    for mark, story in kept:
        again.restore(mark, story, strands)
    for one in begun:
        again.relink(one)
    for number, (article, lines) in enumerate(
        ((ENGLISH[0], RETOLD), (ENGLISH[1], None), (FRENCH[0], None), (FRENCH[0], FRENCH[1].body))
    ):
        reading = find(of(article, f"Later {number}", SEEN + 10 + number, lines))
        assert again.add(reading) == room.add(reading)
    third, strands = Newsroom(encode=fake(vectors)), {}
    for mark, story in kept:
        third.restore(mark, story, strands)
    # Without the vectors of what came before there is nothing to link to.
    assert third.add(find(of(FRENCH[0], "Later 2", SEEN + 12))).by == "new"
    for one in (room, again):
        documents = [one.documents_of(story) for _, story in kept]
        assert documents == [room.documents_of(story) for _, story in kept]


def test_copies_and_dispatches_of_one_agency_are_one_origin():
    one = of(ENGLISH[0], lines=(*ENGLISH[0].body, "(Reuters)"))
    two = of(ENGLISH[0], "Another", SEEN + 1, (*RETOLD, "(Reuters)"))
    three = of(ENGLISH[0], "Third", SEEN + 2)
    readings = [find(each) for each in (one, two, three)]
    origins = origins_of(readings, {three.id: one.id})
    assert [(each.name, len(each.carried)) for each in origins] == [("Reuters", 2)]
    grade = grade_of(origins, "B")
    assert (grade.letter, grade.digit) == ("B", 3)
    assert "Reuters" in grade.reasons[0]


def test_two_who_speak_for_themselves_are_two_and_the_digit_is_never_1():
    independent = (
        "Dockworkers described how officers with dogs closed the banana terminal before dawn while television crews waited outside the fence.",
        "Mayor Els Van Doesburg called the haul proof that scanners bought last spring were worth their price.",
        "Neighbours said vans had come and gone from the warehouse for weeks without anybody asking a question.",
        "The union wants better lighting on the quays and more patrols at night, and has asked for a meeting.",
    )
    readings = [find(of(ENGLISH[0])), find(of(ENGLISH[0], "Other", SEEN + 1, independent))]
    origins = origins_of(readings, {})
    assert len(origins) == 2
    assert grade_of(origins, "A").digit == 2
    assert grade_of([*origins] * 5, "A").digit == 2
    assert grade_of([], "x").letter == "F"


APART = (
    "Dockworkers described how officers with dogs closed the banana terminal before dawn while television crews waited outside.",
    "Mayor Els Van Doesburg called the haul proof that scanners bought last spring were worth their price.",
)


@pytest.mark.parametrize("outlet", ["Harbour Post", ""])
def test_an_outlet_does_not_confirm_itself_and_nameless_files_do_not_confirm_one_another(outlet):
    one, other = find(of(ENGLISH[0])), find(made("Terminal closed", "Other", APART))
    first, second = replace(one, outlet=outlet), replace(other, outlet=outlet)
    third = replace(second, document="third", article="third", sentences=())
    assert len({each.article for each in (first, second, third)}) == 3
    (origin,) = origins_of([first, second, third], {})
    why = "the same outlet: Harbour Post" if outlet else "names no outlet, and may be of this one"
    assert (origin.name, set(origin.carried.values())) == (outlet, {why})
    grade = grade_of([origin], "F")
    assert grade.digit == 6
    assert grade.reasons[0] == f"1 independent origin: {outlet or 'an unknown outlet'}"
    # Another outlet, and an agency whose dispatch the same outlet prints, speak for themselves; who has no name, beside nobody.
    for speaks in (other, replace(second, agency="Reuters")):
        for told in ([first, speaks], [speaks, first]):
            assert {each.name for each in origins_of(told, {})} == {outlet, speaks.agency or "Other"} - {""}


def test_a_copy_of_what_names_no_outlet_is_the_origin_that_has_a_name():
    first = replace(find(of(ENGLISH[0])), outlet="")
    copy = find(of(ENGLISH[0], "Other", SEEN + 1))
    (origin,) = origins_of([first, copy], {copy.document: first.document})
    assert origin.carried == {first.document: "holds Other's text"}


def test_a_summary_and_an_answer_are_sentences_of_the_documents():
    documents = [of(one, seen=SEEN + i) for i, one in enumerate(ENGLISH)]
    readings = [find(one) for one in documents]
    texts = {one.id: one.text for one in documents}
    quotes = summary_of(readings)
    assert quotes
    for quote in (*quotes, *answers_to("How much cocaine was seized?", readings)):
        assert texts[quote.document][quote.start : quote.end] == quote.text
    assert "cocaine" in answers_to("How much cocaine was seized?", readings)[0].text
    assert answers_to("zzzz qqqq", readings) == ()


def test_versions_show_what_changed():
    first = of(ENGLISH[0])
    edited = of(
        ENGLISH[0],
        seen=SEEN + 1,
        lines=(
            ENGLISH[0].body[0],
            ENGLISH[0].body[1].replace("Four people were", "Six people were"),
            ENGLISH[0].body[2],
        ),
    )
    again = of(ENGLISH[0], seen=SEEN + 2, lines=edited.paragraphs)
    versions = versions_of([again, first, edited])
    assert first.article == edited.article
    assert [len(one.differences) for one in versions] == [0, 1]
    changed = versions[1].differences[0]
    assert changed.before == "Four people were arrested."
    assert changed.after == "Six people were arrested."


def test_a_timeline_folds_copies():
    one, two = of(ENGLISH[0]), of(ENGLISH[0], "Copyist", SEEN + 1)
    entries = timeline_of([two, one], {two.id: one.id})
    assert [(each.document, each.copies) for each in entries] == [(one.id, (two.id,))]


@pytest.mark.slow
def test_the_moscow_meeting(shared_data):
    from tocsin.desk.reading.opening import capture_of, read

    room, readings, copies = Newsroom(), [], {}
    for i, name in enumerate(("aggregator-capture-1.txt", "aggregator-capture-2.txt", "third-outlet.txt")):
        data = (shared_data / "news" / "seeds" / name).read_bytes()
        for one in read(capture_of(data, "https://c.example/", "text/plain", SEEN + i), data).documents:
            readings.append(find(one))
            placed = room.add(readings[-1])
            copies |= {one.id: placed.copy_of} if placed.copy_of else {}
    moscow = [one for one in readings if "Moscow" in one.title and "Trump" not in one.title]
    assert len(moscow) == 4
    story = room.story_of(moscow[0].document)
    assert set(room.documents_of(story)) == {one.document for one in moscow}
    assert [one.name for one in origins_of(moscow, copies)] == ["MAP"]


@pytest.mark.parametrize("title", ["", "x"])
def test_an_empty_document_is_none(title):
    assert made(title, "o", ()) is None
