"""Rot in the files of a stopped node: whatever it signs after it starts again, it signs nothing that is not so.

One bit of one file is turned: of the database, of its write-ahead log, of a checkpoint file. Then the node starts
beside a whole peer, both share, and every head the node signs or cosigns is held against the entries as they were.
"""

import asyncio
import copy
from collections import Counter
from contextlib import suppress

import apsw
import pytest

from tocsin.backends.sqlite.database import connect
from tocsin.errors import FormatError, TocsinError
from tocsin.formats import checkpoint
from tocsin.formats.keys import Role
from tocsin.formats.merkle import root_of
from tocsin.formats.tlp import Tlp
from tocsin.testing.chance import SeededEntropy
from tocsin.testing.federation import STORE, Federation
from tocsin.testing.powercut import Recorder
from tocsin.testing.virtualtime import VirtualClock, run

ROLES = (Role.LOG, Role.RECEIPT)
SHOWN = "SELECT log, seq, marking, sent_at, keep_until, salt, content, held FROM journal_rows WHERE kind = 1"


class Watched:
    """A keyring that remembers the checkpoints it has signed and cosigned."""

    def __init__(self, keys):
        self._keys = keys
        self.heads = []

    def signing(self, role):
        key = self._keys.signing(role)
        return _WatchedKey(key, self.heads) if role in ROLES else key

    def __getattr__(self, name):
        return getattr(self._keys, name)


class _WatchedKey:
    def __init__(self, key, heads):
        self.public = key.public
        self._key = key
        self._heads = heads

    def sign(self, data):
        text = data.split(b"\n", 2)[2] if data.startswith(b"cosignature/v1\n") else data
        if text.startswith(b"tocsin/"):
            with suppress(FormatError):  # a greeting or a statement is no head
                self._heads.append(checkpoint.parse(text))
        return self._key.sign(data)


def leaves_of(node, log):
    # Not by the index: that may be what has rotted, and nothing that is signed is made of it.
    sql = "SELECT commitment FROM journal_rows NOT INDEXED WHERE kind = 1 AND log = ? ORDER BY seq"
    rows = node.query(sql, log.number)
    return [row[0] for row in rows]


class World:
    """aa and bb, who have exchanged ten batches, and stopped. `merged`: the write-ahead logs are in the databases."""

    def __init__(self, objects, *, merged):
        self.objects = objects
        run(lambda: self._live(merged))

    async def _live(self, merged):
        fed = Federation(asyncio.get_running_loop(), ["aa", "bb"], 12)
        await fed.found()
        for number in range(5):
            await fed.share("aa", "plenary", self.objects(number, 1 + number), Tlp.GREEN)
            await fed.share("bb", "plenary", self.objects(50 + number, 2), Tlp.GREEN)
        await fed.settled()
        aa = fed.core("aa")
        self.leaves = {log.name: leaves_of(fed.nodes["aa"], log) for log in aa.logs}  # by origin line
        await fed.stop()
        self.nodes = fed.nodes
        if merged:
            for node in fed.nodes.values():
                connect(STORE, vfs=node.storage.vfs_name, exclusive=True).close()
        self.files = {handle: node.storage.files() for handle, node in fed.nodes.items()}

    def places(self, handle):
        """(file, bits) of everything that may rot."""
        return {path: len(data) * 8 for path, data in sorted(self.files[handle].items()) if data}


