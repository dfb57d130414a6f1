"""Messages of a link: vectors, limits, and the greeting's transcript as two real nodes sign it."""

import asyncio
import json
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest

from tocsin.errors import FormatError
from tocsin.formats import message
from tocsin.formats.frame import Frame
from tocsin.formats.frame import encode_frame as frame_bytes
from tocsin.formats.keys import Role, SigningKey
from tocsin.formats.message import (
    MAX_CONTROL_BYTES,
    MAX_MESSAGE_BYTES,
    Hello,
    Notice,
    Proof,
    Receipt,
    Refusal,
    State,
    decode,
    encode,
    encode_frame,
    slot_of,
)
from tocsin.testing.federation import Federation
from tocsin.testing.virtualtime import run

WIRE = Path(__file__).parents[2] / "vectors" / "wire"
VECTORS = json.loads((WIRE / "message.json").read_text("utf-8"))["cases"]
GREETINGS = json.loads((WIRE / "hello.json").read_text("utf-8"))["cases"]
KINDS = {"hello": Hello, "proof": Proof, "state": State, "notice": Notice, "receipt": Receipt, "refusal": Refusal}


def refused(data):
    with pytest.raises(FormatError) as caught:
        decode(data)
    return caught.value.code == "format.message"


def plainly(value):
    if isinstance(value, bytes):
        return value.hex()
    return [plainly(one) for one in value] if isinstance(value, list) else value


@pytest.mark.parametrize("case", VECTORS, ids=lambda case: case["name"])
def test_vector(case):
    data = bytes.fromhex(case["hex"])
    if case["expect"] == "format":
        assert refused(data)
        return
    got = decode(data)
    if case["value"] == "frame":
        assert got == data[1:]
        assert encode_frame(got) == data
        return
    assert type(got) is KINDS[case["value"][0]]
    assert plainly(msgspec.msgpack.decode(msgspec.msgpack.encode(got))) == case["value"]
    assert encode(got) == data


@pytest.mark.slow
def test_sizes():
    assert len(decode(b"F" + bytes(MAX_MESSAGE_BYTES - 1))) == MAX_MESSAGE_BYTES - 1
    assert refused(b"F" + bytes(MAX_MESSAGE_BYTES))
    room = MAX_CONTROL_BYTES - len(encode(Notice(bytes(70_000)))) + 70_000
    assert decode(encode(Notice(bytes(room)))) == Notice(bytes(room))
    assert refused(encode(Notice(bytes(room + 1))))


def proves(case, prefix, handle):
    """The rule of the vectors, written out again."""
    first, second = bytes.fromhex(case["dialer_hello"]), bytes.fromhex(case["listener_hello"])
    transcript = b"tocsin/hello/v1\n" + sha256(first).digest() + sha256(second).digest()
    assert transcript.hex() == case["transcript"]
    proof = decode(bytes.fromhex(case[f"{prefix}_proof"]))
    key = SigningKey(bytes.fromhex(case[f"{prefix}_log_seed"]))
    return key.public.verify(transcript + handle.encode(), proof.signature)


@pytest.mark.parametrize("case", GREETINGS, ids=lambda case: case["name"])
def test_greeting_vector(case):
    assert decode(bytes.fromhex(case["dialer_hello"])).handle == case["dialer"]
    assert proves(case, "listener", case["listener"])
    assert proves(case, "dialer", case["dialer"]) is (case["expect"] == "ok")


def test_two_nodes_greet_by_the_rule_of_the_vectors():
    said = {"aa": [], "bb": []}

    async def main():
        federation = Federation(asyncio.get_running_loop(), ["aa", "bb"], 3)
        federation.network.tap(lambda src, dst, data: said[src].append(data))
        await federation.found()
        await federation.stop()
        return {handle: node.keys.signing(Role.LOG) for handle, node in federation.nodes.items()}

    keys = run(main)
    transcript = b"tocsin/hello/v1\n" + sha256(said["aa"][0]).digest() + sha256(said["bb"][0]).digest()
    for handle, messages in said.items():
        hello, proof, state = map(decode, messages[:3])
        assert (type(hello), type(proof), type(state)) == (Hello, Proof, State)
        assert keys[handle].public.verify(transcript + handle.encode(), proof.signature)
    assert decode(said["aa"][0]).nonce != decode(said["bb"][0]).nonce
    assert message.PROTOCOL == 2
    assert decode(said["aa"][0]).highest == decode(said["bb"][0]).highest == message.PROTOCOL
    assert decode(said["aa"][0]).lowest == decode(said["bb"][0]).lowest == message.FLOOR


