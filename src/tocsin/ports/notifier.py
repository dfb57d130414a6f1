"""How people are reached when a warning waits for them: by e-mail, by a webhook, by whatever a house has."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Page:
    """What a desk is told. Only what the warning's marking lets out of the node is in it; the rest stays empty."""

    key: str  # the same for every repetition of the same page
    warning: str  # STIX id
    urgency: str
    topic: str  # empty for RED
    level: int
    subject: str  # one line
    body: str  # lines


class Notifier(Protocol):
    """One way to reach a desk. The same page may come again after a crash: `key` tells."""

    async def notify(self, role: str, page: Page) -> int:
        """Tell a desk; how many addresses were told, 0 if none is known for the role.

        Raises ConfigError("config.notifier") when it could not be told; the caller tries again later.
        """
        ...
