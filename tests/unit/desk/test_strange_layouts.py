"""Layouts that the splitter was not made on: how sites of many kinds set out many articles, each with its outlet and stamp."""

import json
from email.message import EmailMessage
from html import escape

import pytest
from tests.unit.desk.layouts import ARABIC, ENGLISH, FRENCH, RUSSIAN

from tocsin.desk.reading.opening import capture_of, read

SEEN = 1_748_692_800_000_000  # 2025-05-31 12:00 UTC


def opened(data, media_type="text/html"):
    return read(capture_of(data, "https://strange.example/list", media_type, SEEN), data).documents


def held(found, articles):
    """Every article is there once, in order, under its title, with its words and no others, and told when it is from."""
    assert [one.title for one in found] == [one.title for one in articles]
    for one, article in zip(found, articles, strict=True):
        assert " ".join(one.paragraphs) == " ".join(article.body)
        assert one.published is not None
        assert one.published.last_us <= SEEN


def stamped(found, articles):
    assert [one.outlet for one in found] == [one.outlet for one in articles]
    assert [one.stamp.text for one in found] == [one.stamp for one in articles]


def whole(body, head=""):
    return f"<!doctype html><html><head><meta charset=utf-8><title>List</title>{head}</head><body>{body}</body></html>".encode()


def words(one):
    return "".join(f"<p>{escape(text)}</p>" for text in one.body)


def test_articles_that_only_json_ld_tells():
    """An app that draws itself by script: the page holds its articles as schema.org's ItemList and nothing else."""
    items = [
        {
            "@type": "ListItem", "position": number,
            "item": {
                "@type": "NewsArticle", "headline": one.title, "articleBody": "\n".join(one.body), "publisher": {"@type": "Organization", "name": one.outlet},
                "datePublished": f"2025-05-2{number}T08:00:00Z", "url": f"https://strange.example/{number}",
            },
        }
        for number, one in enumerate(ENGLISH)
    ]  # fmt: skip
    told = json.dumps({"@context": "https://schema.org", "@type": "ItemList", "itemListElement": items})
    found = opened(
        whole("<div id=app>Please turn scripts on.</div>", f'<script type="application/ld+json">{told}</script>')
    )
    held(found, ENGLISH)
    assert [one.outlet for one in found] == [one.outlet for one in ENGLISH]
    assert [one.url for one in found] == [f"https://strange.example/{number}" for number in range(4)]
    assert found[1].published.text == "2025-05-21T08:00:00Z"


def test_cards_with_time_elements_that_say_the_instant():
    cards = "".join(
        f'<article class="c"><a class="cover" href="/{n}"><img src="x.jpg" alt=""></a><header><a href="/{n}"><h3>{escape(one.title)}</h3></a></header>'
        f'<footer><cite>{escape(one.outlet)}</cite><time datetime="2025-05-{20 + n}T09:30:00+02:00">{escape(one.stamp)}</time></footer><section>{words(one)}</section></article>'
        for n, one in enumerate(ENGLISH)
    )  # fmt: skip
    found = opened(whole(f"<main><h1>Top stories</h1>{cards}</main>"))
    held(found, ENGLISH)
    stamped(found, ENGLISH)


def test_an_amp_page_of_one_article_with_teasers_below():
    main, *rest = ENGLISH
    teasers = "".join(
        f'<a href="/{n}" class="teaser"><amp-img src=x width=1 height=1></amp-img><h3>{escape(one.title)}</h3><span>{one.stamp}</span></a>'
        for n, one in enumerate(rest)
    )
    body = (
        f'<amp-sidebar layout="nodisplay"><ul><li><a href="/">Home</a></li></ul></amp-sidebar><article><h1>{escape(main.title)}</h1>'
        f'<div class="meta"><span>{escape(main.outlet)}</span> <amp-timeago datetime="2025-05-31T09:00:00Z">{main.stamp}</amp-timeago></div>{words(main)}</article>'
        f'<amp-ad width=1 height=1>Advertisement</amp-ad><aside><h2>More from us</h2>{teasers}</aside>'
    )  # fmt: skip
    found = opened(
        whole(
            body,
            f'<meta property="og:site_name" content="{escape(main.outlet)}"><meta property="article:published_time" content="2025-05-31T09:00:00Z">',
        )
    )
    held(found, [main])
    assert found[0].outlet == main.outlet