def hello(lowest, highest):
    return Hello(lowest, highest, "aa", b"c" * 32, b"n" * 32, 0, "x")


@pytest.mark.parametrize(
    ("mine", "theirs", "agreed"),
    [
        ((1, 1), (1, 1), 1),
        ((1, 1), (1, 2), 1),
        ((1, 2), (1, 2), 2),
        ((2, 3), (1, 2), 2),
        ((2, 3), (3, 4), 3),
        ((1, 1), (2, 2), None),
        ((2, 3), (1, 1), None),
        ((1, 2), (4, 5), None),
        ((1, 3), (2, 2), 2),
        ((1, 9), (5, 3), None),
        ((1, 1), (-5, -1), None),
        ((1, 1), (0, 2**63), 1),
    ],
)
def test_the_version_of_a_link(mine, theirs, agreed):
    assert message.agree(hello(*mine), hello(*theirs)) == agreed
    assert message.agree(hello(*theirs), hello(*mine)) == agreed


def test_this_version_and_the_one_before_speak_with_each_other():
    assert message.FLOOR in (message.PROTOCOL, message.PROTOCOL - 1)
    before = hello(message.FLOOR, max(message.PROTOCOL - 1, message.FLOOR))
    assert message.agree(hello(message.FLOOR, message.PROTOCOL), before) == before.highest


def test_the_slot_of_a_message():
    frame = Frame(bytes(range(32)), 1, 2, b"note", bytes(12), bytes(16))
    assert slot_of(encode_frame(frame_bytes(frame))) == bytes(range(32))
    assert slot_of(encode(State((), ()))) is None
    assert slot_of(b"") is None
    assert slot_of(b"Fshort") == b"t"


# -- what version 2 brought -------------------------------------------------------------------------------------------

NOTE, MOST = b"note", 2**63 - 1
NEW = [
    message.Chain((b"c" * 32,)),
    message.Chain(tuple(number.to_bytes(32) for number in range(500))),
    message.Want(b"s" * 32, 0, wanted=True),
    message.Want(b"s" * 32, MOST, wanted=False),
    message.Heads(()),
    message.Heads((message.Head(b"s" * 32, NOTE),) * message.MAX_HEADS),
    message.Heads((message.Head(b"s" * 32, b"n" * message.MAX_NOTE_BYTES),)),
    message.Relayed("aa", b"s" * 32, MOST, b"kkkk", b"b" * 72),
    message.Evidence(b"{}"),
    message.Evidence(b"x" * (MAX_CONTROL_BYTES - 64)),
]


@pytest.mark.parametrize("one", NEW, ids=lambda one: type(one).__name__)
def test_new_messages_come_back_as_they_were(one):
    data = encode(one)
    assert decode(data) == one
    assert slot_of(data) is None
    assert refused(data + b"\0")
    assert refused(data[:-1])


@pytest.mark.parametrize(
    "bad",
    [
        message.Chain(()),
        message.Chain((b"c" * 31,)),
        message.Chain((b"c" * 32, b"c" * 33)),
        message.Want(b"s" * 31, 0, wanted=True),
        message.Want(b"s" * 32, -1, wanted=True),
        message.Want(b"s" * 32, MOST + 1, wanted=True),
        message.Heads((message.Head(b"s" * 31, NOTE),)),
        message.Heads((message.Head(b"s" * 32, b""),)),
        message.Heads((message.Head(b"s" * 32, b"n" * (message.MAX_NOTE_BYTES + 1)),)),
        message.Heads((message.Head(b"s" * 32, NOTE),) * (message.MAX_HEADS + 1)),
        message.Relayed("aa", b"s" * 31, 0, b"kkkk", b"b" * 72),
        message.Relayed("aa", b"s" * 32, -1, b"kkkk", b"b" * 72),
        message.Relayed("aa", b"s" * 32, MOST + 1, b"kkkk", b"b" * 72),
        message.Relayed("aa", b"s" * 32, 0, b"kkk", b"b" * 72),
        message.Relayed("aa", b"s" * 32, 0, b"kkkk", b"b" * 71),
        message.Evidence(b"x" * MAX_CONTROL_BYTES),
    ],
    ids=lambda one: type(one).__name__,
)
def test_new_messages_have_limits(bad):
    assert refused(encode(bad))


def test_a_chain_has_a_longest(monkeypatch):
    monkeypatch.setattr(message, "MAX_CHAIN", 2)
    assert decode(encode(message.Chain((b"c" * 32,) * 2)))
    assert refused(encode(message.Chain((b"c" * 32,) * 3)))
