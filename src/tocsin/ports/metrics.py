"""Counts and durations, for whoever watches the node. Never content: a label is a handle, a channel's name or a code."""

from typing import Final, Protocol


class Meter(Protocol):
    """Takes measurements. MUST return at once and MUST NOT fail for any value; called on the loop's thread only.

    Called once for a batch, a frame, a commit, never for each object. Names and labels are those of docs/metrics.md.
    """

    def count(self, name: str, value: int = 1, **labels: str) -> None:
        """Add `value` (0 or more) to a counter."""
        ...

    def observe(self, name: str, seconds: float, **labels: str) -> None:
        """Add one duration in seconds to a histogram."""
        ...


class Silence:
    """The meter of a node that nobody watches."""

    def count(self, name: str, value: int = 1, **labels: str) -> None:
        """Count nothing."""

    def observe(self, name: str, seconds: float, **labels: str) -> None:
        """Observe nothing."""


SILENT: Final[Meter] = Silence()
