"""Diagnostics: one JSON line for each event, on standard error. Codes, members and numbers; never content."""

import sys
from collections import deque
from typing import Final

import msgspec

from tocsin.formats.text import instant
from tocsin.ports.clock import Clock

_LONGEST: Final = 300
_KEPT: Final = 500  # the newest, for who looks at them in the console


class Diagnostics:
    """Writes events. `what` comes from our own messages, which never quote an object."""

    def __init__(self, handle: str, clock: Clock) -> None:
        self._handle = handle
        self._clock = clock
        self._recent: deque[dict[str, str]] = deque(maxlen=_KEPT)

    def __call__(self, code: str, peer: str, what: str) -> None:
        """Tell one event."""
        time = instant(self._clock.now_us())
        line = {"time": time, "node": self._handle, "code": code, "peer": peer, "what": what[:_LONGEST]}
        self._recent.append(line)
        sys.stderr.write(msgspec.json.encode(line).decode() + "\n")
        sys.stderr.flush()

    def recent(self) -> list[dict[str, str]]:
        """The newest events of this run, newest first; what came before stands where standard error went."""
        return list(reversed(self._recent))
