"""Bytes of every character set become the letters that were written, whatever a page says or does not say of itself."""

import pytest
from tests.unit.desk.layouts import ARABIC, ENGLISH, FRENCH, RUSSIAN, SPANISH

from tocsin.desk import thresholds
from tocsin.desk.reading import charsets
from tocsin.desk.reading.opening import capture_of, read

SEEN = 1_748_692_800_000_000


def opened(data, media_type):
    return read(capture_of(data, "https://h.example/", media_type, SEEN), data).documents


def page(article, meta=""):
    body = "".join(f"<p>{one}</p>" for one in article.body)
    return f"<html><head>{meta}<title>{article.title}</title></head><body><h1>{article.title}</h1>{body}</body></html>"


def plain(article):
    return "\n\n".join((article.title, *article.body))


@pytest.mark.parametrize(
    ("article", "charset"),
    [
        (ARABIC[0], "cp1256"),
        (ARABIC[0], "iso8859_6"),
        (RUSSIAN[0], "cp1251"),
        (RUSSIAN[0], "koi8_r"),
        (RUSSIAN[0], "iso8859_5"),
        (FRENCH[0], "cp1252"),
        (SPANISH[0], "cp1252"),
    ],
)
@pytest.mark.parametrize(("made", "media_type"), [(page, "text/html"), (plain, "text/plain")])
def test_what_is_declared_nowhere_is_guessed_and_told(article, charset, made, media_type):
    (one,) = opened(made(article).encode(charset, "ignore"), media_type)
    assert one.title == article.title
    assert one.notes == (f"the character set is a guess: {charset}",)


@pytest.mark.parametrize("charset", ["iso-8859-1", "windows-1252", "windows-1256", "us-ascii", "utf-16", "utf-7"])
def test_utf_8_is_believed_against_what_a_page_says(charset):
    data = page(FRENCH[0], f"<meta charset={charset}>").encode()
    for media_type in ("text/html", f"text/html; charset={charset}"):
        (one,) = opened(data, media_type)
        assert (one.title, one.notes) == (FRENCH[0].title, ())
    (one,) = opened(plain(FRENCH[0]).encode(), f"text/plain; charset={charset}")
    assert (one.title, one.notes) == (FRENCH[0].title, ())


def test_what_is_declared_and_may_be_is_believed():
    for article, charset in ((ARABIC[0], "windows-1256"), (RUSSIAN[0], "windows-1251"), (FRENCH[0], "iso-8859-15")):
        (one,) = opened(page(article, f"<meta charset={charset}>").encode(charset, "ignore"), "text/html")
        assert (one.title, one.notes) == (article.title, ())
    (one,) = opened("港口因漏油关闭\n\n周五, 港口关闭。".encode("gb18030"), "text/plain; charset=gb18030")
    assert (one.title, one.notes) == ("港口因漏油关闭", ())


def test_marks_are_believed_first():
    for charset in ("utf-16", "utf-8-sig"):
        for made, media_type in ((page, "text/html"), (plain, "text/plain; charset=windows-1251")):
            (one,) = opened(made(ARABIC[0]).encode(charset), media_type)
            assert (one.title, one.notes) == (ARABIC[0].title, ())


def test_quotation_marks_of_windows_in_a_page_that_says_latin_1():
    article = ENGLISH[0]._replace(title="The “quiet” port of Antwerp’s north")
    (one,) = opened(page(article, "<meta charset=iso-8859-1>").encode("cp1252"), "text/html")
    assert one.title == article.title


def test_one_damaged_word_and_a_cut_end_cost_no_page_its_letters():
    for data in (plain(ARABIC[0]).encode()[:-1], plain(ARABIC[0]).encode() + b"\n\nend \xe9 of it"):
        (one,) = opened(data, "text/plain")
        assert (one.title, one.notes) == (ARABIC[0].title, ())


def test_the_library_is_asked_only_when_nothing_else_tells_and_is_given_little(monkeypatch):
    given = []
    guess = charsets.charset_normalizer.from_bytes
    monkeypatch.setattr(
        charsets.charset_normalizer, "from_bytes", lambda data, **more: given.append(len(data)) or guess(data, **more)
    )
    for text in (plain(ENGLISH[0]), plain(ARABIC[0])):
        charsets.charset_of(text.encode())
    charsets.charset_of(plain(ARABIC[0]).encode("cp1256"), "windows-1256")
    charsets.charset_of(plain(FRENCH[0]).encode("cp1252"))
    assert given == []
    for data in (b"\xc7" * (4 << 20), b"\xc7 \xe1" * (1 << 20), plain(ARABIC[0]).encode("cp1256") * 3000):
        charsets.charset_of(data)
    assert len(given) == 3
    assert max(given) <= thresholds.GUESSED_BY
