"""Gossip: every head that a peer passes on is compared, what contradicts it is kept, and nobody honest is accused."""

import pytest

from tocsin.exchange.publish.draft import Ready
from tocsin.exchange.receive import gossip
from tocsin.formats import checkpoint, heartbeat, note
from tocsin.formats.evidence import Kind, parse
from tocsin.formats.keys import Role, SigningKey
from tocsin.formats.markings import ChannelKind
from tocsin.formats.tlp import Tlp

FORK, HISTORY, ROLLBACK = [(one, "aa") for one in ("fork", "history", "rollback")]
OTHER = SigningKey(b"k" * 32)


def test_true_heads_accuse_nobody(hearing):
    async def story(bb):
        await bb.carry(3, 4)
        for size in (0, 1, 3, 5, 7):
            await bb.hear(await bb.true(size), await bb.true(size, beat=10 + size))
        await bb.bb.gossip.settle()
        assert await bb.evidence() == []
        known = bb.bb.gossip.known(bb.slot)
        assert (known.holders, known.ahead, known.settled) == ({"cc": 7}, [], 7)

    hearing(story)


def test_two_roots_at_one_size_are_a_fork(hearing):
    async def story(bb):
        await bb.carry(3)
        await bb.hear(bb.note(3))
        await bb.hear(bb.note(3), of="aa")
        assert await bb.evidence() == [FORK]
        [(data, concerned)] = bb.told
        assert parse(data).kind is Kind.FORK
        assert concerned == {"aa", "cc"}

    hearing(story)


@pytest.mark.slow
@pytest.mark.parametrize(("size", "found"), [(3, FORK), (2, HISTORY), (5, HISTORY), (7, FORK), (1, HISTORY)])
def test_a_head_below_ours_with_another_root(hearing, size, found):
    async def story(bb):
        await bb.carry(3, 4)
        await bb.hear(bb.note(size))
        assert await bb.evidence() == [found]

    hearing(story)


def test_a_head_beyond_ours_is_judged_when_we_are_there(hearing):
    async def story(bb):
        await bb.carry(2)
        await bb.hear(bb.note(5), bb.note(9))
        assert await bb.evidence() == []
        await bb.carry(2)
        await bb.bb.gossip.settle()
        assert await bb.evidence() == []
        await bb.carry(1)
        await bb.bb.gossip.settle()
        assert await bb.evidence() == [FORK]
        assert [one.size for one in bb.bb.gossip.known(bb.slot).ahead] == [9]
        await bb.carry(6)
        await bb.bb.gossip.settle()
        assert sorted(await bb.evidence()) == [FORK, HISTORY]
        assert bb.bb.gossip.known(bb.slot).ahead == []

    hearing(story)


def test_two_heads_beyond_ours_need_no_copy_of_the_log(hearing):
    async def story(bb):
        await bb.hear(bb.note(5, b"a" * 32), bb.note(6))
        await bb.hear(bb.note(5, b"b" * 32), of="aa")
        assert await bb.evidence() == [FORK]

    hearing(story)


def test_heads_without_end_cost_a_bounded_memory(hearing, monkeypatch):
    monkeypatch.setattr(gossip, "_READ", 20)

    async def story(bb):
        for size in range(1, 60):
            await bb.hear(bb.note(size))
        assert [one.size for one in bb.bb.gossip.known(bb.slot).ahead] == list(range(52, 60))
        assert len(bb.bb.gossip._read) == 20
        for made_up in range(5):
            await bb.hear(bb.note(1), slot=bytes([made_up]) * 32)
        assert set(bb.bb.gossip.told()) == {bb.slot}

    hearing(story)


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        ((4, 20), (3, 30), [ROLLBACK]),  # later, and less
        ((3, 30), (4, 20), [ROLLBACK]),  # the same, heard in the other order
        ((3, 20), (4, 20), [ROLLBACK]),  # one beat, two sizes
        ((3, 20), (4, 30), []),
        ((4, 30), (3, 20), []),
        ((3, 20), (3, 20), []),
        ((3, 20), (3, 30), []),
        ((0, 30), (4, 20), [ROLLBACK]),
    ],
)
def test_heartbeats(hearing, first, second, found):
    async def story(bb):
        await bb.carry(4)
        for size, beat in (first, second):
            await bb.hear(await bb.true(size, beat))
        assert await bb.evidence() == found
        assert bb.bb.gossip.known(bb.slot).beat.beat == max(first[1], second[1])

    hearing(story)


def test_one_beat_of_two_roots(hearing):
    async def story(bb):
        await bb.hear(bb.note(9, b"a" * 32, 5), bb.note(9, b"b" * 32, 5))
        assert sorted(await bb.evidence()) == [FORK, ROLLBACK]

    hearing(story)


