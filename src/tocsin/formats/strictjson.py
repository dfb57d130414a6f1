"""Strict JSON: the one gate through which foreign JSON becomes values.

Stricter than RFC 8259 where readers are known to disagree (I-JSON, RFC 7493): nesting, size, equal keys, numbers and
strings are limited so that every later reader sees what was checked here.

Two ways lead to the same verdict. The short way lets `orjson` parse and then proves cheaply that nothing strict was
broken; it only ever accepts. Whatever it cannot prove takes the exact way, which reads every token, and alone refuses.
"""

import json
import re
from typing import Any

import orjson

from tocsin.errors import FormatError

MAX_OBJECT_BYTES = 1 << 20
"""Bytes one object may have."""

MAX_DEPTH = 64
"""Arrays and objects inside one another, the outermost included."""

MAX_KEY_CHARS = 256
"""Code points one key may have, after unescaping."""

MAX_INTEGER = (1 << 53) - 1
"""Largest magnitude of an integer that every reader keeps exact (RFC 7493, 2.2)."""

_BOM = b"\xef\xbb\xbf"
_DOUBT = -1
_LEAST_EXPONENT = 1e21  # smaller integers are written in full by RFC 8785, 3.2.2.3

# A key's colon that does not follow its closing quote at once.
_LOOSE_COLON = re.compile(rb'"[ \t\n\r]+:')

# Groups: 1 string, 2 the colon that makes it a key, 3 number, 4 bracket. A quote that begins no string matches alone.
_TOKEN = re.compile(
    rb'("[^"\\]*+(?:\\.[^"\\]*+)*+")([ \t\n\r]*+:)?|(-?[0-9][0-9.eE+-]*+|-?Infinity|NaN)|([{}\[\]])|"',
    re.DOTALL,
)
_NUMBER = re.compile(rb"-?(?:0|[1-9][0-9]*+)(\.[0-9]++)?([eE][+-]?[0-9]++)?")
_UNFIT = re.compile("[\x00\ud800-\udfff]")


def parse(data: bytes, *, max_bytes: int = MAX_OBJECT_BYTES) -> Any:
    """The value of one JSON text (RFC 8259), as dict, list, str, int, float, bool or None.

    Refused with `FormatError`, which names the byte and never the content:

    - `format.json-size`: more than `max_bytes` bytes, or a key of more than 256 code points;
    - `format.json-syntax`: not JSON, not UTF-8, a byte order mark, or anything after the value;
    - `format.json-depth`: more than 64 arrays and objects inside one another;
    - `format.json-duplicate-key`: two keys of one object that are equal once unescaped;
    - `format.json-number`: an integer beyond 2^53-1 either way, also when written as 1e20 or 9007199254740993.0 (RFC 8785
      writes both as integers), NaN, Infinity, a number too large for a double;
    - `format.json-string`: a lone surrogate or NUL in a string or key.
    """
    if len(data) > max_bytes:
        raise FormatError("format.json-size", f"{len(data)} bytes of JSON, {max_bytes} are allowed")
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        pass  # left behind, for it carries the whole text; the exact way says what is wrong
    else:
        if _is_proven(data, value):
            return value
    return _parse_exactly(data)


def _is_proven(data: bytes, value: Any) -> bool:
    """Whether the short way can vouch for `value`, which `orjson` read from `data`. False means unknown."""
    keys = _count_keys(value)
    if keys == _DOUBT or (b"\\" in data and b"\\u0000" in data):
        return False
    # What is written back unchanged lost no key on the way. Most producers write compactly, as orjson does.
    return orjson.dumps(value) == data or _is_free_of_duplicates(data, keys)


