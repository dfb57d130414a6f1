"""A member that tells its channel two stories: found and proven at every honest member within a round of gossip.

aa lies to bb and cc, with whom it shares a channel; dd is in the plenary only, and must never learn of that channel.
"""

import asyncio
import importlib
import sys
from base64 import b64encode
from pathlib import Path
from types import SimpleNamespace

import pytest

from tocsin.errors import MEANINGS
from tocsin.exchange.members import channels, charter, descriptor
from tocsin.exchange.receive import gossip
from tocsin.formats import cosignature, evidence, message, note, statement
from tocsin.formats.entry import commitments
from tocsin.formats.keys import Role, SigningKey, key_name
from tocsin.formats.markings import ChannelKind
from tocsin.formats.merkle import root_of
from tocsin.formats.message import Chain, Evidence, Head, Heads, Hello, Refusal, Relayed, Want
from tocsin.formats.seal import wrap
from tocsin.formats.tlp import Tlp
from tocsin.testing.federation import Federation
from tocsin.testing.virtualtime import run

GRACE_S = 2.0  # after a round
PROMPT_S = 5.0  # what the honest may be held up
VERIFIER = Path(__file__).parents[2] / "docs" / "formats" / "verify.py"


def _verifier():
    if str(VERIFIER.parent) not in sys.path:
        sys.path.append(str(VERIFIER.parent))  # as for whoever runs it
    return importlib.import_module("verify")


class Story:
    """The federation, the liar's ways to bb and cc, and what the honest have found."""

    def __init__(self, fed, liar, objects):
        self.fed, self.objects = fed, objects
        self.bb, self.cc = (liar(fed, objects, to=to, channel="three", version=2) for to in ("bb", "cc"))
        self.slot = self.bb.slot

    async def greet(self):
        await self.bb.greet()
        await self.cc.greet()

    async def gossip(self):
        await self.fed.network.clock.sleep(gossip.ROUND_S + GRACE_S)

    def found(self, handle):
        rows = self.fed.nodes[handle].query("SELECT kind, accused FROM receive_evidence")
        return sorted(set(rows))

    def proofs(self):
        return {row[0] for handle in ("bb", "cc", "dd") for row in self.evidence(handle)}

    def evidence(self, handle):
        return self.fed.nodes[handle].query("SELECT data FROM receive_evidence")

    def recorded(self, handle):
        rows = self.fed.nodes[handle].query("SELECT member, name FROM journal_rows WHERE kind = 3")
        return sorted(set(rows))

    def held(self, handle):
        return self.fed.core(handle).receiver.size(self.slot)

    async def honest(self, number):
        """bb and cc exchange, in the channel with the liar and in the plenary, without being held up."""
        for channel in ("three", "plenary"):
            for handle, other in (("bb", "cc"), ("cc", "bb")):
                await self.fed.share(handle, channel, self.objects(900 + number, 1), Tlp.GREEN)
                number += 1
                slot = self.fed.core(handle).members.channel(channel).slots[handle]
                size = self.fed.core(handle).logs.get(slot).size
                await self.fed.until(lambda s=slot, n=size, o=other: self.fed.core(o).receiver.size(s) == n, PROMPT_S)

    async def judge(self, tmp_path):
        """No honest member is accused, nothing is told outside the channel, and every proof stands without our code."""
        verifier = _verifier()
        for number, data in enumerate(sorted(self.proofs())):
            path = tmp_path / f"{number}.evidence"
            path.write_bytes(data)
            found = verifier.verify(path)
            assert found["ok"], found
            assert found["accused"] == "aa"
            role = Role.GOVERNANCE if found["kind"] == "vote" else Role.LOG
            assert evidence.parse(data).key.raw == self.fed.nodes["aa"].keys.signing(role).public.raw
        for handle in ("bb", "cc", "dd"):
            assert {member for member, _ in self.recorded(handle)} <= {"aa"}, self.recorded(handle)
            node = self.fed.nodes[handle]
            assert not any(code.startswith("internal") for code, _, _ in node.notes), node.notes
            assert {code for code, _, _ in node.notes} <= MEANINGS.keys()
            assert (await node.fsck())["ok"]
        assert all(self.slot.hex().encode() not in data for (data,) in self.evidence("dd"))


