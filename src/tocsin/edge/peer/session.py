"""What two nodes say on a link, from hello to goodbye. docs/formats/protocol.md is the same for a second implementation.

hello <-> hello     versions, charter, a fresh nonce each
proof <-> proof     the log key signs both hellos
state <-> state     what I hold of your logs; what my own logs have
then, both ways, in any order: notices, frames, receipts, refusals
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, TypeVar

from tocsin.errors import FormatError, PeerError, StoreError, TocsinError, VerificationError
from tocsin.exchange.deliver import sender
from tocsin.exchange.deliver.erased import ErasureReceipts
from tocsin.exchange.deliver.receipts import Receipts
from tocsin.exchange.deliver.sender import Sender
from tocsin.exchange.members.channels import Channel
from tocsin.exchange.members.registry import Members
from tocsin.exchange.receive.accept import Pending, Receiver
from tocsin.exchange.receive.epochkeys import EpochKeys, is_offer
from tocsin.exchange.receive.orders import Answers
from tocsin.exchange.receive.verify import outer
from tocsin.exchange.tlog.logs import Log, Logs
from tocsin.exchange.tlog.signer import Signer
from tocsin.formats import message, statement
from tocsin.formats.keys import Role, SigningKey
from tocsin.formats.message import Control, Hello, Notice, Position, Proof, Receipt, Refusal, State
from tocsin.ports.clock import Clock
from tocsin.ports.entropy import Entropy
from tocsin.ports.links import Link
from tocsin.ports.metrics import SILENT, Meter

_PIPELINE: Final = 8
_HELLO_SECONDS: Final = 10.0
_DOMAIN: Final = b"tocsin/hello/v1\n"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Parts:
    """What every session of a node shares."""

    members: Members
    logs: Logs
    signer: Signer
    receiver: Receiver
    receipts: Receipts
    keys: EpochKeys
    sending: sender.Parts
    log_key: SigningKey
    clock: Clock
    entropy: Entropy
    software: str
    root_at: Callable[[Log, int], Awaitable[bytes | None]]
    note: Callable[[str, str, str], None]  # diagnostics: (code, peer, what), never content
    erasures: ErasureReceipts
    answers: Answers
    meter: Meter = SILENT
    speaks: tuple[int, int] = (message.FLOOR, message.PROTOCOL)  # lowest and highest protocol version


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
        self._sender: Sender | None = None
        self.version: int | None = None  # of the protocol; None until the greeting has agreed on one
        self.skew_s = 0.0
        self._clock_told: tuple[int, float] | None = None

    @property
    def peer(self) -> str:
        """Who is at the other end."""
        return self._link.peer

    @property
    def sender(self) -> Sender | None:
        """What we send on this link; None until the greeting is over."""
        return self._sender

    def peer_now_us(self) -> int | None:
        """What the peer's clock says: its signed greeting, and the time since by our monotonic clock."""
        if self._clock_told is None or self._sender is None:
            return None
        told_us, at_s = self._clock_told
        return told_us + int((self._parts.clock.monotonic() - at_s) * 1e6)

    def wake(self) -> None:
        """Our logs have grown."""
        if self._sender is not None:
            self._sender.wake()

    async def run(self) -> None:
        """After greet(): send and receive until the link ends. Raises what ended it."""
        state = await self._exchange_state()
        named = {one.slot: one.size for one in state.own}
        for receipt in self._parts.receiver.standing(self.peer):
            # Who stands behind its own log (a restored backup) cannot check this receipt: it would end every link.
            if receipt.size <= named.get(receipt.slot, receipt.size):
                self._owe("receipt", receipt.slot, message.encode(receipt))
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
        await asyncio.wait((finishing, joined), return_when=asyncio.FIRST_COMPLETED)
        for one in (finishing, joined):
            one.cancel()
        await asyncio.gather(finishing, joined, return_exceptions=True)
        while not self._pending.empty():
            with suppress(TocsinError):
                await self._parts.receiver.finish(self._pending.get_nowait())

    async def end(self, code: str) -> None:
        """Close the link under the session."""
        await self._link.close(code)

    async def invite(self, channel: Channel) -> None:
        """Tell the peer how a channel of both stands."""
        if channel.signed is not None and self.peer in channel.roster:
            await self._link.send(message.encode(Notice(statement.encode(channel.signed))))

    # -- greeting -----------------------------------------------------------------------------------------------

    async def greet(self) -> None:
        """Agree on the version and prove to each other who we are; nothing else happens on the link before run().

        Raises PeerError("peer.gone", "peer.identity", "peer.version", "peer.charter"), FormatError.
        """
        members = self._parts.members
        mine = Hello(
            *self._parts.speaks,
            members.me,
            members.charter.digest,
            self._parts.entropy.bytes(32),
            self._parts.clock.now_us(),
            self._parts.software,
        )
        sent = message.encode(mine)
        await self._link.send(sent)
        got = await self._next()
        theirs = self._expect(message.decode(got), Hello)
        if theirs.handle != self.peer:
            raise PeerError("peer.identity", f"the certificate is that of {self.peer}, the greeting is not")
        self.version = message.agree(mine, theirs)
        if self.version is None:
            raise PeerError("peer.version", f"{self.peer} speaks protocol {theirs.lowest} to {theirs.highest}")
        if theirs.charter != mine.charter:
            raise PeerError("peer.charter", f"{self.peer} has another charter in force")
        self.skew_s = (theirs.time_us - mine.time_us) / 1e6
        self._clock_told = theirs.time_us, self._parts.clock.monotonic()
        first, second = (sent, got) if self.dialed else (got, sent)
        transcript = _DOMAIN + sha256(first).digest() + sha256(second).digest()
        await self._link.send(message.encode(Proof(self._parts.log_key.sign(transcript + members.me.encode()))))
        proof = self._expect(message.decode(await self._next()), Proof)
        key = members.member(self.peer).keys[Role.LOG]
        if not key.verify(transcript + self.peer.encode(), proof.signature):
            raise PeerError("peer.identity", f"{self.peer} does not prove its log key")

    async def _exchange_state(self) -> State:
        own = tuple(self._own_head(log) for log in self._own_logs() if log.released == log.size)
        await self._link.send(message.encode(State(self._parts.receiver.held(self.peer), own)))
        state = self._expect(message.decode(await self._next()), State)
        for held in state.held:
            await self._compare(held)
        for position in state.own:
            error = self._parts.receiver.head(self.peer, position)
            if error is not None:
                await self._refuse(position.slot, error, position.checkpoint)
        return state

    def _own_head(self, log: Log) -> Position:
        root = log.frontier.root()
        may_sign = log.size and self._parts.signer.may_sign(log)
        return Position(log.slot, log.size, root, self._parts.signer.sign(log, log.size, root) if may_sign else b"")

    async def _compare(self, held: Position) -> None:
        """What the peer holds of a log of ours, against what we hold of it."""
        log = self._parts.logs.get(held.slot)
        if log is None or log.origin != self._parts.members.me or held.size == 0:
            return
        if not self._parts.signer.signed(log, held):
            error = VerificationError("peer.false-claim", f"{self.peer} claims a head of our log that we never signed")
            await self._parts.receiver.record(self.peer, held.slot, error, held.checkpoint)
            self._parts.note(error.code, self.peer, error.what)
            return
        self._parts.signer.peer_holds(log, held, await self._parts.root_at(log, held.size))

    def _own_logs(self) -> list[Log]:
        me = self._parts.members.me
        shared = [one for one in self._parts.members.channels() if self.peer in one.roster]
        return [log for one in shared if (log := self._parts.logs.get(one.slots[me])) is not None]

    async def _next(self) -> bytes:
        try:
            async with asyncio.timeout(_HELLO_SECONDS):
                return await anext(self._stream)
        except (StopAsyncIteration, TimeoutError) as error:
            raise PeerError("peer.gone", f"{self.peer} ended the link or fell silent while greeting") from error

    def _expect(self, got: Control | bytes, kind: type[T]) -> T:
        if not isinstance(got, kind):
            raise FormatError("format.message", f"{self.peer} sent something else than the greeting asks for")
        return got

    # -- after it -----------------------------------------------------------------------------------------------

    async def _send_channels(self) -> None:
        for channel in self._parts.members.channels():
            await self.invite(channel)

    async def _answer_orders(self) -> None:
        """Erase receipts for the peer's orders: all recent ones again on each link, then as they are obeyed."""
        at = 0
        while True:
            answer = await self._parts.answers.after(self.peer, at)
            at = answer.position
            for one in answer.notices:
                await self._link.send(message.encode(Notice(one)))

    async def _receive(self) -> None:
        async for data in self._stream:
            got = message.decode(data)
            if isinstance(got, bytes):
                await self._frame(got)
            else:
                await self._control(got)

    async def _control(self, got: Control) -> None:
        if self._sender is None:
            raise RuntimeError("control messages come after the greeting")
        if isinstance(got, Receipt):
            if self._parts.logs.get(got.slot) is None:
                # A channel that an older store has forgotten comes back by a notice; until then its receipts say nothing.
                self._parts.note(
                    "deliver.receipt-unknown", self.peer, "a receipt of a log that this node does not know"
                )
                return
            stored = await self._parts.receipts.take(self.peer, got)
            self._sender.receipted(got.slot, stored.size)
        elif isinstance(got, Refusal):
            self._sender.refused(got)
            self._parts.note(got.code, self.peer, "the peer refused a frame of ours")
            self._parts.meter.count("tocsin_refused_by_peer_total", peer=self.peer, code=got.code)
        elif isinstance(got, Notice):
            await self._notice(got)
        else:
            raise FormatError("format.message", f"{self.peer} greets twice")

    async def _notice(self, notice: Notice) -> None:
        try:
            signed = statement.parse(notice.statement, max_bytes=message.MAX_CONTROL_BYTES)
            if is_offer(signed):
                self._parts.keys.learn(self.peer, signed)
            elif signed.kind == statement.ERASED:
                await self._parts.erasures.take(self.peer, signed)
            else:
                channel = await self._parts.members.learn(signed)
                if self._sender is not None:
                    self._sender.resume(channel)
        except StoreError:
            raise
        except TocsinError as error:
            await self._parts.receiver.record(self.peer, bytes(32), error, b"")
            self._parts.note(error.code, self.peer, error.what)

    async def _frame(self, data: bytes) -> None:
        frame = outer(data)
        try:
            pending = self._parts.receiver.begin(self.peer, frame)
        except (VerificationError, FormatError) as error:
            verdict: TocsinError = error
            if error.code == "receive.old":
                await self._pending.join()
                verdict = await self._parts.receiver.judge(self.peer, frame)
            await self._refuse(frame.slot, verdict, frame.checkpoint)
        else:
            await self._pending.put(pending)

    async def _refuse(self, slot: bytes, error: TocsinError, evidence: bytes) -> None:
        self._parts.note(error.code, self.peer, error.what)
        await self._parts.receiver.record(self.peer, slot, error, evidence)
        self._owe("refusal", slot, message.encode(Refusal(slot, error.code, self._parts.receiver.size(slot))))

    def _owe(self, kind: str, slot: bytes, answer: bytes) -> None:
        self._owed[kind, slot] = answer
        self._owing.set()

    async def _pay(self) -> None:
        while True:
            await self._owing.wait()
            self._owing.clear()
            while self._owed:
                await self._link.send(self._owed.pop(next(iter(self._owed))))

    async def _finish(self) -> None:
        while True:
            pending = await self._pending.get()
            try:
                receipt = await self._parts.receiver.finish(pending)
            finally:
                self._pending.task_done()
            self._owe("receipt", receipt.slot, message.encode(receipt))
