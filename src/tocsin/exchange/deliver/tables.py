"""The tables of the room deliver."""

from collections.abc import Mapping

TABLES = """
CREATE TABLE IF NOT EXISTS deliver_receipts (
  log    INTEGER NOT NULL,
  member TEXT NOT NULL,
  size   INTEGER NOT NULL,   -- the stored position of this follower: all below it is receipted
  added  INTEGER NOT NULL,   -- when the receipt came, microseconds since 1970
  key_id BLOB NOT NULL,
  blob   BLOB NOT NULL,      -- C2SP cosignature/v1: 8 bytes of time, 64 of signature
  PRIMARY KEY (log, member)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS deliver_erased (
  log    INTEGER NOT NULL,
  seq    INTEGER NOT NULL,   -- of our erase order
  member TEXT NOT NULL,      -- who has obeyed
  added  INTEGER NOT NULL,   -- when its word came, microseconds since 1970
  erased INTEGER NOT NULL,   -- when it erased, by its own clock
  note   BLOB NOT NULL,      -- its signed statement
  PRIMARY KEY (log, seq, member)
) WITHOUT ROWID;
"""

MIGRATIONS: Mapping[int, str] = {}  # see node/tables.py