@pytest.fixture
def deal(objects, liar, tmp_path):
    """deal(tell): tell(story) lies; gives what it gives, after the honest have exchanged before and after."""

    def play(tell):
        async def main():
            fed = Federation(asyncio.get_running_loop(), ["aa", "bb", "cc", "dd"], 9)
            await fed.found()
            await fed.channel("three", ChannelKind.THEMATIC, ["aa", "bb", "cc"])
            await fed.crash("aa")
            fed.network.restart("aa")
            story = Story(fed, liar, objects)
            await story.honest(0)
            result = await tell(story)
            await story.honest(10)
            await story.gossip()
            await story.judge(tmp_path)
            await fed.stop()
            return result

        return run(main, limit_s=3600.0)

    return play


def found_by_both(story):
    return story.found("bb"), story.found("cc"), story.found("dd")


FORK, HISTORY, ROLLBACK, VOTE = ([(kind, "aa")] for kind in ("fork", "history", "rollback", "vote"))


def test_another_entry_for_each_at_one_size(deal):
    async def tell(story):
        await story.greet()
        for seed, way in enumerate((story.bb, story.cc)):
            await way.say(way.key(), way.frame(way.entries(seed, 1)))
        assert (story.held("bb"), story.held("cc")) == (1, 1)
        await story.gossip()
        return found_by_both(story)

    assert deal(tell) == (FORK, FORK, [])


def test_two_stories_of_different_length(deal):
    async def tell(story):
        await story.greet()
        await story.bb.say(story.bb.key(), story.bb.frame(story.bb.entries(1, 1)))
        other = story.cc.entries(2, 3)
        await story.cc.say(story.cc.key(), story.cc.frame(other))
        await story.gossip()
        await story.gossip()
        return found_by_both(story)

    bb, cc, dd = deal(tell)
    assert bb == cc
    assert bb in (HISTORY, FORK)
    assert dd == []


def test_a_fork_that_is_only_told_of_in_heads(deal):
    async def tell(story):
        await story.greet()
        one, other = (story.bb.head(7, root) for root in (b"a" * 32, b"b" * 32))
        await story.bb.say(Heads((Head(story.slot, one),)))
        await story.cc.say(Heads((Head(story.slot, other), Head(story.slot, one))))
        await story.gossip()
        return found_by_both(story)

    assert deal(tell) == (FORK, FORK, [])


def test_who_withholds_from_one_is_gone_round(deal):
    async def tell(story):
        await story.greet()
        await story.bb.say(story.bb.key(), story.bb.frame(story.bb.entries(1, 3)))
        listening = asyncio.ensure_future(hold(story))
        await story.fed.until(lambda: story.held("cc") == 3, 2 * (gossip.ROUND_S + GRACE_S))
        listening.cancel()
        assert [code for code, peer, _ in story.fed.nodes["cc"].notes if peer == "aa"].count("receive.withheld") == 1
        return found_by_both(story)

    assert deal(tell) == ([], [], [])


async def hold(story):
    while True:
        await story.cc.say()


def test_a_later_heartbeat_that_says_less(deal):
    async def tell(story):
        await story.greet()
        entries = story.bb.entries(1, 3)
        roots = {size: root_of(commitments(story.slot, entries[:size])) for size in (2, 3)}
        for way in (story.bb, story.cc):
            await way.say(way.key(), way.frame(entries[:2]), way.frame(entries[2:], entries[:2]))
        await story.bb.say(
            Heads((Head(story.slot, story.bb.head(3, roots[3], beat=50)),)),
            Heads((Head(story.slot, story.bb.head(2, roots[2], beat=60)),)),
        )
        await story.gossip()
        return found_by_both(story)

    assert deal(tell) == (ROLLBACK, ROLLBACK, [])


