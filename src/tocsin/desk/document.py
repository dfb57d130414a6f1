"""What the desk's parts hand one another: values only. Times are microseconds since 1970, offsets count characters."""

from enum import StrEnum
from typing import NamedTuple

import msgspec

JOIN = "\n"
"""Between the paragraphs of a document's text: offsets count in `Document.text`."""
SEPARATOR = b"\x1e"
"""Before each envelope of a sequence of JSON texts (RFC 7464)."""


class Capture(msgspec.Struct, frozen=True):
    """Bytes as they came, and from where. The clock of everything read from them is `seen_us`."""

    sha256: str
    url: str
    media_type: str
    seen_us: int
    size: int
    outlet: str = ""  # what the source is called, if the page does not say
    when: str = ""  # when its article was published, as the feed has it that led here
    is_article: bool = False  # a list led here: the address is that of the page's own article


class Announced(msgspec.Struct, frozen=True):
    """What a feed says of a page of its own outlet, or of another's: that one's name it does not know."""

    when: str = ""
    outlet: str = ""


class Leads(msgspec.Struct, frozen=True):
    """Where a body leads on to. An address of `pages` has its time as fragment, if one is told: it changes with the page."""

    pages: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()  # further sitemaps
    next: str = ""  # what to ask a TAXII server for the next page with
    objects: int = 0  # of this page
    left_out: int = 0  # reports that are not open
    said: dict[str, Announced] = {}  # by address of `pages`


class Way(StrEnum):
    """How a time was found."""

    STAMP = "stamp"  # beside the title, as readers see it
    CREDIT = "credit"  # in an agency's line
    METADATA = "metadata"  # in the page's head, the feed's entry, the mail's header
    TEXT = "text"  # in the text itself
    CAPTURE = "capture"  # nothing said so; when the bytes came


class Clock(msgspec.Struct, frozen=True):
    """One time of a document: what was written, and the interval it means, seen from the capture. Ends are inclusive."""

    text: str
    first_us: int
    last_us: int
    way: Way
    relative: bool = False  # "2 days ago": moves with the capture


class Role(StrEnum):
    """What a document was on its page."""

    SINGLE = "single"  # the page is about nothing else
    MAIN = "main"
    RELATED = "related"  # the page's own list: a hint, never a proof, of the same event
    ENTRY = "entry"  # of a feed, or one of many on a page without a main article
    PART = "part"  # inside a mail


class Given(msgspec.Struct, frozen=True):
    """A value that a partner's machine lists as such, and where it stands in the text. `meant`: as an indicator, by itself."""

    value: str
    start: int
    end: int
    meant: bool


class Document(msgspec.Struct, frozen=True):
    """One article of one capture. `content` is the same for the same text wherever it is met; `article` through its edits."""

    id: str
    article: str
    outlet: str
    title: str
    paragraphs: tuple[str, ...]
    found_in: str  # sha256 of the capture
    order: int  # on its page, from 0
    role: Role
    seen: Clock
    stamp: Clock | None = None  # as the page shows it beside the title
    published: Clock | None = None  # the best of stamp, credit and metadata
    event: Clock | None = None
    byline: str = ""
    agency: str = ""  # whose dispatch it says it is
    credit: str = ""  # the words that say so
    url: str = ""  # canonical, as the page says: never fetched from here
    language: str = ""  # ISO 639-1; empty if unsure
    direction: str = "ltr"
    tags: tuple[str, ...] = ()
    words: int = 0
    reading_s: int = 0  # computed
    shown_reading_min: int | None = None  # as the page told
    cut: bool = False  # the page shows a part of it
    content: str = ""  # digest of outlet, title and text
    notes: tuple[str, ...] = ()  # what reading changed: "hidden characters removed: 3"
    links: tuple[str, ...] = ()  # what it refers to: never fetched from here
    listed: int = 0  # so many of the last paragraphs are values that a partner's machine lists
    given: tuple[Given, ...] = ()  # those of them that can be told by kind

    @property
    def text(self) -> str:
        """All paragraphs; offsets of sentences and findings count in it."""
        return JOIN.join(self.paragraphs)

    @property
    def prose(self) -> str:
        """What was written for people: the beginning of the text."""
        return JOIN.join(self.paragraphs[: len(self.paragraphs) - self.listed])

    @property
    def lead(self) -> str:
        """The first paragraph, at most its first 600 characters."""
        return self.paragraphs[0][:600] if self.paragraphs else ""


class Sentence(msgspec.Struct, frozen=True):
    """A sentence of a document's text, from `start` to before `end`."""

    start: int
    end: int
    text: str


class Found(msgspec.Struct, frozen=True):
    """Words that decided something: where they stand, as they are written."""

    text: str
    start: int
    end: int


class Place(msgspec.Struct, frozen=True):
    """A country, by ISO 3166-1 alpha-2, with the words that name it or a place in it."""

    country: str
    count: int
    words: tuple[Found, ...]
    in_title: bool = False


