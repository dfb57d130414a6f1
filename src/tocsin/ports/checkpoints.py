"""The compare-and-swap home of our newest checkpoints."""

from dataclasses import dataclass
from typing import Final, Protocol


@dataclass(frozen=True, slots=True)
class Held:
    """The newest tree head we may have signed for one of our logs."""

    size: int
    root: bytes  # 32


# A head nobody knows: one entry under a root of zeros. It closes a log that we may have signed and have no record of.
UNKNOWN: Final = Held(1, bytes(32))


class CheckpointStore(Protocol):
    """Serialisable, and durable once replace() returns. MUST NOT be restored from a backup.

    May raise StoreError("store.conflict") when somebody else moved it; after any other error the outcome is unknown:
    stop signing and load again.
    """

    async def load(self, slot: bytes) -> Held | None:
        """What is held for the log with this slot."""
        ...

    async def replace(self, slot: bytes, held: Held | None, new: Held) -> None:
        """Swap `held` for `new`; refuses when `held` is not what is there, or `new` is smaller."""
        ...
