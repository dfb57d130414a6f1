"""Diagnostics: one JSON line for each event, on standard error. Codes, members and numbers; never content."""

import sys
from typing import Final

import msgspec

from tocsin.formats.text import instant
from tocsin.ports.clock import Clock

_LONGEST: Final = 300


class Diagnostics:
    """Writes events. `what` comes from our own messages, which never quote an object."""

    def __init__(self, handle: str, clock: Clock) -> None:
        self._handle = handle
        self._clock = clock

    def __call__(self, code: str, peer: str, what: str) -> None:
        """Tell one event."""
        line = {"time": instant(self._clock.now_us()), "node": self._handle, "code": code, "peer": peer}
        sys.stderr.write(msgspec.json.encode({**line, "what": what[:_LONGEST]}).decode() + "\n")
        sys.stderr.flush()
