"""Which entries a figure is computed from: logs, each up to a size. Two members with one scope compute one figure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from tocsin.exchange.members.channels import Channel
from tocsin.exchange.members.registry import Members
from tocsin.exchange.tlog.logs import Logs
from tocsin.formats.markings import ChannelKind

FOREVER: Final = 2**62


class Place(NamedTuple):
    """A log and who may read it."""

    log: int  # its number here
    slot: bytes  # its name everywhere
    origin: str
    channel: str  # id
    kind: ChannelKind
    audience: frozenset[str]


@dataclass(frozen=True, slots=True)
class Scope:
    """Logs up to sizes. Entries shared from `since` to before `until` count as given; what was said of them counts ever."""

    places: Mapping[int, Place]
    sizes: Mapping[int, int]
    as_of: int
    since: int = 0
    until: int = FOREVER

    def holds(self, log: int, seq: int) -> bool:
        """Whether an entry belongs to it."""
        return seq < self.sizes.get(log, 0)

    def channels(self) -> list[str]:
        """The ids of its channels, in order."""
        return sorted({one.channel for one in self.places.values()})

    def logs(self, origin: str, channel: str = "") -> list[int]:
        """A member's logs in it; of one channel, if that is named."""
        return [one.log for one in self.places.values() if one.origin == origin and channel in ("", one.channel)]


def places(members: Members, logs: Logs, with_: Iterable[str] = ()) -> dict[int, Place]:
    """Every log of every generation that we and all of these are in, by number."""
    wanted = {members.me, *with_}
    return {one.log: one for channel in members.generations() if wanted <= channel.listed for one in _of(channel, logs)}


def _of(channel: Channel, logs: Logs) -> Iterator[Place]:
    if not channel.is_open:
        return
    for slots in (channel.slots, channel.urgent):
        for origin, slot in slots.items():
            log = logs.get(slot)
            if log is not None:
                yield Place(log.number, slot, origin, channel.id, channel.kind, channel.listed)
