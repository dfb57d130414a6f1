"""The rooms that derive something from the journal, and what they do by themselves, chosen and joined."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, NamedTuple

from tocsin.exchange.journal.journal import Journal
from tocsin.exchange.journal.readers import Room
from tocsin.exchange.match.blocking import Blocking
from tocsin.exchange.match.pruning import Pruning
from tocsin.exchange.members.registry import Members
from tocsin.exchange.tlog.logs import Logs
from tocsin.exchange.warn.confirmations import Confirmer
from tocsin.exchange.warn.identities import Identities
from tocsin.exchange.warn.outbox import Desks, Outbox, Target, Voice
from tocsin.exchange.warn.outbox import World as Told
from tocsin.exchange.warn.pager import Pager
from tocsin.exchange.warn.recalls import Recalls
from tocsin.exchange.warn.record import Record
from tocsin.exchange.warn.telling import Feedbacks
from tocsin.exchange.warn.warnings import Parts, Warnings
from tocsin.formats.escalation import Way
from tocsin.node.supervisor import Note
from tocsin.ports.clock import Clock
from tocsin.ports.metrics import Meter
from tocsin.ports.notifier import Notifier, Page

Say = Callable[[str, Sequence[bytes], bool], Awaitable[None]]  # channel id, objects, urgent
Task = tuple[str, Callable[[], Awaitable[None]]]


_PAGED_BY: Final = (Way.EMAIL, Way.WEBHOOK)


class Outside(NamedTuple):
    """What the rooms need of the node: whom they tell, and when they have read everything."""

    note: Note
    meter: Meter
    notifiers: Mapping[str, Notifier]  # by formats.escalation.Way
    settled: Callable[[], Awaitable[None]]  # every room has read the whole journal


class Rooms:
    """One per node."""

    def __init__(
        self, members: Members, logs: Logs, journal: Journal, clock: Clock, say: Say, outside: Outside
    ) -> None:
        self._members = members
        self._logs = logs
        self._journal = journal
        self._clock = clock
        self._say = say
        identities = Identities(members)
        self.recalls = Recalls(members.me, lambda log: logs.numbered(log).channel, identities.handle_of)
        self.feedbacks = Feedbacks(members, journal, clock, self.recalls, say)
        self.confirmer = Confirmer(members, journal, clock, say, outside.settled, outside.note)
        self._blocking = Blocking()
        self._pruning = Pruning(journal)
        me = members.me
        self.record = Record(me)
        self.warnings = Warnings(Parts(me, members, logs, journal, clock, say))
        self.pager = Pager(self.record, journal, clock)
        told = Told(journal, clock, outside.note, outside.meter)
        voice = Voice(lambda: members.member(me).identity, self.warnings.channel_of, say)
        desks = [Desks(way, outside.notifiers.get(way, _Nobody()), me, journal) for way in _PAGED_BY]
        targets: list[Target] = [voice, *desks]
        self._outboxes = {target.name: Outbox(target, told) for target in targets}

    def all(self) -> Sequence[Room]:
        """Every room that reads the journal."""
        return (self._blocking, self.record, self.recalls)

    def tasks(self) -> Sequence[Task]:
        """What the rooms do by themselves, by name; each runs for ever under the supervisor."""
        tells = [(f"tell {name}", one.run) for name, one in self._outboxes.items()]
        own = [("pruning", self._pruning.run), ("pager", self.pager.run), ("confirmations", self.confirmer.run)]
        return (*own, *tells)


class _Nobody:
    """A notifier of a house that has none of its kind."""

    async def notify(self, _role: str, _page: Page) -> int:
        return 0
