"""What members tell one another of the logs they hold, so that nobody can show two of them two stories.

A head is the origin's signed checkpoint, or its heartbeat: a checkpoint that says "nothing after this". Every head that
a peer passes on is compared with our own tree; what contradicts it, or another head, is kept as evidence and passed on.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, NamedTuple

from tocsin.errors import FormatError, VerificationError
from tocsin.exchange.journal.journal import Journal
from tocsin.exchange.members.channels import Place
from tocsin.exchange.members.registry import Members
from tocsin.exchange.publish.roots import root_of
from tocsin.exchange.receive.proofs import Proofs
from tocsin.exchange.tlog.beats import Beats
from tocsin.exchange.tlog.logs import Log, Logs
from tocsin.exchange.tlog.signer import Signer
from tocsin.formats import checkpoint, heartbeat, note
from tocsin.formats.keys import Role, VerifyKey
from tocsin.formats.message import MAX_HEADS, Head, Position
from tocsin.ports.clock import Clock

ROUND_S: Final = 10.0  # between two rounds of gossip; heartbeats are as old as this at most
_AHEAD: Final = 8  # heads beyond what we hold, kept for each log
_READ: Final = 65_536  # heads whose signatures were checked, remembered


class Signed(NamedTuple):
    """A head whose signature is right. `today`: by the origin's key of the charter in force."""

    size: int
    root: bytes
    beat: int | None
    today: bool
    note: bytes


@dataclass(slots=True)
class Known:
    """What we were told of one log."""

    holders: dict[str, int] = field(default_factory=dict)  # how far each peer says it holds it
    ahead: list[Signed] = field(default_factory=list)  # heads beyond what we hold
    beat: Signed | None = None  # the newest heartbeat
    heard_s: float | None = None  # when its origin last told us, by the monotonic clock
    settled: int = 0  # how far the origin's key of today has signed, as far as we have seen
    settled_by: bytes = b""  # that key: one that was replaced has vouched for nothing
    doubted: dict[str, Head] = field(
        default_factory=dict
    )  # by peer, signed by a replaced key, beyond `settled` and what we hold


@dataclass(frozen=True, slots=True)
class Parts:
    """What gossip needs."""

    members: Members
    logs: Logs
    journal: Journal
    signer: Signer
    proofs: Proofs
    beats: Beats
    clock: Clock
    note: Callable[[str, str, str], None]


