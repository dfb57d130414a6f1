"""A list of terms looked up in a text, whatever its script: by the first word, whole or its beginning; the longest that fits."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from tocsin.desk.document import Found
from tocsin.desk.finding.words import fold_arabic

_WORD: Final = re.compile(r"[^\W_]+")
_MARKS: Final = "\u0640\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652\u0670"
_LETTERS: Final = str.maketrans("أإآٱىةؤئё", "ااااي\u0647ويе", _MARKS)
_SHORTEST: Final = 2
_APART: Final = 3  # characters between two words of a term


class Token(NamedTuple):
    """A word as it is looked up, and where it stands."""

    key: str
    start: int
    end: int


class _Term(NamedTuple):
    rest: tuple[tuple[str, bool], ...]  # word, and whether its beginning is enough
    label: str


def tokens(text: str) -> list[Token]:
    """The words of a text in small letters; Arabic folded, ё as е."""
    found = ((one[0], one.start(), one.end()) for one in _WORD.finditer(_marked(text)))
    if text.isascii():
        return [Token(word.lower(), start, end) for word, start, end in found]
    return [Token(key, start, end) for word, start, end in found if (key := word.lower().translate(_LETTERS))]


def _marked(text: str) -> str:
    """Vowel signs are no letters to a pattern of words, and would split one: they stand as tatweel, which is none either way."""
    return text if text.isascii() else text.translate(_SPLITTING)


_SPLITTING: Final = str.maketrans(dict.fromkeys(_MARKS, "\u0640"))


def stripped(word: str) -> Iterator[str]:
    """An Arabic word as it is, then without "and", a preposition, the article."""
    yield word
    if not "\u0600" <= word[0] <= "\u06ff":
        return
    rests = [word]
    if word[0] in "وف" and len(word) > 4:
        rests.append(word[1:])
    for rest in rests:
        for lead in ("ال", "بال", "كال", "لل"):
            if rest.startswith(lead) and len(rest) > len(lead) + 2:
                yield rest[len(lead) :]
        if rest is not word:
            yield rest
        if rest[0] in "بكل" and len(rest) > 4:
            yield rest[1:]
    if word[-1] == "ا" and len(word) > 4:  # of the accusative
        yield from stripped(word[:-1])


class Lexicon:
    """Terms by label. A term is words; one that a star follows is but the beginning of a word."""

    def __init__(self, terms: Mapping[str, str]) -> None:
        self._whole: dict[str, list[_Term]] = {}
        self._begun: dict[str, list[_Term]] = {}
        for label, text in terms.items():
            for one in text.split(";"):
                self._put(label, one)
        for table in (self._whole, self._begun):
            for held in table.values():
                held.sort(key=lambda one: -len(one.rest))
        self._longest = max(map(len, self._begun), default=0)

    def _put(self, label: str, term: str) -> None:
        words = []
        for part in term.replace("-", " ").split():
            folded = fold_arabic(part.lower().rstrip("*")).replace("ё", "е")
            words.append((folded.removeprefix("ال") if len(folded) > 4 else folded, part.endswith("*")))
        if words:
            first, is_begun = words[0]
            (self._begun if is_begun else self._whole).setdefault(first, []).append(_Term(tuple(words[1:]), label))

    def hits(self, text: str) -> Iterator[tuple[str, Found]]:
        """Every label with every place that speaks for it, in order; a word counts once for a label."""
        words = tokens(text)
        for at, token in enumerate(words):
            said: set[str] = set()
            for term in self._at(token.key):
                if term.label not in said and _fits(term, words, at):
                    said.add(term.label)
                    start, end = token.start, words[at + len(term.rest)].end
                    yield term.label, Found(text[start:end], start, end)

    def _at(self, word: str) -> Iterator[_Term]:
        for key in stripped(word):
            yield from self._whole.get(key, ())
            for length in range(min(len(key), self._longest), _SHORTEST - 1, -1):
                yield from self._begun.get(key[:length], ())


def _fits(term: _Term, words: Sequence[Token], at: int) -> bool:
    if at + len(term.rest) >= len(words):
        return False
    for number, (want, is_begun) in enumerate(term.rest, at + 1):
        if words[number].start - words[number - 1].end > _APART:
            return False
        if not any(key.startswith(want) if is_begun else key == want for key in stripped(words[number].key)):
            return False
    return True
