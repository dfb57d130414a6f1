"""Aggregator pages of the tests' own making: the same articles, laid out as differently as pages are."""

import random
from collections.abc import Callable
from html import escape
from typing import NamedTuple


class Article(NamedTuple):
    title: str
    outlet: str
    stamp: str
    body: tuple[str, ...]


ENGLISH = (
    Article(
        "Customs officers seize two tonnes of cocaine in the port of Antwerp",
        "Harbour Gazette",
        "3 hours ago",
        (
            "Belgian customs officers have seized more than two tonnes of cocaine hidden in a shipment of bananas, the federal prosecutor said on Tuesday.",
            "The drugs, worth about 100 million euros, were found in a container that had left Guayaquil three weeks earlier. Four people were arrested.",
            "Investigators believe that a network of brokers sold access to the terminal's booking system to several groups at once.",
        ),
    ),
    Article(
        "Hospital network in Lyon restores systems after ransomware attack",
        "Le Quotidien du Rhône",
        "1 day ago",
        (
            "A group of four hospitals near Lyon said its emergency departments were working normally again, nine days after attackers encrypted its servers.",
            "Surgeries had been moved to neighbouring clinics and ambulances were redirected while engineers rebuilt the network from backups.",
            "No ransom was paid, the director said, adding that patient records had been copied before the encryption began.",
        ),
    ),
    Article(
        "Why small islands are buying patrol boats",
        "The Strait Observer",
        "5 days ago",
        (
            "Three island states have ordered new patrol vessels this year, and their reasons have little to do with each other, naval analysts argue.",
            "For one it is the cables on the seabed; for another the fishing grounds; for the third a neighbour whose coast guard no longer answers the phone.",
        ),
    ),
    Article(
        "Police dismantle forged passport workshop in Bratislava suburb",
        "Danube Wire",
        "2 weeks ago",
        (
            "Officers found printing presses, blank booklets and the stamps of eleven countries in a garage outside Bratislava, the ministry announced.",
            "The workshop had supplied people smugglers along the Danube for at least two years, according to the investigators.",
        ),
    ),
)
FRENCH = (
    Article(
        "Les douanes saisissent deux tonnes de cocaïne au port du Havre",
        "La Gazette du Port",
        "il y a 3 heures",
        (
            "Les douaniers ont découvert plus de deux tonnes de cocaïne dissimulées dans un chargement de bananes, a annoncé mardi le parquet de Lille.",
            "La marchandise, estimée à cent millions d'euros, se trouvait dans un conteneur parti de Guayaquil trois semaines plus tôt.",
        ),
    ),
    Article(
        "Un groupe hospitalier rétablit ses services après une cyberattaque",
        "Rhône Matin",
        "il y a 2 jours",
        (
            "Quatre hôpitaux de la région lyonnaise fonctionnent de nouveau normalement, neuf jours après le chiffrement de leurs serveurs par des pirates.",
            "Aucune rançon n'a été versée, a précisé la direction, qui confirme que des dossiers de patients ont été copiés.",
        ),
    ),
)
ARABIC = (
    Article(
        "الجمارك تحجز طنين من الكوكايين في ميناء طنجة",
        "صحيفة المضيق",
        "قبل يومين",
        (
            "أعلنت إدارة الجمارك أنها حجزت أكثر من طنين من مخدر الكوكايين كانت مخبأة داخل شحنة من الموز قادمة من أمريكا الجنوبية عبر المحيط الأطلسي على متن سفينة تجارية.",
            "وأوقفت الشرطة أربعة أشخاص يشتبه في انتمائهم إلى شبكة إجرامية تنشط في عدة دول، حسب بلاغ صادر عن النيابة العامة.",
        ),
    ),
    Article(
        "مستشفيات المدينة تستعيد خدماتها بعد هجوم إلكتروني واسع",
        "أخبار الصباح",
        "منذ ٣ ساعات",
        (
            "عادت أقسام الطوارئ في أربعة مستشفيات إلى العمل بشكل طبيعي بعد تسعة أيام من هجوم إلكتروني شل خوادمها وأجبرها على تحويل المرضى إلى مصحات مجاورة في المدينة.",
            "وأكدت الإدارة أنها لم تدفع أي فدية وأن المحققين يواصلون البحث عن مصدر الهجوم.",
        ),
    ),
)
SPANISH = (
    Article(
        "La aduana incauta dos toneladas de cocaína en el puerto de Valencia",
        "Diario del Puerto",
        "hace 4 horas",
        (
            "Los agentes de aduanas incautaron más de dos toneladas de cocaína ocultas en un cargamento de plátanos, informó este martes la fiscalía provincial.",
            "Cuatro personas fueron detenidas y la investigación sigue abierta en tres países, según la misma fuente.",
        ),
    ),
    Article(
        "Un ataque informático paraliza cuatro hospitales durante nueve días",
        "La Mañana",
        "29 de mayo de 2025",
        (
            "Cuatro hospitales recuperaron este lunes sus sistemas después de que un grupo de delincuentes cifrara sus servidores y exigiera un rescate millonario.",
            "La dirección aseguró que no pagó nada y que los datos de los pacientes fueron copiados antes del cifrado.",
        ),
    ),
)
RUSSIAN = (
    Article(
        "Таможня изъяла две тонны кокаина в порту Новороссийска",
        "Морской вестник",
        "2 дня назад",
        (
            "Сотрудники таможни обнаружили более двух тонн кокаина в партии бананов, прибывшей из Южной Америки, сообщила во вторник пресс-служба ведомства на своём сайте.",
            "Задержаны четыре человека, расследование продолжается в нескольких странах, говорится в сообщении.",
        ),
    ),
    Article(
        "Больницы восстановили работу после атаки на серверы",
        "Городские новости",
        "29 мая 2025 г.",
        (
            "Четыре больницы вернулись к обычной работе через девять дней после того, как злоумышленники зашифровали их серверы и потребовали выкуп за восстановление данных.",
            "Выкуп не платили, заявило руководство, добавив, что копии медицинских карт могли попасть к посторонним.",
        ),
    ),
)
SETS = {"en": ENGLISH, "fr": FRENCH, "ar": ARABIC, "es": SPANISH, "ru": RUSSIAN}

