"""What a STIX pattern looks for: the positive comparisons in it, whatever brackets and operators join them.

For those who ask "which values does this pattern name", not "what does it mean": a pattern that matches only when two
values are seen together still names both.
"""

import re
from typing import Final, NamedTuple

from tocsin.errors import FormatError
from tocsin.formats.stix.patterns import MAX_BYTES, tokens

MAX_VALUES: Final = 1024
_SIMPLE: Final = re.compile(r"\[ *([a-z][a-z0-9-]*):([a-z_][a-z0-9_.]*(?:'[^'\\]*')?) *= *'([^'\\]*)' *\]")
_UNESCAPED: Final = re.compile(r"\\(['\\])")


class Comparison(NamedTuple):
    """`type`:`path` = `value`. `operator` is = or ISSUBSET; of IN each value comes by itself."""

    type: str
    path: str
    operator: str
    value: str


def comparisons(pattern: str) -> list[Comparison]:
    """The comparisons with texts and whole numbers that are not negated, at most MAX_VALUES. Never raises: what is no
    pattern names nothing.
    """
    simple = _SIMPLE.fullmatch(pattern)
    if simple:
        return [Comparison(simple[1], simple[2], "=", simple[3])]
    if len(pattern) > MAX_BYTES:
        return []
    try:
        found = [(kind, text) for kind, text, _ in tokens(pattern)]
    except FormatError:
        return []
    return _collect(found)


def _collect(found: list[tuple[str, str]]) -> list[Comparison]:
    out: list[Comparison] = []
    at = 0
    while at + 2 < len(found) and len(out) < MAX_VALUES:
        kind, text = found[at]
        if kind not in ("word", "hyphenated") or found[at + 1][0] != ":":
            at += 1
            continue
        path, at = _path(found, at + 2)
        at = _values(found, at, (text, path), out)
    return out


def _path(found: list[tuple[str, str]], at: int) -> tuple[str, int]:
    path = ""
    while found[at][0] in ("word", "string", ".", "[", "]", "*", "whole"):
        path += found[at][1]
        at += 1
    return path, at


def _values(found: list[tuple[str, str]], at: int, name: tuple[str, str], out: list[Comparison]) -> int:
    operator, text = found[at]
    if (operator == "equal" and text in ("=", "==")) or operator == "ISSUBSET":
        kind, text = found[at + 1] if at + 1 < len(found) else ("end", "")
        if kind in ("string", "whole"):
            out.append(Comparison(*name, "ISSUBSET" if operator == "ISSUBSET" else "=", _plain(text)))
        return at + 1
    if operator == "IN":
        at += 1
        while at < len(found) and found[at][0] in ("(", "string", "whole", ","):
            if found[at][0] in ("string", "whole") and len(out) < MAX_VALUES:
                out.append(Comparison(*name, "=", _plain(found[at][1])))
            at += 1
    return at


def _plain(text: str) -> str:
    return _UNESCAPED.sub(r"\1", text[1:-1]) if text.startswith("'") else text
