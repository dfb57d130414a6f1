"""Frames of a log: sealed once for all, joined for those who lag, and honest when entries are gone."""

from tocsin.exchange.publish import frames
from tocsin.exchange.publish.draft import Ready
from tocsin.formats import checkpoint, note
from tocsin.formats.frame import decode_batch, decode_box, decode_frame
from tocsin.formats.markings import ChannelKind
from tocsin.formats.tlp import Tlp

TEXT = b"the same words again and again, " * 8


async def publish(core, channel, *counts, mark=Tlp.GREEN):
    """One batch for each count."""
    for count in counts:
        await core.publisher.publish(channel, [Ready(TEXT, "identity--1", "", "n", mark, 0)] * count)


def looked_into(sealed):
    """(start, end of the checkpoint, entries, first byte of the batch, first byte of the box)."""
    outer = decode_frame(sealed.data)
    box = sealed.epoch.key.open(outer.nonce, outer.sealed, outer.additional())
    batch = decode_box(box)
    entries = decode_batch(batch, outer.start)
    return outer.start, checkpoint.parse(note.parse(outer.checkpoint).text).size, entries, batch[0], box[0]


async def ready(fed, *counts, kind=None, mark=Tlp.GREEN):
    fed.network.isolate("bb")
    core = fed.core("aa")
    channel = core.members.channel("two" if kind else "plenary")
    await publish(core, channel, *counts, mark=mark)
    return core, core.logs.get(channel.slots["aa"])


def test_a_fresh_batch_travels_as_it_was_committed(played):
    async def story(fed):
        core, log = await ready(fed, 3)
        sealed = await core.frames.frame(log, 0)
        start, size, entries, seeded, packed = looked_into(sealed)
        assert (start, size, len(entries), sealed.start, sealed.end) == (0, 3, 3, 0, 3)
        assert (seeded, packed) == (0, 1), "one seed for all salts, compressed"
        assert sealed.content_bytes == 3 * len(TEXT)

    played(story)


def test_all_who_stand_at_one_place_get_the_same_bytes(played):
    async def story(fed):
        core, log = await ready(fed, 3)
        one = await core.frames.frame(log, 0)
        assert await core.frames.frame(log, 0) is one
        core.world.clock.offset_s += 86_401
        other = await core.frames.frame(log, 0)
        assert other.epoch.number > one.epoch.number
        assert other.data != one.data
        assert looked_into(other)[:3] == looked_into(one)[:3]

    played(story)


def test_small_batches_are_joined_up_to_a_boundary(played):
    async def story(fed):
        core, log = await ready(fed, 2, 3, 4)
        start, size, entries, seeded, _ = looked_into(await core.frames.frame(log, 0))
        assert (start, size, len(entries), seeded) == (0, 9, 9, 1), "salts one by one"
        assert len({one.salt for one in entries}) == 9
        assert looked_into(await core.frames.frame(log, 2))[:2] == (2, 9)
        assert looked_into(await core.frames.frame(log, 5))[:2] == (5, 9)

    played(story)


def test_frames_end_at_a_boundary_so_that_many_share_them(played, monkeypatch):
    monkeypatch.setattr(frames, "_BOUNDARY", 8)

    async def story(fed):
        core, log = await ready(fed, 3, 3, 3, 3)
        assert looked_into(await core.frames.frame(log, 0))[1] == 6, "the last batch that ends within 8"
        assert looked_into(await core.frames.frame(log, 3))[1] == 6
        assert looked_into(await core.frames.frame(log, 6))[1] == 9, "no batch ends between 6 and 8"

    played(story)


def test_what_is_too_large_together_goes_alone(played, monkeypatch):
    monkeypatch.setattr(frames, "_MAX_JOINED_BYTES", 4 * len(TEXT))

    async def story(fed):
        core, log = await ready(fed, 5, 1)
        assert looked_into(await core.frames.frame(log, 0))[1] == 5

    played(story)


def test_red_is_never_compressed(played):
    async def story(fed):
        await fed.channel("two", ChannelKind.BILATERAL, ["aa", "bb"])
        core, log = await ready(fed, 2, kind=ChannelKind.BILATERAL, mark=Tlp.RED)
        assert looked_into(await core.frames.frame(log, 0))[4] == 0

    played(story)


def test_compression_may_be_switched_off(played):
    async def story(fed):
        core, log = await ready(fed, 2)
        core.frames.compress = False
        assert looked_into(await core.frames.frame(log, 0))[4] == 0

    played(story)


def test_memory_is_bounded(played, monkeypatch):
    monkeypatch.setattr(frames, "_KEEP_BYTES", 3000)

    async def story(fed):
        core, log = await ready(fed, *[4] * 10)
        for start in range(0, 40, 4):
            await core.frames.frame(log, start)
        assert core.frames._batches_bytes == sum(one.size for one in core.frames._batches.values()) <= 3000
        kept = core.frames._sealed.values()
        assert core.frames._sealed_bytes == sum(len(one.data) for one in kept) <= 3000

    played(story)


def test_entries_that_are_gone_are_told(played, refused):
    async def story(fed):
        core, log = await ready(fed, 2, 2)
        await core.world.database.write(lambda tx: tx.execute("DELETE FROM journal_rows WHERE seq = 1"))
        core.frames._batches.clear()
        with refused("store.gap"):
            await core.frames.frame(log, 0)
        with refused("store.gap"):
            await core.frames.frame(log, 4)
        assert looked_into(await core.frames.frame(log, 2))[1] == 4
        await core.world.database.write(lambda tx: tx.execute("UPDATE journal_rows SET content = NULL WHERE seq = 3"))
        core.frames._sealed.clear()
        with refused("store.gap"):
            await core.frames.frame(log, 2)

    played(story)
