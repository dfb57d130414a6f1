"""Receipts: for our own logs, from their audience, at a size we signed, under the receipt key; durable when told."""

import asyncio

import pytest
from msgspec.structs import replace

from tocsin.exchange.deliver import receipts
from tocsin.exchange.deliver.receipts import Receipts, held_by
from tocsin.exchange.publish.draft import Ready
from tocsin.formats import cosignature
from tocsin.formats.keys import Role, key_name
from tocsin.formats.markings import ChannelKind
from tocsin.formats.merkle import root_of
from tocsin.formats.message import Receipt
from tocsin.formats.tlp import Tlp
from tocsin.testing.memorydisk import Fault

UNKNOWN, SIGNATURE = "deliver.receipt-unknown", "deliver.receipt-signature"


class Origin:
    """aa with batches that end at 2 and 5, cut off from all others; receipt() is what a member would send."""

    def __init__(self, fed):
        self.fed = fed
        self.core = fed.core("aa")
        self.channel = self.core.members.channel("plenary")
        self.log = self.core.logs.get(self.channel.slots["aa"])
        self.roots = {}

    async def publish(self, *counts):
        for count in counts:
            one = Ready(b"{}", "identity--x", "", "n", Tlp.GREEN, 0)
            await self.core.publisher.publish(self.channel, [one] * count)
            self.roots[self.log.size] = self.log.frontier.root()

    def receipt(self, size, *, by="bb", root=None, role=Role.RECEIPT, at=7):
        name = key_name(by, Role.RECEIPT)
        text = self.log.checkpoint(size, root or self.roots.get(size, bytes(32)))
        made = cosignature.cosign(text, name, self.fed.nodes[by].keys.signing(role), at)
        return Receipt(self.log.slot, size, made.key_id, made.blob)

    async def rows(self, sql):
        return await self.core.world.database.read(lambda db: db.query(sql))


@pytest.fixture
def origin(played):
    def play(story, handles=("aa", "bb", "cc")):
        async def main(fed):
            for handle in handles[1:]:
                fed.network.isolate(handle)
            one = Origin(fed)
            await one.publish(2, 3)
            await story(one)

        played(main, handles=handles)

    return play


def test_stored_with_its_position_and_told(origin):
    async def story(aa):
        told = []
        aa.core.receipts.on_stored(told.append)
        head = aa.core.journal.head
        stored = await aa.core.receipts.take("bb", aa.receipt(2))
        assert (stored.log, stored.member, stored.size, stored.signed_at) == (aa.log.number, "bb", 2, 7)
        assert told == [stored]
        assert aa.core.receipts.size(aa.log, "bb") == 2
        assert aa.core.receipts.size(aa.log, "cc") == 0
        assert aa.core.journal.head == head + 1
        [(member, seq, sent, blob)] = await aa.rows(
            "SELECT member, seq, sent_at, content FROM journal_rows WHERE kind = 2"
        )
        assert (member, seq, sent, blob) == ("bb", 2, 7_000_000, stored.blob)
        rows = await aa.core.world.database.read(lambda db: held_by(db, aa.log.number))
        assert [(row[0], row[1], row[4]) for row in rows] == [("bb", 2, stored.blob)]
        again = Receipts(aa.core.members, aa.core.logs, aa.core.journal, aa.core.world.clock)
        await again.load()
        assert again.size(aa.log, "bb") == 2

    origin(story)


def test_a_position_never_goes_back(origin):
    async def story(aa):
        for size in (5, 2, 5):
            assert (await aa.core.receipts.take("bb", aa.receipt(size))).size == size
        assert aa.core.receipts.size(aa.log, "bb") == 5
        rows = await aa.core.world.database.read(lambda db: held_by(db, aa.log.number))
        assert [row[1] for row in rows] == [5]
        assert await aa.rows("SELECT seq FROM journal_rows WHERE kind = 2") == [(5,)], "what we have is not told again"

    origin(story)


def test_many_at_once(origin):
    async def story(aa):
        receipts = [aa.core.receipts.take(by, aa.receipt(size, by=by)) for by in ("bb", "cc") for size in (2, 5)]
        assert [one.size for one in await asyncio.gather(*receipts)] == [2, 5, 2, 5]
        assert [aa.core.receipts.size(aa.log, by) for by in ("bb", "cc")] == [5, 5]

    origin(story)


