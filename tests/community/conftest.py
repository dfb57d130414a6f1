"""A community under trouble: who shares what, what breaks, and what must hold when all is whole again."""

import asyncio
import json
from uuid import UUID

import pytest

from tocsin.errors import TocsinError
from tocsin.formats.markings import ChannelKind
from tocsin.formats.tlp import Tlp
from tocsin.testing.chance import SeededEntropy
from tocsin.testing.federation import Federation
from tocsin.testing.virtualtime import run

HANDLES = ("aa", "bb", "cc", "dd", "ee", "ff", "gg", "hh", *(f"m{number:02}" for number in range(8, 100)))
HEALED_S = 60.0
FLOORS = {ChannelKind.PLENARY: Tlp.GREEN, ChannelKind.THEMATIC: Tlp.AMBER, ChannelKind.BILATERAL: Tlp.RED}


def canary(channel):
    """What every object of a channel carries, and nobody outside may ever hold."""
    return f"canary-of-{channel}-8c1f"


def report(entropy, channel, number):
    """A small STIX object nobody else makes."""
    made = UUID(bytes=entropy.bytes(16), version=4)
    return json.dumps(
        {
            "type": "tool",
            "spec_version": "2.1",
            "id": f"tool--{made}",
            "created": "2026-01-01T00:00:00.000Z",
            "modified": "2026-01-01T00:00:00.000Z",
            "name": f"{canary(channel)} {number}",
        },
        separators=(",", ":"),
        sort_keys=True,
    ).encode()


