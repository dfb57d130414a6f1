"""What the tests of hearsay share: bb with a copy of aa's log, cut off from all, and heads of that log as aa signs them."""

from types import SimpleNamespace

import pytest

from tocsin.exchange.publish.draft import Ready
from tocsin.exchange.receive.verify import outer
from tocsin.formats import checkpoint, heartbeat, note, statement
from tocsin.formats.checkpoint import Checkpoint
from tocsin.formats.keys import Role
from tocsin.formats.message import Head
from tocsin.formats.tlp import Tlp


class Hearing:
    """bb, which holds what carry() brought it of aa's log in the plenary."""

    def __init__(self, fed):
        self.fed = fed
        for handle in fed.nodes:
            fed.network.isolate(handle)
        self.aa, self.bb = fed.core("aa"), fed.core("bb")
        self.channel = self.bb.members.channel("plenary")
        self.slot = self.channel.slots["aa"]
        self.ours, self.log = self.aa.logs.get(self.slot), self.bb.logs.get(self.slot)
        self.told = []
        self.bb.proofs.on_new(lambda *told: self.told.append(told))

    async def publish(self, *counts, at=None, channel="plenary"):
        core = at or self.aa
        for count in counts:
            one = Ready(b"{}", "identity--x", "", "n", Tlp.GREEN, 0)
            await core.publisher.publish(core.members.channel(channel), [one] * count)

    async def carry(self, *counts):
        """aa publishes batches of so many entries, and bb stores each of them."""
        for count in counts:
            start = self.ours.size
            await self.publish(count)
            sealed = await self.aa.frames.frame(self.ours, start)
            self.bb.keys.learn("aa", statement.parse(self.aa.epochs.offer(self.slot, sealed.epoch, "bb")))
            await self.bb.receiver.finish(self.bb.receiver.begin("aa", outer(sealed.data)))

    def note(self, size, root=b"r" * 32, beat=None, *, name=None, key=None, by="aa"):
        """A head of the log in aa's signature, true or not."""
        name = name or self.ours.name
        plain = Checkpoint(name, size, root)
        text = checkpoint.encode(plain if beat is None else heartbeat.beating(plain, beat))
        key = key or self.fed.nodes[by].keys.signing(Role.LOG)
        return note.encode(note.Note(text, (note.sign(text, name, key),)))

    async def true(self, size, beat=None):
        """The head that aa's log really had at a size."""
        return self.note(size, await self.aa.receiver.root_at(self.ours, size), beat)

    async def hear(self, *notes, of="cc", slot=None):
        for one in notes:
            await self.bb.gossip.take(of, Head(slot or self.slot, one))

    async def evidence(self):
        return [(kind, accused) for _, kind, accused, _, _, _ in await self.bb.proofs.held()]

    def kept_keys(self, *keys):
        """bb knows aa by these log keys, today's first."""
        bodies = [SimpleNamespace(keys={Role.LOG: one.public}) for one in keys]
        known = self.bb.members.known
        self.bb.members.known = lambda handle: bodies if handle == "aa" else known(handle)


@pytest.fixture
def hearing(played):
    def play(story, handles=("aa", "bb", "cc")):
        async def main(fed):
            await story(Hearing(fed))

        played(main, handles=handles)

    return play
