"""The tables of the room publish."""

from collections.abc import Mapping

TABLES = """
CREATE TABLE IF NOT EXISTS publish_releases (
  digest  BLOB PRIMARY KEY,      -- narrow.Release: of exactly these objects about persons, for this channel
  channel TEXT NOT NULL,         -- its id
  objects INTEGER NOT NULL,
  seconds TEXT NOT NULL,         -- JSON list: whom the objects name as second signatory
  asked   INTEGER NOT NULL       -- microseconds since 1970
);
CREATE TABLE IF NOT EXISTS publish_approvals (
  digest  BLOB NOT NULL,
  account TEXT NOT NULL,         -- of kind "releaser": the second signatory
  at      INTEGER NOT NULL,
  PRIMARY KEY (digest, account)
) WITHOUT ROWID;
"""
MIGRATIONS: Mapping[int, str] = {}  # see node/tables.py