Layout = Callable[[tuple[Article, ...]], str]


def glued(articles):
    made = ["logo", "Menu"]
    for one in articles:
        made += [one.title, one.title, f"{one.outlet}{one.stamp}", "", *one.body, "", "Share", ""]
    return "\n".join(made) + "\nComments\n\nNo comments yet\n"


def piped(articles):
    """Outlet, bar, stamp under the title; a blank line between paragraphs."""
    return "\n\n".join("\n\n".join((one.title, f"{one.outlet} | {one.stamp}", *one.body)) for one in articles)


def dotted_above(articles):
    """Outlet and stamp stand above the title."""
    return "Today's picks\n\n" + "\n\n".join(
        "\n".join((f"{one.outlet} · {one.stamp}", one.title, *one.body)) for one in articles
    )


def three_lines(articles):
    """Outlet, stamp and title each on a line of its own, outlet first."""
    return "\n\n".join("\n".join((one.outlet, one.stamp, one.title, *one.body)) for one in articles)


def title_outlet_stamp(articles):
    return "\n\n\n".join("\n".join((one.title, one.outlet, one.stamp, "", *one.body, "Read more")) for one in articles)


def one_paragraph_related(articles):
    """The first with paragraphs; the others, below a heading, each in one line behind a bulleted header."""
    main, *rest = articles
    made = [main.title, "", f"{main.outlet} — {main.stamp}", "", *main.body, "", "Share", "Tweet", "", "See also", ""]
    for one in rest:
        made += [
            one.title,
            "",
            one.outlet,
            "",
            f"time{one.stamp}",
            "",
            f"  • {one.outlet}",
            "",
            one.title,
            "",
            " ".join(one.body),
            "",
        ]
    return "\n".join(made) + "\nSubscribe to our newsletter\n"


