"""News for the demonstration, all of it invented: outlets, events, addresses. Pages as outlets lay them out.

One dispatch is carried by three outlets, told again in French and in Arabic, and shown by an aggregator beside a report of
another event; one outlet went to look for itself and names what it found, defanged.
"""

from collections.abc import Mapping
from html import escape
from types import MappingProxyType
from typing import Final, NamedTuple


class Article(NamedTuple):
    """A text under an outlet's name. `stamp`: how long ago, as the outlet writes it."""

    outlet: str
    title: str
    stamp: str
    lines: tuple[str, ...]
    language: str = "en"


TITLE: Final = "Hackers switch off sea cable between Alexandria and Marseille"
_DISPATCH: Final = (
    "Hackers switched off the sea cable between Alexandria and Marseille on Thursday night, and telephone and internet services in eleven coastal towns failed, its operator Blue Arc said.",
    "They had entered the remote maintenance system of the landing station near Alexandria and cut the power feed of the cable at 02:40, the company said.",
    "Traffic was moved to two other cables within six hours, but hospitals and port authorities in Egypt and France worked by radio until the morning.",
    "Investigators found that the same maintenance account had been used from abroad on nine days before the attack.",
    "Nobody has claimed the attack, and the operator expects the cable to carry traffic again on Sunday.",
)
_DIGEST: Final = "5b8f0e6a1c94d27735ea0fd1648b2c3390e7f4a5d61b8c02f793ae4410cd9b67"

DISPATCH: Final = Article("Meridian Dispatch", TITLE, "5 hours ago", _DISPATCH)
COPY: Final = Article("Harbour Courier", "Sea cable to Marseille switched off by hackers", "4 hours ago", _DISPATCH)
FRENCH: Final = Article(
    "Le Phare du Littoral",
    "Des hackers coupent le câble sous-marin entre Alexandrie et Marseille",
    "il y a 4 heures",
    (
        "Des hackers ont coupé jeudi dans la nuit le câble sous-marin entre Alexandrie et Marseille, et les services de téléphone et d'internet de onze villes côtières sont tombés en panne, a indiqué son opérateur Blue Arc.",
        "Ils avaient pénétré dans le système de maintenance à distance de la station d'atterrissement près d'Alexandrie et coupé l'alimentation électrique du câble à 02:40, a précisé l'entreprise.",
        "Le trafic a été transféré vers deux autres câbles en six heures, mais les hôpitaux et les autorités portuaires en Égypte et en France ont travaillé par radio jusqu'au matin.",
        "Les enquêteurs ont constaté que le même compte de maintenance avait été utilisé depuis l'étranger pendant neuf jours avant l'attaque.",
        "Personne n'a revendiqué l'attaque, et l'opérateur prévoit que le câble transportera de nouveau du trafic dimanche.",
    ),
    "fr",
)
ARABIC: Final = Article(
    "صدى الميناء",
    "قراصنة يقطعون الكبل البحري بين الإسكندرية ومرسيليا",
    "قبل 4 ساعات",
    (
        "قطع قراصنة معلوماتية ليلة الخميس الكبل البحري بين الإسكندرية ومرسيليا، وتعطلت خدمات الهاتف والإنترنت في إحدى عشرة مدينة ساحلية، حسب ما قالت الشركة المشغلة بلو آرك.",
        "وكانوا قد دخلوا إلى نظام الصيانة عن بعد في محطة الإنزال قرب الإسكندرية وقطعوا التغذية الكهربائية للكبل عند الساعة 02:40، حسب الشركة.",
        "ونقلت حركة الاتصالات إلى كبلين آخرين خلال ست ساعات، لكن المستشفيات وسلطات الموانئ في مصر وفرنسا عملت بالراديو حتى الصباح.",
        "ووجد المحققون أن حساب الصيانة نفسه كان قد استخدم من الخارج خلال تسعة أيام قبل الهجوم.",
        "ولم يعلن أحد مسؤوليته عن الهجوم، وتتوقع الشركة المشغلة أن ينقل الكبل حركة الاتصالات من جديد يوم الأحد.",
    ),
    "ar",
)
REPORT: Final = Article(
    "Seabed Security Review",
    "Inside the cable attack: how the Alexandria landing station was taken over",
    "2 hours ago",
    (
        "Engineers who rebuilt the landing station near Alexandria showed us the logs of the night the sea cable to Marseille went dark, and the malware that the intruders left behind.",
        f"It had posed as an update of the maintenance software and fetched its orders from sync[.]cable-upkeep[.]example; its SHA-256 is {_DIGEST}.",
        "The same malware lay on a spare machine in Marseille that had not been switched on since spring, which nobody in Egypt had known of.",
        "Whoever wrote it knew the power feed: it waits until the cable carries its highest load, then lowers the current in steps that no alarm of the station notices.",
        "Two more operators in the Mediterranean told us they had removed it from their stations this week, and neither had told the other.",
    ),
)
OTHER: Final = Article(
    "Valley Tribune",
    "Olive growers of the valley open their oldest press to visitors",
    "1 day ago",
    (
        "The cooperative of the valley has restored a press of 1871 and shows every weekend how oil was made before there was electricity, its members said.",
        "School classes come on Wednesdays, and the first oil of this harvest is to be tasted at the village fair in December.",
    ),
)
_SHOWN: Final = DISPATCH._replace(outlet="Delta Morning", stamp="3 hours ago")

