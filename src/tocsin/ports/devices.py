"""Browsers that people want to be told on, as a notifier asks for them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Device:
    """One browser of one person. Who knows `endpoint` and the two keys can push to it: nothing of them is ever shown."""

    id: str
    endpoint: str = field(repr=False)  # at its maker's push service
    public: bytes = field(repr=False)  # of the browser: 65 bytes, a point of P-256
    secret: bytes = field(repr=False)  # 16 bytes
    language: str  # in which it is told


class Devices(Protocol):
    """Which there are."""

    async def of_roles(self, roles: Collection[str], key: str) -> Sequence[Device]:
        """Those of everybody who has one of these roles now, made for this public key of ours."""
        ...

    async def told(self, ids: Collection[str]) -> None:
        """Note that they were told."""
        ...

    async def drop(self, id_: str) -> None:
        """Forget one: its push service says that it is gone."""
        ...
