"""STIX patterning (STIX 2.1, section 9): is this text a pattern?

A single comparison, which is nearly every indicator there is, is settled by one regular expression. Everything else goes
through a small recursive descent, one function per rule of the grammar, with limits: 16 KiB, 256 comparisons, 64 open
brackets. It builds no tree: the answer is yes, or a `FormatError`.
"""

import re
from collections.abc import Iterator
from types import MappingProxyType
from typing import NoReturn

from tocsin.errors import FormatError

MAX_BYTES = 16 * 1024
"""Bytes of UTF-8 one pattern may have."""

MAX_TERMS = 256
"""Comparisons one pattern may have."""

MAX_DEPTH = 64
"""Round brackets inside one another."""

_STRING = r"'(?:[^'\\]|\\['\\])*+'"
_DATE = r"[0-9]{4}-(?:0[1-9]|1[012])-(?:0[1-9]|[12][0-9]|3[01])"
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)"
_SPACE = "[ \t\r\n\x0b\x0c\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"

# Longest first, because the standard's lexer takes the longest token there is.
_TOKEN = re.compile(
    rf"(?P<skip>{_SPACE}+|/\*(?s:.*?)\*/|//[^\r\n]*)"
    rf"|(?P<time>t'{_DATE}T{_CLOCK}(?:\.[0-9]+)?Z')"
    r"|(?P<hex>h'(?:[0-9a-fA-F]{2})*')"
    r"|(?P<binary>b'(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)')"
    rf"|(?P<string>{_STRING})"
    r"|(?P<real>[+-]?[0-9]*\.[0-9]+)"
    r"|(?P<whole>[+-]?(?:0|[1-9][0-9]*))"
    r"|(?P<word>[a-zA-Z_][a-zA-Z0-9_-]*)"
    r"|(?P<equal>==?|!=|<>)"
    r"|(?P<order><=|>=|<|>)"
    r"|(?P<mark>[\[\]().:,*])"
)
_KEYWORDS = frozenset(
    [
        "AND",
        "OR",
        "NOT",
        "FOLLOWEDBY",
        "LIKE",
        "MATCHES",
        "ISSUPERSET",
        "ISSUBSET",
        "EXISTS",
        "LAST",
        "IN",
        "START",
        "STOP",
        "SECONDS",
        "WITHIN",
        "REPEATS",
        "TIMES",
    ]
)
_BOOLEANS = frozenset(("true", "false"))
_ORDERABLE = frozenset(("time", "hex", "binary", "string", "real", "whole"))
_ON_STRINGS = frozenset(("LIKE", "MATCHES", "ISSUBSET", "ISSUPERSET"))

_NAME = r"(?!(?:true|false|hashes)\b)[a-z_][a-z0-9_]*+"
_SINGLE = re.compile(
    r"\[ *(?!(?:true|false)\b)[a-z][a-z0-9-]*+:"
    rf"(?:hashes\.(?P<hash>MD5|'[A-Z0-9-]+')|{_NAME}(?:\.{_NAME})*) *(?:=|!=) *(?P<value>{_STRING}) *\]"
)

_HEX_DIGITS = MappingProxyType(
    {
        "MD5": (32,),
        "MD6": (32, 40, 56, 64, 96, 128),
        "RIPEMD160": (40,),
        "SHA1": (40,),
        "SHA224": (56,),
        "SHA256": (64,),
        "SHA384": (96,),
        "SHA512": (128,),
        "SHA3224": (56,),
        "SHA3256": (64,),
        "SHA3384": (96,),
        "SHA3512": (128,),
        "WHIRLPOOL": (128,),
    }
)
_HEXADECIMAL = re.compile(r"[a-fA-F0-9]+")
_SSDEEP = re.compile(r"[a-zA-Z0-9/+:.]{1,128}")


def validate(pattern: str) -> None:
    """Return if `pattern` is a STIX 2.1 pattern within the limits; else raise `FormatError` ("format.stix-pattern").

    Beyond the grammar: no qualifier stands twice at one observation, and a value compared with a hash has its length.
    """
    single = _SINGLE.fullmatch(pattern)
    if single and len(pattern) < MAX_BYTES // 4:
        if single["hash"]:
            _check_hash(single["hash"], single["value"], 0)
        return
    if len(pattern) > MAX_BYTES or len(pattern.encode(errors="replace")) > MAX_BYTES:
        raise FormatError("format.stix-pattern", f"a pattern of more than {MAX_BYTES} bytes")
    _Parser(pattern).pattern()


def _refuse(at: int, what: str) -> NoReturn:
    raise FormatError("format.stix-pattern", f"character {at} of the pattern: {what}")


def _check_hash(name: str, value: str, at: int) -> None:
    algorithm = name.strip("'").upper().replace("-", "")
    text = value.replace("'", "")
    if algorithm == "SSDEEP":
        if not _SSDEEP.fullmatch(text):
            _refuse(at, "not an SSDEEP hash")
        return
    digits = _HEX_DIGITS.get(algorithm)
    if digits and not (len(text) in digits and _HEXADECIMAL.fullmatch(text)):
        _refuse(at, "not as many hexadecimal digits as that hash has")


