"""Power cuts under the real exchange: publish, receive, receipt, on disks that may keep any part of what was not synced.

What has left a node before the cut must be true of the node that starts again from the image: what was acknowledged
to an author is there, what was receipted is there with the root that was cosigned, no checkpoint that was released is
contradicted. Three planted faults show that the test can see.
"""

import asyncio
import copy
from types import MethodType

import pytest

from tocsin.exchange.publish.publisher import Publisher, _store
from tocsin.exchange.receive.accept import Receiver
from tocsin.exchange.tlog.logs import root_at
from tocsin.formats import checkpoint, message, note
from tocsin.formats.frame import decode_frame
from tocsin.formats.markings import ChannelKind
from tocsin.formats.message import Receipt, State
from tocsin.formats.tlp import Tlp
from tocsin.ports.checkpoints import Held
from tocsin.testing.chance import SeededEntropy
from tocsin.testing.federation import Federation
from tocsin.testing.virtualtime import run

SMALL_LOG = 40  # pages of write-ahead log before SQLite moves them: the story then holds many such moves
FOUNDED = "founded"


class Story:
    """Three members on recorded disks. A `synchronous` of its own is a planted fault."""

    def __init__(self, objects, *, shares=15, synchronous="", seed=1):
        self._objects = objects
        self.seed = seed
        self._shares = shares
        self._synchronous = synchronous
        self.fed = None
        self.roots = {}  # (slot, size) -> root, as signed

    async def main(self):
        fed = self.fed = Federation(asyncio.get_running_loop(), ["aa", "bb", "cc"], self.seed, record=True)
        for node in fed.nodes.values():
            node.open = MethodType(self._open, node)
        fed.network.tap(self._tap)
        await fed.found()
        await fed.channel("pair", ChannelKind.BILATERAL, ["aa", "bb"])
        for node in fed.nodes.values():
            node.storage.event(FOUNDED)
        chance = SeededEntropy(self.seed).fork("pauses")
        for number in range(self._shares):
            await self._share("aa", "plenary", number, Tlp.GREEN)
            if number % 3 == 0:
                await asyncio.gather(
                    self._share("bb", "plenary", 100 + number, Tlp.GREEN),
                    self._share("aa", "pair", 200 + number, Tlp.RED),
                )
            if number % 4 == 2:
                fed.network.break_links("aa", "bb")
            await fed.network.clock.sleep(0.06 * chance.fraction())
        await fed.settled()
        await fed.stop()

    def _open(self, node):
        core = type(node).open(node)
        node._connection.execute(f"PRAGMA wal_autocheckpoint = {SMALL_LOG}")
        if self._synchronous:
            node._connection.execute(f"PRAGMA synchronous = {self._synchronous}")
        core.publisher.wake = lambda: core.links and core.links.wake()  # for the planted fault that releases too early
        return core

    async def _share(self, handle, channel, seed, floor):
        core = self.fed.core(handle)
        share = core.share(core.members.channel(channel), floor, _List())
        contents = self._objects(seed, 1 + seed % 5, 50 + 700 * (seed % 3))
        assert not share.check(contents)
        async for refused in share.decide():
            assert not refused
        async for batch in share.commit(core.publisher, core.world.clock.now_us):
            told = contents[: batch.end - batch.start]
            self.fed.nodes[handle].storage.event(("acknowledged", told))
            contents = contents[len(told) :]

    def _tap(self, src, dst, data):
        storage = self.fed.nodes[src].storage
        got = message.decode(data)
        if isinstance(got, bytes):
            frame = decode_frame(got)
            claimed = checkpoint.parse(note.parse(frame.checkpoint).text)
            self.roots[frame.slot, claimed.size] = claimed.root
            storage.event(("released", frame.slot, claimed.size))
        elif isinstance(got, Receipt):
            storage.event(("receipted", got.slot, got.size))
        elif isinstance(got, State):
            for one in got.held:
                storage.event(("receipted", one.slot, one.size))
            for one in got.own:
                self.roots.setdefault((one.slot, one.size), one.root)
                storage.event(("released", one.slot, one.size))


class _List(list):
    """ports.spool in memory."""

    def records(self):
        return iter(self)


