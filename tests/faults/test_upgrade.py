"""The power is cut at every point of an upgrade: there is the old layout or the new one, whole, and never a mixture."""

from contextlib import closing
from pathlib import Path

import pytest

from tocsin.backends.sqlite.database import SCHEMA, connect
from tocsin.backends.sqlite.migration import migrate
from tocsin.backends.sqlite.writer import Handle
from tocsin.node import fsck
from tocsin.node.tables import MIGRATIONS, TABLES
from tocsin.testing.powercut import Recorder

STORES = sorted((Path(__file__).parents[1] / "vectors" / "stores").glob("v*/store.sql"))
NEXT = SCHEMA + 1
# Steps that write much: a column, a table as long as the journal.
STEPS = [
    {NEXT: "ALTER TABLE tlog_logs ADD COLUMN extra INTEGER NOT NULL DEFAULT 7;"},
    {
        NEXT: "CREATE TABLE artificial (n INTEGER, c BLOB);"
        "INSERT INTO artificial SELECT a.position, a.content FROM journal_rows a, (SELECT seq FROM journal_rows LIMIT 8);"
    },
]


def schema(connection):
    return list(connection.execute("SELECT name, sql FROM sqlite_schema ORDER BY name"))


def upgrade(connection):
    migrate(connection, TABLES, [*MIGRATIONS, *STEPS], fsck.roots, NEXT)


@pytest.mark.slow
@pytest.mark.parametrize("store", STORES, ids=lambda one: one.parent.name)
def test_a_power_cut_at_every_point_leaves_the_old_layout_or_the_new_one(store, tmp_path):
    with closing(connect(str(tmp_path / "store"), create=True)) as made:
        made.execute(store.read_text("utf-8"))
    recorder = Recorder({"/store.sqlite": (tmp_path / "store").read_bytes()}, record=True)
    connection = connect("/store.sqlite", vfs=recorder.vfs_name, exclusive=True)
    found = next(iter(connection.execute("PRAGMA user_version")))[0]
    before, old = fsck.roots(Handle(connection)), schema(connection)
    upgrade(connection)
    new = schema(connection)
    recorder.event("committed")
    connection.close()
    seen = set()
    points = 6 * len(recorder.recorded)  # every one, each with nothing, all and parts of what was not synced
    for crash in recorder.images(points, seed=1):
        vfs, _ = crash.restore()
        again = connect("/store.sqlite", vfs=vfs, exclusive=True)
        number = next(iter(again.execute("PRAGMA user_version")))[0]
        assert (number, schema(again)) in ((found, old), (NEXT, new)), crash.at
        assert fsck.roots(Handle(again)) == before
        assert list(again.execute("PRAGMA integrity_check")) == [("ok",)]
        assert number == NEXT or not crash.events
        seen.add((number, crash.at))
        if number == found and len(seen) % 8 == 0:
            upgrade(again)
            assert (schema(again), fsck.roots(Handle(again))) == (new, before)
        again.close()
    assert {number for number, _ in seen} == {found, NEXT}
    assert len(seen) >= 100
