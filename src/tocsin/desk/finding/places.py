"""Countries that a text names: by name, demonym or a city that stands for one; what may mean something else needs company."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from babel import Locale

from tocsin.desk.document import Found, Place
from tocsin.desk.finding.nations import TABLE
from tocsin.desk.finding.words import fold_arabic

MOST_WORDS: Final = 50  # that are kept for one country
_SHORTEST_NAME: Final = 3
_SHORTEST_STEM: Final = 4
_LANGUAGES: Final = ("en", "fr", "es", "ru", "ar")
# Territories of CLDR that are no country of anybody's duty, or whose names are words.
_LEFT_OUT: Final = frozenset(
    {
        "AQ",
        "BV",
        "CP",
        "DG",
        "EA",
        "EU",
        "EZ",
        "IC",
        "QO",
        "TA",
        "UM",
        "UN",
        "XA",
        "XB",
        "ZZ",
        "AC",
        "HM",
        "IM",
        "GS",
        "CC",
        "CX",
    }
)
# A name that is a person's or another place's as well: it counts in the company of a sure word of the same country only,
# or after a word that places stand after.
_UNSURE: Final = frozenset(
    {
        "chad",
        "jordan",
        "georgia",
        "guinea",
        "niger",
        "mali",
        "man",
        "réunion",
        "reunion",
        "turkey",
        "cuba",
        "dominica",
        "jersey",
        "guernsey",
        "panama",
    }
)
_BEFORE_PLACE: Final = re.compile(
    r"(?:\b(?:in|from|to|of|near|across|into|inside|between|and|with|au|en|du|le|la|vers|dans|à|de|в|из|на|por|del|en)\s|\bl['’]|^|[,(/–-]\s?)$",
    re.IGNORECASE,
)
_NAME_BEFORE: Final = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Michael|Jim|Robert|Vernon|DeAndre|Barbara|Hamilton|Neil|Katie)\.?\s|[A-Z][a-z]+\s)$"
)
_NAME_AFTER: Final = re.compile(r"^\s[A-Z][a-z]+(?:\s|$|[,.])")
_AMERICAN: Final = re.compile(
    r"\b(?:Atlanta|Savannah|Augusta|Athens, Georgia|Tech|Bulldogs|Fulton County|Alabama|Florida|Carolina|Tennessee)\b"
)
_ARABIC: Final = re.compile(r"[\u0600-\u06ff]")
_PREFIX: Final = r"(?<![\u0600-\u06ff])(?:[وفبكل]|لل|وب|ول|بال|وال|فال|كال)?"
_ENDING: Final = r"(?:[ي]?[ة]|ي[وي]ن|يات|ي|ية|ا)?(?![\u0600-\u06ff])"
# Mali is "financial", Amman is written as Oman is: what must stand beside them.
_MALI: Final = re.compile(r"باماكو|الساحل|النيجر|بوركينا|دولة مالي|جمهوريه مالي|شمال مالي|في مالي|ازواد")
_JORDAN: Final = re.compile(r"الاردن|الهاشمي")


class _Term(NamedTuple):
    country: str
    sure: bool


@lru_cache(1)
def _latin() -> tuple[re.Pattern[str], Mapping[str, _Term], Mapping[str, _Term]]:
    """Names in Latin and Cyrillic letters as they are, and those that are written on: French demonyms, Russian cases."""
    terms: dict[str, _Term] = {"us": _Term("US", sure=True)}
    stems: dict[str, _Term] = {}
    for language in _LANGUAGES:
        for code, name in _names(language) if language != "ar" else ():
            _named(terms, code, name)
            stem = re.sub(r"[аяыийьоею]+$", "", name.lower()) if language == "ru" else ""
            if len(stem) >= _SHORTEST_STEM and " " not in stem:
                stems.setdefault(stem, _Term(code, sure=True))
    for code, demonyms, french, cities in _rows():
        for one in _multi(demonyms):
            terms.setdefault(one.lower(), _Term(code, one.lower() not in _UNSURE))
        for one in french.split():
            stems.setdefault(one, _Term(code, sure=True))
        for one in cities.split(";"):
            if one and not _ARABIC.search(one):
                terms.setdefault(one.lower().replace("’", "'"), _Term(code, sure=True))
    whole, begun = (
        "|".join(re.escape(one) for one in sorted(table, key=len, reverse=True)) for table in (terms, stems)
    )
    endings = "ne|e|s|nes|es|ienne|iennes|[а-я]{1,6}"
    pattern = rf"(?<![\w])(?:(?P<whole>{whole})(?![\w])|(?P<stem>{begun})(?:{endings})?(?![\w]))"
    return re.compile(pattern, re.IGNORECASE), terms, stems


def _named(terms: dict[str, _Term], code: str, name: str) -> None:
    plain = re.sub(r"\s*\(.*?\)|\s*[\[].*?[\]]", "", name).replace("’", "'")
    for one in {plain.lower(), plain.lower().replace(" & ", " and "), plain.lower().replace("st. ", "saint ")}:
        if len(one) > _SHORTEST_NAME:
            terms.setdefault(one, _Term(code, one not in _UNSURE))


@lru_cache(1)
def _arabic() -> tuple[re.Pattern[str], Mapping[str, str]]:
    """Names and cities in Arabic, folded, without their article; demonyms by the rule of nisba."""
    stems: dict[str, str] = {}
    for code, name in _names("ar"):
        plain = fold_arabic(re.sub(r"\s*\(.*?\)|\s*\[.*?\]", "", name)).strip()
        if len(plain) > 2:
            stems.setdefault(plain.removeprefix("ال"), code)
            # روسيا → روسي, فرنسا → فرنسي: the ending falls before that of the nisba.
            short = re.sub(r"(?:يا|ا|ه)$", "", plain.removeprefix("ال"))
            if " " not in short and len(short) > 3:
                stems.setdefault(short, code)
    for code, _, _, places in _rows():
        for one in places.split(";"):
            if _ARABIC.search(one):
                stems.setdefault(fold_arabic(one).removeprefix("ال"), code)
    stems |= {
        "ولايات المتحده": "US",
        "امريكي": "US",
        "امريكا": "US",
        "اميركي": "US",
        "اميركا": "US",
        "بريطاني": "GB",
        "هولند": "NL",
    }
    for one in ("مالي", "عمان", "توغو", "جزر", "مان", "نيجر", "تشاد"):
        stems.pop(one, None)
    stems |= {"نيجر": "NE", "تشاد": "TD", "عمان": "OM", "مالي": "ML"}
    body = "|".join(re.escape(one) for one in sorted(stems, key=len, reverse=True))
    return re.compile(rf"{_PREFIX}(?:ال)?(?P<stem>{body}){_ENDING}"), stems


def _names(language: str) -> Iterable[tuple[str, str]]:
    for code, name in Locale(language).territories.items():
        if len(code) == 2 and code.isalpha() and code not in _LEFT_OUT:
            yield code, name


def _rows() -> Iterable[tuple[str, str, str, str]]:
    for line in TABLE.strip().splitlines():
        code, demonyms, french, places = line.split("|")
        yield code, demonyms, french, places


def _multi(demonyms: str) -> Iterable[str]:
    """Demonyms of one word, and those of two that begin with a direction or a first word that is none by itself."""
    words = demonyms.split()
    at = 0
    while at < len(words):
        if words[at] in (
            "North",
            "South",
            "New",
            "Sri",
            "Cape",
            "Central",
            "Costa",
            "Sierra",
            "Dominican",
            "Papua",
        ) and at + 1 < len(words):
            size = 3 if words[at] == "Papua" else 2
            yield " ".join(words[at : at + size])
            at += size
        else:
            yield words[at]
            at += 1


def places(title: str, text: str) -> tuple[Place, ...]:
    """The countries of a text, most named first. Offsets count in the text; of the title only that it names one is kept."""
    titled = {code for code, _ in _mentions(title, f"{title}\n{text}")}
    found: dict[str, list[Found]] = {}
    for code, word in _mentions(text, f"{title}\n{text}"):
        found.setdefault(code, []).append(word)
    for code in titled:
        found.setdefault(code, [])
    ordered = sorted(found.items(), key=lambda one: (-len(one[1]) - (one[0] in titled), one[0]))
    return tuple(
        Place(code, len(words) + (code in titled), tuple(words[:MOST_WORDS]), code in titled) for code, words in ordered
    )


def _mentions(text: str, whole: str) -> list[tuple[str, Found]]:
    out = _in_latin(text)
    if _ARABIC.search(text):
        out += _in_arabic(text, fold_arabic(whole))
    return out


def _in_latin(text: str) -> list[tuple[str, Found]]:
    pattern, terms, stems = _latin()
    sure: list[tuple[str, Found]] = []
    unsure: list[tuple[str, Found]] = []
    for match in pattern.finditer(text.replace("’", "'")):
        word = text[match.start() : match.end()]
        term = terms[match["whole"].lower()] if match["whole"] else stems[match["stem"].lower()]
        # A French or Russian demonym is written small; everything else that names a place begins with a capital.
        if match["whole"] and not all(one[:1].isupper() for one in (word, word.split()[-1])):
            continue
        if word in ("Us", "POLISH"):
            continue
        found = (term.country, Found(word, match.start(), match.end()))
        if term.sure:
            sure.append(found)
        elif _is_place(text, match.start(), match.end(), word):
            unsure.append(found)
    companions = {code for code, _ in sure}
    american = bool(_AMERICAN.search(text))
    for code, found_word in unsure:
        if code == "GE" and american and "GE" not in companions:
            continue
        sure.append((code, found_word))
    return sorted(sure, key=lambda one: one[1].start)


def _is_place(text: str, start: int, end: int, word: str) -> bool:
    """Whether a name that people and places share stands where a place stands."""
    before, after = text[max(0, start - 24) : start], text[end : end + 24]
    if word.lower() in ("réunion", "reunion"):
        return bool(re.search(r"(?:\bLa\s|\bîle de (?:la |La )?)$", before)) and word[:1].isupper()
    if _BEFORE_PLACE.search(before) and not _NAME_AFTER.match(after):
        return True
    return (
        not _NAME_BEFORE.search(before)
        and not _NAME_AFTER.match(after)
        and bool(re.match(r"(?:'s\b|,|\.|\s(?:and|is|has|said|will|was|to)\b)", after))
    )


def _in_arabic(text: str, whole: str) -> list[tuple[str, Found]]:
    pattern, stems = _arabic()
    # Folding takes marks away: offsets are found again by counting what was kept.
    kept = [number for number, one in enumerate(text) if fold_arabic(one)]
    folded = fold_arabic(text)
    out = []
    for match in pattern.finditer(folded):
        code = stems[match["stem"]]
        if code == "ML" and not _MALI.search(whole):
            continue
        if code == "OM" and match["stem"] == "عمان" and _JORDAN.search(whole) and "سلطنه" not in whole:
            code = "JO"
        start, end = kept[match.start()], kept[match.end() - 1] + 1
        out.append((code, Found(text[start:end], start, end)))
    return out
