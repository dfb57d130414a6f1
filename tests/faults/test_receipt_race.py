"""The receipt race: frames of two histories over several links at once, on a slow and failing disk, between restarts.

aa holds its real keys and lies: it signs two histories that part after three entries. Whatever reaches bb in whatever
order, bb never cosigns two roots at one size, nor a smaller size after a larger, nor entries of both histories, and
what it stored is whole. Two kinds of races, by seed: links through the real listener, greeted and replaced by one
another, and bare sessions side by side, as when several members pass on the same log.
"""

import asyncio
import copy
from contextlib import suppress
from hashlib import sha256
from itertools import pairwise

import pytest

from tocsin.edge.peer.greeting import DOMAIN as _DOMAIN
from tocsin.edge.peer.session import Session
from tocsin.errors import PeerError, StoreError, TocsinError
from tocsin.exchange.receive.verify import outer
from tocsin.exchange.tlog.logs import origin_line
from tocsin.formats import checkpoint, message, note, statement
from tocsin.formats.entry import STIX_21, Entry, Handling, commitments
from tocsin.formats.frame import Frame, encode_batch, encode_box, encode_frame
from tocsin.formats.keys import Role
from tocsin.formats.merkle import root_of
from tocsin.formats.message import Hello, Notice, Proof, State
from tocsin.formats.tlp import Tlp
from tocsin.testing.chance import SeededEntropy
from tocsin.testing.federation import Federation
from tocsin.testing.memorydisk import Fault
from tocsin.testing.network import LossyNetwork
from tocsin.testing.powercut import Recorder
from tocsin.testing.virtualtime import VirtualClock, run

PARTED = 3  # entries that both histories begin with
ENDS = (0, 1, 2, 3, 4, 6, 9)  # where batches end
FAULTS = list(Fault)


class World:
    """What all races share: bb's disk on the first day, aa's keys, the roots of both histories, the frames made."""

    def __init__(self, objects):
        common, ours, others = objects(1, PARTED), objects(2, 9 - PARTED), objects(3, 9 - PARTED)
        handling = Handling(STIX_21, int(Tlp.GREEN), 1, 2)
        self.entries = [
            [Entry(seq, handling, bytes([seq]) * 32, body) for seq, body in enumerate(common + rest)]
            for rest in (ours, others)
        ]
        self.frames = {}
        run(self._found)

    async def _found(self):
        fed = Federation(asyncio.get_running_loop(), ["aa", "bb"], 4)
        await fed.found()
        core = fed.core("aa")
        channel = core.members.channel("plenary")
        self.slot, self.epoch = channel.slots["aa"], core.epochs.current(channel.slots["aa"], channel)
        self.offer = message.encode(Notice(core.epochs.offer(self.slot, self.epoch, "bb")))
        self.key, self.charter = fed.nodes["aa"].keys.signing(Role.LOG), core.members.charter.digest
        await fed.stop()
        self.bb = fed.nodes["bb"]
        self.files = self.bb.storage.files()
        self.leaves = [commitments(self.slot, one) for one in self.entries]

    def root(self, history, size):
        """Of the first `size` entries."""
        return root_of(self.leaves[history][:size])

    def frame(self, history, start, end):
        """The entries from `start` to `end`, signed as all frames are."""
        if (history, start, end) not in self.frames:
            name = origin_line("aa", self.slot)
            text = checkpoint.encode(checkpoint.Checkpoint(name, end, self.root(history, end)))
            signed = note.encode(note.Note(text, (note.sign(text, name, self.key),)))
            box = encode_box(encode_batch(self.entries[history][start:end], None), compress=False)
            head = Frame(self.slot, self.epoch.number, start, signed, b"n" * 12, b"")
            sealed = self.epoch.key.seal(head.nonce, box, head.additional())
            made = message.encode_frame(encode_frame(head._replace(sealed=sealed)))
            self.frames[history, start, end] = made
        return self.frames[history, start, end]


class Watched:
    """A keyring whose receipt key remembers, in order, what it has signed. What a dead process signs nobody sees."""

    def __init__(self, keys):
        self._keys = keys
        self.life = 0
        self.signed = []

    def alive(self):
        """The keyring of the process that starts now."""
        return _Life(self._keys, self)


