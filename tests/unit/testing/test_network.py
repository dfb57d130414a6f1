"""The network of named nodes in one process."""

import asyncio

import pytest

from tocsin.errors import MEANINGS, PeerError
from tocsin.testing.chance import SeededEntropy
from tocsin.testing.network import LossyNetwork
from tocsin.testing.virtualtime import run


class World:
    """Two listening nodes a and b (and c) that keep what they get."""

    def __init__(self, **settings):
        self.loop = asyncio.get_running_loop()
        self.net = LossyNetwork(self.loop, SeededEntropy(settings.pop("seed", 1)), **settings)
        self.got = []
        self.ended = []
        self.links = []
        self.servers = {}
        for handle in ("a", "b", "c"):
            self.serve(handle)

    def serve(self, handle):
        async def accept(link):
            self.links.append(link)
            async for message in link.messages():
                self.got.append(message)
            self.ended.append((handle, link.peer, link.end_code))

        self.servers[handle] = self.loop.create_task(self.net.port(handle).listen(accept))

    async def dial(self, src="a", dst="b"):
        return await self.net.port(src).dial(dst)

    async def rest(self, seconds=60.0):
        await self.net.clock.sleep(seconds)


def played(story, **settings):
    async def main():
        world = World(**settings)
        await story(world)
        return world

    return run(main)


async def refused(awaitable, code):
    with pytest.raises(PeerError) as caught:
        await awaitable
    assert caught.value.code == code
    assert code in MEANINGS


def test_messages_keep_their_order_and_take_the_delay():
    async def story(world):
        link = await world.dial()
        assert link.peer == "b"
        begin = world.loop.time()
        for n in range(50):
            await link.send(b"%d" % n)
        await world.rest(0.001)
        assert world.got == []
        await world.rest()
        assert world.links[0].peer == "a"
        assert world.loop.time() > begin

    assert played(story, delay_s=(0.01, 0.5)).got == [b"%d" % n for n in range(50)]


def test_both_directions_work_and_close_tells_why_after_what_was_sent():
    async def story(world):
        link = await world.dial()
        await world.rest(1)
        await world.links[0].send(b"hello a")
        assert await anext(aiter(link.messages())) == b"hello a"
        await link.send(b"last words")
        await link.close("peer.closing")
        await refused(link.send(b"x"), "peer.gone")
        assert [message async for message in link.messages()] == []
        await world.rest()
        assert world.got == [b"last words"]
        assert world.ended == [("b", "a", "peer.closing")]

    played(story)


def test_sending_waits_while_the_queue_is_full():
    async def story(world):
        world.servers["b"].cancel()
        await world.rest(1)
        taken = asyncio.Event()

        async def accept(link):
            await taken.wait()
            async for message in link.messages():
                world.got.append(message)

        server = world.loop.create_task(world.net.port("b").listen(accept))
        await world.rest(1)
        link = await world.dial()
        sent = []

        async def sender():
            for n in range(5):
                await link.send(b"%d" % n)
                sent.append(n)

        task = world.loop.create_task(sender())
        await world.rest()
        assert sent == [0, 1, 2]
        taken.set()
        await world.rest()
        assert sent == [0, 1, 2, 3, 4]
        assert task.done() and not server.done()

    assert played(story, queue=3).got == [b"0", b"1", b"2", b"3", b"4"]


def test_a_sender_that_waits_learns_of_the_end():
    async def story(world):
        world.net.black_hole("a", "b")
        world.net.heal("a", "b")
        link = await world.dial()
        world.net.black_hole("a", "b")
        await link.send(b"1")
        task = world.loop.create_task(link.send(b"2"))
        await world.rest()
        assert not task.done()
        world.net.break_links("a", "b")
        await refused(task, "peer.gone")

    assert played(story, queue=1).got == []


def test_a_cancelled_sender_does_not_keep_room_from_others():
    async def story(world):
        link = await world.dial()
        world.net.black_hole("a", "b")
        await link.send(b"1")
        first = world.loop.create_task(link.send(b"2"))
        second = world.loop.create_task(link.send(b"3"))
        await world.rest(1)
        first.cancel()
        world.net.heal("a", "b")
        await world.rest()
        assert first.cancelled() and second.done()

    assert played(story, queue=1).got == [b"1", b"3"]


def test_room_given_to_a_sender_that_is_cancelled_goes_to_the_next():
    async def story(world):
        world.servers["b"].cancel()
        await world.rest(1)
        senders = []

        async def accept(link):
            await world.rest(1)
            world.got.append(await anext(aiter(link.messages())))
            senders[0].cancel()  # in the step in which it was given room, before it could use it
            async for message in link.messages():
                world.got.append(message)

        world.loop.create_task(world.net.port("b").listen(accept))
        await world.rest(1)
        link = await world.dial()
        await link.send(b"1")
        senders += [world.loop.create_task(link.send(message)) for message in (b"2", b"3")]
        await world.rest()
        assert senders[0].cancelled() and senders[1].done()

    assert played(story, queue=1).got == [b"1", b"3"]