def test_what_its_origin_did_not_sign_is_refused(hearing, refused):
    async def story(bb):
        await bb.carry(2)
        for bad, code in (
            (bb.note(2, key=OTHER), "receive.signature"),
            (bb.note(2, by="cc"), "receive.signature"),
            (bb.note(2, name=bb.ours.name.replace("/aa/", "/cc/")), "receive.slot"),
            (bb.note(2, name=bb.ours.name[:-2] + "00"), "receive.slot"),
            (b"junk", "format.note"),
            (bb.note(2).replace(b"\n2\n", b"\n02\n"), "format.checkpoint"),
        ):
            with refused(code):
                await bb.hear(bad)
        assert await bb.evidence() == []
        assert not bb.bb.gossip.known(bb.slot).holders

    hearing(story)


def test_who_is_not_in_the_channel_is_not_heard(hearing):
    async def story(bb):
        await bb.carry(2)
        await bb.hear(bb.note(2), of="zz")
        await bb.hear(bb.note(2), slot=bytes(32))
        assert await bb.evidence() == []
        assert bb.bb.gossip.told() == {}

    hearing(story)


def test_keys_of_former_charters_are_known_but_settle_nothing(hearing, refused):
    async def story(bb):
        await bb.carry(3)
        former, new = bb.fed.nodes["aa"].keys.signing(Role.LOG), OTHER
        await bb.hear(await bb.true(3))
        assert bb.bb.gossip.settled(bb.slot) == 3
        bb.bb.gossip._known.clear()
        bb.bb.gossip._read.clear()
        bb.kept_keys(new, former)
        await bb.hear(await bb.true(3))
        assert (bb.bb.gossip.settled(bb.slot), bb.bb.gossip.known(bb.slot).holders) == (0, {"cc": 3})
        root = await bb.bb.receiver.root_at(bb.log, 2)
        await bb.hear(bb.note(2, root, key=new))
        assert bb.bb.gossip.settled(bb.slot) == 2
        with refused("receive.signature"):
            await bb.hear(bb.note(3, key=SigningKey(b"z" * 32)))
        await bb.hear(bb.note(3, key=former))
        assert await bb.evidence() == [FORK], "what the former key has signed binds as ever"

    hearing(story)


def test_what_no_one_key_has_signed_twice_is_noted_against_its_origin_only(hearing):
    async def story(bb):
        bb.kept_keys(OTHER, bb.fed.nodes["aa"].keys.signing(Role.LOG))
        await bb.hear(bb.note(5, b"a" * 32), bb.note(5, b"b" * 32, key=OTHER))
        assert await bb.evidence() == []
        assert ("evidence.unproven", "aa") in [one[:2] for one in bb.fed.nodes["bb"].notes]

    hearing(story)


def test_a_head_of_our_own_log_stops_us_if_it_says_more(hearing):
    async def story(bb):
        core, aa = bb.bb, bb.aa
        log = aa.logs.get(bb.slot)
        await bb.publish(2)
        bb.bb = aa  # aa hears cc of its own log
        await bb.hear(await bb.true(2), await bb.true(1))
        assert aa.signer.may_sign(log)
        assert aa.gossip.known(bb.slot).holders == {"cc": 2}
        await bb.hear(bb.note(5))
        assert "5" in aa.signer.behind()[bb.slot]
        assert await bb.evidence() == [], "we accuse nobody of our own log"
        bb.bb = core

    hearing(story)


def test_another_root_of_our_own_log_stops_us(hearing):
    async def story(bb):
        await bb.publish(2)
        bb.bb = bb.aa
        await bb.hear(bb.note(1))
        assert "another root" in bb.aa.signer.behind()[bb.slot]

    hearing(story)


def test_whose_link_has_ended_holds_nothing_that_helps(hearing):
    async def story(bb):
        await bb.hear(bb.note(5))
        await bb.hear(bb.note(6), of="aa")
        bb.bb.gossip.gone("cc")
        assert bb.bb.gossip.known(bb.slot).holders == {"aa": 6}
        bb.bb.gossip.gone("zz")

    hearing(story)


def test_which_origins_have_fallen_silent(hearing):
    async def story(bb):
        clock = bb.fed.network.clock
        assert bb.bb.gossip.silent(1.0) == []
        await bb.hear(bb.note(5), of="cc")
        assert bb.bb.gossip.silent(0.0) == [], "only its origin's word is a sign of its life"
        await bb.hear(bb.note(5), of="aa")
        await clock.sleep(20.0)
        assert bb.bb.gossip.silent(30.0) == []
        await clock.sleep(20.0)
        assert bb.bb.gossip.silent(30.0) == [("aa", bb.slot)]

    hearing(story)


