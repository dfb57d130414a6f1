"""Chance that can be told again: the same seed gives the same bytes on every machine."""

import hashlib

_BLOCK = 4096  # bytes made at a time; any size gives the same stream only with the same size, so it never changes


class SeededEntropy:
    """ports.entropy.Entropy from SHAKE-128 in counter mode. For tests only: whoever knows the seed knows it all."""

    def __init__(self, seed: int | bytes) -> None:
        label = b"b" + seed if isinstance(seed, bytes) else b"i%d" % seed
        self._key = hashlib.sha256(b"tocsin/testing/chance" + label).digest()
        self._counter = 0
        self._block = b""
        self._at = 0

    def bytes(self, count: int) -> bytes:
        """The next `count` bytes of the stream."""
        end = self._at + count
        if end <= len(self._block):
            piece = self._block[self._at : end]
            self._at = end
            return piece
        pieces = [self._block[self._at :]]
        missing = count - len(pieces[0])
        while True:
            self._block = hashlib.shake_128(self._key + self._counter.to_bytes(8)).digest(_BLOCK)
            self._counter += 1
            pieces.append(self._block[:missing])
            self._at = len(pieces[-1])
            missing -= self._at
            if missing == 0:
                return b"".join(pieces)

    def fraction(self) -> float:
        """A number in [0, 1) from the next 7 bytes, evenly spread over multiples of 2^-53."""
        return (int.from_bytes(self.bytes(7)) >> 3) / (1 << 53)

    def below(self, limit: int) -> int:
        """A whole number in [0, limit), from the next 8 bytes; the unevenness is limit / 2^64."""
        if limit < 1:
            raise ValueError("limit must be at least 1")
        return int.from_bytes(self.bytes(8)) * limit >> 64

    def fork(self, label: str) -> "SeededEntropy":
        """Another stream fixed by this seed and the label, so that one part's draws do not move another's."""
        return SeededEntropy(self._key + label.encode())
