"""Every threshold of the desk, with what it was chosen on. docs/desk.md shows the figures reached; nothing else holds a number."""

from typing import Final

DAY_US: Final = 86_400_000_000

# -- words: desk.md 5.4, ECB+ topics 1-35, halves not tuned on
LIGHTEST_WORD: Final = 0.02
# Of a vector of length 1: one name in common is not an event in common; 0.2 to 0.35 do as well.
HEAVIEST_WORD: Final = 0.25
HEAVIEST_TIMES: Final = 2.0  # of a short text; 1.5 to 2.5 do as well, 1 makes "says" weigh what a name does
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
SPLIT_COVERS: Final = 0.75  # of a plain text's words: what looks like articles and is less is lists with dates in them
MOST_LINES: Final = 20_000
MOST_ARTICLES: Final = 200
LONGEST_TITLE: Final = 400
LONGEST_TEXT: Final = 400_000
EVENT_CHARACTERS: Final = 1_500  # when it was is told early
WRAPPED: Final = (30, 140)  # characters of a line that was broken at a width
WRAPPED_FULL: Final = (0.85, 1.3)  # of the width: letters of a PDF are not of one width
WRAPPED_WORDS: Final = 4  # of a line of prose,
WRAPPED_PROSE: Final = 0.6  # of which more than so many are words
WRAPPED_STAMP: Final = 0.7  # of the line before: what is longer is no stamp alone
PARAGRAPH_GAP: Final = 1.25  # of the usual way from one line of a PDF to the next

# -- limits before a parser sees a byte
MOST_BYTES: Final = 16 << 20  # of a capture, and of what it is unpacked to
MOST_PAGES: Final = 300  # of a PDF
MOST_PDF_TEXT: Final = 2 << 20
MOST_PARTS: Final = 64  # of a mail
MOST_ENTRIES: Final = 1_000  # of a feed
MOST_OBJECTS: Final = 50_000  # of a STIX bundle
MOST_VALUES: Final = 5_000  # that one report of a partner lists
MOST_LISTED: Final = 100_000  # values that all reports of one body list
LONGEST_VALUE: Final = 2_048
MOST_LINKS: Final = 50_000  # of a sitemap, as its standard has it, or of a manifest
MOST_LISTS: Final = 200  # sitemaps of an index
GUESSED_WITHIN: Final = 1 << 20  # of bytes without a character set words are looked for,
GUESSED_WORDS: Final = 8_000  # so many,
GUESSED_BY: Final = 1 << 16  # and of these so many bytes are looked at
DEEPEST: Final = 200  # nesting of a page that the extractor is given
DEEPEST_MAIL: Final = 4

# -- copies: desk.md 5.3, 869 documents in en, fr, ar
COPY_CONTAINMENT: Final = 0.5
FEWEST_SHINGLES: Final = 2
INDEXED_SHINGLES: Final = 48
MOST_POSTINGS: Final = 2_000  # a word or shingle that so many share tells nothing
CANDIDATES: Final = 40

# -- same event, one language: ECB+ topics 1-35 (docs/desk.md says how)
NUMBER_WEIGHT: Final = 0.41  # as a word of zipf 2.5: tables know no numbers
SAME_EVENT: Final = 0.185  # 0.15 to 0.2 do as well: what is joined too easily is looked at again
# Shared words of short texts weigh much. Chosen on short reports (tests/unit/desk/briefs.py) and on ECB+ cut to 60 words.
# Of 0.1 fewer join, of 0.15 more, of either kind.
MOST_OF_A_WORD: Final = 0.125  # that two texts share, of their likeness
LONG_WORDS: Final = 70  # that weigh something, and a text is not short; 60 to 80 do as well
# Likeness times the part of LONG_WORDS to this power; 0.3 does as well, and each 0.1 costs ECB+ some 0.005.
SHORT: Final = 0.25
SHORT_DAY: Final = 1.0  # more of it for each day after the first that lies between; 0.6 to 1.5 do as well
SHORT_ELSEWHERE: Final = 0.5  # more of it if both name countries, and none in common; 0.3 to 0.8 do as well
SHORT_NAMELESS: Final = (
    0.8  # more of it if neither names a country, and neither speaks of a name of the other; of 0.5 some join
)
MOST_NAMES: Final = 40  # of a short text
PART: Final = 0.65  # likeness across two parts of a story to that within the looser of them; 0.6 to 0.75 do as well
PART_LEAST: Final = 3  # documents of a part
PART_GROWTH: Final = 1.2  # a story is looked at again when it has grown so much
WINDOW_US: Final = 10 * DAY_US
RELATED: Final = 0.10
MOST_RELATED: Final = 12
MEMBERS_KEPT: Final = 40  # of one story are compared; the first is always among them
KEPT_LEAST_DAYS: Final = 14  # what is deleted must be in no window
LIVE_DOCUMENTS: Final = 50_000  # some 4 KB each
WORDS_SPARE: Final = 50_000


# -- the same event across languages: NTREX en+fr+ar, all of it and halves without partners (docs/desk.md says how)
LINK: Final = 0.6  # 0.55 to 0.7 do as well: the best partner wins, whoever came first
LINK_NAMES: Final = 0.1
LINK_NUMBERS: Final = 0.2
LINK_CHARACTERS: Final = 600
LINK_WINDOW_US: Final = 3 * DAY_US
LINK_SAME: Final = 0.1  # likeness of two stories of one language that both are like one of another
LINK_TEXTS: Final = 4  # documents of a story are compared
LINK_PARTNERS: Final = 12  # of one document are remembered
LINK_LOOKED: Final = 64  # stories that are grouped again at one time
LIVE_STORIES: Final = 20_000

# -- origins: desk.md 5.9
DERIVED_SENTENCE: Final = 0.40  # by words alone a sentence has a counterpart from this similarity on;
DERIVED_SENTENCE_DENSE: Final = 0.54  # by words and model;
DERIVED_SENTENCE_ACROSS: Final = 0.62  # by the model alone, of two languages
DERIVED_SHARE: Final = 0.8  # so many sentences with a counterpart: no origin of its own
DERIVED_LEAST: Final = 4  # sentences; of fewer nothing is said

# -- summary and answers
SUMMARY_SENTENCES: Final = 5
SUMMARY_POOL: Final = 240
SUMMARY_ALIKE: Final = 0.45  # two sentences that say the same
SUMMARY_EDGE: Final = 0.08
ANSWERS: Final = 5
ANSWER_LEAST: Final = 0.05
ALIGNED: Final = 0.35

# -- a generative model: what it is given, and what is read of its answer
GIVEN_DOCUMENTS: Final = 12
GIVEN_CHARACTERS: Final = 3_000  # of each
GIVEN_SENTENCES: Final = 60  # of each are held against the answer
QUESTION_CHARACTERS: Final = 300
ANSWER_CHARACTERS: Final = 4_000
ANSWER_SENTENCES: Final = 24