def test_less_to_one_than_to_the_other_by_heartbeat(deal):
    async def tell(story):
        await story.greet()
        entries = story.bb.entries(1, 3)
        roots = {size: root_of(commitments(story.slot, entries[:size])) for size in (2, 3)}
        for way in (story.bb, story.cc):
            await way.say(way.key(), way.frame(entries[:2]))
        await story.bb.say(story.bb.frame(entries[2:], entries[:2]))
        await story.bb.say(Heads((Head(story.slot, story.bb.head(3, roots[3], beat=50)),)))
        await story.cc.say(Heads((Head(story.slot, story.cc.head(2, roots[2], beat=60)),)))
        await story.gossip()
        return found_by_both(story)

    assert deal(tell) == (ROLLBACK, ROLLBACK, [])


def test_old_heads_again_and_heads_without_end_harm_nobody(deal):
    async def tell(story):
        await story.greet()
        entries = story.bb.entries(1, 3)
        await story.bb.say(story.bb.key(), story.bb.frame(entries[:1]), story.bb.frame(entries[1:], entries[:1]))
        old = Head(story.slot, story.bb.head(1, root_of(commitments(story.slot, entries[:1]))))
        await story.bb.say(*[Heads((old,) * message.MAX_HEADS)] * 3)
        beyond = [Head(story.slot, story.bb.head(100 + size, b"r" * 32)) for size in range(300)]
        await story.bb.say(Heads(tuple(beyond)))
        known = story.fed.core("bb").gossip.known(story.slot)
        assert len(known.ahead) <= 8
        return story.bb.link.end_code, found_by_both(story)

    assert deal(tell) == (None, ([], [], []))


def false_heads(story):
    foreign = story.fed.core("bb").members.channel("three").slots["cc"]
    strange = SigningKey(b"x" * 32)
    name = f"tocsin/cc/log/{foreign.hex()}"
    text = f"{name}\n4\n{'A' * 43}=\n".encode()
    forged = note.encode(note.Note(text, (note.sign(text, name, strange),)))
    return {
        "receive.signature": Head(foreign, forged),
        "receive.slot": Head(foreign, story.bb.head(4, b"r" * 32)),
        "format.note": Head(story.slot, b"junk"),
    }


@pytest.mark.parametrize("code", ["receive.signature", "receive.slot", "format.note"])
def test_a_false_head_is_kept_against_who_tells_it(deal, code):
    async def tell(story):
        await story.greet()
        await story.bb.say(Heads((false_heads(story)[code],)))
        return story.recorded("bb"), story.bb.link.end_code, found_by_both(story)

    assert deal(tell) == ([("aa", code)], None, ([], [], []))


def forged_evidence(story, name):
    """Evidence against cc that proves nothing, or nothing against cc."""
    slot = story.fed.core("bb").members.channel("three").slots["cc"]
    origin = f"tocsin/cc/log/{slot.hex()}"
    key = {"cc's key": story.fed.nodes["cc"].keys.signing(Role.LOG)}.get(name, SigningKey(b"x" * 32))
    notes = []
    for root in ("A", "A" if name == "cc's key" else "B"):
        text = f"{origin}\n4\n{root}{'A' * 42}=\n".encode()
        notes.append(note.encode(note.Note(text, (note.sign(text, origin, key),))))
    return evidence.encode(evidence.Evidence(evidence.Kind.FORK, "cc", key.public, origin, tuple(notes)))


@pytest.mark.parametrize(
    ("name", "code"),
    [("another key", "evidence.unproven"), ("cc's key", "evidence.unproven"), ("junk", "format.json-syntax")],
)
def test_evidence_that_proves_nothing_is_refused(deal, name, code):
    async def tell(story):
        await story.greet()
        data = b"junk" if name == "junk" else forged_evidence(story, name)
        await story.bb.say(Evidence(data))
        return story.recorded("bb"), story.bb.link.end_code, found_by_both(story)

    assert deal(tell) == ([("aa", code)], None, ([], [], []))


