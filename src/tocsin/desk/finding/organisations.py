"""Organisations: "Long Name (ACRONYM)", then the acronym and shorter forms of the name alone; and the blocs of states."""

import re
from collections.abc import Iterator
from typing import Final

from tocsin.desk import thresholds
from tocsin.desk.document import Found, Organisation

_BLOCS: Final = """
UN: United Nations|Nations unies|ONU|الأمم المتحدة|Naciones Unidas|ООН|Организация Объединённых Наций
EU: European Union|Union européenne|UE|الاتحاد الأوروبي|Unión Europea|ЕС|Евросоюз
AU: African Union|Union africaine|الاتحاد الأفريقي|الاتحاد الإفريقي|Unión Africana|Африканский союз
NATO: North Atlantic Treaty Organization|OTAN|الناتو|حلف شمال الأطلسي|حلف الناتو|НАТО
Arab League: League of Arab States|Ligue arabe|جامعة الدول العربية|الجامعة العربية|Liga Árabe|Лига арабских государств
GCC: Gulf Cooperation Council|Conseil de coopération du Golfe|CCG|مجلس التعاون الخليجي|مجلس التعاون
OIC: Organisation of Islamic Cooperation|Organization of Islamic Cooperation|Organisation de la coopération islamique|OCI|منظمة التعاون الإسلامي
ECOWAS: Economic Community of West African States|CEDEAO|Cédéao|إيكواس|المجموعة الاقتصادية لدول غرب أفريقيا
ECCAS: Economic Community of Central African States|CEEAC
AES: Alliance of Sahel States|Alliance des États du Sahel|تحالف دول الساحل
G5 Sahel: G5 du Sahel|مجموعة الساحل الخمس
SADC: Southern African Development Community
IGAD: Intergovernmental Authority on Development
CIS: Commonwealth of Independent States|CEI|رابطة الدول المستقلة|СНГ
CSTO: Collective Security Treaty Organization|Collective Security Treaty Organisation|OTSC|منظمة معاهدة الأمن الجماعي|ОДКБ
EAEU: Eurasian Economic Union|Union économique eurasiatique|الاتحاد الاقتصادي الأوراسي|ЕАЭС
SCO: Shanghai Cooperation Organization|Shanghai Cooperation Organisation|Organisation de coopération de Shanghai|منظمة شنغهاي للتعاون|ШОС
BRICS: البريكس|بريكس|БРИКС
ASEAN: Association of Southeast Asian Nations|ANASE|آسيان|АСЕАН
OSCE: Organization for Security and Co-operation in Europe|Organisation for Security and Co-operation in Europe|منظمة الأمن والتعاون في أوروبا|ОБСЕ
OAS: Organization of American States|OEA
CARICOM: Caribbean Community
MERCOSUR: Mercosul
G7: Group of Seven|مجموعة السبع
G20: Group of Twenty|مجموعة العشرين
Interpol: INTERPOL|الإنتربول|الانتربول|Интерпол
Europol: EUROPOL|يوروبول|Европол
Afripol: AFRIPOL|أفريبول
Frontex: فرونتكس
IAEA: International Atomic Energy Agency|AIEA|الوكالة الدولية للطاقة الذرية|МАГАТЭ
WHO: World Health Organization|OMS|منظمة الصحة العالمية|ВОЗ
"""
_SMALL: Final = "of|the|for|and|on|in|to|against|de|des|du|la|le|les|l'|l’|d'|d’|et|pour|contre|del|los|las|y|para|&"
_LONG: Final = re.compile(
    rf"(?<![\w’'.-])(?P<long>(?:[A-ZÀ-Ý][\w’'.-]{{0,40}})(?:\s+(?:(?:{_SMALL})\s+){{0,3}}[A-ZÀ-Ý][\w’'.-]{{0,40}}|\s+(?:{_SMALL})(?=\s+(?:{_SMALL})?\s*[A-ZÀ-Ý])){{1,9}})\s+\((?P<short>[A-Z][A-Za-z0-9-]{{1,11}})\)"
)
_CYRILLIC: Final = re.compile(
    r"(?<![\w-])(?P<long>[А-ЯЁ][\w-]{1,40}(?:\s+[\w-]{1,40}){1,7})\s+\((?P<short>[А-ЯЁ]{2,10})\)"
)
_ARABIC: Final = re.compile(
    r"(?<![\u0621-\u064a])(?P<long>[\u0621-\u064a]{1,40}(?:\s+[\u0621-\u064a]{1,40}){1,6})\s+\(\s*[\"«“]?(?P<short>[A-Z][A-Za-z0-9-]{1,11}|[\u0621-\u064a]{3,12})[\"»”]?\s*\)"
)
_NOT_ACRONYMS: Final = frozenset(
    {
        "PDF",
        "USD",
        "EUR",
        "MAD",
        "AFP",
        "AP",
        "MAP",
        "GMT",
        "UTC",
        "CEO",
        "CFO",
        "CTO",
        "COVID",
        "COVID-19",
        "AI",
        "IT",
        "TV",
        "II",
        "III",
        "IV",
    }
)


class _Known:
    def __init__(self, name: str, acronym: str, *, bloc: bool) -> None:
        self.name, self.acronym, self.bloc = name, acronym, bloc
        self.aliases: dict[str, None] = {}
        self.words: list[Found] = []


