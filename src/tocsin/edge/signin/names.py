"""Names of people: two that a reader takes for one are one."""

import unicodedata
from typing import Final

from tocsin.errors import ConfigError

_LONGEST: Final = 64
_ALSO: Final = frozenset("._-@")


def fold(name: str) -> str:
    """The form in which names are compared; any text, so that a wrong name is not told from one nobody has."""
    once = unicodedata.normalize("NFKC", name[: 4 * _LONGEST]).casefold()
    return unicodedata.normalize("NFKC", once).strip()


def check(name: str) -> str:
    """A name for a new account, trimmed. Raises ConfigError("config.person-name")."""
    name = unicodedata.normalize("NFC", name).strip()
    folded = fold(name)
    good = all(one.isalnum() or one in _ALSO or unicodedata.category(one) == "Mn" for one in folded)
    if not 2 <= len(folded) <= _LONGEST or len(name) > _LONGEST or not good or not folded[0].isalnum():
        raise ConfigError("config.person-name", "a name is 2 to 64 letters, digits, dots, hyphens, underscores or @")
    return name
