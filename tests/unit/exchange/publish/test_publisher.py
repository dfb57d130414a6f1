"""The sequencer: who asks at once shares a commit, and whatever fails, memory and store agree afterwards."""

import asyncio

import pytest

from tocsin.exchange.publish import publisher
from tocsin.exchange.publish.draft import Ready
from tocsin.formats import note
from tocsin.formats.markings import ChannelKind
from tocsin.formats.message import Position
from tocsin.formats.tlp import Tlp
from tocsin.testing.memorydisk import Fault


def ready(count, start=0):
    return [
        Ready(b"{%d}" % n, f"identity--{n}", "2026-01-01T00:00:00Z", "n", Tlp.GREEN, 0)
        for n in range(start, start + count)
    ]


def spans(batches):
    return [(one.start, one.end) for one in batches]


def test_a_batch_is_durable_held_and_signed_when_publish_returns(played):
    async def story(fed):
        core = fed.core("aa")
        channel = core.members.channel("plenary")
        batch = await core.publisher.publish(channel, ready(3))
        log = core.logs.get(channel.slots["aa"])
        assert (batch.log, batch.start, batch.end, batch.position) == (log.number, 0, 3, 3)
        assert (log.size, log.released, core.journal.head) == (3, 3, 3)
        assert (await core.world.checkpoints.load(log.slot)).size == 3
        note.parse(core.signer.sign(log, 3, log.frontier.root()))
        rows = await core.world.database.read(
            lambda db: db.query("SELECT size FROM tlog_logs WHERE log = ?", (log.number,))
        )
        assert rows == [(3,)]

    played(story)


def test_many_at_once_share_one_commit_and_keep_their_order(played, monkeypatch):
    async def story(fed):
        core = fed.core("aa")
        await fed.channel("two", ChannelKind.BILATERAL, ["aa", "bb"])
        plenary, two = core.members.channel("plenary"), core.members.channel("two")
        commits = []
        real = publisher._store
        monkeypatch.setattr(
            publisher, "_store", lambda tx, many, *more: commits.append(len(many)) or real(tx, many, *more)
        )
        asked = [(plenary, ready(2)), (two, ready(1)), (plenary, ready(3, 2))]
        batches = await asyncio.gather(*(core.publisher.publish(*one) for one in asked))
        assert spans(batches) == [(0, 2), (0, 1), (2, 5)]
        assert commits == [3]
        assert len({one.position for one in batches}) == 1
        await fed.settled()

    played(story)


def test_sizes_of_a_batch(played):
    async def story(fed):
        core = fed.core("aa")
        channel = core.members.channel("plenary")
        for count in (0, publisher.MAX_BATCH + 1):
            with pytest.raises(RuntimeError):
                await core.publisher.publish(channel, ready(count))

    played(story)


def test_a_channel_without_log(played, refused):
    async def story(fed):
        fed.network.isolate("bb")
        core = fed.core("aa")
        pending = await core.acts.create_channel("two", ChannelKind.BILATERAL, ["bb"])
        with refused("policy.roster-changed"):
            await core.publisher.publish(pending, ready(1))


@pytest.mark.slow
def test_a_roster_that_has_changed_since_the_policy_was_asked(played, refused):
    async def story(fed):
        core = fed.core("aa")
        ports = await fed.channel("ports", ChannelKind.THEMATIC, ["aa", "bb", "cc"])
        await core.acts.propose_roster("ports", (), ["cc"])
        await fed.until(lambda: fed.core("bb").members.book(ports.id).proposals("bb"))
        await fed.core("bb").acts.agree("ports")
        await fed.until(lambda: core.members.channel("ports").version == 2)
        with refused("policy.roster-changed"):
            await core.publisher.publish(ports, ready(1))
        await fed.until(lambda: core.logs.get(core.members.channel("ports").slots["aa"]) is not None)
        assert spans([await core.publisher.publish(core.members.channel("ports"), ready(1))]) == [(0, 1)]

    played(story, ("aa", "bb", "cc"))


