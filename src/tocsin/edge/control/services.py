"""What the control socket needs of the node."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from tocsin.desk.office import Office
from tocsin.edge.access import Accounts
from tocsin.edge.audit import Audit, Seen
from tocsin.edge.people import Reason
from tocsin.edge.signin.people import People
from tocsin.exchange.deliver.receipts import Receipts
from tocsin.exchange.fairness.statement import Statements
from tocsin.exchange.journal.journal import Journal
from tocsin.exchange.match.denylist import DenyList
from tocsin.exchange.match.gaps import Concern
from tocsin.exchange.match.interests import Interests
from tocsin.exchange.members.acts import Acts
from tocsin.exchange.members.channels import Channel
from tocsin.exchange.members.registry import Members
from tocsin.exchange.publish.epochs import Epochs
from tocsin.exchange.publish.publisher import Publisher
from tocsin.exchange.publish.share import Share
from tocsin.exchange.receive.accept import Receiver
from tocsin.exchange.receive.catchup import Catchup
from tocsin.exchange.receive.gossip import Gossip
from tocsin.exchange.receive.proofs import Proofs
from tocsin.exchange.tlog.logs import Logs
from tocsin.exchange.tlog.signer import Signer
from tocsin.exchange.warn.objecting import Objecting
from tocsin.exchange.warn.pager import Pager
from tocsin.exchange.warn.recalls import Recalls
from tocsin.exchange.warn.taking import Corrections
from tocsin.exchange.warn.telling import Feedbacks
from tocsin.exchange.warn.warnings import Warnings
from tocsin.formats.tlp import Tlp
from tocsin.ports.clock import Clock
from tocsin.ports.metrics import Meter
from tocsin.ports.spool import Spool


class Watchkeeping(Protocol):
    """Warnings and those who must answer them (node/watchkeeping.py)."""

    @property
    def warnings(self) -> Warnings:
        """Raise and answer."""
        ...

    @property
    def pager(self) -> Pager:
        """Escalate."""
        ...


class Brief(Protocol):
    """A brief (edge/console/brief.py)."""

    @property
    def facts(self) -> Mapping[str, Any]:
        """What stands in it, in codes and instants."""
        ...

    @property
    def pdf(self) -> bytes:
        """Two pages."""
        ...

    @property
    def seen(self) -> Sequence[Seen]:
        """Which objects stand in it."""
        ...


@dataclass(frozen=True, slots=True)
class Services:
    """The node's parts, as the operator's commands see them."""

    members: Members
    acts: Acts
    logs: Logs
    journal: Journal
    signer: Signer
    publisher: Publisher
    epochs: Epochs
    receiver: Receiver
    gossip: Gossip
    catchup: Catchup
    proofs: Proofs
    receipts: Receipts
    objecting: Objecting
    fairness: Statements
    recalls: Recalls
    corrections: Corrections
    feedbacks: Feedbacks
    accounts: Accounts
    audit: Audit
    clock: Clock
    concern: Concern
    interests: Interests
    share: Callable[[Channel, Tlp | None, Spool, bool, frozenset[str]], Share]  # the last: urgent, lists overridden
    spool: Callable[[], Spool]
    denylist: DenyList
    meter: Meter
    synced: Callable[[], Awaitable[None]]
    links: Callable[[], list[dict[str, Any]]]
    metrics: Callable[[], Awaitable[bytes]]
    people: People
    people_url: Callable[[], str]
    software: str
    started_us: int
    wake: Callable[[], None]  # look again at what is to be sent
    note: Callable[[str, str, str], None]  # the diagnostics: code, peer, what
    diagnostics: Callable[[], list[dict[str, str]]]  # what was noted in this run, newest first, bounded
    reasons: Callable[[], Awaitable[Sequence[Reason]]]  # why the node is not ready
    watchkeeping: Watchkeeping
    desk: Office
    # Its words are the console's, which stands above this: language, hours it looks back, whether with relations.
    brief: Callable[["Services", str, int, bool], Awaitable[Brief]]