class Rot:
    """One bit turned at one member, and what came of it: `fate` is how it was found, if it was."""

    def __init__(self, world, handle, path, bit):
        self.world = world
        self.handle = handle
        self.path = path
        self.bit = bit
        self.keys = Watched(world.nodes[handle].keys)
        self.fate = ""
        self.wrong = []

    async def main(self):
        loop = asyncio.get_running_loop()
        fed = Federation(loop, [], 99)
        for handle, node in self.world.nodes.items():
            fed.nodes[handle] = self._again(node, VirtualClock(loop), fed.entropy.fork(handle))
        ill = fed.nodes[self.handle]
        ill.keys = self.keys
        ill.storage.flip_bit(self.path, self.bit)
        [other] = fed.nodes.keys() - {self.handle}
        await fed.restart(other)
        try:
            await fed.restart(self.handle)
        except (TocsinError, apsw.Error, UnicodeDecodeError) as error:
            self.fate = getattr(error, "code", type(error).__name__)
        else:
            await self._talk(fed)
            self._judge(ill)
            if not self.fate:
                await self._check(fed, ill)
        await fed.stop()

    def _again(self, node, clock, entropy):
        node = copy.copy(node)
        node.storage = Recorder(self.world.files[node.handle], record=False, atomic_create=True)
        node.clock, node.entropy, node.notes, node.core = clock, entropy, [], None
        return node

    async def _talk(self, fed):
        for number, handle in enumerate(fed.nodes):
            try:
                async with asyncio.timeout(3.0):
                    await fed.share(handle, "plenary", self.world.objects(80 + number, 2), Tlp.GREEN)
            except (TocsinError, apsw.Error, TimeoutError, KeyError) as error:
                self.fate = self.fate or (getattr(error, "code", "") if handle == self.handle else "")
        await fed.network.clock.sleep(3.0)

    def _judge(self, ill):
        codes = {code for code, _, _ in ill.notes if code.startswith(("store.", "format.", "tlog.", "internal."))}
        self.fate = self.fate or min(codes, default="")
        logs = {log.name: log for log in ill.core.logs}
        for head in self.keys.heads:
            leaves = self.world.leaves.get(head.origin, [])
            try:
                new = leaves_of(ill, logs[head.origin])[len(leaves) :] if head.size > len(leaves) else []
            except (apsw.Error, UnicodeDecodeError) as error:  # found, and what came after the rot cannot be told
                self.fate = type(error).__name__
                continue
            if head.origin not in self.world.leaves or root_of([*leaves, *new][: head.size]) != head.root:
                self.wrong.append(f"signed a head of {head.origin[:12]} at {head.size} that never was")

    async def _check(self, fed, ill):
        """The node went on: then the bit means nothing, or fsck tells."""
        try:
            found = (await ill.fsck())["problems"]
        except apsw.Error as error:
            self.fate = type(error).__name__
            return
        self.fate = found[0]["code"] if found else ""
        if not found and ill.query("PRAGMA quick_check") == [("ok",)]:
            whole = self._again(self.world.nodes[self.handle], ill.clock, ill.entropy)
            whole.open()
            was = set(whole.query(SHOWN))
            await whole.database.close()
            if not was <= set(ill.query(SHOWN)):
                self.wrong.append("entries are not what they were, and nobody noticed")


def rotted(worlds, seed):
    """One bit anywhere, drawn by a seed: the kinds of files in turn, so that the small ones are hit as often."""
    chance = SeededEntropy(seed).fork("rot")
    world = worlds[seed % 2]
    handle = ("aa", "bb")[seed // 2 % 2]
    places = world.places(handle)
    path = list(places)[seed // 4 % len(places)]
    bit = chance.below(places[path])
    while not world.files[handle][path][bit // 8]:  # most of a small database is pages that nobody has written to yet
        bit = chance.below(places[path])
    rot = Rot(world, handle, path, bit)
    run(rot.main, limit_s=600.0)
    return rot


@pytest.fixture(scope="module")
def worlds(objects):
    return [World(objects, merged=True), World(objects, merged=False)]


@pytest.mark.slow
def test_a_bit_anywhere_makes_no_node_sign_what_is_not_so(worlds):
    rots = [rotted(worlds, seed) for seed in range(60)]
    assert [(rot.path, rot.bit, rot.wrong) for rot in rots if rot.wrong] == []
    assert sum(bool(rot.keys.heads) for rot in rots) > 20
    assert len(Counter(rot.fate for rot in rots)) > 3


def bits_of(world, handle, table, column):
    """Where the values of a column stand in the file of the database: (bit of the file, what it is of)."""
    data = world.files[handle][STORE]
    node = copy.copy(world.nodes[handle])
    node.storage = Recorder(world.files[handle], record=False, atomic_create=True)
    node.open()
    rows = node.query(f"SELECT {column} FROM {table} WHERE length({column}) > 30")  # noqa: S608 - constants only
    places = [data.find(value) for (value,) in rows]
    node._connection.close()
    return [place * 8 + 77 for place in places if place > 0]


@pytest.mark.parametrize("handle", ["aa", "bb"])
@pytest.mark.parametrize("column", ["tlog_logs.frontier", "tlog_checkpoints.root", "tlog_checkpoints.note"])
def test_a_bit_in_what_heads_are_made_of_is_found_before_anything_is_signed(worlds, handle, column):
    places = bits_of(worlds[0], handle, *column.split("."))
    assert places
    for bit in places:
        rot = Rot(worlds[0], handle, STORE, bit)
        run(rot.main, limit_s=600.0)
        assert rot.wrong == [], (column, bit, rot.fate)
