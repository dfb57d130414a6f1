"""Erase orders and power cuts: an order that is stored is never forgotten, whatever a cut leaves of the work on it."""

import asyncio
import copy

import pytest

from tocsin.exchange.publish import order
from tocsin.formats.tlp import Tlp
from tocsin.testing.federation import Federation
from tocsin.testing.virtualtime import run

CANARY = b"tool 1."
FOUNDED = "founded"


class Story:
    """Three members; the first shares, orders all of it erased, and everybody answers."""

    async def main(self, objects):
        self.fed = Federation(asyncio.get_running_loop(), ["aa", "bb", "cc"], 3, record=True)
        await self.fed.found()
        for node in self.fed.nodes.values():
            node.storage.event(FOUNDED)
        self.fed.network.tap(self._tap)
        batches, refused = await self.fed.share("aa", "plenary", objects(1, 6, 3000), Tlp.GREEN)
        assert not refused
        await self.fed.settled()
        core = self.fed.core("aa")
        channel = core.members.channel("plenary")
        named = [(seq, int(Tlp.GREEN)) for seq in range(batches[0].start, batches[0].end)]
        made = order.orders(channel.slots["aa"], named, "shared in error", 7, core.world.clock.now_us())
        await core.publisher.publish(channel, made)
        self.fed.nodes["aa"].storage.event("ordered")
        await self.fed.settled()
        await self.fed.until(lambda: len(self.fed.nodes["aa"].query("SELECT 1 FROM deliver_erased")) == 2)
        await self.fed.stop()

    def _tap(self, src, dst, data):
        if b"tocsin/erased/v1" in data:
            self.fed.nodes[src].storage.event("answered")


class Judge:
    """Starts one member again from every image."""

    def __init__(self, story, handle):
        self.node = story.fed.nodes[handle]
        self.points = self.obeyed = 0
        self.violations = []

    def run(self, points):
        for crash in self.node.storage.images(points, seed=11):
            if FOUNDED in crash.events:
                self.points += 1
                run(lambda crash=crash: self._restart(crash))
        return self

    async def _restart(self, crash):
        node = copy.copy(self.node)
        crash.restore(atomic_create=True)
        node.storage, node.notes = crash.recorder, []
        if "answered" in crash.events and _stained(node):
            self._say(crash, "answered while the files still had it")
        core = type(node).open(node)
        try:
            await core.load()
            ordered = bool(node.query("SELECT 1 FROM journal_orders"))
            if {"ordered", "answered"} & set(crash.events) and not ordered:
                self._say(crash, "an order is forgotten")
            await core.eraser.load()
            if ordered:
                self.obeyed += 1
                if _stained(node):
                    self._say(crash, "an order is not obeyed after a restart")
            for problem in (await node.fsck())["problems"]:
                self._say(crash, problem["code"])
        finally:
            await node.database.close()

    def _say(self, crash, wrong):
        self.violations.append((crash.at, crash.state, wrong))


def _stained(node):
    return any(CANARY in data for data in node.storage.files().values())


def told(objects, points, handles):
    """(points, points with an order, violations)."""
    story = Story()
    run(lambda: story.main(objects))
    judges = [Judge(story, handle).run(points) for handle in handles]
    violations = [wrong for one in judges for wrong in one.violations]
    return sum(one.points for one in judges), sum(one.obeyed for one in judges), violations


@pytest.mark.slow
def test_a_power_cut_anywhere_forgets_no_order(objects):
    points, obeyed, violations = told(objects, 900, ["aa", "bb"])
    assert points >= 350
    assert obeyed >= 60
    assert violations == []