@pytest.mark.parametrize("lie", ["signature", "member", "size"])
def test_a_lie_about_anothers_receipt_counts_for_nothing(deal, lie):
    async def tell(story):
        await story.greet()
        core = story.fed.core("bb")
        log = core.logs.get(core.members.channel("plenary").slots["bb"])
        text = log.checkpoint(log.size, log.frontier.root())
        name = key_name("dd", Role.RECEIPT)
        signed = a_receipt(text, name, story.fed.nodes["aa"].keys.signing(Role.RECEIPT))
        before = core.receipts.size(log, "dd")
        size = {"size": log.size + 50}.get(lie, log.size)
        await story.fed.share("bb", "plenary", story.objects(77, 1), Tlp.GREEN)
        await story.bb.say(Relayed({"member": "zz"}.get(lie, "dd"), log.slot, size, signed.key_id, signed.blob))
        await story.gossip()
        assert core.receipts.size(log, "dd") == before + 1, "dd's own receipt, and no other"
        return story.recorded("bb"), story.bb.link.end_code

    code = "deliver.receipt-signature" if lie == "signature" else "deliver.receipt-unknown"
    assert deal(tell) == ([("aa", code)], None)


def a_receipt(text, name, key):
    made = cosignature.cosign(text, name, key, 1)
    return SimpleNamespace(key_id=made.key_id, blob=made.blob)


def test_logs_it_may_not_read_are_not_sent_to_it(deal):
    async def tell(story):
        await story.fed.channel("pair", ChannelKind.BILATERAL, ["bb", "cc"])
        await story.fed.share("cc", "pair", story.objects(50, 2), Tlp.GREEN)
        await story.greet()
        core = story.fed.core("bb")
        secret = core.members.channel("pair").slots
        await story.bb.say(*(Want(slot, 0, wanted=True) for slot in (*secret.values(), b"\7" * 32)))
        await story.bb.say(Want(secret["cc"], 2**63 - 1, wanted=False))
        seen = b"".join(one if isinstance(one, bytes) else message.encode(one) for one in story.bb.heard)
        assert not any(slot in seen or slot.hex().encode() in seen for slot in secret.values())
        open_ = core.members.channel("three").slots["cc"]
        await story.bb.say(Want(open_, 0, wanted=True))
        frames = [one for one in story.bb.heard if isinstance(one, bytes)]
        assert any(open_ in one for one in frames), "a log that it may read is sent"
        return story.recorded("bb"), story.bb.link.end_code

    assert deal(tell) == ([], None)


@pytest.mark.parametrize("name", ["empty", "short digest", "another history", "endless", "no notice", "false notice"])
def test_a_malformed_chain_of_charters_ends_the_greeting(deal, name):
    async def tell(story):
        port = story.fed.network.port("aa")
        current = story.fed.core("bb").members.charter
        link = await port.dial("bb")
        stream = link.messages()
        await link.send(message.encode(Hello(1, 2, "aa", b"c" * 32, b"n" * 32, 0, "liar")))
        await anext(stream)
        assert isinstance(message.decode(await anext(stream)), Chain)
        digests = {
            "empty": (),
            "short digest": (b"x",),
            "another history": (b"x" * 32,),
            "endless": tuple(number.to_bytes(32) for number in range(message.MAX_CHAIN + 1)),
        }.get(name, (current.digest, b"c" * 32))
        try:
            await link.send(message.encode(Chain(digests)))
            if name == "no notice":
                await link.send(message.encode(Want(b"s" * 32, 0, wanted=True)))
            elif name == "false notice":
                await link.send(message.encode(message.Notice(statement.encode(current.signed))))
        except Exception as error:  # noqa: BLE001 - whatever the link says when the other end has gone
            assert "peer." in str(error)
        await story.fed.network.clock.sleep(3.0)
        assert story.fed.core("bb").members.charter is current
        return link.end_code

    assert deal(tell) in ("format.message", "peer.charter")