def _blocs() -> Iterator[tuple[str, tuple[str, ...]]]:
    for line in _BLOCS.split("\n"):
        name, _, aliases = line.partition(": ")
        if aliases:
            yield name, (name, *aliases.split("|"))


_BLOC_OF: Final = {alias: name for name, aliases in _blocs() for alias in aliases}
_LONGEST_OF: Final = {name: next((one for one in aliases[1:2] if " " in one), name) for name, aliases in _blocs()}
_BLOC: Final = re.compile(
    r"(?<![^\W_])(?:[وبلف]?)(?P<name>"
    + "|".join(sorted(map(re.escape, _BLOC_OF), key=len, reverse=True))
    + r")(?![^\W_])"
)


def organisations_in(text: str, aliases: dict[str, str] | None = None) -> tuple[Organisation, ...]:
    """Organisations of a text. `aliases`: names that other texts of the story gave: acronym or short form to long name."""
    text = text[: thresholds.PLACE_CHARACTERS]
    known: dict[str, _Known] = {}
    for found in _BLOC.finditer(text):
        name = _BLOC_OF[found["name"]]
        held = known.setdefault(name, _Known(_LONGEST_OF[name], name, bloc=True))
        _note(held, found["name"], found.start("name"))
    for found in _pairs(text):
        short, long = found["short"], _expanded(found["long"], found["short"])
        if long and short not in _NOT_ACRONYMS and short not in known and short not in _BLOC_OF:
            known[short] = _Known(long, short, bloc=False)
    for short, long in (aliases or {}).items():
        if short not in known and short in text:
            known[short] = _Known(long, short if short.isupper() else "", bloc=False)
    for held in known.values():
        if not held.bloc:
            _find(held, text)
    made = [
        Organisation(
            held.name,
            held.acronym,
            len(held.words),
            tuple(held.words[: thresholds.WORDS_SHOWN]),
            tuple(one for one in held.aliases if one not in (held.name, held.acronym))[: thresholds.ALIASES],
            held.bloc,
        )
        for held in known.values()
        if held.words
    ]
    return tuple(sorted(made, key=lambda one: (-one.count, one.name)))


def _pairs(text: str) -> Iterator[re.Match[str]]:
    for form in (_LONG, _CYRILLIC, _ARABIC):
        yield from form.finditer(text)


def _note(held: _Known, name: str, start: int) -> None:
    held.words.append(Found(name, start, start + len(name)))
    held.aliases[name] = None


def _expanded(long: str, short: str) -> str:
    """The end of the words before the bracket whose initials are the acronym; all of them for another script."""
    words = long.split()
    if not short[0].isascii() or "\u0600" <= long[0] <= "\u06ff":
        return long if len(words) <= 7 else " ".join(words[-len(short) :])
    letters = re.sub(r"[^A-Za-z]", "", short).lower()
    for size in range(len(letters), len(words) + 1):
        candidate = words[-size:]
        if (
            candidate[0][:1].lower() == letters[0]
            and candidate[0][:1].isupper()
            and _spells([one.lower() for one in candidate], letters)
        ):
            return " ".join(candidate)
    # Two words may give one letter more ("Eurasian Economic Union", EAEU), and names of other languages other letters.
    for size in range(max(len(letters) - 2, 2), len(words) + 1):
        candidate = words[-size:]
        if candidate[0][:1].lower() == letters[0] and _spells([one.lower() for one in candidate], letters, loose=True):
            return " ".join(candidate)
    # An acronym of the original language ("Federal Security Service", FSB): most initials agree, the first among them.
    same = words[-len(letters) :]
    agree = sum(one[:1].lower() == letter for one, letter in zip(same, letters, strict=False))
    return (
        " ".join(same)
        if len(same) == len(letters) and same[0][:1].lower() == letters[0] and 3 * agree >= 2 * len(letters)
        else ""
    )


def _spells(words: list[str], letters: str, *, loose: bool = False) -> bool:
    """Whether letters stand in the words in order, each word giving its first at least once; loose: more of one word."""
    at = 0
    for word in words:
        if at < len(letters) and word[:1] == letters[at]:
            at += 1
            if loose:
                for letter in word[1:]:
                    if at < len(letters) - 1 and letter == letters[at] and letter in "aeiou":
                        at += 1
                        break
    return at == len(letters)


def _find(held: _Known, text: str) -> None:
    forms = [held.name, *([held.acronym] if held.acronym else []), *_shorter(held.name)]
    pattern = re.compile(
        r"(?<![^\W_])(?:"
        + "|".join(sorted(map(re.escape, dict.fromkeys(forms)), key=len, reverse=True))
        + r")(?![^\W_])"
    )
    for found in pattern.finditer(text):
        _note(held, found[0], found.start())


def _shorter(name: str) -> list[str]:
    """How a text goes on to call "Russian Security Council" and "National Security Council": the last words, if two are left."""
    words = name.split()
    return [" ".join(words[i:]) for i in range(1, len(words) - 1) if words[i][:1].isupper() and len(words) - i >= 2][:2]


def story_aliases(found: tuple[Organisation, ...]) -> dict[str, str]:
    """Names that one text of a story gives, for the others: acronym to long name."""
    return {one.acronym: one.name for one in found if one.acronym and not one.bloc}