class _Life:
    def __init__(self, keys, ring):
        self._keys = keys
        self._ring = ring
        self._life = ring.life

    def signing(self, role):
        key = self._keys.signing(role)
        return _WatchedKey(key, self._ring, self._life) if role is Role.RECEIPT else key

    def __getattr__(self, name):
        return getattr(self._keys, name)


class _WatchedKey:
    def __init__(self, key, ring, life):
        self.public = key.public
        self._key = key
        self._ring = ring
        self._life = life

    def sign(self, data):
        if self._life == self._ring.life:
            self._ring.signed.append(data)
        return self._key.sign(data)


class Race:
    """One interleaving: bb lives up to three times; in each life aa talks on up to four links at once."""

    def __init__(self, world, seed):
        self.world = world
        self.chance = SeededEntropy(seed).fork("race")
        self.through_links = seed % 2 == 0
        self.keys = Watched(world.bb.keys)
        self.codes = set()
        self.problems = []
        self._sessions = []

    async def main(self):
        loop = asyncio.get_running_loop()
        self.clock = VirtualClock(loop)
        node = self.node = copy.copy(self.world.bb)
        node.clock, node.notes = self.clock, []
        node.entropy = self.chance.fork("bb")
        node.storage = Recorder(self.world.files, record=False, atomic_create=True)
        node.lag_s = (0.0, 0.02, 0.4)[self.chance.below(3)]
        for _ in range(1 + self.chance.below(3)):
            await self._live(LossyNetwork(loop, self.chance.fork("network")))
        node.storage.mend()
        node.open()
        self.problems = (await node.fsck())["problems"]
        await node.database.close()
        self.codes = {code for code, _, _ in node.notes}

    async def _live(self, network):
        node = self.node
        node.keys = self.keys.alive()
        core = node.open()
        node.storage.mend()
        await core.load()
        if self.chance.below(3) == 0:
            kind = FAULTS[self.chance.below(len(FAULTS))]
            node.storage.fail(node.storage.operations + 1 + self.chance.below(40), kind)
        serving = []
        if self.through_links:
            await core.start(network.port("bb"))
        else:
            listening = network.port("bb").listen(lambda link: self._bare(core, link))
            serving = [asyncio.ensure_future(one) for one in (core.turns.run(), listening)]
        await self.clock.sleep(0.01)
        lanes = [asyncio.ensure_future(self._lane(network.port("aa"))) for _ in range(1 + self.chance.below(4))]
        await asyncio.wait(lanes, timeout=(0.3, 3.0)[self.chance.below(2)])
        node.storage.kill()
        self.keys.life += 1
        for one in [*lanes, *serving[1:]]:
            one.cancel()
        await asyncio.gather(*lanes, return_exceptions=True)
        network.crash("bb")
        await core.stop()
        await asyncio.gather(*self._sessions)  # what still ran comes to its end, unseen
        for one in serving[:1]:
            one.cancel()
        await node.database.close()

    async def _bare(self, core, link):
        self._sessions.append(asyncio.ensure_future(self._talk(core, link)))
        await asyncio.shield(self._sessions[-1])

    async def _talk(self, core, link):
        with suppress(TocsinError):
            await Session(link, core._session_parts(), dialed=False).run()

    async def _lane(self, port):
        """aa on one link after another."""
        for _ in range(1 + self.chance.below(3)):
            await self.clock.sleep(self.chance.fraction() * (0.05, 0.5)[self.chance.below(2)])
            with suppress(PeerError, StopAsyncIteration):
                await self._tell(await port.dial("bb"))

    async def _tell(self, link):
        """Mostly along one history, at times any frame at all."""
        if self.through_links:
            await self._greet(link)
        await link.send(message.encode(State((), ())))
        await link.send(self.world.offer)
        history, at = self.chance.below(2), 0
        for _ in range(3 + self.chance.below(8)):
            start, end = self._pick(at)
            if self.chance.below(8) == 0:
                history = 1 - history
            await link.send(self.world.frame(history, start, end))
            at = end if start == at else at
            await self.clock.sleep(self.chance.fraction() * (0.0, 0.01, 0.3)[self.chance.below(3)])
        if self.chance.below(2):
            await link.close("peer.closed")

    def _pick(self, at):
        """Where a frame begins and ends: mostly on from `at`."""
        later = [one for one in ENDS if one > at]
        if later and self.chance.below(4):
            return at, later[self.chance.below(min(2, len(later)))]
        i = self.chance.below(len(ENDS) - 1)
        return ENDS[i], ENDS[i + 1 + self.chance.below(len(ENDS) - 1 - i)]

    async def _greet(self, link):
        hello = message.encode(Hello(1, 1, "aa", self.world.charter, b"n" * 32, 0, "liar"))
        await link.send(hello)
        theirs = await anext(link.messages())
        transcript = _DOMAIN + sha256(hello).digest() + sha256(theirs).digest()
        await link.send(message.encode(Proof(self.world.key.sign(transcript + b"aa"))))

    def judge(self):
        """What is wrong with all that bb ever cosigned, and with what it holds."""
        wrong = [one["code"] for one in self.problems]
        given = [checkpoint.parse(signed.split(b"\n", 2)[2]) for signed in self.keys.signed]
        given = [one for one in given if one.origin == origin_line("aa", self.world.slot)]
        wrong += ["a smaller size after a larger" for a, b in pairwise(given) if b.size < a.size]
        roots = {one.size: one.root for one in given}
        wrong += ["two roots at one size" for one in given if roots[one.size] != one.root]
        kept = [all(one.root == self.world.root(history, one.size) for one in given) for history in (0, 1)]
        if not any(kept):
            wrong.append("entries of both histories")
        return wrong


