"""What others write is shown and never run: payloads in every field of shared objects, every page opened."""

import json
from urllib.parse import quote

import pytest

from tocsin.desk.reading.cleaning import clean

PAYLOADS = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    '"><script>alert(1)</script>',
    "'><img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)',
    "' autofocus onfocus='alert(1)",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "<iframe src=javascript:alert(1)>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<object data=javascript:alert(1)>",
    "<embed src=http://outside.example/x.swf>",
    "<a href=javascript:alert(1)>x</a>",
    "<base href=http://outside.example/>",
    "<meta http-equiv=refresh content='0;url=http://outside.example/'>",
    "<link rel=stylesheet href=http://outside.example/x.css>",
    "<style>@import 'http://outside.example/x.css'</style>",
    "<img src=http://outside.example/pixel.png>",
    "<form action=http://outside.example><input autofocus>",
    "<button formaction=javascript:alert(1)>x</button>",
    "<details open ontoggle=alert(1)>",
    "<math><mtext></mtext><script>alert(1)</script></math>",
    "<div hx-get='http://outside.example/' hx-trigger='load'>",
    "<div hx-on:load='alert(1)' data-key='j' data-row>",
    "{{ 7 * 7 }}{% raw %}",
    "${alert(1)}",
    "{{constructor.constructor('alert(1)')()}}",
    "<!--><script>alert(1)</script>-->",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<template><script>alert(1)</script></template>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\u202egnp.exe\u202c",
    "\u2066<script>alert(1)</script>\u2069",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "]]><script>alert(1)</script>",
    "\\u003cscript\\u003ealert(1)",
    "?done=look&find=<script>alert(1)</script>#<img src=x onerror=alert(1)>",
]
COMMON = {"spec_version": "2.1", "created": "2026-11-20T08:00:00.000Z", "modified": "2026-11-20T08:00:00.000Z"}


def objects():
    """Every payload in every string field of six kinds of object."""
    for number, payload in enumerate(PAYLOADS):
        tail = f"{number:08x}-0000-4000-8000-00000000ffff"
        reference = {
            "source_name": payload,
            "description": payload,
            "external_id": payload,
            "url": "javascript:alert(1)",
        }
        every = {"labels": [payload], "external_references": [reference], "lang": "en"}
        yield {"type": "indicator", "id": f"indicator--{tail}", **COMMON, **every, "name": payload, "description": payload,
               "indicator_types": [payload], "pattern": "rule x { condition: true } // " + payload, "pattern_type": "yara",
               "pattern_version": payload, "valid_from": "2026-11-20T08:00:00Z"}  # fmt: skip
        yield {"type": "malware", "id": f"malware--{tail}", **COMMON, **every, "name": payload, "description": payload,
               "is_family": True, "aliases": [payload], "malware_types": [payload], "capabilities": [payload]}  # fmt: skip
        yield {"type": "threat-actor", "id": f"threat-actor--{tail}", **COMMON, **every, "name": payload,
               "description": payload, "aliases": [payload], "roles": [payload], "goals": [payload],
               "primary_motivation": payload, "resource_level": payload, "sophistication": payload}  # fmt: skip
        yield {"type": "report", "id": f"report--{tail}", **COMMON, **every, "name": payload, "description": payload,
               "report_types": [payload], "published": "2026-11-20T08:00:00Z", "object_refs": [f"malware--{tail}"]}  # fmt: skip
        yield {"type": "note", "id": f"note--{tail}", **COMMON, **every, "abstract": payload, "content": payload,
               "authors": [payload], "object_refs": [f"malware--{tail}"]}  # fmt: skip
        yield {"type": "identity", "id": f"identity--{tail}", **COMMON, **every, "name": payload, "description": payload,
               "identity_class": "organization", "contact_information": payload, "sectors": [payload], "roles": [payload]}  # fmt: skip


@pytest.fixture(scope="module")
def poisoned(stage):
    """The ids, shared by the other member and held by ours."""
    fr = stage[1]
    made = list(objects())
    fr.share(made, "ports", "--tlp", "amber")
    return [one["id"] for one in made]


def test_nothing_of_it_runs_asks_outside_or_breaks_a_page(visitor, poisoned, stage):
    browser = visitor("everything")
    assert len(poisoned) >= 200
    shown, following = set(), "/threats?channel=ports"
    while following:
        page = browser.open(following)
        shown.update(page.locator(".item-head a").evaluate_all("all => all.map((one) => one.href.split('/').at(-1))"))
        more = page.get_by_role("link", name="Older ones")
        following = more.get_attribute("href") if more.count() else ""
    assert set(poisoned) <= shown
    for one in poisoned:
        page = browser.open(f"/o/{one}")
        assert page.locator("h1").count() == 1
    for payload in PAYLOADS:
        page = browser.open("/threats")
        page.fill("#find", payload)
        page.press("#find", "Enter")
        assert page.locator("h1").inner_text() == "Threats"
    browser.expect_quiet()


