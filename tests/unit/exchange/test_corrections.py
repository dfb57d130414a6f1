"""What was wrong is taken back everywhere, and who complied is known: through the whole exchange."""

import json

import pytest

from tocsin.exchange.journal import search
from tocsin.exchange.journal.readers import tell
from tocsin.exchange.journal.journal import read
from tocsin.exchange.journal.search import Query
from tocsin.exchange.warn import standing
from tocsin.exchange.warn.taking import Wanted
from tocsin.formats import correction
from tocsin.formats.markings import ChannelKind
from tocsin.formats.tlp import Tlp

WHY = "a false positive"
ROOM = ("warn_versions", "warn_changes", "warn_confirmations", "warn_holders", "warn_subjects")


def indicator(number, day=1, **more):
    value = {
        "type": "indicator",
        "spec_version": "2.1",
        "id": f"indicator--{number:08x}-0000-4000-8000-000000000000",
        "created": "2026-01-01T00:00:00.000Z",
        "modified": f"2026-01-{day:02}T00:00:00.000Z",
        "name": f"scanner {number} of {day}",
        "pattern": f"[ipv4-addr:value = '198.51.100.{number}']",
        "pattern_type": "stix",
        "valid_from": "2026-01-01T00:00:00Z",
        **more,
    }
    return json.dumps(value).encode()


async def find(fed, handle, object_id, **more):
    core = fed.core(handle)
    await core.synced()
    query = Query(ids=(object_id,), **more)
    return await core.world.database.read(lambda db: search.find(db, query))


async def stands(fed, handle, object_id):
    core = fed.core(handle)
    await core.synced()
    return await core.world.database.read(lambda db: standing.of(db, core.members, correction.key(object_id)))


def confirmed_at(fed, handle):
    return {row[0] for row in fed.nodes[handle].query("SELECT member FROM warn_confirmations WHERE giver = ?", handle)}


async def all_confirm(fed, giver, *members, within_s=60.0):
    await fed.until(lambda: confirmed_at(fed, giver) >= set(members), within_s)


async def recall(fed, handle, object_id, *channels):
    plan, told = await fed.core(handle).corrections.recall(Wanted(object_id, channels, WHY))
    assert [one.code for one in told if one.code] == []
    return plan, told


async def rebuilt(fed, handle):
    """The tables of the room as they are, and as they are made again from the journal."""
    core, node = fed.core(handle), fed.nodes[handle]
    await core.synced()

    def picture():
        tables = {name: sorted(node.query(f"SELECT * FROM {name}")) for name in ROOM}
        for name in ("journal_hidden", "journal_contested"):
            tables[name] = sorted(node.query(f"SELECT * FROM {name}"))
        return tables

    live = picture()

    def work(tx):
        for name in (*ROOM, "journal_hidden", "journal_contested"):
            tx.execute(f"DELETE FROM {name}")
        position = 0
        while rows := read(tx, position, 7):
            core.rooms.recalls.take(tell(rows, tx), tx)
            position = rows[-1].position

    await core.world.database.write(work)
    return live, picture()


async def same_when_rebuilt(fed, *handles):
    for handle in handles or fed.nodes:
        live, again = await rebuilt(fed, handle)
        assert live == again, handle


def test_what_is_recalled_is_shown_nowhere_and_everybody_confirms(played, stix):
    async def story(fed):
        thing = indicator(1)
        await fed.share("aa", "plenary", [thing, indicator(2)], Tlp.GREEN)
        await fed.settled()
        assert len(await find(fed, "cc", stix.id(thing))) == 1
        plan, told = await recall(fed, "aa", stix.id(thing))
        assert (set(plan.holders), [one.channel for one in told]) == ({"bb", "cc"}, ["plenary"])
        await fed.settled()
        for handle in fed.nodes:
            assert await find(fed, handle, stix.id(thing)) == []
            assert len(await find(fed, handle, stix.id(indicator(2)))) == 1
        await all_confirm(fed, "aa", "bb", "cc")
        told = await stands(fed, "aa", stix.id(thing))
        assert (told.action, told.reason, told.object_id) == ("recalled", WHY, stix.id(thing))
        assert [one.member for one in told.confirmed] == ["bb", "cc"]
        assert told.open == []
        for node in fed.nodes.values():
            assert b"198.51.100.1'" not in b"".join(row[0] or b"" for row in node.query("SELECT content FROM journal_rows"))
        await same_when_rebuilt(fed)

    played(story, ("aa", "bb", "cc"))
