"""Every threshold of the desk, with what it was chosen on. docs/desk.md shows the figures reached; nothing else holds a number."""

from typing import Final

DAY_US: Final = 86_400_000_000

# -- words: desk.md 5.4, ECB+ topics 1-35, halves not tuned on
LIGHTEST_WORD: Final = 0.02
CAPITAL_BOOST: Final = 1.5
VECTOR_WORDS = 160

# -- pages: chosen by what labels are, not by a sample
LABEL_CHARACTERS: Final = 60  # a reading time stands this near to the start
TITLE_WORDS: Final = (3, 40)
TITLE_CHARACTERS: Final = (12, 300)
OUTLET_CHARACTERS: Final = 48
BODY_WORDS: Final = 22  # a line with so many words is text, not a label
HEADER_LINES: Final = 8
CHILD_WORDS: Final = 12  # fewer, and it is a teaser: a title, not an article
MAIN_WORDS: Final = 40
MOST_LINES: Final = 20_000
MOST_ARTICLES: Final = 200
LONGEST_TITLE: Final = 400
LONGEST_TEXT: Final = 400_000
EVENT_CHARACTERS: Final = 1_500  # when it was is told early

# -- limits before a parser sees a byte
MOST_BYTES: Final = 16 << 20  # of a capture, and of what it is unpacked to
MOST_PAGES: Final = 300  # of a PDF
MOST_PDF_TEXT: Final = 2 << 20
MOST_PARTS: Final = 64  # of a mail
MOST_ENTRIES: Final = 1_000  # of a feed
DEEPEST: Final = 200  # nesting of a page that the extractor is given
DEEPEST_MAIL: Final = 4
