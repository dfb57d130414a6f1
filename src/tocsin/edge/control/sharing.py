"""`tocsin share` at the node's end: the file comes in as it is, what happens to it goes out line by line."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from typing import Any, Final, NamedTuple

import msgspec

from tocsin.edge.audit import Seen, Use
from tocsin.edge.control.services import Services
from tocsin.errors import ConfigError, FormatError, PolicyError, TocsinError
from tocsin.exchange.journal import local
from tocsin.exchange.match.chosen import CHOSEN, FLOOR, MEMBERS
from tocsin.exchange.members.channels import Channel
from tocsin.exchange.publish import audience, releases
from tocsin.exchange.publish.draft import Refused
from tocsin.exchange.publish.publisher import MAX_BATCH
from tocsin.exchange.publish.share import Share
from tocsin.formats.bundle import BundleSplitter
from tocsin.formats.stix.check import Checked
from tocsin.formats.tlp import Tlp

_TOLD: Final = 1000  # refusals told one by one; the rest are counted
_DEEP: Final = 64 * 1024
_REASON: Final = 256
_NOTED: Final = 500  # ids in one row of the journal


class Override(NamedTuple):
    """Which deny-lists the author says are wrong here, and why."""

    lists: frozenset[str]
    reason: str


NO_OVERRIDE: Final = Override(frozenset(), "")


def override_of(lists: str, reason: str) -> Override:
    """What the author says, lists by comma. Raises ConfigError("config.value")."""
    named = frozenset(one for one in (part.strip() for part in lists.split(",")) if one)
    unknown = sorted(named - CHOSEN.keys() - {MEMBERS, FLOOR})
    if unknown:
        raise ConfigError("config.value", f"there is no deny-list {unknown[0]!r}")
    if bool(named) != bool(reason.strip()) or len(reason) > _REASON:
        raise ConfigError(
            "config.value", f"overriding a deny-list takes a list and a reason of up to {_REASON} characters"
        )
    return Override(named, reason.strip())


class Expected(NamedTuple):
    """What was shown beforehand, and must still be so: digests of publish.audience, the number of readers."""

    digest: str = ""
    audience: str = ""
    number: int = 0


NOTHING_EXPECTED: Final = Expected()


class Manner(NamedTuple):
    """How it is to be shared, by whom and why."""

    use: Use
    dry_run: bool = False
    partial: bool = False
    urgent: bool = False
    override: Override = NO_OVERRIDE
    expect: Expected = NOTHING_EXPECTED
    watch: Callable[[Sequence[Checked]], None] | None = None  # sees what passes the gate, in order


def open_channel(services: Services, wanted: str) -> Channel:
    """A channel that may be shared in. Raises PolicyError("policy.no-such-channel", "policy.channel-pending",
    "policy.channel-left").
    """
    channel = services.members.channel(wanted)
    if channel.waits_for:
        missing = ", ".join(sorted(channel.waits_for))
        raise PolicyError("policy.channel-pending", f"channel {channel.name} still lacks the signature of {missing}")
    if not channel.is_current:
        raise PolicyError("policy.channel-left", f"this node does not take part in {channel.name} any more")
    return channel


class Sharing:
    """One request. The steps are those of publish.share; nothing is committed before the last object was decided."""

    def __init__(
        self,
        services: Services,
        channel: Channel,
        floor: Tlp | None,
        manner: Manner,
    ) -> None:
        self._services = services
        self._channel = channel
        self._override = manner.override
        self._share: Share = services.share(channel, floor, services.spool(), manner.urgent, manner.override.lists)
        self._asking = services.concern.ask(channel, services.spool())
        self._share.watch = self._looked
        self._watch = manner.watch
        self._is_urgent = manner.urgent
        self._use = manner.use
        self._dry_run = manner.dry_run
        self._partial = manner.partial
        self._expected = manner.expect
        self._refused = self._shared = 0
        self._first: str | None = None
        self._waiting: list[bytes] = []

    def _looked(self, checked: Sequence[Checked]) -> None:
        self._asking.note(checked)
        if self._watch is not None:
            self._watch(checked)

    async def run(self, body: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
        """The response, line by line, while the request is read."""
        async with aclosing(self.events(body)) as events:
            async for event in events:
                yield msgspec.json.encode(event) + b"\n"

    async def events(self, body: AsyncIterator[bytes]) -> AsyncGenerator[dict[str, Any], None]:
        """What happens, while it does; the last is `done`."""
        try:
            async for event in self._steps(body):
                yield event
        except TocsinError as error:
            yield self._done(self._shared, [], error)
        finally:
            self._share.close()
            self._asking.close()

    async def _steps(self, body: AsyncIterator[bytes]) -> AsyncIterator[dict[str, Any]]:
        async for event in self._check(body):
            yield event
        # First what a restored store had lost: what comes back with it is shared already.
        await self._services.publisher.ready(self._channel, urgent=self._is_urgent)
        await self._services.synced()
        async for refused in self._share.decide():
            for told in self._tell(refused):
                yield told
        counts = self._share.counts()
        gaps = await self._asking.settle(self._share.kept())
        plan = self._share.plan()
        yield {
            "event": "decided",
            "accepted": counts.accepted,
            "refused": self._refused,
            "already_shared": counts.already_shared,
            "markings": self._share.markings(),
            "audience": sorted(plan.readers),
            "audience_digest": plan.audience.hex(),
            "digest": plan.digest.hex(),
            "concerned": gaps.told(),
        }
        audience.require(plan, **self._expected._asdict())
        batches: list[dict[str, int]] = []
        async for told in self._second():
            yield told
        if not self._dry_run and (not self._refused or self._partial):
            await self._services.concern.record(gaps)
            await self._note_override()
            seen = (Seen(object_id, level) for object_id, level in self._share.above(Tlp.GREEN))
            await self._services.audit.seen(self._use, seen)
            async for batch in self._share.commit(self._services.publisher, self._services.clock.now_us):
                self._shared += batch.end - batch.start
                batches.append({"log": batch.log, "start": batch.start, "end": batch.end, "sent_at": batch.sent_at})
                yield {"event": "committed", "objects": self._shared, "position": batch.position, **batches[-1]}
        yield self._done(self._shared, batches, None)

    async def _second(self) -> AsyncIterator[dict[str, Any]]:
        """What is about persons waits for a second person; a dry run tells what that would be asked for."""
        wanted = self._share.release()
        if wanted is None:
            return
        missing = await self._share.lacking()
        yield {
            "event": "second",
            "digest": wanted.digest.hex(),
            "persons": wanted.objects,
            "seconds": sorted(wanted.seconds),
            "missing": sorted(missing),
        }
        if missing and not self._dry_run:
            database, now_us = self._services.journal.database, self._services.clock.now_us()
            await releases.ask(database, self._channel.id, wanted, now_us)

    async def _note_override(self) -> None:
        """What was let through by a person's word stands in the journal before it is shared."""
        through = self._share.let_through
        for at in range(0, len(through), _NOTED):
            part = through[at : at + _NOTED]
            said = {
                "channel": self._channel.id,
                "reason": self._override.reason,
                "lists": sorted({name for _, lists in part for name in lists}),
                "objects": [object_id for object_id, _ in part],
            }
            row = local.row("allow-listed", said, member=self._services.members.me)
            await local.record(self._services.journal, self._services.clock, row)

    async def _check(self, body: AsyncIterator[bytes]) -> AsyncIterator[dict[str, Any]]:
        splitter = BundleSplitter()
        seen = objects = 0
        async for chunk in body:
            seen += len(chunk)
            # A chunk as large as the caller likes is taken in small ones, so that no step holds the node for long.
            for at in range(0, len(chunk), _DEEP):
                self._waiting += splitter.feed(chunk[at : at + _DEEP])
                while len(self._waiting) >= MAX_BATCH:
                    objects += MAX_BATCH
                    await self._ready(self._waiting[:MAX_BATCH])
                    for told in self._gate(MAX_BATCH):
                        yield told
                    yield {"event": "checking", "bytes": seen, "objects": objects, "refused": self._refused}
        self._waiting += splitter.close()
        objects += len(self._waiting)
        await self._ready(self._waiting)
        for told in self._gate(len(self._waiting)):
            yield told
        yield {"event": "checking", "bytes": seen, "objects": objects, "refused": self._refused}
        if not objects:
            raise FormatError("format.bundle", "the file holds no object")

    async def _ready(self, batch: Sequence[bytes]) -> None:
        """Indicators wait until the deny-lists are there (after a first start some seconds), and nothing else does."""
        if any(b"indicator" in one for one in batch):
            await self._services.denylist.settled()

    def _gate(self, count: int) -> list[dict[str, Any]]:
        batch, self._waiting = self._waiting[:count], self._waiting[count:]
        return self._tell(self._share.check(batch))

    def _tell(self, refused: list[Refused]) -> list[dict[str, Any]]:
        told = []
        for one in refused:
            self._first = self._first or one.code
            self._refused += 1
            if self._refused <= _TOLD:
                told.append(
                    {
                        "event": "refused",
                        "ordinal": one.ordinal,
                        "id": one.object_id,
                        "code": one.code,
                        "what": one.what,
                    }
                )
        return told

    def _done(self, shared: int, batches: list[dict[str, int]], error: TocsinError | None) -> dict[str, Any]:
        counts = self._share.counts()
        code = error.code if error else self._first
        status = 0
        if error is not None:
            status = error.exit_status
        elif self._refused and not self._partial:
            status = 4 if str(code).startswith("policy.") else 1
        return {
            "event": "done",
            "shared": shared,
            "refused": self._refused,
            "already_shared": counts.already_shared,
            "would_share": counts.accepted if self._dry_run else None,
            "audience": sorted(audience.readers(self._channel)),
            "batches": batches[-_TOLD:],
            "code": code,
            "what": error.what if error else None,
            "exit_status": status,
        }
