"""Fuzz the pattern language: a verdict within the limits, and the short way takes nothing the parser refuses."""

import sys

from mutation import drive
from tocsin.errors import FormatError
from tocsin.formats.stix import patterns

SAMPLES = (
    b"[ipv4-addr:value = '203.0.113.7']",
    b"[file:hashes.'SHA-256' = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855']",
    b"([file:name LIKE '%.exe' AND file:size IN (1, 2.5, -3)] FOLLOWEDBY [a:b[*].c['d'] NOT = true]) WITHIN 5 SECONDS",
    b"[EXISTS file:x] REPEATS 2 TIMES START t'2026-01-01T00:00:00Z' STOP t'2026-01-02T00:00:00.5Z' OR [a:b=h'00']",
    b"[url:value MATCHES '^http\\\\:' /* why */ OR (a:b >= b'AA==' AND a:'c d'.e ISSUBSET '10.0.0.0/8')] // end",
)


def one_input(data: bytes) -> None:
    """Validate `data`, read as UTF-8 or else as Latin-1."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    try:
        patterns.validate(text)
    except FormatError as error:
        if error.code != "format.stix-pattern":
            raise AssertionError("a code that is not the pattern's") from error
        return
    if len(text.encode()) > patterns.MAX_BYTES:
        raise AssertionError("larger than allowed")
    patterns._Parser(text).pattern()  # noqa: SLF001 - the two ways are what is compared


if __name__ == "__main__":
    drive(one_input, SAMPLES, sys.argv[1:])
