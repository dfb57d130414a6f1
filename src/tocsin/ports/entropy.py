"""Chance, as the system gives it or as a seeded test makes it."""

from typing import Protocol


class Entropy(Protocol):
    """Where the code takes random bytes from. HPKE and TLS draw their own; nothing else does."""

    def bytes(self, count: int) -> bytes:
        """`count` unpredictable bytes."""
        ...

    def fraction(self) -> float:
        """A number in [0, 1) for jitter; need not be unpredictable."""
        ...
