"""Countries that a text names: by name, demonym, region or town; what may mean something else needs company or its place.

Every form that a name is written in is made once, and looked up by its first word; the longest that fits is taken.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from tocsin.desk.document import Found, Place
from tocsin.desk.finding.gazetteer import ARABIC_LETTER, CYRILLIC, NOWHERE, WORD, Term, arabic, latin
from tocsin.desk.finding.lexicon import stripped
from tocsin.desk.finding.words import fold_arabic

MOST_WORDS: Final = 50  # that are kept for one country
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
_ARABIC_WORD: Final = re.compile(r"[\u0621-\u064a]+")
_JOINED: Final = re.compile(r"[\s\u00a0]?[-'’.]?[\s\u00a0]?")
_ARTICLE: Final = re.compile("[وف]?(?:[بك]?ال|لل)(?=مالي)")
_SHADDA: Final = "\u0651"
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
_ASIDE: Final = re.compile(r"(?:في|الي|من|مدينه|ميناء|مطار|محافظه|ولايه|قرب|شمال|جنوب|شرق|غرب|العاصمه|بين|وسط)\s$")


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
    if ARABIC_LETTER.search(text):
        out += _in_arabic(text, fold_arabic(whole))
    return sorted(out, key=lambda one: one.word.start)


def _in_latin(text: str) -> list[_Mention]:
    table = latin()
    tokens = [(found.start(), found.end()) for found in WORD.finditer(text)]
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
        if term.country == NOWHERE or _IN_A_STATE.match(text[end : end + 20]):
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
    terms: Sequence[Term], text: str, tokens: Sequence[tuple[int, int]], lowered: Sequence[str], at: int
) -> Term | None:
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
    if CYRILLIC.match(word):  # a small letter would make a word of it, and so may a sentence's beginning
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
    table = arabic()
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
        if code and code != NOWHERE:
            is_place = term.sure or _ASIDE.search(folded[max(0, start - 12) : start]) is not None
            word = Found(written, kept[start], kept[end - 1] + 1)
            out.append(_Mention(code, word, key, term.sure and key not in _SHARED, is_place))
    return out


def _arabic_term(
    table: Mapping[str, Sequence[Term]], folded: str, tokens: Sequence[tuple[int, int]], at: int
) -> tuple[str, Term] | None:
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
