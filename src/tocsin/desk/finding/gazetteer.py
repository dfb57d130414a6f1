"""Countries and what points at them: names and capitals by CLDR, demonyms and nisba forms, in English, French and Arabic.

A name that also means something else counts only with evidence: a capital letter, a word beside it, or the country named
otherwise in the same text. Made on first use from Babel's data and the tables below; nothing is fetched.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final, NamedTuple

from babel import Locale

from tocsin.desk.finding.placenames import CAPITALS, DEMONYMS, NAMES, NISBA
from tocsin.desk.finding.words import fold_arabic

LANGUAGES: Final = ("en", "fr", "ar", "es", "ru")
_NO_COUNTRIES: Final = frozenset(
    [
        "AC",
        "AQ",
        "BV",
        "CP",
        "CQ",
        "DG",
        "EA",
        "EU",
        "EZ",
        "HM",
        "IC",
        "IO",
        "QO",
        "TA",
        "TF",
        "UM",
        "UN",
        "XA",
        "XB",
        "XK",
        "ZZ",
        "MP",
    ]
)
_ARABIC_PREFIX: Final = "(?:[وف]?(?:[بلك]|ل)?)"
_LETTERS: Final = r"[^\W\d_]"


class Name(NamedTuple):
    """What a text may call a country by. `doubtful`: means something else as well."""

    country: str
    doubtful: bool
    adjective: bool


class Table(NamedTuple):
    """The names of one language, by their first word, and one pattern that finds them all."""

    names: Mapping[str, Name]
    pattern: re.Pattern[str]


# What also is a name of a person, a thing or another place: it needs evidence.
_DOUBTFUL: Final = frozenset(
    [
        "chad",
        "jordan",
        "georgia",
        "turkey",
        "mali",
        "niger",
        "guinea",
        "china",
        "cuba",
        "reunion",
        "réunion",
        "island",
        "oman",
        "monaco",
        "panama",
        "jersey",
        "polish",
        "may",
        "nice",
        "mobile",
        "tours",
        "male",
        "victoria",
        "santiago",
        "san-jose",
        "san",
        "josé",
        "saint-denis",
        "kingston",
        "hamilton",
        "georgetown",
        "freetown",
        "douglas",
        "stanley",
        "alofi",
        "paris",
        "london",
        "valletta",
        "sofia",
        "lima",
        "roseau",
        "malabo",
        "tripoli",
        "nicosia",
        "dominica",
        "dominicaine",
        "turc",
        "turque",
        "dinde",
        "tchad",
        "lome",
        "praia",
        "asia",
        "belize",
        "brest",
        "macedonia",
        "guernesey",
        "man",
        "singapour",
        "roma",
        "rome",
        "plymouth",
        "wellington",
        "orient",
        "ivory",
        "maurice",
        "grenade",
        "grenada",
        "antigua",
        "martinique",
        "مالي",
        "عمان",
        "تشاد",
        "الأردن",
        "المغرب",
        "بنين",
        "غانا",
        "سوريا",
        "البحرين",
        "الكويت",
        "تونس",
        "الجزائر",
    ]
) - frozenset(
    [
        "cuba",
        "oman",
        "monaco",
        "panama",
        "paris",
        "london",
        "tripoli",
        "sofia",
        "lima",
        "singapour",
        "roma",
        "rome",
        "nicosia",
        "tchad",
        "lome",
        "belize",
        "china",
        "دولة",
        "تشاد",
        "الأردن",
        "المغرب",
        "بنين",
        "غانا",
        "سوريا",
        "البحرين",
        "الكويت",
        "تونس",
        "الجزائر",
    ]
)


@lru_cache(8)
def table(language: str) -> Table:
    """The names by which texts of a language call countries."""
    names: dict[str, Name] = {}
    locale = Locale.parse(language)
    for code, name in locale.territories.items():
        if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRIES:
            for one in _variants(name):
                _put(names, one, code, language)
    for source, adjective in ((NAMES, False), (CAPITALS, False), (DEMONYMS, True)):
        for code, one in _rows(source.get(language, "")):
            _put(names, one, code, language, adjective=adjective)
    if language == "ar":
        for code, stem in _rows(NISBA):
            for ending in ("ي", "يه", "يون", "يين", "يات", "ه"):
                if not (ending == "ه" and not stem.endswith("ي")):
                    _put(names, fold_arabic(stem) + ending, code, language, adjective=True)
                    _put(names, "ال" + fold_arabic(stem) + ending, code, language, adjective=True)
    return Table(MappingProxyType(names), _pattern(names, language))


def _rows(text: str) -> Iterator[tuple[str, str]]:
    for line in text.split("\n"):
        code, _, names = line.strip().partition(" ")
        if code:
            yield from ((code, one.strip()) for one in names.split("|") if one.strip())


def _variants(name: str) -> Iterator[str]:
    """A CLDR name and how people shorten it: "Congo - Kinshasa", "Myanmar (Burma)"."""
    yield name
    plain = re.sub(r"\s*\(.*?\)", "", name)
    if plain != name and len(plain) > 3:
        yield plain
    inner = re.search(r"\(([^)]{4,})\)", name)
    if inner and " " not in inner[1]:
        yield inner[1]
    yield name.replace("’", "'")
    yield name.replace(" & ", " and ").replace("St. ", "Saint ")


def _put(names: dict[str, Name], name: str, code: str, language: str, *, adjective: bool = False) -> None:
    key = fold_arabic(name) if language == "ar" else name.lower()
    doubtful = key in _DOUBTFUL or (language == "ar" and key in {fold_arabic(one) for one in _DOUBTFUL})
    known = names.get(key)
    if known is None:
        names[key] = Name(code, doubtful, adjective)
    elif known.country != code and not known.doubtful:
        pass  # the first wins: CLDR before capitals before demonyms


def _pattern(names: Mapping[str, Name], language: str) -> re.Pattern[str]:
    alternatives = "|".join(re.escape(one).replace(r"\ ", r"[\s-]") for one in sorted(names, key=len, reverse=True))
    prefix = _ARABIC_PREFIX if language == "ar" else ""
    return re.compile(
        rf"(?<!{_LETTERS}){prefix}(?P<name>{alternatives})(?!{_LETTERS})", 0 if language == "ar" else re.IGNORECASE
    )
