"""A member that lies, at the level of messages: each lie has its own code, is kept as evidence, and costs the others nothing.

`liar` holds the real keys of its place in the charter and speaks the real protocol, but sends what it likes.
"""

import pytest

from tocsin.exchange.tlog.logs import origin_line
from tocsin.formats import checkpoint, cosignature, message, note
from tocsin.formats.frame import MAX_FRAME_BYTES
from tocsin.formats.keys import Role, SigningKey, key_name
from tocsin.formats.markings import ChannelKind
from tocsin.formats.message import Position, Receipt, State
from tocsin.formats.tlp import Tlp

FRAME_LIES = {
    "receive.gap": lambda aa: aa.frame(aa.entries(2, 2, 5), aa.entries(1, 5)),
    "receive.overlap": lambda aa: aa.frame(aa.entries(1, 4)[2:], aa.entries(1, 4)[:2]),
    "receive.replay": lambda aa: aa.frame(aa.entries(1, 3)),
    "receive.fork": lambda aa: aa.frame(aa.entries(9, 3)),
    "receive.root": lambda aa: aa.frame(aa.entries(1, 5)[3:], aa.entries(9, 3)),
    "receive.count": lambda aa: aa.frame(aa.entries(1, 5)[3:], aa.entries(1, 3), size=9),
    "receive.signature": lambda aa: aa.frame(aa.entries(1, 5)[3:], aa.entries(1, 3), signing=SigningKey(b"x" * 32)),
    "receive.stranger": lambda aa: aa.frame(aa.entries(1, 2), slot=b"\7" * 32),
    "receive.no-key": lambda aa: aa.frame(aa.entries(1, 5)[3:], aa.entries(1, 3), epoch=1234),
    "receive.seal": lambda aa: aa.frame(aa.entries(1, 5)[3:], aa.entries(1, 3), raw=b"z" * 32),
    "format.frame": lambda aa: aa.frame(aa.entries(1, 5)[3:], aa.entries(1, 3), box=b"\1" * 40),
}


@pytest.mark.parametrize("code", list(FRAME_LIES))
def test_a_lying_frame_is_refused_by_its_code_and_kept_as_evidence(lie, objects, code):
    async def tell(aa):
        await aa.greet()
        honest = aa.frame(aa.entries(1, 3))
        await aa.say(aa.key(), honest, FRAME_LIES[code](aa))
        return aa.refusals()

    refusals, recorded, codes, count = lie(objects, tell)
    assert refusals == [code]
    assert code in recorded
    assert code in codes
    assert count == 3


def test_an_entry_whose_marking_the_channel_may_not_carry_is_held_back(lie, objects):
    async def tell(aa):
        await aa.greet()
        red = [one._replace(handling=one.handling._replace(marking=int(Tlp.RED))) for one in aa.entries(1, 2)]
        await aa.say(
            aa.key(),
            aa.frame([*aa.entries(2, 1), *aa.entries(3, 1, 1)]),
            aa.frame(red_at(red, 2), [*aa.entries(2, 1), *aa.entries(3, 1, 1)]),
        )
        bb = aa.fed.nodes["bb"]
        await aa.fed.core("bb").synced()
        held = bb.query("SELECT seq, held FROM journal_rows WHERE kind = 1 AND member = 'aa' ORDER BY seq")
        shown = bb.query("SELECT COUNT(*) FROM journal_search WHERE member = 'aa'")[0][0]
        return aa.refusals(), held, shown

    (refusals, held, shown), _, _, _ = lie(objects, tell)
    assert refusals == []
    assert [bool(why) for _, why in held] == [False, False, True, True]
    assert shown == 2


def red_at(entries, start):
    return [one._replace(seq=start + i) for i, one in enumerate(entries)]


def test_a_frame_of_another_members_log_is_refused(lie, objects):
    async def tell(aa):
        await aa.greet()
        await aa.say(
            aa.key(),
            aa.frame(aa.entries(1, 2), slot=aa.channel.slots["cc"], name=origin_line("cc", aa.channel.slots["cc"])),
        )
        return aa.refusals()

    refusals, recorded, _, count = lie(objects, tell)
    assert refusals == ["receive.signature"]
    assert "receive.signature" in recorded
    assert count == 0


def test_a_frame_of_a_channel_that_the_liar_is_not_in_is_refused(lie, objects):
    async def tell(aa):
        await aa.fed.channel("two", ChannelKind.BILATERAL, ["bb", "cc"])
        before = aa.fed.nodes["bb"].query("SELECT COUNT(*) FROM tlog_checkpoints")
        slot = aa.fed.core("bb").members.channel("two").slots["cc"]
        await aa.greet()
        cc = aa.fed.nodes["cc"].keys.signing(Role.LOG)
        await aa.say(aa.frame(aa.entries(1, 2), slot=slot, name=origin_line("cc", slot), signing=cc))
        assert aa.fed.nodes["bb"].query("SELECT COUNT(*) FROM tlog_checkpoints") == before
        return aa.refusals()

    refusals, recorded, _, _ = lie(objects, tell)
    assert refusals == ["receive.stranger"], "however well it is signed"
    assert "receive.stranger" in recorded


def test_a_checkpoint_of_another_log_is_refused(lie, objects):
    async def tell(aa):
        await aa.greet()
        await aa.say(aa.key(), aa.frame(aa.entries(1, 2), name=origin_line("aa", b"\5" * 32)))
        return aa.refusals()

    refusals, recorded, _, _ = lie(objects, tell)
    assert refusals[0] in ("receive.slot", "receive.signature")
    assert refusals[0] in recorded