def test_dialling_nobody_a_stranger_or_oneself_fails():
    async def story(world):
        await refused(world.dial("a", "nobody"), "peer.unreachable")
        await refused(world.dial("a", "a"), "peer.unreachable")

    played(story)


def test_a_cut_loses_what_is_under_way_and_both_ends_learn_in_their_own_time():
    async def story(world):
        link = await world.dial()
        await link.send(b"arrives")
        await world.rest(1)
        await link.send(b"lost")
        world.net.cut("b", "a")
        at = {}

        async def watch(name, end):
            async for _ in end.messages():
                pass
            at[name] = world.loop.time()

        await watch("a", link)
        await world.rest(1)
        assert world.ended == [("b", "a", "peer.gone")]
        await refused(link.send(b"x"), "peer.gone")
        await refused(world.dial("a", "b"), "peer.unreachable")
        await refused(world.dial("b", "a"), "peer.unreachable")
        await world.dial("a", "c")
        world.net.heal("a", "b")
        again = await world.dial("a", "b")
        await again.send(b"after")
        await world.rest()

    assert played(story).got == [b"arrives", b"after"]


def test_until_the_end_is_known_sending_seems_to_work():
    async def story(world):
        link = await world.dial()
        world.net.cut("a", "b")
        await link.send(b"into nothing")
        await world.rest()
        await refused(link.send(b"x"), "peer.gone")

    assert played(story, delay_s=(0.5, 1.0)).got == []


def test_what_a_cut_lost_does_not_come_back_with_the_last_word():
    async def story(world):
        link = await world.dial()
        await world.rest(1)
        await link.send(b"lost")
        world.net.break_links("a", "b")
        await link.close("peer.closing")
        await world.rest()

    assert played(story, delay_s=(0.5, 1.0)).got == []


def test_an_ended_link_gives_nothing_more_and_is_forgotten():
    async def story(world):
        for ending in ("close", "crash"):
            link = await world.dial()
            await world.rest(1)
            await world.links[-1].send(b"unread")
            await world.rest(1)
            if ending == "close":
                await link.close("peer.closing")
            else:
                world.net.crash("a")
            assert [message async for message in link.messages()] == []
            await world.rest(1)
        assert not world.net._links

    played(story)


def test_what_a_crashed_node_had_sent_may_arrive_or_not():
    async def story(world):
        link = await world.dial()
        await link.send(b"last words")
        world.net.crash("a")
        await world.rest()
        assert world.ended == [("b", "a", "peer.gone")]

    arrived = [played(story, seed=seed).got for seed in range(12)]
    assert [] in arrived
    assert [b"last words"] in arrived


def test_isolation_and_partition():
    async def story(world):
        world.net.isolate("a")
        await refused(world.dial("a", "b"), "peer.unreachable")
        await refused(world.dial("c", "a"), "peer.unreachable")
        await world.dial("b", "c")
        world.net.heal("a")
        await world.dial("c", "a")
        world.net.partition({"a", "b"}, {"c"})
        await world.dial("a", "b")
        await refused(world.dial("b", "c"), "peer.unreachable")
        world.net.heal_all()
        await world.dial("b", "c")

    played(story)


def test_a_crashed_node_is_gone_until_it_restarts_and_listens():
    async def story(world):
        link = await world.dial()
        old = world.net.port("b")
        await world.rest(1)
        world.net.crash("b")
        assert world.links[0].end_code == "peer.gone"
        await refused(world.links[0].send(b"from the dead"), "peer.gone")
        assert [message async for message in link.messages()] == []
        await world.rest(1)
        assert world.servers["b"].done()
        await refused(world.dial(), "peer.unreachable")
        world.net.restart("b")
        await refused(world.dial(), "peer.unreachable")
        world.serve("b")
        await refused(old.dial("a"), "peer.unreachable")
        again = await world.dial()
        await again.send(b"back")
        await world.rest()

    assert played(story).got == [b"back"]


def test_into_a_black_hole_nothing_arrives_until_it_heals():
    async def story(world):
        link = await world.dial()
        world.net.black_hole("a", "b")
        await link.send(b"1")
        await link.send(b"2")
        await world.rest(3600)
        assert world.got == []
        assert link.end_code is None
        begin = world.loop.time()
        await refused(world.dial(), "peer.unreachable")
        assert world.loop.time() - begin >= 10
        await world.links[0].send(b"the other way is open")
        assert await anext(aiter(link.messages())) == b"the other way is open"
        world.net.heal("a", "b")
        await world.rest(1)

    assert played(story).got == [b"1", b"2"]


