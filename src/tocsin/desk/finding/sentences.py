"""Sentences: where each stands in the text, in the scripts of five languages."""

import re
from collections.abc import Iterator
from typing import Final

from tocsin.desk.document import JOIN, Sentence

_END: Final = re.compile(r"(?<![.!?؟۔…])[.!?؟۔…]++[\"'”’»)\]]*+(?=\s)")  # each run is looked at once
_INITIAL: Final = re.compile(r"(?:^|[\s.(])\w\.$")
_SHORT: Final = frozenset(
    {
        "mr", "mrs", "ms", "dr", "prof", "st", "sen", "rep", "gen", "col", "capt", "lt", "sgt", "gov", "jr", "sr", "no", "nos", "vs",
        "etc", "e.g", "i.e", "u.s", "u.k", "u.n", "inc", "ltd", "co", "corp", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep",
        "sept", "oct", "nov", "dec", "art", "fig", "approx", "m", "mme", "mlle", "mm", "av", "janv", "févr", "juil", "sra", "ud",
        "г", "гг", "им", "ул", "тыс", "млн", "млрд", "т.е", "д-р", "د", "أ",
    }
)  # fmt: skip
_LONGEST: Final = 2000


def sentences(text: str) -> tuple[Sentence, ...]:
    """Every sentence in order; a paragraph's end is always one's end."""
    out: list[Sentence] = []
    at = 0
    for paragraph in text.split(JOIN):
        out += _of(paragraph, at)
        at += len(paragraph) + len(JOIN)
    return tuple(out)


def _of(paragraph: str, offset: int) -> Iterator[Sentence]:
    begin = 0
    for found in _END.finditer(paragraph):
        if found[0].startswith(".") and len(found[0]) == 1 and not _ends(paragraph, begin, found.start(), found.end()):
            continue
        yield from _cut(paragraph, begin, found.end(), offset)
        begin = found.end()
    yield from _cut(paragraph, begin, len(paragraph), offset)


def _ends(paragraph: str, begin: int, stop: int, after: int) -> bool:
    """Whether a full stop ends a sentence: not after an abbreviation or an initial, not before a small letter."""
    before = paragraph[begin:stop]
    word = before.rsplit(None, 1)[-1].lower().strip("(\"'«“") if before.strip() else ""
    if word in _SHORT or _INITIAL.search(before[-3:] + "."):
        return False
    follows = paragraph[after:].lstrip()[:1]
    return not follows.islower()


def _cut(paragraph: str, begin: int, end: int, offset: int) -> Iterator[Sentence]:
    while begin < end:
        piece = paragraph[begin : min(end, begin + _LONGEST)]
        stripped = piece.strip()
        if stripped:
            start = begin + piece.index(stripped[0])
            yield Sentence(offset + start, offset + start + len(stripped), stripped)
        begin += len(piece)


def around(all_sentences: tuple[Sentence, ...], at: int) -> str:
    """The sentence that an offset stands in."""
    low, high = 0, len(all_sentences) - 1
    while low < high:
        middle = (low + high + 1) // 2
        if all_sentences[middle].start <= at:
            low = middle
        else:
            high = middle - 1
    return all_sentences[low].text if all_sentences else ""
