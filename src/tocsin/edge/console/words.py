"""The words of the console in four languages: one catalogue for each, as gettext writes them; what is missing is English."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

FOLDER: Final = Path(__file__).parent / "languages"
LANGUAGES: Final[Mapping[str, str]] = MappingProxyType(
    {"en": "English", "fr": "Français", "ar": "العربية", "ru": "Русский"}
)
RIGHT_TO_LEFT: Final = frozenset({"ar"})
PSEUDO: Final = "xx"
_FIELD: Final = re.compile(r'^(msgid|msgid_plural|msgstr|msgstr\[(\d)\]) "(.*)"$')
_ESCAPES: Final[Mapping[str, str]] = MappingProxyType({"\\n": "\n", '\\"': '"', "\\\\": "\\"})


def N_(text: str) -> str:  # noqa: N802 - gettext's own name for "a word to be translated where it is shown"
    """Mark a text as one of the console's words."""
    return text


def _two(count: int) -> int:
    return int(count != 1)


def _french(count: int) -> int:
    return int(count > 1)


def _russian(count: int) -> int:
    if count % 10 == 1 and count % 100 != 11:
        return 0
    return 1 if 2 <= count % 10 <= 4 and not 12 <= count % 100 <= 14 else 2


def _arabic(count: int) -> int:
    if count < 3:
        return count
    if 3 <= count % 100 <= 10:
        return 3
    return 4 if count % 100 >= 11 else 5


# The rules of the Unicode CLDR for whole numbers, as the catalogues' Plural-Forms state them.
FORMS: Final[Mapping[str, tuple[int, Callable[[int], int]]]] = MappingProxyType(
    {"en": (2, _two), "fr": (2, _french), "ru": (3, _russian), "ar": (6, _arabic), PSEUDO: (2, _two)}
)


@dataclass(frozen=True, slots=True)
class Words:
    """One language."""

    language: str
    said: Mapping[str, Sequence[str]]

    @property
    def direction(self) -> str:
        """For the attribute dir."""
        return "rtl" if self.language in RIGHT_TO_LEFT else "ltr"

    def one(self, text: str) -> str:
        """A text in this language."""
        if self.language == PSEUDO:
            return f"⟦{text}⟧"
        return (self.said.get(text) or (text,))[0] or text

    def many(self, one: str, many: str, count: int) -> str:
        """A text that depends on a number."""
        if self.language == PSEUDO:
            return f"⟦{one if count == 1 else many}⟧"
        forms, which = self.said.get(one, ()), FORMS[self.language][1](count)
        return (forms[which] if which < len(forms) else "") or (one if count == 1 else many)


@cache
def words(language: str) -> Words:
    """The catalogue of a language; English for one that is not there."""
    if language not in FORMS:
        language = "en"
    path = FOLDER / f"{language}.po"
    said = dict(entries(path.read_text("utf-8"))) if path.is_file() else {}
    return Words(language, MappingProxyType(said))


def entries(catalogue: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """(msgid, its forms) of everything in a .po file, its header left out. Fuzzy ones count as missing."""
    for block in re.split(r"\n\s*\n", catalogue):
        fields = _fields(block)
        key = fields.get("msgid", "")
        if key and not re.search(r"^#,.*\bfuzzy\b", block, re.MULTILINE):
            forms = [fields[one] for one in sorted(fields) if one.startswith("msgstr")]
            yield key, tuple(forms)


def _fields(block: str) -> dict[str, str]:
    out: dict[str, str] = {}
    last = ""
    for line in block.splitlines():
        found = _FIELD.match(line)
        if found:
            last = found[1]
            out[last] = _unescaped(found[3])
        elif last and line.startswith('"') and line.endswith('"'):
            out[last] += _unescaped(line[1:-1])
    return out


def _unescaped(text: str) -> str:
    return re.sub(r'\\[n"\\]', lambda found: _ESCAPES[found[0]], text)


def chosen(preferred: str, asked: str, header: str) -> str:
    """Which language to show: what the person chose, what the address asks for, what the browser prefers, English."""
    for one in (asked, preferred, *_accepted(header)):
        if one in LANGUAGES:
            return one
    return "en"


def _accepted(header: str) -> Iterator[str]:
    """The languages of Accept-Language in its order; its weights are always in that order too."""
    for part in header.split(",")[:20]:
        yield part.partition(";")[0].strip().partition("-")[0].lower()