def test_a_slow_node_takes_its_time_over_all_its_links():
    async def story(world):
        world.net.slow("b", 1000.0)
        first, second = await world.dial("a", "b"), await world.dial("c", "b")
        await first.send(bytes(1000))
        await second.send(bytes(1000))
        await world.rest(0.9)
        assert len(world.got) == 0
        await world.rest(0.5)
        assert len(world.got) == 1
        await world.rest(1)
        assert len(world.got) == 2
        world.net.slow("b", None)
        await first.send(bytes(1_000_000))
        await world.rest(0.1)
        assert len(world.got) == 3

    played(story)


@pytest.mark.slow
def test_links_break_by_chance_with_a_message():
    async def story(world):
        sent = broken = 0
        for _ in range(400):
            link = await world.dial()
            try:
                for _ in range(5):
                    await link.send(b"m")
                    sent += 1
                    await world.rest(1)
            except PeerError:
                broken += 1
            await link.close("peer.closing")
        world.counts = (sent, broken)

    world = played(story, drop=0.05)
    sent, broken = world.counts
    assert 50 < broken < 110
    assert 0 < sent - len(world.got) < 130


def test_the_hook_can_drop_duplicate_reorder_and_flip():
    held = []

    def mangle(src, dst, message):
        if message == b"drop":
            return []
        if message == b"twice":
            return [message, message]
        if message == b"hold":
            held.append(message)
            return []
        if message == b"flip":
            return [bytes([message[0] ^ 1]) + message[1:]]
        return [message, *(held.pop() for _ in list(held))]

    async def story(world):
        world.net.mangle = mangle
        link = await world.dial()
        for message in (b"drop", b"twice", b"hold", b"flip", b"plain"):
            await link.send(message)
        await world.rest()
        world.net.mangle = None
        for _ in range(5):  # dropped messages must not have eaten the queue
            await link.send(b"drop")
        await world.rest()

    assert played(story, queue=3).got == [b"twice", b"twice", b"glip", b"plain", b"hold"] + [b"drop"] * 5


def test_taps_see_every_message_even_a_lost_one():
    seen = []

    async def story(world):
        world.net.tap(lambda src, dst, message: seen.append((src, dst, message)))
        link = await world.dial()
        await link.send(b"arrives")
        await world.rest(1)
        world.net.cut("a", "b")
        await link.send(b"lost")
        await world.rest(1)
        await world.net.port("b").dial("c")

    assert played(story).got == [b"arrives"]
    assert seen == [("a", "b", b"arrives"), ("a", "b", b"lost")]


def busy(seed):
    async def story(world):
        async def talk(src, dst):
            for n in range(30):
                try:
                    link = await world.dial(src, dst)
                    for m in range(5):
                        await link.send(b"%s%d/%d" % (src.encode(), n, m))
                    await link.close("peer.closing")
                except PeerError:
                    pass

        pairs = [(a, b) for a in "abc" for b in "abc" if a != b]
        await asyncio.gather(*(talk(*pair) for pair in pairs))
        await world.rest()

    world = played(story, seed=seed, drop=0.02)
    return world.net.digest(), world.net.deliveries


@pytest.mark.slow
def test_the_same_seed_takes_the_same_course_and_another_does_not():
    first, again, other = busy(1), busy(1), busy(2)
    assert first == again
    assert first[0] != other[0]
    assert first[1] > 500


def test_when_accept_returns_the_link_is_closed_and_its_failure_is_not_swallowed():
    async def polite(link):
        return

    async def broken(link):
        raise ValueError("a bug of the node")

    async def story(world):
        world.loop.create_task(world.net.port("polite").listen(polite))
        world.loop.create_task(world.net.port("broken").listen(broken))
        link = await world.dial("a", "polite")
        assert [message async for message in link.messages()] == []
        assert link.end_code == "peer.closed"
        link = await world.dial("a", "broken")
        assert [message async for message in link.messages()] == []

    with pytest.raises(BaseExceptionGroup) as caught:
        played(story)
    assert [str(error) for error in caught.value.exceptions] == ["a bug of the node"]


def test_a_listener_that_is_cancelled_no_longer_answers():
    async def story(world):
        link = await world.dial()
        await world.rest(1)
        world.servers["b"].cancel()
        await world.rest(1)
        assert link.end_code == "peer.closed"
        await refused(world.dial(), "peer.unreachable")
        world.serve("b")
        await world.dial()

    played(story)


def test_two_readers_of_one_link_are_a_bug():
    async def story(world):
        link = await world.dial()
        first = world.loop.create_task(anext(aiter(link.messages())))
        await world.rest(1)
        with pytest.raises(RuntimeError, match="two readers"):
            await anext(aiter(link.messages()))
        first.cancel()
        await world.rest(1)
        with pytest.raises(TypeError, match="bytes"):
            await link.send(bytearray(b"x"))

    played(story)
