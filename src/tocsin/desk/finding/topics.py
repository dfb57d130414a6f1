"""What a text is about: terrorism, cyber (and against which infrastructure), organised crime. By words, which are shown."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from tocsin.desk import thresholds
from tocsin.desk.document import Found, Sentence, Topic
from tocsin.desk.finding.words import fold_arabic

# A star stands for any ending. In Arabic a word may carry its prefixes.
_TERMS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "terrorism": (
            "terroris*|jihadi*|extremis*|suicide bomb*|car bomb*|bomb attack*|bombing*|militant group*|islamic state|daesh|isis|isil|al-qaeda|al qaeda|al-shabaab|boko haram|jnim|hostage*|insurgen*|radicalis*|radicaliz*|beheading*|ied|lone wolf|foreign fighter*|hijack*"
            "|terroriste*|djihad*|jihadiste*|attentat*|kamikaze*|état islamique|al-qaïda|prise d'otages|otages|extrémis*|voiture piégée|radicalisation"
            "|ارهاب*|جهادي*|تنظيم الدوله|داعش|القاعده في*|بوكو حرام|حركه الشباب|تفجير*|انتحاري*|رهائن|تطرف|متطرف*|سياره مفخخه|هجوم مسلح"
            "|terrorismo|terrorista*|yihadis*|atentado*|coche bomba|rehenes|estado islámico|extremis*"
            "|террор*|джихад*|экстремис*|боевик*|смертник*|заложник*|исламское государство|игил|взрывчатк*|теракт*"
        ),
        "cyber": (
            "cyber*|ransomware|malware|hacker*|hacking|hacked|phishing|data breach*|data leak*|botnet*|ddos|denial of service|denial-of-service|zero-day|zero day|spyware|trojan*|backdoor*|vulnerabilit*|cve-*|exploit kit*|command and control|c2 server*|intrusion set*|infostealer*|credential*|encrypted its servers|encrypted files|brute force|lateral movement|exfiltrat*|threat actor*|apt[0-9]*|web shell*"
            "|cyberattaque*|cybercrim*|cybersécurité|rançongiciel*|pirate* informatique*|piratage*|hameçonnage|fuite de données|logiciel* malveillant*|logiciel* espion*|attaque* informatique*|déni de service|faille*"
            "|سيبراني*|هجوم الكتروني|هجمات الكترونيه|قراصنه|قرصنه|اختراق*|برامج الفديه|برمجيات خبيثه|تصيد*|تسريب بيانات|برنامج تجسس"
            "|ciberataque*|ciberdelincuen*|ciberseguridad|ataque informático|piratas informáticos|filtración de datos|programa malicioso|secuestro de datos"
            "|кибер*|хакер*|вымогател*|вредоносн*|фишинг*|утечк* данных|взлом*|ddos-атак*|шифровальщик*|программ*-вымогател*"
        ),
        "organised crime": (
            "organi?ed crime|cartel*|drug traffick*|drug smuggl*|narco*|cocaine|heroin|fentanyl|methamphetamine|captagon|cannabis resin|human traffick*|people smuggl*|migrant smuggl*|arms traffick*|weapons smuggl*|money launder*|mafia*|mob boss|gang|gangs|racketeer*|extortion*|counterfeit*|smuggl*|kidnapping for ransom|contract killing*|pirates|piracy|ivory traffick*|crime syndicate*|forged passport*"
            "|crime organisé|criminalité organisée|trafic de drogue*|trafic d'armes|trafiquant*|narcotrafi*|cocaïne|héroïne|cartel*|mafia*|blanchiment*|traite des êtres humains|passeurs|réseau* criminel*|contrebande|racket|stupéfiants|piraterie|contrefaçon*"
            "|الجريمه المنظمه|تهريب*|مخدرات|كوكايين|هيروين|حشيش|كبتاغون|غسل الاموال|غسيل الاموال|الاتجار بالبشر|عصابه|عصابات|شبكه اجراميه|مافيا|قراصنه البحر|ابتزاز"
            "|crimen organizado|narcotrafic*|narcotráfico|cocaína|heroína|cártel*|mafia*|blanqueo*|lavado de dinero|trata de personas|contrabando|pandilla*|extorsión"
            "|организованн* преступност*|наркот*|кокаин*|героин*|картел*|мафи*|отмывани*|контрабанд*|торговл* людьми|группировк*|вымогательств*|рэкет*"
        ),
    }
)
_SECTORS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "energy": "power grid*|electricity grid*|power plant*|pipeline*|oil refiner*|refinery|energy compan*|energy sector|utility|utilities|nuclear plant*|nuclear power|gas network*|réseau électrique|centrale*|oléoduc*|gazoduc*|raffinerie*|secteur de l'énergie|شبكه الكهرباء|محطه كهرباء|خط انابيب|مصفاه|قطاع الطاقه|red eléctrica|oleoducto|refinería|электросет*|электростанци*|трубопровод*|энергетик*",
        "health": "hospital*|clinic|clinics|health system*|health care|healthcare|patient record*|medical cent*|hôpital|hôpitaux|clinique*|système de santé|مستشفي*|مستشفيات|القطاع الصحي|المرضي|hospitales|clínica*|sanidad|больниц*|клиник*|здравоохранен*",
        "finance": "bank|banks|banking|central bank|stock exchange|payment system*|swift network|financial sector|financial institution*|banque*|bourse|secteur financier|بنك|بنوك|مصرف|مصارف|البورصه|القطاع المالي|banco|bancos|bolsa|банк|банки|банков|биржа",
        "transport": "airport*|airline*|railway*|rail network|rail operator*|seaport*|port authority|port of|shipping compan*|air traffic control|metro system|aéroport*|compagnie aérienne|chemin* de fer|ferroviaire*|port de|مطار|مطارات|ميناء|موانئ|سكك حديديه|القطارات|aeropuerto*|ferrocarril*|puerto de|аэропорт*|железн* дорог*|порту|порт",
        "water": "water utility|water utilities|water suppl*|water treatment|wastewater|dam|dams|réseau d'eau|eau potable|barrage*|محطه مياه|مياه الشرب|سد|suministro de agua|водоканал*|водоснабжен*",
        "telecommunications": "telecom*|mobile operator*|undersea cable*|submarine cable*|internet cable*|internet provider*|isp|isps|câble* sous-marin*|opérateur* télécom*|الاتصالات|كابل بحري|كابلات بحريه|الكابلات البحريه|cable* submarino*|телеком*|подводн* кабел*",
        "government": "ministry|ministries|government network*|government agenc*|parliament|municipal*|electoral commission|ministère*|parlement|mairie*|administration publique|وزاره|وزارات|البرلمان|الحكوميه|ministerio*|gobierno|министерств*|ведомств*",
        "defence": "military network*|defence contractor*|defense contractor*|armed forces|army network*|navy|industrie de défense|forces armées|القوات المسلحه|الجيش|fuerzas armadas|вооружённ* сил*|вооруженн* сил*|оборон*",
        "food": "food supply|meat processor*|grain terminal*|chaîne alimentaire|agroalimentaire|الامن الغذائي|продовольств*",
        "space": "satellite*|space agency|agence spatiale|قمر صناعي|اقمار صناعيه|satélite*|спутник*",
    }
)


@lru_cache(32)
def _pattern(terms: str) -> re.Pattern[str]:
    made = []
    for one in sorted(terms.split("|"), key=len, reverse=True):
        if one == "organi?ed crime":
            made.append(r"organi[sz]ed\s+(?:and\s+transnational\s+)?crime")
            continue
        ending = r"[^\W_]*"
        body = re.escape(one).replace(r"\*", ending).replace(r"\ ", r"\s+").replace(r"\[0\-9\]", r"\d")
        made.append(rf"(?:[وفبلك]{{0,2}}(?:ال)?|لل){body}" if "\u0600" <= one[0] <= "\u06ff" else body)
    return re.compile(rf"(?<![^\W_])(?:{'|'.join(made)})(?![^\W_])", re.IGNORECASE)


def topics_in(title: str, text: str, sentences: Sequence[Sentence], language: str) -> tuple[Topic, ...]:
    """Topics with the words that decided. One needs two different terms, three hits, or the title; a list makes none."""
    text = text[: thresholds.PLACE_CHARACTERS]
    searched, headed = (_fold(text), _fold(title)) if language in ("ar", "fa", "ur") else (text, title)
    hits = {name: list(_pattern(terms).finditer(searched)) for name, terms in _TERMS.items()}
    lists = _list_sentences(hits, sentences)
    made: list[Topic] = []
    for name, found in hits.items():
        outside = [one for one in found if not any(start <= one.start() < end for start, end in lists)]
        titled = _pattern(_TERMS[name]).search(headed)
        words = tuple(
            Found(text[one.start() : one.end()], one.start(), one.end())
            for one in (outside or found)[: thresholds.WORDS_SHOWN]
        )
        different = {_stem(one[0]) for one in outside}
        if titled or len(different) >= thresholds.TOPIC_TERMS or len(outside) >= thresholds.TOPIC_HITS:
            words = words or (Found(titled[0], -1, -1),) if titled else words
            made.append(Topic(name, words, _sectors(searched, outside, sentences) if name == "cyber" else ()))
        elif found and lists:
            made.append(Topic(name, words, listed=True))
    return tuple(made)


def _fold(text: str) -> str:
    folded = fold_arabic(text)
    return folded if len(folded) == len(text) else "".join(fold_arabic(one) or "\u0640" for one in text)


def _stem(word: str) -> str:
    return word.lower()[:6]


def _list_sentences(hits: Mapping[str, list[re.Match[str]]], sentences: Sequence[Sentence]) -> list[tuple[int, int]]:
    """Sentences that name three families at once tell a programme, not an event."""
    families: Counter[tuple[int, int]] = Counter()
    for found in hits.values():
        inside = {(one.start, one.end) for one in sentences for hit in found if one.start <= hit.start() < one.end}
        families.update(inside)
    return [place for place, count in families.items() if count >= thresholds.LIST_FAMILIES]


def _sectors(text: str, found: list[re.Match[str]], sentences: Sequence[Sentence]) -> tuple[str, ...]:
    """Infrastructure named in the sentences that name the attack, or beside them."""
    near: list[str] = []
    for i, one in enumerate(sentences):
        if any(one.start <= hit.start() < one.end for hit in found):
            low, high = sentences[max(i - 1, 0)].start, sentences[min(i + 1, len(sentences) - 1)].end
            near.append(text[low:high])
    joined = "\n".join(near)
    counted = {name: len(_pattern(terms).findall(joined)) for name, terms in _SECTORS.items()}
    return tuple(name for name, count in sorted(counted.items(), key=lambda one: -one[1]) if count >= 1)[:3]
