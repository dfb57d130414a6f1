"""What our people look for leaves the node on no way: not to peers, not into diagnostics, not into the journal."""

import asyncio
import json

import pytest

from tocsin.formats.tlp import Tlp
from tocsin.node.diagnostics import Diagnostics
from tocsin.node.metrics import Counters, Metrics
from tocsin.testing.federation import Federation
from tocsin.testing.virtualtime import run

WORD = "canary9e41c7"
NOTE = "canarynote55d2"
DOMAIN = f"{WORD}.example"


def malware(number, name):
    value = {"type": "malware", "spec_version": "2.1", "id": f"malware--{number:08x}-0000-4000-8000-000000000000"}
    value |= {"created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-01T00:00:00.000Z", "is_family": False}
    return json.dumps({**value, "name": name}).encode()


@pytest.mark.slow
def test_nobody_is_told_what_is_looked_for(capfd):
    sent = []

    async def main():
        fed = Federation(asyncio.get_running_loop(), ["aa", "bb", "cc"], 7)
        await fed.found()
        fed.network.tap(lambda src, dst, data: sent.append((src, bytes(data))))
        for node in fed.nodes.values():
            told, note = Diagnostics(node.handle, node.clock), node.notes
            object.__setattr__(node.running.links._parts, "note", lambda *one, n=note, t=told: (n.append(one), t(*one)))
        core = fed.core("bb")
        for kind, text in (("word", WORD), ("domain", DOMAIN), ("value", WORD.upper())):
            await core.rooms.interests.add(kind, text, NOTE)
        await fed.share("bb", "plenary", [malware(1, "from the one who looks")], Tlp.GREEN)
        await fed.share("aa", "plenary", [malware(2, f"about {WORD}")], Tlp.GREEN)
        await fed.settled()
        await fed.crash("bb")
        await fed.restart("bb")
        await fed.share("cc", "plenary", [malware(3, "nothing")], Tlp.GREEN)
        await fed.settled()
        core = fed.core("bb")
        await core.synced()
        hits = await core.rooms.interests.hits(0, 10)
        metrics = await Metrics(core, Counters(), 0).page()
        rows = fed.nodes["bb"].query("SELECT name, content FROM journal_rows WHERE kind <> 1 OR member = 'bb'")
        notes = {handle: node.notes for handle, node in fed.nodes.items()}
        await fed.stop()
        return hits, metrics, rows, notes

    hits, metrics, rows, notes = run(main)
    assert len(hits) == 1, "the word was found where it is looked for"
    words = [one.encode() for one in (WORD, WORD.upper(), NOTE)]
    assert any(src == "bb" for src, _ in sent), "the tap heard nothing"
    assert not [src for src, data in sent if src == "bb" and any(word in data for word in words)]
    assert not [
        one for one in (metrics, repr(notes).encode(), repr(rows).encode()) if any(word in one for word in words)
    ]
    out = capfd.readouterr()
    assert WORD not in out.out + out.err
    assert NOTE not in out.out + out.err
