"""What two nodes say on a link, from hello to goodbye. docs/formats/protocol.md is the same for a second implementation.

greeting.py         which version, which charter, who is there
state <-> state     what I hold of your logs; what my own logs have
then, both ways, in any order: notices, frames, receipts, refusals; from version 2 on also heads, wants, evidence
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from tocsin.edge.peer import greeting
from tocsin.edge.peer.greeting import Greeting
from tocsin.errors import FormatError, StoreError, TocsinError, VerificationError
from tocsin.exchange.deliver import sender
from tocsin.exchange.deliver.erased import ErasureReceipts
from tocsin.exchange.deliver.receipts import Receipts
from tocsin.exchange.deliver.relays import Relays
from tocsin.exchange.deliver.sender import Sender
from tocsin.exchange.members.registry import Members
from tocsin.exchange.receive.accept import Pending, Receiver
from tocsin.exchange.receive.epochkeys import EpochKeys, is_offer
from tocsin.exchange.receive.gossip import Gossip
from tocsin.exchange.receive.orders import Answers
from tocsin.exchange.receive.proofs import Proofs
from tocsin.exchange.receive.turns import Turn, Turns
from tocsin.exchange.receive.verify import outer
from tocsin.exchange.tlog.logs import Log, Logs
from tocsin.exchange.tlog.signer import Signer
from tocsin.formats import message, statement
from tocsin.formats.message import (
    Chain,
    Control,
    Evidence,
    Heads,
    Hello,
    Notice,
    Position,
    Proof,
    Receipt,
    Refusal,
    Relayed,
    State,
    Want,
)
from tocsin.formats.statement import Statement
from tocsin.ports.links import Link
from tocsin.ports.metrics import SILENT, Meter

_PIPELINE: Final = 8
_PIPELINE_BYTES: Final = 8 * 1024 * 1024
_OWED: Final = 1024
_NOT_YET: Final = "not-yet"  # a refusal of what may be taken once more is known here
_PASSING: Final = frozenset({"receive.former-key"})  # on its way while the charter changed: nobody is to blame


@dataclass(frozen=True, slots=True)
class Parts:
    """What every session of a node shares."""

    members: Members
    logs: Logs
    signer: Signer
    receiver: Receiver
    receipts: Receipts
    relays: Relays
    keys: EpochKeys
    gossip: Gossip
    proofs: Proofs
    sending: sender.Parts
    greeting: greeting.Parts
    turns: Turns
    pass_on: Callable[[str, tuple[str, bytes], Control], None]  # to a member, if it is linked
    note: Callable[[str, str, str], None]  # diagnostics: (code, peer, what), never content
    erasures: ErasureReceipts
    answers: Answers
    meter: Meter = SILENT


class Session:
    """One link, from its opening to its end."""

    def __init__(self, link: Link, parts: Parts, *, dialed: bool) -> None:
        self._link = link
        self._parts = parts
        self.dialed = dialed
        self._stream: AsyncIterator[bytes] = link.messages()
        self._pending: asyncio.Queue[Pending] = asyncio.Queue(_PIPELINE)
        # What we owe the peer, newest only for each log: receiving never waits for sending, or two busy ends would
        # wait for each other.
        self._owed: dict[tuple[str, bytes], bytes] = {}
        self._owing = asyncio.Event()
        self._unstored = 0  # bytes of contents since the pipeline was last seen empty
        self._sender: Sender | None = None
        self._greeting = Greeting(link, self._stream, parts.greeting)
        self._held: dict[bytes, Position] | None = None  # what the peer said at first that it holds of our logs
        self._told: dict[bytes, tuple[int, int]] = {}  # the heads that this peer was told on this link
        self.version: int | None = None  # of the protocol; None until the greeting has agreed on one

    @property
    def peer(self) -> str:
        """Who is at the other end."""
        return self._link.peer

    @property
    def skew_s(self) -> float:
        """The peer's clock against ours, in seconds."""
        return self._greeting.skew_s

    @property
    def sender(self) -> Sender | None:
        """What we send on this link; None until the greeting is over."""
        return self._sender

    def peer_now_us(self) -> int | None:
        """What the peer's clock says: its signed greeting, and the time since by our monotonic clock."""
        told = self._greeting.clock_told
        if told is None or self._sender is None:
            return None
        return told[0] + int((self._parts.greeting.clock.monotonic() - told[1]) * 1e6)

    def wake(self) -> None:
        """Our logs have grown."""
        if self._sender is not None:
            self._sender.wake()

    async def run(self) -> None:
        """After greet(): send and receive until the link ends. Raises what ended it."""
        turn = await self._parts.turns.take(self.peer, 0)  # heads and receipts cost signatures, anew with each link
        state = await turn.run(self._exchange_state())
        named = {one.slot: one.size for one in state.own}
        for receipt in self._parts.receiver.standing(self.peer):
            # Who stands behind its own log (a restored backup) cannot check this receipt: it would end every link.
            if receipt.size <= named.get(receipt.slot, receipt.size):
                self.owe("receipt", receipt.slot, message.encode(receipt))
        self._sender = Sender(self.peer, self._link.send, self._parts.sending, state.held)
        finishing = asyncio.ensure_future(self._finish())
        tasks = [
            asyncio.ensure_future(work)
            for work in (
                self._sender.run(),
                self._receive(),
                self._pay(),
                self._answer_orders(),
                self._send_channels(),
            )
        ]
        try:
            done, _ = await asyncio.wait([finishing, *tasks[:4]], return_when=asyncio.FIRST_COMPLETED)
            for one in done:
                one.result()
        finally:
            for one in tasks:
                one.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._drain(finishing)

    async def _drain(self, finishing: asyncio.Task[None]) -> None:
        """Store what was verified, whatever became of the link: until then its log stands ahead of the disk."""
        joined = asyncio.ensure_future(self._pending.join())
        try:
            await asyncio.wait((finishing, joined), return_when=asyncio.FIRST_COMPLETED)
        finally:  # also when the node stops meanwhile: nothing may go on behind a closed store
            for one in (finishing, joined):
                one.cancel()
        await asyncio.gather(finishing, joined, return_exceptions=True)
        while not self._pending.empty():
            with suppress(TocsinError):
                await self._parts.receiver.finish(self._pending.get_nowait())

    async def end(self, code: str) -> None:
        """Close the link under the session."""
        await self._link.close(code)

    async def tell(self, signed: Statement) -> None:
        """Pass a statement on to the peer."""
        await self._link.send(message.encode(Notice(statement.encode(signed))))

    # -- beginning ----------------------------------------------------------------------------------------------

    async def greet(self) -> None:
        """See greeting.py; nothing else happens on the link before run()."""
        self.version = await self._greeting.greet(dialed=self.dialed)

    async def _exchange_state(self) -> State:
        shown = [log for log in self._own_logs() if log.released == log.size]
        own = tuple(self._own_head(log) for log in shown)
        await self._link.send(message.encode(State(self._parts.receiver.held(self.peer), own)))
        state = self._greeting.expect(message.decode(await self._greeting.next()), State)
        # Each log once, however often it is named: every false word costs a line in the store.
        self._held = {held.slot: held for held in state.held}
        for log in self._own_logs():
            await self.hear(log)
        for position in {one.slot: one for one in state.own}.values():
            error = self._parts.receiver.head(self.peer, position)
            if error is not None:
                await self._refuse(position.slot, error, position.checkpoint)
            await self._parts.receiver.vouched(self.peer, position)
        return state

    def _own_head(self, log: Log) -> Position:
        root = log.frontier.root()
        may_sign = log.size and self._parts.signer.may_sign(log)
        return Position(log.slot, log.size, root, self._parts.signer.sign(log, log.size, root) if may_sign else b"")

    async def hear(self, log: Log) -> None:
        """Take what the peer has said of a log of ours. Whoever named no head of it holds nothing of it."""
        if self._held is None:
            return
        held = self._held.get(log.slot)
        if held is not None and held.size:
            await self._compare(log, held)
        self._parts.signer.heard(log, self.peer)
        await self._parts.receiver.reconsider(log)

    async def _compare(self, log: Log, held: Position) -> None:
        """What the peer holds of a log of ours, against what we hold of it."""
        if not self._parts.signer.signed(log, held):
            error = VerificationError("peer.false-claim", f"{self.peer} claims a head of our log that we never signed")
            await self._parts.receiver.record(self.peer, held.slot, error, held.checkpoint)
            self._parts.note(error.code, self.peer, error.what)
            return
        await self._parts.gossip.shown(self.peer, log, held)

    def _own_logs(self) -> list[Log]:
        me = self._parts.members.me
        shared = [one for one in self._parts.members.generations() if self.peer in one.roster]
        slots = [slot for one in shared for slot in (one.slots[me], one.urgent[me])]
        return [log for slot in slots if (log := self._parts.logs.get(slot)) is not None]

    # -- after it -----------------------------------------------------------------------------------------------

    async def _send_channels(self) -> None:
        for signed in self._parts.members.concerning(self.peer):
            await self.tell(signed)
        self.say_heads()
        if self.version != 1:
            for one in self._parts.relays.of(self.peer):
                self.owe("relayed", one.slot + one.member.encode(), message.encode(one))
            for data in await self._parts.proofs.of(self.peer):
                self.owe("evidence", sha256(data).digest(), message.encode(Evidence(data)))

    async def _answer_orders(self) -> None:
        """Erase receipts for the peer's orders: all recent ones again on each link, then as they are obeyed."""
        at = 0
        while True:
            answer = await self._parts.answers.after(self.peer, at)
            at = answer.position
            for one in answer.notices:
                await self._link.send(message.encode(Notice(one)))

    async def _receive(self) -> None:
        turns = self._parts.turns
        async for data in self._stream:
            if self._unstored > _PIPELINE_BYTES or turns.is_over(self.peer):
                await self._pending.join()  # the disk has its turns too
                self._unstored = 0
            turn = await turns.take(self.peer, len(data), message.slot_of(data))
            await turn.run(self._message(data, turn))

    async def _message(self, data: bytes, turn: Turn) -> None:
        got = message.decode(data)
        if isinstance(got, bytes):
            await self._frame(got, turn)
        else:
            await self._control(got)

    async def _control(self, got: Control) -> None:
        if self._sender is None:
            raise RuntimeError("control messages come after the greeting")
        if isinstance(got, Receipt):
            await self._receipt(got, self._sender)
        elif isinstance(got, Refusal):
            self._sender.refused(got)
            self._parts.note(got.code, self.peer, "the peer refused a frame of ours")
            self._parts.meter.count("tocsin_refused_by_peer_total", peer=self.peer, code=got.code)
        elif isinstance(got, Notice):
            await self._notice(got)
        elif self.version == 1 or isinstance(got, Hello | Proof | State | Chain):
            raise FormatError("format.message", f"{self.peer} greets twice, or speaks another version than agreed")
        elif isinstance(got, Want):
            self._sender.want(got.slot, got.size, wanted=got.wanted)
        else:
            await self._hearsay(got)

    async def _receipt(self, got: Receipt, to: Sender) -> None:
        log = self._parts.logs.get(got.slot)
        if log is None:
            # A channel that an older store has forgotten comes back by a notice; until then its receipts say nothing.
            self._parts.note("deliver.receipt-unknown", self.peer, "a receipt of a log that this node does not know")
            return
        if log.origin == self._parts.members.me:
            stored = await self._parts.receipts.take(self.peer, got)
            to.receipted(got.slot, stored.size)
            return
        if got.size > log.released:
            to.receipted(got.slot, got.size)  # others have brought it more than we hold: nothing here to check it by
            return
        relayed = await self._parts.relays.take(self.peer, log, got)
        to.receipted(got.slot, got.size)
        if log.origin != self.peer:
            self._parts.pass_on(log.origin, ("relayed", got.slot + self.peer.encode()), relayed)

    async def _hearsay(self, got: Heads | Evidence | Relayed) -> None:
        """What a peer says of others is compared; what it says wrongly is kept against it."""
        try:
            if isinstance(got, Evidence):
                await self._parts.proofs.take(got.data)
            elif isinstance(got, Relayed):
                await self._parts.receipts.take(got.member, Receipt(got.slot, got.size, got.key_id, got.blob))
            else:
                for head in got.heads:
                    await self._parts.gossip.take(self.peer, head)
        except StoreError:
            raise
        except TocsinError as error:
            await self._parts.receiver.record(self.peer, bytes(32), error, b"")
            self._parts.note(error.code, self.peer, error.what)

    def say_heads(self) -> None:
        """Tell the peer what is new in the logs that it may read. Once a round."""
        waiting = any(kind == "heads" for kind, _ in self._owed)  # a slow link hears the newest when it is its turn
        if self.version != 1 and self._sender is not None and not waiting:
            for i, heads in enumerate(self._parts.gossip.heads(self.peer, self._told)):
                self.owe("heads", i.to_bytes(4), message.encode(Heads(tuple(heads))))

    def owe(self, kind: str, which: bytes, answer: bytes) -> None:
        """Say something to the peer as soon as there is room; the newest of its kind only."""
        self._owed[kind, which] = answer
        self._owing.set()

    async def _notice(self, notice: Notice) -> None:
        try:
            signed = statement.parse(notice.statement, max_bytes=message.MAX_CONTROL_BYTES)
            if is_offer(signed):
                self._parts.keys.learn(self.peer, signed)
            elif signed.kind == statement.ERASED:
                await self._parts.erasures.take(self.peer, signed)
            else:
                await self._parts.members.learn(signed)
                if self._sender is not None:
                    self._sender.resume()
        except StoreError:
            raise
        except TocsinError as error:
            await self._parts.receiver.record(self.peer, bytes(32), error, b"")
            self._parts.note(error.code, self.peer, error.what)

    async def _frame(self, data: bytes, turn: Turn) -> None:
        frame = outer(data)
        try:
            pending = await turn.through(self._parts.receiver.steps(self.peer, frame))
        except (VerificationError, FormatError) as error:
            verdict: TocsinError = error
            if error.code == "receive.old":
                await self._pending.join()
                verdict = await self._parts.receiver.judge(self.peer, frame)
                again = self._parts.receiver.stand(frame.slot)
                if verdict.code == "receive.replay" and again is not None:
                    self.owe("receipt", frame.slot, message.encode(again))  # origin and relay have both brought it
                    return
            await self._refuse(frame.slot, verdict, frame.checkpoint)
        else:
            turn.charge(objects=len(pending.rows))
            self._unstored += sum(len(entry.content) for entry in pending.verified.entries)
            await self._pending.put(pending)

    async def _refuse(self, slot: bytes, error: TocsinError, evidence: bytes) -> None:
        self._parts.note(error.code, self.peer, error.what)
        if error.code not in _PASSING:
            await self._parts.receiver.record(self.peer, slot, error, evidence)
        # Anybody can invent slots: an honest peer's window holds far fewer refusals than we owe at most.
        if len(self._owed) < _OWED or self._parts.logs.get(slot) is not None:
            kind = _NOT_YET if error.code in sender.NOT_YET else "refusal"
            self.owe(kind, slot, message.encode(Refusal(slot, error.code, self._parts.receiver.size(slot))))

    async def _pay(self) -> None:
        while True:
            await self._owing.wait()
            self._owing.clear()
            while self._owed:
                kind, which = next(iter(self._owed))
                await self._link.send(self._owed.pop((kind, which)))
                if kind == _NOT_YET:
                    await self._tell_again(which)

    async def _tell_again(self, slot: bytes) -> None:
        """What opened a log may have been told ahead of a refusal that still waited: the peer would wait for ever."""
        place = self._parts.members.origin(slot)
        if place is not None and place.channel.is_open and self._parts.logs.get(slot) is not None:
            await self.tell(place.channel.signed or self._parts.members.charter.signed)

    async def _finish(self) -> None:
        while True:
            pending = await self._pending.get()
            try:
                receipt = await self._parts.receiver.finish(pending)
            finally:
                self._pending.task_done()
            self.owe("receipt", receipt.slot, message.encode(receipt))
