"""Lists of what is not to be blocked, and who is asked about them."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from tocsin.formats.denylist import Lists


class DenyLists(Protocol):
    """Where the lists come from."""

    async def load(self) -> Lists:
        """The lists, ready to be asked. Raises ConfigError("config.denylists")."""
        ...


class Gatekeeper(Protocol):
    """Who knows what an indicator must not call to block."""

    def refusals(self, indicators: Sequence[Mapping[str, Any]]) -> list[tuple[str, ...]]:
        """For each indicator the lists that forbid it; none of them: nothing does."""
        ...


class _Open:
    """Forbids nothing."""

    def refusals(self, indicators: Sequence[Mapping[str, Any]]) -> list[tuple[str, ...]]:
        """See Gatekeeper."""
        return [()] * len(indicators)


OPEN: Gatekeeper = _Open()
