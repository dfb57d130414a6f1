"""Erase orders through the whole exchange: nothing of what was said is left, everything that was signed still holds."""

import json

from tocsin.exchange.deliver.erased import answered
from tocsin.exchange.journal import erase
from tocsin.exchange.publish import order
from tocsin.exchange.publish.draft import Ready
from tocsin.formats import erasure, statement
from tocsin.formats.entry import ERASE_ORDER
from tocsin.formats.markings import ChannelKind
from tocsin.formats.tlp import Tlp

CANARY = "c4n4ry-7f3a91d2"
OTHER = "kept-5be01c77"
SALTS = "SELECT salt FROM journal_rows WHERE kind = 1 AND held IS NULL AND name LIKE ?"


async def told(fed, stix, *, count=3):
    """`aa` has told everybody of things to be erased, and of as many others."""
    objects = [stix.object(n, name=f"{CANARY} {n}") for n in range(count)]
    objects += [stix.object(100 + n, name=f"{OTHER} {n}") for n in range(count)]
    batches, refused = await fed.share("aa", "plenary", objects, Tlp.GREEN)
    assert not refused
    return batches[0]


async def give(fed, named, *, handle="aa", channel="plenary", slot=None, reason="shared in error"):
    """An erase order for entries of our log in a channel."""
    core = fed.core(handle)
    where = core.members.channel(channel)
    mine = slot or where.slots[handle]
    made = order.orders(mine, [(seq, 1) for seq in named], reason, 7, core.world.clock.now_us())
    return await core.publisher.publish(where, made)


def bytes_of(node):
    return b"".join(node.storage.files().values())


def salts_of(node, name=CANARY):
    return [row[0] for row in node.query(SALTS, f"{name}%")]


def receipts_at(fed, batch, handle="aa"):
    return {
        row[0]
        for row in fed.nodes[handle].query(
            "SELECT member FROM deliver_erased WHERE log = ? AND seq = ?", batch.log, batch.start
        )
    }


async def clean(fed, batch, *handles):
    """Everybody has obeyed, and said so."""
    await fed.until(lambda: receipts_at(fed, batch) == {"bb", "cc"} - set(handles))


async def sound(fed):
    for node in fed.nodes.values():
        if node.core is not None:
            assert (await node.fsck())["problems"] == []


def test_what_is_ordered_away_is_nowhere_and_everything_signed_holds(played, stix):
    async def story(fed):
        batch = await told(fed, stix)
        await fed.settled()
        salts = {handle: salts_of(node) for handle, node in fed.nodes.items()}
        for handle, node in fed.nodes.items():
            assert CANARY.encode() in bytes_of(node), "the test could see it"
            assert len(salts[handle]) == 3
            assert all(salt in bytes_of(node) for salt in salts[handle])
        heads = {
            handle: fed.core(handle).logs.get(fed.core("aa").members.channel("plenary").slots["aa"])
            for handle in fed.nodes
        }
        root = heads["bb"].frontier.root()
        given = await give(fed, range(batch.start, batch.start + 3))
        await fed.settled()
        await clean(fed, given)
        for handle, node in fed.nodes.items():
            left = bytes_of(node)
            assert CANARY.encode() not in left, handle
            assert not [salt for salt in salts[handle] if salt in left], handle
            assert left.count(OTHER.encode()) >= 3
            assert (await node.fsck())["problems"] == []
            held = node.query(
                "SELECT held, marking, sent_at, content FROM journal_rows WHERE kind = 1 ORDER BY log, seq LIMIT 3"
            )
            assert [one[0] for one in held] == ["erased"] * 3
            assert all(one[1] == Tlp.GREEN and one[2] and one[3] is None for one in held)
            assert node.query("SELECT root FROM tlog_checkpoints WHERE size = 6") == [(root,)]
        assert heads["bb"].size == 7

    played(story, ("aa", "bb", "cc"))
