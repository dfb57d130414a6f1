"""A screen of words for special categories of personal data (EU 2016/680, Art. 10): a help, and no proof of anything.

It sends an object to a person's eyes. What it finds of a labelled set, and what it does not, stands in docs/persons.md.
Words are stems: `christianit` finds Christianity. `$` at the end means the whole word. Left out on purpose: what
describes the threat itself (jihadist, extremist), and words that are first of all names of persons (Christian).
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

_STEMS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "politics": MappingProxyType(
            {
                "en": "political opinion|political view|political belief|political affiliation|politically|party member|"
                "opposition|dissident|communist|socialist|fascis|anarchis|left-wing|right-wing|far-right|far-left|"
                "far right|far left|voted for|votes for|conservative party|member of the party",
                "fr": "opinions? politique|convictions? politique|appartenance politique|engagement politique|militant|"
                "opposant|extreme droite|extreme gauche|communiste|membre du parti|anarchiste",
                "es": "opinion(?:es)? politica|ideologia|afiliacion politica|militante|opositor|comunista|"
                "miembro del partido|extrema derecha|extrema izquierda|anarquista",
                "ru": "политическ|оппозиц|коммунист|член партии|анархист",
                "ar": "سياسي|حزب|معارض|شيوعي|يساري",
            }
        ),
        "religion": MappingProxyType(
            {
                "en": "religio|muslim|islam$|christians$|christianit|is christian|a christian|catholic|protestant|"
                "orthodox|jew$|jews$|jewish|judais|hindu|buddhis|sikh|atheis|shia$|shiite|sunni|mosque|church|"
                "synagogue|convert(?:ed)? to|baptis|mormon|jehovah|faith$|prays$",
                "fr": "religi|musulman|chretien|catholique|protestant|juif|juive|mosquee|eglise|synagogue|croyan|athee",
                "es": "musulman|cristiana$|cristianos$|cristianism|judio|judia|catolic|iglesia|mezquita|sinagoga|"
                "creyente|ateo$|atea$|evangelic",
                "ru": "религи|мусульман|христиан|православн|католи|иуде|евреи|еврей|мечет|церк|синагог|атеист|верующ",
                "ar": "ديني|ديانة|متدين|عقيد|مسلم|مسيحي|يهودي|شيعي|سني$|مسجد|كنيسة|ملحد|قبطي",
            }
        ),
        "ethnicity": MappingProxyType(
            {
                "en": "ethnic|racial|race$|arab$|arabs$|kurd|roma$|gypsy|gypsies|berber|caucasian|"
                "(?:african|asian|arab|european) (?:descent|origin)|of mixed descent|skin colou?r|dark-skinned|"
                "hispanic|tribe$|tribal|black man|black woman|white man|white woman",
                "fr": "ethni|racia|origine (?:arabe|africaine|maghrebine|asiatique)|kabyle|tsigane|rom$|"
                "couleur de peau|de race|peau noire",
                "es": "etni|raza$|racial|gitan|indigena|origen (?:arabe|africano|asiatico)|color de piel",
                "ru": "этнич|национальност|расов|цыган|чечен|курд|цвет кожи",
                "ar": "عرقي|اثني|كردي|امازيغ|غجر|قبيل|لون البشرة",
            }
        ),
        "health": MappingProxyType(
            {
                "en": "health$|disease|diabet|cancer$|hiv$|aids$|depress|schizo|psychiat|mental|disab|pregnan|diagnos|"
                "hospital|illness|medicat|medical|epilep|addict|alcoholi|autis|tubercul|wheelchair|chemotherap",
                "fr": "maladie|malade|sante$|handicap|grossesse|enceinte$|hopital|hospitalis|sida$|vih$|seropositi|"
                "traitement medical|medicament|cancer$|toxicoman",
                "es": "enferm|salud$|embaraz|discapac|sida$|vih$|medicamento|tratamiento medico|drogadict",
                "ru": "болезн|болен$|больн|здоров|диабет|инвалид|беремен|депресс|спид$|вич$|психиатр|диагноз|рак$|нарком",
                "ar": "مرض|مريض|صحي$|صحية|الصحة|سكري|سرطان|اعاقة|معاق|حامل$|اكتئاب|مستشف|ايدز|ادمان|مدمن",
            }
        ),
        "sexual-life": MappingProxyType(
            {
                "en": "homosex|heterosex|gay$|lesbian|bisex|transgender|transsex|sexual|sex life|queer|same-sex|lgbt",
                "fr": "vie sexuelle|sexuel|lesbienne|meme sexe|transgenre",
                "es": "vida sexual|lesbiana|mismo sexo",
                "ru": "гомосекс|лесбиян|гей$|геем$|бисекс|сексуальн|трансгендер",
                "ar": "مثلي|الميول|حياته الجنسية|حياتها الجنسية|متحول جنسي",
            }
        ),
        "trade-union": MappingProxyType(
            {
                "en": "trade union|labou?r union|union member|union official|unionis|unioniz|shop steward|works council|"
                "strike committee",
                "fr": "syndicat|syndique|syndicalis|delegue du personnel|cgt$|cfdt$",
                "es": "sindica|comite de empresa",
                "ru": "профсоюз",
                "ar": "نقابة|نقابي",
            }
        ),
    }
)


def _plain(text: str) -> str:
    """Without case, accents, vowel signs and width; the hamza and other forms of the Arabic alif are one."""
    seen = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    kept = "".join(one for one in seen if not unicodedata.combining(one) and unicodedata.category(one) != "Cf")
    return " ".join(kept.replace("ـ", "").replace("’", "'").split())


def _compiled(by_language: Mapping[str, str]) -> re.Pattern[str]:
    stems = "|".join(_plain(stems).replace("$", r"\b") for stems in by_language.values())
    # Arabic writes "and", "with", "for" and the article together with the word.
    return re.compile(rf"\b(?:[وفبكل]{{0,2}}(?:ال)?|لل)(?:{stems})")


_SCREENS: Final[Mapping[str, re.Pattern[str]]] = MappingProxyType(
    {category: _compiled(by_language) for category, by_language in _STEMS.items()}
)


def screen(texts: Iterable[str]) -> tuple[str, ...]:
    """Names of the special categories that a person should look for in these texts, sorted; empty when none is seen."""
    plain = _plain("\n".join(texts))
    return tuple(sorted(category for category, seen in _SCREENS.items() if seen.search(plain)))
