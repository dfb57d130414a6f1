"""A paragraph that runs over two pages is one; what begins on the next page is its own, and nothing is lost between them."""

import pytest
from fpdf import FPDF
from tests.unit.desk.layouts import ENGLISH
from tests.unit.desk.test_wrapping import STORY, joined, opened, wrapped

from tocsin.desk.reading.blocks import from_text

TITLE = "Port of Ravel closed after oil spill from a barge at its entrance"


class _Report(FPDF):
    """With a head and a foot on every page, as reports have them."""

    def header(self):
        self.set_font("Helvetica", "I", 8)
        self.cell(0, 8, "Harbour Gazette - weekly report", new_x="LMARGIN", new_y="NEXT")
        self.ln(6)

    def footer(self):
        self.set_y(-15)
        self.set_font("Helvetica", "I", 8)
        self.cell(0, 8, f"Page {self.page_no()} of {{nb}}", align="C")


@pytest.mark.parametrize("kind", [FPDF, _Report])
def test_a_paragraph_over_two_pages_of_a_pdf_is_one(kind):
    body = [one for _ in range(4) for one in (*STORY, *ENGLISH[0].body, *ENGLISH[1].body)]
    page = kind()
    page.set_auto_page_break(True, 40)
    page.add_page()
    for text, size, gap in ((TITLE, 18, 4), *((one, 12, 3) for one in body)):
        page.set_font("Helvetica", "", size)
        page.multi_cell(0, size / 2, text, align="L", new_x="LMARGIN", new_y="NEXT")
        page.ln(gap)
    (one,) = opened(bytes(page.output()), "application/pdf")
    assert page.pages_count > 1
    assert one.title in (TITLE, "Harbour Gazette - weekly report")
    texts = [each for each in one.paragraphs if each in body]
    assert texts == body
    assert not [each for each in one.paragraphs if each not in body and not each.startswith(("Harbour", "Page", TITLE))]


FIRST, SECOND = STORY
HALF = "The port of Ravel was closed on Friday after two thousand litres of oil"


def pages(*texts):
    """The text of pages, wrapped, by a form feed between them: so do programs write that take the text out of a PDF."""
    return [one.text for one in from_text("\f".join(texts)).blocks]


@pytest.mark.parametrize("number", ["12", "- 12 -", "Page 12 of 40", "12 / 40", "Seite 12", "صفحة 12", "第 12 页"])
def test_the_number_of_a_page_does_not_part_a_paragraph_and_goes_where_it_does(number):
    rest = "had run from a barge, the harbour master said."
    assert pages(f"{wrapped(STORY)}\n\n{HALF}\n\n{number}", rest) == [*STORY, f"{HALF} {rest}"]
    assert pages(f"{wrapped(STORY)}\n\n{HALF}", f"{number}\n\n{rest}") == [*STORY, f"{HALF} {rest}"]
    assert pages(f"{wrapped(STORY)}\n\n{HALF}\n{number}", rest) == [*STORY, f"{HALF} {rest}"]
    # Between two paragraphs it stays: it may be a value.
    assert pages(f"{wrapped(STORY)}\n\n{number}", wrapped(STORY)) == [*STORY, number, *STORY]


def test_heads_and_feet_stand_behind_the_paragraph_that_they_parted():
    head, foot = "Weekly report of the Harbour Gazette", "Not for the press before noon"
    texts = (wrapped((FIRST, HALF)), "had run from a barge. It sank.", wrapped((SECOND,)))
    told = pages(*(f"{head}\n\n{text}\n\n{foot}" for text in texts))
    whole = f"{HALF} had run from a barge. It sank."
    assert told == [head, FIRST, whole, foot, head, foot, head, SECOND, foot]


def test_a_word_that_was_divided_between_pages_is_one():
    start = "The port of Ravel was closed on Friday by order of the vice-"
    assert pages(start, "admiral who commands there.") == [f"{start}admiral who commands there."]
    name = "The ships that wait before the port of Ravel are those of the Nord-"
    assert pages(name, "Ostsee line, and of two others.") == [f"{name}Ostsee line, and of two others."]
    soft = "The port of Ravel was closed on Friday after two thousand li\u00ad"
    assert pages(soft, "tres of oil had run from a barge.") == [f"{soft[:-1]}tres of oil had run from a barge."]


def test_three_pages_of_one_paragraph():
    parts = (HALF, "had run from a barge into the water of the harbour and out to the sea", "before anybody saw it.")
    assert pages(*parts) == [" ".join(parts)]