def test_two_rosters_at_one_place_by_one_vote(deal):
    async def tell(story):
        core, keys = story.fed.core("bb"), story.fed.nodes["aa"].keys
        last = core.members.book(core.members.channel("three").id).chain("bb")[-1]
        await story.greet()
        for way, out in ((story.bb, "cc"), (story.cc, "bb")):
            roster = sorted({"aa", "bb", "cc", "dd"} - {out} | {way.to})
            body = {
                "id": last.id,
                "kind": last.kind.value,
                "name": last.name,
                "title": last.title,
                "roster": roster,
                "named_people": last.named_people,
                "version": 2,
                "round": 0,
                "previous": last.digest.hex(),
                "voters": sorted(last.roster),
                "creator": "aa",
                "created": 1,
                "charter": core.members.charter.digest.hex(),
            }
            signed = descriptor.sign(sealed(core, body), "aa", keys)
            await way.say(message.Notice(statement.encode(signed)))
        await story.gossip()
        assert [one.version for one in core.members.channels() if one.name == "three"] == [1]
        return found_by_both(story)

    assert deal(tell) == (VOTE, VOTE, VOTE)


def sealed(core, body):
    secret = bytes(32)
    wrapped = {
        handle: b64encode(
            wrap(core.members.member(handle).seal, secret, channels.wrap_info(body["id"], handle))
        ).decode()
        for handle in body["roster"]
    }
    return channels.compose(body, secret, wrapped)


def test_two_next_charters_by_one_vote(deal):
    async def tell(story):
        core, keys = story.fed.core("bb"), story.fed.nodes["aa"].keys
        await story.greet()
        for number, way in enumerate((story.bb, story.cc)):
            changes = charter.Changes(name=f"federation {number}")
            made = charter.successor(core.members.charter, changes, 0, number)
            await way.say(message.Notice(statement.encode(descriptor.sign(made, "aa", keys))))
        await story.gossip()
        assert core.members.charter.version == 1
        return found_by_both(story)

    assert deal(tell) == (VOTE, VOTE, VOTE)


def test_evidence_is_passed_on_to_who_could_not_see_it(deal):
    """cc is never told the second story: it has the proof from bb."""

    async def tell(story):
        await story.bb.greet()
        one, other = (story.bb.head(7, root, beat=9) for root in (b"a" * 32, b"b" * 32))
        await story.bb.say(Heads((Head(story.slot, one),)), Heads((Head(story.slot, other),)))
        assert not any(isinstance(one, Refusal) for one in story.bb.heard)
        await story.gossip()
        return found_by_both(story)

    bb, cc, dd = deal(tell)
    assert bb == cc == FORK + ROLLBACK
    assert dd == []


def test_a_receipt_for_more_than_the_relay_holds_tells_it_nothing(deal):
    """An honest peer gives one when origin and relay have both brought a log: no link ends, and nothing is passed on."""

    async def tell(story):
        await story.greet()
        core = story.fed.core("bb")
        log = core.logs.get(core.members.channel("three").slots["cc"])
        name, key = key_name("aa", Role.RECEIPT), story.fed.nodes["aa"].keys.signing(Role.RECEIPT)
        for size, root in ((log.size + 5, b"r" * 32), (log.size, log.frontier.root())):
            made = a_receipt(log.checkpoint(size, root), name, key)
            await story.bb.say(message.Receipt(log.slot, size, made.key_id, made.blob))
        assert [(one.member, one.size) for one in core.relays.of("cc")] == [("aa", log.size)]
        return story.bb.link.end_code, story.recorded("bb")

    assert deal(tell) == (None, [])
