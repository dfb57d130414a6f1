"""Canonical JSON (RFC 8785, JCS): one value, one sequence of bytes.

For our own output, deduplication and derived ids. What was received is hashed as received, never re-encoded.
"""

from typing import Any

import orjson
import rfc8785

from tocsin.errors import FormatError
from tocsin.formats.strictjson import MAX_DEPTH, MAX_INTEGER

_OPTIONS = orjson.OPT_SORT_KEYS


def encode(value: Any) -> bytes:
    """The RFC 8785 bytes of `value`: str, int, float, bool, None, and lists, tuples and str-keyed dicts of these.

    Raises `FormatError`: `format.json-number` for an integer beyond 2^53-1 either way, NaN or Infinity;
    `format.json-string` for a lone surrogate in a string or key; `format.json-depth` for more than 64 containers inside
    one another, so that what is written here can be read by `strictjson`. Raises `TypeError` for what is not JSON at
    all, which is the caller's mistake.
    """
    if _is_plain(value):
        try:
            return orjson.dumps(value, option=_OPTIONS)
        except orjson.JSONEncodeError:
            pass  # a lone surrogate; the exact way says so
    _check(value, 0)
    try:
        return rfc8785.dumps(value)
    except rfc8785.FloatDomainError:
        raise FormatError("format.json-number", "NaN or Infinity") from None
    except (rfc8785.CanonicalizationError, UnicodeEncodeError):
        raise FormatError("format.json-string", "a lone surrogate in a string or key") from None


def _is_plain(value: Any) -> bool:
    """Whether `orjson` writes RFC 8785: it differs on floats, large integers and the order of non-ASCII keys."""
    level = [value]
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        for node in level:
            kind = type(node)
            if kind is dict:
                try:
                    if not "".join(node).isascii():
                        return False
                except TypeError:
                    return False
                below += [item for item in node.values() if type(item) is not str]
            elif kind is list:
                below += [item for item in node if type(item) is not str]
            elif kind is int:
                if not -MAX_INTEGER <= node <= MAX_INTEGER:
                    return False
            elif kind is not bool and node is not None and kind is not str:
                return False
        if not below:
            return True
        level = below
    return False


def _check(value: Any, depth: int) -> None:
    """Refuse what the exact encoder would recurse into, guess about, or fail to describe (an int of 5,000 digits)."""
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise TypeError("a key of a JSON object is a str")
        children = list(value.values())
    elif isinstance(value, list | tuple):
        children = list(value)
    elif isinstance(value, int) and abs(value) > MAX_INTEGER:
        raise FormatError("format.json-number", "an integer beyond 2^53-1")
    elif value is None or isinstance(value, str | int | float):
        return
    else:
        raise TypeError(f"{type(value).__name__} is not a JSON type")
    if depth >= MAX_DEPTH:
        raise FormatError("format.json-depth", f"nesting deeper than {MAX_DEPTH}")
    for child in children:
        _check(child, depth + 1)