def test_which_are_of_nothing_we_signed(origin, refused):
    async def story(aa):
        two = await aa.core.acts.create_channel("two", ChannelKind.BILATERAL, ["bb"])
        good = aa.receipt(2)
        for peer, bad in (
            ("bb", aa.receipt(6)),
            ("bb", aa.receipt(2**63 - 1)),
            ("zz", good),
            ("bb", replace(good, slot=bytes(32))),
            ("bb", replace(good, slot=aa.channel.slots["bb"])),
            ("bb", replace(good, slot=two.slots["aa"])),
        ):
            with refused(UNKNOWN):
                await aa.core.receipts.take(peer, bad)
        assert await aa.rows("SELECT * FROM deliver_receipts") == []

    origin(story)


def test_one_for_a_size_at_which_no_batch_of_ours_ended(origin):
    """Another may have brought the log in other frames than we: the signature decides, over the tree's own root."""

    async def story(aa):
        rows = await aa.rows("SELECT commitment FROM journal_rows WHERE kind = 1 ORDER BY seq")
        root = root_of([one for (one,) in rows[:3]])
        assert (await aa.core.receipts.take("bb", aa.receipt(3, root=root))).size == 3
        assert aa.core.receipts.size(aa.log, "bb") == 3
        assert (await aa.core.receipts.take("cc", aa.receipt(0, by="cc", root=root_of([])))).size == 0
        assert aa.core.receipts.size(aa.log, "cc") == 0

    origin(story)


def test_a_size_that_is_stored_but_not_signed_yet(origin, refused):
    async def story(aa):
        aa.log.released = 2
        with refused(UNKNOWN):
            await aa.core.receipts.take("bb", aa.receipt(5))
        assert (await aa.core.receipts.take("bb", aa.receipt(2))).size == 2

    origin(story)


def test_which_are_not_signed_by_their_member(origin, refused):
    async def story(aa):
        good = aa.receipt(2)
        for peer, bad in (
            ("cc", good),
            ("bb", aa.receipt(2, by="cc")),
            ("bb", aa.receipt(2, role=Role.LOG)),
            ("bb", aa.receipt(2, root=bytes(32))),
            ("bb", aa.receipt(3)),
            ("bb", aa.receipt(0)),
            ("bb", replace(aa.receipt(5), size=2)),
            ("bb", replace(good, key_id=bytes(4))),
            ("bb", replace(good, blob=good.blob[:-1] + bytes([good.blob[-1] ^ 1]))),
            ("bb", replace(good, blob=bytes(8) + good.blob[8:])),
        ):
            with refused(SIGNATURE):
                await aa.core.receipts.take(peer, bad)
        assert await aa.rows("SELECT * FROM deliver_receipts") == []

    origin(story)


def test_one_bad_receipt_spoils_no_other(origin):
    async def story(aa):
        told = await asyncio.gather(
            *(aa.core.receipts.take("bb", one) for one in (aa.receipt(6), aa.receipt(2), aa.receipt(2, by="cc"))),
            return_exceptions=True,
        )
        assert [getattr(one, "code", "stored") for one in told] == [UNKNOWN, "stored", SIGNATURE]

    origin(story)


def test_a_store_that_fails_is_told_and_nothing_is_believed(origin, refused):
    async def story(aa):
        storage = aa.fed.nodes["aa"].storage
        storage.fail(storage.operations + 1, Fault.ERROR)
        with refused("store.unknown"):
            await aa.core.receipts.take("bb", aa.receipt(5))
        storage.mend()
        assert aa.core.receipts.size(aa.log, "bb") == 0
        assert (await aa.core.receipts.take("bb", aa.receipt(5))).size == 5

    origin(story)


@pytest.mark.parametrize("fault", ["bad", "store"])
def test_whoever_left_with_its_link_stops_nobody(origin, refused, fault):
    async def story(aa):
        receipts = Receipts(aa.core.members, aa.core.logs, aa.core.journal, aa.core.world.clock)
        gone = asyncio.ensure_future(receipts.take("bb", aa.receipt(6 if fault == "bad" else 2)))
        other = asyncio.ensure_future(receipts.take("bb", aa.receipt(5)))
        await asyncio.sleep(0)
        gone.cancel()
        storage = aa.fed.nodes["aa"].storage
        if fault == "store":
            storage.fail(storage.operations + 1, Fault.ERROR, lasting=True)
        working = asyncio.ensure_future(receipts.run())
        if fault == "bad":
            assert (await other).size == 5
        else:
            with refused("store.unknown"):
                await other
            storage.mend()
        assert (await receipts.take("bb", aa.receipt(5))).size == 5
        assert not working.done()
        working.cancel()

    origin(story)


def test_texts_are_kept_for_the_newest_only(origin, monkeypatch):
    monkeypatch.setattr(receipts, "_TEXTS", 3)

    async def story(one):
        for _ in range(6):
            await one.publish(1)
            await one.core.receipts.take("bb", one.receipt(one.log.size))
        assert len(one.core.receipts._texts) == 3

    origin(story)
