"""Warnings and the people who must answer them, put together: record, acts, pages, desks."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from tocsin.backends.system.notifiers import Desks as Addresses
from tocsin.backends.system.notifiers import Mail, Mailbox, Webhook
from tocsin.backends.system.pushing import Manner, Push
from tocsin.edge.access import Accounts
from tocsin.edge.signin.devices import Devices
from tocsin.exchange.warn.outbox import Desks, Outbox, Target, Voice, World
from tocsin.exchange.warn.pager import Pager
from tocsin.exchange.warn.record import Record
from tocsin.exchange.warn.warnings import Parts, Warnings
from tocsin.formats.escalation import Way
from tocsin.node.config import Settings, address
from tocsin.ports.clock import Clock
from tocsin.ports.database import Database
from tocsin.ports.entropy import Entropy
from tocsin.ports.notifier import Notifier, Page

Task = tuple[str, Callable[[], Awaitable[None]]]
PUSH: Final = "push"  # a way of this house: no policy that travels names it
_PAGED_BY: Final = (Way.EMAIL, Way.WEBHOOK, PUSH)


class Watchkeeping:
    """One per node."""

    def __init__(
        self, parts: Parts, told: World, notifiers: Mapping[str, Notifier], taken: Callable[[int], Awaitable[int]]
    ) -> None:
        me, journal, clock = parts.me, parts.journal, parts.clock
        self.record = Record(me)
        self.warnings = Warnings(parts)
        self.pager = Pager(self.record, journal, clock, taken, [PUSH] * (PUSH in notifiers))
        targets: list[Target] = [
            Voice(lambda: parts.members.member(me).identity, self.warnings.channel_of, parts.say),
            *(Desks(way, notifiers.get(way, _Nobody()), me, journal) for way in _PAGED_BY),
        ]
        self._outboxes = [(f"tell {target.name}", Outbox(target, told)) for target in targets]

    def tasks(self) -> Sequence[Task]:
        """What it does by itself, by name."""
        return (("pager", self.pager.run), *((name, one.run) for name, one in self._outboxes))


class _Nobody:
    """A notifier of a house that has none of its kind."""

    async def notify(self, _role: str, _page: Page) -> int:
        return 0


def notifiers(settings: Settings, push: Push | None = None) -> dict[str, Notifier]:
    """What the settings say: whom to page, and how."""
    desks = Addresses(settings.desks)
    made: dict[str, Notifier] = {Way.WEBHOOK: Webhook(desks)}
    if settings.smtp_server:
        password = Path(settings.smtp_password) if settings.smtp_password else None
        host, port = address(settings.smtp_server)
        box = Mailbox(host, port, settings.smtp_sender, settings.smtp_starttls, settings.smtp_user, password)
        made[Way.EMAIL] = Mail(desks, box)
    if push is not None:
        made[PUSH] = push
    return made


def pushing(settings: Settings, database: Database, clock: Clock, entropy: Entropy) -> Push | None:
    """Web Push, if the settings allow it."""
    if not settings.push_services:
        return None
    secret = partial(Accounts(database, clock, entropy).secret, PUSH)
    manner = Manner(settings.push_services, settings.push_contact, clock, entropy)
    return Push(Addresses(settings.desks), Devices(database, clock), manner, secret)
