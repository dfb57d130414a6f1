"""The rooms that derive something from the journal, and what they do by themselves, chosen and joined."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import NamedTuple

from tocsin.exchange.fairness.ledger import Ledger
from tocsin.exchange.fairness.statement import Statements
from tocsin.exchange.journal.journal import Journal
from tocsin.exchange.journal.readers import Room
from tocsin.exchange.match.blocking import Blocking
from tocsin.exchange.match.decisions import Decisions
from tocsin.exchange.match.finding import Values
from tocsin.exchange.match.gaps import Concern
from tocsin.exchange.match.interests import Interests
from tocsin.exchange.match.pruning import Pruning
from tocsin.exchange.match.relations import Relations
from tocsin.exchange.members.registry import Members
from tocsin.exchange.tlog.logs import Logs
from tocsin.exchange.warn.confirmations import Confirmer
from tocsin.exchange.warn.duties import Duties
from tocsin.exchange.warn.identities import Identities
from tocsin.exchange.warn.objections import Objections
from tocsin.exchange.warn.outbox import World
from tocsin.exchange.warn.recalls import Recalls
from tocsin.exchange.warn.telling import Feedbacks
from tocsin.exchange.warn.warnings import Parts, Say
from tocsin.node.supervisor import Note
from tocsin.node.watchkeeping import Watchkeeping
from tocsin.ports.clock import Clock
from tocsin.ports.metrics import Meter
from tocsin.ports.notifier import Notifier

Task = tuple[str, Callable[[], Awaitable[None]]]


class Outside(NamedTuple):
    """What the rooms need of the node: whom they tell, and when they have read everything."""

    note: Note
    meter: Meter
    notifiers: Mapping[str, Notifier]  # by formats.escalation.Way
    settled: Callable[[], Awaitable[None]]  # every room has read the whole journal
    taken: Callable[[int], Awaitable[int]]  # waits until every room has read something after a position; up to where


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
        self.concern = Concern(members, journal, clock)
        self.interests = Interests(members.me, journal, clock)
        self._duties = Duties(members.me, lambda log: logs.numbered(log).channel)
        self._blocking = Blocking()
        self._objections = Objections(self._channel_of)
        self._pruning = Pruning(journal)
        self._ledger = Ledger(journal, clock, members.entropy, logs.places)
        self.fairness = Statements(members, logs, journal.database, clock)
        told = World(journal, clock, outside.note, outside.meter)
        parts = Parts(members.me, members, logs, journal, clock, say)
        self.watchkeeping = Watchkeeping(parts, told, outside.notifiers, outside.taken)

    def _channel_of(self, log: int) -> str:
        number = self._logs.numbered(log).channel
        return next((one.id for one in self._members.generations() if one.number == number), "")

    def all(self) -> Sequence[Room]:
        """Every room that reads the journal."""
        told = (self.watchkeeping.record, self.recalls, self._duties)
        news = Decisions(self._members.me)
        return (self._blocking, Relations(), Values(), self.interests, news, *told, self._ledger, self._objections)

    def tasks(self) -> Sequence[Task]:
        """What the rooms do by themselves, by name; each runs for ever under the supervisor."""
        own = [("pruning", self._pruning.run), ("confirmations", self.confirmer.run), ("fairness", self._ledger.run)]
        return (*own, *self.watchkeeping.tasks())
