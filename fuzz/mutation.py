"""Drives a fuzz target: guided by coverage where atheris is installed, else by own mutations of its samples.

A target is a module with SAMPLES and `one_input(data)`, which raises on a fault and only then; see README.md.
"""

import argparse
import random  # noqa: TID251 - seeded, and outside the package
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

# What breaks parsers: their delimiters, the ends of ranges, what counts as white space somewhere.
PIECES = (
    *(bytes([byte]) for byte in b"\"\\{}[],:+-=.0 \n\r\t/'"),
    b"\x00",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\xc2\xa0",
    b"\n\n",
    b"\xe2\x80\x94 ",  # begins a signature line of a note
    b"A" * 44,
    b"\xed\xa0\x80",
    b"\\u0000",
    b"\\ud800",
    b"\xff\xff\xff\xff",
    b"\x7f\xff\xff\xff",
    b"9007199254740992",
    b"18446744073709551616",
    b"1e400",
)
MAX_BYTES = 1 << 16


def mutated(samples: Sequence[bytes], chance: random.Random) -> bytes:
    """One sample with one to five changes."""
    data = bytearray(chance.choice(samples))
    for _ in range(chance.randint(1, 5)):
        at = chance.randint(0, len(data))
        end = min(len(data), at + chance.choice((0, 1, 1, 2, 8, 64)))
        other = chance.choice(samples)
        start = chance.randint(0, len(other))
        change = chance.randrange(6)
        if change == 0 and at < len(data):
            data[at] ^= 1 << chance.randrange(8)
        elif change == 1:
            del data[at:end]
        elif change == 2:
            data[at:end] = data[at:end] * chance.choice((2, 2, 2, 70))
        elif change == 3:
            data[at:end] = other[start : start + chance.choice((4, 40, 400))]
        else:
            data[at:end] = chance.choice(PIECES)
    return bytes(data[:MAX_BYTES])


def drive(one_input: Callable[[bytes], None], samples: Sequence[bytes], arguments: Sequence[str]) -> None:
    """Run a target on its samples, then on `--runs` mutations; without `--runs`, hand it to atheris."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, help="own mutations, the same for the same seed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--input", help="one input in hexadecimal, as a failed run prints it")
    options, others = parser.parse_known_args(arguments)
    if options.input is not None:
        one_input(bytes.fromhex(options.input))
        return
    for sample in samples:
        one_input(sample)
    if options.runs is None:
        _guided(one_input, samples, others)
        return
    chance = random.Random(options.seed)  # noqa: S311 - must be repeatable, need not be secret
    for run in range(options.runs):
        data = mutated(samples, chance)
        try:
            one_input(data)
        except BaseException:
            print(f"run {run}, seed {options.seed}: --input {data.hex()}", file=sys.stderr)
            raise
    print(f"{options.runs} runs, nothing found")


def _guided(one_input: Callable[[bytes], None], samples: Sequence[bytes], arguments: Sequence[str]) -> None:
    import atheris

    atheris.instrument_all()
    # atheris never comes back from Fuzz(), so nothing here would remove the folder: it is left to the system.
    corpus = Path(tempfile.mkdtemp(prefix="tocsin-corpus-"))
    for number, sample in enumerate(samples):
        (corpus / str(number)).write_bytes(sample)
    atheris.Setup([sys.argv[0], str(corpus), *arguments], one_input)
    atheris.Fuzz()
