"""The tables of the room members."""

from collections.abc import Mapping

TABLES = """
CREATE TABLE IF NOT EXISTS members_charters (
  version INTEGER PRIMARY KEY,
  note    BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS members_channels (
  number INTEGER PRIMARY KEY,
  id     TEXT NOT NULL UNIQUE,
  note   BLOB NOT NULL       -- the first generation we knew of
);

CREATE TABLE IF NOT EXISTS members_statements (
  chain  TEXT NOT NULL,      -- 'charter' for a proposed version of it, else the channel's id
  digest BLOB NOT NULL,      -- SHA-256 of the text
  note   BLOB NOT NULL,
  PRIMARY KEY (chain, digest)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS members_votes (
  chain   TEXT NOT NULL,
  version INTEGER NOT NULL,
  round   INTEGER NOT NULL,
  digest  BLOB NOT NULL,     -- what we have signed: never another in the same round
  PRIMARY KEY (chain, version, round)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS members_secrets (
  digest BLOB PRIMARY KEY,   -- of the channel statement
  secret BLOB NOT NULL       -- names its logs; opens nothing
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS members_leaves (
  channel TEXT NOT NULL,
  member  TEXT NOT NULL,
  note    BLOB NOT NULL,
  PRIMARY KEY (channel, member)
) WITHOUT ROWID;
"""

MIGRATIONS: Mapping[int, str] = {}  # see node/tables.py
