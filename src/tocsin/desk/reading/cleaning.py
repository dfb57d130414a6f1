"""Text as people see it: no control character, no override of direction, nothing invisible. What was taken out is counted."""

import re
import unicodedata
from typing import Final, NamedTuple

_BIDI: Final = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]")
# What is drawn as nothing: blanks without width, fillers, tags, selectors of variants (a text can be hidden in them), and
# joiners beside Latin letters, where no script needs them.
_INVISIBLE: Final = re.compile(
    "[\u200b\u2060-\u2065\ufeff\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0\ufff9-\ufffb\ufe00-\ufe0e"
    "\U000e0000-\U000e0fff\ud800-\udfff]|(?<=[!-~])[\u200c\u200d]|[\u200c\u200d](?=[!-~])"
)
_PILED: Final = re.compile(
    "([\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{4})[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+"
)
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_SPACES: Final = re.compile(r"[^\S\n]+")
_OVERRIDES: Final = frozenset("\u202d\u202e")


class Cleaned(NamedTuple):
    """A text, and how many characters of each kind were taken out of it."""

    text: str
    overrides: int
    invisible: int


def clean(text: str) -> Cleaned:
    """The text in Unicode's form C; lines are kept, other white space is one blank."""
    if text.isascii():
        return Cleaned(_SPACES.sub(" ", _CONTROL.sub("", text)), 0, 0)
    text = unicodedata.normalize("NFC", text)
    overrides = sum(text.count(one) for one in _OVERRIDES)
    text = _BIDI.sub("", text)
    text, invisible = _INVISIBLE.subn("", text)
    text = _PILED.sub(r"\1", text)  # marks that would cover the lines around them
    return Cleaned(_SPACES.sub(" ", _CONTROL.sub("", text)), overrides, invisible)


def notes_of(cleaned: Cleaned, hidden: int) -> tuple[str, ...]:
    """What a reader is told of it."""
    told = (
        (cleaned.overrides, "characters that turn the direction of writing were removed"),
        (cleaned.invisible, "invisible characters were removed"),
        (hidden, "parts that the page hides from readers were left out"),
    )
    return tuple(f"{count} {what}" for count, what in told if count)
