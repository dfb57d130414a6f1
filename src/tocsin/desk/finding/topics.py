"""What a text is about, by the words that say so. Two different words, or three times, or the title: then it is about it.

A sentence that names several fields only lists them: of a speech about "terrorism, cybercrime and trafficking" it is
not to be concluded that there was an attack.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from tocsin.desk.document import Found, Sentence, Topic
from tocsin.desk.finding.words import fold_arabic

DIFFERENT: Final = 2
HITS: Final = 3
LISTED_FIELDS: Final = 3  # so many fields in one sentence are a list
MOST_WORDS: Final = 40
TERRORISM: Final = "terrorism"
CYBER: Final = "cyber"
CRIME: Final = "organised-crime"

# Beginnings of words; a star ends one that must be whole.
_WORDS: Final[Mapping[str, str]] = {
    TERRORISM: """terroris* suicide bomb* car bomb* jihadis* militant group* islamic state* isis* isil* daesh* al-qaeda* al qaeda* boko haram* al-shabaab* extremist cell*
      hostage-tak* hostage taking* beheading* ied* improvised explosive* lone wolf* radicalis* radicaliz* bomb plot* truck attack* insurgent attack* gunmen opened fire*
      terrorist* attentat* djihadis* kamikaze* voiture piégée* état islamique* cellule extrémiste* prise d'otage* radicalisation*
      terrorismo* terrorista* atentado* yihadis* coche bomba* estado islámico* secuestro de rehenes*
      террорис* теракт* терак* смертни* джихадис* исламское государство* игил* захват заложник*
      ارهاب* تفجير انتحاري* سياره مفخخه* انتحاري* داعش* تنظيم القاعده* بوكو حرام* حركه الشباب* خليه متطرفه* احتجاز رهائن* عبوه ناسفه* جهادي*""",
    CYBER: """cyber* ransomware* malware* phishing* hacker* hacked* data breach* ddos* denial-of-service* denial of service* botnet* backdoor* zero-day* zero day* exploit* vulnerabilit*
      cve-* trojan* spyware* infostealer* credential* command and control* c2 server* threat actor* wiper* intrusion set* compromised account* patch* rootkit* keylogger*
      cyberattaque* rançongiciel* hameçonnage* logiciel malveillant* pirate informatique* piratage* fuite de données* déni de service* faille*
      ciberataque* ciberseguridad* secuestro de datos* piratas informáticos* programa malicioso* robo de datos*
      кибер* хакер* вредонос* вымогател* фишинг* утечк* ддос* взлом* уязвимост*
      سيبراني* الكتروني هجوم* هجوم الكتروني* هجمات الكترونيه* برمجيات خبيثه* برمجيات الفديه* فيروس الفديه* قراصنه الانترنت* اختراق* تصيد احتيالي* تسريب بيانات* ثغره*""",
    CRIME: """organised crime* organized crime* cartel* mafia* traffick* smuggl* money launder* drug ring* gang* narco* cocaine* heroin* fentanyl* contraband* extort* counterfeit* piracy* pirates* racketeer*
      human trafficking* arms ring* weapons ring* robbery* heist*
      crime organisé* trafic de* trafiquant* narcotrafi* blanchiment* contrebande* passeur* stupéfiant* saisie de*
      crimen organizado* narcotráfico* contrabando* blanqueo* trata de* extorsión*
      организованн* преступн* наркоторгов* контрабанд* отмывани* торговля людьми* мафи*
      جريمه منظمه* تهريب* مخدرات* غسل الاموال* غسيل الاموال* اتجار بالبشر* عصابه* كوكايين*""",
}
_SECTORS: Final[Mapping[str, str]] = {
    "energy": "power grid* electricity* power plant* pipeline* refinery* oil and gas* nuclear plant* substation* réseau électrique* centrale* oléoduc* gazoduc* red eléctrica* энергосист* электростанц* газопровод* شبكه الكهرباء* محطه كهرباء* خط انابيب* مصفاه*",
    "water": "water utility* water supply* waterworks* wastewater* water treatment* eau potable* abastecimiento de agua* водоснабж* مياه الشرب* محطه مياه* تحليه*",
    "transport": "airport* port authority* seaport* harbour* harbor* railway* rail network* airline* shipping* container terminal* aéroport* port de* chemin de fer* aeropuerto* ferrocarril* puerto* аэропорт* железн* порт* مطار* ميناء* سكك حديد* موانئ*",
    "health": "hospital* clinic* health service* patient data* pharma* hôpital* hôpitaux* santé* больниц* клиник* مستشفى* مستشفيات*",
    "finance": "bank* payment system* swift* stock exchange* financial institution* insurer* banque* bourse* banco* банк* بنك* بنوك* مصرف*",
    "government": "ministry* government network* parliament* election* municipality* embassy* ministère* gouvernement* ministerio* gobierno* министерств* правительств* وزاره* حكوم* برلمان* سفاره*",
    "telecommunications": "telecom* undersea cable* submarine cable* mobile operator* internet provider* satellite* opérateur télécom* câble sous-marin* telecomunicaciones* оператор связи* интернет-провайдер* اتصالات* كابل بحري* كابلات بحريه*",
    "defence": "armed forces* defence contractor* defense contractor* military network* weapons system* forces armées* fuerzas armadas* вооруженн* оборон* قوات مسلحه* وزاره الدفاع*",
    "food": "food supply* grain* dairy* agri* alimentation* алиментар* امن غذائي*",
    "education": "universit* school district* research institute* université* université de* университет* جامعه*",
}
# Words that say it only beside another: every field has vulnerabilities, and a gang may be a band.
_WEAK: Final = (
    "vulnerabilit",
    "exploit",
    "credential",
    "patch",
    "faille",
    "gang",
    "уязвим",
    "утечк",
    "backdoor",
    "wiper",
)
_SPLIT: Final = re.compile(r"\*")


@lru_cache(1)
def _patterns() -> tuple[Mapping[str, re.Pattern[str]], Mapping[str, re.Pattern[str]]]:
    return {key: _pattern(words) for key, words in _WORDS.items()}, {
        key: _pattern(words) for key, words in _SECTORS.items()
    }


def _pattern(words: str) -> re.Pattern[str]:
    terms = sorted(
        {fold_arabic(" ".join(one.split())) for one in _SPLIT.split(words) if one.strip()}, key=len, reverse=True
    )
    body = "|".join(re.escape(one).replace(r"\ ", r"\s+") for one in terms)
    return re.compile(rf"(?<![\w-])(?:[وفبكل]?ال|لل)?(?:{body})", re.IGNORECASE)


def topics(title: str, text: str, sentences: Sequence[Sentence]) -> tuple[Topic, ...]:
    """The topics of a text, with every word that decided; first what most words say."""
    fields, sectors = _patterns()
    spoken = {name: _hits(pattern, text) for name, pattern in fields.items()}
    in_title = {name: _hits(pattern, title) for name, pattern in fields.items()}
    listing = _listing(sentences, spoken)
    out = []
    for name, hits in spoken.items():
        outside = [one for one in hits if not _inside(one, listing)]
        if _is_about(outside, in_title[name]):
            where = _where(outside, sentences, title, sectors) if name == CYBER else ()
            out.append((len(outside) + 3 * len(in_title[name]), Topic(name, tuple(outside[:MOST_WORDS]), where)))
        elif _is_about(hits, in_title[name]):
            out.append((0, Topic(name, tuple(hits[:MOST_WORDS]), (), listed=True)))
    return tuple(topic for _, topic in sorted(out, key=lambda one: (-one[0], one[1].name)))


def _hits(pattern: re.Pattern[str], text: str) -> list[Found]:
    folded = text if text.isascii() else _same_length(text)
    return [Found(text[one.start() : one.end()], one.start(), one.end()) for one in pattern.finditer(folded)]


def _same_length(text: str) -> str:
    folded = text.translate(_LETTERS)
    return folded if len(folded) == len(text) else text


_LETTERS: Final = str.maketrans("أإآٱىةؤئ’", "ااااي\u0647وي'")


def _is_about(hits: Sequence[Found], in_title: Sequence[Found]) -> bool:
    sure = [one for one in hits if not _is_weak(one)]
    if not sure and not any(not _is_weak(one) for one in in_title):
        return False
    stems = {one.text.lower()[:6] for one in hits}
    return bool(in_title) or len(stems) >= DIFFERENT or len(hits) >= HITS


def _is_weak(found: Found) -> bool:
    return found.text.lower().startswith(_WEAK)


def _listing(sentences: Sequence[Sentence], spoken: Mapping[str, Sequence[Found]]) -> list[Sentence]:
    out = []
    for one in sentences:
        named = sum(any(one.start <= hit.start < one.end for hit in hits) for hits in spoken.values())
        if named >= LISTED_FIELDS:
            out.append(one)
    return out


def _inside(found: Found, listing: Sequence[Sentence]) -> bool:
    return any(one.start <= found.start < one.end for one in listing)


def _where(
    hits: Sequence[Found],
    sentences: Sequence[Sentence],
    title: str,
    sectors: Mapping[str, re.Pattern[str]],
) -> tuple[str, ...]:
    """Which infrastructure: named in the title, or in a sentence that speaks of the attack."""
    spoken = [one for one in sentences if any(one.start <= hit.start < one.end for hit in hits)]
    counted = {
        name: len(_hits(pattern, title)) * 2 + sum(bool(_hits(pattern, one.text)) for one in spoken)
        for name, pattern in sectors.items()
    }
    return tuple(sorted((name for name, count in counted.items() if count), key=lambda name: (-counted[name], name)))
