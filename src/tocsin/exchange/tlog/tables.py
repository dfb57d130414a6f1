"""The tables of the room tlog."""

from collections.abc import Mapping

TABLES = """
CREATE TABLE IF NOT EXISTS tlog_logs (
  log      INTEGER PRIMARY KEY,
  slot     BLOB NOT NULL UNIQUE,
  channel  INTEGER NOT NULL,
  origin   TEXT NOT NULL,
  size     INTEGER NOT NULL,
  frontier BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS tlog_checkpoints (
  log  INTEGER NOT NULL,
  size INTEGER NOT NULL,
  root BLOB NOT NULL,
  note BLOB,              -- the origin's signed note; NULL for our own, whose signature is a function of size and root
  PRIMARY KEY (log, size)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS tlog_beats (
  one      INTEGER PRIMARY KEY,
  reserved INTEGER NOT NULL     -- no heartbeat of ours has this number or a larger one yet
);
"""

MIGRATIONS: Mapping[int, str] = {}  # see node/tables.py