def published_label(articles):
    return "\n\n".join(
        "\n".join((f"## {one.title}", f"Published: {one.stamp}", f"Source: {one.outlet}", "", *one.body))
        for one in articles
    )


def page(body):
    return f"<!doctype html><html><head><title>Picks of the day</title><meta charset=utf-8></head><body><nav><a href=/>Home</a> <a href=/w>World</a></nav>{body}<footer>All rights reserved</footer></body></html>"


def paragraphs(one):
    return "".join(f"<p>{escape(text)}</p>" for text in one.body)


def html_articles(articles):
    return page(
        "".join(
            f"<article><h2><a href=/a>{escape(one.title)}</a></h2><div><span>{escape(one.outlet)}</span> <time>{escape(one.stamp)}</time></div>{paragraphs(one)}</article>"
            for one in articles
        )
    )


def html_divs_glued(articles):
    return page(
        "".join(
            f"<div class=card><img alt=logo><div><b>{escape(one.outlet)}</b><i>{escape(one.stamp)}</i></div><h3>{escape(one.title)}</h3><div class=txt>{paragraphs(one)}</div><button>Share</button></div>"
            for one in articles
        )
    )


def html_list(articles):
    return page(
        "<ul>"
        + "".join(
            f"<li><a href=/x>{escape(one.title)}</a><br><small>{escape(one.stamp)} – {escape(one.outlet)}</small><div>{paragraphs(one)}</div></li>"
            for one in articles
        )
        + "</ul>"
    )


def html_main_and_related(articles):
    main, *rest = articles
    cards = "".join(
        f"<section><h4>{escape(one.title)}</h4><p class=meta>{escape(one.outlet)} • {escape(one.stamp)}</p><p>{escape(' '.join(one.body))}</p></section>"
        for one in rest
    )
    return page(
        f"<main><h1>{escape(main.title)}</h1><p class=by>{escape(main.outlet)}, {escape(main.stamp)}</p>{paragraphs(main)}</main><aside><h2>Related articles</h2>{cards}</aside><div id=comments><h2>Comments</h2><p>No comments yet</p></div>"
    )


def html_table(articles):
    rows = "".join(
        f"<tr><td>{escape(one.outlet)}</td><td>{escape(one.stamp)}</td></tr><tr><td colspan=2><h3>{escape(one.title)}</h3>{paragraphs(one)}</td></tr>"
        for one in articles
    )
    return page(f"<table>{rows}</table>")


LAYOUTS: dict[str, Layout] = {
    one.__name__: one
    for one in (glued, piped, dotted_above, three_lines, title_outlet_stamp, one_paragraph_related, published_label, html_articles, html_divs_glued, html_list, html_main_and_related, html_table)
}  # fmt: skip


SOUP_NAMES = (
    "Velkor",
    "Zarim",
    "Tobrin",
    "Quelda",
    "Mirvan",
    "Oskel",
    "Drunn",
    "Faltor",
    "Gresk",
    "Hulbin",
    "Jorvik",
    "Kestrel",
)
_BETWEEN = ("the", "of", "and", "in", "was", "with", "from", "were", "after", "said") * 4


def soup(number):
    """(title, outlet, lines) of a document about one of two events, by turns, which have four names in common. No two are copies."""
    chance = random.Random(number)
    own = [f"{one}{'ax' if number % 2 else 'ov'}" for one in SOUP_NAMES[4:]]
    words = [*SOUP_NAMES[:4], *own, *SOUP_NAMES[:4], *own, *_BETWEEN]
    chance.shuffle(words)
    lines = [" ".join(words[at : at + 16]) + "." for at in range(0, len(words), 16)]
    opening = (
        "They said that it was not the first time that they had seen what was there, and that it would be the last."
    )
    return " ".join([*chance.sample(own, 3), "and the others"]), f"Outlet {number}", [opening, *lines]
