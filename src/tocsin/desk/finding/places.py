"""Which countries a text is about, with the words that say so. What also means something else needs evidence beside it."""

import re
from typing import Final

from tocsin.desk import thresholds
from tocsin.desk.document import Found, Place
from tocsin.desk.finding.gazetteer import LANGUAGES, Name, table
from tocsin.desk.finding.words import fold_arabic

_BEFORE: Final = re.compile(
    r"(?:\b(?:in|of|from|to|into|near|across|inside|outside|north|south|east|west|northern|southern|eastern|western|central|between|and|republic of|government of|president of|army of|president|neighbou?ring"
    r"|au|aux|en|du|de|vers|le|la|les|nord du|sud du|l[’'])|,|(?<!\w)(?:في|من|إلى|الى|شمال|جنوب|شرق|غرب|دولة|جمهورية|حكومة|رئيس|جيش))\s*$",
    re.IGNORECASE,
)
_AFTER: Final = re.compile(
    r"^\s*(?:['’]s?\b|,?\s*(?:and|or|et|و)\s+(?:[A-Z]|\w)|(?:is|has|said|says|will|border|army|government|troops|military|president|police|authorities|officials)\b)"
)
_PERSON: Final = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Sir|Michael|Air|Hotel|Street|St|King|Queen|Prince|Peter|David|the)\.?|\b[A-Z][a-z]+)\s$"
)
_SURNAME: Final = re.compile(r"^\s+[A-Z][a-z]+")
_FINANCE: Final = re.compile(r"(?:القطاع|النظام|الدعم|الوضع|المركز|العام|سوق|ازمه|عجز|غير|شكل|مدير|محلل)\s*(?:ال)?$")
_SAHEL: Final = frozenset({"ML", "NE", "BF", "TD", "MR", "NG", "SN", "DZ", "LY", "CM", "CI", "GN", "BJ", "TG"})
_EN_STATES: Final = re.compile(r"\b(?:Atlanta|Savannah|Ga\.|U\.S\. state|Florida|Alabama|Carolina|Tennessee)\b")
_LETTERS: Final = re.compile(r"[^\W\d_]+")


class _Hit:
    __slots__ = ("end", "name", "start", "sure", "text")

    def __init__(self, found: re.Match[str], name: Name, text: str) -> None:
        self.start, self.end, self.name = found.start("name"), found.end("name"), name
        self.text = text[self.start : self.end]
        self.sure = not name.doubtful


def places_in(title: str, text: str, language: str) -> tuple[Place, ...]:
    """The countries named in a title and a text, most named first. Offsets count in the text; of the title they are -1."""
    if language not in LANGUAGES:
        language = "ar" if language in ("fa", "ur") else "en"
    text = text[: thresholds.PLACE_CHARACTERS]
    hits = _hits(text, language)
    headed = _hits(title, language)
    sure = {one.name.country for one in (*hits, *headed) if one.sure}
    counted: dict[str, list[_Hit]] = {}
    for one in hits:
        if one.sure or one.name.country in sure or _supported(one, text, sure, language):
            counted.setdefault(one.name.country, []).append(one)
    titled = {
        one.name.country
        for one in headed
        if one.sure or one.name.country in counted or _supported(one, title, sure, language)
    }
    made = [
        Place(
            code,
            len(counted.get(code, ())) + (code in titled),
            tuple(Found(one.text, one.start, one.end) for one in counted.get(code, [])[: thresholds.WORDS_SHOWN]),
            code in titled,
        )
        for code in {*counted, *titled}
    ]
    return tuple(sorted(made, key=lambda one: (-one.count, one.country)))


def _hits(text: str, language: str) -> list[_Hit]:
    known = table(language)
    searched = text if language != "ar" else _folded(text)
    made = []
    for found in known.pattern.finditer(searched):
        name = (
            known.names.get(re.sub(r"[\s-]+", " ", found["name"]) if language == "ar" else found["name"].lower())
            or known.names.get(found["name"].lower().replace(" ", "-"))
            or known.names.get(found["name"].lower().replace("-", " "))
        )
        if name is None:
            continue
        one = _Hit(found, name, text)
        if language == "ar" or _is_capitalised(one, text, language):
            made.append(one)
    return made


def _folded(text: str) -> str:
    folded = fold_arabic(text)
    return folded if len(folded) == len(text) else "".join(fold_arabic(one) or "\u0640" for one in text)


def _is_capitalised(hit: _Hit, text: str, language: str) -> bool:
    """Names have capitals, also "US" against "us"; adjectives only in English. A line in capitals tells nothing."""
    word = hit.text
    if word.lower() in ("us", "uk", "eeuu", "usa", "uae", "rdc", "drc", "рф"):
        return word.isupper() and not _shouts(text, hit)
    if all(one[0].isupper() for one in _LETTERS.findall(word) if len(one) > 3 or one == word):
        return not (hit.name.adjective and word.lower() == "polish" and _starts_sentence(text, hit.start))
    return hit.name.adjective and language in ("fr", "es", "ru")


def _shouts(text: str, hit: _Hit) -> bool:
    around = _LETTERS.findall(text[max(hit.start - 30, 0) : hit.start] + " " + text[hit.end : hit.end + 30])
    long = [one for one in around if len(one) > 3]
    return len(long) >= 3 and all(one.isupper() for one in long)


def _starts_sentence(text: str, at: int) -> bool:
    return not text[:at].strip() or text[:at].rstrip()[-1:] in ".!?\n"


def _supported(hit: _Hit, text: str, sure: set[str], language: str) -> bool:
    """Evidence that a doubtful name is the country: what stands beside it, or the neighbours it is named with."""
    before, after = text[max(hit.start - 24, 0) : hit.start], text[hit.end : hit.end + 24]
    word, code = hit.text.lower(), hit.name.country
    if language == "ar":
        if _FINANCE.search(fold_arabic(before)) or not (_BEFORE.search(before) or sure & _SAHEL or code in sure):
            return False
        return not (word == "مالي" and not (sure & _SAHEL or _BEFORE.search(before)))
    if code == "GE" and _EN_STATES.search(text):
        return False
    if word in ("réunion", "reunion"):
        return (
            before.rstrip().lower().endswith(("la", "of", "island", "île de la"))
            and hit.text[0].isupper()
            and "RE" in sure
        )
    if (_PERSON.search(before) and not _BEFORE.search(before)) or (
        _SURNAME.match(after) and word in ("chad", "jordan", "georgia") and not _BEFORE.search(before)
    ):
        return False
    if word == "turkey" and re.search(r"\b(?:thanksgiving|roast|breast|meat|dinner|sandwich)\b", text, re.IGNORECASE):
        return False
    return bool(_BEFORE.search(before) or _AFTER.match(after) or (code in _SAHEL and len(sure & _SAHEL) > 0))
