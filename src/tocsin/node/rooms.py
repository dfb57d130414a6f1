"""The rooms that derive something from the journal, and what they do by themselves, chosen and joined."""

from collections.abc import Awaitable, Callable, Sequence

from tocsin.exchange.journal.journal import Journal
from tocsin.exchange.journal.readers import Room
from tocsin.exchange.match.blocking import Blocking
from tocsin.exchange.match.pruning import Pruning
from tocsin.exchange.members.registry import Members
from tocsin.exchange.tlog.logs import Logs
from tocsin.ports.clock import Clock

Say = Callable[[str, Sequence[bytes], bool], Awaitable[None]]  # channel id, objects, urgent
Task = tuple[str, Callable[[], Awaitable[None]]]


class Rooms:
    """One per node."""

    def __init__(self, members: Members, logs: Logs, journal: Journal, clock: Clock, say: Say) -> None:
        self._members = members
        self._logs = logs
        self._journal = journal
        self._clock = clock
        self._say = say
        self._blocking = Blocking()
        self._pruning = Pruning(journal)

    def all(self) -> Sequence[Room]:
        """Every room that reads the journal."""
        return (self._blocking,)

    def tasks(self) -> Sequence[Task]:
        """What the rooms do by themselves, by name; each runs for ever under the supervisor."""
        return (("pruning", self._pruning.run),)
