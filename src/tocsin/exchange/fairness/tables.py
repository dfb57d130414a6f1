"""The tables of the room fairness. No content: what an entry spoke of stands here as keyed digests, until it is erased."""

from collections.abc import Mapping

TABLES = """
CREATE TABLE IF NOT EXISTS fairness_key (
  one INTEGER PRIMARY KEY,
  key BLOB NOT NULL              -- of the digests below; this node's own, told to nobody
);
CREATE TABLE IF NOT EXISTS fairness_logs (
  log    INTEGER PRIMARY KEY,
  size   INTEGER NOT NULL,       -- entries taken so far
  latest INTEGER NOT NULL        -- the largest time an entry so far has claimed, microseconds since 1970
);
CREATE TABLE IF NOT EXISTS fairness_facts (
  log        INTEGER NOT NULL,
  seq        INTEGER NOT NULL,
  shared     INTEGER NOT NULL,   -- when, as its origin said, but never before what stands before it in its log
  keep_until INTEGER NOT NULL,   -- 0: never, or not known
  sort       INTEGER NOT NULL,   -- facts.Sort
  linked     INTEGER NOT NULL,   -- facts.Link
  value      INTEGER NOT NULL,   -- digests; 0: none
  object     INTEGER NOT NULL,
  author     INTEGER NOT NULL,
  seen       INTEGER NOT NULL,   -- when the origin first saw it, as it says; 0: it does not say
  PRIMARY KEY (log, seq)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS fairness_facts_value ON fairness_facts (value) WHERE value <> 0;
CREATE INDEX IF NOT EXISTS fairness_facts_object ON fairness_facts (object) WHERE object <> 0;
CREATE INDEX IF NOT EXISTS fairness_facts_linked ON fairness_facts (log, seq) WHERE linked = 1;
CREATE INDEX IF NOT EXISTS fairness_facts_repeated ON fairness_facts (log, seq, value, keep_until) WHERE linked = 2;
CREATE INDEX IF NOT EXISTS fairness_facts_warned ON fairness_facts (log, seq) WHERE linked = 2 AND sort = 4;
CREATE TABLE IF NOT EXISTS fairness_counts (
  log        INTEGER NOT NULL,   -- how many facts of each log are alike, so that nobody need count them
  keep_until INTEGER NOT NULL,
  sort       INTEGER NOT NULL,
  linked     INTEGER NOT NULL,
  facts      INTEGER NOT NULL,
  PRIMARY KEY (log, keep_until, sort, linked)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS fairness_words (
  log        INTEGER NOT NULL,   -- the entry that says it
  seq        INTEGER NOT NULL,
  object     INTEGER NOT NULL,   -- digest of the object it is about
  shared     INTEGER NOT NULL,
  keep_until INTEGER NOT NULL,
  word       INTEGER NOT NULL,   -- facts.Word
  PRIMARY KEY (log, seq, object)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS fairness_words_object ON fairness_words (object);
CREATE TABLE IF NOT EXISTS fairness_taken (
  slot   BLOB NOT NULL,          -- an erase order of this log's origin names this entry
  seq    INTEGER NOT NULL,
  by_log INTEGER NOT NULL,       -- the order's own entry
  by_seq INTEGER NOT NULL,
  PRIMARY KEY (slot, seq, by_log, by_seq)
) WITHOUT ROWID;
"""

MIGRATIONS: Mapping[int, str] = {}  # see node/tables.py
