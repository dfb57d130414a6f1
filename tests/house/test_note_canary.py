"""A note "ours only" leaves the node on no way: not to peers, not into diagnostics, not by TAXII."""

import asyncio
import json

import pytest

from tocsin.edge.access import EVERY, Accounts
from tocsin.edge.audit import Audit
from tocsin.edge.notes import Notes
from tocsin.edge.taxii.app import Services, build
from tocsin.formats.tlp import Tlp
from tocsin.node.diagnostics import Diagnostics
from tocsin.node.metrics import Counters, Metrics
from tocsin.testing.federation import Federation
from tocsin.testing.virtualtime import run

TEXT = "canarynote7b20d4"
OBJECT = "malware--00000001-0000-4000-8000-000000000000"


def malware(number, name):
    value = {"type": "malware", "spec_version": "2.1", "id": f"malware--{number:08x}-0000-4000-8000-000000000000"}
    value |= {"created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-01T00:00:00.000Z", "is_family": False}
    return json.dumps({**value, "name": name}).encode()


async def read_by_taxii(core):
    """Everything that a program with the widest grant is given."""
    world = core.world
    accounts = Accounts(world.database, world.clock, world.entropy)
    token = await accounts.add("siem", [EVERY])
    audit = Audit(world.database, world.clock)
    app = build(
        Services(
            world.database, core.members, accounts, audit, lambda: "http://127.0.0.1:1/", "bb", world.clock, core.synced
        )
    )
    told = b""
    for channel in core.members.channels():
        for path in (f"/api1/collections/{channel.id}/objects/", f"/api1/collections/{channel.id}/manifest/"):
            sent = []

            async def send(message, sent=sent):
                sent.append(message)

            headers = [(b"authorization", f"Bearer {token}".encode())]
            await app(
                {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": headers}, None, send
            )
            assert sent[0]["status"] == 200
            told += sent[1]["body"]
    return told


@pytest.mark.slow
def test_nobody_is_told_what_we_note_for_ourselves(capfd):
    sent = []

    async def main():
        fed = Federation(asyncio.get_running_loop(), ["aa", "bb", "cc"], 7)
        await fed.found()
        fed.network.tap(lambda src, dst, data: sent.append((src, bytes(data))))
        for node in fed.nodes.values():
            told, note = Diagnostics(node.handle, node.clock), node.notes
            object.__setattr__(node.running.links._parts, "note", lambda *one, n=note, t=told: (n.append(one), t(*one)))
        await fed.share("aa", "plenary", [malware(1, "what it is about")], Tlp.GREEN)
        await fed.settled()
        world = fed.core("bb").world
        notes = Notes(world.database, world.clock, world.entropy)
        made = await notes.add(OBJECT, "amira", "Amira", TEXT)
        await notes.change(made.id, OBJECT, "amira", f"{TEXT} changed")
        await notes.add("story:7", "amira", "Amira", TEXT.upper())
        await fed.share("bb", "plenary", [malware(2, "from the one who notes")], Tlp.GREEN)
        await fed.settled()
        await fed.crash("bb")
        await fed.restart("bb")
        await fed.share("cc", "plenary", [malware(3, "nothing")], Tlp.GREEN)
        await fed.settled()
        core = fed.core("bb")
        await core.synced()
        kept = await Notes(core.world.database, core.world.clock, core.world.entropy).on(OBJECT)
        served = await read_by_taxii(core)
        metrics = await Metrics(core, Counters(), 0).page()
        rows = fed.nodes["bb"].query("SELECT * FROM journal_rows")
        trail = fed.nodes["bb"].query("SELECT * FROM edge_audit")
        told = {handle: node.notes for handle, node in fed.nodes.items()}
        await fed.stop()
        return kept, served, metrics, [rows, trail, told]

    kept, served, metrics, rest = run(main)
    assert [one.text for one in kept] == [f"{TEXT} changed"], "the note outlives a crash"
    assert b"what it is about" in served, "TAXII served nothing at all"
    words = [TEXT.encode(), TEXT.upper().encode()]
    assert any(src == "bb" for src, _ in sent), "the tap heard nothing"
    assert not [src for src, data in sent if any(word in data for word in words)]
    for one in (served, metrics, repr(rest).encode()):
        assert not any(word in one for word in words)
    out = capfd.readouterr()
    assert TEXT not in (out.out + out.err).lower()
