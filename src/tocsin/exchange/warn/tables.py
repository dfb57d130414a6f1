"""The tables of the room warn. All are derived from the journal: dropped, they are made again."""

from collections.abc import Mapping

TABLES = """
CREATE TABLE IF NOT EXISTS warn_duties (
  id        TEXT PRIMARY KEY,    -- a digest of object, version and member
  object_id TEXT NOT NULL,
  version   TEXT NOT NULL,
  member    TEXT NOT NULL,       -- who is concerned and was not told
  channel   INTEGER NOT NULL,    -- where the object went instead
  reasons   TEXT NOT NULL,       -- JSON list of texts
  noted     INTEGER NOT NULL,    -- position of the local row that says so
  since     INTEGER NOT NULL,    -- when the object went; 0: it never did, and there is no duty
  state     TEXT NOT NULL,       -- open, warned, sanitised, declined; empty while the object has not gone
  closed    INTEGER NOT NULL,
  by        TEXT NOT NULL,       -- the object that told the member
  why       TEXT NOT NULL        -- reason of a refusal
);
CREATE INDEX IF NOT EXISTS warn_duties_state ON warn_duties (state, since, id);
CREATE INDEX IF NOT EXISTS warn_duties_object ON warn_duties (object_id);
CREATE TABLE IF NOT EXISTS warn_duty_aims (
  object_id TEXT NOT NULL,       -- once its member has signed for this object, a duty is done
  duty      TEXT NOT NULL,
  how       TEXT NOT NULL,       -- warned, sanitised
  PRIMARY KEY (object_id, duty)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS warn_duty_sent (
  log       INTEGER NOT NULL,    -- ours, with an object that does a duty
  seq       INTEGER NOT NULL,
  duty      TEXT NOT NULL,
  member    TEXT NOT NULL,
  object_id TEXT NOT NULL,
  how       TEXT NOT NULL,
  PRIMARY KEY (log, seq, duty)
) WITHOUT ROWID;
"""
MIGRATIONS: Mapping[int, str] = {}
