"""Stores of every older layout: opened, upgraded whole or not at all, with every root as it was."""

import asyncio
import json
import re
import shutil
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import apsw
import pytest

from tocsin.backends.sqlite import database, migration
from tocsin.backends.sqlite.database import SCHEMA, connect, create_tables, require_schema
from tocsin.backends.sqlite.migration import migrate
from tocsin.backends.sqlite.writer import Handle
from tocsin.errors import MEANINGS, TocsinError
from tocsin.node import backup, fsck, upgrade
from tocsin.node.home import Home
from tocsin.node.tables import MIGRATIONS, TABLES

STORES = Path(__file__).parents[2] / "vectors" / "stores"
LAYOUTS = sorted(int(one.name[1:]) for one in STORES.glob("v*"))
NEXT = SCHEMA + 1
STEPS = [
    {NEXT: "ALTER TABLE tlog_logs ADD COLUMN extra INTEGER NOT NULL DEFAULT 7;"},
    {
        NEXT: "CREATE TABLE artificial (n INTEGER PRIMARY KEY); INSERT INTO artificial SELECT position FROM journal_rows;"
    },
]


def refused(code, call, *args):
    with pytest.raises(TocsinError) as caught:
        call(*args)
    assert caught.value.code == code, caught.value
    assert code in MEANINGS
    return caught.value


def old_home(path, number):
    """The folder of a real node of that layout, as its version left it."""
    kept = STORES / f"v{number}"
    files = json.loads((kept / "files.json").read_text())
    home = Home(path)
    for folder in (home.path, home.keys, home.heads):
        folder.mkdir(mode=0o700)
    for name, text in files["text"].items():
        (path / name).write_text(text)
        (path / name).chmod(0o600)
    for name, data in files["hex"].items():
        (path / name).write_bytes(bytes.fromhex(data))
    with closing(connect(str(home.store), create=True)) as connection:
        connection.execute((kept / "store.sql").read_text())
    home.store.chmod(0o600)
    return home


@pytest.fixture(params=LAYOUTS, ids=lambda number: f"v{number}")
def home(request, tmp_path):
    return old_home(tmp_path / "old", request.param)


def roots(home):
    with closing(connect(str(home.store))) as connection:
        return fsck.roots(Handle(connection))


def layout_of(path):
    with closing(connect(str(path))) as connection:
        return database.layout(connection)


def schema(connection):
    """Every table and index, without comments and spaces."""
    rows = connection.execute("SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name")
    return {name: re.sub(r"\s+|--[^\n]*\n", "", sql) for name, sql in rows}


def test_there_is_a_store_of_every_older_layout():
    assert list(range(1, SCHEMA)) == LAYOUTS


def test_a_store_is_upgraded_with_every_root_and_the_old_one_is_kept(home):
    before, found = roots(home), layout_of(home.store)
    assert sum(size for size, _ in before.values()) >= 20
    seen = []
    told = upgrade.bring_up(home, lambda done, total: seen.append((done, total)))
    assert upgrade.KEPT in told
    assert seen
    kept = home.path / upgrade.KEPT
    assert (layout_of(home.store), layout_of(kept)) == (SCHEMA, found)
    assert kept.stat().st_mode & 0o777 == 0o600
    assert roots(home) == before == roots(SimpleNamespace(store=kept))
    report = asyncio.run(fsck.check(home))
    assert (report["ok"], report["problems"]) == (True, [])
    assert {one["slot"]: (one["size"], one["root"]) for one in report["logs"]} == before
    assert upgrade.bring_up(home) is None
    assert upgrade.if_old(home) is None


def test_an_upgraded_store_has_the_layout_of_a_new_one(home):
    """Fails for whoever changes TABLES and forgets MIGRATIONS: see node/tables.py."""
    upgrade.bring_up(home)
    with closing(connect(str(home.store))) as upgraded, closing(connect(":memory:", create=True)) as new:
        create_tables(new, TABLES)
        assert schema(upgraded) == schema(new)
    for number in {number for room in MIGRATIONS for number in room}:
        assert 2 <= number <= SCHEMA


def test_a_store_of_todays_layout_gets_what_it_lacks_and_keeps_what_it_has(home):
    upgrade.bring_up(home)
    with closing(connect(str(home.store))) as connection:
        whole, before = schema(connection), roots(home)
        connection.execute("DROP TABLE edge_notes; DROP INDEX journal_rows_local")
        assert schema(connection) != whole
    assert upgrade.bring_up(home) is None
    with closing(connect(str(home.store))) as connection:
        assert (schema(connection), roots(home)) == (whole, before)


def test_a_store_that_cannot_be_completed_stays_as_it_was(home):
    upgrade.bring_up(home)
    with closing(connect(str(home.store))) as connection:
        connection.execute("DROP TABLE edge_notes; CREATE TABLE edge_notes (other INTEGER)")
        before = schema(connection)
        with pytest.raises(TocsinError) as refused:
            upgrade.bring_up(home)
        assert refused.value.code == "store.migration"
        assert schema(connection) == before


def test_a_forgotten_step_is_seen(home):
    with closing(connect(str(home.store))) as upgraded, closing(connect(":memory:", create=True)) as new:
        changed = [
            one.replace("frontier BLOB NOT NULL\n", "frontier BLOB NOT NULL,\n  extra INTEGER\n") for one in TABLES
        ]
        assert changed != list(TABLES)
        create_tables(new, changed)
        migrate(upgraded, changed, MIGRATIONS, fsck.roots)
        assert schema(upgraded) != schema(new)


