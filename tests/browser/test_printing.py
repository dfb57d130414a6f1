"""On paper: every page as Chromium prints it is bounded, has its heading and markings, and nothing to be clicked. Two of them are pictures."""

import io
import os
import unicodedata
from pathlib import Path

import pypdf
import pytest

PICTURES = Path(__file__).resolve().parents[2] / "docs" / "pictures"
MOST_PAGES = 12
MOST_BYTES = 250_000  # Watch has the map on it
WARNINGS = (
    ("VPN gateways of ministries are being taken over", "cyber", "flash", "GR"),
    ("Forged container papers at three ports", "organised-crime", "priority", "BR"),
    ("Calls for attacks on embassies this weekend", "terrorism", "immediate", "KE"),
    ("Water works: remote maintenance abused", "infrastructure", "immediate", "CZ"),
)


def printed(page):
    data = page.pdf(format="A4", print_background=False)
    pages = pypdf.PdfReader(io.BytesIO(data)).pages
    # A PDF holds letters as they are drawn: ligatures, and the forms that Arabic letters take beside one another.
    text = unicodedata.normalize("NFKC", " ".join(one.extract_text() for one in pages))
    return len(pages), " ".join(text.split())


@pytest.mark.long
def test_every_page_prints_on_a_few_sheets_with_its_heading_and_markings(visitor, places):
    browser = visitor("everything")
    for name, path in places.items():
        page = browser.open(path)
        heading = page.locator("h1").inner_text().translate({0x2068: None, 0x2069: None})  # signs that turn no paper
        marked = {
            one.strip() for one in page.locator("main .tlp:not(.tlp-none):visible").all_inner_texts() if one.strip()
        }
        count, text = printed(page)
        assert count <= MOST_PAGES, (name, count)
        assert "".join(heading.split())[:30] in text.replace(" ", ""), (name, text[:300])
        assert all(one in text for one in marked), (name, marked)
        assert "Sign out" not in text, name
    browser.expect_quiet()


def test_the_pictures_of_the_readme(visitor, places, stage):
    for headline, topic, urgency, country in WARNINGS:
        stage[1].tocsin("warn", headline, "--to", "plenary", "--tlp", "green", "--topic", topic, "--urgency", urgency,
                        "--what", "Ministries and agencies", "--do", "Look, and answer.", "--country", country)  # fmt: skip
    browser = visitor("everything", width=1200)
    for name, path in (("watch", "/"), ("object", places["object"])):
        page = browser.open(path)
        if name == "watch":
            page.get_by_text(WARNINGS[0][0]).first.wait_for()
        picture = page.screenshot()
        assert len(picture) <= MOST_BYTES, (name, len(picture))
        if os.environ.get("TOCSIN_PICTURES"):
            PICTURES.mkdir(exist_ok=True)
            (PICTURES / f"{name}.png").write_bytes(picture)