def test_a_log_that_became_shorter_is_a_rollback_and_another_head_a_fork(lie, objects):
    async def tell(aa):
        await aa.greet()
        await aa.say(aa.key(), aa.frame(aa.entries(1, 3)))
        await aa.link.close("peer.closed")
        await aa.greet(own=[Position(aa.slot, size, b"r" * 32, b"") for size in (1, 3)])
        await aa.say()
        assert aa.refusals() == [], "without a signature it says nothing: who has just started may not sign yet"
        await aa.link.close("peer.closed")
        await aa.greet(own=[Position(aa.slot, 1, b"r" * 32, aa.head(1, b"r" * 32))])
        await aa.say()
        await aa.link.close("peer.closed")
        await aa.greet(own=[Position(aa.slot, 3, b"r" * 32, aa.head(3, b"r" * 32))])
        await aa.say()
        return aa.refusals()

    refusals, recorded, _, count = lie(objects, tell)
    assert refusals == ["receive.rollback", "receive.fork"]
    assert {"receive.rollback", "receive.fork"} <= recorded
    assert count == 3


def receipt(aa, size, *, key=None, root=None, slot=None):
    """A receipt of aa for the log of bb."""
    slot = slot or aa.channel.slots["bb"]
    log = aa.fed.core("bb").logs.get(slot)
    text = log.checkpoint(size, root or log.frontier.root())
    signature = cosignature.cosign(text, key_name("aa", Role.RECEIPT), key or aa.node.keys.signing(Role.RECEIPT), 1)
    return Receipt(slot, size, signature.key_id, signature.blob)


@pytest.mark.parametrize(
    ("code", "size", "lies"),
    [
        ("deliver.receipt-unknown", 99, {}),
        ("deliver.receipt-unknown", 2**63 - 1, {}),
        ("deliver.receipt-signature", 1, {}),
        ("deliver.receipt-signature", 2, {"key": SigningKey(b"x" * 32)}),
        ("deliver.receipt-signature", 2, {"root": b"r" * 32}),
    ],
)
def test_a_false_receipt_counts_for_nothing(lie, objects, code, size, lies):
    async def tell(aa):
        bb = aa.fed.core("bb")
        await aa.fed.share("bb", "plenary", objects(700, 2), Tlp.GREEN)
        await aa.greet()
        await aa.say(receipt(aa, size, **lies))
        return bb.receipts.size(bb.logs.get(aa.channel.slots["bb"]), "aa")

    stored, _, codes, _ = lie(objects, tell)
    assert stored == 0
    assert code in codes


def test_a_receipt_too_large_for_any_store_is_malformed(lie, objects):
    async def tell(aa):
        await aa.greet()
        whole = receipt(aa, 0)
        await aa.say(b"M" + message._ENCODER.encode(Receipt(whole.slot, 2**64 - 1, whole.key_id, whole.blob)))

    _, _, codes, _ = lie(objects, tell)
    assert "format.message" in codes


@pytest.mark.parametrize("lies", [{"to": "cc"}, {"signer": "cc"}, {"slot": b"\7" * 32}])
def test_a_false_epoch_key_is_refused(lie, objects, lies):
    async def tell(aa):
        await aa.greet()
        await aa.say(aa.key(**lies), aa.frame(aa.entries(1, 2)))
        return aa.refusals()

    refusals, recorded, codes, count = lie(objects, tell)
    assert {"receive.epoch-key", "receive.no-key"} <= recorded
    assert refusals == ["receive.no-key"]
    assert "receive.epoch-key" in codes
    assert count == 0


MALFORMED = {
    "unknown kind": b"Xabc",
    "empty": b"",
    "a frame too large": b"F" + bytes(MAX_FRAME_BYTES + 1),
    "a frame too short": b"F" + b"TF",
    "no message": b"M\x91\xa5wrong",
    "a second greeting": message.encode(State((), ())),
    "a long control message": b"M" + bytes(5 * 1024 * 1024),
}


@pytest.mark.parametrize("name", list(MALFORMED))
def test_malformed_messages_end_the_link_and_nothing_else(lie, objects, name):
    async def tell(aa):
        await aa.greet()
        await aa.say(MALFORMED[name])
        return aa.link.end_code

    ended, _, codes, _ = lie(objects, tell)
    assert ended in ("format.message", "format.frame")
    assert {"format.message", "format.frame"} & set(codes)


@pytest.mark.parametrize("signed", [b"", b"not a note", "liar"])
def test_a_member_that_claims_to_hold_more_of_our_log_than_there_is_does_not_silence_us(lie, objects, signed):
    async def tell(aa):
        slot = aa.channel.slots["bb"]
        proof = signed
        if proof == "liar":
            text = checkpoint.encode(checkpoint.Checkpoint(origin_line("bb", slot), 10_000, b"r" * 32))
            name = origin_line("bb", slot)
            proof = note.encode(note.Note(text, (note.sign(text, name, aa.node.keys.signing(Role.LOG)),)))
        await aa.greet(held=[Position(slot, 10_000, b"r" * 32, proof)])
        await aa.say()

    _, recorded, codes, _ = lie(objects, tell)
    assert "peer.false-claim" in codes
    assert "peer.false-claim" in recorded