@pytest.mark.slow
def test_a_live_blog_whose_entries_are_stamped_with_the_hour():
    entries = "".join(
        f'<div class="entry" id="e{n}"><time datetime="2025-05-31T{11 - n:02}:1{n}:00Z">{11 - n:02}:1{n}</time><h4>{escape(one.title)}</h4>{words(one)}</div>'
        for n, one in enumerate(ENGLISH)
    )  # fmt: skip
    found = opened(
        whole(
            f"<main><h1>Port strikes: live</h1><p class=dek>All that happens today, minute by minute.</p>{entries}</main>"
        )
    )
    held(found, ENGLISH)
    assert [one.published.text[:16] for one in found] == [f"2025-05-31T{11 - n:02}:1{n}" for n in range(4)]


def newsletter():
    message = EmailMessage()
    message["From"] = "Morning Watch <watch@press-review.example>"
    message["Subject"] = "Morning Watch: ports, hospitals, patrol boats"
    message["Date"] = "Sat, 31 May 2025 06:00:00 +0000"
    rows = "".join(
        f'<tr><td style="padding:12px"><a href="https://t.example/{n}" style="font-size:18px"><b>{escape(one.title)}</b></a><br><span style="color:#888">{escape(one.outlet)} | {one.stamp}</span><br><br>{"<br><br>".join(map(escape, one.body))}</td></tr><tr><td><hr></td></tr>'
        for n, one in enumerate(ENGLISH)
    )  # fmt: skip
    message.set_content("Your mail program cannot show this letter.")
    message.add_alternative(f"<html><body><table role=presentation width=600><tr><td><img src=cid:logo alt=logo></td></tr>{rows}<tr><td>You receive this letter because you subscribed. <a href=#>Unsubscribe</a></td></tr></table></body></html>", subtype="html")  # fmt: skip
    return message.as_bytes()


def test_a_newsletter_of_many_items():
    found = opened(newsletter(), "message/rfc822")
    held(found, ENGLISH)
    stamped(found, ENGLISH)


def test_a_forum_where_everybody_posts_what_they_read():
    posts = "".join(
        f'<li class="post"><div class="votes">▲ 1{n} ▼</div><div><a class="title" href="https://o.example/{n}">{escape(one.title)}</a> <span class="domain">({escape(one.outlet)})</span>'
        f'<div class="sub">{one.stamp} | <a href="#">hide</a> | <a href="#">{n + 3} comments</a></div><div class="text">{words(one)}</div></div></li>'
        for n, one in enumerate(ENGLISH)
    )  # fmt: skip
    found = opened(whole(f"<ol>{posts}</ol>"))
    held(found, ENGLISH)
    stamped(found, ENGLISH)


def test_an_arabic_aggregator_from_right_to_left():
    cards = "".join(
        f'<div class="khabar"><div class="masdar"><img alt="شعار"><span>{one.outlet}</span><span class="sep">•</span><span>{one.stamp}</span></div><h2><a href="#">{one.title}</a></h2>'
        f'<div class="nass">{words(one)}</div><div class="adawat"><button>مشاركة</button><button>حفظ</button></div></div>'
        for one in ARABIC
    )  # fmt: skip
    found = opened(f'<!doctype html><html lang="ar" dir="rtl"><head><meta charset="utf-8"><title>آخر الأخبار</title></head><body><nav><a href="/">الرئيسية</a></nav>{cards}<footer>جميع الحقوق محفوظة</footer></body></html>'.encode())  # fmt: skip
    held(found, ARABIC)
    stamped(found, ARABIC)
    assert {one.direction for one in found} == {"rtl"}


def test_a_french_regional_site_with_rubrics_and_publication_lines():
    parts = "".join(
        f'<section class="article"><p class="rubrique">Faits divers</p><h2>{escape(one.title)}</h2><p class="signature">Par {escape(one.outlet)}<br>Publié {one.stamp}</p>{words(one)}<p class="suite"><a href="#">Lire la suite</a></p></section>'
        for one in FRENCH
    )  # fmt: skip
    found = opened(
        whole(f'<header><h1>Pays du Rhône</h1></header>{parts}<div class="abo">Abonnez-vous à partir de 1 €</div>')
    )
    held(found, FRENCH)
    assert [one.stamp.text for one in found] == [one.stamp for one in FRENCH]


