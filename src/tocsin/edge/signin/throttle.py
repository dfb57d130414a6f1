"""Trying out passwords is slow: each account and each address has some failures free, then waits that double."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from tocsin.errors import AccessError
from tocsin.ports.clock import Clock

FREE: Final = 5  # of an account
FREE_ADDRESS: Final = 20  # a desk of people may sit behind one
LONGEST_S: Final = 60.0  # who attacks a name must not lock its owner out for long
_FORGET_S: Final = 900.0
_MOST: Final = 10_000


@dataclass(slots=True)
class _Count:
    failures: int
    until: float
    last: float


class Throttle:
    """In memory: a restart forgives, which costs an attacker more than it gives."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._counts: OrderedDict[tuple[str, str], _Count] = OrderedDict()

    def check(self, account: str, address: str) -> None:
        """Before anything is compared. Raises AccessError("access.throttled"); that try does not count as one."""
        now = self._clock.monotonic()
        for key in _keys(account, address):
            count = self._counts.get(key)
            if count is not None and now < count.until:
                raise AccessError("access.throttled", f"too many tries; the next one in {count.until - now:.0f} s")

    def failed(self, account: str, address: str) -> None:
        """A try was wrong."""
        now = self._clock.monotonic()
        for key, free in zip(_keys(account, address), (FREE, FREE_ADDRESS), strict=True):
            count = self._counts.pop(key, None)
            if count is None or now - count.last > _FORGET_S:
                count = _Count(0, 0.0, now)
            count.failures, count.last = count.failures + 1, now
            over = min(count.failures - free, 30)
            count.until = now + min(LONGEST_S, 2.0**over) if over >= 0 else 0.0
            self._counts[key] = count
        while len(self._counts) > _MOST:
            self._counts.popitem(last=False)

    def passed(self, account: str) -> None:
        """The account's owner came in: what others tried on it is forgotten, what the address tried is not."""
        self._counts.pop(_keys(account, "")[0], None)


def _keys(account: str, address: str) -> tuple[tuple[str, str], tuple[str, str]]:
    return ("account", account), ("address", address)