def test_steps_of_all_rooms_run_in_order_and_new_tables_follow(home):
    before = roots(home)
    tables = [*TABLES, "CREATE INDEX IF NOT EXISTS tlog_extra ON tlog_logs (extra);"]
    with closing(connect(str(home.store))) as connection:
        migrate(connection, tables, [*MIGRATIONS, *STEPS], fsck.roots, NEXT)
        assert list(connection.execute("PRAGMA user_version")) == [(NEXT,)]
        assert {row[0] for row in connection.execute("SELECT extra FROM tlog_logs")} == {7}
        assert list(connection.execute("SELECT COUNT(*) FROM artificial")) != [(0,)]
        assert "tlog_extra" in schema(connection)
        assert fsck.roots(Handle(connection)) == before


@pytest.mark.parametrize(
    ("step", "code"),
    [
        ("UPDATE journal_rows SET commitment = zeroblob(32) WHERE seq = 0;", "store.migration"),
        ("DELETE FROM journal_rows WHERE seq = 0;", "store.migration"),
        ("ALTER TABLE tlog_logs ADD COLUMN extra; ALTER TABLE nowhere ADD COLUMN x;", "store.migration"),
    ],
)
def test_a_step_that_fails_or_changes_a_root_changes_nothing(home, monkeypatch, step, code):
    before, found = home.store.read_bytes(), layout_of(home.store)
    tables = {}
    with closing(connect(str(home.store))) as connection:
        tables = schema(connection)
    monkeypatch.setattr(upgrade, "MIGRATIONS", ({SCHEMA: step},))
    refused(code, upgrade.bring_up, home)
    assert layout_of(home.store) == found
    with closing(connect(str(home.store))) as connection:
        assert schema(connection) == tables
    assert home.store.read_bytes() == before
    monkeypatch.undo()
    assert upgrade.KEPT in upgrade.bring_up(home)


def test_a_store_of_a_later_version_or_of_nobody_is_refused(home):
    for number in (SCHEMA + 1, 0):
        with closing(connect(str(home.store))) as connection:
            connection.execute(f"PRAGMA user_version = {number}")
        told = refused("store.schema", upgrade.bring_up, home)
        assert f"layout {number}" in told.what
        report = asyncio.run(fsck.check(home))
        assert [one["code"] for one in report["problems"]] == ["store.schema"]
    assert not (home.path / upgrade.KEPT).exists()


def test_whoever_only_reads_refuses_an_old_store(home):
    with closing(connect(str(home.store))) as connection:
        refused("store.old", require_schema, connection)


def test_no_room_no_upgrade(home, monkeypatch):
    size = home.store.stat().st_size
    usage = shutil.disk_usage(home.path)
    monkeypatch.setattr(upgrade.shutil, "disk_usage", lambda _: usage._replace(free=2 * size - 1))
    refused("store.full", upgrade.bring_up, home)
    assert layout_of(home.store) < SCHEMA
    assert not list(home.path.glob("*before*"))


def test_what_was_kept_is_not_written_over(home):
    kept = home.path / upgrade.KEPT
    kept.write_text("precious")
    refused("store.kept", upgrade.bring_up, home)
    assert (kept.read_text(), layout_of(home.store) < SCHEMA) == ("precious", True)


def test_only_one_process_upgrades(home):
    with home.lock():
        refused("config.running", upgrade.if_old, home)
    assert upgrade.if_old(home)


class Cut(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("where", ["copy", "sync", "migrate", "rename"])
@pytest.mark.parametrize("after", [False, True])
def test_cut_off_between_two_steps_the_next_start_ends_it(home, monkeypatch, where, after):
    before = roots(home)
    owner, name = {
        "copy": (upgrade.database, "copy"),
        "sync": (upgrade, "_sync"),
        "migrate": (upgrade, "migrate"),
        "rename": (Path, "rename"),
    }[where]
    real = getattr(owner, name)

    def cut(*args):
        if after:
            real(*args)
        raise Cut

    monkeypatch.setattr(owner, name, cut)
    with pytest.raises(Cut):
        upgrade.bring_up(home)
    monkeypatch.undo()
    upgrade.bring_up(home)
    assert (layout_of(home.store), roots(home)) == (SCHEMA, before)
    kept = home.path / upgrade.KEPT
    assert layout_of(kept) < SCHEMA
    assert roots(SimpleNamespace(store=kept)) == before
    assert not list(home.path.glob("*.new"))


@pytest.mark.slow
def test_a_backup_of_an_old_store_is_made_checked_and_restored(home, tmp_path):
    before = roots(home)
    file = tmp_path / "backup.tar"
    backup.write(home, file)
    assert layout_of(home.store) < SCHEMA
    checked = asyncio.run(backup.check(file))
    assert (checked["ok"], checked["problems"]) == (True, [])
    asyncio.run(backup.restore(file, tmp_path / "again"))
    again = Home(tmp_path / "again")
    assert (layout_of(again.store), roots(again)) == (SCHEMA, before)
    asyncio.run(backup.restore(file, home.path))
    assert (layout_of(home.store), roots(home)) == (SCHEMA, before)


def test_a_full_disk_in_the_middle_is_told_and_changes_nothing(home, monkeypatch):
    def full(*_):
        raise apsw.FullError

    with closing(connect(str(home.store))) as connection:
        found = database.layout(connection)
        refused("store.full", migrate, connection, TABLES, MIGRATIONS, full)
        assert database.layout(connection) == found
        assert not connection.in_transaction
    monkeypatch.setattr(upgrade.database, "copy", full)
    refused("store.full", upgrade.bring_up, home)
    assert not list(home.path.glob("*before*"))
    assert migration.SCHEMA == SCHEMA
