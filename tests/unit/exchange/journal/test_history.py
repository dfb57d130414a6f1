"""Questions about what happened: receipts with their delay, who stored an entry when, what is held back."""

import asyncio

from tocsin.exchange.journal import journal
from tocsin.exchange.journal.history import entry_at, happenings, receipts, stored_by
from tocsin.exchange.journal.journal import Journal, Kind, NewRow, append, held_back
from tocsin.testing.virtualtime import run


def entry(seq, sent_at, held=None):
    return NewRow(Kind.ENTRY, 1, seq, "aa", "identity--1", "v", "name", 2, sent_at, held=held)


def receipt(size, member, log=1):
    return NewRow(Kind.RECEIPT, log, size, member)


def filled(database):
    async def main():
        for now, rows in (
            (1_000, [entry(0, 900), entry(1, 950)]),
            (3_000, [receipt(1, "bb")]),
            (5_500, [receipt(2, "cc"), receipt(2, "bb"), receipt(2, "bb", log=7)]),
            (9_000, [entry(2, 8_000, held="format.stix"), NewRow(Kind.REFUSAL, 1, 0, "cc", name="receive.gap")]),
        ):
            await database.write(lambda tx, n=now, r=rows: append(tx, r, n))

    run(main)


def asked(database, question):
    async def main():
        return await database.read(question)

    return run(main)


def test_happenings(database):
    filled(database)
    rows = asked(database, lambda db: happenings(db, 0, 100))
    assert [(one.row.position, one.row.kind, one.ms) for one in rows] == [
        (1, 1, None),
        (2, 1, None),
        (3, 2, 2.1),
        (4, 2, 4.55),
        (5, 2, 4.551),
        (6, 2, None),
        (7, 1, None),
        (8, 3, None),
    ]
    assert (rows[0].row.name, rows[0].row.marking, rows[7].row.name, rows[7].row.member) == (
        "name",
        2,
        "receive.gap",
        "cc",
    )
    assert [one.row.position for one in asked(database, lambda db: happenings(db, 6, 1))] == [7]


def test_receipts_newest_first(database):
    filled(database)
    assert [one.row.position for one in asked(database, lambda db: receipts(db, [1], 0, 10))] == [5, 4, 3]
    assert [one.row.position for one in asked(database, lambda db: receipts(db, [1, 7], 0, 10))] == [6, 5, 4, 3]
    assert [one.row.position for one in asked(database, lambda db: receipts(db, [1], 5, 1))] == [4]
    assert asked(database, lambda db: receipts(db, [], 0, 10)) == []


def test_who_stored_an_entry_when(database):
    filled(database)
    assert asked(database, lambda db: stored_by(db, 1, 0, ["bb", "cc", "dd"])) == {"bb": 3_000, "cc": 5_500}
    assert asked(database, lambda db: stored_by(db, 1, 1, ["bb", "cc"])) == {"bb": 5_501, "cc": 5_500}
    assert asked(database, lambda db: stored_by(db, 1, 2, ["bb", "cc"])) == {}


def test_entries_by_position_and_what_is_held_back(database):
    filled(database)
    assert asked(database, lambda db: entry_at(db, 2)) == (1, 1, 950)
    assert asked(database, lambda db: entry_at(db, 3)) is None
    assert asked(database, lambda db: entry_at(db, 99)) is None
    assert asked(database, lambda db: held_back(db, 0, 100)) == 1


def test_what_is_held_back_is_counted_once_and_in_steps(database, monkeypatch):
    monkeypatch.setattr(journal, "_COUNTED", 2)
    filled(database)

    async def main():
        made = Journal(database)
        await made.load()
        both = await asyncio.gather(made.held_back(), made.held_back())
        more = [entry(3, 1, held="format.stix"), entry(4, 1, held="erased"), entry(5, 1)]
        made.announce(await database.write(lambda tx: append(tx, more, 10_000)))
        return [*both, await made.held_back(), await made.held_back()]

    assert run(main) == [1, 1, 2, 2]
