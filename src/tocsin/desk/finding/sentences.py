"""Sentences of a text, with their places in it: by end marks and what follows, in scripts with and without capitals."""

import re
from typing import Final

from tocsin.desk.document import Sentence

_END: Final = re.compile(r"[.!?…]+[\"'”’»)\]]*(?=\s)|[؟۔。！？]+[\"'”’»)\]]*|\n+")
_SHORT: Final = re.compile(
    r"(?:^|[\s(\[«\"“'])(?:[A-ZА-ЯÀ-Ý]|[A-Z]\.[A-Z]|(?:U\.S|U\.K|U\.N|a\.m|p\.m|e\.g|i\.e|vs|etc|cf|al|approx|Mr|Mrs|Ms|Mx|Dr|Prof|Gen|Col|Maj|Capt|Lt|Sgt|Rep|Sen|Gov|Hon|St|Jr|Sr|Inc|Ltd|Corp|Co|No|Nos|Art|Fig|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|M|MM|Mme|Mlle|Me|art|env|Sra?|D|Dña|EE|UU|г|ул|т|д|стр|им|млн|млрд|тыс|руб|д-р|проф))\.$"
)
_MOST: Final = 5_000


def sentences_of(text: str) -> tuple[Sentence, ...]:
    """The sentences in order; a paragraph's end always ends one."""
    made: list[Sentence] = []
    start = 0
    for found in _END.finditer(text):
        mark = found[0]
        if mark[0] == "." and not _ends(text, found.start(), found.end()):
            continue
        _add(made, text, start, found.end())
        start = found.end()
        if len(made) >= _MOST:
            return tuple(made)
    _add(made, text, start, len(text))
    return tuple(made)


def _ends(text: str, mark: int, after: int) -> bool:
    """Whether a full stop ends a sentence: no short form before it, no small letter behind it."""
    rest = text[after : after + 4].lstrip()
    return not (rest[:1].islower() or _SHORT.search(text[max(mark - 12, 0) : mark + 1]))


def _add(made: list[Sentence], text: str, start: int, end: int) -> None:
    piece = text[start:end]
    kept = piece.strip()
    if kept:
        first = start + piece.index(kept)
        made.append(Sentence(first, first + len(kept), kept))
