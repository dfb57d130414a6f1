"""Content never reaches diagnostics: a word shared through a whole federation, by good ways and bad, is not in them."""

import asyncio
import json

import pytest

from tocsin.errors import MEANINGS
from tocsin.exchange.publish.draft import Ready
from tocsin.formats import message
from tocsin.formats.markings import ChannelKind
from tocsin.formats.message import Notice, Refusal
from tocsin.formats.tlp import Tlp, marking_id
from tocsin.node.diagnostics import Diagnostics
from tocsin.testing.federation import Federation
from tocsin.testing.memorydisk import Fault
from tocsin.testing.virtualtime import run

CANARY = "canary-7f3a9c"


def thing(number, **more):
    value = {
        "type": "identity",
        "spec_version": "2.1",
        "id": f"identity--{number:08x}-0000-4000-8000-000000000000",
        "created": "2026-01-01T00:00:00.000Z",
        "modified": "2026-01-01T00:00:00.000Z",
        "name": CANARY,
        "description": f"{CANARY} in a description",
        "object_marking_refs": [marking_id(Tlp.GREEN)],
        **more,
    }
    return json.dumps(value).encode()


BAD = [
    b'{"' + CANARY.encode() + b'": ',
    json.dumps({"type": CANARY, "id": CANARY}).encode(),
    thing(50, modified=CANARY),
    thing(51, object_marking_refs=[CANARY]),
    thing(52, object_marking_refs=[marking_id(Tlp.RED)]),
    thing(53, **{CANARY: CANARY}),
    thing(54, identity_class=[CANARY]),
]


async def story(fed):
    """Everything that makes a node speak: good shares, refused ones, lies, faults, crashes, a peer that babbles."""
    aa = fed.core("aa")
    for node in fed.nodes.values():
        told, note = Diagnostics(node.handle, node.clock), node.notes
        for parts in (node.running.links._parts,):
            object.__setattr__(parts, "note", lambda *one, n=note, t=told: (n.append(one), t(*one)))
    frames = []
    fed.network.tap(lambda src, dst, data: frames.append(data) if (src, dst, data[:1]) == ("aa", "bb", b"F") else None)
    await fed.share("aa", "plenary", [thing(n) for n in range(5)])
    await fed.settled()
    told = []
    for bad in BAD:
        _, refused = await fed.share("aa", "plenary", [bad])
        told += [f"{one.code} {one.what}" for one in refused]
    await fed.channel("quiet", ChannelKind.THEMATIC, ["aa", "bb"])
    lies = [Ready(one, "identity--x", "", CANARY, Tlp.GREEN, 0) for one in (b"{", *BAD[2:5])]
    await aa.publisher.publish(aa.members.channel("plenary"), lies)
    await fed.settled()
    for babble in (
        message.encode(Refusal(bytes(32), "receive.gap", 0)),
        frames[0],
        b"F" + CANARY.encode() * 20,
        b"M" + CANARY.encode(),
        CANARY.encode(),
        message.encode(Notice(CANARY.encode())),
    ):
        await aa.links.standing["bb"].session._link.send(babble)
        await fed.network.clock.sleep(5)
    storage = fed.nodes["bb"].storage
    storage.fail(storage.operations + 1, Fault.ERROR, lasting=True)
    await fed.share("aa", "plenary", [thing(n) for n in range(10, 15)])
    await fed.network.clock.sleep(5)
    storage.mend()
    await fed.settled()
    await fed.crash("cc")
    await fed.share("aa", "plenary", [thing(n) for n in range(20, 25)])
    await fed.restart("cc")
    await fed.settled()
    return told


@pytest.mark.slow
def test_nothing_of_what_is_shared_is_in_the_diagnostics(capfd):
    async def main():
        fed = Federation(asyncio.get_running_loop(), ["aa", "bb", "cc"], 5)
        await fed.found()
        told = await story(fed)
        held = [row[0] for row in fed.nodes["cc"].query("SELECT content FROM journal_rows WHERE kind = 1")]
        notes = {handle: node.notes for handle, node in fed.nodes.items()}
        await fed.stop()
        return told, held, notes

    told, held, notes = run(main)
    assert sum(CANARY.encode() in one for one in held) >= 15, "the canary did not travel"
    assert len(told) == len(BAD)
    everything = [part for each in notes.values() for note in each for part in note]
    codes = {note[0] for each in notes.values() for note in each}
    assert codes <= MEANINGS.keys()
    assert codes >= {"receive.replay", "receive.gap", "format.frame", "format.message", "format.note", "store.unknown"}
    assert not [part for part in (*told, *everything) if CANARY in part]
    out = capfd.readouterr()
    assert "receive" in out.err or "peer" in out.err, "the diagnostics did not speak"
    assert CANARY not in out.out + out.err
