"""A text's sketch: one in eight of its runs of five words, by their digests. Who holds most of another's runs holds its text."""

from hashlib import blake2b
from typing import Final

from tocsin.desk.finding.words import words_of

RUN: Final = 5
KEPT: Final = 8  # one in so many
FEWEST: Final = 16  # so many are kept, or all: half of them must still be enough to compare
MOST: Final = 4000


def sketch(text: str) -> tuple[int, ...]:
    """The digests that are kept, in order of size. A short text keeps all, so that it can be compared at all."""
    keys = [one.key for one in words_of(text)]
    runs = {" ".join(keys[at : at + RUN]) for at in range(max(len(keys) - RUN + 1, 1))} if keys else set()
    digests = [int.from_bytes(blake2b(one.encode(), digest_size=8).digest(), "big") >> 1 for one in runs]
    chosen = [one for one in digests if one % KEPT == 0]
    return tuple(sorted(chosen if len(chosen) >= FEWEST else digests)[:MOST])
