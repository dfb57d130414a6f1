"""Fuzz the gate: any bytes give a value or `FormatError`, both ways agree, and the value survives canonical writing."""

import sys

from mutation import drive
from tocsin.errors import MEANINGS, FormatError
from tocsin.formats import canonical, strictjson

SAMPLES = (
    b'{"type":"indicator","spec_version":"2.1","confidence":80,"revoked":false,"labels":["a","b"],"x":null}',
    b'{\n  "name" : "a\\":b \\\\",\n  "a\\\\":":","lat": -12.5e-3,\n  "n": {"a": [[], {}, [{"a": 9007199254740991}]]}\n}',
    '{"é":"\U0001f600\\ud83d\\ude00","\\u0061":"\\u00e9\\n","b":":"," :":"\\":"}'.encode(),
    b"[0,-0,1.0,1e16,0.1,-1E-7,123456789012345678e-3,true,null]",
    b"[" * 63 + b'{"a":1}' + b"]" * 63,
    b'{"a":1,"b":{"a":2},"c":[{"a":3},{"a":4}]}',
    b'{"' + b"k" * 255 + b'":1}',
)


def one_input(data: bytes) -> None:
    """Parse `data` both ways."""
    found = outcome(data)
    try:
        exact = repr(strictjson._parse_exactly(data))  # noqa: SLF001 - the two ways are what is compared
    except FormatError as error:
        exact = error.code
    if found != exact:
        raise AssertionError("the short and the exact way disagree")


def outcome(data: bytes) -> str:
    """What the gate makes of `data`: the value, or the code of the refusal."""
    try:
        value = strictjson.parse(data)
    except FormatError as error:
        if error.code not in MEANINGS:
            raise AssertionError("a code that nobody knows") from error
        return error.code
    written = canonical.encode(value)
    again = strictjson.parse(written)
    if again != value or canonical.encode(again) != written:
        raise AssertionError("canonical bytes are not stable")
    return repr(value)


if __name__ == "__main__":
    drive(one_input, SAMPLES, sys.argv[1:])