def raced(world, seed):
    """The race of a seed, over."""
    race = Race(world, seed)
    run(race.main, limit_s=600.0)
    return race


@pytest.fixture(scope="module")
def world(objects):
    return World(objects)


@pytest.mark.parametrize("first", range(0, 120, 40))
def test_whatever_races_a_member_keeps_to_one_history(world, first):
    races = [raced(world, seed) for seed in range(first, first + 40)]
    assert [(first + i, wrong) for i, one in enumerate(races) if (wrong := one.judge())] == []
    assert sum(len(one.keys.signed) for one in races) > 50
    assert {"receive.fork", "receive.replay", "receive.gap"} <= set().union(*(one.codes for one in races))


def test_what_is_verified_but_not_stored_is_never_cosigned_by_its_size_alone(world):
    """Two links hold frames of one log; the later is to be stored first, and the commit before it fails."""

    async def main():
        race = Race(world, 1)
        node = race.node = copy.copy(world.bb)
        node.clock, node.keys, node.notes = VirtualClock(asyncio.get_running_loop()), race.keys.alive(), []
        node.storage = Recorder(world.files, record=False, atomic_create=True)
        core = node.open()
        await core.load()
        core.keys.learn("aa", statement.parse(message.decode(world.offer).statement))
        first, second, other = (0, 0, 4), (0, 4, 6), (1, 0, 4)
        receiver = core.receiver
        pending = [receiver.begin("aa", outer(message.decode(world.frame(*one)))) for one in (first, second)]
        node.storage.fail(node.storage.operations + 1, Fault.ERROR)
        with pytest.raises(StoreError):
            await receiver.finish(pending[1])
        node.storage.mend()
        late = receiver.begin("aa", outer(message.decode(world.frame(*other))))
        with pytest.raises(StoreError):
            await receiver.finish(pending[0])
        told = receiver.standing("aa")
        await receiver.finish(late)
        assert [one.size for one in receiver.standing("aa")] == [4]
        after = [receiver.begin("aa", outer(message.decode(world.frame(*one)))) for one in ((1, 4, 6), (1, 6, 9))]
        sizes = [(await receiver.finish(one)).size for one in reversed(after)]
        assert sizes == [9, 9], "a smaller size after a larger"
        await node.database.close()
        assert race.judge() == [], told

    run(main)
