"""The only place that signs checkpoints of our logs, and only what the compare-and-swap file already holds."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from tocsin.errors import FormatError, VerificationError
from tocsin.exchange.tlog.logs import Log
from tocsin.formats import checkpoint, note
from tocsin.formats.keys import Role, VerifyKey
from tocsin.formats.message import Position
from tocsin.ports.checkpoints import UNKNOWN, CheckpointStore, Held
from tocsin.ports.keyring import Keyring

_SWAPPING: Final = "the checkpoint file could not be written; restart the node"


class Signer:
    """Signs for one member. A log whose stored size is behind the file is refused until its peers have been asked."""

    def __init__(self, me: str, keyring: Keyring, store: CheckpointStore) -> None:
        self.me = me
        self._keyring = keyring
        self._store = store
        self._held: dict[bytes, Held | None] = {}
        self._heard: dict[bytes, set[str]] = {}
        self._hearing: dict[bytes, asyncio.Event] = {}
        self._shown: dict[bytes, Held] = {}  # the highest of our heads that a peer has shown us
        self._forked: set[bytes] = set()
        self.former: tuple[VerifyKey, ...] = ()  # our log keys of earlier charters
        self._behind: dict[bytes, str] = {}
        self._under_way: set[bytes] = set()

    def knows(self, log: Log) -> bool:
        """Whether check() was done for this log."""
        return log.slot in self._held

    async def check(self, log: Log, root_at: Callable[[int], Awaitable[bytes | None]]) -> None:
        """At start, and when a log is new: compare it with the file. Afterwards require() tells whether it may grow.

        `root_at` gives the root our tables have at a size. The file may be one commit behind after a crash between
        commit and swap; it is moved up. It is never moved down.
        """
        held = await self._store.load(log.slot)
        if held is None and log.size == 0:
            # The file exists before the first entry does, so that a missing file always means a lost one.
            held = Held(0, log.frontier.root())
            await self._store.replace(log.slot, None, held)
        self._held[log.slot] = held
        if held is None:
            self._behind[log.slot] = f"the log holds {log.size} entries, its checkpoint file is gone"
        elif held.size > log.size:
            self._behind[log.slot] = f"the log holds {log.size} entries, the checkpoint file says {held.size}"
        elif held.size and held.root != await root_at(held.size):
            self._behind[log.slot] = f"log and checkpoint file differ at {held.size} entries"
        else:
            await self.hold(log, log.size, log.frontier.root())

    async def look(self, log: Log) -> Held | None:
        """Beside the running node: learn what the file holds and move nothing. sign() then works, require() refuses."""
        held = self._held[log.slot] = await self._store.load(log.slot)
        self._behind[log.slot] = "the log was opened to be read only"
        return held

    async def close(self, log: Log) -> None:
        """Before check(): nobody here knows what was signed in this log; unless its file does, it stays closed."""
        if await self._store.load(log.slot) is None:
            await self._store.replace(log.slot, None, UNKNOWN)

    def signed(self, log: Log, said: Position) -> bool:
        """Whether it was we who signed this head of our log: a peer's mere word must not stop us."""
        try:
            parsed = note.parse(said.checkpoint)
            claimed = checkpoint.parse(parsed.text)
        except FormatError:
            return False
        same = (claimed.origin, claimed.size, claimed.root) == (log.name, said.size, said.root)
        return same and any(
            note.verified(parsed, log.name, key) for key in (self._keyring.signing(Role.LOG).public, *self.former)
        )

    def peer_holds(self, log: Log, said: Position, root_here: bytes | None) -> None:
        """A peer shows a head that signed() has found to be ours. More than we have, or another root, stops us.

        `root_here`: the root our tables have at that size; None if no batch of ours ended there.
        """
        shown = self._shown.get(log.slot)
        if shown is None or said.size > shown.size:
            self._shown[log.slot] = Held(said.size, said.root)
        if said.size > log.size:
            self._behind[log.slot] = f"a peer holds {said.size} entries of our log, we hold {log.size}"
        elif root_here != said.root:
            self._forked.add(log.slot)
            self._behind[log.slot] = f"a peer holds another root of our log at {said.size} entries"

    def heard(self, log: Log, peer: str) -> None:
        """A member of the audience has said what it holds of our log, and peer_holds() was told of it."""
        self._heard.setdefault(log.slot, set()).add(peer)
        self._hearing.pop(log.slot, asyncio.Event()).set()

    async def ready(self, log: Log) -> None:
        """Wait until the log may grow: somebody was heard, and what a restored store had lost is back."""
        while not self._heard.get(log.slot) or self._behind.get(log.slot, _SWAPPING) != _SWAPPING:
            await self._hearing.setdefault(log.slot, asyncio.Event()).wait()

    def asked(self, log: Log) -> frozenset[str]:
        """Whom we have heard of this log since the start."""
        return frozenset(self._heard.get(log.slot, ()))

    async def reconsider(
        self, log: Log, audience: frozenset[str], root_at: Callable[[int], Awaitable[bytes | None]]
    ) -> bool:
        """Open a closed log again, once it is whole: everyone of the audience heard, and nobody holds more.

        Anything less could be a second history. What two roots have closed stays closed. Whether it is open now.
        """
        closed = log.slot in self._behind and self._behind[log.slot] != _SWAPPING
        held = self._held.get(log.slot)
        known = [one for one in (held, self._shown.get(log.slot)) if one is not None and one != UNKNOWN]
        if not closed or log.slot in self._forked or not audience - {self.me} <= self.asked(log):
            return not closed
        if log.released != log.size or any(one.size > log.size for one in known):
            return False
        for one in known:
            if one.size and await root_at(one.size) != one.root:
                self._forked.add(log.slot)
                return False
        del self._behind[log.slot]
        await self.hold(log, log.size, log.frontier.root())
        self._hearing.pop(log.slot, asyncio.Event()).set()
        return log.slot not in self._behind

    def require(self, log: Log) -> None:
        """Refuse to extend a log that may be an old copy. Raises VerificationError("tlog.behind")."""
        if log.slot not in self._held:
            raise VerificationError("tlog.behind", "the log was not yet compared with its checkpoint file")
        if log.slot in self._behind:
            raise VerificationError("tlog.behind", self._behind[log.slot])
        if not self._heard.get(log.slot):
            # Store and checkpoint file together may be yesterday's: only a peer can tell.
            raise VerificationError("tlog.unasked", "since the start no member has told what it holds of our log yet")

    def may_sign(self, log: Log) -> bool:
        """Whether require() would pass."""
        return log.slot in self._held and log.slot not in self._behind and bool(self._heard.get(log.slot))

    def behind(self) -> dict[bytes, str]:
        """The logs we refuse to sign, and why; not those whose swap is under way, which happens with every batch."""
        told = self._behind.items()
        return {slot: why for slot, why in told if why != _SWAPPING or slot not in self._under_way}

    async def hold(self, log: Log, size: int, root: bytes) -> None:
        """Move the file to this head; durable on return. Raises StoreError."""
        new = Held(size, root)
        before = self._held.get(log.slot)
        if before == new:
            return
        # Until the swap is known to have happened nobody may sign: an error leaves the log closed.
        self._behind.setdefault(log.slot, _SWAPPING)
        self._under_way.add(log.slot)
        try:
            await self._store.replace(log.slot, before, new)
        finally:
            self._under_way.discard(log.slot)
        self._held[log.slot] = new
        # What a peer has said meanwhile stands.
        if self._behind[log.slot] == _SWAPPING:
            del self._behind[log.slot]

    def sign(self, log: Log, size: int, root: bytes, beat: int | None = None) -> bytes:
        """The signed note of a head the file covers; with `beat` a heartbeat.

        Ed25519 is deterministic: signing again with the same key gives the same bytes.
        """
        held = self._held.get(log.slot)
        if held is None or size > held.size or (size == held.size and root != held.root):
            raise VerificationError("tlog.behind", "refused to sign a head that the checkpoint file does not cover")
        text = log.checkpoint(size, root, beat)
        return note.encode(note.Note(text, (note.sign(text, log.name, self._keyring.signing(Role.LOG)),)))
