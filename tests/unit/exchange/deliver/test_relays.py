"""Receipts that come back to a relay: checked against the relay's own copy, kept newest only, given to the origin."""

import pytest
from msgspec.structs import replace

from tocsin.exchange.deliver import relays
from tocsin.exchange.publish.draft import Ready
from tocsin.formats import cosignature
from tocsin.formats.keys import Role, key_name
from tocsin.formats.message import Receipt, Relayed
from tocsin.formats.tlp import Tlp


class Relay:
    """bb with aa's log of five entries; receipt() is what cc would give for it."""

    def __init__(self, fed):
        self.fed = fed
        self.core = fed.core("bb")
        self.slot = self.core.members.channel("plenary").slots["aa"]
        self.log = self.core.logs.get(self.slot)
        self.relays = relays.Relays(self.core.members, self.core.world.database)

    async def receipt(self, size, *, by="cc", root=None, role=Role.RECEIPT):
        root = root or await self.core.receiver.root_at(self.log, size) or bytes(32)
        made = cosignature.cosign(
            self.log.checkpoint(size, root), key_name(by, Role.RECEIPT), self.fed.nodes[by].keys.signing(role), 7
        )
        return Receipt(self.slot, size, made.key_id, made.blob)


@pytest.fixture
def relay(played):
    def play(story):
        async def main(fed):
            core = fed.core("aa")
            one = Ready(b"{}", "identity--x", "", "n", Tlp.GREEN, 0)
            for count in (2, 3):
                await core.publisher.publish(core.members.channel("plenary"), [one] * count)
            await fed.settled()
            await story(Relay(fed))

        played(main, handles=("aa", "bb", "cc"))

    return play


def test_the_newest_of_each_member_goes_to_its_origin(relay):
    async def story(bb):
        for size in (2, 3, 5):
            given = await bb.receipt(size)
            made = await bb.relays.take("cc", bb.log, given)
            assert made == Relayed("cc", bb.slot, size, given.key_id, given.blob)
        own = await bb.receipt(5, by="aa")
        await bb.relays.take("aa", bb.log, own)
        assert sorted((one.member, one.size) for one in bb.relays.of("aa")) == [("aa", 5), ("cc", 5)]
        assert bb.relays.of("cc") == []

    relay(story)


def test_what_is_not_signed_by_its_member_is_refused(relay, refused):
    async def story(bb):
        good = await bb.receipt(3)
        for peer, bad in (
            ("aa", good),
            ("cc", await bb.receipt(3, by="aa")),
            ("cc", await bb.receipt(3, role=Role.LOG)),
            ("cc", await bb.receipt(3, root=b"r" * 32)),
            ("cc", replace(good, size=2)),
        ):
            with refused("deliver.receipt-signature"):
                await bb.relays.take(peer, bb.log, bad)
        for peer, size in (("zz", 3), ("cc", 6)):
            with refused("deliver.receipt-unknown"):
                await bb.relays.take(peer, bb.log, await bb.receipt(size))
        assert bb.relays.of("aa") == []

    relay(story)


def test_so_many_are_kept(relay, monkeypatch):
    monkeypatch.setattr(relays, "_MOST", 1)

    async def story(bb):
        await bb.relays.take("cc", bb.log, await bb.receipt(5))
        await bb.relays.take("aa", bb.log, await bb.receipt(5, by="aa"))
        assert [one.member for one in bb.relays.of("aa")] == ["cc"]

    relay(story)
