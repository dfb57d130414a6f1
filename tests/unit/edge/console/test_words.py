"""Every word is translated into every language, and no page shows one that cannot be."""

import importlib.util
import itertools
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tocsin.edge.console import templating, words
from tocsin.edge.console.pages import ALL
from tocsin.edge.signin.roles import Role

ROOT = Path(__file__).resolve().parents[4]
SAID = ("aria-label", "placeholder", "alt", "title", "data-label", "data-failed")


@pytest.fixture
def translations():
    spec = importlib.util.spec_from_file_location("translations", ROOT / "tools" / "translations.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
@pytest.mark.parametrize("language", ["fr", "ar", "ru"])
def test_every_word_is_translated_with_the_same_values(translations, language):
    assert translations.faults(language) == []
    assert len(translations.used()) > 200


@pytest.mark.slow
def test_what_is_missing_stale_or_other_is_found(translations, monkeypatch):
    good = translations.catalogue("fr")
    changed = {**good, "Stale": ("x",), "Search": ("",), "in %(channel)s": ("dans",), "%(num)s object": ("%(num)s",)}
    monkeypatch.setattr(translations, "catalogue", lambda language: changed)
    found = translations.faults("fr")
    assert [one.split(":")[0] for one in found] == ["missing", "missing", "other values", "stale"]


class Reader(HTMLParser):
    """Text and attributes that a reader meets and that are neither ours in translation nor marked as somebody else's."""

    empty = frozenset({"meta", "link", "input", "img", "br", "hr", "path"})
    inline = frozenset({"a", "abbr", "b", "bdi", "code", "em", "i", "q", "small", "span", "strong", "time"})

    def __init__(self):
        super().__init__()
        self.open, self.depth, self.found = [], 0, []
        self.last, self.glued = "", []

    def foreign(self):
        return any(no or tag in ("script", "style") for tag, no in self.open)

    def handle_starttag(self, tag, attrs):
        told = dict(attrs)
        if tag not in self.inline:
            self.last = ""
        no = told.get("translate") == "no" or told.get("lang") == "en"
        if not no and not self.foreign():
            for name in SAID:
                self.check(told.get(name) or "", f"{tag} {name}")
        if tag not in self.empty:
            self.open.append((tag, no))

    def handle_endtag(self, tag):
        if tag not in self.inline:
            self.last = ""
        if tag not in self.empty:
            assert self.open.pop()[0] == tag

    def handle_data(self, data):
        if re.search(r"[\w⟧]\Z", self.last) and re.match(r"[\w⟦]", data):
            self.glued.append((self.last[-30:], data[:30]))
        self.last = data or self.last
        if not self.foreign():
            self.check(data, self.open[-1][0] if self.open else "")

    def check(self, text, where):
        for part in re.split("([⟦⟧])", text):
            if part in ("⟦", "⟧"):
                self.depth += 1 if part == "⟦" else -1
            elif not self.depth and re.search(r"[^\W\d_]{2}", part):
                self.found.append((where, part.strip()))


def read(page):
    reader = Reader()
    reader.feed(page.partition("</head>")[2].replace("</html>", ""))
    assert reader.open == [], reader.open
    return reader


def untranslated(page):
    return read(page).found


@pytest.mark.slow
def test_no_page_shows_an_untranslated_word(visit, samples):
    async def story(house):
        house.again(pseudo=True, loopback=True)
        token = await house.people.add("Invited", ["duty"])
        browser = await house.enroll("everybody", *Role)
        await house.accounts.add("siem", "*")
        paths = [
            samples.concrete(one.path, token=token, share=house.newest_share("aa"))
            for one in ALL
            if one.method == "GET" and one.path not in ("/", "/sign-in", "/sign-in/oidc/back")
        ]
        seen = {}
        for path in (*paths, "/nothing", "/threats?find=nothing", "/me?done=look"):
            reply = await browser.ask(path, host="localhost:7401")
            seen[path] = untranslated(reply.text)
            assert read(reply.text).glued == [], path
        seen["/sign-in"] = untranslated((await house.browser().ask("/sign-in", host="localhost:7401")).text)
        wrong = await house.browser().post("/sign-in", "/sign-in", name="x", password="x", code="x")
        seen["refused"] = untranslated(wrong.text)
        assert len(seen) > 15
        assert {path: found for path, found in seen.items() if found} == {}

    visit(story, shared=3)


def test_no_template_swallows_the_space_between_two_words():
    """A line break after a block's tag is taken out (trim_blocks): what begins the next line brings its own space."""
    ends = r"</(p|li|ul|ol|dl|dd|dt|div|h\d|section|form|table|tr|td|th|details|summary|fieldset|header|pre|label|svg|title|button)>\s*$"
    begins = r"(\{%[^%]*%\})*(\{\{|\w|<(a|span|b|bdi|strong|time|em|code|q)\b)"
    found = []
    for path in sorted(templating.FOLDER.glob("*.html")):
        lines = path.read_text("utf-8").splitlines()
        for number, (line, following) in enumerate(itertools.pairwise(lines), 1):
            shown = re.sub(r"\{%.*?%\}", "", line)
            if (
                not line.endswith("%}")
                or not shown
                or shown[-1].isspace()
                or re.search("% (end)?macro ", line + following)
            ):
                continue
            if re.match(begins, following) and not re.search(ends, shown):
                found.append((path.name, number))
    assert found == []


def test_the_reader_finds_what_is_not_translated():
    page = '<html><head></head><body><p title="plain">⟦good <b>and</b> ⟧ bad <bdi translate="no">theirs</bdi></p></body></html>'
    assert untranslated(page) == [("p title", "plain"), ("p", "bad")]
    glued = "<html><head></head><body><p><b>one</b> <a>two</a><span>three</span></p><p>four</p></body></html>"
    assert read(glued).glued == [("two", "three")]


@pytest.mark.parametrize(
    ("language", "count", "told"),
    [
        ("en", 1, "1 member"),
        ("en", 2, "2 members"),
        ("fr", 0, "0 membre"),
        ("fr", 2, "2 membres"),
        ("ru", 1, "1 участник"),
        ("ru", 3, "3 участника"),
        ("ru", 11, "11 участников"),
        ("ru", 21, "21 участник"),
        ("ar", 2, "عضوان (2)"),
        ("ar", 5, "5 أعضاء"),
        ("ar", 11, "11 عضوًا"),
        ("ar", 100, "100 عضو"),
    ],
)
def test_numbers_have_their_forms(language, count, told):
    found = words.words(language).many("%(num)s member", "%(num)s members", count) % {"num": count}
    assert found == told


@pytest.mark.parametrize(
    ("preferred", "asked", "header", "shown"),
    [
        ("", "", "", "en"),
        ("", "", "ar-EG,ar;q=0.9,en;q=0.8", "ar"),
        ("fr", "", "ar", "fr"),
        ("fr", "ru", "ar", "ru"),
        ("", "xx", "de,zz", "en"),
        ("", "../en", "*", "en"),
    ],
)
def test_the_language_is_the_readers(preferred, asked, header, shown):
    assert words.chosen(preferred, asked, header) == shown


def test_arabic_pages_turn(visit):
    async def story(house):
        arabic = (await house.browser().ask("/sign-in?lang=ar")).text
        assert '<html lang="ar" dir="rtl">' in arabic
        assert '<html lang="ru" dir="ltr">' in (await house.browser().ask("/sign-in", accept_language="ru")).text

    visit(story)


@pytest.mark.parametrize("name", sorted(path.name for path in templating.FOLDER.iterdir()))
def test_templates_hold_nothing_that_the_policy_would_stop_or_that_escapes_escaping(name):
    text = (templating.FOLDER / name).read_text("utf-8")
    for strange in (r"\bstyle=", r"\bon[a-z]+=", r"<style", r"<script(?! src=)", r"\bhx-on", r"\bjs:", r"javascript:",
                    r"\|\s*safe", r"Markup", r"autoescape", r"hx-trigger=\"[^\"]*\["):  # fmt: skip
        assert not re.search(strange, text), strange
    forms = re.findall(r"<form method=\"post\".*?</form>", text, re.DOTALL)
    assert all("parts.token()" in form for form in forms)
    assert len(forms) == text.count('method="post"')
