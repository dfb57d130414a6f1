"""What people do with warnings: raise one, acknowledge, answer. All of it is said in a channel, as any object is."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, NamedTuple

from tocsin.errors import AccessError, PolicyError
from tocsin.exchange.journal.journal import Journal
from tocsin.exchange.members.channels import Channel
from tocsin.exchange.members.registry import Members
from tocsin.exchange.tlog.logs import Logs
from tocsin.exchange.warn.record import policy_of
from tocsin.formats import alert, answer
from tocsin.formats.alert import Alert, Status, Topic, Urgency
from tocsin.formats.answer import Answer, State, Word
from tocsin.formats.escalation import ANSWER_MINUTES, DEFAULT, Policy
from tocsin.formats.tlp import Tlp, marking_id
from tocsin.ports.clock import Clock
from tocsin.ports.database import Reading

_MINUTE_US: Final = 60_000_000
_MS: Final = 1000
Say = Callable[
    [str | Channel, Sequence[bytes], bool], Awaitable[None]
]  # a channel's id or the channel as it was seen, objects, urgent


@dataclass(frozen=True, slots=True)
class Wish:
    """What a giver says of a warning. 0, empty and None stand for what follows from the urgency or the channel."""

    headline: str
    topic: Topic
    urgency: Urgency
    threatened: str
    todo: str
    marking: Tlp
    status: Status = Status.IDENTIFIED
    countries: Sequence[str] = ()
    place: str = ""
    since: int = 0
    until: int = 0
    answer_by: int = 0
    reliability: str = "F"
    credibility: int = 6
    about: Sequence[str] = ()
    recipients: Sequence[str] = ()
    policy: Policy | None = None
    key: str = ""  # the same key twice is the same warning


@dataclass(frozen=True, slots=True)
class Reply:
    """What a person says: without a word only that the warning is in somebody's hands."""

    word: Word | None = None
    until: int = 0
    desk: str = ""
    comment: str = ""


class Parts(NamedTuple):
    """What the acts need of the node."""

    me: str
    members: Members
    logs: Logs
    journal: Journal
    clock: Clock
    say: Say


class Warnings:
    """One per node."""

    def __init__(self, parts: Parts) -> None:
        self.me, self._members, self._logs, self._journal, self._clock, self._say = parts

    def compose(self, channel: Channel, wish: Wish) -> Alert:
        """The warning as it would be raised now. Raises FormatError, PolicyError("policy.not-asked")."""
        now = self._clock.now_us() // _MS * _MS
        recipients = sorted(set(wish.recipients) or channel.roster - {self.me})
        outside = set(recipients) - channel.roster | ({self.me} & set(recipients))
        if outside or not recipients:
            who = ", ".join(sorted(outside)) or "nobody"
            raise PolicyError("policy.not-asked", f"{who} cannot be asked in {channel.name}")
        key = (
            wish.key
            or sha256(
                f"{now}\n{channel.id}\n{wish.marking}\n{wish.headline}\n{wish.threatened}\n{wish.todo}".encode()
            ).hexdigest()[:24]
        )
        made = Alert(
            giver=self.me,
            identity=self._members.member(self.me).identity,
            key=key,
            created=now,
            modified=now,
            headline=wish.headline,
            topic=wish.topic,
            urgency=wish.urgency,
            status=wish.status,
            threatened=wish.threatened,
            todo=wish.todo,
            answer_by=(wish.answer_by or now + ANSWER_MINUTES[wish.urgency] * _MINUTE_US) // _MS * _MS,
            reliability=wish.reliability,
            credibility=wish.credibility,
            recipients=tuple(recipients),
            policy=wish.policy or DEFAULT[wish.urgency],
            countries=tuple(sorted(set(wish.countries))),
            place=wish.place,
            since=wish.since // _MS * _MS,
            until=wish.until // _MS * _MS,
            about=tuple(dict.fromkeys(wish.about)),
            markings=(marking_id(wish.marking),),
        )
        alert.check(made)
        return made

    async def issue(self, channel: Channel, wish: Wish) -> Alert:
        """Raise a warning: it travels like every object, flash and immediate ones by the urgent log.

        A key that was used before gives back that warning and says nothing again. Raises FormatError, PolicyError,
        StoreError, VerificationError.
        """
        made = self.compose(channel, wish)
        known = await self._journal.database.read(lambda db: _known(db, made.id))
        if wish.key and known:
            return made
        # The channel as the caller saw it: if its roster has changed since, nothing is said.
        await self._say(channel, [alert.write(made)], made.urgency.is_urgent)
        return made

    async def reply(self, warning: str, reply: Reply) -> Answer:
        """Acknowledge a warning, or answer it, in the channel in which it came and as strictly marked.

        Raises AccessError("access.unknown-warning"), PolicyError("policy.not-asked", "policy.warning-over"),
        FormatError("format.answer"), StoreError, VerificationError.
        """
        now = self._clock.now_us() // _MS * _MS
        found = await self._journal.database.read(lambda db: self._asked(db, warning))
        log, urgency, marking, policy = found
        until = reply.until // _MS * _MS
        if reply.word is None and not until:
            until = now + policy.ack_minutes * _MINUTE_US
        made = Answer(
            member=self.me,
            identity=self._members.member(self.me).identity,
            warning=warning,
            state=State.ACKNOWLEDGED if reply.word is None else State.ANSWERED,
            at=now,
            word=reply.word,
            until=until,
            desk=reply.desk,
            comment=reply.comment,
            markings=(marking_id(Tlp(marking)),),
        )
        await self._say(self.channel_of(log), [answer.write(made)], Urgency(urgency).is_urgent)
        return made

    def channel_of(self, log: int) -> str:
        """The id of the channel of a log."""
        number = self._logs.numbered(log).channel
        return next(one.id for one in self._members.generations() if one.number == number)

    def _asked(self, reading: Reading, warning: str) -> tuple[int, str, int, Policy]:
        rows = reading.query("SELECT log, urgency, marking, withdrawn FROM warn_warnings WHERE id = ?", (warning,))
        policy = policy_of(warning, reading)
        if not rows or policy is None:
            raise AccessError("access.unknown-warning", "this node knows no warning with that id")
        asked = "SELECT 1 FROM warn_recipients WHERE warning = ? AND member = ?"
        if not reading.query(asked, (warning, self.me)):
            raise PolicyError("policy.not-asked", "this warning does not ask this member for an answer")
        log, urgency, marking, withdrawn = rows[0]
        if withdrawn:
            raise PolicyError("policy.warning-over", "its giver has withdrawn this warning")
        return log, urgency, marking, policy


def _known(reading: Reading, warning: str) -> bool:
    return bool(reading.query("SELECT 1 FROM warn_warnings WHERE id = ?", (warning,)))
