"""Short reports: a few words weigh much there, and those of one kind of event are told in the same ones."""

import pytest
from msgspec.structs import replace
from tests.unit.desk.briefs import BRIEFS, NAMELESS_SAME, NAMELESS_UNLIKE

from tocsin.desk import thresholds
from tocsin.desk.document import Capture, Reading, Role
from tocsin.desk.finding.read import find
from tocsin.desk.finding.words import names
from tocsin.desk.reading.making import Piece, document
from tocsin.desk.stories.events import marked
from tocsin.desk.stories.newsroom import Newsroom

SEEN = 1_748_692_800_000_000


def read(brief: str, outlet: str, days: float = 0.0) -> Reading:
    """A report that was published so many days after the first."""
    title, *lines = brief.split("\n")
    made = document(Piece(title, tuple(lines), Role.SINGLE, outlet), Capture(title, "", "text/plain", SEEN, 1), 0)
    assert made is not None
    return replace(find(made), published_us=SEEN + round(days * thresholds.DAY_US), is_dated=True)


def joined(one: Reading, other: Reading) -> bool:
    room = Newsroom()
    return room.add(one).story == room.add(other).story


def test_eight_of_eight_events_told_twice_are_one_story_and_eight_of_eight_of_a_kind_are_two():
    """Whichever comes first."""
    for turn in (1, -1):
        same = [(read(one.told, "Post"), read(one.again, "Mail", one.days))[::turn] for one in BRIEFS]
        unlike = [(read(one.told, "Post"), read(one.unlike, "Mail", one.days_unlike))[::turn] for one in BRIEFS]
        assert sum(joined(*pair) for pair in same) == 8
        assert sum(joined(*pair) for pair in unlike) == 0


def test_what_tells_of_different_events_in_different_places_never_joins_even_on_one_day():
    """All against all: a day of the week, a verb and "brigade" in common are no event."""
    told = [read(one.told, "Post") for one in BRIEFS]
    assert not any(joined(one, other) for at, one in enumerate(told) for other in told[:at])


OPERATORS = (
    """Gas smell in Orrskog
Homes in a street of Orrskog were cleared on Sunday after a digger hit a pipe.
The operator restored supply after three hours.""",
    """Tram wire down in Velden
A tram wire fell in Velden on Sunday, and a line stood still.
The operator restored supply after five hours and looks for the cause.""",
)


def test_common_words_of_two_short_texts_are_no_event():
    one, other = (read(text, "Post") for text in OPERATORS)
    assert not joined(one, other)
    undated = [replace(each, is_dated=False) for each in (one, other)]
    assert not joined(*undated)


@pytest.mark.parametrize(("days", "is_one"), [(0, True), (1, True), (9, False)])
def test_days_between_short_reports_tell_them_apart_and_no_days_between_long_ones(days, is_one):
    one, other = read(BRIEFS[0].told, "Post"), read(BRIEFS[0].again, "Mail", days)
    assert joined(one, other) == is_one
    words = {f"word{number}": 0.1 for number in range(100)}
    half = {f"{'word' if number < 30 else 'other'}{number}": 0.1 for number in range(100)}
    assert joined(replace(one, vector=words), replace(other, vector=half))


FLOODS = (
    """River floods town in Kenya
A river flooded streets of a town in Kenya on Monday after two days of rain.
The water reached the market, and soldiers brought families to a school.""",
    """Rain floods market in Uganda
Rain flooded the market of a town in Uganda on Monday, and the river still rises.
Soldiers brought families to a school.""",
)


def test_short_reports_of_two_countries_are_two_events_and_of_none_may_be_one():
    one, other = (read(text, "Post") for text in FLOODS)
    assert ({each.country for each in one.places}, {each.country for each in other.places}) == ({"KE"}, {"UG"})
    assert not joined(one, other)
    assert joined(one, replace(other, places=()))
    assert joined(one, replace(other, places=(*other.places, *one.places)))
    # A room that was made again knows the countries.
    for kept, is_one in ((one, False), (replace(one, places=()), True)):
        room = Newsroom()
        room.restore(marked(kept), "story", {})
        assert (room.add(other).story == "story") == is_one


def test_a_name_in_common_is_no_event_in_common_however_short_the_texts():
    words = {f"one{number}": 0.2 for number in range(19)}
    others = {f"other{number}": 0.2 for number in range(19)}
    one, other = read(BRIEFS[0].told, "Post"), read(BRIEFS[0].unlike, "Mail")
    assert not joined(replace(one, vector=words | {"brest": 0.5}), replace(other, vector=others | {"brest": 0.5}))


def test_where_no_country_is_told_other_names_keep_short_reports_of_a_kind_apart_on_one_day():
    """Whichever comes first."""
    for turn in (1, -1):
        unlike = [(read(one, "Post"), read(other, "Mail"))[::turn] for one, other in NAMELESS_UNLIKE]
        same = [(read(one, "Post"), read(other, "Mail"))[::turn] for one, other in NAMELESS_SAME]
        assert not any(each.places for pair in (*unlike, *same) for each in pair)
        assert [joined(*pair) for pair in unlike] == [False] * 8
        assert [joined(*pair) for pair in same] == [True] * 5


def test_a_room_that_was_made_again_knows_the_names():
    one, other = (read(text, "Post") for text in NAMELESS_UNLIKE[0])
    room = Newsroom()
    room.restore(marked(one), "story", {})
    assert room.add(other).story != "story"
    room = Newsroom()
    room.restore(replace(marked(one), names=b""), "story", {})  # of before there were names
    assert room.add(other).story == "story"


def test_a_name_is_a_word_with_a_capital_inside_sentences_and_no_day():
    told = (
        "Storm fells trees in Velden on Sunday.",
        "Velden was dark, a storm said Jon Aske of the Storm Service.",
        "In May he may go.",
    )
    assert names(told, "en") == ["velden", "jon", "aske", "service"]
    assert names(("عاصفة تقطع الكهرباء",), "ar") == []
