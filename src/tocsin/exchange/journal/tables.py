"""The tables of the room journal."""

from collections.abc import Mapping

TABLES = """
CREATE TABLE IF NOT EXISTS journal_rows (
  position   INTEGER PRIMARY KEY,
  added      INTEGER NOT NULL,   -- microseconds since 1970; unique and growing, whatever the clock does
  kind       INTEGER NOT NULL,   -- journal.Kind
  log        INTEGER NOT NULL,
  seq        INTEGER NOT NULL,   -- entry: place in its log; receipt: size it covers
  member     TEXT NOT NULL,      -- entry: origin; receipt: who signed
  object_id  TEXT,
  version    TEXT,
  name       TEXT,
  marking    INTEGER,
  sent_at    INTEGER,
  keep_until INTEGER,
  held       TEXT,               -- code why the entry is kept but not shown
  salt       BLOB,
  commitment BLOB,
  content    BLOB
);
CREATE UNIQUE INDEX IF NOT EXISTS journal_rows_entry ON journal_rows (log, seq) WHERE kind = 1;
CREATE INDEX IF NOT EXISTS journal_rows_receipt ON journal_rows (log, seq) WHERE kind = 2;
CREATE TABLE IF NOT EXISTS journal_followers (
  name     TEXT PRIMARY KEY,
  position INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS journal_search (
  position  INTEGER PRIMARY KEY,
  channel   INTEGER NOT NULL,
  object_id TEXT NOT NULL,
  version   TEXT NOT NULL,
  instant   INTEGER NOT NULL,    -- the version as microseconds since 1970; 0 for objects without one
  name      TEXT NOT NULL,
  member    TEXT NOT NULL,
  marking   INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS journal_search_channel ON journal_search (channel, position);
CREATE INDEX IF NOT EXISTS journal_search_object ON journal_search (object_id, channel, instant);
"""

MIGRATIONS: Mapping[int, str] = {}  # see node/tables.py
