"""Receiving: stored and fsynced before it is cosigned; what does not fit is kept, counted and shown to nobody."""

import pytest

from tocsin.exchange.publish.draft import Ready
from tocsin.exchange.receive import rows
from tocsin.exchange.receive.verify import outer
from tocsin.exchange.tlog.logs import Log
from tocsin.formats import checkpoint, cosignature, note, statement
from tocsin.formats.checkpoint import Checkpoint
from tocsin.formats.keys import Role, key_name
from tocsin.formats.markings import ChannelKind
from tocsin.formats.message import Position
from tocsin.formats.tlp import Tlp, marking_id
from tocsin.testing.memorydisk import Fault


def ready(content, mark=Tlp.GREEN, object_id="identity--x"):
    return Ready(content, object_id, "", "n", mark, 0)


class Pair:
    """aa publishes; the links are cut, so that the test carries the frames to bb itself."""

    def __init__(self, fed, channel="plenary"):
        fed.network.isolate("bb")
        self.fed = fed
        self.aa, self.bb = fed.core("aa"), fed.core("bb")
        self.channel = self.aa.members.channel(channel)
        self.slot = self.channel.slots["aa"]
        self.ours, self.theirs = self.aa.logs.get(self.slot), self.bb.logs.get(self.slot)

    async def publish(self, *ready_):
        await self.aa.publisher.publish(self.channel, ready_)

    async def frame(self, start=0):
        sealed = await self.aa.frames.frame(self.ours, start)
        self.bb.keys.learn("aa", statement.parse(self.aa.epochs.offer(self.slot, sealed.epoch, "bb")))
        return outer(sealed.data)

    def signed(self, size, root, line=None):
        text = checkpoint.encode(Checkpoint(line or self.ours.name, size, root))
        key = self.fed.nodes["aa"].keys.signing(Role.LOG)
        return note.encode(note.Note(text, (note.sign(text, self.ours.name, key),)))

    async def rows(self, sql, *args):
        return await self.bb.world.database.read(lambda db: db.query(sql, args))


@pytest.fixture
def paired(played):
    """paired(story, channel=None): the story gets a Pair, in the plenary or a channel of the two made by `channel`."""

    def play(story, kind=None, handles=("aa", "bb"), **more):
        async def main(fed):
            if kind is not None:
                await fed.channel("two", kind, list(handles), **more)
            await story(Pair(fed, "two" if kind else "plenary"))

        played(main, handles=handles)

    return play


def test_store_then_cosign(paired, stix):
    content = stix.object(1, mark=Tlp.GREEN)

    async def story(pair):
        await pair.publish(ready(content))
        pending = pair.bb.receiver.begin("aa", await pair.frame())
        assert (pair.theirs.size, pair.theirs.released) == (1, 0), "verified, not stored yet"
        assert [one for one in pair.bb.receiver.held("aa") if one.slot == pair.slot] == []
        receipt = await pair.bb.receiver.finish(pending)
        assert (receipt.slot, receipt.size, pair.theirs.released) == (pair.slot, 1, 1)
        key = pair.fed.nodes["bb"].keys.signing(Role.RECEIPT).public
        text = pair.ours.checkpoint(1, pair.ours.frontier.root())
        signature = note.Signature(key_name("bb", Role.RECEIPT), receipt.key_id, receipt.blob)
        stamp = cosignature.verify(text, signature, key_name("bb", Role.RECEIPT), key)
        assert stamp == pair.bb.world.clock.now_us() // 1_000_000
        [(object_id, version, name, marking, held, stored)] = await pair.rows(
            "SELECT object_id, version, name, marking, held, content FROM journal_rows WHERE kind = 1"
        )
        assert (object_id, version, name, marking, held, stored) == (
            stix.id(content),
            "2026-01-01T00:00:00.000Z",
            "object 1",
            1,
            None,
            content,
        )
        assert await pair.rows("SELECT note FROM tlog_checkpoints WHERE size = 1") == [(pair.theirs.note,)]
        assert [one.size for one in pair.bb.receiver.held("aa") if one.slot == pair.slot] == [1]
        assert [one.size for one in pair.bb.receiver.standing("aa")] == [1]
        assert (await pair.aa.receipts.take("bb", receipt)).size == 1

    paired(story)


def test_frames_are_verified_ahead_of_the_disk(paired, stix):
    async def story(pair):
        for number in range(3):
            await pair.publish(*[ready(stix.object(number * 70 + i, mark=Tlp.GREEN)) for i in range(70)])
        pending = [pair.bb.receiver.begin("aa", await pair.frame(start)) for start in (0, 70, 140)]
        assert (pair.theirs.size, pair.theirs.released) == (210, 0)
        assert [(await pair.bb.receiver.finish(one)).size for one in pending] == [70, 140, 210]
        assert pair.theirs.frontier == pair.ours.frontier

    paired(story)


