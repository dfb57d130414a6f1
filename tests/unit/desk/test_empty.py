"""What holds no text is refused with the reason; a mail beside an empty part of it is read."""

import gzip
from email.message import EmailMessage
from io import BytesIO

import pytest
from fpdf import FPDF
from PIL import Image
from tests.unit.desk.layouts import ENGLISH

from tocsin.desk.reading.opening import capture_of, read
from tocsin.errors import MEANINGS, FormatError

SEEN = 1_748_692_800_000_000


def opened(data: bytes, media_type: str):
    return read(capture_of(data, "https://h.example/", media_type, SEEN), data).documents


def refusal(data: bytes, media_type: str) -> FormatError:
    with pytest.raises(FormatError) as error:
        opened(data, media_type)
    assert error.value.code == "format.capture-empty"
    return error.value


def scanned() -> bytes:
    """Two pages that are pictures."""
    page, picture = FPDF(), BytesIO()
    Image.new("L", (60, 80), 200).save(picture, "PNG")
    for _ in range(2):
        page.add_page()
        page.image(picture, 10, 10, 100)
    return bytes(page.output())


BLANKS = (b"", b" \t\r\n\n  ", b"\xef\xbb\xbf", "\u00a0\u200b\n\u2003".encode(), "\ufeff \n".encode("utf-16-le"), gzip.compress(b"\n"))  # fmt: skip


@pytest.mark.parametrize("data", BLANKS, ids=range(len(BLANKS)))
def test_a_text_without_a_word_is_refused(data):
    assert "holds no text" in refusal(data, "text/plain").what


@pytest.mark.parametrize("media_type", ["", "application/octet-stream", "text/html", "application/pdf", "message/rfc822", "application/json", "application/rss+xml"])  # fmt: skip
def test_a_file_without_a_byte_is_refused_whatever_it_is_called(media_type):
    refusal(b"", media_type)
    refusal(b"\r\n", media_type)


@pytest.mark.parametrize(
    "page",
    ["<html></html>", "<!doctype html><title>Port closed after oil spill</title>", "<html><body><p> </p><img src=a></body></html>",
     "<html><body><div hidden>Words that nobody sees.</div><script>let a = 'words of a script'</script></body></html>"],
)  # fmt: skip
def test_a_page_that_shows_no_text_is_refused(page):
    assert "shows no text" in refusal(page.encode(), "text/html").what


def test_a_pdf_of_pictures_is_refused_and_what_to_do_is_told():
    told = refusal(scanned(), "application/pdf")
    assert "PDF" in told.what
    assert "no text" in told.what
    meaning = MEANINGS[told.code]
    assert "OCR" in f"{meaning.why} {meaning.do}"


def test_a_pdf_whose_time_was_over_before_its_first_page_is_not_called_empty():
    data = scanned()
    assert read(capture_of(data, "", "application/pdf", SEEN), data, lambda: True).documents == ()


def test_a_mail_with_a_scan_is_still_read_and_so_is_one_whose_body_is_empty():
    for body in (ENGLISH[0].body[0], ""):
        mail = EmailMessage()
        mail["From"], mail["Subject"], mail["Date"] = "Desk <n@w.example>", "Scan", "Fri, 30 May 2025 10:00:00 +0000"
        mail.set_content(body)
        mail.add_attachment(scanned(), maintype="application", subtype="pdf")
        mail.add_attachment("\n\n".join((ENGLISH[1].title, *ENGLISH[1].body)), subtype="plain")
        found = opened(bytes(mail), "message/rfc822")
        assert [one.title for one in found][-1] == ENGLISH[1].title
        assert len(found) == (2 if body else 1)
