"""Every form that the name of a country is written in, made once from the tables, by its first word; the longest first."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import product
from typing import Final, NamedTuple

from babel import Locale

from tocsin.desk.finding.nations import TABLE
from tocsin.desk.finding.regions import ARABIC, NAMES, RUSSIAN, SPANISH
from tocsin.desk.finding.words import fold_arabic

_SHORTEST_NAME: Final = 3
NOWHERE: Final = "-"
# Territories of CLDR that are no country of anybody's duty, or whose names are words.
_LEFT_OUT: Final = frozenset(
    [
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
    ]
)
# A name that is a person's, a word or another place's as well: it counts where a place stands.
_UNSURE: Final = frozenset(
    [
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
        "polish",
        "чад",
        "чада",
        "чаде",
        "чаду",
        "valencia",
        "medina",
        "constantine",
        "hama",
        "bata",
        "ituri",
        "lyon",
        "reunión",
        "sonora",
        "saida",
        "colón",
        "suez",
        "ohio",
        "virginia",
    ]
)
CYRILLIC: Final = re.compile(r"[\u0400-\u04ff]")
ARABIC_LETTER: Final = re.compile(r"[\u0600-\u06ff]")
WORD: Final = re.compile(r"[^\W\d_]+")
_NISBA: Final = ("", "ه", "ون", "ين", "ات", "ا", "ان", "تان", "تين", "و")
# Towns of which the name is a word too: a grandfather, floods, a cable, pictures.
_WORDS_TOO: Final = frozenset(
    [
        "جده",
        "سيول",
        "كابل",
        "فاس",
        "سرت",
        "سلا",
        "معان",
        "الخليل",
        "ديفا",
        "حلب",
        "لومي",
        "برن",
        "دكا",
        "الهول",
        "كانو",
        "بورنو",
        "عدن",
        "ليون",
        "مشهد",
        "جيزه",
    ]
)


class Term(NamedTuple):
    """A form of a name: the words after the first, which country, whether it may be written small or stand for something else."""

    rest: tuple[str, ...]
    country: str
    sure: bool = True
    capitals: tuple[bool, ...] = ()  # of which words, from the first on, the first letter has to be one
    acronym: bool = False


_Table = dict[str, list[Term]]


def _put(table: _Table, words: Sequence[str], term: Term) -> None:
    held = table.setdefault(words[0], [])
    if all(one.rest != term.rest for one in held):
        held.append(term)


@lru_cache(1)
def latin() -> Mapping[str, Sequence[Term]]:
    """Names in Latin and Cyrillic letters by their first word, in small letters; the longest first."""
    table: _Table = {}
    for code, one in _other_names():
        if not ARABIC_LETTER.search(one):
            _name(table, code, one)
    for code, one in _latin_names():
        _name(table, code, one)
    _name(table, "US", "US")
    for code, _, french, _ in _rows():
        for one, ending in product(french.split(), ("", "ne", "e", "s", "nes", "es", "ienne", "iennes")):
            words = _words(one + ending)
            _put(table, words, Term(tuple(words[1:]), code))
    for code, one in _pairs(SPANISH):
        for form in _spanish(one):
            _put(table, [form], Term((), code))
    return _longest_first(table)


def _latin_names() -> Iterator[tuple[str, str]]:
    """Names of CLDR, then English demonyms and cities."""
    for code, name in (one for language in ("en", "fr", "es", "ru") for one in _territories(language)):
        plain = re.sub(r"\s*\(.*?\)|\s*\[.*?\]", "", name)
        for one in (plain, plain.replace(" & ", " and "), plain.replace("St. ", "Saint ")):
            if len(one) > _SHORTEST_NAME or one.isupper():
                yield code, one
    for code, demonyms, _, cities in _rows():
        for one in (*_multi(demonyms), *cities.split(";")):
            if one and not ARABIC_LETTER.search(one):
                yield code, one


def _name(table: _Table, code: str, name: str) -> None:
    if CYRILLIC.search(name) and " " not in name:
        for form in (*_declined(name), *_adjective(name)):
            words = _words(form)
            is_adjective = form.endswith(_RUSSIAN_ENDINGS)
            _put(table, words, Term(tuple(words[1:]), code, form not in _UNSURE, () if is_adjective else (True,)))
        return
    words = _words(name)
    acronym = (len(name) <= 4 and name.isupper()) or all(len(one) == 1 for one in words)
    sure = name.lower() not in _UNSURE or code == NOWHERE
    capitals = () if code == NOWHERE else tuple(one[0].isupper() for one in WORD.findall(name))
    _put(table, words, Term(tuple(words[1:]), code, sure, capitals, acronym))


def _words(name: str) -> list[str]:
    return [one.lower().replace("ё", "е") for one in WORD.findall(name)]


_RUSSIAN_ENDINGS: Final = tuple(
    stem + ending for stem in ("ск", "цк") for ending in ("ий", "ого", "ому", "им", "ом", "ая", "ой", "ую", "ое", "ие", "их", "ими")
)  # fmt: skip
_DECLENSIONS: Final = (
    ("ия", ("ия", "ии", "ию", "ией")),
    ("а", ("а", "ы", "и", "е", "у", "ой")),
    ("я", ("я", "и", "ю", "ей", "е")),
    ("ь", ("ь", "я", "и", "ю", "ем", "е")),
    ("й", ("й", "я", "ю", "ем", "е", "и")),
    ("ы", ("ы", "", "ов", "ам", "ами", "ах")),
    ("ье", ("ье", "ья", "ью", "ьем")),
)


def _declined(name: str) -> Iterator[str]:
    name = name.lower().replace("ё", "е")
    for ending, forms in _DECLENSIONS:
        if name.endswith(ending):
            yield from (name[: -len(ending)] + one for one in forms)
            return
    yield name
    if name[-1] not in "аеиоуэюя":
        yield from (name + one for one in ("а", "у", "ом", "е"))


def _adjective(name: str) -> Iterator[str]:
    """российский of Россия, иранская of Иран; what is formed otherwise stands in the table."""
    name = name.lower()
    stem = name[:-1] + "й" if name.endswith("ия") else name
    if stem[-1] not in "аеиоуэюяыь" and not stem.endswith("ск"):
        yield from (stem + one for one in _RUSSIAN_ENDINGS if one.startswith("ск"))


def _spanish(one: str) -> Iterator[str]:
    yield one
    if one.endswith("o"):
        yield from (one[:-1] + ending for ending in ("a", "os", "as"))
    elif one.endswith(("és", "ín", "án", "ón", "ol")):
        stem = one[:-2] + {"é": "e", "í": "i", "á": "a", "ó": "o", "o": "o"}[one[-2]] + one[-1]
        yield from (stem + ending for ending in ("a", "es", "as"))
    elif one.endswith("í"):
        yield from (one + ending for ending in ("es", "s"))
    else:
        yield one + "s"


def _longest_first(table: _Table) -> Mapping[str, Sequence[Term]]:
    return {first: sorted(terms, key=lambda one: -len(one.rest)) for first, terms in table.items()}


@lru_cache(1)
def arabic() -> Mapping[str, Sequence[Term]]:
    """Names in Arabic by their first word, folded, each word without its article; demonyms by the rule of nisba."""
    table: _Table = {}
    cities = ((code, one) for code, _, _, cities in _rows() for one in cities.split(";"))
    for code, name in (*_other_names(), *_arabic_territories(), *cities):
        if ARABIC_LETTER.search(name):
            _arabic_name(table, code, name)
    for code, plain in _arabic_territories():
        bare = _bare(plain)
        short = re.sub(r"(?:يا|ا|ه)$", "", bare)
        if " " not in bare and len(short) > 2 and code not in ("ML", "OM"):
            _of(table, code, [f"{short}ي"])
    for code, one in _pairs(ARABIC):
        _of(table, code, [_bare(part) for part in one.split("-")])
    _of(table, "ML", ["مالي"])
    _of(table, "OM", ["عماني"])
    return _longest_first(table)


def _arabic_territories() -> list[tuple[str, str]]:
    return [(code, re.sub(r"\s*\(.*?\)|\s*\[.*?\]", "", name).strip()) for code, name in _territories("ar")]


def _of(table: _Table, code: str, nisba: Sequence[str]) -> None:
    """A nisba in all its forms; of "جنوب سوداني" the second word has them."""
    for ending in _NISBA:
        words = [part + ending if part.endswith("ي") else part for part in nisba]
        _put(table, words, Term(tuple(words[1:]), code))


def _arabic_name(table: _Table, code: str, name: str) -> None:
    words = [_bare(one) for one in re.split(r"[\s-]+", name) if one]
    if len("".join(words)) > 2 and words[0] not in ("جزر", "مان"):
        _put(table, words, Term(tuple(words[1:]), code, fold_arabic(name) not in _WORDS_TOO))


def _bare(word: str) -> str:
    """A word folded and without its article, which is written with a plain alef: ألمانيا has none."""
    return fold_arabic(word[2:] if word.startswith("ال") and len(word) > 4 else word)


def _territories(language: str) -> Iterable[tuple[str, str]]:
    for code, name in Locale(language).territories.items():
        if len(code) == 2 and code.isalpha() and code not in _LEFT_OUT and name != "Congo":
            yield code, name


def _other_names() -> Iterator[tuple[str, str]]:
    for line in NAMES.strip().splitlines():
        code, _, names = line.partition("|")
        yield from ((code, one) for one in names.split(";"))
    for line in RUSSIAN.strip().splitlines():
        code, _, rest = line.partition(" ") if line[2] == " " else (line[:2], "", line[2:])
        adjectives, _, names = rest.partition("|")
        for one in adjectives.split():
            for ending in _RUSSIAN_ENDINGS:
                if ending.startswith(one[-2:]):
                    yield code, one[:-2] + ending
        yield from ((code, one) for one in names.split())


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    for line in text.strip().splitlines():
        for group in line.split("|"):
            code, *names = group.split()
            yield from ((code, one) for one in names)


def _rows() -> Iterable[tuple[str, str, str, str]]:
    for line in TABLE.strip().splitlines():
        code, demonyms, french, places = line.split("|")
        yield code, demonyms, french, places


_FIRST_OF_TWO: Final = frozenset(
    ["North", "South", "New", "Sri", "Cape", "Central", "Costa", "Sierra", "Dominican", "Papua"]
)


def _multi(demonyms: str) -> Iterable[str]:
    """Demonyms of one word, and those of two that begin with a direction or a first word that is none by itself."""
    words = demonyms.split()
    at = 0
    while at < len(words):
        size = 1
        if words[at] in _FIRST_OF_TWO and at + 1 < len(words):
            size = 3 if words[at] == "Papua" else 2
        yield " ".join(words[at : at + size])
        at += size