def test_a_ticker_of_a_russian_agency():
    lines = "".join(
        f'<div class="lenta-item"><span class="date">{29 - n} мая 2025, 1{n}:05</span><span class="src">{escape(one.outlet)}</span><a class="t" href="#">{escape(one.title)}</a><div class="body">{words(one)}</div></div>'
        for n, one in enumerate(RUSSIAN)
    )  # fmt: skip
    found = opened(whole(f'<div class="lenta"><div class="caption">Лента новостей</div>{lines}</div>'))
    held(found, RUSSIAN)
    assert [one.published.text[:11] for one in found] == ["29 мая 2025", "28 мая 2025"]


@pytest.mark.parametrize("language", [ENGLISH, FRENCH])
def test_headings_with_a_dateline_in_the_text_of_a_mail(language):
    lines = [
        f"*{one.title}*\n({one.outlet}, 2{n} May 2025)\n\n" + "\n\n".join(one.body) for n, one in enumerate(language)
    ]
    found = opened(("\n\n----\n\n".join(lines) + "\n\n--\nSent by Press Review").encode(), "text/plain")
    held(found, [one._replace(title=one.title) for one in language])


REPORT = """{date}QUAKEBIRD LOADER WITH A SECOND STAGE

REFERENCE:

- https://reports.example/posts/7182

CHAIN OF EVENTS:

- 2025-05-19 - email --> link --> zip archive --> extracted script --> loader DLL --> traffic to the first server

SAMPLES:

- 2025-05-19 12:04 UTC - zip attachment
- The archive holds a script that asks for a picture, takes the second stage out of it and writes it where the system starts programs.
- File name: invoice 2429-05-2025.zip
- SHA256 hash: 3f2a{hash}

TRAFFIC FROM AN INFECTED HOST:

- 2025-05-19 13:30 UTC - port 443 - HTTPS traffic to loader[.]example - every ten minutes
- 198.51.100[.]77 port 8080 - 2025-05-19 at 13:31 UTC
- second[.]example - 2025-05-18
"""


@pytest.mark.parametrize("date", ["2025-05-20 (TUESDAY) - ", "2025-05-20: ", "20 May 2025 – ", ""])
def test_a_report_of_lists_with_dates_in_them_is_one_text_and_whole(date):
    text = REPORT.format(date=date, hash="0" * 60)
    (one,) = opened(text.encode(), "text/plain")
    assert one.title == "QUAKEBIRD LOADER WITH A SECOND STAGE"
    assert (one.stamp.text if one.stamp else "") == date[:11].strip(" :(")
    assert one.outlet == "strange.example"
    lines = [line for line in text.splitlines()[1:] if line]
    assert " ".join(one.text.split()) == " ".join(" ".join(lines).split())


@pytest.mark.slow
def test_reports_of_indicators_are_read_whole(shared_data):
    """Sixty real ones: what is left out is the date of the first line, and no list names an outlet."""
    files = sorted((shared_data / "news" / "ioc").glob("*.txt"))
    assert len(files) == 60
    for file in files:
        (one,) = opened(file.read_bytes(), "text/plain")
        said = file.read_text("utf-8")
        first = " ".join(next(line for line in said.splitlines() if line).split())
        assert one.title.rstrip(":") in first, file.name
        assert one.outlet == "strange.example", file.name
        assert len(one.title.split()) + len(one.text.split()) >= 0.96 * len(said.split()), file.name


@pytest.mark.parametrize(
    "stamp", ["5 hours ago", "Published: 12 May 2025", "By Jane Doe | 12 May 2025, 10:30", "il y a 5 heures"]
)
def test_the_stamp_of_a_single_article_is_no_part_of_its_text(stamp):
    article = ENGLISH[0]._replace(
        body=(*ENGLISH[0].body, "He was seen there on 12 May 2025, 10:30, or 5 hours ago, il y a 5 heures.")
    )
    (one,) = opened(whole(f"<article><h1>{article.title}</h1><p>{stamp}</p>{words(article)}</article>"))
    assert one.paragraphs == article.body
    assert one.published.text in stamp


