"""The tables of the room match."""

from collections.abc import Mapping

TABLES = """
CREATE TABLE IF NOT EXISTS match_relations (
  ref      INTEGER NOT NULL,     -- of an id that a relationship joins: a digest, so that nothing is left of what is erased
  position INTEGER NOT NULL,     -- of the relationship
  PRIMARY KEY (ref, position)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS match_interests (
  id    TEXT PRIMARY KEY,
  kind  TEXT NOT NULL,
  text  TEXT NOT NULL,
  note  TEXT NOT NULL,
  added INTEGER NOT NULL,
  after INTEGER NOT NULL         -- what came up to this position is not looked at
);
CREATE TABLE IF NOT EXISTS match_hits (
  position INTEGER NOT NULL,     -- of the entry
  interest TEXT NOT NULL,
  PRIMARY KEY (position, interest)
) WITHOUT ROWID;
"""
MIGRATIONS: Mapping[int, str] = {}
