"""The tables of the room warn. All of them can be dropped and made again from the journal."""

from collections.abc import Mapping

CORRECTIONS = """
CREATE TABLE IF NOT EXISTS warn_versions (
  position INTEGER PRIMARY KEY, -- of the entry
  object   BLOB NOT NULL,       -- correction.key of its object's id: the id itself may have to be erased
  log      INTEGER NOT NULL,
  seq      INTEGER NOT NULL,
  channel  INTEGER NOT NULL,
  member   TEXT NOT NULL,       -- origin of the log
  instant  INTEGER NOT NULL,    -- the version as microseconds since 1970
  marking  INTEGER NOT NULL,
  taken    INTEGER NOT NULL,    -- 1: this version revokes its object, 2: recalls it
  creator  BLOB NOT NULL        -- key of created_by_ref, empty without one
);
CREATE INDEX IF NOT EXISTS warn_versions_object ON warn_versions (object, member, instant);
CREATE TABLE IF NOT EXISTS warn_changes (
  object   BLOB NOT NULL,
  member   TEXT NOT NULL,       -- who changed what it had shared
  instant  INTEGER NOT NULL,    -- the newest version, or the one that takes back
  action   TEXT NOT NULL,       -- correction.ACTIONS
  original INTEGER NOT NULL,    -- 1: the object is that member's, as far as this node knows
  since    INTEGER NOT NULL,    -- position from which on it is taken back; 0: it is not
  position INTEGER NOT NULL,    -- of the first entry of that version
  answered INTEGER NOT NULL,    -- 1: we have confirmed it, or it is ours
  PRIMARY KEY (object, member)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS warn_changes_position ON warn_changes (member, position);
CREATE INDEX IF NOT EXISTS warn_changes_open ON warn_changes (position) WHERE answered = 0;
CREATE TABLE IF NOT EXISTS warn_confirmations (
  object   BLOB NOT NULL,
  instant  INTEGER NOT NULL,
  giver    TEXT NOT NULL,       -- whose change
  member   TEXT NOT NULL,       -- who confirms it: the origin of the log
  action   TEXT NOT NULL,
  done_at  INTEGER NOT NULL,    -- by its clock
  position INTEGER NOT NULL,
  PRIMARY KEY (object, giver, instant, member)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS warn_holders (
  log    INTEGER NOT NULL,      -- ours
  member TEXT NOT NULL,
  size   INTEGER NOT NULL,      -- it has signed for all entries below
  added  INTEGER NOT NULL,      -- when the newest of its receipts came
  PRIMARY KEY (log, member)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS warn_subjects (
  dependent TEXT NOT NULL,      -- a relationship, sighting, note, opinion, report or grouping
  member    TEXT NOT NULL,      -- who shared it
  subject   BLOB NOT NULL,      -- key of what it is about
  PRIMARY KEY (dependent, member, subject)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS warn_subjects_subject ON warn_subjects (subject);
"""

TABLES = CORRECTIONS
MIGRATIONS: Mapping[int, str] = {}  # see node/tables.py
