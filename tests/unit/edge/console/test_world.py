"""The map: every state is on it, nothing smears, borders are as the node chose, and no two marks overlap."""

import json
import re

import pytest
from babel import Locale

from tocsin.edge.console import assets, world
from tocsin.edge.console.world import Hot
from tocsin.errors import MEANINGS, ConfigError, FormatError

BUILT = assets.load().world
needs_map = pytest.mark.skipif(not BUILT, reason="no map was built: `make setup` needs npm")
STEP = re.compile(r"([MlhvHVLz])([^MlhvHVLz]*)")


def drawn(borders):
    made = world.chosen(BUILT, borders, b"")
    assert made is not None, "the map is of an older build: make setup"
    return made


def points_of(d):
    """Every ring's points, in the map's units."""
    rings, at = [], (0, 0)
    for command, rest in STEP.findall(d):
        numbers = [int(one) for one in re.findall(r"-?\d+", rest)]
        pairs = list(zip(numbers[::2], numbers[1::2], strict=True))
        if command == "M":
            at = pairs[0]
            rings.append([at])
        elif command == "l":
            for x, y in pairs:
                at = (at[0] + x, at[1] + y)
                rings[-1].append(at)
    return rings


def dots(path):
    return {tuple(map(int, one.split())) for one in re.findall(r"M(-?\d+ -?\d+)h0", path)}


