"""Language, direction, reading time. Labels are cut before: the language of a page's buttons is not that of its text."""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from py3langid.langid import MODEL_FILE, LanguageIdentifier

_RIGHT_TO_LEFT: Final = frozenset({"ar", "fa", "ur", "he", "yi", "ps", "ckb", "ug", "sd", "dv"})
_WORDS_A_MINUTE: Final[Mapping[str, int]] = MappingProxyType(
    # Silent reading of prose; en, es, fr, ru, ar and others as measured with the IReST texts and by Brysbaert (2019).
    {
        "en": 238,
        "fr": 214,
        "ar": 185,
        "es": 278,
        "ru": 184,
        "de": 179,
        "it": 188,
        "pt": 181,
        "nl": 202,
        "tr": 166,
        "he": 187,
    }
)
_ELSE: Final = 200
_LOOKED_AT: Final = 600


@lru_cache(1)
def _identifier() -> Any:
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def language_of(title: str, paragraph: str) -> str:
    """ISO 639-1 code of a title with its first paragraph; empty if too little was written to tell."""
    text = f"{title}\n{paragraph}"[:_LOOKED_AT]
    if sum(one.isalpha() for one in text) < 12:
        return ""
    code, sure = _identifier().classify(text)
    return str(code) if sure >= 0.5 else ""


def direction_of(language: str, text: str) -> str:
    """`rtl` or `ltr`: by the language, else by the first letter that has a direction."""
    if language:
        return "rtl" if language in _RIGHT_TO_LEFT else "ltr"
    for one in text[:_LOOKED_AT]:
        if one.isalpha():
            return "rtl" if "\u0590" <= one <= "\u08ff" or "\ufb1d" <= one <= "\ufefc" else "ltr"
    return "ltr"


def reading_seconds(words: int, language: str) -> int:
    """How long a reader needs, in seconds."""
    return round(words * 60 / _WORDS_A_MINUTE.get(language, _ELSE))
