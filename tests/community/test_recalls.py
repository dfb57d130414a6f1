"""A recall reaches who was away for a month: all have confirmed a minute after the return, and nobody shows it any more."""

import asyncio
import json

from tocsin.exchange.journal import search
from tocsin.exchange.journal.search import Query
from tocsin.exchange.warn import standing
from tocsin.exchange.warn.taking import Wanted
from tocsin.formats import correction
from tocsin.formats.tlp import Tlp
from tocsin.testing.federation import Federation
from tocsin.testing.virtualtime import VirtualClock, run

MEMBERS = 33
AWAY = 4  # more than a tenth
MONTH_S = 30 * 86_400.0
RETURN_S = 60.0
CANARY = "198.51.100.77"
WORDS = CANARY.encode()


def indicator(number):
    return {
        "type": "indicator",
        "spec_version": "2.1",
        "id": f"indicator--{number:08x}-0000-4000-8000-000000000000",
        "created": "2026-01-01T00:00:00.000Z",
        "modified": "2026-01-01T00:00:00.000Z",
        "pattern": f"[ipv4-addr:value = '{CANARY}']",
        "pattern_type": "stix",
        "valid_from": "2026-01-01T00:00:00Z",
    }


async def stands(fed, ids):
    core = fed.core("m00")
    await core.synced()
    keys = [correction.key(one) for one in ids]
    return await core.world.database.read(lambda db: [standing.of(db, core.members, key) for key in keys])


async def shown(fed, handle, ids):
    core = fed.core(handle)
    await core.synced()
    query = Query(ids=tuple(ids))
    return await core.world.database.read(lambda db: len(search.find(db, query)))


async def story(fed):
    clock, handles = VirtualClock(fed.loop), list(fed.nodes)
    away = handles[-AWAY:]
    things = [indicator(number) for number in range(1, 4)]
    ids = [one["id"] for one in things]
    await fed.share("m00", "plenary", [json.dumps(one).encode() for one in things], Tlp.GREEN)
    await fed.settled()
    for handle in away:
        await fed.crash(handle)
    for one in ids:
        await fed.core("m00").corrections.recall(Wanted(one, (), "a false positive"))
    present = [one for one in handles if one not in away]
    await fed.until(lambda: confirmed(fed) >= len(ids) * (len(present) - 1))
    for one in await stands(fed, ids):
        assert (len(one.confirmed), [each.member for each in one.open]) == (len(present) - 1, away)
        assert {each.why for each in one.open} == {standing.UNREACHED}
    for handle in present:
        await fed.crash(handle)
    await clock.sleep(MONTH_S)
    for handle in present:
        await fed.restart(handle)
    await fed.linked()
    for handle in away:
        assert WORDS in b"".join(fed.nodes[handle].storage.files().values()), "the test could see it"
    returned = clock.monotonic()
    for handle in away:
        await fed.restart(handle)
    await fed.until(lambda: confirmed(fed) >= len(ids) * (MEMBERS - 1), RETURN_S)
    took = clock.monotonic() - returned
    for one in await stands(fed, ids):
        assert (len(one.due), len(one.confirmed), one.open) == (MEMBERS - 1, MEMBERS - 1, [])
    for handle in handles:
        assert await shown(fed, handle, ids) == 0
        rows = fed.nodes[handle].query("SELECT content FROM journal_rows WHERE content IS NOT NULL")
        assert not [row for row in rows if WORDS in row[0]], handle
    return took


def confirmed(fed):
    return fed.nodes["m00"].query("SELECT COUNT(*) FROM warn_confirmations WHERE giver = 'm00'")[0][0]


def test_who_was_away_for_a_month_confirms_within_a_minute_of_its_return():
    async def main():
        fed = Federation(asyncio.get_running_loop(), [f"m{number:02}" for number in range(MEMBERS)], 7)
        await fed.found()
        try:
            return await story(fed)
        finally:
            await fed.stop()

    took = run(main)
    assert took <= RETURN_S