DATED = ENGLISH[0]._replace(stamp="29 May 2025")


def listed(header, articles):
    """Cards of title, header and text."""
    return whole("".join(f"<div><h2>{escape(one.title)}</h2>{header(one)}{words(one)}</div>" for one in articles))


@pytest.mark.parametrize(
    "header",
    [
        lambda one: f"<div><span>{one.outlet}</span> <span>•</span> <span>{one.stamp}</span></div>",
        lambda one: f"<div>{one.outlet}</div><div>{one.stamp}</div>",
        lambda one: f"<div>{one.outlet} - {one.stamp}</div>",
        lambda one: f"<div>{one.outlet}{one.stamp}</div>",
    ],
)
@pytest.mark.parametrize(
    "outlet",
    ["USA Today", "Aujourd'hui Le Maroc", "المصري اليوم", "لبنان الآن", "Казахстан сегодня", "Ciencia Hoy"],
)
def test_an_outlet_called_after_today(outlet, header):
    articles = (DATED._replace(outlet=outlet), ENGLISH[1])
    found = opened(listed(header, articles))
    held(found, articles)
    stamped(found, articles)


@pytest.mark.parametrize(
    ("header", "stamp"),
    [
        ("<p>Harbour Gazette · today</p>", "today"),
        ("<p>Today at 09:05 | Harbour Gazette</p>", "Today at 09:05"),
        ("<p>Harbour Gazette</p><p>Updated today</p>", "today"),
        ("<p>Harbour Gazette</p><p>Сегодня в 09:05</p>", "Сегодня в 09:05"),
        ("<p>Harbour Gazette</p><p>hoy, 09:05 h</p>", "hoy, 09:05"),
        ("<p>Harbour Gazette, اليوم</p>", "اليوم"),
        ("<p><span>Harbour Gazette</span> <span>today</span></p>", "today"),
        ("<p>Harbour Gazette <time>hoy</time></p>", "hoy"),
        ("<p>Today | 29 May 2025 | Harbour Gazette</p>", "29 May 2025"),
    ],
)
def test_a_word_for_today_that_is_a_stamp(header, stamp):
    found = opened(
        listed(lambda one: header if one is DATED else f"<p>{one.outlet}, {one.stamp}</p>", (DATED, ENGLISH[1]))
    )
    held(found, (DATED, ENGLISH[1]))
    assert (found[0].outlet, found[0].stamp.text) == (DATED.outlet, stamp)


@pytest.mark.parametrize("written", ["{} ({})", "{} [{}]", "({}, {})", "{} (updated {})", "{} @ {}"])
@pytest.mark.parametrize("articles", [ENGLISH, FRENCH, ARABIC])
def test_an_outlet_with_its_time_in_brackets(articles, written):
    items = "".join(
        f"<li><a href=#>{escape(one.title)}</a><div>{written.format(escape(one.outlet), one.stamp)}</div><div>{escape(' '.join(one.body))}</div></li>"
        for one in articles
    )  # fmt: skip
    found = opened(whole(f"<ul>{items}</ul>"))
    held(found, articles)
    stamped(found, articles)


def test_a_title_that_ends_with_a_date_in_brackets():
    articles = [one._replace(title="What the week brought (29 May 2025)") for one in ENGLISH[:2]]
    found = opened(listed(lambda one: f"<p>{one.outlet} ({one.stamp})</p>", articles))
    held(found, articles)
    stamped(found, articles)


def below(one, footer, tag="article"):
    return f"<{tag}><h2>{escape(one.title)}</h2>{words(one)}{footer.format(escape(one.outlet), one.stamp)}</{tag}>"


@pytest.mark.parametrize("tag", ["article", "div"])
@pytest.mark.parametrize(
    "footer",
    [
        "<footer>via {} · {}</footer>",
        "<footer><cite>{}</cite> <time>{}</time></footer>",
        "<div>Source: {} | {}</div>",
        "<div>{1}</div><div>{0}</div>",
        "<div>{}</div><div>{}</div>",
        "<footer>{} · {}</footer><button>Share</button><p>Read more</p>",
        "<footer>{} · {}<br>Updated just now</footer>",
    ],
)
@pytest.mark.parametrize("articles", [ENGLISH, FRENCH, ARABIC])
def test_outlet_and_time_below_the_text(articles, footer, tag):
    page = "".join(below(one, footer, tag) for one in articles)
    found = opened(whole(f"<h1>World Digest</h1><main>{page}</main><footer>© 2025 World Digest</footer>"))
    held(found, articles)
    stamped(found, articles)


