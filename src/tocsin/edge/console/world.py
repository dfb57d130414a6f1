"""The world as pages draw it: shapes made at build time (tools/map.mjs), the borders this node chose, and hot spots.

Borders are diplomacy: what a policy draws and what it cannot is said in docs/settings.md and docs/decisions/0034.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from babel import Locale, UnknownLocaleError
from babel.core import get_global

from tocsin.errors import ConfigError, FormatError
from tocsin.formats import strictjson

DEFACTO, UN, NONE, FILE = "defacto", "un", "none", "file"
WORLD: Final = "world"
MAX_BYTES: Final = 2 << 20
SMALL: Final = 400  # square units: less than two pixels square on a map a thousand pixels wide gets a dot of its own
_FORMAT: Final = 2
_MOST_SHAPES: Final = 1000
_MOST_VIEWS: Final = 12
_MOST_SIDE: Final = 1_000_000
_PATH: Final = re.compile(r"(?:[MmLlHhVvZz][0-9 ,.-]*)*")
_NUMBER: Final = re.compile(r"[0-9]{3}")
_CODE: Final = re.compile(r"[A-Z]{2}")
_VIEW: Final = re.compile(r"[a-z]+(?:-[a-z]+)*")
# What has no ISO 3166-1 number, and the code that ISO leaves to users and these use.
_UNNUMBERED: Final[Mapping[str, str]] = MappingProxyType({"Kosovo": "XK"})
_GLYPH: Final = 38  # a glyph is so many times narrower than the view
_URGENCIES: Final = ("routine", "priority", "immediate", "flash")
_HALO: Final[Mapping[str, float]] = MappingProxyType({"routine": 0.0, "priority": 1.25, "immediate": 1.6, "flash": 2.0})


class Box(NamedTuple):
    """A part of the map, in its units."""

    x: float
    y: float
    width: float
    height: float

    def holds(self, x: float, y: float) -> bool:
        """Whether a point is in it."""
        return self.x <= x <= self.x + self.width and self.y <= y <= self.y + self.height


class Shape(NamedTuple):
    """A country as drawn. `code` is ISO 3166-1 alpha-2, empty where there is none; `d` is empty where only a dot shows."""

    code: str
    name: str
    d: str
    x: int
    y: int
    area: int


@dataclass(frozen=True, slots=True)
class World:
    """The map of a node. `places`: by alpha-2 code, where a country is pointed at."""

    borders: str
    shapes: tuple[Shape, ...]
    places: Mapping[str, tuple[int, int]]
    views: Mapping[str, Box]
    islets: str  # a path of points: whatever has no shape that can be seen

    @property
    def names(self) -> tuple[str, ...]:
        """The views in the order of their links."""
        return tuple(self.views)

    def shapes_of(self, codes: Iterable[str]) -> list[Shape]:
        """Shapes of countries: none where the node draws no borders, for a filled country would draw its border."""
        wanted = set() if self.borders == NONE else set(codes)
        return [one for one in self.shapes if one.code in wanted and one.d]

    def shapes_but(self, codes: Iterable[str]) -> list[Shape]:
        """All the others."""
        wanted = set() if self.borders == NONE else set(codes)
        return [one for one in self.shapes if one.code not in wanted and one.d]

    def dots(self, codes: Iterable[str]) -> str:
        """A path of points, one for each country that has a place."""
        return _points(self.places[one] for one in sorted(set(codes)) if one in self.places)


def read(data: bytes, borders: str) -> World:
    """The map of tools/map.mjs, by a policy. Raises FormatError("format.world")."""
    found = strictjson.parse(data, max_bytes=MAX_BYTES)
    if not isinstance(found, dict) or found.get("format") != _FORMAT:
        raise FormatError("format.world", "the map is none of format 2")
    try:
        shapes = [_shape(one) for one in _listed(found["countries"])]
        gone = set[str]()
        if borders == UN:
            united = [(_shape(one), {str(name) for name in one["of"]}) for one in _listed(found["united"])]
            gone = gone.union(*(names for _, names in united))
            # What is drawn as a part of another is still a place that a warning may name.
            shapes = [one._replace(d="") if one.name in gone else one for one in shapes]
            shapes += [one for one, _ in united]
        points = {_code(one["id"]): (_unit(one["x"]), _unit(one["y"])) for one in _listed(found["points"])}
        world = Box(0, 0, _side(found["width"]), _side(found["height"]))
        views = {WORLD: world} | {_view(name): _box(box) for name, box in _named(found["views"]).items()}
    except (KeyError, TypeError, ValueError) as error:
        raise FormatError("format.world", "the map lacks a part, or has one of the wrong kind") from error
    drawn = {one.code for one in shapes if one.d and one.area >= SMALL} | {
        one.code for one in shapes if one.name in gone
    }
    places: dict[str, tuple[int, int]] = {}
    for one in sorted(shapes, key=lambda each: each.area):
        places[one.code] = (one.x, one.y)  # the largest of several shapes is the last
    places = {code: at for code, at in (points | places).items() if code}
    lone = [(one.x, one.y) for one in shapes if not one.code and not one.d and one.name not in gone]
    islets = _points([*(at for code, at in sorted(places.items()) if code not in drawn), *lone])
    return World(borders, tuple(shapes), MappingProxyType(places), MappingProxyType(views), islets)


def chosen(built: bytes, borders: str, own: bytes) -> World | None:
    """The map of this node: the one made at build time, or with "file" its own; None where none was built.

    Raises ConfigError("config.borders").
    """
    if borders == FILE:
        try:
            return read(own, FILE)
        except FormatError as error:
            raise ConfigError("config.borders", f"the file of borders_file cannot be used: {error.what}") from error
    try:
        return read(built, borders) if built else None
    except FormatError:
        return None  # made by an older build


def _points(places: Iterable[tuple[int, int]]) -> str:
    return "".join(f"M{x} {y}h0" for x, y in places)


def _listed(found: Any) -> list[Mapping[str, Any]]:
    if not isinstance(found, list) or len(found) > _MOST_SHAPES or not all(isinstance(one, dict) for one in found):
        raise FormatError("format.world", f"a part of the map is no list of at most {_MOST_SHAPES}")
    return found


def _named(found: Any) -> Mapping[Any, Any]:
    if not isinstance(found, dict) or len(found) > _MOST_VIEWS:
        raise FormatError("format.world", f"the views of the map are no object of at most {_MOST_VIEWS}")
    return found


def _shape(found: Mapping[str, Any]) -> Shape:
    name, d, number = found["name"], found["d"], found["id"]
    if not (isinstance(name, str) and isinstance(d, str) and isinstance(number, str)) or not _PATH.fullmatch(d):
        raise FormatError("format.world", "a shape of the map is more than moves and lines")
    if number and not (_NUMBER.fullmatch(number) or _CODE.fullmatch(number)):
        raise FormatError("format.world", "a shape of the map has neither a number nor a code of ISO 3166-1")
    code = (number if _CODE.fullmatch(number) else _alpha(number)) if number else _UNNUMBERED.get(name, "")
    return Shape(code, name[:100], d, _unit(found["x"]), _unit(found["y"]), int(found["area"]))


def _alpha(number: str) -> str:
    """ISO 3166-1 numeric to alpha-2, by the Unicode CLDR."""
    found: Sequence[str] = get_global("territory_aliases").get(number, ())
    return found[0] if found else ""


def _code(found: Any) -> str:
    if not isinstance(found, str) or not _CODE.fullmatch(found):
        raise FormatError("format.world", "a point of the map has no code of ISO 3166-1")
    return found


def _view(found: str) -> str:
    if not _VIEW.fullmatch(found) or len(found) > 32:
        raise FormatError("format.world", "a view of the map has a name that no address can have")
    return found


def _unit(found: Any) -> int:
    if not isinstance(found, int | float) or isinstance(found, bool) or not abs(found) <= _MOST_SIDE:
        raise FormatError("format.world", "a place on the map is no number, or is beyond its edge")
    return round(found)


def _side(found: Any) -> int:
    if _unit(found) < 1:
        raise FormatError("format.world", "the map has no width or no height")
    return _unit(found)


def _box(found: Any) -> Box:
    x, y, width, height = found
    return Box(_unit(x), _unit(y), _side(width), _side(height))


# -- hot spots ----------------------------------------------------------------------------------------------------


class Hot(NamedTuple):
    """Warnings of one topic that name one country."""

    code: str
    topic: str
    urgency: str  # the highest
    warnings: frozenset[str]  # their ids: one that names ten countries is one still


class Glyph(NamedTuple):
    """One topic in a mark. `size` is what a side of the twelve units of its drawing is multiplied by."""

    topic: str
    x: float
    y: float
    size: float


class Mark(NamedTuple):
    """What is drawn at one place: a glyph for each topic, and a number where it stands for more than one warning."""

    x: float
    y: float
    halo: float  # its radius, 0: none
    urgency: str
    number: int  # of warnings
    codes: tuple[str, ...]
    glyphs: tuple[Glyph, ...]
    text_x: float
    size: float  # of the number's letters


class _Group(NamedTuple):
    """Countries that share a mark, the most urgent first, and half its sides with halo and number."""

    x: float
    y: float
    spots: list[Hot]
    warnings: frozenset[str]
    wide: float
    high: float


def _group(x: float, y: float, spots: list[Hot], glyph: float) -> _Group:
    warnings = frozenset[str]().union(*(one.warnings for one in spots))
    letters = len(str(len(warnings))) * glyph * 0.6 if len(warnings) > 1 else 0.0
    high = glyph * max(1.0, _HALO[spots[0].urgency])
    wide = len({one.topic for one in spots}) * glyph * 1.1 + letters
    return _Group(x, y, spots, warnings, max(wide, high) / 2, high / 2)


def marks(world: World, hot: Sequence[Hot], box: Box) -> list[Mark]:
    """What is drawn of hot spots in a view: no two marks overlap, those that would are one with the sum as its number."""
    glyph = box.width / _GLYPH
    by_country: dict[str, list[Hot]] = {}
    for spot in hot:
        if spot.code in world.places and box.holds(*world.places[spot.code]):
            by_country.setdefault(spot.code, []).append(spot)
    waiting = [_group(*world.places[code], sorted(spots, key=_order), glyph) for code, spots in by_country.items()]
    waiting.sort(key=lambda one: (_order(one.spots[0]), one.x, one.y), reverse=True)
    settled: list[_Group] = []
    while waiting:
        group = waiting.pop()
        while (other := next((each for each in settled if _overlap(each, group)), None)) is not None:
            settled.remove(other)
            group = _joined(other, group, glyph)
        settled.append(group)
    # The most urgent is drawn last, on top.
    return [_mark(one, glyph, box) for one in sorted(settled, key=lambda each: _order(each.spots[0]), reverse=True)]


def _order(one: Hot) -> tuple[int, str, str]:
    return -_URGENCIES.index(one.urgency), one.code, one.topic


def _overlap(one: _Group, other: _Group) -> bool:
    return abs(one.x - other.x) < one.wide + other.wide and abs(one.y - other.y) < one.high + other.high


def _joined(one: _Group, other: _Group, glyph: float) -> _Group:
    """At the place of the more urgent: a mark between two countries would point at a third."""
    first, second = (one, other) if _order(one.spots[0]) <= _order(other.spots[0]) else (other, one)
    return _group(first.x, first.y, sorted([*first.spots, *second.spots], key=_order), glyph)


def _mark(group: _Group, glyph: float, box: Box) -> Mark:
    topics = list(dict.fromkeys(one.topic for one in group.spots))
    number = len(group.warnings)
    letters = len(str(number)) * glyph * 0.6 if number > 1 else 0.0
    x = min(max(group.x, box.x + group.wide), box.x + box.width - group.wide)
    y = min(max(group.y, box.y + group.high), box.y + box.height - group.high)
    left = x - (len(topics) * glyph * 1.1 + letters) / 2
    urgency = group.spots[0].urgency
    return Mark(
        x=round(x, 1),
        y=round(y, 1),
        halo=round(glyph / 2 * _HALO[urgency] * (1 + 0.3 * (len(topics) - 1)), 1),
        urgency=urgency,
        number=number,
        codes=tuple(dict.fromkeys(one.code for one in group.spots)),
        glyphs=tuple(
            Glyph(topic, round(left + (at + 0.5) * glyph * 1.1, 1), round(y, 1), round(glyph / 12, 3))
            for at, topic in enumerate(topics)
        ),
        text_x=round(left + len(topics) * glyph * 1.1, 1),
        size=round(glyph, 1),
    )


@cache
def _territories(language: str) -> Mapping[str, str]:
    try:
        return dict(Locale.parse(language).territories)
    except (UnknownLocaleError, ValueError):
        return dict(Locale.parse("en").territories)


def country(code: str, language: str) -> str:
    """What a country is called; its code where nobody knows."""
    return _territories(language).get(code, code)


@cache
def _tongues(language: str) -> Mapping[str, str]:
    try:
        return dict(Locale.parse(language).languages)
    except (UnknownLocaleError, ValueError):
        return dict(Locale.parse("en").languages)


def tongue(code: str, language: str) -> str:
    """What a language is called; its code where nobody knows."""
    return _tongues(language).get(code, code)
