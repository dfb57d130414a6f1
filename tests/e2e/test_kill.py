"""kill -9 of real processes in the middle of a share of 20,000 objects: all of them arrive at all members, none twice."""

import asyncio
import random
from collections import Counter

import pytest

from tocsin.backends.sqlite.database import connect
from tocsin.cli.demo.acts import lines
from tocsin.cli.demo.iocs import indicators
from tocsin.cli.demo.nodes import Federation
from tocsin.errors import TocsinError
from tocsin.node.fsck import check

OBJECTS = 20_000
PATIENCE_S = 60.0


class Killing:
    """Three members; the first shares, over and over until it was told that all is committed."""

    def __init__(self, folder, seed):
        self.federation = Federation(folder, 3)
        self.chance = random.Random(seed)
        self.objects = list(indicators(OBJECTS, seed))
        self.acknowledged = 0
        self.kills = 0

    async def run(self):
        async with self.federation as federation:
            await federation.init()
            await federation.found()
            await federation.start()
            origin, *others = federation.nodes
            await self._share_until(origin, self._moment(origin))
            assert 0 < self.acknowledged < OBJECTS, "the kill did not come in the middle of the share"
            await self._share_until(origin, self._moment(self.chance.choice(others)), self._moment(origin))
            await self._share_until(origin, self._moment(self.chance.choice(others)))
            assert await self._share(origin, []) == 0
            await self._arrived(origin, others)
        return await self._judge()

    def _moment(self, victim):
        """When to kill whom: after so many objects of this share were committed, and a little later."""
        return self.chance.randrange(500, 3000), victim, self.chance.random() * 0.03

    async def _share_until(self, origin, *moments):
        await self._share(origin, sorted(moments, key=lambda one: one[0]))
        for node in self.federation.nodes:
            if node.process.returncode is not None:
                await node.stop()
                await node.start()
        shared = (await origin.control.get("/status"))["totals"]["shared"]
        assert shared >= self.acknowledged, "what was acknowledged did not survive"

    async def _share(self, origin, moments):
        """Share everything; whom a moment names is killed when it comes. How many were new."""
        moments, new = list(moments), 0

        async def body():
            for piece in lines(self.objects):
                if piece:
                    yield piece

        try:
            async for event in origin.control.rows("POST", "/share", {"channel": "plenary"}, body()):
                if event["event"] == "committed":
                    self.acknowledged += event["end"] - event["start"]
                    new += event["end"] - event["start"]
                while moments and new >= moments[0][0]:
                    await self._kill(*moments.pop(0)[1:])
        except TocsinError as error:
            assert error.code in ("config.node-stopped", "config.not-running"), error
        for _, victim, later in moments:  # all was committed before their moment came
            await self._kill(victim, later)
        return new

    async def _kill(self, victim, later):
        await asyncio.sleep(later)
        victim.process.kill()
        await victim.process.wait()
        self.kills += 1

    async def _arrived(self, origin, others):
        async with asyncio.timeout(PATIENCE_S):
            while not self._receipted(origin, others):
                await asyncio.sleep(0.2)

    def _receipted(self, origin, others):
        rows = _query(origin, "SELECT member FROM deliver_receipts WHERE size = ?", OBJECTS)
        return {row[0] for row in rows} == {one.handle for one in others}

    async def _judge(self):
        wanted = Counter(self.objects)
        for node in self.federation.nodes:
            rows = _query(node, "SELECT content FROM journal_rows WHERE kind = 1 ORDER BY log, seq")
            assert Counter(row[0] for row in rows) == wanted, f"{node.handle} holds something else"
            assert [row[0] for row in rows] == self.objects, f"{node.handle} holds them in another order"
            found = await check(node.home)
            assert found["ok"], (node.handle, found["problems"])
            told = node.diagnostics.read_text()
            assert "internal.error" not in told
            assert "receive.fork" not in told
        return self.kills


def _query(node, sql, *args):
    connection = connect(str(node.home.store))
    try:
        return list(connection.execute(sql, args))
    finally:
        connection.close()


@pytest.mark.slow
def test_every_object_arrives_once_whoever_is_killed(tmp_path):
    assert asyncio.run(Killing(tmp_path, seed=20260101).run()) == 4
