"""A member that lies, at the level of messages: each lie has its own code, is kept as evidence, and costs the others nothing.

`liar` holds the real keys of its place in the charter and speaks the real protocol, but sends what it likes.
"""

import asyncio
from base64 import b64encode
from hashlib import sha256

import pytest

from tocsin.edge.peer.greeting import DOMAIN as _DOMAIN
from tocsin.errors import MEANINGS, PeerError
from tocsin.exchange.publish.epochs import wrap_info
from tocsin.exchange.tlog.logs import origin_line
from tocsin.formats import checkpoint, cosignature, heartbeat, message, note, statement
from tocsin.formats.entry import STIX_21, Entry, Handling, commitments
from tocsin.formats.frame import MAX_FRAME_BYTES, Frame, encode_batch, encode_box, encode_frame
from tocsin.formats.keys import Role, SigningKey, key_name
from tocsin.formats.markings import ChannelKind
from tocsin.formats.merkle import root_of
from tocsin.formats.message import Hello, Notice, Position, Proof, Receipt, Refusal, State
from tocsin.formats.seal import EpochKey, wrap
from tocsin.formats.tlp import Tlp
from tocsin.testing.federation import Federation
from tocsin.testing.virtualtime import run

EPOCH = 77
KEY = bytes(range(32))
SALT = b"s" * 32


class Liar:
    """aa's place in the federation, with aa's keys, after aa's own process is gone. It dials bb."""

    def __init__(self, fed, objects):
        self.fed = fed
        self.node = fed.nodes["aa"]
        self.channel = fed.core("bb").members.channel("plenary")
        self.slot = self.channel.slots["aa"]
        self.objects = objects
        self.link = None
        self.state = None
        self.heard = []

    async def greet(self, *, held=(), own=()):
        """Open a link and go through the greeting as the protocol has it."""
        port = self.fed.network.port("aa")
        members = self.fed.core("bb").members
        for _ in range(50):
            try:
                self.link = await port.dial("bb")
                break
            except PeerError:
                await self.fed.network.clock.sleep(0.5)
        mine = message.encode(Hello(1, 1, "aa", members.charter.digest, b"n" * 32, 0, "liar"))
        await self.link.send(mine)
        self._stream = self.link.messages()
        theirs = await anext(self._stream)
        transcript = _DOMAIN + sha256(mine).digest() + sha256(theirs).digest()
        await self.link.send(message.encode(Proof(self.node.keys.signing(Role.LOG).sign(transcript + b"aa"))))
        await anext(self._stream)
        await self.link.send(message.encode(State(tuple(held), tuple(own))))
        self.state = message.decode(await anext(self._stream))
        return self

    async def say(self, *messages):
        """Send these, then hear what comes back for two seconds."""
        for one in messages:
            await self.link.send(one if isinstance(one, bytes) else message.encode(one))
        try:
            async with asyncio.timeout(2.0):
                async for data in self._stream:
                    self.heard.append(message.decode(data))
        except TimeoutError:
            pass
        return self

    def refusals(self):
        return [one.code for one in self.heard if isinstance(one, Refusal)]

    def key(self, epoch=EPOCH, *, slot=None, to="bb", signer="aa", raw=KEY):
        """An epoch key, offered as Epochs.offer does."""
        slot = slot or self.slot
        public = self.fed.core("bb").members.member(to).seal
        body = {
            "slot": slot.hex(),
            "epoch": epoch,
            "from": "aa",
            "to": to,
            "roster": "0" * 64,
            "key": b64encode(wrap(public, raw, wrap_info(slot, epoch, to))).decode(),
        }
        made = statement.compose(statement.EPOCH_KEY, body)
        key = self.fed.nodes[signer].keys.signing(Role.LOG)
        signature = note.sign(made.note.text, key_name("aa", Role.LOG), key)
        return Notice(statement.encode(made._replace(note=note.add(made.note, signature))))

    def entries(self, seed, count, start=0):
        handling = Handling(STIX_21, int(Tlp.GREEN), 1, 2)
        return [Entry(start + i, handling, SALT, body) for i, body in enumerate(self.objects(seed, count))]

    def head(self, size, root, *, slot=None, signer="aa", beat=None):
        """A checkpoint, or heartbeat, of a log of the signer's, in an honest signature."""
        name = origin_line(signer, slot or self.slot)
        plain = checkpoint.Checkpoint(name, size, root)
        text = checkpoint.encode(plain if beat is None else heartbeat.beating(plain, beat))
        return note.encode(note.Note(text, (note.sign(text, name, self.fed.nodes[signer].keys.signing(Role.LOG)),)))

    def frame(self, entries, before=(), **lies):
        """A frame of these entries after `before`, right in everything but the lies."""
        slot = lies.get("slot", self.slot)
        start = lies.get("start", len(before))
        all_of = [*commitments(self.slot, before), *commitments(self.slot, entries)]
        size = lies.get("size", len(all_of))
        root = lies.get("root") or root_of(all_of)
        name = lies.get("name") or origin_line("aa", slot)
        text = checkpoint.encode(checkpoint.Checkpoint(name, size, root))
        signing = lies.get("signing") or self.node.keys.signing(Role.LOG)
        signed = note.encode(note.Note(text, (note.sign(text, name, signing),)))
        box = lies.get("box") or encode_box(encode_batch(entries, None), compress=True)
        head = Frame(slot, lies.get("epoch", EPOCH), start, signed, b"n" * 12, b"")
        sealed = EpochKey(lies.get("raw", KEY)).seal(head.nonce, box, head.additional())
        return message.encode_frame(encode_frame(head._replace(sealed=sealed)))