@pytest.mark.parametrize("page", ["<article>{}<ul>{}</ul></article>", "<article>{}</article><aside>{}</aside>"])
@pytest.mark.parametrize(
    "teaser",
    ["<li>{1}</li><li>{0}</li>", "<li>{0}</li><li>{1}</li>", "<h3>{0}</h3><p>{1}</p>", "<p>{1}</p><h3>{0}</h3>"],
)
@pytest.mark.parametrize("count", [1, 3])
def test_times_of_teasers_below_an_article_are_not_its_own(count, teaser, page):
    main, *rest = ENGLISH
    teasers = "".join(teaser.format(escape(one.title), one.stamp) for one in rest[:count])
    (one,) = opened(whole(page.format(f"<h1>{escape(main.title)}</h1>{words(main)}", teasers)))
    assert (one.title, one.stamp) == (main.title, None)


def test_a_credit_above_the_time_is_no_outlet():
    articles = [one._replace(outlet="strange.example", body=(*one.body, "(AFP)")) for one in ENGLISH]
    page = "".join(f"<article><h2>{escape(one.title)}</h2>{words(one)}<p>{one.stamp}</p></article>" for one in articles)
    found = opened(whole(page))
    held(found, articles)
    stamped(found, articles)


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("<article>{}</article>", "I have been saying this for years, and nobody listened."),
        ("<div>{}</div>", "Great!"),
    ],
)
def test_the_time_of_a_comment_below_an_article_is_not_its_own(page, said):
    comment = f"<div>Jean D.</div><div>3 hours ago</div><p>{said}</p>"
    (one,) = opened(whole(page.format(f"<h1>{escape(ENGLISH[0].title)}</h1>{words(ENGLISH[0])}{comment}")))
    assert (one.title, one.outlet, one.stamp) == (ENGLISH[0].title, "strange.example", None)


def test_a_short_title_behind_a_time_is_no_outlet():
    titles = ("Port closed after fire", "Rates rise again", "Hikers found alive", "Mayor resigns at last")
    articles = [one._replace(title=title, outlet="strange.example") for one, title in zip(ENGLISH, titles, strict=True)]
    found = opened(whole("".join(f"<p>{one.title}</p>{words(one)}<p>{one.stamp}</p>" for one in articles)))
    held(found, articles)
    stamped(found, articles)


@pytest.mark.parametrize("bare", range(4))
@pytest.mark.parametrize("order", ["above", "below"])
def test_an_article_without_a_time_among_others_that_have_one(bare, order):
    """<article> is a border: nothing of a neighbour comes over it, neither its time nor its text."""
    made = [one if n != bare else one._replace(outlet="", stamp="") for n, one in enumerate(ENGLISH)]
    cards = []
    for one in made:
        when = f"<p>{escape(one.outlet)} · {one.stamp}</p>" if one.stamp else ""
        parts = (when, words(one)) if order == "above" else (words(one), when)
        cards.append(f"<article><h2>{escape(one.title)}</h2>{''.join(parts)}</article>")
    found = opened(whole("".join(cards)))
    assert [(one.title, " ".join(one.paragraphs)) for one in found] == [
        (one.title, " ".join(one.body)) for one in ENGLISH
    ]
    assert [one.stamp.text if one.stamp else "" for one in found] == [one.stamp for one in made]
    assert [one.outlet for one in found] == [one.outlet or "strange.example" for one in made]


@pytest.mark.parametrize("articles", [ENGLISH, FRENCH, ARABIC])
def test_the_name_of_a_site_is_no_title(articles):
    rows = "".join(
        f"<dt><b>{escape(one.title)}</b></dt><dd><i>{escape(one.outlet)}</i>, {one.stamp}</dd><dd>{escape(' '.join(one.body))}</dd>"
        for one in articles
    )
    found = opened(whole(f"<h1 class=logo>World Digest</h1><dl>{rows}</dl>"))
    held(found, articles)
    stamped(found, articles)
