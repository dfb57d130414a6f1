"""Time, as the world gives it or as a test makes it."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Where the code learns what time it is and waits. No other source of time is allowed."""

    def now(self) -> datetime:
        """Wall clock: aware, UTC. May step back; never used to order anything."""
        ...

    def now_us(self) -> int:
        """Wall clock in whole microseconds since 1970-01-01T00:00:00Z."""
        ...

    def monotonic(self) -> float:
        """Seconds that only grow, for durations and deadlines."""
        ...

    def cpu(self) -> float:
        """Processor seconds that the calling thread has used, to measure what a piece of work has cost."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait that many seconds (0 yields once)."""
        ...