def lie(objects, tell):
    """bb hears the liar; afterwards bb and cc must still exchange, and both stores be whole. Gives what tell() gives."""

    async def main():
        fed = Federation(asyncio.get_running_loop(), ["aa", "bb", "cc"], 8)
        await fed.found()
        liar = Liar(fed, objects)
        await fed.crash("aa")
        fed.network.restart("aa")
        result = await tell(liar)
        before = {node.handle: list(node.notes) for node in fed.nodes.values()}
        await fed.share("bb", "plenary", objects(901, 3), Tlp.GREEN)
        await fed.share("cc", "plenary", objects(902, 3), Tlp.GREEN)
        await fed.settled(20.0)
        for handle in ("bb", "cc"):
            found = await fed.nodes[handle].fsck()
            assert found["ok"], found["problems"]
        bb = fed.nodes["bb"]
        recorded = {row[0] for row in bb.query("SELECT code FROM receive_refusals")}
        codes = [code for code, _, _ in before["bb"]]
        assert "internal.error" not in codes, bb.notes
        assert set(codes) <= MEANINGS.keys()
        count = bb.query("SELECT COUNT(*) FROM journal_rows WHERE kind = 1 AND member = 'aa'")[0][0]
        await fed.stop()
        return result, recorded, codes, count

    return run(main, limit_s=3600.0)


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
def test_a_lying_frame_is_refused_by_its_code_and_kept_as_evidence(objects, code):
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


def test_an_entry_whose_marking_the_channel_may_not_carry_is_held_back(objects):
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


def test_a_frame_of_another_members_log_is_refused(objects):
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


def test_a_frame_of_a_channel_that_the_liar_is_not_in_is_refused(objects):
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


def test_a_checkpoint_of_another_log_is_refused(objects):
    async def tell(aa):
        await aa.greet()
        await aa.say(aa.key(), aa.frame(aa.entries(1, 2), name=origin_line("aa", b"\5" * 32)))
        return aa.refusals()

    refusals, recorded, _, _ = lie(objects, tell)
    assert refusals[0] in ("receive.slot", "receive.signature")
    assert refusals[0] in recorded


def test_a_log_that_became_shorter_is_a_rollback_and_another_head_a_fork(objects):
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
def test_a_false_receipt_counts_for_nothing(objects, code, size, lies):
    async def tell(aa):
        bb = aa.fed.core("bb")
        await aa.fed.share("bb", "plenary", objects(700, 2), Tlp.GREEN)
        await aa.greet()
        await aa.say(receipt(aa, size, **lies))
        return bb.receipts.size(bb.logs.get(aa.channel.slots["bb"]), "aa")

    stored, _, codes, _ = lie(objects, tell)
    assert stored == 0
    assert code in codes


def test_a_receipt_too_large_for_any_store_is_malformed(objects):
    async def tell(aa):
        await aa.greet()
        whole = receipt(aa, 0)
        await aa.say(b"M" + message._ENCODER.encode(Receipt(whole.slot, 2**64 - 1, whole.key_id, whole.blob)))

    _, _, codes, _ = lie(objects, tell)
    assert "format.message" in codes


@pytest.mark.parametrize("lies", [{"to": "cc"}, {"signer": "cc"}, {"slot": b"\7" * 32}])
def test_a_false_epoch_key_is_refused(objects, lies):
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
def test_malformed_messages_end_the_link_and_nothing_else(objects, name):
    async def tell(aa):
        await aa.greet()
        await aa.say(MALFORMED[name])
        return aa.link.end_code

    ended, _, codes, _ = lie(objects, tell)
    assert ended in ("format.message", "format.frame")
    assert {"format.message", "format.frame"} & set(codes)


@pytest.mark.parametrize("signed", [b"", b"not a note", "liar"])
def test_a_member_that_claims_to_hold_more_of_our_log_than_there_is_does_not_silence_us(objects, signed):
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
