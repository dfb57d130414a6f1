"""Words of a text and what each weighs: by a table of how often words are written, so no text has to be seen before."""

import re
import unicodedata
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from math import log, sqrt
from typing import Final, NamedTuple
from zlib import crc32

import numpy as np

from tocsin.desk import thresholds

_WORD: Final = re.compile(r"[^\W_]+")
_MARKS: Final = re.compile("[\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed]")
_FOLDED: Final = str.maketrans("أإآٱىةؤئ", "ااااي\u0647وي")
_ARTICLES: Final = ("وال", "بال", "كال", "فال", "لل", "ال")
_ARABIC: Final = frozenset({"ar", "fa", "ur"})
_LONGEST: Final = 40
_SCALE: Final = 1_000  # a weight is kept with three digits
_CLITICS: Final = frozenset("وفبلك")
_LARGE: Final = frozenset(
    {"en", "fr", "ar", "es", "ru"}
)  # the desk's own languages; of others the common words are known
_DAYS: Final = frozenset(
    [
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ]
)
_ENDINGS: Final = ("ings", "ing", "edly", "ed", "ies", "es", "s", "ly")


class Word(NamedTuple):
    """A word as it is compared, and how it stands in the text."""

    key: str
    start: int
    end: int
    capital: bool


def fold_arabic(text: str) -> str:
    """Without vowel signs and tatweel; the forms of alef, yeh and teh marbuta as one."""
    return _MARKS.sub("", text).translate(_FOLDED)


def key_of(word: str) -> str:
    """A word as tables and vectors know it: lower case, Arabic folded and without its article."""
    lowered = word.lower()
    if "\u0600" <= lowered[0] <= "\u06ff":
        lowered = fold_arabic(lowered)
        for one in _ARTICLES:
            if lowered.startswith(one) and len(lowered) >= len(one) + 3:
                return lowered[len(one) :]
    return lowered


def root_of(key: str, language: str) -> str:
    """An English word without its commonest endings, an Arabic one without the particle before it; others as they are."""
    if language == "ar":
        return key[1:] if len(key) > 4 and key[0] in _CLITICS else key
    if language != "en" or len(key) < 5 or key[0].isdigit():
        return key
    for one in _ENDINGS:
        if key.endswith(one) and len(key) - len(one) >= 3:
            return key if one == "s" and key.endswith("ss") else key[: -len(one)]
    return key


def sought(text: str, heaviest: int = 0) -> list[str]:
    """The words of a text as stories are looked for by them, whatever its language; the commonest are left out.

    `heaviest`: only so many, the rarest in English first.
    """
    table = weights("en")
    found = (root_of(one.key, "ar" if "\u0600" <= one.key[0] <= "\u06ff" else "en") for one in words_of(text))
    words = [one for one in dict.fromkeys(found) if len(one) > 1 and table.get(one, 1.0) >= thresholds.LIGHTEST_WORD]
    chosen = sorted(words, key=lambda one: -table.get(one, 1.0))[:heaviest] if heaviest else words
    # Ministry and ministries, bridge and bridges.
    return list(dict.fromkeys(one.rstrip("ey") if len(one) > 4 else one for one in chosen))


def words_of(text: str) -> Iterator[Word]:
    """Words and numbers in order."""
    if not text.isascii():
        text = _MARKS.sub(_blank, text)
    for found in _WORD.finditer(text):
        word = found[0]
        if len(word) <= _LONGEST:
            yield Word(key_of(word), found.start(), found.end(), word[0].isupper())


def _blank(found: re.Match[str]) -> str:
    # A mark between letters must not split the word, and offsets must hold: tatweel and marks become a letter that is dropped.
    return "\u0640" * len(found[0])


def is_word_based(language: str) -> bool:
    """Whether spaces stand between the words of a language."""
    return language not in ("zh", "ja", "th", "lo", "km", "my")


class Table:
    """Weights by word in six bytes each: a dictionary of one language's words would take as much memory as the rest of a node.

    A word is known by 32 bits of it: one in 10,000 that is not there is taken for another.
    """

    def __init__(self, words: Iterable[tuple[str, float]]) -> None:
        # Of what is there twice, the first is kept.
        held, weights = array("I"), array("H")
        for word, weight in words:
            held.append(crc32(word.encode()))
            weights.append(round(weight * _SCALE))
        keys, firsts = np.unique(np.frombuffer(held, np.uint32), return_index=True)
        self._keys = array("I", keys.tobytes())
        self._weights = array("H", np.frombuffer(weights, np.uint16)[firsts].tobytes())

    def __len__(self) -> int:
        return len(self._keys)

    def get(self, word: str, default: float) -> float:
        """The word's weight, with three digits."""
        key = crc32(word.encode())
        at = bisect_left(self._keys, key)
        return self._weights[at] / _SCALE if at < len(self._keys) and self._keys[at] == key else default


