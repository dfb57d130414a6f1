"""The machine's own time."""

import asyncio
import time
from datetime import UTC, datetime


class SystemClock:
    """ports.clock for real."""

    def now(self) -> datetime:
        """Wall clock in UTC."""
        return datetime.now(UTC)

    def now_us(self) -> int:
        """Wall clock in microseconds since 1970."""
        return time.time_ns() // 1000

    def monotonic(self) -> float:
        """Seconds that only grow."""
        return time.monotonic()

    def cpu(self) -> float:
        """Processor time of this thread."""
        return time.thread_time()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)
