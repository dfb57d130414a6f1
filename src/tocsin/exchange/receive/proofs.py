"""Evidence: proofs that a member contradicts itself, made here or brought by a peer; kept, told, passed on."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Final

from tocsin.errors import VerificationError
from tocsin.exchange.journal.journal import Journal, Kind, NewRow, append, commitments
from tocsin.exchange.members import charter
from tocsin.exchange.members.registry import Members
from tocsin.exchange.tlog.logs import Log, Logs, signed_from
from tocsin.formats import checkpoint, evidence, merkle, note, statement
from tocsin.formats.evidence import Evidence
from tocsin.formats.keys import Role, VerifyKey
from tocsin.ports.clock import Clock
from tocsin.ports.database import Reading, Transaction

MOST: Final = 64  # against one member: more prove nothing more
_TWO_STORIES: Final = frozenset({evidence.Kind.FORK, evidence.Kind.HISTORY})
Told = Callable[[bytes, frozenset[str]], None]


class Proofs:
    """One per node. `on_new` is told of every new one, with whom it concerns."""

    def __init__(self, members: Members, logs: Logs, journal: Journal, clock: Clock) -> None:
        self._members = members
        self._logs = logs
        self._journal = journal
        self._clock = clock
        self._told: list[Told] = []
        self._broken: set[int] = set()

    async def load(self) -> None:
        """Learn which logs have told two stories."""
        self._broken = {row[3] for row in await self.held() if row[1] in _TWO_STORIES}

    def broken(self, log: Log) -> bool:
        """Whether two histories of this log were signed: what others hold of it need not fit to what we hold."""
        return log.number in self._broken

    def on_new(self, call: Told) -> None:
        """Be told of every proof that is new here: its bytes, and who may read it."""
        self._told.append(call)

    # -- made here ----------------------------------------------------------------------------------------------

    async def fork(self, log: Log, one: bytes, other: bytes) -> None:
        """Two heads of one size and two roots. Raises VerificationError("evidence.unproven"), FormatError."""
        await self._keep(evidence.fork_of(log.name, self._key(log, one), note.parse(one), note.parse(other)))

    async def rollback(self, log: Log, one: bytes, other: bytes) -> None:
        """Two heartbeats of which the later says less. Raises VerificationError("evidence.unproven"), FormatError."""
        await self._keep(evidence.rollback_of(log.name, self._key(log, one), note.parse(one), note.parse(other)))

    async def against_tree(self, log: Log, theirs: bytes) -> None:
        """A signed head that is not one of the tree we hold. Raises VerificationError("evidence.unproven"), FormatError."""
        size = checkpoint.parse(note.parse(theirs).text).size
        ours, committed = await self._journal.database.read(partial(_ours, log=log.number, size=size))
        if ours is None:
            raise VerificationError("evidence.unproven", "we hold no signed head of the log to set against another")
        ours_size = checkpoint.parse(note.parse(ours).text).size
        if ours_size == size:
            await self.fork(log, ours, theirs)
            return
        path = merkle.consistency_path(committed, size)
        key = self._key(log, theirs)
        await self._keep(evidence.history_of(log.name, key, note.parse(theirs), note.parse(ours), path))

    async def double_vote(self, handle: str, one: note.Note, other: note.Note) -> None:
        """Two votes of a member in one round. Raises VerificationError("evidence.unproven"), FormatError."""
        made: list[Evidence] = []
        for known in self._members.known(handle):
            with suppress(VerificationError):
                made.append(evidence.vote_of(handle, known.keys[Role.GOVERNANCE], one, other))
        # Who changes its key signs with both: the vote is the one that counts.
        votes = [each for each in made if charter.had_vote(self._members.history, each)]
        for each in votes or made[:1]:
            await self._keep(each)

    # -- brought by a peer ----------------------------------------------------------------------------------------

    async def take(self, data: bytes) -> None:
        """Evidence from a peer. Raises FormatError, VerificationError("evidence.unproven")."""
        found = evidence.parse(data)
        keys = [one.keys[found.role] for one in self._members.known(found.accused)]
        if found.key not in keys:
            raise VerificationError("evidence.unproven", "the key in the evidence is not that of the accused")
        await self._keep(found)

    # -- reading --------------------------------------------------------------------------------------------------

    async def held(self) -> list[tuple[Any, ...]]:
        """(id, kind, accused, log number, added, data) of all, oldest first."""
        return await self._journal.database.read(
            lambda db: db.query("SELECT id, kind, accused, log, added, data FROM receive_evidence ORDER BY added, id")
        )

    async def counts(self) -> dict[str, int]:
        """How many there are against each member; those without any are left out."""
        return dict(
            await self._journal.database.read(
                lambda db: db.query("SELECT accused, COUNT(*) FROM receive_evidence GROUP BY accused ORDER BY accused")
            )
        )

    async def of(self, peer: str) -> list[bytes]:
        """All that a peer may read: it may have been away when the others were told."""
        held = [row[5] for row in await self.held()]
        return [data for data in held if peer in self._concerned(evidence.parse(data))]

    # -- inside ---------------------------------------------------------------------------------------------------

    def _key(self, log: Log, signed: bytes) -> VerifyKey:
        parsed = note.parse(signed)
        for one in self._members.known(log.origin):
            if note.verified(parsed, log.name, one.keys[Role.LOG]):
                return one.keys[Role.LOG]
        raise VerificationError("evidence.unproven", "a note is not signed by its origin")

    async def _keep(self, found: Evidence) -> None:
        evidence.verify(found)
        if found.kind is evidence.Kind.VOTE and not charter.had_vote(self._members.history, found):
            raise VerificationError("evidence.unproven", "the accused had no vote there: whoever joins may sign twice")
        log = self._log(found)
        if log is None and found.role is Role.LOG:
            raise VerificationError("evidence.unproven", "the evidence is about a log that is not ours to read")
        data = evidence.encode(found)
        now_us = self._clock.now_us()
        row = NewRow(Kind.EVIDENCE, log.number if log else 0, 0, found.accused, name=str(found.kind))

        def work(tx: Transaction) -> int | None:
            known = tx.query("SELECT id FROM receive_evidence WHERE accused = ? LIMIT ?", (found.accused, MOST))
            if len(known) == MOST or (found.id,) in known:
                return None
            tx.execute(
                "INSERT INTO receive_evidence (id, kind, accused, log, added, data) VALUES (?, ?, ?, ?, ?, ?)",
                (found.id, str(found.kind), found.accused, row.log, now_us, data),
            )
            return append(tx, [row], now_us)

        position = await self._journal.database.write(work)
        if log is not None and found.kind in _TWO_STORIES:
            self._broken.add(log.number)
        if position is None:
            return
        self._journal.announce(position)
        concerned = self._concerned(found)
        for call in self._told:
            call(data, concerned - {self._members.me})

    def _concerned(self, found: Evidence) -> frozenset[str]:
        """Who may read it: the audience of the log, the voters of the channel, for the charter all."""
        log = self._log(found)
        place = self._members.origin(log.slot) if log else None
        if place is not None:
            return place.channel.roster
        told = [one.body for one in map(statement.parse, found.notes) if one.kind == statement.CHANNEL]
        voters = [set(statement.texts(body, "voters")) for body in told]
        return frozenset(set(self._members.peers()).intersection(*voters))

    def _log(self, found: Evidence) -> Log | None:
        try:
            return self._logs.get(bytes.fromhex(found.name.rpartition("/")[2]))
        except ValueError:
            return None


def _ours(reading: Reading, log: int, size: int) -> tuple[bytes | None, list[bytes]]:
    """Our nearest signed head at or beyond a size, and the commitments up to it if it is beyond."""
    found = signed_from(reading, log, size)
    if found is None:
        return None, []
    return found[1], commitments(reading, log, found[0]) if found[0] != size else []
