"""The machine's own chance."""

import os
import random


class SystemEntropy:
    """ports.entropy for real."""

    def bytes(self, count: int) -> bytes:
        """Unpredictable bytes from the operating system."""
        return os.urandom(count)

    def fraction(self) -> float:
        """For jitter only."""
        return random.random()  # noqa: S311 - jitter, not a secret
