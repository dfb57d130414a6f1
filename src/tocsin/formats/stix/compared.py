"""What a STIX pattern compares with: the values that whoever acts on an indicator would block.

The pattern has passed `patterns.validate`. A comparison that is negated is none of these: it names what is spared.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Final, NamedTuple

from tocsin.formats.stix.patterns import tokens
from tocsin.formats.values import Kind, mailbox, spans

_SPLITTERS: Final = frozenset(("AND", "OR", "]", "FOLLOWEDBY", "end"))
_JOINED: Final = frozenset(("AND", "FOLLOWEDBY", "NOT", "WITHIN", "REPEATS", "START", "EXISTS"))
_OPERATORS: Final = frozenset(("equal", "order", "IN", "LIKE", "MATCHES", "ISSUBSET", "ISSUPERSET"))
_SHORT: Final = 512  # characters of what is remembered
_EXACT: Final = frozenset(("=", "==", "IN", "ISSUBSET"))
_WILD: Final = frozenset(("LIKE", "MATCHES"))
_DIRECT: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "ipv4-addr:value": Kind.IP,
        "ipv6-addr:value": Kind.IP,
        "domain-name:value": Kind.DOMAIN,
        "url:value": Kind.URL,
        "email-addr:value": Kind.EMAIL,
    }
)
# What a name resolves to, or who wrote a message, is a mark of the name or the message: nothing to block by itself.
_DIRECTLY: Final = (*_DIRECT, "file:hashes", "network-traffic:")


class Compared(NamedTuple):
    """One value of a pattern. `suffices`: the pattern holds as soon as something has this value."""

    kind: Kind
    text: str
    suffices: bool
    is_wild: bool = False  # compared by LIKE: `text` has % and _


def compared(pattern: str) -> list[Compared]:
    """The values of a pattern, in its order. What is compared by MATCHES has no value and is left out."""
    return list(_short(pattern) if len(pattern) <= _SHORT else _read(pattern))


@lru_cache(1024)  # several readers of the journal ask for the same few hundred patterns, one reader after the other
def _short(pattern: str) -> Sequence[Compared]:
    return _read(pattern)


def _read(pattern: str) -> Sequence[Compared]:
    found: list[tuple[Kind, str, str, bool]] = []
    joined = False
    for path, operator, values, negated in _comparisons(pattern):
        joined = joined or path in _JOINED or negated or operator not in _EXACT
        if negated or operator in ("!=", "<>", "MATCHES", ""):
            continue
        direct = path.startswith(_DIRECTLY)
        found += ((kind, value, operator, direct) for value in values if (kind := _kind(path, value)) is not None)
    return [
        Compared(kind, value, suffices=direct and not joined, is_wild=operator in _WILD)
        for kind, value, operator, direct in found
    ]


def _comparisons(pattern: str) -> Iterator[tuple[str, str, list[str], bool]]:
    """(path, operator, values, negated) of each comparison; a word that joins or qualifies comes as a path of its own."""
    now = _Comparison()
    for kind, text, _ in tokens(pattern):
        if kind in _JOINED and kind != "NOT":
            yield kind, "", [], False
        if kind in _SPLITTERS and not now.in_index:
            if now.operator:
                yield "".join(now.path), now.operator, now.values, now.negated
            now = _Comparison()
        else:
            now.take(kind, text)


class _Comparison:
    """What has been read of one comparison so far."""

    def __init__(self) -> None:
        self.path: list[str] = []
        self.values: list[str] = []
        self.operator = ""
        self.negated = False
        self.in_index = False  # between the brackets of refs[*]

    def take(self, kind: str, text: str) -> None:
        """The next token of it."""
        if kind == "NOT":
            self.negated = True
        elif kind in _OPERATORS:
            self.operator = text
        elif self.operator:
            if kind == "string":
                self.values.append(_unescaped(text))
        elif kind != "(" and kind not in _JOINED and (self.path or kind != "["):
            self.in_index = kind == "[" or (self.in_index and kind != "]")
            self.path.append(text)


def _unescaped(literal: str) -> str:
    text = literal[1:-1]
    return text.replace("\\'", "'").replace("\\\\", "\\") if "\\" in text else text


def _kind(path: str, value: str) -> Kind | None:
    direct = _DIRECT.get(path)
    if direct is not None:
        return direct
    if ".hashes." in path or ":hashes." in path:
        return Kind.HASH
    if path.endswith(("_ref.value", "_refs[*].value")) or path.lower().endswith((".host", ".'host'")):
        return sniffed(value)
    return None


def sniffed(value: str) -> Kind:
    """What a value is whose path does not say it."""
    if "://" in value:
        return Kind.URL
    if spans(value):
        return Kind.IP
    return Kind.EMAIL if mailbox(value)[0] else Kind.DOMAIN
