"""Main text out of pages that are as crowded as real ones: what is asked for, what came, by words counted with their repeats.

The pages are made here, so the main text is known to the word. What stands around it is taken from other articles of the same set,
in the same language: related teasers, comments and adverts read like news, as they do on real pages. Real pages are harder still.
"""

import random
from collections import Counter
from html import escape

from tocsin.desk.reading.opening import capture_of, read

_NAV = [
    "Home",
    "World",
    "Politics",
    "Business",
    "Sport",
    "Culture",
    "Opinion",
    "Video",
    "Podcasts",
    "Newsletters",
    "Jobs",
    "Subscribe",
    "Sign",
    "in",
]
_COOKIES = (
    "We and our 142 partners store and access information on a device, such as cookies, to show personalised content. "
    "You may change your choices at any time."
)


def _paragraphs(lines):
    return [f"<p>{escape(one)}</p>" for one in lines]


def _with_adverts(lines, others, chance):
    """An advert, a box of related articles and a call to subscribe between paragraphs."""
    out = _paragraphs(lines)
    boxes = [
        "<aside class='ad'><span>Advertisement</span><a href='/buy'>Save 30 % on garden furniture until Sunday</a></aside>",
        "<div class='related-box'><h4>Read also</h4><ul>"
        + "".join(f"<li><a href='/{n}'>{escape(one[0])}</a></li>" for n, one in enumerate(others[:3]))
        + "</ul></div>",
        "<div class='newsletter-signup'><p>Get our morning briefing in your inbox. Enter your address to sign up.</p></div>",
    ]
    for box in boxes:
        out.insert(chance.randrange(1, len(out) + 1), box)
    return "".join(out)


def _around(title, body, others, *, direction):
    nav = "".join(f"<li><a href='/{one}'>{one}</a></li>" for one in _NAV)
    related = "".join(
        f"<div class='teaser'><h3><a href='/t{n}'>{escape(one[0])}</a></h3><p>{escape(one[1][0][:160])}</p></div>"
        for n, one in enumerate(others)
    )
    comments = "".join(
        f"<div class='comment'><b>reader{n}</b><p>{escape(one[1][-1])}</p></div>" for n, one in enumerate(others)
    )
    return (
        f"<html dir='{direction}'><head><title>{escape(title)} | The Daily</title></head><body>"
        f"<div id='cookie-banner' role='dialog'><p>{_COOKIES}</p><button>Accept all</button></div>"
        f"<header><ul class='menu'>{nav}</ul></header>{body}"
        f"<section id='comments' class='comments'><h2>Comments ({len(others)})</h2>{comments}</section>"
        f"<div class='more-stories'><h2>More stories</h2>{related}</div>"
        "<footer><p>All rights reserved. Terms of use. Privacy. Contact.</p></footer></body></html>"
    )


def _article(title, text):
    return f"<main><article><h1>{escape(title)}</h1><p class='byline'>By the newsroom</p>{text}</article></main>"


def _divs(title, text):
    return f"<div id='page'><div class='col-8 post-content'><h1>{escape(title)}</h1><div class='entry'>{text}</div></div></div>"


def _table(title, text):
    return f"<table><tr><td class='left'><ul><li>Weather</li><li>Traffic</li></ul></td><td><h1>{escape(title)}</h1>{text}</td></tr></table>"


def _itemprop(title, text):
    return (
        f"<div itemscope itemtype='https://schema.org/NewsArticle'><h1 itemprop='headline'>{escape(title)}</h1>"
        f"<figure><img alt='A stock photograph'><figcaption>Photograph: agency</figcaption></figure>"
        f"<div itemprop='articleBody'>{text}</div></div>"
    )


def _sections(title, text):
    return f"<section class='story'><h1>{escape(title)}</h1><section class='story__text'>{text}</section><ul class='share'><li>Share</li><li>Print</li></ul></section>"


_LAYOUTS = {"article": _article, "divs": _divs, "table": _table, "itemprop": _itemprop, "sections": _sections}


def extraction(texts, seen_us):
    """Texts: (title, lines, language). Precision and recall of main text, all in all and for each layout and language."""
    sums = {}
    for number, (title, lines, language) in enumerate(texts):
        chance = random.Random(number)
        same = [one for one in texts if one[2] == language and one[0] != title]
        others = chance.sample(same, min(4, len(same)))
        layout = list(_LAYOUTS)[number // 5 % len(_LAYOUTS)] if len(texts) > 50 else list(_LAYOUTS)[number % 5]
        body = _LAYOUTS[layout](title, _with_adverts(lines, others, chance))
        data = _around(title, body, others, direction="rtl" if language == "ar" else "ltr").encode()
        found = read(capture_of(data, f"https://a.example/{number}", "text/html", seen_us), data).documents
        have = Counter(word for one in found for word in one.text.split())
        want = Counter(" ".join(lines).split())
        for key in ("all", layout, language):
            counts = sums.setdefault(key, [0, 0, 0])
            counts[0] += (have & want).total()
            counts[1] += have.total()
            counts[2] += want.total()
    return {
        key: {"precision": right / max(got, 1), "recall": right / max(wanted, 1)}
        for key, (right, got, wanted) in sums.items()
    }
