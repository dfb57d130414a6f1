"""Lines that were broken at a width are put together; what stands one a line on purpose is left."""

import textwrap
from email.message import EmailMessage

import pytest
from fpdf import FPDF
from tests.unit.desk.layouts import ENGLISH, SETS

from tocsin.desk import thresholds
from tocsin.desk.reading.opening import capture_of, read
from tocsin.desk.reading.wrapping import unwrapped

SEEN = 1_748_692_800_000_000
STORY = (
    (
        "The port of Ravel was closed on Friday after two thousand litres of oil had run from a barge, the harbour master said. "
        "Booms were laid across the entrance and a cleaning ship is on its way from Brest."
    ),
    (
        "Fishermen were told to stay in port until Sunday at least. Their union asked the Ministry of Fisheries who would pay for "
        "what they lose."
    ),
)


def opened(data, media_type):
    return read(capture_of(data, "https://h.example/", media_type, SEEN), data).documents


def wrapped(paragraphs, width=72, gap="\n\n"):
    return gap.join(textwrap.fill(one, width, break_on_hyphens=False) for one in paragraphs)


def joined(text):
    return list(unwrapped([one.strip() for one in text.split("\n")]))


@pytest.mark.parametrize("width", [45, 60, 72, 78])
@pytest.mark.parametrize("language", SETS)
def test_paragraphs_with_blank_lines_between_them(language, width):
    for article in SETS[language]:
        assert joined(wrapped((article.title, *article.body), width)) == [article.title, *article.body]


def test_text_and_mail_have_whole_sentences():
    text = wrapped(("Port of Ravel closed after oil spill", "21 November 2026", *STORY))
    (one,) = opened(text.encode(), "text/plain")
    assert one.paragraphs[-2:] == STORY
    mail = EmailMessage()
    mail["From"], mail["Subject"], mail["Date"] = "Desk <n@w.example>", "Oil spill", "Fri, 30 May 2025 10:00:00 +0000"
    mail.set_content(wrapped(STORY))
    (one,) = opened(bytes(mail), "message/rfc822")
    assert (one.title, one.paragraphs) == ("Oil spill", STORY)


@pytest.mark.parametrize("align", ["L", "J"])
def test_a_pdf_has_whole_paragraphs(align):
    page = FPDF()
    page.add_page()
    for text, size, gap in (("Port of Ravel closed after oil spill from a barge at its entrance", 18, 4), *((one, 11, 3) for one in (*STORY, *ENGLISH[0].body))):  # fmt: skip
        page.set_font("Helvetica", "", size)
        page.multi_cell(0, size / 2, text, align=align, new_x="LMARGIN", new_y="NEXT")
        page.ln(gap)
    (one,) = opened(bytes(page.output()), "application/pdf")
    assert one.title == "Port of Ravel closed after oil spill from a barge at its entrance"
    assert one.paragraphs == (*STORY, *ENGLISH[0].body)


def test_without_blank_lines_a_short_line_ends_a_paragraph_and_the_first_is_the_title():
    head = ("Port of Ravel closed after oil spill", "21 November 2026")
    assert joined("\n".join((*head, wrapped(reversed(STORY), 68, "\n")))) == [*head, *reversed(STORY)]


LISTS = (
    ("a list of domains after a full line", "These names were seen in the traffic of all the hosts that were looked at\nevil[.]example\nbad[.]example\nworse[.]example"),
    ("hashes of one width", "\n".join(f"{digit * 64}" for digit in "abcdef12")),
    ("hashes with names", "\n".join(f"{digit * 64} invoice {digit}.zip from mail" for digit in "abcdef12")),
    ("domains with words", "evil[.]example was asked for by the first stage of the thing\nbad[.]example was asked for by the second stage of the thing"),
    ("names with words", "evil.example was asked for by the first stage of the thing\nbad.example was asked for by the second stage of the thing"),
    ("headlines in Arabic", "الجمارك تحجز طنين من الكوكايين في ميناء طنجة بعد تفتيش\nمستشفيات ليون تستعيد أنظمتها بعد هجوم إلكتروني واسع\nالشرطة تفكك ورشة لتزوير جوازات السفر في براتيسلافا"),
    ("headlines in Chinese", "拉韦尔港因驳船漏油而于周五全面关闭\n里昂医院在遭到网络攻击后恢复了系统\n警方在布拉迪斯拉发捣毁假护照作坊"),
    ("items", "- The first of the things that were found on the disk of the host\n- the second of the things that were found on the disk of the host\n- the third"),
    ("numbered", "1. The first of the things that were found on the disk of the host\n2. The second of the things that were found on the disk of the host"),
    ("names and values", "File name: the invoice that came with the mail of the day before.doc\nFile size: some two hundred and twenty-seven thousand bytes or more"),
    ("a table", "Ravel harbour closed since Friday noon for ships\t12\tno\tBrest and Lorient\nLorient harbour open since Friday noon for all\t14\tyes\tnone that is known"),
    ("headlines", "Customs officers seize two tonnes of cocaine in the port of Antwerp\nHospital network in Lyon restores its systems after the attack\nPolice dismantle a forged passport workshop in Bratislava"),
    ("sentences", "\n".join(ENGLISH[0].body)),
    ("what a table is told by", "The hosts that were looked at spoke with these addresses by night:\nthe first of them is a machine in the cellar of the bank of Ravel"),
    ("a stamp and who wrote it", "Le port de Ravel est fermé depuis vendredi après une marée noire\nil y a 2 jours"),
    ("a quoted mail", "> The port of Ravel was closed on Friday after two thousand litres of\n> oil had run from a barge, the harbour master said. Booms were laid"),
    ("a heading", "across the entrance and a cleaning ship is on its way from Brest.\nWhat comes next for Ravel\nFishermen were told to stay in port until Sunday at the very least."),
)  # fmt: skip


@pytest.mark.parametrize("text", [one for _, one in LISTS], ids=[name for name, _ in LISTS])
def test_what_stands_one_a_line_stays_so(text):
    assert joined(text) == text.split("\n")
    # Nor does it beside what is wrapped.
    assert joined(f"{wrapped(STORY)}\n\n{text}") == [*STORY, *text.split("\n")]


def test_a_word_that_was_divided_gets_no_blank():
    start = "The port of Ravel was closed on Friday by order of the vice-"
    assert joined(f"{start}\nadmiral who commands there.") == [f"{start}admiral who commands there."]
    soft = "The port of Ravel was closed on Friday after two thousand li\u00ad"
    assert joined(f"{soft}\ntres of oil had run from a barge.") == [f"{soft[:-1]}tres of oil had run from a barge."]


def test_a_text_without_end_is_looked_at_for_as_many_lines_as_a_page_keeps():
    for line in ("the port of ravel was closed on friday after two thousand", "Short", ""):
        assert sum(map(len, unwrapped([line] * 400_000))) <= 2 * thresholds.MOST_LINES * (len(line) + 1)