def test_a_reader_sees_exactly_what_was_written(visitor, poisoned):
    browser = visitor("everything", scripted=False)
    for number, payload in enumerate(PAYLOADS):
        page = browser.open(f"/o/malware--{number:08x}-0000-4000-8000-00000000ffff")
        assert page.locator("h1").text_content().strip() == payload
        assert page.locator("main script, main iframe, main object, main embed, main base, main style").count() == 0
    browser.expect_quiet()


def entry(number, payload):
    """An article with the payload in each of its fields, as text and as markup, and something that a draft could be made of."""
    words = f"Report {number}: officers of harbour {number * 7919} in Greece looked for parcel {number * 104729} and found number {number * 1299709}."
    return {
        "id": str(number),
        "url": ("javascript:alert(1)", "data:text/html,<script>alert(1)</script>", f"https://news{number}.example/{quote(payload)}")[number % 3],
        "title": payload,
        "content_html": f"<p>{words}</p>{payload}<p>The malware calls evil{number}[.]example, the {payload} agency (AFP) said.</p><img src=http://outside.example/pixel.png>",
        "date_published": f"2025-05-30 {payload}",
        "authors": [{"name": payload}],
        "tags": [payload, "<script>alert(1)</script>"],
    }  # fmt: skip


@pytest.fixture(scope="module")
def news(stage, tmp_path_factory):
    """The stories of a feed whose every field is hostile, imported from files with hostile names, and their articles."""
    fr, folder = stage[0], tmp_path_factory.mktemp("news")
    for number, payload in enumerate(PAYLOADS):
        path = folder / f"{number}{payload.replace('/', ' ')[:80]}.json"
        path.write_text(
            json.dumps(
                {"version": "https://jsonfeed.org/version/1.1", "title": payload, "items": [entry(number, payload)]}
            )
        )
        fr.tocsin("desk", "import", path, "--outlet", payload[:60])
    client = fr.people["everything"][0]
    stories = []
    for page in range(1, 20):
        told = client.get(f"{fr.url}/desk.json?page={page}", timeout=60).json()["stories"]
        stories += [one["id"] for one in told if one["id"] not in stories]
        if not told:
            break
    articles = {}
    for one in stories:
        for article in client.get(f"{fr.url}/desk/s/{one}.json", timeout=60).json()["articles"]:
            articles[article["id"]] = article
    return stories, articles


def test_nothing_of_the_news_runs_asks_outside_or_breaks_a_page(visitor, news):
    browser = visitor("everything")
    stories, articles = news
    assert len(articles) >= len(PAYLOADS)
    for path in (
        "/desk",
        "/desk/sources",
        *(f"/desk/s/{one}" for one in stories),
        *(f"/desk/d/{one}" for one in articles),
    ):
        page = browser.open(path)
        assert page.locator("h1").count() == 1, path
        assert (
            page.locator("main iframe, main object, main embed, main base, main style, main img[src^=http]").count()
            == 0
        )
        assert page.locator("a[href^='javascript:' i], a[href^='data:' i]").count() == 0
    browser.expect_quiet()


def test_a_title_is_read_as_it_was_written_without_what_turns_or_hides_it(visitor, news):
    browser = visitor("everything", scripted=False)
    wanted = {" ".join(clean(one).text.split()) for one in PAYLOADS}
    shown = {" ".join(browser.open(f"/desk/d/{one}").locator("h1").text_content().split()) for one in news[1]}
    plain = {one for one in wanted if "<" not in one and "&" not in one}
    assert plain - shown == set()
    assert not any(one in title for title in shown for one in "\u202e\u2066\u2069")
    browser.expect_quiet()


def test_what_a_reader_of_the_page_types_is_not_run_either(visitor):
    browser = visitor("everything")
    for payload in PAYLOADS:
        for path in ("/sign-in?to=", "/threats?find=", "/threats?type=", "/me?done=", "/o/", "/members/", "/channels/"):
            browser.open(path + quote(payload, safe=""))
    browser.expect_quiet()


def test_the_watch_over_the_browser_sees_what_it_is_for(visitor, stage):
    """A page that did run a script, or ask outside, would be found: the policy stops both and reports."""
    browser = visitor("everything")
    page = browser.open("/members")
    page.evaluate(
        "() => { const one = document.createElement('img'); one.src = 'http://outside.example/x.png';"
        " document.body.append(one); }"
    )
    refused = page.evaluate(
        "() => { try { document.createElement('p').setAttribute('onclick', 'alert(1)'); return false; }"
        " catch { return true; } }"
    )
    assert refused, "the browser did not ask the Trusted Types policy"
    page.wait_for_timeout(500)
    with pytest.raises(AssertionError):
        browser.expect_quiet()
