"""Sketches of texts: the shingles that stand for it when copies are looked for."""

from hashlib import blake2b

from tocsin.desk import thresholds
from tocsin.desk.finding.words import words_of


def sketch_of(text: str) -> tuple[int, ...]:
    """The sketch of a text: sorted hashes, at most `LONGEST_SKETCH` of them."""
    keys = [word.key for word in words_of(text)]
    size = thresholds.SHINGLE_WORDS
    kept = set()
    for i in range(max(len(keys) - size + 1, 1 if keys else 0)):
        made = int.from_bytes(blake2b(" ".join(keys[i : i + size]).encode(), digest_size=8).digest())
        if made % thresholds.SKETCH_MODULUS == 0:
            kept.add(made)
    return tuple(sorted(kept)[: thresholds.LONGEST_SKETCH])
