"""The tables of the room receive."""

from collections.abc import Mapping

TABLES = """
CREATE TABLE IF NOT EXISTS receive_refusals (
  log      INTEGER NOT NULL,
  code     TEXT NOT NULL,
  count    INTEGER NOT NULL,
  added    INTEGER NOT NULL,   -- when it last happened, microseconds since 1970
  size     INTEGER NOT NULL,   -- what we held then
  evidence BLOB NOT NULL,      -- the signed checkpoint that came with it
  PRIMARY KEY (log, code)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS receive_evidence (
  id      BLOB PRIMARY KEY,   -- SHA-256 of data
  kind    TEXT NOT NULL,
  accused TEXT NOT NULL,
  log     INTEGER NOT NULL,   -- 0 for votes
  added   INTEGER NOT NULL,
  data    BLOB NOT NULL       -- docs/formats/evidence.md
) WITHOUT ROWID;
"""

MIGRATIONS: Mapping[int, str] = {}  # see node/tables.py