def tokens(pattern: str) -> Iterator[tuple[str, str, int]]:
    """Kind, text and place of each token. Words become their own kind if they are keywords, marks always."""
    at = 0
    while at < len(pattern):
        match = _TOKEN.match(pattern, at)
        if not match:
            _refuse(at, "no token of the pattern language begins here")
        kind, text = str(match.lastgroup), match[0]
        if kind == "mark" or (kind == "word" and text in _KEYWORDS):
            kind = text
        elif text in _BOOLEANS:
            kind = "boolean"
        elif kind == "word" and "-" in text:
            kind = "hyphenated"
        if kind != "skip":
            yield kind, text, at
        at = match.end()
    yield "end", "", at


class _Parser:
    """One walk over the tokens. `kind`, `text` and `at` are the token that comes next."""

    def __init__(self, pattern: str) -> None:
        self._rest = tokens(pattern)
        self._terms = 0
        self._depth = 0
        self._kind, self._text, self._at = next(self._rest)

    def pattern(self) -> None:
        self._observations()
        self._take("end", "the end of the pattern")

    def _take(self, kind: str, wanted: str) -> str:
        if self._kind != kind:
            _refuse(self._at, f"{wanted} was expected")
        text = self._text
        if kind != "end":
            self._kind, self._text, self._at = next(self._rest)
        return text

    def _takes(self, kind: str) -> bool:
        if self._kind != kind:
            return False
        self._take(kind, "")
        return True

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            _refuse(self._at, f"brackets deeper than {MAX_DEPTH}")

    def _observations(self) -> None:
        # AND, OR and FOLLOWEDBY differ in rank, which changes the meaning of a pattern but not whether it is one.
        self._observation()
        while self._takes("AND") or self._takes("OR") or self._takes("FOLLOWEDBY"):
            self._observation()

    def _observation(self) -> None:
        if self._takes("("):
            self._deeper()
            self._observations()
            self._take(")", "a closing round bracket")
            self._depth -= 1
            while self._qualifier():
                pass
            return
        self._take("[", "an opening bracket")
        self._comparisons()
        self._take("]", "a closing square bracket")
        seen: set[str] = set()
        while name := self._qualifier():
            if name in seen:
                _refuse(self._at, f"{name} stands twice at one observation")
            seen.add(name)

    def _qualifier(self) -> str:
        name = self._kind
        if self._takes("START"):
            self._take("time", "a timestamp")
            self._take("STOP", "STOP")
            self._take("time", "a timestamp")
        elif self._takes("WITHIN"):
            self._positive("whole", "real")
            self._take("SECONDS", "SECONDS")
        elif self._takes("REPEATS"):
            self._positive("whole")
            self._take("TIMES", "TIMES")
        else:
            return ""
        return name

    def _positive(self, *kinds: str) -> None:
        if self._kind not in kinds or self._text.startswith("-"):
            _refuse(self._at, "a number without a minus was expected")
        self._take(self._kind, "")

    def _comparisons(self) -> None:
        self._comparison()
        while self._takes("AND") or self._takes("OR"):
            self._comparison()

    def _comparison(self) -> None:
        if self._takes("("):
            self._deeper()
            self._comparisons()
            self._take(")", "a closing round bracket")
            self._depth -= 1
            return
        self._terms += 1
        if self._terms > MAX_TERMS:
            _refuse(self._at, f"more than {MAX_TERMS} comparisons")
        if self._kind in ("NOT", "EXISTS"):
            self._takes("NOT")
            self._take("EXISTS", "EXISTS")
            self._path()
            return
        name = self._path()
        self._takes("NOT")
        self._test(name)

    def _test(self, name: str) -> None:
        if self._takes("equal"):
            self._literal(name)
        elif self._takes("order"):
            if self._kind not in _ORDERABLE:
                _refuse(self._at, "a value that has an order was expected")
            self._take(self._kind, "")
        elif self._takes("IN"):
            self._set(name)
        elif self._kind in _ON_STRINGS:
            self._take(self._kind, "")
            self._take("string", "a string in single quotes")
        else:
            _refuse(self._at, "a comparison operator was expected")

    def _set(self, name: str) -> None:
        self._take("(", "an opening round bracket")
        if self._takes(")"):
            return
        self._literal(name)
        while self._takes(","):
            self._literal(name)
        self._take(")", "a closing round bracket")

    def _literal(self, name: str) -> None:
        if self._kind not in _ORDERABLE and self._kind != "boolean":
            _refuse(self._at, "a value was expected")
        if name:
            _check_hash(name, self._text, self._at)
        self._take(self._kind, "")

    def _path(self) -> str:
        """Take an object path. Returns the name of its hash, if it ends in one."""
        if not (self._takes("word") or self._takes("hyphenated")):
            _refuse(self._at, "an object type was expected")
        self._take(":", "a colon")
        steps = [self._step()]
        while True:
            if self._takes("."):
                steps.append(self._step())
            elif self._takes("["):
                if not (self._takes("*") or self._takes("whole")):
                    _refuse(self._at, "a position in a list, or *, was expected")
                self._take("]", "a closing square bracket")
                steps.append("")
            else:
                return steps[-1] if "hashes" in steps else ""

    def _step(self) -> str:
        if self._kind not in ("word", "string"):
            _refuse(self._at, "a property name was expected")
        return self._take(self._kind, "").strip("'")