APART = (
    ("a sentence that ended", "Booms were laid across the entrance and a cleaning ship is on its way.", "iPhones were found on board, too, and nobody knows whose."),
    ("a capital", HALF, "Fishermen were told to stay in port until Sunday at the very least."),
    ("a heading below", "What comes next", "fishermen were told to stay in port until Sunday at the very least."),
    ("items", "- The first of the things that were found on the disk of the host", "- the second of the things that were found on the disk"),
    ("an item after an open line", HALF, "• the second of the things that were found on the disk"),
    ("numbers", HALF, "2. the second of the things that were found on the disk"),
    ("values", "These names were seen in the traffic of all the hosts that were looked at", "evil[.]example\nbad[.]example"),
    ("what a list is told by", "The hosts that were looked at spoke with these addresses by night:", "the first of them is a machine in the cellar"),
    ("short items", "a machine in the cellar", "a machine under the roof"),
    ("a byline", HALF, "by Jane Doe"),
    ("headings in Arabic", "الجمارك تحجز طنين من الكوكايين في ميناء طنجة", "مستشفيات ليون تستعيد أنظمتها بعد هجوم إلكتروني واسع"),
    ("a heading in Chinese", "港口因漏油关闭", "拉韦尔港周五因两千升石油从驳船流出而关闭，港务长说。"),
)  # fmt: skip


@pytest.mark.parametrize(("before", "after"), [one[1:] for one in APART], ids=[one[0] for one in APART])
def test_what_begins_on_the_next_page_is_its_own(before, after):
    assert pages(f"{wrapped(STORY)}\n\n{before}", f"{after}\n\n{wrapped(STORY)}") == [
        *STORY,
        before,
        *after.split("\n"),
        *STORY,
    ]


ARABIC = (
    "أعلنت سلطات ميناء رافيل يوم الجمعة إغلاق الميناء بعد أن تسرب ألفا لتر من النفط من صندل كان راسيا عند المدخل الشرقي للميناء، وقالت إن سفينة للتنظيف في طريقها من مدينة بريست لإزالة النفط من المياه قبل أن يصل إلى الشواطئ القريبة.",
    "وطلب من الصيادين البقاء في الميناء حتى يوم الأحد على الأقل، وسأل اتحادهم وزارة الصيد البحري عمن سيدفع ثمن ما يخسرونه خلال هذه الأيام من الموسم الذي بدأ قبل أسبوع واحد فقط.",
)
CHINESE = (
    "拉韦尔港港务长表示，该港口于周五关闭，此前有两千升石油从一艘停泊在东侧入口处的驳船上流出。入口处已经铺设了围油栏，一艘清污船正从布雷斯特赶来，预计将在周六早晨到达并开始清理受污染的水域。",
    "渔民被告知至少要在港内停留到周日。他们的工会向渔业部询问，谁来赔偿他们在这个刚刚开始一周的渔季中所遭受的损失，而该部门至今没有作出任何答复。",
)
JAPANESE = (
    "ラベル港の港長によると、東側の入口に停泊していたはしけから二千リットルの油が流出したため、同港は金曜日に閉鎖された。入口にはオイルフェンスが張られ、清掃船がブレストから向かっている。",
    "漁師たちは少なくとも日曜日まで港にとどまるよう指示された。組合は、一週間前に始まったばかりの漁期の損失を誰が補償するのかと水産省に問い合わせた。",
)  # fmt: skip


def cut(paragraph, width):
    """Lines of so many characters, at blanks where there are any."""
    if " " in paragraph:
        return wrapped((paragraph,), width).split("\n")
    return [paragraph[at : at + width] for at in range(0, len(paragraph), width)]


@pytest.mark.parametrize(("told", "width"), [(ARABIC, 70), (CHINESE, 34), (JAPANESE, 34)])
def test_scripts_without_small_letters(told, width):
    first, second = (cut(one, width) for one in told)
    lines = ["\n".join(one) for one in (first, second)]
    assert joined("\n\n".join(lines)) == list(told)
    for at in range(1, len(second)):
        assert pages(f"{lines[0]}\n\n" + "\n".join(second[:at]), "\n".join(second[at:])) == list(told)
    # A paragraph that ended on its page is not gone on with.
    assert pages(*lines) == list(told)


def test_pages_without_end():
    for text in ("\f", "\f1\f", "the port of ravel was closed on friday after two thousand\f"):
        from_text(text * 100_000)