# -- what is told -----------------------------------------------------------------------------------------------------


def read(batches):
    """(origin and slot, size, beat) of heads."""
    out = []
    for one in (one for heads in batches for one in heads):
        claimed = checkpoint.parse(note.parse(one.note).text)
        out.append((claimed.origin.split("/")[1], claimed.size, heartbeat.beat(claimed)))
    return out


def test_only_what_is_new_is_told(hearing):
    async def story(bb):
        await bb.carry(3)
        await bb.publish(2, at=bb.bb)
        tell, sent = bb.bb.gossip, {}
        tell.beat(7)
        assert sorted(read(tell.heads("cc", sent))) == [("aa", 3, None), ("bb", 2, 7)]
        assert tell.heads("cc", sent) == []
        tell.beat(8)
        assert read(tell.heads("cc", sent)) == [("bb", 2, 8)]
        await bb.hear(await bb.true(3, beat=4), of="aa")
        assert read(tell.heads("cc", sent)) == [("aa", 3, 4)], "a heartbeat shows a later one that says less"
        await bb.hear(await bb.true(3, beat=5), of="aa")
        assert tell.heads("cc", sent) == [], "one for each size will do"
        await bb.carry(1)
        assert read(tell.heads("cc", sent)) == [("aa", 4, None)]
        once = {}
        assert sorted(read(tell.heads("aa", once))) == [("aa", 3, 5), ("bb", 2, 8)], "what it has beaten, once"
        await bb.hear(await bb.true(4, beat=6), of="aa")
        assert tell.heads("aa", once) == [], "nobody is told of its own log"

    hearing(story)


def test_one_beat_never_says_two_things(hearing):
    """A link that begins within a round, after the log has grown, must not get the round's beat with another size."""

    async def story(bb):
        tell = bb.bb.gossip
        tell.beat(7)
        await bb.publish(2, at=bb.bb)
        first, second = {}, {}
        assert read(tell.heads("aa", first)) == [("bb", 2, 7)]
        await bb.publish(1, at=bb.bb)
        assert read(tell.heads("cc", second)) == [("bb", 3, None)]
        assert read(tell.heads("aa", first)) == [("bb", 3, None)]
        tell.beat(9)
        assert read(tell.heads("cc", second)) == [("bb", 3, 9)]
        assert read(tell.heads("aa", first)) == [("bb", 3, 9)]

    hearing(story)


def test_what_may_not_be_signed_or_is_not_stored_is_not_told(hearing):
    async def story(bb):
        bb.bb.gossip.beat(7)
        await bb.publish(2, at=bb.bb)
        own = bb.bb.logs.get(bb.channel.slots["bb"])
        bb.bb.signer._behind[own.slot] = "closed"
        assert bb.bb.gossip.heads("cc", {}) == []
        del bb.bb.signer._behind[own.slot]
        own.released = 1
        assert bb.bb.gossip.heads("cc", {}) == []
        own.released = 2
        assert read(bb.bb.gossip.heads("cc", {})) == [("bb", 2, 7)]

    hearing(story)


@pytest.mark.slow
def test_outsiders_and_those_who_left_are_told_nothing(played):
    async def story(fed):
        await fed.channel("three", ChannelKind.THEMATIC, ["aa", "bb", "cc"])
        await fed.channel("two", ChannelKind.BILATERAL, ["aa", "bb"])
        bb = Told(fed, "bb")
        for name in ("three", "two"):
            await bb.publish(name)
        assert bb.names("aa") == ["three", "two"]
        assert bb.names("cc") == ["three"]
        assert bb.names("dd") == []
        await fed.core("cc").acts.leave("three")
        await fed.until(lambda: "cc" not in fed.core("bb").members.channel("three").roster)
        assert bb.names("cc") == []
        assert bb.names("aa") == ["three", "two"]

    played(story, handles=("aa", "bb", "cc", "dd"))


class Told:
    def __init__(self, fed, me):
        self.core = fed.core(me)

    async def publish(self, name):
        one = Ready(b"{}", "identity--x", "", "n", Tlp.GREEN, 0)
        await self.core.publisher.publish(self.core.members.channel(name), [one])

    def names(self, peer):
        heads = [one for some in self.core.gossip.heads(peer, {}) for one in some]
        return sorted({self.core.members.origin(one.slot).channel.name for one in heads})


def test_a_message_has_so_many_heads(hearing, monkeypatch):
    monkeypatch.setattr(gossip, "MAX_HEADS", 1)

    async def story(bb):
        await bb.carry(3)
        await bb.publish(2, at=bb.bb)
        assert [len(one) for one in bb.bb.gossip.heads("cc", {})] == [1, 1]

    hearing(story)
