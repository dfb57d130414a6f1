"""Text as lines: clean of what is not seen, short enough to look at, each with what is known of it."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

import msgspec

from tocsin.desk.reading.words import CLOSING, FURNITURE, RELATED

MOST_LINES: Final = 50_000
LONGEST: Final = 100_000  # characters of one line; what is beyond it is another line
# Characters that turn the direction of what follows, or are not seen at all; a joiner belongs to how a script is written.
_HIDDEN: Final = re.compile("[\u200b\u2060-\u206f\ufeff\u00ad\u202a-\u202e\u200e\u200f\u061c\U000e0000-\U000e007f]")
_SPACE: Final = re.compile(r"[^\S\n]+")
_BULLET: Final = re.compile(r"^[•·▪◦‣∙*–—-]\s+")
_SENTENCE_END: Final = (".", "…", "۔", "。", ".”", ".»", '."', ".'", ".)")
_WORDS: Final = re.compile(r"\w+")
_BODY_CHARS: Final = 160
_SHORT_BODY_CHARS: Final = 60
_SHORT_BODY_WORDS: Final = 9


class Line(msgspec.Struct, frozen=True):
    """One line of a page. `heading`: the page marks it as one; `instant`: a time that the page gives with it."""

    text: str
    heading: bool = False
    instant: str = ""

    @property
    def is_blank(self) -> bool:
        """Nothing on it."""
        return not self.text

    @property
    def is_body(self) -> bool:
        """Whether it reads as prose: long, or a whole sentence. What asks or exclaims may be a title."""
        if self.heading:
            return False
        return len(self.text) >= _BODY_CHARS or (
            len(self.text) >= _SHORT_BODY_CHARS
            and self.text.endswith(_SENTENCE_END)
            and len(_WORDS.findall(self.text)) >= _SHORT_BODY_WORDS
        )

    @property
    def is_furniture(self) -> bool:
        """Whether it belongs to the page and to no article."""
        return self.text.lower().strip(" :") in FURNITURE

    @property
    def is_closing(self) -> bool:
        """Whether an article cannot go on after it."""
        return not self.is_body and self.text.lower().startswith(CLOSING)

    @property
    def is_related(self) -> bool:
        """Whether a list of other articles begins here."""
        return len(self.text) <= 60 and self.text.lower().lstrip("▸►» ").startswith(RELATED)


def cleaned(text: str) -> tuple[str, int]:
    """The text without what is not seen, in one form of Unicode; and how many characters were hidden."""
    seen, hidden = _HIDDEN.subn("", text)
    out = unicodedata.normalize("NFC", seen.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", ""))
    return _SPACE.sub(" ", out), hidden


def lines_of(text: str) -> list[Line]:
    """The lines of a cleaned text."""
    out: list[Line] = []
    for raw in text.split("\n")[:MOST_LINES]:
        stripped = raw.strip()
        out += [Line(stripped[at : at + LONGEST]) for at in range(0, len(stripped), LONGEST)] or [Line("")]
    return out


def unbulleted(text: str) -> str:
    """A line without the point in front of it."""
    return _BULLET.sub("", text)


def words_in(texts: Iterable[str]) -> int:
    """How many words these texts have."""
    return sum(len(_WORDS.findall(one)) for one in texts)
