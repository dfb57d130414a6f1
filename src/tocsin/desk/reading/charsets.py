"""Which character set bytes are of: by a mark, as UTF-8, by what was said, else guessed, and then it is told."""

import codecs
import re
from itertools import islice
from typing import Final, NamedTuple

import charset_normalizer

from tocsin.desk import thresholds

_MARKS: Final = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (codecs.BOM_UTF8, "utf-8-sig"))
_PYTHONS: Final = frozenset(
    {"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape", "raw-unicode-escape", "unicode-escape"}
)
_WORD: Final = re.compile(rb"[A-Za-z\x80-\xff]+")
_WESTERN: Final = "cp1252"
# Those of the desk's languages: among all that exist a short text is as likely Japanese.
_GUESSED: Final = (_WESTERN, "cp1256", "iso8859_6", "cp1251", "koi8_r", "iso8859_5", "cp866")
_MEANT: Final = {"ascii": "", "iso8859-1": _WESTERN}  # what mails say of any text; what browsers make of it


class Charset(NamedTuple):
    """The name of a character set, and what a reader is told of it."""

    name: str
    notes: tuple[str, ...] = ()


def known(name: str) -> str:
    """The name if it is a character set of text, else empty."""
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError):
        return ""
    is_text = found._is_text_encoding  # noqa: SLF001 - codecs has no public way to tell base64 from text
    return found.name if is_text and found.name not in _PYTHONS else ""


def charset_of(data: bytes, *declared: str) -> Charset:
    """The character set of some bytes, for which these were declared, the more trusted first."""
    marked = next((name for mark, name in _MARKS if data.startswith(mark)), "")
    if marked:
        return Charset(marked)
    said = next((name for one in declared if (name := known(one))), "")
    said = _MEANT.get(said, said)
    # Text of a table of single bytes is never UTF-8 by chance; of one like Shift JIS it may be, if it is short.
    if _is_utf8(data) and (not said or said.startswith("utf") or (not data.isascii() and _is_single(said))):
        return Charset("utf-8")
    if said not in ("", "utf-8"):
        return Charset(said)
    guessed = _guessed(data)
    return Charset(guessed, (f"the character set is a guess: {guessed}",))


def _is_utf8(data: bytes) -> bool:
    """Whether nine of ten bytes that are not ASCII are UTF-8: a page may be cut in a letter, or hold a word that is damaged."""
    decoder = codecs.getincrementaldecoder("utf-8")("ignore")
    right = len(decoder.decode(data).encode())
    plain = len(data.decode("ascii", "ignore"))
    lost = len(data) - len(decoder.getstate()[0]) - right
    return data.isascii() or (right > plain and lost * 10 <= len(data) - plain)


def _is_single(name: str) -> bool:
    return len(bytes(range(256)).decode(name, "replace")) == 256


def _guessed(data: bytes) -> str:
    """By the words that are not ASCII; Western if these are of Latin letters for the most part."""
    words = (one[0] for one in _WORD.finditer(data[: thresholds.GUESSED_WITHIN]))
    sample = b" ".join(islice((one for one in words if not one.isascii()), thresholds.GUESSED_WORDS))
    sample = sample[: thresholds.GUESSED_BY]
    latin = sum(one.isalpha() for one in sample.decode("ascii", "ignore"))
    if 2 * latin > len(sample):
        return _WESTERN
    best = charset_normalizer.from_bytes(sample, cp_isolation=list(_GUESSED)).best()
    return best.encoding if best else _WESTERN
