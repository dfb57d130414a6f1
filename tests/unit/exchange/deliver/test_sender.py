"""Carrying our logs to one peer: from where it stands, a bounded window ahead, each log in its turn."""

import asyncio

import pytest

from tocsin.exchange.deliver import sender
from tocsin.exchange.deliver.sender import Sender
from tocsin.exchange.publish.draft import Ready
from tocsin.formats import checkpoint, message, note, statement
from tocsin.formats.frame import decode_frame
from tocsin.formats.markings import ChannelKind
from tocsin.formats.message import Notice, Position, Refusal
from tocsin.formats.tlp import Tlp


class Link:
    """What aa would send to bb, as (slot, start, end) of frames and epoch numbers of keys."""

    def __init__(self, fed, held=()):
        self.fed = fed
        self.core = fed.core("aa")
        self.sent = []
        self.sender = Sender("bb", self.take, self.core.links._parts.sending, tuple(held))

    async def take(self, data):
        got = message.decode(data)
        if isinstance(got, Notice):
            self.sent.append(("key", statement.parse(got.statement).body["epoch"]))
        else:
            outer = decode_frame(got)
            end = checkpoint.parse(note.parse(outer.checkpoint).text).size
            self.sent.append((outer.slot, outer.start, end))

    def frames(self, slot=None):
        return [one[1:] for one in self.sent if one[0] != "key" and slot in (None, one[0])]

    async def rest(self):
        self.sender.wake()
        await self.fed.network.clock.sleep(1)


async def publish(fed, *counts, channel="plenary"):
    core = fed.core("aa")
    where = core.members.channel(channel)
    for count in counts:
        await core.publisher.publish(where, [Ready(b"{}", "identity--x", "", "n", Tlp.GREEN, 0)] * count)
    return where.slots["aa"]


@pytest.fixture
def linked(played):
    """linked(story, *counts, held=): the story gets a Link that runs, and the slot of the plenary log of aa."""

    def play(story, *counts, held=lambda slot: (), channels=()):
        async def main(fed):
            for name in channels:
                await fed.channel(name, ChannelKind.THEMATIC, ["aa", "bb"])
            fed.network.isolate("bb")
            slot = await publish(fed, *counts)
            link = Link(fed, held(slot))
            task = asyncio.ensure_future(link.sender.run())
            await link.rest()
            await story(link, slot)
            assert not task.done(), task
            task.cancel()

        played(main)

    return play


def test_from_the_position_the_peer_holds(linked):
    async def story(link, slot):
        assert link.frames() == [(70, 140)]
        assert link.sender.waiting() == 1
        link.sender.receipted(slot, 140)
        await link.rest()
        assert (link.frames(), link.sender.waiting()) == ([(70, 140)], 0)

    linked(story, 70, 70, held=lambda slot: (Position(slot, 70, bytes(32), b""),))


def test_the_key_goes_before_the_first_frame_and_once(linked):
    async def story(link, slot):
        assert [one[0] for one in link.sent] == ["key", slot, slot]
        link.core.world.clock.offset_s += 86_401
        await publish(link.fed, 1)
        await link.rest()
        assert [one[0] for one in link.sent] == ["key", slot, slot, "key", slot]
        assert link.sent[0] != link.sent[3]

    linked(story, 70, 70)


def test_a_push_is_only_a_wake_up(linked):
    async def story(link, slot):
        assert link.sent == []
        await publish(link.fed, 3)
        assert link.frames() == []
        await link.rest()
        assert link.frames() == [(0, 3)]

    linked(story)


def test_the_window(linked, monkeypatch):
    monkeypatch.setattr(sender, "WINDOW_FRAMES", 3)

    async def story(link, slot):
        assert link.frames() == [(0, 70), (70, 140), (140, 210)]
        link.sender.receipted(slot, 140)
        await link.rest()
        assert link.frames()[3:] == [(210, 280), (280, 350)]
        link.sender.receipted(bytes(32), 999)
        await link.rest()
        assert len(link.frames()) == 5

    linked(story, *[70] * 6)


def test_the_window_in_bytes(linked, monkeypatch):
    monkeypatch.setattr(sender, "WINDOW_BYTES", 10)

    async def story(link, slot):
        for count in (1, 2, 3):
            assert len(link.frames()) == count
            link.sender.receipted(slot, 70 * count)
            await link.rest()

    linked(story, *[70] * 3)


@pytest.mark.parametrize("code", ["receive.gap", "receive.overlap", "receive.no-key"])
def test_it_begins_again_where_the_peer_stands_but_not_for_ever(linked, code):
    async def story(link, slot):
        for again in range(1, 4):
            link.sender.refused(Refusal(slot, code, 70))
            await link.rest()
            assert link.frames()[2:] == [(70, 140)] * again
        link.sender.refused(Refusal(slot, code, 70))
        await link.rest()
        assert len(link.frames()) == 5
        assert link.sender.stopped() == {slot: code}
        assert link.sender.waiting() == 0

    linked(story, 70, 70)


@pytest.mark.parametrize("code", ["receive.fork", "receive.not-open", "receive.root"])
def test_a_log_the_peer_will_not_take_is_left_for_this_link(linked, code):
    async def story(link, slot):
        link.sender.refused(Refusal(slot, code, 0))
        await publish(link.fed, 70)
        await link.rest()
        assert (len(link.frames()), link.sender.stopped()) == (1, {slot: code})
        link.sender.resume()
        await link.rest()
        assert link.frames()[1:] == ([(0, 70), (70, 140)] if code == "receive.not-open" else [])

    linked(story, 70)