@lru_cache(12)
def weights(language: str) -> Table:
    """By word: ((7 - zipf) / 7)², a word that is not there weighs 1. Unknown languages get the English table."""
    import wordfreq  # a quarter of a second: a node that reads nothing starts without it

    known = wordfreq.available_languages("small")
    name, size = language if language in known else "en", "large" if language in _LARGE else "small"
    made = Table(_weighed(wordfreq.get_frequency_list(name, wordlist=size), language))
    wordfreq.get_frequency_list.cache_clear()  # it would keep all words of every language that was ever met
    return made


def _weighed(buckets: Sequence[Sequence[str]], language: str) -> Iterator[tuple[str, float]]:
    """Words with their weights, the lightest first. A bucket's place is the frequency of its words in hundredths of ten."""
    for place, bucket in enumerate(buckets):
        weight = ((7 - max(min(9 - place / 100, 7), 0)) / 7) ** 2
        for word in bucket:
            yield root_of(key_of(unicodedata.normalize("NFC", word)), language), weight


def vector(title: str, text: str, language: str) -> dict[str, float]:
    """The heaviest words of a text, unit length: (1 + ln n) times the word's weight, more if mostly capitalised."""
    counted: dict[str, list[int]] = {}
    for word in words_of(f"{title}\n{text}"):
        if len(word.key) > 1:
            key = root_of(word.key, language)
            seen = counted.get(key)
            if seen is None:
                counted[key] = [1, int(word.capital)]
            else:
                seen[0] += 1
                seen[1] += word.capital
    table = weights(language)
    heavy: list[tuple[float, str]] = []
    for key, (count, capitals) in counted.items():
        weight = table.get(key, 1.0)
        if key.isdecimal():
            weight = thresholds.NUMBER_WEIGHT
        if weight >= thresholds.LIGHTEST_WORD:
            boost = thresholds.CAPITAL_BOOST if capitals * 2 > count else 1.0
            heavy.append(((1 + log(count)) * weight * boost, key))
    heavy.sort(key=_by_weight)
    del heavy[thresholds.VECTOR_WORDS :]
    return levelled(heavy)


def names(sentences: Iterable[str], language: str) -> list[str]:
    """What is called by a name: words with a capital inside sentences, never without one. No days: of those all texts speak."""
    inside, common = dict[str, None](), set[str]()
    for sentence in sentences:
        for at, word in enumerate(words_of(sentence)):
            if not word.capital:
                common.add(root_of(word.key, language))
            elif at and len(word.key) > 2 and word.key not in _DAYS:
                inside[root_of(word.key, language)] = None
    return [one for one in inside if one not in common]


def levelled(heavy: Sequence[tuple[float, str]]) -> dict[str, float]:
    """Words with their weights, the heaviest first, as a vector of unit length in which none weighs more than HEAVIEST_WORD.

    Of few words each must weigh more: up to HEAVIEST_TIMES what it would if all weighed the same.
    """
    if not heavy:
        return {}
    ceiling = max(thresholds.HEAVIEST_WORD, thresholds.HEAVIEST_TIMES / sqrt(len(heavy)))
    rest, cut = sum(weight * weight for weight, _ in heavy), 0
    scale = sqrt(1 / rest)
    while heavy[cut][0] * scale > ceiling:
        rest, cut = rest - heavy[cut][0] ** 2, cut + 1
        scale = sqrt(max(1 - cut * ceiling * ceiling, 0.0) / rest)
    return {key: round(ceiling if at < cut else weight * scale, 5) for at, (weight, key) in enumerate(heavy)}


def _by_weight(one: tuple[float, str]) -> tuple[float, str]:
    return -one[0], one[1]


def cosine(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """Similarity of two vectors of unit length, 0 to 1."""
    if len(other) < len(one):
        one, other = other, one
    return sum(weight * other[key] for key, weight in one.items() if key in other)