def test_the_urgent_log_is_another(played):
    async def story(fed):
        core = fed.core("aa")
        channel = core.members.channel("plenary")
        asked = (core.publisher.publish(channel, ready(2), urgent=urgent) for urgent in (False, True))
        routine, urgent = await asyncio.gather(*asked)
        assert spans([routine, urgent]) == [(0, 2), (0, 2)]
        assert [core.logs.numbered(one.log).slot for one in (routine, urgent)] == [
            channel.slots["aa"],
            channel.urgent["aa"],
        ]
        await fed.until(lambda: fed.core("bb").logs.get(channel.urgent["aa"]).size == 2)
        await fed.settled()

    played(story)

    played(story)


def test_an_old_copy_is_refused_alone(played, refused):
    async def story(fed):
        core = fed.core("aa")
        await fed.channel("two", ChannelKind.BILATERAL, ["aa", "bb"])
        plenary, two = core.members.channel("plenary"), core.members.channel("two")
        log = core.logs.get(plenary.slots["aa"])
        core.signer.peer_holds(log, Position(log.slot, 99, bytes(32), b""), None)
        behind, fine = (asyncio.ensure_future(core.publisher.publish(one, ready(1))) for one in (plenary, two))
        with refused("tlog.behind"):
            await behind
        assert spans([await fine]) == [(0, 1)]
        assert log.size == 0

    played(story)


def test_a_full_disk_loses_nothing_and_keeps_memory_true(played, refused):
    async def story(fed):
        core, storage = fed.core("aa"), fed.nodes["aa"].storage
        channel = core.members.channel("plenary")
        log = core.logs.get(channel.slots["aa"])
        await core.publisher.publish(channel, ready(2))
        root = log.frontier.root()
        storage.fail(storage.operations + 1, Fault.FULL)
        with refused("store.full"):
            await core.publisher.publish(channel, ready(5, 2))
        assert (log.size, log.released, log.frontier.root()) == (2, 2, root)
        storage.mend()
        assert spans([await core.publisher.publish(channel, ready(5, 2))]) == [(2, 7)]
        await fed.settled()
        assert len(fed.core("bb").logs.get(log.slot).frontier.peaks) == 3

    played(story)


def test_a_store_that_fails_is_told_as_unknown(played, refused):
    async def story(fed):
        core, storage = fed.core("aa"), fed.nodes["aa"].storage
        channel = core.members.channel("plenary")
        storage.fail(storage.operations + 1, Fault.ERROR)
        with refused("store.unknown"):
            await core.publisher.publish(channel, ready(1))
        storage.mend()
        assert spans([await core.publisher.publish(channel, ready(1))]) == [(0, 1)]

    played(story)


def test_a_head_that_cannot_be_held_is_never_signed(played, refused):
    async def story(fed):
        core = fed.core("aa")
        channel = core.members.channel("plenary")
        log = core.logs.get(channel.slots["aa"])

        async def failing(*_):
            raise publisher.StoreError("store.disk", "the disk failed")

        core.world.checkpoints.replace = failing
        with refused("store.disk"):
            await core.publisher.publish(channel, ready(1))
        assert log.released == 0, "shown to nobody"
        with refused("tlog.behind"):
            await core.publisher.publish(channel, ready(1, 1))
        assert await fed.core("bb").journal.read(0, 9) == []

    played(story)


def test_who_stopped_waiting_stops_nobody_else(played):
    async def story(fed):
        core = fed.core("aa")
        channel = core.members.channel("plenary")
        log = core.logs.get(channel.slots["aa"])
        gone = asyncio.get_running_loop().create_future()
        gone.cancel()
        core.signer.peer_holds(log, Position(log.slot, 99, bytes(32), b""), None)
        core.publisher._prepare_into([], publisher._Job(channel, ready(1), False, gone))
        assert gone.cancelled()

    played(story)


def test_a_stop_during_the_commit_answers_who_waits(played, refused):
    async def story(fed):
        core = fed.core("aa")
        channel = core.members.channel("plenary")
        never = asyncio.get_running_loop().create_future()

        async def hanging(_):
            await never

        core.world.database.write = hanging
        waiting = asyncio.ensure_future(core.publisher.publish(channel, ready(1)))
        await fed.network.clock.sleep(1)
        await core.stop()
        with refused("store.unknown"):
            await waiting

    played(story)