def _count_keys(value: Any) -> int:
    """Keys left in `value`, or `_DOUBT` if depth, a key's length or a number needs the exact way."""
    keys = 0
    level = [value]
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        for node in level:
            kind = type(node)
            if kind is dict:
                keys += len(node)
                if len("".join(node)) > MAX_KEY_CHARS and max(map(len, node)) > MAX_KEY_CHARS:
                    return _DOUBT
                below += [item for item in node.values() if type(item) is not str]
            elif kind is list:
                below += [item for item in node if type(item) is not str]
            elif (kind is int or kind is float) and not -MAX_INTEGER <= node <= MAX_INTEGER:
                return _DOUBT
        if not below:
            return keys
        level = below
    return _DOUBT


def _is_free_of_duplicates(data: bytes, keys: int) -> bool:
    """Whether `data` provably has no more keys than the `keys` that a parser, which merges equal ones, has left.

    If no key's colon stands apart from its quote, each key in the bytes ends in `":`. Hence there are at most as many
    keys as there are `":`, and if that number equals `keys`, none was merged.
    """
    if _LOOSE_COLON.search(data):
        return False
    colons = data.count(b'":')
    if colons == keys:
        return True
    # An escaped quote ends no key, provided that its backslash is not itself escaped.
    return b'\\\\":' not in data and colons - data.count(b'\\":') == keys


def _parse_exactly(data: bytes) -> Any:
    if data.startswith(_BOM):
        raise _fault("syntax", 0, "a byte order mark")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise _fault("syntax", error.start, "not UTF-8") from None
    end = len(data)
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        end = len(text[: error.pos].encode())
    except (RecursionError, ValueError):
        pass  # too deep, or an integer of thousands of digits
    else:
        _check_tokens(data)
        return value
    # What was read before the fault may hold another, which says more.
    _check_tokens(data[:end])
    raise _fault("syntax", end, "not JSON")


def _check_tokens(data: bytes) -> None:
    """Refuse what JSON allows and we do not."""
    open_keys: list[set[str]] = []  # per open array or object, outermost first; that of an array stays empty
    for token in _TOKEN.finditer(data):
        string, colon, number, bracket = token.groups()
        at = token.start()
        if string:
            text = _check_string(string, at)
            if colon and open_keys:
                _check_key(text, open_keys[-1], at)
        elif number:
            _check_number(number, at)
        elif bracket in (b"{", b"["):
            open_keys.append(set())
            if len(open_keys) > MAX_DEPTH:
                raise _fault("depth", at, f"nesting deeper than {MAX_DEPTH}")
        elif bracket is None:
            raise _fault("syntax", at, "a string without end")
        elif open_keys:
            open_keys.pop()


def _check_string(token: bytes, at: int) -> str:
    if b"\\" not in token:
        return token[1:-1].decode()
    try:
        text: str = json.loads(token.decode())
    except json.JSONDecodeError:
        raise _fault("syntax", at, "a string with a broken escape or a bare control character") from None
    if _UNFIT.search(text):
        raise _fault("string", at, "a lone surrogate or NUL in a string")
    return text


def _check_key(key: str, siblings: set[str], at: int) -> None:
    if len(key) > MAX_KEY_CHARS:
        raise _fault("size", at, f"a key of {len(key)} characters, {MAX_KEY_CHARS} are allowed")
    if key in siblings:
        raise _fault("duplicate-key", at, "a key that its object has already")
    siblings.add(key)


def _check_number(token: bytes, at: int) -> None:
    if token[-1:] in b"yN":
        raise _fault("number", at, "Infinity or NaN")
    shape = _NUMBER.fullmatch(token)
    if not shape:
        raise _fault("syntax", at, "not a number")
    if shape.lastindex:
        size = abs(float(token))
        if size == float("inf"):
            raise _fault("number", at, "a number too large for a double")
        is_large = MAX_INTEGER < size < _LEAST_EXPONENT
    else:
        is_large = len(token) > len(str(-MAX_INTEGER)) or abs(int(token)) > MAX_INTEGER
    if is_large:
        raise _fault("number", at, "an integer beyond 2^53-1")


def _fault(kind: str, at: int, what: str) -> FormatError:
    return FormatError(f"format.json-{kind}", f"byte {at}: {what}")