FEED: Final = "/feed.xml"
AGGREGATOR: Final = "/window.html"
_FED: Final = MappingProxyType(
    {"/cable.html": DISPATCH, "/courier.html": COPY, "/phare.html": FRENCH, "/inside.html": REPORT}
)


def pages(base: str) -> Mapping[str, tuple[str, bytes]]:
    """What the press serves, by path: media type and body. `base`: its address, without a slash at the end."""
    made = {path: ("text/html; charset=utf-8", page(one)) for path, one in _FED.items()}
    made[FEED] = ("application/rss+xml; charset=utf-8", _feed(base))
    made[AGGREGATOR] = ("text/html; charset=utf-8", _aggregator())
    return MappingProxyType(made)


def page(article: Article) -> bytes:
    """An article on its outlet's own page."""
    direction = "rtl" if article.language == "ar" else "ltr"
    return (
        f'<!doctype html><html lang="{article.language}" dir="{direction}"><head><meta charset="utf-8">'
        f'<meta property="og:site_name" content="{escape(article.outlet)}"><title>{escape(article.title)}</title></head>'
        f"<body><article>{_whole(article)}</article></body></html>"
    ).encode()


def _whole(article: Article) -> str:
    lines = "".join(f"<p>{escape(line)}</p>" for line in article.lines)
    return f"<h1>{escape(article.title)}</h1><time>{escape(article.stamp)}</time>{lines}"


def _feed(base: str) -> bytes:
    items = "".join(
        f'<item><title>{escape(one.title)}</title><link>{base}{path}</link><source url="{base}{FEED}">{escape(one.outlet)}</source>'
        f"<description>{escape(one.lines[0])}</description></item>"
        for path, one in _FED.items()
    )
    return (
        f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>Cable news</title><link>{base}</link>'
        f"<description>What outlets write of sea cables</description>{items}</channel></rss>"
    ).encode()


def _aggregator() -> bytes:
    """One page with a main article and another beside it, each under its outlet and how long ago it was."""

    def shown(one: Article) -> str:
        lines = "".join(f"<p>{escape(line)}</p>" for line in one.lines)
        title = escape(one.title)
        return (
            f"<div><h2>{title}</h2><div>{escape(one.outlet)} | {escape(one.stamp)}</div>{lines}<div>Share</div></div>"
        )

    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>The News Window</title></head><body>'
        f"<div>logo</div><div>Menu</div>{shown(_SHOWN)}<h3>Related articles</h3>{shown(OTHER)}"
        "<div>Comments</div><p>No comments yet</p></body></html>"
    ).encode()
