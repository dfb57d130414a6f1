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
  note   BLOB NOT NULL
);
"""

MIGRATIONS: Mapping[int, str] = {}  # see node/tables.py
