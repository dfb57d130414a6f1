"""Who is concerned by what is about to be shared and would not be told: found before it goes, and written down.

What the charter says of everybody's constituency at that moment counts; so the finding is a row of the journal, and not
something that could be derived again later.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import msgspec

from tocsin.exchange.journal import local, search
from tocsin.exchange.journal.journal import Journal, append
from tocsin.exchange.match import constituency, relations
from tocsin.exchange.match.concerned import Inquiry
from tocsin.exchange.match.constituency import Index
from tocsin.exchange.members.channels import Channel
from tocsin.exchange.members.registry import Members
from tocsin.formats import extension
from tocsin.formats.stix.check import Checked, check_many
from tocsin.ports.clock import Clock
from tocsin.ports.database import Transaction
from tocsin.ports.spool import Spool

# Local rows of this name say {"channel": number, "salt": hex, "gaps": [[object id, version, member, [reasons]]]}. The salt
# goes into the ids of duties: they travel, and must not be a test by which others could guess the object.
CONCERNED: Final = "concerned"
_SALT: Final = 16
MOST_HELD: Final = 20_000  # objects of our own store that are looked at for one share
_ROW: Final = 128  # gaps in one local row
_SHOWN: Final = 20  # ids, and reasons, told for one member
_NOTED: Final = msgspec.msgpack.Decoder(list[tuple[str, str]])
Gap = tuple[str, str, str, list[str]]  # object, version, member, reasons


@dataclass(slots=True)
class Gaps:
    """Who is concerned: `inside` the audience, and objects and reasons for each concerned member that is not in it."""

    channel: Channel
    inside: set[str] = field(default_factory=set)
    missing: list[Gap] = field(default_factory=list)
    cut: bool = False  # there were more links than were followed

    def told(self) -> dict[str, Any]:
        """As the command and the interface tell it."""
        untold: dict[str, dict[str, Any]] = {}
        for object_id, _, member, reasons in self.missing:
            one = untold.setdefault(member, {"member": member, "objects": 0, "ids": [], "reasons": {}})
            one["objects"] += 1
            if len(one["ids"]) < _SHOWN:
                one["ids"].append(object_id)
            if len(one["reasons"]) < _SHOWN:
                one["reasons"].update(dict.fromkeys(reasons))
        listed = [{**one, "reasons": list(one["reasons"])[:_SHOWN]} for _, one in sorted(untold.items())]
        return {"inside": sorted(self.inside), "untold": listed, "cut": self.cut}


class Concern:
    """One per node."""

    def __init__(self, members: Members, journal: Journal, clock: Clock) -> None:
        self._members = members
        self._journal = journal
        self._clock = clock
        self._index: tuple[bytes, Index] | None = None

    def index(self) -> Index:
        """What all other members that take part answer for, by the charter in force."""
        charter = self._members.charter
        if self._index is None or self._index[0] != charter.digest:
            others = [charter.members[one] for one in sorted(charter.active - {self._members.me})]
            self._index = charter.digest, constituency.of_members(others)
        return self._index[1]

    def ask(self, channel: Channel, spool: Spool) -> "Asking":
        """Begin to look at what is to be shared in a channel; the ids wait in the spool."""
        rosters = {one.number: one.roster for one in self._members.channels()}
        return Asking(self.index(), self._journal, channel, spool, rosters, self._clock)

    async def preview(self, objects: Sequence[bytes], channel: Channel, spool: Spool) -> Gaps:
        """Who is concerned by these objects; those that are not STIX concern nobody."""
        asking = self.ask(channel, spool)
        checked = [one for one in check_many(objects) if isinstance(one, Checked)]
        asking.note(checked)
        try:
            return await asking.settle(True for _ in checked)
        finally:
            asking.close()

    async def record(self, gaps: Gaps) -> None:
        """Write down what is missing, before the objects are committed: each is a duty once its object is out."""
        if not gaps.missing:
            return
        said = {"channel": gaps.channel.number, "salt": self._members.entropy.bytes(_SALT).hex()}
        rows = [
            local.row(CONCERNED, {**said, "gaps": gaps.missing[at : at + _ROW]})
            for at in range(0, len(gaps.missing), _ROW)
        ]

        def work(tx: Transaction) -> int:
            return append(tx, rows, self._clock.now_us())

        self._journal.announce(await self._journal.database.write(work))


class Asking:
    """One share: note() what passed the gate, then settle() when it is decided what goes."""

    def __init__(
        self,
        index: Index,
        journal: Journal,
        channel: Channel,
        spool: Spool,
        rosters: Mapping[int, frozenset[str]],
        clock: Clock,
    ) -> None:
        self._inquiry = Inquiry(index)
        self._journal = journal
        self._channel = channel
        self._spool = spool
        self._rosters = rosters
        self._clock = clock

    def note(self, checked: Sequence[Checked]) -> None:
        """Look at these objects: those that passed the gate, in their order."""
        if checked:
            self._spool.append(msgspec.msgpack.encode([(one.id, one.version) for one in checked]))
            self._inquiry.add([one.value for one in checked])

    def note_warnings(self, checked: Sequence[Checked]) -> None:
        """Look at the warnings among these; answers and notes of our own concern those whom they are about already."""
        warnings = [one for one in checked if extension.of(one.value, "warning") is not None]
        self._inquiry.add([one.value for one in warnings])
        said = {id(one) for one in warnings}
        self._spool.append(
            msgspec.msgpack.encode([(one.id, one.version) if id(one) in said else ("", "") for one in checked])
        )

    async def settle(self, kept: Iterable[bool]) -> Gaps:
        """Join them with each other and with what is held; `kept` tells of each noted object whether it goes."""
        gaps = Gaps(self._channel)
        await self._join_held()
        found: list[Gap] = []
        fates = iter(kept)
        for noted in self._noted() if not self._inquiry.is_empty else ():
            await self._clock.sleep(0)  # the node has others to serve
            for object_id, version in noted:
                if next(fates) and self._inquiry.concerns(object_id):
                    for member, reasons in self._inquiry.reasons(object_id).items():
                        if member in self._channel.roster:
                            gaps.inside.add(member)
                        else:
                            found.append((object_id, version, member, reasons))
        gaps.missing = await self._untold(found)
        gaps.cut = self._inquiry.cut
        return gaps

    def close(self) -> None:
        """Forget everything."""
        self._spool.close()

    def _noted(self) -> Iterator[list[tuple[str, str]]]:
        return (_NOTED.decode(record) for record in self._spool.records())

    async def _join_held(self) -> None:
        read = self._journal.database.read
        if await read(relations.are_any):
            for noted in self._noted():
                self._join(await read(partial(relations.joining, ids=[one for one, _ in noted])))
        mentioned = self._inquiry.mentioned()
        if not mentioned:
            return
        seen = {one for noted in self._noted() for one, _ in noted if one in mentioned}
        left = MOST_HELD
        for last in (False, True):
            new = sorted(self._inquiry.mentioned() - seen)
            if len(new) > left:
                self._inquiry.cut = True
            new = new[:left]
            left -= len(new)
            seen.update(new)
            if not new:
                return
            self._inquiry.add(await read(partial(relations.objects, ids=new)))
            if not last:
                self._join(await read(partial(relations.joining, ids=new)))

    def _join(self, found: list[dict[str, Any]]) -> None:
        # What each relationship says is one link; that it is an object itself matters to nobody here.
        self._inquiry.cut = self._inquiry.cut or len(found) >= relations.MOST
        self._inquiry.add(found)

    async def _untold(self, found: list[Gap]) -> list[Gap]:
        """Without those that hold the object already, by another channel or because they gave it themselves."""
        if not found:
            return []
        held = await self._journal.database.read(partial(search.known, ids={gap[0] for gap in found}))
        return [gap for gap in found if not any(self._reached(gap, one) for one in held.get(gap[0], ()))]

    def _reached(self, gap: Gap, held: tuple[str, str, int, int, int]) -> bool:
        _, wanted, member, _ = gap
        version, origin, _, channel, _ = held
        reached = member == origin or member in self._rosters.get(channel, frozenset())
        return reached and search.instant_of(version) >= search.instant_of(wanted)
