"""A backup made in the middle of a share of 5,000 objects, and real nodes made from it: neither signs a second history."""

import asyncio

import pytest
from tests.e2e.commands import PATIENCE_S, tocsin

from tocsin.backends.sqlite.database import connect
from tocsin.cli.demo.acts import lines
from tocsin.cli.demo.iocs import indicators
from tocsin.cli.demo.nodes import Federation, Node
from tocsin.node.backup import write
from tocsin.node.fsck import check
from tocsin.node.home import Home

OBJECTS = 5_000
BEFORE = 500  # objects committed when the backup begins

pytestmark = pytest.mark.slow


async def share(node, objects, on_committed=lambda: None):
    """Share into the plenary; how many were committed."""
    done = 0

    async def body():
        for piece in lines(objects):
            if piece:
                yield piece

    async for event in node.control.rows("POST", "/share", {"channel": "plenary"}, body()):
        if event["event"] == "committed":
            done += event["end"] - event["start"]
            if done >= BEFORE:
                on_committed()
    return done


def roots(home, origin):
    """Every root a node holds of a member's log, by size."""
    connection = connect(str(home.store))
    try:
        sql = "SELECT c.size, c.root FROM tlog_checkpoints c JOIN tlog_logs l USING (log) WHERE l.origin = ?"
        return dict(connection.execute(sql, (origin,)))
    finally:
        connection.close()


async def held_by(node, origin, size):
    async with asyncio.timeout(PATIENCE_S):
        while size not in roots(node.home, origin):
            await asyncio.sleep(0.1)


async def shares(node, number):
    """The node signs in the plenary once its own entries are back, and not before: how many it then shares anew."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            _, told = await tocsin(node.home, "share", number, "--to", "plenary", "--no-wait")
            if told.get("code") is None:
                return told["shared"]
            assert told["code"] in ("tlog.behind", "tlog.unasked")
            await asyncio.sleep(0.2)


class Drill:
    """Two members; the first backs up while it shares, loses its store, then its whole disk."""

    def __init__(self, folder):
        self.folder = folder
        self.file = folder / "backup.tar"
        self.nowhere = Home(folder / "nowhere")
        self.objects = list(indicators(OBJECTS + 1, 7))
        self.one = folder / "one.json"
        self.one.write_bytes(self.objects.pop())

    async def run(self):
        async with Federation(self.folder, 2) as federation:
            await federation.init()
            await federation.found()
            await federation.start()
            origin, peer = federation.nodes
            backed_up = await self._backed_up_while_sharing(origin)
            await held_by(peer, origin.handle, OBJECTS)
            await self._commands(origin)
            await self._grown(origin, backed_up)
            await held_by(peer, origin.handle, self.signed)
            before = roots(peer.home, origin.handle)
            await origin.stop()
            await self._with_its_heads(origin, backed_up)
            await self._without(origin, backed_up)
            assert before.items() <= roots(peer.home, origin.handle).items()
            told = peer.diagnostics.read_text()
            assert "receive.fork" not in told
            assert (await check(peer.home))["ok"]

    async def _backed_up_while_sharing(self, origin):
        begun = []

        def begin():
            if not begun:  # on a thread: a process of its own would begin too late
                begun.append(asyncio.ensure_future(asyncio.to_thread(write, origin.home, self.file)))

        assert await share(origin, self.objects, begin) == OBJECTS
        made = await begun[0]
        status, proven = await tocsin(self.nowhere, "restore", self.file, "--check")
        assert (status, proven["ok"], proven["entries"], proven["logs"]) == (0, True, made["entries"], made["logs"])
        (size,) = [one["size"] for one in made["logs"] if one["origin"] == origin.handle and one["size"]]
        assert size >= BEFORE
        assert roots(origin.home, origin.handle)[size].hex() in {one["root"] for one in made["logs"]}
        return size

    async def _commands(self, origin):
        """Exit codes of the commands, beside the running node."""
        newest = self.folder / "newest.tar"
        status, made = await tocsin(origin.home, "backup", "--to", newest)
        assert (status, made["schema"], made["entries"]) == (0, "tocsin.backup/1", OBJECTS)
        assert (await tocsin(origin.home, "backup", "--to", newest))[1]["code"] == "config.exists"
        assert (await tocsin(origin.home, "restore", newest))[1]["code"] == "config.running"
        data = bytearray(newest.read_bytes())
        data[len(data) // 2] ^= 1
        newest.write_bytes(data)
        status, told = await tocsin(self.nowhere, "restore", newest, "--check")
        assert (status, told["code"]) == (5, "backup.digest")

    async def _with_its_heads(self, origin, size):
        status, told = await tocsin(origin.home, "restore", self.file)
        assert status == 0
        (closed,) = told["closed"]
        assert (closed["size"], closed["signed"]) == (size, self.signed)
        await origin.start()
        assert await shares(origin, self.one) == 1
        assert (await check(origin.home))["ok"]
        await origin.stop()

    async def _grown(self, origin, size):
        """More is signed than the backup holds, whenever within the share it was made."""
        if size == OBJECTS:
            await share(origin, [self.one.read_bytes()])
        self.signed = max(roots(origin.home, origin.handle))

    async def _without(self, origin, size):
        home = Home(self.folder / "again")
        status, told = await tocsin(home, "restore", self.file)
        assert status == 0
        assert sorted((one["size"], one["signed"]) for one in told["closed"]) == [(0, None), (size, None)]
        node = Node(home, origin.settings, origin.cable, origin.traffic)
        await node.start()
        try:
            assert await shares(node, self.one) == 0, "what was shared since came back from the peer as well"
            assert (await check(node.home))["ok"]
        finally:
            await node.stop()


def test_a_restored_node_does_not_sign_below_what_its_peer_holds(tmp_path):
    asyncio.run(Drill(tmp_path).run())