@pytest.mark.slow
def test_a_busy_channel_does_not_starve_a_quiet_one(linked, monkeypatch):
    monkeypatch.setattr(sender, "WINDOW_FRAMES", 4)

    async def story(link, slot):
        other = await publish(link.fed, 70, 70, channel="quiet")
        link.sender.receipted(slot, 10**9)
        await link.rest()
        assert len(link.frames(other)) == 2
        assert len(link.frames(slot)) == 6

    linked(story, *[70] * 8, channels=["quiet"])


def test_a_peer_outside_the_channel_and_an_unsigned_log_get_nothing(linked):
    async def story(link, slot):
        outsider = Link(link.fed)
        outsider.sender.peer = "zz"
        task = asyncio.ensure_future(outsider.sender.run())
        await outsider.rest()
        assert outsider.sent == []
        task.cancel()
        log = link.core.logs.get(slot)
        link.core.signer.peer_holds(log, Position(slot, 99, bytes(32), b""), None)
        link.sender.receipted(slot, 70)
        log.released = log.size
        count = len(link.sent)
        link.sender.refused(Refusal(slot, "receive.gap", 0))
        await link.rest()
        assert len(link.sent) == count, "a log that may not be signed is not sent"

    linked(story, 70)


@pytest.mark.parametrize("code", ["receive.no-key", "receive.stranger", "receive.not-open"])
def test_a_key_that_came_too_early_is_offered_again(linked, code):
    """The peer throws away a key for a log that it does not know yet."""

    async def story(link, slot):
        link.sender.refused(Refusal(slot, code, 0))
        link.sender.resume()
        await link.rest()
        assert [one[0] for one in link.sent] == ["key", slot, "key", slot]

    linked(story, 70)


def test_nothing_is_kept_of_logs_a_peer_makes_up(linked):
    async def story(link, slot):
        theirs = link.core.members.channel("plenary").slots["bb"]
        for made_up in (b"x" * 32, b"y" * 32, theirs):
            for code in ("receive.gap", "receive.stranger"):
                link.sender.refused(Refusal(made_up, code, 7))
                link.sender.want(made_up, 3, wanted=made_up is not theirs)
                link.sender.want(made_up, 3, wanted=False)
        assert link.sender.stopped() == {}
        await link.rest()
        ours = {slot, link.core.members.channel("plenary").urgent["aa"]}
        assert set(link.sender._next) | set(link.sender._restarts) | set(link.sender._wanted) <= ours

    linked(story, 2)


# -- logs of others ---------------------------------------------------------------------------------------------------


async def relayed(link, *counts):
    """aa holds batches of cc's that bb lacks; their slot."""
    cc = link.fed.core("cc")
    for count in counts:
        one = Ready(b"{}", "identity--x", "", "n", Tlp.GREEN, 0)
        await cc.publisher.publish(cc.members.channel("plenary"), [one] * count)
    slot = link.core.members.channel("plenary").slots["cc"]
    await link.fed.until(lambda: link.core.receiver.size(slot) == cc.logs.get(slot).size)
    return slot


@pytest.fixture
def relaying(played):
    def play(story):
        async def main(fed):
            fed.network.isolate("bb")
            link = Link(fed)
            task = asyncio.ensure_future(link.sender.run())
            await story(link)
            task.cancel()

        played(main, handles=("aa", "bb", "cc"))

    return play


@pytest.mark.slow
def test_what_is_another_members_is_sent_only_when_it_is_wanted(relaying):
    async def story(link):
        slot = await relayed(link, 70, 70)
        await link.rest()
        assert link.frames(slot) == []
        link.sender.want(slot, 70, wanted=True)
        await link.rest()
        assert link.frames(slot) == [(70, 140)]
        link.sender.want(slot, 0, wanted=False)
        await relayed(link, 70)
        await link.rest()
        assert link.frames(slot) == [(70, 140)]

    relaying(story)


@pytest.mark.slow
def test_refused_frames_of_another_leave_the_window(relaying, monkeypatch):
    """Or so many of them would stop everything else on the link, for ever."""
    monkeypatch.setattr(sender, "WINDOW_FRAMES", 1)

    async def story(link):
        slot = await relayed(link, 70)
        link.sender.want(slot, 0, wanted=True)
        await link.rest()
        assert link.sender.waiting() == 1
        link.sender.refused(Refusal(slot, "receive.root", 0))
        assert (link.sender.waiting(), link.sender.stopped()) == (0, {slot: "receive.root"})
        own = await publish(link.fed, 70)
        await link.rest()
        assert link.frames(own) == [(0, 70)]

    relaying(story)


def test_what_is_wanted_no_longer_leaves_the_window(relaying):
    async def story(link):
        slot = await relayed(link, 70)
        link.sender.want(slot, 0, wanted=True)
        await link.rest()
        assert link.sender.waiting() == 1
        link.sender.want(slot, 0, wanted=False)
        assert link.sender.waiting() == 0

    relaying(story)


def test_wanting_a_log_of_ours_changes_nothing(linked):
    async def story(link, slot):
        before = list(link.sent)
        link.sender.want(slot, 0, wanted=True)
        link.sender.want(slot, 2**63 - 1, wanted=True)
        await link.rest()
        assert link.sent == before
        assert link.sender.waiting() == 1

    linked(story, 70)
