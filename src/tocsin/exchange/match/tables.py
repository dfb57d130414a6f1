"""The tables of the room match."""

from collections.abc import Mapping

TABLES = """
CREATE TABLE IF NOT EXISTS match_relations (
  ref      INTEGER NOT NULL,     -- of an id that a relationship joins: a digest, so that nothing is left of what is erased
  position INTEGER NOT NULL,     -- of the relationship
  PRIMARY KEY (ref, position)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS match_values (
  value    INTEGER NOT NULL,     -- of a value that an entry names: a digest, as above
  position INTEGER NOT NULL,     -- of the entry
  PRIMARY KEY (value, position)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS match_decisions (
  content  TEXT NOT NULL,        -- of an article that a member's decision about news names
  position INTEGER NOT NULL,     -- of the note
  PRIMARY KEY (content, position)
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
CREATE TABLE IF NOT EXISTS match_indicators (
  object_id   TEXT NOT NULL,
  member      TEXT NOT NULL,     -- the log's origin
  log         INTEGER NOT NULL,
  position    INTEGER NOT NULL,  -- of the newest version by this way
  instant     INTEGER NOT NULL,  -- that version, in microseconds
  creator     TEXT NOT NULL,     -- created_by_ref, or empty
  revoked     INTEGER NOT NULL,
  valid_from  INTEGER NOT NULL,  -- microseconds
  valid_until INTEGER NOT NULL,  -- microseconds; 0: no end
  marking     INTEGER NOT NULL,
  first       INTEGER NOT NULL,  -- position of the first version by this way
  PRIMARY KEY (object_id, member, log)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS match_indicators_position ON match_indicators (position);
CREATE TABLE IF NOT EXISTS match_blockable (
  digest    BLOB NOT NULL,       -- of a value that the indicator's newest version calls to block
  object_id TEXT NOT NULL,
  member    TEXT NOT NULL,
  log       INTEGER NOT NULL,
  PRIMARY KEY (digest, object_id, member, log)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS match_blockable_object ON match_blockable (object_id, member, log);
CREATE TABLE IF NOT EXISTS match_copies (
  relation  TEXT NOT NULL,       -- id of the relationship
  member    TEXT NOT NULL,       -- who says so
  instant   INTEGER NOT NULL,
  object_id TEXT NOT NULL,       -- derived from, or a duplicate of
  other_id  TEXT NOT NULL,       -- this; both empty when it was taken back
  PRIMARY KEY (relation, member)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS match_copies_object ON match_copies (object_id);
CREATE INDEX IF NOT EXISTS match_copies_other ON match_copies (other_id);
CREATE TABLE IF NOT EXISTS match_doubts (
  opinion   TEXT NOT NULL,       -- id of the opinion
  member    TEXT NOT NULL,       -- whose
  instant   INTEGER NOT NULL,
  object_id TEXT NOT NULL,
  doubts    INTEGER NOT NULL,    -- 1: strongly disagrees
  PRIMARY KEY (object_id, opinion, member)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS match_blocked (
  member   TEXT PRIMARY KEY,     -- the origin that is blocked here
  position INTEGER NOT NULL,     -- of the row that said so
  added    INTEGER NOT NULL,
  reason   TEXT NOT NULL
);
"""
MIGRATIONS: Mapping[int, str] = {}
