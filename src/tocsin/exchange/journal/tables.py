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
  content    BLOB,
  content_type INTEGER NOT NULL DEFAULT 1   -- formats.entry: 0 came as its commitment alone, 1 STIX, 2 erase order
);
CREATE UNIQUE INDEX IF NOT EXISTS journal_rows_entry ON journal_rows (log, seq) WHERE kind = 1;
CREATE INDEX IF NOT EXISTS journal_rows_receipt ON journal_rows (log, seq) WHERE kind = 2;
CREATE INDEX IF NOT EXISTS journal_rows_local ON journal_rows (name, position) WHERE kind = 6;
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
CREATE TABLE IF NOT EXISTS journal_hidden (
  object_id TEXT NOT NULL,       -- empty: everything of the member
  member    TEXT NOT NULL,       -- whose copies; empty: everybody's
  why       TEXT NOT NULL,       -- search.HIDDEN
  position  INTEGER NOT NULL,    -- of the row that said so
  PRIMARY KEY (object_id, member, why)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS journal_contested (
  object_id TEXT PRIMARY KEY,    -- more than one member has shared it
  owner     TEXT NOT NULL        -- whose it is
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS journal_traces (
  position INTEGER PRIMARY KEY,  -- of an erased entry that held a version of an object
  object   BLOB NOT NULL,        -- correction.key of its id: tells nothing to who does not know the id
  instant  INTEGER NOT NULL,     -- the version as microseconds since 1970
  taken    INTEGER NOT NULL,     -- 1: it revoked its object, 2: it recalled it
  creator  BLOB NOT NULL         -- key of created_by_ref, empty without one
);
CREATE TABLE IF NOT EXISTS journal_kept (
  day  INTEGER PRIMARY KEY,      -- days since 1970 at whose beginning keep-until has passed
  low  INTEGER NOT NULL,         -- every entry of that day stands between these positions
  high INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS journal_orders (
  position INTEGER PRIMARY KEY,  -- of the erase order's own entry
  log      INTEGER NOT NULL,
  seq      INTEGER NOT NULL,
  member   TEXT NOT NULL,        -- who ordered, and whose entries it names
  digest   BLOB NOT NULL,        -- SHA-256 of the order's bytes
  entries  INTEGER NOT NULL,     -- how many it names
  deadline INTEGER NOT NULL,
  issued   INTEGER NOT NULL,
  obeyed   INTEGER NOT NULL      -- when it was done here, microseconds since 1970; 0 = not yet
);
CREATE UNIQUE INDEX IF NOT EXISTS journal_orders_entry ON journal_orders (log, seq);
CREATE INDEX IF NOT EXISTS journal_orders_open ON journal_orders (position) WHERE obeyed = 0;
CREATE TABLE IF NOT EXISTS journal_ordered (
  slot   BLOB NOT NULL,          -- what must never be held again, here already or not
  seq    INTEGER NOT NULL,
  member TEXT NOT NULL,
  PRIMARY KEY (slot, seq, member)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS journal_search_channel ON journal_search (channel, position);
CREATE INDEX IF NOT EXISTS journal_search_object ON journal_search (object_id, channel, instant, member);
"""

_LAYOUT_2 = """
ALTER TABLE journal_rows ADD COLUMN content_type INTEGER NOT NULL DEFAULT 1;
CREATE TABLE journal_kept (day INTEGER PRIMARY KEY, low INTEGER NOT NULL, high INTEGER NOT NULL);
INSERT INTO journal_kept (day, low, high)
  SELECT (keep_until - 1) / 86400000000 + 1, MIN(position), MAX(position) FROM journal_rows
  WHERE kind = 1 AND keep_until > 0 AND content IS NOT NULL
    AND position <= (SELECT COALESCE(MAX(position), 0) FROM journal_followers WHERE name = 'search')
  GROUP BY 1;
"""
_LAYOUT_3 = "DROP INDEX journal_search_object;"  # made again with the member
MIGRATIONS: Mapping[int, str] = {2: _LAYOUT_2, 3: _LAYOUT_3}  # see node/tables.py
