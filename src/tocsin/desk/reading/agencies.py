"""Agencies, and where a text says that it is a dispatch of one: its dateline, its last line, its byline. Not where it quotes one."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from tocsin.desk.reading.stamps import stamps_in

_TABLE: Final = """
AFP: AFP|Agence France-Presse|Agence France Presse|أ ف ب|ا ف ب|أ.ف.ب|فرانس برس|وكالة فرانس برس|АФП
Reuters: Reuters|Thomson Reuters|رويترز|وكالة رويترز|Рейтер
AP: AP|Associated Press|The Associated Press|أسوشيتد برس|أ ب
MAP: MAP|Maghreb Arabe Presse|Maghreb Arab Press|و م ع|و.م.ع|ومع|وكالة المغرب العربي للأنباء
TASS: TASS|ITAR-TASS|ТАСС|تاس|وكالة تاس
RIA Novosti: RIA Novosti|RIA|РИА Новости|ريا نوفوستي
Interfax: Interfax|Интерфакс|إنترفاكس
Sputnik: Sputnik|Спутник|سبوتنيك
Xinhua: Xinhua|شينخوا|Синьхуа
EFE: EFE|Agencia EFE
Europa Press: Europa Press
ANSA: ANSA
dpa: dpa|DPA|د ب أ|د.ب.أ
Anadolu: Anadolu|Anadolu Agency|AA|الأناضول|وكالة الأناضول
APS: APS|Algérie Presse Service|Algeria Press Service|وأج|واج|وكالة الأنباء الجزائرية
TAP: TAP|Tunis Afrique Presse|وات|وكالة تونس إفريقيا للأنباء
MENA: MENA|أ ش أ|أ.ش.أ|وكالة أنباء الشرق الأوسط
SPA: SPA|Saudi Press Agency|واس|وكالة الأنباء السعودية
WAM: WAM|وام|وكالة أنباء الإمارات
KUNA: KUNA|كونا
QNA: QNA|قنا|وكالة الأنباء القطرية
BNA: BNA|بنا
Petra: Petra|بترا|وكالة بترا
SANA: SANA|سانا
NNA: NNA|الوكالة الوطنية للإعلام
INA: INA|واع
IRNA: IRNA|إرنا
Fars: Fars News
PTI: PTI|Press Trust of India
ANI: ANI
IANS: IANS
Kyodo: Kyodo|Kyodo News
Yonhap: Yonhap|Yonhap News Agency
Ukrinform: Ukrinform|Укринформ|Укрінформ
UNIAN: UNIAN|УНИАН
Lusa: Lusa
Belga: Belga
PAP: PAP
ANP: ANP
Keystone-ATS: ATS|Keystone-ATS|ats
NAN: NAN|News Agency of Nigeria
GNA: GNA
ACI: Agence Congolaise d'Information
PANA: PANA|Panapress
UPI: UPI|United Press International
Bloomberg: Bloomberg|Bloomberg News
"""


def _read() -> Mapping[str, str]:
    rows = (line.split(": ", 1) for line in _TABLE.split("\n") if line)
    return MappingProxyType({alias: name for name, aliases in rows for alias in aliases.split("|")})


AGENCIES: Final = _read()
_NAMES: Final = "|".join(sorted(map(re.escape, AGENCIES), key=len, reverse=True))
_WITH: Final = r"(?:avec|with|from|source\s*:|المصدر\s*:|con|agencias?\s*:|по\s+материалам|par)\s+"
_DATELINE: Final = re.compile(
    rf"^.{{0,90}}?[(/\[]\s*(?:{_WITH})?(?P<name>{_NAMES})\s*[)/\]]\s*[-–—:.،,]?|^(?P<start>{_NAMES})\s*(?:[-–—:،,])\s|^[^.!?]{{2,50}}[-–—,]\s*(?P<after>{_NAMES})\s*[-–—:]"
)
_CREDIT: Final = re.compile(
    rf"(?:^|[.!?…»”\"'’)\]]\s*|\n)(?P<text>[(/\[]?\s*(?:{_WITH}|©\s*|copyright\s+\d*\s*)?(?P<name>{_NAMES})(?:\s*[:,–—-]?\s*(?P<rest>[^.!?]{{0,40}}))?[)/\]]?\.?)\s*$",
    re.IGNORECASE,
)
_ALONE: Final = re.compile(rf"\W*(?:{_WITH})?(?P<name>{_NAMES})\W*(?:(?:et|and|و)\s+.{{0,20}})?", re.IGNORECASE)
_LOWERED: Final[Mapping[str, str]] = MappingProxyType({alias.lower(): name for alias, name in AGENCIES.items()})


class Credit(NamedTuple):
    """Whose dispatch a text says it is, by which words, and the date among them."""

    agency: str
    text: str
    date: str


def agency_of(name: str) -> str:
    """The agency that an outlet, a source or a byline names; empty if it names another."""
    found = _ALONE.fullmatch(name)
    return _LOWERED[found["name"].lower()] if found else ""


def credit_of(paragraphs: tuple[str, ...]) -> Credit | None:
    """What the last lines or the dateline of a text say."""
    for paragraph in reversed(paragraphs[-3:]):
        found = _CREDIT.search(paragraph[-140:])
        if found and _is_credit(found):
            dates = stamps_in(found["rest"] or "")
            return Credit(_LOWERED[found["name"].lower()], found["text"].strip(), dates[0].text if dates else "")
    first = _DATELINE.match(paragraphs[0][:160]) if paragraphs else None
    if first:
        name = first["name"] or first["start"] or first["after"]
        dates = stamps_in(first[0])
        return Credit(AGENCIES[name], first[0].strip(" -–—:"), dates[0].text if dates else "")
    return None


def _is_credit(found: re.Match[str]) -> bool:
    """A short alias is one only as it is usually written, and what follows is a date or nothing."""
    name, rest = found["name"], (found["rest"] or "").strip(" ,.:–—-)]/")
    if len(name) <= 4 and name not in AGENCIES:
        return False
    return not rest or bool(stamps_in(rest)) or agency_of(rest) != ""
