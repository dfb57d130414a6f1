"""A name and a word for a day below a quotation is who said it and when: no article begins there. Below a title it is a header."""

import pytest
from tests.unit.desk.layouts import ENGLISH

from tocsin.desk.reading.opening import capture_of, read

SEEN = 1_748_692_800_000_000
DAY_US = 86_400_000_000
FIRST, SECOND = ENGLISH[0], ENGLISH[1]
NAME = "Marta Velden"
NAMED = f"{NAME}, who leads the union of the dockers, told reporters that nobody had asked them before the cranes were stopped."


def opened(*lines, gap="\n\n"):
    data = gap.join(lines).encode()
    return read(capture_of(data, "", "text/plain", SEEN), data).documents


def header(one):
    return one.title, one.outlet, one.stamp.text if one.stamp else ""


SAID = (
    f"{NAME}, yesterday",
    f"{NAME} yesterday",
    f"— {NAME}, today",
    f"{NAME}, aujourd’hui",
    f"{NAME}, أمس",
    f"{NAME}\n\nYesterday",
)
ABOVE = (
    ("a quotation", "“We have never seen such a thing in this port”", FIRST.body[:2]),
    ("a short one", '"We had no choice."', FIRST.body[:2]),
    ("one in French", "« Nous n'avions pas le choix »", FIRST.body[:2]),
    ("who is named before", "What the dockers say about it now", (FIRST.body[0], NAMED)),
    ("what stands alone on its page", "What the dockers say about it now", FIRST.body[:2]),
)


@pytest.mark.parametrize("gap", ["\n", "\n\n"])
@pytest.mark.parametrize("said", SAID)
@pytest.mark.parametrize(("above", "body"), [one[1:] for one in ABOVE], ids=[one[0] for one in ABOVE])
def test_who_said_it_begins_no_article(above, body, said, gap):
    lines = (FIRST.title, *body, above, *said.split("\n\n"), *FIRST.body, *SECOND.body, *SECOND.body)
    (one,) = opened(*lines, gap=gap)
    assert header(one) == (FIRST.title, "", "")
    assert NAME in one.text
    assert all(each in one.text for each in (above, *body, *SECOND.body))


def test_two_people_who_are_quoted_begin_no_article():
    quotes = ('"Nobody asked us before"', f"{NAME}, yesterday"), ("“We had no choice”", "Rui Falcato, today")
    (one,) = opened(FIRST.title, *FIRST.body, *quotes[0], *SECOND.body, *quotes[1], *SECOND.body)
    assert header(one) == (FIRST.title, "", "")


@pytest.mark.parametrize("outlet", ["Harbour Gazette", "Le Monde", NAME])
def test_an_outlet_and_a_day_below_a_title_are_a_header(outlet):
    (one,) = opened(FIRST.title, f"{outlet}, yesterday", *FIRST.body)
    assert header(one) == (FIRST.title, outlet, "yesterday")
    assert one.published.first_us == SEEN // DAY_US * DAY_US - DAY_US
    two = opened(FIRST.title, f"{outlet}, yesterday", *FIRST.body, SECOND.title, "Other Herald, today", *SECOND.body)
    assert [header(one) for one in two] == [(FIRST.title, outlet, "yesterday"), (SECOND.title, "Other Herald", "today")]
    # So is it below a title that is a quotation, where the page has its headers so.
    title = "“We have never seen such a thing in this port”"
    two = opened(FIRST.title, f"{outlet}, yesterday", *FIRST.body, title, "Other Herald, today", *SECOND.body)
    assert [header(one) for one in two] == [(FIRST.title, outlet, "yesterday"), (title, "Other Herald", "today")]


def test_below_such_headers_a_person_is_told_by_two_signs_and_an_outlet_is_not_by_one():
    told = "The minister told the Northern Herald that he had known of the drugs in the port since the month before."
    two = opened(
        FIRST.title,
        "Harbour Gazette, yesterday",
        *FIRST.body,
        told,
        SECOND.title,
        "Northern Herald, today",
        *SECOND.body,
    )
    assert [header(one)[1] for one in two] == ["Harbour Gazette", "Northern Herald"]
    said = (NAMED, "“We had no choice”", f"{NAME}, yesterday")
    (one,) = opened(FIRST.title, "Harbour Gazette, yesterday", *FIRST.body, *said, *SECOND.body)
    assert header(one)[1] == "Harbour Gazette"


def test_related_articles_below_one_without_a_stamp_keep_their_headers():
    related = opened(
        FIRST.title, *FIRST.body, "Related articles", SECOND.title, "Other Herald, yesterday", *SECOND.body
    )
    assert [header(one) for one in related] == [(FIRST.title, "", ""), (SECOND.title, "Other Herald", "yesterday")]