class Judge:
    """Restarts one member from every image and writes down what is not as it was told."""

    def __init__(self, story, handle):
        self.story = story
        self.node = story.fed.nodes[handle]
        self.points = 0
        self.violations = []

    def run(self, points):
        for crash in self.node.storage.images(points, seed=self.story.seed):
            if FOUNDED in crash.events:
                self.points += 1
                run(lambda crash=crash: self._restart(crash))
        return self

    async def _restart(self, crash):
        node = copy.copy(self.node)
        crash.restore(atomic_create=True)
        node.storage, node.notes = crash.recorder, []
        core = type(node).open(node)
        try:
            await core.load()
            for event in crash.events:
                if event != FOUNDED:
                    wrong = getattr(self, "_" + event[0])(node, core, *event[1:])
                    if wrong:
                        self._say(crash, wrong)
            for problem in (await node.fsck())["problems"]:
                self._say(crash, problem["code"])
        finally:
            await node.database.close()

    def _say(self, crash, wrong):
        self.violations.append((crash.at, crash.state, wrong))

    def _acknowledged(self, node, core, contents):
        for content in contents:
            if not node.query("SELECT 1 FROM journal_rows WHERE kind = 1 AND content = ?", content):
                return "an acknowledged object is lost"
        return None

    def _receipted(self, node, core, slot, size):
        log = core.logs.get(slot)
        if size == 0:
            return None
        if log is None or log.size < size:
            return "a receipt without its entries"
        count = node.query(
            "SELECT COUNT(*) FROM journal_rows WHERE kind = 1 AND log = ? AND seq < ? AND content IS NOT NULL "
            "AND salt IS NOT NULL",
            log.number,
            size,
        )
        if count != [(size,)] or root_at(_Reading(node), log.number, size) != self.story.roots[slot, size]:
            return "a receipt for another history"
        return None

    def _released(self, node, core, slot, size):
        log = core.logs.get(slot)
        if slot in core.signer.behind() or size == 0:
            return None
        if log is None or log.size < size:
            return "would sign a second history"
        if root_at(_Reading(node), log.number, size) != self.story.roots[slot, size]:
            return "a released checkpoint is contradicted"
        return None


class _Reading:
    def __init__(self, node):
        self._node = node

    def query(self, sql, args=()):
        return self._node.query(sql, *args)


def told(objects, points, *, handles=("aa", "bb"), **settings):
    """(points checked, violations) of a story cut at many points at each of these members."""
    story = Story(objects, **settings)
    run(story.main)
    judges = [Judge(story, handle).run(points) for handle in handles]
    return sum(one.points for one in judges), [wrong for one in judges for wrong in one.violations]


@pytest.mark.slow
def test_a_power_cut_anywhere_loses_nothing_that_left_the_node(objects):
    points, violations = told(objects, 2000)  # those before the founding are not counted
    assert points >= 2000
    assert violations == []


# -- the test can see ---------------------------------------------------------------------------------------------------


async def _cosigns_at_once(self, pending):
    writing = asyncio.ensure_future(FINISH(self, pending))
    writing.add_done_callback(lambda done: done.cancelled() or done.exception())
    done = pending.verified
    return self._cosign(pending.log.slot, done.frontier.size, done.text)


FINISH = Receiver.finish


def test_a_receipt_before_the_sync_is_found(objects, monkeypatch):
    monkeypatch.setattr(Receiver, "finish", _cosigns_at_once)
    _, violations = told(objects, 300, handles=["bb"], shares=8)
    assert {what for _, _, what in violations} == {"a receipt without its entries"}


def test_synchronous_normal_is_found(objects):
    _, violations = told(objects, 150, shares=8, synchronous="NORMAL")
    assert {"an acknowledged object is lost", "a receipt without its entries"} <= {what for _, _, what in violations}


async def _releases_first(self, jobs):
    prepared = []
    for job in jobs:
        self._prepare_into(prepared, job)
    if not prepared:
        return
    now_us = self._world.clock.now_us()
    for one in prepared:
        # In memory only: the file itself would stop the node from signing, which is what it is there for.
        self._signer._held[one.log.slot] = Held(one.frontier.size, one.frontier.root())
        signed = self._signer.sign(one.log, one.frontier.size, one.frontier.root())
        self._frames.fresh(one.log, one.entries, one.seed, signed)
        one.log.released = one.frontier.size
    self.wake()
    await self._world.clock.sleep(0.001)
    position, _ = await self._world.database.write(lambda tx: _store(tx, prepared, {}, now_us))
    await RELEASE(self, prepared, position)


RELEASE = Publisher._release


def test_a_checkpoint_before_the_commit_is_found(objects, monkeypatch):
    monkeypatch.setattr(Publisher, "_sequence", _releases_first)
    _, violations = told(objects, 300, handles=["aa"], shares=8)
    assert "would sign a second history" in {what for _, _, what in violations}
