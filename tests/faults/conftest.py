"""What the fault tests share: small objects, and the federation they break."""

import asyncio
import json
from base64 import b64encode
from hashlib import sha256
from uuid import UUID

import pytest

from tocsin.edge.peer.greeting import DOMAIN as _DOMAIN
from tocsin.errors import MEANINGS, PeerError
from tocsin.exchange.publish.epochs import wrap_info
from tocsin.exchange.tlog.logs import origin_line
from tocsin.formats import checkpoint, heartbeat, message, note, statement
from tocsin.formats.entry import STIX_21, Entry, Handling, commitments
from tocsin.formats.frame import Frame, encode_batch, encode_box, encode_frame
from tocsin.formats.keys import Role, key_name
from tocsin.formats.merkle import root_of
from tocsin.formats.message import Hello, Notice, Proof, Refusal, State
from tocsin.formats.seal import EpochKey, wrap
from tocsin.formats.tlp import Tlp
from tocsin.testing.chance import SeededEntropy
from tocsin.testing.federation import Federation
from tocsin.testing.virtualtime import run

EPOCH = 77
KEY = bytes(range(32))
SALT = b"s" * 32


def tools(seed, count, size=0):
    """STIX objects as bytes, always the same for a seed."""
    entropy = SeededEntropy(seed)
    return [
        json.dumps(
            {
                "type": "tool",
                "spec_version": "2.1",
                "id": f"tool--{UUID(bytes=entropy.bytes(16), version=4)}",
                "created": "2026-01-01T00:00:00.000Z",
                "modified": "2026-01-01T00:00:00.000Z",
                "name": f"tool {seed}.{number}",
                "description": "x" * size,
            },
            separators=(",", ":"),
            sort_keys=True,
        ).encode()
        for number in range(count)
    ]


@pytest.fixture(scope="session")
def objects():
    """tools(seed, count, size)."""
    return tools


class Liar:
    """aa's place in the federation, with aa's keys, after aa's own process is gone, on a link to one member.

    It speaks protocol versions up to `version`.
    """

    def __init__(self, fed, objects, to="bb", channel="plenary", version=1):
        self.fed = fed
        self.to = to
        self.version = version
        self.node = fed.nodes["aa"]
        self.channel = fed.core(to).members.channel(channel)
        self.slot = self.channel.slots["aa"]
        self.objects = objects
        self.link = None
        self.state = None
        self.heard = []

    async def greet(self, *, held=(), own=()):
        """Open a link and go through the greeting as the protocol has it."""
        port = self.fed.network.port("aa")
        members = self.fed.core(self.to).members
        for _ in range(50):
            try:
                self.link = await port.dial(self.to)
                break
            except PeerError:
                await self.fed.network.clock.sleep(0.5)
        mine = message.encode(Hello(1, self.version, "aa", members.charter.digest, b"n" * 32, 0, "liar"))
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

    def key(self, epoch=EPOCH, *, slot=None, to=None, signer="aa", raw=KEY):
        """An epoch key, offered as Epochs.offer does."""
        slot, to = slot or self.slot, to or self.to
        public = self.fed.core(self.to).members.member(to).seal
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


def _lie(objects, tell):
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


@pytest.fixture(scope="session")
def lie():
    """lie(objects, tell): what tell(liar) gives, refusals recorded at bb, codes noted there, entries of aa's stored there."""
    return _lie


@pytest.fixture(scope="session")
def liar():
    """The class Liar."""
    return Liar
