"""What the desk shows of its stories: values for pages and commands. Times are microseconds since 1970."""

from typing import Final

import msgspec

from tocsin.desk.document import Document, Finding, Grade, Organisation, Origin, Place, Quote, Topic


class Listed(msgspec.Struct, frozen=True):
    """A row of the list of stories. `first_us`: when the earliest was published; `last_us`: when the newest came here."""

    id: str
    title: str
    first_us: int
    last_us: int
    documents: int
    copies: int
    outlets: tuple[str, ...]
    origins: int
    languages: tuple[str, ...]
    countries: tuple[str, ...]
    topics: tuple[str, ...]
    indicators: int  # findings that a draft indicator could be made of
    reading_s: int
    state: str  # open, followed or dismissed
    letter: str  # Admiralty: reliability of the best source, as people set it
    digit: int  # Admiralty: credibility, as proposed
    words: tuple[str, ...] = ()  # by which it is looked for, as finding.words.sought() gives them


class Also(msgspec.Struct, frozen=True):
    """What stories are looked for by beside their filters: words, and whether they met any standing interest of ours."""

    text: str = ""
    of_interest: bool = False


ALL: Final = Also()


class Shelved(msgspec.Struct, frozen=True):
    """A document of a story, what it is a copy of, and the independent origin it belongs to."""

    document: Document
    copy_of: str
    origin: str


class Judged(msgspec.Struct, frozen=True):
    """A value that was found, the document it was found in first, and what a person made of it."""

    finding: Finding
    document: str
    taken: bool | None  # None: nobody judged it yet
    by: str


class Told(msgspec.Struct, frozen=True):
    """A story in full. Of a very large one the first documents in the order of arrival; `listed.documents` counts all."""

    listed: Listed
    shelved: tuple[Shelved, ...]
    origins: tuple[Origin, ...]
    grade: Grade
    places: tuple[Place, ...]
    organisations: tuple[Organisation, ...]
    topics: tuple[Topic, ...]
    findings: tuple[Judged, ...]
    summary: tuple[Quote, ...]
    timeline: tuple[tuple[int, str, str], ...]  # (published, document, title)
    related: tuple[Listed, ...]
    compared: tuple[str, ...]  # its languages that were compared with others
    interests: tuple[str, ...]  # "kind text" of our standing interests that it met; never leaves the node


class Figures(msgspec.Struct, frozen=True):
    """How the desk stands: what a monitoring system is told."""

    documents: int
    stories: int
    live: int  # documents in memory, that new ones are compared with
    sources: dict[str, int]  # by state
    overdue_s: float  # since when the source that waits longest should have been asked


class Decided(msgspec.Struct, frozen=True):
    """A merge or a split, by whom, and titles of both sides."""

    number: int
    together: bool
    by: str
    at_us: int
    sides: tuple[tuple[str, ...], tuple[str, ...]]


class Hit(msgspec.Struct, frozen=True):
    """A story met one of our standing interests."""

    interest: str  # "kind text"
    story: str
    title: str
    at_us: int
    state: str = "open"  # of the story
