"""Countries that a text names: by name, demonym, region or town; what may mean something else needs company or its place.

Every form that a name is written in is made once, and looked up by its first word; the longest that fits is taken.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import product
from typing import Final, NamedTuple

from babel import Locale

from tocsin.desk.document import Found, Place
from tocsin.desk.finding.lexicon import stripped
from tocsin.desk.finding.nations import TABLE
from tocsin.desk.finding.regions import ARABIC, NAMES, RUSSIAN, SPANISH
from tocsin.desk.finding.words import fold_arabic

MOST_WORDS: Final = 50  # that are kept for one country
_SHORTEST_NAME: Final = 3
_NOWHERE: Final = "-"
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
# One name, two countries: the second, if only the second is spoken of.
_SHARED: Final[Mapping[str, tuple[str, str]]] = {
    "tripoli": ("LY", "LB"),
    "tripoli,": ("LY", "LB"),
    "طرابلس": ("LY", "LB"),
    "congolese": ("CD", "CG"),
    "congolais": ("CD", "CG"),
    "congo": ("CD", "CG"),
    "punjab": ("IN", "PK"),
    "hyderabad": ("IN", "PK"),
    "valencia": ("ES", "VE"),
    "guinéen": ("GN", "GQ"),
    "punjab province": ("PK", "IN"),
}
_BEFORE_PLACE: Final = re.compile(
    r"(?:\b(?:the|el|in|from|to|of|near|across|into|inside|between|and|with|au|en|du|le|la|vers|dans|à|de|в|из|на|по|к|del|por|y|et|central|northern|southern|eastern|western|northeastern|northwestern)\s|\bl['’]|^|[\n(,/–.-]\s?)$",
    re.IGNORECASE,
)
_NAME_BEFORE: Final = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Michael|Jim|Robert|Vernon|DeAndre|Barbara|Hamilton|Neil|Katie)\.?\s|[A-Z][a-z]+\s)$"
)
_NAME_AFTER: Final = re.compile(r"^\s[A-Z][a-z]+(?:\s|$|[,.])")
_STATES: Final = (
    "Alabama|Alaska|Arizona|Arkansas|Colorado|Connecticut|Delaware|Florida|Georgia|Idaho|Illinois|Indiana|Iowa|Kansas|Kentucky|Louisiana|Maine|Maryland|Massachusetts|"
    "Michigan|Minnesota|Mississippi|Missouri|Montana|Nebraska|Nevada|New Hampshire|New Jersey|New Mexico|New York|North Carolina|North Dakota|Ohio|Oklahoma|Oregon|"
    "Pennsylvania|Rhode Island|South Carolina|South Dakota|Tennessee|Texas|Utah|Vermont|Virginia|West Virginia|Wisconsin|Wyoming|Ontario"
)
_IN_A_STATE: Final = re.compile(rf"^,\s(?:{_STATES})\b")
_AMERICAN: Final = re.compile(
    r"\b(?:Atlanta|Savannah|Augusta|Athens, Georgia|Tech|Bulldogs|Fulton County|Alabama|Florida|Carolina|Tennessee)\b"
)
# After a name at a sentence's beginning: then it is a verb, a bird, or a dish.
_NO_PLACE_AFTER: Final[Mapping[str, re.Pattern[str]]] = {
    "polish": re.compile(r"^\s(?:the|your|his|her|its|their|our|my|it|them|up|off|and|with|until)\b"),
    "turkey": re.compile(r"^\s(?:prices|meat|breast|dinner|dinners|sandwich|farm|farms|farmers|hunters?|hunting|is served)\b"),
    "réunion": re.compile(r"^\s"),
    "reunion": re.compile(r"^\s"),
}  # fmt: skip
_CYRILLIC: Final = re.compile(r"[\u0400-\u04ff]")
_ARABIC: Final = re.compile(r"[\u0600-\u06ff]")
_WORD: Final = re.compile(r"[^\W\d_]+")
_ARABIC_WORD: Final = re.compile(r"[\u0621-\u064a]+")
_JOINED: Final = re.compile(r"[\s\u00a0]?[-'’.]?[\s\u00a0]?")
_ARTICLE: Final = re.compile("[وف]?(?:[بك]?ال|لل)(?=مالي)")
_SHADDA: Final = "\u0651"
_NISBA: Final = ("", "ه", "ون", "ين", "ات", "ا", "ان", "تان", "تين", "و")
# Amman is written as Oman is, Mali as "financial": what must stand beside them.
_JORDAN: Final = re.compile(r"الاردن|الهاشمي|اربد|الزرقاء|العقبه|المملكه الاردنيه")
_OF_OMAN: Final = re.compile(r"(?:سلطنه|بحر|خليج|شرطه|سلطان|دوله|ساحل|سواحل|موانئ|مواني)\s$")
_CAPITAL: Final = re.compile(r"العاصمه\s$")
_SAHEL: Final = re.compile(
    r"باماكو|الساحل|النيجر|بوركينا|دوله مالي|جمهوريه مالي|شمال مالي|في مالي|ازواد|كيدال|تمبكتو|نصره الاسلام|الطوارق|غويتا|الازوادي"
)
_OF_A_STATE: Final = re.compile(
    r"(?:^|\s)(?:[وفبل]|ب|ل|لل)?(?:في|شمال|جنوب|وسط|شرق|غرب|الي|من|دوله|جمهوريه|حكومه|سلطات|جيش|عاصمه|حدود|اراضي|بين|صوب|نحو|تجاه|داخل|ازمه شمال|ومالي|قوات|جنود|انقلاب|انقلابي)\s$"
)
_SOLDIERS: Final = re.compile(
    r"(?:^|\s)(?:[وفبل])?(?:ال|لل)(?:جيش|رييس|قوات|جنود|جندي|شعب|عاصمه|خارجيه|اراضي|حدود|صحراء|عسكري|عسكريه|سفير|سفاره|طوارق|حكومه الانتقاليه|رئيس|درك|مجلس العسكري|مسلحين|متمردين)\s$"
)
_MONEY: Final = re.compile(
    r"(?:دعم|عجز|وسيط|تحقيق|فساد|نظام|قطاع|مدير|وزير|تحويل|مبلغ|احتيال|ضغط|مركز|سوق|عام|فايض|مقابل|عون|ضمان|تدقيق|جزاء|غرامه|استقرار|اداء|راسمال|ربح|عايد|حافز|تمويل)\s$"
)
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
_ASIDE: Final = re.compile(r"(?:في|الي|من|مدينه|ميناء|مطار|محافظه|ولايه|قرب|شمال|جنوب|شرق|غرب|العاصمه|بين|وسط)\s$")


class _Term(NamedTuple):
    """A form of a name: the words after the first, which country, whether it may be written small or stand for something else."""

    rest: tuple[str, ...]
    country: str
    sure: bool = True
    capitals: tuple[bool, ...] = ()  # of which words, from the first on, the first letter has to be one
    acronym: bool = False


_Table = dict[str, list[_Term]]


def _put(table: _Table, words: Sequence[str], term: _Term) -> None:
    held = table.setdefault(words[0], [])
    if all(one.rest != term.rest for one in held):
        held.append(term)


@lru_cache(1)
def _latin() -> Mapping[str, Sequence[_Term]]:
    """Names in Latin and Cyrillic letters by their first word, in small letters; the longest first."""
    table: _Table = {}
    for code, one in _other_names():
        if not _ARABIC.search(one):
            _name(table, code, one)
    for code, one in _latin_names():
        _name(table, code, one)
    _name(table, "US", "US")
    for code, _, french, _ in _rows():
        for one, ending in product(french.split(), ("", "ne", "e", "s", "nes", "es", "ienne", "iennes")):
            words = _words(one + ending)
            _put(table, words, _Term(tuple(words[1:]), code))
    for code, one in _pairs(SPANISH):
        for form in _spanish(one):
            _put(table, [form], _Term((), code))
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
            if one and not _ARABIC.search(one):
                yield code, one


def _name(table: _Table, code: str, name: str) -> None:
    if _CYRILLIC.search(name) and " " not in name:
        for form in (*_declined(name), *_adjective(name)):
            words = _words(form)
            is_adjective = form.endswith(_RUSSIAN_ENDINGS)
            _put(table, words, _Term(tuple(words[1:]), code, form not in _UNSURE, () if is_adjective else (True,)))
        return
    words = _words(name)
    acronym = (len(name) <= 4 and name.isupper()) or all(len(one) == 1 for one in words)
    sure = name.lower() not in _UNSURE or code == _NOWHERE
    capitals = () if code == _NOWHERE else tuple(one[0].isupper() for one in _WORD.findall(name))
    _put(table, words, _Term(tuple(words[1:]), code, sure, capitals, acronym))


def _words(name: str) -> list[str]:
    return [one.lower().replace("ё", "е") for one in _WORD.findall(name)]


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


def _longest_first(table: _Table) -> Mapping[str, Sequence[_Term]]:
    return {first: sorted(terms, key=lambda one: -len(one.rest)) for first, terms in table.items()}


@lru_cache(1)
def _arabic() -> Mapping[str, Sequence[_Term]]:
    """Names in Arabic by their first word, folded, each word without its article; demonyms by the rule of nisba."""
    table: _Table = {}
    cities = ((code, one) for code, _, _, cities in _rows() for one in cities.split(";"))
    for code, name in (*_other_names(), *_arabic_territories(), *cities):
        if _ARABIC.search(name):
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
        _put(table, words, _Term(tuple(words[1:]), code))


def _arabic_name(table: _Table, code: str, name: str) -> None:
    words = [_bare(one) for one in re.split(r"[\s-]+", name) if one]
    if len("".join(words)) > 2 and words[0] not in ("جزر", "مان"):
        _put(table, words, _Term(tuple(words[1:]), code, fold_arabic(name) not in _WORDS_TOO))


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


# -- reading a text ---------------------------------------------------------------------------------------------------


def places(title: str, text: str) -> tuple[Place, ...]:
    """The countries of a text, most named first. Offsets count in the text; of the title only that it names one is kept."""
    whole = f"{title}\n{text}"
    said = _mentions(text, whole)
    told = {one.country for one in said if one.sure}
    titled = {code for code, _ in _decided(_mentions(title, whole), told)}
    found: dict[str, list[Found]] = {}
    for code, word in _decided(said, titled | told):
        found.setdefault(code, []).append(word)
    for code in titled:
        found.setdefault(code, [])
    ordered = sorted(found.items(), key=lambda one: (-len(one[1]) - (one[0] in titled), one[0]))
    return tuple(
        Place(code, len(words) + (code in titled), tuple(words[:MOST_WORDS]), code in titled) for code, words in ordered
    )


class _Mention(NamedTuple):
    """A name as it stands in a text. `sure`: nothing else is called so, nor need it be settled by what stands beside."""

    country: str
    word: Found
    key: str
    sure: bool
    is_place: bool


def _decided(said: Sequence[_Mention], told: set[str]) -> list[tuple[str, Found]]:
    """Of a name that two countries share, the one spoken of; a name that is a word too, only where it stands as a place or in company."""
    out = []
    for one in said:
        if one.key in _SHARED:
            first, second = _SHARED[one.key]
            out.append((second if second in told and first not in told else first, one.word))
        elif one.sure or one.is_place or one.country in told:
            out.append((one.country, one.word))
    return out


def _mentions(text: str, whole: str) -> list[_Mention]:
    out = _in_latin(text)
    if _ARABIC.search(text):
        out += _in_arabic(text, fold_arabic(whole))
    return sorted(out, key=lambda one: one.word.start)


def _in_latin(text: str) -> list[_Mention]:
    table = _latin()
    tokens = [(found.start(), found.end()) for found in _WORD.finditer(text)]
    lowered = [text[start:end].lower() for start, end in tokens]
    if not text.isascii():
        lowered = [one.replace("ё", "е") for one in lowered]
    american = _AMERICAN.search(text) is not None
    out: list[_Mention] = []
    at = 0
    while at < len(tokens):
        terms = table.get(lowered[at])
        term = _fitting(terms, text, tokens, lowered, at) if terms else None
        if term is None:
            at += 1
            continue
        start, end = tokens[at][0], tokens[at + len(term.rest)][1]
        at += len(term.rest) + 1
        key = " ".join((lowered[at - len(term.rest) - 1], *term.rest))
        if term.country == _NOWHERE or _IN_A_STATE.match(text[end : end + 20]):
            continue
        if term.country == "GE" and american and not term.sure:
            continue
        is_place = term.sure or _is_place(text, start, end, text[start:end])
        # Réunion and the bird are what they are without any company.
        if is_place or key not in _NO_PLACE_AFTER:
            found = Found(text[start:end], start, end)
            out.append(_Mention(term.country, found, key, term.sure and key not in _SHARED, is_place))
    return [one for one in out if one.sure or one.is_place or one.key in _SHARED]


def _fitting(
    terms: Sequence[_Term], text: str, tokens: Sequence[tuple[int, int]], lowered: Sequence[str], at: int
) -> _Term | None:
    for term in terms:
        last = at + len(term.rest)
        if last >= len(tokens) or tuple(lowered[at + 1 : last + 1]) != term.rest:
            continue
        if any(not _JOINED.fullmatch(text, tokens[n][1], tokens[n + 1][0]) for n in range(at, last)):
            continue
        if any(must and not text[tokens[at + n][0]].isupper() for n, must in enumerate(term.capitals)):
            continue
        if term.acronym and not text[tokens[at][0] : tokens[last][1]].isupper():
            continue
        return term
    return None


def _is_place(text: str, start: int, end: int, word: str) -> bool:
    """Whether a name that people and places share stands where a place stands."""
    before, after = text[max(0, start - 24) : start], text[end : end + 24]
    key = word.lower()
    if key in ("réunion", "reunion", "reunión"):
        return bool(re.search(r"(?:\bLa\s|\b[îi]le de (?:la |La )?)$", before)) and word[:1].isupper()
    if key in _NO_PLACE_AFTER and _NO_PLACE_AFTER[key].match(after):
        return False
    if key == "polish":
        return True
    if _CYRILLIC.match(word):  # a small letter would make a word of it, and so may a sentence's beginning
        return before.strip() != "" and before.rstrip()[-1] not in ".!?"
    if _BEFORE_PLACE.search(before) and not _NAME_AFTER.match(after):
        return True
    return (
        not _NAME_BEFORE.search(before)
        and not _NAME_AFTER.match(after)
        and bool(re.match(r"(?:['’]s\b|[,.–-]|\s(?:and|is|has|said|will|was|to)\b)", after))
    )


# -- Arabic -------------------------------------------------------------------------------------------------------------


def _in_arabic(text: str, whole: str) -> list[_Mention]:
    table = _arabic()
    # Folding takes marks away: offsets are found again by counting what was kept.
    kept = [number for number, one in enumerate(text) if fold_arabic(one)]
    folded = fold_arabic(text)
    tokens = [(found.start(), found.end()) for found in _ARABIC_WORD.finditer(folded)]
    out: list[_Mention] = []
    at = 0
    while at < len(tokens):
        found = _arabic_term(table, folded, tokens, at)
        if found is None:
            at += 1
            continue
        key, term = found
        start, end = tokens[at][0], tokens[at + len(term.rest)][1]
        at += len(term.rest) + 1
        written = text[kept[start] : kept[end - 1] + 1]
        code = _settled(term.country, key, written, folded[max(0, start - 24) : start], whole)
        if code and code != _NOWHERE:
            is_place = term.sure or _ASIDE.search(folded[max(0, start - 12) : start]) is not None
            word = Found(written, kept[start], kept[end - 1] + 1)
            out.append(_Mention(code, word, key, term.sure and key not in _SHARED, is_place))
    return out


def _arabic_term(
    table: Mapping[str, Sequence[_Term]], folded: str, tokens: Sequence[tuple[int, int]], at: int
) -> tuple[str, _Term] | None:
    for key in stripped(folded[tokens[at][0] : tokens[at][1]]):
        for term in table.get(key, ()):
            last = at + len(term.rest)
            if last < len(tokens) and all(
                folded[tokens[at + n][0] : tokens[at + n][1]] in (want, "ال" + want)
                and folded[tokens[at + n - 1][1] : tokens[at + n][0]].strip(" -\u00a0") == ""
                for n, want in enumerate(term.rest, 1)
            ):
                return key, term
    return None


def _settled(code: str, key: str, written: str, before: str, whole: str) -> str:
    """The country that is meant: Mali or money, Oman or Amman. Empty for none."""
    if code == "ML" and key.startswith("مالي"):
        return "ML" if _is_mali(key, _ARTICLE.match(fold_arabic(written)) is not None, before, whole) else ""
    if key == "يمني" and written.endswith("ى"):  # the right hand, not of Yemen
        return ""
    if code == "OM" and key == "عمان":
        if _SHADDA in written or _CAPITAL.search(before):
            return "JO"
        if not _OF_OMAN.search(before) and _JORDAN.search(whole) and "سلطنه" not in whole:
            return "JO"
    return code


def _is_mali(key: str, has_article: bool, before: str, whole: str) -> bool:
    sahel = _SAHEL.search(whole) is not None
    if has_article or key != "مالي":  # of Mali, or financial
        return _SOLDIERS.search(before) is not None and (sahel or key == "مالي" or key.startswith("ماليين"))
    if _OF_A_STATE.search(before):
        return True
    return sahel and _MONEY.search(before) is None