def test_a_store_that_fails_gives_no_receipt_and_stands_where_it_stood(paired, stix, refused):
    async def story(pair):
        await pair.publish(ready(stix.object(1, mark=Tlp.GREEN)))
        frame = await pair.frame()
        storage = pair.fed.nodes["bb"].storage
        for fault, code in ((Fault.FULL, "store.full"), (Fault.ERROR, "store.unknown")):
            pending = pair.bb.receiver.begin("aa", frame)
            storage.fail(storage.operations + 1, fault)
            with refused(code):
                await pair.bb.receiver.finish(pending)
            storage.mend()
            assert (pair.theirs.size, pair.theirs.released) == (0, 0)
        assert (await pair.bb.receiver.finish(pair.bb.receiver.begin("aa", frame))).size == 1

    paired(story)


def test_the_code_of_every_refusal(paired, stix, refused):
    async def story(pair):
        for number in range(2):
            await pair.publish(*[ready(stix.object(number * 70 + i, mark=Tlp.GREEN)) for i in range(70)])
        first, second = await pair.frame(0), await pair.frame(70)
        log = pair.theirs

        def begins(frame, code, peer="aa"):
            with refused(code):
                pair.bb.receiver.begin(peer, frame)
            assert log.size in (0, 70), "a refusal moves nothing"

        begins(second, "receive.gap")
        begins(first, "receive.stranger", peer="cc")
        begins(first._replace(slot=bytes(32)), "receive.stranger")
        begins(first._replace(slot=pair.channel.slots["bb"]), "receive.stranger")
        begins(first._replace(checkpoint=first.checkpoint.replace(b"\n70\n", b"\n71\n")), "receive.signature")
        begins(first._replace(checkpoint=pair.signed(70, bytes(32), "tocsin/aa/log/" + "00" * 32)), "receive.slot")
        begins(first._replace(epoch=1), "receive.no-key")
        begins(first._replace(sealed=first.sealed[:-1] + b"\0"), "receive.seal")
        pair.bb.receiver.begin("aa", first)
        begins(await pair.frame(0), "receive.old")
        begins(second._replace(start=69), "receive.overlap")

    paired(story)


def test_a_channel_not_open_here(played, stix, refused):
    async def story(fed):
        pair = Pair(fed)
        await pair.publish(ready(stix.object(1, mark=Tlp.GREEN)))
        pending = await pair.bb.acts.create_channel("two", ChannelKind.BILATERAL, ["aa"])
        frame = await pair.frame()
        with refused("receive.not-open"):
            pair.bb.receiver.begin("aa", frame._replace(slot=pending.slots["aa"]))
        pair.bb.logs._by_slot.pop(pair.slot)
        with refused("receive.not-open"):
            pair.bb.receiver.begin("aa", frame)

    played(story)


def test_replay_and_fork_are_told_apart(paired, stix):
    async def story(pair):
        await pair.publish(*[ready(stix.object(i, mark=Tlp.GREEN)) for i in range(3)])
        frame = await pair.frame()
        await pair.bb.receiver.finish(pair.bb.receiver.begin("aa", frame))
        assert (await pair.bb.receiver.judge("aa", frame)).code == "receive.replay"
        other = frame._replace(checkpoint=pair.signed(3, bytes(32)))
        assert (await pair.bb.receiver.judge("aa", other)).code == "receive.fork"
        inside = frame._replace(checkpoint=pair.signed(2, bytes(32)))
        assert (await pair.bb.receiver.judge("aa", inside)).code == "receive.fork"

    paired(story)


def test_what_a_peer_says_of_its_own_log(paired, stix):
    async def story(pair):
        await pair.publish(ready(stix.object(1, mark=Tlp.GREEN)))
        await pair.bb.receiver.finish(pair.bb.receiver.begin("aa", await pair.frame()))
        root = pair.theirs.frontier.root()

        def code(size, root, slot=pair.slot, peer="aa", signed=b"signed"):
            error = pair.bb.receiver.head(peer, Position(slot, size, root, signed))
            return error and error.code

        assert code(1, root) is None
        assert code(2, bytes(32)) is None
        assert code(0, bytes(32)) == "receive.rollback"
        assert code(1, bytes(32)) == "receive.fork"
        assert code(0, bytes(32), slot=bytes(32)) is None
        assert code(0, bytes(32), peer="bb") is None
        for size in (0, 1, 2):
            assert code(size, bytes(32), signed=b"") is None, "whoever may not sign yet says nothing that counts"

    paired(story)