class Gossip:
    """One per node."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._known: dict[bytes, Known] = {}
        self._read: OrderedDict[bytes, Signed] = OrderedDict()
        self._beat = 0
        self._said: dict[bytes, tuple[tuple[int, int], bytes]] = {}  # our newest head of each log, by size and beat
        self._beaten: dict[bytes, int] = {}  # which size of each log our beat of this round was signed with

    # -- what is told -------------------------------------------------------------------------------------------

    def known(self, slot: bytes) -> Known:
        """What we were told of a log of ours or of a channel of ours."""
        return self._known.setdefault(slot, Known())

    def told(self) -> dict[bytes, Known]:
        """All of it."""
        return self._known

    def broken(self, log: Log) -> bool:
        """See Proofs.broken()."""
        return self._parts.proofs.broken(log)

    def settled(self, slot: bytes) -> int:
        """How far a log's origin has vouched for it with its key of today."""
        found, place = self._known.get(slot), self._parts.members.origin(slot)
        if found is None or place is None or found.settled_by != self._keys(place.origin)[0].raw:
            return 0
        return found.settled

    async def take(self, peer: str, head: Head) -> None:
        """A head from a peer.

        Raises FormatError, VerificationError("receive.signature", "receive.slot") for one that its origin did not sign.
        """
        place = self._parts.members.origin(head.slot)
        log = self._parts.logs.get(head.slot)
        if place is None or log is None or peer not in place.channel.listed:
            return  # of a generation that we are not in, or do not know yet
        one = self._signed(place, log, head)
        known = self.known(head.slot)
        if one.today:
            await self.vouch(place.origin, head.slot, one.size)
        elif one.size > max(log.released, self.settled(head.slot)) and place.origin != self._parts.members.me:
            known.doubted[peer] = head  # whoever stole the key could have made it
            return
        known.holders[peer] = max(one.size, known.holders.get(peer, 0))
        if place.origin == self._parts.members.me:
            self._parts.beats.seen(one.beat or 0)
            await self.shown(peer, log, Position(log.slot, one.size, one.root, one.note))
            return
        if peer == place.origin:
            known.heard_s = self._parts.clock.monotonic()
        await self._compare(log, known, one)

    async def vouch(self, origin: str, slot: bytes, size: int) -> None:
        """The origin's key of today has signed so much of its log."""
        known = self.known(slot)
        known.settled, today = max(self.settled(slot), size), self._keys(origin)[0].raw
        if known.settled_by != today:
            # What was believed by the word of the key before, and goes further, may be a thief's.
            known.settled_by, known.ahead, known.beat = today, [], None
            known.holders = {peer: held for peer, held in known.holders.items() if held <= size}
        doubted, known.doubted = known.doubted, {}
        for peer, head in doubted.items():
            await self.take(peer, head)

    async def shown(self, peer: str, log: Log, said: Position) -> None:
        """A peer shows a head of a log of ours, with our own signature on it."""
        if said.size:
            if self.is_of_today(log, said.checkpoint):
                await self.vouch(log.origin, log.slot, said.size)
            self._parts.signer.peer_holds(log, said, await self._root_at(log, said.size))
            known = self.known(log.slot)
            known.holders[peer] = max(said.size, known.holders.get(peer, 0))

    def gone(self, peer: str) -> None:
        """There is no link to this peer any more: what it holds does not help us."""
        for known in self._known.values():
            known.holders.pop(peer, None)
            known.doubted.pop(peer, None)

    async def settle(self) -> None:
        """Compare the heads that were beyond us and are not any more. Once a round."""
        for slot, known in list(self._known.items()):
            log = self._parts.logs.get(slot)
            reached = [one for one in known.ahead if log is not None and one.size <= log.released]
            known.ahead = [one for one in known.ahead if one not in reached]
            for one in reached:
                if log is not None and await self._root_at(log, one.size) != one.root:
                    await self.contradiction(log, one.note)

    def silent(self, longer_s: float) -> list[tuple[str, bytes]]:
        """(origin, slot) of the logs whose origin has not said anything of them for so long, though it had before."""
        now = self._parts.clock.monotonic()
        found = []
        for slot, known in self._known.items():
            place = self._parts.members.origin(slot)
            if place is not None and place.channel.is_current and known.heard_s is not None:
                found += [(place.origin, slot)] if now - known.heard_s > longer_s else []
        return found

    # -- what we tell -------------------------------------------------------------------------------------------

    def beat(self, number: int) -> None:
        """Our heartbeats have this number from now on."""
        self._beat = number
        self._beaten.clear()

    def heads(self, peer: str, sent: dict[bytes, tuple[int, int]]) -> list[list[Head]]:
        """What to tell a peer that was told `sent` before (size and beat by slot; brought up to date), in messages."""
        out: list[Head] = []
        for log in self._parts.logs:
            if not log.released or log.released != log.size:
                continue
            place = self._parts.members.origin(log.slot)
            if place is None or not place.channel.is_open or peer not in place.channel.roster:
                continue
            head = (
                self._own(log, sent, beats=place.channel.is_current)
                if log.origin == self._parts.members.me
                else self._others(log, sent, peer)
            )
            out += [head] if head is not None else []
        return [out[i : i + MAX_HEADS] for i in range(0, len(out), MAX_HEADS)]

    def _own(self, log: Log, sent: dict[bytes, tuple[int, int]], *, beats: bool) -> Head | None:
        # One beat says one thing of a log: whoever links up after the log has grown waits for the next one.
        beats = beats and self._beaten.setdefault(log.slot, log.released) == log.released
        now = (log.released, self._beat if beats else 0)
        if not self._parts.signer.may_sign(log) or sent.get(log.slot, (0, 0)) >= now:
            return None
        sent[log.slot] = now
        said = self._said.get(log.slot)
        if said is None or said[0] != now:  # signed once, whoever is told
            note = self._parts.signer.sign(log, log.size, log.frontier.root(), now[1] or None)
            said = self._said[log.slot] = now, note
        return Head(log.slot, said[1])

    def _others(self, log: Log, sent: dict[bytes, tuple[int, int]], peer: str) -> Head | None:
        beat = self.known(log.slot).beat
        beating = beat is not None and beat.size == log.released
        # One heartbeat for each size is enough to show a later one that says less.
        now = (log.released, int(beating))
        if sent.get(log.slot, (0, 0)) >= now:
            return None
        if peer == log.origin and (beat is None or log.slot in sent):
            return None  # it knows, unless its store is an old one: then it must not beat below what it has beaten
        sent[log.slot] = now
        if peer == log.origin and beat is not None:
            return Head(log.slot, beat.note)
        return Head(log.slot, beat.note if beat is not None and beating else log.note)

    # -- inside -------------------------------------------------------------------------------------------------

    def _signed(self, place: Place, log: Log, head: Head) -> Signed:
        now, *former = self._keys(place.origin)
        key = sha256(now.raw + head.slot + head.note).digest()
        found = self._read.get(key)
        if found is not None:
            return found
        parsed = note.parse(head.note)
        claimed = checkpoint.parse(parsed.text)
        if claimed.origin != log.name:
            raise VerificationError("receive.slot", "a head is of another log than it is told of")
        today = note.verified(parsed, log.name, now)
        if not today and not any(note.verified(parsed, log.name, one) for one in former):
            raise VerificationError("receive.signature", f"a head is not signed by the log key of {place.origin}")
        made = self._read[key] = Signed(claimed.size, claimed.root, heartbeat.beat(claimed), today, head.note)
        while len(self._read) > _READ:
            self._read.popitem(last=False)
        return made

    def is_of_today(self, log: Log, signed: bytes) -> bool:
        """Whether a note is signed by the log key that the log's origin has by the charter in force."""
        return note.verified(note.parse(signed), log.name, self._keys(log.origin)[0])

    def _keys(self, origin: str) -> list[VerifyKey]:
        """The origin's log keys, the one of today first."""
        return [one.keys[Role.LOG] for one in self._parts.members.known(origin)]

    async def _compare(self, log: Log, known: Known, one: Signed) -> None:
        if one.beat is not None:
            await self._compare_beats(log, known, one)
        if one.size <= log.released:
            if one.size and await self._root_at(log, one.size) != one.root:
                await self.contradiction(log, one.note)
            return
        for other in known.ahead:
            if other.size == one.size and other.root != one.root:
                await self._kept(log, self._parts.proofs.fork(log, other.note, one.note))
        if all(other.size != one.size for other in known.ahead):
            known.ahead = [*known.ahead, one][-_AHEAD:]

    async def _compare_beats(self, log: Log, known: Known, one: Signed) -> None:
        last = known.beat
        if last is None or last.beat is None or one.beat is None:
            known.beat = one
            return
        later, earlier = (one, last) if one.beat > last.beat else (last, one)
        differ = one.beat == last.beat and (one.size, one.root) != (last.size, last.root)
        if later.size < earlier.size or differ:
            await self._kept(log, self._parts.proofs.rollback(log, earlier.note, later.note))
        known.beat = later

    async def contradiction(self, log: Log, theirs: bytes) -> None:
        """Keep the proof that a signed head does not belong to the log that we hold, if there is one."""
        await self._kept(log, self._parts.proofs.against_tree(log, theirs))

    async def _kept(self, log: Log, proof: Awaitable[None]) -> None:
        # What no one key has signed twice proves nothing; who passed it on has done no wrong.
        try:
            await proof
        except (VerificationError, FormatError) as error:
            self._parts.note(error.code, log.origin, error.what)

    async def _root_at(self, log: Log, size: int) -> bytes | None:
        return await root_of(self._parts.journal.database, log, size)