class Story:
    """One federation, its channels, and what was acknowledged to whom."""

    def __init__(self, fed, entropy):
        self.fed = fed
        self.entropy = entropy
        self.acknowledged = {}  # (handle, channel) -> contents in the order of their acknowledgement
        self.traffic = {}  # handle -> every message to or from it
        self.made = 0
        self._shares = {handle: [] for handle in fed.nodes}
        fed.network.tap(self._tap)

    def _tap(self, src, dst, message):
        for handle in (src, dst):
            self.traffic.setdefault(handle, []).append(message)

    # -- what happens -------------------------------------------------------------------------------------------------

    def running(self):
        return [node.handle for node in self.fed.nodes.values() if node.core is not None]

    def begin(self, handle, name, count):
        """Share `count` objects in a channel, beside everything else."""
        objects = [report(self.entropy, name, self.made + i) for i in range(count)]
        self.made += count
        task = asyncio.ensure_future(self._share(handle, name, objects))
        self._shares[handle].append(task)
        return task

    async def _share(self, handle, name, objects):
        core = self.fed.core(handle)
        channel = core.members.channel(name)
        told = self.acknowledged.setdefault((handle, name), [])
        try:
            batches, refused = await self.fed.share(handle, name, objects, FLOORS[channel.kind])
        except TocsinError as error:
            assert error.code in ("store.full", "store.unknown", "tlog.behind", "tlog.unasked", "store.no-log"), error
            return
        assert not refused
        assert sum(batch.end - batch.start for batch in batches) == len(objects)
        told += objects

    async def crash(self, handle):
        for task in self._shares[handle]:
            task.cancel()
        await asyncio.gather(*self._shares[handle], return_exceptions=True)
        self._shares[handle].clear()
        await self.fed.crash(handle)

    async def heal(self):
        """Undo every trouble, then wait until all hold everything: at most a minute."""
        fed = self.fed
        fed.network.heal_all()
        fed.network.drop = 0.0
        for handle, node in fed.nodes.items():
            fed.network.slow(handle, None)
            if node.core is None:
                await fed.restart(handle)
        await asyncio.gather(*(task for tasks in self._shares.values() for task in tasks))
        await fed.until(self._all_open, HEALED_S)
        try:
            await fed.settled(HEALED_S)
        except TimeoutError:
            raise AssertionError(self._told()) from None
        for handle in self.running():
            await fed.core(handle).synced()

    def _told(self):
        """What the members say when they do not converge: the last of their diagnostics."""
        return "\n".join(f"{handle}: {node.notes[-6:]}" for handle, node in self.fed.nodes.items())

    def _all_open(self):
        cores = [self.fed.core(handle) for handle in self.fed.nodes]
        known = {channel.id: channel for core in cores for channel in core.members.channels()}
        return all(
            any(one.id == channel.id and one.is_open for one in self.fed.core(handle).members.channels())
            for channel in known.values()
            for handle in channel.roster
        )

    # -- what must hold -----------------------------------------------------------------------------------------------

    async def judge(self):
        """Every promise, for every member and every channel."""
        channels = {one.id: one for handle in self.fed.nodes for one in self.fed.core(handle).members.channels()}
        for channel in channels.values():
            for origin in channel.roster:
                self._judge_log(channel, origin)
            for outsider in self.fed.nodes.keys() - channel.roster:
                self._judge_outsider(channel, outsider)
        for handle, node in self.fed.nodes.items():
            found = await node.fsck()
            assert found["ok"], (handle, found["problems"])
            assert not any(code.startswith(("internal", "receive.fork")) for code, _, _ in node.notes), node.notes

    def _judge_log(self, channel, origin):
        name = channel.name
        slot = channel.slots[origin]
        first = self._contents(origin, slot)
        needed = self.acknowledged.get((origin, name), [])
        assert len(set(first)) == len(first), "an object is in the log twice"
        in_order = iter(first)
        assert all(one in in_order for one in needed), "an acknowledged object is missing, or out of order"
        for member in channel.roster:
            assert self._contents(member, slot) == first
            shown = self._shown(member, slot)
            assert shown == first, "search shows something else than the log holds"
            if member != origin and first:
                log = self.fed.core(origin).logs.get(slot)
                assert self.fed.core(origin).receipts.size(log, member) == len(first)

    def _contents(self, handle, slot):
        rows = self.fed.nodes[handle].query(
            "SELECT j.seq, j.content FROM journal_rows j JOIN tlog_logs l ON l.log = j.log "
            "WHERE j.kind = 1 AND l.slot = ? ORDER BY j.position",
            slot,
        )
        assert [seq for seq, _ in rows] == list(range(len(rows))), "a gap, a repetition or a wrong order"
        return [content for _, content in rows]

    def _shown(self, handle, slot):
        rows = self.fed.nodes[handle].query(
            "SELECT j.content FROM journal_search s JOIN journal_rows j ON j.position = s.position "
            "JOIN tlog_logs l ON l.log = j.log WHERE l.slot = ? ORDER BY s.position",
            slot,
        )
        return [row[0] for row in rows]

    def _judge_outsider(self, channel, outsider):
        secrets = [canary(channel.name).encode(), channel.id.encode(), *channel.slots.values()]
        secrets += [slot.hex().encode() for slot in channel.slots.values()]
        for path, data in self.fed.nodes[outsider].storage.files().items():
            assert not any(one in data for one in secrets), f"{outsider} holds something of {channel.name} in {path}"
        for message in self.traffic.get(outsider, []):
            assert not any(one in message for one in secrets), f"{outsider} was sent something of {channel.name}"


def simulated(seed, work, *, members=3, lag_s=0.0, before=lambda fed: None, **network):
    """Run a story in virtual time: `work(story)` after the founding; gives what it gives."""

    async def main():
        entropy = SeededEntropy(seed).fork("story")
        fed = Federation(asyncio.get_running_loop(), HANDLES[:members], seed, **network)
        for node in fed.nodes.values():
            node.lag_s = lag_s
        story = Story(fed, entropy)
        before(fed)
        await fed.found()
        try:
            return await work(story)
        finally:
            for tasks in story._shares.values():
                for task in tasks:
                    task.cancel()
            await fed.stop()

    return run(main)


@pytest.fixture
def simulate():
    """simulated(seed, work, members, lag_s, before, **network)."""
    return simulated


@pytest.fixture
def tool():
    """report(entropy, channel, number)."""
    return report