class Organisation(msgspec.Struct, frozen=True):
    """An organisation or a bloc, under the longest name it has in the text; `aliases` are its other names there."""

    name: str
    acronym: str
    count: int
    words: tuple[Found, ...]
    aliases: tuple[str, ...] = ()
    bloc: bool = False


class Topic(msgspec.Struct, frozen=True):
    """What a text is about, and why we think so. `sectors`: which infrastructure, of a cyber text."""

    name: str
    words: tuple[Found, ...]
    sectors: tuple[str, ...] = ()
    listed: bool = False  # only named in a sentence that lists several: shown, and no alarm


class Verdict(StrEnum):
    """What is done with a value that was found."""

    PROPOSED = "proposed"  # a draft indicator, if a person accepts it
    REFERENCE = "reference"  # not defanged: the text points at it
    SUPPRESSED = "suppressed"  # shown with the reason, drafted never


class Finding(msgspec.Struct, frozen=True):
    """A value that an indicator could be made of. `raw` is as written, `value` what it stands for."""

    kind: str  # ip, network, domain, url, email, md5, sha1, sha256, sha512
    value: str
    raw: str
    defanged: bool
    start: int
    end: int
    sentence: str
    verdict: Verdict
    reason: str = ""
    given: bool = False  # a partner's machine lists it as an indicator (decision 0043)

    @property
    def is_draftable(self) -> bool:
        """Whether a person who accepts it gets a draft indicator."""
        return self.verdict is Verdict.PROPOSED or (self.given and self.verdict is Verdict.REFERENCE)


class Reading(msgspec.Struct, frozen=True):
    """What was found in one document: enough to place it in a story without reading it again."""

    document: str
    article: str
    outlet: str
    title: str
    lead: str
    language: str
    agency: str
    published_us: int
    seen_us: int
    sketch: tuple[int, ...]
    vector: dict[str, float]
    places: tuple[Place, ...]
    organisations: tuple[Organisation, ...]
    topics: tuple[Topic, ...]
    findings: tuple[Finding, ...]
    sentences: tuple[Sentence, ...]
    is_dated: bool = True  # else `published_us` is but when the bytes came


class Mark(msgspec.Struct, frozen=True):
    """What places a document among others without its text: its words, their weights and its sketch, as arrays of numbers; countries.

    `names`: of a short text that names no country, the words that are names, as `words`.
    """

    document: str
    language: str
    published_us: int
    seen_us: int
    words: bytes  # 4 bytes each
    weights: bytes  # 2 bytes each, of 65,535; as many as words
    sketch: bytes  # 4 bytes each
    copy_of: str = ""  # a document
    is_dated: bool = True
    countries: tuple[str, ...] = ()
    names: bytes = b""


class Lead(msgspec.Struct, frozen=True):
    """A document that a story is compared by: what the model is asked for, and what two stories can have in common."""

    document: str
    language: str
    published_us: int
    seen_us: int
    text: str
    names: tuple[str, ...]
    numbers: tuple[str, ...]


class Begun(NamedTuple):
    """A document that a story is compared by, and its vector, two bytes a number; empty without a model."""

    lead: Lead
    vector: bytes


class Difference(msgspec.Struct, frozen=True):
    """One sentence of an older text against the newer: kept ones are not told. Either side may be empty."""

    before: str
    after: str
    similarity: float


class Version(msgspec.Struct, frozen=True):
    """An article's text at one capture, and what changed since the version before."""

    document: str
    seen_us: int
    differences: tuple[Difference, ...]


class Story(msgspec.Struct, frozen=True):
    """One event, with all documents about it. Documents are in the order of arrival; a copy stands after its first."""

    id: str
    documents: tuple[str, ...]
    first_us: int
    last_us: int
    languages: tuple[str, ...]
    copies: dict[str, str] = {}  # document: the document it is a copy of
    linked: tuple[str, ...] = ()  # languages that were compared across; of others nothing is said


class Relation(msgspec.Struct, frozen=True):
    """Two stories that are not the same event. `why`: similar, or listed together by a page."""

    story: str
    other: str
    similarity: float
    why: str


class Act(msgspec.Struct, frozen=True):
    """What an analyst decided: the documents of `left` belong together with those of `right`, or apart. Newest wins."""

    together: bool
    left: tuple[str, ...]
    right: tuple[str, ...]
    by: str
    at_us: int


class Origin(msgspec.Struct, frozen=True):
    """One independent source of a story, and the documents that only carry it further, each with the reason."""

    name: str
    first: str  # the document that stands for it
    carried: dict[str, str]  # document: why it is no origin of its own


class Grade(msgspec.Struct, frozen=True):
    """Admiralty code, proposed. `letter` is the source's, set by people; `digit` is never 1 by machine."""

    letter: str
    digit: int
    reasons: tuple[str, ...]


class Quote(msgspec.Struct, frozen=True):
    """A sentence of a document, as it stands there."""

    document: str
    outlet: str
    start: int
    end: int
    text: str
    score: float
