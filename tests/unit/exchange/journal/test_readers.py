"""Rooms read the journal once: what they are handed, in which order, and that nothing else counts."""

import asyncio
import json

from tocsin.exchange.journal import local
from tocsin.exchange.journal.followers import Following
from tocsin.exchange.journal.journal import Journal, Kind, NewRow, append
from tocsin.exchange.journal.readers import Readers
from tocsin.formats import extension
from tocsin.formats.tlp import Tlp, marking_id
from tocsin.testing.virtualtime import VirtualClock, run

ENTRY = {"type": "note", "id": "note--1"}


class Room:
    def __init__(self):
        self.seen = []

    def take(self, told, tx):
        self.seen += [(one.row.position, one.row.kind, one.value) for one in told]
        assert tx.query("SELECT COUNT(*) FROM journal_rows")


def entry(seq, content, held=None, content_type=1):
    return NewRow(
        Kind.ENTRY, 1, seq, "aa", "note--1", "", "", 1, 1, 0, held, b"s", b"c", content, content_type=content_type
    )


def test_each_room_gets_every_row_once_with_what_it_says(database):
    async def main():
        journal = Journal(database)
        clock = VirtualClock(asyncio.get_running_loop())
        rooms = Room(), Room()
        rows = [
            entry(0, json.dumps(ENTRY).encode()),
            entry(1, b'{"type": "note"}', held="format.stix"),
            NewRow(Kind.RECEIPT, 1, 1, "bb"),
            entry(2, None, held="erased"),
            entry(3, b"[1]"),
            entry(4, b"{}", held="order", content_type=2),
            entry(5, b'{"a": '),
        ]
        await database.write(lambda tx: append(tx, rows, 1))
        await journal.load()
        follower = Following(journal, Readers(rooms))
        task = asyncio.ensure_future(follower.run())
        await follower.reached(7)
        position = await local.record(
            journal, clock, local.row("declined", {"why": "ü"}, member="bb", object_id="x--1")
        )
        await follower.reached(position)
        task.cancel()
        told = (await journal.read(7, 10))[0]
        return rooms, (told.name, told.member, told.object_id, told.kind)

    rooms, told = run(main)
    kinds = [Kind.ENTRY, Kind.ENTRY, Kind.RECEIPT, Kind.ENTRY, Kind.ENTRY, Kind.ENTRY, Kind.ENTRY, Kind.LOCAL]
    values = [ENTRY, None, None, None, None, None, None, {"why": "ü"}]
    wanted = [(i, kind, value) for i, (kind, value) in enumerate(zip(kinds, values, strict=True), 1)]
    assert rooms[0].seen == rooms[1].seen == wanted
    assert told == ("declined", "bb", "x--1", Kind.LOCAL)


def test_what_the_node_says_itself_passes_the_same_gate_and_twice_is_once(played, refused):
    async def story(fed):
        core = fed.core("aa")
        plenary, note = core.members.channel("plenary"), said("seen")
        first, again = await core.say(plenary, [note]), await core.say(plenary, [note])
        await fed.settled()
        with refused("format.stix"):
            await core.say(plenary, [b'{"type": "note"}'])
        with refused("policy.same-version"):
            await core.say(plenary, [said("something else")])
        return first, again, note, fed.nodes["bb"].query("SELECT content FROM journal_rows WHERE kind = 1")

    first, again, note, there = played(story)
    assert (len(first), again, there) == (1, [], [(note,)])


def said(text):
    me = "identity--00000000-0000-4000-8000-000000000000"
    body = {"content": text, "object_refs": [me], "object_marking_refs": [marking_id(Tlp.GREEN)]}
    return extension.compose("note", ("x",), me, 1_700_000_000_000_000, body, "feedback", {})
