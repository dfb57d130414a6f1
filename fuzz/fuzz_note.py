"""Fuzz the note parser: a value that encodes to the same bytes, or FormatError.

python fuzz/fuzz_note.py --runs 100000 [--seed 1]     own mutations of the vectors, the same for the same seed
python fuzz/fuzz_note.py [atheris options]            guided by coverage, where atheris is installed
"""

import hashlib
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tocsin.errors import FormatError
from tocsin.formats import note
from tocsin.formats.keys import SigningKey

KEY = SigningKey(bytes(32))
NAME = "tocsin/fuzz/log"
PIECES = (
    b"\n",
    b"\n\n",
    b" ",
    b"+",
    b"=",
    b"\xe2\x80\x94 ",
    b"0",
    b"-",
    b"_",
    b"\x00",
    b"\xff",
    b"\xc2\xa0",
    b"A" * 44,
)


def one_input(data: bytes) -> None:
    """Parse `data`; nobody signed it with KEY, so it must not verify."""
    try:
        value = note.parse(data)
    except FormatError:
        return
    if note.encode(value) != data or note.parse(note.encode(value)) != value:
        raise AssertionError("decode and encode are not inverse")
    if note.verified(value, NAME, KEY.public):
        raise AssertionError("a note that was never signed verifies")


def corpus(vectors: str, field: str) -> list[bytes]:
    """The inputs of a vector file, given as text in `field` or as hexadecimal in `field`_hex."""
    path = Path(__file__).resolve().parents[1] / "tests" / "vectors" / "log" / vectors
    cases = json.loads(path.read_text("utf-8"))["cases"]  # noqa: TID251 - our own file, outside the package
    return [case[field].encode() if field in case else bytes.fromhex(case[f"{field}_hex"]) for case in cases]


def draws(seed: int) -> Iterator[int]:
    """An endless stream of 16-bit numbers that depends on the seed alone."""
    block = hashlib.sha256(b"%d" % seed).digest()
    while True:
        block = hashlib.sha256(block).digest()
        yield from (int.from_bytes(block[at : at + 2], "big") for at in range(0, 32, 2))


def mutated(samples: Sequence[bytes], draw: Iterator[int]) -> bytes:
    """One sample with one to four stretches cut, replaced by a piece, taken from another sample or with a bit flipped."""
    data = bytearray(samples[next(draw) % len(samples)])
    for _ in range(next(draw) % 4 + 1):
        at = next(draw) % (len(data) + 1)
        end = min(len(data), at + next(draw) % 9)
        other = samples[next(draw) % len(samples)]
        start = next(draw) % (len(other) + 1)
        kind = next(draw) % 4
        if kind == 0 and at < len(data):
            data[at] ^= 1 << next(draw) % 8
        else:
            data[at:end] = (b"", PIECES[next(draw) % len(PIECES)], other[start : start + 40])[kind - 1]
    return bytes(data)


def drive(target: Callable[[bytes], None], samples: Sequence[bytes], arguments: Sequence[str]) -> None:
    """Run `target` on --runs mutated samples, or hand it to atheris if no --runs is given."""
    options = dict(zip(arguments[::2], arguments[1::2], strict=False))
    if "--runs" not in options:
        import atheris

        atheris.Setup([sys.argv[0], *arguments], target)
        atheris.Fuzz()
    draw = draws(int(options.get("--seed", "1")))
    for sample in samples:
        target(sample)
    for run in range(int(options["--runs"])):
        data = mutated(samples, draw)
        try:
            target(data)
        except BaseException:
            print(f"run {run}: {data.hex()}", file=sys.stderr)
            raise
    print(f"{options['--runs']} runs, nothing found")


if __name__ == "__main__":
    drive(one_input, corpus("note.json", "note"), sys.argv[1:])