@needs_map
@pytest.mark.parametrize("borders", ["defacto", "un", "none"])
def test_every_state_has_a_shape_that_can_be_seen_or_a_dot(borders):
    made = drawn(borders)
    # ISO 3166-1 is what the Unicode CLDR has names for, without what it or its users have reserved for themselves.
    reserved = {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"}
    codes = {one for one in Locale.parse("en").territories if re.fullmatch("[A-Z]{2}", one)} - reserved
    assert len(codes) == 250, "249, and Kosovo's XK"
    shown = {one.code for one in made.shapes if one.d and one.area >= world.SMALL}
    islets = dots(made.islets)
    joined = {"TW", "XK"} if borders == "un" else set()
    assert {code for code in codes - shown - joined if made.places.get(code) not in islets} == set()
    for code in ("SG", "MT", "BH", "TV", "VA", "MC", "GF", "KI"):
        assert made.places[code] in islets, code
    for code in ("FR", "EG", "BR", "EH", "PS"):
        assert code in shown, code


@needs_map
@pytest.mark.parametrize("borders", ["defacto", "un"])
def test_nothing_smears_across_the_map_and_everything_lies_on_it(borders):
    made = drawn(borders)
    whole = made.views["world"]
    for one in made.shapes:
        for ring in points_of(one.d):
            wide = max(x for x, _ in ring) - min(x for x, _ in ring)
            assert wide < whole.width / 2 or one.code == "AQ", one.name
            assert all(whole.holds(x, y) for x, y in ring), one.name
    assert {"RU", "FJ", "US"} <= {one.code for one in made.shapes if one.d}
    # A place is in its country, and not in the middle of islands on both sides of the map.
    x, y = made.places["FR"]
    assert made.views["europe"].holds(x, y)
    assert not made.views["africa"].holds(*made.places["KI"])


@needs_map
def test_borders_have_an_effect():
    facto, un, none = drawn("defacto"), drawn("un"), drawn("none")
    names = {one.name for one in facto.shapes if one.d}
    assert {"Kosovo", "Somaliland", "N. Cyprus", "Taiwan", "W. Sahara", "Palestine"} <= names
    left = [one for one in un.shapes if one.d]
    assert {"Kosovo", "Somaliland", "N. Cyprus", "Taiwan"} & {one.name for one in left} == set()
    assert {"W. Sahara", "Palestine", "Serbia", "Ukraine", "Russia"} <= {one.name for one in left}
    assert [one.code for one in left].count("UA") == [one.code for one in left].count("RS") == 1

    def area(made, code):
        return sum(one.area for one in made.shapes if one.code == code and one.d)

    grown = area(un, "UA") - area(facto, "UA")
    assert grown > 0
    assert grown == pytest.approx(area(facto, "RU") - area(un, "RU"), rel=0.02), "Crimea went from one to the other"
    assert area(un, "RS") == pytest.approx(area(facto, "RS") + area(facto, "XK"), rel=0.02)
    assert un.places["TW"] == facto.places["TW"], "a warning may name it, whoever draws it"
    assert sorted(one.code for one in facto.shapes_of(["EG", "FR", "ZZ"])) == ["EG", "FR"]
    assert none.shapes_of(["EG", "FR"]) == []
    assert len(none.shapes_but(["EG"])) == len([one for one in none.shapes if one.d])
    assert none.dots(["EG", "ZZ"]) == "M{} {}h0".format(*none.places["EG"])


OWN = {
    "format": 2,
    "width": 100,
    "height": 50,
    "countries": [
        {"id": "818", "name": "Egypt", "d": "M10 10l20 0 0 20-20 0z", "x": 20, "y": 20, "area": 400},
        {"id": "MT", "name": "Malta", "d": "", "x": 5, "y": 5, "area": 0},
    ],
    "united": [],
    "points": [{"id": "TV", "x": 90, "y": 40}],
    "views": {"harbour": [0, 0, 50, 25]},
}


def test_a_file_of_ones_own_is_drawn_and_what_is_wrong_with_it_is_said():
    made = world.chosen(b"", "file", json.dumps(OWN).encode())
    assert made.names == ("world", "harbour")
    assert made.places == {"EG": (20, 20), "MT": (5, 5), "TV": (90, 40)}
    assert dots(made.islets) == {(5, 5), (90, 40)}
    country = OWN["countries"][0]
    for wrong in (
        {"format": 1},
        {"width": 0},
        {"width": "100"},
        {"height": True},
        {"countries": {}},
        {"countries": [country] * 1001},
        {"countries": [{**country, "d": 'M1 1"/><script>'}]},
        {"countries": [{**country, "d": "C1 1 2 2 3 3"}]},
        {"countries": [{**country, "id": "8"}]},
        {"countries": [{**country, "x": 1e9}]},
        {"countries": [{**country, "x": None}]},
        {"countries": [{"id": "818"}]},
        {"points": [{"id": "818", "x": 1, "y": 1}]},
        {"views": {"a b": [0, 0, 1, 1]}},
        {"views": {"a": [0, 0, 1]}},
        {"views": {"a": [0, 0, 0, 1]}},
        {"views": []},
    ):
        with pytest.raises(ConfigError) as caught:
            world.chosen(BUILT, "file", json.dumps({**OWN, **wrong}).encode())
        assert caught.value.code == "config.borders", wrong
        assert caught.value.code in MEANINGS
    for data in (b"", b"[]", b"{", b"\xff", json.dumps(OWN).encode() + b" " * world.MAX_BYTES):
        with pytest.raises(ConfigError):
            world.chosen(BUILT, "file", data)
    with pytest.raises(FormatError) as refused:
        world.read(b"{}", "defacto")
    assert refused.value.code == "format.world"
    assert world.chosen(b"{}", "defacto", b"") is None, "an older build has no map, and no failure either"


def hot(code, topic="cyber", urgency="routine", *warnings):
    return Hot(code, topic, urgency, frozenset(warnings or (f"{code}-{topic}",)))


def overlaps(marks, box):
    glyph = box.width / world._GLYPH
    found = []
    for number, one in enumerate(marks):
        for other in marks[number + 1 :]:
            wide = (len(one.glyphs) + len(other.glyphs)) * glyph / 2
            if abs(one.x - other.x) < wide * 0.99 and abs(one.y - other.y) < glyph * 0.99:
                found.append((one.codes, other.codes))
    return found


@needs_map
def test_marks_that_would_overlap_are_one_with_the_number_of_warnings():
    made = drawn("defacto")
    gulf = [hot(one, "cyber", "routine", "a") for one in ("BH", "QA", "AE", "KW")]
    (one,) = world.marks(made, gulf, made.views["world"])
    assert (sorted(one.codes), one.number, len(one.glyphs)) == (["AE", "BH", "KW", "QA"], 1, 1)
    (one,) = world.marks(made, [*gulf, hot("BH", "terrorism", "flash", "b")], made.views["world"])
    assert (one.number, one.urgency, [each.topic for each in one.glyphs]) == (2, "flash", ["terrorism", "cyber"])
    assert (one.x, one.y) == pytest.approx(made.places["BH"], abs=one.size), "at the more urgent place"
    assert one.halo > 0
    apart = world.marks(made, gulf, made.views["middle-east"])
    assert len(apart) > 1, "a nearer view folds less"
    far = world.marks(made, [hot("BR"), hot("EG")], made.views["world"])
    assert [each.number for each in far] == [1, 1]
    assert world.marks(made, [hot("BR")], made.views["europe"]) == []
    assert world.marks(made, [hot("ZZ")], made.views["world"]) == []


@needs_map
def test_no_two_marks_overlap_whatever_is_named():
    made = drawn("defacto")
    topics, urgencies = (
        ("cyber", "terrorism", "organised-crime", "other"),
        ("routine", "priority", "immediate", "flash"),
    )
    everything = [
        hot(code, topics[number % 4], urgencies[number % 3 % 4])
        for number, code in enumerate(sorted(made.places))
        if number % 2
    ]
    for box in made.views.values():
        marks = world.marks(made, everything, box)
        assert marks
        assert overlaps(marks, box) == []
        inside = [one for one in everything if box.holds(*made.places[one.code])]
        assert sum(one.number for one in marks) == len(inside), "none is lost"
        assert all(box.holds(one.x, one.y) for one in marks)


def test_what_countries_are_called():
    assert (world.country("EG", "fr"), world.country("EG", "ar")) == ("Égypte", "مصر")
    assert world.country("EG", "no-such-language") == "Egypt"
    assert world.country("QQ", "en") == "QQ"