def test_what_does_not_fit_is_kept_and_shown_to_nobody(paired, stix):
    unknown = "marking-definition--00000009-0000-4000-8000-000000000000"
    cases = [
        (stix.object(1, mark=Tlp.GREEN), Tlp.GREEN, None),
        (stix.object(2, mark=Tlp.GREEN), Tlp.CLEAR, "policy.header-too-loose"),
        (stix.object(3, mark=Tlp.CLEAR), Tlp.AMBER, "policy.above-ceiling"),
        (stix.object(4, mark=unknown), Tlp.GREEN, "policy.unknown-marking"),
        (b"{", Tlp.GREEN, "format.json-syntax"),
        (b"{}", Tlp.GREEN, "format.stix"),
        (stix.object(5), Tlp.GREEN, None),
    ]

    async def story(pair):
        await pair.publish(*(ready(content, mark) for content, mark, _ in cases))
        await pair.bb.receiver.finish(pair.bb.receiver.begin("aa", await pair.frame()))
        assert await pair.rows("SELECT held FROM journal_rows WHERE kind = 1 ORDER BY seq") == [
            (code,) for _, _, code in cases
        ]
        await pair.bb.synced()
        shown = await pair.rows("SELECT object_id FROM journal_search ORDER BY position")
        assert shown == [(stix.id(cases[0][0]),), (stix.id(cases[6][0]),)]
        assert pair.theirs.released == len(cases)

    paired(story)


@pytest.mark.parametrize(
    ("kind", "mark", "held"),
    [
        (ChannelKind.THEMATIC, Tlp.AMBER_STRICT, None),
        (ChannelKind.THEMATIC, Tlp.RED, "policy.above-ceiling"),
        (ChannelKind.BILATERAL, Tlp.RED, None),
    ],
)
def test_the_recipient_decides_by_the_same_rule(paired, stix, kind, mark, held):
    async def story(pair):
        await pair.publish(ready(stix.object(1, mark=mark), mark))
        await pair.bb.receiver.finish(pair.bb.receiver.begin("aa", await pair.frame()))
        assert await pair.rows("SELECT held FROM journal_rows WHERE kind = 1") == [(held,)]

    paired(story, kind)


def test_a_definition_is_learned_before_its_users_and_doubt_holds_them_back(paired, stix):
    meaning = stix.definition(7, statement="TLP:GREEN", object_marking_refs=[marking_id(Tlp.CLEAR)])
    other = stix.definition(7, statement="TLP:RED", object_marking_refs=[marking_id(Tlp.CLEAR)])

    async def story(pair):
        async def carry(*content):
            start = pair.ours.size
            await pair.publish(*(ready(one) for one in content))
            await pair.bb.receiver.finish(pair.bb.receiver.begin("aa", await pair.frame(start)))
            rows = await pair.rows("SELECT held FROM journal_rows WHERE kind = 1 AND seq >= ? ORDER BY seq", start)
            return [one for (one,) in rows]

        user = stix.id(meaning)
        assert await carry(stix.object(1, mark=user), meaning) == [None, None]
        assert await carry(stix.object(2, mark=user)) == [None]
        assert await carry(other, stix.object(3, mark=user)) == [None, "policy.unknown-marking"]
        assert await carry(stix.object(4, mark=user)) == ["policy.unknown-marking"]

    paired(story)


def test_refusals_are_counted_not_piled_up(paired, stix, refused):
    async def story(pair):
        await pair.publish(*[ready(stix.object(i, mark=Tlp.GREEN)) for i in range(2)])
        frame = await pair.frame()
        for _ in range(3):
            with refused("receive.stranger") as caught:
                pair.bb.receiver.begin("cc", frame)
            await pair.bb.receiver.record("cc", pair.slot, caught.value, frame.checkpoint)
        log = pair.theirs.number
        assert await pair.rows("SELECT log, code, count, size, evidence FROM receive_refusals") == [
            (log, "receive.stranger", 3, 0, frame.checkpoint)
        ]
        told = await pair.rows("SELECT log, member, name FROM journal_rows WHERE kind = 3")
        assert told == [(log, "cc", "receive.stranger")]
        await pair.bb.receiver.record("cc", bytes(32), caught.value, b"")
        assert (await pair.rows("SELECT COUNT(*) FROM receive_refusals WHERE log = 0")) == [(1,)]
        assert pair.bb.receiver.size(bytes(32)) == 0
        assert isinstance(pair.theirs, Log)

    paired(story)


def test_a_frame_is_verified_piece_by_piece_and_its_place_is_looked_at_again(paired, stix, refused):
    async def story(pair):
        await pair.publish(*[ready(stix.object(i, mark=Tlp.GREEN)) for i in range(200)])
        frame = await pair.frame()
        late = pair.bb.receiver.steps("aa", frame)
        for _ in range(3):
            next(late)
        assert pair.theirs.size == 0
        steps = pair.bb.receiver.steps("aa", frame)
        assert len(list(steps)) == 8, "opened, four pieces checked, four made into rows"
        assert pair.theirs.size == 200
        with refused("receive.old"):
            list(late)

    paired(story)


def test_a_piece_is_bounded_in_bytes(paired, stix):
    async def story(pair):
        await pair.publish(*[ready(stix.object(i, mark=Tlp.GREEN, description="x" * 40_000)) for i in range(10)])
        done = pair.bb.receiver.begin("aa", await pair.frame()).verified
        assert rows._slices(done) == [(0, 2), (2, 4), (4, 6), (6, 8), (8, 10)]

    paired(story)
