"""Organisations and blocs: a long name with its acronym in brackets, and those that everybody knows by a table."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from tocsin.desk.document import Found, Organisation

MOST: Final = 200
_MOST_WORDS: Final = 40
_PAIR: Final = re.compile(r"\(\s?[«“\"']?(?P<acronym>[A-ZÀ-ÞА-Я][A-ZÀ-ÞА-Яa-z&.-]{1,11})[»”\"']?\s?\)")
_WORD: Final = re.compile(r"[^\W\d_][\w'’&.-]*")
_SMALL: Final = frozenset(
    [
        "of",
        "the",
        "for",
        "and",
        "on",
        "in",
        "to",
        "de",
        "des",
        "du",
        "la",
        "le",
        "les",
        "d'",
        "l'",
        "et",
        "pour",
        "sur",
        "en",
        "por",
        "para",
        "del",
        "los",
        "las",
        "y",
        "и",
        "по",
        "для",
        "на",
    ]
)
_LONGEST_NAME: Final = 10


class _Known(NamedTuple):
    name: str
    bloc: bool


# Whom threat reports speak of: (acronyms and other names, most official first), and whether it is a group of states.
_TABLE: Final = (
    ("United Nations|UN|ONU|Nations Unies|Naciones Unidas|ООН|الأمم المتحدة", True),
    ("European Union|EU|UE|Union européenne|Unión Europea|Европейский союз|ЕС|الاتحاد الأوروبي", True),
    ("African Union|AU|Union africaine|Unión Africana|Африканский союз|الاتحاد الأفريقي|الاتحاد الإفريقي", True),
    ("Arab League|League of Arab States|Ligue arabe|Liga Árabe|Лига арабских государств|جامعة الدول العربية|الجامعة العربية", True),
    ("North Atlantic Treaty Organization|NATO|OTAN|НАТО|حلف شمال الأطلسي|الناتو|حلف الناتو", True),
    ("Association of Southeast Asian Nations|ASEAN|ANASE|АСЕАН|آسيان", True),
    ("Economic Community of West African States|ECOWAS|CEDEAO|ЭКОВАС|إيكواس", True),
    ("Gulf Cooperation Council|GCC|Conseil de coopération du Golfe|مجلس التعاون الخليجي|مجلس التعاون لدول الخليج العربية", True),
    ("Commonwealth of Independent States|CIS|CEI|СНГ|رابطة الدول المستقلة", True),
    ("Collective Security Treaty Organization|CSTO|OTSC|ОДКБ|منظمة معاهدة الأمن الجماعي", True),
    ("Shanghai Cooperation Organisation|SCO|OCS|ШОС|منظمة شنغهاي للتعاون", True),
    ("Eurasian Economic Union|EAEU|UEE|ЕАЭС|الاتحاد الاقتصادي الأوراسي", True),
    ("Organization for Security and Co-operation in Europe|OSCE|ОБСЕ|منظمة الأمن والتعاون في أوروبا", True),
    ("Organisation of Islamic Cooperation|OIC|منظمة التعاون الإسلامي", True),
    ("Group of Seven|G7|G-7|مجموعة السبع", True),
    ("Group of Twenty|G20|G-20|مجموعة العشرين", True),
    ("BRICS|БРИКС|بريكس", True),
    ("Alliance of Sahel States|AES|Alliance des États du Sahel|تحالف دول الساحل", True),
    ("Interpol|INTERPOL|Интерпол|الإنتربول|المنظمة الدولية للشرطة الجنائية", False),
    ("Europol|EUROPOL|Европол|يوروبول|اليوروبول", False),
    ("Frontex|FRONTEX|فرونتكس", False),
    ("European Union Agency for Cybersecurity|ENISA", False),
    ("International Atomic Energy Agency|IAEA|AIEA|OIEA|МАГАТЭ|الوكالة الدولية للطاقة الذرية", False),
    ("International Maritime Organization|IMO|المنظمة البحرية الدولية", False),
    ("International Civil Aviation Organization|ICAO|OACI|منظمة الطيران المدني الدولي", False),
    ("World Customs Organization|WCO|منظمة الجمارك العالمية", False),
    ("World Health Organization|WHO|OMS|ВОЗ|منظمة الصحة العالمية", False),
    ("Financial Action Task Force|FATF|GAFI|مجموعة العمل المالي", False),
    ("United Nations Office on Drugs and Crime|UNODC|ONUDC|УНП ООН", False),
    ("Cybersecurity and Infrastructure Security Agency|CISA", False),
    ("Federal Bureau of Investigation|FBI|ФБР|مكتب التحقيقات الفيدرالي", False),
    ("Central Intelligence Agency|CIA|ЦРУ|وكالة الاستخبارات المركزية", False),
    ("National Security Agency|NSA|АНБ|وكالة الأمن القومي", False),
    ("Federal Security Service|FSB|ФСБ|جهاز الأمن الفيدرالي|جهاز الأمن الاتحادي", False),
    ("National Cyber Security Centre|NCSC", False),
    ("Agence nationale de la sécurité des systèmes d'information|ANSSI", False),
    ("Bundesamt für Sicherheit in der Informationstechnik|BSI", False),
)  # fmt: skip


def _build() -> tuple[re.Pattern[str], Mapping[str, _Known]]:
    known: dict[str, _Known] = {}
    for names, bloc in _TABLE:
        first = names.split("|", 1)[0]
        for one in names.split("|"):
            known[one] = _Known(first, bloc)
    body = "|".join(re.escape(one) for one in sorted(known, key=len, reverse=True))
    return re.compile(rf"(?<![\w.])(?:ال)?(?P<name>{body})(?![\w])"), MappingProxyType(known)


_PATTERN, _KNOWN = _build()


def organisations(text: str) -> tuple[Organisation, ...]:
    """The organisations of a text with every word that names them, most named first."""
    names: dict[str, _Known] = {}
    words: dict[str, list[Found]] = {}
    acronyms: dict[str, str] = {}
    for match in _PAIR.finditer(text):
        acronym = match["acronym"].strip(".")
        told = _long_name(text, match.start(), acronym)
        if told is not None:
            known = _KNOWN.get(told.text) or _KNOWN.get(acronym)
            name = known.name if known else told.text
            names[name] = known or _Known(name, bloc=False)
            acronyms[name] = acronym
            words.setdefault(name, []).extend(
                (told, Found(acronym, match.start("acronym"), match.start("acronym") + len(acronym)))
            )
    by_acronym = {acronym: name for name, acronym in acronyms.items()}
    for match in _PATTERN.finditer(text):
        known = _KNOWN[match["name"]]
        names.setdefault(by_acronym.get(match["name"], known.name), known)
        _add(words, by_acronym.get(match["name"], known.name), Found(match[0], match.start(), match.end()))
    for name, acronym in acronyms.items():
        for pattern in (re.escape(acronym), re.escape(name)):
            for match in re.finditer(rf"(?<![\w]){pattern}(?![\w])", text):
                _add(words, name, Found(match[0], match.start(), match.end()))
    out = []
    for name, found in words.items():
        ordered = sorted(set(found), key=lambda one: one.start)
        aliases = tuple(sorted({one.text for one in ordered} - {name, acronyms.get(name, "")}))
        out.append(
            Organisation(
                name, acronyms.get(name, ""), len(ordered), tuple(ordered[:_MOST_WORDS]), aliases[:20], names[name].bloc
            )
        )
    return tuple(sorted(out, key=lambda one: (-one.count, one.name))[:MOST])


def _add(words: dict[str, list[Found]], name: str, found: Found) -> None:
    said = words.setdefault(name, [])
    if not any(one.start <= found.start < one.end for one in said):
        said.append(found)


def _long_name(text: str, at: int, acronym: str) -> Found | None:
    """The words before a bracket whose capitals give the acronym, in its order or, of a Romance name, in another."""
    begin = max(text.rfind(stop, 0, at) for stop in (". ", "\n", "; ", "("))
    tail = list(_WORD.finditer(text, max(begin, 0), at))[-_LONGEST_NAME:]
    letters = [one.upper() for one in acronym if one.isalpha() and one.isupper()]
    if len(letters) < 2 or not tail:
        return None
    for count in range(len(tail), 0, -1):
        span = tail[-count:]
        if not span[0][0][0].isupper() or span[0][0].lower() in _SMALL:
            continue
        initials = [
            part[0].upper()
            for one in span
            for part in re.split(r"[-'’]", one[0])
            if part and part.lower() not in _SMALL
        ]
        if initials == letters or (sorted(initials) == sorted(letters) and initials[0] == letters[-1]):
            return Found(" ".join(text[span[0].start() : span[-1].end()].split()), span[0].start(), span[-1].end())
    return None
