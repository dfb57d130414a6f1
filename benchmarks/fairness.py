"""What the fairness ledger costs: processor microseconds for an object taken, and seconds to show everything.

Taking is measured as the rooms' follower does it, 2,048 rows a transaction on a real file with synchronous=FULL, and with
the parsing left out, which all rooms share. Half a per cent of the objects repeat a value, one per cent are sightings.
"""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

from benchmarks.gate import indicators

from tocsin.backends.sqlite.database import InlineDatabase, connect, create_tables
from tocsin.backends.system.entropy import SystemEntropy
from tocsin.exchange.fairness.balance import Period, Snapshot
from tocsin.exchange.fairness.ledger import Ledger
from tocsin.exchange.journal.journal import Journal, Kind, Row
from tocsin.exchange.journal.readers import Told
from tocsin.formats.markings import ChannelKind
from tocsin.node.tables import TABLES

BATCH = 2048
MEMBERS = tuple(f"m{number:02}" for number in range(10))
NOW = 1_800_000_000_000_000


def _values(count: int) -> Iterator[dict[str, Any]]:
    chance, pattern = Random(1), indicators()[0]
    made: list[str] = []
    for number in range(count):
        kind = chance.random()
        if made and kind < 0.01:
            id_ = f"sighting--00000000-0000-4000-8000-{number:012x}"
            yield {"type": "sighting", "id": id_, "sighting_of_ref": chance.choice(made)}
            continue
        id_ = f"indicator--00000000-0000-4000-8000-{number:012x}"
        which = chance.randrange(number) if number and kind < 0.015 else number
        address = f"10.{which >> 16 & 255}.{which >> 8 & 255}.{which & 255}"
        made.append(id_)
        author = f"identity--{number % len(MEMBERS)}"
        yield pattern | {"id": id_, "pattern": f"[ipv4-addr:value = '{address}']", "created_by_ref": author}


def _told(count: int) -> Iterator[list[Told]]:
    seqs = dict.fromkeys(range(1, len(MEMBERS) + 1), 0)
    batch: list[Told] = []
    for position, value in enumerate(_values(count), 1):
        log = position // 512 % len(MEMBERS) + 1  # as batches come, one origin at a time
        at = NOW - 90 * 86_400_000_000 + position
        row = Row(position, at, int(Kind.ENTRY), log, seqs[log], MEMBERS[log - 1], value["id"], "", "", 1, at, None)
        seqs[log] += 1
        batch.append(Told(row, value))
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


async def run(folder: Path, count: int) -> dict[str, Any]:
    """Figures for so many facts."""
    connection = connect(str(folder / "fairness.sqlite"), create=True)
    create_tables(connection, TABLES)
    database = InlineDatabase(connection)
    clock: Any = SimpleNamespace(now_us=lambda: NOW)
    ledger = Ledger(Journal(database), clock, SystemEntropy(), dict)
    cpu, first = 0.0, 0.0
    batches = _told(count)
    taken = 0
    for batch in batches:
        begin = time.process_time()
        await database.write(lambda tx, one=batch: ledger.take(one, tx))  # type: ignore[misc]  # run at once
        cpu += time.process_time() - begin
        taken += len(batch)
        if taken == 10 * BATCH:
            first = cpu / taken * 1e6
    parse = _parsing()
    begin = time.process_time()
    found = await database.read(lambda db: _show(Snapshot(db, _members(), _logs(), Period(NOW))))
    shown = time.process_time() - begin
    begin = time.process_time()
    await database.read(lambda db: Snapshot(db, _members(), _logs(), Period(NOW)).plenary())
    plenary = time.process_time() - begin
    connection.close()
    return {
        "facts": taken,
        "linked": found,
        "take_us_first": first,
        "take_us": cpu / taken * 1e6,
        "parse_us": parse,
        "show_s": shown,
        "plenary_s": plenary,
        "bytes_per_fact": (folder / "fairness.sqlite").stat().st_size / taken,
    }


def _parsing() -> float:
    from tocsin.formats import strictjson

    contents = [json.dumps(one).encode() for one in indicators()]
    begin = time.process_time()
    for one in contents:
        strictjson.parse(one)
    return (time.process_time() - begin) / len(contents) * 1e6


def _show(snapshot: Snapshot) -> int:
    """Everything that `tocsin fairness show` computes."""
    snapshot.own()
    for member in MEMBERS[1:]:
        common = snapshot.common(member)
        snapshot.row(common, MEMBERS[0], member)
        snapshot.unknown(common)
    return sum(len(one) for one in snapshot._linked.by_value.values())


def _members() -> Any:
    slots = {member: bytes([number]) * 32 for number, member in enumerate(MEMBERS)}
    plenary = SimpleNamespace(
        id="plenary", kind=ChannelKind.PLENARY, listed=frozenset(MEMBERS), is_open=True, slots=slots, urgent={}
    )
    return SimpleNamespace(
        me=MEMBERS[0],
        generations=lambda: [plenary],
        member=lambda handle: SimpleNamespace(handle=handle),
        charter=SimpleNamespace(active=frozenset(MEMBERS)),
    )


def _logs() -> Any:
    return SimpleNamespace(get=lambda slot: SimpleNamespace(number=slot[0] + 1))
