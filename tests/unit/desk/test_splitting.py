"""A page of many articles becomes as many documents, with title, outlet and stamp, whatever its layout."""

import json

import pytest
from tests.unit.desk.layouts import ENGLISH, LAYOUTS, SETS, piped

from tocsin.desk.document import Role
from tocsin.desk.reading.opening import capture_of, read

SEEN = 1_748_692_800_000_000  # 2025-05-31 12:00 UTC


def documents(text, media_type="", outlet=""):
    data = text.encode()
    return read(capture_of(data, "https://picks.example/page", media_type, SEEN, outlet), data).documents


def shown(found):
    return [(one.title, one.outlet, one.stamp.text if one.stamp else None) for one in found]


@pytest.mark.slow
@pytest.mark.parametrize("language", SETS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_in_every_language(layout, language):
    articles = SETS[language]
    found = documents(LAYOUTS[layout](articles))
    assert shown(found) == [(one.title, one.outlet, one.stamp) for one in articles]
    for one, article in zip(found, articles, strict=True):
        assert " ".join(one.paragraphs) == " ".join(article.body)
        assert one.language == language
        assert one.direction == ("rtl" if language == "ar" else "ltr")
        assert one.published is not None
        assert one.published.first_us <= one.published.last_us <= SEEN


@pytest.mark.slow
def test_the_seeds_are_nine(shared_data):
    folder = shared_data / "news" / "seeds"
    gold = json.loads((folder / "gold.json").read_text("utf-8"))
    right = 0
    for name in dict.fromkeys(one["capture"] for one in gold):
        data = (folder / name).read_bytes()
        found = read(capture_of(data, "https://capture.example/", "text/plain", SEEN), data).documents
        wanted = [one for one in gold if one["capture"] == name]
        assert len(found) == len(wanted)
        for one, want in zip(found, wanted, strict=True):
            assert one.title == want["title"]
            assert one.outlet == (want["outlet"] or "capture.example")
            assert (one.stamp.text if one.stamp else None) == want["stamp"]
            assert one.shown_reading_min == want["shown_read_min"]
            assert one.role is Role(want["role"])
            assert one.text.startswith(want["first"])
            right += 1
    assert right == 9


def test_roles():
    roles = [one.role for one in documents(LAYOUTS["html_main_and_related"](ENGLISH))]
    assert roles == [Role.MAIN, *[Role.RELATED] * 3]
    assert {one.role for one in documents(piped(ENGLISH))} == {Role.ENTRY}


def test_teasers_around_one_article_make_no_container():
    main = ENGLISH[0]
    teasers = "".join(f"<li><a href=/t>{one.title}</a> <time>{one.stamp}</time></li>" for one in ENGLISH[1:])
    body = "".join(f"<p>{text}</p>" for text in main.body * 3)
    found = documents(
        f"<html><head><title>{main.title} | Gazette</title><meta property='og:site_name' content='Gazette'></head><body><h1>{main.title}</h1><time datetime='2025-05-30T10:00:00Z'>30 May</time>{body}<aside><h2>Most read</h2><ul>{teasers}</ul></aside></body></html>"
    )
    assert shown(found)[0][:2] == (main.title, "Gazette")
    assert len(found) == 1
    assert found[0].role is Role.SINGLE
    assert "Bratislava" not in found[0].text


def test_an_outlet_that_ends_in_digits():
    article = ENGLISH[0]
    for line, outlet, stamp in (
        ("France 242 days ago", "France 24", "2 days ago"),
        ("France 2429-05-2025", "France 24", "29-05-2025"),
    ):
        other = ENGLISH[1]
        text = "\n".join(
            (article.title, line, *article.body, "", other.title, f"{other.outlet}{other.stamp}", *other.body)
        )
        assert shown(documents(text))[0] == (article.title, outlet, stamp)


def test_a_sentence_that_ends_with_a_date_is_no_header():
    body = (*ENGLISH[0].body, "The trial begins on 3 June 2025.", *ENGLISH[0].body)
    text = "\n".join((ENGLISH[0].title, "", *body))
    found = documents(text)
    assert len(found) == 1
    assert "The trial begins on 3 June 2025." in found[0].paragraphs


def test_a_cut_copy_says_so():
    one = ENGLISH[0]
    text = "\n\n".join(
        (
            one.title,
            f"{one.outlet} | {one.stamp}",
            one.body[0][:-1] + "...",
            ENGLISH[1].title,
            f"{ENGLISH[1].outlet} | {ENGLISH[1].stamp}",
            *ENGLISH[1].body,
        )
    )
    assert [one.cut for one in documents(text)] == [True, False]
